//! Findings for a terminal, drawn by miette. The only file that names it.
//!
//! miette draws one source for each diagnostic, so every further file of a finding is a related
//! diagnostic, nested below the first. Its wrapping breaks words and its footer comes before what is
//! related; both are done here.

use super::excerpt::{self, Excerpt, Mark};
use super::finding::{self, Footnote};
use super::ink::{self, Ink};
use super::{Scene, Style, words};
use crate::diagnostic::{Diagnostic, Severity};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents, ThemeCharacters, ThemeStyles,
};
use rayon::prelude::*;
use std::fmt;
use std::ops::Range;

pub fn findings(scene: &Scene, diagnostics: &[Diagnostic]) -> String {
    diagnostics.par_iter().map(|diagnostic| finding(scene, diagnostic) + "\n").collect::<Vec<_>>().concat()
}

fn finding(scene: &Scene, diagnostic: &Diagnostic) -> String {
    framed(scene, diagnostic, heading(scene, diagnostic))
}

/// The source of a diagnostic and its footnotes, under a heading of one's own.
pub fn framed(scene: &Scene, diagnostic: &Diagnostic, heading: String) -> String {
    let mut excerpts = excerpt::excerpts(scene, diagnostic);
    excerpts.iter_mut().for_each(part_marks);
    let mut parts = excerpts.iter().enumerate().map(|(index, excerpt)| Part {
        heading: if index == 0 { heading.clone() } else { String::new() },
        severity: diagnostic.severity,
        labels: excerpt.marks.iter().map(|mark| label(scene.style, excerpt, mark, index > 0)).collect(),
        excerpt,
        related: Vec::new(),
    });
    let mut out = String::new();
    if let Some(mut first) = parts.next() {
        first.related = parts.collect();
        let handler = handler(scene.style, diagnostic.severity, &first.labels);
        if handler.render_report(&mut out, &first).is_err() {
            // miette draws what the excerpts give it; were it ever to refuse, the finding is still told.
            out = format!("  {} ({})\n", first.heading, finding::place(scene, diagnostic.primary.span));
        }
    }
    for note in finding::footnotes(scene, diagnostic, excerpt::left_out(diagnostic)) {
        out.push_str(&footnote(scene.style, &note));
    }
    out
}

/// `critical[rule]: message`, wrapped.
fn heading(scene: &Scene, diagnostic: &Diagnostic) -> String {
    let style = scene.style;
    let tag = format!("{}[{}]", diagnostic.severity, words::one_line(&diagnostic.rule));
    let text = words::wrap(&format!("{tag}: {}", finding::message(diagnostic)), style.width.saturating_sub(4));
    let message = text.strip_prefix(&tag).unwrap_or(&text);
    let tag = ink::paint(style, Ink::Severity(diagnostic.severity), &tag);
    ink::link(style, diagnostic.url.as_deref(), &tag) + &ink::paint(style, Ink::Strong, message)
}

fn footnote(style: &Style, note: &Footnote) -> String {
    let indent = note.key.len() + 3;
    let text = words::wrap(&note.text, style.width.saturating_sub(indent).max(32));
    let text = text.replace('\n', &format!("\n{:indent$}", ""));
    format!("  {} {text}\n", ink::paint(style, Ink::Key, note.key))
}

/// Leaves no two marks of a line on top of each other: miette would draw the later one beside what it
/// marks. The shorter keeps its place, since it is the more exact; of the longer the first free
/// stretch stays marked.
fn part_marks(excerpt: &mut Excerpt) {
    let marks = &mut excerpt.marks;
    let over_lines = |mark: &Mark| excerpt.text.get(mark.range.clone()).is_some_and(|text| text.contains('\n'));
    let mut order: Vec<usize> = (0..marks.len()).filter(|index| !over_lines(&marks[*index])).collect();
    order.sort_by_key(|index| (marks[*index].range.len(), !marks[*index].primary));
    let mut taken: Vec<(Range<usize>, usize)> = Vec::new();
    let mut merged = Vec::new();
    for index in order {
        let wanted = marks[index].range.clone();
        // An empty mark is drawn one column wide.
        let end = wanted.end.max(wanted.start + 1);
        let holder = |offset: usize| taken.iter().find(|(range, _)| range.contains(&offset));
        let mut start = wanted.start;
        while let Some((range, _)) = holder(start) {
            start = range.end;
        }
        match holder(wanted.start) {
            Some((_, into)) if start >= end => merged.push((index, *into)),
            _ => {
                let next = taken.iter().map(|(range, _)| range.start).filter(|next| *next > start).min();
                let end = next.map_or(end, |next| next.min(end));
                taken.push((start..end, index));
                marks[index].range = if wanted.is_empty() { start..start } else { start..end };
            }
        }
    }
    for (from, into) in &merged {
        merge(marks, *from, *into);
    }
    let mut index = 0..;
    marks.retain(|_| {
        let at = index.next();
        merged.iter().all(|(from, _)| Some(*from) != at)
    });
}

