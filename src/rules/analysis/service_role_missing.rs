//! Serverless services that a build deploys with its own permissions.

use crate::model::service::ServerlessService;
use crate::model::{BuildProject, Model};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "service-role-missing",
    summary: "a build deploys a Serverless service without a role for CloudFormation",
    params: &[],
    facts: &["project", "service", "role"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        let mut findings: Vec<Finding> = Vec::new();
        for project in &model.projects {
            let found = of_project(model, project);
            findings.extend(found.filter(|found| !findings.iter().any(|told| told.span == found.span)));
        }
        findings
    })
}

fn of_project(model: &Model, project: &BuildProject) -> Option<Finding> {
    let source = model.buildspec_of(project)?;
    let command = source.commands.iter().find(|one| matches!(one.program(), "serverless" | "sls") && one.deploys())?;
    // Which of several services it is, its folder says, which is not known.
    let near = |service: &&ServerlessService| model.nearness(service.file, source.file);
    let nearest = model.services.iter().map(|service| near(&service)).max()?;
    let mut services = model.services.iter().filter(|service| near(service) == nearest);
    let service = services.next().filter(|service| !service.has_deployment_role)?;
    if services.next().is_some() || command.option("--config").or(command.option("-c")).is_some() {
        return None;
    }
    let mut found = Finding::new(service.span, format!("{} {}", project.display(), service.display()))
        .fact("project", project.display())
        .fact("service", service.display())
        .fact("role", project.role.as_ref().map(|role| role.display()).unwrap_or_default())
        .related(command.root(), "deployed here")
        .through(command);
    if let Some(role) = &project.role {
        found = found.related(role.span, "with this role");
    }
    Some(found)
}
