//! CodePipeline pipelines, their stages and actions.

use super::ProjectId;
use super::command::Command;
use super::principal::RoleRef;
use super::project::{ActionRef, BuildVariable};
use crate::source::{FileId, Span, Spanned};
use crate::syntax;
use crate::value::{Condition, Map, Text, Value, implies};

#[derive(Debug)]
pub struct Pipeline {
    pub file: FileId,
    pub logical_id: Spanned<String>,
    pub name: Option<Text>,
    pub role: Option<RoleRef>,
    /// The buckets that hold artifacts between actions.
    pub stores: Vec<Text>,
    /// The region of each, where there is one for each region.
    pub store_regions: Vec<Text>,
    pub stages: Vec<Stage>,
    /// Events that start a V2 pipeline.
    pub triggers: Vec<Trigger>,
    pub when: Option<Condition>,
    /// Everything that is written of it, under the names that CloudFormation has.
    pub properties: Value,
}

/// What starts a V2 pipeline, other than a change of the branch that its source names.
///
/// Source: <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GitConfiguration.html>
#[derive(Debug)]
pub struct Trigger {
    /// Where pull requests are named as the event.
    pub pull_requests: Option<Span>,
    /// Where a push to any branch is.
    pub any_branch: Option<Span>,
}

#[derive(Debug)]
pub struct Stage {
    pub name: Text,
    pub actions: Vec<PipelineAction>,
    /// A V2 stage may demand conditions before it is entered.
    pub before_entry: bool,
    /// The stage is there only when these hold.
    pub when: Vec<Condition>,
}

/// One action of a stage; not an IAM action.
#[derive(Debug)]
pub struct PipelineAction {
    pub name: Text,
    /// `Source`, `Build`, `Approval`, `Deploy`, `Test`, `Invoke`, `Compute` as it is written.
    pub category: String,
    pub owner: String,
    pub provider: String,
    pub run_order: u32,
    pub configuration: Option<Map>,
    /// Variables of the commands of a `Commands` action, as they are listed.
    pub environment: Option<Value>,
    /// The region it runs in, when that is not the pipeline's by default.
    pub region: Option<Text>,
    /// The names of the artifacts that it takes, and of those that it hands on.
    pub inputs: Vec<Text>,
    pub outputs: Vec<Text>,
    pub role: Option<RoleRef>,
    /// The role that a CloudFormation action hands to CloudFormation.
    pub execution_role: Option<RoleRef>,
    /// What a `Commands` action runs, with the role of the pipeline.
    pub commands: Vec<Command>,
    /// Their texts as they are written.
    pub scripts: Vec<Text>,
    /// The project of a CodeBuild action. Filled by linking.
    pub project: Option<ProjectId>,
    pub span: Span,
    /// The action is there only when these hold.
    pub when: Vec<Condition>,
}

impl Pipeline {
    pub fn display(&self) -> &str {
        &self.logical_id.value
    }

    pub fn action(&self, at: ActionRef) -> (&Stage, &PipelineAction) {
        let stage = &self.stages[at.stage];
        (stage, &stage.actions[at.action])
    }

    /// An approval that has to be given before an action runs: in an earlier stage, or earlier in
    /// the same one.
    pub fn approval_before(&self, stage: usize, action: usize) -> Option<&PipelineAction> {
        let order = self.stages[stage].actions[action].run_order;
        let given = [self.stages[stage].when.as_slice(), &self.stages[stage].actions[action].when].concat();
        let before = |at: usize, other: &PipelineAction| at < stage || (at == stage && other.run_order < order);
        let is_there =
            |holder: &Stage, other: &PipelineAction| implies(&given, &holder.when) && implies(&given, &other.when);
        let approval = |(at, _, holder, other): &(usize, usize, &Stage, &PipelineAction)| {
            other.is_approval() && before(*at, other) && is_there(holder, other)
        };
        self.actions().find(approval).map(|found| found.3)
    }

