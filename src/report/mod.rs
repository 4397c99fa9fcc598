//! Everything that is rendered or serialised is so in here. Text in, text out: no I/O, no look at
//! the environment, no clock.

mod asff;
mod change;
pub mod diff;
pub mod explain;
mod excerpt;
mod finding;
mod format;
mod github;
mod gitlab;
mod html;
mod ink;
mod json;
mod junit;
pub mod least;
mod lines;
mod markdown;
mod mask;
pub mod minimized;
mod place;
pub mod policy;
mod pretty;
pub mod rules;
mod sarif;
mod summary;
#[cfg(test)]
mod tests;
pub mod uses;
mod words;

pub use asff::Account;
pub use format::Format;
pub use mask::Secrets;

use crate::diagnostic::Severity;
use crate::linter::Report;
use crate::source::Sources;

/// How a text looks. Formats for programs are the same whatever is set here, the account left aside.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Where Security Hub shall take the findings.
    pub account: Option<Account>,
}

impl Default for Style {
    fn default() -> Style {
        Style {
            color: false,
            width: 100,
            verbose: false,
            quiet: false,
            links: false,
            explained: true,
            unicode: true,
            account: None,
        }
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
    let secrets = Secrets::of(report, sources);
    let report = &secrets.masked(report);
    // A terminal decides how text for people looks, and nothing of the rest.
    let plain = Style { color: false, links: false, width: 100, unicode: true, ..style.clone() };
    let style = if format.is_for_terminals() { style } else { &plain };
    let scene = Scene { sources, shown: &shown, secrets: &secrets, style };
    let findings = match format {
        Format::Pretty => pretty::findings(&scene, &report.diagnostics),
        Format::Rich => lines::rich(&scene, &report.diagnostics),
        Format::Short => lines::short(&scene, &report.diagnostics),
        Format::Json => return json::report(&scene, report, fail_on),
        Format::Ndjson => return json::lines(&scene, report, fail_on),
        Format::Sarif => return sarif::report(report, sources),
        Format::Junit => return junit::report(&scene, report, fail_on),
        Format::Github => return github::annotations(&scene, report),
        Format::Gitlab => return gitlab::report(report, sources),
        Format::Asff => return asff::report(&scene, report),
        Format::Markdown => return markdown::report(&scene, report, fail_on),
        Format::Html => return html::report(&scene, report, fail_on),
    };
    let text = if style.quiet { findings } else { findings + &summary::text(&scene, report, format, fail_on) };
    // Both libraries end lines with spaces here and there, and so do sources.
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// What a run would fix, in words.
pub fn fixes_shown(report: &Report, sources: &Sources) -> String {
    let style = Style::default();
    let secrets = Secrets::of(report, sources);
    let report = &secrets.masked(report);
    let scene = Scene { sources, shown: sources, secrets: &secrets, style: &style };
    report.fixes.as_ref().map_or_else(String::new, |fixes| summary::fixes(&scene, fixes, "would fix"))
}

/// What every text renderer needs.
struct Scene<'a> {
    /// For lines and columns: a mask has as many bytes as the secret, yet not as many characters.
    sources: &'a Sources,
    /// For text that is shown: secrets are masked.
    shown: &'a Sources,
    /// For what ids are made of, which is masked last.
    secrets: &'a Secrets,
    style: &'a Style,
}
