//! Documents that stand in no file of the repository: everything in them is at one place, that of
//! the reference to them.

use crate::source::{Span, Spanned};
use crate::value::{Map, Text, Value};

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
