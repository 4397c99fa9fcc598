//! What roles are granted and what is needed of them: as a table with lists, and as JSON (schema
//! `iamlint-uses/1`).

use super::place::{Place, place};
use super::policy::level;
use super::summary;
use super::words::one_line;
use crate::iam::Reason;
use crate::iam::catalogue::{self, AccessLevel, Action};
use crate::needs::compare::{Comparison, State, Used, danger};
use crate::needs::excess::Excess;
use crate::needs::{Certainty, Need, Needs};
use crate::source::{Sources, Span};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One role.
pub struct RoleUse<'a> {
    pub name: &'a str,
    /// Who works with it.
    pub worker: String,
    pub span: Span,
    pub needs: &'a Needs,
    pub compared: &'a Comparison,
}

/// Counts of actions of one service and access level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    granted: usize,
    used: usize,
    unused: usize,
    missing: usize,
}

type Table = BTreeMap<(&'static str, AccessLevel), Counts>;

/// More names than this are counted in text; JSON has all.
const MAX_NAMES: usize = 12;

fn table(role: &RoleUse<'_>) -> Table {
    let compared = role.compared;
    let mut table = Table::new();
    let key = |action: Action| (action.service().prefix(), action.level());
    for action in &compared.granted {
        let counts = table.entry(key(*action)).or_default();
        counts.granted += 1;
        counts.unused += 1;
    }
    for of_action in compared.used.chunk_by(|one, other| one.action == other.action) {
        let Some(used) = of_action.first() else { continue };
        let counts = table.entry(key(used.action)).or_default();
        if compared.granted.contains(&used.action) {
            counts.used += 1;
            counts.unused -= 1;
        }
        counts.missing += usize::from(of_action.iter().any(|used| is_missing(role, used)));
    }
    // What is likely alone has no count.
    table.retain(|_, counts| *counts != Counts::default());
    table
}

/// Whether something is sure to fail.
fn is_missing(role: &RoleUse<'_>, used: &Used) -> bool {
    used.state == State::Missing && role.needs.needs[used.need].certainty == Certainty::Certain
}

/// The roles one after the other.
pub fn text(roles: &[RoleUse<'_>], sources: &Sources) -> String {
    if roles.is_empty() {
        return "no role of a build or a pipeline is declared here\n".to_owned();
    }
    let parts: Vec<String> = roles.iter().map(|role| text_of(role, sources)).collect();
    format!("{}\n{}\n", parts.join("\n"), summary::data())
}

fn text_of(role: &RoleUse<'_>, sources: &Sources) -> String {
    let compared = role.compared;
    let at = |span: Span| {
        let position = sources.position(span);
        format!("{}:{}:{}", sources.path(span.file), position.line, position.column)
    };
    let mut out = format!("{}  {} ({})\n", at(role.span), role.name, role.worker);
    let mut line = |text: String| {
        out.push_str(&one_line(text.trim_end()));
        out.push('\n');
    };
    let row = |service: &str, level: &str, cells: [String; 4]| {
        let [granted, used, unused, missing] = cells;
        format!("  {service:<24} {level:<22} {granted:>7} {used:>7} {unused:>7} {missing:>7}")
    };
    line(row("service", "access level", ["granted", "used", "unused", "missing"].map(str::to_owned)));
    for ((service, access), counts) in table(role) {
        let cells = [counts.granted, counts.used, counts.unused, counts.missing].map(|count| count.to_string());
        line(row(service, level(access), cells));
    }
    let (missing, met): (Vec<&Used>, Vec<&Used>) = compared.used.iter().partition(|used| used.state == State::Missing);
    let (certain, likely): (Vec<&Used>, Vec<&Used>) = missing.into_iter().partition(|used| is_missing(role, used));
    for (title, verb, missing) in [("missing", "this will fail", certain), ("perhaps missing", "this may fail", likely)]
    {
        if !missing.is_empty() {
            line(title.into());
        }
        for (need, _, actions) in by_need(role.needs, &missing) {
            let on = resources(need);
            line(format!(
                "  {}  {verb} with AccessDenied: {} on {on}: {}",
                at(need.span),
                names(&actions),
                need.reason
            ));
        }
    }
    if !met.is_empty() {
        line("used".into());
    }
    for (need, state, actions) in by_need(role.needs, &met) {
        line(format!("  {}  {} on {}: {}", at(need.span), names(&actions), resources(need), need.reason));
        if let State::Unknown(doubt) = state {
            line(format!("    not known whether it is allowed: {}", doubt_text(doubt, sources)));
        }
    }
    if !compared.unused.is_empty() {
        line(if compared.unknown.is_empty() { "unused".into() } else { "unused, as far as it is known".to_owned() });
    }
    for unused in &compared.unused {
        let most = level(unused.danger).to_lowercase();
        let worst: Vec<Action> = unused.actions.iter().copied().filter(|one| danger(*one) == unused.danger).collect();
        let rest = unused.actions.len() - worst.len();
        let rest = if rest == 0 { String::new() } else { format!(", and {rest} of lesser levels") };
        line(format!("  {}  up to {most}: {}{rest}", at(unused.statement), names(&worst)));
    }
    if !compared.wider.is_empty() {
        line("wider than needed".into());
    }
    for wider in &compared.wider {
        let request = &wider.example;
        let text = match wider.by {
            Excess::Resource => format!("on other resources too, such as `{}`", request.resource),
            Excess::Condition => "without the conditions that every request meets".to_owned(),
        };
        line(format!("  {}  {} {text}", at(wider.statement), names(&wider.actions)));
    }
    if !compared.unknown.is_empty() {
        line(format!("not known (confidence: {})", compared.confidence.name()));
    }
    for reason in &compared.unknown {
        line(format!("  {}", doubt_text(reason, sources)));
    }
    out
}

/// The actions of each need that are in one state, in the order of the needs.
fn by_need<'a>(needs: &'a Needs, used: &[&'a Used]) -> Vec<(&'a Need, &'a State, Vec<Action>)> {
    let mut found: Vec<(usize, &State, Vec<Action>)> = Vec::new();
    for one in used {
        match found.iter_mut().find(|(need, state, _)| *need == one.need && **state == one.state) {
            Some((_, _, actions)) => actions.push(one.action),
            None => found.push((one.need, &one.state, vec![one.action])),
        }
    }
    found.sort_by_key(|(need, ..)| *need);
    found.into_iter().map(|(need, state, actions)| (&needs.needs[need], state, actions)).collect()
}

fn doubt_text(reason: &Reason, sources: &Sources) -> String {
    match reason.span {
        Some(span) => {
            let position = sources.position(span);
            format!("{}:{}:{}  {}", sources.path(span.file), position.line, position.column, reason.text)
        }
        None => reason.text.clone(),
    }
}

fn resources(need: &Need) -> String {
    let shown: Vec<String> = need.resources.iter().map(|text| format!("`{}`", text.display())).collect();
    shown.join(", ")
}

fn names(actions: &[Action]) -> String {
    let mut text = String::new();
    for (index, action) in actions.iter().take(MAX_NAMES).enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{separator}{action}");
    }
    match actions.len().saturating_sub(MAX_NAMES) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// Everything, for programs.
pub fn json(roles: &[RoleUse<'_>], sources: &Sources) -> String {
    let answer = Answer {
        schema: "iamlint-uses/1",
        version: env!("CARGO_PKG_VERSION"),
        iam_data: catalogue::DATE,
        roles: roles.iter().map(|role| role_of(role, sources)).collect(),
    };
    serde_json::to_string_pretty(&answer).expect("plain structs with string keys always serialise") + "\n"
}

fn role_of<'a>(role: &'a RoleUse<'_>, sources: &'a Sources) -> Role<'a> {
    let compared = role.compared;
    let rows = table(role).into_iter().map(|((service, access), counts)| Row {
        service,
        access_level: level(access),
        granted: counts.granted,
        used: counts.used,
        unused: counts.unused,
        missing: counts.missing,
    });
    let used = compared.used.iter().map(|used| {
        let need = &role.needs.needs[used.need];
        let (state, doubt) = match &used.state {
            State::Granted => ("granted", None),
            State::Missing => ("missing", None),
            State::Unknown(reason) => ("unknown", Some(told(reason, sources))),
        };
        UsedAction {
            action: used.action.full_name(),
            resources: need.resources.iter().map(|text| text.display().into_owned()).collect(),
            conditions: need
                .conditions
                .iter()
                .map(|test| TestOf {
                    operator: &test.operator.text,
                    key: &test.key,
                    values: test.values.iter().map(|value| value.display().into_owned()).collect(),
                })
                .collect(),
            state,
            doubt,
            certainty: if need.certainty == Certainty::Certain { "certain" } else { "likely" },
            reason: &need.reason,
            source: need.source,
            location: place(need.span, sources),
        }
    });
    let full = |actions: &[Action]| actions.iter().map(|action| action.full_name()).collect::<Vec<_>>();
    let unused = compared.unused.iter().map(|unused| UnusedActions {
        actions: full(&unused.actions),
        danger: level(unused.danger),
        location: place(unused.statement, sources),
    });
    let wider = compared.wider.iter().map(|wider| WiderGrant {
        actions: full(&wider.actions),
        by: if wider.by == Excess::Resource { "resource" } else { "condition" },
        example_action: &wider.example.action,
        example_resource: &wider.example.resource,
        location: place(wider.statement, sources),
    });
    Role {
        role: role.name,
        worker: &role.worker,
        location: place(role.span, sources),
        confidence: compared.confidence.name(),
        table: rows.collect(),
        used: used.collect(),
        unused: unused.collect(),
        wider: wider.collect(),
        unknown: compared.unknown.iter().map(|reason| told(reason, sources)).collect(),
    }
}

fn told<'a>(reason: &Reason, sources: &'a Sources) -> Told<'a> {
    Told { text: reason.text.clone(), location: reason.span.map(|span| place(span, sources)) }
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: &'static str,
    version: &'static str,
    iam_data: &'static str,
    roles: Vec<Role<'a>>,
}

