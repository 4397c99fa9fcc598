//! The least policy that a role needs, in the style of the file that declares it: YAML with `!Sub`
//! and comments, JSON with `Fn::Sub`.

use super::words::one_line;
use crate::iam::{PolicyDocument, Statement};
use crate::needs::{Certainty, Need};
use crate::source::Sources;
use crate::syntax::starts_with_bracket;
use crate::value::{HoleKind, Part, Text};
use serde_json::{Map, Value, json};

/// How the file of the role is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    Yaml,
    Json,
}

impl Notation {
    /// That of a file.
    pub fn of(text: &str) -> Notation {
        if starts_with_bracket(text) { Notation::Json } else { Notation::Yaml }
    }
}

/// The value of `PolicyDocument`.
pub fn policy(document: &PolicyDocument, needs: &[Need], notation: Notation, sources: &Sources) -> String {
    match notation {
        Notation::Json => {
            let statements: Vec<Value> = document.statements.iter().map(statement_json).collect();
            let whole = json!({ "Version": "2012-10-17", "Statement": statements });
            serde_json::to_string_pretty(&whole).expect("a JSON value always serialises") + "\n"
        }
        Notation::Yaml => {
            let list: String = document.statements.iter().map(|one| statement_yaml(one, needs, sources)).collect();
            format!("Version: \"2012-10-17\"\nStatement:\n{list}")
        }
    }
}

/// A text as CloudFormation is to evaluate it.
enum Written {
    Plain(String),
    Sub(String),
    Ref(String),
    GetAtt(String, String),
    Import(String),
}

/// What only a run of the build knows can be anything, and is `*`.
fn written(text: &Text) -> Written {
    let in_template = |kind: HoleKind| matches!(kind, HoleKind::Pseudo | HoleKind::Parameter | HoleKind::Resource);
    if let Some(hole) = text.as_hole() {
        return match (hole.kind, hole.name.split_once('.')) {
            (HoleKind::Import, _) => Written::Import(hole.name.clone()),
            (HoleKind::Tool, _) => Written::Plain(format!("${{{}}}", hole.name)),
            (kind, Some((id, attribute))) if in_template(kind) => Written::GetAtt(id.to_owned(), attribute.to_owned()),
            (kind, None) if in_template(kind) => Written::Ref(hole.name.clone()),
            _ => Written::Plain("*".to_owned()),
        };
    }
    let mut flat = String::new();
    for part in &text.parts {
        match part {
            Part::Known(known, _) => flat.push_str(known),
            Part::Hole(hole) if in_template(hole.kind) || hole.kind == HoleKind::Tool => {
                flat.push_str(&format!("${{{}}}", hole.name));
            }
            Part::Hole(_) => flat.push('*'),
        }
    }
    let has_holes = text.holes().any(|hole| in_template(hole.kind));
    if has_holes { Written::Sub(flat) } else { Written::Plain(flat) }
}

fn value_json(text: &Text) -> Value {
    match written(text) {
        Written::Plain(text) => Value::String(text),
        Written::Sub(text) => json!({ "Fn::Sub": text }),
        Written::Ref(id) => json!({ "Ref": id }),
        Written::GetAtt(id, attribute) => json!({ "Fn::GetAtt": [id, attribute] }),
        Written::Import(name) => json!({ "Fn::ImportValue": name }),
    }
}

fn value_yaml(text: &Text) -> String {
    match written(text) {
        Written::Plain(text) => scalar(&text),
        Written::Sub(text) => format!("!Sub {}", scalar(&text)),
        Written::Ref(id) => format!("!Ref {}", scalar(&id)),
        Written::GetAtt(id, attribute) => format!("!GetAtt {}", scalar(&format!("{id}.{attribute}"))),
        Written::Import(name) => format!("!ImportValue {}", scalar(&name)),
    }
}

