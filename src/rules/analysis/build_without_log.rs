//! Builds that leave no log behind.

use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "build-without-log",
    summary: "a project sends its logs nowhere",
    params: &[],
    facts: &["project"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let off = context.model.projects.iter().filter_map(|project| Some((project, project.logs.off?)));
        let found = off.map(|(project, span)| {
            Finding::new(span, project.display())
                .fact("project", project.display())
                .related(project.logical_id.span, "builds run here")
        });
        found.collect()
    })
}
