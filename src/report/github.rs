//! Annotations of GitHub Actions, as workflow commands. GitHub shows ten of each kind for a step: the
//! worst come first. <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use super::place::place;
use super::{Scene, finding, summary, words};
use crate::diagnostic::{Diagnostic, Severity};
use crate::linter::Report;

pub fn annotations(scene: &Scene, report: &Report) -> String {
    let mut out: String = report.diagnostics.iter().map(|found| annotation(scene, found)).collect();
    let not_analysed = &report.summary.not_analysed;
    if !not_analysed.is_empty() {
        out.push_str(&format!("::notice title=iamlint::not analysed: {}\n", summary::amount(not_analysed)));
    }
    out
}

fn annotation(scene: &Scene, found: &Diagnostic) -> String {
    let place = place(found.primary.span, scene.sources);
    let (start, end) = (&place.start, &place.end);
    // Columns are taken where the annotation stands on one line.
    let column = match start.line == end.line && start.column < end.column {
        true => format!(",col={},endColumn={}", start.column, end.column),
        false => format!(",col={}", start.column),
    };
    let mut lines = vec![finding::message(found)];
    lines.extend(
        found
            .labels
            .iter()
            .filter(|label| !label.text.is_empty())
            .map(|label| format!("{}: {}", finding::place(scene, label.span), words::one_line(&label.text))),
    );
    lines.extend(finding::footnotes(scene, found, 0).into_iter().map(|note| format!("{} {}", note.key, note.text)));
    format!(
        "::{} file={},line={},endLine={}{column},title={}::{}\n",
        kind(found.severity),
        property(place.path),
        start.line,
        end.line,
        property(&format!("{}[{}]", found.severity, found.rule)),
        data(&lines.join("\n")),
    )
}

fn kind(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    }
}

/// A line break would end the command, and the next line might be another.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&words::one_line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_or_a_property_early() {
        assert_eq!(data("50%\r\n::error::x"), "50%25%0D%0A::error::x");
        assert_eq!(property("a,line=1::b%\nc"), "a%2Cline=1%3A%3Ab%25 c");
    }
}