#[derive(Serialize)]
struct Role<'a> {
    role: &'a str,
    worker: &'a str,
    location: Place<'a>,
    confidence: &'static str,
    table: Vec<Row>,
    used: Vec<UsedAction<'a>>,
    unused: Vec<UnusedActions<'a>>,
    wider: Vec<WiderGrant<'a>>,
    unknown: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Row {
    service: &'static str,
    access_level: &'static str,
    granted: usize,
    used: usize,
    unused: usize,
    missing: usize,
}

#[derive(Serialize)]
struct UsedAction<'a> {
    action: String,
    resources: Vec<String>,
    conditions: Vec<TestOf<'a>>,
    /// `granted`, `missing` or `unknown`
    state: &'static str,
    doubt: Option<Told<'a>>,
    certainty: &'static str,
    reason: &'a str,
    source: &'static str,
    location: Place<'a>,
}

#[derive(Serialize)]
struct TestOf<'a> {
    operator: &'a str,
    key: &'a str,
    values: Vec<String>,
}

#[derive(Serialize)]
struct UnusedActions<'a> {
    actions: Vec<String>,
    danger: &'static str,
    location: Place<'a>,
}

#[derive(Serialize)]
struct WiderGrant<'a> {
    actions: Vec<String>,
    by: &'static str,
    example_action: &'a str,
    example_resource: &'a str,
    location: Place<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    text: String,
    location: Option<Place<'a>>,
}
