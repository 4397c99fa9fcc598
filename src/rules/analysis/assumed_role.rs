//! Builds that may assume a role with more power than their own.

use super::chain::{by_statement, finding};
use crate::diagnostic::{Doubt, Severity};
use crate::iam::principal::PrincipalKind as TrustedKind;
use crate::iam::{ArnPattern, Grant, Wanted};
use crate::model::deployment::{Passable, names_role};
use crate::model::principal::CiUse;
use crate::model::provided::OF_ORGANISATION;
use crate::model::{AuthorityLabel, Model, Power, Principal};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::Text;
use rayon::prelude::*;

pub const ANALYSIS: Analysis = Analysis {
    name: "assumed-role",
    summary: "a build may assume a role that does more than it may itself",
    params: &[],
    facts: &["role", "kind", "worker", "action", "pattern", "target", "power"],
    bind,
};

fn bind(_: &Params) -> Check {
    let assume = Wanted::new(&["sts:AssumeRole"]);
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let targets = Passable::all(model);
        let builds = model.principals.par_iter().filter(|one| one.runs_builds() && !one.is_execution_role());
        builds.filter_map(|principal| of_principal(model, principal, &targets, &assume)).collect()
    })
}

fn of_principal(model: &Model, principal: &Principal, roles: &[Passable<'_>], assume: &Wanted) -> Option<Finding> {
    let grants = principal.authority.grants_of(assume);
    // `*` is told by a rule of its own.
    let named: Vec<Grant<'_>> = grants.into_iter().filter(|grant| !grant.everywhere).collect();
    let declared = by_statement(&named).into_iter().find_map(|group| {
        let is_named = |role: &&Passable<'_>| {
            group.iter().any(|grant| grant.resources.iter().any(|resource| names_role(resource, role)))
        };
        let others = roles.iter().filter(|other| !std::ptr::eq(other.role, principal));
        let open = others.filter(is_named).map(|other| other.role).filter(|role| lets_in(role, principal));
        let (role, power) = open.filter_map(|role| Some((role, more_power(role, principal)?))).next()?;
        let mut found = finding(model, principal, &group)?
            .fact("target", role.display())
            .fact("power", power.label.verb())
            .severity(severity(model, principal))
            .related(role.logical_id.span, format!("this role may {}", power.label.verb()));
        found.cause = None;
        found.subject = format!("{} assumes {}", principal.display(), role.display());
        found.confidence = found.confidence.and(power.confidence);
        Some(found)
    });
    declared
        .or_else(|| of_bootstrap(model, principal, &named, roles))
        .or_else(|| of_organisation(model, principal, &named, roles))
}

/// The roles that `cdk bootstrap` makes are mostly in none of the files. Their names tell what they are for,
/// and they let the account in. That of lookups reads.
///
/// Source: <https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html>
const BOOTSTRAP: [&str; 3] = ["cdk-*-deploy-role-*", "cdk-*-file-publishing-role-*", "cdk-*-image-publishing-role-*"];

fn of_bootstrap(model: &Model, principal: &Principal, grants: &[Grant<'_>], roles: &[Passable<'_>]) -> Option<Finding> {
    // Where the bootstrap is seen, what it lets in is known.
    let is_of_it = |role: &Passable<'_>| role.role.name.as_ref().is_some_and(|name| name.display().starts_with("cdk-"));
    if roles.iter().any(is_of_it) {
        return None;
    }
    let is_deploy_role = |resource: &ArnPattern| {
        role_named("cdk-*", resource).covers(resource).is_yes()
            && BOOTSTRAP.iter().any(|name| role_named(name, resource).overlaps(resource).is_yes())
    };
    let group = first_on(grants, is_deploy_role)?;
    let text =
        "the roles of the bootstrap are in none of the files: they let the account in where nothing else was set";
    let mut found = elsewhere(model, principal, &group, ("cdk-…-deploy-role", AuthorityLabel::Deploy), text)?;
    found.subject = format!("{} assumes the bootstrap", principal.display());
    Some(found.note("CloudFormation then works with `cdk-…-cfn-exec-role`, which may do everything unless `cdk bootstrap` was given other policies"))
}

