//! Builds that work with the long-lived keys of a user and not with their role.

use crate::diagnostic::Severity;
use crate::model::command::Command;
use crate::model::group::{Group, groups};
use crate::model::project::BuildVariable;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{Span, Spanned};
use crate::template::buildspec::VariableOrigin;
use crate::value::{HoleKind, Text};

pub const ANALYSIS: Analysis = Analysis {
    name: "static-credentials",
    summary: "a build sets AWS credentials of its own",
    params: &[],
    facts: &["where"],
    bind,
};

const NAMES: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        groups(context.model).iter().filter(|group| !group.is_image).filter_map(of_commands).collect();
    let model = context.model;
    findings.extend(model.buildspecs.iter().filter_map(|source| {
        let variables = source.buildspec.variables.iter();
        of_store(variables.map(|one| (&one.name, one.origin != VariableOrigin::PlainText)))
    }));
    let of_build = |variables: &[BuildVariable]| of_store(variables.iter().map(|one| (&one.name, !one.is_plain)));
    findings.extend(model.projects.iter().filter_map(|project| of_build(&project.variables)));
    findings.extend(model.actions().filter_map(|action| of_build(&action.variables())));
    findings
}

/// Of the variables of a build, those whose values lie in a store.
fn of_store<'v>(variables: impl Iterator<Item = (&'v Spanned<String>, bool)> + Clone) -> Option<Finding> {
    if variables.clone().any(|(name, _)| name.value == "AWS_SESSION_TOKEN") {
        return None;
    }
    let stored = variables.filter(|(name, is_stored)| *is_stored && NAMES.contains(&name.value.as_str()));
    let mut stored = stored.map(|(name, _)| name.span);
    let found = Finding::new(stored.next()?, "stored").fact("where", "comes from a store");
    Some(stored.fold(found, |found, span| found.related(span, "and so does this")).severity(Severity::Medium))
}

fn of_commands(group: &Group<'_>) -> Option<Finding> {
    let sets_session = |command: &Command| {
        let words = command.arguments().iter().map(|word| word.text.as_str());
        let names = command.assignments.iter().map(|one| one.name.value.as_str());
        words.chain(names).any(|word| word.to_ascii_lowercase().contains("aws_session_token"))
    };
    // Temporary credentials come with a token, those of a user without.
    if group.commands.iter().any(sets_session) {
        return None;
    }
    let mut set = group.commands.iter().filter_map(|command| Some((command, sets_key(command)?)));
    let (command, span) = set.next()?;
    let mut found = Finding::new(span, "commands").fact("where", "is set by a command").through(command);
    if let Some((_, other)) = set.next() {
        found = found.related(other, "and so is this");
    }
    Some(found)
}

/// The place where a command sets an access key or its secret.
fn sets_key(command: &Command) -> Option<Span> {
    let arguments = command.arguments();
    if command.program() == "aws" && command.has_words(["configure", "set"]) {
        let at = arguments.iter().position(|word| {
            matches!(word.text.rsplit('.').next(), Some("aws_access_key_id" | "aws_secret_access_key"))
        })?;
        let value = arguments.get(at + 1)?;
        return is_key(&value.value).then_some(command.span);
    }
    if command.program() == "export" {
        let word = arguments.iter().find(|word| {
            word.text.split_once('=').is_some_and(|(name, _)| NAMES.contains(&name)) && is_key(&word.value)
        });
        return word.map(|word| word.span);
    }
    let assignment =
        command.assignments.iter().find(|one| NAMES.contains(&one.name.value.as_str()) && is_key(&one.value.value));
    assignment.map(|one| one.name.span)
}

/// A variable that somebody sets from outside, or a text that may be a key. The output of a command
/// is most often that of `aws sts assume-role`.
fn is_key(value: &Text) -> bool {
    let is_from_outside = value.holes().any(|hole| hole.kind != HoleKind::Computed);
    let is_computed = value.holes().any(|hole| hole.kind == HoleKind::Computed);
    let text = value.display();
    let text = text.rsplit('=').next().unwrap_or(&text);
    !is_computed && (is_from_outside || (text.len() >= 16 && !text.contains("EXAMPLE") && !text.contains('<')))
}
