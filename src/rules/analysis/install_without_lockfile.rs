//! Installs of a project's packages that may take others than its lock file names.

use crate::diagnostic::Severity;
use crate::model::command::Command;
use crate::model::group::groups;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "install-without-lockfile",
    summary: "packages are installed without being held to the lock file",
    params: &[],
    facts: &["command"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for group in groups(context.model) {
        let mut installs = group.commands.iter().filter_map(|command| Some((command, instead(command)?)));
        let Some((command, instead)) = installs.next() else { continue };
        let shown = command.shown();
        let mut found = Finding::new(command.span, "install").fact("command", shown).through(command);
        for (other, _) in installs.take(3) {
            found = found.related(other.span, "so does this");
        }
        found.help = Some(format!("commit the lock file, and install with `{instead}`"));
        if let Some(name) = &group.deploying {
            let note = format!("scripts of every package run with the role of `{name}`, which deploys");
            found = found.severity(Severity::Medium).note(note);
        }
        findings.push(found);
    }
    findings
}

/// What keeps to the lock file, for a command that does not.
fn instead(command: &Command) -> Option<&'static str> {
    let words: Vec<&str> = command.arguments().iter().map(|word| word.text.as_str()).collect();
    let takes_word =
        |word: &str| matches!(word, "--prefix" | "--cwd" | "--registry" | "-C" | "--loglevel" | "--network-timeout");
    let mut plain: Vec<&str> = Vec::new();
    let mut skip = false;
    for word in &words {
        if !std::mem::take(&mut skip) && !word.starts_with('-') {
            plain.push(word);
        }
        skip = takes_word(word);
    }
    let has = |names: &[&str]| words.iter().any(|word| names.contains(word));
    match (command.program(), plain.as_slice()) {
        // Writing the lock file alone installs nothing.
        ("npm", ["install" | "i"]) if !has(&["-g", "--global", "--package-lock-only"]) => Some("npm ci"),
        ("yarn", [] | ["install"])
            if !has(&["--frozen-lockfile", "--immutable", "--version", "-v", "--check-cache"]) =>
        {
            Some("yarn install --frozen-lockfile")
        }
        _ => None,
    }
}
