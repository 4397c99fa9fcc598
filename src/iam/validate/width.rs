//! Conditions that keep nobody out, or not those who are meant.

use super::codes::*;
use super::{Issue, Subject, allows, is_settled_key, may_test, settled, starts_with};
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::document::{Effect, PolicyKind, Statement};
use crate::value::{Part, Text};

pub fn issues(subject: &Subject<'_>, statement: &Statement) -> Vec<Issue> {
    let mut found = Vec::new();
    for test in statement.conditions.iter().filter(|test| is_settled_key(test)) {
        found.extend(s3_prefix(statement, test));
        if allows(statement) {
            found.extend(unpaired(statement, test));
            found.extend(untrustworthy(statement, test));
            found.extend(subject_of_token(test));
            if matches!(subject.document.kind, PolicyKind::Resource | PolicyKind::Trust) {
                found.extend(too_wide(test));
            }
        }
    }
    found
}

/// Keys whose value is unique only within something that another key names.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
const PAIRS: &[(&str, &[&str])] = &[
    ("aws:VpcSourceIp", &["aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn", "aws:VpceAccount", "aws:VpceOrgID"]),
    ("aws:Ec2InstanceSourcePrivateIPv4", &["aws:Ec2InstanceSourceVpc"]),
];

fn unpaired(statement: &Statement, test: &ConditionTest) -> Option<Issue> {
    let (_, others) = PAIRS.iter().find(|(key, _)| test.is_on(key))?;
    (!may_test(statement, others) && !test.operator.negated && test.operator.comparison != Some(Comparison::Null))
        .then(|| Issue::new(MISSING_PAIRED_CONDITION_KEYS, test.key_span, test.key.clone()).other(others[0]))
}

/// What the caller writes into the request as it pleases. A service of AWS writes what it is documented to: SES gives
/// its customer's account as the referer.
fn untrustworthy(statement: &Statement, test: &ConditionTest) -> Option<Issue> {
    let principals = statement.principals.as_ref().filter(|found| !found.negated && found.unknown.is_empty());
    if principals.is_some_and(|found| found.entries.iter().all(|entry| entry.service().is_some())) {
        return None;
    }
    let is_it = ["aws:Referer", "aws:UserAgent"].iter().any(|key| test.is_on(key));
    (is_it && test.operator.comparison != Some(Comparison::Null))
        .then(|| Issue::new(UNTRUSTWORTHY_CONDITION_KEY, test.key_span, test.key.clone()))
}

/// A list without a prefix shows what the condition means to hide.
fn s3_prefix(statement: &Statement, test: &ConditionTest) -> Option<Issue> {
    let keeps_out = match statement.effect {
        Effect::Allow => test.operator.negated,
        Effect::Deny => !test.operator.negated,
        Effect::Unknown => false,
    };
    let is_it = test.is_on("s3:prefix") && keeps_out && test.operator.comparison != Some(Comparison::Null);
    // Where the empty prefix is among the values it is thought of.
    let has_empty = test.values.iter().any(|value| value.literal() == Some(""));
    (is_it && !has_empty).then(|| {
        let issue = Issue::new(S3_PREFIX_IN_NEGATIVE_CONTEXT, test.key_span, test.key.clone());
        issue.other(test.operator.text.clone()).related(test.operator_span)
    })
}

/// Keys that say who, or for whom; a value that is mostly a wildcard says neither.
const SENSITIVE: &[&str] = &[
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:userid",
];

/// Variables that the caller fills in.
const OF_THE_CALLER: &[&str] = &["${aws:RequestTag/", "${aws:referer", "${aws:UserAgent"];

/// AWS asks for six characters before the first wildcard.
const MIN_CHARACTERS: usize = 6;

fn too_wide(test: &ConditionTest) -> Option<Issue> {
    if !SENSITIVE.iter().any(|key| test.is_on(key)) || test.operator.negated {
        return None;
    }
    let is_callers = |value: &&Text| {
        let first = value.parts.first();
        matches!(first, Some(Part::Known(text, _)) if OF_THE_CALLER.iter().any(|start| starts_with(text, start)))
    };
    if let Some(value) = test.values.iter().find(is_callers) {
        let issue = Issue::new(VARIABLE_USAGE_TOO_PERMISSIVE, value.span, value.display());
        return Some(issue.other(test.key.clone()).related(test.key_span));
    }
    let is_wide = |value: &&Text| {
        let text = value.literal().unwrap_or_default();
        let literal = text.find(['*', '?']);
        // `*` alone is told as a test for the presence of the key.
        let is_star = text.bytes().all(|byte| byte == b'*');
        // An ARN says something after its prefix too.
        let says_nothing = text.split(['*', '?', ':']).all(|part| part.is_empty() || part == "arn" || part == "aws");
        literal.is_some_and(|at| at < MIN_CHARACTERS || says_nothing) && !is_star && !value.has_holes()
    };
    let value = test.operator.has_wildcards().then(|| test.values.iter().find(is_wide)).flatten()?;
    let issue = Issue::new(WILDCARD_USAGE_TOO_PERMISSIVE, value.span, value.display());
    Some(issue.other(test.key.clone()).related(test.key_span))
}

/// The subject of GitHub's tokens: `repo:owner/name:ref:refs/heads/main`.
/// <https://docs.github.com/en/actions/reference/security/oidc>
fn subject_of_token(test: &ConditionTest) -> Option<Issue> {
    let (host, claim) = test.claim()?;
    let is_subject =
        host.eq_ignore_ascii_case("token.actions.githubusercontent.com") && claim.eq_ignore_ascii_case("sub");
    if !is_subject || test.operator.negated || !test.operator.has_wildcards() {
        return None;
    }
    test.values.iter().find_map(|value| {
        let text = settled(value).filter(|text| text.contains('*') && text.bytes().any(|byte| byte != b'*'))?;
        let code = match text.strip_prefix("repo:") {
            // Whoever may open a repository of any owner is let in.
            Some(rest) if rest.split('/').next().is_some_and(|owner| owner.starts_with('*')) => {
                WILDCARD_USAGE_TOO_PERMISSIVE
            }
            None if text.find('*').is_some_and(|at| at < "repo:".len()) => WILDCARD_USAGE_TOO_PERMISSIVE,
            Some(rest) if is_all_of_a_repository(rest) => SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED,
            _ => return None,
        };
        Some(Issue::new(code, value.span, text).other(test.key.clone()).related(test.key_span))
    })
}

/// `owner/*`, `owner/name*` and `owner/name:*`: no branch, tag or environment is named.
fn is_all_of_a_repository(rest: &str) -> bool {
    let Some((_, repository)) = rest.split_once('/') else { return true };
    let (name, context) = repository.split_once(':').unwrap_or((repository, "*"));
    name.contains('*') || context.bytes().all(|byte| byte == b'*')
}
