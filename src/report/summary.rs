//! What a run comes to, in plain words: what was found, what was read, what was not, and why it failed.

use super::change;
use super::ink::{self, Ink};
use super::words::{count, list, one_line};
use super::{Format, Scene, finding};
use crate::diagnostic::{Applicability, Severity};
use crate::iam::catalogue;
use crate::linter::{Fixes, NotAnalysed, Report, Summary};
use std::collections::BTreeMap;

/// As many things that were not analysed are named without `-v`.
const FEW: usize = 5;

pub fn text(scene: &Scene, report: &Report, format: Format, fail_on: Option<Severity>) -> String {
    let mut out = String::new();
    // The lines of findings that have no frame stand close together; a space parts them from this.
    if format == Format::Short && !report.diagnostics.is_empty() {
        out.push('\n');
    }
    if let Some(change) = &report.change {
        out.push_str(&change::text(scene, change, format));
    }
    if let Some(fixes) = &report.fixes {
        out.push_str(&self::fixes(scene, fixes, "fixed"));
    }
    out.push_str(&found(scene, report));
    if report.fixes.is_none() {
        out.push_str(&fixable(report));
    }
    if report.summary.analysed.values().sum::<usize>() > 0 {
        out.push_str(&ink::paint(scene.style, Ink::Frame, &data()));
        out.push('\n');
    }
    out.push_str(&deployment(scene, &report.summary));
    out.push_str(&unseen_buildspecs(&report.summary));
    out.push_str(&understood(scene, &report.summary));
    out.push_str(&not_analysed(scene, &report.summary.not_analysed));
    out.push_str(&verdict(scene, report, fail_on));
    out
}

/// How old the actions, keys and managed policies are that a run knows.
pub fn data() -> String {
    format!("by the IAM data of {}", catalogue::DATE)
}

/// What was found, and in what.
fn found(scene: &Scene, report: &Report) -> String {
    let files: usize = report.summary.analysed.values().sum();
    let summary = &report.summary;
    let contents = contents(summary);
    if files == 0 && report.diagnostics.is_empty() {
        return "nothing was analysed: no template, buildspec, pipeline or policy was read\n".to_owned();
    }
    if report.diagnostics.is_empty() {
        let clean = if report.change.is_some() { "no new findings" } else { "no findings" };
        let clean = ink::paint(scene.style, Ink::Good, clean);
        let files = count(files, "file");
        return format!("{clean} in {files}{}\n{}", in_parentheses(&contents), left_out(report));
    }
    let found = counts(scene, report, Severity::Info).0;
    let kinds: Vec<_> = summary.analysed.iter().filter(|(_, n)| **n > 0).map(|(kind, n)| count(*n, kind)).collect();
    let with = if contents.is_empty() { String::new() } else { format!(" with {}", list(&contents)) };
    let (files, kinds) = (count(files, "file"), in_parentheses(&kinds));
    format!("found {found}\n{}analysed {files}{kinds}{with}\n", left_out(report))
}

/// What was fixed, and what was not that could have been.
pub fn fixes(scene: &Scene, fixes: &Fixes, done: &str) -> String {
    let mut out = format!("{done} {} in {}\n", count(fixes.findings, "finding"), count(fixes.files, "file"));
    if fixes.left.is_empty() {
        return out;
    }
    out.push_str(&format!("not fixed, though it is known how: {}\n", count(fixes.left.len(), "finding")));
    let shown = if scene.style.verbose { fixes.left.len() } else { fixes.left.len().min(FEW) };
    for left in &fixes.left[..shown] {
        out.push_str(&format!("  {}: {}\n", finding::place(scene, left.span), one_line(&left.reason)));
    }
    if shown < fixes.left.len() {
        out.push_str(&format!("  and {} more (-v lists them)\n", fixes.left.len() - shown));
    }
    out
}

/// What could be fixed by asking for it.
fn fixable(report: &Report) -> String {
    let [safe, with_unsafe] = fixable_counts(report);
    match (safe, with_unsafe) {
        (0, 0) => String::new(),
        (0, more) => format!("{more} of these can be fixed with --fix --unsafe-fixes\n"),
        (safe, 0) => format!("{safe} of these can be fixed with --fix\n"),
        (safe, more) => format!("{safe} of these can be fixed with --fix, and {more} more with --unsafe-fixes\n"),
    }
}

