//! Needs as a policy: what is needed, and nothing besides.

use super::Need;
use crate::iam::minimize::minimize;
use crate::iam::{PolicyDocument, PolicyKind, Reason};
use crate::source::{Span, Spanned};
use crate::value::{Map, Text, Value};

/// A policy that allows what is needed, a statement for each need.
pub fn document<'n>(needs: impl IntoIterator<Item = &'n Need>, span: Span) -> PolicyDocument {
    let statements = needs.into_iter().map(statement).collect();
    let version = ("Version", Value::Text(Text::at("2012-10-17", span)));
    PolicyDocument::read(&map([version, ("Statement", Value::List(statements, span))], span), PolicyKind::Identity)
}

/// The same as short as the engine can prove it to be; with the reason where it cannot.
pub fn least(needs: &[Need], span: Span) -> (PolicyDocument, Option<Reason>) {
    let whole = document(needs, span);
    if needs.is_empty() {
        return (whole, None);
    }
    match minimize(&whole) {
        Ok(shorter) => (shorter.document, None),
        Err(reason) => (whole, Some(reason)),
    }
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
