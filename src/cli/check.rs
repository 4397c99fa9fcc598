//! `iamlint check`.

use super::args::{CheckArgs, ReportArgs};
use super::discover::{self, Input};
use super::{CLEAN, FAILED, FOUND, Failure, packs, print, style};
use crate::linter::lint;
use crate::report::{self, Format, Style};
use crate::rules::Rule;
use std::io::IsTerminal;

pub fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let rules = packs::selected(&args.input)?;
    let input = discover::input(&args.paths, &args.input.files)?;
    tell(&args.report, &rules, input)
}

/// Lints what was read, prints the report, and says how the process ends.
pub fn tell(args: &ReportArgs, rules: &[Rule], input: Input) -> Result<u8, Failure> {
    let format: Format = args.format.parse().map_err(Failure::new)?;
    let mut report = lint(&input.sources, rules, &input.options);
    report.summary.not_analysed.splice(0..0, input.unread);
    let base = style(args.color, std::io::stdout().is_terminal());
    let style = Style { quiet: args.quiet, verbose: args.verbose, ..base };
    let threshold = args.fail_on.threshold();
    print(&report::render(&report, &input.sources, format, &style, threshold));
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
