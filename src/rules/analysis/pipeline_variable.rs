//! Variables of a pipeline whose text somebody chooses, put into commands before the shell reads them, or into what a
//! function or a stack is given.
//!
//! Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html>

use crate::model::{Pipeline, PipelineAction};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::source::Span;
use crate::value::{Part, Text};

pub const ANALYSIS: Analysis = Analysis {
    name: "pipeline-variable",
    summary: "a variable that somebody chooses becomes a part of a command, or of what a function or a stack is given",
    params: &[Param {
        name: "into",
        kind: ParamKind::Choice(&["commands", "parameters"]),
        required: true,
        doc: "commands of an action; or parameters of a function or a stack, where a variable of the pipeline itself is meant for that and left aside",
    }],
    facts: &["pipeline", "action", "variable", "who", "receiver"],
    bind,
};

/// Settings that reach code or a stack: the category and the provider, the setting, and who takes it.
/// Source: the reference of each action, such as <https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html>
const PARAMETERS: [(&str, &str, &str, &str); 4] = [
    ("Invoke", "Lambda", "UserParameters", "a function"),
    ("Deploy", "CloudFormation", "ParameterOverrides", "a stack"),
    ("Deploy", "CloudFormationStackSet", "Parameters", "a stack set"),
    ("Deploy", "CloudFormationStackInstances", "ParameterOverrides", "stacks of a set"),
];

fn bind(params: &Params) -> Check {
    let is_command = params.word("into") == "commands";
    Box::new(move |context: &Context<'_>| {
        context.model.pipelines.iter().flat_map(|pipeline| of_pipeline(pipeline, is_command)).collect()
    })
}

fn of_pipeline(pipeline: &Pipeline, is_command: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, _, _, action) in pipeline.actions() {
        let texts = if is_command {
            action.scripts.iter().map(|script| (script, "the shell")).collect()
        } else {
            parameters(action)
        };
        for (text, receiver) in texts {
            for (span, name) in variables(text) {
                let Some(who) = chosen_by(pipeline, &name, is_command) else { continue };
                let found = Finding::new(span, format!("{} {} {name}", pipeline.display(), action.name.display()))
                    .fact("pipeline", pipeline.display())
                    .fact("action", action.name.display())
                    .fact("variable", name)
                    .fact("who", who)
                    .fact("receiver", receiver);
                let does = if is_command { "this action runs it" } else { "this action hands it on" };
                findings.push(found.related(action.name.span, does));
            }
        }
    }
    findings
}

fn parameters(action: &PipelineAction) -> Vec<(&Text, &'static str)> {
    let given = PARAMETERS.iter().filter(|(category, provider, ..)| action.is_provider(category, provider));
    given.filter_map(|(_, _, key, receiver)| Some((action.setting(key)?, *receiver))).collect()
}

/// `#{Source.CommitMessage}`: each variable with its place.
pub fn variables(script: &Text) -> Vec<(Span, String)> {
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

/// Who chooses the text of a variable; one of the pipeline itself is meant for parameters.
pub fn chosen_by(pipeline: &Pipeline, variable: &str, is_command: bool) -> Option<&'static str> {
    let (namespace, name) = variable.split_once('.')?;
    let any_branch = || pipeline.triggers.iter().any(|one| one.any_branch.is_some() || one.pull_requests.is_some());
    match name {
        _ if namespace == "variables" => is_command.then_some("whoever starts the pipeline"),
        "CommitMessage" | "AuthorDisplayName" | "PullRequestTitle" => Some("whoever writes the commit"),
        "BranchName" if any_branch() => Some("whoever names the branch"),
        _ => None,
    }
}
