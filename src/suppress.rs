//! Findings that somebody wants to live with, with a reason: comments, metadata of templates and
//! entries of the configuration, all with one meaning. Their union counts, never one before another.

mod comment;
mod metadata;
mod peer;
mod problem;
mod read;
mod scope;
pub mod write;

pub use problem::RULES;
pub use read::read;

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::model::Model;
use crate::source::{FileId, Sources, Span, Spanned};
use globset::GlobSet;
use jiff::civil::Date;
use std::collections::{BTreeSet, HashSet};

/// How a suppression is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    Comment,
    /// `Metadata` of a template or of a resource.
    Metadata,
    /// `[[ignore]]` in the configuration.
    Config,
    /// Another tool's, which the configuration says to honour.
    Peer(&'static str),
}

impl Spelling {
    pub fn name(self) -> &'static str {
        match self {
            Spelling::Comment => "comment",
            Spelling::Metadata => "metadata",
            Spelling::Config => "configuration",
            Spelling::Peer(tool) => tool,
        }
    }
}

/// One suppression, read. What is `None` or empty does not limit it.
#[derive(Clone, Debug)]
pub struct Suppression {
    pub spelling: Spelling,
    /// Ids of rules that there are.
    pub rules: Vec<Spanned<String>>,
    /// What it covers, when it stands at something.
    within: Option<Span>,
    /// The files that it is for.
    files: Option<GlobSet>,
    /// The role or resource that it is for, and where things of that name stand.
    resource: Option<(String, Vec<Span>)>,
    sid: Option<String>,
    /// Actions, as the statement writes them.
    actions: Vec<String>,
    pub reason: Option<String>,
    pub until: Option<Spanned<Date>>,
    /// Where it is written.
    pub span: Span,
}

/// What was read of all files: suppressions, and what is wrong with those that are none.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    pub known: Vec<Suppression>,
    pub problems: Vec<Diagnostic>,
}

/// A finding that is not told, and why.
#[derive(Clone, Debug)]
pub struct Suppressed {
    pub diagnostic: Diagnostic,
    pub spelling: Spelling,
    pub reason: Option<String>,
    pub until: Option<Date>,
    /// Where that is written.
    pub place: Span,
}

/// The circumstances of a run that suppressions are judged by.
pub struct Circumstances<'c> {
    pub config: &'c Config,
    /// Without it nothing expires.
    pub today: Option<Date>,
    /// Rules that were asked: what suppresses others may be of use all the same.
    pub asked: BTreeSet<&'c str>,
    /// Files that findings are told of.
    pub is_reported: &'c dyn Fn(FileId) -> bool,
    /// Not all files of the repository were read, so that findings may be missing.
    pub is_partial: bool,
}

/// Findings that stay, those that are suppressed, and what there is to say of the suppressions.
pub fn judge(
    sources: &Sources,
    model: &Model,
    suppressions: Suppressions,
    circumstances: &Circumstances<'_>,
    found: Vec<Diagnostic>,
) -> (Vec<Diagnostic>, Vec<Suppressed>, Vec<Diagnostic>) {
    let Suppressions { known, mut problems } = suppressions;
    if known.is_empty() {
        return (found, Vec::new(), problems);
    }
    let statements = scope::Statements::of(model);
    // By suppression and rule.
    let mut used: BTreeSet<(usize, &str)> = BTreeSet::new();
    let (mut kept, mut suppressed) = (Vec::new(), Vec::new());
    let counts: Vec<bool> = known.iter().map(|one| problem::counts(one, circumstances)).collect();
    let named: HashSet<&str> = known.iter().flat_map(|one| &one.rules).map(|rule| rule.value.as_str()).collect();
    for diagnostic in found {
        if !named.contains(diagnostic.rule.as_str()) {
            kept.push(diagnostic);
            continue;
        }
        let mut covered = Vec::new();
        let mut is_whole = true;
        for place in statements.places(&diagnostic) {
            let covering: Vec<usize> =
                (0..known.len()).filter(|at| known[*at].covers(sources, &diagnostic, &place)).collect();
            is_whole &= covering.iter().any(|at| counts[*at]);
            covered.extend(covering);
        }
        for at in &covered {
            used.extend(
                known[*at].rules.iter().find(|rule| rule.value == diagnostic.rule).map(|rule| (*at, &*rule.value)),
            );
        }
        match covered.into_iter().find(|at| counts[*at]).filter(|_| is_whole) {
            None => kept.push(diagnostic),
            Some(at) => suppressed.push(known[at].suppressing(diagnostic)),
        }
    }
    for (at, one) in known.iter().enumerate() {
        let is_used = |rule: &str| used.contains(&(at, rule));
        problems.extend(problem::of(sources, one, circumstances, &is_used));
    }
    (kept, suppressed, problems)
}

impl Suppression {
    /// Whether it speaks of one place of a finding.
    fn covers(&self, sources: &Sources, found: &Diagnostic, place: &scope::Place<'_>) -> bool {
        self.rules.iter().any(|rule| rule.value == found.rule)
            && self.within.is_none_or(|within| within.contains(place.span))
            && self.files.as_ref().is_none_or(|files| files.is_match(sources.path(place.span.file)))
            && self.resource.as_ref().is_none_or(|(name, spans)| {
                found.about == *name || place.owner == Some(name) || spans.iter().any(|span| span.contains(place.span))
            })
            && self.sid.as_ref().is_none_or(|sid| place.sid == Some(sid))
            && (self.actions.is_empty()
                || place
                    .action
                    .as_ref()
                    .is_some_and(|action| self.actions.iter().any(|named| named.eq_ignore_ascii_case(action))))
    }

    fn suppressing(&self, diagnostic: Diagnostic) -> Suppressed {
        Suppressed {
            diagnostic,
            spelling: self.spelling,
            reason: self.reason.clone(),
            until: self.until.as_ref().map(|until| until.value),
            place: self.span,
        }
    }
}
