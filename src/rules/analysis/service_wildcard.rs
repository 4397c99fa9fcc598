//! Patterns that allow all, or nearly all, that a service can do.

use super::chain::{finding, is_meant};
use crate::iam::catalogue::{self, AccessLevel};
use crate::iam::{ActionPattern, Grant};
use crate::model::{Model, Principal};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "service-wildcard",
    summary: "a role of CI may call all, or nearly all, write actions of a service",
    params: &[Param {
        name: "dangerous-services",
        kind: ParamKind::List,
        required: true,
        doc: "prefixes of services for which this is high and not medium",
    }],
    facts: &["role", "kind", "worker", "action", "pattern", "service", "count"],
    bind,
};

/// A pattern that matches this part of a service's write actions is as good as all of them.
const NEARLY_ALL: f64 = 0.8;

fn bind(params: &Params) -> Check {
    let dangerous = params.list("dangerous-services");
    Box::new(move |context: &Context<'_>| {
        let roles = context
            .model
            .principals
            .iter()
            .filter(|principal| is_meant(principal, "ci") && !principal.is_execution_role());
        roles.flat_map(|role| of_role(context.model, role, &dangerous)).collect()
    })
}

fn of_role(model: &Model, role: &Principal, dangerous: &[String]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let statements = role.authority.documents.iter().flat_map(|document| document.allows());
    let patterns = statements.filter_map(|statement| statement.actions.as_ref()).filter(|actions| !actions.negated);
    for pattern in patterns.flat_map(|actions| &actions.patterns) {
        let Some((service, writes)) = covered_service(pattern) else { continue };
        let wanted: Vec<&str> = writes.iter().map(String::as_str).collect();
        let grants = role.authority.grants(&wanted);
        let own: Vec<&Grant<'_>> =
            grants.iter().filter(|grant| grant.pattern.is_some_and(|by| std::ptr::eq(by, pattern))).collect();
        let Some(first) = own.first() else { continue };
        let Some(mut found) = finding(model, role, &own[..1]) else { continue };
        if findings.iter().any(|known| known.span == found.span && known.subject == found.subject) {
            continue;
        }
        found.subject = format!("{} {service}", found.subject);
        let is_dangerous = dangerous.iter().any(|name| name == service);
        // A wildcard over the actions of one's own bucket is less than one over all buckets.
        let steps = found.lowered_by + u8::from(!is_dangerous) + u8::from(!first.everywhere);
        findings.push(found.fact("service", service).fact("count", own.len().to_string()).lowered_by(steps));
    }
    findings
}

/// The service whose write actions a pattern covers, and those actions; a pattern over all services
/// is no matter of this analysis.
fn covered_service(pattern: &ActionPattern) -> Option<(&'static str, Vec<String>)> {
    if pattern.is_full_wildcard() || pattern.is_literal() {
        return None;
    }
    let service = catalogue::service(pattern.service()?)?;
    let writes: Vec<String> = service
        .actions()
        .filter(|action| !matches!(action.level(), AccessLevel::Read | AccessLevel::List))
        .map(catalogue::Action::full_name)
        .collect();
    if pattern.is_service_wildcard() {
        return (!writes.is_empty()).then_some((service.prefix(), writes));
    }
    let matched: Vec<String> = writes.iter().filter(|action| pattern.matches(action).is_yes()).cloned().collect();
    let is_nearly_all = writes.len() > 1 && matched.len() as f64 >= NEARLY_ALL * writes.len() as f64;
    is_nearly_all.then_some((service.prefix(), matched))
}
