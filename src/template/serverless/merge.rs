//! Joins trees as the framework does: mappings key by key, lists item by item, the later one wins.

use crate::syntax::{Entry, Kind, Node};

/// `later` on top of `earlier`.
pub fn merge(earlier: &Node, later: &Node) -> Node {
    if earlier.tag().is_some() || later.tag().is_some() {
        return later.clone();
    }
    match (earlier.kind(), later.kind()) {
        (Kind::Mapping(base), Kind::Mapping(over)) => {
            let mut entries = base.clone();
            for entry in over {
                let known = entry.key.as_str().and_then(|key| {
                    // Of duplicate keys the last is read.
                    entries.iter().rposition(|known| known.key.as_str() == Some(key))
                });
                match known {
                    Some(at) => entries[at].value = merge(&entries[at].value, &entry.value),
                    None => entries.push(Entry { merged: false, ..entry.clone() }),
                }
            }
            let span = if base.is_empty() { later.span() } else { earlier.span() };
            Node::new(Kind::Mapping(entries), span, None)
        }
        (Kind::Sequence(base), Kind::Sequence(over)) => {
            let joined =
                over.iter().enumerate().map(|(at, item)| base.get(at).map_or(item.clone(), |old| merge(old, item)));
            let items = joined.chain(base.iter().skip(over.len()).cloned()).collect();
            Node::new(Kind::Sequence(items), earlier.span(), None)
        }
        _ => later.clone(),
    }
}

/// `resources` and `functions` may be a list of mappings that are merged to one.
pub fn merged_list(node: Node) -> Node {
    let Some(items) = node.items() else { return node };
    let mut mappings = items.iter().filter(|item| item.entries().is_some());
    let Some(first) = mappings.next() else { return Node::new(Kind::Mapping(Vec::new()), node.span(), None) };
    mappings.fold(first.clone(), |all, item| merge(&all, item))
}
