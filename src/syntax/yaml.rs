//! YAML events to the tree. The only file that names the YAML parser.

use super::decoded::{self, Style};
use super::{Entry, Kind, Node, Parsed, Scalar, problem, report_duplicate_keys, resolve_merge_keys};
use crate::source::{OffsetMap, Span, Spanned};
use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};
use std::collections::HashMap;

/// A tree, and the error that ended it early if there was one.
pub struct YamlTree {
    pub parsed: Parsed,
    pub error: Option<YamlError>,
}

pub struct YamlError {
    /// Offset into the text.
    pub offset: usize,
    pub message: String,
    /// Deeper nesting than is read; no repair of a line helps.
    pub too_deep: bool,
}

/// A document whose aliases stand for more nodes than this is not read to its end: no template of a
/// person is, and a few nested aliases can stand for billions.
const MAX_ALIASED_NODES: u64 = 200_000;

/// Reads as far as the text is YAML; containers still open at an error are closed there.
pub fn parse(text: &str, origin: &OffsetMap) -> YamlTree {
    let mut options = Options::default();
    options.max_buffered_comment_events = 1 << 20;
    options.emit_unresolved_aliases = true;
    // Minified JSON with a short-form tag has keys far along a line.
    options.simple_key_max_lookahead = 1 << 20;
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder {
        text,
        origin,
        parsed: Parsed::default(),
        frames: Vec::new(),
        anchors: HashMap::new(),
        aliased_nodes: 0,
    };
    let mut error = None;
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => builder.event(event, &span),
            Err(scan) => {
                let offset = scan.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                let message = scan.info();
                let too_deep = message.contains("nest") || message.contains("depth") || message.contains("recursion");
                error = Some(YamlError { offset, message, too_deep });
                break;
            }
        }
    }
    builder.close_all();
    YamlTree { parsed: builder.parsed, error }
}

struct Builder<'t> {
    text: &'t str,
    origin: &'t OffsetMap,
    parsed: Parsed,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    aliased_nodes: u64,
}

