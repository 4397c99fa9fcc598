//! JSON with an error of syntax: what a person forgot is understood, a faulty line is left out.

use super::{MAX_REPAIRS, REREAD_BUDGET, count, lower_first, patched};
use crate::source::{LineIndex, OffsetMap, Span};
use crate::syntax::json::{self, JsonError};
use crate::syntax::{Parsed, problem};
use std::collections::BTreeMap;

/// JSON, mended where it has to be: forgotten commas and quotes are understood, a faulty line is
/// left out, and at the worst the part before the error is read.
pub fn parse_json(text: &str, origin: &OffsetMap, error: JsonError) -> Parsed {
    let span = origin.span(error.range.clone());
    let message = format!("this is not JSON: {}", lower_first(&error.message));
    let mut found = problem(span, message, "the error is here or just before");
    found.subject = "json".into();
    if let Some(parsed) = json::parse_leniently(text, origin) {
        found.help = Some("mend the place; what stands here was understood as far as it can be".into());
        return Parsed { problems: [parsed.problems, vec![found]].concat(), repaired: vec![span], ..parsed };
    }
    found.help = Some(json_advice(&error.message).into());
    let offset = error.range.start;
    if let Some((parsed, repaired)) = without_faulty_lines(text, origin, error) {
        found.notes.push(format!("read without {}", count(repaired.len(), "place")));
        return Parsed { problems: [parsed.problems, vec![found]].concat(), repaired, ..parsed };
    }
    let parsed = before_the_error(text, origin, offset).unwrap_or_default();
    found.notes.push("only what stands before the error was read".into());
    Parsed { problems: [parsed.problems, vec![found]].concat(), repaired: vec![span], ..parsed }
}

/// The text up to the last comma or opening bracket before an error, with all brackets closed there.
fn before_the_error(text: &str, origin: &OffsetMap, offset: usize) -> Option<Parsed> {
    let mut closing: Vec<char> = Vec::new();
    let mut cut = (0, String::new());
    let mut in_string = false;
    let mut escaped = false;
    for (at, c) in text.get(..offset)?.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '{' => closing.push('}'),
            '[' => closing.push(']'),
            '}' | ']' => drop(closing.pop()),
            _ => {}
        }
        if closing.len() > MAX_OPEN {
            return None;
        }
        if !in_string && matches!(c, ',' | '{' | '[') {
            cut = (at + 1, closing.iter().rev().collect());
        }
    }
    let edits = BTreeMap::from([(cut.0, (text.len() - cut.0, cut.1))]);
    let (text, map) = patched(text, &edits, origin);
    json::parse_leniently(&text, &origin.compose(&map, text.len()))
}

/// Deeper texts are refused by the parser anyway.
const MAX_OPEN: usize = 512;

/// The text read as if its faulty lines were blank, and an escape that is no character another one.
fn without_faulty_lines(text: &str, origin: &OffsetMap, error: JsonError) -> Option<(Parsed, Vec<Span>)> {
    let lines = LineIndex::new(text);
    let mut masked = text.to_owned();
    let mut repaired = Vec::new();
    let mut budget = REREAD_BUDGET;
    let mut offset = error.range.start;
    while repaired.len() < MAX_REPAIRS && budget >= text.len() {
        budget -= text.len();
        let escape = offset..offset + 6;
        let (range, filling) = if masked.get(escape.clone()).is_some_and(|unit| unit.starts_with(r"\u")) {
            (escape, r"\ufffd".to_owned())
        } else {
            let range = lines.range(text, lines.line(offset))?;
            (range.clone(), " ".repeat(range.len()))
        };
        if masked[range.clone()].trim().is_empty() {
            return None;
        }
        masked.replace_range(range.clone(), &filling);
        repaired.push(origin.span(range));
        match json::parse(&masked, origin) {
            Ok(parsed) => return (!parsed.documents.is_empty()).then_some((parsed, repaired)),
            Err(next) => offset = next.range.start,
        }
    }
    None
}

/// What most often is wrong with a text that is no JSON.
fn json_advice(message: &str) -> &'static str {
    let message = message.to_ascii_lowercase();
    if message.contains("depth") {
        "flatten the structure; no template that AWS takes is nested so deeply"
    } else if message.contains("unterminated") {
        "close what is open here"
    } else if message.contains("escape") {
        "write the character itself, or both halves of its surrogate pair"
    } else if message.contains("more than one") {
        "keep one document in a file"
    } else {
        "check the commas, quotes and brackets around this place"
    }
}
