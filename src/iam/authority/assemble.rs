//! Makes grants of what is left of a statement.

use super::allow::{Element, Judge, Verdict};
use super::taker::{Asked, boundary_statements, takers};
use super::{Authority, Boundary};
use crate::diagnostic::Confidence;
use crate::iam::answer::Reason;
use crate::iam::arn::ArnPattern;
use crate::iam::catalogue::{self, Action};
use crate::iam::document::{ActionMatch, PolicyDocument, Statement};
use crate::iam::grant::Grant;
use crate::iam::narrowing::{carries, narrowings};
use crate::iam::universe::Universe;
use crate::iam::worlds::joined;
use crate::value::{Condition, can_hold_together, implies};

/// What is asked: an action, and perhaps a pattern of resources.
pub struct Question<'q> {
    pub action: &'q str,
    pub known: Option<Action>,
    /// Whether an allowed request is to be named, and not only told of.
    pub wants_witness: bool,
    universe: &'static Universe,
    target: Option<&'q ArnPattern>,
}

impl<'q> Question<'q> {
    pub fn new(action: &'q str, target: Option<&'q ArnPattern>) -> Question<'q> {
        let known = catalogue::action(action);
        Question { action, known, wants_witness: true, universe: Universe::of(known), target }
    }

    /// The question about any resource, with no request to show for it.
    pub fn without_witness(action: &'q str, known: Option<Action>) -> Question<'q> {
        Question { action, known, wants_witness: false, universe: Universe::of(known), target: None }
    }
}

/// The grants of a statement for one way in which it speaks of an action, each with the resource of
/// a request that is sure to be allowed, when there is one. They are several only where the
/// resources depend on conditions of the template.
pub fn assembled<'a>(
    authority: &'a Authority,
    document: &'a PolicyDocument,
    statement: &'a Statement,
    matched: ActionMatch<'a>,
    question: &Question<'_>,
) -> Vec<(Grant<'a>, Option<String>)> {
    let own = matched.pattern.map_or(&[][..], |pattern| &pattern.when);
    if !can_hold_together(&statement.when, own) {
        return Vec::new();
    }
    let when = joined(&statement.when, own);
    let cases = by_condition(surviving(authority, statement, &when, question));
    let parts = Parts { authority, document, statement, matched, question };
    cases.into_iter().map(|(inner, surviving)| parts.grant(joined(&when, &inner), &surviving)).collect()
}

/// What a grant is made of.
struct Parts<'a, 'q> {
    authority: &'a Authority,
    document: &'a PolicyDocument,
    statement: &'a Statement,
    matched: ActionMatch<'a>,
    question: &'q Question<'q>,
}

type Judged<'a> = (Element<'a>, Verdict);

