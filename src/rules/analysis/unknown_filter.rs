//! Webhook filters of which nothing can be said before deployment.

use super::chain::with_conditions;
use crate::diagnostic::Label;
use crate::model::webhook::{Filter, FilterKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "unknown-filter",
    summary: "a webhook filter whose pattern is not known, so that nothing is said of whom it lets in",
    params: &[],
    facts: &["project", "filter", "pattern", "reason"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for project in &context.model.projects {
        let groups = project.webhook.iter().flat_map(|webhook| &webhook.groups);
        let filters = groups.flat_map(|group| group.filters.iter().map(move |filter| (group, filter)));
        for (group, filter) in filters.filter(|(_, filter)| is_gate(filter)) {
            let (Some(pattern), Some(reason)) = (&filter.pattern, filter.unknown_because()) else { continue };
            let shown = pattern.display().into_owned();
            // A parameter is told once, however many webhooks ask for it.
            let same = |found: &&mut Finding| found.subject == shown && found.span.file == pattern.span.file;
            if let Some(told) = findings.iter_mut().find(same) {
                if told.related.len() < 4 {
                    told.related.push(Label::new(pattern.span, format!("`{}` has it too", project.display())));
                }
                continue;
            }
            let found = Finding::new(pattern.span, shown.clone())
                .fact("project", project.display())
                .fact("filter", filter.kind.name())
                .fact("pattern", shown)
                .fact("reason", reason)
                .related(project.logical_id.span, "a webhook of this project");
            findings.push(with_conditions(found, &group.when, Vec::new()));
        }
    }
    findings
}

/// Filters that hold somebody off; an exclusion leaves out what need not be built.
fn is_gate(filter: &Filter) -> bool {
    use FilterKind::{ActorAccountId, BaseRef, HeadRef, OrganizationName, RepositoryName};
    !filter.exclude && matches!(filter.kind, ActorAccountId | BaseRef | HeadRef | OrganizationName | RepositoryName)
}
