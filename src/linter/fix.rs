//! Fixes, made in memory: round after round, until nothing is left that may be changed. A change is kept
//! only where what comes of it has no finding and no error of syntax that was not there before.

use super::{Options, Report, lint};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Severity};
use crate::edit;
use crate::rules::Rule;
use crate::source::{FileId, Sources, Span};
use crate::syntax;
use crate::template::{is_dockerfile_name, is_script_name};
use std::collections::{BTreeMap, BTreeSet};

/// What a fix uncovers may be fixed in the next round, and what overlaps it.
const ROUNDS: usize = 10;

/// What may be changed.
pub struct Permit<'p> {
    pub with_unsafe: bool,
    /// Why a file must stay as it is, where it must.
    pub closed: &'p dyn Fn(FileId) -> Option<&'static str>,
}

/// What came of the fixes of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixes {
    /// Findings that are gone because their fixes were made.
    pub findings: usize,
    pub files: usize,
    /// Findings that it is known how to mend, and that were not.
    pub left: Vec<Left>,
    /// Secrets in the texts as they were.
    pub redactions: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Where the finding stands in the texts as they are now.
    pub span: Span,
    pub reason: String,
}

/// A finding, whatever the lines: path, rule and subject.
type Key = (String, String, String);

/// What was not made, by finding and title, and why. Another round may offer another change.
type Refused = BTreeMap<(Key, String), String>;

/// The texts with all fixes made that are permitted, and what is found in them then.
pub fn fix(sources: &Sources, rules: &[Rule], options: &Options, permit: &Permit<'_>) -> (Sources, Report) {
    let options = &Options { is_last: false, ..options.clone() };
    let run = Run { rules, options };
    let mut now = sources.clone();
    let mut report = lint(&now, rules, options);
    let redactions = report.redactions.clone();
    let mut fixed = 0;
    let mut refused = Refused::new();
    for _ in 0..ROUNDS {
        let candidates = candidates(&now, &report, permit, &refused);
        if candidates.is_empty() {
            break;
        }
        let before = Before::of(&now, &report);
        let mut kept: Vec<&Candidate> = Vec::new();
        run.keep(&now, &before, &mut kept, &candidates, &mut refused);
        if kept.is_empty() {
            continue;
        }
        fixed += kept.iter().map(|one| one.keys.len()).sum::<usize>();
        now = edit::applied(&now, kept.iter().flat_map(|one| &one.fix.edits));
        report = lint(&now, rules, options);
    }
    let files = now.iter().filter(|(file, source)| source.text != sources.get(*file).text).count();
    let left = left(&now, &report, permit, &refused);
    report.fixes = Some(Fixes { findings: fixed, files, left, redactions });
    (now, report)
}

/// A fix, and the findings that ask for it.
struct Candidate {
    fix: Fix,
    keys: Vec<Key>,
}

/// The fixes of a round, in the order of their places. Of those that collide the first is made, and the
/// others in the next round.
fn candidates(sources: &Sources, report: &Report, permit: &Permit<'_>, refused: &Refused) -> Vec<Candidate> {
    let mut fixable: Vec<(Key, &Fix)> = Vec::new();
    for found in &report.diagnostics {
        let key = key(sources, found);
        let Some(fix) = found.fix.as_ref().filter(|fix| obstacle(fix, permit).is_none()) else { continue };
        if !refused.contains_key(&(key.clone(), fix.title.clone())) {
            fixable.push((key, fix));
        }
    }
    fixable.sort_by_key(|(_, fix)| fix.edits.first().map(|edit| edit.span));
    let mut chosen: Vec<Candidate> = Vec::new();
    for (key, fix) in fixable {
        match chosen.iter_mut().find(|one| edit::collide(&one.fix.edits, &fix.edits)) {
            Some(same) if same.fix.edits == fix.edits => same.keys.push(key),
            Some(_) => {}
            None => chosen.push(Candidate { fix: fix.clone(), keys: vec![key] }),
        }
    }
    chosen
}

