//! Roles that may do everything, or everything in IAM.

use super::chain::{WHOSE, finding, is_meant};
use crate::diagnostic::Severity;
use crate::iam::Grant;
use crate::model::{Model, Principal};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "administrator",
    summary: "a role that may do everything, or everything in IAM",
    params: &[WHOSE],
    facts: &["role", "kind", "worker", "action", "pattern", "reach"],
    bind,
};

/// Policies that AWS manages and that amount to administration.
const MANAGED: [&str; 3] = ["AdministratorAccess", "PowerUserAccess", "IAMFullAccess"];

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    let is_ci = principals != "execution" && principals != "workload";
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let all = model.principals.iter().enumerate().filter(|(id, _)| !model.deployers.emergency.contains(id));
        let meant = all.map(|(_, principal)| principal).filter(|principal| is_meant(principal, &principals));
        let roles = meant.filter(|principal| !is_ci || !principal.is_execution_role());
        roles.flat_map(|role| of_role(model, role, is_ci)).collect()
    })
}

fn of_role(model: &Model, role: &Principal, is_ci: bool) -> Vec<Finding> {
    let wide = |grant: &&Grant<'_>| {
        let is_wide = grant.pattern.is_some_and(|pattern| pattern.is_full_wildcard() || pattern.is_service_wildcard());
        grant.everywhere && (is_wide || is_managed(role, grant))
    };
    let in_iam = role.authority.grants(&["iam:CreateUser", "iam:AttachRolePolicy"]);
    let beside = role.authority.grants(&["lambda:CreateFunction", "s3:DeleteBucket"]);
    let mut seen = Vec::new();
    let mut findings = Vec::new();
    for (grants, changes_iam) in [(&in_iam, true), (&beside, false)] {
        for grant in grants.iter().filter(wide) {
            // `lambda:*` is a matter of its own rule.
            let is_service = grant.pattern.is_some_and(|pattern| pattern.is_service_wildcard());
            if seen.contains(&grant.span) || (!changes_iam && is_service) {
                continue;
            }
            seen.push(grant.span);
            let Some(found) = finding(model, role, &[grant]) else { continue };
            let reach = if is_service { "everything in IAM" } else { "everything" };
            let reach = if is_managed_named(role, grant, "PowerUserAccess") { "everything but IAM" } else { reach };
            let base = match (is_ci, changes_iam) {
                // Nobody but CloudFormation can take it; who may pass it is another question.
                (false, _) if role.is_trusted_only_by(&["cloudformation"]) => Severity::Medium,
                (true, true) => Severity::Critical,
                _ => Severity::High,
            };
            findings.push(found.fact("reach", reach).severity(base));
        }
    }
    findings
}

fn is_managed(role: &Principal, grant: &Grant<'_>) -> bool {
    MANAGED.iter().any(|name| is_managed_named(role, grant, name))
}

/// Whether the grant comes out of the AWS managed policy of that name: its place is the reference.
fn is_managed_named(role: &Principal, grant: &Grant<'_>, name: &str) -> bool {
    role.managed.iter().any(|policy| policy.aws_managed.as_deref() == Some(name) && policy.text.span == grant.span)
}
