//! Which requests policies allow that others do not, and whether they allow any of some: answers
//! with a request as witness, which a second evaluator has confirmed.

mod boxes;
mod dimension;
mod gain;
mod literal;
mod prepared;
mod public;
mod search;
mod values;
mod vocabulary;
mod who;
mod witness;

use super::answer::{Reason, Truth};
use super::arn::ArnPattern;
use super::document::{Effect, PolicyDocument, Statement};
use super::evaluate::{Colons, Decision, decide};
use super::glob::Glob;
use super::request::Request;
use super::residue::{Reading, least, most};
use crate::source::Span;
use crate::value::Text;
use boxes::{AccessBox, Meaning, Wall, depends_on_reading, wall};
use dimension::{Dimension, Test};
use search::{Outcome, uncovered};
use std::collections::BTreeSet;
use values::{Members, Pattern};
use vocabulary::Vocabulary;

pub use gain::{Gain, Gains, Held, fingerprint, gains, shown};
pub use prepared::Prepared;
pub use public::{PublicKind, public_access};

/// Whether there is a request of a kind.
#[derive(Clone, Debug)]
pub enum Finding {
    Found(Box<Access>),
    /// There is none.
    None,
    Unknown(Reason),
}

/// A request that is allowed, and by what.
#[derive(Clone, Debug)]
pub struct Access {
    pub request: Request,
    /// The statement that allows it.
    pub allowed_by: Span,
    /// The statement of the policies it is compared to that denies it there; none where nothing there
    /// allows it.
    pub denied_by: Option<Span>,
}

/// Policies that limit what others allow, such as a permissions boundary or the service control
/// policies of one level: each group has to allow a request too.
pub type Limits<'d> = [Vec<&'d PolicyDocument>];

/// A request that `new` allows and `existing` does not.
pub fn new_access(existing: &[&PolicyDocument], new: &[&PolicyDocument]) -> Finding {
    new_access_within(&[], existing, new)
}

/// The same under limits that both have.
pub fn new_access_within(limits: &Limits<'_>, existing: &[&PolicyDocument], new: &[&PolicyDocument]) -> Finding {
    let all: Vec<&PolicyDocument> = existing.iter().chain(new).chain(limits.iter().flatten()).copied().collect();
    let confirm = |request: &Request, colons: Colons| {
        let (now, before) = (decide(new, request, colons), decide(existing, request, colons));
        let is_new = now.allowed.and(before.allowed.negated()).and(passes(limits, request, colons));
        (is_new, now, Some(before))
    };
    under_both_readings(&all, |reading| {
        let mut question = Question::new(&all, reading, &confirm);
        let mut denies = question.walls(new, Effect::Deny, Meaning::Least);
        let limits = question.limits(limits, &mut denies);
        let before = question.walls(existing, Effect::Allow, Meaning::Least);
        let walls: Vec<&Wall> = denies.iter().chain(&before).collect();
        let kept = boxes::open_wordings(existing, Effect::Allow);
        // A variable as a letter of its own proves what patterns contain, and not what they leave out:
        // `b/${aws:username}` is none of `NotResource: b/a`, and may be in a request.
        let leaves_out = |one: &Statement| one.resources.as_ref().is_some_and(|resources| resources.negated);
        let has_exceptions = all.iter().flat_map(|document| &document.statements).any(leaves_out);
        let meets_others = has_exceptions || !limits.is_empty();
        let meaning = if meets_others { Meaning::Widest } else { Meaning::Most };
        for allow in question.walls_besides(new, Effect::Allow, meaning, &kept) {
            question.look_within(&limits, &[&allow.tests], &walls)?;
        }
        let kept = boxes::wordings(new, Effect::Deny);
        let taken = question.walls_besides(existing, Effect::Deny, Meaning::Widest, &kept);
        let walls: Vec<&Wall> = denies.iter().collect();
        let allows = question.walls(new, Effect::Allow, Meaning::Widest);
        for deny in &taken {
            for allow in &allows {
                question.look_within(&limits, &[&allow.tests, &deny.tests], &walls)?;
            }
        }
        question.nothing_found()
    })
}

