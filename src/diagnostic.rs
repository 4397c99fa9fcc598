//! What the user reads. The only diagnostic type there is; plain owned data without lifetimes.
//! Rendering it is the business of `report`.

use crate::source::{Sources, Span, Spanned};
use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

/// How much harm a finding can do, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl Severity {
    pub const ALL: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    pub fn name(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
            Severity::Info => "info",
        }
    }

    /// One step less serious; `Info` stays.
    pub fn lowered(self) -> Severity {
        match self {
            Severity::Critical => Severity::High,
            Severity::High => Severity::Medium,
            Severity::Medium => Severity::Low,
            Severity::Low | Severity::Info => Severity::Info,
        }
    }

    /// Whether this is as serious as `threshold`, or more so.
    pub fn reaches(self, threshold: Severity) -> bool {
        self <= threshold
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Severity, String> {
        let found = Severity::ALL.into_iter().find(|severity| severity.name() == text);
        found.ok_or_else(|| format!("`{text}` is no severity: critical, high, medium, low, info"))
    }
}

/// How sure a finding is, surest first. What could not be evaluated lowers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    High,
    Medium,
    Low,
}

impl Confidence {
    pub fn name(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        }
    }

    /// The less sure of the two.
    pub fn and(self, other: Confidence) -> Confidence {
        self.max(other)
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place and what there is to say of it. An empty text only underlines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

impl Label {
    pub fn new(span: Span, text: impl Into<String>) -> Label {
        Label { span, text: text.into() }
    }
}

/// A change of the source that mends the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the change does, as an order: "indent by one column".
    pub title: String,
    pub applicability: Applicability,
    pub edits: Vec<Edit>,
}

/// Whether a change is made without a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// What is allowed and what runs is afterwards what the author evidently meant, and nothing more.
    Safe,
    /// It takes rights away, or may change what happens: somebody has to look at it.
    Unsafe,
}

impl Applicability {
    pub fn name(self) -> &'static str {
        match self {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
        }
    }
}

/// Replaces the text under a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// Why a finding is less than sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    pub text: String,
    pub span: Option<Span>,
}

/// One finding or problem, worded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule's id, kebab-case.
    pub rule: String,
    pub severity: Severity,
    pub confidence: Confidence,
    /// One line, lower-case start, no full stop: who can do what.
    pub message: String,
    /// Where the cause stands; the finding's line and column are its start.
    pub primary: Label,
    /// The other links of the chain, in the order they are to be read.
    pub labels: Vec<Label>,
    pub notes: Vec<String>,
    pub help: Option<String>,
    pub doubts: Vec<Doubt>,
    pub fix: Option<Fix>,
    /// Why there is no fix, though it is known what to write.
    pub unfixable: Option<&'static str>,
    /// What the finding is about, free of line numbers: a logical id, a Sid, an action.
    pub subject: String,
    /// The rule's first reference.
    pub url: Option<String>,
    /// The actions that it is about, as the policy writes them, where they are granted.
    pub actions: Vec<Spanned<String>>,
    /// The place and the holder that findings of several rules may have in common.
    pub cause: Option<Span>,
    pub about: String,
    /// Rules whose findings of the same cause are told in this one.
    pub also: Vec<String>,
}

impl Diagnostic {
    pub fn new(rule: &str, severity: Severity, message: String, primary: Label) -> Diagnostic {
        Diagnostic {
            rule: rule.to_owned(),
            severity,
            confidence: Confidence::High,
            message,
            primary,
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            doubts: Vec::new(),
            fix: None,
            unfixable: None,
            subject: String::new(),
            url: None,
            actions: Vec::new(),
            cause: None,
            about: String::new(),
            also: Vec::new(),
        }
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label::new(span, text));
        self
    }

    /// Primary label first, then the chain.
    pub fn all_labels(&self) -> impl Iterator<Item = &Label> {
        std::iter::once(&self.primary).chain(&self.labels)
    }

    /// Eight hexadecimal digits made of rule, path and subject: the same after any reformatting.
    pub fn id(&self, sources: &Sources) -> String {
        self.id_in(sources.path(self.primary.span.file))
    }

    /// The id that it would have in another file.
    pub fn id_in(&self, path: &str) -> String {
        let mut hasher = fnv::FnvHasher::default();
        for part in [&self.rule, path, &self.subject] {
            hasher.write(part.as_bytes());
            hasher.write(&[0]);
        }
        let hash = hasher.finish();
        format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
    }

    /// Worst first, then surest, then by place: the order of every report.
    pub fn sort_key<'a>(&'a self, sources: &'a Sources) -> impl Ord + 'a {
        let span = self.primary.span;
        let place = (sources.path(span.file), span.start, span.end);
        (self.severity, self.confidence, place, &self.rule, &self.message)
    }
}
