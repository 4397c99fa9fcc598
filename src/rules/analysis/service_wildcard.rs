//! Patterns that allow all, or nearly all, that a service can do.

use super::chain::{PRINCIPALS, distinct, finding, is_meant, list};
use crate::iam::catalogue::{self, AccessLevel};
use crate::iam::{ActionPattern, Grant, Statement, Wanted};
use crate::model::{Model, Principal};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "service-wildcard",
    summary: "a role may call all, or nearly all, write actions of a service",
    params: &[
        Param {
            name: "principals",
            kind: ParamKind::Choice(PRINCIPALS),
            required: true,
            doc: "whose policies are looked at",
        },
        Param {
            name: "dangerous-services",
            kind: ParamKind::List,
            required: true,
            doc: "prefixes of services for which this weighs a step more",
        },
    ],
    facts: &["role", "kind", "worker", "action", "pattern", "service", "count", "what"],
    bind,
};

/// A pattern that matches this part of a service's write actions is as good as all of them.
const NEARLY_ALL: f64 = 0.8;

fn bind(params: &Params) -> Check {
    let dangerous = params.list("dangerous-services");
    let principals = params.word("principals");
    Box::new(move |context: &Context<'_>| {
        let roles = context
            .model
            .principals
            .iter()
            .filter(|principal| is_meant(principal, &principals) && !principal.is_execution_role());
        roles.flat_map(|role| of_role(context.model, role, &dangerous)).collect()
    })
}

/// One finding for a statement, all the services in it that are covered.
fn of_role(model: &Model, role: &Principal, dangerous: &[String]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for statement in role.authority.documents.iter().flat_map(|document| document.allows()) {
        let Some(actions) = statement.actions.as_ref().filter(|actions| !actions.negated) else { continue };
        let covered = actions.patterns.iter().filter_map(|pattern| covered_service(pattern, statement, role));
        let mut covered: Vec<Covered<'_>> = covered.collect();
        // A wildcard over the actions of one's own bucket is less than one over all buckets.
        let steps = |one: &Covered<'_>| {
            let is_dangerous = dangerous.iter().any(|name| name == one.service);
            u8::from(!is_dangerous) + u8::from(!one.grant.everywhere)
        };
        covered.sort_by_key(steps);
        let Some((first, others)) = covered.split_first() else { continue };
        let Some(mut found) = finding(model, role, &[&first.grant]) else { continue };
        if findings.iter().any(|known| known.span == found.span && known.subject == found.subject) {
            continue;
        }
        let services = distinct(covered.iter().map(|one| format!("`{}`", one.service)));
        let what = match services.as_slice() {
            [only] => format!("{} write actions of {only} with `{}`", first.count, first.pattern),
            several => format!("all or nearly all write actions of {}", list(several, 3)),
        };
        for one in others.iter().filter(|one| one.grant.span != first.grant.span).take(3) {
            found = found.related(one.grant.span, format!("{} write actions", one.count));
        }
        found.subject = format!("{} {}", found.subject, services.join(" "));
        let steps = found.lowered_by + steps(first);
        let found = found.fact("service", first.service).fact("count", first.count.to_string()).fact("what", what);
        findings.push(found.lowered_by(steps));
    }
    findings
}

/// A pattern that covers a service.
struct Covered<'a> {
    service: &'static str,
    pattern: String,
    /// How many write actions are granted by it.
    count: usize,
    grant: Grant<'a>,
}

/// The service whose write actions a pattern covers, where any of them is granted.
fn covered_service<'a>(pattern: &'a ActionPattern, statement: &Statement, role: &'a Principal) -> Option<Covered<'a>> {
    let (service, writes) = covered_writes(pattern)?;
    let grants = role.authority.grants_of(&Wanted::of(writes)).into_iter();
    let mut own = grants.filter(|grant| {
        std::ptr::eq(grant.statement, statement) && grant.pattern.is_some_and(|by| std::ptr::eq(by, pattern))
    });
    let grant = own.next()?;
    let pattern = pattern.text().display().into_owned();
    Some(Covered { service, pattern, count: 1 + own.count(), grant })
}

/// The service whose write actions a pattern covers, and those actions; a pattern over all services
/// is no matter of this analysis.
fn covered_writes(pattern: &ActionPattern) -> Option<(&'static str, Vec<catalogue::Action>)> {
    if pattern.is_full_wildcard() || pattern.is_literal() {
        return None;
    }
    let service = catalogue::service(pattern.service()?)?;
    let is_write = |action: &catalogue::Action| !matches!(action.level(), AccessLevel::Read | AccessLevel::List);
    let writes: Vec<catalogue::Action> = service.actions().filter(is_write).collect();
    if pattern.is_service_wildcard() {
        return (!writes.is_empty()).then_some((service.prefix(), writes));
    }
    let matched: Vec<catalogue::Action> = pattern.expand().filter(is_write).collect();
    let is_nearly_all = writes.len() > 1 && matched.len() as f64 >= NEARLY_ALL * writes.len() as f64;
    is_nearly_all.then_some((service.prefix(), matched))
}
