//! Roles of pipelines with the policy that the console once gave to all of them.
//!
//! Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html>

use super::chain::{distinct, list, with_chain, with_conditions};
use crate::iam::{ActionPattern, Statement};
use crate::model::principal::CiUse;
use crate::model::{Model, Pipeline, Principal};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "legacy-policy",
    summary: "the role of a pipeline has the policy that the console once gave to all of them",
    params: &[],
    facts: &["role", "pipeline", "services"],
    bind,
};

/// Services that the policy was made for; a pipeline that deploys to them may need the rest.
const DEPLOYED_TO: [&str; 2] = ["elasticbeanstalk", "opsworks"];

/// What it allows besides, since Elastic Beanstalk works with its caller's permissions.
const BESIDE: [&str; 8] = ["autoscaling", "cloudwatch", "ec2", "ecs", "elasticloadbalancing", "rds", "sns", "sqs"];

/// A statement with fewer of them was written for something.
const LEAST: usize = 3;

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        model.principals.iter().filter_map(|role| of_role(model, role, &pipelines(model, role))).collect()
    })
}

fn pipelines<'m>(model: &'m Model, role: &Principal) -> Vec<&'m Pipeline> {
    let of_usage = |usage: &CiUse| match usage {
        CiUse::Pipeline(id) | CiUse::PipelineAction(id) => Some(&model.pipelines[*id]),
        _ => None,
    };
    role.uses.iter().filter_map(of_usage).collect()
}

fn of_role(model: &Model, role: &Principal, pipelines: &[&Pipeline]) -> Option<Finding> {
    let pipeline = pipelines.first()?;
    // A provider that only the deployment knows may be one of them.
    let needs = |provider: &str| {
        provider.is_empty() || DEPLOYED_TO.iter().any(|service| provider.eq_ignore_ascii_case(service))
    };
    if pipelines.iter().any(|one| one.actions().any(|(_, _, _, action)| needs(&action.provider))) {
        return None;
    }
    let statements = role.authority.documents.iter().flat_map(|document| document.allows());
    let (statement, patterns) = statements.filter(|one| one.is_on_everything()).find_map(|one| {
        let found = wildcards(one);
        let is_marked = found.iter().any(|(_, service)| DEPLOYED_TO.contains(&service.as_str()));
        (is_marked && found.len() >= LEAST).then_some((one, found))
    })?;
    let is_marked = |service: &str| DEPLOYED_TO.contains(&service);
    let named = |is_meant: &dyn Fn(&str) -> bool| {
        let meant = patterns.iter().filter(|(_, service)| is_meant(service));
        distinct(meant.map(|(_, service)| format!("`{service}`")))
    };
    let besides = named(&|service| !is_marked(service));
    let (first, _) = patterns.first()?;
    let mut found = Finding::new(first.span(), role.display())
        .fact("role", role.display())
        .fact("pipeline", pipeline.display())
        .fact("services", list(&named(&is_marked), 2));
    if !besides.is_empty() {
        found = found.note(format!("it allows all of {} too", list(&besides, 9)));
    }
    found.cause = Some(statement.span);
    Some(with_conditions(with_chain(found, model, role), &statement.when, Vec::new()))
}

/// All of a service, for services of that policy.
fn wildcards(statement: &Statement) -> Vec<(&ActionPattern, String)> {
    let patterns = statement.actions.iter().filter(|actions| !actions.negated).flat_map(|actions| &actions.patterns);
    let wide = patterns.filter(|pattern| pattern.is_service_wildcard()).filter_map(|pattern| {
        let service = pattern.service()?;
        let is_of_it = DEPLOYED_TO.contains(&service) || BESIDE.contains(&service);
        is_of_it.then(|| (pattern, service.to_owned()))
    });
    wide.collect()
}
