//! Text of which parts may be known only at deployment.

use crate::source::{FileId, OffsetMap, Span};
use crate::syntax::Scalar;
use compact_str::CompactString;
use std::borrow::Cow;

/// Text with holes: `arn:${AWS::Partition}:s3:::${Bucket}/*` has two.
#[derive(Clone, Debug)]
pub struct Text {
    pub parts: Vec<Part>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Part {
    Known(CompactString, OffsetMap),
    /// Most parts are known: the others are kept aside, so that those stay small.
    Hole(Box<Hole>),
}

/// A piece of text that only the deployment knows.
#[derive(Clone, Debug)]
pub struct Hole {
    /// As the user writes it: `AWS::Region`, `Bucket`, `Role.Arn`, `self:custom.stage`. Two holes
    /// with one name in one template hold the same text.
    pub name: String,
    pub kind: HoleKind,
    pub span: Span,
    /// The template whose name it is: the file of `span`, unless a template takes that file in.
    pub template: FileId,
    /// The default of the parameter, when it has one. It may be overridden.
    pub default: Option<String>,
}

impl From<Hole> for Part {
    fn from(hole: Hole) -> Part {
        Part::Hole(Box::new(hole))
    }
}

impl Hole {
    /// The resource that is meant: `Role` of `Role` and of `Role.Arn`.
    pub fn logical_id(&self) -> &str {
        self.name.split('.').next().unwrap_or(&self.name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoleKind {
    /// `AWS::Region`, `AWS::AccountId`, …
    Pseudo,
    Parameter,
    /// `Ref` or `Fn::GetAtt` of a resource of the same template.
    Resource,
    Import,
    /// `{{resolve:…}}`
    Dynamic,
    /// A variable of a tool that runs before CloudFormation, such as `${{self:…}}`.
    Tool,
    /// A variable of the shell.
    Variable,
    /// A name that nothing in the template declares.
    Undeclared,
    /// Anything else, such as `Fn::GetAZs` or a transform.
    Computed,
}

/// A text made flat so that it can be parsed: each hole is a marker of private-use characters.
pub struct Rendered {
    pub text: String,
    pub map: OffsetMap,
    pub holes: Vec<Hole>,
}

const MARK_OPEN: char = '\u{E000}';
const MARK_CLOSE: char = '\u{E001}';

/// What stands in a flat text for the hole with this index.
pub fn marker(index: usize) -> String {
    format!("{MARK_OPEN}{index}{MARK_CLOSE}")
}

/// Whether a flat text has a hole in it.
pub fn has_marker(text: &str) -> bool {
    text.contains(MARK_OPEN)
}

/// Texts one behind the other; what is made of them has one place.
pub fn joined<'t>(texts: impl IntoIterator<Item = &'t Text>, span: Span) -> Text {
    let parts = texts.into_iter().flat_map(|text| text.parts.iter().cloned()).collect();
    Text { parts, span }.normalised()
}

impl Text {
    pub fn from_scalar(scalar: &Scalar, span: Span) -> Text {
        Text { parts: vec![Part::Known(scalar.text.clone(), scalar.map.clone())], span }
    }

    pub fn from_hole(hole: Hole) -> Text {
        Text { span: hole.span, parts: vec![hole.into()] }
    }

    /// A text that is not written in a file as it is; every place of it is `span`.
    pub fn at(text: impl Into<String>, span: Span) -> Text {
        let text = text.into();
        let map = OffsetMap::whole(span);
        Text { parts: vec![Part::Known(text.into(), map)], span }
    }

    /// The text when nothing of it is unknown.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Known(text, _)] => Some(text),
            _ => None,
        }
    }

