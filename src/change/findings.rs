//! Findings of two sides: compared by id, path and rule, as a baseline does it, and by severity.

use super::{Change, Paths};
use crate::baseline::Entry;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;
use std::collections::{HashMap, HashSet};

/// The findings of one side.
pub struct Told<'a> {
    pub sources: &'a Sources,
    /// Those that are told.
    pub findings: Vec<&'a Diagnostic>,
    /// Those that are there and are suppressed or known.
    pub others: Vec<&'a Diagnostic>,
    /// Files of which little or nothing could be read.
    pub broken: HashSet<String>,
}

/// Id, rule and path.
type Key = (String, String, String);

/// Fills in what is gone, and gives the places in `after.findings` of what is new, each with what is
/// to be noted of it.
pub fn compare(
    paths: &Paths,
    before: &Told<'_>,
    after: &Told<'_>,
    change: &mut Change,
) -> Vec<(usize, Option<String>)> {
    let key_before = |found: &Diagnostic| key(found, paths.now(before.sources.path(found.primary.span.file)));
    let key_after = |found: &Diagnostic| key(found, after.sources.path(found.primary.span.file));
    let known: HashMap<Key, Severity> = before.findings.iter().map(|one| (key_before(one), one.severity)).collect();
    let broken_before: HashSet<&str> = before.broken.iter().map(|path| paths.now(path)).collect();
    let base = &change.base;
    let news = after.findings.iter().enumerate().filter_map(|(index, found)| {
        let key = key_after(found);
        match known.get(&key) {
            Some(severity) if found.severity.reaches(*severity) && found.severity != *severity => {
                Some((index, Some(format!("it is there at `{base}` too, as {severity}"))))
            }
            Some(_) => None,
            None if broken_before.contains(key.2.as_str()) => {
                Some((index, Some(format!("the file cannot be read in full at `{base}`: the finding may be older"))))
            }
            None => Some((index, None)),
        }
    });
    let news: Vec<(usize, Option<String>)> = news.collect();
    let now: HashSet<Key> = after.findings.iter().chain(&after.others).map(|one| key_after(one)).collect();
    // What another finding of the same cause tells is not gone.
    let joined: HashSet<(&str, &str, &str)> = after
        .findings
        .iter()
        .flat_map(|one| {
            one.also.iter().map(|rule| (rule.as_str(), after.sources.path(one.primary.span.file), one.about.as_str()))
        })
        .collect();
    for found in &before.findings {
        let path = before.sources.path(found.primary.span.file);
        let key = key_before(found);
        if now.contains(&key) || joined.contains(&(&found.rule, paths.now(path), &found.about)) {
            continue;
        }
        let entry = Entry::of(before.sources, found);
        let list = if after.broken.contains(paths.now(path)) { &mut change.unsure } else { &mut change.gone };
        list.push(entry);
    }
    news
}

fn key(found: &Diagnostic, path: &str) -> Key {
    (found.id_in(path), found.rule.clone(), path.to_owned())
}
