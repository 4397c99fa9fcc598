//! Examples of rules, in folders: `bad*` and `good*`, each a file or a folder that is linted as a whole with the rule
//! alone. `#~ rule [severity]` on a line says that a finding starts there; where no comment can stand, the file
//! `<name>.marks` has lines of `<line> <rule> [severity]`. They are looked at as of the day of the pages. What the run is
//! told may lie in a folder too, as `iamlint.toml`.

use crate::config::Config;
use crate::diagnostic::Severity;
use crate::linter::{Options, lint};
use crate::rules::Rule;
use crate::rules::examples::DAY;
use crate::source::Sources;
use std::fs;
use std::path::{Path, PathBuf};

/// The examples in the folder of a rule, by their names.
pub fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut cases = entries(folder);
    cases.retain(|case| !is_marks(case) && ["bad", "good"].iter().any(|kind| is_of_kind(case, kind)));
    cases
}

/// Whether an example is one of those, `bad` or `good`.
pub fn is_of_kind(case: &Path, kind: &str) -> bool {
    case.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind))
}

/// What is not as the marks of an example say; an error where they cannot be read.
pub fn check(rule: &Rule, case: &Path) -> Result<Vec<String>, String> {
    let mut sources = Sources::new();
    let mut expected = Vec::new();
    let mut config = Config::default();
    let (root, files) = if case.is_dir() {
        (case, files_below(case))
    } else {
        (case.parent().unwrap_or(Path::new("")), vec![case.to_owned()])
    };
    for path in files.iter().filter(|path| !is_marks(path)) {
        let text = read(path)?;
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let beside = PathBuf::from(format!("{}.marks", path.display()));
        let beside = if beside.is_file() { read(&beside)? } else { String::new() };
        expected.extend(marks(&name, &text, &beside, &rule.id)?);
        let is_config = name == "iamlint.toml";
        let file = sources.add(name, text);
        if is_config {
            config = Config::read(&sources, file, "").map_err(|problems| problems[0].message.clone())?;
        }
    }
    match (is_of_kind(case, "good"), expected.is_empty()) {
        (true, false) => return Err("a good example has a mark".to_owned()),
        (false, true) => return Err(format!("no line is marked with `#~ {}`", rule.id)),
        _ => {}
    }
    let options = Options { config, today: Some(DAY), ..Options::default() };
    let report = lint(&sources, std::slice::from_ref(rule), &options);
    let found = report.diagnostics.iter().map(|diagnostic| {
        let span = diagnostic.primary.span;
        let path = sources.path(span.file).to_owned();
        Mark { path, line: sources.position(span).line, severity: Some(diagnostic.severity) }
    });
    Ok(differences(expected, found.collect()))
}

/// A place where a finding is, or should be.
struct Mark {
    path: String,
    line: usize,
    severity: Option<Severity>,
}

impl Mark {
    fn shown(&self) -> String {
        let severity = self.severity.map(|severity| format!("{severity} ")).unwrap_or_default();
        format!("{severity}finding at {}:{}", self.path, self.line)
    }
}

fn differences(expected: Vec<Mark>, mut found: Vec<Mark>) -> Vec<String> {
    let mut differences = Vec::new();
    for mark in expected {
        let is_it = |one: &Mark| {
            one.path == mark.path && one.line == mark.line && (mark.severity.is_none() || mark.severity == one.severity)
        };
        match found.iter().position(is_it) {
            Some(index) => drop(found.remove(index)),
            None => differences.push(format!("there is no {}, which is marked", mark.shown())),
        }
    }
    differences.extend(found.iter().map(|mark| format!("there is a {}, which is not marked", mark.shown())));
    differences
}

/// The marks of a file; each must name the rule whose example it is.
fn marks(name: &str, text: &str, beside: &str, rule: &str) -> Result<Vec<Mark>, String> {
    let mut marks = Vec::new();
    let mut add = |line: usize, words: &str| {
        let mut words = words.split_whitespace();
        if words.next() != Some(rule) {
            return Err(format!("{name}:{line}: the mark does not name `{rule}`"));
        }
        let severity =
            words.next().map(|word| word.parse().map_err(|_| format!("{name}:{line}: no severity `{word}`")));
        marks.push(Mark { path: name.to_owned(), line, severity: severity.transpose()? });
        Ok(())
    };
    for (index, line) in text.lines().enumerate() {
        for words in line.split("#~ ").skip(1) {
            add(index + 1, words)?;
        }
    }
    for line in beside.lines().filter(|line| !line.trim().is_empty()) {
        let (number, words) = line.split_once(' ').unwrap_or((line, ""));
        let number = number.parse().map_err(|_| format!("{name}.marks: `{line}` does not start with a line number"))?;
        add(number, words)?;
    }
    Ok(marks)
}

fn is_marks(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "marks")
}

/// What lies in a folder, by name; nothing where there is none.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
