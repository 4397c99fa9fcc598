//! `AWS::CodeBuild::Project` to a build project.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codebuild-project.html>

use super::{Declared, Fragment, add_buildspec, note_unknown, text, texts};
use crate::model::principal::RoleRef;
use crate::model::project::{Artifacts, BuildProject, BuildVariable, BuildspecRef, Logs, S3Cache, Source};
use crate::model::trust_level::CodeTrust;
use crate::model::webhook::Webhook;
use crate::source::{FileId, Spanned};
use crate::syntax;
use crate::template::buildspec::Buildspec;
use crate::value::{Condition, Text, Value};

pub fn lower(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    let id = &declared.resource.logical_id;
    declared.with_properties(|properties, when| {
        if properties.as_map().is_some() {
            note_unknown(id, properties, &["Source", "Triggers", "Environment"], fragment);
            project(declared.file, id, properties, when, fragment);
        }
    });
}

/// A project by its properties, under the names that CloudFormation has for them.
pub fn project(
    file: FileId,
    id: &Spanned<String>,
    properties: &Value,
    when: Option<Condition>,
    fragment: &mut Fragment,
) {
    // `RoleArn` is the property of a pipeline; CloudFormation refuses it here, and it is said.
    let role = properties.get("ServiceRole").or_else(|| properties.get("RoleArn"));
    let environment = properties.get("Environment").and_then(Value::first_map).map(|(_, map)| map);
    let image = environment.and_then(|environment| text(environment.get("Image")));
    let kind = environment.and_then(|environment| text(environment.get("Type")));
    let is_windows =
        [&image, &kind].into_iter().flatten().any(|text| text.display().to_ascii_lowercase().contains("windows"));
    let privileged = environment.and_then(|environment| environment.get("PrivilegedMode"));
    let is_privileged = privileged.is_some_and(|value| value.is_set_when().is_some());
    let fleet = environment.and_then(|environment| text(environment.get("Fleet")?.get("FleetArn")));
    let source = source(file, id, properties, fragment);
    let artifacts = ["Artifacts", "SecondaryArtifacts"].into_iter().filter_map(|key| properties.get(key));
    let artifacts = artifacts.flat_map(Value::items).filter_map(|(_, item)| artifacts_of(item)).collect();
    let variables = environment.and_then(|environment| environment.get("EnvironmentVariables"));
    let variables = variables.map(Value::items).unwrap_or_default();
    let variables =
        variables.into_iter().filter_map(|(_, item)| BuildVariable::read(item, ["Name", "Value", "Type"])).collect();
    let mut roles = texts(role).into_iter().map(|(when, text)| RoleRef::new(text, when));
    fragment.projects.push(BuildProject {
        file,
        logical_id: id.clone(),
        name: text(properties.get("Name")),
        account: None,
        source,
        artifacts,
        image,
        is_windows,
        fleet,
        cache: properties.get("Cache").and_then(cache),
        logs: properties.get("LogsConfig").map(logs).unwrap_or_default(),
        privileged: privileged.filter(|_| is_privileged).map(Value::span),
        role: roles.next(),
        other_roles: roles.collect(),
        webhook: properties.get("Triggers").and_then(Webhook::read),
        when,
        properties: properties.clone(),
        variables,
        own_commands: None,
        run_by: Vec::new(),
        trust: CodeTrust::default(),
        deploys: None,
    });
}

fn source(file: FileId, id: &Spanned<String>, properties: &Value, fragment: &mut Fragment) -> Source {
    let sources = properties.get("Source").map(Value::alternatives).unwrap_or_default();
    let Some((_, source)) = sources.into_iter().find(|(_, source)| source.as_map().is_some()) else {
        let buildspec = BuildspecRef::Elsewhere { span: id.span, text: "the source of the project".into() };
        return Source { kind: String::new(), span: id.span, location: None, buildspec };
    };
    Source {
        kind: source.get("Type").and_then(Value::literal).unwrap_or_default().to_ascii_uppercase(),
        span: source.get("Type").map_or(source.span(), Value::span),
        location: text(source.get("Location")),
        buildspec: buildspec(file, source, fragment),
    }
}

