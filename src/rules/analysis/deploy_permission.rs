//! Principals that may deploy, though they are not those that are meant to.

use super::chain::{by_statement, distinct, finding, list};
use super::control_policy::may_be_denied;
use super::grants_action::is_whole_kind;
use super::own_function::own_functions;
use super::pipeline_services::services;
use super::reach::Target;
use crate::diagnostic::{Doubt, Label, Severity};
use crate::iam::{ArnPattern, ConditionClass, Grant};
use crate::model::deployment::{Passable, Passing, is_other_environment, is_production};
use crate::model::principal::{CiService, CiUse};
use crate::model::{
    DEPLOY, Model, PipelineAction, Principal, PrincipalId, PrincipalKind, is_of_bootstrap, is_service_linked,
};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::value::Text;
use rayon::prelude::*;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub const ANALYSIS: Analysis = Analysis {
    name: "deploy-permission",
    summary: "somebody other than the pipeline's deployment role may deploy",
    params: &[Param {
        name: "principals",
        kind: ParamKind::Choice(&["roles", "users", "organisation"]),
        required: true,
        doc: "roles, or users with what their groups give them; or the roles by which an organisation reaches into the account",
    }],
    facts: &["role", "kind", "worker", "action", "pattern", "calls", "past", "deployer"],
    bind,
};

fn bind(params: &Params) -> Check {
    let asked = params.word("principals");
    let kind = if asked == "users" { PrincipalKind::User } else { PrincipalKind::Role };
    let of_organisation = asked == "organisation";
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let protected = Protected {
            targets: targets(model),
            execution: model.deployers.execution.iter().map(|id| Passable::new(model.principal(*id))).collect(),
        };
        let outsiders = model.principals.iter().enumerate().filter_map(|(id, principal)| {
            let deploys = model.deployers.contains(id) || model.deployers.may_be_elsewhere(principal);
            let by_design = services_by_design(model, id);
            let is_outside = (!deploys || by_design.is_some()) && !is_exempt(principal);
            // Without anybody who is seen to deploy, nobody can be told from them; a user is a user.
            let is_known = kind == PrincipalKind::User || model.deployers.are_known_to(model, principal);
            let is_asked = if of_organisation { model.deployers.organisation.contains(&id) } else { is_outside };
            (principal.kind == kind && is_known && is_asked).then_some((principal, by_design))
        });
        let outsiders: Vec<(&Principal, Option<Vec<&str>>)> = outsiders.collect();
        let found = outsiders
            .par_iter()
            .map(|(one, by_design)| Some((*one, of_principal(model, &protected, one, by_design.as_deref())?)));
        let mut found: Vec<(&Principal, Finding)> = found.collect::<Vec<_>>().into_iter().flatten().collect();
        if of_organisation {
            found.iter_mut().for_each(|(_, one)| one.severity = None);
        }
        bootstrap_as_one(found)
    })
}

/// The bootstrap of the CDK makes a role for each region: one finding for an account.
fn bootstrap_as_one(found: Vec<(&Principal, Finding)>) -> Vec<Finding> {
    let mut told: Vec<Finding> = Vec::with_capacity(found.len());
    let mut first_of: HashMap<Option<&str>, usize> = HashMap::new();
    for (principal, mut one) in found {
        if is_of_bootstrap(principal) {
            match first_of.entry(principal.account.as_deref()) {
                Entry::Occupied(first) => {
                    let first = &mut told[*first.get()];
                    first.related.push(Label::new(principal.logical_id.span, "so does this role of the bootstrap"));
                    continue;
                }
                Entry::Vacant(place) => _ = place.insert(told.len()),
            }
            one = one.note("`cdk bootstrap` makes such roles, and no build is seen to run `cdk deploy`");
        }
        told.push(one);
    }
    told
}

/// The services that the pipelines of a role deploy to with it. `None` where they may deploy to any, and where it is no
/// role that pipelines alone work with.
fn services_by_design(model: &Model, id: PrincipalId) -> Option<Vec<&'static str>> {
    let known = &model.deployers;
    let role = known.principals.contains(&id).then(|| model.principal(id))?;
    let is_told = model.given.tells_of(role)
        || [&known.emergency, &known.execution, &known.organisation].iter().any(|ids| ids.contains(&id));
    let is_of_pipeline = |usage: &CiUse| match usage {
        CiUse::Pipeline(_) | CiUse::PipelineAction(_) | CiUse::TrustedBy(CiService::CodePipeline) => true,
        CiUse::Build(_) | CiUse::Execution | CiUse::TrustedBy(_) | CiUse::Federated => false,
    };
    let runs_one = role.uses.iter().any(|usage| matches!(usage, CiUse::Pipeline(_)));
    let is_it = runs_one && !is_told && role.uses.iter().all(is_of_pipeline) && role.trusted_services().is_some();
    if is_it { services(model, role) } else { None }
}

