//! Principals outside the pipeline that can start, or rewrite, a build that deploys: with its
//! overrides, `StartBuild` is as good as the role of the project.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>

use super::chain::{by_statement, distinct, finding, list};
use super::deploy_permission::is_exempt;
use super::reach::{Target, reaches};
use crate::diagnostic::{Doubt, Severity};
use crate::iam::{Effect, Grant, Wanted};
use crate::model::principal::{CiUse, may_be_one_account};
use crate::model::{BuildProject, DEPLOY, Model, Principal, PrincipalKind, RoleTarget};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use std::sync::Arc;

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
    let starts = Wanted::new(&STARTS);
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let deploying = model.projects.iter().filter(|project| project.deploys.is_some());
        let deploying: Vec<(&BuildProject, Target)> = deploying.map(|project| (project, target(project))).collect();
        if deploying.is_empty() {
            return Vec::new();
        }
        let outsiders = model.principals.iter().enumerate().filter(|(id, principal)| {
            !model.deployers.contains(*id)
                && !principal.is_execution_role()
                && !only_starts_what_is_wired(principal)
                && !has_users(model, principal)
        });
        outsiders.filter_map(|(_, principal)| of_principal(model, principal, &starts, &deploying)).collect()
    })
}

/// Who deploys whatever they like needs no build for it, and is told so.
pub fn deploys_anything(model: &Model, principal: &Principal) -> bool {
    let is_told = match principal.kind {
        PrincipalKind::Role => model.deployers.are_known_to(model, principal),
        PrincipalKind::User => true,
        PrincipalKind::Group => false,
    };
    is_told && !is_exempt(principal) && principal.authority.grants_of(&DEPLOY).iter().any(|grant| grant.everywhere)
}

/// The pipelines that run the project start it by design, and its own role is itself.
fn runs(model: &Model, project: &BuildProject, principal: &Principal) -> bool {
    principal.uses.iter().any(|usage| match usage {
        CiUse::Pipeline(id) | CiUse::PipelineAction(id) => project.run_by.iter().any(|at| at.pipeline == *id),
        CiUse::Build(id) => std::ptr::eq(model.project(*id), project),
        _ => false,
    }) || project
        .roles()
        .any(|role| matches!(role.target, RoleTarget::Declared(id) if std::ptr::eq(model.principal(id), principal)))
}

/// What a group may do is told of the users in it.
pub fn has_users(model: &Model, group: &Principal) -> bool {
    let own = &group.authority.documents;
    let holds =
        |user: &Principal| user.authority.documents.iter().any(|one| own.iter().any(|other| Arc::ptr_eq(one, other)));
    group.kind == PrincipalKind::Group
        && model.principals.iter().any(|one| one.kind == PrincipalKind::User && !one.groups.is_empty() && holds(one))
}

/// Roles that only a service can take which starts what it was set up to start, or that only
/// pipelines run with: the template decides then, and no caller.
fn only_starts_what_is_wired(principal: &Principal) -> bool {
    principal.is_trusted_only_by(&["events", "scheduler", "pipes", "states", "codepipeline"])
}

/// One finding for a principal: the nearest project that it can start, the others named.
fn of_principal(
    model: &Model,
    principal: &Principal,
    starts: &Wanted,
    deploying: &[(&BuildProject, Target)],
) -> Option<Finding> {
    let grants = principal.authority.grants_of(starts);
    if grants.is_empty() || deploys_anything(model, principal) {
        return None;
    }
    let account = principal.account.as_deref();
    let deploying = deploying.iter().filter(|(project, _)| {
        !runs(model, project, principal) && may_be_one_account(project.account.as_deref(), account)
    });
    let mut reached: Vec<(&BuildProject, Vec<Grant<'_>>)> = deploying
        .map(|(project, target)| (*project, grants.iter().filter(|grant| reaches(grant, target)).cloned().collect()))
        .filter(|(_, grants): &(_, Vec<Grant<'_>>)| !grants.is_empty())
        .collect();
    reached.sort_by_key(|(project, _)| std::cmp::Reverse(model.nearness(project.file, principal.file)));
    let (project, reaching) = reached.first()?;
    let groups = by_statement(reaching);
    let first = groups.first()?;
    let mut found = finding(model, principal, first)?.fact("project", project.display());
    found.subject = format!("{} {}", found.subject, project.display());
    if let Some(evidence) = &project.deploys {
        found = found.related(evidence.span, evidence.text.clone());
        if !evidence.certain {
            let text = format!("that `{}` deploys is told from a name", project.display());
            found = found.doubted([Doubt { text, span: Some(evidence.span) }]);
        }
    }
    let others = distinct(reached.iter().skip(1).map(|(other, _)| format!("`{}`", other.display())));
    if !others.is_empty() {
        found = found.note(format!(
            "and as {}, which {} too",
            list(&others, 4),
            if others.len() > 1 { "deploy" } else { "deploys" }
        ));
    }
    let only_starts = reaching.iter().all(|grant| grant.action != "codebuild:UpdateProject");
    let severity = match (only_starts, denies_overrides(principal), principal.is_trusted_only_by(&["lambda"])) {
        (true, true, _) => Severity::Low,
        // The code of the function says what it starts; whoever can change that code can do the rest.
        (true, false, true) if !first[0].everywhere => Severity::Medium,
        _ => Severity::High,
    };
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

fn target(project: &BuildProject) -> Target {
    let prefix = "arn:*:codebuild:*:*:project/";
    Target::declared_as(project.file, &project.logical_id.value, prefix, project.name.as_ref())
}
