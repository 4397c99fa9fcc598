//! Commands whose doing stands elsewhere: what the build needs of its role cannot be told.

use super::chain::list;
use crate::model::command::Command;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "opaque-commands",
    summary: "a command that is not understood, so that what the build needs is not known",
    params: &[],
    facts: &["commands", "count"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let model = context.model;
    let mut findings = Vec::new();
    for (id, source) in model.buildspecs.iter().enumerate() {
        // A buildspec that no project is seen to run has no role to speak of.
        let mut users = model.projects.iter().filter(|project| project.buildspec_id() == Some(id)).peekable();
        if users.peek().is_none() {
            continue;
        }
        if users.all(|project| project.is_windows) {
            findings.extend(source.commands.first().map(powershell));
            continue;
        }
        findings.extend(finding(&source.commands));
    }
    findings.extend(model.actions().filter_map(|action| finding(&action.commands)));
    findings
}

fn finding(commands: &[Command]) -> Option<Finding> {
    let mut opaque: Vec<(&Command, String)> = Vec::new();
    for command in commands.iter().filter(|command| command.is_opaque()) {
        let shown = format!("`{}`", command.shown());
        // A command that is written twice is told of once.
        if !opaque.iter().any(|(_, known)| *known == shown) {
            opaque.push((command, shown));
        }
    }
    let (first, _) = opaque.first()?;
    let names: Vec<String> = opaque.iter().map(|(_, shown)| shown.clone()).collect();
    let verb = if names.len() > 1 { "do" } else { "does" };
    let mut found = Finding::new(first.root(), names.join(" "))
        .fact("commands", format!("{} {verb}", list(&names, 3)))
        .fact("count", names.len().to_string());
    if let Some(opaque) = &first.opaque {
        found = found.note(format!("`{}`: {}", first.shown(), opaque.reason()));
    }
    if first.root() != first.span {
        found = found.related(first.span, "this is not followed");
    }
    for (command, _) in opaque.iter().skip(1).take(3) {
        found = found.related(command.span, "nor is this");
    }
    Some(found)
}

/// The commands of a build on Windows are not those of a POSIX shell.
fn powershell(first: &Command) -> Finding {
    Finding::new(first.span, "powershell")
        .fact("commands", "this PowerShell does")
        .fact("count", "1")
        .label("commands of a Windows build are not read")
}