/// Services whose roles do nothing but what the service is for, such as to scale.
const OWN_WORK: [&str; 10] = [
    "codedeploy",
    "cloudformation",
    "codepipeline",
    "application-autoscaling",
    "ecs.application-autoscaling",
    "autoscaling",
    "elasticbeanstalk",
    "ecs",
    "resources.cloudformation",
    "hooks.cloudformation",
];

/// Why a role is not measured by the pipeline: it is its work, or only a service can use it for what it is. CodeDeploy's
/// own role moves what CodeDeploy was told to; that telling is what counts.
pub fn exempt_because(principal: &Principal) -> Option<&'static str> {
    // The pipelines of a role that none of the visible ones has stand elsewhere.
    let has_pipeline = principal.uses.iter().any(|usage| matches!(usage, CiUse::Pipeline(_)));
    if is_service_linked(principal) {
        Some("a service made it for itself")
    } else if principal.is_execution_role() || principal.uses.contains(&CiUse::Execution) {
        Some("CloudFormation works with it on behalf of others")
    } else if !has_pipeline && principal.is_trusted_only_by(&OWN_WORK) {
        Some("a service alone takes it, and does its own work with it")
    } else {
        None
    }
}

pub fn is_exempt(principal: &Principal) -> bool {
    exempt_because(principal).is_some()
}

/// One finding for a principal; calls to the services in `by_design` are its work.
fn of_principal(
    model: &Model,
    protected: &Protected<'_>,
    principal: &Principal,
    by_design: Option<&[&str]>,
) -> Option<Finding> {
    // What CloudFormation does on somebody's behalf is CloudFormation's to allow.
    let mut grants = principal.authority.grants_of(&DEPLOY);
    grants.retain(|grant| !grant.is_narrowed_by(ConditionClass::Path) && !is_of_service_role(principal, grant));
    let is_by_design = |grant: &Grant<'_>| {
        let service = grant.action.split_once(':').map(|(service, _)| service);
        by_design.is_some_and(|services| service.is_some_and(|service| services.contains(&service)))
    };
    grants.retain(|grant| !is_by_design(grant));
    let passes =
        grants.iter().any(|grant| TAKES_ROLE.contains(&grant.action.as_str())).then(|| passed(protected, principal));
    let passed = passes.flatten();
    // One resource is named for many actions.
    let mut known: HashMap<*const ArnPattern, bool> = HashMap::new();
    let mut is_target = |resource: &ArnPattern| {
        let look = || is_whole_kind(resource) || protected.targets.iter().any(|target| target.is_named_by(resource));
        *known.entry(std::ptr::from_ref(resource)).or_insert_with(look)
    };
    if grants.is_empty() {
        return None;
    }
    let own = own_functions(model, principal);
    let is_of_own = |grant: &Grant<'_>| grant.action.starts_with("lambda:Update") && own.is_all_of(grant);
    grants.retain(|grant| {
        // One's own named stack or function is no reach over what others deploy; a user is a user.
        let mut reaches = || {
            grant.everywhere
                || grant.resources.iter().any(|resource| is_target(resource))
                || (passed.is_some() && TAKES_ROLE.contains(&grant.action.as_str()))
                || is_of_own(grant)
        };
        !is_elsewhere(grant) && (principal.kind == PrincipalKind::User || reaches())
    });
    let groups = by_statement(&grants);
    // One finding for a principal: its widest statement, the first of several, and the others named.
    let widest = groups.iter().rev().max_by_key(|group| (group[0].everywhere, group.len()))?;
    let mut found = finding(model, principal, widest)?;
    found = found.granted(&grants);
    if let Some(group) = group_with(model, principal, widest[0]) {
        found = found.related(group.logical_id.span, "in this group");
    }
    let calls = calls(model, principal, widest);
    for other in groups.iter().filter(|group| group[0].statement.span != widest[0].statement.span).take(3) {
        found = found.related(other[0].span, format!("so does this: {}", self::calls(model, principal, other)));
    }
    if let Some(role) = passed {
        let text = format!("with it CloudFormation works for `{}`, which may pass it", principal.display());
        found = found.related(role.logical_id.span, text);
    }
    let past;
    (found, past) = past_what(found, model, principal, by_design.is_some());
    if grants.iter().all(is_of_own) {
        found = found.severity(Severity::Medium).note("the function puts other code in its own place");
        found.confidence = found.confidence.and(own.confidence());
    }
    if grants.iter().all(|grant| ADDS_ONLY.contains(&grant.action.as_str())) {
        found = found.lowered_by(1);
    }
    if model.given.is_break_glass(principal) {
        let note = "it is for emergencies, and nothing keeps it for them: give it MFA, or a trust policy that names who may come in";
        found = found.severity(Severity::Medium).note(note);
    }
    if principal.uses.iter().any(|usage| is_untrusted_build(model, *usage)) {
        found = found.severity(Severity::Critical);
    }
    found = found.doubted(may_be_denied(model, principal, &grants));
    found.subject = format!("{} deploys", principal.display());
    // Who may do everything is told so once, and so is what a pipeline has too much.
    if by_design.is_none() && !widest[0].pattern.is_some_and(|pattern| pattern.is_full_wildcard()) {
        found.cause = None;
    }
    if by_managed_policy(model, principal, widest[0]).is_some() {
        found = found.label("this policy allows it");
    }
    let deployer = match by_design {
        Some(_) => format!("`{}`, as far as its actions go", principal.display()),
        None => deployer(model, principal),
    };
    Some(found.fact("calls", calls).fact("past", past).fact("deployer", deployer))
}

