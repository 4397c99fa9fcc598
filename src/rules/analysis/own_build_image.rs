//! Builds that may replace the image that they run in.

use super::build_image::keeps_tags;
use super::chain::finding;
use super::reach::{Target, reaches};
use super::release_source::PUT_IMAGE;
use crate::model::{BuildProject, Model};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::{Part, Text};

pub const ANALYSIS: Analysis = Analysis {
    name: "own-build-image",
    summary: "a build may push to the repository of the image that it runs in",
    params: &[],
    facts: &["role", "kind", "worker", "action", "pattern", "project", "image"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        model.projects.iter().filter_map(|project| of_project(model, project)).collect()
    })
}

fn of_project(model: &Model, project: &BuildProject) -> Option<Finding> {
    let (image, target) = replaceable(model, project)?;
    let role = model.role(project.role.as_ref())?;
    let grants = role.authority.grants_of(&PUT_IMAGE);
    let grant = grants.iter().find(|grant| reaches(grant, &target))?;
    let found = finding(model, role, &[grant])?
        .fact("project", project.display())
        .fact("image", image.display())
        .related(image.span, "and builds run in this image");
    Some(found)
}

/// The image of a build and its repository, where a push there replaces the image: a digest, or tags that do not move,
/// keep what is meant.
pub fn replaceable<'m>(model: &Model, project: &'m BuildProject) -> Option<(&'m Text, Target)> {
    let image = project.image.as_ref().filter(|image| !image.display().contains('@') && !keeps_tags(model, project))?;
    Some((image, Target::named("arn:*:ecr:*:*:repository/", &repository(image)?, "")))
}

/// `shop/builder` of `111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/builder:3`, `${Builder.RepositoryUri}`
/// of that with a tag; `None` for an image that is not in ECR.
pub fn repository(image: &Text) -> Option<Text> {
    if let Some(Part::Hole(hole)) = image.parts.first()
        && hole.name.ends_with(".RepositoryUri")
    {
        return Some(Text::from_hole(hole.as_ref().clone()));
    }
    if !image.display().contains(".dkr.ecr") {
        return None;
    }
    let mut parts = Vec::new();
    let mut is_name = false;
    for part in &image.parts {
        let Part::Known(text, map) = part else {
            if is_name {
                parts.push(part.clone());
            }
            continue;
        };
        let start = match is_name {
            true => 0,
            false => match text.find('/') {
                Some(slash) => slash + 1,
                None => continue,
            },
        };
        is_name = true;
        let end = text[start..].find([':', '@']).map(|at| start + at);
        let range = start..end.unwrap_or(text.len());
        parts.push(Part::Known(text[range.clone()].into(), map.slice(range)));
        if end.is_some() {
            break;
        }
    }
    let name = Text { parts, span: image.span }.normalised();
    (!name.parts.is_empty()).then_some(name)
}