/// Says at one mark what stands at another too; the place of the cause stays that of the finding.
fn merge(marks: &mut [Mark], from: usize, into: usize) {
    let (text, primary, position) = (marks[from].text.clone(), marks[from].primary, marks[from].position);
    let mark = &mut marks[into];
    let texts = if primary { [text, std::mem::take(&mut mark.text)] } else { [std::mem::take(&mut mark.text), text] };
    let texts: Vec<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    mark.text = texts.join("; ");
    if primary {
        (mark.primary, mark.position) = (true, position);
    }
}

/// A label whose text is wrapped in the room to the right of where miette puts it: below the middle
/// of what it marks.
fn label(style: &Style, excerpt: &Excerpt, mark: &Mark, nested: bool) -> LabeledSpan {
    let before = excerpt.text.get(..mark.range.start).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let middle = before[line_start..].chars().count() + mark.range.len() / 2;
    let frame = if nested { 18 } else { 12 };
    let text = words::wrap(&mark.text, style.width.saturating_sub(middle + frame).max(36));
    let text = Some(text).filter(|text| !text.is_empty());
    let span = (mark.range.start, mark.range.len());
    if mark.primary { LabeledSpan::new_primary_with_span(text, span) } else { LabeledSpan::new_with_span(text, span) }
}

/// Everything is set: miette's defaults look at the environment and print hyperlinks.
fn handler(style: &Style, severity: Severity, labels: &[LabeledSpan]) -> GraphicalReportHandler {
    let mut theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    if style.color {
        let styles = &mut theme.styles;
        let (cause, other) = (
            match severity {
                Severity::Critical => styles.error.bold(),
                Severity::High => styles.error,
                Severity::Medium => styles.warning,
                Severity::Low => styles.advice,
                Severity::Info => styles.advice.blue(),
            },
            styles.advice,
        );
        (styles.error, styles.warning, styles.advice) = (cause, cause, cause);
        // miette hands these out in the order of places.
        let mut places: Vec<_> = labels.iter().map(|label| (label.offset(), label.primary())).collect();
        places.sort_unstable();
        styles.highlights = places.iter().map(|(_, primary)| if *primary { cause } else { other }).collect();
    }
    GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_wrap_lines(false)
        // Nothing is wrapped to it, yet miette subtracts indents from it without a check.
        .with_width(style.width.max(200))
        .with_show_related_as_nested(true)
        .without_syntax_highlighting()
}

/// The part of a finding that lies in one file.
#[derive(Debug)]
struct Part<'a> {
    /// Empty for all but the first.
    heading: String,
    severity: Severity,
    labels: Vec<LabeledSpan>,
    excerpt: &'a Excerpt,
    related: Vec<Part<'a>>,
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.heading)
    }
}

impl std::error::Error for Part<'_> {}

impl miette::Diagnostic for Part<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Critical | Severity::High => miette::Severity::Error,
            Severity::Medium => miette::Severity::Warning,
            Severity::Low | Severity::Info => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn miette::Diagnostic> + 'b>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|part| part as &dyn miette::Diagnostic)))
    }
}

impl SourceCode for Excerpt {
    /// Without context miette asks for the line and column of its header; with context, for the
    /// text to draw, which is the block. A span over two blocks is refused: miette then draws two.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let block = self.block_at(span.offset());
        let (Some(first), Some(last)) = (block.first(), block.last()) else { return Err(MietteError::OutOfBounds) };
        let range = first.range.start..last.range.end;
        // A mark ends before the line break of its line, so this one reaches into another block.
        if span.offset() + span.len() >= range.end {
            return Err(MietteError::OutOfBounds);
        }
        let asked = |mark: &&Mark| mark.range.start == span.offset() && mark.range.len() == span.len();
        let (line, column) = match self.marks.iter().find(asked) {
            Some(mark) if lines_before + lines_after == 0 => (mark.position.line - 1, mark.position.column - 1),
            _ => (first.number - 1, 0),
        };
        let data = &self.text.as_bytes()[range.clone()];
        let span = SourceSpan::from(range);
        Ok(Box::new(MietteSpanContents::new_named(self.path.clone(), data, span, line, column, block.len())))
    }
}
