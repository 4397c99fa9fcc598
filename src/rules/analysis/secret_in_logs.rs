//! Secrets of a build that are printed, or handed on as variables of the pipeline.

use crate::diagnostic::Severity;
use crate::model::BuildspecSource;
use crate::model::command::{Command, Word};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::template::buildspec::VariableOrigin;
use crate::value::HoleKind;

pub const ANALYSIS: Analysis = Analysis {
    name: "secret-in-logs",
    summary: "a build prints a secret or exports it",
    params: &[],
    facts: &["variable", "deed"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.buildspecs.iter().flat_map(of_buildspec).collect())
}

fn of_buildspec(source: &BuildspecSource) -> Vec<Finding> {
    let variables = &source.buildspec.variables;
    let secrets: Vec<(&str, Span)> = variables
        .iter()
        .filter(|one| one.origin != VariableOrigin::PlainText && is_secret(&one.name.value, one.origin))
        .map(|one| (one.name.value.as_str(), one.name.span))
        .collect();
    let mut findings = Vec::new();
    for exported in &source.buildspec.exported_variables {
        let Some((name, span)) = secrets.iter().find(|(name, _)| exported.literal() == Some(name)) else { continue };
        let found = Finding::new(exported.span, format!("exported {name}"))
            .fact("variable", *name)
            .fact("deed", "becomes a variable of the pipeline, which everybody reads who may look at it")
            .severity(Severity::High)
            .label("exported")
            .related(*span, "the secret");
        findings.push(found);
    }
    let mut is_traced = false;
    for (index, command) in source.commands.iter().enumerate() {
        is_traced = trace_of(command).unwrap_or(is_traced);
        let by = if is_traced { Some("by `set -x`") } else { is_debugged(command).then_some("by `--debug`") };
        if let Some((by, (name, span))) = by.zip(secrets.iter().find(|(name, _)| is_argument(command, name))) {
            let found = Finding::new(command.span, format!("traced {name}"))
                .fact("variable", *name)
                .fact("deed", format!("is printed into the log {by}"))
                .related(*span, "the secret")
                .through(command);
            findings.push(found);
            continue;
        }
        let goes_on = source.commands.get(index + 1).is_some_and(|next| next.is_piped_into);
        if !matches!(command.program(), "echo" | "printf" | "printenv" | "env") || command.is_redirected || goes_on {
            continue;
        }
        // In a script that is followed as in the buildspec itself.
        let printed = secrets.iter().find(|(name, _)| prints(command, name));
        let Some((name, span)) = printed.filter(|_| is_shown(source, index)) else { continue };
        let found = Finding::new(command.span, format!("printed {name}"))
            .fact("variable", *name)
            .fact("deed", "is printed into the log")
            .related(*span, "the secret")
            .through(command);
        findings.push(found);
    }
    findings
}

/// A parameter may hold anything; its name says whether that is a secret.
fn is_secret(name: &str, origin: VariableOrigin) -> bool {
    let name = name.to_ascii_uppercase();
    let is_named = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "PRIVATE", "CREDENTIAL", "API_KEY", "ACCESS_KEY"];
    origin == VariableOrigin::SecretsManager || is_named.iter().any(|part| name.contains(part))
}

/// `set -ex` shows what is run from then on, with its variables filled in, and `set +x` ends that.
fn trace_of(command: &Command) -> Option<bool> {
    let flags = command.arguments().iter().filter(|_| command.program() == "set").map(|word| word.text.as_str());
    let mut switches = flags.filter(|flag| flag.starts_with(['-', '+']) && !flag.starts_with("--"));
    switches.find(|flag| flag.contains('x')).map(|flag| flag.starts_with('-'))
}

/// The AWS CLI shows its arguments.
fn is_debugged(command: &Command) -> bool {
    command.program() == "aws" && command.arguments().iter().any(|word| word.text == "--debug")
}

fn is_argument(command: &Command, name: &str) -> bool {
    command.arguments().iter().any(|word| has_value_of(word, name))
}

/// `env` that runs nothing and `printenv` alone print every variable, `printenv NAME` that one.
fn prints(command: &Command, name: &str) -> bool {
    let arguments = command.arguments();
    match command.program() {
        // With a program behind it, the command is that program.
        "env" => true,
        "printenv" => arguments.is_empty() || arguments.iter().any(|word| word.text == name),
        _ => is_argument(command, name),
    }
}

fn has_value_of(word: &Word, name: &str) -> bool {
    word.value.holes().any(|hole| hole.kind == HoleKind::Variable && hole.name == name)
        && !word.written().contains(":+")
        && !word.written().contains("${#")
}

/// The output of a command inside of a word goes into that word.
fn is_shown(source: &BuildspecSource, index: usize) -> bool {
    let command: &Command = &source.commands[index];
    !source
        .commands
        .iter()
        .skip(index + 1)
        .take(8)
        .any(|outer| outer.span != command.span && outer.span.contains(command.span) && outer.via == command.via)
}
