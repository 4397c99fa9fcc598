//! Commands that run together, and values that are set by name, wherever they are written.

use super::command::Command;
use super::{BuildProject, Model, PipelineAction};
use crate::source::{FileId, Span};
use crate::template::buildspec::VariableOrigin;
use crate::template::dockerfile::Action;
use crate::value::{Text, Value};
use std::borrow::Cow;
use std::collections::HashSet;

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

/// A name with a value: a variable of a build, an image, a service, a function or a command.
pub struct NamedValue<'m> {
    pub name: Cow<'m, str>,
    pub span: Span,
    pub value: Cow<'m, Text>,
    pub setter: Setter,
}

/// Who sets a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setter {
    Project,
    /// An action, for the builds of a project.
    Action,
    /// A resource that is deployed, for the programs that it runs.
    Workload,
    /// A buildspec, an image, a service of Compose or a command.
    Other,
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
    for one in model.projects.iter().flat_map(|project| &project.variables) {
        let value = one.plain_value().map(|value| declared(&one.name.value, one.name.span, value));
        found.extend(value.map(|value| NamedValue { setter: Setter::Project, ..value }));
    }
    for one in model.actions().flat_map(PipelineAction::variables).filter(|one| one.is_plain) {
        let (name, span) = (Cow::Owned(one.name.value), one.name.span);
        let value = one.value.map(Cow::Owned);
        found.extend(value.map(|value| NamedValue { name, span, value, setter: Setter::Action }));
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
    found.extend(of_workloads(model));
    found
}

fn declared<'m>(name: &'m str, span: Span, value: &'m Text) -> NamedValue<'m> {
    NamedValue { name: Cow::Borrowed(name), span, value: Cow::Borrowed(value), setter: Setter::Other }
}

/// Where resources have the variables of what they run: a map, or a list of `Name` and `Value`.
const ENVIRONMENTS: [(&str, &str); 8] = [
    ("AWS::Amplify::App", "EnvironmentVariables"),
    ("AWS::Amplify::Branch", "EnvironmentVariables"),
    (
        "AWS::AppRunner::Service",
        "SourceConfiguration.CodeRepository.CodeConfiguration.CodeConfigurationValues.RuntimeEnvironmentVariables",
    ),
    ("AWS::AppRunner::Service", "SourceConfiguration.ImageRepository.ImageConfiguration.RuntimeEnvironmentVariables"),
    ("AWS::Batch::JobDefinition", "ContainerProperties.Environment"),
    ("AWS::ECS::TaskDefinition", "ContainerDefinitions.Environment"),
    ("AWS::Lambda::Function", "Environment.Variables"),
    ("AWS::Serverless::Function", "Environment.Variables"),
];

/// The types of resources that [`named_values`] looks into.
pub fn resource_types() -> impl Iterator<Item = &'static str> {
    ENVIRONMENTS.iter().map(|(kind, _)| *kind)
}

/// What is written once for all functions is there once.
fn of_workloads(model: &Model) -> Vec<NamedValue<'_>> {
    let mut found = Vec::new();
    for resource in &model.resources {
        for (_, path) in ENVIRONMENTS.iter().filter(|(kind, _)| *kind == resource.kind) {
            let whole: Vec<&Value> = resource.value().into_iter().collect();
            let environments = path.split('.').fold(whole, |values, name| {
                values.into_iter().flat_map(Value::items).filter_map(|(_, value)| value.get(name)).collect()
            });
            let entries = environments.into_iter().flat_map(Value::items);
            found.extend(entries.flat_map(|(_, entry)| variables(entry, path.ends_with(".Variables"))));
        }
    }
    let mut seen: HashSet<Span> = HashSet::new();
    found.retain(|one| seen.insert(one.value.span));
    found
}

/// Those of a map, or the one that an item of a list is.
fn variables(entry: &Value, is_map: bool) -> Vec<NamedValue<'_>> {
    let mut found = Vec::new();
    let mut add = |(name, span), value| found.extend(set(name, span, value));
    if is_map {
        let entries = entry.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
        entries.iter().for_each(|(key, value)| add((key.value.as_str(), key.span), value));
    } else if let (Some(Value::Text(name)), Some(value)) = (entry.get("Name"), entry.get("Value"))
        && let Some(literal) = name.literal()
    {
        add((literal, name.span), value);
    }
    found
}

fn set<'m>(name: &'m str, span: Span, value: &'m Value) -> impl Iterator<Item = NamedValue<'m>> {
    let texts = value.alternatives().into_iter().filter_map(|(_, value)| value.as_text());
    texts.map(move |text| NamedValue { setter: Setter::Workload, ..declared(name, span, text) })
}
