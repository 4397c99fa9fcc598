//! Reading the files of a run, and those that they name.

use super::discover::{Found, Input, Wanted, relative};
use super::folders::Files;
use crate::config::Config;
use crate::linter::{NotAnalysed, Options};
use crate::source::{FileId, Sources};
use crate::template::{
    Assigned, IGNORED_BY_DOCKER, below_root, folder_of, folders_up, is_dockerfile_name, mentioned, terraform,
};
use rayon::prelude::*;
use regex::bytes::RegexSet;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// Files of 4 GiB and more have places that a span cannot hold.
const MAX_BYTES: u64 = u32::MAX as u64;

/// What files of ours have in them somewhere; a lock file or a package manifest has none of it.
#[expect(clippy::expect_used, reason = "the patterns are constants; every run uses them")]
static SIGNS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new([
        r#"(?-u)AWS::|AWSTemplateFormatVersion|Statement|"?phases"?\s*:|DetailList|AttachedPolicies|PolicyNames"#,
        r#"(?-u)\bprovider"?\s*:|\bservices"?\s*:|serviceRole|actionTypeId|PolicyDocument|AKIA|ASIA"#,
        r#"(?-u)DefaultVersionId|projectsNotFound|\bGroupId"?\s*:"#,
    ])
    .expect("constant patterns")
});

/// What reading a file gave: `None` when it shows no sign of being one of ours.
struct ReadFile {
    /// Relative to the root.
    path: String,
    how: Wanted,
    text: Result<Option<Arc<str>>, String>,
}

/// Reads what was found, and puts it behind the sources that there are.
pub fn read(found: Found<'_>, sources: Sources, config: Config) -> Input {
    let Found { files: from, wanted, tree, stdin, root } = found;
    let mut files: Vec<ReadFile> = wanted
        .into_par_iter()
        .map(|(path, how)| {
            let text = match &stdin {
                Some((at, bytes)) if *at == path => decode(bytes.clone()).map(Some),
                _ => read_file(from, &path, how),
            };
            ReadFile { path: relative(&root, &path), how, text }
        })
        .collect();
    let assigned = Assigned { includes: config.includes.clone(), ..Assigned::default() };
    follow(from, &mut files, &tree, &root, &assigned);
    files.sort_by(|left, right| left.path.cmp(&right.path));
    // The configuration is there already.
    let known: Vec<String> = sources.iter().map(|(_, source)| source.path.clone()).collect();
    files.retain(|file| !known.contains(&file.path));
    let mut input = Input {
        sources,
        options: Options { reported: Some(BTreeSet::new()), config, is_last: true, ..Options::default() },
        unread: Vec::new(),
        unread_named: false,
        root,
    };
    let mut reported: BTreeSet<FileId> = BTreeSet::new();
    for ReadFile { path, how, text } in files {
        match text {
            Ok(Some(text)) => {
                let file = input.sources.add(path, text);
                if how >= Wanted::Reported {
                    reported.insert(file);
                }
                if how == Wanted::Named {
                    input.options.named.push(file);
                }
            }
            Ok(None) => {}
            Err(reason) if how >= Wanted::Reported => {
                input.unread_named |= how == Wanted::Named;
                input.unread.push(NotAnalysed { path, span: None, reason });
            }
            Err(_) => {}
        }
    }
    input.options.reported = Some(reported);
    input
}

/// Reads the files of the tree that others name, and what those name in turn. A file is looked for
/// from the folder of the one that names it, and from those above.
fn follow(
    source: &Files,
    files: &mut Vec<ReadFile>,
    tree: &BTreeMap<PathBuf, Wanted>,
    root: &Path,
    assigned: &Assigned,
) {
    files.retain(|file| !matches!(file.text, Ok(None)));
    let tree: HashMap<String, (&PathBuf, Wanted)> =
        tree.iter().map(|(path, how)| (relative(root, path), (path, *how))).collect();
    let mut known: HashSet<String> = files.iter().map(|file| file.path.clone()).collect();
    let mut from = 0;
    while from < files.len() && !tree.is_empty() {
        let named: BTreeSet<String> = files[from..]
            .par_iter()
            .flat_map_iter(|file| {
                let text = file.text.as_ref().ok().and_then(Option::as_deref).unwrap_or_default();
                let folder = folder_of(&file.path);
                let by_address = assigned.addresses_in(text);
                let beside =
                    read_with(&file.path).into_iter().flat_map(|name| paths_from(folder, &name)).collect::<Vec<_>>();
                let named = mentioned(text).into_iter().flat_map(move |name| paths_from(folder, &name));
                named.chain(beside).chain(by_address)
            })
            .flat_map_iter(|path| if path.contains('*') { paths_like(&tree, &path) } else { vec![path] })
            .filter(|path| tree.contains_key(path) && !known.contains(path))
            .collect();
        known.extend(named.iter().cloned());
        from = files.len();
        files.par_extend(named.into_par_iter().map(|path| {
            let (at, how) = tree[&path];
            ReadFile { text: read_file(source, at, Wanted::Named), path, how }
        }));
    }
}

/// Files that belong to one by their names alone.
fn read_with(path: &str) -> Vec<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match is_dockerfile_name(name) {
        true => vec![IGNORED_BY_DOCKER.to_owned(), format!("{name}{IGNORED_BY_DOCKER}")],
        false => Vec::new(),
    }
}

/// The paths that a name may mean in a folder: there, and in each folder above.
fn paths_from(folder: &str, name: &str) -> Vec<String> {
    folders_up(folder).filter_map(|folder| below_root(folder, name)).collect()
}

/// The files of the tree that a path with `*` for a variable may mean.
fn paths_like(tree: &HashMap<String, (&PathBuf, Wanted)>, path: &str) -> Vec<String> {
    let pieces: Vec<&str> = path.split('*').collect();
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return Vec::new() };
    let fits = |known: &&String| {
        let rest = known.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
        rest.is_some_and(|rest| !rest.contains('/'))
    };
    tree.keys().filter(fits).cloned().collect()
}

/// The text of a file; `None` when it shows no sign of being one of ours and nobody named it.
fn read_file(files: &Files, path: &Path, how: Wanted) -> Result<Option<Arc<str>>, String> {
    let bytes = files.bytes(path, MAX_BYTES)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if how != Wanted::Named && terraform::is_terraform_name(&name) {
        return Ok(decode(bytes).ok().filter(|text| terraform::may_name_backend(text)));
    }
    let is_named = is_dockerfile_name(&name) || name.starts_with("serverless");
    if how != Wanted::Named && !is_named && !SIGNS.is_match(&bytes) {
        return Ok(None);
    }
    decode(bytes).map(Some)
}

fn decode(bytes: Vec<u8>) -> Result<Arc<str>, String> {
    String::from_utf8(bytes).map(Arc::from).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return "UTF-16, and not UTF-8: save it as UTF-8".to_owned();
        }
        let line = bytes[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("not UTF-8: byte {} on line {line} is no character", offset + 1)
    })
}
