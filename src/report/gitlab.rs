//! The code quality report of GitLab: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use super::json;
use super::place::place;
use crate::diagnostic::{Diagnostic, Severity};
use crate::linter;
use crate::source::Sources;
use serde::Serialize;

pub fn report(report: &linter::Report, sources: &Sources) -> String {
    let issues: Vec<Issue> = report.diagnostics.iter().map(|found| issue(found, sources)).collect();
    json::pretty(&issues)
}

#[derive(Serialize)]
struct Issue<'a> {
    description: &'a str,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

fn issue<'a>(found: &'a Diagnostic, sources: &'a Sources) -> Issue<'a> {
    let place = place(found.primary.span, sources);
    Issue {
        description: &found.message,
        check_name: &found.rule,
        fingerprint: found.id(sources),
        severity: match found.severity {
            Severity::Critical => "blocker",
            Severity::High => "critical",
            Severity::Medium => "major",
            Severity::Low => "minor",
            Severity::Info => "info",
        },
        location: Location { path: place.path, lines: Lines { begin: place.start.line, end: place.end.line } },
    }
}
