//! What ValidatePolicy of IAM Access Analyzer finds in one policy, without words for it. What a hole
//! of the template may fill in is never judged.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html>

mod addresses;
mod arns;
pub mod codes;
mod control;
mod elements;
mod keys;
mod operators;
mod placement;
mod principals;
mod redundancy;
mod security;
mod size;
mod tags;
mod trust;
mod values;
mod variables;
mod width;

pub use arns::all_malformed as resources_are_malformed;
pub use codes::{Code, FindingType};

use super::condition::ConditionTest;
use super::document::{Effect, PolicyDocument, Statement};
use super::overruled::overruled;
use crate::source::Span;
use crate::value::{Text, Value};
use std::collections::BTreeSet;

/// A policy to be looked at.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub document: &'a PolicyDocument,
    /// The same, as it is written.
    pub value: &'a Value,
    /// The type of the resource it belongs to, such as `AWS::S3::Bucket`; empty where it is not known.
    pub resource_type: &'a str,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Issue {
    pub code: Code,
    pub span: Span,
    /// The other places it is about, the nearest first.
    pub related: Vec<Span>,
    /// The Sid of the statement, or its number.
    pub place: String,
    /// What is written there.
    pub text: String,
    /// What it is set against: a name that is meant, a type, a limit.
    pub other: String,
    /// Further names, such as actions.
    pub names: Vec<String>,
    /// Whether the statement has no effect because of it.
    pub is_whole_statement: bool,
    /// Entries or statements without which the policy would say the same.
    pub superfluous: Vec<Span>,
    /// Each of these stands there a second time, no wider and no narrower.
    pub is_repeated: bool,
}

impl Issue {
    fn new(code: Code, span: Span, text: impl Into<String>) -> Issue {
        Issue {
            code,
            span,
            related: Vec::new(),
            place: String::new(),
            text: text.into(),
            other: String::new(),
            names: Vec::new(),
            is_whole_statement: false,
            superfluous: Vec::new(),
            is_repeated: false,
        }
    }

    fn other(mut self, other: impl Into<String>) -> Issue {
        self.other = other.into();
        self
    }

    fn names(mut self, names: Vec<String>) -> Issue {
        self.names = names;
        self
    }

    fn related(mut self, span: Span) -> Issue {
        self.related.push(span);
        self
    }

    fn whole(mut self, is_whole: bool) -> Issue {
        self.is_whole_statement = is_whole;
        self
    }
}

/// Everything that is found, in the order of the checks, each code once at a place.
pub fn issues(subject: &Subject<'_>) -> Vec<Issue> {
    let mut found = elements::issues(subject);
    found.extend(size::issues(subject));
    found.extend(redundancy::issues(subject));
    found.extend(trust::issues(subject));
    for statement in &subject.document.statements {
        let mut own = of_statement(subject, statement);
        let place = statement.sid_text().map_or_else(|| statement.index.to_string(), str::to_owned);
        own.iter_mut().for_each(|issue| issue.place.clone_from(&place));
        found.append(&mut own);
    }
    let mut seen = BTreeSet::new();
    // A statement under a condition is read once for each way it can turn out.
    found.retain(|issue| seen.insert((issue.code, issue.span, issue.text.clone())));
    if found.iter().any(is_of_a_right) {
        // What the same policy denies as a whole is no right; a rule of its own tells of that.
        let dead = overruled(subject.document);
        found.retain(|issue| !is_of_a_right(issue) || !dead.iter().any(|one| one.allow.span.contains(issue.span)));
    }
    found
}

/// Whether it is about what an allow gives.
fn is_of_a_right(issue: &Issue) -> bool {
    issue.code.name.starts_with("PASS_ROLE_") || issue.code.name.starts_with("CREATE_SLR_")
}

fn of_statement(subject: &Subject<'_>, statement: &Statement) -> Vec<Issue> {
    let mut found = arns::issues(subject, statement);
    found.extend(variables::issues(subject, statement));
    found.extend(principals::issues(subject, statement));
    found.extend(placement::issues(subject, statement));
    found.extend(operators::issues(statement));
    found.extend(keys::issues(statement));
    found.extend(tags::issues(statement));
    found.extend(values::issues(statement));
    found.extend(addresses::issues(statement));
    found.extend(width::issues(subject, statement));
    found.extend(security::issues(subject, statement));
    found.extend(control::issues(subject, statement));
    found
}

/// Whether the text waits to be filled in by a person or by another tool: `<arn>`, `{account}`,
/// `ACCOUNT_ID`. Such texts are not judged.
fn is_placeholder(text: &str) -> bool {
    let waits = |word: &str| {
        let is_loud = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        is_loud || starts_with(word, "your") || starts_with(word, "example")
    };
    let bytes = text.as_bytes();
    bytes.iter().any(|byte| matches!(byte, b'<' | b'>' | b'{' | b'}' | b'[' | b']' | b'%'))
        || bytes.windows(3).any(|three| matches!(three, b"..." | b"xxx" | b"XXX"))
        || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(waits)
        || (!text.is_ascii() && text.contains('\u{E000}'))
}

/// Whether a text starts with another, in any case.
fn starts_with(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start.as_bytes()))
}

/// The text when nothing of it is open: no hole, no policy variable, no placeholder.
fn settled(text: &Text) -> Option<&str> {
    text.literal().filter(|text| !is_placeholder(text) && !text.contains("${"))
}

/// Whether the key of a test can be judged.
fn is_settled_key(test: &ConditionTest) -> bool {
    !test.key.contains(['$', '<', '{', '%', '\u{E000}']) && !test.key.starts_with("Fn::")
}

fn allows(statement: &Statement) -> bool {
    statement.effect == Effect::Allow
}

/// Whether one of the tests is on the key; a part of the condition that is not known may hold it.
fn may_test(statement: &Statement, keys: &[&str]) -> bool {
    statement.condition_unknown.is_some()
        || statement.conditions.iter().any(|test| keys.iter().any(|key| test.is_on(key)))
}

#[cfg(test)]
mod tests;
