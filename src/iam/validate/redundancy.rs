//! Entries and statements that add nothing to others.

use super::codes::*;
use super::{Issue, Subject};
use crate::iam::action::ActionPattern;
use crate::iam::arn::ArnPattern;
use crate::iam::condition::all_follow;
use crate::iam::document::{Effect, Statement};
use crate::source::Span;
use crate::value::{Condition, Text};

/// Longer lists are not compared: each of their entries is held against each other.
const MAX_ENTRIES: usize = 400;

pub fn issues(subject: &Subject<'_>) -> Vec<Issue> {
    let mut found = Vec::new();
    for statement in &subject.document.statements {
        let mut own = of_statement(statement);
        let place = statement.sid_text().map_or_else(|| statement.index.to_string(), str::to_owned);
        own.iter_mut().for_each(|issue| issue.place.clone_from(&place));
        found.append(&mut own);
    }
    if subject.document.kind.is_of_principal() {
        found.extend(statements(&subject.document.statements));
    }
    found
}

fn of_statement(statement: &Statement) -> Vec<Issue> {
    let mut found = Vec::new();
    if let Some(actions) = &statement.actions {
        let entries: Vec<Entry<'_, ActionPattern>> = actions
            .patterns
            .iter()
            .map(|pattern| Entry { pattern, text: pattern.text(), when: &pattern.when, span: pattern.span() })
            .collect();
        found.extend(covered(&entries, |wide, narrow| wide.covers(narrow).is_yes(), REDUNDANT_ACTION));
    }
    if let Some(resources) = &statement.resources {
        let entries: Vec<Entry<'_, ArnPattern>> = resources
            .patterns
            .iter()
            .map(|pattern| Entry { pattern, text: pattern.text(), when: &pattern.when, span: pattern.span() })
            .collect();
        found.extend(covered(&entries, ArnPattern::surely_covers, REDUNDANT_RESOURCE));
    }
    found
}

struct Entry<'a, P> {
    pattern: &'a P,
    text: &'a Text,
    when: &'a [Condition],
    span: Span,
}

/// One finding for all entries of a list that one other covers.
fn covered<P>(entries: &[Entry<'_, P>], covers: impl Fn(&P, &P) -> bool, code: super::Code) -> Vec<Issue> {
    if entries.len() > MAX_ENTRIES {
        return Vec::new();
    }
    let starts: Vec<Option<String>> = entries.iter().map(|entry| start(entry.text)).collect();
    let shown: Vec<String> = entries.iter().map(|entry| entry.text.display().to_ascii_lowercase()).collect();
    let mut redundant: Vec<(&Entry<'_, P>, &Entry<'_, P>)> = Vec::new();
    for (index, narrow) in entries.iter().enumerate() {
        let by = entries.iter().enumerate().find(|(other, wide)| {
            // Of two that are equal the first is kept.
            let is_equal = wide.text == narrow.text;
            let is_wide = || starts[*other].as_ref().is_some_and(|start| shown[index].starts_with(start));
            let is_candidate = if is_equal { *other < index } else { *other != index && is_wide() };
            is_candidate
                && wide.when.is_empty()
                && (is_equal || covers(wide.pattern, narrow.pattern))
                && (is_equal || !(*other > index && covers(narrow.pattern, wide.pattern)))
        });
        redundant.extend(by.map(|(_, wide)| (narrow, wide)));
    }
    let mut found: Vec<Issue> = Vec::new();
    for (narrow, wide) in redundant {
        let by = wide.text.display();
        match found.iter_mut().find(|issue| issue.other == by) {
            Some(issue) => issue.names.push(narrow.text.display().into_owned()),
            None => {
                let issue = Issue::new(code, narrow.span, narrow.text.display()).other(by).related(wide.span);
                found.push(issue.names(vec![narrow.text.display().into_owned()]));
            }
        }
    }
    found
}

/// What stands before the first wildcard, in lower case: whatever a pattern covers starts so.
fn start(text: &Text) -> Option<String> {
    let shown = text.display();
    let at = shown.find(['*', '?'])?;
    Some(shown[..at].to_ascii_lowercase())
}

/// Whether it is worth asking: most patterns differ from the start.
fn may_cover(wide: &Text, narrow: &Text) -> bool {
    wide == narrow || start(wide).is_some_and(|start| narrow.display().to_ascii_lowercase().starts_with(&start))
}

/// Statements that another one makes superfluous.
fn statements(all: &[Statement]) -> Vec<Issue> {
    if all.len() > 60 {
        return Vec::new();
    }
    let mut found: Vec<Issue> = Vec::new();
    for (index, narrow) in all.iter().enumerate() {
        let wide = all.iter().enumerate().find(|(other, wide)| {
            *other != index
                && wide.index != narrow.index
                && includes(wide, narrow)
                && (*other < index || !includes(narrow, wide))
        });
        if let Some((_, wide)) = wide {
            let mut issue = Issue::new(REDUNDANT_STATEMENT, narrow.span, sid_or_number(narrow));
            issue.place = narrow.index.to_string();
            found.push(issue.other(sid_or_number(wide)).related(wide.span));
        }
    }
    found
}

fn sid_or_number(statement: &Statement) -> String {
    statement.sid_text().map_or_else(|| format!("statement {}", statement.index + 1), str::to_owned)
}

/// Whether `wide` says all that `narrow` says.
fn includes(wide: &Statement, narrow: &Statement) -> bool {
    let (Some(own), Some(its)) = (&wide.actions, &narrow.actions) else { return false };
    let (Some(own_resources), Some(its_resources)) = (&wide.resources, &narrow.resources) else { return false };
    let is_plain = |statement: &Statement| statement.doubts.is_empty() && statement.effect != Effect::Unknown;
    let negates = own.negated || its.negated || own_resources.negated || its_resources.negated;
    let is_empty = its.patterns.is_empty() || its_resources.patterns.is_empty();
    let too_many = own.patterns.len() * its.patterns.len() > 10_000
        || own_resources.patterns.len() * its_resources.patterns.len() > 10_000;
    wide.effect == narrow.effect
        && is_plain(wide)
        && is_plain(narrow)
        && !negates
        && !is_empty
        && !too_many
        && wide.when.is_empty()
        && all_follow(&wide.conditions, &narrow.conditions)
        && its_resources.patterns.iter().all(|narrow| {
            let may = |wide: &&ArnPattern| wide.when.is_empty() && may_cover(wide.text(), narrow.text());
            own_resources.patterns.iter().filter(may).any(|wide| wide.surely_covers(narrow))
        })
        && its.patterns.iter().all(|narrow| {
            let may = |wide: &&ActionPattern| wide.when.is_empty() && may_cover(wide.text(), narrow.text());
            own.patterns.iter().filter(may).any(|wide| wide.covers(narrow).is_yes())
        })
}
