//! Comments that suppress findings, as edits of the files.

use super::{Spelling, Suppression, own_rule, scope};
use crate::config::quoted;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::source::{FileId, Sources, Span, Spanned};
use crate::syntax;
use std::collections::{BTreeMap, BTreeSet};

/// Edits that suppress findings in YAML, and the findings that no comment can be written for.
pub fn comments<'d>(sources: &Sources, found: &'d [Diagnostic], reason: &str) -> (Vec<Edit>, Vec<&'d Diagnostic>) {
    let mut rules_at: BTreeMap<(Span, String), BTreeSet<&str>> = BTreeMap::new();
    let mut left = Vec::new();
    let mut by_file: BTreeMap<FileId, Vec<&Diagnostic>> = BTreeMap::new();
    found.iter().for_each(|one| by_file.entry(one.primary.span.file).or_default().push(one));
    for (file, found) in by_file {
        let text = &sources.get(file).text;
        let parsed = syntax::parse(text, file);
        let takes_comments = !syntax::starts_with_bracket(text);
        for one in found {
            let own: Vec<Span> = one.actions.iter().map(|action| action.span).collect();
            let places = if own.is_empty() { vec![one.primary.span] } else { own };
            match scope::smallest_around(&parsed.documents, text, &places).filter(|_| takes_comments) {
                Some(part) => {
                    let (start, _) = scope::line_around(text, part.start as usize);
                    let actions = actions(one, &text[part.start as usize..part.end as usize]);
                    let rules = rules_at.entry((Span::new(file, start, start), actions)).or_default();
                    rules.insert(&one.rule);
                }
                None => left.push(one),
            }
        }
    }
    let edits = rules_at.into_iter().map(|((span, actions), rules)| {
        let text = &sources.get(span.file).text;
        let line = &text[span.start as usize..];
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let end = if line.split('\n').next().is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" };
        let rules = rules.into_iter().collect::<Vec<_>>().join(", ");
        Edit { span, text: format!("{indent}# iamlint: ignore[{rules}]{actions} -- {reason}{end}") }
    });
    (edits.collect(), left)
}

/// The actions that a finding is about, as a comment names them: another one that is added below it is told. Nothing
/// where the comment stands above the one action, or where a name has a space in it.
fn actions(found: &Diagnostic, part: &str) -> String {
    let mut actions: Vec<&str> = found.actions.iter().map(|action| action.value.as_str()).collect();
    actions.dedup();
    let is_above_it = actions.as_slice() == [part.trim_matches(['-', ' ', '"', '\''])];
    let has_space = actions.iter().any(|action| action.contains([' ', ',']));
    match actions.is_empty() || is_above_it || has_space {
        true => String::new(),
        false => format!(" action={}", actions.join(",")),
    }
}

/// Takes a rule out of a comment, and the comment as a whole where it names no other.
pub fn without(sources: &Sources, one: &Suppression, rule: &Spanned<String>) -> Option<Fix> {
    if one.spelling != Spelling::Comment || sources.slice(one.span).contains('\n') {
        return None;
    }
    let at = one.rules.iter().position(|other| other.span == rule.span)?;
    let span = match (at.checked_sub(1).and_then(|at| one.rules.get(at)), one.rules.get(at + 1)) {
        (_, Some(next)) => Span { end: next.span.start, ..rule.span },
        (Some(before), None) => Span { start: before.span.end, ..rule.span },
        (None, None) => {
            let text = &sources.get(one.span.file).text;
            let (before, behind) = (&text[..one.span.start as usize], &text[one.span.end as usize..]);
            let start = before.trim_end_matches([' ', '\t']).len();
            let is_whole_line = start == 0 || before[..start].ends_with('\n');
            match behind.find('\n').filter(|end| is_whole_line && behind[..*end].trim().is_empty()) {
                Some(end) => Span::new(one.span.file, start, one.span.end as usize + end + 1),
                None => Span::new(one.span.file, start, one.span.end as usize),
            }
        }
    };
    let edits = vec![Edit { span, text: String::new() }];
    Some(Fix { title: "remove it".into(), applicability: Applicability::Safe, edits })
}

/// Whether a finding is about a suppression itself.
pub fn is_of_suppressions(found: &Diagnostic) -> bool {
    own_rule(&found.rule).is_some()
}

/// Entries of the configuration in `folder` that suppress findings in files that take no comment.
pub fn entries(sources: &Sources, folder: &str, found: &[Diagnostic], reason: &str) -> String {
    let one = |found: &Diagnostic| {
        let mut actions: Vec<&str> = found.actions.iter().map(|action| action.value.as_str()).collect();
        actions.dedup();
        let path = sources.path(found.primary.span.file);
        let path = globset::escape(path.strip_prefix(folder).unwrap_or(path));
        let rules = std::iter::once(&found.rule).chain(&found.also);
        let entry = rules.map(|rule| {
            let mut entry = format!("\n[[ignore]]\nrule = {}\npath = {}\n", quoted(rule), quoted(&path));
            if !found.about.is_empty() {
                entry.push_str(&format!("resource = {}\n", quoted(&found.about)));
            }
            if !actions.is_empty() && found.also.is_empty() {
                let actions: Vec<String> = actions.iter().map(|action| quoted(action)).collect();
                entry.push_str(&format!("action = [{}]\n", actions.join(", ")));
            }
            entry + &format!("reason = {}\n", quoted(reason))
        });
        entry.collect::<String>()
    };
    found.iter().map(one).collect()
}
