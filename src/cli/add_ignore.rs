//! `iamlint check --add-ignore REASON`: suppresses what is found now, in the files.

use super::discover::Input;
use super::settings::NAMES;
use super::{CLEAN, Failure, print};
use crate::diagnostic::Diagnostic;
use crate::linter::lint;
use crate::rules::Rule;
use crate::source::Sources;
use crate::suppress::write;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One comment may bring out another rule that speaks of the same statement.
const ROUNDS: usize = 4;

/// Writes a comment for each finding in YAML, and entries of the configuration for the others.
pub fn run(input: &Input, rules: &[Rule], config: Option<&Path>, reason: &str) -> Result<u8, Failure> {
    if reason.trim().is_empty() || reason.contains('\n') {
        return Err(Failure::new("a reason is one line of text"));
    }
    let mut sources = input.sources.clone();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut left: Vec<Diagnostic> = Vec::new();
    let mut written = 0;
    for _ in 0..ROUNDS {
        let mut found = lint(&sources, rules, &input.options).diagnostics;
        found.retain(|one| !write::is_of_suppressions(one) && seen.insert(one.id(&sources)));
        let (edits, unwritten) = write::comments(&sources, &found, reason);
        left.extend(unwritten.into_iter().cloned());
        if edits.is_empty() {
            break;
        }
        written += edits.len();
        sources = write::edited(&sources, &edits);
    }
    let mut files = 0;
    for (file, source) in sources.iter().filter(|(file, source)| source.text != input.sources.get(*file).text) {
        save(&input.root.join(sources.path(file)), &source.text)?;
        files += 1;
    }
    let mut told = format!("comments written: {written}, in {files} files\n");
    if !left.is_empty() {
        let path = config.map_or_else(|| input.root.join(NAMES[0]), PathBuf::from);
        add_entries(&path, &sources, &left, reason)?;
        told.push_str(&format!("entries written into {}: {}\n", path.display(), left.len()));
    }
    print(&told);
    Ok(CLEAN)
}

fn add_entries(path: &Path, sources: &Sources, found: &[Diagnostic], reason: &str) -> Result<(), Failure> {
    let mut text = if path.exists() {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?
    } else {
        String::new()
    };
    text.push_str(&write::entries(sources, found, reason));
    save(path, &text)
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}
