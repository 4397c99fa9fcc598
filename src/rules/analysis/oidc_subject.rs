//! Trust in a CI system's tokens whose subject is so wide that jobs have it which nobody meant: of
//! other repositories, or of any branch and pull request.
//!
//! Source: <https://docs.github.com/en/actions/reference/security/oidc>

use super::chain::with_conditions;
use crate::diagnostic::Severity;
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::{PolicyKind, Statement};
use crate::model::{Model, Policy, federation, is_ci_provider};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "oidc-subject",
    summary: "a subject of tokens that more jobs have than those that are meant",
    params: &[Param {
        name: "of",
        kind: ParamKind::Choice(&["repositories", "branches"]),
        required: true,
        doc: "jobs of several repositories; or those of any branch, or of pull requests, of one on GitHub",
    }],
    facts: &["role", "subject", "who"],
    bind,
};

/// Who has such a subject, and how serious that is for a role that may do something dangerous and for
/// one that may not; `None` where it is as it should be.
struct Width {
    who: &'static str,
    powerful: Severity,
    other: Option<Severity>,
}

/// Claims that say what the subject leaves open.
const REPOSITORY_CLAIMS: [&str; 3] = ["repository", "repository_id", "job_workflow_ref"];
const BRANCH_CLAIMS: [&str; 4] = ["ref", "environment", "workflow_ref", "job_workflow_ref"];

fn bind(params: &Params) -> Check {
    let of_branches = params.word("of") == "branches";
    Box::new(move |context: &Context<'_>| {
        let trusts = context.model.policies.iter().filter(|policy| policy.kind == PolicyKind::Trust);
        let statements = trusts.flat_map(|policy| policy.document.statements.iter().map(move |one| (policy, one)));
        statements.flat_map(|(policy, one)| of_statement(context.model, policy, one, of_branches)).collect()
    })
}

fn of_statement(model: &Model, policy: &Policy, statement: &Statement, of_branches: bool) -> Vec<Finding> {
    if federation::provider(model, statement, is_ci_provider).is_none() {
        return Vec::new();
    }
    let holding: &[&str] = if of_branches { &BRANCH_CLAIMS } else { &REPOSITORY_CLAIMS };
    let is_held = statement
        .conditions
        .iter()
        .any(|test| test.claim().is_some_and(|(_, claim)| holding.contains(&claim.to_ascii_lowercase().as_str())));
    let compares = |test: &&ConditionTest| {
        matches!(test.operator.comparison, Some(Comparison::StringLike | Comparison::StringEquals))
    };
    let tests = statement.conditions.iter().filter(|test| is_subject(test) && !is_held && !test.operator.negated);
    let values = tests.filter(compares).flat_map(|test| test.values.iter().map(move |value| (test, value)));
    let found = values.filter_map(|(test, value)| {
        let shown = value.display();
        let has_wildcards = test.operator.has_wildcards();
        let width = if of_branches { openness(&shown, has_wildcards) } else { width(&shown).filter(|_| has_wildcards) };
        finding(model, policy, statement, value, &width?)
    });
    found.collect()
}

fn is_subject(test: &ConditionTest) -> bool {
    test.claim().is_some_and(|(_, claim)| claim.eq_ignore_ascii_case("sub"))
}

fn finding(model: &Model, policy: &Policy, statement: &Statement, value: &Text, width: &Width) -> Option<Finding> {
    let shown = value.display().into_owned();
    let role = model.principals.iter().find(|role| role.logical_id.span == policy.owner.span);
    let power = role.and_then(|role| role.high_power());
    let severity = if power.is_some() { Some(width.powerful) } else { width.other };
    let mut found = Finding::new(value.span, format!("{} {shown}", policy.owner.name))
        .fact("role", policy.owner.name.clone())
        .fact("subject", shown)
        .fact("who", width.who)
        .related(policy.owner.span, "this role")
        .severity(severity?);
    if let Some(power) = power {
        found = found.related(power.span, format!("it may {}", power.label.verb()));
    }
    Some(with_conditions(found, &statement.when, Vec::new()))
}

/// Whose jobs have such a subject, when they are too many; `repo:OWNER/NAME:…` is GitHub's form.
fn width(subject: &str) -> Option<Width> {
    let anybody = |who| Width { who, powerful: Severity::Critical, other: Some(Severity::High) };
    let Some(rest) = subject.strip_prefix("repo:") else {
        let is_anything = !subject.is_empty() && subject.chars().all(|letter| matches!(letter, '*' | ':' | '/'));
        return is_anything.then(|| anybody("any job of any repository"));
    };
    let (owner, after) = rest.split_once('/').unwrap_or((rest, ""));
    if owner.contains(['*', '?']) {
        // `repo:acme*` is also `repo:acme-evil/x`.
        let is_any = owner.trim_matches('*').is_empty();
        let who = if is_any { "any job of any repository" } else { "jobs of everybody whose name starts like that" };
        return Some(anybody(who));
    }
    let name = after.split(':').next().unwrap_or(after);
    let who = "jobs of every such repository of the owner";
    (name.contains(['*', '?']) && !name.contains('$')).then_some(Width {
        who,
        powerful: Severity::High,
        other: Some(Severity::Medium),
    })
}

/// Which jobs of one repository have such a subject, when nobody need have reviewed what they run.
/// Jobs of pull requests out of forks get no token.
fn openness(subject: &str, has_wildcards: bool) -> Option<Width> {
    let (_, context) = subject.strip_prefix("repo:")?.split_once('/')?.1.split_once(':')?;
    if context == "pull_request" {
        return Some(Width { who: "jobs of pull requests", powerful: Severity::High, other: None });
    }
    let is_any = !context.is_empty() && context.bytes().all(|byte| byte == b'*');
    let is_any_branch = matches!(context, "ref:*" | "ref:refs/*" | "ref:refs/heads/*");
    let who = if is_any { "jobs of any branch and pull request" } else { "jobs of any branch" };
    let width = Width { who, powerful: Severity::Medium, other: Some(Severity::Low) };
    (has_wildcards && (is_any || is_any_branch)).then_some(width)
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
            assert_eq!(width(subject).map(|found| found.powerful), severity, "{subject}");
        }
    }

    #[test]
    fn a_subject_is_as_open_as_the_branches_that_it_admits() {
        let (any, branches, pulls) =
            ("jobs of any branch and pull request", "jobs of any branch", "jobs of pull requests");
        let table = [
            ("repo:acme/shop:*", Some(any)),
            ("repo:acme/${Name}:*", Some(any)),
            ("repo:acme/shop:ref:refs/heads/*", Some(branches)),
            ("repo:acme/shop:ref:*", Some(branches)),
            ("repo:acme/shop:pull_request", Some(pulls)),
            ("repo:acme/shop:ref:refs/heads/main", None),
            ("repo:acme/shop:ref:refs/heads/release-*", None),
            ("repo:acme/shop:environment:production", None),
            ("repo:acme/*", None),
            ("project_path:acme/shop:ref_type:branch:ref:*", None),
        ];
        for (subject, who) in table {
            assert_eq!(openness(subject, true).map(|found| found.who), who, "{subject}");
        }
        assert!(openness("repo:acme/shop:*", false).is_none(), "a star under StringEquals is a star");
    }
}