/// A request that `policies` allow, under limits, for one of the actions on one of the resources, all
/// given as patterns; no resources stand for all.
pub fn access_not_granted(
    limits: &Limits<'_>,
    policies: &[&PolicyDocument],
    actions: &[String],
    resources: &[String],
) -> Finding {
    let Some(first) = policies.first() else { return Finding::None };
    let patterns =
        resources.iter().map(|text| ArnPattern::new(&Text::at(text.as_str(), first.span), false, Vec::new()));
    let patterns: Vec<ArnPattern> = patterns.collect();
    let all: Vec<&PolicyDocument> = policies.iter().chain(limits.iter().flatten()).copied().collect();
    let confirm = |request: &Request, colons: Colons| {
        let decision = decide(policies, request, colons);
        (decision.allowed.and(passes(limits, request, colons)), decision, None)
    };
    under_both_readings(&all, |reading| {
        let mut question = Question::new(&all, reading, &confirm);
        let mut asked: Vec<(Dimension, Test)> = Vec::new();
        if !actions.is_empty() {
            let globs = actions.iter().map(|text| Glob::parse(&text.to_ascii_lowercase()));
            asked.push((Dimension::Action, one_of(globs)));
        }
        if !patterns.is_empty() {
            asked.push((Dimension::Resource, one_of(patterns.iter().map(|pattern| most(pattern, reading)))));
            if patterns.iter().any(|pattern| least(pattern, reading).is_none()) {
                question.doubts.push(Reason::new("a resource that is asked for is no full ARN"));
            }
        }
        question.any_access(limits, policies, &asked)
    })
}

/// Whether all limits let a request pass.
fn passes(limits: &Limits<'_>, request: &Request, colons: Colons) -> Truth {
    Truth::all(limits.iter().map(|group| decide(group, request, colons).allowed))
}

fn one_of(globs: impl Iterator<Item = Glob>) -> Test {
    Test::one(Members::Patterns(globs.map(Pattern::new).collect()), false)
}

/// The answer that holds whichever way `*` in the middle of an ARN is read.
fn under_both_readings(documents: &[&PolicyDocument], ask: impl Fn(Reading) -> Result<(), Finding>) -> Finding {
    let ask = |reading| ask(reading).err().unwrap_or(Finding::None);
    let statements = || documents.iter().flat_map(|document| &document.statements);
    match ask(Reading::Segmented) {
        Finding::None if statements().any(depends_on_reading) => match ask(Reading::Spanning) {
            // A witness is one under both readings, and the first search has found none.
            Finding::Found(access) => internal(&access.request),
            other => other,
        },
        other => other,
    }
}

fn internal(request: &Request) -> Finding {
    debug_assert!(false, "the search and the evaluator do not agree on {request:?}");
    Finding::Unknown(Reason::new("internal: the search and the evaluator do not agree"))
}

/// Whether a request is what is looked for, what decides on it, and what decides on it in the
/// policies that are compared to.
type Confirm<'q> = dyn Fn(&Request, Colons) -> (Truth, Decision, Option<Decision>) + 'q;

/// One question under one reading.
struct Question<'q> {
    reading: Reading,
    vocabulary: Vocabulary,
    confirm: &'q Confirm<'q>,
    /// Whether every candidate of the search must be confirmed where nothing was in doubt: keys that
    /// repeat the caller are the exception.
    is_exact: bool,
    /// Why finding nothing would not mean that there is nothing.
    doubts: Vec<Reason>,
    refused: usize,
}

/// After so many candidates that were none the search is given up.
const MAX_REFUSED: usize = 60;

