//! Buckets that pipelines take their source from, and that keep no older versions.
//!
//! Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html>

use crate::model::{DeclaredResource, Model, PipelineAction};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::{HoleKind, Value};
use std::collections::HashSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "source-without-versions",
    summary: "a pipeline takes its source from a bucket that keeps no versions",
    params: &[],
    facts: &["bucket", "pipeline"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let mut told = HashSet::new();
        let model = context.model;
        let sources = model.pipelines.iter().flat_map(|pipeline| {
            pipeline.actions().filter(|(_, _, _, action)| action.is_source()).map(move |found| (pipeline, found.3))
        });
        let found = sources.filter_map(|(pipeline, action)| {
            let bucket = bucket(model, action).filter(|bucket| !bucket.is_open && !keeps_versions(bucket))?;
            let found = Finding::new(bucket.logical_id.span, bucket.logical_id.value.clone())
                .fact("bucket", bucket.logical_id.value.clone())
                .fact("pipeline", pipeline.display())
                .related(action.name.span, "takes its source from it");
            Some(found)
        });
        found.filter(|found| told.insert(found.span)).collect()
    })
}

/// The bucket of an S3 source, where it is declared.
fn bucket<'m>(model: &'m Model, action: &PipelineAction) -> Option<&'m DeclaredResource> {
    let hole = action.setting("S3Bucket")?.as_hole().filter(|hole| hole.kind == HoleKind::Resource)?;
    model.resources.iter().find(|resource| {
        resource.kind == "AWS::S3::Bucket"
            && resource.logical_id.value == hole.logical_id()
            && resource.logical_id.span.file == hole.template
    })
}

/// Anything but what is known to be off.
fn keeps_versions(bucket: &DeclaredResource) -> bool {
    let versioning = bucket.value().and_then(|value| value.get("VersioningConfiguration"));
    versioning
        .is_some_and(|versioning| versioning.get("Status").is_none_or(|status| status.literal() != Some("Suspended")))
        || bucket.value().is_some_and(|value| matches!(value, Value::Choice(..) | Value::Unknown(_)))
}
