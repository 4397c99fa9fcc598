//! Slips of one line that have a sure cause, each with its own words.

use super::{Repair, Step, fix};
use crate::diagnostic::Edit;
use crate::syntax::{problem, yaml};

impl Repair<'_> {
    /// Lines that look blank and are not: a no-break space starts a value.
    pub(super) fn blank_lines(&mut self) -> Option<Step> {
        let mut edits = self.edits.clone();
        let mut first = None;
        for line in 1..=self.lines.count() {
            let range = self.lines.range(self.text, line)?;
            let content = &self.text[range.clone()];
            if content.trim().is_empty() && !content.is_ascii() && !edits.contains_key(&range.start) {
                first.get_or_insert((line, range.clone()));
                edits.insert(range.start, (range.len(), String::new()));
            }
        }
        let (line, range) = first?;
        let tree = self.read(&edits)?;
        self.edits = edits;
        let span = self.origin.span(range);
        let mut found = problem(span, "a line that looks blank holds a no-break space", "not blank")
            .with_help("delete what stands on this line");
        found.fix = Some(fix("empty the line".into(), vec![Edit { span, text: String::new() }]));
        found.subject = "no-break space".into();
        found.notes.push("the file is analysed as if this were mended".into());
        Some(Step { diagnostic: found, tree, span, line })
    }

    /// `%YAML 1.1` without the `---` that must follow.
    pub(super) fn directive(&mut self, error_line: usize, error: &yaml::YamlError) -> Option<Step> {
        let line = (1..=error_line).find(|line| {
            self.lines.range(self.text, *line).is_some_and(|range| {
                self.text[range.clone()].starts_with('%') && !self.edits.contains_key(&range.start)
            })
        })?;
        if !error.message.contains("document start") && line != error_line {
            return None;
        }
        let range = self.lines.range(self.text, line)?;
        let mut step = self.leave_out(line, range.clone(), error);
        let span = self.origin.span(range);
        step.diagnostic.primary.span = span;
        step.diagnostic.message = "a directive without the `---` that starts the document".into();
        step.diagnostic.help = Some("write `---` on the line behind the directive, or delete the directive".into());
        Some(step)
    }

    /// The scanner meets a tab while it is still busy with the value of the line above.
    pub(super) fn tab_on_next_line(&mut self, line: usize, error: &yaml::YamlError) -> Option<Step> {
        if !error.message.contains("tab") {
            return None;
        }
        let range = self.lines.range(self.text, line + 1)?;
        let content = &self.text[range.clone()];
        let indent = &content[..content.len() - content.trim_start().len()];
        if !indent.contains('\t') || content.trim().is_empty() {
            return None;
        }
        self.align(line + 1, error.offset)
    }

    /// A plain value that starts with a character that has a meaning of its own: `Resource: *`.
    pub(super) fn quote_value(&mut self, line: usize, error: &yaml::YamlError) -> Option<Step> {
        let range = self.lines.range(self.text, line)?;
        let content = self.text[range.clone()].trim_end();
        let (_, value) = content.rsplit_once(": ").or_else(|| content.rsplit_once("- "))?;
        let at = range.start + content.len() - value.trim_start().len();
        let value = value.trim_start();
        let is_special = match value.chars().next()? {
            '%' | '@' | '`' => true,
            '*' => !value[1..].starts_with(|c: char| c.is_alphanumeric()),
            _ => false,
        };
        if !is_special || content.contains(['"', '\'', '#', '{', '[']) || self.edits.contains_key(&at) {
            return None;
        }
        let mut edits = self.edits.clone();
        // Quotes are put around, so that the characters between them keep their places.
        edits.insert(at, (0, "'".into()));
        edits.insert(at + value.len(), (0, "'".into()));
        let tree = self.read(&edits)?;
        if tree.error.as_ref().is_some_and(|next| next.offset <= error.offset.max(range.end)) {
            return None;
        }
        self.edits = edits;
        let quoted = format!("'{value}'");
        let span = self.origin.span(at..at + value.len());
        let mut found =
            problem(span, format!("a plain value must not start with `{}`", &value[..1]), "not a plain value")
                .with_help(format!("put it in quotes: `{quoted}`"));
        found.fix = Some(fix("put it in quotes".into(), vec![Edit { span, text: quoted }]));
        found.subject = format!("to be quoted: {}", content.trim());
        found.notes.push("the file is analysed as if this were mended".into());
        Some(Step { diagnostic: found, tree, span, line })
    }

    /// A line among keys that has no colon; the next key is where the reader notices.
    ///
    /// ```yaml
    /// Type String
    /// Default: x
    /// ```
    pub(super) fn missing_colon(&mut self, error_line: usize) -> Option<Step> {
        let above = (1..error_line).rev().find(|line| {
            let range = self.lines.range(self.text, *line).unwrap_or(0..0);
            !self.text[range].trim().is_empty()
        })?;
        let (range, below) = (self.lines.range(self.text, above)?, self.lines.range(self.text, error_line)?);
        let indent = |content: &str| content.len() - content.trim_start().len();
        let content = &self.text[range.clone()];
        let name = content.trim();
        let is_bare = !name.contains(':') && !name.starts_with(['-', '#', '\'', '"', '|', '>']);
        if !is_bare || indent(content) != indent(&self.text[below.clone()]) || self.edits.contains_key(&range.start) {
            return None;
        }
        let mut edits = self.edits.clone();
        edits.insert(range.start, (range.len(), " ".repeat(range.len())));
        let tree = self.read(&edits)?;
        if tree.error.as_ref().is_some_and(|next| next.offset <= below.end) {
            return None;
        }
        self.edits = edits;
        let span = self.origin.span(range.start + indent(content)..range.start + content.trim_end().len());
        let mut found = problem(span, format!("`{name}` is no key with a value"), "no colon")
            .with_help("write a colon behind the key, or quote the text above it as one value");
        found.subject = format!("no colon: {name}");
        found.notes.push(format!("the file is analysed without line {above}"));
        Some(Step { diagnostic: found, tree, span, line: above })
    }
}
