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
use iamlint::diagnostic::Diagnostic;
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
            found.push(told(one, &sources));
            also.extend(one.also.iter().map(|rule| format!("{rule} also {}", place(one, &sources))));
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

/// A pipeline and its builds lie in two templates, and one of these is broken beyond mending.
#[test]
fn a_broken_template_costs_only_the_findings_that_need_it() {
    let whole = files(Path::new(SEED));
    let mut without = Sources::new();
    for (_, source) in whole.iter() {
        let is_broken = source.path == "resources/CodeBuild.yml";
        let text = if is_broken { "Resources:\n  CiBuild: {Type: [\n".into() } else { source.text.to_string() };
        without.add(source.path.clone(), text);
    }
    let elsewhere = |sources: &Sources| {
        let report = lint(sources, &builtin::asked_by_default(), &Options::default());
        let found = report.diagnostics.iter().map(|found| told(found, sources));
        found.filter(|found| !found.contains("resources/CodeBuild.yml")).collect::<BTreeSet<_>>()
    };
    let (before, after) = (elsewhere(&whole), elsewhere(&without));
    let lost: Vec<&str> = before.difference(&after).map(String::as_str).collect();
    let needed_the_build = [
        "artifact-of-failed-build medium buildspec/buildspec-ci.yml:6",
        "artifact-store-shared-with-untrusted-writer high resources/CodePipeline.yml:66",
        "release-source-writable-by-untrusted-build critical resources/CodePipeline.yml:81",
        "source-key-has-no-writer low resources/CodePipeline.yml:81",
    ];
    assert_eq!(lost, needed_the_build);
    // What was told once, at the first of several places, is told at the next.
    let moved: Vec<&str> = after.difference(&before).map(String::as_str).collect();
    let at_the_next_place = [
        "placeholder-value info resources/CodePipeline.yml:33",
        "placeholder-value info resources/CodePipeline.yml:66",
        "role-policy-unavailable info resources/CodePipeline.yml:33",
        "unresolved-variable info resources/CodePipeline.yml:38",
    ];
    assert_eq!(moved, at_the_next_place);
}

/// The filter groups of the template are at a wrong level and read as mended.
#[test]
fn exactly_what_rests_on_a_mended_place_is_doubted() {
    let doubted = |state: &str| {
        let (sources, report) = run(Path::new(state), &builtin::asked_by_default());
        let is_mended = |found: &&Diagnostic| found.doubts.iter().any(|doubt| doubt.text.contains("read as mended"));
        report.diagnostics.iter().filter(is_mended).map(|found| told(found, &sources)).collect::<Vec<_>>()
    };
    let on_filter_groups = [
        "untrusted-build-shares-deploy-role critical resources/CodeBuild.yml:45",
        "release-source-writable-by-untrusted-build critical resources/CodePipeline.yml:81",
        "merged-event-without-base-ref high resources/CodeBuild.yml:64",
        "untrusted-pr-build high resources/CodeBuild.yml:64",
        "artifact-store-shared-with-untrusted-writer high resources/CodePipeline.yml:66",
        "buildspec-from-untrusted-source medium resources/CodeBuild.yml:11",
        "privileged-mode medium resources/CodeBuild.yml:40",
        "log-group-shared-with-untrusted-build low resources/CodeBuild.yml:55",
    ];
    assert_eq!(doubted(SEED), on_filter_groups);
    assert!(doubted("fixtures/projects/serverless-cicd/repaired").is_empty());
}

const SEED: &str = "fixtures/projects/serverless-cicd/broken";

/// All files of a state, linted with these rules and its configuration; paths start at the state's folder.
fn run(state: &Path, rules: &[Rule]) -> (Sources, Report) {
    let sources = files(state);
    let file = sources.iter().find(|(_, source)| source.path == "iamlint.toml").map(|(file, _)| file);
    let config = file.map(|file| Config::read(&sources, file, "").expect("a good configuration"));
    let options = Options { config: config.unwrap_or_default(), ..Options::default() };
    let report = lint(&sources, rules, &options);
    (sources, report)
}

fn files(state: &Path) -> Sources {
    let mut sources = Sources::new();
    for path in files_below(state) {
        let name = shown(path.strip_prefix(state).expect("below the state"));
        sources.add(name, fs::read_to_string(&path).expect("a readable fixture"));
    }
    sources
}

/// A finding as `.expected` has it: `rule severity path:line`.
fn told(found: &Diagnostic, sources: &Sources) -> String {
    format!("{} {} {}", found.rule, found.severity, place(found, sources))
}

fn place(found: &Diagnostic, sources: &Sources) -> String {
    let span = found.primary.span;
    format!("{}:{}", sources.path(span.file), sources.position(span).line)
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
