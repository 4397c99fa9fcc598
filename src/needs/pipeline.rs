//! What a pipeline and its actions need, each of the role that it works with.

use super::arn::{Place, hole, is_arn, joined, split_once};
use super::draft::{Draft, all};
use super::names::Names;
use super::project::connection_actions;
use super::{Certainty, Needs, command, storage};
use crate::model::{Model, Pipeline, PipelineAction, PrincipalId, RoleRef};
use crate::packed;
use crate::source::Span;
use crate::value::{HoleKind, Text};
use std::sync::LazyLock;

const PIPELINE_ROLE: &str = "https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html";
const CONNECTION: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html";
const CLOUDFORMATION: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html";
const CROSS_ACCOUNT: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-create-cross-account.html";
const ECS: &str = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECS.html";
const COMMANDS: &str = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Commands.html";
const EVENTS: &str = "https://docs.aws.amazon.com/codepipeline/latest/userguide/create-cloudtrail-S3-source-cfn.html";

/// What the actions of each provider need.
static ACTIONS: LazyLock<String> =
    LazyLock::new(|| packed::text(include_bytes!(concat!(env!("OUT_DIR"), "/pipeline-actions.bin"))));

/// Providers that need nothing of a role, and those of which AWS publishes no list that is short.
const WITHOUT_NEEDS: [&str; 2] = ["GitHub", "Manual"];

/// What the pipeline needs of its own role: the store, the key, actions without a role of their own.
pub fn of_pipeline(model: &Model, names: &Names<'_>, pipeline: &Pipeline) -> Needs {
    let mut draft = Draft::new(model, names, place(pipeline));
    stores(&mut draft, pipeline);
    for (_, _, _, action) in pipeline.actions() {
        match &action.role {
            None => needs_of_action(&mut draft, pipeline, action),
            Some(role) => {
                let reason = format!("works with the role of the action `{}`", action.name.display());
                let arn = vec![role.text.clone()];
                draft.need("sts:AssumeRole", arn, role.span, reason, CROSS_ACCOUNT);
            }
        }
    }
    draft.found
}

/// What actions need of the role that they have for themselves.
pub fn of_actions(model: &Model, names: &Names<'_>, pipeline: &Pipeline, role: PrincipalId) -> Needs {
    let own = |action: &&PipelineAction| {
        let target = action.role.as_ref().map(|role| role.target);
        target == Some(crate::model::RoleTarget::Declared(role))
    };
    let mut draft = Draft::new(model, names, place(pipeline));
    let actions: Vec<&PipelineAction> = pipeline.actions().map(|(_, _, _, action)| action).filter(own).collect();
    for action in &actions {
        needs_of_action(&mut draft, pipeline, action);
    }
    // Builds fetch their artifacts with the role of the project, and others need none.
    const WITHOUT_ARTIFACTS: [&str; 4] = ["CodeBuild", "Lambda", "Manual", "StepFunctions"];
    if actions.iter().any(|action| !WITHOUT_ARTIFACTS.contains(&action.provider.as_str())) {
        let before = draft.found.needs.len();
        artifacts(&mut draft, pipeline);
        draft.found.needs[before..].iter_mut().for_each(|need| need.certainty = Certainty::Likely);
    }
    draft.found
}

/// What rules of EventBridge that start a pipeline need of their role.
pub fn of_rules(model: &Model, names: &Names<'_>, is_role: impl Fn(&Text) -> bool) -> Needs {
    let mut found = Needs::default();
    for rule in model.resources.iter().filter(|resource| resource.kind == "AWS::Events::Rule") {
        let Some(value) = rule.value() else { continue };
        let mut draft = Draft::new(model, names, Place::of_template(rule.logical_id.span));
        for target in all(value, "Targets") {
            let Some(role) = super::draft::text(target, "RoleArn").filter(|role| is_role(role)) else { continue };
            for arn in super::draft::texts(target, "Arn") {
                let resolved = names.resolved(&arn);
                if resolved.display().contains(":codepipeline:") {
                    let reason = "starts the pipeline";
                    draft.need("codepipeline:StartPipelineExecution", vec![arn], role.span, reason, EVENTS);
                } else {
                    draft.unknown("what the target of the rule needs is not known", arn.span);
                }
            }
        }
        found.extend(draft.found);
    }
    found
}

fn place(pipeline: &Pipeline) -> Place {
    Place::of(&pipeline.properties, Span { file: pipeline.file, ..pipeline.logical_id.span })
}