/// Why a fix is not made, whatever would come of it; an empty reason where nobody asked for it.
fn obstacle(fix: &Fix, permit: &Permit<'_>) -> Option<&'static str> {
    if fix.applicability == Applicability::Unsafe && !permit.with_unsafe {
        return Some("");
    }
    let files: BTreeSet<FileId> = fix.edits.iter().map(|edit| edit.span.file).collect();
    files.into_iter().find_map(permit.closed)
}

fn left(sources: &Sources, report: &Report, permit: &Permit<'_>, refused: &Refused) -> Vec<Left> {
    let reason = |found: &Diagnostic| {
        let reason = match (&found.fix, found.unfixable) {
            (_, Some(obstacle)) => obstacle,
            (None, None) => return None,
            (Some(fix), None) => {
                let refusal = refused.get(&(key(sources, found), fix.title.clone()));
                obstacle(fix, permit).or(refusal.map(String::as_str)).unwrap_or("another run would fix it")
            }
        };
        (!reason.is_empty()).then(|| Left { span: found.primary.span, reason: reason.to_owned() })
    };
    report.diagnostics.iter().filter_map(reason).collect()
}

fn key(sources: &Sources, found: &Diagnostic) -> Key {
    (sources.path(found.primary.span.file).to_owned(), found.rule.clone(), found.subject.clone())
}

/// What is asked after each change.
struct Run<'r> {
    rules: &'r [Rule],
    options: &'r Options,
}

impl Run<'_> {
    /// Adds those of the fixes to `kept` that do no harm together with them. Where several do harm, halves
    /// of them are tried, so that one bad fix costs few runs.
    fn keep<'c>(
        &self,
        sources: &Sources,
        before: &Before,
        kept: &mut Vec<&'c Candidate>,
        fixes: &'c [Candidate],
        refused: &mut Refused,
    ) {
        let edits = kept.iter().copied().chain(fixes).flat_map(|one| &one.fix.edits);
        match (self.harm(sources, before, edits), fixes) {
            (None, _) => kept.extend(fixes),
            (Some(harm), [only]) => {
                let title = &only.fix.title;
                refused.extend(only.keys.iter().map(|key| ((key.clone(), title.clone()), harm.clone())));
            }
            (Some(_), several) => {
                let (first, second) = several.split_at(several.len() / 2);
                self.keep(sources, before, kept, first, refused);
                self.keep(sources, before, kept, second, refused);
            }
        }
    }

    /// What a change would bring that was not there before.
    fn harm<'e>(
        &self,
        sources: &Sources,
        before: &Before,
        edits: impl Iterator<Item = &'e Edit> + Clone,
    ) -> Option<String> {
        let changed = edit::applied(sources, edits.clone());
        let files: BTreeSet<FileId> = edits.map(|edit| edit.span.file).collect();
        if files.iter().any(|file| problems(&changed, *file) > problems(sources, *file)) {
            return Some("the file could not be read any more".to_owned());
        }
        let report = lint(&changed, self.rules, self.options);
        if report.summary.not_analysed.len() > before.not_analysed {
            return Some("less could be analysed then".to_owned());
        }
        let new = report.diagnostics.iter().find(|found| !before.has(&changed, found))?;
        Some(format!("it would bring `{}`: {}", new.rule, new.message))
    }
}

/// How many problems of syntax a file has; scripts and Dockerfiles are read line by line.
fn problems(sources: &Sources, file: FileId) -> usize {
    let source = sources.get(file);
    let name = source.path.rsplit('/').next().unwrap_or_default();
    let is_tree = !source.text.starts_with("#!") && !is_script_name(name) && !is_dockerfile_name(name);
    if is_tree { syntax::parse(&source.text, file).problems.len() } else { 0 }
}

/// What there was before a round.
struct Before {
    findings: BTreeMap<Key, Severity>,
    /// Rules that were told in a finding of another one, by path.
    also: BTreeSet<(String, String)>,
    not_analysed: usize,
}

impl Before {
    fn of(sources: &Sources, report: &Report) -> Before {
        let mut findings: BTreeMap<Key, Severity> = BTreeMap::new();
        let mut also = BTreeSet::new();
        for found in &report.diagnostics {
            let key = key(sources, found);
            also.extend(found.also.iter().map(|rule| (key.0.clone(), rule.clone())));
            findings.insert(key, found.severity);
        }
        Before { findings, also, not_analysed: report.summary.not_analysed.len() }
    }

    /// Whether it was there, as serious or more so.
    fn has(&self, sources: &Sources, found: &Diagnostic) -> bool {
        let key = key(sources, found);
        self.findings.get(&key).is_some_and(|severity| *severity <= found.severity)
            || self.also.contains(&(key.0, key.1))
    }
}
