//! Passwords given as an argument: every process of the machine, and the log, can read them.

use crate::diagnostic::Severity;
use crate::model::command::{Command, Word};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::value::Part;

pub const ANALYSIS: Analysis = Analysis {
    name: "command-line-password",
    summary: "a command takes a password as an argument",
    params: &[],
    facts: &["program"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.all_commands().filter_map(|command| Some(finding(context, command)?.through(command))).collect()
    })
}

fn finding(context: &Context<'_>, command: &Command) -> Option<Finding> {
    let program = command.program();
    let arguments = command.arguments();
    let found =
        |program: &str| Finding::new(command.span, format!("{program} {}", command.phase)).fact("program", program);
    if program == "aws" && command.has_words(["ecr", "get-login"]) {
        let found = found("docker").label("prints a `docker login` with the password in it, to be run");
        let help = "`aws ecr get-login-password | docker login --username AWS --password-stdin <registry>`";
        return Some(help_with(found.severity(Severity::Low), help));
    }
    let (password, help, severity) = match program {
        "docker" | "podman" | "buildah" | "oras" | "helm" | "crane" if command.has_words(["login"]) => {
            let password = option(arguments, "-p", "--password")?;
            let shown =
                if literal(context, password, false).is_some() { "$PASSWORD" } else { value_of(password.written()) };
            let help =
                format!("give it on standard input: `printf '%s' \"{shown}\" | {program} login … --password-stdin`");
            (password, help, Severity::Medium)
        }
        "mysql" | "mysqldump" | "mysqladmin" | "mysqlimport" => {
            let attached = |word: &&Word| word.text.starts_with("-p") && word.text.len() > 2;
            let long = |word: &&Word| word.text.starts_with("--password=");
            let password = arguments.iter().find(|word| attached(word) || long(word))?;
            (
                password,
                "write it to an option file, and name that with `--defaults-extra-file`".into(),
                Severity::Medium,
            )
        }
        "sshpass" => {
            let password = arguments.iter().find(|word| word.text.starts_with("-p"))?;
            (password, "give it in the variable `SSHPASS`, with `sshpass -e`".into(), Severity::Medium)
        }
        "twine" => {
            let password = option(arguments, "-p", "--password")?;
            (password, "give it in the variable `TWINE_PASSWORD`".into(), Severity::Medium)
        }
        "curl" => {
            let user = option(arguments, "-u", "--user")?;
            value_of(user.written()).split_once(':').filter(|(_, secret)| !secret.is_empty())?;
            (user, "write it to a file, and name that with `--netrc-file`".into(), Severity::Low)
        }
        _ => return None,
    };
    let mut found = found(program).related(password.span, "the password is here").severity(severity);
    found.secret = literal(context, password, program == "curl");
    Some(help_with(found, &help))
}

fn help_with(mut found: Finding, help: &str) -> Finding {
    found.help = Some(help.to_owned());
    found
}

/// Where the password itself stands, and not a variable that holds it; behind a name or without one.
fn literal(context: &Context<'_>, word: &Word, has_name: bool) -> Option<Span> {
    let [Part::Known(text, map)] = word.value.parts.as_slice() else { return None };
    let value = value_of(text);
    let value = value.split_once(':').filter(|_| has_name).map_or(value, |(_, password)| password);
    let span = map.span(text.len() - value.len()..text.len());
    (!value.is_empty() && !context.sources.slice(span).contains('$')).then_some(span)
}

/// The value in the word that [`option`] found. Of a word as it is written it has no more than that: what
/// a variable holds is not for everybody's eyes.
fn value_of(text: &str) -> &str {
    match text.strip_prefix("-p").or_else(|| text.strip_prefix("-u")) {
        Some(value) => value,
        None if text.starts_with("--") => text.split_once('=').map_or(text, |(_, value)| value),
        None => text,
    }
}

/// The word that holds the value of an option: the next one, or the same behind `=` or the letter.
fn option<'w>(arguments: &'w [Word], short: &str, long: &str) -> Option<&'w Word> {
    arguments.iter().enumerate().find_map(|(index, word)| {
        if word.text == short || word.text == long {
            return arguments.get(index + 1);
        }
        let is_attached = word.text.strip_prefix(short).is_some_and(|rest| !rest.is_empty());
        let is_long = word.text.split_once('=').is_some_and(|(name, _)| name == long);
        (is_long || (is_attached && !word.text.starts_with("--"))).then_some(word)
    })
}
