//! Roles that others may assume than those who are meant, since the trust policy does not say whose
//! tokens, or says it in a form that promises more than it holds.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html>

use super::chain::with_conditions;
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::narrowing::requires;
use crate::iam::{PolicyKind, Statement};
use crate::model::{Model, Policy, federation, is_ci_provider};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::source::Span;
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "oidc-trust",
    summary: "a role whose trust policy does not say enough of the tokens that it takes",
    params: &[Param {
        name: "lacks",
        kind: ParamKind::Choice(&["subject", "audience", "single-value", "identity-pool"]),
        required: true,
        doc: "what is not said: whose jobs of a CI system, for whom the token was made, that the subject must be there, or which pool of Cognito",
    }],
    facts: &["role", "provider"],
    bind,
};

/// Claims that name whose job it is, whatever the provider calls them.
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

/// The provider of identity pools.
const COGNITO: &str = "cognito-identity.amazonaws.com";

fn bind(params: &Params) -> Check {
    let lacks = params.word("lacks");
    Box::new(move |context: &Context<'_>| {
        let trusts = context.model.policies.iter().filter(|policy| policy.kind == PolicyKind::Trust);
        let statements = trusts.flat_map(|policy| policy.document.statements.iter().map(move |one| (policy, one)));
        statements.filter_map(|(policy, statement)| of_statement(context.model, policy, statement, &lacks)).collect()
    })
}

fn of_statement(model: &Model, policy: &Policy, statement: &Statement, lacks: &str) -> Option<Finding> {
    let is_meant = |host: &str| if lacks == "identity-pool" { host == COGNITO } else { is_ci_provider(host) };
    let (entry, provider) = federation::provider(model, statement, is_meant)?;
    if statement.matches_action("sts:AssumeRoleWithWebIdentity").is_empty() || statement.condition_unknown.is_some() {
        return None;
    }
    // A provider with a path or an issuer of its own (CircleCI, GitLab on one's own host) speaks for
    // one organisation only.
    let speaks_for_one = provider.contains('/') || provider.starts_with("oidc.circleci.com");
    let tests = &statement.conditions;
    let has_named_jobs = tests.iter().any(names_jobs);
    let (span, steps) = match lacks {
        "subject" if !speaks_for_one && !has_named_jobs => (entry.span(), 0),
        // STS takes a token only for an audience that the provider lists: with one there is no other.
        "audience" if !speaks_for_one && has_named_jobs && !tests.iter().any(|test| is_on(test, "aud")) => {
            (entry.span(), u8::from(federation::audiences(model, &provider) == Some(1)))
        }
        "single-value" => (tests.iter().find(|test| is_open_form(test, tests))?.operator_span, 0),
        "identity-pool" if !tests.iter().any(names_pool) => (entry.span(), 0),
        _ => return None,
    };
    Some(finding(policy, statement, provider, span).lowered_by(steps))
}

fn finding(policy: &Policy, statement: &Statement, provider: String, span: Span) -> Finding {
    let mut found = Finding::new(span, format!("{} {provider}", policy.owner.name))
        .fact("role", policy.owner.name.clone())
        .fact("provider", provider)
        .related(policy.owner.span, "this role");
    if let Some(condition) = statement.condition_span.filter(|condition| !condition.contains(span)) {
        found = found.related(condition, "not asked for here");
    }
    with_conditions(found, &statement.when, Vec::new())
}

/// Whether a test requires a claim that names whose job it is.
fn names_jobs(test: &ConditionTest) -> bool {
    let Some((_, claim)) = test.claim() else { return false };
    let compares = matches!(
        test.operator.comparison,
        Some(Comparison::StringEquals | Comparison::StringLike | Comparison::StringEqualsIgnoreCase)
    );
    // Every token has a subject, so that it makes no difference what holds without one.
    // <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>
    let needs_claim = is_on(test, "sub") || test.operator.needs_key();
    NAMING_CLAIMS.contains(&claim.to_ascii_lowercase().as_str())
        && compares
        && !test.operator.negated
        && needs_claim
        && !test.values.iter().any(is_catch_all)
}

/// `ForAllValues:StringLike` and `StringLikeIfExists` on the subject, which nothing else requires.
fn is_open_form(test: &ConditionTest, all: &[ConditionTest]) -> bool {
    is_on(test, "sub") && names_jobs(test) && !all.iter().any(|other| requires(other, &test.key))
}

/// Whether a test says which identity pool, or whose identity in one.
fn names_pool(test: &ConditionTest) -> bool {
    (is_on(test, "aud") || is_on(test, "sub"))
        && test.operator.needs_key()
        && !test.operator.negated
        && !test.values.iter().any(is_catch_all)
}

fn is_on(test: &ConditionTest, name: &str) -> bool {
    test.claim().is_some_and(|(_, claim)| claim.eq_ignore_ascii_case(name))
}

fn is_catch_all(value: &Text) -> bool {
    value.literal().is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte == b'*'))
}
