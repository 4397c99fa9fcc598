//! Arguments, finding and reading files, exit status: the only input and output there is.

mod access;
mod add_ignore;
mod args;
mod baseline;
mod can;
mod check;
mod config;
mod discover;
mod documents;
pub mod examples;
mod expand;
mod explain;
mod fix;
mod generated;
mod folders;
mod git;
mod minimize;
mod outputs;
mod packs;
mod policy;
mod progress;
mod read;
mod rules;
mod settings;
mod uses;
mod validate;

use crate::diagnostic::{Diagnostic, Severity};
use crate::iam::catalogue;
use crate::linter::Report;
use crate::report::{self, Format, Style};
use crate::rules::builtin;
use crate::source::Sources;
use args::{Args, Command};
use clap::Parser;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Nothing at or above `--fail-on`.
const CLEAN: u8 = 0;
/// Findings at or above `--fail-on`.
const FOUND: u8 = 1;
/// The job could not be done: arguments, packs, inputs.
const FAILED: u8 = 2;

/// Why the job could not be done.
pub enum Failure {
    /// A sentence, and what to do about it.
    Message { text: String, help: Option<String> },
    /// Problems in files of the user other than the templates: rule packs.
    Problems(Sources, Vec<Diagnostic>),
    /// Problems in the configuration.
    Config(Sources, Vec<Diagnostic>),
    /// Problems in policies that a question is about.
    Policies(Sources, Vec<Diagnostic>),
}

impl Failure {
    fn new(text: impl Into<String>) -> Failure {
        Failure::Message { text: text.into(), help: None }
    }

    fn with_help(text: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure::Message { text: text.into(), help: Some(help.into()) }
    }
}

/// Runs the command line of the process.
pub fn main() -> ExitCode {
    // Nearly every command asks the rules: they are unpacked while the arguments are read.
    std::thread::spawn(builtin::rules);
    let args = Args::parse();
    let outcome = match args.command {
        None => check::run(&args.check),
        Some(Command::Check(check)) => check::run(&check),
        Some(Command::Explain(explain)) => explain::run(&explain),
        Some(Command::Rules(rules)) => rules::run(&rules),
        Some(Command::Uses(uses)) => uses::run(&uses),
        Some(Command::Policy(policy)) => policy::run(&policy),
        Some(Command::Baseline(args)) => baseline::run(&args),
        Some(Command::Config(config)) => config::run(&config),
        Some(Command::Data) => data(),
        Some(Command::Completions(args)) => generated::completions(&args),
        Some(Command::Man(args)) => generated::man(&args),
    };
    let status = outcome.unwrap_or_else(|failure| {
        report_failure(failure);
        FAILED
    });
    ExitCode::from(status)
}

/// What the IAM catalogue is made of.
fn data() -> Result<u8, Failure> {
    let text = format!(
        "IAM data of {}: {} services, {} actions, {} policies that AWS manages\n",
        catalogue::DATE,
        catalogue::services().len(),
        catalogue::action_count(),
        catalogue::managed_policies().len(),
    );
    print(&text);
    Ok(CLEAN)
}

/// Writes to standard output. A reader that goes away, such as `head`, is no error.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn report_failure(failure: Failure) {
    let mut out = std::io::stderr().lock();
    let _ = match failure {
        Failure::Message { text, help } => {
            let help = help.map(|help| format!("  help: {help}\n")).unwrap_or_default();
            write!(out, "error: {text}\n{help}")
        }
        Failure::Problems(sources, diagnostics) => {
            writeln!(out, "{}error: a rule pack cannot be used", problems(&sources, diagnostics))
        }
        Failure::Config(sources, diagnostics) => {
            writeln!(out, "{}error: the configuration cannot be used", problems(&sources, diagnostics))
        }
        Failure::Policies(sources, diagnostics) => {
            writeln!(out, "{}error: a policy cannot be used", problems(&sources, diagnostics))
        }
    };
}

fn problems(sources: &Sources, diagnostics: Vec<Diagnostic>) -> String {
    let report = Report { diagnostics, ..Report::default() };
    let style = Style { quiet: true, explained: false, ..style(args::Color::Auto, std::io::stderr().is_terminal()) };
    report::render(&report, sources, Format::Pretty, &style, Some(Severity::Info))
}

/// How text looks on a stream: <https://no-color.org> and its opposites are obeyed.
fn style(color: args::Color, is_terminal: bool) -> Style {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let color = match color {
        args::Color::Always => true,
        args::Color::Never => false,
        args::Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        args::Color::Auto => is_terminal || is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE"),
    };
    let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = columns.unwrap_or(100).clamp(60, 140);
    Style { color, width, links: color && is_terminal, ..Style::default() }
}
