//! From a statement to what it asks of each dimension: all it may mean, or what it is sure to.

use super::dimension::{Dimension, Extent, Test};
use super::values::{Members, Pattern};
use super::vocabulary::Vocabulary;
use super::who;
use crate::iam::answer::Reason;
use crate::iam::document::{Actions, Effect, PolicyDocument, Resources, Statement};
use crate::iam::glob::Glob;
use crate::iam::residue::{Reading, least, most};
use crate::value::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Requests, as the product of what each dimension may be. What is not named may be anything.
#[derive(Clone, Debug, Default)]
pub struct AccessBox {
    extents: BTreeMap<Dimension, Arc<Extent>>,
}

/// A statement as a conjunction of tests.
#[derive(Debug)]
pub struct Wall {
    pub tests: Vec<(Dimension, Test)>,
}

/// How much of a statement is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// All it may mean; holes and policy variables are letters of their own.
    Most,
    /// The same, where it is to be met by other patterns: holes and variables may be anything.
    Widest,
    /// What it is sure to mean.
    Least,
}

impl AccessBox {
    pub fn extent(&self, dimension: &Dimension, vocabulary: &Vocabulary) -> Arc<Extent> {
        match self.extents.get(dimension) {
            Some(extent) => extent.clone(),
            None => Arc::new(vocabulary.everything(dimension)),
        }
    }

    /// The box under one more test; `None` when nothing is left.
    pub fn under(&self, dimension: &Dimension, test: &Test, vocabulary: &Vocabulary) -> Option<AccessBox> {
        let extent = self.extent(dimension, vocabulary).under(test, vocabulary.is_single(dimension));
        if extent.is_empty() {
            return None;
        }
        let mut narrowed = self.clone();
        narrowed.extents.insert(dimension.clone(), Arc::new(extent));
        Some(narrowed)
    }

    pub fn under_all(mut self, tests: &[(Dimension, Test)], vocabulary: &Vocabulary) -> Option<AccessBox> {
        for (dimension, test) in tests {
            self = self.under(dimension, test, vocabulary)?;
        }
        Some(self)
    }

    pub fn extents(&self) -> impl Iterator<Item = (&Dimension, &Extent)> {
        self.extents.iter().map(|(dimension, extent)| (dimension, &**extent))
    }
}

/// What a statement asks; `None` where it is sure of nothing.
pub fn wall(
    document: &PolicyDocument,
    statement: &Statement,
    meaning: Meaning,
    reading: Reading,
    vocabulary: &mut Vocabulary,
) -> Option<Wall> {
    let mut doubts: Vec<Reason> = statement.doubts.clone();
    let tests = tests(document, statement, meaning, reading, vocabulary, &mut doubts);
    // Also of a statement that is sure of nothing: it may decide on what the search takes for open.
    vocabulary.doubts.extend(doubts);
    Some(Wall { tests: tests? })
}

fn tests(
    document: &PolicyDocument,
    statement: &Statement,
    meaning: Meaning,
    reading: Reading,
    vocabulary: &mut Vocabulary,
    doubts: &mut Vec<Reason>,
) -> Option<Vec<(Dimension, Test)>> {
    let is_sure = meaning == Meaning::Least;
    if !statement.when.is_empty() {
        doubts.push(Reason::at("a condition of the template decides whether the statement is there", statement.span));
    }
    if is_sure && (!statement.when.is_empty() || statement.effect == Effect::Unknown) {
        return None;
    }
    let mut tests = Vec::new();
    // IAM takes no statement without `Action`.
    match &statement.actions {
        Some(actions) => tests.push((Dimension::Action, action_test(actions, is_sure, doubts)?)),
        None => {
            doubts.push(Reason::at("the statement names no action", statement.span));
            if is_sure {
                return None;
            }
        }
    }
    if !document.kind.is_of_principal() {
        match &statement.principals {
            Some(principals) => {
                let (test, exact) = who::test(principals, !is_sure);
                tests.push((Dimension::Principal, test));
                if !exact {
                    doubts.push(Reason::at("whom the principals stand for is not known for sure", principals.key_span));
                }
            }
            None => {
                doubts.push(Reason::at("the statement names no principal", statement.span));
                if is_sure {
                    return None;
                }
            }
        }
    }
    if let Some(resources) = &statement.resources {
        tests.push((Dimension::Resource, resource_test(resources, meaning, reading, doubts)?));
    }
    if let Some(reason) = statement.condition_unknown.as_ref().filter(|_| is_sure) {
        doubts.push(reason.clone());
        return None;
    }
    tests.extend(statement.conditions.iter().map(|condition| vocabulary.test(condition)));
    Some(tests)
}

fn action_test(actions: &Actions, is_sure: bool, doubts: &mut Vec<Reason>) -> Option<Test> {
    let smaller = is_sure != actions.negated;
    if !actions.unknown.is_empty() && is_sure && actions.negated {
        return None;
    }
    let mut patterns: Vec<Glob> = Vec::new();
    for pattern in &actions.patterns {
        if pattern.least().is_none() || !pattern.when.is_empty() {
            let text = format!("which actions `{}` stands for is not known", pattern.text().display());
            doubts.push(Reason::at(text, pattern.span()));
        }
        if smaller {
            patterns.extend(pattern.least().filter(|_| pattern.when.is_empty()).cloned());
        } else {
            patterns.push(pattern.most().clone());
        }
    }
    if !actions.unknown.is_empty() && !smaller {
        patterns.push(Glob::parse("*"));
    }
    Some(test_of(patterns, actions.negated))
}

