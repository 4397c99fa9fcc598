//! Two runs, and what came between them.

use super::{NotAnalysed, Options, Report, lint_and_model};
use crate::change::{self, Change, Paths, Seen, Told};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::source::Sources;
use crate::syntax;
use std::collections::HashSet;

/// What one run reads, and what it could not read.
pub struct Side<'a> {
    pub sources: &'a Sources,
    pub options: &'a Options,
    pub unread: &'a [NotAnalysed],
}

/// Lints both sides by the same rules. The report is that of the new side, with nothing in it but what
/// was not there before; `base` and `commit` name the old side.
pub fn lint_change(before: &Side<'_>, after: &Side<'_>, rules: &[Rule], base: &str, commit: &str) -> Report {
    let (old, old_model) = lint_and_model(before.sources, rules, before.options);
    let (mut report, model) = lint_and_model(after.sources, rules, after.options);
    let paths = Paths::between(before.sources, after.sources);
    let (old_broken, broken) = (broken(&old, before), broken(&report, after));
    let mut change = Change { base: base.to_owned(), commit: commit.to_owned(), ..Change::default() };
    let whole = |items: &[NotAnalysed]| items.iter().filter(|item| item.span.is_none()).cloned().collect::<Vec<_>>();
    let unread = whole(before.unread).into_iter().chain(whole(&old.summary.not_analysed));
    change.unread = unread.map(|item| (item.path, item.reason)).collect();
    change.secrets = old.redactions.iter().map(|span| before.sources.slice(*span).to_owned()).collect();
    let seen = |side: &'_ Side<'_>| side.options.reported.clone();
    let (old_reported, reported) = (seen(before), seen(after));
    change.principals = change::principals(
        &paths,
        &Seen {
            sources: before.sources,
            model: &old_model,
            broken: &old_broken,
            is_reported: &|file| old_reported.as_ref().is_none_or(|all| all.contains(&file)),
        },
        &Seen {
            sources: after.sources,
            model: &model,
            broken: &broken,
            is_reported: &|file| reported.as_ref().is_none_or(|all| all.contains(&file)),
        },
        base,
    );
    let news = {
        let old = told(&old, before, old_broken);
        let new = told(&report, after, broken);
        change::compare(&paths, &old, &new, &mut change)
    };
    let mut all: Vec<Option<Diagnostic>> = std::mem::take(&mut report.diagnostics).into_iter().map(Some).collect();
    for (index, note) in news {
        let found = all.get_mut(index).and_then(Option::take);
        report.diagnostics.extend(found.map(|mut found| {
            found.notes.extend(note);
            found
        }));
    }
    let key = |one: &Diagnostic, path: &str| (one.id_in(path), one.rule.clone());
    let hushed: HashSet<_> = old
        .suppressed
        .iter()
        .map(|one| key(&one.diagnostic, paths.now(before.sources.path(one.diagnostic.primary.span.file))))
        .collect();
    let path = |one: &Diagnostic| after.sources.path(one.primary.span.file);
    report.suppressed.retain(|one| !hushed.contains(&key(&one.diagnostic, path(&one.diagnostic))));
    report.change = Some(change);
    report
}

fn told<'a>(report: &'a Report, side: &Side<'a>, broken: HashSet<String>) -> Told<'a> {
    let suppressed = report.suppressed.iter().map(|one| &one.diagnostic);
    Told {
        sources: side.sources,
        findings: report.diagnostics.iter().collect(),
        others: report.known.iter().chain(suppressed).collect(),
        broken,
    }
}

/// Files of which little or nothing could be read.
fn broken(report: &Report, side: &Side<'_>) -> HashSet<String> {
    let whole = side.unread.iter().chain(&report.summary.not_analysed).filter(|item| item.span.is_none());
    let unread = whole.map(|item| item.path.clone());
    let errors = report.diagnostics.iter().filter(|found| found.rule == syntax::PARSE_ERROR);
    unread.chain(errors.map(|found| side.sources.path(found.primary.span.file).to_owned())).collect()
}
