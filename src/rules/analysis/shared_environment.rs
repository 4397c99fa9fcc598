//! Pipelines that deploy to production and elsewhere with one role, so that the test environment is
//! as good as production.

use crate::model::deployment::{is_other_environment, is_production};
use crate::model::{Model, Pipeline, PipelineAction, RoleRef, Stage};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;

pub const ANALYSIS: Analysis = Analysis {
    name: "shared-environment",
    summary: "production and another environment are deployed with one role",
    params: &[],
    facts: &["pipeline", "stage", "other", "role"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.pipelines.iter().filter_map(|pipeline| of_pipeline(context.model, pipeline)).collect()
    })
}

/// An action that deploys, with the role that does it: CloudFormation's, the build's, or its own.
struct Deploying<'m> {
    name: String,
    span: Span,
    role: &'m RoleRef,
}

fn of_pipeline(model: &Model, pipeline: &Pipeline) -> Option<Finding> {
    let deploying = |wanted: fn(&str) -> bool| -> Vec<Deploying<'_>> {
        let actions = pipeline.actions().filter(|(_, _, stage, action)| speaks_of(stage, action, wanted));
        actions.filter_map(|(_, _, stage, action)| deploying(model, pipeline, stage, action)).collect()
    };
    let production = deploying(is_production);
    let elsewhere = deploying(|text| is_other_environment(text) && !is_production(text));
    let (first, other) = production.iter().find_map(|first| {
        let same = elsewhere.iter().find(|other| other.role.is_same_role(first.role))?;
        Some((first, same))
    })?;
    let mut found = Finding::new(first.span, format!("{} {} {}", pipeline.display(), first.name, other.name))
        .fact("pipeline", pipeline.display())
        .fact("stage", first.name.clone())
        .fact("other", other.name.clone())
        .fact("role", first.role.display())
        .related(other.span, "deployed with the same role")
        .related(first.role.span, "this role")
        .related(pipeline.logical_id.span, "this pipeline");
    found.cause = Some(first.span);
    Some(found)
}

pub fn speaks_of(stage: &Stage, action: &PipelineAction, wanted: fn(&str) -> bool) -> bool {
    let names = [Some(&stage.name), Some(&action.name), action.setting("StackName")];
    names.into_iter().flatten().any(|name| wanted(&name.display()))
}

fn deploying<'m>(
    model: &'m Model,
    pipeline: &'m Pipeline,
    stage: &Stage,
    action: &'m PipelineAction,
) -> Option<Deploying<'m>> {
    let of_build = action.project.map(|id| model.project(id)).filter(|project| project.deploys.is_some());
    let role = match of_build {
        Some(project) => project.role.as_ref()?,
        None if action.is_deploy_provider() => action.execution_role.as_ref().or_else(|| action.role_in(pipeline))?,
        None => return None,
    };
    let name = format!("{}/{}", stage.name.display(), action.name.display());
    Some(Deploying { name, span: action.name.span, role })
}
