//! Builds whose artifact is published, for a pipeline to take, though a command failed.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details.html>

use crate::model::artifact::artifact_goes_to;
use crate::model::{BuildProject, BuildspecSource, Model, Pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::template::buildspec::Phase;

pub const ANALYSIS: Analysis = Analysis {
    name: "failed-build-artifact",
    summary: "a build publishes what a pipeline takes, whether its commands fail or not",
    params: &[],
    facts: &["project", "pipeline"],
    bind,
};

/// Tells a command whether those before it have failed.
const SUCCEEDING: &str = "CODEBUILD_BUILD_SUCCEEDING";

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.projects.iter().filter_map(|project| finding(context.model, project)).collect()
    })
}

fn finding(model: &Model, project: &BuildProject) -> Option<Finding> {
    let source = model.buildspec_of(project)?;
    let artifacts = source.buildspec.artifacts.as_ref()?;
    let phase = going_on(source)?;
    let (pipeline, span) = fed(model, project)?;
    let found = Finding::new(phase.name.span, project.display())
        .fact("project", project.display())
        .fact("pipeline", pipeline.display())
        .related(Span { end: artifacts.span.start + 1, ..artifacts.span }, "published all the same")
        .related(span, format!("the pipeline `{}` takes it from here", pipeline.display()));
    Some(found)
}

/// The phase `build`, where a failure in it ends neither the build nor the publication.
fn going_on(source: &BuildspecSource) -> Option<&Phase> {
    let phase = source.buildspec.phases.iter().find(|phase| phase.name.value == "build")?;
    let continues = phase.on_failure.as_ref().is_none_or(|text| text.literal() == Some("CONTINUE"));
    let asks = source.buildspec.commands().any(|command| command.display().contains(SUCCEEDING));
    // What a script asks for is not seen.
    let is_seen = !source.commands.iter().any(|one| &*one.phase == "post_build" && one.is_opaque());
    (continues && !asks && is_seen && !phase.commands.is_empty()).then_some(phase)
}

/// The pipeline whose source the artifact of the build is.
fn fed<'m>(model: &'m Model, project: &BuildProject) -> Option<(&'m Pipeline, Span)> {
    model.pipelines.iter().find_map(|pipeline| {
        let mut sources = pipeline.actions().map(|(_, _, _, action)| action).filter(|action| action.is_source());
        sources.find_map(|action| {
            let bucket = action.setting("S3Bucket")?;
            let key = action.setting("S3ObjectKey");
            artifact_goes_to(project, bucket, key)?;
            Some((pipeline, key.unwrap_or(bucket).span))
        })
    })
}
