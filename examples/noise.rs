//! Counts findings for each rule over folders, as a table in Markdown:
//! `cargo run --release --example noise -- FOLDER…`. Each folder below those that are named is a repository
//! of its own, as nothing in one is about the others.

mod folders;

use iamlint::diagnostic::Severity;
use iamlint::linter::{Options, lint};
use iamlint::rules::builtin;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// What there is of one rule.
#[derive(Default)]
struct Count {
    findings: usize,
    files: usize,
    serious: usize,
}

fn main() -> io::Result<()> {
    let (mut analysed, mut total) = (BTreeMap::<String, usize>::new(), 0);
    let mut counts = BTreeMap::<String, Count>::new();
    let rules = builtin::asked_by_default();
    for sources in folders::repositories()? {
        let sources = sources?;
        let report = lint(&sources, &rules, &Options::default());
        for (kind, count) in &report.summary.analysed {
            *analysed.entry((*kind).to_string()).or_default() += count;
            total += count;
        }
        let mut files = BTreeSet::new();
        let mut serious = BTreeSet::new();
        for found in &report.diagnostics {
            let place = (found.rule.clone(), found.primary.span.file);
            counts.entry(found.rule.clone()).or_default().findings += 1;
            if found.severity <= Severity::Medium {
                serious.insert(place.clone());
            }
            files.insert(place);
        }
        files.into_iter().for_each(|(rule, _)| counts.entry(rule).or_default().files += 1);
        serious.into_iter().for_each(|(rule, _)| counts.entry(rule).or_default().serious += 1);
    }
    let kinds: Vec<String> = analysed.iter().map(|(kind, count)| format!("{count} {kind}s")).collect();
    println!("{total} files: {}.\n", kinds.join(", "));
    println!("| rule | findings | for 100 files | files | at `medium` or above |\n|---|--:|--:|--:|--:|");
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|(rule, count)| (std::cmp::Reverse(count.findings), rule.clone()));
    let share = |part: usize| part as f64 * 100.0 / total.max(1) as f64;
    for (rule, Count { findings, files, serious }) in rows {
        println!(
            "| `{rule}` | {findings} | {:.1} | {:.1} % | {:.1} % |",
            share(findings),
            share(files),
            share(serious)
        );
    }
    Ok(())
}
