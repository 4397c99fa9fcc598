//! The details of a whole account, read object by object: the tree of a hundred megabytes is never
//! in memory at once, and all processors read.

use super::{Fragment, dump};
use crate::model::Policy;
use crate::source::{FileId, OffsetMap};
use crate::syntax::{self, Member};
use crate::template::dump::{DETAILS, left_out, shape_below};
use rayon::prelude::*;

/// Smaller files are read as a whole.
const LARGE: usize = 1 << 20;

/// So many objects at a time are read by one thread.
const BATCH: usize = 32;

/// Lowers a large output of `get-account-authorization-details`; `None` for any other text, and for
/// one whose brackets do not match.
pub fn lower(text: &str, file: FileId, path: &str) -> Option<Fragment> {
    if text.len() < LARGE {
        return None;
    }
    let members = syntax::members(text)?;
    let key = |member: &Member| text[member.key.clone()].trim_matches('"').to_owned();
    if !members.iter().any(|member| DETAILS.contains(&&*key(member))) {
        return None;
    }
    let objects: Vec<(String, std::ops::Range<usize>)> =
        members.iter().flat_map(|member| member.items.iter().map(|item| (key(member), item.clone()))).collect();
    let batches: Vec<Fragment> = objects
        .par_chunks(BATCH)
        .map(|batch| {
            let mut fragment = Fragment::default();
            for (key, range) in batch {
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
        })
        .collect();
    let mut whole = Fragment::default();
    batches.into_iter().for_each(|batch| whole.append(batch));
    // What is left without its lists says whether more was to come.
    let rest: Vec<String> = members
        .iter()
        .filter(|member| member.items.is_empty())
        .map(|member| format!("{}: {}", &text[member.key.clone()], &text[member.value.clone()]))
        .collect();
    let rest = format!("{{{}}}", rest.join(", "));
    let start = members.first().map_or(0, |member| member.key.start);
    let parsed = syntax::parse_at(&rest, &OffsetMap::verbatim(file, 0));
    let told = parsed.root().map(|root| left_out(root, true)).unwrap_or_default();
    let span = crate::source::Span::new(file, start, start);
    whole.not_read.extend(told.into_iter().map(|(_, reason)| (span, reason)));
    Some(whole)
}
