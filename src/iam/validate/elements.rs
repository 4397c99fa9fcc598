//! The shape of a policy beyond its grammar: a version that is missing, values of the wrong JSON
//! type, elements with nothing in them.

use super::codes::*;
use super::{Issue, Subject};
use crate::iam::condition::{Operator, Quantifier};
use crate::iam::document::read::{element, items};
use crate::iam::worlds::{branches, worlds};
use crate::source::{Span, Spanned};
use crate::value::{Map, Value};

pub fn issues(subject: &Subject<'_>) -> Vec<Issue> {
    let mut found = Vec::new();
    for (_, alternative) in branches(subject.value) {
        let Some(Value::Map(map)) = alternative else { continue };
        let Some((key, statements)) = element(map, "Statement") else { continue };
        if element(map, "Version").is_none() {
            found.push(Issue::new(MISSING_VERSION, key.span, ""));
        }
        for key in ["Version", "Id"] {
            scalar(map, key, &mut found);
        }
        for (index, (_, item)) in items(statements).into_iter().enumerate() {
            if let Value::Map(statement) = item {
                let before = found.len();
                of_statement(statement, &mut found);
                let sid = element(statement, "Sid").and_then(|(_, value)| value.literal());
                let place = sid.filter(|sid| !sid.is_empty()).map_or_else(|| index.to_string(), str::to_owned);
                found[before..].iter_mut().for_each(|issue| issue.place.clone_from(&place));
            }
        }
    }
    found
}

fn of_statement(map: &Map, found: &mut Vec<Issue>) {
    scalar(map, "Sid", found);
    scalar(map, "Effect", found);
    if let Some((_, sid)) = element(map, "Sid")
        && sid.literal() == Some("")
    {
        found.push(Issue::new(EMPTY_SID_VALUE, sid.span(), "Sid"));
    }
    for key in ["Action", "NotAction", "Resource", "NotResource"] {
        let Some((name, value)) = element(map, key) else { continue };
        texts(name, value, found);
    }
    for key in ["Principal", "NotPrincipal"] {
        if let Some((name, value)) = element(map, key) {
            principal(name, value, found);
        }
    }
    if let Some((name, value)) = element(map, "Condition") {
        condition(name, value, found);
    }
}

/// An element that holds one text.
fn scalar(map: &Map, key: &str, found: &mut Vec<Issue>) {
    let Some((name, value)) = element(map, key) else { return };
    for (_, alternative) in branches(value) {
        if let Some(shape) = alternative.and_then(shape) {
            found.push(mismatch(name, shape, "a text"));
        }
    }
}

/// An element that holds a text or a list of texts.
fn texts(name: &Spanned<String>, value: &Value, found: &mut Vec<Issue>) {
    for (_, item) in items(value) {
        if matches!(item, Value::Map(_)) && shape(item).is_some() {
            found.push(mismatch(name, "a mapping", "a text or a list of texts").related(start_of(item)));
        }
    }
}

fn principal(name: &Spanned<String>, value: &Value, found: &mut Vec<Issue>) {
    for (_, alternative) in branches(value) {
        match alternative {
            Some(Value::Map(kinds)) if kinds.entries.is_empty() => {
                found.push(Issue::new(EMPTY_OBJECT_PRINCIPAL, name.span, name.value.clone()));
            }
            Some(Value::Map(kinds)) => {
                for (kind, value) in &kinds.entries {
                    if is_empty_list(value) {
                        found.push(Issue::new(EMPTY_ARRAY_PRINCIPAL, kind.span, kind.value.clone()));
                    }
                    texts(kind, value, found);
                }
            }
            Some(list) if is_empty_list(list) => {
                found.push(Issue::new(EMPTY_ARRAY_PRINCIPAL, name.span, name.value.clone()));
            }
            _ => {}
        }
    }
}

fn condition(name: &Spanned<String>, value: &Value, found: &mut Vec<Issue>) {
    for (_, world) in worlds(value).unwrap_or_default() {
        match &world {
            Value::Map(operators) if operators.entries.is_empty() => {
                found.push(Issue::new(EMPTY_OBJECT_CONDITION, name.span, "Condition"));
            }
            Value::Map(operators) => operators.entries.iter().for_each(|(operator, keys)| match keys {
                Value::Map(keys) if keys.entries.is_empty() => {
                    found.push(Issue::new(EMPTY_OBJECT_CONDITION, operator.span, operator.value.clone()));
                }
                Value::Map(keys) => {
                    keys.entries.iter().for_each(|(key, values)| values_of(operator, key, values, found))
                }
                Value::Text(text) if !text.has_holes() => found.push(mismatch(operator, "a text", "a mapping of keys")),
                Value::List(..) => found.push(mismatch(operator, "a list", "a mapping of keys")),
                _ => {}
            }),
            Value::Text(text) if !text.has_holes() => {
                found.push(mismatch(name, "a text", "a mapping of operators"));
            }
            Value::List(..) => found.push(mismatch(name, "a list", "a mapping of operators")),
            _ => {}
        }
    }
}

fn values_of(operator: &Spanned<String>, key: &Spanned<String>, values: &Value, found: &mut Vec<Issue>) {
    texts(key, values, found);
    if is_empty_list(values) {
        let parsed = Operator::parse(&operator.value);
        let code = match parsed.quantifier {
            Some(Quantifier::ForAllValues) => EMPTY_ARRAY_CONDITION_FORALLVALUES,
            Some(Quantifier::ForAnyValue) => EMPTY_ARRAY_CONDITION_FORANYVALUE,
            None if parsed.if_exists => EMPTY_ARRAY_CONDITION_IFEXISTS,
            None => EMPTY_ARRAY_CONDITION,
        };
        found.push(Issue::new(code, key.span, key.value.clone()));
    }
}

/// The name of a shape that is no text; intrinsics that were not evaluated are no shape.
fn shape(value: &Value) -> Option<&'static str> {
    match value {
        Value::Map(map) => {
            let is_intrinsic = |key: &str| key.starts_with("Fn::") || key == "Ref" || key == "Condition";
            let is_open = map.entries.len() == 1 && map.entries.iter().all(|(key, _)| is_intrinsic(&key.value));
            (!is_open).then_some("a mapping")
        }
        Value::List(..) => Some("a list"),
        _ => None,
    }
}

fn mismatch(name: &Spanned<String>, is: &str, wants: &str) -> Issue {
    Issue::new(DATA_TYPE_MISMATCH, name.span, name.value.clone()).other(wants).names(vec![is.to_owned()])
}

fn start_of(value: &Value) -> Span {
    let span = value.span();
    Span { end: span.start, ..span }
}

fn is_empty_list(value: &Value) -> bool {
    matches!(value, Value::List(items, _) if items.is_empty())
}
