//! Roles that anybody may assume.

use super::chain::with_conditions;
use crate::diagnostic::Severity;
use crate::iam::condition::ConditionTest;
use crate::iam::narrowing::keeps_out;
use crate::iam::principal::PrincipalKind as TrustedKind;
use crate::iam::{Effect, PolicyKind, Statement};
use crate::model::Policy;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "public-trust",
    summary: "a role whose trust policy names everybody",
    params: &[],
    facts: &["role"],
    bind,
};

/// Keys that, with a constant value, keep strangers out altogether.
const KEEPS_STRANGERS_OUT: [&str; 12] = [
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
];

/// The calls that give a role's credentials.
const ASSUMES: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let trusts = context.model.policies.iter().filter(|policy| policy.kind == PolicyKind::Trust);
        trusts
            .flat_map(|policy| {
                policy.document.statements.iter().filter_map(|statement| of_statement(policy, statement))
            })
            .collect()
    })
}

fn of_statement(policy: &Policy, statement: &Statement) -> Option<Finding> {
    let principals = statement.principals.as_ref().filter(|_| statement.effect == Effect::Allow)?;
    if !ASSUMES.iter().any(|action| !statement.matches_action(action).is_empty()) {
        return None;
    }
    let everybody = principals.entries.iter().find(|entry| entry.kind == TrustedKind::Anybody);
    let span = match (principals.negated, everybody) {
        (false, Some(entry)) => entry.span(),
        // Allow with `NotPrincipal` lets in everybody who is not named.
        (true, _) => principals.key_span,
        (false, None) => return None,
    };
    let holds = |test: &ConditionTest| keeps_out(test, &statement.conditions);
    if statement.conditions.iter().any(|test| holds(test) && KEEPS_STRANGERS_OUT.iter().any(|key| test.is_on(key))) {
        return None;
    }
    let subject = format!("{} {}", policy.owner.name, statement.sid_text().unwrap_or_default());
    let mut found =
        Finding::new(span, subject).fact("role", policy.owner.name.clone()).related(policy.owner.span, "this role");
    if principals.negated {
        found = found.label("everybody but those named here");
    }
    // An external id is a password of sorts: strangers who know it come in.
    if statement.conditions.iter().any(holds) {
        found = found.severity(Severity::High);
        if let Some(span) = statement.condition_span {
            found = found.related(span, "this condition is all that holds strangers off");
        }
    }
    if let Some(reason) = &statement.condition_unknown {
        found = found.doubted([crate::rules::doubt(reason)]);
    }
    Some(with_conditions(found, &statement.when, Vec::new()))
}