/// What survives, by the conditions under which it is there. Something sure that is always there
/// makes one case of all.
fn by_condition(surviving: Vec<Judged<'_>>) -> Vec<(Vec<Condition>, Vec<Judged<'_>>)> {
    let when = |element: Element<'_>| element.pattern().map_or_else(Vec::new, |pattern| pattern.when.clone());
    let always = |(element, verdict): &Judged<'_>| when(*element).is_empty() && matches!(verdict, Verdict::Sure(_));
    if surviving.iter().any(always) {
        return vec![(Vec::new(), surviving)];
    }
    let mut cases: Vec<(Vec<Condition>, Vec<Judged<'_>>)> = Vec::new();
    for (element, verdict) in surviving {
        let own = when(element);
        match cases.iter_mut().find(|(case, _)| implies(case, &own) && implies(&own, case)) {
            Some((_, list)) => list.push((element, verdict)),
            None => cases.push((own, vec![(element, verdict)])),
        }
    }
    cases
}

impl<'a> Parts<'a, '_> {
    fn grant(&self, when: Vec<Condition>, surviving: &[Judged<'a>]) -> (Grant<'a>, Option<String>) {
        let Parts { authority, document, statement, matched, question } = *self;
        let asked = Asked { action: question.action, conditions: &statement.conditions, when: &when };
        let resources: Vec<&ArnPattern> = surviving.iter().filter_map(|(element, _)| element.pattern()).collect();
        // IAM refuses a policy of a principal without `Resource`; after a slip of syntax what stood there is not known.
        let may_lack_resource = !document.kind.is_of_principal();
        let is_rest = |element: &Element<'_>| match element {
            Element::Rest(_) => true,
            Element::Everything => may_lack_resource,
            Element::Pattern(_) | Element::Unknown(_) => false,
        };
        let everywhere = resources.iter().any(|pattern| pattern.is_everything())
            || surviving.iter().any(|(element, _)| is_rest(element));
        let bounds = boundary_statements(authority, asked);
        let within = limits(&bounds, &resources);
        let (doubts, low) = self.doubts(surviving, &when);
        let tests = statement.conditions.as_slice();
        let mut narrowing = narrowings(tests, question.known);
        if !bounds.is_empty() && bounds.iter().all(|bound| !bound.conditions.is_empty()) {
            narrowing.extend(bounds.iter().flat_map(|bound| narrowings(&bound.conditions, question.known)));
        }
        let confidence = match (low, doubts.is_empty()) {
            (true, _) => Confidence::Low,
            (false, false) => Confidence::Medium,
            (false, true) => Confidence::High,
        };
        let witness = sure(surviving, &when).find_map(|witness| witness.clone());
        let less = takers(authority, asked).into_iter().filter(|taker| taker.sure).map(|taker| taker.statement);
        let less: Vec<&Statement> = less.filter(|deny| touches(deny, &resources)).collect();
        let grant = Grant {
            document,
            statement,
            action: question.action.to_owned(),
            pattern: matched.pattern,
            span: matched.span,
            everywhere: everywhere && within.is_empty(),
            resources,
            within,
            less,
            narrowing,
            when,
            confidence,
            doubts,
        };
        (grant, witness)
    }

    /// What makes a grant less than sure, and whether it is unlikely.
    fn doubts(&self, surviving: &[Judged<'_>], when: &[Condition]) -> (Vec<Reason>, bool) {
        let Parts { authority, statement, matched, question, .. } = *self;
        let mut doubts: Vec<Reason> = Vec::new();
        let mut add = |reason: &Reason| {
            if !doubts.contains(reason) {
                doubts.push(reason.clone());
            }
        };
        if !matched.truth.is_yes() {
            add(&Reason::at(format!("whether it matches `{}` is not known", question.action), matched.span));
        }
        let sure = sure(surviving, when).next().is_some();
        let mut unlikely = !sure;
        for (_, verdict) in surviving {
            if let Verdict::Doubtful { reasons, unlikely: one } = verdict {
                unlikely &= one;
                if !sure {
                    reasons.iter().for_each(&mut add);
                }
            }
        }
        statement.condition_unknown.iter().for_each(&mut add);
        if let Some(action) = question.known {
            for test in statement.conditions.iter().filter(|test| test.operator.needs_key()) {
                if carries(action, &test.key) == Some(false) {
                    let text = format!("requests for `{}` carry no `{}`", question.action, test.key);
                    add(&Reason::at(text, test.span));
                }
            }
        }
        authority.documents.iter().flat_map(|document| &document.hidden_denies).for_each(&mut add);
        if let Some(Boundary::Known(document)) = &authority.boundary {
            document.hidden_denies.iter().for_each(&mut add);
        }
        authority.unseen.iter().for_each(&mut add);
        (doubts, unlikely || !matched.truth.is_yes())
    }
}

/// What is sure to be left under the conditions.
fn sure<'s>(surviving: &'s [Judged<'_>], when: &'s [Condition]) -> impl Iterator<Item = &'s Option<String>> {
    surviving.iter().filter_map(|(element, verdict)| match verdict {
        Verdict::Sure(witness) if implies(when, element.pattern().map_or(&[][..], |own| &own.when)) => Some(witness),
        _ => None,
    })
}

fn surviving<'a>(
    authority: &Authority,
    statement: &'a Statement,
    when: &[Condition],
    question: &Question<'_>,
) -> Vec<Judged<'a>> {
    let mut left = Vec::new();
    for element in Element::of(statement) {
        let own = element.pattern().map_or(&[][..], |pattern| &pattern.when);
        if !can_hold_together(when, own) {
            continue;
        }
        let when = joined(when, own);
        let asked = Asked { action: question.action, conditions: &statement.conditions, when: &when };
        let judge = Judge {
            authority,
            asked,
            wants_witness: question.wants_witness,
            universe: question.universe,
            target: question.target,
        };
        let verdict = judge.verdict(element);
        if !matches!(verdict, Verdict::Gone) {
            left.push((element, verdict));
        }
    }
    left
}

/// The entries of the boundary that limit the resources: none where one of them covers all.
fn limits<'a>(bounds: &[&'a Statement], resources: &[&ArnPattern]) -> Vec<&'a ArnPattern> {
    let mut within: Vec<&ArnPattern> = Vec::new();
    for resource in resources {
        let patterns = || bounds.iter().filter_map(|bound| bound.resources.as_ref()).flat_map(|own| &own.patterns);
        let is_free = bounds.is_empty()
            || bounds.iter().any(|bound| bound.resources.as_ref().is_none_or(|own| own.negated))
            || patterns().any(|pattern| pattern.covers(resource).is_yes());
        if !is_free {
            within.extend(patterns().filter(|pattern| !pattern.overlaps(resource).is_no()));
        }
    }
    within
}

fn touches(deny: &Statement, resources: &[&ArnPattern]) -> bool {
    deny.resources.as_ref().is_none_or(|own| {
        own.negated
            || resources.is_empty()
            || own.patterns.iter().any(|pattern| resources.iter().any(|resource| !pattern.overlaps(resource).is_no()))
    })
}
