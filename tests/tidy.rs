//! The house rules that a compiler does not know. One test for each; all it found is shown.

mod walk;

use iamlint::rules::{ANALYSES, builtin};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use walk::{files_below, shown};

#[test]
fn every_rule_id_is_kebab_case_and_unique() {
    let mut seen = BTreeSet::new();
    report(builtin::rules().iter().filter_map(|rule| {
        let words = rule.id.split('-');
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let is_new = seen.insert(rule.id.as_str());
        (!words.clone().all(is_word) || !is_new).then(|| format!("{}: not kebab-case, or there twice", rule.id))
    }));
}

#[test]
fn every_rule_says_what_why_and_what_to_do() {
    report(builtin::rules().iter().flat_map(|rule| {
        let id = &rule.id;
        let mut wrong = Vec::new();
        for (name, text) in [("summary", &rule.summary), ("why", &rule.why), ("help", &rule.help)] {
            if text.trim().is_empty() {
                wrong.push(format!("{id}: no {name}"));
            }
        }
        if !rule.references.iter().any(|url| url.starts_with("https://")) {
            wrong.push(format!("{id}: no https reference"));
        }
        wrong
    }));
}

#[test]
fn every_message_of_a_rule_obeys_the_style() {
    report(builtin::rules().iter().flat_map(|rule| {
        let id = &rule.id;
        let texts =
            [("message", &rule.message), ("help", &rule.help), ("summary", &rule.summary), ("label", &rule.label)];
        texts.into_iter().filter_map(move |(name, text)| {
            let complaint = style_of(text)?;
            Some(format!("{id}: the {name} {complaint}: {text}"))
        })
    }));
}

#[test]
fn the_style_of_messages_can_be_broken() {
    assert_eq!(style_of("`Role` may do {action}"), None);
    assert_eq!(style_of("{role} may do anything (see `x`)"), None);
    assert_eq!(style_of("AWS refuses it"), None);
    for bad in ["The role may do it", "the role may do it.", "two\nlines", " spaced", "it may!", ""] {
        assert!(style_of(bad).is_some() || bad.is_empty(), "{bad}");
    }
}

/// What is wrong with a text of a rule. A name that is written in capitals may start it.
fn style_of(text: &str) -> Option<&'static str> {
    let first = text.split_whitespace().next()?;
    let is_name = first.chars().filter(|c| c.is_uppercase()).count() > 1;
    if text.contains('\n') {
        Some("has more than one line")
    } else if text.trim() != text {
        Some("has space around it")
    } else if text.ends_with(['.', '!']) {
        Some("ends like a sentence")
    } else if first.starts_with(char::is_uppercase) && !is_name {
        Some("starts with a capital")
    } else {
        None
    }
}

#[test]
fn every_analysis_is_used_and_the_table_is_sorted() {
    let used: BTreeSet<&str> = builtin::rules().iter().map(|rule| rule.analysis.name).collect();
    report(ANALYSES.iter().filter(|one| !used.contains(one.name)).map(|one| format!("{}: no rule asks it", one.name)));
    assert!(ANALYSES.is_sorted_by(|left, right| left.name < right.name), "ANALYSES is not sorted by name");
    report(ANALYSES.iter().flat_map(|one| {
        let empty_docs = one.params.iter().filter(|param| param.doc.is_empty());
        let mut wrong: Vec<String> = empty_docs.map(|param| format!("{}: {}: no doc", one.name, param.name)).collect();
        wrong.extend(one.summary.is_empty().then(|| format!("{}: no summary", one.name)));
        wrong
    }));
}

#[test]
fn every_analysis_has_a_file_of_its_own_and_a_row() {
    let table = fs::read_to_string("src/rules/analysis/mod.rs").expect("the table of analyses");
    let mut counted = 0;
    report(files_below("src/rules/analysis").iter().filter_map(|path| {
        let text = fs::read_to_string(path).expect("a readable source");
        let stem = path.file_stem()?.to_string_lossy().into_owned();
        let constants = text.matches("pub const ANALYSIS: Analysis").count();
        counted += constants;
        let is_listed = table.contains(&format!("    {stem}::ANALYSIS,\n"));
        let right = constants <= 1 && is_listed == (constants == 1);
        (!right).then(|| format!("{stem}: {constants} analyses, {}", if is_listed { "listed" } else { "not listed" }))
    }));
    assert_eq!(counted, ANALYSES.len());
}

