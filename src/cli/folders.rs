//! The files that there are: in the folders of the user, or in a commit.

use super::git::Commit;
use ignore::{WalkBuilder, WalkState};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// Where files are looked for, by their full paths.
pub enum Files {
    Folders,
    Commit(Box<Commit>),
}

impl Files {
    pub fn is_folder(&self, path: &Path) -> bool {
        match self {
            Files::Folders => path.is_dir(),
            Files::Commit(commit) => commit.is_folder(path),
        }
    }

    pub fn has(&self, path: &Path) -> bool {
        match self {
            Files::Folders => path.exists(),
            Files::Commit(commit) => commit.has(path),
        }
    }

    /// Files below a folder, `.gitignore` and `.iamlintignore` honoured; links are not followed.
    pub fn below(&self, folder: &Path) -> BTreeSet<PathBuf> {
        match self {
            Files::Folders => walk(folder),
            Files::Commit(commit) => commit.below(folder),
        }
    }

    /// What a file holds; it has to be smaller than `limit`.
    pub fn bytes(&self, path: &Path, limit: u64) -> Result<Vec<u8>, String> {
        let unread = |error: std::io::Error| format!("cannot be read: {error}");
        let too_large = "4 GiB or larger";
        match self {
            Files::Folders => {
                let file = File::open(path).map_err(unread)?;
                let length = file.metadata().map_err(unread)?.len();
                if length >= limit {
                    return Err(too_large.to_owned());
                }
                // The room is known, and one byte more tells the end.
                let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
                file.take(limit).read_to_end(&mut bytes).map_err(unread)?;
                Ok(bytes)
            }
            Files::Commit(commit) => {
                let bytes = commit.bytes(path)?;
                if bytes.len() as u64 >= limit { Err(too_large.to_owned()) } else { Ok(bytes) }
            }
        }
    }
}

/// The file of ignored paths that is ours.
pub const IGNORE: &str = ".iamlintignore";

/// Folders that are nobody's own work.
pub const LEFT_OUT: [&str; 2] = [".git", "node_modules"];

fn walk(folder: &Path) -> BTreeSet<PathBuf> {
    let mut builder = WalkBuilder::new(folder);
    builder.hidden(false).ignore(false).require_git(false).follow_links(false).add_custom_ignore_filename(IGNORE);
    builder.filter_entry(|entry| LEFT_OUT.iter().all(|name| entry.file_name() != *name));
    let (sender, found) = mpsc::channel();
    builder.build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            let file = entry.ok().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
            // The receiver is there until all are done.
            let _ = file.map(|entry| sender.send(entry.into_path()));
            WalkState::Continue
        })
    });
    drop(sender);
    found.into_iter().collect()
}
