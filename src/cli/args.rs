//! The command line.

use super::outputs::Output;
use super::policy::PolicyArgs;
use crate::config::FailOn;
use crate::iam::catalogue;
use crate::report::Format;
use clap::{Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;

/// `0.1.0 (IAM data of 2026-09-26)`
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} (IAM data of {})", env!("CARGO_PKG_VERSION"), catalogue::DATE));

/// Tells, before a pipeline is deployed, who can do what with it.
#[derive(Parser)]
#[command(name = "iamlint", version = VERSION.as_str(), args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub check: CheckArgs,
}

#[derive(Subcommand)]
pub enum Command {
    /// Analyse templates, buildspecs and policies; `iamlint PATHS` is the same
    Check(CheckArgs),
    /// Explain a finding by its id or its place, or a rule
    Explain(ExplainArgs),
    /// List the rules, or try a pack of your own on its examples
    Rules(RulesArgs),
    /// Say what roles of builds and pipelines are granted, and what they use
    Uses(UsesArgs),
    /// Ask about policy documents alone
    Policy(PolicyArgs),
    /// Write down the findings that there are, so that only new ones fail a run
    Baseline(BaselineArgs),
    /// Show the configuration that is in force, or write one to start with
    Config(ConfigArgs),
    /// Say what the IAM data is, and of which day
    Data,
    /// Write the completions of a shell
    Completions(CompletionsArgs),
    /// Write the page of the manual, or that of a command
    Man(ManArgs),
}

#[derive(clap::Args, Clone, Debug)]
pub struct CompletionsArgs {
    pub shell: clap_complete::Shell,
}

#[derive(clap::Args, Clone, Debug)]
pub struct ManArgs {
    /// The command, and the command within it
    pub command: Vec<String>,
}

#[derive(clap::Args, Clone, Debug)]
pub struct CheckArgs {
    /// Files and folders that findings are told of; `-` is standard input [default: this folder]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    /// Report only what is new since this commit, and what principals may do that they could not before
    #[arg(long, value_name = "REF", conflicts_with = "add_ignore")]
    pub diff_base: Option<String>,
    /// Mend what can be mended safely, in the files, and report what is left
    #[arg(long, group = "changing", conflicts_with_all = ["add_ignore", "diff_base"])]
    pub fix: bool,
    /// Show what --fix would change, and change nothing; exit with 1 when there is something to change
    #[arg(long, group = "changing", conflicts_with_all = ["fix", "add_ignore", "diff_base", "report", "format"])]
    pub diff: bool,
    /// With --fix or --diff, make changes too that take rights away or may change what happens
    #[arg(long, requires = "changing")]
    pub unsafe_fixes: bool,
    /// Write a comment with this reason for each finding, and report nothing
    #[arg(long, value_name = "REASON")]
    pub add_ignore: Option<String>,
}

impl CheckArgs {
    /// Whether `-` is among the paths.
    pub fn reads_stdin(&self) -> bool {
        self.paths.iter().any(|path| path.as_os_str() == "-")
    }
}

/// How findings are told, and how the process ends.
#[derive(clap::Args, Clone, Debug)]
pub struct ReportArgs {
    /// Write a report: to a file, or to standard output where no path is given. May be repeated; folders are made
    #[arg(long, value_name = "FORMAT[:PATH]", value_parser = Output::from_str)]
    pub report: Vec<Output>,
    /// How the report on standard output is written [default: pretty]
    #[arg(long, value_name = "FORMAT", value_parser = clap::builder::PossibleValuesParser::new(Format::ALL.map(Format::name)))]
    pub format: Option<String>,
    /// Exit with 1 when a finding is at least so serious [default: medium]
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Exit with 2 when something could not be analysed
    #[arg(long)]
    pub strict: bool,
    /// Findings only, no summary
    #[arg(short, long)]
    pub quiet: bool,
    /// List everything that was not analysed, and the reference of each rule
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Colour the report; NO_COLOR and FORCE_COLOR are obeyed
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
}

