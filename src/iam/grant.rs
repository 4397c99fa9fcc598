//! A grant: an allow that survives deny and boundary, with what narrows it and how sure it is.

use super::action::ActionPattern;
use super::answer::Reason;
use super::arn::ArnPattern;
use super::document::{PolicyDocument, Statement};
use super::narrowing::{ConditionClass, Narrowing};
use crate::diagnostic::Confidence;
use crate::source::Span;
use crate::value::Condition;

/// One action that one statement allows.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    pub document: &'a PolicyDocument,
    pub statement: &'a Statement,
    /// The full name, in the documented casing.
    pub action: String,
    /// The pattern that matches it; `None` for `NotAction`.
    pub pattern: Option<&'a ActionPattern>,
    /// What to underline for the action: the pattern, or the key `NotAction`.
    pub span: Span,
    /// The entries of `Resource` that survive; none for `NotResource`.
    pub resources: Vec<&'a ArnPattern>,
    /// Whether the resource is `*` or the statement has `NotResource`, and the boundary names none.
    pub everywhere: bool,
    /// The entries of the boundary that the resources are limited to; empty where it does not limit.
    pub within: Vec<&'a ArnPattern>,
    /// Denies that take a part of it.
    pub less: Vec<&'a Statement>,
    /// One for each test of the statement, and of the boundary where it allows only under tests.
    pub narrowing: Vec<Narrowing<'a>>,
    /// The conditions of the template under which it holds.
    pub when: Vec<Condition>,
    pub confidence: Confidence,
    pub doubts: Vec<Reason>,
}

impl<'a> Grant<'a> {
    /// Whether a test of this class narrows it.
    pub fn is_narrowed_by(&self, class: ConditionClass) -> bool {
        self.narrowing.iter().any(|narrowing| narrowing.class == class)
    }

    /// The tests on a key, such as `iam:PermissionsBoundary`, leaving out those that all pass.
    pub fn tests_on<'g>(&'g self, key: &'g str) -> impl Iterator<Item = &'g Narrowing<'a>> {
        self.narrowing
            .iter()
            .filter(move |narrowing| narrowing.class != ConditionClass::Vacuous && narrowing.test.is_on(key))
    }

    /// What to underline for the resources: the only entry, or the key.
    pub fn resource_span(&self) -> Option<Span> {
        match self.resources.as_slice() {
            [only] => Some(only.span()),
            _ => self.statement.resources.as_ref().map(|resources| resources.key_span),
        }
    }
}
