//! Scripts that are fetched and run in one go.

use super::stake;
use crate::diagnostic::Severity;
use crate::model::Model;
use crate::model::command::{Command, Opaque, SHELLS, is_python};
use crate::model::group::{Group, groups};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{Sources, Span};
use regex::Regex;
use std::sync::LazyLock;

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
        for command in group.commands {
            if !command.is_piped_into {
                fetch = None;
            }
            let found = match fetch {
                Some(fetch) if reads_script(command) => Some(finding(fetch, command)),
                _ if fetches_inside(command) => Some(finding(command, command)),
                _ => in_powershell(context.sources, command),
            };
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
    let source = fetch.arguments().iter().find_map(|word| host(word.written()));
    let span = if fetch.span.file == shell.span.file { fetch.span.to(shell.span) } else { shell.span };
    told(span, source.unwrap_or_else(|| "the network".into()), shell.program(), shell)
}

fn told(span: Span, source: String, shell: &str, command: &Command) -> Finding {
    Finding::new(span, source.clone()).fact("source", source).fact("shell", shell).through(command)
}

fn is_fetch(command: &Command) -> bool {
    let program = command.program().to_ascii_lowercase();
    matches!(program.as_str(), "curl" | "wget" | "fetch" | "iwr" | "irm" | "invoke-webrequest" | "invoke-restmethod")
}

/// PowerShell's `eval`.
fn evaluates_text(command: &Command) -> bool {
    ["iex", "invoke-expression"].iter().any(|name| command.program().eq_ignore_ascii_case(name))
}

/// What PowerShell fetches and evaluates. A shell sees parts of it: `iex` and what stands behind it, or the fetch that
/// a call in parentheses starts with.
fn in_powershell(sources: &Sources, command: &Command) -> Option<Finding> {
    let program = command.program().to_ascii_lowercase();
    // A shell takes the backslashes out of `C:\Windows\…\powershell.exe`.
    let program = program.trim_end_matches(".exe");
    let own = sources.slice(command.span);
    let rest = || {
        let text = &sources.get(command.span.file).text;
        text.get(command.span.range().start..)?.lines().next()
    };
    let is_whole =
        command.opaque == Some(Opaque::Windows) || ["powershell", "pwsh"].iter().any(|end| program.ends_with(end));
    let text = match program {
        _ if is_whole => own,
        _ if evaluates_text(command) => rest()?,
        "new-object" => rest()?,
        _ if is_fetch(command) => {
            rest().filter(|rest| rest.get(own.len()..).is_some_and(|after| after.starts_with(')')))?
        }
        _ => return None,
    };
    let found = EVALUATED.find_iter(text).find(|found| !is_only_said(&text[..found.start()]))?;
    let start = command.span.range().start;
    let span = Span::new(command.span.file, start + found.start(), start + found.end());
    let source = host(found.as_str()).unwrap_or_else(|| "the network".into());
    let is_short = found.as_str().to_ascii_lowercase().contains("iex");
    Some(told(span, source, if is_short { "iex" } else { "Invoke-Expression" }, command))
}

/// It stands in a comment, or among the words that a message prints.
fn is_only_said(before: &str) -> bool {
    let statement = before.rsplit(['\n', ';']).next().unwrap_or_default().trim_start().to_ascii_lowercase();
    ["#", "echo ", "write-"].iter().any(|start| statement.starts_with(start))
}

/// A shell, or another interpreter, that is given no script.
fn reads_script(command: &Command) -> bool {
    let program = command.program();
    let is_shell = SHELLS.contains(&program) || matches!(program, "node" | "ruby" | "perl") || is_python(program);
    // Options behind which, or in which, the program itself stands. `bash -e` is something else.
    let gives: &[&str] = match program {
        "node" | "ruby" | "perl" => &["-e", "-n", "-p"],
        _ if is_python(program) => &["-c", "-m"],
        _ => &["-c"],
    };
    let words = command.arguments();
    let reads = words.iter().any(|word| matches!(word.text.as_str(), "-" | "-s" | "--") || word.text.starts_with("-s"));
    evaluates_text(command)
        || is_shell
            && (reads
                || words.iter().all(|word| {
                    word.text.starts_with('-') && !gives.iter().any(|option| word.text.starts_with(option))
                }))
}

/// `bash <(curl …)`, `sh -c "$(curl …)"`, `eval "$(wget …)"`
fn fetches_inside(command: &Command) -> bool {
    let runs =
        matches!(command.program(), "bash" | "sh" | "zsh" | "eval" | "source" | ".") || is_python(command.program());
    let starts = ["$(curl ", "<(curl ", "$(wget ", "<(wget ", "`curl ", "`wget "];
    runs && command.arguments().iter().any(|word| starts.iter().any(|start| word.written().contains(start)))
}

/// The host of the address in a text.
fn host(text: &str) -> Option<String> {
    let at = text.find("://").map(|at| at + 3)?;
    let host = text[at..].split(['/', '"', '\'', ')', ' ', '?']).next()?;
    let host = host.rsplit('@').next().unwrap_or(host);
    (!host.is_empty()).then(|| format!("`{host}`"))
}

/// `iex (iwr …)`, `iex ((New-Object Net.WebClient).DownloadString(…))`, and the same with a pipe.
#[expect(clippy::expect_used, reason = "the pattern is a constant")]
static EVALUATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?ix-u)
        (?: \b(?:iex|invoke-expression) [\s\\(&{"'$]+ FETCH (?u:[^|;)\r\n]*)
          | FETCH (?u:[^|;\r\n]*) \| [\s\\`]* (?:iex|invoke-expression) \b )"#
            .replace("FETCH", r"\b(?:(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod)\b|new-object\s+(?:system\.)?net\.webclient\s*\)\s*\.downloadstring)")
            .as_str(),
    )
    .expect("a constant pattern")
});
