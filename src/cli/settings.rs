//! Finding and reading the configuration of a run, and what flags may do to it.

use super::Failure;
use super::args::{InputArgs, ReportArgs};
use super::discover::{normal, relative, repository_root};
use super::packs;
use crate::config::{Config, FailOn};
use crate::diagnostic::Severity;
use crate::rules::Rule;
use crate::source::{FileId, Sources};
use crate::suppress;
use std::path::{Path, PathBuf};

/// The names that a configuration is found by.
pub const NAMES: [&str; 2] = ["iamlint.toml", ".iamlint.toml"];

/// The configuration of a run, and the file it stands in.
#[derive(Default)]
pub struct Settings {
    pub config: Config,
    /// Holds the file of the configuration, when there is one, and nothing else.
    pub sources: Sources,
    pub file: Option<FileId>,
    /// The folder that its paths are relative to.
    pub folder: PathBuf,
    /// The root of the repository.
    pub root: PathBuf,
    pub here: PathBuf,
    /// Ids of all rules, filled when they are loaded.
    pub known_rules: Vec<String>,
}

impl Settings {
    /// Without any configuration.
    pub fn none() -> Result<Settings, Failure> {
        let here = std::env::current_dir()
            .map_err(|error| Failure::new(format!("cannot tell the current folder: {error}")))?;
        let root = repository_root(&here);
        Ok(Settings { folder: root.clone(), root, here, ..Settings::default() })
    }

    /// What `--config` names, or the nearest file at or above the current folder.
    pub fn load(args: &InputArgs) -> Result<Settings, Failure> {
        let mut settings = Settings::none()?;
        let path = match &args.config {
            Some(path) => Some(normal(&settings.here.join(path))),
            None => find(&settings.here, &settings.root)?,
        };
        let Some(path) = path else { return Ok(settings) };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::new(format!("cannot read the configuration {}: {error}", path.display())))?;
        // An organisation's file may lie anywhere; its patterns are of the repository.
        if args.config.is_none()
            && let Some(folder) = path.parent()
        {
            folder.clone_into(&mut settings.folder);
        }
        let file = settings.sources.add(relative(&settings.root, &path), text);
        let folder = relative(&settings.root, &settings.folder);
        let folder = if settings.folder == settings.root { "" } else { folder.as_str() };
        match Config::read(&settings.sources, file, folder) {
            Ok(config) => settings.config = config,
            Err(problems) => return Err(Failure::Config(settings.sources, problems)),
        }
        settings.file = Some(file);
        if settings.config.file.lock {
            settings.refuse_loosening(args)?;
        } else if args.isolated && args.config.is_none() {
            return Settings::none();
        }
        Ok(settings)
    }

    /// The rules that there are: the built-in ones, those of flags, those of the configuration.
    pub fn rules(&mut self, args: &InputArgs) -> Result<Vec<Rule>, Failure> {
        let own = self.config.file.packs.iter().map(|path| self.folder.join(path));
        let rules = packs::load(&args.rules.iter().cloned().chain(own).collect::<Vec<_>>())?;
        self.known_rules = rules.iter().map(|rule| rule.id.clone()).collect();
        let others = suppress::RULES.map(|(id, ..)| id);
        let unknown = self.file.map(|file| self.config.unknown_names(&rules, &others, file)).unwrap_or_default();
        match unknown.is_empty() {
            true => Ok(rules),
            false => Err(Failure::Config(self.sources.clone(), unknown)),
        }
    }

    /// From which severity the run fails: the flag counts before the file.
    pub fn threshold(&self, args: &ReportArgs) -> Result<Option<Severity>, Failure> {
        let own = self.config.file.fail_on.unwrap_or(FailOn::DEFAULT);
        let wanted = args.fail_on.unwrap_or(own);
        if self.config.file.lock && wanted.is_looser_than(own) {
            return Err(self.refused("--fail-on"));
        }
        Ok(wanted.threshold())
    }

    fn refuse_loosening(&self, args: &InputArgs) -> Result<(), Failure> {
        let loosening = [
            (!args.select.is_empty(), "--select"),
            (!args.ignore.is_empty(), "--ignore"),
            (!args.exclude.is_empty(), "--exclude"),
            (args.isolated && args.config.is_none(), "--isolated"),
        ];
        match loosening.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, flag)) => Err(self.refused(flag)),
            None => Ok(()),
        }
    }

    pub fn refused(&self, flag: &str) -> Failure {
        let name = self.file.map_or("iamlint.toml", |file| self.sources.path(file));
        Failure::with_help(format!("`{flag}` would loosen {name}, which has `lock = true`"), "run without the flag")
    }
}

/// The nearest configuration at or above a folder, no further up than the root.
fn find(here: &Path, root: &Path) -> Result<Option<PathBuf>, Failure> {
    let folders = here.ancestors().take_while(|folder| folder.starts_with(root));
    for folder in folders {
        let mut found = NAMES.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => {
                let text = format!("there are iamlint.toml and .iamlint.toml in {}", folder.display());
                return Err(Failure::with_help(text, "keep one of them"));
            }
            (Some(path), None) => return Ok(Some(path)),
            _ => {}
        }
    }
    Ok(None)
}
