//! Roles that anybody may assume.

use super::chain::with_conditions;
use crate::diagnostic::Severity;
use crate::iam::narrowing::keeps_out;
use crate::iam::principal::PrincipalKind as TrustedKind;
use crate::iam::{self, ConditionTest, Effect, PolicyKind, PublicKind, Statement, public_access};
use crate::model::Policy;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "public-trust",
    summary: "a role whose trust policy names everybody",
    params: &[],
    facts: &["role"],
    bind,
};

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
    let (span, when) = match (principals.negated, everybody) {
        (false, Some(entry)) => (entry.span(), entry.when.as_slice()),
        // Allow with `NotPrincipal` lets in everybody who is not named.
        (true, _) => (principals.key_span, &[][..]),
        (false, None) => return None,
    };
    let mut asked = policy.document.in_world(&[&statement.when, when].concat());
    asked.statements.retain(|one| one.effect == Effect::Deny || one.span == statement.span);
    match public_access(&[&asked], PublicKind::parse("AWS::IAM::AssumeRolePolicyDocument")?) {
        iam::Finding::Found(_) => {}
        iam::Finding::Unknown(_) if statement.condition_unknown.is_some() => {}
        _ => return None,
    }
    let subject = format!("{} {}", policy.owner.name, statement.sid_text().unwrap_or_default());
    let mut found =
        Finding::new(span, subject).fact("role", policy.owner.name.clone()).related(policy.owner.span, "this role");
    if principals.negated {
        found = found.label("everybody but those named here");
    }
    // An external id is a password of sorts: strangers who know it come in.
    let is_secret = |test: &ConditionTest| test.is_on("sts:ExternalId") && keeps_out(test, &statement.conditions);
    if statement.conditions.iter().any(is_secret) {
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
