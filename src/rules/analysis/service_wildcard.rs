//! Patterns that allow all, or nearly all, that a service can do.

use super::chain::{WHOSE, distinct, finding, is_meant, list};
use crate::iam::catalogue::{self, AccessLevel};
use crate::iam::{ActionPattern, Grant, Statement, Wanted};
use crate::model::{Model, Principal};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "service-wildcard",
    summary: "a role may call all, or nearly all, write actions of a service",
    params: &[
        WHOSE,
        Param {
            name: "dangerous-services",
            kind: ParamKind::List,
            required: true,
            doc: "prefixes of services for which this weighs a step more",
        },
    ],
    facts: &["role", "kind", "worker", "action", "pattern", "service", "counted", "what"],
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
            [only] => format!("{} of {only} with `{}`", first.counted(), first.pattern),
            several => format!("all or nearly all write actions of {}", list(several, 3)),
        };
        for one in others.iter().filter(|one| one.grant.span != first.grant.span).take(3) {
            found = found.related(one.grant.span, one.counted());
        }
        found = found.granted(others.iter().map(|one| &one.grant));
        found.subject = format!("{} {}", found.subject, services.join(" "));
        let steps = found.lowered_by + steps(first);
        let found = found.fact("service", first.service).fact("counted", first.counted()).fact("what", what);
        findings.push(found.lowered_by(steps));
    }
    findings
}

/// A pattern that covers a service.
struct Covered<'a> {
    service: &'static str,
    pattern: String,
    /// How many write actions are granted by it; `None` where a resource, a deny or a boundary limits
    /// them.
    count: Option<usize>,
    grant: Grant<'a>,
}

impl Covered<'_> {
    fn counted(&self) -> String {
        self.count.map_or_else(|| "write actions".to_owned(), |count| format!("{count} write actions"))
    }
}

/// Where they are not counted, actions are asked this many at a time, until one is granted.
const AT_ONCE: usize = 16;

/// The service whose write actions a pattern covers, where any of them is granted.
fn covered_service<'a>(pattern: &'a ActionPattern, statement: &Statement, role: &'a Principal) -> Option<Covered<'a>> {
    let (service, writes) = covered_writes(pattern)?;
    let is_own = |grant: &Grant<'_>| {
        std::ptr::eq(grant.statement, statement) && grant.pattern.is_some_and(|by| std::ptr::eq(by, pattern))
    };
    // Where nothing limits them all are granted when one is.
    let counts = role.authority.only_allows() && statement.is_on_everything();
    let at_once = if counts { 1 } else { AT_ONCE };
    let mut asked = writes.chunks(at_once).map(|some| {
        let grants = role.authority.grants_of(&Wanted::of(some.iter().copied()));
        grants.into_iter().filter(is_own).collect::<Vec<_>>()
    });
    let granted = asked.find(|granted| !granted.is_empty())?;
    let count = counts.then_some(writes.len());
    let pattern = pattern.text().display().into_owned();
    Some(Covered { service, pattern, count, grant: granted.into_iter().next()? })
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
