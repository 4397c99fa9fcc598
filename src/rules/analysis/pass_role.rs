//! `iam:PassRole` on more roles than anybody meant.

use super::chain::{WHOSE, by_statement, finding, is_meant};
use super::grants_action::{fits_several, is_unscoped};
use crate::iam::{ArnPattern, ConditionClass, Grant};
use crate::model::Principal;
use crate::model::deployment::{Passable, names_role};
use crate::model::principal::may_be_one_account;
use crate::rules::{Analysis, Check, Context, Param, ParamKind, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "pass-role",
    summary: "a principal may pass roles that are not named, a privileged one among them",
    params: &[
        WHOSE,
        Param {
            name: "named",
            kind: ParamKind::Flag,
            required: false,
            doc: "roles that are named instead, to whatever service",
        },
    ],
    facts: &["role", "kind", "worker", "action", "pattern", "reach"],
    bind,
};

/// Services that take a role, and the calls that start something with it there.
const RECEIVERS: [(&str, &[&str]); 12] = [
    ("cloudformation", &["cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:CreateChangeSet"]),
    ("codebuild", &["codebuild:CreateProject", "codebuild:UpdateProject"]),
    ("codepipeline", &["codepipeline:CreatePipeline", "codepipeline:UpdatePipeline"]),
    ("codedeploy", &["codedeploy:CreateDeploymentGroup", "codedeploy:UpdateDeploymentGroup"]),
    ("lambda", &["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"]),
    ("ec2", &["ec2:RunInstances", "ec2:AssociateIamInstanceProfile"]),
    ("ecs-tasks", &["ecs:RunTask", "ecs:RegisterTaskDefinition", "ecs:CreateService"]),
    ("glue", &["glue:CreateJob", "glue:CreateDevEndpoint"]),
    ("sagemaker", &["sagemaker:CreateNotebookInstance", "sagemaker:CreateTrainingJob"]),
    ("states", &["states:CreateStateMachine", "states:UpdateStateMachine"]),
    ("events", &["events:PutTargets"]),
    ("scheduler", &["scheduler:CreateSchedule"]),
];

/// Keys that say to which service, or to which resource of one, a role may go.
const SERVICE_KEYS: [&str; 2] = ["iam:PassedToService", "iam:AssociatedResourceArn"];

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    let named = params.flag("named");
    Box::new(move |context: &Context<'_>| {
        let roles = Passable::all(context.model);
        let mut findings = Vec::new();
        for principal in context.model.principals.iter().filter(|principal| is_meant(principal, &principals)) {
            let grants = principal.authority.grants(&["iam:PassRole"]);
            for mut group in by_statement(&grants) {
                // What a condition of the template chooses between are grants of one statement: the widest counts.
                if let Some(widest) = group.iter().position(|grant| reach(&roles, principal, grant).is_some()) {
                    group[..=widest].rotate_right(1);
                }
                let grant = group[0];
                let reach = reach(&roles, principal, grant);
                if named {
                    let is_free =
                        reach.is_none() && SERVICE_KEYS.iter().all(|key| grant.tests_on(key).next().is_none());
                    let Some(found) = finding(context.model, principal, &group).filter(|_| is_free) else { continue };
                    let steps = found.lowered_by + u8::from(only_one_service_takes(&roles, principal, grant));
                    findings.push(found.lowered_by(steps));
                    continue;
                }
                let Some(reach) = reach else { continue };
                let Some(found) = finding(context.model, principal, &group) else { continue };
                let harmless = !can_start_something(principal, grant);
                let steps = found.lowered_by + u8::from(harmless);
                findings.push(found.fact("reach", reach).lowered_by(steps));
            }
        }
        findings
    })
}

/// Which roles the grant reaches, when they are too many.
fn reach(roles: &[Passable<'_>], principal: &Principal, grant: &Grant<'_>) -> Option<String> {
    if is_unscoped(grant) {
        return Some("any role".into());
    }
    // One name in whichever account is one role: only those of the own account can be passed.
    let wild = || grant.resources.iter().filter(|resource| fits_several(resource));
    let reached = roles.iter().filter(|other| {
        let role = other.role;
        let is_near = may_be_one_account(role.account.as_deref(), principal.account.as_deref());
        is_near && !std::ptr::eq(role, principal) && wild().any(|resource| names_role(resource, other))
    });
    let powerful = reached.map(|other| other.role).find(|role| role.high_power().is_some())?;
    Some(format!("several roles, the powerful `{}` among them", powerful.display()))
}

/// Whether the trust of each role that the grant names is seen, and lets one service in. Of several roles with one name
/// it is not known which is deployed: all of them count.
fn only_one_service_takes(roles: &[Passable<'_>], principal: &Principal, grant: &Grant<'_>) -> bool {
    let near =
        || roles.iter().filter(|one| may_be_one_account(one.role.account.as_deref(), principal.account.as_deref()));
    let takes_one = |resource: &ArnPattern| {
        let meant = near().filter(|other| names_role(resource, other));
        let mut takers = meant.map(|other| other.role.trusted_services().filter(|services| services.len() == 1));
        let Some(Some(first)) = takers.next() else { return false };
        takers.all(|services| services.as_ref() == Some(&first))
    };
    !grant.resources.is_empty() && grant.resources.iter().all(|resource| !fits_several(resource) && takes_one(resource))
}

/// Whether the principal can start anything with a role that it passes to one of the services that
/// `iam:PassedToService` names.
fn can_start_something(principal: &Principal, grant: &Grant<'_>) -> bool {
    let services: Vec<String> = grant
        .tests_on("iam:PassedToService")
        .filter(|narrowing| narrowing.class == ConditionClass::Object)
        .flat_map(|narrowing| narrowing.values())
        .filter_map(|value| Some(value.literal()?.split('.').next()?.to_owned()))
        .collect();
    services.is_empty()
        || services.iter().any(|service| {
            let calls = RECEIVERS.iter().find(|(name, _)| name == service).map(|(_, calls)| *calls);
            // A service that is not in the table may well start something.
            calls.is_none_or(|calls| !principal.authority.grants(calls).is_empty())
        })
}
