//! What a repository wants of a run: levels of rules, paths, thresholds. Reads the text of
//! `iamlint.toml`, and says at its line what is wrong with it; finding the file is the business of `cli`.

mod file;
mod globs;
mod parameters;

pub use file::{ConfigFile, FailOn, Ignore, Level, OneOrMore, PathSettings, Peer, SuppressionSettings};
pub use globs::globs;
pub use parameters::{EnvironmentValues, of_file};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::model::Given;
use crate::rules::Rule;
use crate::rules::pack::{suggest, suggest_key};
use crate::source::{FileId, Sources, Span, Spanned};
use crate::template::below_root;
use globset::GlobSet;
use jiff::civil::Date;
use std::collections::BTreeMap;
use toml::Spanned as Placed;

/// The id under which problems of the configuration are reported.
pub const BAD_CONFIG: &str = "bad-configuration";

/// A configuration that can be gone by. The default is that of a repository without a file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What is written, for those who ask for plain values.
    pub file: ConfigFile,
    pub include: GlobSet,
    pub exclude: GlobSet,
    levels: Vec<RuleLevel>,
    /// Accounts of paths, with the length of the pattern.
    accounts: Vec<(GlobSet, usize, String)>,
    deployers: Vec<Spanned<String>>,
    break_glass: Vec<Spanned<String>>,
    /// Environments, and the values of parameters in them.
    pub environments: Vec<EnvironmentValues>,
    /// Values of parameters that count before all others.
    pub over: BTreeMap<String, String>,
    /// Starts of addresses and the folders below the root that they stand for.
    pub includes: Vec<(String, String)>,
    /// The entries `[[ignore]]`.
    pub ignores: Vec<IgnoreEntry>,
}

/// One entry `[[ignore]]`; what is `None` or empty does not limit it.
#[derive(Clone, Debug)]
pub struct IgnoreEntry {
    pub rule: Spanned<String>,
    pub files: Option<GlobSet>,
    pub resource: Option<String>,
    pub sid: Option<String>,
    pub actions: Vec<String>,
    pub reason: Option<String>,
    pub until: Option<Spanned<Date>>,
}

/// The level of one rule, or of all rules of one pack.
#[derive(Clone, Debug)]
struct RuleLevel {
    name: String,
    level: Level,
    /// Only below these paths; and the pattern, of which the longest counts.
    below: Option<(GlobSet, usize)>,
    span: Span,
}

/// A file with the commented settings that `iamlint config --init` writes.
pub const TEMPLATE: &str = include_str!("config/template.toml");

impl Config {
    /// Reads a configuration whose patterns are relative to `folder`.
    pub fn read(sources: &Sources, file: FileId, folder: &str) -> Result<Config, Vec<Diagnostic>> {
        let text = &sources.get(file).text;
        let written: ConfigFile = toml::from_str(text).map_err(|error| vec![typed_error(&error, text, file)])?;
        let mut reader = Reader { file, folder, problems: Vec::new() };
        let mut levels = reader.levels(&written.rules, None);
        let mut accounts = Vec::new();
        for (pattern, settings) in &written.paths {
            let below = reader.globs(std::slice::from_ref(pattern)).map(|globs| (globs, pattern.get_ref().len()));
            if let (Some(account), Some((globs, length))) = (&settings.account, &below) {
                accounts.extend(reader.account(account).map(|account| (globs.clone(), *length, account)));
            }
            levels.extend(reader.levels(&settings.rules, below));
        }
        written.trusted_accounts.iter().for_each(|account| _ = reader.account(account));
        let deployment = &written.deployment;
        let names = |told: &[Placed<String>]| -> Vec<Spanned<String>> {
            told.iter().map(|told| Spanned::new(told.get_ref().clone(), span(file, told))).collect()
        };
        let (deployers, break_glass) = (names(&deployment.principals), names(&deployment.break_glass));
        if let Some(strict) = deployment.strict.as_ref().filter(|strict| *strict.get_ref() && deployers.is_empty()) {
            let message = "`strict` without `principals` says that nobody deploys";
            reader.problems.push(error(span(file, strict), message, "name who deploys beside it"));
        }
        let ignores = written.ignore.iter().map(|entry| reader.ignore(entry)).collect();
        let environments = written.environments.iter().map(|(name, one)| EnvironmentValues {
            name: name.clone(),
            files: reader.globs(&one.paths).filter(|_| !one.paths.is_empty()),
            values: parameters::plain(&one.parameters),
            unread: one.file.clone(),
        });
        let environments = environments.collect();
        let includes = written.includes.iter().filter_map(|(start, target)| reader.include(start, target)).collect();
        let include = reader.globs(&written.include).unwrap_or_default();
        let exclude = reader.globs(&written.exclude).unwrap_or_default();
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        let over = BTreeMap::new();
        Ok(Config {
            file: written,
            include,
            exclude,
            levels,
            accounts,
            deployers,
            break_glass,
            environments,
            over,
            includes,
            ignores,
        })
    }

