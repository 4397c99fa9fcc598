//! The `Conditions` of a template, brought to one name where one is the opposite of another.

use crate::source::Span;
use crate::syntax::Node;
use crate::value::Condition;
use std::collections::BTreeMap;

/// How a chain of conditions may be long before it is taken as it is.
const MAX_CHAIN: usize = 8;

/// By name, the condition that each one merely repeats or negates.
#[derive(Debug, Default)]
pub struct Conditions {
    same_as: BTreeMap<String, Option<(String, bool)>>,
}

impl Conditions {
    pub fn read(node: Option<&Node>) -> Conditions {
        let entries = node.and_then(Node::entries).unwrap_or_default();
        let named = entries.iter().filter_map(|entry| {
            let name = entry.key.as_str()?;
            Some((name.to_owned(), repeated(&entry.value)))
        });
        Conditions { same_as: named.collect() }
    }

    pub fn declares(&self, name: &str) -> bool {
        self.same_as.contains_key(name)
    }

    /// `name` being `value`, said of the condition it goes back to: where `IsTest` is
    /// `!Not [!Condition IsProd]`, `IsTest` being true is `IsProd` being false.
    pub fn holds(&self, name: &str, value: bool, span: Span) -> Condition {
        let (mut name, mut value) = (name.to_owned(), value);
        for _ in 0..MAX_CHAIN {
            let Some(Some((other, same))) = self.same_as.get(&name) else { break };
            value = value == *same;
            name = other.clone();
        }
        Condition { name, value: value.to_string(), span }
    }
}

/// The condition that a definition repeats (`true`) or negates (`false`).
fn repeated(node: &Node) -> Option<(String, bool)> {
    if let Some(name) = condition_name(node) {
        return Some((name, true));
    }
    let negated = if node.tag().is_some_and(|tag| tag.value == "Not") { Some(node) } else { node.get("Fn::Not") };
    let [inner] = negated?.items()? else { return None };
    let (name, same) = repeated(inner)?;
    Some((name, !same))
}

/// `!Condition Name` or `Condition: Name`.
fn condition_name(node: &Node) -> Option<String> {
    if node.tag().is_some_and(|tag| tag.value == "Condition") {
        return node.as_str().map(str::to_owned);
    }
    match node.entries()? {
        [only] if only.key.as_str() == Some("Condition") => only.value.as_str().map(str::to_owned),
        _ => None,
    }
}
