//! Operators of conditions, and the form of the keys below them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use super::codes::*;
use super::{Issue, is_placeholder, is_settled_key};
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::document::Statement;

/// Operators as AWS writes them, for suggestions.
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

pub fn issues(statement: &Statement) -> Vec<Issue> {
    let mut found = Vec::new();
    for (index, test) in statement.conditions.iter().enumerate() {
        operator(test, &mut found);
        if !is_settled_key(test) {
            continue;
        }
        key(test, &mut found);
        let same = |other: &&ConditionTest| {
            other.operator_span == test.operator_span && other.is_on(&test.key) && other.key != test.key
        };
        if let Some(first) = statement.conditions[..index].iter().find(same) {
            let issue = Issue::new(DUPLICATE_KEYS_WITH_DIFFERENT_CASE, test.key_span, test.key.clone());
            found.push(issue.other(first.key.clone()).related(first.key_span));
        }
        if test.operator.comparison == Some(Comparison::Bool)
            && test.operator.quantifier.is_none()
            && test.complete
            && test.values.len() > 1
        {
            found.push(Issue::new(INVALID_CONDITION_MULTIPLE_BOOLEAN, test.key_span, test.key.clone()));
        }
    }
    found
}

fn operator(test: &ConditionTest, found: &mut Vec<Issue>) {
    let text = &test.operator.text;
    let is_open = is_placeholder(text) || text.contains('$') || text.starts_with("Fn::") || text == "Ref";
    match test.operator.comparison {
        None if !is_open => {
            let meant = crate::iam::grammar::nearest(text, OPERATORS);
            let issue = Issue::new(INVALID_CONDITION_OPERATOR, test.operator_span, text.clone());
            found.push(issue.other(meant.unwrap_or_default()));
        }
        Some(Comparison::Null) if test.operator.if_exists => {
            found.push(Issue::new(NULL_WITH_IF_EXISTS, test.operator_span, text.clone()));
        }
        Some(Comparison::Null) if test.operator.quantifier.is_some() => {
            found.push(Issue::new(NULL_WITH_QUALIFIER, test.operator_span, text.clone()));
        }
        _ => {}
    }
}

fn key(test: &ConditionTest, found: &mut Vec<Issue>) {
    let key = &test.key;
    let is_well_formed =
        key.split_once(':').is_some_and(|(prefix, name)| !prefix.is_empty() && !name.is_empty() && !key.contains(' '));
    // The key of a tag may hold anything.
    if !is_well_formed && !key.contains('/') {
        found.push(Issue::new(INVALID_CONDITION_KEY_FORMAT, test.key_span, key.clone()));
        return;
    }
    let lower = key.to_ascii_lowercase();
    let bare = lower.trim_end_matches('/');
    let is_tag = ["aws:requesttag", "aws:resourcetag", "aws:principaltag"].contains(&bare) || lower.ends_with("tag/");
    if is_tag {
        let shown = key.trim_end_matches('/');
        found.push(Issue::new(MISSING_TAG_KEY_IN_CONDITION, test.key_span, key.clone()).other(format!("{shown}/team")));
    }
}
