//! JSON text to the tree. The only file that names the JSON parser.

use super::{Entry, Kind, Node, Parsed, Scalar, decoded, report_duplicate_keys};
use crate::diagnostic::Diagnostic;
use crate::source::{OffsetMap, Spanned};
use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Range;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

/// Why a text is not JSON, as offsets into it.
pub struct JsonError {
    pub range: std::ops::Range<usize>,
    pub message: String,
    /// The text is whole up to here, and another value follows.
    pub is_second_value: bool,
}

/// Reads JSON; comments and trailing commas, which AWS's own tools let pass, are taken.
pub fn parse(text: &str, origin: &OffsetMap) -> Result<Parsed, JsonError> {
    read(text, origin, false)
}

/// The same for a text with forgotten commas, bare keys or single quotes.
pub fn parse_leniently(text: &str, origin: &OffsetMap) -> Option<Parsed> {
    read(text, origin, true).ok()
}

fn read(text: &str, origin: &OffsetMap, lenient: bool) -> Result<Parsed, JsonError> {
    let collect = CollectOptions { comments: CommentCollectionStrategy::Separate, tokens: false };
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: lenient,
        allow_missing_commas: lenient,
        allow_single_quoted_strings: lenient,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let result = parse_to_ast(text, &collect, &options).map_err(|error| JsonError {
        range: error.range().start..error.range().end,
        message: error.kind().to_string(),
        is_second_value: matches!(error.kind(), ParseErrorKind::MultipleRootJsonValues),
    })?;
    let mut reader = Reader { text, origin, problems: Vec::new() };
    let documents = result.value.map(|value| reader.node(&value)).into_iter().collect();
    let mut comments: Vec<Spanned<String>> = result
        .comments
        .iter()
        .flat_map(|map| map.values())
        .flat_map(|list| list.iter())
        .map(|comment| {
            let range = jsonc_parser::common::Ranged::range(comment);
            Spanned::new(comment.text().to_owned(), origin.span(range.start..range.end))
        })
        .collect();
    // A comment is listed with the token before it and with the one behind it.
    comments.sort_by_key(|comment| comment.span);
    comments.dedup_by_key(|comment| comment.span);
    Ok(Parsed { documents, comments, problems: reader.problems, ..Parsed::default() })
}

struct Reader<'t> {
    text: &'t str,
    origin: &'t OffsetMap,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    // Recursion is bounded: the parser refuses more than 512 levels.
    fn node(&mut self, value: &Value) -> Node {
        match value {
            Value::StringLit(string) => self.string(&string.value, string.range),
            Value::NumberLit(number) => self.bare(number.value, number.range),
            Value::BooleanLit(boolean) => self.bare(if boolean.value { "true" } else { "false" }, boolean.range),
            Value::NullKeyword(null) => Node::new(Kind::Null, self.origin.span(null.range.start..null.range.end), None),
            Value::Array(array) => {
                let items = array.elements.iter().map(|item| self.node(item)).collect();
                Node::new(Kind::Sequence(items), self.origin.span(array.range.start..array.range.end), None)
            }
            Value::Object(object) => {
                let mut entries = Vec::with_capacity(object.properties.len());
                for property in &object.properties {
                    let key = match &property.name {
                        ObjectPropName::String(name) => self.string(&name.value, name.range),
                        ObjectPropName::Word(word) => self.bare(word.value, word.range),
                    };
                    entries.push(Entry { key, value: self.node(&property.value), merged: false });
                }
                report_duplicate_keys(&entries, &mut self.problems);
                Node::new(Kind::Mapping(entries), self.origin.span(object.range.start..object.range.end), None)
            }
        }
    }

    fn string(&self, value: &str, range: Range) -> Node {
        let inner = decoded::json_string(&self.text[range.start..range.end], value, range.start, self.origin.file());
        let map = self.origin.compose(&inner, value.len());
        let scalar = Scalar { text: value.into(), quoted: true, map };
        Node::new(Kind::Scalar(scalar), self.origin.span(range.start..range.end), None)
    }

    fn bare(&self, text: &str, range: Range) -> Node {
        let inner = OffsetMap::verbatim(self.origin.file(), range.start as u32);
        let scalar = Scalar { text: text.into(), quoted: false, map: self.origin.compose(&inner, text.len()) };
        Node::new(Kind::Scalar(scalar), self.origin.span(range.start..range.end), None)
    }
}
