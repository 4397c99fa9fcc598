//! SARIF 2.1.0, for code scanning: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.
//! Limits and the names of properties are those of GitHub, the receiver that asks for most:
//! <https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support>.

use super::place::{self, place};
use super::{json, words};
use crate::diagnostic::{Applicability, Diagnostic, Fix, Label, Severity};
use crate::linter::{self, AskedRule, NotAnalysed};
use crate::source::{Sources, Span};
use crate::suppress::{Spelling, Suppressed};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// GitHub refuses a run with more.
const MOST_RESULTS: usize = 25_000;
/// Locations of one result.
const MOST_LOCATIONS: usize = 1_000;

pub fn report(report: &linter::Report, sources: &Sources) -> String {
    let index: HashMap<&str, usize> =
        report.rules.iter().enumerate().map(|(index, rule)| (rule.id.as_str(), index)).collect();
    let told = report.diagnostics.iter().map(|found| (found, Vec::new()));
    let suppressed = report.suppressed.iter().map(|one| (&one.diagnostic, vec![suppression(one, sources)]));
    let known = report.known.iter().map(|found| (found, vec![in_baseline()]));
    let results = told.chain(suppressed).chain(known).take(MOST_RESULTS).map(|(found, suppressions)| {
        let rule_index = index.get(found.rule.as_str()).copied();
        SarifResult { suppressions, ..result(found, rule_index, sources) }
    });
    let results = results.collect();
    let left_out =
        (report.diagnostics.len() + report.suppressed.len() + report.known.len()).saturating_sub(MOST_RESULTS);
    let left_out = (left_out > 0).then(|| Notification {
        level: "warning",
        message: Message::new(format!("{left_out} more findings have no room in a SARIF report")),
        locations: Vec::new(),
    });
    let not_analysed = report.summary.not_analysed.iter().map(|item| notification(item, sources));
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "iamlint",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: report.rules.iter().map(rule).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results,
            invocations: [Invocation {
                execution_successful: true,
                tool_execution_notifications: left_out.into_iter().chain(not_analysed).collect(),
            }],
        }],
    };
    json::pretty(&log)
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
    invocations: [Invocation; 1],
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<ReportingDescriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportingDescriptor<'a> {
    id: &'a str,
    short_description: Message,
    full_description: Message,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'a str>,
    default_configuration: Configuration,
    properties: RuleProperties<'a>,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties<'a> {
    tags: [&'a str; 2],
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    security_severity: Option<&'static str>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<SarifFix>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: ResultProperties,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
    properties: SuppressionProperties,
}

#[derive(Serialize)]
struct SuppressionProperties {
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

#[derive(Serialize)]
struct ResultProperties {
    severity: &'static str,
    precision: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    thread_flows: [ThreadFlow; 1],
}

#[derive(Serialize)]
struct ThreadFlow {
    locations: Vec<ThreadFlowLocation>,
}

#[derive(Serialize)]
struct ThreadFlowLocation {
    location: Location,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifFix {
    description: Message,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Message,
}

impl Message {
    fn new(text: impl Into<String>) -> Message {
        Message { text: text.into() }
    }
}

fn rule(rule: &AskedRule) -> ReportingDescriptor<'_> {
    let (why, help) = (rule.why.trim(), &rule.help);
    ReportingDescriptor {
        id: &rule.id,
        short_description: Message::new(&rule.summary),
        full_description: Message::new(why),
        help: Help {
            text: format!("{why}\n\n{help}\n\niamlint explain {}", rule.id),
            markdown: format!("{why}\n\n{help}\n\n`iamlint explain {}` shows an example.", rule.id),
        },
        help_uri: rule.references.iter().map(String::as_str).find(|url| words::is_web_address(url)),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: RuleProperties { tags: ["security", &rule.pack], security_severity: score(rule.severity) },
    }
}

fn result<'a>(found: &'a Diagnostic, rule_index: Option<usize>, sources: &Sources) -> SarifResult<'a> {
    let id = found.id(sources);
    let chain = || found.all_labels().take(MOST_LOCATIONS).map(|label| labelled(label, sources));
    let has_chain = !found.labels.is_empty();
    let related = chain().skip(1).enumerate().map(|(index, location)| Location { id: Some(index + 1), ..location });
    let steps = || chain().map(|location| ThreadFlowLocation { location }).collect();
    SarifResult {
        rule_id: &found.rule,
        rule_index,
        level: level(found.severity),
        message: Message::new(message(found)),
        locations: [labelled(&found.primary, sources)],
        related_locations: related.collect(),
        code_flows: has_chain
            .then(|| CodeFlow { thread_flows: [ThreadFlow { locations: steps() }] })
            .into_iter()
            .collect(),
        // The second is what GitHub tracks a result by; it would else be made of the text of the line.
        partial_fingerprints: BTreeMap::from([
            ("iamlint/v1", id.clone()),
            ("primaryLocationLineHash", format!("{id}:1")),
        ]),
        fixes: found.fix.iter().map(|found| fix(found, sources)).collect(),
        suppressions: Vec::new(),
        properties: ResultProperties { severity: found.severity.name(), precision: found.confidence.name() },
    }
}

