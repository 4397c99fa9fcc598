//! Whole repositories: all rules on, findings compared with what a person says must be found, and
//! the report as it is read.
//!
//! A state may have an `iamlint.toml`. Beside each state of a project lie `<state>.expected` (`rule severity path:line`, one finding a
//! line; `also` for the severity where the finding of another rule tells it), `<state>.forbidden` (`rule [path]`, of all rules
//! there are, and told with others neither), and `<state>.out`, which `BLESS=1` writes anew.
//! `<state>.pending` lists findings that should not be there and still are; a line of it that no
//! longer holds fails the test too.

mod walk;

use iamlint::config::Config;
use iamlint::linter::{Options, Report, lint};
use iamlint::report::{Format, Style, render};
use iamlint::rules::{Rule, builtin};
use iamlint::source::Sources;
use iamlint::suppress;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use walk::{files_below, shown};

#[test]
fn every_project_has_exactly_the_expected_findings() {
    let mut failures = Vec::new();
    for state in states() {
        let (sources, report) = run(&state, &builtin::asked_by_default());
        let (mut found, mut also) = (Vec::new(), Vec::new());
        for one in &report.diagnostics {
            let span = one.primary.span;
            let place = format!("{}:{}", sources.path(span.file), sources.position(span).line);
            found.push(format!("{} {} {place}", one.rule, one.severity));
            also.extend(one.also.iter().map(|rule| format!("{rule} also {place}")));
        }
        let pending = beside(&state, "pending");
        let pending = if pending.exists() { lines(&pending) } else { Vec::new() };
        for expected in lines(&beside(&state, "expected")).into_iter().chain(pending) {
            match found.iter().position(|one| *one == expected) {
                Some(index) => drop(found.remove(index)),
                None if also.contains(&expected) => {}
                None => failures.push(format!("{}: not found: {expected}", state.display())),
            }
        }
        failures.extend(found.iter().map(|extra| format!("{}: not expected: {extra}", state.display())));
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn no_project_has_a_forbidden_finding() {
    let mut failures = Vec::new();
    for state in states() {
        let (sources, report) = run(&state, builtin::rules());
        for line in lines(&beside(&state, "forbidden")) {
            let mut words = line.split_whitespace();
            let (rule, path) = (words.next().expect("a rule"), words.next());
            let fired = report.diagnostics.iter().filter(|found| {
                (found.rule == rule || found.also.iter().any(|also| also == rule))
                    && path.is_none_or(|path| sources.path(found.primary.span.file) == path)
            });
            failures.extend(fired.map(|found| format!("{}: forbidden: {line}: {}", state.display(), found.message)));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_rule_that_is_named_exists() {
    let mut known: BTreeSet<&str> = builtin::rules().iter().map(|rule| rule.id.as_str()).collect();
    known.extend(suppress::RULES.iter().map(|rule| rule.id));
    let mut unknown = BTreeSet::new();
    for state in states() {
        for line in ["expected", "forbidden"].iter().flat_map(|kind| lines(&beside(&state, kind))) {
            let rule = line.split_whitespace().next().unwrap_or_default().to_owned();
            if !known.contains(rule.as_str()) {
                unknown.insert(rule);
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_report_reads_as_it_did() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut failures = Vec::new();
    for state in states() {
        let (sources, report) = run(&state, &builtin::asked_by_default());
        let text = render(&report, &sources, Format::Rich, &Style::default(), None);
        let golden = beside(&state, "out");
        if bless {
            fs::write(&golden, &text).expect("the folder is writable");
        } else if fs::read_to_string(&golden).unwrap_or_default().replace("\r\n", "\n") != text {
            failures.push(format!("{} differs; BLESS=1 writes it anew", golden.display()));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn a_run_gives_the_same_bytes_every_time() {
    for state in states() {
        let once = || {
            let (sources, report) = run(&state, &builtin::asked_by_default());
            render(&report, &sources, Format::Json, &Style::default(), None)
        };
        assert_eq!(once(), once(), "{}", state.display());
    }
}

/// All files of a state, linted with these rules and its configuration; paths start at the state's folder.
fn run(state: &Path, rules: &[Rule]) -> (Sources, Report) {
    let mut sources = Sources::new();
    for path in files_below(state) {
        let name = shown(path.strip_prefix(state).expect("below the state"));
        sources.add(name, fs::read_to_string(&path).expect("a readable fixture"));
    }
    let file = sources.iter().find(|(_, source)| source.path == "iamlint.toml").map(|(file, _)| file);
    let config = file.map(|file| Config::read(&sources, file, "").expect("a good configuration"));
    let options = Options { config: config.unwrap_or_default(), ..Options::default() };
    let report = lint(&sources, rules, &options);
    (sources, report)
}

/// The folders two below `fixtures/projects`: one for each state of each project.
fn states() -> Vec<PathBuf> {
    let folders = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
        entries.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let mut states: Vec<PathBuf> =
        folders(Path::new("fixtures/projects")).iter().flat_map(|project| folders(project)).collect();
    states.sort();
    assert!(!states.is_empty(), "no project was found");
    states
}

fn beside(state: &Path, kind: &str) -> PathBuf {
    PathBuf::from(format!("{}.{kind}", state.display()))
}

/// Lines that say something; `#` starts a comment.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}
