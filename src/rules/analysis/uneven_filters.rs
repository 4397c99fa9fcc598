//! Webhooks of which one group of filters lets in what all the others hold off.

use super::chain::with_conditions;
use crate::diagnostic::Severity;
use crate::model::webhook::{Anchoring, EVENTS};
use crate::model::{BuildProject, Filter, FilterGroup, FilterKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::can_hold_together;

pub const ANALYSIS: Analysis = Analysis {
    name: "uneven-filters",
    summary: "one group of webhook filters lacks what the others ask for, or asks for a commit message only",
    params: &[],
    facts: &["project", "problem"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.projects.iter().filter_map(of_project).collect())
}

/// Filters that say who or which branch.
const GATES: [FilterKind; 3] = [FilterKind::ActorAccountId, FilterKind::HeadRef, FilterKind::BaseRef];

fn of_project(project: &BuildProject) -> Option<Finding> {
    let webhook = project.webhook.as_ref()?;
    let found = webhook.groups.iter().find_map(|group| {
        let lacking = lacking(group, &webhook.groups).map(|(kind, other)| (kind.name(), Some(other)));
        let (name, other) = lacking.or_else(|| only_message(group).then_some(("COMMIT_MESSAGE", None)))?;
        Some((group, name, other))
    });
    let (group, name, other) = found?;
    let problem = match other {
        Some(_) => format!("has no {name} filter, which the other groups have: one group is enough to start a build"),
        None => "is held by a commit message alone, which whoever writes the commit chooses".to_owned(),
    };
    let mut found = Finding::new(group.span, format!("{} {name}", project.display()))
        .fact("project", project.display())
        .fact("problem", problem)
        .related(project.logical_id.span, "builds run here");
    // Who may push is trusted with more than who may open a pull request.
    if !group.admits_open_pull_requests() {
        found = found.severity(Severity::Medium);
    }
    if let Some(filter) = other.and_then(|other| other.filters.iter().find(|filter| filter.kind.name() == name)) {
        found = found.related(filter.span, "this group asks for it");
    }
    Some(with_conditions(found, &group.when, Vec::new()))
}

/// A gate that every other group for one of its events has, and this one lacks.
fn lacking<'g>(group: &FilterGroup, all: &'g [FilterGroup]) -> Option<(FilterKind, &'g FilterGroup)> {
    let others: Vec<&FilterGroup> = all
        .iter()
        .filter(|other| !std::ptr::eq(*other, group) && can_hold_together(&other.when, &group.when))
        .filter(|other| EVENTS.iter().any(|event| other.admits(event) && group.admits(event)))
        .collect();
    let has = |group: &FilterGroup, kind: FilterKind| group.of_kind(kind).any(|filter| !admits_all(filter));
    // A group that has another gate is another way in, and not an open one.
    if others.is_empty() || GATES.iter().any(|kind| has(group, *kind)) {
        return None;
    }
    let kind = GATES.into_iter().find(|kind| others.iter().all(|other| has(other, *kind)))?;
    Some((kind, others[0]))
}

/// A pattern that every branch or account fits is no gate.
fn admits_all(filter: &Filter) -> bool {
    let is_wide =
        |text: &str| matches!(text, ".*" | "^.*$" | "^.*" | "^refs/heads/.*" | "^refs/heads/.*$" | "^refs/heads/");
    filter.text().is_some_and(|text| is_wide(&text)) || filter.anchoring() == Anchoring::Anything
}

fn only_message(group: &FilterGroup) -> bool {
    let mut gates =
        group.filters.iter().filter(|filter| filter.kind != FilterKind::Event && !admits_all(filter)).peekable();
    gates.peek().is_some() && gates.all(|filter| filter.kind == FilterKind::CommitMessage)
}