/// Calls to CloudFormation that take a role for it to work with.
const TAKES_ROLE: [&str; 4] = [
    "cloudformation:CreateStack",
    "cloudformation:UpdateStack",
    "cloudformation:CreateStackSet",
    "cloudformation:UpdateStackSet",
];

/// A role of CloudFormation that deployments go through, and that this principal may pass too.
fn passed<'m>(protected: &Protected<'m>, principal: &Principal) -> Option<&'m Principal> {
    let passing = Passing::of(principal);
    protected.execution.iter().find(|role| passing.reaches(role)).map(|found| found.role)
}

/// Calls that make something new beside what runs.
const ADDS_ONLY: [&str; 8] = [
    "lambda:CreateAlias",
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "lambda:CreateFunctionUrlConfig",
    "lambda:DeleteFunction",
    "lambda:PublishVersion",
    "lambda:UpdateEventSourceMapping",
    "states:PublishStateMachineVersion",
];

/// What the permission leads past: the pipeline, or the work of the very pipeline or build that has
/// it. Both then lower the finding, as far as only they can take the role.
fn past_what(found: Finding, model: &Model, principal: &Principal, is_deployer: bool) -> (Finding, String) {
    if model.deployers.unnamed.iter().any(|id| std::ptr::eq(model.principal(*id), principal)) {
        return (found, "though the configuration does not name it".to_owned());
    }
    let only_services = principal.trusted_services().is_some();
    for usage in principal.uses.iter().filter(|_| only_services) {
        match usage {
            CiUse::Pipeline(id) => {
                let pipeline = model.pipelines[*id].display();
                let text = match is_deployer {
                    true => format!("in ways that no action of `{pipeline}` needs"),
                    false => format!("though no action of `{pipeline}` deploys with it"),
                };
                return (found.severity(Severity::Medium), text);
            }
            CiUse::Build(id) => {
                let project = model.project(*id);
                let source = model.buildspec_of(project);
                let is_seen = source.is_some_and(|source| !source.commands.iter().any(|command| command.is_opaque()));
                if is_seen {
                    return (found, format!("though no command of `{}` does", project.display()));
                }
                let text = format!("what `{}` runs is not all seen: it may deploy by design", project.display());
                let doubt = Doubt { text, span: Some(project.logical_id.span) };
                let found = found.severity(Severity::Medium).doubted([doubt]);
                return (found, format!("though `{}` is not seen to", project.display()));
            }
            _ => {}
        }
    }
    (found, "past the pipeline".to_owned())
}

/// A policy that AWS made for the role of a service, such as that of scaling ECS.
fn is_of_service_role(principal: &Principal, grant: &Grant<'_>) -> bool {
    principal.managed_at(grant.span).is_some_and(|policy| policy.text.display().contains(":policy/service-role/"))
}

/// What is allowed, in the user's own words: the patterns of the statement, or the managed policy.
fn calls(model: &Model, principal: &Principal, grants: &[&Grant<'_>]) -> String {
    if let Some(policy) = by_managed_policy(model, principal, grants[0]) {
        return format!("`{policy}`");
    }
    let patterns = grants.iter().map(|grant| match grant.pattern {
        Some(pattern) => format!("`{}`", pattern.text().display()),
        None => "all that `NotAction` leaves".to_owned(),
    });
    list(&distinct(patterns), 4)
}

/// The group that gives a user a grant.
fn group_with<'m>(model: &'m Model, user: &Principal, grant: &Grant<'_>) -> Option<&'m Principal> {
    let mut groups =
        model.principals.iter().filter(|one| one.kind == PrincipalKind::Group && user.kind == PrincipalKind::User);
    groups.find(|group| {
        let mut statements = group.authority.documents.iter().flat_map(|document| &document.statements);
        statements.any(|statement| statement.span == grant.statement.span)
    })
}

/// The name of the policy that AWS manages and that gives a grant.
fn by_managed_policy<'m>(model: &'m Model, principal: &'m Principal, grant: &Grant<'_>) -> Option<&'m str> {
    let mut holders = std::iter::once(principal).chain(group_with(model, principal, grant));
    holders.find_map(|one| one.managed_at(grant.span))?.aws_managed.as_deref()
}

