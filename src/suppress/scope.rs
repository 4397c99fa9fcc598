//! What a suppression covers: nodes of a tree, lines of a script, and the statements that findings
//! stand in.

use crate::diagnostic::Diagnostic;
use crate::iam::{PolicyDocument, Statement};
use crate::model::Model;
use crate::source::{FileId, Span};
use crate::syntax::{Kind, Node};
use std::collections::HashMap;

/// One place that a finding speaks of.
pub struct Place<'m> {
    pub span: Span,
    /// The action that is granted there, as it is written.
    pub action: Option<String>,
    pub sid: Option<&'m str>,
    /// The role or the resource that the statement belongs to.
    pub owner: Option<&'m str>,
}

/// The statements of all policies, by file.
pub struct Statements<'m>(HashMap<FileId, Vec<(&'m Statement, &'m str)>>);

impl<'m> Statements<'m> {
    pub fn of(model: &'m Model) -> Statements<'m> {
        let mut all: HashMap<FileId, Vec<(&Statement, &str)>> = HashMap::new();
        let mut add = |document: &'m PolicyDocument, owner: &'m str| {
            for statement in &document.statements {
                all.entry(statement.span.file).or_default().push((statement, owner));
            }
        };
        model.policies.iter().for_each(|policy| add(&policy.document, &policy.owner.name));
        for principal in &model.principals {
            principal.trust.iter().for_each(|trust| add(trust, &principal.logical_id.value));
        }
        Statements(all)
    }

    /// The innermost statement around a place, with its owner.
    fn at(&self, span: Span) -> Option<(&'m Statement, &'m str)> {
        let around = self.0.get(&span.file)?.iter().filter(|(statement, _)| statement.span.contains(span));
        around.min_by_key(|(statement, _)| statement.span.end - statement.span.start).copied()
    }

    /// Every place of a finding, all of which have to be covered: a second action of a statement is
    /// not hidden by what was said of the first.
    pub fn places(&self, found: &Diagnostic) -> Vec<Place<'m>> {
        let place = |span: Span, action: Option<String>| {
            let at = self.at(span);
            let sid = at.and_then(|(statement, _)| statement.sid_text());
            Place { span, action, sid, owner: at.map(|(_, owner)| owner) }
        };
        if !found.actions.is_empty() {
            return found.actions.iter().map(|action| place(action.span, Some(action.value.clone()))).collect();
        }
        let primary = found.primary.span;
        let actions = self.at(primary).and_then(|(statement, _)| statement.actions.as_ref());
        let patterns = actions.map(|actions| actions.patterns.as_slice()).unwrap_or_default();
        let own: Vec<_> = patterns.iter().filter(|pattern| pattern.span().contains(primary)).collect();
        let meant = if own.is_empty() { patterns.iter().collect() } else { own };
        if meant.is_empty() {
            return vec![place(primary, None)];
        }
        meant.iter().map(|pattern| place(primary, Some(pattern.text().display().into_owned()))).collect()
    }
}

/// An entry or an item of a tree, as a comment can stand at it.
fn each_part(node: &Node, visit: &mut impl FnMut(Span)) {
    match node.kind() {
        Kind::Null | Kind::Scalar(_) | Kind::Unreadable(_) => {}
        Kind::Sequence(items) => {
            for item in items {
                visit(item.site());
                if item.site() == item.span() {
                    each_part(item, visit);
                }
            }
        }
        Kind::Mapping(entries) => {
            for entry in entries.iter().filter(|entry| !entry.merged) {
                visit(entry.key.span().to(entry.value.site()));
                if entry.value.site() == entry.value.span() {
                    each_part(&entry.value, visit);
                }
            }
        }
    }
}

/// What a comment covers: the outermost part that starts on its line, or the next part when the
/// comment stands alone.
pub fn at_comment(documents: &[Node], text: &str, comment: Span) -> Option<Span> {
    let (start, end) = line_around(text, comment.start as usize);
    let stands_alone = text[start..comment.start as usize].trim().is_empty();
    let fits = |span: Span| match stands_alone {
        true => span.start >= comment.end,
        false => (start..end).contains(&(span.start as usize)),
    };
    let mut best: Option<Span> = None;
    for document in documents {
        each_part(document, &mut |span| {
            if span.file == comment.file && fits(span) && best.is_none_or(|best| is_sooner(span, best)) {
                best = Some(span);
            }
        });
    }
    best
}

/// Starts before the other, or with it and holds it.
fn is_sooner(span: Span, other: Span) -> bool {
    (span.start, std::cmp::Reverse(span.end)) < (other.start, std::cmp::Reverse(other.end))
}

/// The parts that comments above their line cover, the smallest around all `places`.
pub fn smallest_around(documents: &[Node], text: &str, places: &[Span]) -> Option<Span> {
    let mut best: Option<Span> = None;
    for document in documents {
        each_part(document, &mut |span| {
            let (start, _) = line_around(text, span.start as usize);
            // Only what stands before it on its line are dashes of lists.
            let is_first = text
                .get(start..span.start as usize)
                .is_some_and(|before| before.trim().trim_matches(['-', ' ']).is_empty());
            let holds = places.iter().all(|place| span.contains(*place));
            if is_first && holds && best.is_none_or(|best| span.end - span.start < best.end - best.start) {
                best = Some(span);
            }
        });
    }
    let found = best?;
    // A list in a list: the comment reaches the outermost part of its line.
    let (start, end) = line_around(text, found.start as usize);
    let mut outermost = found;
    for document in documents {
        each_part(document, &mut |span| {
            if (start..end).contains(&(span.start as usize)) && is_sooner(span, outermost) {
                outermost = span;
            }
        });
    }
    Some(outermost)
}

/// The resource of a template that a comment stands in: the last that starts before it.
pub fn resource_around(documents: &[Node], comment: Span) -> Option<Span> {
    let resources = documents.iter().filter_map(|document| document.get("Resources")?.entries()).flatten();
    let before =
        resources.map(|entry| entry.key.span().to(entry.value.site())).filter(|span| span.start <= comment.start);
    before.max_by_key(|span| span.start)
}

/// The entries of a tree with a key, as a whole.
pub fn entries_named(documents: &[Node], key: &str) -> Vec<Span> {
    let mut found = Vec::new();
    for document in documents {
        document.walk(&mut |node| {
            let entries = node.entries().unwrap_or_default().iter().filter(|entry| entry.key.as_str() == Some(key));
            found.extend(entries.map(|entry| entry.key.span().to(entry.value.site())));
        });
    }
    found
}

/// The bytes of the line that `at` lies on, without its end.
pub fn line_around(text: &str, at: usize) -> (usize, usize) {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    (start, end)
}

/// The next line below a comment that is none itself, with the lines that continue it.
pub fn next_command(text: &str, file: FileId, comment_end: usize) -> Option<Span> {
    let mut at = comment_end;
    loop {
        at += text.get(at..)?.find('\n')? + 1;
        let (_, end) = line_around(text, at);
        let line = text[at..end].trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut last = end;
        while text[..last].trim_end().ends_with('\\') && last < text.len() {
            last = line_around(text, last + 1).1;
        }
        return Some(Span::new(file, at, last));
    }
}