fn stores(draft: &mut Draft<'_>, pipeline: &Pipeline) {
    for store in &pipeline.stores {
        let bucket = vec![draft.place.bucket(store)];
        let actions = "s3:GetBucketAcl s3:GetBucketLocation s3:GetBucketVersioning";
        draft.need(actions, bucket, store.span, "looks at the bucket of its artifacts", PIPELINE_ROLE).likely();
    }
    artifacts(draft, pipeline);
    if pipeline.stores.is_empty() {
        draft.unknown("where the artifacts of the pipeline are kept is not known", pipeline.logical_id.span);
    }
    for key in storage::store_keys(&pipeline.properties) {
        storage::use_of_key(draft, &key, "encrypts its artifacts");
    }
}

/// The artifacts lie in a folder with the name of the pipeline.
fn artifacts(draft: &mut Draft<'_>, pipeline: &Pipeline) {
    for store in &pipeline.stores {
        let key = joined([&storage::prefix(pipeline), &draft.place.text("/*")], store.span);
        let objects = vec![draft.place.object(store, &key)];
        let reason = "keeps its artifacts";
        draft.need("s3:PutObject", objects.clone(), store.span, reason, PIPELINE_ROLE);
        storage::reading(draft, objects, store.span, reason, PIPELINE_ROLE);
    }
}

fn needs_of_action(draft: &mut Draft<'_>, pipeline: &Pipeline, action: &PipelineAction) {
    let pipelines_own = draft.place.clone();
    if let Some(region) = &action.region {
        draft.place.region = region.clone();
    }
    let by_table = rows().filter(|row| row.is_for(action)).fold(false, |_, row| {
        row.add(draft, action);
        true
    });
    let by_code = match action.provider.as_str() {
        "CodeStarSourceConnection" => connection(draft, action),
        "StepFunctions" => state_machine(draft, action),
        "Commands" => commands(draft, pipeline, action),
        provider => WITHOUT_NEEDS.contains(&provider),
    };
    pass_role(draft, action);
    if let Some(key) = action.setting("KMSEncryptionKeyARN") {
        storage::use_of_key(draft, key, "encrypts what it puts into the bucket");
    }
    if !by_table && !by_code {
        let text = format!("what actions of the provider `{}` need is not known", action.provider);
        draft.unknown(text, action.span);
    }
    draft.place = pipelines_own;
}

fn connection(draft: &mut Draft<'_>, action: &PipelineAction) -> bool {
    let Some(connection) = action.setting("ConnectionArn") else { return false };
    let actions = connection_actions(connection, &["UseConnection"]);
    let arn = vec![connection.clone()];
    draft.need(&actions, arn, connection.span, "fetches the source through a connection", CONNECTION);
    true
}

fn state_machine(draft: &mut Draft<'_>, action: &PipelineAction) -> bool {
    let Some(machine) = action.setting("StateMachineArn") else { return false };
    let page = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-StepFunctions.html";
    let reason = "starts a state machine and waits for it";
    let start = "states:DescribeStateMachine states:StartExecution";
    draft.need(start, vec![machine.clone()], machine.span, reason, page);
    let place = draft.place.clone();
    let execution = match split_once(&draft.names.resolved(machine), ":stateMachine:") {
        Some((front, name)) => joined([&front, &place.text(":execution:"), &name, &place.text(":*")], machine.span),
        None => place.arn("states", &[&place.text("execution:*")]),
    };
    draft.need("states:DescribeExecution", vec![execution], machine.span, reason, page);
    true
}

/// What the commands need, and their log.
fn commands(draft: &mut Draft<'_>, pipeline: &Pipeline, action: &PipelineAction) -> bool {
    let place = draft.place.clone();
    let name = pipeline.name.clone().unwrap_or_else(|| {
        let id = &pipeline.logical_id;
        Text::from_hole(hole(&id.value, HoleKind::Resource, id.span, pipeline.file))
    });
    let group =
        |behind: &str| place.arn("logs", &[&place.text("log-group:/aws/codepipeline/"), &name, &place.text(behind)]);
    let reason = "writes the log of commands to CloudWatch Logs";
    let actions = "logs:CreateLogStream logs:PutLogEvents";
    draft.need(actions, vec![group(":*")], action.span, reason, COMMANDS);
    draft.need("logs:CreateLogGroup", vec![group(""), group(":*")], action.span, reason, COMMANDS).likely();
    draft.found.extend(command::of_all(draft.model, &action.commands));
    true
}

