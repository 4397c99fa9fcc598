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
    let is_told_elsewhere = |action: &Action| match wider.by {
        Excess::Resource => action.service().prefix() == "logs",
        Excess::Condition => action.full_name() == "iam:PassRole",
    };
    let actions: Vec<Action> = wider.actions.iter().copied().filter(|action| !is_told_elsewhere(action)).collect();
    let grants = role.authority.grants_of(&Wanted::of(actions.iter().copied()));
    let grants: Vec<&Grant<'_>> =
        grants.iter().filter(|grant| grant.statement.span == wider.statement && !grant.everywhere).collect();
    let mut granted = grants.iter().flat_map(|grant| &grant.resources);
    let granted = granted.find(|pattern| wider.by == Excess::Condition || pattern.names_nothing())?;
    let is_about = |need: &&Need| need.actions.iter().any(|action| actions.contains(action));
    let needs: Vec<&Need> = needs.needs.iter().filter(is_about).collect();
    let mut found = finding(context.model, role, &grants)?;
    found.subject = format!("{} broad", found.subject);
    if actions.iter().any(is_serious) && wider.by == Excess::Resource {
        found = found.severity(Severity::Medium);
    }
    let names = distinct(grants.iter().map(|grant| grant.action.clone()));
    found = found.fact("actions", list(&names, 4)).fact("granted", granted.text().display());
    Some(match wider.by {
        Excess::Resource => {
            let needed = needs.iter().flat_map(|need| &need.resources);
            let needed = distinct(needed.map(|text| format!("`{}`", text.display())));
            found.fact("needed", list(&needed, 2)).fact("example", &*wider.example.resource)
        }
        Excess::Condition => {
            let tests = needs.iter().flat_map(|need| &need.conditions);
            for test in tests.clone() {
                let values = test.values.iter().map(|value| format!("`{}`", value.display()));
                found = found.note(format!(
                    "in every request `{}` is {}",
                    test.key,
                    values.collect::<Vec<_>>().join(" or ")
                ));
            }
            let keys = distinct(tests.map(|test| format!("`{}`", test.key)));
            found
                .fact("needed", format!("that under conditions on {}", list(&keys, 4)))
                .label("allows it without conditions")
        }
    })
}

fn is_serious(action: &Action) -> bool {
    match action.service().prefix() {
        "secretsmanager" | "ssm" | "kms" | "sts" => true,
        "s3" | "ecr" => danger(*action) != AccessLevel::Read && danger(*action) != AccessLevel::List,
        _ => false,
    }
}
