//! `iamlint check`.

use super::args::{CheckArgs, ReportArgs};
use super::discover::{self, Input};
use super::settings::Settings;
use super::{CLEAN, FAILED, FOUND, Failure, packs, print, style};
use super::{add_ignore, baseline};
use crate::diagnostic::Severity;
use crate::linter::lint;
use crate::report::{self, Format, Style};
use crate::rules::Rule;
use std::io::IsTerminal;

pub fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let mut settings = Settings::load(&args.input)?;
    let rules = packs::selected(&args.input, &mut settings)?;
    let threshold = settings.threshold(&args.report)?;
    let written_to = add_ignore::Entries::of(&settings);
    let baseline = baseline::of_run(&settings, &args.input)?;
    let mut input = discover::input(&args.paths, &args.input, settings)?;
    input.options.baseline = baseline;
    if let Some(reason) = &args.add_ignore {
        if args.paths.iter().any(|path| path.as_os_str() == "-") {
            return Err(Failure::new("`--add-ignore` writes files, and `-` is none"));
        }
        return add_ignore::run(&input, &rules, &written_to, reason);
    }
    tell(&args.report, threshold, &rules, input)
}

/// Lints what was read, prints the report, and says how the process ends.
pub fn tell(args: &ReportArgs, threshold: Option<Severity>, rules: &[Rule], input: Input) -> Result<u8, Failure> {
    let format: Format = args.format.parse().map_err(Failure::new)?;
    let mut report = lint(&input.sources, rules, &input.options);
    report.summary.not_analysed.splice(0..0, input.unread);
    let base = style(args.color, std::io::stdout().is_terminal());
    let style = Style { quiet: args.quiet, verbose: args.verbose, ..base };
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