/// How many findings offer a safe fix, and how many an unsafe one.
pub fn fixable_counts(report: &Report) -> [usize; 2] {
    [Applicability::Safe, Applicability::Unsafe].map(|kind| {
        let fixes = report.diagnostics.iter().filter_map(|found| found.fix.as_ref());
        fixes.filter(|fix| fix.applicability == kind).count()
    })
}

/// What is not told, and by whose word.
fn left_out(report: &Report) -> String {
    let mut out = String::new();
    if !report.known.is_empty() {
        out.push_str(&format!("known by the baseline: {}\n", count(report.known.len(), "finding")));
    }
    if !report.stale.is_empty() {
        let entries = count(report.stale.len(), "finding");
        out.push_str(&format!("gone from the baseline: {entries} (`iamlint baseline prune` removes them)\n"));
    }
    if report.suppressed.is_empty() {
        return out;
    }
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    report.suppressed.iter().for_each(|one| *by.entry(one.spelling.name()).or_default() += 1);
    let by: Vec<String> = by.into_iter().map(|(spelling, number)| format!("{number} by {spelling}")).collect();
    out + &format!("suppressed {}{}\n", count(report.suppressed.len(), "finding"), in_parentheses(&by))
}

fn in_parentheses(items: &[String]) -> String {
    if items.is_empty() { String::new() } else { format!(" ({})", items.join(", ")) }
}

fn contents(summary: &Summary) -> Vec<String> {
    let contents = [
        (summary.roles, "role"),
        (summary.statements, "statement"),
        (summary.projects, "project"),
        (summary.pipelines, "pipeline"),
    ];
    contents.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(number, noun)).collect()
}

/// `2 critical and 1 high findings`, of those at or above a severity, and how many these are.
fn counts(scene: &Scene, report: &Report, threshold: Severity) -> (String, usize) {
    let severities = Severity::ALL.into_iter().filter(|severity| severity.reaches(threshold));
    let mut total = 0;
    let mut parts = Vec::new();
    for severity in severities {
        let number = report.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        total += number;
        if number > 0 {
            parts.push(ink::paint(scene.style, Ink::Severity(severity), &format!("{number} {severity}")));
        }
    }
    let new = if report.change.is_some() { "new " } else { "" };
    let noun = if total == 1 { "finding" } else { "findings" };
    (format!("{} {new}{noun}", list(&parts)), total)
}

fn not_analysed(scene: &Scene, items: &[NotAnalysed]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let head = ink::paint(scene.style, Ink::Severity(Severity::Medium), "not analysed");
    let mut out = format!("{head}: {}\n", amount(items));
    let shown = if scene.style.verbose { items.len() } else { items.len().min(FEW) };
    out.extend(items[..shown].iter().map(|item| unread(scene, item)));
    if shown < items.len() {
        out.push_str(&format!("  and {} more (-v lists them)\n", items.len() - shown));
    }
    out
}

/// Who has deployment permission, in numbers; with `-v` who is exempted, and why.
fn deployment(scene: &Scene, summary: &Summary) -> String {
    let Some(found) = &summary.deployment else { return String::new() };
    let by_design = if found.by_design > 0 { found.by_design.to_string() } else { "nobody of these files".to_owned() };
    let mut words = vec![format!("{by_design} by design")];
    if found.execution > 0 {
        words.push(format!("{} that CloudFormation deploys with", count(found.execution, "role")));
    }
    let people = [(found.users, "user"), (found.roles, "role")].into_iter().filter(|(number, _)| *number > 0);
    let mut past: Vec<String> = people.map(|(number, noun)| count(number, noun)).collect();
    if found.by_build > 0 {
        past.push(format!("{} by starting a build", found.by_build));
    }
    words.push(match past.as_slice() {
        [] => "nobody past the pipeline".to_owned(),
        [one] => format!("{one} past the pipeline"),
        _ => format!("{} past the pipeline{}", found.users + found.roles + found.by_build, in_parentheses(&past)),
    });
    if !found.exempted.is_empty() {
        words.push(format!("{} exempted", found.exempted.len()));
    }
    if found.unknown > 0 {
        words.push(format!("{} of which it is not known", count(found.unknown, "principal")));
    }
    let mut out = format!("may deploy: {}\n", words.join(", "));
    if scene.style.verbose {
        let exempted = found.exempted.iter();
        out.extend(exempted.map(|(name, because)| format!("  exempted: `{}`: {because}\n", one_line(name))));
    }
    out
}

