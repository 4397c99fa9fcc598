//! Grants of what is needed on more resources than is needed.

use super::chain::{distinct, finding, list};
use crate::diagnostic::Severity;
use crate::iam::catalogue::{AccessLevel, Action};
use crate::iam::{Grant, Wanted};
use crate::model::Principal;
use crate::needs::compare::danger;
use crate::needs::excess::{Excess, Wider};
use crate::needs::{Need, Needs};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "broader-resource",
    summary: "a role may do what is needed on more resources than it is needed on",
    params: &[],
    facts: &["role", "kind", "worker", "action", "pattern", "actions", "granted", "needed", "example"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let roles = context.uses().filter(|(_, _, compared)| compared.unknown.is_empty());
        let wider = roles.flat_map(|(role, needs, compared)| compared.wider.iter().map(move |one| (role, needs, one)));
        wider.filter_map(|(role, needs, wider)| of_statement(context, role, needs, wider)).collect()
    })
}

fn of_statement(context: &Context<'_>, role: &Principal, needs: &Needs, wider: &Wider) -> Option<Finding> {
    if wider.by != Excess::Resource {
        return None;
    }
    let actions: Vec<Action> =
        wider.actions.iter().copied().filter(|action| !matches!(action.service().prefix(), "logs")).collect();
    let grants = role.authority.grants_of(&Wanted::of(actions.iter().copied()));
    let grants: Vec<&Grant<'_>> =
        grants.iter().filter(|grant| grant.statement.span == wider.statement && !grant.everywhere).collect();
    let wildcard = grants.iter().flat_map(|grant| &grant.resources).find(|pattern| pattern.names_nothing())?;
    let is_about = |need: &&Need| need.actions.iter().any(|action| actions.contains(action));
    let needed = needs.needs.iter().filter(is_about).flat_map(|need| &need.resources);
    let needed = distinct(needed.map(|text| format!("`{}`", text.display())));
    let mut found = finding(context.model, role, &grants)?;
    found.subject = format!("{} broad", found.subject);
    let is_serious = |action: &Action| match action.service().prefix() {
        "secretsmanager" | "ssm" | "kms" | "sts" => true,
        "s3" | "ecr" => danger(*action) != AccessLevel::Read && danger(*action) != AccessLevel::List,
        _ => false,
    };
    let is_serious = actions.iter().any(is_serious);
    if is_serious {
        found = found.severity(Severity::Medium);
    }
    let names = distinct(grants.iter().map(|grant| grant.action.clone()));
    Some(
        found
            .fact("actions", list(&names, 4))
            .fact("granted", wildcard.text().display())
            .fact("needed", list(&needed, 2))
            .fact("example", &*wider.example.resource),
    )
}