fn suppression(one: &Suppressed, sources: &Sources) -> Suppression {
    Suppression {
        kind: if one.spelling == Spelling::Config { "external" } else { "inSource" },
        status: "accepted",
        justification: one.reason.clone(),
        location: Some(location(one.place, sources)),
        properties: SuppressionProperties { by: one.spelling.name(), until: one.until.map(|day| day.to_string()) },
    }
}

/// A finding that was there before; it is told, so that a receiver does not take it for mended.
fn in_baseline() -> Suppression {
    Suppression {
        kind: "external",
        status: "accepted",
        justification: Some("it is in the baseline".to_owned()),
        location: None,
        properties: SuppressionProperties { by: "baseline", until: None },
    }
}

/// The first line, and what else there is to know that is no place.
fn message(found: &Diagnostic) -> String {
    let doubts = found.doubts.iter().map(|doubt| format!("not sure because {}", doubt.text));
    let help = found.help.iter().map(|help| format!("help: {help}"));
    let lines: Vec<String> = help.chain(found.notes.iter().cloned()).chain(doubts).collect();
    if lines.is_empty() { found.message.clone() } else { format!("{}\n\n{}", found.message, lines.join("\n")) }
}

fn fix(fix: &Fix, sources: &Sources) -> SarifFix {
    let mut changes: Vec<(Span, ArtifactChange)> = Vec::new();
    for edit in &fix.edits {
        let replacement = Replacement {
            deleted_region: region(&place(edit.span, sources)),
            inserted_content: Message::new(&edit.text),
        };
        match changes.iter_mut().find(|(span, _)| span.file == edit.span.file) {
            Some((_, change)) => change.replacements.push(replacement),
            None => changes.push((
                edit.span,
                ArtifactChange {
                    artifact_location: artifact(sources.path(edit.span.file)),
                    replacements: vec![replacement],
                },
            )),
        }
    }
    let artifact_changes = changes.into_iter().map(|(_, change)| change).collect();
    let description = match fix.applicability {
        Applicability::Safe => Message::new(&fix.title),
        Applicability::Unsafe => Message::new(format!("{} (unsafe: look at what it changes)", fix.title)),
    };
    SarifFix { description, artifact_changes }
}

fn notification(item: &NotAnalysed, sources: &Sources) -> Notification {
    Notification {
        level: "warning",
        message: Message::new(format!("not analysed: {}", item.reason)),
        locations: vec![match item.span {
            Some(span) => location(span, sources),
            None => {
                let physical_location = PhysicalLocation { artifact_location: artifact(&item.path), region: None };
                Location { id: None, physical_location, message: None }
            }
        }],
    }
}

fn labelled(label: &Label, sources: &Sources) -> Location {
    let message = (!label.text.is_empty()).then(|| Message::new(&label.text));
    Location { message, ..location(label.span, sources) }
}

fn location(span: Span, sources: &Sources) -> Location {
    let place = place(span, sources);
    let physical_location = PhysicalLocation { artifact_location: artifact(place.path), region: Some(region(&place)) };
    Location { id: None, physical_location, message: None }
}

fn region(place: &place::Place) -> Region {
    Region {
        start_line: place.start.line,
        start_column: place.start.column,
        end_line: place.end.line,
        end_column: place.end.column,
    }
}

/// Paths are relative to the root of the repository; what lies outside of it is absolute.
fn artifact(path: &str) -> ArtifactLocation {
    /// What may stand in a path of a URI as it is; a colon is not, since `a:b` would name a scheme.
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
    let uri = utf8_percent_encode(path, ESCAPED).to_string();
    match uri.starts_with('/') {
        true => ArtifactLocation { uri: format!("file://{uri}"), uri_base_id: None },
        false => ArtifactLocation { uri, uri_base_id: Some("%SRCROOT%") },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// GitHub reads `critical` above 9.0, `high` from 7.0, `medium` from 4.0.
fn score(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.0"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}
