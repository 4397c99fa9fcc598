//! A place as programs read it: lines and columns are 1-based and count characters, offsets are bytes.

use crate::source::{Sources, Span};
use serde::Serialize;

#[derive(Serialize)]
pub struct Place<'a> {
    pub path: &'a str,
    pub start: Point,
    /// Behind the last character.
    pub end: Point,
}

#[derive(Serialize)]
pub struct Point {
    pub line: usize,
    pub column: usize,
    pub offset: u32,
}

pub fn place(span: Span, sources: &Sources) -> Place<'_> {
    let point = |offset: u32| {
        let position = sources.get(span.file).position(offset);
        Point { line: position.line, column: position.column, offset }
    };
    Place { path: sources.path(span.file), start: point(span.start), end: point(span.end) }
}
