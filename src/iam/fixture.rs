//! Values for the tests of this room, from JSON with a little notation: `<Name>` in a text is a
//! hole, `{"If": ["Name", a, b]}` a choice, `{"NoValue": 0}` nothing, `{"Unknown": "why"}` unknown.

use super::{Authority, Boundary, PolicyDocument, PolicyKind};
use crate::source::{OffsetMap, Sources, Span, Spanned};
use crate::value::{Branch, Condition, Hole, HoleKind, Map, Part, Text, Value};
use serde_json::Value as Json;

/// The one place of everything.
pub fn span() -> Span {
    let mut sources = Sources::new();
    let file = sources.add("test.yml", " ".repeat(64));
    Span::new(file, 3, 7)
}

pub fn text(notation: &str) -> Text {
    let mut parts = Vec::new();
    let mut rest = notation;
    while let Some((before, inside)) = rest.split_once('<') {
        let (name, after) = inside.split_once('>').expect("a hole is closed");
        parts.push(Part::Known(before.into(), OffsetMap::whole(span())));
        let kind = if name.starts_with("AWS::") { HoleKind::Pseudo } else { HoleKind::Parameter };
        let hole = Hole { name: name.to_owned(), kind, span: span(), template: span().file, default: None };
        parts.push(hole.into());
        rest = after;
    }
    parts.push(Part::Known(rest.into(), OffsetMap::whole(span())));
    Text { parts, span: span() }.normalised()
}

pub fn value(json: &str) -> Value {
    built(&serde_json::from_str(json).expect("the fixture is JSON"))
}

fn built(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null(span()),
        Json::String(notation) => Value::Text(text(notation)),
        Json::Bool(_) | Json::Number(_) => Value::Text(text(&json.to_string())),
        Json::Array(items) => Value::List(items.iter().map(built).collect(), span()),
        Json::Object(entries) => match entries.iter().next() {
            Some((key, Json::Array(parts))) if key == "If" => choice(parts),
            Some((key, _)) if key == "NoValue" => Value::Absent(span()),
            Some((key, reason)) if key == "Unknown" => Value::unknown(reason.as_str().unwrap_or_default(), span()),
            _ => {
                let entries = entries.iter().map(|(key, value)| (Spanned::new(key.clone(), span()), built(value)));
                Value::Map(Map { entries: entries.collect(), span: span() })
            }
        },
    }
}

fn choice(parts: &[Json]) -> Value {
    let name = parts[0].as_str().expect("a condition has a name");
    let branch = |value: &str, json: &Json| Branch {
        when: Condition { name: name.to_owned(), value: value.to_owned(), span: span() },
        value: built(json),
    };
    Value::Choice(vec![branch("true", &parts[1]), branch("false", &parts[2])], span())
}

/// A document of statements given as JSON, in version 2012-10-17.
pub fn document(statements: &str, kind: PolicyKind) -> PolicyDocument {
    let json = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    PolicyDocument::read(&value(&json), kind)
}

pub fn authority(statements: &str) -> Authority {
    Authority { documents: vec![document(statements, PolicyKind::Identity).into()], boundary: None, unseen: Vec::new() }
}

pub fn bounded(statements: &str, boundary: &str) -> Authority {
    let boundary = Boundary::Known(document(boundary, PolicyKind::Boundary));
    Authority { boundary: Some(boundary), ..authority(statements) }
}