/// Roles by which an organisation reaches into its accounts are administrators there.
fn of_organisation(
    model: &Model,
    principal: &Principal,
    grants: &[Grant<'_>],
    roles: &[Passable<'_>],
) -> Option<Finding> {
    let is_seen = |name: &str| {
        roles.iter().any(|role| role.role.name.as_ref().and_then(Text::literal).is_some_and(|known| known == name))
    };
    OF_ORGANISATION.into_iter().filter(|name| !is_seen(name)).find_map(|name| {
        let group = first_on(grants, |resource| role_named(name, resource).covers(resource).is_yes())?;
        let text = "the role is in none of the files: it lets the account in that the organisation is managed from";
        elsewhere(model, principal, &group, (name, AuthorityLabel::Admin), text)
    })
}

/// A role of that name, in whatever account.
fn role_named(name: &str, beside: &ArnPattern) -> ArnPattern {
    ArnPattern::new(&Text::at(format!("arn:*:iam::*:role/{name}"), beside.span()), false, Vec::new())
}

/// The grants of the first statement that names such a role.
fn first_on<'g, 'a>(grants: &'g [Grant<'a>], is_it: impl Fn(&ArnPattern) -> bool) -> Option<Vec<&'g Grant<'a>>> {
    by_statement(grants)
        .into_iter()
        .find(|group| group.iter().flat_map(|grant| grant.resources.iter().copied()).any(&is_it))
}

/// A finding about a role that is known by its name alone.
fn elsewhere(
    model: &Model,
    principal: &Principal,
    group: &[&Grant<'_>],
    (target, power): (&str, AuthorityLabel),
    doubt: &str,
) -> Option<Finding> {
    let mut found = finding(model, principal, group)?
        .fact("target", target)
        .fact("power", power.verb())
        .severity(severity(model, principal))
        .doubted([Doubt { text: doubt.to_owned(), span: None }]);
    found.cause = None;
    found.subject = format!("{} assumes {target}", principal.display());
    Some(found)
}

/// The most dangerous thing that a role can do and the principal cannot.
fn more_power<'r>(role: &'r Principal, principal: &Principal) -> Option<&'r Power> {
    let is_more = |power: &Power| {
        power.label.is_high() && power.label != AuthorityLabel::AssumeAny && principal.power(power.label).is_none()
    };
    role.every_power().iter().find(|power| is_more(power))
}

/// Who chooses the code decides; a build that deploys has such a role by design.
fn severity(model: &Model, principal: &Principal) -> Severity {
    let builds = principal.uses.iter().filter_map(|usage| match usage {
        CiUse::Build(id) => Some(model.project(*id)),
        _ => None,
    });
    let builds: Vec<_> = builds.collect();
    if builds.iter().any(|project| project.runs_untrusted_code()) {
        Severity::High
    } else if !builds.is_empty() && builds.iter().all(|project| project.deploys.is_some()) {
        Severity::Info
    } else {
        Severity::Medium
    }
}

/// Whether the trust policy names the principal, or the account that both stand in.
fn lets_in(role: &Principal, principal: &Principal) -> bool {
    let Some(trust) = &role.trust else { return false };
    trust.named_by_allows().any(|entry| match entry.kind {
        TrustedKind::Account => entry.account().is_some_and(|account| account.literal().is_none()),
        TrustedKind::Anybody => true,
        TrustedKind::Role | TrustedKind::UnknownAws => is_about(&entry.text, principal),
        _ => false,
    })
}

fn is_about(text: &Text, principal: &Principal) -> bool {
    let own = principal.name.as_ref().and_then(Text::literal);
    let by_name = own.is_some_and(|name| text.display().rsplit('/').next() == Some(name));
    by_name
        || text.holes().any(|hole| hole.template == principal.file && hole.logical_id() == principal.logical_id.value)
}
