//! Everything that is rendered or serialised is so in here. Text in, text out: no I/O, no look at
//! the environment, no clock.

pub mod explain;
mod excerpt;
mod finding;
mod ink;
mod json;
pub mod least;
mod lines;
pub mod minimized;
pub mod policy;
mod pretty;
pub mod rules;
mod summary;
#[cfg(test)]
mod tests;
pub mod uses;
mod words;

use crate::diagnostic::Severity;
use crate::linter::Report;
use crate::source::Sources;
use std::fmt;
use std::str::FromStr;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Frames with the source, one for each place; for terminals.
    #[default]
    Pretty,
    /// One frame for all places of a file; for logs that are read by people.
    Rich,
    /// One line for a finding; for editors, `grep` and problem matchers.
    Short,
    /// Everything, for programs.
    Json,
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Pretty, Format::Rich, Format::Short, Format::Json];

    pub fn name(self) -> &'static str {
        match self {
            Format::Pretty => "pretty",
            Format::Rich => "rich",
            Format::Short => "short",
            Format::Json => "json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        let found = Format::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| format!("`{text}` is no format: {}", Format::ALL.map(Format::name).join(", ")))
    }
}

/// How a text looks; JSON is the same whatever is set here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Everything that was not analysed, and the reference of each rule.
    pub verbose: bool,
    /// Findings only, without the summary.
    pub quiet: bool,
    /// Rule names are hyperlinks to their references.
    pub links: bool,
    /// Findings name the command that explains them; those of an example or of a pack have none.
    pub explained: bool,
    /// Frames are drawn with box characters rather than ASCII.
    pub unicode: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style { color: false, width: 100, verbose: false, quiet: false, links: false, explained: true, unicode: true }
    }
}

impl Style {
    fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

/// The whole report as text. `fail_on` is the severity from which a run fails, for its last line.
pub fn render(report: &Report, sources: &Sources, format: Format, style: &Style, fail_on: Option<Severity>) -> String {
    let shown = sources.redacted(&report.redactions);
    let scene = Scene { sources, shown: &shown, style };
    let findings = match format {
        Format::Pretty => pretty::findings(&scene, &report.diagnostics),
        Format::Rich => lines::rich(&scene, &report.diagnostics),
        Format::Short => lines::short(&scene, &report.diagnostics),
        Format::Json => return json::report(report, sources, fail_on),
    };
    let text = if style.quiet { findings } else { findings + &summary::text(&scene, report, format, fail_on) };
    // Both libraries end lines with spaces here and there, and so do sources.
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// What every text renderer needs.
struct Scene<'a> {
    /// For lines and columns: a mask has as many bytes as the secret, yet not as many characters.
    sources: &'a Sources,
    /// For text that is shown: secrets are masked.
    shown: &'a Sources,
    style: &'a Style,
}
