//! The ways a value with choices of the template in it can turn out.

use crate::value::{Condition, Map, Value, can_hold_together};

/// A value without choices, and the conditions of the template under which it is that.
pub type World = (Vec<Condition>, Value);

/// More ways than this are not told apart.
const MAX_WORLDS: usize = 64;

/// Every way a value can turn out, all the way down. Absent keys and items are gone; a value that
/// is absent as a whole stays. `None` when there are too many.
pub fn worlds(value: &Value) -> Option<Vec<World>> {
    if !has_choices(value) {
        return Some(vec![(Vec::new(), value.clone())]);
    }
    match value {
        Value::Choice(branches, _) => {
            let mut all = Vec::new();
            for branch in branches {
                let when = std::slice::from_ref(&branch.when);
                for (inner, value) in worlds(&branch.value)? {
                    if can_hold_together(when, &inner) {
                        all.push((joined(when, &inner), value));
                    }
                }
            }
            (all.len() <= MAX_WORLDS).then_some(all)
        }
        Value::List(items, span) => {
            let lists = product(items.iter())?.into_iter().map(|(when, mut list)| {
                list.retain(|item| !matches!(item, Value::Absent(_)));
                (when, Value::List(list, *span))
            });
            Some(lists.collect())
        }
        Value::Map(map) => {
            let values = product(map.entries.iter().map(|(_, value)| value))?;
            let maps = values.into_iter().map(|(when, values)| {
                let entries = map.entries.iter().map(|(key, _)| key.clone()).zip(values);
                let entries = entries.filter(|(_, value)| !matches!(value, Value::Absent(_))).collect();
                (when, Value::Map(Map { entries, span: map.span }))
            });
            Some(maps.collect())
        }
        other => Some(vec![(Vec::new(), other.clone())]),
    }
}

/// The alternatives of a value without looking below them; `None` in place of an absent one.
pub fn branches(value: &Value) -> Vec<(Vec<Condition>, Option<&Value>)> {
    let mut found = Vec::new();
    gather(value, &[], &mut found);
    found
}

/// Two sets of conditions as one, each condition once.
pub fn joined(left: &[Condition], right: &[Condition]) -> Vec<Condition> {
    let mut all = left.to_vec();
    for condition in right {
        if !all.iter().any(|known| known.name == condition.name && known.value == condition.value) {
            all.push(condition.clone());
        }
    }
    all
}

fn gather<'v>(value: &'v Value, when: &[Condition], found: &mut Vec<(Vec<Condition>, Option<&'v Value>)>) {
    match value {
        Value::Choice(branches, _) => {
            for branch in branches {
                let own = std::slice::from_ref(&branch.when);
                if can_hold_together(when, own) {
                    gather(&branch.value, &joined(when, own), found);
                }
            }
        }
        Value::Absent(_) => found.push((when.to_vec(), None)),
        other => found.push((when.to_vec(), Some(other))),
    }
}

/// Every combination of the ways the values can turn out.
fn product<'v>(values: impl Iterator<Item = &'v Value>) -> Option<Vec<(Vec<Condition>, Vec<Value>)>> {
    let mut all = vec![(Vec::new(), Vec::new())];
    for value in values {
        let ways = worlds(value)?;
        let mut next = Vec::with_capacity(all.len());
        for (when, so_far) in &all {
            for (inner, value) in &ways {
                if can_hold_together(when, inner) {
                    let mut longer = so_far.clone();
                    longer.push(value.clone());
                    next.push((joined(when, inner), longer));
                }
            }
        }
        if next.len() > MAX_WORLDS {
            return None;
        }
        all = next;
    }
    Some(all)
}

fn has_choices(value: &Value) -> bool {
    match value {
        Value::Choice(..) | Value::Absent(_) => true,
        Value::List(items, _) => items.iter().any(has_choices),
        Value::Map(map) => map.entries.iter().any(|(_, value)| has_choices(value)),
        _ => false,
    }
}
