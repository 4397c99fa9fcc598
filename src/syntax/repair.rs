//! A text with an error of syntax is mended as far as a guess is safe, read, and the guess is said.
//! One diagnostic tells the first error; the lines that were mended for it are listed in it.

mod json;
mod line;

pub use json::parse_json;

use super::{Parsed, looks_like_text_template, problem, yaml};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::source::{LineIndex, OffsetMap, Run, Span};
use std::collections::BTreeMap;

/// After this many mended places the rest of the file is left out.
const MAX_REPAIRS: usize = 8;

/// How many bytes may be read again in search of a repair: a large broken file gets few tries.
const REREAD_BUDGET: usize = 16 << 20;

/// YAML, mended where it has to be.
pub fn parse_yaml(text: &str, origin: &OffsetMap) -> Parsed {
    let first = yaml::parse(text, origin);
    let Some(error) = first.error else { return first.parsed };
    if looks_like_text_template(text) {
        return Parsed { text_template: true, ..Parsed::default() };
    }
    if error.too_deep {
        let span = origin.span(error.offset..error.offset);
        let found = problem(span, "nested more deeply than 255 levels", "not read from here on")
            .with_help("flatten the structure; no template that AWS takes is nested so deeply");
        let mut parsed = first.parsed;
        parsed.problems.push(found);
        return parsed;
    }
    let mut repair =
        Repair { text, origin, lines: LineIndex::new(text), edits: BTreeMap::new(), budget: REREAD_BUDGET };
    let mut diagnostic: Option<Diagnostic> = None;
    let mut mended = Vec::new();
    let mut last = yaml::YamlTree { parsed: first.parsed, error: Some(error) };
    while let Some(error) = last.error.take() {
        if mended.len() >= MAX_REPAIRS {
            let (line, _) = repair.error_line(error.offset);
            note(&mut diagnostic, format!("nothing is read from line {line} on"));
            if let Some(found) = &mut diagnostic {
                found.fix = None;
            }
            break;
        }
        let step = repair.mend(&error);
        match &mut diagnostic {
            None => diagnostic = Some(step.diagnostic),
            Some(found) => {
                found.notes.push(format!("line {} too: {}", step.line, step.diagnostic.message));
                join(&mut found.fix, step.diagnostic.fix);
            }
        }
        mended.push(step.span);
        last = step.tree;
    }
    let mut parsed = last.parsed;
    // A line that was left out may have opened the mapping that the second of two keys belongs to.
    let parts = |found: &Diagnostic| {
        let lost = found.labels.iter().map(|label| label.span.start).max();
        mended.iter().any(|span| lost.is_some_and(|lost| lost < span.start && span.start < found.primary.span.start))
    };
    parsed.problems.retain(|found| !(super::is_duplicate_key(found) && parts(found)));
    parsed.problems.extend(diagnostic);
    parsed.repaired = mended;
    parsed
}

/// A text is mended as a whole or not at all.
fn join(fix: &mut Option<Fix>, next: Option<Fix>) {
    match (fix.as_mut(), next) {
        (Some(fix), Some(next)) => {
            fix.title = format!("{}; {}", fix.title, next.title);
            fix.applicability = fix.applicability.max(next.applicability);
            // A line may be moved twice: what was done last is what is read.
            fix.edits.retain(|edit| next.edits.iter().all(|other| other.span.start != edit.span.start));
            fix.edits.extend(next.edits);
        }
        _ => *fix = None,
    }
}

fn note(diagnostic: &mut Option<Diagnostic>, text: String) {
    if let Some(found) = diagnostic {
        found.notes.push(text);
    }
}

/// What is read already as if it were so.
fn fix(title: String, edits: Vec<Edit>) -> Fix {
    Fix { title, applicability: Applicability::Safe, edits }
}

/// By offset into the text: how many bytes go, and what stands there instead.
type Edits = BTreeMap<usize, (usize, String)>;

struct Repair<'t> {
    text: &'t str,
    origin: &'t OffsetMap,
    lines: LineIndex,
    edits: Edits,
    budget: usize,
}

/// A column that was tried, the offset that the reader reached, what it read, and the changes.
type Attempt = (usize, usize, yaml::YamlTree, Edits);

struct Step {
    diagnostic: Diagnostic,
    tree: yaml::YamlTree,
    /// The lines that were changed.
    span: Span,
    line: usize,
}

