//! Variables in the values of a compose file.
//!
//! Source: <https://docs.docker.com/reference/compose-file/interpolation/>

use crate::source::{OffsetMap, Spanned};
use crate::value::{Hole, HoleKind, Part, Text};
use std::collections::HashMap;

/// What the file `.env` beside the compose file sets. The shell that starts it goes first, so that
/// these are defaults.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    pub values: HashMap<String, String>,
}

impl Variables {
    /// The text with its variables as holes; `$$` is a `$`.
    pub fn put_in(&self, text: &Text) -> Text {
        if !text.parts.iter().any(|part| matches!(part, Part::Known(known, _) if known.contains('$'))) {
            return text.clone();
        }
        let mut parts = Vec::new();
        for part in &text.parts {
            match part {
                Part::Known(known, map) => self.put_in_known(known, map, &mut parts),
                hole => parts.push(hole.clone()),
            }
        }
        Text { parts, span: text.span }.normalised()
    }

    fn put_in_known(&self, text: &str, map: &OffsetMap, parts: &mut Vec<Part>) {
        let mut literal = 0;
        let mut at = 0;
        let put = |parts: &mut Vec<Part>, range: std::ops::Range<usize>| {
            if !range.is_empty() {
                parts.push(Part::Known(text[range.clone()].into(), map.slice(range)));
            }
        };
        while let Some(found) = text[at..].find('$') {
            let start = at + found;
            if text[start + 1..].starts_with('$') {
                put(parts, literal..start + 1);
                at = start + 2;
                literal = at;
            } else if let Some((name, default, len)) = reference(&text[start..]) {
                put(parts, literal..start);
                let default = self.values.get(name).map(String::as_str).or(default);
                // A default with variables in it is not evaluated.
                let default = default.filter(|text| !text.contains('$')).map(Into::into);
                let span = map.span(start..start + len);
                let hole = Hole { name: name.into(), kind: HoleKind::Variable, span, template: span.file, default };
                parts.push(hole.into());
                at = start + len;
                literal = at;
            } else {
                at = start + 1;
            }
        }
        put(parts, literal..text.len());
    }
}

/// `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}`: the name, the default, the length.
fn reference(text: &str) -> Option<(&str, Option<&str>, usize)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(inside) = text.strip_prefix("${") {
        let mut depth = 1;
        let close = inside.char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        let inside = &inside[..close?.0];
        let end = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
        let default = inside[end..].strip_prefix(":-").or_else(|| inside[end..].strip_prefix('-'));
        return (end > 0).then_some((&inside[..end], default, inside.len() + 3));
    }
    let rest = &text[1..];
    let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    let starts_well = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well.then_some((&rest[..end], None, end + 1))
}

/// `NAME=value`; without `=` there is no value.
pub fn split_at_equals(text: &Text) -> (Spanned<String>, Option<Text>) {
    match text.parts.first() {
        Some(Part::Known(known, map)) if known.contains('=') => {
            let at = known.find('=').unwrap_or(known.len());
            let name = Spanned::new(known[..at].to_owned(), map.span(0..at));
            let rest = Part::Known(known[at + 1..].into(), map.slice(at + 1..known.len()));
            let span = map.span(at + 1..known.len());
            let parts = std::iter::once(rest).chain(text.parts[1..].iter().cloned()).collect();
            let span = if span.is_empty() { text.span } else { span };
            (name, Some(Text { parts, span }))
        }
        _ => (Spanned::new(text.display().into_owned(), text.span), None),
    }
}

/// The text up to the first colon that is known.
pub fn before_colon(text: &Text) -> Text {
    let mut parts = Vec::new();
    for part in &text.parts {
        match part {
            Part::Known(known, map) if known.contains(':') => {
                let at = known.find(':').unwrap_or(known.len());
                parts.push(Part::Known(known[..at].into(), map.slice(0..at)));
                break;
            }
            part => parts.push(part.clone()),
        }
    }
    Text { parts, span: text.span }
}