    /// Names of rules and packs in it that there are not.
    ///
    /// `others` are ids of findings that no pack holds.
    pub fn unknown_names(&self, rules: &[Rule], others: &[&str], file: FileId) -> Vec<Diagnostic> {
        let select = self.file.select.iter().map(|name| (name.get_ref().as_str(), span(file, name)));
        let levels = self.levels.iter().map(|level| (level.name.as_str(), level.span));
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).chain(others.iter().copied()).collect();
        let packs: Vec<&str> = rules.iter().map(|rule| rule.pack.as_str()).chain(ids.iter().copied()).collect();
        let names = select.chain(levels).filter(|(name, _)| !packs.contains(name));
        let mut wrong: Vec<Diagnostic> =
            names.map(|(name, span)| unknown_rule(name, span, "no rule and no pack", &packs)).collect();
        let ignored = self.ignores.iter().filter(|entry| !ids.contains(&entry.rule.value.as_str()));
        wrong.extend(ignored.map(|entry| unknown_rule(&entry.rule.value, entry.rule.span, "no rule", &ids)));
        wrong
    }

    /// The level that the findings of a rule have in a file, when it is not the rule's own.
    pub fn level(&self, rule: &str, pack: &str, path: &str) -> Option<Level> {
        self.level_at(rule, pack, Some(path))
    }

    /// The same; without a path, that of all paths.
    fn level_at(&self, rule: &str, pack: &str, path: Option<&str>) -> Option<Level> {
        let fits = |level: &&RuleLevel| {
            let is_below = |globs: &GlobSet| path.is_some_and(|path| globs.is_match(path));
            (level.name == rule || level.name == pack) && level.below.as_ref().is_none_or(|(globs, _)| is_below(globs))
        };
        let weight = |level: &&RuleLevel| (level.below.as_ref().map(|(_, length)| *length), level.name == rule);
        self.levels.iter().filter(fits).max_by_key(weight).map(|level| level.level)
    }

    /// Whether a rule has no findings anywhere, so that it need not be asked.
    pub fn is_off(&self, rule: &Rule) -> bool {
        let own = self.levels.iter().filter(|level| level.name == rule.id || level.name == rule.pack);
        let mut anywhere = own.filter(|level| level.below.is_some());
        !anywhere.any(|level| level.level != Level::Off)
            && self.level_at(&rule.id, &rule.pack, None) == Some(Level::Off)
    }

    /// A rule that the user asks for by name runs, whatever the file says of all paths.
    pub fn switch_on(&mut self, rule: &Rule) {
        let is_off = |level: &RuleLevel| level.level == Level::Off && level.below.is_none();
        self.levels.retain(|level| !(is_off(level) && (level.name == rule.id || level.name == rule.pack)));
    }

    /// Findings at the levels that the configuration gives them; without those that are switched off.
    pub fn apply_levels(&self, sources: &Sources, rules: &[Rule], found: &mut Vec<Diagnostic>) {
        if self.levels.is_empty() {
            return;
        }
        let packs: BTreeMap<&str, &str> = rules.iter().map(|rule| (rule.id.as_str(), rule.pack.as_str())).collect();
        found.retain_mut(|diagnostic| {
            let pack = packs.get(diagnostic.rule.as_str()).copied().unwrap_or_default();
            match self.level(&diagnostic.rule, pack, sources.path(diagnostic.primary.span.file)) {
                None => true,
                Some(level) => level.severity().map(|severity| diagnostic.severity = severity).is_some(),
            }
        });
    }

    /// What the model is told of the world outside of the files.
    pub fn given(&self, sources: &Sources) -> Given {
        let account = |path: &str| {
            let fits = self.accounts.iter().filter(|(globs, ..)| globs.is_match(path));
            fits.max_by_key(|(_, length, _)| *length).map(|(.., account)| account.clone())
        };
        let trusted = self.file.trusted_accounts.iter().map(|account| account.get_ref());
        Given {
            // Whoever has the account of a path has its other accounts too.
            trusted_accounts: trusted.chain(self.accounts.iter().map(|(.., account)| account)).cloned().collect(),
            accounts: sources.iter().map(|(_, source)| account(&source.path)).collect(),
            deployers: self.deployers.clone(),
            is_strict: self.file.deployment.strict.as_ref().is_some_and(|strict| *strict.get_ref()),
            is_strict_sso: self.file.deployment.strict_sso,
            break_glass: self.break_glass.clone(),
        }
    }

    /// What is written, with its defaults, as TOML.
    pub fn shown(&self) -> String {
        let file = ConfigFile { fail_on: self.file.fail_on.or(Some(FailOn::DEFAULT)), ..self.file.clone() };
        toml::to_string(&file).unwrap_or_else(|error| format!("# {error}\n"))
    }
}