impl Repair<'_> {
    fn mend(&mut self, error: &yaml::YamlError) -> Step {
        let (line, range) = self.error_line(error.offset);
        self.blank_lines()
            .or_else(|| self.directive(line, error))
            .or_else(|| self.tab_on_next_line(line, error))
            .or_else(|| self.quote_value(line, error))
            .or_else(|| self.missing_colon(line))
            .or_else(|| self.align(line, error.offset))
            .or_else(|| self.close_bracket(line))
            .unwrap_or_else(|| self.leave_out(line, range, error))
    }

    /// A flow collection that is still open where the next line starts: `Subnets: [a, b`.
    fn close_bracket(&mut self, error_line: usize) -> Option<Step> {
        let (line, range, open) = (error_line.saturating_sub(3).max(1)..=error_line).rev().find_map(|line| {
            let range = self.lines.range(self.text, line)?;
            let open = open_brackets(&self.text[range.clone()]);
            (!open.is_empty() && !self.edits.contains_key(&range.end)).then_some((line, range, open))
        })?;
        let closing: String = open.iter().rev().map(|(_, bracket)| if *bracket == '[' { ']' } else { '}' }).collect();
        let mut edits = self.edits.clone();
        edits.insert(range.end, (0, closing.clone()));
        let tree = self.read(&edits)?;
        let (_, end) = self.lines.range(self.text, error_line).map(|range| (range.start, range.end))?;
        if tree.error.as_ref().is_some_and(|error| error.offset <= end) {
            return None;
        }
        self.edits = edits;
        let at = range.start + open.first().map_or(0, |(at, _)| *at);
        let mut found = problem(self.origin.span(at..at + 1), "this bracket is never closed", "opened here")
            .with_help(format!("end line {line} with `{closing}`"));
        let end = self.origin.span(range.end..range.end);
        found.fix = Some(fix("close the bracket".into(), vec![Edit { span: end, text: closing }]));
        found.subject = format!("open bracket: {}", self.text[range.clone()].trim());
        found.notes.push("the file is analysed as if this were mended".into());
        Some(Step { diagnostic: found, tree, span: self.origin.span(range), line })
    }

    /// The line at which the error is, or the last before it that has anything on it.
    fn error_line(&self, offset: usize) -> (usize, std::ops::Range<usize>) {
        let mut line = self.lines.line(offset.min(self.text.len()));
        loop {
            let range = self.lines.range(self.text, line).unwrap_or(0..0);
            let is_gone = self.edits.get(&range.start).is_some_and(|(gone, _)| *gone == range.len());
            if line == 1 || !(self.text[range.clone()].trim().is_empty() || is_gone) {
                return (line, range);
            }
            line -= 1;
        }
    }

    /// A key that is indented by a column too few or too many, with the lines that hang on it:
    ///
    /// ```yaml
    /// - - Type: EVENT
    ///    Pattern: PUSH
    /// ```
    fn align(&mut self, line: usize, offset: usize) -> Option<Step> {
        let range = self.lines.range(self.text, line)?;
        let content = &self.text[range.clone()];
        let indent = content.len() - content.trim_start().len();
        let with_tabs = content[..indent].contains('\t');
        let last = self.last_line_of_block(line, indent, with_tabs);
        let mut best: Option<Attempt> = None;
        for column in self.columns_above(line, indent, with_tabs) {
            let mut edits = self.edits.clone();
            for inner in line..=last {
                let start = self.lines.range(self.text, inner)?.start;
                edits.insert(start, self.reindent(inner, indent, column)?);
            }
            let tree = self.read(&edits)?;
            let reached = tree.error.as_ref().map_or(usize::MAX, |error| error.offset);
            if best.as_ref().is_none_or(|(_, before, ..)| reached > *before) {
                best = Some((column, reached, tree, edits));
            }
            if reached == usize::MAX {
                break;
            }
        }
        let (column, reached, tree, edits) = best?;
        let end = self.lines.range(self.text, last)?.end;
        if reached <= end.max(offset) {
            return None;
        }
        self.edits = edits;
        let key_len = content[indent..].find([':', ' ']).unwrap_or(content.len() - indent);
        let key = self.origin.span(range.start + indent..range.start + indent + key_len);
        let span = self.origin.span(range.start..end);
        Some(Step { diagnostic: self.misaligned(line, last, column, key), tree, span, line })
    }

    fn misaligned(&self, line: usize, last: usize, column: usize, key: Span) -> Diagnostic {
        let content = self.lines.range(self.text, line).map_or("", |range| &self.text[range]);
        let indent = content.len() - content.trim_start().len();
        let name = content.trim().split(':').next().unwrap_or_default();
        let lines = if last > line { format!("lines {line} to {last}") } else { format!("line {line}") };
        let (message, help) = if content[..indent].contains('\t') {
            let help = match last > line {
                true => format!("indent {lines} with spaces, the first with {column}"),
                false => format!("indent {lines} with {}", count(column, "space")),
            };
            (format!("`{name}` is indented with a tab, which YAML forbids"), help)
        } else {
            let by = column.abs_diff(indent);
            let way = if column > indent { "to the right" } else { "to the left" };
            let amount = count(by, "column");
            (format!("`{name}` does not line up with the keys beside it"), format!("move {lines} {way} by {amount}"))
        };
        let edits = (line..=last).filter_map(|inner| {
            let range = self.lines.range(self.text, inner)?;
            let (gone, text) = self.edits.get(&range.start)?;
            Some(Edit { span: self.origin.span(range.start..range.start + gone), text: text.clone() })
        });
        let label = format!("starts in column {}, the keys beside it in column {}", indent + 1, column + 1);
        let mut found = problem(key, message, label).with_help(help.clone());
        // By more than a column the line may belong to another level.
        let is_evident = column.abs_diff(indent) == 1 && !content[..indent].contains('\t');
        let applicability = if is_evident { Applicability::Safe } else { Applicability::Unsafe };
        found.fix = Some(Fix { applicability, ..fix(help, edits.collect()) });
        found.subject = format!("indentation of {name}");
        found.notes.push("the file is analysed as if this were mended".into());
        found
    }

    /// The error's line is read as if it were blank.
    fn leave_out(&mut self, line: usize, range: std::ops::Range<usize>, error: &yaml::YamlError) -> Step {
        let mut edits = self.edits.clone();
        edits.insert(range.start, (range.len(), " ".repeat(range.len())));
        self.edits = edits;
        let tree =
            self.read(&self.edits.clone()).unwrap_or_else(|| yaml::YamlTree { parsed: Parsed::default(), error: None });
        let content = &self.text[range.clone()];
        let indent = content.len() - content.trim_start().len();
        let place = error.offset.clamp(range.start + indent, range.end.max(range.start + indent));
        let span = self.origin.span(place..range.end.max(place));
        let message = lower_first(&error.message).replace('\'', "`").replace("`\\u{0}`", "`NUL`");
        let mut found = problem(span, format!("this is not YAML: {message}"), "not understood")
            .with_help(advice(&self.text[place..range.end.max(place)], content));
        found.subject = format!("not YAML: {}", content.trim());
        found.notes.push(format!("the file is analysed without line {line}"));
        Step { diagnostic: found, tree, span: self.origin.span(range), line }
    }

    fn read(&mut self, edits: &Edits) -> Option<yaml::YamlTree> {
        self.budget = self.budget.checked_sub(self.text.len())?;
        let (text, map) = patched(self.text, edits, self.origin);
        let mut tree = yaml::parse(&text, &self.origin.compose(&map, text.len()));
        if let Some(error) = &mut tree.error {
            // Back to an offset of the text as it is written.
            error.offset = map.span(error.offset..error.offset).start as usize;
        }
        Some(tree)
    }

    /// The lines that belong to the one that is moved: deeper ones, and siblings as deep.
    fn last_line_of_block(&self, line: usize, indent: usize, with_tabs: bool) -> usize {
        let mut last = line;
        for next in line + 1..=self.lines.count() {
            let content = self.lines.range(self.text, next).map_or("", |range| &self.text[range]);
            if content.trim().is_empty() {
                continue;
            }
            let own = content.len() - content.trim_start().len();
            if own < indent || (with_tabs && !content[..own].contains('\t')) {
                break;
            }
            last = next;
        }
        last
    }

    /// The columns (0-based) in which something starts on the lines above, nearest to `indent` first.
    fn columns_above(&self, line: usize, indent: usize, with_tabs: bool) -> Vec<usize> {
        let mut columns: Vec<usize> = Vec::new();
        let mut outermost = usize::MAX;
        for above in (1..line).rev() {
            let content = self.lines.range(self.text, above).map_or("", |range| &self.text[range]);
            let trimmed = content.trim_start_matches(' ');
            if trimmed.is_empty() || trimmed.starts_with(['#', '\t']) || content.len() - trimmed.len() >= outermost {
                continue;
            }
            let mut column = content.len() - trimmed.len();
            outermost = column;
            columns.push(column);
            let mut rest = trimmed;
            while let Some(item) = rest.strip_prefix("- ") {
                column += 2 + (item.len() - item.trim_start().len());
                rest = item.trim_start();
                columns.push(column);
            }
            if outermost == 0 || columns.len() > 12 {
                break;
            }
        }
        columns.retain(|column| *column != indent || with_tabs);
        columns.sort_by_key(|column| (column.abs_diff(indent), std::cmp::Reverse(*column)));
        columns.dedup();
        columns.truncate(4);
        if with_tabs {
            // Below `Key:` stands something deeper.
            let parent = (1..line).rev().filter_map(|above| self.lines.range(self.text, above));
            let parent = parent.map(|range| &self.text[range]).find(|content| !content.trim().is_empty());
            if let Some(parent) = parent.filter(|content| content.trim_end().ends_with(':')) {
                columns.insert(0, parent.len() - parent.trim_start().len() + 2);
            }
        }
        columns
    }

    /// The change that moves one line of a block from `indent` to `column`.
    fn reindent(&self, line: usize, indent: usize, column: usize) -> Option<(usize, String)> {
        let range = self.lines.range(self.text, line)?;
        let content = &self.text[range];
        let own = content.len() - content.trim_start().len();
        Some((own, " ".repeat((own + column).saturating_sub(indent))))
    }
}