    /// Every action with its place, in order.
    pub fn actions(&self) -> impl Iterator<Item = (usize, usize, &Stage, &PipelineAction)> {
        self.stages.iter().enumerate().flat_map(|(index, stage)| {
            stage.actions.iter().enumerate().map(move |(at, action)| (index, at, stage, action))
        })
    }
}

impl PipelineAction {
    pub fn is_provider(&self, category: &str, provider: &str) -> bool {
        self.category.eq_ignore_ascii_case(category) && self.provider.eq_ignore_ascii_case(provider)
    }

    pub fn is_approval(&self) -> bool {
        self.category.eq_ignore_ascii_case("Approval")
    }

    pub fn is_source(&self) -> bool {
        self.category.eq_ignore_ascii_case("Source")
    }

    /// The role that the action works with: its own, or that of the pipeline.
    pub fn role_in<'p>(&'p self, pipeline: &'p Pipeline) -> Option<&'p RoleRef> {
        self.role.as_ref().or(pipeline.role.as_ref())
    }

    /// An action with the same role deploys, or this one does.
    pub fn has_role_that_deploys(&self, pipeline: &Pipeline) -> bool {
        let Some(role) = self.role_in(pipeline) else { return false };
        let mut others = pipeline.actions().map(|(_, _, _, action)| action);
        others.any(|other| {
            let deploys = other.is_deploy_provider() || other.deploying_command().is_some();
            deploys && other.role_in(pipeline).is_some_and(|its| its.is_same_role(role))
        })
    }

    /// Runs commands without a build project.
    /// Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Commands.html>
    pub fn is_commands(&self) -> bool {
        self.is_provider("Compute", "Commands")
    }

    /// A command that changes what runs.
    pub fn deploying_command(&self) -> Option<&Command> {
        self.commands.iter().find(|command| command.deploys())
    }

    /// A text of the configuration.
    pub fn setting(&self, key: &str) -> Option<&Text> {
        self.configuration.as_ref()?.get(key).and_then(Value::as_text)
    }

    /// What it sets for its build, `[{"name": "STAGE", "value": "dev", "type": "PLAINTEXT"}]`.
    pub fn variables(&self) -> Vec<BuildVariable> {
        // `#{variables.Name}` is a variable of the pipeline.
        let is_known = |text: &Text| !text.display().contains("#{");
        let known = |one: BuildVariable| BuildVariable { value: one.value.filter(is_known), ..one };
        self.written_variables().into_iter().map(known).collect()
    }

    /// The same as they are written, with variables of the pipeline in them; and those that a `Commands` action has.
    pub fn written_variables(&self) -> Vec<BuildVariable> {
        let of_build = self.json_setting("EnvironmentVariables");
        let mut found = variables(of_build.as_ref(), ["name", "value", "type"]);
        found.append(&mut variables(self.environment.as_ref(), ["Name", "Value", "Type"]));
        found
    }

    /// A text of the configuration that is JSON, read.
    pub fn json_setting(&self, key: &str) -> Option<Value> {
        let rendered = self.setting(key)?.render();
        let parsed = syntax::parse_at(&rendered.text, &rendered.map);
        parsed.root().map(|root| Value::restored(root, &rendered.holes))
    }

    /// The provider changes what runs, by itself and not through a build.
    /// Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-valid-providers.html>
    pub fn is_deploy_provider(&self) -> bool {
        self.category.eq_ignore_ascii_case("Deploy")
            && !(self.provider.eq_ignore_ascii_case("CloudFormation")
                && self.setting("ActionMode").and_then(Text::literal) == Some("CHANGE_SET_REPLACE"))
    }
}

/// The variables of a list, by the keys that its items have.
fn variables(list: Option<&Value>, keys: [&str; 3]) -> Vec<BuildVariable> {
    list.into_iter().flat_map(Value::items).filter_map(|(_, item)| BuildVariable::read(item, keys)).collect()
}
