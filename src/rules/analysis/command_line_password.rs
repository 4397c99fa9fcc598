//! Passwords given as an argument: every process of the machine, and the log, can read them.

use crate::diagnostic::Severity;
use crate::model::command::{Command, Word};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "command-line-password",
    summary: "a command takes a password as an argument",
    params: &[],
    facts: &["program"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let commands = context.model.buildspecs.iter().flat_map(|source| &source.commands);
        commands.filter_map(finding).collect()
    })
}

fn finding(command: &Command) -> Option<Finding> {
    let program = command.program();
    let arguments = command.arguments();
    let logs_in = matches!(program, "docker" | "podman" | "buildah" | "oras" | "helm" | "crane")
        && arguments.iter().any(|word| word.text == "login");
    let password = if logs_in {
        option(arguments, &["-p", "--password"])?
    } else if matches!(program, "mysql" | "mysqldump" | "mysqladmin") {
        arguments
            .iter()
            .find(|word| word.text.starts_with("-p") && word.text.len() > 2 || word.text.starts_with("--password="))?
    } else if program == "sshpass" {
        arguments.iter().find(|word| word.text.starts_with("-p"))?
    } else {
        return None;
    };
    let found = Finding::new(command.span, format!("{program} {}", command.phase))
        .fact("program", program)
        .related(password.span, "the password is here");
    let found = match logs_in {
        true => found,
        false => found.severity(Severity::Medium),
    };
    Some(found)
}

/// The word that holds the value of an option: the next one, or the same behind `=`.
fn option<'w>(arguments: &'w [Word], names: &[&str]) -> Option<&'w Word> {
    arguments.iter().enumerate().find_map(|(index, word)| {
        if names.contains(&word.text.as_str()) {
            return arguments.get(index + 1);
        }
        let (name, _) = word.text.split_once('=')?;
        names.contains(&name).then_some(word)
    })
}
