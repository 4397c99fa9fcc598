//! Principals outside the pipeline that can start, or rewrite, a build that deploys: with its
//! overrides, `StartBuild` is as good as the role of the project.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>

use super::chain::{by_statement, finding};
use crate::diagnostic::Severity;
use crate::iam::{ArnPattern, Effect, Grant};
use crate::model::principal::CiUse;
use crate::model::{BuildProject, Model, Principal, RoleTarget};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::{HoleKind, Text};

pub const ANALYSIS: Analysis = Analysis {
    name: "start-deploy-project",
    summary: "somebody outside the pipeline may start or change a build that deploys",
    params: &[],
    facts: &["role", "kind", "worker", "action", "pattern", "project"],
    bind,
};

const STARTS: [&str; 9] = [
    "codebuild:StartBuild",
    "codebuild:StartBuildBatch",
    "codebuild:RetryBuild",
    "codebuild:RetryBuildBatch",
    "codebuild:StartSandbox",
    "codebuild:StartSandboxConnection",
    "codebuild:StartCommandExecution",
    "codebuild:UpdateProject",
    "codebuild:CreateWebhook",
];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        let mut findings = Vec::new();
        for project in model.projects.iter().filter(|project| project.deploys.is_some()) {
            for (id, principal) in model.principals.iter().enumerate() {
                if !model.deployers.contains(id) && !runs(model, project, principal) && !principal.is_execution_role() {
                    findings.extend(of_principal(model, project, principal));
                }
            }
        }
        findings
    })
}

/// The pipelines that run the project start it by design, and its own role is itself.
fn runs(model: &Model, project: &BuildProject, principal: &Principal) -> bool {
    principal.uses.iter().any(|usage| match usage {
        CiUse::Pipeline(id) | CiUse::PipelineAction(id) => project.run_by.iter().any(|at| at.pipeline == *id),
        CiUse::Build(id) => std::ptr::eq(model.project(*id), project),
        _ => false,
    }) || project.role.as_ref().is_some_and(
        |role| matches!(role.target, RoleTarget::Declared(id) if std::ptr::eq(model.principal(id), principal)),
    )
}

fn of_principal(model: &Model, project: &BuildProject, principal: &Principal) -> Option<Finding> {
    let arn = project_arn(project);
    let grants = principal.authority.grants(&STARTS);
    let reaching: Vec<Grant<'_>> = grants.into_iter().filter(|grant| reaches(grant, project, arn.as_ref())).collect();
    let groups = by_statement(&reaching);
    let first = groups.first()?;
    let mut found = finding(model, principal, first)?.fact("project", project.display());
    found.subject = format!("{} {}", found.subject, project.display());
    if let Some(evidence) = &project.deploys {
        found = found.related(evidence.span, evidence.text.clone());
    }
    let only_starts = reaching.iter().all(|grant| grant.action != "codebuild:UpdateProject");
    let severity = if only_starts && denies_overrides(principal) { Severity::Low } else { Severity::High };
    Some(found.severity(severity))
}

/// A Deny of builds with a buildspec of one's own: `Null: {codebuild:source.buildspec: false}`.
/// Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/action-context-keys.html>
fn denies_overrides(principal: &Principal) -> bool {
    let statements = principal.authority.documents.iter().flat_map(|document| &document.statements);
    statements.filter(|statement| statement.effect == Effect::Deny).any(|statement| {
        !statement.matches_action("codebuild:StartBuild").is_empty()
            && statement.conditions.iter().any(|test| test.is_on("codebuild:source.buildspec"))
    })
}

/// Whether a grant is about the project: by reference to it, or by a pattern that its ARN fits.
fn reaches(grant: &Grant<'_>, project: &BuildProject, arn: Option<&ArnPattern>) -> bool {
    let refers = |resource: &&ArnPattern| {
        resource.text().holes().any(|hole| {
            let id = hole.name.split('.').next().unwrap_or_default();
            hole.kind == HoleKind::Resource && hole.span.file == project.file && id == project.logical_id.value
        })
    };
    grant.everywhere
        || grant
            .resources
            .iter()
            .any(|resource| refers(resource) || arn.is_some_and(|arn| resource.overlaps(arn).is_yes()))
}

/// The project's ARN in any region and account, when its name is known.
fn project_arn(project: &BuildProject) -> Option<ArnPattern> {
    let name = project.name.as_ref()?;
    let mut parts = Text::at("arn:*:codebuild:*:*:project/", name.span).parts;
    parts.extend(name.parts.iter().cloned());
    Some(ArnPattern::new(&Text { parts, span: name.span }.normalised(), false, Vec::new()))
}
