//! Package managers that are told to take packages whatever their signature.

use crate::model::command::Command;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;

pub const ANALYSIS: Analysis = Analysis {
    name: "unsigned-package",
    summary: "a package manager that does not look at signatures",
    params: &[],
    facts: &["program", "option"],
    bind,
};

/// Programs, and their words for it.
const OPTIONS: [(&[&str], &[&str]); 4] = [
    (&["apk"], &["--allow-untrusted"]),
    (&["apt", "apt-get"], &["--allow-unauthenticated", "--force-yes"]),
    (&["dnf", "microdnf", "tdnf", "yum"], &["--nogpgcheck", "--no-gpgchecks"]),
    (&["rpm"], &["--nodigest", "--nosignature", "--noverify"]),
];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let commands = context.model.all_commands();
        commands.filter_map(|command| Some((command, unsigned(command)?))).map(finding).collect()
    })
}

fn finding((command, (option, span)): (&Command, (&str, Span))) -> Finding {
    let program = command.program();
    Finding::new(span, format!("{program} {option}")).fact("program", program).fact("option", option).through(command)
}

fn unsigned(command: &Command) -> Option<(&str, Span)> {
    let (_, options) = OPTIONS.iter().find(|(programs, _)| programs.contains(&command.program()))?;
    let word = command.arguments().iter().find(|word| options.contains(&word.text.as_str()))?;
    Some((word.text.as_str(), word.span))
}
