//! Items that go out of the lists they stand in, block and flow, YAML and JSON. Comments on other lines
//! stay, and a list never becomes empty.

use super::Obstacle;
use crate::diagnostic::Edit;
use crate::source::Span;
use crate::syntax::Node;

pub const NO_ITEM: Obstacle = "it is no item of a list that is written here";
const ALL_OF_IT: Obstacle = "nothing would be left of the list";
const NOT_PLAIN: Obstacle = "something else stands beside it on its line";

/// Intrinsic functions that make one text of their arguments.
const TEXTS: [&str; 7] = ["Sub", "Ref", "GetAtt", "Join", "ImportValue", "FindInMap", "Select"];

/// The edits that take the items at `gone` out of their lists.
pub fn edits(documents: &[Node], text: &str, gone: &[Span]) -> Result<Vec<Edit>, Obstacle> {
    let mut lists: Vec<(&Node, Vec<usize>)> = Vec::new();
    for span in gone {
        let (list, index) = documents.iter().find_map(|root| find(root, *span)).ok_or(NO_ITEM)?;
        match lists.iter_mut().find(|(known, _)| known.span() == list.span()) {
            Some((_, indexes)) => indexes.push(index),
            None => lists.push((list, vec![index])),
        }
    }
    let mut edits = Vec::new();
    for (list, mut indexes) in lists {
        indexes.sort_unstable();
        indexes.dedup();
        let items = list.items().unwrap_or_default();
        if indexes.len() == items.len() {
            return Err(ALL_OF_IT);
        }
        for index in &indexes {
            let range = if text[list.span().range()].starts_with('[') {
                in_flow(text, list, *index, &indexes)?
            } else {
                in_block(text, &items[*index])?
            };
            edits.push(Edit { span: Span::new(list.span().file, range.start, range.end), text: String::new() });
        }
    }
    Ok(edits)
}

/// The innermost list of a mapping in which the item stands that is written at `span`, and its position.
fn find(root: &Node, span: Span) -> Option<(&Node, usize)> {
    let is_around = |node: &&Node| node.site() == node.span() && node.span().contains(span);
    let mut found = None;
    let mut next = Some(root);
    while let Some(node) = next {
        let entry = node.entries().unwrap_or_default().iter().find(|one| !one.merged && is_around(&&one.value));
        if let Some(entry) = entry {
            // `Fn::If: [Condition, one, other]` and `!If […]` are no lists of items.
            let is_list = !entry.key.as_str().is_some_and(|key| key.starts_with("Fn::")) && entry.value.tag().is_none();
            let mut items = entry.value.items().unwrap_or_default().iter();
            let index = items.position(|item| item.site() == item.span() && is_item(item, span));
            found = index.filter(|_| is_list).map(|index| (&entry.value, index)).or(found);
        }
        next = entry.map(|entry| &entry.value).or_else(|| node.items()?.iter().find(is_around));
    }
    found
}

/// Whether the item is what is written at `span`: itself, or the text that it makes.
fn is_item(item: &Node, span: Span) -> bool {
    if item.span() == span {
        return item.tag().is_none_or(|tag| TEXTS.contains(&tag.value.as_str()));
    }
    let by_tag = item.tag().is_some_and(|tag| TEXTS.contains(&tag.value.as_str()));
    let by_key = match item.entries() {
        Some([only]) => only.key.as_str().is_some_and(|key| TEXTS.contains(&key.trim_start_matches("Fn::"))),
        _ => false,
    };
    (by_tag || by_key) && item.span().contains(span)
}

/// A whole line, or several: from the dash to the end of what follows it.
fn in_block(text: &str, item: &Node) -> Result<std::ops::Range<usize>, Obstacle> {
    let range = item.span().range();
    let start_of_line = |at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
    let mut start = start_of_line(range.start);
    if text[start..range.start].trim().is_empty() {
        // The dash, and perhaps a tag, has a line of its own.
        start = start_of_line(start.saturating_sub(1));
    }
    let before = text[start..range.start].trim_start_matches('\u{feff}').trim_start().strip_prefix('-');
    let before = before.filter(|rest| rest.starts_with(char::is_whitespace)).ok_or(NOT_PLAIN)?.trim();
    let is_tag = item.tag().is_some() && before.starts_with('!') && !before.contains(char::is_whitespace);
    if !before.is_empty() && !is_tag {
        return Err(NOT_PLAIN);
    }
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    let behind = text[range.end..end].trim();
    if !behind.is_empty() && !behind.starts_with('#') {
        return Err(NOT_PLAIN);
    }
    if end == text.len() && !text.ends_with('\n') {
        // The last line of a file that ends without a line break: the break before it goes.
        let before = text[..start].trim_end_matches('\n').trim_end_matches('\r').len();
        return Ok(before..end);
    }
    Ok(start..end)
}

/// From the end of the item before, or up to the next one where none is kept before it.
fn in_flow(text: &str, list: &Node, index: usize, gone: &[usize]) -> Result<std::ops::Range<usize>, Obstacle> {
    let items = list.items().unwrap_or_default();
    let own = items[index].span().range();
    let is_kept_before = (0..index).any(|other| !gone.contains(&other));
    let range = if is_kept_before {
        items[index - 1].site().range().end..own.end
    } else {
        own.start..items[index + 1].site().range().start
    };
    let between = if is_kept_before { range.start..own.start } else { own.end..range.end };
    if index == 0 && !text[list.span().range().start + 1..own.start].trim().is_empty() {
        return Err(NOT_PLAIN);
    }
    // A comma and blanks; anything else, such as a comment, has an owner.
    let rest = text[between].trim_start().strip_prefix(',').ok_or(NOT_PLAIN)?.trim();
    let is_tag = is_kept_before && items[index].tag().is_some() && rest.starts_with('!') && !rest.contains(['\n', '#']);
    if rest.is_empty() || is_tag { Ok(range) } else { Err(NOT_PLAIN) }
}
