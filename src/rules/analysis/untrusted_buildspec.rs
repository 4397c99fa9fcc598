//! Builds whose commands come out of the very code that nobody has reviewed.

use super::chain::{trust_confidence, with_conditions};
use super::shared_role::other_that_deploys;
use crate::diagnostic::Severity;
use crate::model::webhook::{Filter, FilterKind, Webhook};
use crate::model::{BuildProject, Model, buildspec_is_in_source};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use regex::Regex;

pub const ANALYSIS: Analysis = Analysis {
    name: "untrusted-buildspec",
    summary: "an untrusted build takes its buildspec from the code that it builds",
    params: &[],
    facts: &["project", "who"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.projects.iter().filter_map(|project| finding(context.model, project)).collect()
    })
}

fn finding(model: &Model, project: &BuildProject) -> Option<Finding> {
    // A build of a branch runs what the branch holds; the point is code from elsewhere.
    if !project.runs_untrusted_code() || !project.trust.by_pull_request {
        return None;
    }
    let (span, text) = buildspec_is_in_source(project)?;
    if project.webhook.as_ref().is_some_and(|webhook| excludes(webhook, project.source.buildspec.path())) {
        return None;
    }
    let mut found = Finding::new(span, project.display())
        .fact("project", project.display())
        .fact("who", project.trust.level.who())
        .label(text);
    if let Some((because, text)) = project.trust.because.first() {
        found = found.related(*because, text.clone());
    }
    if let Some(power) = model.role(project.role.as_ref()).and_then(|role| role.high_power()) {
        found = found.related(power.span, format!("the role can {}", power.label.verb())).severity(Severity::High);
    } else if let Some((role, text)) = other_that_deploys(model, project) {
        found = found.related(role, text).severity(Severity::High);
    }
    found.confidence = found.confidence.and(trust_confidence(project));
    Some(with_conditions(found, &project.trust.when, Vec::new()))
}

/// Every group that lets pull requests in leaves out those that touch the buildspec.
fn excludes(webhook: &Webhook, buildspec: Option<&str>) -> bool {
    let mut groups = webhook.groups.iter().filter(|group| group.admits_open_pull_requests()).peekable();
    groups.peek().is_some()
        && groups.all(|group| {
            group.of_kind(FilterKind::FilePath).any(|filter| filter.exclude && may_match(filter, buildspec))
        })
}

/// What is not known may match.
fn may_match(filter: &Filter, path: Option<&str>) -> bool {
    let (Some(pattern), Some(path)) = (filter.text(), path) else { return true };
    Regex::new(&pattern).map_or(true, |pattern| pattern.is_match(path))
}
