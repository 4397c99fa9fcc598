//! Principals outside a pipeline that may change it, or pass over what holds its executions up.
//!
//! Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_codepipeline.html>

use super::chain::{by_statement, distinct, finding, list};
use super::deploy_permission::is_exempt;
use super::reach::{Target, reaches};
use crate::iam::{ConditionClass, Grant, Wanted};
use crate::model::deployment::first_deployment;
use crate::model::principal::CiUse;
use crate::model::{DEPLOY, Model, Pipeline, Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "pipeline-control",
    summary: "somebody outside a pipeline that deploys may change it, or pass over what holds it up",
    params: &[],
    facts: &["role", "kind", "worker", "action", "pattern", "pipeline"],
    bind,
};

const CONTROLS: [&str; 4] = [
    "codepipeline:UpdatePipeline",
    "codepipeline:OverrideStageCondition",
    "codepipeline:RollbackStage",
    "codepipeline:EnableStageTransition",
];

fn bind(_: &Params) -> Check {
    let controls = Wanted::new(&CONTROLS);
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let deploying = model.pipelines.iter().filter(|pipeline| first_deployment(model, pipeline).is_some());
        let pipelines: Vec<(&Pipeline, Targets)> = deploying.map(|pipeline| (pipeline, targets(pipeline))).collect();
        if pipelines.is_empty() {
            return Vec::new();
        }
        let outsiders = model.principals.iter().enumerate().filter(|(id, principal)| {
            principal.kind != PrincipalKind::Group && !model.deployers.contains(*id) && !is_exempt(principal)
        });
        outsiders.filter_map(|(_, one)| of_principal(model, one, &pipelines, &controls)).collect()
    })
}

/// One finding for a principal: the nearest pipeline, the others named.
fn of_principal(
    model: &Model,
    principal: &Principal,
    pipelines: &[(&Pipeline, Targets)],
    controls: &Wanted,
) -> Option<Finding> {
    let mut grants = principal.authority.grants_of(controls);
    grants.retain(|grant| !grant.is_narrowed_by(ConditionClass::Path));
    if grants.is_empty() || principal.authority.grants_of(&DEPLOY).iter().any(|grant| grant.everywhere) {
        // Who deploys whatever they like needs no pipeline, and is told so.
        return None;
    }
    let mut reached: Vec<&(&Pipeline, Targets)> = pipelines
        .iter()
        .filter(|(pipeline, _)| !is_its_own(model, principal, pipeline))
        .filter(|(_, targets)| grants.iter().any(|grant| targets.are_reached_by(grant)))
        .collect();
    reached.sort_by_key(|(pipeline, _)| std::cmp::Reverse(model.nearness(pipeline.file, principal.file)));
    let (nearest, targets) = reached.first()?;
    grants.retain(|grant| targets.are_reached_by(grant));
    let groups = by_statement(&grants);
    let mut found = finding(model, principal, groups.first()?)?
        .fact("pipeline", nearest.display())
        .related(nearest.logical_id.span, "this pipeline deploys");
    found.subject = format!("{} {}", principal.display(), nearest.display());
    let others = distinct(reached.iter().skip(1).map(|(other, _)| format!("`{}`", other.display())));
    if !others.is_empty() {
        found = found.note(format!("and {}", list(&others, 4)));
    }
    Some(found)
}

/// The role that the pipeline itself works with.
fn is_its_own(model: &Model, principal: &Principal, pipeline: &Pipeline) -> bool {
    principal.uses.iter().any(|usage| match usage {
        CiUse::Pipeline(id) | CiUse::PipelineAction(id) => std::ptr::eq(&model.pipelines[*id], pipeline),
        _ => false,
    })
}

/// A pipeline, and its stages: all but one of the calls are about a stage.
struct Targets {
    pipeline: Target,
    stages: Target,
}

impl Targets {
    fn are_reached_by(&self, grant: &Grant<'_>) -> bool {
        let is_of_pipeline = grant.action == "codepipeline:UpdatePipeline";
        reaches(grant, if is_of_pipeline { &self.pipeline } else { &self.stages })
    }
}

fn targets(pipeline: &Pipeline) -> Targets {
    let (file, id, name) = (pipeline.file, &pipeline.logical_id.value, pipeline.name.as_ref());
    let of = |suffix: &str| Target::below(file, id, "arn:*:codepipeline:*:*:", name, suffix);
    Targets { pipeline: of(""), stages: of("/*") }
}
