//! Scripts that are fetched and run in one go.

use super::stake;
use crate::diagnostic::Severity;
use crate::model::Model;
use crate::model::command::{Command, is_python};
use crate::model::group::{Group, groups};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{Sources, Span};

pub const ANALYSIS: Analysis = Analysis {
    name: "pipe-to-shell",
    summary: "a script from the network runs without being looked at",
    params: &[],
    facts: &["source", "shell"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for group in groups(context.model) {
        let mut fetch: Option<&Command> = None;
        let mut evaluating: Option<&Command> = None;
        for command in group.commands {
            if !command.is_piped_into {
                fetch = None;
            }
            let found = match fetch {
                Some(fetch) if reads_script(command) => Some(finding(fetch, command)),
                _ if is_fetch(command) => {
                    evaluating.filter(|one| holds(context.sources, one, command)).map(|one| finding(command, one))
                }
                _ => fetches_inside(command).then(|| finding(command, command)),
            };
            evaluating = evaluates_text(command).then_some(command);
            if is_fetch(command) {
                fetch = Some(command);
            }
            let Some(mut found) = found else { continue };
            if let Some(runs_with) = more_than_a_build(context.model, &group) {
                found = found.severity(Severity::High).note(format!("it runs with the role of {runs_with}"));
            }
            findings.push(found);
        }
    }
    findings
}

/// What deploys, or a build of reviewed code whose role may do much: there the script is what nobody has looked at.
fn more_than_a_build(model: &Model, group: &Group<'_>) -> Option<String> {
    if let Some(name) = &group.deploying {
        return Some(format!("`{name}`, which deploys"));
    }
    group.builds.iter().filter(|project| !project.trust.is_untrusted()).find_map(|project| {
        let verb = stake::high_power_of(model, project.role.as_ref())?;
        Some(format!("`{}`, which may {verb}", project.display()))
    })
}

fn finding(fetch: &Command, shell: &Command) -> Finding {
    let source = address(fetch).unwrap_or_else(|| "the network".into());
    let span = if fetch.span.file == shell.span.file { fetch.span.to(shell.span) } else { shell.span };
    Finding::new(span, source.clone()).fact("source", source).fact("shell", shell.program()).through(shell)
}

fn is_fetch(command: &Command) -> bool {
    let program = command.program().to_ascii_lowercase();
    matches!(program.as_str(), "curl" | "wget" | "fetch" | "iwr" | "irm" | "invoke-webrequest" | "invoke-restmethod")
}

/// PowerShell's `eval`.
fn evaluates_text(command: &Command) -> bool {
    ["iex", "invoke-expression"].iter().any(|name| command.program().eq_ignore_ascii_case(name))
}

/// `iex (iwr …)`, which to a shell are two commands.
fn holds(sources: &Sources, outer: &Command, inner: &Command) -> bool {
    let between = Span { start: outer.span.end, end: inner.span.start, ..inner.span };
    outer.span.file == inner.span.file && between.start < between.end && sources.slice(between).trim() == "("
}

/// A shell, or another interpreter, that is given no script.
fn reads_script(command: &Command) -> bool {
    let is_shell =
        matches!(command.program(), "bash" | "sh" | "dash" | "zsh" | "ksh" | "ash" | "node" | "ruby" | "perl")
            || is_python(command.program());
    let words = command.arguments();
    let reads = words.iter().any(|word| matches!(word.text.as_str(), "-" | "-s" | "--") || word.text.starts_with("-s"));
    evaluates_text(command)
        || is_shell
            && (reads
                || words
                    .iter()
                    .all(|word| word.text.starts_with('-') && !matches!(word.text.as_str(), "-c" | "-e" | "-m")))
}

/// `bash <(curl …)`, `sh -c "$(curl …)"`, `eval "$(wget …)"`
fn fetches_inside(command: &Command) -> bool {
    let runs =
        matches!(command.program(), "bash" | "sh" | "zsh" | "eval" | "source" | ".") || is_python(command.program());
    let starts = ["$(curl ", "<(curl ", "$(wget ", "<(wget ", "`curl ", "`wget "];
    runs && command.arguments().iter().any(|word| starts.iter().any(|start| word.written().contains(start)))
}

/// The host that a script comes from.
fn address(command: &Command) -> Option<String> {
    let texts = command.arguments().iter().map(crate::model::command::Word::written);
    texts.into_iter().find_map(|text| {
        let at = text.find("://").map(|at| at + 3)?;
        let host = text[at..].split(['/', '"', '\'', ')', ' ', '?']).next()?;
        let host = host.rsplit('@').next().unwrap_or(host);
        (!host.is_empty()).then(|| format!("`{host}`"))
    })
}
