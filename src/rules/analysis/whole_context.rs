//! Images that take in all of the folder that they are built in, with nothing that says what to leave out.
//!
//! Source: <https://docs.docker.com/build/concepts/context/#dockerignore-files>

use crate::diagnostic::Severity;
use crate::model::image::Image;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Sources;
use crate::template::dockerfile::{Action, Copy};
use crate::template::{IGNORED_BY_DOCKER, below_root, folder_of, folders_up};
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "whole-context",
    summary: "an image takes in all of the folder that it is built in, and no `.dockerignore` leaves anything out",
    params: &[],
    facts: &["instruction"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        if context.is_partial {
            return Vec::new();
        }
        context.model.images.iter().filter_map(|image| of_image(context.sources, image)).collect()
    })
}

/// The first place in the image as it is shipped; stages before it leave their files behind.
fn of_image(sources: &Sources, image: &Image) -> Option<Finding> {
    let chain = image.dockerfile.final_chain();
    let steps = || chain.iter().flat_map(|stage| &stage.steps);
    let (copy, source) = steps().find_map(|step| match &step.action {
        Action::Copy(copy) => Some((copy, whole(copy)?)),
        _ => None,
    })?;
    if leaves_out(sources, sources.path(image.dockerfile.file)) {
        return None;
    }
    let instruction = if copy.is_add { "ADD" } else { "COPY" };
    let found =
        Finding::new(source.span, instruction).fact("instruction", format!("{instruction} {}", source.display()));
    let starts = steps().any(|step| matches!(step.action, Action::Cmd(_) | Action::Entrypoint(_)));
    // An image that starts nothing by itself is one to build or test in.
    Some(if starts || image.is_pushed { found } else { found.severity(Severity::Info) })
}

fn whole(copy: &Copy) -> Option<&Text> {
    let is_whole = |source: &&Text| matches!(source.literal(), Some("." | "./" | "/" | "*" | "./*"));
    copy.sources.iter().find(is_whole).filter(|_| copy.from.is_none())
}

/// The folder that an image is built in is that of the Dockerfile or one above it.
fn leaves_out(sources: &Sources, path: &str) -> bool {
    let own = format!("{path}{IGNORED_BY_DOCKER}");
    let below = folders_up(folder_of(path)).filter_map(|folder| below_root(folder, IGNORED_BY_DOCKER));
    below.chain([own]).any(|path| sources.find(&path).is_some())
}
