//! Principals outside the pipeline that can start, or rewrite, a build that deploys: with its
//! overrides, `StartBuild` is as good as the role of the project.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>

use super::chain::{by_statement, distinct, finding, list};
use super::deploy_permission::is_exempt;
use super::reach::{Target, reaches};
use crate::diagnostic::{Doubt, Severity};
use crate::iam::condition::Comparison;
use crate::iam::{ArnPattern, ConditionTest, Effect, Grant, Statement, Wanted};
use crate::model::deployment::{Passable, names_role};
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
        || is_batch_role(project, principal)
}

/// The role with which a batch starts its builds.
/// Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build.html>
fn is_batch_role(project: &BuildProject, principal: &Principal) -> bool {
    let role = project.properties.get("BuildBatchConfig").and_then(|batch| batch.get("ServiceRole")?.as_text());
    role.is_some_and(|role| names_role(&ArnPattern::new(role, false, Vec::new()), &Passable::new(principal)))
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
    // A build that is run again brings nothing of its own: who may do no more than that is told as before.
    let bring: Vec<&Grant<'_>> = reaching.iter().filter(|grant| !grant.action.starts_with("codebuild:Retry")).collect();
    let denied =
        |key: &str| !bring.is_empty() && bring.iter().all(|grant| is_denied_with(principal, project, grant, key));
    let severity = match (denied(BUILDSPEC), denied(VARIABLES), principal.is_trusted_only_by(&["lambda"])) {
        (true, true, _) => Severity::Low,
        // Variables reach what the commands run: `BASH_ENV`, `NODE_OPTIONS`.
        (true, false, _) => Severity::Medium,
        // The code of the function says what it starts; whoever can change that code can do the rest.
        (false, _, true)
            if reaching.iter().all(|grant| grant.action != "codebuild:UpdateProject") && !first[0].everywhere =>
        {
            Severity::Medium
        }
        _ => Severity::High,
    };
    Some(found.severity(severity))
}

/// Keys that are there where a call brings a buildspec or variables of its own.
/// Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/action-context-keys.html>
const BUILDSPEC: &str = "codebuild:source.buildspec";
const VARIABLES: &str = "codebuild:environment.environmentVariables";

/// A Deny of such calls where they bring this: `Null: {codebuild:source.buildspec: "false"}`. Other
/// calls than those that start builds know no such key.
fn is_denied_with(principal: &Principal, project: &BuildProject, grant: &Grant<'_>, key: &str) -> bool {
    let is_it = |test: &ConditionTest| {
        let is_there = test.values.iter().any(|value| value.literal() == Some("false"));
        test.is_on(key) && test.operator.comparison == Some(Comparison::Null) && is_there
    };
    let is_here = |deny: &Statement| {
        let resources = deny.resources.as_ref().filter(|own| !own.negated);
        resources
            .is_some_and(|own| own.patterns.iter().any(|one| one.is_everything() || target(project).is_named_by(one)))
    };
    let mut denies = principal.authority.documents.iter().flat_map(|document| document.denies());
    matches!(grant.action.as_str(), "codebuild:StartBuild" | "codebuild:StartBuildBatch")
        && denies.any(|deny| {
            let is_sure = deny.effect == Effect::Deny && deny.condition_unknown.is_none() && deny.when.is_empty();
            let is_met = deny.matches_action(&grant.action).iter().any(|matched| matched.truth.is_yes());
            // Two tests in one statement deny what brings both.
            is_sure && is_met && matches!(deny.conditions.as_slice(), [only] if is_it(only)) && is_here(deny)
        })
}

fn target(project: &BuildProject) -> Target {
    let prefix = "arn:*:codebuild:*:*:project/";
    Target::declared_as(project.file, &project.logical_id.value, prefix, project.name.as_ref())
}