/// Builds of whose commands nothing can be said.
fn unseen_buildspecs(summary: &Summary) -> String {
    let (unseen, all) = (summary.unseen_buildspecs, summary.projects);
    let (which, whose) = match unseen {
        0 => return String::new(),
        1 if all == 1 => ("the buildspec of the project is".to_owned(), "its"),
        _ if unseen == all => (format!("the buildspecs of the {all} projects are"), "their"),
        _ => (format!("the buildspecs of {unseen} of {all} projects are"), "their"),
    };
    format!("{which} in none of the files: {whose} commands are not known\n")
}

/// How many of the shell commands are understood, for those who ask.
fn understood(scene: &Scene, summary: &Summary) -> String {
    if !scene.style.verbose || summary.commands == 0 {
        return String::new();
    }
    let (known, all) = (summary.understood, summary.commands);
    format!("shell commands understood: {known} of {all} ({} %)\n", known * 100 / all)
}

/// `2 files and 1 part of a file`.
pub fn amount(items: &[NotAnalysed]) -> String {
    let parts = items.iter().filter(|item| item.span.is_some()).count();
    let (files, mut words) = (items.len() - parts, Vec::new());
    if files > 0 {
        words.push(count(files, "file"));
    }
    match parts {
        0 => {}
        1 => words.push("1 part of a file".to_owned()),
        _ => words.push(format!("{parts} parts of files")),
    }
    list(&words)
}

fn unread(scene: &Scene, item: &NotAnalysed) -> String {
    let place = item.span.map_or_else(|| one_line(&item.path).into_owned(), |span| finding::place(scene, span));
    format!("  {place}: {}\n", one_line(&item.reason))
}

