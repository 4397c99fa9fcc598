//! Variables of a pipeline whose text somebody chooses, put into commands before the shell reads them.
//!
//! Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html>

use crate::model::Pipeline;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::value::{Part, Text};

pub const ANALYSIS: Analysis = Analysis {
    name: "pipeline-variable",
    summary: "a variable that somebody chooses becomes a part of a command",
    params: &[],
    facts: &["pipeline", "action", "variable", "who"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.pipelines.iter().flat_map(of_pipeline).collect())
}

fn of_pipeline(pipeline: &Pipeline) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, _, _, action) in pipeline.actions() {
        for (span, name) in action.scripts.iter().flat_map(variables) {
            let Some(who) = chosen_by(pipeline, &name) else { continue };
            let found = Finding::new(span, format!("{} {} {name}", pipeline.display(), action.name.display()))
                .fact("pipeline", pipeline.display())
                .fact("action", action.name.display())
                .fact("variable", name)
                .fact("who", who);
            findings.push(found.related(action.name.span, "this action runs it"));
        }
    }
    findings
}

/// `#{Source.CommitMessage}`: each variable with its place.
fn variables(script: &Text) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    for part in &script.parts {
        let Part::Known(text, map) = part else { continue };
        for (start, _) in text.match_indices("#{") {
            if let Some(length) = text[start..].find('}') {
                found.push((map.span(start..start + length + 1), text[start + 2..start + length].trim().to_owned()));
            }
        }
    }
    found
}

fn chosen_by(pipeline: &Pipeline, variable: &str) -> Option<&'static str> {
    let (namespace, name) = variable.split_once('.')?;
    let any_branch = || pipeline.triggers.iter().any(|one| one.any_branch.is_some() || one.pull_requests.is_some());
    match name {
        _ if namespace == "variables" => Some("whoever starts the pipeline"),
        "CommitMessage" | "AuthorDisplayName" | "PullRequestTitle" => Some("whoever writes the commit"),
        "BranchName" if any_branch() => Some("whoever names the branch"),
        _ => None,
    }
}
