//! Every fixture of every rule: with only that rule switched on, findings start exactly where the
//! marks say, and nowhere else. `iamlint rules test` tries packs in the same way.

use iamlint::cli::examples::{cases, check, is_of_kind};
use iamlint::rules::{Rule, builtin, pack};
use iamlint::source::Sources;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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
                let found = check(rule, &case).unwrap_or_else(|error| vec![error]);
                failures.extend(found.into_iter().map(|problem| format!("{}: {problem}", case.display())));
            }
        }
    }
    assert!(checked > 0, "no fixture was checked");
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn what_is_compiled_in_is_what_a_user_would_load() {
    let told = |rule: &Rule| {
        let texts = [&rule.id, &rule.pack, &rule.summary, &rule.message, &rule.label, &rule.help, &rule.why];
        let lists = [&rule.references, &rule.replaces, &rule.resource_types];
        format!("{texts:?} {lists:?} {:?} {:?} {}", rule.severity, rule.with, rule.on_request)
    };
    let mut loaded = Vec::new();
    for name in builtin::PACKS {
        let path = format!("rules/{name}.yml");
        let text = fs::read_to_string(&path).expect("the text of a pack");
        let mut sources = Sources::new();
        let file = sources.add(path, text);
        let (rules, problems) = pack::load(&sources, file);
        assert!(problems.is_empty(), "{name}: {problems:?}");
        loaded.extend(rules);
    }
    assert_eq!(loaded.iter().map(told).collect::<Vec<_>>(), builtin::rules().iter().map(told).collect::<Vec<_>>());
}

#[test]
fn every_rule_has_a_bad_and_a_good_fixture() {
    let mut missing = Vec::new();
    for rule in builtin::rules() {
        let cases = cases(&Path::new("fixtures/rules").join(&rule.id));
        let has = |kind: &str| cases.iter().any(|case| is_of_kind(case, kind));
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
