//! Files that an image takes from the network without a look at what they are.

use crate::model::image::Image;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::template::dockerfile::Action;

pub const ANALYSIS: Analysis = Analysis {
    name: "remote-add",
    summary: "`ADD` takes a file from the network, and nothing says which file it has to be",
    params: &[],
    facts: &["source"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.images.iter().flat_map(of_image).collect())
}

fn of_image(image: &Image) -> Vec<Finding> {
    let steps = image.dockerfile.stages.iter().flat_map(|stage| &stage.steps);
    let found = steps.filter_map(|step| match &step.action {
        Action::Copy(copy) if copy.is_add && !copy.has_checksum => {
            let source = copy.sources.iter().find(|source| {
                let shown = source.display();
                shown.starts_with("http://") || shown.starts_with("https://")
            })?;
            Some(Finding::new(source.span, source.display()).fact("source", source.display()))
        }
        _ => None,
    });
    found.collect()
}