/// A collection whose end has not come yet. Offsets are into the text.
struct Frame {
    start: usize,
    end: usize,
    tag: Option<Spanned<String>>,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, key: Option<Node> },
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, place: &granit_parser::Span) {
        let start = place.start.byte_offset().unwrap_or(0);
        let end = place.end.byte_offset().unwrap_or(start);
        match event {
            Event::Comment(text, _) => {
                self.parsed.comments.push(Spanned::new(text.into_owned(), self.origin.span(start..end)));
            }
            Event::Scalar(value, style, anchor, tag) => {
                let node = self.scalar(&value, style, tag.as_deref(), place, start..end);
                self.define(anchor, &node);
                self.push(node);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(place, start, end, anchor, tag.as_deref(), Content::Sequence(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                let content = Content::Mapping { entries: Vec::new(), key: None };
                self.open(place, start, end, anchor, tag.as_deref(), content);
            }
            // The end of a block collection is placed at the next token; only a flow collection
            // ends with a character of its own.
            Event::SequenceEnd | Event::MappingEnd => {
                let closes = matches!(self.text.as_bytes().get(start), Some(b']' | b'}')) && end > start;
                self.close(closes.then_some(end));
            }
            Event::Alias(id) => self.alias(id, self.origin.span(start..end)),
            Event::UnresolvedAlias(name) => {
                let span = self.origin.span(start..end);
                let message = format!("the alias `*{name}` has no anchor `&{name}` before it");
                let found = problem(span, message, "unknown anchor");
                let help = format!("define the anchor above, or quote the text: `\"*{name}\"`");
                self.parsed.problems.push(found.with_help(help));
                self.push(Node::new(Kind::Unreadable("an alias without an anchor"), span, None));
            }
            Event::DocumentEnd => self.close_all(),
            _ => {}
        }
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        place: &granit_parser::Span,
        range: std::ops::Range<usize>,
    ) -> Node {
        let written = self.text.get(range.clone()).unwrap_or("");
        let tag_name = tag.and_then(local_tag);
        // An empty value comes as `~` at an empty place.
        let value = if range.is_empty() && style == ScalarStyle::Plain { "" } else { value };
        let is_string = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
        let quoted = style != ScalarStyle::Plain || is_string;
        let span = self.scalar_span(written, style, &range);
        let tag = tag_name.map(|name| Spanned::new(name, self.tag_span(place, span)));
        // A key is text whatever it looks like: `Null: { aws:TokenIssueTime: true }` is an operator.
        let is_key = matches!(self.frames.last(), Some(Frame { content: Content::Mapping { key: None, .. }, .. }));
        let is_null = value.is_empty() || (!is_key && matches!(value, "~" | "null" | "Null" | "NULL"));
        if !quoted && tag.is_none() && is_null {
            return Node::new(Kind::Null, span, None);
        }
        let style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal(self.block_indent(place, range.start)),
            ScalarStyle::Folded => Style::Folded(self.block_indent(place, range.start)),
            _ => Style::Plain,
        };
        let inner = decoded::yaml_scalar(written, value, range.start, self.origin.file(), style);
        let map = self.origin.compose(&inner, value.len());
        Node::new(Kind::Scalar(Scalar { text: value.into(), quoted, map }), span, tag)
    }

    /// The place of an empty value is the end of its key; a block scalar ends with its last character.
    fn scalar_span(&self, written: &str, style: ScalarStyle, range: &std::ops::Range<usize>) -> Span {
        let trimmed = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => written.trim_end().len(),
            _ => written.len(),
        };
        if range.is_empty()
            && let Some(Frame { content: Content::Mapping { key: Some(key), .. }, .. }) = self.frames.last()
        {
            return Span { start: key.span().end, ..key.span() };
        }
        self.origin.span(range.start..range.start + trimmed)
    }

    fn block_indent(&self, place: &granit_parser::Span, start: usize) -> usize {
        place.indent.unwrap_or_else(|| {
            let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
            start - line
        })
    }

    fn tag_span(&self, place: &granit_parser::Span, fallback: Span) -> Span {
        let Some(start) = place.tag_start().and_then(|marker| marker.byte_offset()) else { return fallback };
        let len = self.text[start..].find([' ', '\n', '\r', '\t', '[', '{', ',']).unwrap_or(self.text.len() - start);
        self.origin.span(start..start + len)
    }

    fn open(
        &mut self,
        place: &granit_parser::Span,
        start: usize,
        end: usize,
        anchor: usize,
        tag: Option<&Tag>,
        content: Content,
    ) {
        let fallback = self.origin.span(start..end);
        let tag = tag.and_then(local_tag).map(|name| Spanned::new(name, self.tag_span(place, fallback)));
        self.frames.push(Frame { start, end, tag, anchor, content });
    }

    fn close(&mut self, flow_end: Option<usize>) {
        let Some(frame) = self.frames.pop() else { return };
        let (kind, last) = match frame.content {
            Content::Sequence(items) => {
                let last = items.last().map(Node::site);
                (Kind::Sequence(items), last)
            }
            Content::Mapping { mut entries, key } => {
                let cut_off =
                    key.map(|key| Entry { value: Node::new(Kind::Null, key.span(), None), key, merged: false });
                entries.extend(cut_off);
                report_duplicate_keys(&entries, &mut self.parsed.problems);
                let last = entries.last().map(|entry| entry.value.site());
                resolve_merge_keys(&mut entries);
                (Kind::Mapping(entries), last)
            }
        };
        let opened = self.origin.span(frame.start..frame.end.max(frame.start));
        let span = match (flow_end, last) {
            (Some(end), _) => self.origin.span(frame.start..end),
            (None, Some(last)) => Span { start: opened.start, end: last.end.max(opened.start), ..opened },
            (None, None) => opened,
        };
        let node = Node::new(kind, span, frame.tag);
        self.define(frame.anchor, &node);
        self.push(node);
    }

    fn close_all(&mut self) {
        while !self.frames.is_empty() {
            self.close(None);
        }
    }

    fn define(&mut self, anchor: usize, node: &Node) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
    }

    fn alias(&mut self, id: usize, span: Span) {
        let unreadable = |reason| Node::new(Kind::Unreadable(reason), span, None);
        let node = match self.anchors.get(&id) {
            None => {
                let found = problem(span, "an alias stands inside its own anchor", "refers to itself");
                self.parsed.problems.push(found.with_help("write the part out; a value cannot hold itself"));
                unreadable("an alias that refers to itself")
            }
            Some(target) => {
                let before = self.aliased_nodes;
                self.aliased_nodes += u64::from(target.weight());
                if self.aliased_nodes <= MAX_ALIASED_NODES {
                    target.aliased(span)
                } else {
                    if before <= MAX_ALIASED_NODES {
                        let message = format!("aliases stand for more than {MAX_ALIASED_NODES} nodes");
                        let found = problem(span, message, "this alias and those below are not followed");
                        self.parsed.problems.push(found.with_help("write the repeated part out, or split the file"));
                    }
                    unreadable("an alias that stands for too much")
                }
            }
        };
        self.push(node);
    }

    fn push(&mut self, node: Node) {
        let Some(frame) = self.frames.last_mut() else {
            self.parsed.documents.push(node);
            return;
        };
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, key } => match key.take() {
                None => *key = Some(node),
                Some(name) => entries.push(Entry { key: name, value: node, merged: false }),
            },
        }
    }
}

/// The name of a local tag (`!Sub` → `Sub`); tags of YAML itself say nothing that we use.
fn local_tag(tag: &Tag) -> Option<String> {
    let is_local = !tag.is_yaml_core_schema();
    is_local.then(|| tag.original().trim_start_matches('!').to_owned()).filter(|name| !name.is_empty())
}
