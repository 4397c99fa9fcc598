//! Changes of texts, worked out to the byte: a name is written anew, an item of a list goes. What
//! cannot be changed without a guess is not changed, and the reason is told.

mod removal;

use crate::diagnostic::{Applicability, Edit, Fix};
use crate::source::{FileId, Sources, Span};
use crate::syntax::{Node, Parsed};
use std::collections::BTreeMap;

/// A change as an analysis means it, before anybody looked at the text.
#[derive(Clone, Debug)]
pub struct Change {
    /// What it does, as an order.
    pub title: String,
    pub applicability: Applicability,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub enum Step {
    /// `to` for `from`, in the quotes that are there.
    Rename { span: Span, from: String, to: String },
    /// The item of a list that stands there goes, and its comma or its line with it.
    Remove(Span),
    /// A text at a place that the analysis has looked at itself.
    Write(Edit),
}

impl Change {
    pub fn new(applicability: Applicability, title: impl Into<String>, steps: Vec<Step>) -> Change {
        Change { title: title.into(), applicability, steps }
    }

    pub fn rename(applicability: Applicability, title: &str, span: Span, from: &str, to: &str) -> Change {
        Change::new(applicability, title, vec![Step::Rename { span, from: from.to_owned(), to: to.to_owned() }])
    }
}

/// Why a change cannot be made.
pub type Obstacle = &'static str;

const ELSEWHERE: Obstacle = "the text is not written there as it is meant";
const BROKEN: Obstacle = "the file has an error of syntax, which has to be mended first";
const ALIASED: Obstacle = "an alias or a merge key repeats this text elsewhere";
const FOR_EACH: Obstacle = "a loop repeats this text";
const REPEATED: Obstacle = "the text may be used in several places";

/// Sections of a template whose values are used elsewhere.
const SECTIONS_FOR_OTHERS: [&str; 5] = ["Globals", "Mappings", "Parameters", "custom", "params"];

/// The texts of a run, with the trees of those that are YAML or JSON.
pub struct Texts<'s> {
    sources: &'s Sources,
    parsed: &'s dyn Fn(FileId) -> Option<&'s Parsed>,
    /// Places that stand for several, by the files that were looked at for them.
    repeated: BTreeMap<FileId, Vec<(Span, Obstacle)>>,
}

impl<'s> Texts<'s> {
    pub fn new(sources: &'s Sources, parsed: &'s dyn Fn(FileId) -> Option<&'s Parsed>) -> Texts<'s> {
        Texts { sources, parsed, repeated: BTreeMap::new() }
    }

    /// The edits of a change.
    pub fn work_out(&mut self, change: &Change) -> Result<Fix, Obstacle> {
        let mut edits = Vec::new();
        let mut gone = Vec::new();
        for step in &change.steps {
            match step {
                Step::Rename { span, from, to } => edits.push(rename(self.sources, *span, from, to)?),
                Step::Remove(span) => gone.push(*span),
                Step::Write(edit) => edits.push(edit.clone()),
            }
        }
        for span in edits.iter().map(|edit| edit.span).chain(gone.iter().copied()) {
            self.is_alone(span)?;
        }
        if let Some(first) = gone.first() {
            let parsed = (self.parsed)(first.file).ok_or(removal::NO_ITEM)?;
            edits.extend(removal::edits(&parsed.documents, &self.sources.get(first.file).text, &gone)?);
        }
        edits.sort_by_key(|edit| edit.span);
        Ok(Fix { title: change.title.clone(), applicability: change.applicability, edits })
    }

    /// Whether what stands there is meant there and nowhere else.
    fn is_alone(&mut self, span: Span) -> Result<(), Obstacle> {
        let Some(parsed) = (self.parsed)(span.file) else { return Ok(()) };
        if !parsed.repaired.is_empty() {
            return Err(BROKEN);
        }
        let repeated = self.repeated.entry(span.file).or_insert_with(|| repeated(parsed));
        let around = repeated.iter().find(|(place, _)| place.start <= span.start && span.end <= place.end);
        around.map_or(Ok(()), |(_, obstacle)| Err(*obstacle))
    }
}

/// Writes `to` for `from`. Where `from` does not stand in the file letter by letter, nobody can tell
/// what an edit of the span would change.
fn rename(sources: &Sources, span: Span, from: &str, to: &str) -> Result<Edit, Obstacle> {
    let written = sources.slice(span);
    let quoted = ['"', '\''].iter().find_map(|quote| written.strip_prefix(*quote)?.strip_suffix(*quote));
    if quoted.unwrap_or(written) != from {
        return Err(ELSEWHERE);
    }
    let start = span.start as usize + usize::from(quoted.is_some());
    Ok(Edit { span: Span::new(span.file, start, start + from.len()), text: to.to_owned() })
}

/// Places whose text is used more than once: anchors, what is merged, loops, and sections that exist
/// to be used elsewhere.
fn repeated(parsed: &Parsed) -> Vec<(Span, Obstacle)> {
    let mut found = Vec::new();
    let mut note = |node: &Node| {
        if node.site() != node.span() {
            found.push((node.span(), ALIASED));
        }
    };
    let mut merged = Vec::new();
    for document in &parsed.documents {
        document.walk(&mut |node| {
            node.items().unwrap_or_default().iter().for_each(&mut note);
            for entry in node.entries().unwrap_or_default() {
                note(&entry.value);
                if entry.merged {
                    merged.push((entry.key.span().to(entry.value.span()), ALIASED));
                } else if entry.key.as_str().is_some_and(|key| key.starts_with("Fn::ForEach")) {
                    merged.push((entry.value.span(), FOR_EACH));
                }
            }
        });
        for section in SECTIONS_FOR_OTHERS.iter().filter_map(|name| document.get(name)) {
            merged.push((section.span(), REPEATED));
        }
    }
    found.extend(merged);
    found
}

/// Whether two changes cannot both be made: they touch the same bytes, or insert at the same place.
pub fn collide(left: &[Edit], right: &[Edit]) -> bool {
    left.iter().any(|one| {
        right.iter().any(|other| {
            let (one, other) = (one.span, other.span);
            let overlap = one.start < other.end && other.start < one.end;
            one.file == other.file && (overlap || one.start == other.start)
        })
    })
}

/// The files with edits made that do not collide; they keep their ids.
pub fn applied<'e>(sources: &Sources, edits: impl IntoIterator<Item = &'e Edit>) -> Sources {
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    edits.into_iter().for_each(|edit| by_file.entry(edit.span.file).or_default().push(edit));
    let mut changed = sources.clone();
    for (file, mut edits) in by_file {
        edits.sort_by_key(|edit| edit.span);
        let old = &sources.get(file).text;
        let mut text = String::with_capacity(old.len() + 64);
        let mut at = 0;
        for edit in edits {
            text.push_str(old.get(at..edit.span.start as usize).unwrap_or_default());
            text.push_str(&edit.text);
            at = edit.span.end as usize;
        }
        text.push_str(old.get(at..).unwrap_or_default());
        changed.replace(file, text);
    }
    changed
}

#[cfg(test)]
mod tests;
