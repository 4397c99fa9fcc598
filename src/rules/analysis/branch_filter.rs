//! Builds of merges and pushes whose branch nobody has pinned, though they publish or deploy.

use crate::diagnostic::Severity;
use crate::model::artifact::Writer;
use crate::model::webhook::{FilterGroup, FilterKind};
use crate::model::{BuildProject, Model};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;

pub const ANALYSIS: Analysis = Analysis {
    name: "branch-filter",
    summary: "a merge or push to any branch starts a build that publishes or deploys",
    params: &[],
    facts: &["project", "event", "effect"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let mut findings = Vec::new();
        for project in &context.model.projects {
            let groups = project.webhook.iter().flat_map(|webhook| &webhook.groups);
            findings.extend(groups.filter_map(|group| finding(context.model, project, group)));
        }
        findings
    })
}

fn finding(model: &Model, project: &BuildProject, group: &FilterGroup) -> Option<Finding> {
    // A group without an event filter lets pull requests in, which is another rule's matter.
    let events = group.of_kind(FilterKind::Event).next().filter(|_| group.names_events())?;
    let pinned = |kinds: &[FilterKind]| kinds.iter().any(|kind| group.has_branch(*kind));
    let event = if group.admits("PULL_REQUEST_MERGED") && !pinned(&[FilterKind::BaseRef]) {
        "a merge into any branch"
    } else if group.admits("PUSH") && !pinned(&[FilterKind::HeadRef]) {
        "a push to any branch"
    } else {
        return None;
    };
    let (effect, does, text, feeds) = effect(model, project)?;
    let span = events.pattern.as_ref().map_or(events.span, |pattern| pattern.span);
    let severity = if feeds { Severity::High } else { Severity::Medium };
    let found = Finding::new(span, format!("{} {event}", project.display()))
        .fact("project", project.display())
        .fact("event", event)
        .fact("effect", does)
        .label(format!("{event} starts it"))
        .severity(severity);
    Some(found.related(effect, text))
}

/// What the build does besides testing, and whether that feeds a pipeline.
fn effect(model: &Model, project: &BuildProject) -> Option<(Span, String, String, bool)> {
    for pipeline in &model.pipelines {
        for (_, _, _, action) in pipeline.actions().filter(|(_, _, _, action)| action.is_source()) {
            let Some(bucket) = action.setting("S3Bucket") else { continue };
            if let Some(write) = Writer::new(model, project).write_to(bucket, action.setting("S3ObjectKey")) {
                let does = format!("feeds the pipeline `{}`", pipeline.display());
                return Some((write.span, does, write.text, true));
            }
        }
    }
    if let Some(evidence) = project.deploys.as_ref().filter(|evidence| evidence.certain) {
        return Some((evidence.span, "deploys".into(), evidence.text.clone(), true));
    }
    let publishes = project.artifacts.iter().find(|artifact| artifact.kind == "S3")?;
    let span = publishes.location.as_ref().map_or(publishes.span, |location| location.span);
    Some((span, "publishes artifacts".into(), "its artifacts go here".into(), false))
}