/// The JSON schema of the configuration.
pub fn schema() -> String {
    let schema = schemars::schema_for!(ConfigFile);
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text + "\n"
}

/// A text as the configuration writes it.
pub fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Whether a name means a rule, by its id or by its pack.
pub fn is_named(rule: &Rule, name: &str) -> bool {
    rule.id == name || rule.pack == name
}

/// Turns what is written into what can be gone by, and keeps what is wrong with it.
struct Reader<'f> {
    file: FileId,
    folder: &'f str,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn levels(&mut self, written: &BTreeMap<Placed<String>, Level>, below: Option<(GlobSet, usize)>) -> Vec<RuleLevel> {
        let level = |(name, level): (&Placed<String>, &Level)| RuleLevel {
            name: name.get_ref().clone(),
            level: *level,
            below: below.clone(),
            span: span(self.file, name),
        };
        written.iter().map(level).collect()
    }

    fn include(&mut self, start: &Placed<String>, target: &str) -> Option<(String, String)> {
        let Some(folder) = below_root(self.folder, target) else {
            let message = format!("`{target}` lies outside of the repository");
            self.problems.push(error(span(self.file, start), &message, "what this stands for"));
            return None;
        };
        let start = start.get_ref();
        let is_folder = start.ends_with('/') && !folder.is_empty();
        Some((start.clone(), if is_folder { format!("{folder}/") } else { folder }))
    }

    fn account(&mut self, written: &Placed<String>) -> Option<String> {
        let account = written.get_ref();
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if !is_account {
            let message = format!("`{account}` is no account: it has 12 digits");
            self.problems.push(error(span(self.file, written), &message, "this account"));
        }
        is_account.then(|| account.clone())
    }

    fn ignore(&mut self, entry: &Ignore) -> IgnoreEntry {
        let until = entry.until.as_ref().and_then(|until| {
            let place = span(self.file, until);
            let written = until.get_ref();
            let date = written.date.filter(|_| written.time.is_none()).and_then(|date| {
                Date::new(date.year.try_into().ok()?, date.month.try_into().ok()?, date.day.try_into().ok()?).ok()
            });
            if date.is_none() {
                self.problems.push(error(place, "this is no date", "such as 2027-01-31"));
            }
            Some(Spanned::new(date?, place))
        });
        IgnoreEntry {
            rule: Spanned::new(entry.rule.get_ref().clone(), span(self.file, &entry.rule)),
            files: entry.path.as_ref().and_then(|path| self.globs(std::slice::from_ref(path))),
            resource: entry.resource.clone(),
            sid: entry.sid.clone(),
            actions: match &entry.action {
                None => Vec::new(),
                Some(OneOrMore::One(action)) => vec![action.clone()],
                Some(OneOrMore::More(actions)) => actions.clone(),
            },
            reason: entry.reason.clone().filter(|reason| !reason.trim().is_empty()),
            until,
        }
    }

    fn globs(&mut self, patterns: &[Placed<String>]) -> Option<GlobSet> {
        for pattern in patterns {
            if let Err(message) = globs(self.folder, [pattern.get_ref().as_str()]) {
                self.problems.push(error(span(self.file, pattern), &message, "this pattern"));
            }
        }
        globs(self.folder, patterns.iter().map(|pattern| pattern.get_ref().as_str())).ok()
    }
}

fn span<T>(file: FileId, placed: &Placed<T>) -> Span {
    Span::new(file, placed.span().start, placed.span().end)
}

fn unknown_rule(name: &str, span: Span, there_is: &str, known: &[&str]) -> Diagnostic {
    let found = error(span, &format!("there is {there_is} `{name}`"), "unknown rule");
    match crate::rules::pack::nearest(name, known.iter().copied()) {
        Some(_) => suggest(found, name, known),
        None => found.with_help("`iamlint rules` lists them"),
    }
}

/// An error of the TOML reader, at its place.
fn typed_error(problem: &toml::de::Error, text: &str, file: FileId) -> Diagnostic {
    let range = problem.span().unwrap_or(0..0);
    let place = Span::new(file, range.start.min(text.len()), range.end.min(text.len()));
    let message = problem.message().lines().next().unwrap_or_default();
    let (message, label) = match message.split(", expected").next().unwrap_or_default().strip_prefix("unknown field ") {
        Some(key) => (format!("iamlint.toml has no key {key} here"), "unknown key"),
        None => (format!("this is no configuration: {message}"), "here"),
    };
    suggest_key(error(place, &message, label), problem.message())
}

fn error(span: Span, message: &str, label: &str) -> Diagnostic {
    let mut found = Diagnostic::new(BAD_CONFIG, Severity::High, message.to_owned(), Label::new(span, label));
    found.subject = message.to_owned();
    found
}