/// Which files are read, and with which rules.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct InputArgs {
    /// Only these rules, or all of these packs
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Leave these rules, or all of these packs, out
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Add the rules of this pack
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// Read these files below the folders too, whatever their name
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// Leave these files out, even when they are named
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Read nothing but the paths named: no other file of the repository, for what links to it, and no
    /// configuration that is not named
    #[arg(long)]
    pub isolated: bool,
    /// Go by this configuration [default: the nearest iamlint.toml at or above this folder]
    #[arg(long, value_name = "FILE", env = "IAMLINT_CONFIG")]
    pub config: Option<PathBuf>,
    /// Tell of findings that comments, metadata or the configuration suppress, too
    #[arg(long)]
    pub no_ignores: bool,
    /// Findings in this file are known and do not fail the run [default: iamlint-baseline.json at the
    /// root of the repository, where there is one]
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Go without a baseline
    #[arg(long, conflicts_with = "baseline")]
    pub no_baseline: bool,
    /// The day by which suppressions end and roles grow stale, instead of the clock's
    #[arg(long, value_name = "DATE", hide = true)]
    pub today: Option<Date>,
    /// The value of a parameter, in every template that has it
    #[arg(long, value_name = "NAME=VALUE")]
    pub param: Vec<String>,
    /// Where standard input would lie
    #[arg(long, value_name = "PATH")]
    pub stdin_filename: Option<PathBuf>,
    /// Files that the run writes, which it does not read
    #[arg(skip)]
    pub written: Vec<PathBuf>,
}

#[derive(clap::Args, Clone, Debug)]
pub struct ExplainArgs {
    /// The id of a finding, `file:line`, a rule, or another tool's id of a check
    #[arg(value_name = "ID|FILE:LINE|RULE")]
    pub what: String,
    /// Where the finding is looked for [default: this folder]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
    /// Colour the page; NO_COLOR and FORCE_COLOR are obeyed
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
}

#[derive(clap::Args, Clone, Debug)]
pub struct UsesArgs {
    /// Files and folders whose roles are told of [default: this folder]
    pub paths: Vec<PathBuf>,
    /// Only this role, by its logical id or its name
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// `policy` is the least policy of one role
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: UsesFormat,
    #[command(flatten)]
    pub input: InputArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UsesFormat {
    Text,
    Json,
    Policy,
}

#[derive(clap::Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RulesArgs {
    #[command(subcommand)]
    pub command: Option<RulesCommand>,
    /// How the list is written
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: RulesFormat,
    /// Add the rules of this pack
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// Print the JSON schema of rule packs
    #[arg(long, conflicts_with_all = ["format", "rules"])]
    pub schema: bool,
}

#[derive(Subcommand, Clone, Debug)]
pub enum RulesCommand {
    /// Try the rules of a pack on their examples, which lie in the folder of the pack's name beside it
    Test {
        #[arg(value_name = "FILE")]
        pack: PathBuf,
    },
}

#[derive(clap::Args, Clone, Debug)]
pub struct BaselineArgs {
    #[arg(value_enum)]
    pub verb: BaselineVerb,
    /// Files and folders whose findings are meant [default: this folder]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub input: InputArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BaselineVerb {
    /// Write a file with all findings
    Create,
    /// Add findings that are new, and remove those that are gone
    Update,
    /// Remove findings that are gone
    Prune,
}

#[derive(clap::Args, Clone, Debug)]
pub struct ConfigArgs {
    /// Print what is in force; so does `iamlint config` alone
    #[arg(long, group = "what")]
    pub show: bool,
    /// Write an iamlint.toml to start with into this folder
    #[arg(long, group = "what")]
    pub init: bool,
    /// Print the JSON schema of iamlint.toml
    #[arg(long, group = "what")]
    pub schema: bool,
    /// Go by this configuration [default: the nearest iamlint.toml at or above this folder]
    #[arg(long, value_name = "FILE", env = "IAMLINT_CONFIG")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RulesFormat {
    Text,
    Json,
    Markdown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}
