//! Variables whose text somebody outside of the build chooses, run as code by a second shell: `eval "notes $MESSAGE"`.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>

use super::pipeline_variable::{chosen_by, variables};
use super::stake;
use crate::diagnostic::Severity;
use crate::model::command::{Command, Word};
use crate::model::principal::RoleRef;
use crate::model::webhook::FilterKind;
use crate::model::{BuildProject, Model, Pipeline, PipelineAction};
use crate::rules::{Analysis, Check, Finding, Params};
use crate::source::Span;
use crate::syntax::shell;
use crate::value::HoleKind;
use std::collections::HashSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "evaluated-variable",
    summary: "a command runs the text of a variable as code, and somebody else chooses that text",
    params: &[],
    facts: &["build", "variable", "who", "program"],
    bind,
};

/// The branch of a pull request is named by its author.
const HEAD_REF: &str = "CODEBUILD_WEBHOOK_HEAD_REF";

const AUTHOR: &str = "whoever opens a pull request";

/// A variable of the shell, and who chooses what is in it.
struct Chosen {
    name: String,
    who: &'static str,
    /// By the code that is built, and not by a start of the pipeline.
    is_by_author: bool,
    /// Where it comes in.
    given: (Span, String),
}

/// Commands that run with one role.
struct Runner<'m> {
    name: String,
    commands: &'m [Command],
    chosen: Vec<Chosen>,
    /// Why it is worse to run commands there than in most builds.
    power: Option<String>,
    /// Those who choose the texts choose the commands too, other than those of the project itself.
    project_of_author: Option<&'m BuildProject>,
}

fn bind(_: &Params) -> Check {
    Box::new(|context| {
        let mut runners = runners(context.model);
        // Of several builds with one buildspec the one that may do most is told.
        runners.sort_by_key(|runner| runner.power.is_none());
        let mut told = HashSet::new();
        let found = runners.iter().flat_map(of_runner);
        found.filter(|finding| told.insert(finding.span)).collect()
    })
}

fn runners(model: &Model) -> Vec<Runner<'_>> {
    let of_projects = model.projects.iter().map(|project| Runner {
        name: project.display().to_owned(),
        commands: model.own_commands_of(project),
        chosen: chosen_in_project(model, project),
        power: power(model, project.deploys.is_some(), project.role.as_ref()),
        project_of_author: Some(project).filter(|project| project.trust.is_untrusted()),
    });
    let of_actions = model.pipelines.iter().flat_map(|pipeline| {
        pipeline.actions().map(move |(_, _, _, action)| Runner {
            name: action.name.display().into_owned(),
            commands: &action.commands,
            chosen: chosen_in_action(pipeline, action).collect(),
            power: power(model, action.has_role_that_deploys(pipeline), action.role_in(pipeline)),
            project_of_author: None,
        })
    });
    of_projects.chain(of_actions).filter(|one| !one.chosen.is_empty() && !one.commands.is_empty()).collect()
}

fn power(model: &Model, deploys: bool, role: Option<&RoleRef>) -> Option<String> {
    match stake::high_power_of(model, role) {
        _ if deploys => Some("deploys".into()),
        verb => Some(format!("may {}", verb?)),
    }
}

fn chosen_in_project(model: &Model, project: &BuildProject) -> Vec<Chosen> {
    let of_pipelines = project.run_by.iter().flat_map(|at| {
        let pipeline = &model.pipelines[at.pipeline];
        chosen_in_action(pipeline, pipeline.action(*at).1)
    });
    of_pipelines.chain(branch_of_author(project)).collect()
}

fn chosen_in_action<'m>(pipeline: &'m Pipeline, action: &'m PipelineAction) -> impl Iterator<Item = Chosen> + 'm {
    action.written_variables().into_iter().filter_map(move |one| {
        let texts = variables(one.plain_value()?);
        texts.into_iter().find_map(|(span, variable)| {
            let who = chosen_by(pipeline, &variable, true)?;
            let is_by_author = !variable.starts_with("variables.");
            Some(Chosen { name: one.name.value.clone(), who, is_by_author, given: (span, "comes in here".into()) })
        })
    })
}

/// A webhook that lets branches in whatever they are called.
fn branch_of_author(project: &BuildProject) -> Option<Chosen> {
    let webhook = project.own_webhook()?;
    let mut groups = webhook
        .groups
        .iter()
        .filter(|group| group.names_events() && !group.has_branch(FilterKind::HeadRef) && !group.has_actor_list());
    let (who, span) = if webhook.groups.is_empty() {
        (AUTHOR, webhook.span)
    } else {
        groups.find_map(|group| {
            let is_request = group.admits_open_pull_requests() || group.admits("PULL_REQUEST_MERGED");
            let who =
                if is_request { Some(AUTHOR) } else { group.admits("PUSH").then_some("whoever names the branch") };
            Some((who?, group.span))
        })?
    };
    let given = (span, "branches of any name start a build".into());
    Some(Chosen { name: HEAD_REF.into(), who, is_by_author: true, given })
}

fn of_runner(runner: &Runner<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, command) in runner.commands.iter().enumerate() {
        let is_of_author = runner.project_of_author.is_some_and(|project| project.file != command.span.file);
        for word in command.inline_code() {
            let holes = word.value.holes().filter(|hole| hole.kind == HoleKind::Variable);
            for hole in holes {
                let chosen = runner.chosen.iter().find(|one| one.name == hole.name);
                let Some(chosen) = chosen.filter(|one| !(one.is_by_author && is_of_author)) else { continue };
                if !is_checked(&runner.commands[..index], word, &hole.name) {
                    findings.push(finding(runner, command, chosen, hole.span));
                }
            }
        }
    }
    findings
}

/// Something is done to the text before, such as `${MESSAGE@Q}` or a comparison with what is known: it may be enough.
fn is_checked(before: &[Command], word: &Word, name: &str) -> bool {
    let changed: Vec<String> = ["/", "@", "+", ":+"].iter().map(|sign| format!("${{{name}{sign}")).collect();
    let length = format!("${{#{name}}}");
    let is_changed = |word: &Word| {
        let written = word.written();
        written.contains(&length) || changed.iter().any(|change| written.contains(change))
    };
    let has = |word: &Word| word.value.holes().any(|hole| hole.kind == HoleKind::Variable && hole.name == name);
    let compares = |command: &Command| {
        command.words.iter().any(has)
            && command.words.iter().any(|word| matches!(word.text.as_str(), "=" | "==" | "!=" | "=~"))
    };
    // `NAME=…`, by itself or behind `export` and its like.
    let is_assignment = |word: &&Word| word.written().split_once('=').is_some_and(|(name, _)| shell::is_name(name));
    let assigned = before.iter().flat_map(|command| {
        let declared = command.words.iter().filter(is_assignment);
        command.assignments.iter().map(|one| &one.value).chain(declared)
    });
    is_changed(word) || assigned.into_iter().any(is_changed) || before.iter().any(compares)
}

fn finding(runner: &Runner<'_>, command: &Command, chosen: &Chosen, span: Span) -> Finding {
    let (given, text) = &chosen.given;
    let mut found = Finding::new(span, format!("{} {}", runner.name, chosen.name))
        .fact("build", runner.name.as_str())
        .fact("variable", chosen.name.as_str())
        .fact("who", chosen.who)
        .fact("program", command.program())
        .related(*given, text.as_str())
        .through(command);
    if let Some(power) = runner.power.as_ref().filter(|_| chosen.is_by_author) {
        found =
            found.severity(Severity::High).note(format!("it runs with the role of `{}`, which {power}", runner.name));
    }
    found
}
