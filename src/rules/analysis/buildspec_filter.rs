//! Filters that start a build when the buildspec changes, where they were to keep such a change out.

use super::chain::with_conditions;
use crate::model::{BuildProject, Filter, FilterKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "buildspec-filter",
    summary: "pull requests that change the buildspec start a build, and no others",
    params: &[],
    facts: &["project", "pattern"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.projects.iter().flat_map(of_project).collect())
}

fn of_project(project: &BuildProject) -> Vec<Finding> {
    let groups = project.webhook.iter().flat_map(|webhook| &webhook.groups);
    let meant = groups.filter(|group| group.admits_open_pull_requests() && group.names_events());
    let found = meant.filter_map(|group| {
        let filter =
            group.of_kind(FilterKind::FilePath).find(|filter| is_inverted(filter, project.source.buildspec.path()))?;
        let pattern = filter.pattern.as_ref()?;
        let found = Finding::new(pattern.span, format!("{} {}", project.display(), pattern.display()))
            .fact("project", project.display())
            .fact("pattern", pattern.display())
            .related(project.logical_id.span, "builds run here");
        Some(with_conditions(found, &group.when, Vec::new()))
    });
    found.collect()
}

/// `^buildspec\.yml$` without `ExcludeMatchedPattern`. A pattern for more than that file says which
/// part of the repository the build is for.
fn is_inverted(filter: &Filter, buildspec: Option<&str>) -> bool {
    let name = filter.text().map(|text| text.trim_matches(['^', '$']).replace('\\', "")).unwrap_or_default();
    let file = name.rsplit('/').next().unwrap_or_default();
    let is_called_so = file.starts_with("buildspec") && (file.ends_with(".yml") || file.ends_with(".yaml"));
    !filter.exclude && (is_called_so || buildspec == Some(name.as_str())) && !name.contains(['|', '(', '*'])
}