/// In quotes where YAML would take it for something else.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '$'))
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && !matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// A list of one is written as its entry.
fn list_json(values: Vec<Value>) -> Value {
    match <[Value; 1]>::try_from(values) {
        Ok([only]) => only,
        Err(values) => Value::Array(values),
    }
}

fn actions(statement: &Statement) -> Vec<&Text> {
    statement.actions.iter().flat_map(|actions| &actions.patterns).map(|pattern| pattern.text()).collect()
}

fn resources(statement: &Statement) -> Vec<&Text> {
    statement.resources.iter().flat_map(|resources| &resources.patterns).map(|pattern| pattern.text()).collect()
}

fn statement_json(statement: &Statement) -> Value {
    let list = |texts: Vec<&Text>| list_json(texts.into_iter().map(value_json).collect());
    let mut written = Map::new();
    written.insert("Effect".into(), "Allow".into());
    written.insert("Action".into(), list(actions(statement)));
    written.insert("Resource".into(), list(resources(statement)));
    let mut conditions = Map::new();
    for test in &statement.conditions {
        let tests = conditions.entry(test.operator.text.clone()).or_insert_with(|| json!({}));
        tests[test.key.as_str()] = list(test.values.iter().collect());
    }
    if !conditions.is_empty() {
        written.insert("Condition".into(), conditions.into());
    }
    written.into()
}

fn statement_yaml(statement: &Statement, needs: &[Need], sources: &Sources) -> String {
    let mut out = String::new();
    for comment in comments(statement, needs, sources) {
        out.push_str(&format!("  # {comment}\n"));
    }
    out.push_str("  - Effect: Allow\n");
    list_yaml(&mut out, "Action", actions(statement), 4);
    list_yaml(&mut out, "Resource", resources(statement), 4);
    if !statement.conditions.is_empty() {
        out.push_str("    Condition:\n");
    }
    let mut operator = "";
    let mut tests: Vec<_> = statement.conditions.iter().collect();
    tests.sort_by_key(|test| (&test.operator.text, &test.key));
    for test in tests {
        if operator != test.operator.text {
            operator = &test.operator.text;
            out.push_str(&format!("      {}:\n", scalar(operator)));
        }
        list_yaml(&mut out, &scalar(&test.key), test.values.iter().collect(), 8);
    }
    out
}

fn list_yaml(out: &mut String, key: &str, values: Vec<&Text>, indent: usize) {
    let blanks = " ".repeat(indent);
    if let [only] = values.as_slice() {
        out.push_str(&format!("{blanks}{key}: {}\n", value_yaml(only)));
        return;
    }
    out.push_str(&format!("{blanks}{key}:\n"));
    for value in values {
        out.push_str(&format!("{blanks}  - {}\n", value_yaml(value)));
    }
}

/// Why a statement is there, and where that is written.
fn comments(statement: &Statement, needs: &[Need], sources: &Sources) -> Vec<String> {
    let own = |need: &&Need| {
        let names = actions(statement);
        let is_named = need.actions.iter().any(|action| {
            names.iter().any(|name| name.literal().is_some_and(|name| name.eq_ignore_ascii_case(&action.full_name())))
        });
        let places = resources(statement);
        is_named && need.resources.iter().any(|resource| places.contains(&resource))
    };
    let mut lines: Vec<String> = Vec::new();
    let unknown = resources(statement).into_iter().flat_map(Text::holes).filter(|hole| hole.kind == HoleKind::Variable);
    for hole in unknown {
        let name = hole.name.trim_start_matches("env:");
        let line = format!("`*` stands for ${name}, which is not known here");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    for need in needs.iter().filter(own) {
        let place = sources.position(need.span);
        let doubt = if need.certainty == Certainty::Likely { "perhaps needed: " } else { "" };
        let line = format!("{doubt}{} ({}:{})", need.reason, sources.path(need.span.file), place.line);
        // A command is quoted as it is written: a line break of it must not end the comment.
        let line = one_line(&line).into_owned();
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}
