//! Builds of reviewed code that may push to the branch that they are built from.
//!
//! Source: <https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-conditional-branch.html>

use super::chain::finding;
use super::fed_build::repository;
use super::release_source::{Place, ReleaseSource, Writes, sources_of};
use crate::diagnostic::Severity;
use crate::model::deployment::first_deployment;
use crate::model::{BuildProject, DEPLOY, Model, Pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "own-source",
    summary: "a build of reviewed code may push to the repository that it is built from",
    params: &[],
    facts: &["role", "kind", "worker", "action", "pattern", "project", "repository"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        // What unreviewed code may push is told as that.
        let reviewed = model.projects.iter().filter(|project| !project.trust.is_untrusted());
        reviewed.filter_map(|project| of_project(model, project)).collect()
    })
}

fn of_project(model: &Model, project: &BuildProject) -> Option<Finding> {
    let role = model.role(project.role.as_ref())?;
    // Who deploys whatever they like needs no push.
    if role.authority.grants_of(&DEPLOY).iter().any(|grant| grant.everywhere) {
        return None;
    }
    let writes = Writes::of(role);
    let pipelines = project.run_by.iter().map(|at| &model.pipelines[at.pipeline]);
    let of_pipelines =
        pipelines.flat_map(|pipeline| sources_of(model, pipeline).into_iter().map(move |one| (one, Some(pipeline))));
    let all = repository(project).map(|own| (own, None)).into_iter().chain(of_pipelines);
    let code = all.filter(|(source, _)| matches!(source.place, Place::Code(_)));
    let reached = code.filter_map(|(source, pipeline)| Some((writes.to(&source)?, source, pipeline)));
    // Of several pipelines one that deploys.
    let (grant, source, pipeline) = reached.min_by_key(|(.., pipeline)| !is_deployed(model, project, *pipeline))?;
    let ReleaseSource { text, .. } = source;
    let mut found = finding(model, role, &[grant])?
        .fact("project", project.display())
        .fact("repository", text.display())
        .related(text.span, "builds take their code from here");
    found.subject = format!("{} {}", role.display(), project.display());
    if let Some(pipeline) = pipeline.filter(|_| is_deployed(model, project, pipeline)) {
        let text = format!("`{}` deploys what is pushed, with another role than that of the build", pipeline.display());
        found = found.severity(Severity::Low).note(text);
    }
    Some(found)
}

/// Whether what is pushed is deployed by somebody else than the build.
fn is_deployed(model: &Model, project: &BuildProject, pipeline: Option<&Pipeline>) -> bool {
    let Some(pipeline) = pipeline else { return false };
    let Some((stage, action)) = first_deployment(model, pipeline) else { return false };
    let action = &pipeline.stages[stage].actions[action];
    let its = match action.project {
        Some(id) => model.project(id).role.as_ref(),
        None => action.execution_role.as_ref().or(action.role_in(pipeline)),
    };
    its.is_some_and(|its| !project.roles().any(|own| own.is_same_role(its)))
}
