//! Writes that could name their resource and are allowed on every one.

use super::chain::{WHOSE, by_statement, distinct, finding, is_meant, list};
use crate::diagnostic::Severity;
use crate::iam::catalogue::{self, AccessLevel};
use crate::iam::narrowing::Narrowing;
use crate::iam::{ArnPattern, ConditionClass, Grant, Statement, Wanted};
use crate::model::{Model, Principal};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::value::Text;
use rayon::prelude::*;

pub const ANALYSIS: Analysis = Analysis {
    name: "write-anywhere",
    summary: "a principal may write on every resource of a kind, though resources can be named",
    params: &[WHOSE],
    facts: &["role", "kind", "worker", "action", "pattern", "written"],
    bind,
};

/// A pattern that stands for more actions than this is a matter of service wildcards.
const MOST: usize = 24;

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    let of_workload = principals == "workload";
    Box::new(move |context: &Context<'_>| {
        let roles = context.model.principals.par_iter();
        let meant = roles.filter(|role| is_meant(role, &principals) && !role.is_execution_role());
        let meant = meant.filter(|role| !of_workload || role.trusted_services().is_some());
        meant.flat_map_iter(|role| of_role(context.model, role, of_workload)).collect()
    })
}

fn of_role(model: &Model, role: &Principal, of_workload: bool) -> Vec<Finding> {
    let patterns = role.authority.documents.iter().flat_map(|document| document.allows());
    // What AWS wrote for agents is nobody's to mend.
    let is_given = |span: Span| of_workload && role.managed.iter().any(|policy| policy.text.span == span);
    let patterns = patterns.filter(|statement| statement.is_on_everything() && !is_given(statement.span));
    let patterns = patterns.flat_map(|statement| statement.actions.iter().filter(|actions| !actions.negated));
    let mut writes: Vec<catalogue::Action> = Vec::new();
    for pattern in patterns.flat_map(|actions| &actions.patterns) {
        let matched: Vec<catalogue::Action> = pattern.expand().take(MOST + 1).collect();
        if matched.len() <= MOST {
            writes.extend(matched.into_iter().filter(|action| is_write(*action)));
        }
    }
    writes.sort_by_key(|action| action.index());
    writes.dedup_by_key(|action| action.index());
    let grants = role.authority.grants_of(&Wanted::of(writes));
    // What `NotAction` leaves is no list of calls.
    let is_listed = |grant: &Grant<'_>| grant.everywhere && grant.pattern.is_some();
    let mut free: Vec<Grant<'_>> = grants.into_iter().filter(|grant| is_listed(grant) && !is_limited(grant)).collect();
    if role.is_trusted_only_by(&["codedeploy"]) {
        free.retain(|grant| !is_of_codedeploy(role, grant));
    }
    if of_workload {
        // Every workload logs and counts. What is wrong with passing any role is another rule's to say,
        // whosesoever the policy is.
        free.retain(|grant| !is_given(grant.span) && !is_telemetry(&grant.action) && grant.action != "iam:PassRole");
        free.retain(|grant| !OF_FUNCTION.contains(&grant.action.as_str()));
    }
    free.sort_by_key(|grant| grant.span);
    by_statement(&free).into_iter().filter_map(|group| of_statement(model, role, &group)).collect()
}

/// What a build in a VPC needs, and what AWS says to allow on every resource: the interface has no
/// name before it is there.
/// <https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html>
const OF_VPC: [&str; 3] =
    ["ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"];

/// What Lambda asks of the role of a function in a VPC besides, as its own policy and the policy template of SAM allow it: on
/// every resource.
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html>
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html>
const OF_FUNCTION: [&str; 3] =
    ["ec2:AssignPrivateIpAddresses", "ec2:DetachNetworkInterface", "ec2:UnassignPrivateIpAddresses"];

