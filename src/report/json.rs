//! The report for programs: schema `iamlint/1`. Lines and columns are 1-based and count characters;
//! offsets are bytes. A field is only ever added; what is not known or not there is `null` or empty.

use super::place::{Place, place};
use super::summary::fixable_counts;
use super::{Scene, change};
use crate::baseline;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::iam::catalogue;
use crate::linter;
use crate::source::Sources;
use crate::suppress;
use rayon::prelude::*;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

pub fn report(scene: &Scene, report: &linter::Report, fail_on: Option<Severity>) -> String {
    let whole = Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        findings: report.diagnostics.par_iter().map(|diagnostic| finding(scene, diagnostic)).collect(),
        suppressed: report.suppressed.iter().map(|one| suppressed(scene, one)).collect(),
        baseline: report.known.iter().map(|diagnostic| finding(scene, diagnostic)).collect(),
        change: report.change.as_ref().map(|one| change::written(one, scene.sources)),
        summary: summary(report, scene.sources, fail_on),
    };
    pretty(&whole)
}

/// A line for each finding, for each that is suppressed or known, then one with the summary.
pub fn lines(scene: &Scene, report: &linter::Report, fail_on: Option<Severity>) -> String {
    let findings = report.diagnostics.iter().map(|diagnostic| Line::Finding(finding(scene, diagnostic)));
    let suppressed = report.suppressed.iter().map(|one| Line::Suppressed(suppressed(scene, one)));
    let known = report.known.iter().map(|diagnostic| Line::Baseline(finding(scene, diagnostic)));
    let change = report.change.iter().map(|one| Line::Change(change::written(one, scene.sources)));
    let lines = findings.chain(suppressed).chain(known).chain(change).chain([Line::Summary(summary(
        report,
        scene.sources,
        fail_on,
    ))]);
    let written = lines.map(|record| {
        let stamped = Stamped { schema: SCHEMA, version: env!("CARGO_PKG_VERSION"), record };
        serde_json::to_string(&stamped).expect(SERIALISES) + "\n"
    });
    written.collect()
}

/// What every report in JSON is written with.
pub fn pretty(value: &impl Serialize) -> String {
    // Large enough for most: a text that grows is copied each time.
    let mut text = Vec::with_capacity(1 << 20);
    serde_json::to_writer_pretty(&mut text, value).expect(SERIALISES);
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}

const SCHEMA: &str = "iamlint/1";
const SERIALISES: &str = "plain structs with string keys always serialise";

#[derive(Serialize)]
struct Stamped<'a> {
    schema: &'static str,
    version: &'static str,
    #[serde(flatten)]
    record: Line<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Finding(Finding<'a>),
    Suppressed(Suppressed<'a>),
    Baseline(Finding<'a>),
    Change(change::Written<'a>),
    Summary(Summary<'a>),
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    version: &'static str,
    findings: Vec<Finding<'a>>,
    /// Findings that are not told, and by whose word.
    suppressed: Vec<Suppressed<'a>>,
    /// Findings that are known already.
    baseline: Vec<Finding<'a>>,
    /// What a change brings, where the run compares two sides.
    change: Option<change::Written<'a>>,
    summary: Summary<'a>,
}

#[derive(Serialize)]
struct Suppressed<'a> {
    #[serde(flatten)]
    finding: Finding<'a>,
    suppression: Suppression<'a>,
}

#[derive(Serialize)]
struct Suppression<'a> {
    /// `comment`, `metadata`, `configuration`, or another tool.
    by: &'static str,
    reason: Option<&'a str>,
    /// The last day, as `2027-01-31`.
    until: Option<String>,
    location: Place<'a>,
}

#[derive(Serialize)]
struct Finding<'a> {
    id: String,
    rule: &'a str,
    severity: &'static str,
    confidence: &'static str,
    confidence_reasons: Vec<Reason<'a>>,
    message: &'a str,
    subject: Cow<'a, str>,
    /// The primary one first, then the chain in its order.
    locations: Vec<Location<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
    fix: Option<Fix<'a>>,
    docs: Option<&'a str>,
}

#[derive(Serialize)]
struct Reason<'a> {
    text: &'a str,
    location: Option<Place<'a>>,
}

#[derive(Serialize)]
struct Location<'a> {
    role: &'static str,
    #[serde(flatten)]
    place: Place<'a>,
    label: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    /// `safe` or `unsafe`.
    applicability: &'static str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Summary<'a> {
    findings: Counts,
    analysed: &'a BTreeMap<&'static str, usize>,
    roles: usize,
    statements: usize,
    projects: usize,
    unseen_buildspecs: usize,
    pipelines: usize,
    commands: usize,
    understood: usize,
    /// `null` where nothing that deploys and no account is seen, or not all rules about it were asked.
    deployment: Option<Deployment<'a>>,
    not_analysed: Vec<NotAnalysed<'a>>,
    /// The day of the IAM data that the run went by.
    iam_data: &'static str,
    suppressed: usize,
    known: usize,
    /// Entries of the baseline that nothing fits any more.
    stale: &'a [baseline::Entry],
    /// The threshold of the run and how many findings reach it.
    fail_on: Option<&'static str>,
    failing: usize,
    fixable: Fixable,
    fixed: Option<Fixed<'a>>,
}

