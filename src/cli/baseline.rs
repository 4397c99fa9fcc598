//! `iamlint baseline`: writes down what is known, so that only what is new fails a run.

use super::args::{BaselineArgs, BaselineVerb, InputArgs};
use super::settings::Settings;
use super::{CLEAN, Failure, discover, packs, print};
use crate::baseline::{Baseline, NAME};
use crate::linter::lint;
use crate::report::Secrets;
use std::path::{Path, PathBuf};

pub fn run(args: &BaselineArgs) -> Result<u8, Failure> {
    let mut settings = Settings::load(&args.input)?;
    let rules = packs::selected(&args.input, &mut settings)?;
    let path = settings.baseline.clone().unwrap_or_else(|| settings.root.join(NAME));
    let is_there = path.exists();
    if is_there && args.verb == BaselineVerb::Create {
        let text = format!("there is a baseline already: {}", path.display());
        return Err(Failure::with_help(text, "`iamlint baseline update` adds what is new and removes what is gone"));
    }
    let mut baseline = if is_there { read(&path)? } else { Baseline::default() };
    let before = baseline.len();
    let mut input = discover::input(&args.paths, &args.input, settings)?;
    input.options.baseline = Some(baseline.clone());
    let report = lint(&input.sources, &rules, &input.options);
    baseline.remove(&report.stale);
    if args.verb != BaselineVerb::Prune {
        let masked = Secrets::of(&report, &input.sources).masked(&report);
        masked.diagnostics.iter().for_each(|found| baseline.add(&input.sources, found));
    }
    std::fs::write(&path, baseline.text())
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    let (removed, added) = (report.stale.len(), baseline.len() + report.stale.len() - before);
    let shown = discover::relative(&input.root, &path);
    print(&format!("{shown}: findings known: {}, added: {added}, removed: {removed}\n", baseline.len()));
    Ok(CLEAN)
}

/// The baseline of a run, if it has one.
pub fn of_run(settings: &Settings, args: &InputArgs) -> Result<Option<Baseline>, Failure> {
    let path: Option<&PathBuf> = settings.baseline.as_ref().filter(|_| !args.no_baseline);
    path.map(|path| read(path)).transpose()
}

fn read(path: &Path) -> Result<Baseline, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read the baseline {}: {error}", path.display())))?;
    Baseline::read(&text).map_err(|problem| Failure::new(format!("{} is no baseline: {problem}", path.display())))
}
