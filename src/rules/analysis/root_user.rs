//! Images whose programs run as root.

use crate::diagnostic::Severity;
use crate::model::image::Image;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::template::dockerfile::Action;

pub const ANALYSIS: Analysis =
    Analysis { name: "root-user", summary: "the programs of an image run as root", params: &[], facts: &["why"], bind };

/// Parts of the names of images that have a user of their own, or are run by a service with one.
const OTHERWISE: [&str; 8] =
    ["nonroot", "rootless", "unprivileged", "chainguard", "bitnami/", "lambda", "aws/codebuild", "jenkins"];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.images.iter().filter_map(finding).collect())
}

fn finding(image: &Image) -> Option<Finding> {
    let chain = image.dockerfile.final_chain();
    let (last, first) = (*chain.first()?, *chain.last()?);
    let (span, why) = match image.dockerfile.user() {
        Some((user, span)) => {
            let name = user.literal()?;
            let name = name.split(':').next().unwrap_or(name);
            matches!(name, "root" | "0").then_some((span, "`USER` says so"))?
        }
        None => {
            let base = first.image.with_defaults()?.to_ascii_lowercase();
            if OTHERWISE.iter().any(|part| base.contains(part)) {
                return None;
            }
            (last.span, "nothing sets another user")
        }
    };
    let runs = |action: &Action| matches!(action, Action::Run { .. } | Action::Cmd(_) | Action::Entrypoint(_));
    if !chain.iter().flat_map(|stage| &stage.steps).any(|step| runs(&step.action)) {
        return None;
    }
    let mut found = Finding::new(span, "user").fact("why", why);
    let is_run = |action: &Action| matches!(action, Action::Cmd(_) | Action::Entrypoint(_));
    let starts = chain.iter().flat_map(|stage| &stage.steps).find(|step| is_run(&step.action));
    match starts {
        Some(step) => found = found.related(step.span, "runs as root"),
        // An image that starts nothing by itself is one to build or test in.
        None if !image.is_pushed => found = found.severity(Severity::Info),
        None => {}
    }
    Some(found)
}
