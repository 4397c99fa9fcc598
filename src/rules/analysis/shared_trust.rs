//! Roles that several services of computing may take, so that the least guarded of them decides.

use super::chain::{list, with_conditions};
use crate::model::{Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;

pub const ANALYSIS: Analysis = Analysis {
    name: "shared-trust",
    summary: "a powerful role that several services may take",
    params: &[],
    facts: &["role", "services", "power"],
    bind,
};

/// Services that run code of somebody's with a role.
const RUN_CODE: [(&str, &str); 11] = [
    ("build.apprunner", "App Runner"),
    ("cloudformation", "CloudFormation"),
    ("codebuild", "CodeBuild"),
    ("codedeploy", "CodeDeploy"),
    ("codepipeline", "CodePipeline"),
    ("ec2", "EC2"),
    ("ecs-tasks", "ECS"),
    ("glue", "Glue"),
    ("lambda", "Lambda"),
    ("sagemaker", "SageMaker"),
    ("tasks.apprunner", "App Runner"),
];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let roles = context.model.principals.iter().filter(|principal| principal.kind == PrincipalKind::Role);
        roles.filter_map(of_role).collect()
    })
}

fn of_role(role: &Principal) -> Option<Finding> {
    let allows = role.trust.as_ref()?.allows();
    let mut trusted: Vec<(&str, Span)> = Vec::new();
    for statement in allows {
        for entry in statement.principals.iter().filter(|found| !found.negated).flat_map(|found| &found.entries) {
            let service = entry.service();
            let known = RUN_CODE.iter().find(|(prefix, _)| service.as_deref() == Some(*prefix));
            if let Some((_, name)) = known.filter(|(_, name)| !trusted.iter().any(|(other, _)| other == name)) {
                trusted.push((*name, entry.span()));
            }
        }
    }
    let [_, (_, second), ..] = trusted.as_slice() else { return None };
    // What a role without power shares is no loss.
    let power = role.every_power().iter().min_by_key(|power| !power.label.is_high())?;
    let names: Vec<String> = trusted.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut found = Finding::new(*second, role.display())
        .fact("role", role.display())
        .fact("services", list(&names, 4))
        .fact("power", power.label.verb())
        .related(trusted[0].1, "and this one")
        .related(power.span, format!("it may {}", power.label.verb()))
        .related(role.logical_id.span, "this role");
    found.confidence = found.confidence.and(power.confidence);
    let when = role.when.clone();
    Some(with_conditions(found, when.as_slice(), Vec::new()))
}
