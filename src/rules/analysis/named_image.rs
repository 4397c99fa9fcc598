//! How the files name the images of a repository that they declare: by tags, which may move, or by digests.

use crate::model::{DeclaredResource, Model};
use crate::source::Span;
use crate::value::{Hole, HoleKind, Part, Text, Value};

/// What names an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    Digest,
    Tag(Span),
}

/// Where resources say which image they run.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html>
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/images-create.html>
const IMAGES: [(&str, [&str; 2]); 2] =
    [("AWS::ECS::TaskDefinition", ["ContainerDefinitions", "Image"]), ("AWS::Lambda::Function", ["Code", "ImageUri"])];

/// How images of a repository are named: by a tag somewhere, or by digests alone; `None` where none is.
pub fn named_image(model: &Model, repository: &DeclaredResource) -> Option<NamedBy> {
    let of_resources = model.resources.iter().flat_map(|resource| {
        let path = IMAGES.iter().find(|(kind, _)| *kind == resource.kind).map(|(_, path)| path);
        path.zip(resource.value.as_ref()).map(|(path, value)| texts(value, path)).unwrap_or_default()
    });
    let of_builds = model.projects.iter().filter_map(|project| project.image.as_ref());
    let named = of_resources.chain(of_builds).filter_map(|image| named_by(image, repository));
    // A tag comes first.
    named.max_by_key(|by| matches!(by, NamedBy::Tag(_)))
}

fn texts<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v Text> {
    let step = |values: Vec<&'v Value>, key: &&str| -> Vec<&'v Value> {
        let inner = values.into_iter().filter_map(|one| one.get(key));
        inner.flat_map(Value::items).map(|(_, item)| item).collect()
    };
    path.iter().fold(vec![value], step).into_iter().filter_map(Value::as_text).collect()
}

/// What stands behind the name of the repository: `:release`, `@sha256:…`, or nothing, which is the tag `latest`.
fn named_by(image: &Text, repository: &DeclaredResource) -> Option<NamedBy> {
    let is_it = |hole: &Hole| {
        hole.kind == HoleKind::Resource
            && hole.template == repository.file
            && hole.logical_id() == repository.logical_id.value
    };
    let declared = image.parts.iter().position(|part| matches!(part, Part::Hole(hole) if is_it(hole)));
    let written = image.display();
    let behind = match declared.map(|at| image.parts.get(at + 1)) {
        Some(Some(Part::Known(text, _))) => text.as_str(),
        Some(Some(Part::Hole(_))) => return None,
        Some(None) => "",
        None => {
            let name = repository.value()?.get("RepositoryName")?.literal()?;
            let (registry, path) = written.split_once('/')?;
            path.strip_prefix(name).filter(|_| registry.contains(".dkr.ecr."))?
        }
    };
    match behind.chars().next() {
        Some('@') => Some(NamedBy::Digest),
        Some(':') | None => Some(NamedBy::Tag(image.span)),
        Some(_) => None,
    }
}
