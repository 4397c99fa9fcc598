//! What is known of a value before deployment. Free of any format: front ends make values, the
//! engine and the model read them. A hole is never `*` and never the empty string.

mod text;

pub use text::{Hole, HoleKind, Part, Rendered, Text, has_marker, joined, marker};

use crate::source::{Span, Spanned};
use crate::syntax::{Kind, Node};

/// A value with its intrinsics evaluated as far as they can be.
#[derive(Clone, Debug)]
pub enum Value {
    Null(Span),
    /// Every scalar; numbers and booleans keep their text.
    Text(Text),
    List(Vec<Value>, Span),
    Map(Map),
    /// One of several, as a condition or a parameter of the template decides.
    Choice(Vec<Branch>, Span),
    /// `AWS::NoValue`: the key or item is as if it were not written.
    Absent(Span),
    Unknown(Unknown),
}

/// A value that cannot be evaluated, and why.
#[derive(Clone, Debug)]
pub struct Unknown {
    pub reason: String,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Branch {
    pub when: Condition,
    pub value: Value,
}

/// A condition or parameter of the template has a certain value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The name of the condition or of the parameter.
    pub name: String,
    /// `true` or `false` for a condition; one of the allowed values for a parameter.
    pub value: String,
    pub span: Span,
}

impl Condition {
    /// Whether both can hold in one deployment.
    pub fn agrees_with(&self, other: &Condition) -> bool {
        self.name != other.name || self.value == other.value
    }
}

/// Whether two sets of conditions can hold together.
pub fn can_hold_together(left: &[Condition], right: &[Condition]) -> bool {
    left.iter().all(|one| right.iter().all(|other| one.agrees_with(other)))
}

/// Whether `given` being true makes every condition of `needed` true.
pub fn implies(given: &[Condition], needed: &[Condition]) -> bool {
    needed
        .iter()
        .all(|condition| given.iter().any(|known| known.name == condition.name && known.value == condition.value))
}

#[derive(Clone, Debug)]
pub struct Map {
    pub entries: Vec<(Spanned<String>, Value)>,
    pub span: Span,
}

impl Map {
    /// The value of a key; of duplicates the last.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|(_, value)| value)
    }

    pub fn entry(&self, key: &str) -> Option<&(Spanned<String>, Value)> {
        self.entries.iter().rev().find(|(name, value)| name.value == key && !matches!(value, Value::Absent(_)))
    }
}

/// More alternatives of one value than this are not told apart: the value is then unknown.
const MAX_ALTERNATIVES: usize = 64;

impl Value {
    /// A tree as it stands, with no intrinsics in it: a policy document, a buildspec.
    pub fn plain(node: &Node) -> Value {
        Value::restored(node, &[])
    }

    /// A tree read out of a rendered [`Text`]; its markers become holes again.
    pub fn restored(node: &Node, holes: &[Hole]) -> Value {
        match node.kind() {
            Kind::Null => Value::Null(node.span()),
            Kind::Unreadable(reason) => Value::unknown(*reason, node.span()),
            Kind::Scalar(scalar) => Value::Text(Text::from_scalar(scalar, node.span()).restore(holes)),
            Kind::Sequence(items) => {
                Value::List(items.iter().map(|item| Value::restored(item, holes)).collect(), node.span())
            }
            Kind::Mapping(entries) => {
                let key = |node: &Node| match node.as_str() {
                    Some(text) if holes.is_empty() => Some(text.to_owned()),
                    // `"${Host}:sub"` is shown as it is written.
                    _ => Value::restored(node, holes).as_text().map(|key| key.display().into_owned()),
                };
                let entries = entries.iter().map(|entry| {
                    let key = key(&entry.key).unwrap_or_default();
                    (Spanned::new(key, entry.key.span()), Value::restored(&entry.value, holes))
                });
                Value::Map(Map { entries: entries.collect(), span: node.span() })
            }
        }
    }

    pub fn unknown(reason: impl Into<String>, span: Span) -> Value {
        Value::Unknown(Unknown { reason: reason.into(), span })
    }

    pub fn span(&self) -> Span {
        match self {
            Value::Null(span) | Value::List(_, span) | Value::Choice(_, span) | Value::Absent(span) => *span,
            Value::Text(text) => text.span,
            Value::Map(map) => map.span,
            Value::Unknown(unknown) => unknown.span,
        }
    }

    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The value of a key, when this is a map.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The text when nothing of it is unknown.
    pub fn literal(&self) -> Option<&str> {
        self.as_text()?.literal()
    }

    /// `true` for a YAML or JSON true, and for the text that means it.
    pub fn as_bool(&self) -> Option<bool> {
        match self.literal()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// The conditions under which a flag is set, in the first of the ways to set it; a parameter
    /// counts with its default.
    pub fn is_set_when(&self) -> Option<Vec<Condition>> {
        let is_true = |text: &Text| {
            text.with_defaults().is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on"))
        };
        let mut ways = self.alternatives().into_iter();
        ways.find(|(_, value)| value.as_text().is_some_and(is_true)).map(|(when, _)| when)
    }

    /// The first map that the value may be, with the conditions under which it is.
    pub fn first_map(&self) -> Option<(Vec<Condition>, &Map)> {
        self.alternatives().into_iter().find_map(|(when, value)| Some((when, value.as_map()?)))
    }

    /// Every way the value can turn out, each with the conditions under which it does. Choices
    /// below the top are left in place. Absent alternatives are left out.
    pub fn alternatives(&self) -> Vec<(Vec<Condition>, &Value)> {
        self.outcomes().into_iter().filter_map(|(when, value)| Some((when, value?))).collect()
    }

    /// The same, with `None` for the ways in which there is no value.
    pub fn outcomes(&self) -> Vec<(Vec<Condition>, Option<&Value>)> {
        let mut found = Vec::new();
        gather(self, &mut Vec::new(), &mut found);
        found
    }

    /// The items of a list, of a choice of lists, or the one value that stands for a list of one;
    /// each with the conditions under which it is there.
    pub fn items(&self) -> Vec<(Vec<Condition>, &Value)> {
        let mut found = Vec::new();
        gather_items(self, &[], &mut found);
        found
    }
}

fn gather_items<'v>(value: &'v Value, when: &[Condition], found: &mut Vec<(Vec<Condition>, &'v Value)>) {
    match value {
        Value::List(items, _) => items.iter().for_each(|item| gather_items(item, when, found)),
        Value::Choice(..) => {
            for (inner, value) in value.alternatives() {
                if can_hold_together(when, &inner) {
                    gather_items(value, &[when, &inner].concat(), found);
                }
            }
        }
        Value::Null(_) | Value::Absent(_) => {}
        other => found.push((when.to_vec(), other)),
    }
}

type Outcome<'v> = (Vec<Condition>, Option<&'v Value>);

fn gather<'v>(value: &'v Value, when: &mut Vec<Condition>, found: &mut Vec<Outcome<'v>>) {
    match value {
        _ if found.len() >= MAX_ALTERNATIVES => {}
        Value::Choice(branches, _) => {
            for branch in branches {
                if can_hold_together(when, std::slice::from_ref(&branch.when)) {
                    when.push(branch.when.clone());
                    gather(&branch.value, when, found);
                    when.pop();
                }
            }
        }
        Value::Absent(_) => found.push((when.clone(), None)),
        other => found.push((when.clone(), Some(other))),
    }
}
