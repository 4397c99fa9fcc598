//! Which files there are to read, and reading them. Analysis covers the whole repository, reporting
//! the paths that are named.

use super::Failure;
use super::args::InputArgs;
use crate::linter::{NotAnalysed, Options};
use crate::source::{FileId, Sources};
use crate::template::is_dockerfile_name;
use globset::{Glob, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;
use rayon::prelude::*;
use regex::bytes::RegexSet;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What a run reads.
pub struct Input {
    pub sources: Sources,
    pub options: Options,
    /// Files that could not be read.
    pub unread: Vec<NotAnalysed>,
    /// Of these, files that were named one by one: the job cannot be done without them.
    pub unread_named: bool,
    pub root: PathBuf,
}

/// How a file came to be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// For what it says of other files.
    Context,
    /// It lies below a folder that was named.
    Reported,
    /// It was named itself.
    Named,
}

/// Files of these kinds are looked into; content decides what they are.
const EXTENSIONS: [&str; 6] = ["yml", "yaml", "json", "template", "cfn", "part"];

/// Files of 4 GiB and more have places that a span cannot hold.
const MAX_BYTES: u64 = u32::MAX as u64;

/// What files of ours have in them somewhere; a lock file or a package manifest has none of it.
#[expect(clippy::expect_used, reason = "the patterns are constants; every run uses them")]
static SIGNS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new([
        r#"(?-u)AWS::|AWSTemplateFormatVersion|Statement|"?phases"?\s*:|DetailList|AttachedPolicies|PolicyNames"#,
        r#"(?-u)\bprovider"?\s*:|\bservices"?\s*:|serviceRole|actionTypeId|PolicyDocument|DefaultVersionId|\bGroupId"?\s*:|projectsNotFound|AKIA|ASIA"#,
    ])
    .expect("constant patterns")
});

/// Finds and reads everything that a run over `paths` needs.
pub fn input(paths: &[PathBuf], args: &InputArgs) -> Result<Input, Failure> {
    let here =
        std::env::current_dir().map_err(|error| Failure::new(format!("cannot tell the current folder: {error}")))?;
    let root = repository_root(&here);
    let globs = Globs::new(args)?;
    let default = [PathBuf::from(".")];
    let named: &[PathBuf] = if paths.is_empty() { &default } else { paths };
    let mut wanted: BTreeMap<PathBuf, Wanted> = BTreeMap::new();
    let mut want = |path: PathBuf, how: Wanted| {
        let entry = wanted.entry(path).or_insert(how);
        *entry = (*entry).max(how);
    };
    let mut stdin = None;
    for path in named {
        if path.as_os_str() == "-" {
            stdin = Some(read_stdin()?);
            continue;
        }
        let absolute = normal(&here.join(path));
        if absolute.is_dir() {
            walk(&absolute, &root, &globs).into_iter().for_each(|file| want(file, Wanted::Reported));
        } else if absolute.exists() {
            // A hook names every file of a commit: what is excluded stays so.
            if !globs.is_excluded(&relative(&root, &absolute)) {
                want(absolute, Wanted::Named);
            }
        } else {
            return Err(Failure::new(format!("there is no file or folder `{}`", path.display())));
        }
    }
    if !args.isolated {
        walk(&root, &root, &globs).into_iter().for_each(|file| want(file, Wanted::Context));
    }
    let stdin_path = args.stdin_filename.as_ref().map_or_else(|| here.join("<stdin>"), |path| normal(&here.join(path)));
    if stdin.is_none() && args.stdin_filename.is_some() {
        return Err(Failure::with_help("`--stdin-filename` is given, and `-` is not", "`-` reads standard input"));
    }
    if globs.is_excluded(&relative(&root, &stdin_path)) {
        stdin = None;
    } else if stdin.is_some() {
        wanted.insert(stdin_path.clone(), Wanted::Named);
    }
    Ok(read_all(wanted, stdin.map(|text| (stdin_path, text)), root))
}

