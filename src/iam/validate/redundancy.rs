//! Entries and statements that add nothing to others.

use super::codes::*;
use super::{Issue, Subject};
use crate::iam::action::ActionPattern;
use crate::iam::arn::ArnPattern;
use crate::iam::catalogue::{self, Presence};
use crate::iam::condition::{all_follow, one_is_refuted};
use crate::iam::document::{Effect, PolicyDocument, Statement};
use crate::iam::overruled::covers;
use crate::source::Span;
use crate::value::{Condition, Text};
use fnv::FnvHashMap;
use std::borrow::Cow;

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
        found.extend(statements(subject.document));
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
        found.extend(covered(&entries, ActionPattern::surely_covers, REDUNDANT_ACTION));
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
    if !(2..=MAX_ENTRIES).contains(&entries.len()) {
        return Vec::new();
    }
    let shown: Vec<Cow<'_, str>> = entries.iter().map(|entry| entry.text.display()).collect();
    // An entry is covered by one with a wildcard, or by its equal.
    let wild: Vec<usize> = (0..shown.len()).filter(|index| shown[*index].contains(['*', '?'])).collect();
    let mut first_of: FnvHashMap<&str, usize> = FnvHashMap::default();
    let mut redundant: Vec<(&Entry<'_, P>, &Entry<'_, P>)> = Vec::new();
    for (index, narrow) in entries.iter().enumerate() {
        // Of two that are equal the first is kept.
        let equal = first_of.get(&*shown[index]).copied().filter(|first| entries[*first].text == narrow.text);
        if narrow.when.is_empty() {
            first_of.entry(&shown[index]).or_insert(index);
        }
        let by = wild.iter().copied().find(|other| {
            let wide = &entries[*other];
            *other != index
                && wide.when.is_empty()
                && covers(wide.pattern, narrow.pattern)
                && wide.text != narrow.text
                && !(*other > index && covers(narrow.pattern, wide.pattern))
        });
        redundant.extend(by.into_iter().chain(equal).min().map(|wide| (narrow, &entries[wide])));
    }
    let mut found: Vec<Issue> = Vec::new();
    for (narrow, wide) in redundant {
        let by = wide.text.display();
        let is_repeated = narrow.text == wide.text;
        match found.iter_mut().find(|issue| issue.other == by) {
            Some(issue) => {
                issue.names.push(narrow.text.display().into_owned());
                issue.superfluous.push(narrow.span);
                issue.is_repeated &= is_repeated;
            }
            None => {
                let issue = Issue::new(code, narrow.span, narrow.text.display()).other(by).related(wide.span);
                let issue = issue.names(vec![narrow.text.display().into_owned()]);
                found.push(Issue { superfluous: vec![narrow.span], is_repeated, ..issue });
            }
        }
    }
    found
}

/// Statements that others make superfluous.
fn statements(document: &PolicyDocument) -> Vec<Issue> {
    let all = &document.statements;
    if all.len() > 60 {
        return Vec::new();
    }
    let mut found: Vec<Issue> = Vec::new();
    for (index, narrow) in all.iter().enumerate() {
        let may = |(_, wide): &(usize, &Statement)| wide.index != narrow.index && may_include(wide, narrow);
        let wider: Vec<(usize, &Statement)> = all.iter().enumerate().filter(may).collect();
        let another = |by: &dyn Fn(&Statement, &Statement) -> bool| {
            wider.iter().copied().find(|(other, wide)| {
                by(wide, narrow) && (*other < index || !(may_include(narrow, wide) && by(narrow, wide)))
            })
        };
        let includes = |wide: &Statement, narrow: &Statement| all_follow(&wide.conditions, &narrow.conditions);
        let tests_alike = |wide: &Statement, narrow: &Statement| {
            has_wildcard(wide) && !needs_more(wide, narrow) && covers(document, &[wide], narrow)
        };
        let (code, by) = match another(&includes) {
            Some((_, wide)) => (REDUNDANT_STATEMENT, vec![wide]),
            None => match another(&tests_alike) {
                Some((_, wide)) => (REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION, vec![wide]),
                None => (REDUNDANT_STATEMENT, between_them(document, index)),
            },
        };
        let names: Vec<String> = by.iter().map(|wide| sid_or_number(wide)).collect();
        if !by.is_empty() {
            let mut issue = Issue::new(code, narrow.span, sid_or_number(narrow)).other(names.join(" and "));
            issue.place = narrow.index.to_string();
            issue.related = by.iter().map(|wide| wide.span).collect();
            issue.superfluous = vec![narrow.span];
            let is_same = |wide: &Statement| may_include(narrow, wide) && includes(narrow, wide);
            issue.is_repeated = code == REDUNDANT_STATEMENT && by.len() == 1 && by.iter().all(|wide| is_same(wide));
            found.push(issue);
        }
    }
    found
}

