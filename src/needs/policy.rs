//! Needs as a policy: what is needed, and nothing besides.

use super::Need;
use crate::iam::catalogue::Service;
use crate::iam::minimize::minimize;
use crate::iam::{PolicyDocument, PolicyKind, Reason};
use crate::source::{Span, Spanned};
use crate::value::{HoleKind, Map, Text, Value};

/// A policy that allows what is needed, a statement for each need.
pub fn document<'n>(needs: impl IntoIterator<Item = &'n Need>, span: Span) -> PolicyDocument {
    let statements = needs.into_iter().map(statement).collect();
    let version = ("Version", Value::Text(Text::at("2012-10-17", span)));
    PolicyDocument::read(&map([version, ("Statement", Value::List(statements, span))], span), PolicyKind::Identity)
}

/// The least policy.
#[derive(Debug)]
pub struct Least {
    /// `None` where nothing is needed.
    pub document: Option<PolicyDocument>,
    /// What is needed and not in it, and why it may be longer than it has to be.
    pub unknown: Vec<Reason>,
}

/// What is needed and nothing else, as short as the engine can prove it to be. Needs of which it is not
/// known what they are about are left out.
pub fn least(needs: &[Need], span: Span) -> Least {
    let is_known =
        |need: &&Need| !need.resources.iter().flat_map(Text::holes).any(|hole| hole.kind == HoleKind::Computed);
    let (known, left_out): (Vec<&Need>, Vec<&Need>) = needs.iter().partition(is_known);
    let mut unknown: Vec<Reason> = left_out
        .into_iter()
        .map(|need| {
            let actions: Vec<String> = need.actions.iter().map(|action| action.full_name()).collect();
            let text = format!(
                "on which resource it is not known, so it is left out: {} ({})",
                actions.join(", "),
                need.reason
            );
            Reason::at(text, need.span)
        })
        .collect();
    if known.is_empty() {
        return Least { document: None, unknown };
    }
    let mut whole: Option<PolicyDocument> = None;
    for needs in by_service(&known) {
        let own = document(&needs, span);
        let shortest = match minimize(&own) {
            Ok(shorter) => shorter.document,
            Err(reason) => {
                unknown.push(reason);
                own
            }
        };
        match &mut whole {
            Some(whole) => whole.statements.extend(shortest.statements),
            None => whole = Some(shortest),
        }
    }
    Least { document: whole, unknown }
}

/// Statements about different services say nothing of each other, so that each service is made short
/// for itself.
fn by_service(needs: &[&Need]) -> Vec<Vec<Need>> {
    let mut services: Vec<(Service, Vec<Need>)> = Vec::new();
    for need in needs {
        for actions in need.actions.chunk_by(|one, other| one.service() == other.service()) {
            let Some(service) = actions.first().map(|action| action.service()) else { continue };
            let own = Need { actions: actions.to_vec(), ..Need::clone(need) };
            match services.iter_mut().find(|(known, _)| *known == service) {
                Some((_, needs)) => needs.push(own),
                None => services.push((service, vec![own])),
            }
        }
    }
    services.into_iter().map(|(_, needs)| needs).collect()
}

fn statement(need: &Need) -> Value {
    let span = need.span;
    let text = |text: &str| Value::Text(Text::at(text, span));
    let mut names: Vec<String> = need.actions.iter().map(|action| action.full_name()).collect();
    names.sort();
    let actions = Value::List(names.iter().map(|name| text(name)).collect(), span);
    let resources = Value::List(need.resources.iter().cloned().map(Value::Text).collect(), span);
    let mut entries = vec![("Effect", text("Allow")), ("Action", actions), ("Resource", resources)];
    if !need.conditions.is_empty() {
        let mut operators: Vec<(Spanned<String>, Value)> = Vec::new();
        for test in &need.conditions {
            let values = Value::List(test.values.iter().cloned().map(Value::Text).collect(), span);
            let one = (Spanned::new(test.key.clone(), span), values);
            match operators.iter_mut().find(|(operator, _)| operator.value == test.operator.text) {
                Some((_, Value::Map(tests))) => tests.entries.push(one),
                _ => {
                    let tests = Value::Map(Map { entries: vec![one], span });
                    operators.push((Spanned::new(test.operator.text.clone(), span), tests));
                }
            }
        }
        entries.push(("Condition", Value::Map(Map { entries: operators, span })));
    }
    map(entries, span)
}

fn map(entries: impl IntoIterator<Item = (&'static str, Value)>, span: Span) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (Spanned::new(key.to_owned(), span), value));
    Value::Map(Map { entries: entries.collect(), span })
}
