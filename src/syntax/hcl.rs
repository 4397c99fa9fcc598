//! HCL to the tree, in the form that the JSON syntax of Terraform has: a block is a mapping below its
//! name and its labels, an expression the text `${…}`. The only file that names the HCL parser.

use super::{Entry, Kind, Node, PARSE_ERROR, Parsed, Scalar};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, OffsetMap, Span};
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Block, Body, Structure};

/// Reads a file; of its blocks only those of one name, where one is given. What is no HCL gives no tree
/// and one problem.
pub fn parse(text: &str, file: FileId, only: Option<&str>) -> Parsed {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = Reader { text: body, file, start: text.len() - body.len() };
    match hcl_edit::parser::parse_body(body) {
        Ok(parsed) => {
            let is_wanted = |one: &&Structure| match (one, only) {
                (Structure::Block(block), Some(name)) => block.ident.as_str() == name,
                (Structure::Attribute(_), Some(_)) => false,
                (_, None) => true,
            };
            let entries = parsed.iter().filter(is_wanted).map(|one| reader.entry(one)).collect();
            let root = Node::new(Kind::Mapping(entries), reader.span(Some(0..body.len())), None);
            Parsed { documents: vec![root], ..Parsed::default() }
        }
        Err(error) => {
            let at = error.location().offset();
            let message = format!("this is no HCL: {}", error.message());
            let label = Label::new(reader.span(Some(at..(at + 1).min(body.len()))), "here");
            let problem = Diagnostic::new(PARSE_ERROR, Severity::High, message, label);
            Parsed { problems: vec![problem], ..Parsed::default() }
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    file: FileId,
    /// Where the text starts in the file: behind a byte order mark.
    start: usize,
}

// Recursion is bounded: the parser refuses more than 64 levels.
impl Reader<'_> {
    fn entry(&self, structure: &Structure) -> Entry {
        match structure {
            Structure::Attribute(attribute) => {
                let key = self.scalar(attribute.key.as_str(), true, span_of(&attribute.key));
                Entry { key, value: self.value(&attribute.value), merged: false }
            }
            Structure::Block(block) => self.block(block),
        }
    }

    /// `backend "s3" { … }`: `{"backend": {"s3": { … }}}`
    fn block(&self, block: &Block) -> Entry {
        let whole = span_of(block);
        let mut value = self.body(&block.body, whole.clone());
        for label in block.labels.iter().rev() {
            let place = match label {
                hcl_edit::structure::BlockLabel::Ident(ident) => span_of(ident),
                hcl_edit::structure::BlockLabel::String(string) => span_of(string),
            };
            let key = self.scalar(label.as_str(), true, place);
            value = Node::new(Kind::Mapping(vec![Entry { key, value, merged: false }]), self.span(whole.clone()), None);
        }
        Entry { key: self.scalar(block.ident.as_str(), true, span_of(&block.ident)), value, merged: false }
    }

    fn body(&self, body: &Body, whole: Place) -> Node {
        Node::new(Kind::Mapping(body.iter().map(|one| self.entry(one)).collect()), self.span(whole), None)
    }

    fn value(&self, expression: &Expression) -> Node {
        let place = span_of(expression);
        match expression {
            Expression::Null(_) => Node::new(Kind::Null, self.span(place), None),
            Expression::String(text) => self.scalar(text.as_str(), true, place),
            Expression::Bool(_) | Expression::Number(_) => self.scalar(&self.written(&place), false, place),
            Expression::StringTemplate(_) => {
                let written = self.written(&place);
                let inside = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&written);
                self.scalar(inside, true, place)
            }
            Expression::Array(array) => {
                Node::new(Kind::Sequence(array.iter().map(|item| self.value(item)).collect()), self.span(place), None)
            }
            Expression::Object(object) => {
                let entries = object.iter().map(|(key, value)| {
                    let key = match key {
                        ObjectKey::Ident(ident) => self.scalar(ident.as_str(), true, span_of(ident)),
                        ObjectKey::Expression(expression) => self.value(expression),
                    };
                    Entry { key, value: self.value(value.expr()), merged: false }
                });
                Node::new(Kind::Mapping(entries.collect()), self.span(place), None)
            }
            _ => self.scalar(&format!("${{{}}}", self.written(&place)), true, place),
        }
    }

    /// A text that stands at a place, in quotes or without.
    fn scalar(&self, text: &str, quoted: bool, place: Place) -> Node {
        let span = self.span(place.clone());
        let written = self.written(&place);
        let map = match written.find(text) {
            Some(at) if written.len() - text.len() <= 2 => OffsetMap::verbatim(self.file, span.start + at as u32),
            _ => OffsetMap::whole(span),
        };
        Node::new(Kind::Scalar(Scalar { text: text.into(), quoted, map }), span, None)
    }

    fn written(&self, place: &Place) -> String {
        place.clone().and_then(|range| self.text.get(range)).unwrap_or_default().trim().to_owned()
    }

    fn span(&self, place: Place) -> Span {
        let range = place.unwrap_or_default();
        Span::new(self.file, self.start + range.start, self.start + range.end)
    }
}

type Place = Option<std::ops::Range<usize>>;

fn span_of(node: &impl hcl_edit::Span) -> Place {
    node.span()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn read(text: &str, look: impl Fn(&Parsed, &dyn Fn(Span) -> String)) {
        let mut sources = Sources::new();
        let file = sources.add("main.tf", text);
        let parsed = parse(text, file, None);
        look(&parsed, &|span| sources.slice(span).to_owned());
    }

    #[test]
    fn blocks_are_mappings_below_their_labels() {
        read("\u{feff}terraform {\n  backend \"s3\" {\n    bucket = \"a\"\n  }\n}\n", |parsed, slice| {
            let backend = parsed.root().and_then(|root| root.get("terraform")?.entry("backend")).expect("a backend");
            assert_eq!(slice(backend.key.span()), "backend");
            let kind = &backend.value.entries().expect("a label")[0];
            assert_eq!(slice(kind.key.span()), "\"s3\"");
            let bucket = kind.value.get("bucket").and_then(Node::as_scalar).expect("a bucket");
            assert_eq!(slice(bucket.map.span(0..1)), "a");
        });
    }

    #[test]
    fn expressions_are_texts_as_the_json_syntax_has_them() {
        let text = "a = var.x\nb = \"${var.x}-y\"\nc = true\nd = { e = 12 }\nf = null\n";
        read(text, |parsed, _| {
            let root = parsed.root().expect("a tree");
            let text = |name: &str| root.get(name).and_then(Node::as_str).map(str::to_owned);
            assert_eq!(text("a").as_deref(), Some("${var.x}"));
            assert_eq!(text("b").as_deref(), Some("${var.x}-y"));
            assert_eq!(text("c").as_deref(), Some("true"));
            assert_eq!(root.get("d").and_then(|d| d.get("e")?.as_str()), Some("12"));
            assert!(root.get("f").is_some_and(Node::is_null));
        });
    }

    #[test]
    fn what_is_no_hcl_is_told_at_its_place_and_nothing_overflows() {
        read("terraform {\n  backend = = 1\n}\n", |parsed, slice| {
            assert!(parsed.documents.is_empty());
            assert_eq!(slice(parsed.problems[0].primary.span), "=");
        });
        for open in ["[", "(", "{a=", "${", "a {\n", "\"${", "!", "-"] {
            read(&format!("a = {}", open.repeat(20_000)), |parsed, _| assert!(!parsed.problems.is_empty(), "{open}"));
            read(&open.repeat(20_000), |parsed, _| assert!(!parsed.problems.is_empty(), "{open}"));
        }
    }
}
