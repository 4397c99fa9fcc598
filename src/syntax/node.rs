//! One tree for YAML and JSON. Every scalar, key and item keeps the place it was read from.

use crate::source::{OffsetMap, Span, Spanned};
use compact_str::CompactString;
use std::sync::Arc;

/// A node of the tree; cloning it is cheap, and an alias shares the node of its anchor.
#[derive(Clone, Debug)]
pub struct Node {
    data: Arc<NodeData>,
    /// Where `*anchor` stands, when the node was reached through an alias, as few are.
    alias: Option<Box<Span>>,
}

#[derive(Debug)]
struct NodeData {
    kind: Kind,
    span: Span,
    /// Few nodes have one.
    tag: Option<Box<Spanned<String>>>,
    weight: u32,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Null,
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    /// A part of the file that was not taken in, and why.
    Unreadable(&'static str),
}

/// A scalar, decoded.
#[derive(Clone, Debug)]
pub struct Scalar {
    pub text: CompactString,
    /// Whether quotes or a block style make it a string whatever it looks like.
    pub quoted: bool,
    /// From offsets in `text` to bytes of the file.
    pub map: OffsetMap,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: Node,
    pub value: Node,
    /// Came in through a merge key (`<<`).
    pub merged: bool,
}

impl Node {
    pub fn new(kind: Kind, span: Span, tag: Option<Spanned<String>>) -> Node {
        let children: u32 = match &kind {
            Kind::Null | Kind::Scalar(_) | Kind::Unreadable(_) => 0,
            Kind::Sequence(items) => items.iter().fold(0, |sum, item| sum.saturating_add(item.weight())),
            Kind::Mapping(entries) => entries
                .iter()
                .fold(0, |sum: u32, entry| sum.saturating_add(entry.key.weight()).saturating_add(entry.value.weight())),
        };
        Node {
            data: Arc::new(NodeData { kind, span, tag: tag.map(Box::new), weight: children.saturating_add(1) }),
            alias: None,
        }
    }

    /// A scalar that is not written in a file as it is; every place of it is `span`.
    pub fn text(text: &str, span: Span) -> Node {
        let scalar = Scalar { text: text.into(), quoted: true, map: OffsetMap::whole(span) };
        Node::new(Kind::Scalar(scalar), span, None)
    }

    /// The same node, reached through an alias that stands at `span`.
    pub fn aliased(&self, span: Span) -> Node {
        Node { data: self.data.clone(), alias: Some(Box::new(span)) }
    }

    pub fn kind(&self) -> &Kind {
        &self.data.kind
    }

    /// Where the content stands; for an alias that is where its anchor is.
    pub fn span(&self) -> Span {
        self.data.span
    }

    /// Where the node is used: the alias if there is one, else its own place.
    pub fn site(&self) -> Span {
        self.alias.as_deref().copied().unwrap_or(self.data.span)
    }

    /// The local tag without its `!`, such as `Sub` or `GetAtt`.
    pub fn tag(&self) -> Option<&Spanned<String>> {
        self.data.tag.as_deref()
    }

    /// How many nodes a walk below this one meets, aliases followed.
    pub fn weight(&self) -> u32 {
        self.data.weight
    }

    pub fn is_null(&self) -> bool {
        matches!(self.data.kind, Kind::Null)
    }

    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.data.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    pub fn items(&self) -> Option<&[Node]> {
        match &self.data.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.data.kind {
            Kind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry with this key; of duplicates the last, as most readers take it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries()?.iter().rev().find(|entry| entry.key.as_str() == Some(key))
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Calls `visit` on every node below and including this one, keys too, aliases not followed.
    pub fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Node)) {
        visit(self);
        match &self.data.kind {
            Kind::Null | Kind::Scalar(_) | Kind::Unreadable(_) => {}
            Kind::Sequence(items) => items.iter().filter(|item| item.alias.is_none()).for_each(|item| item.walk(visit)),
            Kind::Mapping(entries) => {
                for entry in entries.iter().filter(|entry| !entry.merged) {
                    entry.key.walk(visit);
                    if entry.value.alias.is_none() {
                        entry.value.walk(visit);
                    }
                }
            }
        }
    }
}