impl<'q> Question<'q> {
    fn new(documents: &[&PolicyDocument], reading: Reading, confirm: &'q Confirm<'q>) -> Question<'q> {
        let is_exact = documents.iter().all(|document| document.kind.is_of_principal());
        let statements = documents.iter().flat_map(|document| &document.statements);
        let doubts = documents.iter().flat_map(|document| document.unread.clone()).collect();
        let vocabulary = Vocabulary::of(statements, is_exact);
        Question { reading, vocabulary, confirm, is_exact, doubts, refused: 0 }
    }

    /// The statements that have an effect, or may have it.
    fn walls(&mut self, documents: &[&PolicyDocument], effect: Effect, meaning: Meaning) -> Vec<Wall> {
        self.walls_besides(documents, effect, meaning, &BTreeSet::new())
    }

    /// The same without the statements of some wordings.
    fn walls_besides(
        &mut self,
        documents: &[&PolicyDocument],
        effect: Effect,
        meaning: Meaning,
        besides: &BTreeSet<String>,
    ) -> Vec<Wall> {
        let mut walls = Vec::new();
        for document in documents {
            let has_effect = |one: &&Statement| one.effect == effect || one.effect == Effect::Unknown;
            for statement in document.statements.iter().filter(has_effect) {
                let is_left_out = !besides.is_empty()
                    && boxes::wording(document, statement).is_some_and(|text| besides.contains(&text));
                if !is_left_out {
                    walls.extend(wall(document, statement, meaning, self.reading, &mut self.vocabulary));
                }
            }
        }
        walls
    }

    /// Any request that the policies allow under some tests.
    fn any_access(
        &mut self,
        limits: &Limits<'_>,
        policies: &[&PolicyDocument],
        asked: &[(Dimension, Test)],
    ) -> Result<(), Finding> {
        let mut denies = self.walls(policies, Effect::Deny, Meaning::Least);
        let limits = self.limits(limits, &mut denies);
        let walls: Vec<&Wall> = denies.iter().collect();
        for allow in self.walls(policies, Effect::Allow, Meaning::Widest) {
            self.look_within(&limits, &[&allow.tests, asked], &walls)?;
        }
        self.nothing_found()
    }

    /// What each limit allows; what they deny is added to the denies.
    fn limits(&mut self, limits: &Limits<'_>, denies: &mut Vec<Wall>) -> Vec<Vec<Wall>> {
        let mut allows = Vec::new();
        for group in limits {
            denies.extend(self.walls(group, Effect::Deny, Meaning::Least));
            allows.push(self.walls(group, Effect::Allow, Meaning::Widest));
        }
        allows
    }

    /// As [`Self::look`], where one statement of each limit has to allow the request too.
    fn look_within(
        &mut self,
        limits: &[Vec<Wall>],
        tests: &[&[(Dimension, Test)]],
        walls: &[&Wall],
    ) -> Result<(), Finding> {
        let Some((group, rest)) = limits.split_first() else { return self.look(tests, walls) };
        for allow in group {
            let all: Vec<&[(Dimension, Test)]> = tests.iter().copied().chain([allow.tests.as_slice()]).collect();
            if AccessBox::default().under_all(&all.concat(), &self.vocabulary).is_some() {
                self.look_within(rest, &all, walls)?;
            }
        }
        Ok(())
    }

    /// Looks for a request under all tests and outside of the walls. `Err` with what was found.
    fn look(&mut self, tests: &[&[(Dimension, Test)]], walls: &[&Wall]) -> Result<(), Finding> {
        let all = tests.concat();
        let Some(from) = AccessBox::default().under_all(&all, &self.vocabulary) else { return Ok(()) };
        let mut found = None;
        let vocabulary = std::mem::take(&mut self.vocabulary);
        let outcome = uncovered(from, walls, &vocabulary, &mut |left| self.take(left, &vocabulary, &mut found));
        self.vocabulary = vocabulary;
        match (found, outcome) {
            (Some(finding), _) => Err(finding),
            (None, Outcome::OverBudget) => {
                Err(Finding::Unknown(Reason::new("the policies are too entangled: the budget of the search is spent")))
            }
            // Given up.
            (None, Outcome::Taken) => self.nothing_found(),
            (None, Outcome::Exhausted) => Ok(()),
        }
    }

    /// Whether the search is over.
    fn take(&mut self, left: &AccessBox, vocabulary: &Vocabulary, found: &mut Option<Finding>) -> bool {
        witness::candidates(left, vocabulary, &mut |candidate| {
            match candidate {
                Ok(request) => *found = self.judge(request, vocabulary),
                Err(doubt) => self.doubts.push(Reason::new(doubt)),
            }
            found.is_some()
        });
        found.is_some() || self.refused > MAX_REFUSED
    }

    /// What a candidate settles; of one that is refused it is noted why.
    fn judge(&mut self, request: Request, vocabulary: &Vocabulary) -> Option<Finding> {
        let (own, other) = match self.reading {
            Reading::Spanning => (Colons::Matched, Colons::NotMatched),
            Reading::Segmented => (Colons::NotMatched, Colons::Matched),
        };
        let (truth, decision, before) = (self.confirm)(&request, own);
        if let (Truth::Yes, Some(allowed_by)) = (truth, decision.statement)
            && (self.confirm)(&request, other).0.is_yes()
        {
            let denied_by = before.filter(|before| before.denied).and_then(|before| before.statement);
            return Some(Finding::Found(Box::new(Access { request, allowed_by, denied_by })));
        }
        if !truth.is_yes() && self.is_exact && vocabulary.doubts.is_empty() && self.doubts.is_empty() {
            return Some(internal(&request));
        }
        self.refused += 1;
        let reason = decision.reason.or_else(|| before.and_then(|before| before.reason));
        let colons =
            || (truth.is_yes()).then(|| Reason::new("it depends on whether `*` in the middle of an ARN matches a `:`"));
        let first = || vocabulary.doubts.first().cloned();
        let unsure = || Reason::new("no request could be confirmed by the second evaluator");
        self.doubts.push(reason.or_else(colons).or_else(first).unwrap_or_else(unsure));
        None
    }

    /// `Ok` where finding nothing means that there is nothing.
    fn nothing_found(&self) -> Result<(), Finding> {
        match self.doubts.first() {
            Some(reason) => Err(Finding::Unknown(reason.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
