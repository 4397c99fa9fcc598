//! Judges one allow after the other.

use super::assemble::{Question, assembled};
use super::{Authority, ResourceAsked, Wanted};
use crate::iam::action::ActionPattern;
use crate::iam::answer::{Answer, Reason, Witness};
use crate::iam::catalogue::{self, Action};
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::document::{ActionMatch, PolicyDocument, Statement};
use crate::iam::grant::Grant;
use crate::iam::narrowing::{ConditionClass, Narrowing};
use crate::value::Text;

pub fn grants<'a>(authority: &'a Authority, wanted: &Wanted) -> Vec<Grant<'a>> {
    let mut found = Vec::new();
    let questions: Vec<Question<'_>> =
        wanted.actions.iter().map(|action| Question::without_witness(&action.name, action.known)).collect();
    for document in &authority.documents {
        for statement in document.allows() {
            for question in spoken_of(statement, wanted, &questions) {
                for matched in ways(statement, question) {
                    let own = assembled(authority, document, statement, matched, question);
                    found.extend(own.into_iter().map(|(grant, _)| grant));
                }
            }
        }
    }
    found
}

pub fn grant_by<'a>(
    authority: &'a Authority,
    document: &'a PolicyDocument,
    statement: &'a Statement,
    pattern: &'a ActionPattern,
    action: Action,
) -> Option<Grant<'a>> {
    let name = action.full_name();
    let truth = pattern.matches(&name);
    if truth.is_no() || pattern.is_opaque() {
        return None;
    }
    let question = Question::without_witness(&name, Some(action));
    let matched = ActionMatch { pattern: Some(pattern), span: pattern.span(), truth };
    assembled(authority, document, statement, matched, &question).into_iter().map(|(grant, _)| grant).next()
}

/// The questions about services that the statement may speak of at all.
fn spoken_of<'q, 's>(
    statement: &'s Statement,
    wanted: &'q Wanted,
    questions: &'q [Question<'q>],
) -> impl Iterator<Item = &'q Question<'q>> + use<'q, 's> {
    let mut start = 0;
    wanted.services.iter().flat_map(move |(service, end)| {
        let run = std::mem::replace(&mut start, *end)..*end;
        let speaks = statement.actions.as_ref().is_some_and(|actions| {
            let is_of_it = |pattern: &ActionPattern| pattern.service().is_none_or(|own| own == &**service);
            actions.negated || actions.patterns.iter().any(is_of_it)
        });
        questions[if speaks { run } else { 0..0 }].iter()
    })
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
            let grants = ways(statement, &question)
                .into_iter()
                .flat_map(|matched| assembled(authority, document, statement, matched, &question));
            for (grant, witness) in grants {
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

/// The matches worth a grant of their own: a sure one that is always there stands for all others.
fn ways<'a>(statement: &'a Statement, question: &Question<'_>) -> Vec<ActionMatch<'a>> {
    let mut matches = statement.matches_known(question.action, question.known);
    matches.retain(|found| !found.pattern.is_some_and(|pattern| pattern.is_opaque()));
    let when = |found: &ActionMatch<'_>| found.pattern.map_or(0, |pattern| pattern.when.len());
    let is_literal = |found: &ActionMatch<'_>| found.pattern.is_some_and(|pattern| pattern.is_literal());
    matches.sort_by_key(|found| (!found.truth.is_yes(), when(found), !is_literal(found)));
    if matches.first().is_some_and(|first| first.truth.is_yes() && when(first) == 0) {
        matches.truncate(1);
    }
    matches
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
