//! Services that a role may call and that nothing it works for is seen to call.

use super::chain::{distinct, finding, list};
use crate::diagnostic::{Applicability, Severity};
use crate::edit::{Change, Step};
use crate::iam::catalogue::{AccessLevel, Action};
use crate::iam::{ActionPattern, Grant, Wanted};
use crate::model::Principal;
use crate::needs::Needs;
use crate::needs::compare::{Comparison, Unused, danger};
use crate::rules::{Analysis, Check, Context, Finding, Params, doubt};
use std::collections::BTreeSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "unused-permission",
    summary: "a role may call a service that its builds or its pipeline do not call",
    params: &[],
    facts: &["role", "kind", "worker", "action", "pattern", "services", "certainty"],
    bind,
};

/// What the roles that the console and the CDK write are given, whether or not the build at hand has use
/// for it.
///
/// Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html>
const BASICS: [&str; 13] = [
    "codebuild:BatchPutCodeCoverages",
    "codebuild:BatchPutTestCases",
    "codebuild:CreateReport",
    "codebuild:CreateReportGroup",
    "codebuild:UpdateReport",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:GetBucketAcl",
    "s3:GetBucketLocation",
    "s3:GetBucketVersioning",
    "s3:ListBucket",
    "sts:GetCallerIdentity",
];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let roles = context.uses();
        roles.flat_map(|(role, needs, compared)| of_role(context, role, needs, compared)).collect()
    })
}

fn of_role(context: &Context<'_>, role: &Principal, needs: &Needs, compared: &Comparison) -> Vec<Finding> {
    let used: BTreeSet<&str> = needs.needs.iter().flat_map(|need| &need.actions).map(|one| prefix(*one)).collect();
    let found = compared.unused.iter().filter_map(|unused| {
        let of_others: Vec<Action> = unused.actions.iter().copied().filter(|action| is_odd(*action, &used)).collect();
        of_statement(context, role, compared, unused, of_others)
    });
    found.collect()
}

fn prefix(action: Action) -> &'static str {
    action.service().prefix()
}

fn is_odd(action: Action, used: &BTreeSet<&str>) -> bool {
    prefix(action) != "logs" && !used.contains(prefix(action)) && !BASICS.contains(&action.full_name().as_str())
}

fn of_statement(
    context: &Context<'_>,
    role: &Principal,
    compared: &Comparison,
    unused: &Unused,
    actions: Vec<Action>,
) -> Option<Finding> {
    let worst = |level: AccessLevel| actions.iter().any(|action| danger(*action) == level);
    let is_harmless = !worst(AccessLevel::Write) && !worst(AccessLevel::PermissionsManagement);
    let is_known = compared.unknown.is_empty();
    if is_harmless && !is_known {
        return None;
    }
    let grants = role.authority.grants_of(&Wanted::of(actions));
    // What allows everything, or all but something, is told by rules of its own.
    let is_of_service = |grant: &&Grant<'_>| {
        grant.statement.span == unused.statement && grant.pattern.is_some_and(|pattern| pattern.service().is_some())
    };
    let grants: Vec<&Grant<'_>> = grants.iter().filter(is_of_service).collect();
    let mut found = finding(context.model, role, &grants)?;
    let services = distinct(grants.iter().filter_map(|grant| Some(grant.action.split_once(':')?.0.to_owned())));
    let services: Vec<String> = services.iter().map(|service| format!("`{service}`")).collect();
    found.subject = format!("{} unused", found.subject);
    if !is_known {
        found = found.severity(Severity::Info).lowered_by(0).doubted(compared.unknown.iter().map(doubt));
    } else if is_harmless {
        found = found.severity(Severity::Low).lowered_by(0);
    }
    if is_known {
        found.change = change(&grants);
    }
    let certainty = if is_known { "there is no need" } else { "no need is seen" };
    Some(found.fact("services", list(&services, 4)).fact("certainty", certainty))
}

/// Takes the entries out that grant what is not used, where each grants one action; the statement where
/// it grants nothing else.
fn change(grants: &[&Grant<'_>]) -> Option<Change> {
    let statement = grants.first()?.statement;
    let patterns: Vec<&ActionPattern> = grants.iter().filter_map(|grant| grant.pattern).collect();
    if !patterns.iter().all(|pattern| pattern.is_literal()) {
        return None;
    }
    let is_unused = |pattern: &ActionPattern| patterns.iter().any(|unused| unused.span() == pattern.span());
    if statement.actions.as_ref().is_some_and(|all| all.unknown.is_empty() && all.patterns.iter().all(is_unused)) {
        let step = Step::Remove(statement.span);
        return Some(Change::new(Applicability::Unsafe, "remove the statement", vec![step]));
    }
    let names = distinct(patterns.iter().map(|pattern| quoted(pattern)));
    let steps = patterns.iter().map(|pattern| Step::Remove(pattern.span())).collect();
    Some(Change::new(Applicability::Unsafe, format!("remove {} from the list", list(&names, 4)), steps))
}

fn quoted(pattern: &ActionPattern) -> String {
    format!("`{}`", pattern.text().display())
}
