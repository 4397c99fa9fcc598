//! Roles that a service may take on behalf of whatever resource of whatever account.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>

use super::chain::{distinct, list};
use crate::iam::Statement;
use crate::iam::narrowing::restricts;
use crate::model::{Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{FileId, Span};
use std::collections::BTreeMap;

pub const ANALYSIS: Analysis = Analysis {
    name: "service-trust",
    summary: "a service may take a role for anybody's resource",
    params: &[],
    facts: &["roles", "service"],
    bind,
};

/// Services of CI and CD that say for which resource they take a role.
const TELLING: [(&str, &str); 6] = [
    ("cloudformation", "CloudFormation"),
    ("codebuild", "CodeBuild"),
    ("codedeploy", "CodeDeploy"),
    ("codepipeline", "CodePipeline"),
    ("events", "EventBridge"),
    ("scheduler", "EventBridge Scheduler"),
];

const SOURCE_KEYS: [&str; 4] = ["aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"];

fn bind(_: &Params) -> Check {
    Box::new(run)
}

/// One finding for each file: where one role lacks it, all do.
fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut of_files: BTreeMap<FileId, Vec<(&Principal, &str, Span)>> = BTreeMap::new();
    for role in context.model.principals.iter().filter(|one| one.kind == PrincipalKind::Role) {
        if let Some((service, span)) = open_service(role) {
            of_files.entry(span.file).or_default().push((role, service, span));
        }
    }
    let found = of_files.into_values().map(|mut roles| {
        roles.sort_by_key(|(_, _, span)| *span);
        let names = distinct(roles.iter().map(|(role, ..)| format!("`{}`", role.display())));
        let services = distinct(roles.iter().map(|(_, service, _)| (*service).to_owned()));
        let mut found = Finding::new(roles[0].2, "roles of services")
            .fact("roles", list(&names, 4))
            .fact("service", list(&services, 4));
        for (_, _, span) in roles.iter().skip(1).take(4) {
            found = found.related(*span, "and this one");
        }
        found
    });
    found.collect()
}

fn open_service(role: &Principal) -> Option<(&'static str, Span)> {
    role.trust.as_ref()?.allows().filter(|statement| !names_source(statement)).find_map(|statement| {
        let principals = statement.principals.as_ref().filter(|found| !found.negated)?;
        principals.entries.iter().find_map(|entry| {
            let service = entry.service()?;
            let (_, name) = TELLING.iter().find(|(prefix, _)| *prefix == service)?;
            Some((*name, entry.span()))
        })
    })
}

/// What cannot be evaluated may name it.
fn names_source(statement: &Statement) -> bool {
    statement.condition_unknown.is_some()
        || statement
            .conditions
            .iter()
            .any(|test| SOURCE_KEYS.iter().any(|key| test.is_on(key)) && restricts(test, &statement.conditions))
}
