//! Every fixture of every rule: with only that rule switched on, findings start exactly where the
//! marks say, and nowhere else.
//!
//! `fixtures/rules/<id>/` holds files or folders named `bad*` and `good*`; a folder is linted as a
//! whole. `#~ <id> [severity]` on a line says that a finding's primary label starts there. Where a
//! comment cannot stand (JSON, block scalars), `<file>.marks` has lines of `<line> <id> [severity]`.

use iamlint::diagnostic::Severity;
use iamlint::linter::{Options, lint};
use iamlint::rules::{Rule, builtin};
use iamlint::source::Sources;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A place where a finding is, or should be.
type Mark = (String, usize, Option<Severity>);

#[test]
fn every_fixture_has_exactly_the_marked_findings() {
    let only = std::env::var("FIXTURE").unwrap_or_default();
    let mut failures = Vec::new();
    let mut checked = 0;
    for rule in builtin::rules() {
        let folder = Path::new("fixtures/rules").join(&rule.id);
        for case in cases(&folder) {
            if case.to_string_lossy().contains(&only) {
                checked += 1;
                check(rule, &case, &mut failures);
            }
        }
    }
    assert!(checked > 0, "no fixture was checked");
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_rule_has_a_bad_and_a_good_fixture() {
    let mut missing = Vec::new();
    for rule in builtin::rules() {
        let cases = cases(&Path::new("fixtures/rules").join(&rule.id));
        let has = |kind: &str| {
            cases.iter().any(|case| case.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind)))
        };
        missing.extend(
            ["bad", "good"].iter().filter(|kind| !has(kind)).map(|kind| format!("{} has no {kind} fixture", rule.id)),
        );
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_fixture_folder_belongs_to_a_rule() {
    let known: BTreeSet<&str> = builtin::rules().iter().map(|rule| rule.id.as_str()).collect();
    for entry in fs::read_dir("fixtures/rules").expect("the folder of fixtures").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(known.contains(name.as_str()), "fixtures/rules/{name} belongs to no rule");
    }
}

fn check(rule: &Rule, case: &Path, failures: &mut Vec<String>) {
    let files = if case.is_dir() { files_below(case) } else { vec![case.to_owned()] };
    let mut sources = Sources::new();
    let mut expected: Vec<Mark> = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_none_or(|extension| extension != "marks")) {
        let text = fs::read_to_string(path).expect("a readable fixture");
        let name = path.strip_prefix(if case.is_dir() { case } else { case.parent().expect("a folder") });
        let name = name.expect("below the case").to_string_lossy().replace('\\', "/");
        expected.extend(marks(&name, &text, path, &rule.id));
        sources.add(name, text);
    }
    let report = lint(&sources, std::slice::from_ref(rule), &Options::default());
    let mut found: Vec<Mark> = report
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let span = diagnostic.primary.span;
            (sources.path(span.file).to_owned(), sources.position(span).line, Some(diagnostic.severity))
        })
        .collect();
    for mark in expected {
        let matches = |one: &Mark| one.0 == mark.0 && one.1 == mark.1 && (mark.2.is_none() || mark.2 == one.2);
        match found.iter().position(matches) {
            Some(index) => drop(found.remove(index)),
            None => {
                failures.push(format!("{}: expected {} {:?} at {}:{}", case.display(), rule.id, mark.2, mark.0, mark.1))
            }
        }
    }
    failures.extend(found.iter().map(|(path, line, severity)| {
        format!("{}: {} {:?} fired at {path}:{line}, where nothing is marked", case.display(), rule.id, severity)
    }));
}

/// The marks of a file; each must name the rule of its folder.
fn marks(name: &str, text: &str, path: &Path, rule: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut add = |line: usize, words: &str| {
        let mut words = words.split_whitespace();
        assert_eq!(words.next(), Some(rule), "{}:{line}: a mark of another rule", path.display());
        let severity = words.next().map(|word| word.parse().expect("a severity"));
        marks.push((name.to_owned(), line, severity));
    };
    for (index, line) in text.lines().enumerate() {
        for (at, _) in line.match_indices("#~ ") {
            add(index + 1, line[at + 3..].split("#~").next().unwrap_or_default());
        }
    }
    let beside = PathBuf::from(format!("{}.marks", path.display()));
    for line in fs::read_to_string(beside).unwrap_or_default().lines().filter(|line| !line.trim().is_empty()) {
        let (number, words) = line.split_once(' ').expect("a line number and a rule");
        add(number.parse().expect("a line number"), words);
    }
    marks
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    cases.retain(|case| case.extension().is_none_or(|extension| extension != "marks"));
    cases.sort();
    cases
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
