//! What makes it worse that a resource is open: what a build may do or knows, and what a pipeline takes from a bucket.

use crate::iam::ArnPattern;
use crate::model::deployment::{arn_of, names};
use crate::model::{BuildProject, DeclaredResource, Model};
use crate::source::Span;
use crate::value::{HoleKind, Text, Value};

/// A bucket that pipelines take from or keep artifacts in.
pub struct PipelineBucket<'m> {
    text: &'m Text,
    arn: ArnPattern,
}

pub fn pipeline_buckets(model: &Model) -> Vec<PipelineBucket<'_>> {
    let stores = model.pipelines.iter().flat_map(|pipeline| &pipeline.stores);
    let sources = model.actions().filter(|action| action.is_source()).filter_map(|action| action.setting("S3Bucket"));
    stores.chain(sources).map(|text| PipelineBucket { text, arn: arn_of("arn:*:s3:::", text, "/*") }).collect()
}

impl PipelineBucket<'_> {
    pub fn is_reached_by(&self, pattern: &ArnPattern) -> bool {
        let hole = self.text.as_hole().filter(|hole| hole.kind == HoleKind::Resource);
        let declared = hole.map(|hole| (hole.template, hole.logical_id()));
        names(pattern, declared, Some(&self.arn).filter(|_| declared.is_none()))
    }
}

/// Whether a text is the name of a bucket, or refers to it.
fn is_of(text: &Text, bucket: &DeclaredResource) -> bool {
    let name = bucket.value().and_then(|properties| properties.get("BucketName"));
    let is_declared = text.as_hole().is_some_and(|hole| {
        hole.kind == HoleKind::Resource
            && hole.template == bucket.logical_id.span.file
            && hole.logical_id() == bucket.logical_id.value
    });
    is_declared || name.and_then(Value::literal).is_some_and(|name| text.literal() == Some(name))
}

/// Whether a bucket is declared to be a web site, whose files browsers read as they are.
pub fn is_website(model: &Model, bucket: &Text) -> bool {
    let mut buckets = model.resources.iter().filter(|resource| resource.kind == "AWS::S3::Bucket");
    buckets.any(|one| {
        let is_site = one.value().is_some_and(|properties| properties.get("WebsiteConfiguration").is_some());
        is_site && is_of(bucket, one)
    })
}

/// What is lost with the resource beyond itself, and where that is seen.
pub fn at_stake(model: &Model, resource: &DeclaredResource) -> Option<(Span, String)> {
    if resource.kind == "AWS::S3::Bucket" {
        let of_pipelines = pipeline_buckets(model);
        let found = of_pipelines.iter().find(|bucket| is_of(bucket.text, resource))?;
        return Some((found.text.span, "a pipeline keeps artifacts or takes sources here".into()));
    }
    let project = model.projects.iter().find(|project| project.logical_id.span == resource.logical_id.span)?;
    of_build(model, project)
}

fn of_build(model: &Model, project: &BuildProject) -> Option<(Span, String)> {
    let power = model.role(project.role.as_ref()).and_then(|role| role.high_power());
    let power = power.map(|power| (power.span, format!("builds may {}", power.label.verb())));
    let secret = project.variables.iter().find(|variable| !variable.is_plain);
    power.or_else(|| secret.map(|variable| (variable.name.span, "and builds have this secret".into())))
}
