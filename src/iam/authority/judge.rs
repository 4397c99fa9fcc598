//! Judges one allow after the other.

use super::allow::{Element, Judge, Verdict};
use super::taker::{Asked, boundary_statements, takers};
use super::{Authority, Boundary, ResourceAsked};
use crate::diagnostic::Confidence;
use crate::iam::answer::{Answer, Reason, Witness};
use crate::iam::arn::ArnPattern;
use crate::iam::catalogue::{self, Action};
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::document::{ActionMatch, PolicyDocument, Statement};
use crate::iam::grant::Grant;
use crate::iam::narrowing::{ConditionClass, Narrowing, carries, narrowings};
use crate::iam::universe::Universe;
use crate::iam::worlds::joined;
use crate::value::{Condition, Text, can_hold_together};

pub fn grants<'a>(authority: &'a Authority, actions: &[String]) -> Vec<Grant<'a>> {
    let mut found = Vec::new();
    let questions: Vec<Question<'_>> = actions.iter().map(|action| Question::new(action, None)).collect();
    for document in &authority.documents {
        for statement in document.allows() {
            for question in &questions {
                for matched in ways(statement, question.action) {
                    found.extend(grant(authority, document, statement, matched, question).map(|(grant, _)| grant));
                }
            }
        }
    }
    found
}

pub fn can(authority: &Authority, action: &str, resource: ResourceAsked<'_>) -> Answer {
    let target = match resource {
        ResourceAsked::Any => None,
        ResourceAsked::Matching(pattern) => Some(pattern),
    };
    let action = catalogue::action(action).map_or_else(|| action.to_owned(), Action::full_name);
    let question = Question::new(&action, target);
    let mut unknown: Option<Reason> = None;
    for document in &authority.documents {
        for statement in document.allows() {
            for matched in ways(statement, &action) {
                let Some((grant, witness)) = grant(authority, document, statement, matched, &question) else {
                    continue;
                };
                let reason = match (witness, obstacle(&grant, question.known)) {
                    (Some(resource), None) => {
                        let given = statement.conditions.iter().map(describe).collect();
                        return Answer::Yes(Witness { action, resource, statement: statement.span, given });
                    }
                    (_, Some(reason)) => reason,
                    (None, None) => Reason::at("which resources it names is not known", grant.span),
                };
                unknown.get_or_insert(reason);
            }
        }
    }
    let mut unread = authority.documents.iter().flat_map(|document| &document.unread).chain(&authority.unseen);
    match unknown.or_else(|| unread.next().cloned()) {
        Some(reason) => Answer::Unknown(reason),
        None => Answer::No,
    }
}

/// What is asked: an action, and perhaps a pattern of resources.
struct Question<'q> {
    action: &'q str,
    known: Option<Action>,
    universe: Universe,
    target: Option<&'q ArnPattern>,
}

impl<'q> Question<'q> {
    fn new(action: &'q str, target: Option<&'q ArnPattern>) -> Question<'q> {
        let known = catalogue::action(action);
        Question { action, known, universe: Universe::of(known), target }
    }
}

/// The matches worth a grant of their own: a sure one that is always there stands for all others.
fn ways<'a>(statement: &'a Statement, action: &str) -> Vec<ActionMatch<'a>> {
    let mut matches = statement.matches_action(action);
    matches.retain(|found| !found.pattern.is_some_and(|pattern| pattern.is_opaque()));
    let when = |found: &ActionMatch<'_>| found.pattern.map_or(0, |pattern| pattern.when.len());
    let is_literal = |found: &ActionMatch<'_>| found.pattern.is_some_and(|pattern| pattern.is_literal());
    matches.sort_by_key(|found| (!found.truth.is_yes(), when(found), !is_literal(found)));
    if matches.first().is_some_and(|first| first.truth.is_yes() && when(first) == 0) {
        matches.truncate(1);
    }
    matches
}

