//! Trust in a CI system's tokens whose subject is so wide that other people's jobs have it too.
//!
//! Source: <https://docs.github.com/en/actions/reference/security/oidc>

use super::chain::with_conditions;
use crate::diagnostic::Severity;
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::{Effect, PolicyKind, Statement};
use crate::model::{Model, Policy, is_ci_provider};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "oidc-subject",
    summary: "a subject of tokens that jobs of several repositories have",
    params: &[],
    facts: &["role", "subject", "who"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let trusts = context.model.policies.iter().filter(|policy| policy.kind == PolicyKind::Trust);
        let statements = trusts.flat_map(|policy| policy.document.statements.iter().map(move |one| (policy, one)));
        statements.flat_map(|(policy, statement)| of_statement(context.model, policy, statement)).collect()
    })
}

fn of_statement(model: &Model, policy: &Policy, statement: &Statement) -> Vec<Finding> {
    let entries = statement.principals.iter().filter(|found| !found.negated).flat_map(|found| &found.entries);
    let is_ci = entries.filter_map(|entry| entry.provider()).any(|host| is_ci_provider(&host));
    if statement.effect != Effect::Allow || !is_ci {
        return Vec::new();
    }
    // Another claim may say what the subject does not.
    let others = statement.conditions.iter().filter(|test| !is_subject(test) && test.claim().is_some());
    let is_held = others.into_iter().any(|test| {
        test.claim().is_some_and(|(_, claim)| {
            ["repository", "repository_id", "job_workflow_ref"].contains(&claim.to_ascii_lowercase().as_str())
        })
    });
    let tests = statement.conditions.iter().filter(|test| is_subject(test) && !is_held);
    let likes = tests.filter(|test| test.operator.comparison == Some(Comparison::StringLike) && !test.operator.negated);
    likes.flat_map(|test| &test.values).filter_map(|value| finding(model, policy, statement, value)).collect()
}

fn is_subject(test: &ConditionTest) -> bool {
    test.claim().is_some_and(|(_, claim)| claim.eq_ignore_ascii_case("sub"))
}

fn finding(model: &Model, policy: &Policy, statement: &Statement, value: &Text) -> Option<Finding> {
    let shown = value.display().into_owned();
    let (who, severity) = width(&shown)?;
    let found = Finding::new(value.span, format!("{} {shown}", policy.owner.name))
        .fact("role", policy.owner.name.clone())
        .fact("subject", shown)
        .fact("who", who)
        .related(policy.owner.span, "this role")
        .severity(severity);
    let power = model
        .principals
        .iter()
        .find(|role| role.logical_id.span == policy.owner.span)
        .and_then(|role| role.high_power());
    let found = match power {
        Some(power) => found.related(power.span, format!("it may {}", power.label.verb())),
        None => found.lowered_by(1),
    };
    Some(with_conditions(found, &statement.when, Vec::new()))
}

/// Whose jobs have such a subject, when they are too many; `repo:OWNER/NAME:…` is GitHub's form.
fn width(subject: &str) -> Option<(&'static str, Severity)> {
    let Some(rest) = subject.strip_prefix("repo:") else {
        let is_anything = !subject.is_empty() && subject.chars().all(|letter| matches!(letter, '*' | ':' | '/'));
        return is_anything.then_some(("any job of any repository", Severity::Critical));
    };
    let (owner, after) = rest.split_once('/').unwrap_or((rest, ""));
    if owner.contains('*') {
        // `repo:acme*` is also `repo:acme-evil/x`.
        let is_any = owner.trim_matches('*').is_empty();
        let who = if is_any { "any job of any repository" } else { "jobs of everybody whose name starts like that" };
        return Some((who, Severity::Critical));
    }
    let name = after.split(':').next().unwrap_or(after);
    (name.contains('*') && !name.contains('$'))
        .then_some(("jobs of every such repository of the owner", Severity::High))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_as_wide_as_the_repositories_that_it_admits() {
        let table = [
            ("*", Some(Severity::Critical)),
            ("repo:*", Some(Severity::Critical)),
            ("repo:acme*", Some(Severity::Critical)),
            ("repo:acme*/shop:*", Some(Severity::Critical)),
            ("repo:acme/*", Some(Severity::High)),
            ("repo:acme/shop-*:ref:refs/heads/main", Some(Severity::High)),
            ("repo:acme/shop:*", None),
            ("repo:acme/shop:ref:refs/heads/*", None),
            ("project_path:acme/shop:ref_type:branch:ref:*", None),
            ("repo:${Owner}/${Repository}:*", None),
        ];
        for (subject, severity) in table {
            assert_eq!(width(subject).map(|found| found.1), severity, "{subject}");
        }
    }
}
