//! Policies made ready to be compared to many others: most comparisons are settled by one request
//! that is known beforehand.

use super::{Access, Confirm, Finding, Question, boxes, new_access, under_both_readings};
use crate::iam::action::ActionPattern;
use crate::iam::answer::Truth;
use crate::iam::document::{Effect, PolicyDocument, Statement};
use crate::iam::evaluate::{Colons, decide};
use crate::iam::request::Request;
use std::borrow::Cow;
use std::collections::HashSet;

/// A policy with some requests that it allows.
#[derive(Clone, Debug)]
pub struct Prepared<'d> {
    document: &'d PolicyDocument,
    /// Those that other policies lacked before come first.
    samples: Vec<Access>,
    /// The wording of each statement, where it is sure in all its parts.
    wordings: Vec<Option<String>>,
    /// The same, to look them up.
    known: HashSet<String>,
    /// The keys it tests that every request has.
    always: Vec<(&'static str, &'static str)>,
}

/// Keys that every request of a principal has, and a value.
pub(super) const ALWAYS: &[(&str, &str)] = &[
    ("aws:currenttime", "2026-01-01T00:00:00Z"),
    ("aws:epochtime", "1767225600"),
    ("aws:principalaccount", "111122223333"),
    ("aws:principalarn", "arn:aws:iam::111122223333:role/x"),
    ("aws:principalisawsservice", "false"),
    ("aws:principaltype", "AssumedRole"),
    ("aws:requestedregion", "us-east-1"),
    ("aws:securetransport", "true"),
    ("aws:useragent", "x"),
    ("aws:userid", "AROAEXAMPLE:x"),
];

/// So many requests are kept for one policy.
const MAX_SAMPLES: usize = 12;

/// So many more are kept when they are found.
const MAX_KEPT: usize = 40;

impl<'d> Prepared<'d> {
    pub fn new(document: &'d PolicyDocument) -> Prepared<'d> {
        let mut samples: Vec<Access> = Vec::new();
        let allows = || document.statements.iter().enumerate().filter(|(_, one)| one.effect == Effect::Allow);
        let count = allows().count().max(1);
        for (index, statement) in allows() {
            let patterns = statement.actions.iter().filter(|own| !own.negated).flat_map(|own| &own.patterns);
            // Patterns from all over the list: what is near each other is often allowed together.
            let all: Vec<Option<&ActionPattern>> = patterns.map(Some).collect();
            let all = if all.is_empty() { vec![None] } else { all };
            let wanted = (MAX_SAMPLES / count).clamp(1, all.len());
            for pattern in all.iter().step_by(all.len() / wanted) {
                if samples.len() < MAX_SAMPLES {
                    samples.extend(sample(document, index, *pattern));
                }
            }
        }
        samples.dedup_by(|one, other| one.request == other.request);
        let wordings: Vec<Option<String>> =
            document.statements.iter().map(|statement| boxes::wording(document, statement)).collect();
        let known = wordings.iter().flatten().cloned().collect();
        let tests = || document.statements.iter().flat_map(|statement| &statement.conditions);
        let always = ALWAYS.iter().filter(|(key, _)| tests().any(|test| test.is_on(key))).copied().collect();
        Prepared { document, samples, wordings, known, always }
    }

    /// A request that `self` allows and `existing` does not. What is found is remembered: the next
    /// policy may lack it too.
    pub fn new_access(&mut self, existing: &Prepared<'_>) -> Finding {
        let own = &[existing.document];
        for index in 0..self.samples.len() {
            let request = existing.completed(&self.samples[index].request);
            let decided = |colons| decide(own, &request, colons);
            let one = decided(Colons::NotMatched);
            if one.allowed.is_no() && decided(Colons::Matched).allowed.is_no() {
                let denied_by = one.statement.filter(|_| one.denied);
                let request = request.into_owned();
                let found = Access { request, denied_by, ..self.samples[index].clone() };
                self.samples[..=index].rotate_right(1);
                return Finding::Found(Box::new(found));
            }
        }
        let finding = match self.besides(existing) {
            Some(rest) if rest.statements.is_empty() && rest.unread.is_empty() => Finding::None,
            Some(rest) => new_access(own, &[&rest]),
            None => new_access(own, &[self.document]),
        };
        if let Finding::Found(access) = &finding
            && self.samples.len() < MAX_KEPT
        {
            self.samples.insert(0, (**access).clone());
        }
        finding
    }

    /// The request with the keys that it has to have and that the policy tests. Those that the other
    /// policy tests it has already.
    fn completed<'r>(&self, request: &'r Request) -> Cow<'r, Request> {
        let mut completed = Cow::Borrowed(request);
        for (key, value) in &self.always {
            if !request.context.contains_key(*key) {
                completed.to_mut().context.insert((*key).to_owned(), vec![(*value).to_owned()]);
            }
        }
        completed
    }

    /// The document without the allows that stand in `existing` too; `None` where a deny of
    /// `existing` may take something from these.
    fn besides(&self, existing: &Prepared<'_>) -> Option<PolicyDocument> {
        let is_new = |(statement, wording): (&Statement, &Option<String>)| {
            statement.effect != Effect::Allow && !wording.as_ref().is_some_and(|text| self.known.contains(text))
        };
        let takes = existing.document.statements.iter().zip(&existing.wordings).any(is_new);
        if takes || !existing.document.unread.is_empty() {
            return None;
        }
        let mut rest = self.document.clone();
        let mut wordings = self.wordings.iter();
        rest.statements.retain(|statement| {
            let wording = wordings.next().and_then(Option::as_ref);
            statement.effect != Effect::Allow || !wording.is_some_and(|text| existing.known.contains(text))
        });
        if rest.statements.iter().all(|statement| statement.effect == Effect::Deny) {
            rest.statements.clear();
        }
        Some(rest)
    }
}

/// A request that one statement allows, for one of its patterns of actions.
fn sample(document: &PolicyDocument, index: usize, pattern: Option<&ActionPattern>) -> Option<Access> {
    let mut alone = document.clone();
    let mut at = 0;
    alone.statements.retain(|statement| {
        at += 1;
        at - 1 == index || statement.effect != Effect::Allow
    });
    if let (Some(pattern), Some(statement)) =
        (pattern, alone.statements.iter_mut().find(|one| one.effect == Effect::Allow))
        && let Some(actions) = &mut statement.actions
    {
        actions.patterns = vec![pattern.clone()];
    }
    let documents = [&alone];
    let confirm = |request: &Request, colons: Colons| {
        let decision = decide(&documents, request, colons);
        (decision.allowed, decision, None)
    };
    let confirm: &Confirm<'_> = &confirm;
    let found = under_both_readings(&documents, |reading| {
        Question::new(&documents, reading, confirm).any_access(&[], &documents, &[])
    });
    let Finding::Found(access) = found else { return None };
    // What could not be read of the rest may deny it.
    let is_allowed = [Colons::NotMatched, Colons::Matched]
        .map(|colons| decide(&[document], &access.request, colons).allowed)
        .iter()
        .all(|truth| *truth == Truth::Yes);
    is_allowed.then_some(*access)
}