/// The roles that an action hands to CloudFormation or to tasks. A change set has its role already.
fn pass_role(draft: &mut Draft<'_>, action: &PipelineAction) {
    let written = action.configuration.as_ref().and_then(|settings| settings.get("RoleArn"));
    if let Some(written) = written.filter(|_| action.execution_role.is_none()) {
        draft.unknown("which role the action hands on is not known", written.span());
    }
    let executes = action.setting("ActionMode").and_then(Text::literal) == Some("CHANGE_SET_EXECUTE");
    if let Some(RoleRef { text, span, .. }) = action.execution_role.as_ref().filter(|_| !executes) {
        let service = vec![draft.place.text("cloudformation.amazonaws.com")];
        let reason = "hands the role to CloudFormation";
        let need = draft.need("iam:PassRole", vec![text.clone()], *span, reason, CLOUDFORMATION);
        need.under("StringEquals", "iam:PassedToService", service);
    }
    if matches!(action.provider.as_str(), "ECS" | "CodeDeployToECS") {
        let service = vec![draft.place.text("ecs-tasks.amazonaws.com")];
        let roles = hole("the roles of the task definition", HoleKind::Computed, action.span, action.span.file);
        let roles = vec![Text::from_hole(roles)];
        let reason = "hands the roles of the task definition to tasks";
        let need = draft.need("iam:PassRole", roles, action.span, reason, ECS).likely();
        need.under("StringEquals", "iam:PassedToService", service);
    }
}

/// One line of the table.
struct Row {
    provider: &'static str,
    when: &'static str,
    is_certain: bool,
    actions: &'static str,
    resources: &'static str,
    reason: &'static str,
    page: &'static str,
}

fn rows() -> impl Iterator<Item = Row> {
    let lines = ACTIONS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        Some(Row {
            provider: next()?,
            when: next()?,
            is_certain: next()? == "certain",
            actions: next()?,
            resources: next()?,
            reason: next()?,
            page: next()?,
        })
    })
}

impl Row {
    fn is_for(&self, action: &PipelineAction) -> bool {
        let provider = self.provider.split_once(' ').map_or(self.provider, |(_, provider)| provider);
        let category = self.provider.split_once(' ').map_or(action.category.as_str(), |(category, _)| category);
        action.is_provider(category, provider) && self.holds(action)
    }

    /// A setting that only the deployment knows may have any value.
    fn holds(&self, action: &PipelineAction) -> bool {
        let is = |key: &str, value: &str| match action.setting(key) {
            Some(text) => text.literal().map(|text| text.eq_ignore_ascii_case(value)),
            None => Some(false),
        };
        if let Some(key) = self.when.strip_suffix('?') {
            action.setting(key).is_some()
        } else if let Some((key, value)) = self.when.split_once("!=") {
            is(key, value) != Some(true)
        } else if let Some((key, value)) = self.when.split_once('=') {
            is(key, value) != Some(false)
        } else {
            true
        }
    }

    fn add(&self, draft: &mut Draft<'_>, action: &PipelineAction) {
        let resources: Vec<Text> =
            self.resources.split(' ').filter_map(|pattern| resource(draft, action, pattern)).collect();
        if resources.is_empty() {
            return;
        }
        let span = action.configuration.as_ref().map_or(action.span, |map| map.span);
        let is_certain = self.is_certain;
        let need = draft.need(self.actions, resources, span, self.reason, self.page);
        if !is_certain {
            need.likely();
        }
    }
}

/// `codebuild:project/{ProjectName}` with the settings of an action; `None` where it is one setting
/// that is not there.
fn resource(draft: &Draft<'_>, action: &PipelineAction, pattern: &str) -> Option<Text> {
    let place = &draft.place;
    let setting = |key: &str| action.setting(key).cloned();
    if let Some(key) = pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        return setting(key);
    }
    // `*` for an action that takes no resource.
    let Some((service, mut rest)) = pattern.split_once(':') else { return Some(place.text(pattern)) };
    let mut parts: Vec<Text> = Vec::new();
    while let Some((before, inner)) = rest.split_once('{') {
        let (key, behind) = inner.split_once('}')?;
        parts.push(place.text(before));
        parts.push(setting(key).unwrap_or_else(|| place.text("*")));
        rest = behind;
    }
    parts.push(place.text(rest));
    let parts: Vec<&Text> = parts.iter().collect();
    // `arn:…` of a whole resource where its name is asked for.
    if let Some(arn) = parts.iter().find(|part| is_arn(part)) {
        return Some((*arn).clone());
    }
    let none = place.text("");
    Some(match service {
        "s3" => place.at("s3", &none, &none, &parts),
        _ => place.arn(service, &parts),
    })
}
