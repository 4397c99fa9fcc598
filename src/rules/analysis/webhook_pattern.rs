//! Webhook filters whose pattern matches more than it was written for.

use crate::diagnostic::{Applicability, Confidence, Severity};
use crate::edit::Step;
use crate::model::BuildProject;
use crate::model::webhook::{Anchoring, Filter, FilterKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "webhook-pattern",
    summary: "a webhook filter matches in the middle of a longer text",
    params: &[],
    facts: &["project", "filter", "pattern", "problem"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let webhooks = context.model.projects.iter().filter_map(|project| Some((project, project.webhook.as_ref()?)));
        let filters = webhooks.flat_map(|(project, webhook)| {
            webhook.groups.iter().flat_map(|group| &group.filters).map(move |filter| (project, filter))
        });
        filters.filter_map(|(project, filter)| finding(project, filter)).collect()
    })
}

fn finding(project: &BuildProject, filter: &Filter) -> Option<Finding> {
    let pattern = filter.pattern.as_ref()?;
    let literal = filter.text().unwrap_or_else(|| pattern.display().into_owned());
    let severity = match filter.kind {
        FilterKind::ActorAccountId | FilterKind::RepositoryName | FilterKind::OrganizationName => Severity::High,
        FilterKind::HeadRef | FilterKind::BaseRef => Severity::Medium,
        FilterKind::FilePath => Severity::Low,
        _ => return None,
    };
    let is_ref = matches!(filter.kind, FilterKind::HeadRef | FilterKind::BaseRef);
    let (problem, severity) = match (filter.anchoring(), filter.exclude) {
        (Anchoring::Full | Anchoring::Unknown, _) => return None,
        // A folder is named by its start: that is how file paths are filtered.
        (Anchoring::StartOnly, _) if filter.kind == FilterKind::FilePath => return None,
        // An exclusion that matches too much builds too little.
        (Anchoring::Open | Anchoring::StartOnly, true) => ("excludes more than it names", Severity::Info),
        (Anchoring::Anything, true) => return None,
        // `^refs/heads/` means every branch, and says so.
        (Anchoring::StartOnly, false) if is_ref => ("matches every name that starts so", Severity::Low),
        (Anchoring::StartOnly, false) => ("matches every longer value that starts so", severity),
        (Anchoring::Open, false) => ("matches inside every longer value", severity),
        (Anchoring::Anything, false) if is_ref || filter.kind == FilterKind::FilePath => return None,
        (Anchoring::Anything, false) => ("matches any value", severity),
    };
    let mut found = Finding::new(pattern.span, format!("{} {} {literal}", project.display(), filter.kind.name()))
        .fact("project", project.display())
        .fact("filter", filter.kind.name())
        .fact("pattern", literal.clone())
        .fact("problem", problem)
        .severity(severity);
    if pattern.literal().is_some()
        && !matches!(filter.anchoring(), Anchoring::Anything)
        && !literal.contains(['^', '$'])
    {
        let anchored = format!("^({literal})$");
        let help = format!("anchor the pattern on both sides: `{anchored}`");
        let step = Step::Rename { span: pattern.span, from: literal.clone(), to: anchored };
        // Builds that the wide pattern starts are started no more.
        found = found.mended_by(Applicability::Unsafe, help, vec![step]);
    }
    if pattern.literal().is_none() && filter.text().is_some() {
        found.confidence = Confidence::Medium;
        found = found.note(format!("that is the default of `{}`", pattern.display()));
    }
    Some(found.related(project.logical_id.span, "a webhook of this project"))
}
