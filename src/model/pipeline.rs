//! CodePipeline pipelines, their stages and actions.

use super::principal::RoleRef;
use super::{ProjectId, project::ActionRef};
use crate::source::{FileId, Span, Spanned};
use crate::value::{Condition, Map, Text, Value};

#[derive(Debug)]
pub struct Pipeline {
    pub file: FileId,
    pub logical_id: Spanned<String>,
    pub name: Option<Text>,
    pub role: Option<RoleRef>,
    /// The buckets that hold artifacts between actions.
    pub stores: Vec<Text>,
    pub stages: Vec<Stage>,
    pub when: Option<Condition>,
}

#[derive(Debug)]
pub struct Stage {
    pub name: Text,
    pub actions: Vec<PipelineAction>,
    /// A V2 stage may demand conditions before it is entered.
    pub before_entry: bool,
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
    pub role: Option<RoleRef>,
    /// The role that a CloudFormation action hands to CloudFormation.
    pub execution_role: Option<RoleRef>,
    /// The project of a CodeBuild action. Filled by linking.
    pub project: Option<ProjectId>,
    pub span: Span,
}

impl Pipeline {
    pub fn display(&self) -> &str {
        &self.logical_id.value
    }

    pub fn action(&self, at: ActionRef) -> (&Stage, &PipelineAction) {
        let stage = &self.stages[at.stage];
        (stage, &stage.actions[at.action])
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

    /// A text of the configuration.
    pub fn setting(&self, key: &str) -> Option<&Text> {
        self.configuration.as_ref()?.get(key).and_then(Value::as_text)
    }

    /// The provider changes what runs, by itself and not through a build.
    /// Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-valid-providers.html>
    pub fn is_deploy_provider(&self) -> bool {
        self.category.eq_ignore_ascii_case("Deploy")
            && !(self.provider.eq_ignore_ascii_case("CloudFormation")
                && self.setting("ActionMode").and_then(Text::literal) == Some("CHANGE_SET_REPLACE"))
    }
}