fn read_all(wanted: BTreeMap<PathBuf, Wanted>, stdin: Option<(PathBuf, Vec<u8>)>, root: PathBuf) -> Input {
    let read: Vec<(String, Wanted, Result<Option<String>, String>)> = wanted
        .into_par_iter()
        .map(|(path, how)| {
            let shown = relative(&root, &path);
            let text = match &stdin {
                Some((at, bytes)) if *at == path => decode(bytes.clone()).map(Some),
                _ => read_file(&path, how),
            };
            (shown, how, text)
        })
        .collect();
    let mut input = Input {
        sources: Sources::new(),
        options: Options { reported: Some(BTreeSet::new()), ..Options::default() },
        unread: Vec::new(),
        unread_named: false,
        root,
    };
    let mut reported: BTreeSet<FileId> = BTreeSet::new();
    for (path, how, text) in read {
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

/// The text of a file; `None` when it shows no sign of being one of ours and nobody named it.
fn read_file(path: &Path, how: Wanted) -> Result<Option<String>, String> {
    let size = path.metadata().map_err(|error| format!("cannot be read: {error}"))?.len();
    if size >= MAX_BYTES {
        return Err("4 GiB or larger".into());
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if how != Wanted::Named && !is_dockerfile_name(&name) && !SIGNS.is_match(&bytes) {
        return Ok(None);
    }
    decode(bytes).map(Some)
}

fn decode(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return "UTF-16, and not UTF-8: save it as UTF-8".to_owned();
        }
        let line = bytes[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("not UTF-8: byte {} on line {line} is no character", offset + 1)
    })
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
    Ok(bytes)
}

/// Files below a folder, `.gitignore` and `.iamlintignore` honoured; links are not followed.
fn walk(folder: &Path, root: &Path, globs: &Globs) -> BTreeSet<PathBuf> {
    let mut builder = WalkBuilder::new(folder);
    builder
        .hidden(false)
        .ignore(false)
        .require_git(false)
        .follow_links(false)
        .add_custom_ignore_filename(".iamlintignore");
    builder.filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != "node_modules");
    let files = builder.build().flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    files.map(|entry| entry.into_path()).filter(|path| globs.wants(path, &relative(root, path))).collect()
}

/// What `--include` and `--exclude` say.
struct Globs {
    include: GlobSet,
    exclude: GlobSet,
}

impl Globs {
    fn new(args: &InputArgs) -> Result<Globs, Failure> {
        Ok(Globs { include: glob_set(&args.include)?, exclude: glob_set(&args.exclude)? })
    }

    fn wants(&self, path: &Path, shown: &str) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let is_known =
            extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) || is_dockerfile_name(&name);
        (is_known || self.include.is_match(shown)) && !self.is_excluded(shown)
    }

    fn is_excluded(&self, shown: &str) -> bool {
        self.exclude.is_match(shown)
    }
}

fn glob_set(patterns: &[String]) -> Result<GlobSet, Failure> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern)
            .map_err(|error| Failure::new(format!("`{pattern}` is no pattern of files: {}", error.kind())))?;
        builder.add(glob);
        // A folder means all that is in it.
        if let Ok(below) = Glob::new(&format!("{}/**", pattern.trim_end_matches('/'))) {
            builder.add(below);
        }
    }
    builder.build().map_err(|error| Failure::new(format!("the patterns of files are too large: {error}")))
}

/// The nearest folder at or above `here` that is a git repository; `here` itself where there is none.
fn repository_root(here: &Path) -> PathBuf {
    here.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(here).to_owned()
}

/// The path below the root with `/` on every system; outside of it, the whole path.
pub fn relative(root: &Path, path: &Path) -> String {
    let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    if std::path::MAIN_SEPARATOR == '/' { shown } else { shown.replace(std::path::MAIN_SEPARATOR, "/") }
}

/// The path without `.` and `..`, links left as they are.
pub fn normal(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut found = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                found.pop();
            }
            other => found.push(other),
        }
    }
    found
}