/// The statements that cover one between them, where none does alone.
fn between_them(document: &PolicyDocument, index: usize) -> Vec<&Statement> {
    let narrow = &document.statements[index];
    let Some(actions) = narrow.actions.as_ref().filter(|actions| !actions.negated) else { return Vec::new() };
    let is_other = |wide: &&Statement| {
        wide.index != narrow.index && wide.effect == narrow.effect && is_plain(wide) && wide.when.is_empty()
    };
    let others = || document.statements.iter().filter(is_other);
    let has = |wide: &Statement, action: &ActionPattern| {
        let its = wide.actions.as_ref().filter(|its| !its.negated);
        its.is_some_and(|its| its.patterns.iter().any(|wide| wide.surely_covers(action)))
    };
    // What cannot be covered is told by the first action that nobody else has there.
    let meets = |wide: &Statement, resource: &ArnPattern| {
        let its = wide.resources.as_ref().filter(|its| !its.negated);
        its.is_none_or(|its| its.patterns.iter().any(|wide| !wide.overlaps(resource).is_no()))
    };
    let resources = narrow.resources.as_ref().filter(|resources| !resources.negated);
    let is_covered = |action: &ActionPattern| {
        let near: Vec<&Statement> = others().filter(|wide| has(wide, action) && !needs_more(wide, narrow)).collect();
        let is_met = |resource: &ArnPattern| near.iter().any(|wide| meets(wide, resource));
        !near.is_empty() && resources.is_none_or(|resources| resources.patterns.iter().all(is_met))
    };
    if !is_plain(narrow) || !actions.patterns.iter().all(is_covered) {
        return Vec::new();
    }
    let near: Vec<&Statement> =
        others().filter(|wide| actions.patterns.iter().any(|action| has(wide, action))).collect();
    let may_be = near.len() > 1;
    // Of two that are equal between them the later one is superfluous.
    let earlier = near.iter().filter(|wide| wide.index < narrow.index).count() > 0;
    if may_be && earlier && covers(document, &near, narrow) { near } else { Vec::new() }
}

/// Whether `wide` needs a key that requests may lack and that `narrow` says nothing of, or another value of one.
/// Such statements do not cover another between them: none speaks of requests without all these keys.
fn needs_more(wide: &Statement, narrow: &Statement) -> bool {
    let is_everywhere = |key: &str| {
        let presence = catalogue::global_key(key).map(catalogue::Key::presence);
        presence.is_some_and(|presence| matches!(presence, Presence::Always | Presence::Signed))
    };
    let is_free = |key: &str| !narrow.conditions.iter().any(|test| test.is_on(key)) && !is_everywhere(key);
    // A variable is a key that the request has.
    let values = narrow.conditions.iter().flat_map(|test| &test.values);
    let mut resources = narrow.resources.iter().flat_map(|resources| &resources.patterns);
    let has_variables =
        resources.any(ArnPattern::has_variables) || values.map(Text::display).any(|text| text.contains("${"));
    one_is_refuted(&wide.conditions, &narrow.conditions)
        || !has_variables && wide.conditions.iter().any(|test| test.operator.needs_key() && is_free(&test.key))
}

fn is_plain(statement: &Statement) -> bool {
    statement.doubts.is_empty() && statement.effect != Effect::Unknown
}

/// Whether a test of the condition has a wildcard among its values.
fn has_wildcard(statement: &Statement) -> bool {
    let tests = statement.conditions.iter().filter(|test| test.operator.has_wildcards());
    tests.flat_map(|test| &test.values).any(|value| value.display().contains(['*', '?']))
}

fn sid_or_number(statement: &Statement) -> String {
    statement.sid_text().map_or_else(|| format!("statement {}", statement.index + 1), str::to_owned)
}

/// Whether `wide` says all that `narrow` says, whatever their conditions say.
fn may_include(wide: &Statement, narrow: &Statement) -> bool {
    let (Some(own), Some(its)) = (&wide.actions, &narrow.actions) else { return false };
    let (Some(own_resources), Some(its_resources)) = (&wide.resources, &narrow.resources) else { return false };
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
        && its
            .patterns
            .iter()
            .all(|narrow| own.patterns.iter().any(|wide| wide.when.is_empty() && wide.surely_covers(narrow)))
        && its_resources
            .patterns
            .iter()
            .all(|narrow| own_resources.patterns.iter().any(|wide| wide.when.is_empty() && wide.surely_covers(narrow)))
}
