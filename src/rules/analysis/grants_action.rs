//! Principals whose policies allow one of certain actions, after denies, boundary and conditions;
//! where a rule asks it, only on every resource of the kind.

use super::administrator::MANAGED;
use super::chain::{WHOSE, by_statement, distinct, finding, is_meant, list};
use crate::iam::{ArnPattern, ConditionClass, Grant, Narrowing, Wanted, aws_managed_name};
use crate::model::deployment::{Passable, names_role};
use crate::model::{Model, Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "grants-action",
    summary: "a principal may call one of these actions",
    params: &[
        WHOSE,
        Param { name: "actions", kind: ParamKind::List, required: true, doc: "IAM actions, wildcards allowed" },
        Param {
            name: "unscoped",
            kind: ParamKind::Flag,
            required: false,
            doc: "only where no resource of the kind is left out",
        },
        Param {
            name: "named",
            kind: ParamKind::Flag,
            required: false,
            doc: "only where the action or its service is named, and not where everything is allowed",
        },
        Param {
            name: "narrowed-by",
            kind: ParamKind::List,
            required: false,
            doc: "keys of policies: a condition on one takes a further step off the severity, unless it lets one of AWS's policies for administrators through",
        },
        Param {
            name: "frees",
            kind: ParamKind::List,
            required: false,
            doc: "further actions, where they take a policy with a deny off the principal itself",
        },
        Param {
            name: "without",
            kind: ParamKind::List,
            required: false,
            doc: "condition keys of which none is tested",
        },
        Param {
            name: "lesser",
            kind: ParamKind::List,
            required: false,
            doc: "those of the actions that weigh a step less when they are all there is",
        },
        Param {
            name: "by-reach",
            kind: ParamKind::Flag,
            required: false,
            doc: "two steps less where the roles that are reached are seen in full, and none of them may do much",
        },
    ],
    facts: &["role", "kind", "worker", "action", "here", "pattern", "reach"],
    bind,
};

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    let actions = params.list("actions");
    let frees = params.list("frees");
    let wanted = Wanted::new(&actions.iter().chain(&frees).map(String::as_str).collect::<Vec<_>>());
    let unscoped = params.flag("unscoped");
    let named = params.flag("named");
    let narrowing = params.list("narrowed-by");
    let lesser = params.list("lesser");
    let without = params.list("without");
    let by_reach = params.flag("by-reach");
    let others = [ConditionClass::Path, ConditionClass::Circumstance];
    Box::new(move |context: &Context<'_>| {
        let mut findings: Vec<Finding> = Vec::new();
        let mut meant: Vec<&Principal> =
            context.model.principals.iter().filter(|principal| is_meant(principal, &principals)).collect();
        // What a group may do is told of its members, where they are known.
        meant.sort_by_key(|principal| principal.kind == PrincipalKind::Group);
        for principal in meant {
            let is_group = principal.kind == PrincipalKind::Group;
            let mut grants = principal.authority.grants_of(&wanted);
            grants.retain(|grant| !unscoped || is_unscoped(grant));
            grants.retain(|grant| !frees.contains(&grant.action) || frees_itself(principal, grant));
            grants.retain(|grant| !named || grant.pattern.is_some_and(|pattern| !pattern.is_full_wildcard()));
            grants.retain(|grant| without.iter().all(|key| grant.tests_on(key).next().is_none()));
            grants.retain(|grant| !is_group || !findings.iter().any(|found| found.span == grant.span));
            for group in by_statement(&grants) {
                let Some(found) = finding(context.model, principal, &group) else { continue };
                let tests: Vec<&Narrowing<'_>> = narrowing.iter().flat_map(|key| group[0].tests_on(key)).collect();
                let is_open = tests.iter().any(|test| admits_administration(test));
                let only_lesser = group.iter().all(|grant| lesser.contains(&grant.action));
                let is_harmless = by_reach && group.iter().all(|grant| reaches_little(context.model, grant));
                let is_limited = || others.into_iter().any(|class| group[0].is_narrowed_by(class));
                let narrowed =
                    if is_open { u8::from(is_limited()) } else { found.lowered_by + u8::from(!tests.is_empty()) };
                let steps = narrowed + u8::from(only_lesser);
                let steps = steps + if is_harmless { 2 } else { 0 };
                findings.push(found.fact("reach", reach(&group)).lowered_by(steps));
            }
        }
        findings
    })
}