#[test]
fn every_pack_is_compiled_in() {
    let files = files_below("rules").into_iter().map(|path| shown(&path));
    let files: BTreeSet<String> = files.filter(|path| !path.starts_with("rules/examples/")).collect();
    let listed: BTreeSet<String> = builtin::PACKS.iter().map(|name| format!("rules/{name}.yml")).collect();
    assert_eq!(files, listed);
    assert_eq!(listed.len(), builtin::PACKS.len());
}

#[test]
fn source_files_are_short() {
    let mut lengths: Vec<(usize, String)> = sources().map(|(path, text)| (text.lines().count(), path)).collect();
    lengths.sort();
    report(lengths.iter().filter(|(lines, _)| *lines > 600).map(|(lines, path)| format!("{path}: {lines} lines")));
    let median = lengths[lengths.len() / 2].0;
    assert!(median < 200, "the median file has {median} lines");
    report(files_below("tests").iter().filter_map(|path| {
        let lines = fs::read_to_string(path).expect("a readable test").lines().count();
        (lines > 600).then(|| format!("{}: {lines} lines", shown(path)))
    }));
}

#[test]
fn file_names_say_what_a_file_owns() {
    report(sources().filter_map(|(path, _)| {
        let stem = Path::new(&path).file_stem()?.to_string_lossy().into_owned();
        matches!(stem.as_str(), "utils" | "util" | "helpers" | "helper" | "common" | "types" | "manager")
            .then_some(path)
    }));
}

#[test]
fn every_source_file_says_what_it_owns() {
    report(sources().filter_map(|(path, text)| {
        let is_trivial = path == "src/main.rs" && text.lines().count() < 20;
        (!text.starts_with("//!") && !is_trivial).then_some(path)
    }));
}

#[test]
fn each_outer_parser_and_renderer_is_named_in_one_file() {
    let mut users: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, text) in sources() {
        for name in ["miette", "codespan_reporting", "granit_parser", "jsonc_parser"] {
            if text.lines().any(|line| line.split("//").next().is_some_and(|code| code.contains(name))) {
                users.entry(name).or_default().push(path.clone());
            }
        }
    }
    report(users.iter().filter(|(_, paths)| paths.len() > 1).map(|(name, paths)| format!("{name}: {paths:?}")));
}

#[test]
fn patterns_are_compared_in_the_engine_only() {
    report(complaints(|path, line| {
        !path.starts_with("src/iam/") && (line.contains("== \"*\"") || line.contains("== \"*:*\""))
    }));
}

#[test]
fn released_code_has_no_shortcuts() {
    let words = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "#[allow(", "#![allow("];
    report(complaints(|_, line| words.iter().any(|word| line.contains(word))));
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string("Cargo.toml").expect("Cargo.toml");
    let mut in_dependencies = false;
    let mut before = "";
    let mut wrong = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.trim_end_matches(']').ends_with("dependencies");
        } else if in_dependencies && line.contains('=') && !line.starts_with('#') && !before.starts_with("# ") {
            wrong.push(line.to_owned());
        }
        before = line;
    }
    report(wrong);
}

#[test]
fn tables_in_data_are_sorted_and_unique() {
    // The tables of the catalogue have orders of their own, and tests beside the code that reads them.
    let tables = files_below("data")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "tsv") && !path.starts_with("data/iam"));
    report(tables.filter_map(|path| {
        let text = fs::read_to_string(&path).expect("a readable table");
        let rows: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let pair = rows.windows(2).find(|pair| pair[0] >= pair[1])?;
        Some(format!("{}: `{}` stands before `{}`", shown(&path), pair[0], pair[1]))
    }));
}

/// Path and text of every file of the crate.
fn sources() -> impl Iterator<Item = (String, String)> {
    let paths = files_below("src").into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    paths.map(|path| (shown(&path), fs::read_to_string(&path).expect("a readable source")))
}

/// Lines of released code that `is_wrong` of path and line; test modules are passed over.
fn complaints(is_wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let test_files = test_files();
    let mut found = Vec::new();
    for (path, text) in sources().filter(|(path, _)| !test_files.contains(path)) {
        let released = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (index, line) in released.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if is_wrong(&path, code) {
                found.push(format!("{path}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    found
}

/// Files that are modules of tests: `#[cfg(test)] mod name;` declares them.
fn test_files() -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for (path, text) in sources() {
        let folder = path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]") {
            let name = pair[1].trim_start_matches("pub ").strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'));
            files.extend(name.map(|name| format!("{folder}/{name}.rs")));
        }
    }
    files
}

fn report(wrong: impl IntoIterator<Item = String>) {
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
