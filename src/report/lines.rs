//! Findings for logs and editors, drawn by codespan-reporting. The only file that names it.

use super::excerpt::{self, Excerpt};
use super::finding;
use super::ink::{self, Ink};
use super::{Scene, Style, words};
use crate::diagnostic::{Diagnostic, Severity};
use codespan_reporting::diagnostic::{self as codespan, LabelStyle};
use codespan_reporting::files::{Error, Files, Location};
use codespan_reporting::term::{self, Chars, Config, DisplayStyle, WriteStyle};
use std::io;
use std::ops::Range;

/// `path:line:column: severity[rule]: message (id, confidence)`.
pub fn short(scene: &Scene, diagnostics: &[Diagnostic]) -> String {
    let config = config(scene.style, DisplayStyle::Short);
    let line = |diagnostic: &Diagnostic| {
        let message = words::one_line(&diagnostic.message);
        let id = diagnostic.id(scene.sources);
        let message = format!("{message} ({id}, {})", diagnostic.confidence);
        draw(scene, &config, diagnostic, excerpt::of_cause(scene, diagnostic), message, Vec::new())
    };
    diagnostics.iter().map(line).collect()
}

/// A frame for each file with all its labels, then the footnotes.
pub fn rich(scene: &Scene, diagnostics: &[Diagnostic]) -> String {
    let config = config(scene.style, DisplayStyle::Rich);
    let frame = |diagnostic: &Diagnostic| {
        let notes = finding::footnotes(scene, diagnostic, excerpt::left_out(diagnostic)).into_iter();
        let width = scene.style.width.saturating_sub(6).max(32);
        let notes = notes.map(|note| words::wrap(&format!("{} {}", note.key, note.text), width)).collect();
        let excerpts = excerpt::excerpts(scene, diagnostic);
        draw(scene, &config, diagnostic, excerpts, finding::message(diagnostic), notes)
    };
    diagnostics.iter().map(frame).collect()
}

fn config(style: &Style, display_style: DisplayStyle) -> Config {
    let chars = if style.unicode { Chars::box_drawing() } else { Chars::ascii() };
    Config { display_style, chars, ..Config::default() }
}

fn draw(
    scene: &Scene,
    config: &Config,
    diagnostic: &Diagnostic,
    excerpts: Vec<Excerpt>,
    message: String,
    notes: Vec<String>,
) -> String {
    let shelf = Shelf { excerpts };
    let drawn = codespan::Diagnostic::new(severity(diagnostic.severity))
        .with_code(words::one_line(&diagnostic.rule))
        .with_message(message)
        .with_labels(shelf.labels())
        .with_notes(notes);
    let mut pen = Pen { out: Vec::new(), style: scene.style, severity: diagnostic.severity, names_severity: false };
    match term::emit_to_write_style(&mut pen, config, &shelf, &drawn) {
        Ok(()) => String::from_utf8_lossy(&pen.out).into_owned(),
        // codespan draws what the excerpts give it; were it ever to refuse, the finding is still told.
        Err(_) => {
            let place = finding::place(scene, diagnostic.primary.span);
            format!("{place}: {}[{}]: {}\n", diagnostic.severity, diagnostic.rule, drawn.message)
        }
    }
}

/// codespan's own scale; what is written and how it is painted is the business of [`Pen`].
fn severity(severity: Severity) -> codespan::Severity {
    match severity {
        Severity::Critical => codespan::Severity::Bug,
        Severity::High => codespan::Severity::Error,
        Severity::Medium => codespan::Severity::Warning,
        Severity::Low => codespan::Severity::Help,
        Severity::Info => codespan::Severity::Note,
    }
}

/// The excerpts of one finding as files. Lines have the index they have in the real file, so that
/// codespan sees which of them follow each other.
struct Shelf {
    excerpts: Vec<Excerpt>,
}

impl Shelf {
    fn labels(&self) -> Vec<codespan::Label<usize>> {
        let marks =
            self.excerpts.iter().enumerate().flat_map(|(id, excerpt)| excerpt.marks.iter().map(move |m| (id, m)));
        marks
            .map(|(id, mark)| {
                let style = if mark.primary { LabelStyle::Primary } else { LabelStyle::Secondary };
                codespan::Label::new(style, id, mark.range.clone()).with_message(&mark.text)
            })
            .collect()
    }

    fn excerpt(&self, id: usize) -> Result<&Excerpt, Error> {
        self.excerpts.get(id).ok_or(Error::FileMissing)
    }
}

impl<'a> Files<'a> for Shelf {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.excerpt(id)?.path)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.excerpt(id)?.text)
    }

    fn line_index(&'a self, id: usize, offset: usize) -> Result<usize, Error> {
        let lines = &self.excerpt(id)?.lines;
        let line = lines.iter().find(|line| line.range.contains(&offset)).or(lines.last());
        line.map(|line| line.number - 1).ok_or(Error::FileMissing)
    }

    fn line_range(&'a self, id: usize, index: usize) -> Result<Range<usize>, Error> {
        let line = self.excerpt(id)?.lines.iter().find(|line| line.number == index + 1);
        // codespan fills a gap of one line by itself; a line without text is not in the excerpt.
        Ok(line.map_or(0..0, |line| line.range.clone()))
    }

    /// The place in the real file: a column of an excerpt would be wrong where a line was cut.
    fn location(&'a self, id: usize, offset: usize) -> Result<Location, Error> {
        let mark = self.excerpt(id)?.marks.iter().find(|mark| mark.range.start == offset);
        let position = mark.ok_or(Error::FileMissing)?.position;
        Ok(Location { line_number: position.line, column_number: position.column })
    }
}

/// Takes what codespan writes, and paints it where colour is wanted.
struct Pen<'a> {
    out: Vec<u8>,
    style: &'a Style,
    severity: Severity,
    /// The next thing written is codespan's name of the severity, which gives way to ours:
    /// it has no `critical`.
    names_severity: bool,
}

impl Pen<'_> {
    fn ink(&mut self, ink: Ink) -> io::Result<()> {
        self.escape(ink::code(ink))
    }

    fn escape(&mut self, sequence: &str) -> io::Result<()> {
        if self.style.color {
            self.out.extend_from_slice(sequence.as_bytes());
        }
        Ok(())
    }
}

impl io::Write for Pen<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let named = std::mem::take(&mut self.names_severity);
        self.out.extend_from_slice(if named { self.severity.name().as_bytes() } else { bytes });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteStyle for Pen<'_> {
    fn set_header(&mut self, _: codespan::Severity) -> io::Result<()> {
        self.names_severity = true;
        self.ink(Ink::Severity(self.severity))
    }

    fn set_header_message(&mut self) -> io::Result<()> {
        self.escape(ink::RESET)?;
        self.ink(Ink::Strong)
    }

    fn set_line_number(&mut self) -> io::Result<()> {
        self.ink(Ink::Frame)
    }

    fn set_note_bullet(&mut self) -> io::Result<()> {
        self.ink(Ink::Key)
    }

    fn set_source_border(&mut self) -> io::Result<()> {
        self.ink(Ink::Frame)
    }

    fn set_label(&mut self, _: codespan::Severity, style: LabelStyle) -> io::Result<()> {
        self.ink(match style {
            LabelStyle::Primary => Ink::Severity(self.severity),
            LabelStyle::Secondary => Ink::Second,
        })
    }

    fn reset(&mut self) -> io::Result<()> {
        self.escape(ink::RESET)
    }
}
