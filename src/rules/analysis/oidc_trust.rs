//! Roles that every user of a CI system may assume, since the trust policy does not say whose jobs.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html>

use super::chain::with_conditions;
use crate::iam::condition::{Comparison, ConditionTest, Quantifier};
use crate::iam::{Effect, PolicyKind, Statement};
use crate::model::{Policy, is_ci_provider};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "oidc-trust",
    summary: "a role that any job of a public CI system may assume",
    params: &[],
    facts: &["role", "provider"],
    bind,
};

/// Claims that name whose jobs are meant, whatever the provider calls them.
const NAMING_CLAIMS: [&str; 12] = [
    "sub",
    "job_workflow_ref",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "project_path",
    "project_id",
    "namespace_path",
    "namespace_id",
    "organization_id",
    "oidc.circleci.com/project-id",
];

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
    let principals =
        statement.principals.as_ref().filter(|found| statement.effect == Effect::Allow && !found.negated)?;
    let assumes = !statement.matches_action("sts:AssumeRoleWithWebIdentity").is_empty();
    let (entry, provider) = principals.entries.iter().find_map(|entry| {
        let provider = entry.provider().filter(|host| is_ci_provider(host))?;
        Some((entry, provider))
    })?;
    // A provider with a path or an issuer of its own (CircleCI, GitLab on one's own host) speaks for
    // one organisation only.
    let speaks_for_one = provider.contains('/') || provider.starts_with("oidc.circleci.com");
    if !assumes || speaks_for_one || statement.condition_unknown.is_some() {
        return None;
    }
    if statement.conditions.iter().any(names_jobs) {
        return None;
    }
    let subject = format!("{} {provider}", policy.owner.name);
    let mut found = Finding::new(entry.span(), subject)
        .fact("role", policy.owner.name.clone())
        .fact("provider", provider)
        .related(policy.owner.span, "this role");
    if let Some(span) = statement.condition_span {
        found = found.related(span, "no condition here names a repository");
    }
    Some(with_conditions(found, &statement.when, Vec::new()))
}

/// Whether a test requires a claim that names whose job it is.
fn names_jobs(test: &ConditionTest) -> bool {
    let Some((_, claim)) = test.claim() else { return false };
    let is_catch_all =
        |value: &Text| value.literal().is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte == b'*'));
    let compares = matches!(
        test.operator.comparison,
        Some(Comparison::StringEquals | Comparison::StringLike | Comparison::StringEqualsIgnoreCase)
    );
    NAMING_CLAIMS.contains(&claim.to_ascii_lowercase().as_str())
        && compares
        && !test.operator.negated
        && !test.operator.if_exists
        && test.operator.quantifier != Some(Quantifier::ForAllValues)
        && !test.values.iter().any(is_catch_all)
}
