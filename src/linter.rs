//! What a run gives back.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use std::collections::BTreeMap;

/// The outcome of one run over a set of sources. Plain data; `report` renders it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Sorted, without duplicates.
    pub diagnostics: Vec<Diagnostic>,
    pub summary: Summary,
    /// Secrets: every renderer masks these places.
    pub redactions: Vec<Span>,
}

/// What was read, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many files of each kind were analysed: `CloudFormation template`, `buildspec`, …
    pub analysed: BTreeMap<&'static str, usize>,
    pub roles: usize,
    pub statements: usize,
    pub projects: usize,
    pub pipelines: usize,
    pub not_analysed: Vec<NotAnalysed>,
}

/// A file or a part of one that the run could not look into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnalysed {
    pub path: String,
    /// The part of the file, when the rest was analysed.
    pub span: Option<Span>,
    pub reason: String,
}