/// How many principals have deployment permission.
#[derive(Serialize)]
struct Deployment<'a> {
    by_design: usize,
    execution: usize,
    past_pipeline: PastPipeline,
    exempted: Vec<Exempted<'a>>,
    unknown: usize,
}

#[derive(Serialize)]
struct PastPipeline {
    users: usize,
    roles: usize,
    by_build: usize,
}

#[derive(Serialize)]
struct Exempted<'a> {
    name: &'a str,
    reason: &'static str,
}

/// How many of the findings offer a fix.
#[derive(Serialize)]
struct Fixable {
    safe: usize,
    r#unsafe: usize,
}

/// What a run with `--fix` did.
#[derive(Serialize)]
struct Fixed<'a> {
    findings: usize,
    files: usize,
    not_fixed: Vec<NotFixed<'a>>,
}

#[derive(Serialize)]
struct NotFixed<'a> {
    location: Place<'a>,
    reason: &'a str,
}

/// Every severity is there, worst first, also when it has no finding.
#[derive(Serialize)]
struct Counts {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
}

#[derive(Serialize)]
struct NotAnalysed<'a> {
    path: &'a str,
    /// `null` where it is the whole file.
    location: Option<Place<'a>>,
    reason: &'a str,
}

fn finding<'a>(scene: &Scene<'a>, diagnostic: &'a Diagnostic) -> Finding<'a> {
    let sources = scene.sources;
    let doubts = diagnostic.doubts.iter();
    let related = diagnostic.labels.iter().map(|label| location("related", label, sources));
    Finding {
        id: diagnostic.id(sources),
        rule: &diagnostic.rule,
        severity: diagnostic.severity.name(),
        confidence: diagnostic.confidence.name(),
        confidence_reasons: doubts
            .map(|doubt| Reason { text: &doubt.text, location: doubt.span.map(|span| place(span, sources)) })
            .collect(),
        message: &diagnostic.message,
        subject: scene.secrets.mask(&diagnostic.subject),
        locations: std::iter::once(location("primary", &diagnostic.primary, sources)).chain(related).collect(),
        notes: &diagnostic.notes,
        help: diagnostic.help.as_deref(),
        fix: diagnostic.fix.as_ref().map(|fix| Fix {
            title: &fix.title,
            applicability: fix.applicability.name(),
            edits: fix.edits.iter().map(|edit| Edit { place: place(edit.span, sources), text: &edit.text }).collect(),
        }),
        docs: diagnostic.url.as_deref(),
    }
}

fn suppressed<'a>(scene: &Scene<'a>, one: &'a suppress::Suppressed) -> Suppressed<'a> {
    Suppressed {
        finding: finding(scene, &one.diagnostic),
        suppression: Suppression {
            by: one.spelling.name(),
            reason: one.reason.as_deref(),
            until: one.until.map(|until| until.to_string()),
            location: place(one.place, scene.sources),
        },
    }
}

fn location<'a>(role: &'static str, label: &'a Label, sources: &'a Sources) -> Location<'a> {
    Location { role, place: place(label.span, sources), label: &label.text }
}

fn summary<'a>(report: &'a linter::Report, sources: &'a Sources, fail_on: Option<Severity>) -> Summary<'a> {
    let count = |severity: Severity| report.diagnostics.iter().filter(|d| d.severity == severity).count();
    let failing = |threshold: Severity| report.diagnostics.iter().filter(|d| d.severity.reaches(threshold)).count();
    let summary = &report.summary;
    let [safe, r#unsafe] = fixable_counts(report);
    Summary {
        findings: Counts {
            critical: count(Severity::Critical),
            high: count(Severity::High),
            medium: count(Severity::Medium),
            low: count(Severity::Low),
            info: count(Severity::Info),
        },
        analysed: &summary.analysed,
        roles: summary.roles,
        statements: summary.statements,
        projects: summary.projects,
        unseen_buildspecs: summary.unseen_buildspecs,
        pipelines: summary.pipelines,
        commands: summary.commands,
        understood: summary.understood,
        deployment: summary.deployment.as_ref().map(|found| Deployment {
            by_design: found.by_design,
            execution: found.execution,
            past_pipeline: PastPipeline { users: found.users, roles: found.roles, by_build: found.by_build },
            exempted: found.exempted.iter().map(|(name, reason)| Exempted { name, reason }).collect(),
            unknown: found.unknown,
        }),
        not_analysed: summary
            .not_analysed
            .iter()
            .map(|item| NotAnalysed {
                path: &item.path,
                location: item.span.map(|span| place(span, sources)),
                reason: &item.reason,
            })
            .collect(),
        suppressed: report.suppressed.len(),
        known: report.known.len(),
        stale: &report.stale,
        iam_data: catalogue::DATE,
        fail_on: fail_on.map(Severity::name),
        failing: fail_on.map_or(0, failing),
        fixable: Fixable { safe, r#unsafe },
        fixed: report.fixes.as_ref().map(|fixes| Fixed {
            findings: fixes.findings,
            files: fixes.files,
            not_fixed: fixes
                .left
                .iter()
                .map(|left| NotFixed { location: place(left.span, sources), reason: &left.reason })
                .collect(),
        }),
    }
}
