//! Commands that run together, and values that are set by name, wherever they are written.

use super::command::Command;
use super::{BuildProject, Model};
use crate::source::{FileId, Span};
use crate::template::buildspec::VariableOrigin;
use crate::template::dockerfile::Action;
use crate::value::Text;

/// The commands of one buildspec, image, action or set of services.
pub struct Group<'m> {
    pub file: FileId,
    pub commands: &'m [Command],
    /// The build or action that runs them, when it deploys or shares its role with what deploys.
    pub deploying: Option<String>,
    /// The builds that run them.
    pub builds: Vec<&'m BuildProject>,
    /// Where the commands are those of an image.
    pub is_image: bool,
}

/// A name with a value: a variable of a build, an image, a service or a command.
pub struct NamedValue<'m> {
    pub name: &'m str,
    pub span: Span,
    pub value: &'m Text,
    /// A project sets it for its builds.
    pub is_of_project: bool,
}

pub fn groups(model: &Model) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    for (id, source) in model.buildspecs.iter().enumerate() {
        let builds: Vec<_> = model.projects.iter().filter(|project| project.buildspec_id() == Some(id)).collect();
        let deploying = builds.iter().find(|project| project.deploys.is_some());
        let deploying = deploying.map(|project| project.display().to_owned());
        groups.push(Group { file: source.file, commands: &source.commands, deploying, builds, is_image: false });
    }
    for pipeline in &model.pipelines {
        for (_, _, _, action) in pipeline.actions() {
            let (file, commands) = (pipeline.file, &action.commands[..]);
            let deploying = action.has_role_that_deploys(pipeline).then(|| action.name.display().into_owned());
            groups.push(Group { file, commands, deploying, builds: Vec::new(), is_image: false });
        }
    }
    for image in &model.images {
        let (file, commands) = (image.dockerfile.file, &image.commands[..]);
        groups.push(Group { file, commands, deploying: None, builds: Vec::new(), is_image: true });
    }
    for one in &model.compose {
        groups.push(Group {
            file: one.compose.file,
            commands: &one.commands,
            deploying: None,
            builds: Vec::new(),
            is_image: false,
        });
    }
    groups.retain(|group| !group.commands.is_empty());
    groups
}

/// Every value that is set by name.
pub fn named_values(model: &Model) -> Vec<NamedValue<'_>> {
    let mut found = Vec::new();
    for source in &model.buildspecs {
        for one in source.buildspec.variables.iter().filter(|one| one.origin == VariableOrigin::PlainText) {
            found.extend(one.value.as_text().map(|value| declared(&one.name.value, one.name.span, value)));
        }
    }
    for one in model.projects.iter().flat_map(|project| &project.variables).filter(|one| one.is_plain) {
        let value = one.value.as_ref().map(|value| declared(&one.name.value, one.name.span, value));
        found.extend(value.map(|value| NamedValue { is_of_project: true, ..value }));
    }
    for step in model.images.iter().flat_map(|image| &image.dockerfile.stages).flat_map(|stage| &stage.steps) {
        if let Action::Env(settings) | Action::Arg(settings) | Action::Label(settings) = &step.action {
            let settings = settings.iter().filter_map(|one| Some((one, one.value.as_ref()?)));
            found.extend(settings.map(|(one, value)| declared(&one.name.value, one.name.span, value)));
        }
    }
    for service in model.compose.iter().flat_map(|file| &file.compose.services) {
        let arguments = service.build.iter().flat_map(|build| &build.arguments);
        let settings = service.environment.iter().chain(arguments);
        found.extend(settings.filter_map(|one| Some(declared(&one.name.value, one.name.span, one.value.as_ref()?))));
    }
    for one in model.all_commands().flat_map(|command| &command.assignments) {
        let (name, value) = (one.name.value.as_str(), &one.value.value);
        found.push(declared(name, one.name.span, value));
    }
    found
}

fn declared<'m>(name: &'m str, span: Span, value: &'m Text) -> NamedValue<'m> {
    NamedValue { name, span, value, is_of_project: false }
}
