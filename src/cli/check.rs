//! `iamlint check`.

use super::args::{CheckArgs, InputArgs, ReportArgs};
use super::discover::{self, Input};
use super::outputs::Outputs;
use super::settings::Settings;
use super::{CLEAN, FAILED, FOUND, Failure, packs};
use super::{add_ignore, baseline};
use crate::diagnostic::Severity;
use crate::linter::lint;
use crate::rules::Rule;
use std::path::PathBuf;

pub fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let mut settings = Settings::load(&args.input)?;
    let rules = packs::selected(&args.input, &mut settings)?;
    let threshold = settings.threshold(&args.report)?;
    let outputs = Outputs::of(&args.report)?;
    let written_to = add_ignore::Entries::of(&settings);
    let baseline = baseline::of_run(&settings, &args.input)?;
    let written = outputs.paths().map(PathBuf::from).collect();
    let mut input = discover::input(&args.paths, &InputArgs { written, ..args.input.clone() }, settings)?;
    input.options.baseline = baseline;
    if let Some(reason) = &args.add_ignore {
        if args.paths.iter().any(|path| path.as_os_str() == "-") {
            return Err(Failure::new("`--add-ignore` writes files, and `-` is none"));
        }
        return add_ignore::run(&input, &rules, &written_to, reason);
    }
    tell(&args.report, &outputs, threshold, &rules, input)
}

/// Lints what was read, writes the reports, and says how the process ends.
pub fn tell(
    args: &ReportArgs,
    outputs: &Outputs,
    threshold: Option<Severity>,
    rules: &[Rule],
    input: Input,
) -> Result<u8, Failure> {
    let mut report = lint(&input.sources, rules, &input.options);
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
