//! Finding and reading the configuration of a run, and what flags may do to it.

use super::Failure;
use super::args::{InputArgs, ReportArgs};
use super::discover::{normal, relative, repository_root};
use super::packs;
use crate::baseline::NAME;
use crate::config::{Config, FailOn, of_file};
use crate::diagnostic::Severity;
use crate::rules::Rule;
use crate::source::{FileId, Sources};
use crate::suppress;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The names that a configuration is found by.
pub const NAMES: [&str; 2] = ["iamlint.toml", ".iamlint.toml"];

/// The configuration of a run, and the file it stands in.
#[derive(Clone, Default)]
pub struct Settings {
    pub config: Config,
    /// Holds the file of the configuration, when there is one, and nothing else.
    pub sources: Sources,
    pub file: Option<FileId>,
    /// A flag names that file; it was not just found.
    is_named: bool,
    /// The folder that its paths are relative to.
    pub folder: PathBuf,
    /// The root of the repository.
    pub root: PathBuf,
    pub here: PathBuf,
    /// The file of the baseline: one that is named, or the one at the root where there is one.
    pub baseline: Option<PathBuf>,
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
        let Some(path) = path else { return settings.with_flags(args) };
        settings.is_named = args.config.is_some();
        settings.stay_inside(&path)?;
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
            return Settings::none()?.with_flags(args);
        }
        settings.read_parameters()?;
        settings.with_flags(args)
    }

    /// The rules that there are: the built-in ones, those of flags, those of the configuration.
    pub fn rules(&mut self, args: &InputArgs) -> Result<Vec<Rule>, Failure> {
        let mut paths = args.rules.clone();
        for path in &self.config.file.packs {
            paths.push(self.path_of(path)?);
        }
        let rules = packs::load(&paths)?;
        self.known_rules = rules.iter().map(|rule| rule.id.clone()).collect();
        let others = suppress::RULES.map(|rule| rule.id);
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

    /// Files of parameters that environments name.
    fn read_parameters(&mut self) -> Result<(), Failure> {
        let mut environments = std::mem::take(&mut self.config.environments);
        for one in &mut environments {
            let Some(name) = one.unread.take() else { continue };
            let path = self.path_of(&name)?;
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Failure::new(format!("cannot read the parameters {}: {error}", path.display())))?;
            let mut values = of_file(&text)
                .map_err(|problem| Failure::new(format!("{} holds no parameters: {problem}", path.display())))?;
            values.append(&mut one.values);
            one.values = values;
        }
        self.config.environments = environments;
        Ok(())
    }

    /// A path as the configuration writes it.
    fn path_of(&self, written: &str) -> Result<PathBuf, Failure> {
        let path = normal(&self.folder.join(written));
        self.stay_inside(&path).map(|()| path)
    }

    /// A configuration that was found, and not named, is as much trusted as the repository: nothing
    /// outside of it is read for it, by a path or by a link.
    fn stay_inside(&self, path: &Path) -> Result<(), Failure> {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_inside = path.starts_with(&self.root) && real(path).starts_with(real(&self.root));
        if self.is_named || is_inside || !path.exists() && path.starts_with(&self.root) {
            return Ok(());
        }
        let shown = relative(&self.root, path);
        Err(Failure::with_help(
            format!("`{shown}` lies outside of the repository"),
            "name the configuration with `--config` to let it",
        ))
    }

    fn with_flags(mut self, args: &InputArgs) -> Result<Settings, Failure> {
        self.config.over = parameters(&args.param)?;
        let named = args.baseline.as_ref().map(|path| normal(&self.here.join(path)));
        let written = self.config.file.baseline.as_ref().map(|path| self.path_of(path)).transpose()?;
        let at_root = Some(self.root.join(NAME)).filter(|path| path.is_file() && !self.config.file.lock);
        self.baseline = named.or(written).or(at_root);
        Ok(self)
    }

    fn refuse_loosening(&self, args: &InputArgs) -> Result<(), Failure> {
        let loosening = [
            (!args.select.is_empty(), "--select"),
            (!args.ignore.is_empty(), "--ignore"),
            (!args.exclude.is_empty(), "--exclude"),
            (args.baseline.is_some(), "--baseline"),
            (!args.param.is_empty(), "--param"),
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

/// `NAME=VALUE`, as flags have it.
fn parameters(flags: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |flag: &String| match flag.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::with_help(format!("`{flag}` is no parameter"), "write it as `--param Name=value`")),
    };
    flags.iter().map(pair).collect()
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
