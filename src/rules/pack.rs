//! Reads a rule pack into rules, or says at its line why not. One bad rule does not silence the others.

use super::message::{fill, placeholders};
use super::params::Params;
use super::{ANALYSES, Analysis, Check, Finding, schema};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, Sources, Span};
use crate::syntax::{self, Node};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A rule, bound to its analysis: it cannot be wrong any more.
#[derive(Clone)]
pub struct Rule {
    pub id: String,
    pub pack: String,
    /// Asked only where it, or its pack, is selected.
    pub on_request: bool,
    pub severity: Severity,
    pub summary: String,
    pub message: String,
    pub label: String,
    pub help: String,
    pub why: String,
    pub references: Vec<String>,
    /// What other tools call it.
    pub replaces: Vec<String>,
    pub analysis: &'static Analysis,
    /// Its findings tell where secrets stand, which are masked whether it is asked or not.
    pub finds_secrets: bool,
    /// The types of resources whose properties it asks about.
    pub resource_types: Vec<String>,
    /// The parameters as they are written, for `explain`.
    pub with: Vec<(String, String)>,
    pub check: Arc<Check>,
}

/// A pack that cannot be taken as it is; its place is in the pack's own file.
pub type PackError = Diagnostic;

/// A pack of rules for iamlint
// What the YAML says, before its names are looked up; the comments are the descriptions in the schema.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PackFile {
    /// The name of the pack
    pack: String,
    /// Its rules are asked only where they, or the pack, are selected
    #[serde(default)]
    on_request: bool,
    rules: Vec<RuleEntry>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = schema::of_analyses)]
