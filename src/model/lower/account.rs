//! The details of a whole account, lowered object by object: the tree of a hundred megabytes is never
//! in memory at once, and all processors read.

use super::{Fragment, dump};
use crate::model::Policy;
use crate::source::{FileId, OffsetMap, Span};
use crate::syntax::{self, Member};
use crate::template::dump::{more_follows, shape_below};
use rayon::prelude::*;
use std::ops::Range;

/// So many objects at a time are read by one thread.
const BATCH: usize = 32;

/// Lowers the members of a text that is an account's details.
pub fn lower(text: &str, members: &[Member], file: FileId, path: &str) -> Fragment {
    let with_key = |member: &Member| {
        let key = member.name(text);
        member.items.iter().map(move |item| (key, item.clone())).collect::<Vec<_>>()
    };
    let objects: Vec<(&str, Range<usize>)> = members.iter().flat_map(with_key).collect();
    let batches: Vec<Fragment> = objects.par_chunks(BATCH).map(|objects| batch(text, objects, file, path)).collect();
    let mut whole = Fragment::default();
    batches.into_iter().for_each(|batch| whole.append(batch));
    tell_end(text, members, file, &mut whole);
    whole
}

fn batch(text: &str, objects: &[(&str, Range<usize>)], file: FileId, path: &str) -> Fragment {
    let mut fragment = Fragment::default();
    for (key, range) in objects {
        let parsed = syntax::parse_at(&text[range.clone()], &OffsetMap::verbatim(file, range.start as u32));
        if let Some(root) = parsed.root()
            && let Some(shape) = shape_below(key, root)
        {
            dump::object(shape, root, file, path, &mut fragment);
        }
        fragment.problems.extend(parsed.problems);
        fragment.repaired.extend(parsed.repaired);
    }
    fragment.policies.iter_mut().for_each(Policy::settle);
    fragment
}

/// The text without its lists says whether more was to come.
fn tell_end(text: &str, members: &[Member], file: FileId, fragment: &mut Fragment) {
    let scalars = members.iter().filter(|member| member.items.is_empty());
    let lines: Vec<&str> = scalars.map(|member| &text[member.key.start..member.value.end]).collect();
    let parsed = syntax::parse_at(&format!("{{{}}}", lines.join(", ")), &OffsetMap::verbatim(file, 0));
    let end = members.last().map_or(0, |member| member.value.end);
    match parsed.root().and_then(more_follows) {
        Some(_) => fragment.cut_off.push(Span::new(file, end, end)),
        None => fragment.last_pages.push(file),
    }
}
