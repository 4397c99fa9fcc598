//! The answer to a question about policies, as text and as JSON (schema `iamlint-policy/1`).

use super::ink::{Ink, paint};
use super::json;
use super::place::{Place, place};
use super::{Scene, Secrets, Style, pretty, summary, words};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::iam::catalogue::{self, AccessLevel, Action};
use crate::iam::{Reason, Request};
use crate::rules::secrets;
use crate::source::{Sources, Span};
use serde::Serialize;

/// How a question came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Fail,
    Unknown,
}

/// An answer, in words.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The command that asked.
    pub check: &'static str,
    pub verdict: Verdict,
    /// One sentence.
    pub message: String,
    pub witness: Option<Witness>,
    /// The statements that decide, the first of them first.
    pub deciding: Vec<Deciding>,
    /// What is not known, and where.
    pub reason: Option<Reason>,
    pub notes: Vec<String>,
}

/// The request that the answer is about.
#[derive(Clone, Debug)]
pub struct Witness {
    pub request: Request,
    /// The keys of its context, as the policies write them.
    pub context: Vec<(String, Vec<String>)>,
}

/// A place that decides.
#[derive(Clone, Debug)]
pub struct Deciding {
    /// The statement, or its element.
    pub span: Span,
    /// The part of it that is underlined.
    pub mark: Span,
    /// `allows`, `denies`, `does not match`, `not known`
    pub role: &'static str,
    pub text: String,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Unknown => "unknown",
        }
    }

    fn severity(self) -> Severity {
        match self {
            Verdict::Pass => Severity::Info,
            Verdict::Fail => Severity::High,
            Verdict::Unknown => Severity::Medium,
        }
    }
}

/// One sentence, the deciding statements in their source, and what the request says besides.
pub fn text(answered: &Answered, sources: &Sources, style: &Style) -> String {
    let tag = format!("{}:", answered.verdict.name());
    let ink = match answered.verdict {
        Verdict::Pass => Ink::Good,
        verdict => Ink::Severity(verdict.severity()),
    };
    let sentence = words::wrap(&format!("{tag} {}", words::one_line(&answered.message)), style.width.saturating_sub(4));
    let heading = match sentence.strip_prefix(&tag) {
        Some(message) => paint(style, ink, &tag) + &paint(style, Ink::Strong, message),
        None => sentence,
    };
    let mut notes = Vec::new();
    for (key, values) in answered.witness.iter().flat_map(|witness| &witness.context) {
        notes.push(match values.as_slice() {
            [] => format!("the request has no `{key}`"),
            values => format!("with `{key}` = {}", values.join(", ")),
        });
    }
    notes.extend(answered.notes.iter().cloned());
    let reason = answered.reason.as_ref().and_then(|reason| Some((reason.span?, reason.text.clone())));
    let mut places: Vec<Label> = answered.deciding.iter().map(|one| Label::new(one.mark, one.text.clone())).collect();
    places.extend(
        reason
            .filter(|(span, _)| !span.is_empty() && answered.deciding.iter().all(|one| one.span != *span))
            .map(|(span, text)| Label::new(span, text)),
    );
    let data = paint(style, Ink::Frame, &summary::data());
    let mut places = places.into_iter();
    let Some(primary) = places.next() else {
        let notes: String = notes.iter().map(|note| format!("  note: {}\n", words::one_line(note))).collect();
        return format!("{heading}\n{notes}{data}\n");
    };
    let mut diagnostic = Diagnostic::new(answered.check, answered.verdict.severity(), String::new(), primary);
    diagnostic.labels = places.collect();
    diagnostic.notes = notes;
    let style = Style { explained: false, ..style.clone() };
    let shown = sources.redacted(&secrets::places(sources, diagnostic.all_labels().map(|label| label.span.file)));
    let scene = Scene { sources, shown: &shown, secrets: &Secrets::default(), style: &style };
    let text = pretty::framed(&scene, &diagnostic, heading);
    text.lines().map(str::trim_end).chain([data.as_str()]).flat_map(|line| [line, "\n"]).collect()
}

pub fn json(answered: &Answered, sources: &Sources) -> String {
    let request = answered.witness.as_ref().map(|witness| Asked {
        action: &witness.request.action,
        resource: &witness.request.resource,
        principal: witness.request.principal.as_ref().map(ToString::to_string),
        context: witness.context.iter().map(|(key, values)| (key.as_str(), values.as_slice())).collect(),
    });
    let whole = Answer {
        schema: "iamlint-policy/1",
        version: env!("CARGO_PKG_VERSION"),
        iam_data: catalogue::DATE,
        check: answered.check,
        verdict: answered.verdict.name(),
        message: &answered.message,
        witness: request,
        spans: answered
            .deciding
            .iter()
            .map(|one| Statement { role: one.role, text: &one.text, place: place(one.span, sources) })
            .collect(),
        reason: answered
            .reason
            .as_ref()
            .map(|reason| Why { text: &reason.text, location: reason.span.map(|span| place(span, sources)) }),
        notes: &answered.notes,
    };
    written(&whole)
}

/// The actions that patterns stand for.
pub fn actions_text(groups: &[(String, Vec<Action>)]) -> String {
    let mut text = String::new();
    let width = groups.iter().flat_map(|(_, actions)| actions).map(|action| action.full_name().len()).max();
    for (pattern, actions) in groups {
        if groups.len() > 1 {
            let count = actions.len();
            text.push_str(&format!("{pattern}: {count} action{}\n", if count == 1 { "" } else { "s" }));
        }
        for action in actions {
            let width = width.unwrap_or(0);
            text.push_str(&format!("{:width$}  {}\n", action.full_name(), level(action.level())));
        }
    }
    text
}

pub fn actions_json(groups: &[(String, Vec<Action>)]) -> String {
    let one = |action: &Action| Listed { action: action.full_name(), access_level: level(action.level()) };
    let groups = groups.iter().map(|(pattern, actions)| Group { pattern, actions: actions.iter().map(one).collect() });
    written(&Expanded {
        schema: "iamlint-policy/1",
        version: env!("CARGO_PKG_VERSION"),
        iam_data: catalogue::DATE,
        check: "expand",
        patterns: groups.collect(),
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html>
pub(super) fn level(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::List => "List",
        AccessLevel::Read => "Read",
        AccessLevel::Write => "Write",
        AccessLevel::Tagging => "Tagging",
        AccessLevel::PermissionsManagement => "Permissions management",
    }
}

fn written(whole: &impl Serialize) -> String {
    json::pretty(whole)
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: &'static str,
    version: &'static str,
    iam_data: &'static str,
    check: &'static str,
    verdict: &'static str,
    message: &'a str,
    witness: Option<Asked<'a>>,
    spans: Vec<Statement<'a>>,
    reason: Option<Why<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Asked<'a> {
    action: &'a str,
    resource: &'a str,
    principal: Option<String>,
    context: std::collections::BTreeMap<&'a str, &'a [String]>,
}

#[derive(Serialize)]
struct Statement<'a> {
    role: &'static str,
    text: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
}

#[derive(Serialize)]
struct Why<'a> {
    text: &'a str,
    location: Option<Place<'a>>,
}

#[derive(Serialize)]
struct Expanded<'a> {
    schema: &'static str,
    version: &'static str,
    iam_data: &'static str,
    check: &'static str,
    patterns: Vec<Group<'a>>,
}

#[derive(Serialize)]
struct Group<'a> {
    pattern: &'a str,
    actions: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    action: String,
    access_level: &'static str,
}
