//! Documents that stand in no file of the repository: everything in them is at one place, that of
//! the reference to them.

use super::catalogue;
use super::document::{PolicyDocument, PolicyKind, Statement};
use crate::source::{OffsetMap, Span, Spanned};
use crate::value::{Map, Part, Text, Value};
use std::sync::{LazyLock, OnceLock};

/// The document of a policy that AWS manages, by name or ARN; every place in it is `span`, where
/// the template refers to it. Each is read once in a run: accounts attach a few of them thousands of
/// times.
pub fn managed_document(name_or_arn: &str, span: Span, kind: PolicyKind) -> Option<PolicyDocument> {
    static READ: LazyLock<Vec<OnceLock<Option<PolicyDocument>>>> =
        LazyLock::new(|| std::iter::repeat_with(OnceLock::new).take(catalogue::managed_policies().len()).collect());
    let policy = catalogue::managed_policy(name_or_arn)?;
    let read = || Some(PolicyDocument::read(&value_at(&policy.document(), span)?, PolicyKind::Identity));
    let mut document = READ[policy.index()].get_or_init(read).clone()?;
    document.kind = kind;
    place(&mut document, span);
    Some(document)
}

/// `arn:aws:iam::aws:policy/service-role/Name` → `Name`, in any partition.
pub fn aws_managed_name(text: &Text) -> Option<String> {
    let shown = text.display();
    let (before, path) = shown.split_once(":iam::aws:policy/")?;
    let name = path.rsplit('/').next()?;
    (before.starts_with("arn:") && !name.contains("${")).then(|| name.to_owned())
}

/// Puts everything in a document at one place.
fn place(document: &mut PolicyDocument, span: Span) {
    document.span = span;
    document.version_span = document.version_span.map(|_| span);
    for reason in document.unread.iter_mut().chain(&mut document.hidden_denies) {
        reason.span = reason.span.map(|_| span);
    }
    for problem in &mut document.problems {
        problem.span = span;
        problem.related = problem.related.map(|_| span);
    }
    document.statements.iter_mut().for_each(|statement| place_statement(statement, span));
}

fn place_statement(statement: &mut Statement, span: Span) {
    statement.span = span;
    statement.sid.iter_mut().for_each(|sid| place_text(sid, span));
    if let Some(actions) = &mut statement.actions {
        actions.key_span = span;
        actions.patterns.iter_mut().for_each(|pattern| place_text(pattern.text_mut(), span));
    }
    if let Some(resources) = &mut statement.resources {
        resources.key_span = span;
        resources.patterns.iter_mut().for_each(|pattern| place_text(pattern.text_mut(), span));
    }
    for test in &mut statement.conditions {
        (test.span, test.key_span, test.operator_span) = (span, span, span);
        test.values.iter_mut().for_each(|value| place_text(value, span));
    }
    statement.condition_span = statement.condition_span.map(|_| span);
    for reason in statement.doubts.iter_mut().chain(&mut statement.condition_unknown) {
        reason.span = reason.span.map(|_| span);
    }
}

fn place_text(text: &mut Text, span: Span) {
    text.span = span;
    for part in &mut text.parts {
        if let Part::Known(_, map) = part {
            *map = OffsetMap::whole(span);
        }
    }
}

/// The value of a JSON text, every part of it placed at `span`; `None` for a text that is not JSON.
pub fn value_at(json: &str, span: Span) -> Option<Value> {
    serde_json::from_str(json).ok().map(|json| placed(json, span))
}

fn placed(json: serde_json::Value, span: Span) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null(span),
        Json::Bool(flag) => Value::Text(Text::at(flag.to_string(), span)),
        Json::Number(number) => Value::Text(Text::at(number.to_string(), span)),
        Json::String(text) => Value::Text(Text::at(text, span)),
        Json::Array(items) => Value::List(items.into_iter().map(|item| placed(item, span)).collect(), span),
        Json::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| (Spanned::new(key, span), placed(value, span)));
            Value::Map(Map { entries: entries.collect(), span })
        }
    }
}

#[cfg(test)]
mod tests;
