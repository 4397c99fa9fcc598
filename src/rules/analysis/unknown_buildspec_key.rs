//! Keys of a buildspec that CodeBuild does not know.

use crate::diagnostic::Applicability;
use crate::edit::Step;
use crate::rules::pack::nearest;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "unknown-buildspec-key",
    summary: "a key that has no meaning where it stands in a buildspec",
    params: &[],
    facts: &["key", "below"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let keys = context.model.buildspecs.iter().flat_map(|source| &source.buildspec.unknown_keys);
        keys.map(|unknown| {
            let key = unknown.key.value.as_str();
            let below = match unknown.below.as_str() {
                "" => "at the top".to_owned(),
                above => format!("below `{above}`"),
            };
            let mut found = Finding::new(unknown.key.span, format!("{} {key}", unknown.below))
                .fact("key", key)
                .fact("below", below);
            let near = nearest(key, unknown.known.iter().copied());
            found.help = Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known there: {}", unknown.known.join(", ")),
            });
            if let Some(near) = near.filter(|near| !unknown.written.contains(near)) {
                let step = Step::Rename { span: unknown.key.span, from: key.to_owned(), to: near.to_owned() };
                // What stands below the key begins to count, and commands there to run.
                found = found.mended_by(Applicability::Unsafe, format!("did you mean `{near}`?"), vec![step]);
            }
            found
        })
        .collect()
    })
}
