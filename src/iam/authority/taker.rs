//! What the denies and the boundary take of an allow.

use super::{Authority, Boundary};
use crate::iam::answer::{Reason, Truth};
use crate::iam::arn::ArnPattern;
use crate::iam::condition::{ConditionTest, all_follow, one_is_refuted};
use crate::iam::document::{Effect, PolicyDocument, Resources, Statement};
use crate::iam::glob::Glob;
use crate::iam::residue::{Choice, Reading, Region, least};
use crate::value::{Condition, can_hold_together, implies};

/// An allow as the denies see it.
#[derive(Clone, Copy)]
pub struct Asked<'q> {
    pub action: &'q str,
    /// The tests that hold whenever the allow does.
    pub conditions: &'q [ConditionTest],
    /// The conditions of the template under which the allow is there.
    pub when: &'q [Condition],
}

/// A statement that takes, or may take, a part of an allow.
#[derive(Clone, Copy)]
pub struct Taker<'a> {
    pub statement: &'a Statement,
    /// Whether it is sure to apply, to the resources that it names.
    pub sure: bool,
}

/// The resources that a statement speaks of.
pub enum Extent {
    Everything,
    In(Vec<Glob>),
    /// All but these.
    NotIn(Vec<Glob>),
}

/// The denies of all policies and of the boundary that may apply.
pub fn takers<'a>(authority: &'a Authority, asked: Asked<'_>) -> Vec<Taker<'a>> {
    let boundary = match &authority.boundary {
        Some(Boundary::Known(document)) => Some(document),
        _ => None,
    };
    let statements =
        authority.documents.iter().map(|document| &**document).chain(boundary).flat_map(PolicyDocument::denies);
    statements.filter_map(|statement| taker(statement, asked)).collect()
}

/// What the boundary lets pass: all that it may, or only what it is sure to. `None`: everything.
pub fn boundary_choice(authority: &Authority, asked: Asked<'_>, sure: bool) -> Option<Choice> {
    let document = match &authority.boundary {
        None => return None,
        Some(Boundary::Unknown(_)) => return (sure).then(Vec::new),
        Some(Boundary::Known(document)) => document,
    };
    let is_absent =
        |when: &Vec<Condition>| if sure { implies(asked.when, when) } else { can_hold_together(asked.when, when) };
    if document.absent.iter().any(is_absent) || (!sure && !document.unread.is_empty()) {
        return None;
    }
    let mut choice = Vec::new();
    for statement in document.allows() {
        let applies = applies(statement, asked);
        if applies.is_no() || (sure && !applies.is_yes()) {
            continue;
        }
        let extent = if sure {
            sure_extent(statement, asked.when, Reading::Segmented)
        } else {
            Some(widest(statement, asked.when))
        };
        match extent {
            Some(Extent::Everything) => choice.push(Region::everything()),
            Some(Extent::In(globs)) => {
                choice.extend(globs.into_iter().filter(|glob| !sure || !glob.has_holes()).map(Region::inside));
            }
            Some(Extent::NotIn(mut without)) => {
                if sure {
                    let exceptions = statement.resources.iter().flat_map(|own| possible(own, asked.when));
                    without.extend(exceptions.filter_map(ArnPattern::wide_anywhere));
                }
                choice.push(Region { within: Vec::new(), without });
            }
            None => {}
        }
    }
    Some(choice)
}

/// The boundary statements that may let the action pass.
pub fn boundary_statements<'a>(authority: &'a Authority, asked: Asked<'_>) -> Vec<&'a Statement> {
    match &authority.boundary {
        Some(Boundary::Known(document)) => {
            document.allows().filter(|statement| !applies(statement, asked).is_no()).collect()
        }
        _ => Vec::new(),
    }
}

/// The reason why a boundary is not known.
pub fn boundary_reason(authority: &Authority) -> Option<Reason> {
    match &authority.boundary {
        Some(Boundary::Unknown(reason)) => Some(reason.clone()),
        _ => None,
    }
}

/// The resources a statement is sure to speak of, where it applies; `None` for none.
pub fn sure_extent(statement: &Statement, when: &[Condition], reading: Reading) -> Option<Extent> {
    let Some(resources) = &statement.resources else { return Some(Extent::Everything) };
    if !resources.negated {
        let sure = resources.patterns.iter().filter(|pattern| implies(when, &pattern.when));
        return Some(Extent::In(sure.filter_map(|pattern| least(pattern, reading)).collect()));
    }
    let known = resources.unknown.is_empty();
    known.then(|| Extent::NotIn(possible(resources, when).map(|pattern| pattern.wide.clone()).collect()))
}

/// All resources a statement may speak of, in whichever partition and account.
pub fn possible_extent(statement: &Statement, when: &[Condition]) -> Extent {
    match widest(statement, when) {
        Extent::In(mut globs) => {
            let resources = statement.resources.iter().flat_map(|resources| possible(resources, when));
            globs.extend(resources.filter_map(ArnPattern::wide_anywhere));
            Extent::In(globs)
        }
        other => other,
    }
}

/// All resources a statement may speak of.
fn widest(statement: &Statement, when: &[Condition]) -> Extent {
    let Some(resources) = &statement.resources else { return Extent::Everything };
    if resources.negated {
        let sure = resources.patterns.iter().filter(|pattern| implies(when, &pattern.when));
        let globs = sure.filter_map(|pattern| least(pattern, Reading::Segmented));
        Extent::NotIn(globs.filter(|glob| !glob.has_holes()).collect())
    } else if resources.unknown.is_empty() {
        Extent::In(possible(resources, when).map(|pattern| pattern.wide.clone()).collect())
    } else {
        Extent::Everything
    }
}

fn possible<'r>(resources: &'r Resources, when: &'r [Condition]) -> impl Iterator<Item = &'r ArnPattern> {
    resources.patterns.iter().filter(|pattern| can_hold_together(when, &pattern.when))
}

fn taker<'a>(statement: &'a Statement, asked: Asked<'_>) -> Option<Taker<'a>> {
    let applies = applies(statement, asked);
    (!applies.is_no()).then_some(Taker { statement, sure: applies.is_yes() && statement.effect == Effect::Deny })
}

/// Whether a statement applies to the action whenever the allow does.
fn applies(statement: &Statement, asked: Asked<'_>) -> Truth {
    let may_be_there = can_hold_together(asked.when, &statement.when);
    if !may_be_there || one_is_refuted(&statement.conditions, asked.conditions) {
        return Truth::No;
    }
    let sure = implies(asked.when, &statement.when)
        && statement.condition_unknown.is_none()
        && all_follow(&statement.conditions, asked.conditions);
    let one = |found: crate::iam::document::ActionMatch<'_>| {
        let own = found.pattern.map_or(&[][..], |pattern| &pattern.when);
        if !can_hold_together(asked.when, own) {
            Truth::No
        } else if implies(asked.when, own) {
            found.truth
        } else {
            Truth::Unknown
        }
    };
    let mut matched = Truth::any(statement.matches_action(asked.action).into_iter().map(one));
    if statement.actions.as_ref().is_some_and(|actions| !actions.unknown.is_empty()) {
        matched = matched.or(Truth::Unknown);
    }
    if matched.is_yes() && !sure { Truth::Unknown } else { matched }
}