/// The brackets of a line that it does not close, with their offsets; quoted text is passed over.
fn open_brackets(line: &str) -> Vec<(usize, char)> {
    let mut open = Vec::new();
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(mark), _) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if line[..at].ends_with(' ') => break,
            (None, '[' | '{') => open.push((at, c)),
            (None, ']' | '}') => {
                open.pop();
            }
            _ => {}
        }
    }
    open
}

/// The text with its edits made, and where its parts stood before.
fn patched(text: &str, edits: &Edits, origin: &OffsetMap) -> (String, OffsetMap) {
    let mut out = String::with_capacity(text.len() + 64);
    let mut runs = Vec::new();
    let mut at = 0;
    let mut run = |out: &str, source: usize, decoded_len: usize, source_len: usize| {
        if decoded_len > 0 {
            let decoded = (out.len() - decoded_len) as u32;
            let (decoded_len, source_len) = (decoded_len as u32, source_len as u32);
            runs.push(Run { decoded, source: source as u32, decoded_len, source_len });
        }
    };
    // An edit inside a line that is left out as a whole has nothing left to change.
    for (start, (gone, inserted)) in edits {
        if *start < at {
            continue;
        }
        out.push_str(&text[at..*start]);
        run(&out, at, start - at, start - at);
        out.push_str(inserted);
        run(&out, *start, inserted.len(), *gone);
        at = start + gone;
    }
    out.push_str(&text[at..]);
    run(&out, at, text.len() - at, text.len() - at);
    (out, OffsetMap::from_runs(origin.file(), runs))
}

/// What most often is wrong with a line that is no YAML.
fn advice(rest: &str, line: &str) -> &'static str {
    let content = line.trim();
    if rest.starts_with(|c: char| c.is_control() && c != '\t') {
        "delete the control character"
    } else if line.contains('\t') {
        "indent with spaces: YAML forbids tabs"
    } else if content.matches(": ").count() > 1 {
        "quote the value: `: ` inside a plain value starts a new mapping"
    } else if content.contains('[') != content.contains(']') || content.contains('{') != content.contains('}') {
        "close the bracket that is open"
    } else if content.matches('"').count() % 2 == 1 || content.matches('\'').count() % 2 == 1 {
        "close the quote that is open"
    } else {
        "check the indentation of this line and the colon behind its key"
    }
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("one {what}") } else { format!("{number} {what}s") }
}