/// Whether a condition on a policy's ARN lets through one that makes an administrator.
fn admits_administration(narrowing: &Narrowing<'_>) -> bool {
    let admits = |value: &Text| {
        let pattern = ArnPattern::new(value, false, Vec::new());
        let fits = |name: &&str| pattern.matches(&format!("arn:aws:iam::aws:policy/{name}")).is_yes();
        aws_managed_name(value).is_some_and(|name| MANAGED.contains(&&*name))
            || (narrowing.test.operator.has_wildcards() && MANAGED.iter().any(fits))
    };
    narrowing.test.operator.negated || narrowing.values().iter().any(admits)
}

/// Whether the principal may take a policy with a deny off itself, and another one allows it something.
fn frees_itself(principal: &Principal, grant: &Grant<'_>) -> bool {
    let documents = &principal.authority.documents;
    let is_freed = |denying: usize| {
        documents.iter().enumerate().any(|(id, other)| id != denying && other.allows().next().is_some())
    };
    let itself = Passable::new(principal);
    documents.iter().enumerate().any(|(id, one)| one.denies().next().is_some() && is_freed(id))
        && (grant.everywhere || grant.resources.iter().any(|resource| names_role(resource, &itself)))
}

/// Whether a grant is limited to a path, or to names, and the roles there are seen in full and may do little.
fn reaches_little(model: &Model, grant: &Grant<'_>) -> bool {
    let roles = Passable::all(model);
    let is_harmless =
        |role: &Principal| role.authority.unseen.is_empty() && role.is_whole() && role.high_power().is_none();
    let are_harmless = |resource: &&ArnPattern| {
        let mut reached = roles.iter().filter(|role| names_role(resource, role)).peekable();
        reached.peek().is_some() && reached.all(|role| is_harmless(role.role))
    };
    !is_unscoped(grant) && !grant.resources.is_empty() && grant.resources.iter().all(are_harmless)
}

/// Whether nothing of a grant's kind is left out.
pub fn is_unscoped(grant: &Grant<'_>) -> bool {
    grant.everywhere || grant.resources.iter().any(|resource| is_whole_kind(resource))
}

/// Whether more than one resource of an account and a region fits.
pub fn fits_several(resource: &ArnPattern) -> bool {
    let by_name = |part: Text| part.display().contains(['*', '?']);
    resource.resource_part().map_or_else(|| resource.has_wildcards(), by_name)
}

/// `role/*`, `parameter/*`, `secret:*`, `key/*`: a type of resource and no name.
pub fn is_whole_kind(resource: &ArnPattern) -> bool {
    let Some(part) = resource.resource_part() else { return resource.is_everything() };
    let shown = part.display();
    if resource.service() == Some("s3") {
        // What stands before the slash is a bucket, and no kind.
        return shown.bytes().all(|byte| matches!(byte, b'*' | b'/'));
    }
    let name = shown.split_once(['/', ':']).map_or(&*shown, |(_, name)| name);
    // In an ARN `parameter/*` is the same as `parameter*`.
    let kind_star = ["role*", "parameter*", "secret*", "key*"].contains(&&*shown);
    (!name.is_empty() && name.bytes().all(|byte| matches!(byte, b'*' | b'/'))) || kind_star
}

/// "any parameter and any secret", or the pattern that leaves none out.
fn reach(grants: &[&Grant<'_>]) -> String {
    let first = grants[0];
    if let Some(resource) = first.resources.iter().find(|resource| is_whole_kind(resource) && !first.everywhere) {
        return format!("`{}`", resource.text().display());
    }
    let kinds = grants.iter().map(|grant| match grant.action.split(':').next() {
        Some("ssm") => "any parameter".to_owned(),
        Some("secretsmanager") => "any secret".to_owned(),
        Some("kms") => "any key".to_owned(),
        Some("sts" | "iam") => "any role".to_owned(),
        Some("s3") => "any object".to_owned(),
        _ => "any resource".to_owned(),
    });
    list(&distinct(kinds), 3)
}