fn resource_test(resources: &Resources, meaning: Meaning, reading: Reading, doubts: &mut Vec<Reason>) -> Option<Test> {
    let is_sure = meaning == Meaning::Least;
    if !resources.unknown.is_empty() && is_sure && resources.negated {
        return None;
    }
    let mut patterns: Vec<Glob> = Vec::new();
    for pattern in &resources.patterns {
        let is_open = pattern.spanning.has_holes() || pattern.segmented.is_none() || !pattern.when.is_empty();
        if is_open {
            let text =
                format!("what `{}` stands for depends on the request, or is not known", pattern.text().display());
            doubts.push(Reason::at(text, pattern.span()));
        }
        let sure = || least(pattern, reading).filter(|_| pattern.when.is_empty());
        match (is_sure, resources.negated) {
            // Of an exception that holds a variable nothing is excepted where the request lacks it,
            // and what is excepted otherwise depends on the request.
            (true, true) if is_open => patterns.push(pattern.wide.clone()),
            (true, true) => patterns.push(most(pattern, reading)),
            (true, false) => patterns.extend(sure()),
            (false, true) => patterns.extend(sure()),
            (false, false) if meaning == Meaning::Widest && is_open => patterns.push(pattern.wide.clone()),
            (false, false) => patterns.push(most(pattern, reading)),
        }
    }
    if !resources.unknown.is_empty() && !is_sure && !resources.negated {
        patterns.push(Glob::parse("*"));
    }
    Some(test_of(patterns, resources.negated))
}

fn test_of(patterns: Vec<Glob>, negated: bool) -> Test {
    Test::one(Members::Patterns(patterns.into_iter().map(Pattern::new).collect()), negated)
}

/// Whether the two readings of `*` differ for a statement.
pub fn depends_on_reading(statement: &Statement) -> bool {
    let patterns = statement.resources.iter().flat_map(|resources| &resources.patterns);
    patterns.into_iter().any(|pattern| pattern.segmented.as_ref() != Some(&pattern.spanning))
}

/// The wording of a statement that is sure in all its parts: statements of one wording match the
/// same requests.
pub fn wording(document: &PolicyDocument, statement: &Statement) -> Option<String> {
    let is_sure = statement.when.is_empty()
        && statement.doubts.is_empty()
        && statement.effect != Effect::Unknown
        && statement.conditions.iter().all(|test| test.complete);
    let mut text = format!("{:?} {:?}", document.version, statement.effect);
    let mut add = |part: &Text| part.literal().map(|part| text.push_str(&format!(" {part:?}")));
    for pattern in statement.actions.iter().flat_map(|actions| &actions.patterns) {
        add(pattern.text()).filter(|()| pattern.when.is_empty())?;
    }
    for pattern in statement.resources.iter().flat_map(|resources| &resources.patterns) {
        add(pattern.text()).filter(|()| pattern.when.is_empty())?;
    }
    for entry in statement.principals.iter().flat_map(|principals| &principals.entries) {
        add(&entry.text).filter(|()| entry.when.is_empty())?;
    }
    for test in &statement.conditions {
        test.values.iter().try_for_each(&mut add)?;
    }
    // What stands between the texts: which element they are of, and how many each has.
    let element = |negated: bool, count: usize| format!(" {negated} {count}");
    text.extend(statement.actions.iter().map(|one| element(one.negated, one.patterns.len())));
    text.push('/');
    text.extend(statement.resources.iter().map(|one| element(one.negated, one.patterns.len())));
    text.push('/');
    text.extend(statement.principals.iter().map(|one| {
        let kinds: Vec<_> = one.entries.iter().map(|entry| entry.kind).collect();
        format!("{} {kinds:?}", one.negated)
    }));
    for test in &statement.conditions {
        text.push_str(&format!("/{} {} {}", test.operator.text, test.key, test.values.len()));
    }
    let is_read = statement.principals.iter().all(|one| one.unknown.is_empty());
    (is_sure && is_read).then_some(text)
}

/// The wordings of the statements with an effect.
pub fn wordings(documents: &[&PolicyDocument], effect: Effect) -> BTreeSet<String> {
    let all = documents.iter().flat_map(|document| document.statements.iter().map(move |one| (document, one)));
    all.filter(|(_, one)| one.effect == effect).filter_map(|(document, one)| wording(document, one)).collect()
}

/// Of these, those that speak of resources which the request decides: what such a statement matches
/// is known to be what another of the same wording matches, and hardly more.
pub fn open_wordings(documents: &[&PolicyDocument], effect: Effect) -> BTreeSet<String> {
    let all = documents.iter().flat_map(|document| document.statements.iter().map(move |one| (document, one)));
    let is_open = |one: &Statement| {
        let mut patterns = one.resources.iter().flat_map(|resources| &resources.patterns);
        patterns.any(|pattern| pattern.has_variables() || pattern.segmented.is_none())
    };
    let open = all.filter(|(_, one)| one.effect == effect && is_open(one));
    open.filter_map(|(document, one)| wording(document, one)).collect()
}
