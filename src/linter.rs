//! The one function that takes sources and gives diagnostics. Pure: no I/O, no printing.

use crate::diagnostic::{Confidence, Diagnostic, Doubt, Severity};
use crate::model::{self, Model, lower};
use crate::rules::{self, Context, Rule};
use crate::source::{FileId, Sources, Span};
use crate::syntax::{self, Parsed};
use crate::template::{Format, detect};
use rayon::prelude::*;
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
    /// Files that are no business of iamlint: other YAML and JSON.
    pub other_files: usize,
}

/// A file or a part of one that the run could not look into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnalysed {
    pub path: String,
    /// The part of the file, when the rest was analysed.
    pub span: Option<Span>,
    pub reason: String,
}

/// What one run is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files that findings are told of; `None` means all. The others are read for what they say.
    pub reported: Option<Vec<FileId>>,
    /// Files that were named, so that not being able to read them is worth a word.
    pub named: Vec<FileId>,
}

/// Reads all sources, and asks all rules.
pub fn lint(sources: &Sources, rules: &[Rule], options: &Options) -> Report {
    let files: Vec<FileId> = sources.iter().map(|(file, _)| file).collect();
    let read: Vec<(Format, lower::Fragment, bool)> = files.par_iter().map(|file| read_file(sources, *file)).collect();
    let formats: Vec<Format> = read.iter().map(|(format, ..)| *format).collect();
    let mut summary = summarise_files(sources, options, &read);
    let model = model::link(sources, read.into_iter().map(|(_, fragment, _)| fragment).collect());
    summarise_model(sources, &model, &mut summary);
    let context = Context { model: &model, sources, formats: &formats };
    let (mut diagnostics, redactions) = rules::run(&context, rules);
    for diagnostic in &mut diagnostics {
        doubt_repaired(&model, diagnostic);
    }
    let mut diagnostics = one_per_cause(diagnostics);
    if let Some(reported) = &options.reported {
        diagnostics.retain(|found| found.all_labels().any(|label| reported.contains(&label.span.file)));
        summary.not_analysed.retain(|part| reported.iter().any(|file| sources.path(*file) == part.path));
    }
    diagnostics.sort_by(|left, right| left.sort_key(sources).cmp(&right.sort_key(sources)));
    diagnostics.dedup();
    number_equal_ids(sources, &mut diagnostics);
    Report { diagnostics, summary, redactions }
}

/// Parses, decides the format, and lowers; the flag says that something of the text was not read.
fn read_file(sources: &Sources, file: FileId) -> (Format, lower::Fragment, bool) {
    let source = sources.get(file);
    let name = source.path.rsplit('/').next().unwrap_or_default();
    if crate::template::is_dockerfile_name(name) {
        return (Format::Dockerfile, lower::Fragment::default(), false);
    }
    let parsed: Parsed = syntax::parse(&source.text, file);
    let format = detect(&parsed, &source.path, &source.text);
    let broken = parsed.problems.iter().any(|problem| problem.rule == syntax::PARSE_ERROR);
    let fragment = match format {
        // A broken file that is none of ours is nobody's business here.
        Format::Other => lower::Fragment::default(),
        _ => lower::lower(file, &source.path, format, &parsed),
    };
    let unread = format == Format::Other && broken && crate::template::mentions_our_formats(&source.text);
    (format, fragment, unread)
}

fn summarise_files(sources: &Sources, options: &Options, read: &[(Format, lower::Fragment, bool)]) -> Summary {
    let mut summary = Summary::default();
    for ((file, source), (format, _, unread)) in sources.iter().zip(read) {
        let mut leave_out = |reason: &str| {
            summary.not_analysed.push(NotAnalysed { path: source.path.clone(), span: None, reason: reason.to_owned() });
        };
        if let Some(reason) = format.not_read_because() {
            leave_out(reason);
        } else if *unread {
            leave_out("too little of it is YAML or JSON to tell what it is");
        } else if *format == Format::Other {
            if options.named.contains(&file) {
                leave_out("neither a template, nor a buildspec, nor a policy");
            }
            summary.other_files += 1;
        } else {
            *summary.analysed.entry(format.name()).or_default() += 1;
        }
    }
    summary
}

fn summarise_model(sources: &Sources, model: &Model, summary: &mut Summary) {
    summary.roles = model.principals.iter().filter(|principal| principal.kind == model::PrincipalKind::Role).count();
    summary.statements = model.policies.iter().map(|policy| policy.document.statements.len()).sum();
    summary.projects = model.projects.len();
    summary.pipelines = model.pipelines.len();
    summary.not_analysed.extend(model.not_read.iter().map(|(span, reason)| NotAnalysed {
        path: sources.path(span.file).to_owned(),
        span: Some(*span),
        reason: reason.clone(),
    }));
    summary.not_analysed.sort_by(|left, right| (&left.path, left.span).cmp(&(&right.path, right.span)));
}

/// A finding that rests on a place that was mended is less sure.
fn doubt_repaired(model: &Model, diagnostic: &mut Diagnostic) {
    if diagnostic.rule == syntax::PARSE_ERROR {
        return;
    }
    let touched = model.repaired.iter().find(|repaired| {
        diagnostic.all_labels().any(|label| {
            label.span.file == repaired.file && label.span.start < repaired.end && repaired.start <= label.span.end
        })
    });
    if let Some(span) = touched {
        diagnostic.confidence = diagnostic.confidence.and(Confidence::Medium);
        diagnostic.doubts.push(Doubt { text: "this place was read as mended".into(), span: Some(*span) });
    }
}

/// Findings of several rules with one cause become one, the others told in its notes.
fn one_per_cause(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<Diagnostic> = Vec::new();
    for found in diagnostics {
        let same = |known: &&mut Diagnostic| {
            found.cause.is_some()
                && known.cause == found.cause
                && known.rule != found.rule
                && known.about == found.about
        };
        match kept.iter_mut().find(same) {
            Some(known) if (known.severity, known.confidence) <= (found.severity, found.confidence) => {
                known.notes.push(format!("{} too: {}", found.rule, found.message));
                known.also.push(found.rule);
            }
            Some(known) => {
                let mut worse = found;
                worse.notes.push(format!("{} too: {}", known.rule, known.message));
                worse.also = std::mem::take(&mut known.also);
                worse.also.push(known.rule.clone());
                let told: Vec<String> = known.notes.iter().filter(|note| note.contains(" too: ")).cloned().collect();
                worse.notes.extend(told);
                *known = worse;
            }
            None => kept.push(found),
        }
    }
    kept
}

/// Two findings of one rule about one subject in one file are told apart by a count.
fn number_equal_ids(sources: &Sources, diagnostics: &mut [Diagnostic]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for diagnostic in diagnostics {
        let count = seen.entry(diagnostic.id(sources)).or_default();
        *count += 1;
        if *count > 1 {
            diagnostic.subject = format!("{} ({count})", diagnostic.subject);
        }
    }
}

impl Report {
    /// Whether anything is as serious as the threshold, or more so.
    pub fn fails(&self, threshold: Severity) -> bool {
        self.diagnostics.iter().any(|found| found.severity.reaches(threshold))
    }
}
