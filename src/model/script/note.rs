//! Comments above commands that say what these use: `# iamlint: uses s3:GetObject on arn:…`. Those of
//! YAML and those of the shell look the same.

use crate::source::{FileId, Span, Spanned};
use crate::template::Repository;
use std::collections::{HashMap, HashSet};

/// What a comment starts with.
const MARK: &str = "iamlint: uses ";

/// The comments that were given to a command, and the files that have any.
#[derive(Default)]
pub struct Notes {
    has_any: HashMap<FileId, bool>,
    given: HashSet<Span>,
}

impl Notes {
    /// What the comments on the lines above say. Of several commands in a line, and of several runs
    /// of a script, the first is told.
    pub fn above(&mut self, repository: Option<&Repository<'_>>, span: Span) -> Vec<Spanned<String>> {
        let Some(repository) = repository else { return Vec::new() };
        let text = repository.text(span.file);
        if !*self.has_any.entry(span.file).or_insert_with(|| text.contains(MARK)) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut end = text.get(..span.start as usize).and_then(|before| before.rfind('\n'));
        while let Some(line_end) = end {
            let start = text[..line_end].rfind('\n').map_or(0, |at| at + 1);
            let line = &text[start..line_end];
            let Some(comment) = line.trim().strip_prefix('#') else { break };
            if let Some(told) = comment.trim_start().strip_prefix(MARK) {
                let at = start + line.find(told).unwrap_or_default();
                let place = Span::new(span.file, at, at + told.len());
                if self.given.insert(place) {
                    found.push(Spanned::new(told.trim().to_owned(), place));
                }
            }
            end = start.checked_sub(1);
        }
        found.reverse();
        found
    }
}
