//! Images that builds run in, without a digest: who can push to them decides what runs.

use super::own_build_image::repository;
use crate::diagnostic::Severity;
use crate::model::{BuildProject, Model};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::{HoleKind, Part, Value};

pub const ANALYSIS: Analysis = Analysis {
    name: "build-image",
    summary: "a build runs in an image whose content may change under its name",
    params: &[],
    facts: &["project", "image", "problem"],
    bind,
};

/// Images of CodeBuild, whose versions AWS keeps: by their short name, and where they can be pulled from too.
/// <https://gallery.ecr.aws/codebuild>
const OF_CODEBUILD: [&str; 2] = ["aws/codebuild/", "public.ecr.aws/codebuild/"];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.projects.iter().filter_map(|project| of_project(context.model, project)).collect()
    })
}

fn of_project(model: &Model, project: &BuildProject) -> Option<Finding> {
    let image = project.image.as_ref()?;
    let repository = repository(image);
    // Where the name starts with what only the deployment knows, nothing is known of its owner.
    let is_known = repository.is_some() || matches!(image.parts.first(), Some(Part::Known(..)));
    let shown = image.display();
    if !is_known || shown.contains('@') || shown.is_empty() {
        return None;
    }
    let tag = shown.rsplit('/').next().and_then(|name| name.split_once(':')).map_or("", |(_, tag)| tag);
    let floats = matches!(tag, "" | "latest");
    let (problem, severity) = if OF_CODEBUILD.iter().any(|own| shown.starts_with(own)) {
        (floats.then_some("is another image whenever AWS releases one")?, Severity::Low)
    } else if repository.is_some() {
        if keeps_tags(model, project) {
            return None;
        }
        ("can be replaced under its tag by whoever may push to the repository", Severity::Low)
    } else if floats {
        ("is whatever its owner pushed last", Severity::Medium)
    } else {
        ("can be replaced under its tag by its owner", Severity::Low)
    };
    let found = Finding::new(image.span, format!("{} {shown}", project.display()))
        .fact("project", project.display())
        .fact("image", shown.clone())
        .fact("problem", problem)
        .related(project.logical_id.span, "builds run in it")
        .severity(severity);
    Some(found)
}

/// The repository is declared, and no tag of it moves.
pub fn keeps_tags(model: &Model, project: &BuildProject) -> bool {
    let holes = project.image.iter().flat_map(|image| image.holes());
    let mut declared = holes.filter(|hole| hole.kind == HoleKind::Resource).filter_map(|hole| {
        model.resources.iter().find(|resource| {
            resource.logical_id.span.file == hole.template && resource.logical_id.value == hole.logical_id()
        })
    });
    declared.any(|resource| {
        let mutability = resource.value().and_then(|value| value.get("ImageTagMutability"));
        mutability.and_then(Value::literal) == Some("IMMUTABLE")
    })
}
