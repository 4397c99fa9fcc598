//! Resource policies that let strangers in, by the engine's own question with a request to show for it.

use super::action_resource_mismatch::{Buckets, buckets, with_buckets};
use super::chain::{brought_by, with_conditions};
use super::foreign_writer::ci_bucket;
use super::stake::{CiBucket, ci_buckets};
use crate::diagnostic::Severity;
use crate::iam::{self, Access, Effect, PolicyDocument, PolicyKind, PublicKind, Statement, mismatches, public_access};
use crate::model::Policy;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::{Condition, can_hold_together};
use rayon::prelude::*;

pub const ANALYSIS: Analysis = Analysis {
    name: "public-resource",
    summary: "a resource policy that lets anybody in, from any account",
    params: &[],
    facts: &["owner", "kind", "action", "noun"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let policies = &context.model.policies;
        let of_resources = policies.par_iter().filter(|policy| policy.kind == PolicyKind::Resource);
        let buckets = buckets(context.model);
        let of_ci = ci_buckets(context.model);
        of_resources.filter_map(|policy| of_policy(policy, &buckets, &of_ci)).collect()
    })
}

fn of_policy(policy: &Policy, buckets: &Buckets<'_>, of_ci: &[CiBucket<'_>]) -> Option<Finding> {
    let kind = PublicKind::parse(&policy.resource_type)?;
    let worlds = worlds(&policy.document);
    // Most policies name whom they let in.
    let asked = (!worlds.is_empty()).then(|| of_its_resource(&policy.document, buckets))?;
    let found = worlds.into_iter().find_map(|world| {
        let iam::Finding::Found(access) = public_access(&[&asked.in_world(&world)], kind) else { return None };
        Some((access, world))
    });
    let (access, world) = found?;
    let is_it = |one: &&Statement| one.span == access.allowed_by && can_hold_together(&one.when, &world);
    let statement = policy.document.statements.iter().find(is_it)?;
    let principals = statement.principals.as_ref()?;
    let span =
        principals.entries.first().filter(|_| !principals.negated).map_or(principals.key_span, |entry| entry.span());
    let noun = policy.resource_type.rsplit("::").next().unwrap_or("resource").to_ascii_lowercase();
    let subject = format!("{} {}", policy.owner.name, statement.sid_text().unwrap_or_default());
    let (action, at) = brought_by(&policy.document, &access);
    let mut found = Finding::new(span, subject)
        .fact("owner", policy.owner.display())
        .fact("kind", policy.resource_type.clone())
        .fact("action", action)
        .fact("noun", noun)
        .related(policy.owner.span, "this policy")
        .related(at, "allowed to them")
        .note(witness(statement, &access));
    let taken = (policy.resource_type == "AWS::S3::Bucket").then(|| ci_bucket(statement, of_ci)).flatten();
    if let Some(bucket) = taken {
        found = found.severity(Severity::Critical).note(bucket.does);
    } else if is_only_read(policy, statement) {
        // A web site is read by everybody, and by design.
        found = found.severity(Severity::Medium);
    }
    Some(with_conditions(found, &world, Vec::new()))
}

/// More ways in which the conditions of a template let everybody in are not told apart.
const MAX_WORLDS: usize = 8;

/// The conditions of the template under which a statement may let everybody in, each set once: by a star, or by what
/// `NotPrincipal` leaves. The engine says whether.
fn worlds(document: &PolicyDocument) -> Vec<Vec<Condition>> {
    let mut worlds: Vec<Vec<Condition>> = Vec::new();
    for statement in document.allows() {
        let Some(principals) = &statement.principals else { continue };
        let anybody = principals.entries.iter().filter(|entry| entry.kind == iam::PrincipalKind::Anybody);
        let named = anybody.filter(|_| !principals.negated).map(|entry| entry.when.as_slice());
        for when in named.chain(principals.negated.then_some(&[][..])) {
            let world = [&statement.when, when].concat();
            if !worlds.contains(&world) && worlds.len() < MAX_WORLDS {
                worlds.push(world);
            }
        }
    }
    worlds
}

/// The document where every statement is about the resource that holds it, whatever name the
/// deployment gives that.
fn of_its_resource(document: &PolicyDocument, buckets: &Buckets<'_>) -> PolicyDocument {
    let mut document = document.clone();
    // An action on objects allows nothing where the bucket alone is named.
    let is_dead = |statement: &Statement| {
        let dead = mismatches(&with_buckets(statement, buckets)).first().map(|first| first.is_whole_statement);
        statement.effect == Effect::Allow && dead == Some(true)
    };
    document.statements.retain(|statement| !is_dead(statement));
    for statement in &mut document.statements {
        statement.resources.take_if(|own| !own.negated && own.patterns.iter().any(|one| one.text().has_holes()));
    }
    document
}

/// Objects of a bucket, read and nothing else.
fn is_only_read(policy: &Policy, statement: &Statement) -> bool {
    let patterns = statement.actions.as_ref().filter(|actions| !actions.negated);
    policy.resource_type == "AWS::S3::Bucket"
        && patterns.is_some_and(|actions| {
            actions
                .patterns
                .iter()
                .all(|pattern| pattern.text().literal().is_some_and(|text| text.eq_ignore_ascii_case("s3:GetObject")))
        })
}

fn witness(statement: &Statement, access: &Access) -> String {
    let written = statement.resources.iter().flat_map(|own| &own.patterns).find(|pattern| pattern.text().has_holes());
    let resource = written.map_or_else(|| access.request.resource.clone(), |own| own.text().display().into_owned());
    format!("for instance {} on `{resource}` by somebody of another account", access.request.action)
}