/// What the agent of Systems Manager calls about its own machine, which has no id before it is there: AWS allows it on
/// every resource too.
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMManagedInstanceCore.html>
const OF_AGENT: [&str; 6] = [
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
];

/// A key is named by its alias in a condition, and nowhere else: the resource of such a statement is `*`.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html>
const ALIASES: [&str; 2] = ["kms:RequestAlias", "kms:ResourceAliases"];

/// Whether something else than `Resource` says which resources are meant: a condition on an alias or on tags, a deny
/// of all that has a name, or that only a service makes the call, with what it works on.
fn is_limited(grant: &Grant<'_>) -> bool {
    ALIASES.iter().any(|key| grant.tests_on(key).next().is_some())
        || (grant.action != "iam:PassRole" && grant.narrowing.iter().any(names_by_tag))
        || grant.is_narrowed_by(ConditionClass::Path)
        || grant.less.iter().any(|deny| takes_all_names(deny, &grant.action))
}

/// `aws:ResourceTag/team: orders`, or the same by a key of the service; those of roles are no sure limit to who passes them.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html>
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>
fn names_by_tag(narrowing: &Narrowing<'_>) -> bool {
    let is_tag =
        narrowing.key().split_once(':').is_some_and(|(_, name)| name.to_ascii_lowercase().starts_with("resourcetag/"));
    is_tag && narrowing.class == ConditionClass::Object && !narrowing.test.operator.if_exists
}

/// `Deny` on `arn:aws:sns:*:*` leaves what has no ARN, such as a number to send a message to.
fn takes_all_names(deny: &Statement, action: &str) -> bool {
    let service = action.split_once(':').map_or("", |(service, _)| service);
    let every = ArnPattern::new(&Text::at(format!("arn:aws:{service}:*:*:*"), deny.span), false, Vec::new());
    let mut named = deny.resources.iter().filter(|resources| !resources.negated).flat_map(|own| &own.patterns);
    deny.is_unconditional() && named.any(|pattern| pattern.when.is_empty() && pattern.covers(&every).is_yes())
}

/// CodeDeploy works with policies that AWS wrote for it, and has no narrower ones.
/// <https://docs.aws.amazon.com/codedeploy/latest/userguide/getting-started-create-service-role.html>
fn is_of_codedeploy(role: &Principal, grant: &Grant<'_>) -> bool {
    let mut given = role.managed.iter().filter(|policy| policy.text.span == grant.span);
    given.any(|policy| policy.aws_managed.as_ref().is_some_and(|name| name.starts_with("AWSCodeDeployRole")))
}

/// What every workload calls.
pub fn is_telemetry(action: &str) -> bool {
    ["logs:", "xray:", "cloudwatch:PutMetricData"].iter().any(|prefix| action.starts_with(prefix))
}

/// A write that a policy can limit to resources by their ARN.
fn is_write(action: catalogue::Action) -> bool {
    let nameless = match action.service().prefix() {
        "ec2" => OF_VPC.as_slice(),
        "ssm" => OF_AGENT.as_slice(),
        _ => &[],
    };
    !matches!(action.level(), AccessLevel::Read | AccessLevel::List)
        && action.supports_resource_level()
        && !nameless.contains(&action.full_name().as_str())
}

fn of_statement(model: &Model, role: &Principal, group: &[&Grant<'_>]) -> Option<Finding> {
    let mut found = finding(model, role, group)?;
    let actions = distinct(group.iter().map(|grant| grant.action.clone()));
    found.subject = format!("{} writes anywhere", found.subject);
    let is_narrowed = group[0].narrowing.iter().any(|narrowing| narrowing.class != ConditionClass::Vacuous);
    // Lines in other people's logs mislead, and do no more.
    let are_logs = actions.iter().all(|action| action.starts_with("logs:"));
    if is_narrowed || are_logs {
        found = found.severity(Severity::Low).lowered_by(0);
    }
    Some(found.fact("written", list(&actions, 3)))
}
