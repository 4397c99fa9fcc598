//! Which files there are to read. Analysis covers the whole repository, reporting the paths that are
//! named.

use super::Failure;
use super::args::InputArgs;
use super::folders::Files;
use super::generated::command_near;
use super::read;
use super::settings::Settings;
use crate::config::{Config, globs};
use crate::linter::{NotAnalysed, Options};
use crate::source::Sources;
use crate::template::is_dockerfile_name;
use globset::GlobSet;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

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

/// The files of a run, before they are read.
pub struct Found<'f> {
    pub files: &'f Files,
    pub wanted: BTreeMap<PathBuf, Wanted>,
    /// Every file of the folders that were walked, wanted or not: others may name it.
    pub tree: BTreeMap<PathBuf, Wanted>,
    /// The text of standard input, and the path that it stands for.
    pub stdin: Option<(PathBuf, Vec<u8>)>,
    pub root: PathBuf,
}

/// How a file came to be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// For what it says of other files.
    Context,
    /// It lies below a folder that was named.
    Reported,
    /// It was named itself.
    Named,
}

/// Files of these kinds are looked into; content decides what they are.
const EXTENSIONS: [&str; 8] = ["yml", "yaml", "json", "template", "cfn", "part", "tf", "tofu"];

/// Finds and reads everything that a run over `paths` needs.
pub fn input(paths: &[PathBuf], args: &InputArgs, settings: Settings) -> Result<Input, Failure> {
    input_from(&Files::Folders, paths, args, settings)
}

/// The same where files may be those of a commit.
pub fn input_from(files: &Files, paths: &[PathBuf], args: &InputArgs, settings: Settings) -> Result<Input, Failure> {
    let globs = Globs::new(args, &settings.config)?;
    let Settings { here, root, config, sources, known_rules, baseline, .. } = settings;
    let default = [PathBuf::from(".")];
    let named: &[PathBuf] = if paths.is_empty() { &default } else { paths };
    let mut tree: BTreeMap<PathBuf, Wanted> = BTreeMap::new();
    let mut wanted: BTreeMap<PathBuf, Wanted> = BTreeMap::new();
    let mut stdin = None;
    let mut walked: BTreeSet<PathBuf> = BTreeSet::new();
    // The repositories of what is named, where they are read. Files that lie here have nothing to do with another one.
    let mut around: BTreeSet<PathBuf> = BTreeSet::new();
    for path in named {
        if path.as_os_str() == "-" {
            stdin = Some(read_stdin()?);
            around.extend((!args.isolated).then(|| root.clone()));
            continue;
        }
        let absolute = normal(&here.join(path));
        if !args.isolated {
            around.insert(if absolute.starts_with(&root) { root.clone() } else { repository_root(&absolute) });
        }
        if files.is_folder(&absolute) {
            let below = files.below(&absolute).into_iter().map(|file| {
                // What is excluded may still be taken in by others.
                let is_excluded = globs.is_excluded(&relative(&root, &file));
                (file, if is_excluded { Wanted::Context } else { Wanted::Reported })
            });
            // As a whole: paths take long to be compared.
            tree.append(&mut below.collect());
            walked.insert(absolute);
        } else if files.has(&absolute) {
            // A hook names every file of a commit: what is excluded stays so.
            if !globs.is_excluded(&relative(&root, &absolute)) {
                wanted.insert(absolute, Wanted::Named);
            }
        } else if matches!(files, Files::Folders) {
            // What is new is in no commit.
            let message = format!("there is no file or folder `{}`", path.display());
            return Err(match path.to_str().and_then(command_near) {
                Some(command) => Failure::with_help(message, format!("did you mean `iamlint {command}`?")),
                None => Failure::new(message),
            });
        }
    }
    for folder in around.difference(&walked) {
        files.below(folder).into_iter().for_each(|file| {
            tree.entry(file).or_insert(Wanted::Context);
        });
    }
    // How a file was named goes before where it lies.
    let mut named = std::mem::take(&mut wanted);
    wanted = tree.iter().filter(|(path, _)| globs.wants(path, &root)).map(|(path, how)| (path.clone(), *how)).collect();
    wanted.append(&mut named);
    for path in &args.written {
        let path = normal(&here.join(path));
        wanted.remove(&path);
        tree.remove(&path);
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
    if let Some(path) = baseline {
        tree.remove(&path);
        wanted.remove(&path);
    }
    let programs: Vec<NotAnalysed> = tree
        .iter()
        .filter(|(path, how)| **how >= Wanted::Reported && is_program(path))
        .map(|(path, _)| NotAnalysed {
            path: relative(&root, path),
            span: None,
            reason: "a program that gives a service: it is not run".into(),
        })
        .collect();
    let stdin = stdin.map(|text| (stdin_path, text));
    let mut input = read::read(Found { files, wanted, tree, stdin, root }, sources, config);
    input.options.known_rules = known_rules;
    input.options.no_ignores = args.no_ignores;
    input.options.is_partial = args.isolated;
    input.options.today = Some(args.today.unwrap_or_else(today));
    input.unread.extend(programs);
    Ok(input)
}

/// The day in UTC, so that it is the same wherever a run takes place.
fn today() -> Date {
    TimeZone::UTC.to_datetime(Timestamp::now()).date()
}

/// `serverless.ts` and the like: the Serverless Framework runs them.
fn is_program(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    matches!(name.strip_prefix("serverless."), Some("ts" | "js" | "mjs" | "cjs"))
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
    Ok(bytes)
}

/// What `--include` and `--exclude` say, and the configuration.
struct Globs {
    include: [GlobSet; 2],
    exclude: [GlobSet; 2],
}

impl Globs {
    fn new(args: &InputArgs, config: &Config) -> Result<Globs, Failure> {
        let of_flags = |flags: &[String]| globs("", flags.iter().map(String::as_str)).map_err(Failure::new);
        Ok(Globs {
            include: [of_flags(&args.include)?, config.include.clone()],
            exclude: [of_flags(&args.exclude)?, config.exclude.clone()],
        })
    }

    fn wants(&self, path: &Path, root: &Path) -> bool {
        let shown = &relative(root, path);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let is_known =
            extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) || is_dockerfile_name(&name);
        (is_known || self.include.iter().any(|set| set.is_match(shown))) && !self.is_excluded(shown)
    }

    fn is_excluded(&self, shown: &str) -> bool {
        self.exclude.iter().any(|set| set.is_match(shown))
    }
}

/// The nearest folder at or above `here` that is a git repository; `here` itself where there is none.
pub fn repository_root(here: &Path) -> PathBuf {
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
