//! `iamlint check --add-ignore REASON`: suppresses what is found now, in the files.

use super::discover::{Input, relative};
use super::settings::{NAMES, Settings};
use super::{CLEAN, Failure, print};
use crate::diagnostic::Diagnostic;
use crate::edit;
use crate::linter::lint;
use crate::rules::Rule;
use crate::source::Sources;
use crate::suppress::write;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One comment may bring out another rule that speaks of the same statement.
const ROUNDS: usize = 4;

/// Where entries `[[ignore]]` go: the configuration of the run, or a new one at the root.
pub struct Entries {
    path: PathBuf,
    /// The folder below the root that its paths are relative to.
    folder: String,
}

impl Entries {
    pub fn of(settings: &Settings) -> Entries {
        let file = settings.file.map_or(NAMES[0], |file| settings.sources.path(file));
        let is_root = settings.folder == settings.root;
        let folder = if is_root { String::new() } else { relative(&settings.root, &settings.folder) + "/" };
        Entries { path: settings.root.join(file), folder }
    }

    fn add(&self, sources: &Sources, found: &[Diagnostic], reason: &str) -> Result<(), Failure> {
        let path = &self.path;
        let mut text = String::new();
        if path.exists() {
            text = std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
        }
        text.push_str(&write::entries(sources, &self.folder, found, reason));
        save(path, &text)
    }
}

/// Writes a comment for each finding in YAML, and entries of the configuration for the others.
pub fn run(input: &Input, rules: &[Rule], entries: &Entries, reason: &str) -> Result<u8, Failure> {
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
        sources = edit::applied(&sources, &edits);
    }
    let mut files = 0;
    for (file, source) in sources.iter().filter(|(file, source)| source.text != input.sources.get(*file).text) {
        save(&input.root.join(sources.path(file)), &source.text)?;
        files += 1;
    }
    let mut told = format!("comments written: {written}, in {files} files\n");
    if !left.is_empty() {
        entries.add(&sources, &left, reason)?;
        told.push_str(&format!("entries written into {}: {}\n", relative(&input.root, &entries.path), left.len()));
    }
    print(&told);
    Ok(CLEAN)
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}
