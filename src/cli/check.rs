//! `iamlint check`.

use super::args::{CheckArgs, InputArgs, ReportArgs};
use super::discover::{self, Input};
use super::folders::Files;
use super::git::Commit;
use super::outputs::Outputs;
use super::progress::Progress;
use super::settings::Settings;
use super::{CLEAN, FAILED, FOUND, Failure, packs};
use super::{add_ignore, baseline, fix};
use crate::diagnostic::Severity;
use crate::linter::{Report, Side, lint, lint_change};
use std::path::PathBuf;

pub fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let mut settings = Settings::load(&args.input)?;
    let rules = packs::selected(&args.input, &mut settings)?;
    let threshold = settings.threshold(&args.report)?;
    let mut outputs = Outputs::of(&args.report)?;
    let progress = Progress::start(args.report.quiet);
    let written_to = add_ignore::Entries::of(&settings);
    let baseline = baseline::of_run(&settings, &args.input)?;
    let written = outputs.paths().map(PathBuf::from).collect();
    let input_args = InputArgs { written, ..args.input.clone() };
    let other_side = args.diff_base.as_ref().map(|base| other_side(base, args, &input_args, &settings)).transpose()?;
    let mut input = discover::input(&args.paths, &input_args, settings)?;
    input.options.baseline = baseline;
    input.options.inventory = outputs.inventory();
    if let Some(reason) = &args.add_ignore {
        drop(progress);
        if args.reads_stdin() {
            return Err(Failure::new("`--add-ignore` writes files, and `-` is none"));
        }
        return add_ignore::run(&input, &rules, &written_to, reason);
    }
    if args.fix || args.diff {
        drop(progress);
        outputs.leave_stdout(args.reads_stdin());
        return fix::run(args, input, &rules, &outputs, threshold);
    }
    let report = match (&args.diff_base, other_side) {
        (Some(base), Some((before, commit))) => lint_change(&side(&before), &side(&input), &rules, base, &commit),
        _ => lint(&input.sources, &rules, &input.options),
    };
    drop(progress);
    tell(&args.report, &outputs, threshold, report, input)
}

/// What a commit has of what the run reads, and the hash of it. The configuration is that of now.
fn other_side(
    base: &str,
    args: &CheckArgs,
    input: &InputArgs,
    settings: &Settings,
) -> Result<(Input, String), Failure> {
    if args.reads_stdin() {
        return Err(Failure::new("`--diff-base` compares files of a commit, and `-` is in none"));
    }
    let commit = Commit::find(&settings.root, base)?;
    let id = commit.id.clone();
    let before = discover::input_from(&Files::Commit(Box::new(commit)), &args.paths, input, settings.clone())?;
    Ok((before, id))
}

fn side(input: &Input) -> Side<'_> {
    Side { sources: &input.sources, options: &input.options, unread: &input.unread }
}

/// Writes the reports of a run, and says how the process ends.
pub fn tell(
    args: &ReportArgs,
    outputs: &Outputs,
    threshold: Option<Severity>,
    mut report: Report,
    input: Input,
) -> Result<u8, Failure> {
    report.summary.not_analysed.splice(0..0, input.unread);
    outputs.write(&report, &input.sources, args, threshold)?;
    let fails = threshold.is_some_and(|threshold| report.fails(threshold));
    let is_incomplete = args.strict && !report.summary.not_analysed.is_empty();
    Ok(if input.unread_named {
        FAILED
    } else if fails {
        FOUND
    } else if is_incomplete {
        FAILED
    } else {
        CLEAN
    })
}
