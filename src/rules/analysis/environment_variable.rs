//! Pipelines that deploy to production and elsewhere with one build, which a variable alone tells apart.

use super::shared_environment::speaks_of;
use crate::model::deployment::{
    is_other_environment, is_production, names_production_variable, sets_other_environment,
};
use crate::model::{BuildProject, Model, Pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "environment-variable",
    summary: "one build deploys to production or elsewhere as a variable says",
    params: &[],
    facts: &["pipeline", "project", "stage", "other", "role"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.pipelines.iter().filter_map(|pipeline| of_pipeline(context.model, pipeline)).collect()
    })
}

fn of_pipeline(model: &Model, pipeline: &Pipeline) -> Option<Finding> {
    let (project, production, other) = pipeline.actions().find_map(|(_, _, stage, action)| {
        let (id, variables) = action.project.zip(action.setting("EnvironmentVariables"))?;
        let is_told = speaks_of(stage, action, is_production) || names_production_variable(&variables.display());
        let project = model.project(id);
        project.deploys.as_ref().filter(|_| is_told)?;
        let other = pipeline.actions().find(|(_, _, stage, other)| {
            let others = other.setting("EnvironmentVariables");
            let is_elsewhere = speaks_of(stage, other, |text| is_other_environment(text) && !is_production(text))
                || sets_other_environment(other);
            other.project == Some(id) && is_elsewhere && others.is_none_or(|others| others != variables)
        })?;
        Some((project, (action, variables), other.3))
    })?;
    let (action, variables) = production;
    let mut found = Finding::new(variables.span, format!("{} {}", pipeline.display(), project.display()))
        .fact("pipeline", pipeline.display())
        .fact("project", project.display())
        .fact("stage", action.name.display())
        .fact("other", other.name.display())
        .fact("role", role(project))
        .related(other.name.span, "the same build deploys here")
        .related(project.logical_id.span, "this build");
    // That both have one role follows from it.
    found.cause = Some(action.name.span);
    Some(found)
}

fn role(project: &BuildProject) -> String {
    project.role.as_ref().map(|role| role.display()).unwrap_or_default()
}