/// The last line: why the run failed, or what let it pass.
fn verdict(scene: &Scene, report: &Report, fail_on: Option<Severity>) -> String {
    let Some(threshold) = fail_on.filter(|_| !report.diagnostics.is_empty()) else { return String::new() };
    let (failing, total) = counts(scene, report, threshold);
    if total == 0 {
        let passed = ink::paint(scene.style, Ink::Good, "passed");
        return format!("\n{passed}: no finding at or above --fail-on {threshold}\n");
    }
    let failed = ink::paint(scene.style, Ink::Severity(Severity::Critical), "failed");
    format!("\n{failed}: {failing} at or above --fail-on {threshold}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Diagnostic, Label};
    use crate::report::{Style, render};
    use crate::source::{Sources, Span};

    fn report(severities: &[Severity], summary: Summary) -> (Sources, Report) {
        let mut sources = Sources::new();
        let file = sources.add("f.yml", "a: b\n");
        let one =
            |severity: &Severity| Diagnostic::new("r", *severity, "m".into(), Label::new(Span::start_of(file), ""));
        (sources, Report { diagnostics: severities.iter().map(one).collect(), summary, ..Report::default() })
    }

    /// The report in short form without the lines of findings.
    fn summary_of(severities: &[Severity], summary: Summary, verbose: bool, fail_on: Option<Severity>) -> String {
        let (sources, report) = report(severities, summary);
        let style = Style { verbose, ..Style::default() };
        let text = render(&report, &sources, Format::Short, &style, fail_on);
        text.lines().skip(severities.len()).flat_map(|line| [line, "\n"]).collect()
    }

    fn read() -> Summary {
        let analysed = [("CloudFormation template", 1), ("Dockerfile", 0), ("IAM policy", 2), ("buildspec", 9)].into();
        Summary { analysed, roles: 5, statements: 23, projects: 1, ..Summary::default() }
    }

    #[test]
    fn a_clean_run_says_what_was_read() {
        let summary = Summary { projects: 0, ..read() };
        assert_eq!(
            summary_of(&[], summary, false, Some(Severity::Medium)),
            format!("no findings in 12 files (5 roles, 23 statements)\n{}\n", data())
        );
    }

    #[test]
    fn builds_whose_commands_are_elsewhere_are_counted() {
        let said = |projects, unseen_buildspecs| {
            let summary = Summary { projects, unseen_buildspecs, ..read() };
            let text = summary_of(&[], summary, false, None);
            text.lines().filter(|line| line.contains("buildspec")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(said(2, 0), [""; 0]);
        let rest = "in none of the files: their commands are not known";
        assert_eq!(said(3, 1), [format!("the buildspecs of 1 of 3 projects are {rest}")]);
        assert_eq!(said(3, 3), [format!("the buildspecs of the 3 projects are {rest}")]);
        assert_eq!(said(1, 1), ["the buildspec of the project is in none of the files: its commands are not known"]);
    }

    #[test]
    fn a_run_that_read_nothing_is_not_clean() {
        let text = summary_of(&[], Summary::default(), false, Some(Severity::Medium));
        assert_eq!(text, "nothing was analysed: no template, buildspec, pipeline or policy was read\n");
    }

    #[test]
    fn the_last_line_says_why_a_run_failed() {
        use Severity::{Critical, High, Low};
        assert_eq!(
            summary_of(&[Critical, Critical, High, Low], read(), false, Some(Severity::Medium)),
            format!(
                "\nfound 2 critical, 1 high and 1 low findings\n\
                 analysed 12 files (1 CloudFormation template, 2 IAM policies, 9 buildspecs) \
                 with 5 roles, 23 statements and 1 project\n\
                 {}\n\
                 \nfailed: 2 critical and 1 high findings at or above --fail-on medium\n",
                data()
            )
        );
        let last = |severities, fail_on| {
            let text = summary_of(severities, read(), false, fail_on);
            text.lines().last().unwrap_or("").to_owned()
        };
        assert_eq!(last(&[High], Some(High)), "failed: 1 high finding at or above --fail-on high");
        assert_eq!(last(&[Low], Some(High)), "passed: no finding at or above --fail-on high");
        assert_eq!(last(&[Critical], None), data());
    }

    #[test]
    fn what_was_not_analysed_is_counted_and_the_first_of_it_named() {
        let (sources, _) = report(&[], Summary::default());
        let file = sources.find("f.yml").unwrap();
        let item = |n: usize| {
            let span = (n == 0).then(|| Span::new(file, 3, 4));
            NotAnalysed { path: format!("f{n}.yml"), span, reason: "is on S3".to_owned() }
        };
        let summary = |n: usize| Summary { not_analysed: (0..n).map(item).collect(), ..read() };
        let text = summary_of(&[], summary(7), false, None);
        assert!(text.contains("\nnot analysed: 6 files and 1 part of a file\n  f.yml:1:4: is on S3\n"), "{text}");
        assert!(text.ends_with("  f4.yml: is on S3\n  and 2 more (-v lists them)\n"), "{text}");
        let text = summary_of(&[], summary(7), true, None);
        assert!(text.ends_with("  f6.yml: is on S3\n"), "{text}");
        assert!(summary_of(&[], summary(5), false, None).ends_with("  f4.yml: is on S3\n"));
        assert!(summary_of(&[], summary(1), false, None).contains("not analysed: 1 part of a file\n"));
    }

    #[test]
    fn a_verbose_run_says_how_many_commands_are_understood() {
        let summary = || Summary { commands: 8, understood: 7, ..read() };
        let text = summary_of(&[], summary(), true, None);
        assert!(text.ends_with("shell commands understood: 7 of 8 (87 %)\n"), "{text}");
        assert!(!summary_of(&[], summary(), false, None).contains("understood"));
    }

    #[test]
    fn a_quiet_run_has_no_summary() {
        let (sources, report) = report(&[], read());
        let style = Style { quiet: true, ..Style::default() };
        assert_eq!(render(&report, &sources, Format::Pretty, &style, Some(Severity::Low)), "");
    }
}
