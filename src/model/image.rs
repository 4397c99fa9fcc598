//! Images and the services that run them: what their files say, and which build makes or starts them.

use super::command::Command;
use super::{Model, ProjectId};
use crate::source::{FileId, Span};
use crate::template::compose::Compose;
use crate::template::dockerfile::Dockerfile;
use crate::template::{below_root, folder_of};
use std::collections::HashMap;

/// A Dockerfile and who builds it.
#[derive(Debug)]
pub struct Image {
    pub dockerfile: Dockerfile,
    /// What its `RUN` instructions run, in their order.
    pub commands: Vec<Command>,
    pub used_by: Vec<Use>,
    /// A build pushes images besides building this one.
    pub is_pushed: bool,
}

/// A compose file and who starts it.
#[derive(Debug)]
pub struct ComposeFile {
    pub compose: Compose,
    /// What its services run.
    pub commands: Vec<Command>,
    pub used_by: Vec<Use>,
}

/// A build that makes an image or starts services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    pub project: ProjectId,
    /// The command that does it.
    pub span: Span,
}

/// The names that compose looks for by itself, in its order.
const COMPOSE_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// Options of `docker build` that take a word.
const BUILD_OPTIONS: [&str; 16] = [
    "-t",
    "--tag",
    "-f",
    "--file",
    "--build-arg",
    "--target",
    "--platform",
    "--cache-from",
    "--cache-to",
    "--network",
    "--secret",
    "--ssh",
    "--label",
    "-o",
    "--output",
    "--progress",
];

/// Ties Dockerfiles and compose files to the builds whose commands name them.
pub fn find_uses(model: &mut Model) {
    let images: HashMap<&str, usize> = paths(model, model.images.iter().map(|image| image.dockerfile.file));
    let files: HashMap<&str, usize> = paths(model, model.compose.iter().map(|file| file.compose.file));
    let mut built: Vec<(usize, Use, bool)> = Vec::new();
    let mut started: Vec<(usize, Use)> = Vec::new();
    for project in 0..model.projects.len() {
        let Some(source) = model.buildspec_of(&model.projects[project]) else { continue };
        let bases = bases(&model.paths[source.file.index()]);
        let pushes = source
            .commands
            .iter()
            .any(|one| one.uses_docker() && (one.has_words(["push"]) || one.has_words(["--push"])));
        for command in source.commands.iter().filter(|command| command.uses_docker()) {
            let used = Use { project, span: command.span };
            let Some(folder) = command.folder.as_deref() else { continue };
            let find = |found: &HashMap<&str, usize>, path: &str| {
                bases.iter().find_map(|base| found.get(below_root(base, path)?.as_str()).copied())
            };
            let join = |path: &str| below_root(folder, path);
            if let Some(names) = composes(command) {
                let file = names.iter().find_map(|name| find(&files, &join(name)?));
                started.extend(file.map(|file| (file, used)));
            } else if let Some((context, file)) = builds(command) {
                let path = file.map_or_else(|| format!("{}/Dockerfile", context.trim_end_matches('/')), str::to_owned);
                let image = join(&path).and_then(|path| find(&images, &path));
                built.extend(image.map(|image| (image, used, pushes)));
            }
        }
    }
    // What a compose file builds is built where it is started.
    for (file, used) in &started {
        let compose = &model.compose[*file].compose;
        let folder = folder_of(&model.paths[compose.file.index()]);
        for build in compose.services.iter().filter_map(|service| service.build.as_ref()) {
            let context = build.context.as_ref().map_or(Some("."), |text| text.literal());
            let name = build.dockerfile.as_ref().map_or(Some("Dockerfile"), |text| text.literal());
            let (Some(context), Some(name)) = (context, name) else { continue };
            let path = below_root(folder, context).and_then(|context| below_root(&context, name));
            built.extend(path.and_then(|path| images.get(path.as_str())).map(|image| (*image, *used, false)));
        }
    }
    for (image, used, is_pushed) in built {
        let image = &mut model.images[image];
        image.is_pushed |= is_pushed;
        if !image.used_by.contains(&used) {
            image.used_by.push(used);
        }
    }
    for (file, used) in started {
        model.compose[file].used_by.push(used);
    }
}

fn paths(model: &Model, files: impl Iterator<Item = FileId>) -> HashMap<&str, usize> {
    files.enumerate().map(|(id, file)| (model.paths[file.index()].as_str(), id)).collect()
}

/// The root of the source, and the folders from that of the buildspec upwards.
fn bases(path: &str) -> Vec<String> {
    let mut bases = vec![String::new()];
    let mut folder = folder_of(path);
    while !folder.is_empty() {
        bases.push(folder.to_owned());
        folder = folder_of(folder);
    }
    bases
}

/// The files that `docker compose` reads, by the option or by its own names.
fn composes(command: &Command) -> Option<Vec<&str>> {
    let is_compose = command.program() == "docker-compose"
        || (command.program() == "docker" && command.arguments().first().is_some_and(|word| word.text == "compose"));
    let starts = ["up", "build", "run", "create"].iter().any(|verb| command.has_words([*verb]));
    (is_compose && starts).then(|| match command.option("-f").or_else(|| command.option("--file")) {
        Some(file) => vec![file],
        None => COMPOSE_NAMES.to_vec(),
    })
}

/// The context and the Dockerfile of `docker build`.
fn builds(command: &Command) -> Option<(&str, Option<&str>)> {
    let mut words = command.arguments().iter().map(|word| word.text.as_str());
    let verb = words.find(|word| !word.starts_with('-'))?;
    let is_build = verb == "build" || (matches!(verb, "buildx" | "builder" | "image") && words.next() == Some("build"));
    if !is_build {
        return None;
    }
    let file = command.option("-f").or_else(|| command.option("--file"));
    let mut context = None;
    let mut skip = false;
    for word in words {
        if std::mem::take(&mut skip) {
            continue;
        }
        if BUILD_OPTIONS.contains(&word) {
            skip = true;
        } else if !word.starts_with('-') {
            context = Some(word);
        }
    }
    context.map(|context| (context, file))
}
