//! `AWS::CodePipeline::Pipeline` to a pipeline.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codepipeline-pipeline.html>

use super::{Declared, Fragment, note_unknown, text, texts};
use crate::model::pipeline::{Pipeline, PipelineAction, Stage, Trigger};
use crate::model::principal::RoleRef;
use crate::source::{FileId, Span, Spanned};
use crate::value::{Condition, Text, Value};

pub fn lower(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    let id = &declared.resource.logical_id;
    declared.with_properties(|properties, when| {
        if properties.as_map().is_some() {
            note_unknown(id, properties, &["Stages", "Triggers", "ArtifactStore", "ArtifactStores"], fragment);
            fragment.pipelines.push(pipeline(declared.file, id, properties, when));
        }
    });
}

/// A pipeline by its properties, under the names that CloudFormation has for them.
pub fn pipeline(file: FileId, id: &Spanned<String>, properties: &Value, when: Option<Condition>) -> Pipeline {
    // `ServiceRole` is the property of a build project; CloudFormation refuses it here, and it is said.
    let role = properties.get("RoleArn").or_else(|| properties.get("ServiceRole"));
    let stages = properties.get("Stages").map(Value::items).unwrap_or_default();
    Pipeline {
        file,
        logical_id: id.clone(),
        name: text(properties.get("Name")),
        role: role_ref(role),
        stores: stores(properties),
        store_regions: store_regions(properties),
        stages: stages.into_iter().filter_map(|(when, item)| stage(item, when)).collect(),
        triggers: triggers(properties),
        when,
        properties: properties.clone(),
    }
}

/// `ArtifactStore`, or `ArtifactStores` with one for each region.
fn stores(properties: &Value) -> Vec<Text> {
    let one = properties.get("ArtifactStore").map(Value::items).unwrap_or_default();
    let many = properties.get("ArtifactStores").map(Value::items).unwrap_or_default();
    let inner = many.iter().filter_map(|(_, item)| item.get("ArtifactStore"));
    let buckets = one.iter().map(|(_, item)| *item).chain(inner).filter_map(|store| text(store.get("Location")));
    buckets.collect()
}

fn store_regions(properties: &Value) -> Vec<Text> {
    let stores = properties.get("ArtifactStores").map(Value::items).unwrap_or_default();
    stores.iter().filter_map(|(_, store)| text(store.get("Region"))).collect()
}

fn triggers(properties: &Value) -> Vec<Trigger> {
    let items = properties.get("Triggers").map(Value::items).unwrap_or_default();
    let configured = items.iter().filter_map(|(_, item)| item.get("GitConfiguration")?.as_map());
    let trigger = configured.map(|git| Trigger {
        pull_requests: git
            .entry("PullRequest")
            .filter(|(_, filters)| filters.items().into_iter().any(|(_, filter)| meets_open(filter)))
            .map(|(key, _)| key.span),
        any_branch: git.get("Push").map(Value::items).unwrap_or_default().into_iter().find_map(|(_, filter)| {
            let branches = filter.get("Branches")?.as_map()?;
            // What is excluded alone leaves all others.
            let Some(included) = branches.get("Includes") else { return Some(branches.entry("Excludes")?.0.span) };
            let any = |value: &Value| matches!(value.literal(), Some("*" | "**"));
            included.items().into_iter().find(|(_, value)| any(value)).map(|(_, value)| value.span())
        }),
    });
    trigger.collect()
}

/// Whether a filter lets pull requests in that are not merged: it names an event of such, or none at all. `CLOSED`
/// is that of a merge.
/// Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html>
fn meets_open(filter: &Value) -> bool {
    let is_open = |event: &Value| matches!(event.literal(), Some("OPEN" | "UPDATED"));
    filter.get("Events").is_none_or(|events| events.items().into_iter().any(|(_, event)| is_open(event)))
}

fn stage(value: &Value, when: Vec<Condition>) -> Option<Stage> {
    value.as_map()?;
    let actions = value.get("Actions").map(Value::items).unwrap_or_default();
    Some(Stage {
        name: text(value.get("Name")).unwrap_or_else(|| unnamed(value.span())),
        actions: actions.into_iter().filter_map(|(when, item)| action(item, when)).collect(),
        before_entry: value.get("BeforeEntry").is_some(),
        when,
    })
}

fn action(value: &Value, when: Vec<Condition>) -> Option<PipelineAction> {
    value.as_map()?;
    let kind = value.get("ActionTypeId");
    let part = |key: &str| {
        let found = kind.and_then(|kind| kind.get(key)).and_then(Value::literal);
        found.unwrap_or_default().to_owned()
    };
    let configuration = value.get("Configuration").and_then(Value::first_map).map(|(_, map)| map.clone());
    let scripts: Vec<Text> = texts(value.get("Commands")).into_iter().map(|(_, text)| text).collect();
    let category = part("Category");
    let provider = part("Provider");
    let takes_role = provider.eq_ignore_ascii_case("CloudFormation")
        || provider.eq_ignore_ascii_case("CloudFormationStackSet")
        || provider.eq_ignore_ascii_case("CloudFormationStackInstances");
    let execution_role = configuration
        .as_ref()
        .filter(|_| takes_role)
        .and_then(|map| role_ref(map.get("RoleArn").or_else(|| map.get("ExecutionRoleName"))));
    let artifacts = |key: &str| -> Vec<Text> {
        let items = value.get(key).map(Value::items).unwrap_or_default();
        items.iter().filter_map(|(_, artifact)| text(artifact.get("Name"))).collect()
    };
    Some(PipelineAction {
        name: text(value.get("Name")).unwrap_or_else(|| unnamed(value.span())),
        category,
        owner: part("Owner"),
        provider,
        run_order: value.get("RunOrder").and_then(Value::literal).and_then(|order| order.parse().ok()).unwrap_or(1),
        configuration,
        environment: value.get("EnvironmentVariables").cloned(),
        region: text(value.get("Region")),
        inputs: artifacts("InputArtifacts"),
        outputs: artifacts("OutputArtifacts"),
        role: role_ref(value.get("RoleArn")),
        execution_role,
        scripts,
        commands: Vec::new(),
        project: None,
        span: value.span(),
        when,
    })
}

fn role_ref(value: Option<&Value>) -> Option<RoleRef> {
    texts(value).into_iter().next().map(|(when, text)| RoleRef::new(text, when))
}

fn unnamed(span: Span) -> Text {
    Text::at("(unnamed)", Span { end: span.start, ..span })
}
