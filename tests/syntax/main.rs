//! Reading text: spans that hold, hostile input that ends, intrinsics that leave known what is known.

mod hostile;
mod intrinsics;
mod spans;
mod sweep;
#[path = "../walk/mod.rs"]
mod walk;

use iamlint::source::{FileId, Sources, Span};
use iamlint::syntax::{self, Kind, Node, Parsed};

/// One text, read as a file.
struct Read {
    sources: Sources,
    file: FileId,
    parsed: Parsed,
}

fn read(text: &str) -> Read {
    let mut sources = Sources::new();
    let file = sources.add("fixture", text);
    let parsed = syntax::parse(text, file);
    Read { sources, file, parsed }
}

impl Read {
    fn root(&self) -> &Node {
        self.parsed.root().expect("a document")
    }

    /// The node under these keys; a number is an index.
    fn at(&self, path: &str) -> &Node {
        path.split('/').filter(|key| !key.is_empty()).fold(self.root(), |node, key| {
            let below = match key.parse::<usize>() {
                Ok(index) => node.items().and_then(|items| items.get(index)),
                Err(_) => node.get(key),
            };
            below.unwrap_or_else(|| panic!("nothing under `{key}` of `{path}`"))
        })
    }

    fn slice(&self, span: Span) -> &str {
        self.sources.slice(span)
    }

    /// The source under a part of a scalar's decoded text.
    fn under(&self, node: &Node, part: &str) -> &str {
        let scalar = node.as_scalar().expect("a scalar");
        let at = scalar.text.find(part).unwrap_or_else(|| panic!("`{part}` in {:?}", scalar.text));
        self.slice(scalar.map.span(at..at + part.len()))
    }

    /// `line:column message | help`, one for each problem.
    fn problems(&self) -> Vec<String> {
        let shown = self.parsed.problems.iter().map(|found| {
            let at = self.sources.position(found.primary.span);
            format!("{}:{} {} | {}", at.line, at.column, found.message, found.help.as_deref().unwrap_or("-"))
        });
        shown.collect()
    }
}

/// A tree on one line; scalars are quoted, aliases followed.
fn shape(node: &Node) -> String {
    let tag = node.tag().map(|tag| format!("!{} ", tag.value)).unwrap_or_default();
    let body = match node.kind() {
        Kind::Null => "null".to_owned(),
        Kind::Scalar(scalar) => format!("{:?}", scalar.text),
        Kind::Unreadable(reason) => format!("<{reason}>"),
        Kind::Sequence(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(", ")),
        Kind::Mapping(entries) => {
            let entries = entries.iter().map(|entry| format!("{}: {}", shape(&entry.key), shape(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    };
    tag + &body
}