    /// Each part that is known.
    pub fn known_parts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Known(text, _) => Some(text.as_str()),
            Part::Hole(_) => None,
        })
    }

    /// The hole when the whole text is one.
    pub fn as_hole(&self) -> Option<&Hole> {
        match self.parts.as_slice() {
            [Part::Hole(hole)] => Some(hole),
            _ => None,
        }
    }

    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(hole) => Some(hole.as_ref()),
            Part::Known(..) => None,
        })
    }

    /// The template whose names it speaks in.
    pub fn template(&self) -> FileId {
        self.holes().next().map_or(self.span.file, |hole| hole.template)
    }

    pub fn has_holes(&self) -> bool {
        self.holes().next().is_some()
    }

    /// Without `/` at both ends.
    pub fn trim_slashes(&self) -> Text {
        let mut parts = self.parts.clone();
        if let Some(Part::Known(known, map)) = parts.first_mut() {
            let from = known.len() - known.trim_start_matches('/').len();
            (*known, *map) = (known[from..].into(), map.slice(from..known.len()));
        }
        if let Some(Part::Known(known, map)) = parts.last_mut() {
            let to = known.trim_end_matches('/').len();
            (*known, *map) = (known[..to].into(), map.slice(0..to));
        }
        Text { parts, span: self.span }.normalised()
    }

    /// As a person reads it: known text, and `${name}` for holes.
    pub fn display(&self) -> Cow<'_, str> {
        if let Some(text) = self.literal() {
            return Cow::Borrowed(text);
        }
        let mut shown = String::new();
        for part in &self.parts {
            match part {
                Part::Known(text, _) => shown.push_str(text),
                // The output of a command is named as it is written.
                Part::Hole(hole) if hole.name.starts_with("$(") || hole.name.starts_with('`') => {
                    shown.push_str(&hole.name)
                }
                Part::Hole(hole) => {
                    shown.push_str("${");
                    shown.push_str(&hole.name);
                    shown.push('}');
                }
            }
        }
        Cow::Owned(shown)
    }

    /// The text with defaults of parameters filled in; `None` where a hole has none.
    pub fn with_defaults(&self) -> Option<String> {
        let parts = self.parts.iter().map(|part| match part {
            Part::Known(text, _) => Some(text.as_str()),
            Part::Hole(hole) => hole.default.as_deref(),
        });
        parts.collect()
    }

    /// Joins neighbouring known parts, so that equal texts have equal parts.
    pub fn normalised(self) -> Text {
        let mut parts: Vec<Part> = Vec::with_capacity(self.parts.len());
        for part in self.parts {
            match (parts.last_mut(), part) {
                (_, Part::Known(text, _)) if text.is_empty() => {}
                (Some(Part::Known(before, map)), Part::Known(text, next)) => {
                    let joined = [(map.clone(), before.len()), (next, text.len())];
                    // A map speaks of one file: texts of several have the place of the whole.
                    *map = if joined[0].0.file() == joined[1].0.file() {
                        OffsetMap::concat(joined[0].0.file(), &joined)
                    } else {
                        OffsetMap::whole(self.span)
                    };
                    before.push_str(&text);
                }
                (_, part) => parts.push(part),
            }
        }
        Text { parts, span: self.span }
    }

    /// The text behind `prefix`; `None` where it is not known to start with that.
    pub fn strip_prefix(&self, prefix: &str) -> Option<Text> {
        match self.parts.first() {
            Some(Part::Known(known, _)) if known.starts_with(prefix) => Some(self.without_front(prefix.len())),
            _ => None,
        }
    }

    /// The text without its first bytes, which are known.
    pub fn without_front(&self, len: usize) -> Text {
        let mut parts = self.parts.clone();
        if let Some(Part::Known(known, map)) = parts.first_mut()
            && known.len() >= len
            && known.is_char_boundary(len)
        {
            *map = map.slice(len..known.len());
            *known = known[len..].into();
        }
        Text { parts, span: self.span }.normalised()
    }

    /// Flat, for parsing as a document of its own.
    pub fn render(&self) -> Rendered {
        let mut text = String::new();
        let mut maps = Vec::new();
        let mut holes = Vec::new();
        for part in &self.parts {
            match part {
                Part::Known(known, map) => {
                    text.push_str(known);
                    let map = if map.file() == self.span.file { map.clone() } else { OffsetMap::whole(self.span) };
                    maps.push((map, known.len()));
                }
                Part::Hole(hole) => {
                    let marker = marker(holes.len());
                    let place = if hole.span.file == self.span.file { hole.span } else { self.span };
                    maps.push((OffsetMap::whole(place), marker.len()));
                    text.push_str(&marker);
                    holes.push(Hole::clone(hole));
                }
            }
        }
        Rendered { text, map: OffsetMap::concat(self.span.file, &maps), holes }
    }

    /// Puts holes back where their markers are.
    pub fn restore(self, holes: &[Hole]) -> Text {
        if holes.is_empty() {
            return self;
        }
        let mut parts = Vec::new();
        for part in self.parts {
            match part {
                Part::Known(text, map) => split_markers(&text, &map, holes, &mut parts),
                hole => parts.push(hole),
            }
        }
        Text { parts, span: self.span }
    }
}

/// Two texts are the same text when their known parts and the names of their holes are.
impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.parts.len() == other.parts.len()
            && self.parts.iter().zip(&other.parts).all(|(left, right)| match (left, right) {
                (Part::Known(left, _), Part::Known(right, _)) => left == right,
                (Part::Hole(left), Part::Hole(right)) => {
                    left.name == right.name && (left.kind == HoleKind::Pseudo || left.template == right.template)
                }
                _ => false,
            })
    }
}

fn split_markers(text: &str, map: &OffsetMap, holes: &[Hole], parts: &mut Vec<Part>) {
    let mut rest = 0;
    while let Some(open) = text[rest..].find(MARK_OPEN).map(|at| at + rest) {
        let inside = open + MARK_OPEN.len_utf8();
        let Some(close) = text[inside..].find(MARK_CLOSE).map(|at| at + inside) else { break };
        let Some(hole) = text[inside..close].parse::<usize>().ok().and_then(|index| holes.get(index)) else { break };
        if rest < open {
            parts.push(Part::Known(text[rest..open].into(), map.slice(rest..open)));
        }
        parts.push(hole.clone().into());
        rest = close + MARK_CLOSE.len_utf8();
    }
    if rest < text.len() || parts.is_empty() {
        parts.push(Part::Known(text[rest..].into(), map.slice(rest..text.len())));
    }
}