/// The name of who deploys by design: one that is seen to, and the nearest.
fn deployer(model: &Model, principal: &Principal) -> String {
    let is_certain = |other: &Principal| {
        other.uses.iter().any(|usage| match usage {
            CiUse::Build(id) => model.project(*id).deploys.as_ref().is_some_and(|evidence| evidence.certain),
            CiUse::Pipeline(_) | CiUse::PipelineAction(_) => true,
            _ => false,
        })
    };
    let deployers = model.deployers.principals.iter().map(|id| model.principal(*id));
    let best = deployers
        // A copy of the template elsewhere has a role of the same name, which helps nobody.
        .filter(|other| !std::ptr::eq(*other, principal) && other.display() != principal.display())
        .min_by_key(|other| (std::cmp::Reverse(model.nearness(other.file, principal.file)), !is_certain(other)));
    match (best, model.deployers.elsewhere.first()) {
        (Some(role), _) => format!("`{}`", role.display()),
        (None, Some(name)) => format!("`{name}`"),
        (None, None) => "that of the pipeline".to_owned(),
    }
}

/// Only resources of another environment than production, by their names.
fn is_elsewhere(grant: &Grant<'_>) -> bool {
    !grant.everywhere
        && !grant.resources.is_empty()
        && grant.resources.iter().all(|resource| {
            resource.resource_part().is_some_and(|part| is_other_environment(&part.display()))
                && !resource.resource_part().is_some_and(|part| is_production(&part.display()))
        })
}

fn is_untrusted_build(model: &Model, usage: CiUse) -> bool {
    matches!(usage, CiUse::Build(id) if model.project(id).runs_untrusted_code())
}

/// What deployments go through.
struct Protected<'m> {
    /// What pipelines deploy, where its name is written.
    targets: Vec<Target>,
    /// Roles that CloudFormation works with for them.
    execution: Vec<Passable<'m>>,
}

fn targets(model: &Model) -> Vec<Target> {
    let mut targets: Vec<Target> = model.actions().filter_map(deployed_by).collect();
    let of_builds = model.projects.iter().filter(|project| project.deploys.is_some());
    let commands =
        of_builds.flat_map(|project| model.commands_of(project)).chain(model.actions().flat_map(|one| &one.commands));
    targets.extend(commands.filter(|command| command.deploys()).filter_map(|command| {
        let name = command.option("--stack-name").filter(|name| !name.contains('$'))?;
        Some(Target::named("arn:*:cloudformation:*:*:stack/", &Text::at(name, command.span), "/*"))
    }));
    targets
}

fn deployed_by(action: &PipelineAction) -> Option<Target> {
    if !action.is_deploy_provider() {
        return None;
    }
    let pair = |first: &str, second: &str| {
        let (first, second) = (action.setting(first)?, action.setting(second)?);
        let parts = [&first.parts[..], &Text::at("/", first.span).parts, &second.parts].concat();
        Some(Text { parts, span: first.span }.normalised())
    };
    match action.provider.to_ascii_lowercase().as_str() {
        "cloudformation" => Some(Target::named("arn:*:cloudformation:*:*:stack/", action.setting("StackName")?, "/*")),
        "cloudformationstackset" => {
            Some(Target::named("arn:*:cloudformation:*:*:stackset/", action.setting("StackSetName")?, ":*"))
        }
        "lambda" => Some(Target::named("arn:*:lambda:*:*:function:", action.setting("FunctionName")?, "")),
        "ecs" | "codedeploytoecs" | "codedeploy" | "elasticbeanstalk" => {
            let (prefix, name) = match action.setting("ClusterName") {
                Some(_) => ("arn:*:ecs:*:*:service/", pair("ClusterName", "ServiceName")?),
                None => match pair("ApplicationName", "DeploymentGroupName") {
                    Some(name) => ("arn:*:codedeploy:*:*:deploymentgroup:", name),
                    None => ("arn:*:elasticbeanstalk:*:*:environment/", pair("ApplicationName", "EnvironmentName")?),
                },
            };
            Some(Target::named(prefix, &name, ""))
        }
        _ => None,
    }
}
