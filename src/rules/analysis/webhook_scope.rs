//! Webhooks of a whole organisation that no filter holds to some of its repositories.
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/github-global-organization-webhook.html>

use super::chain::with_conditions;
use crate::diagnostic::Severity;
use crate::model::{BuildProject, FilterGroup, FilterKind, Model};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "webhook-scope",
    summary: "events of every repository of an organisation start a build",
    params: &[],
    facts: &["project", "scope", "role"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.projects.iter().filter_map(|project| finding(context.model, project)).collect()
    })
}

fn finding(model: &Model, project: &BuildProject) -> Option<Finding> {
    let webhook = project.webhook.as_ref()?;
    let scope = webhook.scope.as_ref()?;
    let open = webhook.groups.iter().find(|group| !is_held(group));
    if open.is_none() && (webhook.is_partial || !webhook.groups.is_empty()) {
        return None;
    }
    let mut found = Finding::new(scope.span, project.display())
        .fact("project", project.display())
        .fact("scope", scope.display())
        .fact("role", project.role.as_ref().map_or_else(|| "its role".into(), |role| format!("`{}`", role.display())));
    if let Some(group) = open {
        found = found.related(group.span, "these filters name no repository");
    }
    if let Some(role) = model.role(project.role.as_ref()) {
        found = match role.high_power() {
            Some(power) => {
                found.confidence = found.confidence.and(power.confidence);
                let text = format!("`{}` can {} with {}", role.display(), power.label.verb(), power.action);
                found.related(power.span, text).severity(Severity::High)
            }
            None if role.authority.unseen.is_empty() => found.lowered_by(1),
            None => found,
        };
    }
    let when = open.map_or(&[][..], |group| group.when.as_slice());
    Some(with_conditions(found, &[webhook.when.as_slice(), when].concat(), Vec::new()))
}

/// Some repositories are named, or the accounts whose events count. What is wrong with a pattern is told at it.
fn is_held(group: &FilterGroup) -> bool {
    let names = |kind| group.of_kind(kind).any(|filter| !filter.exclude);
    names(FilterKind::RepositoryName) || names(FilterKind::OrganizationName) || group.has_actor_list()
}
