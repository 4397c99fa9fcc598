//! `iamlint check`.

use super::args::{CheckArgs, InputArgs, ReportArgs};
use super::discover::{self, Input};
use super::outputs::Outputs;
use super::{CLEAN, FAILED, FOUND, Failure, packs};
use crate::linter::lint;
use crate::rules::Rule;
use std::path::PathBuf;

pub fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let rules = packs::selected(&args.input)?;
    let outputs = Outputs::of(&args.report)?;
    let written = outputs.paths().map(PathBuf::from).collect();
    let input = discover::input(&args.paths, &InputArgs { written, ..args.input.clone() })?;
    tell(&args.report, &outputs, &rules, input)
}

/// Lints what was read, writes the reports, and says how the process ends.
pub fn tell(args: &ReportArgs, outputs: &Outputs, rules: &[Rule], input: Input) -> Result<u8, Failure> {
    let mut report = lint(&input.sources, rules, &input.options);
    report.summary.not_analysed.splice(0..0, input.unread);
    let threshold = args.fail_on.threshold();
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
