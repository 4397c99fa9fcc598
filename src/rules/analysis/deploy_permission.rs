//! Principals that may deploy, though they are not those that are meant to.

use super::chain::{by_statement, finding};
use crate::diagnostic::Severity;
use crate::iam::{ConditionClass, Grant};
use crate::model::principal::{CiService, CiUse};
use crate::model::{Model, Principal, PrincipalKind, deploy_actions};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "deploy-permission",
    summary: "somebody other than the pipeline's deployment role may deploy",
    params: &[Param {
        name: "principals",
        kind: ParamKind::Choice(&["roles", "users"]),
        required: true,
        doc: "roles, or users with what their groups give them",
    }],
    facts: &["role", "kind", "worker", "action", "pattern", "deployer"],
    bind,
};

fn bind(params: &Params) -> Check {
    let kind = if params.word("principals") == "users" { PrincipalKind::User } else { PrincipalKind::Role };
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        // Without anybody who is seen to deploy, nobody can be told from them; a user is a user.
        if kind == PrincipalKind::Role && !model.deployers.is_known() {
            return Vec::new();
        }
        let outsiders = model.principals.iter().enumerate().filter(|(id, principal)| {
            principal.kind == kind && !model.deployers.contains(*id) && !is_exempt(principal)
        });
        outsiders.flat_map(|(_, principal)| of_principal(model, principal)).collect()
    })
}

/// Roles whose work it is, or that only a service can use for what it is.
fn is_exempt(principal: &Principal) -> bool {
    let is_linked = principal.name.as_ref().is_some_and(|name| name.display().starts_with("AWSServiceRoleFor"));
    // CodeDeploy's own role moves what CodeDeploy was told to; that telling is what counts.
    let is_codedeploy = principal.uses.contains(&CiUse::TrustedBy(CiService::CodeDeploy));
    is_linked || is_codedeploy || principal.is_execution_role() || principal.uses.contains(&CiUse::Execution)
}

fn of_principal(model: &Model, principal: &Principal) -> Option<Finding> {
    let wanted: Vec<&str> = deploy_actions().collect();
    let grants = principal.authority.grants(&wanted);
    // What CloudFormation does on somebody's behalf is CloudFormation's to allow.
    let direct: Vec<Grant<'_>> =
        grants.into_iter().filter(|grant| !grant.is_narrowed_by(ConditionClass::Path)).collect();
    let reaching: Vec<Grant<'_>> =
        direct.into_iter().filter(|grant| principal.kind == PrincipalKind::User || reaches_much(grant)).collect();
    let groups = by_statement(&reaching);
    // One finding for a principal: its widest statement, the others named.
    let widest = groups.iter().max_by_key(|group| (group[0].everywhere, group.len()))?;
    let mut found = finding(model, principal, widest)?;
    for other in groups.iter().filter(|group| group[0].statement.span != widest[0].statement.span).take(3) {
        found = found.related(other[0].span, format!("so does this: {}", other[0].action));
    }
    let deployer = model.deployers.principals.first().map(|id| model.principal(*id).display().to_owned());
    if principal.uses.iter().any(|usage| is_untrusted_build(model, *usage)) {
        found = found.severity(Severity::Critical);
    }
    found.subject = format!("{} deploys", principal.display());
    found.cause = None;
    Some(found.fact("deployer", deployer.unwrap_or_else(|| "the pipeline".into())))
}

/// A grant on one's own named stack or function is no reach over what others deploy.
fn reaches_much(grant: &Grant<'_>) -> bool {
    grant.everywhere || grant.resources.iter().any(|resource| super::unscoped_action::is_whole_kind(resource))
}

fn is_untrusted_build(model: &Model, usage: CiUse) -> bool {
    matches!(usage, CiUse::Build(id) if model.project(id).trust.is_untrusted() && model.project(id).webhook.is_some())
}
