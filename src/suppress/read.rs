//! Collects the suppressions of all files and of the configuration.

use super::problem::{bad, misspelled};
use super::{Spelling, Suppression, Suppressions, comment, metadata, peer, scope};
use crate::config::{Config, Peer};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::rules::pack::nearest;
use crate::source::{FileId, Span, Spanned};
use crate::template::Repository;
use rayon::prelude::*;

/// Every suppression, of rules whose ids are `known`; those of other tools by what `rules` replace.
pub fn read(repository: &Repository<'_>, config: &Config, known: &[&str], rules: &[Rule]) -> Suppressions {
    let files: Vec<FileId> = repository.files().collect();
    let peers = Peers { honoured: &config.file.suppressions.honour, rules };
    let each: Vec<Suppressions> = files
        .into_par_iter()
        .map(|file| {
            let mut all = of_file(repository, file, known);
            all.known.extend(peers.of_file(repository, file));
            all
        })
        .collect();
    let mut all = Suppressions { known: of_config(repository, config), problems: Vec::new() };
    for mut one in each {
        all.known.append(&mut one.known);
        all.problems.append(&mut one.problems);
    }
    all
}

fn of_file(repository: &Repository<'_>, file: FileId, known: &[&str]) -> Suppressions {
    let text = repository.text(file);
    let mut all = Suppressions::default();
    // The configuration is read for itself.
    if !text.contains("iamlint") || repository.path(file).ends_with(".toml") {
        return all;
    }
    let parsed = &repository.get(file).parsed;
    let mut found = Vec::new();
    // Where a comment belongs is looked for in the whole tree, so only for those of ours.
    for written in parsed.comments.iter().filter(|comment| comment.value.contains("iamlint:")) {
        let covered = scope::at_comment(&parsed.documents, text, written.span);
        all.add_comment(text, written.span, covered, known);
    }
    // Dockerfiles and scripts have no tree, and scripts in a template stand inside of a scalar.
    for (at, line) in lines(text).filter(|(_, line)| line.starts_with('#') && line.contains("iamlint:")) {
        let span = Span::new(file, at, at + line.len());
        if !parsed.comments.iter().any(|comment| comment.span.contains(Span::new(file, at, at + 1))) {
            all.add_comment(text, span, scope::next_command(text, file, at + line.len()), known);
        }
    }
    let Suppressions { problems, .. } = &mut all;
    metadata::read(&parsed.documents, &mut |one| found.push(one), &mut |one| problems.push(one), &mut |_, _, _| {});
    found.into_iter().for_each(|one| all.add(one, known));
    all
}

/// Other tools that the configuration says to honour, and the rules that replace theirs.
struct Peers<'c> {
    honoured: &'c [Peer],
    rules: &'c [Rule],
}

impl Peers<'_> {
    fn of_file(&self, repository: &Repository<'_>, file: FileId) -> Vec<Suppression> {
        let text = repository.text(file);
        let mut found = Vec::new();
        if !self.honoured.iter().any(|peer| text.contains(peer.name())) {
            return found;
        }
        let parsed = &repository.get(file).parsed;
        for written in parsed.comments.iter().filter(|_| self.honoured.contains(&Peer::Checkov)) {
            if let Some(said) = text.get(written.span.range()).and_then(peer::in_comment)
                && let Some(within) = scope::resource_around(&parsed.documents, written.span)
            {
                found.extend(self.suppression(Peer::Checkov, said, within, written.span));
            }
        }
        metadata::read(&parsed.documents, &mut |_| {}, &mut |_| {}, &mut |name, node, within| {
            for peer in self.honoured.iter().filter(|peer| peer.name() == name) {
                let said = peer::in_metadata(*peer, node).into_iter();
                found.extend(said.filter_map(|said| self.suppression(*peer, said, within, node.span())));
            }
        });
        found
    }

    fn suppression(&self, peer: Peer, said: peer::Said, within: Span, span: Span) -> Option<Suppression> {
        let replaces = |rule: &&Rule| rule.replaces.iter().any(|id| id.eq_ignore_ascii_case(&said.id));
        let rules: Vec<Spanned<String>> =
            self.rules.iter().filter(replaces).map(|rule| Spanned::new(rule.id.clone(), span)).collect();
        (!rules.is_empty()).then(|| Suppression {
            spelling: peer::spelling(peer),
            rules,
            within: Some(within),
            files: None,
            resource: None,
            sid: None,
            actions: said.actions,
            reason: said.reason,
            until: None,
            span,
        })
    }
}

/// The lines of a text without the blanks around them, and where each starts.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        (start, line.trim())
    })
}

fn of_config(repository: &Repository<'_>, config: &Config) -> Vec<Suppression> {
    let entries = config.ignores.iter().map(|entry| {
        let files = repository.files().filter(|file| {
            entry.files.as_ref().is_none_or(|globs| globs.is_match(repository.path(*file)))
                && *file != entry.rule.span.file
        });
        let resource = entry.resource.as_ref().map(|name| {
            let places = files.flat_map(|file| scope::entries_named(&repository.get(file).parsed.documents, name));
            (name.clone(), places.collect())
        });
        Suppression {
            spelling: Spelling::Config,
            rules: vec![entry.rule.clone()],
            within: None,
            files: entry.files.clone(),
            resource,
            sid: entry.sid.clone(),
            actions: entry.actions.clone(),
            reason: entry.reason.clone(),
            until: entry.until.clone(),
            span: entry.rule.span,
        }
    });
    entries.collect()
}

impl Suppressions {
    fn add_comment(&mut self, text: &str, span: Span, covered: Option<Span>, known: &[&str]) {
        let Some(words) = text.get(span.range()) else { return };
        match comment::read(words, span.file, span.start as usize) {
            None => {}
            Some(Err(problem)) => self.problems.push(*problem),
            Some(Ok(_)) if covered.is_none() => {
                self.problems.push(
                    bad(span, "this comment stands at nothing")
                        .with_help("write it above a statement, an entry or a command, or behind it on its line"),
                );
            }
            Some(Ok(said)) => self.add(
                Suppression {
                    spelling: Spelling::Comment,
                    rules: said.rules,
                    within: covered,
                    files: None,
                    resource: None,
                    sid: said.sid,
                    actions: said.actions,
                    reason: said.reason,
                    until: said.until,
                    span,
                },
                known,
            ),
        }
    }

    /// Takes a suppression in as far as there are its rules.
    fn add(&mut self, mut one: Suppression, known: &[&str]) {
        let (there, unknown): (Vec<_>, Vec<_>) =
            one.rules.into_iter().partition(|rule| known.contains(&rule.value.as_str()));
        self.problems.extend(unknown.iter().map(|rule| unknown_rule(rule, known)));
        one.rules = there;
        if !one.rules.is_empty() {
            self.known.push(one);
        }
    }
}

fn unknown_rule(rule: &Spanned<String>, known: &[&str]) -> Diagnostic {
    match nearest(&rule.value, known.iter().copied()) {
        Some(_) => misspelled(rule.span, "rule", &rule.value, known),
        None => bad(rule.span, format!("there is no rule `{}`", rule.value)).with_help("`iamlint rules` lists them"),
    }
}
