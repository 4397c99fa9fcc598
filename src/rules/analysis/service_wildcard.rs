//! Patterns that allow all, or nearly all, that a service can do.

use super::chain::{WHOSE, distinct, finding, is_meant, list};
use super::write_anywhere::is_telemetry;
use crate::iam::catalogue::{self, AccessLevel};
use crate::iam::{ActionPattern, Grant, PolicyDocument, Statement};
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

/// Services that are there for the agent of Systems Manager alone, which calls all that they have: AWS's own policy
/// for it lists every action, and on every resource.
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMManagedInstanceCore.html>
const OF_AGENT: [&str; 2] = ["ec2messages", "ssmmessages"];

fn bind(params: &Params) -> Check {
    let dangerous = params.list("dangerous-services");
    let principals = params.word("principals");
    Box::new(move |context: &Context<'_>| {
        let roles = context
            .model
            .principals
            .iter()
            .filter(|principal| is_meant(principal, &principals) && !principal.is_execution_role());
        let of_workload = principals == "workload";
        roles.flat_map(|role| of_role(context.model, role, &dangerous, of_workload)).collect()
    })
}

/// One finding for a statement, all the services in it that are covered.
fn of_role(model: &Model, role: &Principal, dangerous: &[String], of_workload: bool) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let documents = role.authority.documents.iter();
    for (document, statement) in documents.flat_map(|own| own.allows().map(move |statement| (own, statement))) {
        let Some(actions) = statement.actions.as_ref().filter(|actions| !actions.negated) else { continue };
        let covered = actions.patterns.iter().filter_map(|pattern| covered_service(pattern, statement, document, role));
        let mut covered: Vec<Covered<'_>> = covered.collect();
        // `AWSLambdaExecute` and others like it: every workload logs, and what AWS wrote is nobody's to mend.
        let is_given = |one: &Covered<'_>| role.managed.iter().any(|policy| policy.text.span == one.grant.span);
        covered.retain(|one| !of_workload || !is_telemetry(&one.grant.action) || !is_given(one));
        // A wildcard over the actions of one's own bucket is less than one over all buckets, the more so where
        // nobody chooses the code from outside.
        let named = if of_workload { 2 } else { 1 };
        let steps = |one: &Covered<'_>| {
            let is_dangerous = one.reaches_most && dangerous.iter().any(|name| name == one.service);
            u8::from(!is_dangerous) + if one.grant.everywhere { 0 } else { named }
        };
        covered.sort_by_key(steps);
        let Some((first, others)) = covered.split_first() else { continue };
        let Some(mut found) = finding(model, role, &[&first.grant]) else { continue };
        // A policy that AWS wrote has one place for all of its statements.
        if findings.iter().any(|known| known.span == found.span) {
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
    /// Whether the resources are such that a third of the actions that take one fit them: `codebuild:*` on a group of
    /// reports starts no build. Of S3 most actions are about what few have, and objects are what it is for.
    reaches_most: bool,
    grant: Grant<'a>,
}

impl Covered<'_> {
    fn counted(&self) -> String {
        self.count.map_or_else(|| "write actions".to_owned(), |count| format!("{count} write actions"))
    }
}

/// The service whose write actions a pattern covers, where any of them is granted.
fn covered_service<'a>(
    pattern: &'a ActionPattern,
    statement: &'a Statement,
    document: &'a PolicyDocument,
    role: &'a Principal,
) -> Option<Covered<'a>> {
    let (service, writes) = covered_writes(pattern)?;
    let granted = |action: &catalogue::Action| role.authority.grant_by(document, statement, pattern, *action);
    let grant = writes.iter().find_map(granted)?;
    // Where nothing limits them all are granted when one is.
    let counts = role.authority.only_allows() && statement.is_on_everything();
    let count = counts.then_some(writes.len());
    let takers: Vec<_> = writes.iter().filter(|action| action.supports_resource_level()).collect();
    let named = || statement.resources.iter().flat_map(|own| &own.patterns);
    let fitting = takers.iter().filter(|action| named().any(|resource| !resource.fits(***action).is_no()));
    let reaches_most = grant.everywhere || service == "s3" || 3 * fitting.count() >= takers.len();
    Some(Covered { service, pattern: pattern.text().display().into_owned(), count, reaches_most, grant })
}

/// The service whose write actions a pattern covers, and those actions; a pattern over all services
/// is no matter of this analysis.
fn covered_writes(pattern: &ActionPattern) -> Option<(&'static str, Vec<catalogue::Action>)> {
    if pattern.is_literal() || pattern.is_full_wildcard() {
        return None;
    }
    let service = catalogue::service(pattern.service()?).filter(|service| !OF_AGENT.contains(&service.prefix()))?;
    let is_write = |action: &catalogue::Action| !matches!(action.level(), AccessLevel::Read | AccessLevel::List);
    let writes: Vec<catalogue::Action> = service.actions().filter(is_write).collect();
    if pattern.is_service_wildcard() {
        return (!writes.is_empty()).then_some((service.prefix(), writes));
    }
    // Most patterns miss too many soon.
    let may_miss = writes.len() - (NEARLY_ALL * writes.len() as f64).ceil() as usize;
    let mut matched = Vec::with_capacity(writes.len());
    for (index, action) in writes.iter().enumerate() {
        if pattern.matches(&action.full_name()).is_yes() {
            matched.push(*action);
        }
        if index + 1 - matched.len() > may_miss {
            return None;
        }
    }
    (writes.len() > 1).then_some((service.prefix(), matched))
}
