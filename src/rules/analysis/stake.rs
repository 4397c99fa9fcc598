//! What makes it worse that a resource is open: what a build may do or knows, and what pipelines and builds take from
//! a bucket.

use crate::iam::ArnPattern;
use crate::model::artifact::bucket_in;
use crate::model::deployment::{arn_of, names};
use crate::model::principal::RoleRef;
use crate::model::{BuildProject, DeclaredResource, Model};
use crate::source::Span;
use crate::value::{HoleKind, Text, Value};
use std::borrow::Cow;

/// A bucket that pipelines and builds take from, or keep something in that they take later.
pub struct CiBucket<'m> {
    text: Cow<'m, Text>,
    arn: ArnPattern,
    /// "a pipeline keeps artifacts or takes sources here", for labels.
    pub does: &'static str,
}

pub fn ci_buckets(model: &Model) -> Vec<CiBucket<'_>> {
    let stores = model.pipelines.iter().flat_map(|pipeline| &pipeline.stores);
    let sources = model.actions().filter(|action| action.is_source()).filter_map(|action| action.setting("S3Bucket"));
    let of_pipelines =
        stores.chain(sources).map(|text| (Cow::Borrowed(text), "a pipeline keeps artifacts or takes sources here"));
    let source = |one: &BuildProject| one.source.location.as_ref().filter(|_| one.source.kind == "S3").map(bucket_in);
    let of_builds = model.projects.iter().flat_map(|project| {
        let cache = project.cache.as_ref().map(|cache| bucket_in(&cache.location));
        let cache = cache.map(|text| (Cow::Owned(text), "builds keep a cache here, and run what is in it"));
        cache.into_iter().chain(source(project).map(|text| (Cow::Owned(text), "builds take their source from here")))
    });
    let all = of_pipelines.chain(of_builds);
    all.map(|(text, does)| CiBucket { arn: arn_of("arn:*:s3:::", &text, "/*"), text, does }).collect()
}

impl CiBucket<'_> {
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
        let found = ci_buckets(model).into_iter().find(|bucket| is_of(&bucket.text, resource))?;
        return Some((found.text.span, found.does.into()));
    }
    let project = model.projects.iter().find(|project| project.logical_id.span == resource.logical_id.span)?;
    of_build(model, project)
}

/// Something that a role may certainly do and that few should be able to do.
pub fn high_power_of(model: &Model, role: Option<&RoleRef>) -> Option<&'static str> {
    let mut powers = model.role(role)?.every_power().iter();
    powers.find(|power| power.label.is_high() && power.doubts.is_empty()).map(|power| power.label.verb())
}

fn of_build(model: &Model, project: &BuildProject) -> Option<(Span, String)> {
    let power = model.role(project.role.as_ref()).and_then(|role| role.high_power());
    let power = power.map(|power| (power.span, format!("builds may {}", power.label.verb())));
    let secret = project.variables.iter().find(|variable| !variable.is_plain);
    power.or_else(|| secret.map(|variable| (variable.name.span, "and builds have this secret".into())))
}
