//! Values of a Dockerfile: quotes taken off, and variables put in.
//!
//! Source: <https://docs.docker.com/reference/dockerfile/#environment-replacement>

use crate::source::{OffsetMap, Span};
use crate::syntax::dockerfile::Line;
use crate::value::{Hole, HoleKind, Part, Text};
use std::collections::HashMap;

/// Variables that are set where an instruction stands.
#[derive(Clone, Debug, Default)]
pub struct Known {
    values: HashMap<String, (Option<Text>, bool)>,
}

impl Known {
    /// `is_argument`: who builds the image may set it otherwise.
    pub fn set(&mut self, name: &str, value: Option<Text>, is_argument: bool) {
        self.values.insert(name.to_owned(), (value, is_argument));
    }

    pub fn get(&self, name: &str) -> Option<&Text> {
        self.values.get(name)?.0.as_ref()
    }
}

/// The value that is written, without quotes and with what is known of its variables.
pub fn value(line: &Line, known: &Known) -> Text {
    let text = line.text.as_str();
    let mut parts: Vec<Part> = Vec::new();
    let mut literal = 0;
    let mut quote: Option<char> = None;
    let mut at = 0;
    let put = |parts: &mut Vec<Part>, range: std::ops::Range<usize>| {
        if !range.is_empty() {
            parts.push(Part::Known(text[range.clone()].into(), line.map.slice(range)));
        }
    };
    while let Some(c) = text[at..].chars().next() {
        let next = at + c.len_utf8();
        match (quote, c) {
            (Some(open), _) if c == open => {
                put(&mut parts, literal..at);
                (quote, literal) = (None, next);
            }
            (None, '"' | '\'') => {
                put(&mut parts, literal..at);
                (quote, literal) = (Some(c), next);
            }
            (Some('\''), _) => {}
            (_, '\\') => {
                put(&mut parts, literal..at);
                literal = next;
                at = next + text[next..].chars().next().map_or(0, char::len_utf8);
                continue;
            }
            (_, '$') => {
                if let Some((name, default, len)) = reference(&text[at..]) {
                    put(&mut parts, literal..at);
                    let span = line.map.span(at..at + len);
                    add(&mut parts, known, name, default, span);
                    at += len;
                    literal = at;
                    continue;
                }
            }
            _ => {}
        }
        at = next;
    }
    put(&mut parts, literal..text.len());
    if parts.is_empty() {
        parts.push(Part::Known("".into(), line.map.clone()));
    }
    Text { parts, span: line.span() }.normalised()
}

/// `$NAME`, `${NAME}`, `${NAME:-default}`: the name, the default, and how long it is.
fn reference(text: &str) -> Option<(&str, Option<&str>, usize)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(inside) = text.strip_prefix("${") {
        let close = inside.find('}')?;
        let inside = &inside[..close];
        let end = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
        let default = inside[end..].strip_prefix(":-").or_else(|| inside[end..].strip_prefix('-'));
        return (end > 0).then_some((&inside[..end], default, close + 3));
    }
    let rest = &text[1..];
    let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    (end > 0).then_some((&rest[..end], None, end + 1))
}

fn add(parts: &mut Vec<Part>, known: &Known, name: &str, default: Option<&str>, span: Span) {
    let hole = |default: Option<String>| {
        Hole { name: name.to_owned(), kind: HoleKind::Variable, span, template: span.file, default }.into()
    };
    match known.values.get(name) {
        Some((Some(value), false)) => parts.extend(value.parts.iter().take(64).map(|part| match part {
            Part::Known(text, _) => Part::Known(text.clone(), OffsetMap::whole(span)),
            Part::Hole(hole) => Hole { span, ..Hole::clone(hole) }.into(),
        })),
        Some((Some(value), true)) => parts.push(hole(value.with_defaults())),
        _ => parts.push(hole(default.map(str::to_owned))),
    }
}
