//! `iamlint rules`: the list, the schema of rule packs, and the trial of a pack on its own examples.

use super::args::{RulesArgs, RulesCommand, RulesFormat};
use super::{CLEAN, FOUND, Failure, examples, packs, print};
use crate::report::rules as pages;
use crate::rules::{Rule, builtin, pack};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

pub fn run(args: &RulesArgs) -> Result<u8, Failure> {
    if let Some(RulesCommand::Test { pack }) = &args.command {
        return test(pack);
    }
    if args.schema {
        print(&pack::schema());
        return Ok(CLEAN);
    }
    let rules = packs::load(&args.rules)?;
    print(&match args.format {
        RulesFormat::Text => pages::text(&rules),
        RulesFormat::Json => pages::json(&rules),
        RulesFormat::Markdown => pages::markdown(&rules),
    });
    Ok(CLEAN)
}

/// Tries each rule of a pack on its examples, which lie in a folder beside it.
fn test(path: &Path) -> Result<u8, Failure> {
    let rules = packs::load(&[path.to_owned()])?.split_off(builtin::rules().len());
    let folder = path.with_extension("");
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let (mut out, mut failed) = (String::new(), 0);
    for rule in &rules {
        let (counted, problems) = outcome(rule, &folder.join(&rule.id));
        failed += usize::from(!problems.is_empty());
        let word = if problems.is_empty() { "ok  " } else { "FAIL" };
        let _ = writeln!(out, "{word}  {:width$}  {counted}", rule.id);
        out.extend(problems.iter().map(|problem| format!("        {problem}\n")));
    }
    for stray in strays(&folder, &rules) {
        failed += 1;
        let _ = writeln!(out, "FAIL  {}: the pack has no rule of this name", stray.display());
    }
    let tried = rules.len();
    let _ = match failed {
        0 if tried == 1 => writeln!(out, "\n1 rule does as its examples say"),
        0 => writeln!(out, "\n{tried} rules do as their examples say"),
        _ => writeln!(out, "\n{failed} not as the examples say, of {tried}"),
    };
    print(&out);
    Ok(if failed == 0 { CLEAN } else { FOUND })
}

/// How many examples a rule has, and what is not as they say.
fn outcome(rule: &Rule, folder: &Path) -> (String, Vec<String>) {
    let cases = examples::cases(folder);
    let count = |kind: &str| cases.iter().filter(|case| examples::is_of_kind(case, kind)).count();
    let mut problems = Vec::new();
    for kind in ["bad", "good"].iter().filter(|kind| count(kind) == 0) {
        problems
            .push(format!("there is no {kind} example: it would be {}", folder.join(format!("{kind}.yml")).display()));
    }
    for case in &cases {
        let found = examples::check(rule, case).unwrap_or_else(|error| vec![error]);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", case.display())));
    }
    (format!("{} bad, {} good", count("bad"), count("good")), problems)
}

/// Folders of examples that belong to no rule: a renamed rule would be tried on nothing.
fn strays(folder: &Path, rules: &[Rule]) -> Vec<PathBuf> {
    let known: BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    let folders = examples::entries(folder).into_iter().filter(|path| path.is_dir());
    folders.filter(|path| path.file_name().is_none_or(|name| !known.contains(&*name.to_string_lossy()))).collect()
}
