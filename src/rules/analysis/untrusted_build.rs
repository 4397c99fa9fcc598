//! Builds that run the code of pull requests nobody has looked at.

use super::chain::{trust_confidence, with_conditions};
use crate::diagnostic::Severity;
use crate::model::{BuildProject, Level, Model};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "untrusted-build",
    summary: "anybody who opens a pull request chooses the code that a build runs",
    params: &[],
    facts: &["project", "role"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let public = context
            .model
            .projects
            .iter()
            .filter(|project| project.trust.level == Level::Public && !project.trust.is_piped);
        public.filter_map(|project| finding(context.model, project)).collect()
    })
}

fn finding(model: &Model, project: &BuildProject) -> Option<Finding> {
    let webhook = project.webhook.as_ref()?;
    let when = &project.trust.when;
    let (span, text) = project.trust.because.first()?;
    let role = project.role.as_ref();
    let mut found = Finding::new(*span, project.display())
        .fact("project", project.display())
        .fact("role", role.map_or_else(|| "its role".into(), |role| format!("`{}`", role.display())))
        .label(text.clone());
    found = found.related(project.logical_id.span, "builds run here");
    found = match &webhook.comment_approval {
        Some(policy) => found.related(policy.span, "no approval is asked for"),
        None => found.note("no `PullRequestBuildPolicy` asks a maintainer to approve the build, and no filter lists the accounts that may start it"),
    };
    let mut severity = Severity::High;
    if let Some(principal) = model.role(role)
        && let Some(power) = principal.high_power()
    {
        severity = Severity::Critical;
        found = found
            .related(power.span, format!("`{}` can {} with {}", principal.display(), power.label.verb(), power.action));
        found.confidence = found.confidence.and(power.confidence);
    } else if let Some(role) = role {
        found = found.related(role.span, "and have this role");
    }
    found.confidence = found.confidence.and(trust_confidence(project));
    let found = with_conditions(found, when, Vec::new());
    Some(
        found
            .severity(severity)
            .note("if the repository is private and takes no forks, contributors take the place of anybody"),
    )
}
