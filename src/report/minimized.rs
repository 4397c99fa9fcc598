//! A policy that was made shorter: as a policy, and as an answer (schema `iamlint-policy/1`).

use super::json;
use super::place::{Place, place};
use super::summary;
use crate::iam::minimize::Change;
use crate::iam::{PolicyDocument, PrincipalKind, Reason, Statement, Version, catalogue};
use crate::source::{Sources, Span};
use crate::value::Text;
use serde::Serialize;
use std::collections::BTreeMap;

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Shortened<'a> {
    /// `pass`, or `unknown` where nothing could be proven.
    pub verdict: &'static str,
    pub before: &'a PolicyDocument,
    pub after: &'a PolicyDocument,
    pub changes: &'a [Change],
    pub unproven: &'a [Reason],
}

/// The policy alone.
pub fn policy(shortened: &Shortened<'_>) -> String {
    written(&policy_of(shortened.after))
}

/// A line for each part that is gone, or that is kept without need for all that is known.
pub fn notes(shortened: &Shortened<'_>, sources: &Sources) -> String {
    let at = |span: Span| {
        let source = sources.get(span.file);
        let start = source.position(span.start);
        format!("{}:{}:{}", source.path, start.line, start.column)
    };
    let gone = shortened.changes.iter().map(|change| format!("{}: {}\n", at(change.span), change.text));
    let kept = shortened.unproven.iter().map(|reason| match reason.span {
        Some(span) => format!("{}: not proven: {}\n", at(span), reason.text),
        None => format!("not proven: {}\n", reason.text),
    });
    let sizes = [shortened.before, shortened.after].map(size);
    gone.chain(kept).chain([format!("{}: {}\n{}\n", shortened.verdict, told(sizes), summary::data())]).collect()
}

pub fn json(shortened: &Shortened<'_>, sources: &Sources) -> String {
    let sizes = [shortened.before, shortened.after].map(size);
    let change = |change: &Change| Told { text: change.text.clone(), location: Some(place(change.span, sources)) };
    let reason =
        |reason: &Reason| Told { text: reason.text.clone(), location: reason.span.map(|span| place(span, sources)) };
    written(&Answer {
        schema: "iamlint-policy/1",
        version: env!("CARGO_PKG_VERSION"),
        iam_data: catalogue::DATE,
        check: "minimize",
        verdict: shortened.verdict,
        message: told(sizes),
        policy: policy_of(shortened.after),
        characters_before: sizes[0],
        characters_after: sizes[1],
        changes: shortened.changes.iter().map(change).collect(),
        unproven: shortened.unproven.iter().map(reason).collect(),
    })
}

fn told([before, after]: [usize; 2]) -> String {
    format!("the same requests are allowed; {before} characters without white space, now {after}")
}

/// As the quotas of IAM count it: without white space.
fn size(document: &PolicyDocument) -> usize {
    let text = serde_json::to_string(&policy_of(document)).unwrap_or_default();
    text.chars().filter(|c| !c.is_whitespace()).count()
}

fn policy_of(document: &PolicyDocument) -> Policy<'_> {
    let version = (document.version == Version::V2012).then_some("2012-10-17");
    Policy { version, statements: document.statements.iter().map(written_statement).collect() }
}

fn written_statement(statement: &Statement) -> Written<'_> {
    let mut written =
        Written { sid: statement.sid_text(), effect: format!("{:?}", statement.effect), ..Written::default() };
    if let Some(principals) = &statement.principals {
        let element = if principals.negated { &mut written.not_principal } else { &mut written.principal };
        let anybody = principals.entries.iter().all(|entry| entry.kind == PrincipalKind::Anybody);
        let mut by_kind: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for entry in &principals.entries {
            by_kind.entry(entry.kind.key()).or_default().push(shown(&entry.text));
        }
        *element = Some(if anybody {
            Who::Anybody("*")
        } else {
            Who::Named(by_kind.into_iter().map(|(kind, names)| (kind, Listed::of(names))).collect())
        });
    }
    if let Some(actions) = &statement.actions {
        let element = if actions.negated { &mut written.not_action } else { &mut written.action };
        *element = Some(Listed::of(actions.patterns.iter().map(|pattern| shown(pattern.text())).collect()));
    }
    if let Some(resources) = &statement.resources {
        let element = if resources.negated { &mut written.not_resource } else { &mut written.resource };
        *element = Some(Listed::of(resources.patterns.iter().map(|pattern| shown(pattern.text())).collect()));
    }
    for test in &statement.conditions {
        let values = Listed::of(test.values.iter().map(shown).collect());
        written.condition.entry(&test.operator.text).or_default().insert(&test.key, values);
    }
    written
}

fn shown(text: &Text) -> String {
    text.display().into_owned()
}

fn written(whole: &impl Serialize) -> String {
    json::pretty(whole)
}

#[derive(Serialize)]
struct Policy<'a> {
    #[serde(rename = "Version", skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(rename = "Statement")]
    statements: Vec<Written<'a>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Who>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_principal: Option<Who>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_action: Option<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_resource: Option<Listed>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'a str, BTreeMap<&'a str, Listed>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Who {
    Anybody(&'static str),
    Named(BTreeMap<&'static str, Listed>),
}

/// A list of one is written as its entry.
#[derive(Serialize)]
#[serde(untagged)]
enum Listed {
    One(String),
    Several(Vec<String>),
}

impl Listed {
    fn of(mut names: Vec<String>) -> Listed {
        match names.pop() {
            Some(name) if names.is_empty() => Listed::One(name),
            Some(name) => {
                names.push(name);
                Listed::Several(names)
            }
            None => Listed::Several(names),
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: &'static str,
    version: &'static str,
    iam_data: &'static str,
    check: &'static str,
    verdict: &'static str,
    message: String,
    policy: Policy<'a>,
    characters_before: usize,
    characters_after: usize,
    changes: Vec<Told<'a>>,
    /// What could not be proven, and was kept.
    unproven: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    text: String,
    location: Option<Place<'a>>,
}
