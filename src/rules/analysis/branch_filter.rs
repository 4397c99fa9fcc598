//! Builds of merges and pushes whose branch nobody has pinned, and of jobs, though they publish or deploy.

use crate::diagnostic::Severity;
use crate::model::artifact::Writer;
use crate::model::webhook::{FilterGroup, FilterKind};
use crate::model::{BuildProject, Model};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::source::Span;

pub const ANALYSIS: Analysis = Analysis {
    name: "branch-filter",
    summary: "an event that nobody has pinned starts a build that publishes or deploys",
    params: &[Param {
        name: "any",
        kind: ParamKind::Choice(&["branch", "workflow"]),
        required: true,
        doc: "merges and pushes of any branch, or jobs of any workflow",
    }],
    facts: &["project", "event", "effect"],
    bind,
};

fn bind(params: &Params) -> Check {
    let any = params.word("any");
    Box::new(move |context: &Context<'_>| {
        let mut findings = Vec::new();
        for project in &context.model.projects {
            let groups = project.webhook.iter().flat_map(|webhook| &webhook.groups);
            findings.extend(groups.filter_map(|group| finding(context.model, project, group, &any)));
        }
        findings
    })
}

fn finding(model: &Model, project: &BuildProject, group: &FilterGroup, any: &str) -> Option<Finding> {
    // A group without an event filter lets pull requests in, which is another rule's matter.
    let events = group.of_kind(FilterKind::Event).next().filter(|_| group.names_events())?;
    let pinned = |kinds: &[FilterKind]| kinds.iter().any(|kind| group.has_branch(*kind));
    let (of, event) = if group.admits("PULL_REQUEST_MERGED") && !pinned(&[FilterKind::BaseRef]) {
        ("branch", "a merge into any branch")
    } else if group.admits("PUSH") && !pinned(&[FilterKind::HeadRef]) {
        ("branch", "a push to any branch")
    } else if group.admits("WORKFLOW_JOB_QUEUED") && !group.has_actor_list() {
        ("workflow", "a job of any workflow")
    } else {
        return None;
    };
    let (effect, does, text, feeds) = match of == any {
        // A job brings its commands with it, whatever the buildspec says.
        true if any == "workflow" => of_role(model, project)?,
        true => effect(model, project)?,
        false => return None,
    };
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

/// What the role lets a job do.
fn of_role(model: &Model, project: &BuildProject) -> Option<(Span, String, String, bool)> {
    let role = model.role(project.role.as_ref())?;
    let power = role.high_power()?;
    let does = format!("lets it {}", power.label.verb());
    Some((power.span, does, format!("`{}` may {}", role.display(), power.label.verb()), true))
}
