//! Roles of CI that change IAM, with nothing that bounds what they may do themselves.

use super::chain::finding;
use crate::diagnostic::Severity;
use crate::iam::Wanted;
use crate::rules::{Analysis, Check, Context, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "unbounded-role",
    summary: "a role of CI changes IAM and has no permissions boundary",
    params: &[],
    facts: &["role", "kind", "worker", "action", "pattern"],
    bind,
};

/// Calls that give permissions away, to others or to the role itself.
const GIVES: [&str; 6] = [
    "iam:AttachRolePolicy",
    "iam:CreatePolicyVersion",
    "iam:CreateRole",
    "iam:CreateUser",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
];

fn bind(_: &Params) -> Check {
    let gives = Wanted::new(&GIVES);
    Box::new(move |context: &Context<'_>| {
        // Calls that do not show all policies do not show a boundary either.
        let roles = context.model.principals.iter().filter(|role| role.is_ci_role() && role.is_whole());
        let open = roles.filter(|role| role.authority.boundary.is_none() && role.boundary_ref.is_none());
        let found = open.filter_map(|role| {
            let grants = role.authority.grants_of(&gives);
            // What is made below a boundary does not go beyond it.
            let given = grants.iter().find(|grant| grant.tests_on("iam:PermissionsBoundary").next().is_none())?;
            Some(finding(context.model, role, &[given])?.severity(Severity::Info).lowered_by(0))
        });
        found.collect()
    })
}
