//! Builds that run with the role of a pipeline.

use super::chain::with_conditions;
use crate::model::{BuildProject, Model, Pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use std::cmp::Reverse;

pub const ANALYSIS: Analysis = Analysis {
    name: "pipeline-role",
    summary: "a build runs with the role of a pipeline",
    params: &[],
    facts: &["project", "pipeline", "role"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.projects.iter().filter_map(|project| of_project(context.model, project)).collect()
    })
}

fn of_project(model: &Model, project: &BuildProject) -> Option<Finding> {
    let role = project.role.as_ref()?;
    let same = |pipeline: &&Pipeline| pipeline.role.as_ref().is_some_and(|other| other.is_same_role(role));
    let near = |pipeline: &&Pipeline| Reverse(model.nearness(pipeline.file, project.file));
    let pipeline = model.pipelines.iter().filter(same).min_by_key(near)?;
    let mut found = Finding::new(role.span, format!("{} {}", project.display(), pipeline.display()))
        .fact("project", project.display())
        .fact("pipeline", pipeline.display())
        .fact("role", role.display());
    if let Some(other) = &pipeline.role {
        found = found.related(other.span, format!("is the role of the pipeline `{}`", pipeline.display()));
    }
    if let Some(principal) = model.role(Some(role)) {
        found = found.related(principal.logical_id.span, "this role");
    }
    Some(with_conditions(found, &role.when, Vec::new()))
}