fn buildspec(file: FileId, source: &Value, fragment: &mut Fragment) -> BuildspecRef {
    let value = source.get("BuildSpec").or_else(|| source.get("Buildspec"));
    let text = match value {
        None | Some(Value::Null(_)) => return BuildspecRef::Default { found: None },
        // `Fn::ToJsonString` of the buildspec.
        Some(value @ Value::Map(map)) => {
            let read = Buildspec::read(value);
            let id = read.map(|buildspec| add_buildspec(fragment, buildspec, file, true));
            return BuildspecRef::Inline { span: map.span, id };
        }
        Some(value) => match text(Some(value)) {
            Some(text) => text,
            None => {
                let text = "a buildspec that is computed".into();
                return BuildspecRef::Elsewhere { span: value.span(), text };
            }
        },
    };
    let shown = text.display();
    // An ARN of an object in S3; anything with a line break or a brace is the buildspec itself.
    if shown.starts_with("arn:") {
        let message = format!("the buildspec is `{shown}`, an object in S3");
        return BuildspecRef::Elsewhere { span: text.span, text: message };
    }
    if shown.contains('\n') || shown.trim_start().starts_with('{') || shown.trim_start().starts_with("version") {
        return inline(file, &text, fragment);
    }
    if text.as_hole().is_some() {
        let message = format!("the buildspec is `{shown}`, known only at deployment");
        return BuildspecRef::Elsewhere { span: text.span, text: message };
    }
    BuildspecRef::Path { path: text, found: None }
}

fn inline(file: FileId, text: &Text, fragment: &mut Fragment) -> BuildspecRef {
    let rendered = text.render();
    let parsed = syntax::parse_at(&rendered.text, &rendered.map);
    fragment.problems.extend(parsed.problems.iter().cloned());
    fragment.repaired.extend(&parsed.repaired);
    let value = parsed.root().map(|root| Value::restored(root, &rendered.holes));
    let buildspec = value.as_ref().and_then(Buildspec::read);
    let id = buildspec.map(|buildspec| add_buildspec(fragment, buildspec, file, true));
    if id.is_none() {
        fragment.not_read.push((text.span, "the inline buildspec is no mapping".into()));
    }
    BuildspecRef::Inline { span: text.span, id }
}

fn cache(value: &Value) -> Option<S3Cache> {
    let (_, map) = value.first_map()?;
    let is_in_s3 = map.get("Type").and_then(Value::literal).is_some_and(|kind| kind.eq_ignore_ascii_case("S3"));
    let location = text(map.get("Location")).filter(|_| is_in_s3)?;
    Some(S3Cache { location, namespace: text(map.get("CacheNamespace")) })
}

/// CloudWatch gets logs unless it is said otherwise, S3 only where it is said.
fn logs(value: &Value) -> Logs {
    let status =
        |kind: &str| value.get(kind).map(|logs| logs.get("Status").and_then(Value::literal).unwrap_or_default());
    let is_off = |status: Option<&str>| status.is_some_and(|status| status.eq_ignore_ascii_case("DISABLED"));
    let to_s3 = status("S3Logs");
    let off = is_off(status("CloudWatchLogs")) && (to_s3.is_none() || is_off(to_s3));
    let group = value.get("CloudWatchLogs").and_then(|logs| text(logs.get("GroupName")));
    Logs { off: off.then(|| value.span()), group }
}

fn artifacts_of(value: &Value) -> Option<Artifacts> {
    value.as_map()?;
    Some(Artifacts {
        kind: value.get("Type").and_then(Value::literal).unwrap_or_default().to_ascii_uppercase(),
        span: value.span(),
        location: text(value.get("Location")),
        path: text(value.get("Path")),
        name: text(value.get("Name")),
        has_build_id: value.get("NamespaceType").and_then(Value::literal) != Some("NONE")
            && value.get("NamespaceType").is_some(),
        override_name: value.get("OverrideArtifactName").and_then(Value::as_bool).unwrap_or(false),
    })
}
