//! The files of a commit, out of the objects of git: no checkout, no network, no git program. Links and
//! submodules are not followed. What is ignored now is ignored there.

use super::Failure;
use super::folders::{IGNORE, LEFT_OUT};
use crate::rules::pack::nearest;
use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;
use gix::{ObjectId, ThreadSafeRepository, open};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A commit, and the files in it that are not ignored, by their full paths.
pub struct Commit {
    repository: ThreadSafeRepository,
    files: BTreeMap<PathBuf, ObjectId>,
    /// Its hash.
    pub id: String,
}

impl Commit {
    /// Finds the commit that a revision names in the repository at `root`.
    pub fn find(root: &Path, revision: &str) -> Result<Commit, Failure> {
        if !root.join(".git").exists() {
            return Err(Failure::with_help(
                format!("`--diff-base {revision}` asks for a commit, and this is no git repository"),
                "run it in a clone of the repository, or leave the flag out",
            ));
        }
        // Nothing but the repository itself decides: no variables, no configuration of the user.
        let opened = open::Options::isolated().open_path_as_is(false);
        let repository = gix::open_opts(root, opened)
            .map_err(|error| Failure::new(format!("the git repository cannot be read: {}", told(&error))))?;
        let found = repository.rev_parse_single(revision).map_err(|_| unknown(&repository, revision))?;
        let commit = found.object().and_then(|object| object.peel_to_commit()).map_err(|_| {
            // A shallow clone knows commits by their hash that it does not have.
            unknown(&repository, revision)
        })?;
        let id = commit.id().to_string();
        let unread = |error: &dyn std::fmt::Display| {
            let text = format!("the files of `{revision}` cannot be read: {error}");
            Failure::with_help(text, "is the clone partial? fetch all of its objects, as git does by itself")
        };
        let tree = commit.tree_id().map_err(|error| unread(&told(&error)))?.detach();
        drop(commit);
        let mut files = BTreeMap::new();
        let mut ignored = Ignored::new(root);
        let mut folders = vec![(root.to_owned(), tree)];
        while let Some((folder, id)) = folders.pop() {
            let tree = repository.find_tree(id).map_err(|error| unread(&told(&error)))?;
            for entry in tree.iter() {
                let entry = entry.map_err(|error| unread(&told(&error)))?;
                // A name that is no text cannot be told of, and a hostile one leads elsewhere.
                let name = entry.filename().to_str().unwrap_or("..");
                if name.contains(['/', std::path::MAIN_SEPARATOR])
                    || [".", ".."].contains(&name)
                    || LEFT_OUT.contains(&name)
                {
                    continue;
                }
                let path = folder.join(name);
                let kind = entry.mode().kind();
                let is_folder = kind == EntryKind::Tree;
                let is_file = matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable);
                if !is_folder && !is_file || ignored.is_match(&path, is_folder) {
                    continue;
                }
                if is_folder {
                    folders.push((path, entry.object_id()));
                } else {
                    files.insert(path, entry.object_id());
                }
            }
        }
        Ok(Commit { repository: repository.into_sync(), files, id })
    }

    pub fn has(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    pub fn is_folder(&self, path: &Path) -> bool {
        !self.has(path) && self.files.range(path.to_owned()..).next().is_some_and(|(file, _)| file.starts_with(path))
    }

    pub fn below(&self, folder: &Path) -> BTreeSet<PathBuf> {
        self.files.keys().filter(|path| path.starts_with(folder)).cloned().collect()
    }

    pub fn bytes(&self, path: &Path) -> Result<Vec<u8>, String> {
        let id = self.files.get(path).ok_or("is not in the commit")?;
        let repository = self.repository.to_thread_local();
        let mut blob = repository.find_blob(*id).map_err(|error| format!("cannot be read: {}", told(&error)))?;
        Ok(std::mem::take(&mut blob.data))
    }
}

/// In one line.
fn told(error: &impl std::fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Why there is no such commit, and what may help.
fn unknown(repository: &gix::Repository, revision: &str) -> Failure {
    let text = format!("there is no commit `{revision}` in this repository");
    let names: Vec<String> = names(repository);
    let meant = nearest(revision, names.iter().map(String::as_str)).map(|name| format!("did you mean `{name}`?"));
    let remote = names.iter().find(|name| name.split_once('/').is_some_and(|(_, rest)| rest == revision));
    let remote = remote.map(|name| format!("did you mean `{name}`?"));
    let is_shallow = repository.is_shallow().unwrap_or(false);
    let shallow = is_shallow.then(|| {
        "the clone is shallow: fetch the commit first (`git fetch origin REF`; `fetch-depth: 0` in GitHub Actions)"
            .to_owned()
    });
    let help = remote.or(shallow).or(meant);
    Failure::with_help(text, help.unwrap_or_else(|| "a branch, a tag, a hash or `HEAD~1` names one".to_owned()))
}

/// Branches and tags by their short names.
fn names(repository: &gix::Repository) -> Vec<String> {
    let Ok(all) = repository.references() else { return Vec::new() };
    let Ok(all) = all.all() else { return Vec::new() };
    all.flatten().map(|one| one.name().shorten().to_string()).collect()
}

/// The ignore files of the folders as they are now: both sides of a comparison go by them.
struct Ignored {
    root: PathBuf,
    /// Those of each folder, ours first.
    folders: BTreeMap<PathBuf, [Gitignore; 2]>,
    /// Of the clone, then of the user.
    others: [Gitignore; 2],
}

impl Ignored {
    fn new(root: &Path) -> Ignored {
        let of_clone = gitignore(root, &root.join(".git/info/exclude"));
        Ignored { root: root.to_owned(), folders: BTreeMap::new(), others: [of_clone, Gitignore::global().0] }
    }

    /// Whether a file or folder is ignored; the folders above it are not.
    fn is_match(&mut self, path: &Path, is_folder: bool) -> bool {
        let folders: Vec<&Path> = path.ancestors().skip(1).take_while(|one| one.starts_with(&self.root)).collect();
        for folder in &folders {
            if !self.folders.contains_key(*folder) {
                let own = [IGNORE, ".gitignore"].map(|name| gitignore(folder, &folder.join(name)));
                self.folders.insert((*folder).to_owned(), own);
            }
        }
        let ours = folders.iter().map(|folder| &self.folders[*folder][0]);
        let of_git = folders.iter().map(|folder| &self.folders[*folder][1]);
        // What is nearer counts, and of one place what is ours.
        let decided = ours.chain(of_git).chain(&self.others).map(|one| one.matched(path, is_folder));
        decided.into_iter().find(|found| !found.is_none()).is_some_and(|found| matches!(found, Match::Ignore(_)))
    }
}

fn gitignore(folder: &Path, file: &Path) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    if file.is_file() {
        // A pattern that cannot be read is left out, as the walk does it.
        let _ = builder.add(file);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}
