//! `Metadata` of templates and resources: ours, and those of other tools.

use super::comment::{date, no_date};
use super::problem::{bad, misspelled};
use super::{Spelling, Suppression};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::{Entry, Kind, Node};

/// The keys of one of our entries.
const KEYS: [&str; 5] = ["rule", "sid", "action", "reason", "until"];

/// Calls `found` for each suppression of ours, before the names of its rules are looked up, and
/// `wrong` for what is none; `peers` for metadata of other tools, by the name of their key.
pub fn read(
    documents: &[Node],
    found: &mut dyn FnMut(Suppression),
    wrong: &mut dyn FnMut(Diagnostic),
    peers: &mut dyn FnMut(&str, &Node, Span),
) {
    for document in documents {
        below(document, document.span(), &mut |metadata, whole| {
            for entry in metadata.entries().unwrap_or_default() {
                match entry.key.as_str() {
                    Some("iamlint") => ours(&entry.value, whole, found, wrong),
                    Some(name) => peers(name, &entry.value, whole),
                    None => {}
                }
            }
        });
    }
}

/// Each `Metadata`, with all that it is metadata of: the entry of a resource with its name.
fn below(node: &Node, whole: Span, visit: &mut dyn FnMut(&Node, Span)) {
    match node.kind() {
        Kind::Mapping(entries) => {
            for entry in entries.iter().filter(|entry| !entry.merged && entry.value.site() == entry.value.span()) {
                match entry.key.as_str() {
                    Some("Metadata") => visit(&entry.value, whole),
                    _ => below(&entry.value, entry.key.span().to(entry.value.span()), visit),
                }
            }
        }
        Kind::Sequence(items) => items.iter().for_each(|item| below(item, item.span(), visit)),
        Kind::Null | Kind::Scalar(_) | Kind::Unreadable(_) => {}
    }
}

fn ours(node: &Node, whole: Span, found: &mut dyn FnMut(Suppression), wrong: &mut dyn FnMut(Diagnostic)) {
    let Some(entries) = node.entries() else {
        wrong(
            bad(node.span(), "this metadata says nothing to ignore").with_help("it has the key `ignore`, with a list"),
        );
        return;
    };
    for entry in entries {
        match entry.key.as_str() {
            Some("ignore") => match entry.value.items() {
                Some(items) => {
                    for item in items {
                        match one(item, whole) {
                            Ok(suppression) => found(suppression),
                            Err(problem) => wrong(*problem),
                        }
                    }
                }
                None => wrong(bad(entry.value.span(), "what is ignored is a list")),
            },
            name => wrong(misspelled(entry.key.span(), "key", name.unwrap_or_default(), &["ignore"])),
        }
    }
}

fn one(item: &Node, whole: Span) -> Result<Suppression, Box<Diagnostic>> {
    let Some(entries) = item.entries() else {
        return Err(Box::new(bad(item.span(), "this is no entry with a `rule` and a `reason`")));
    };
    if let Some(Entry { key, .. }) =
        entries.iter().find(|entry| !entry.key.as_str().is_some_and(|key| KEYS.contains(&key)))
    {
        return Err(Box::new(misspelled(key.span(), "key", key.as_str().unwrap_or_default(), &KEYS)));
    }
    let rules = item.get("rule").map(texts).unwrap_or_default();
    if rules.is_empty() {
        return Err(Box::new(bad(item.span(), "this entry names no rule to ignore")));
    }
    let text = |key: &str| item.get(key).and_then(Node::as_str).map(str::to_owned);
    let until = match item.get("until") {
        None => None,
        Some(node) => {
            let written = node.as_str().unwrap_or_default();
            let until = date(written).ok_or_else(|| Box::new(no_date(node.span(), written)))?;
            Some(Spanned::new(until, node.span()))
        }
    };
    Ok(Suppression {
        spelling: Spelling::Metadata,
        span: rules[0].span,
        rules,
        within: Some(whole),
        files: None,
        resource: None,
        sid: text("sid"),
        actions: item.get("action").map(texts).unwrap_or_default().into_iter().map(|action| action.value).collect(),
        reason: text("reason").filter(|reason| !reason.trim().is_empty()),
        until,
    })
}

/// A text, or the texts of a list.
pub fn texts(node: &Node) -> Vec<Spanned<String>> {
    let items = node.items().unwrap_or(std::slice::from_ref(node));
    items.iter().filter_map(|item| Some(Spanned::new(item.as_str()?.to_owned(), item.span()))).collect()
}
