//! Passwords given as an argument: every process of the machine, and the log, can read them.

use crate::diagnostic::{Applicability, Edit, Severity};
use crate::edit::{Change, Step};
use crate::model::command::{Command, Word};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{Sources, Span};
use crate::value::Part;
use regex::Regex;
use std::sync::LazyLock;

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
            let mut found = found(program).related(password.span, "the password is here").severity(Severity::Medium);
            found.secret = literal(context, password, false);
            found.change = on_standard_input(context.sources, command, password, &help);
            return Some(help_with(found, &help));
        }
        "mysql" | "mysqldump" | "mysqladmin" | "mysqlimport" => {
            let attached = |word: &&Word| word.text.starts_with("-p") && word.text.len() > 2;
            let long = |word: &&Word| word.text.starts_with("--password=");
            let password = arguments.iter().find(|word| attached(word) || long(word))?;
            (password, "write it to an option file, and name that with `--defaults-extra-file`", Severity::Medium)
        }
        "sshpass" => {
            let password = arguments.iter().find(|word| word.text.starts_with("-p"))?;
            (password, "give it in the variable `SSHPASS`, with `sshpass -e`", Severity::Medium)
        }
        "twine" => {
            let password = option(arguments, "-p", "--password")?;
            (password, "give it in the variable `TWINE_PASSWORD`", Severity::Medium)
        }
        "curl" => {
            let user = option(arguments, "-u", "--user")?;
            value_of(user.written()).split_once(':').filter(|(_, secret)| !secret.is_empty())?;
            (user, "write it to a file, and name that with `--netrc-file`", Severity::Low)
        }
        _ => return None,
    };
    let mut found = found(program).related(password.span, "the password is here").severity(severity);
    found.secret = literal(context, password, program == "curl");
    Some(help_with(found, help))
}

/// `printf %s "$X" | docker login … --password-stdin`, where the command is simple: a program by its
/// name, and a password that a variable or another command gives. What is taken over stays as it is
/// written, escapes of the file included.
fn on_standard_input(sources: &Sources, command: &Command, password: &Word, help: &str) -> Option<Change> {
    let first = command.words.first()?;
    let (index, _) = command.words.iter().enumerate().find(|(_, word)| word.span == password.span)?;
    let written = sources.slice(password.span);
    let is_blank = |pair: &[Word]| {
        let between = sources.slice(Span { start: pair[0].span.end, end: pair[1].span.start, ..pair[1].span });
        !between.is_empty() && between.chars().all(|c| c.is_whitespace() || c == '\\')
    };
    let is_simple = command.words.len() == command.effective().len()
        && command.assignments.is_empty()
        && !command.is_piped_into
        && command.words.windows(2).all(is_blank)
        && !sources.slice(command.span).contains('<')
        && sources.slice(first.span) == first.text;
    let (option, value) = match written.strip_prefix("--password=").or_else(|| written.strip_prefix("-p")) {
        Some(value) => (password.span, value),
        None => {
            let option = command.words.get(index.checked_sub(1)?)?.span;
            let is_option = matches!(sources.slice(option), "-p" | "--password");
            (is_option.then(|| option.to(password.span))?, written)
        }
    };
    let source = match VALUES.captures(value)?.name("command") {
        Some(inner) => inner.as_str().to_owned(),
        None => format!("printf %s {value}"),
    };
    let start = Span { end: first.span.start, ..first.span };
    let edits = [(start, format!("{source} | ")), (option, "--password-stdin".to_owned())];
    let steps = edits.map(|(span, text)| Step::Write(Edit { span, text }));
    is_simple.then(|| Change::new(Applicability::Safe, help, steps.to_vec()))
}

/// `$X`, `${X}`, the same in quotes, and `$(a command)` without quotes of its own.
#[expect(clippy::expect_used, reason = "the pattern is a constant")]
static VALUES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^(?:\\?")?(?:\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|\$\((?<command>[A-Za-z0-9 ./:=_${}-]+)\))(?:\\?")?$"#)
        .expect("a constant pattern")
});

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
        (is_long || is_attached).then_some(word)
    })
}