/// The grant, and the resource of a request that is sure to be allowed when there is one.
fn grant<'a>(
    authority: &'a Authority,
    document: &'a PolicyDocument,
    statement: &'a Statement,
    matched: ActionMatch<'a>,
    question: &Question<'_>,
) -> Option<(Grant<'a>, Option<String>)> {
    let own = matched.pattern.map_or(&[][..], |pattern| &pattern.when);
    if !can_hold_together(&statement.when, own) {
        return None;
    }
    let mut when = joined(&statement.when, own);
    let surviving = surviving(authority, statement, &when, question);
    if surviving.is_empty() {
        return None;
    }
    if let [(Element::Pattern(only), _)] = surviving.as_slice() {
        when = joined(&when, &only.when);
    }
    let asked = Asked { action: question.action, conditions: &statement.conditions, when: &when };
    let resources: Vec<&ArnPattern> = surviving.iter().filter_map(|(element, _)| element.pattern()).collect();
    let is_rest = |element: &Element<'_>| matches!(element, Element::Rest(_) | Element::Everything);
    let everywhere = resources.iter().any(|pattern| pattern.is_everything())
        || surviving.iter().any(|(element, _)| is_rest(element));
    let bounds = boundary_statements(authority, asked);
    let within = limits(&bounds, &resources);
    let (doubts, low) = doubts(authority, statement, &surviving, matched, question);
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
    let witness = surviving.iter().find_map(|(_, verdict)| match verdict {
        Verdict::Sure(witness) => witness.clone(),
        _ => None,
    });
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
    Some((grant, witness))
}

fn surviving<'a>(
    authority: &Authority,
    statement: &'a Statement,
    when: &[Condition],
    question: &Question<'_>,
) -> Vec<(Element<'a>, Verdict)> {
    let mut left = Vec::new();
    for element in Element::of(statement) {
        let own = element.pattern().map_or(&[][..], |pattern| &pattern.when);
        if !can_hold_together(when, own) {
            continue;
        }
        let when = joined(when, own);
        let asked = Asked { action: question.action, conditions: &statement.conditions, when: &when };
        let judge = Judge { authority, asked, universe: &question.universe, target: question.target };
        let verdict = judge.verdict(element);
        if !matches!(verdict, Verdict::Gone) {
            left.push((element, verdict));
        }
    }
    left
}

/// What makes a grant less than sure, and whether it is unlikely.
fn doubts(
    authority: &Authority,
    statement: &Statement,
    surviving: &[(Element<'_>, Verdict)],
    matched: ActionMatch<'_>,
    question: &Question<'_>,
) -> (Vec<Reason>, bool) {
    let mut doubts: Vec<Reason> = Vec::new();
    let mut add = |reason: &Reason| {
        if !doubts.contains(reason) {
            doubts.push(reason.clone());
        }
    };
    if !matched.truth.is_yes() {
        add(&Reason::at(format!("whether it matches `{}` is not known", question.action), matched.span));
    }
    let sure = surviving.iter().any(|(_, verdict)| matches!(verdict, Verdict::Sure(_)));
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

/// Why an allowed request cannot be promised on account of the grant, if so.
fn obstacle(grant: &Grant<'_>, known: Option<Action>) -> Option<Reason> {
    if let Some(doubt) = grant.doubts.first() {
        return Some(doubt.clone());
    }
    if let Some(condition) = grant.when.first() {
        let text = format!("it depends on `{}` being {}", condition.name, condition.value);
        return Some(Reason::at(text, condition.span));
    }
    let test = grant.narrowing.iter().find(|narrowing| !can_be_met(narrowing, &grant.narrowing, known))?;
    Some(Reason::at(format!("whether a request can meet the condition on `{}` is not known", test.key()), test.span()))
}

/// Whether the caller is sure to be able to make a request that meets a test: it says something of
/// the request, one value of it is known and well formed, and no other test speaks of the key.
fn can_be_met(narrowing: &Narrowing<'_>, all: &[Narrowing<'_>], known: Option<Action>) -> bool {
    let test = narrowing.test;
    let alone = all.iter().filter(|other| other.test.is_on(&test.key)).count() == 1;
    let service = known.map(Action::service);
    let many = service.and_then(|service| catalogue::key_type(service, &test.key)).is_some_and(|kind| kind.is_array());
    let plain = |value: &Text| value.literal().is_some_and(|text| !text.is_empty() && !text.contains("${"));
    let texts = matches!(
        test.operator.comparison,
        Some(Comparison::StringEquals | Comparison::StringEqualsIgnoreCase | Comparison::StringLike | Comparison::Arn)
    );
    let of_the_request = matches!(narrowing.class, ConditionClass::Object | ConditionClass::Vacuous);
    alone
        && of_the_request
        && texts
        && !test.operator.negated
        && test.values.iter().any(plain)
        && (test.operator.quantifier.is_some() || !many)
}

fn describe(test: &ConditionTest) -> String {
    let values: Vec<_> = test.values.iter().map(Text::display).collect();
    format!("{} {} {}", test.key, test.operator.text, values.join(", "))
}
