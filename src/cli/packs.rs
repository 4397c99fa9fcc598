//! The rules of a run: the built-in packs, the user's own, and what is selected of them.

use super::Failure;
use super::args::InputArgs;
use super::settings::Settings;
use crate::config::is_named;
use crate::diagnostic::Diagnostic;
use crate::rules::pack::{self, nearest};
use crate::rules::{Rule, builtin};
use crate::source::Sources;
use std::path::{Path, PathBuf};

/// Built-in rules and those of the user's packs. An id that is taken twice is refused.
pub fn load(packs: &[PathBuf]) -> Result<Vec<Rule>, Failure> {
    let mut rules = builtin::rules().to_vec();
    let mut sources = Sources::new();
    let mut problems: Vec<Diagnostic> = Vec::new();
    for path in packs {
        let file = sources.add(path.to_string_lossy(), read(path)?);
        let (loaded, found) = pack::load(&sources, file);
        problems.extend(found);
        for rule in loaded {
            match rules.iter().find(|known| known.id == rule.id) {
                Some(known) => return Err(taken(path, &rule, known)),
                None => rules.push(rule),
            }
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(Failure::Problems(sources, problems)) }
}

/// The rules that a run asks. What flags select counts before what the configuration does.
pub fn selected(input: &InputArgs, settings: &mut Settings) -> Result<Vec<Rule>, Failure> {
    let mut rules = settings.rules(input)?;
    let names = |rule: &Rule, name: &String| is_named(rule, name);
    for name in input.select.iter().chain(&input.ignore) {
        if !rules.iter().any(|rule| names(rule, name)) {
            return Err(unknown(name, &rules));
        }
    }
    let config = &mut settings.config;
    let written: Vec<String> = config.file.select.iter().map(|name| name.get_ref().clone()).collect();
    let select = if input.select.is_empty() { &written } else { &input.select };
    rules.retain(|rule| {
        if input.select.iter().any(|name| names(rule, name)) {
            config.switch_on(rule);
        }
        let is_named = select.iter().any(|name| names(rule, name));
        let is_selected = is_named || (select.is_empty() && !rule.on_request);
        is_selected && !input.ignore.iter().any(|name| names(rule, name)) && !config.is_off(rule)
    });
    Ok(rules)
}

pub fn unknown(name: &str, rules: &[Rule]) -> Failure {
    let known = rules.iter().flat_map(|rule| [rule.id.as_str(), rule.pack.as_str()]);
    let help = match nearest(name, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`iamlint rules` lists them".to_owned(),
    };
    Failure::with_help(format!("there is no rule and no pack `{name}`"), help)
}

fn taken(path: &Path, rule: &Rule, known: &Rule) -> Failure {
    let text = format!("{}: the id `{}` is taken by a rule of the pack `{}`", path.display(), rule.id, known.pack);
    Failure::with_help(text, "give the rule an id of its own")
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read the rule pack {}: {error}", path.display())))
}