struct RuleEntry {
    /// Lower-case words with hyphens; no other rule may have it
    #[schemars(regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"))]
    id: String,
    /// An analysis may give a finding another, or lower it for conditions
    severity: SeverityName,
    /// One line, for lists
    summary: String,
    /// One line, lower-case, no full stop: who can do what
    message: String,
    /// What stands at the marked place
    #[serde(default)]
    label: String,
    /// What to do, as an order
    help: String,
    /// A short paragraph
    why: String,
    /// Web addresses
    #[serde(default)]
    references: Vec<String>,
    /// What other tools call it
    #[serde(default)]
    replaces: Vec<String>,
    /// The question that is asked
    analysis: String,
    /// The parameters of the analysis
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    with: BTreeMap<String, serde_yaml::Value>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SeverityName {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl From<SeverityName> for Severity {
    fn from(name: SeverityName) -> Severity {
        match name {
            SeverityName::Critical => Severity::Critical,
            SeverityName::High => Severity::High,
            SeverityName::Medium => Severity::Medium,
            SeverityName::Low => Severity::Low,
            SeverityName::Info => Severity::Info,
        }
    }
}

/// The id under which problems of packs are reported.
pub const BAD_PACK: &str = "bad-rule-pack";

/// Analyses that tell where secrets stand, besides a rule that says so of its property.
const FINDS_SECRETS: [&str; 2] = ["secret-literal", "command-line-password"];

/// Packs larger than this are refused: the YAML reader behind the types is not made for hostile input.
const MAX_PACK_BYTES: usize = 1 << 20;

/// The JSON schema of rule packs.
pub fn schema() -> String {
    let schema = schemars::schema_for!(PackFile);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// The rules of a pack, and what is wrong with those that are not among them.
pub fn load(sources: &Sources, file: FileId) -> (Vec<Rule>, Vec<PackError>) {
    let text = &sources.get(file).text;
    if text.len() > MAX_PACK_BYTES {
        return (Vec::new(), vec![error(Span::start_of(file), "a rule pack is at most 1 MiB", "too large")]);
    }
    let pack: PackFile = match serde_yaml::from_str(text) {
        Ok(pack) => pack,
        Err(problem) => return (Vec::new(), vec![typed_error(&problem, text, file)]),
    };
    // The tree gives places to names that the types have already taken in.
    let parsed = syntax::parse(text, file);
    let nodes = parsed.root().and_then(|root| root.get("rules")).and_then(Node::items).unwrap_or_default();
    bound(pack, nodes, file)
}

/// The rules of the built-in packs, which are right: a test loads them as a user's own.
pub(super) fn compiled(packs: Vec<PackFile>) -> Vec<Rule> {
    let mut sources = Sources::new();
    let file = sources.add("rules", "");
    let rules = packs.into_iter().flat_map(|pack| bound(pack, &[], file).0);
    rules.collect()
}

/// The rules of a pack that could be read. `nodes`: where each of them stands.
fn bound(pack: PackFile, nodes: &[Node], file: FileId) -> (Vec<Rule>, Vec<PackError>) {
    let mut rules: Vec<Rule> = Vec::new();
    let mut problems = Vec::new();
    for (index, entry) in pack.rules.into_iter().enumerate() {
        let place = Place { node: nodes.get(index), file };
        if let Some(known) = rules.iter().find(|rule| rule.id == entry.id) {
            problems.push(error(
                place.of("id"),
                &format!("the rule `{}` stands twice in the pack", known.id),
                "again here",
            ));
            continue;
        }
        match bind(&pack.pack, entry, &place) {
            Ok(rule) => rules.push(Rule { on_request: pack.on_request, ..rule }),
            Err(mut found) => problems.append(&mut found),
        }
    }
    (rules, problems)
}

impl Rule {
    /// A finding in the words of the rule.
    pub fn word(&self, finding: Finding) -> Diagnostic {
        let label = finding.label.unwrap_or_else(|| fill(&self.label, &finding.facts));
        let base = finding.severity.unwrap_or(self.severity);
        let severity = (0..finding.lowered_by).fold(base, |severity, _| severity.lowered());
        let message = fill(&self.message, &finding.facts);
        let help = finding.help.unwrap_or_else(|| fill(&self.help, &finding.facts));
        Diagnostic {
            confidence: finding.confidence,
            labels: finding.related,
            notes: finding.notes,
            doubts: finding.doubts,
            fix: finding.fix,
            subject: finding.subject,
            actions: finding.actions,
            cause: finding.cause,
            about: finding
                .facts
                .iter()
                .find(|(name, _)| *name == "role")
                .map(|(_, value)| value.clone())
                .unwrap_or_default(),
            url: self.references.first().cloned(),
            ..Diagnostic::new(&self.id, severity, message, Label::new(finding.span, label)).with_help(help)
        }
    }
}

/// Where the parts of a rule stand in its pack.
struct Place<'n> {
    node: Option<&'n Node>,
    file: FileId,
}

impl Place<'_> {
    fn of(&self, key: &str) -> Span {
        let value = self.node.and_then(|node| node.get(key)).or(self.node);
        value.map_or(Span::start_of(self.file), Node::span)
    }

    fn of_param(&self, name: &str) -> Span {
        let entry = self.node.and_then(|node| node.get("with")?.entry(name));
        entry.map_or_else(|| self.of("with"), |entry| entry.key.span())
    }
}

fn bind(pack: &str, entry: RuleEntry, place: &Place<'_>) -> Result<Rule, Vec<PackError>> {
    let mut problems = Vec::new();
    if !is_kebab_case(&entry.id) {
        let message = format!("`{}` is no id of a rule: lower-case words with hyphens", entry.id);
        problems.push(error(place.of("id"), &message, "not kebab-case"));
    }
    let Some(analysis) = ANALYSES.iter().find(|analysis| analysis.name == entry.analysis) else {
        let message = format!("there is no analysis `{}`", entry.analysis);
        let found = error(place.of("analysis"), &message, "unknown analysis");
        let names: Vec<&str> = ANALYSES.iter().map(|analysis| analysis.name).collect();
        problems.push(suggest(found, &entry.analysis, &names));
        return Err(problems);
    };
    let mut params = Params::default();
    for (name, value) in &entry.with {
        match analysis.params.iter().find(|param| param.name == name.as_str()) {
            Some(param) => {
                if let Err(message) = params.set(param, value) {
                    problems.push(error(place.of_param(name), &message, "of the wrong kind"));
                }
            }
            None => {
                let message = format!("the analysis `{}` has no parameter `{name}`", analysis.name);
                let known: Vec<&str> = analysis.params.iter().map(|param| param.name).collect();
                problems.push(suggest(error(place.of_param(name), &message, "unknown parameter"), name, &known));
            }
        }
    }
    for param in analysis.params.iter().filter(|param| param.required && !entry.with.contains_key(param.name)) {
        let message = format!("the analysis `{}` needs the parameter `{}`: {}", analysis.name, param.name, param.doc);
        problems.push(error(place.of("analysis"), &message, "parameter missing"));
    }
    for (key, text) in [("message", &entry.message), ("label", &entry.label), ("help", &entry.help)] {
        for name in placeholders(text).into_iter().filter(|name| !analysis.facts.contains(name)) {
            let message = format!("the findings of `{}` have nothing to put in `{{{name}}}`", analysis.name);
            problems.push(suggest(error(place.of(key), &message, "unknown placeholder"), name, analysis.facts));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let with = entry.with.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
    Ok(Rule {
        id: entry.id,
        pack: pack.to_owned(),
        on_request: false,
        severity: entry.severity.into(),
        summary: entry.summary,
        message: entry.message,
        label: entry.label,
        help: entry.help.trim().to_owned(),
        why: entry.why.trim().to_owned(),
        references: entry.references,
        replaces: entry.replaces,
        analysis,
        finds_secrets: params.flag("secret") || FINDS_SECRETS.contains(&analysis.name),
        resource_types: params.list("types"),
        with,
        check: Arc::new((analysis.bind)(&params)),
    })
}

fn shown(value: &serde_yaml::Value) -> String {
    match value {
        serde_yaml::Value::Sequence(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        serde_yaml::Value::String(text) => text.clone(),
        serde_yaml::Value::Bool(flag) => flag.to_string(),
        other => serde_yaml::to_string(other).unwrap_or_default().trim().to_owned(),
    }
}

/// An error of the typed reader, at the word it is about.
fn typed_error(problem: &serde_yaml::Error, text: &str, file: FileId) -> PackError {
    let offset = problem.location().map_or(0, |location| location.index().min(text.len()));
    let rest = text.get(offset..).unwrap_or("");
    let word = rest.find([':', '\n', ' ']).unwrap_or(rest.len());
    let full = problem.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full);
    let found = error(Span::new(file, offset, offset + word), &format!("not a rule pack: {message}"), "here");
    suggest_key(found, message)
}

/// What a typed reader says of a name that it does not know has both sides in it: "unknown field
/// `sevrity`, expected one of `id`, `severity`, …".
pub fn suggest_key(found: Diagnostic, message: &str) -> Diagnostic {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match quoted.next() {
        Some(written) if message.contains("unknown") => suggest(found, written, &quoted.collect::<Vec<_>>()),
        _ => found,
    }
}

fn error(span: Span, message: &str, label: &str) -> PackError {
    let mut found = Diagnostic::new(BAD_PACK, Severity::High, message.to_owned(), Label::new(span, label));
    found.subject = message.to_owned();
    found
}

/// Names the known name that is meant, or those that there are.
pub fn suggest(found: Diagnostic, written: &str, known: &[&str]) -> Diagnostic {
    match nearest(written, known.iter().copied()) {
        Some(name) => found.with_help(format!("did you mean `{name}`?")),
        None if known.is_empty() => found,
        None => found.with_help(format!("it knows {}", known.join(", "))),
    }
}

/// The known name that a misspelt one is nearest to, if it is near.
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (written.len() / 3).clamp(1, 4);
    let scored = known.into_iter().map(|name| (strsim::damerau_levenshtein(written, name), name));
    scored.filter(|(distance, _)| *distance <= limit).min().map(|(_, name)| name)
}

fn is_kebab_case(id: &str) -> bool {
    !id.is_empty()
        && id
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}
