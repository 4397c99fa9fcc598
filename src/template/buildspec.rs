//! A buildspec: phases with their commands, variables, artifacts. A file or the text of a project's
//! `BuildSpec` property; both come as a value.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{Span, Spanned};
use crate::syntax::PARSE_ERROR;
use crate::value::{Map, Text, Value};

#[derive(Clone, Debug)]
pub struct Buildspec {
    pub span: Span,
    pub phases: Vec<Phase>,
    pub variables: Vec<Variable>,
    pub artifacts: Option<Artifacts>,
    pub problems: Vec<Diagnostic>,
}

#[derive(Clone, Debug)]
pub struct Phase {
    pub name: Spanned<String>,
    /// `ABORT` or `CONTINUE` (the default), or a retry.
    pub on_failure: Option<Text>,
    pub commands: Vec<Text>,
}

/// An environment variable and where its value comes from.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: Spanned<String>,
    pub value: Value,
    pub origin: VariableOrigin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableOrigin {
    PlainText,
    ParameterStore,
    SecretsManager,
}

#[derive(Clone, Debug)]
pub struct Artifacts {
    pub span: Span,
    /// The name that overrides the project's, when the project lets it.
    pub name: Option<Text>,
    pub has_files: bool,
}

impl Buildspec {
    pub fn commands(&self) -> impl Iterator<Item = &Text> {
        self.phases.iter().flat_map(|phase| &phase.commands)
    }

    /// Reads what is there; `None` when the value is no mapping at all.
    pub fn read(value: &Value) -> Option<Buildspec> {
        let root = value.as_map()?;
        let mut buildspec = Buildspec {
            span: root.span,
            phases: Vec::new(),
            variables: Vec::new(),
            artifacts: root.get("artifacts").and_then(Value::as_map).map(read_artifacts),
            problems: Vec::new(),
        };
        for (name, phase) in root.get("phases").and_then(Value::as_map).map_or(&[][..], |map| &map.entries) {
            let phase = read_phase(name, phase, &mut buildspec.problems);
            buildspec.phases.push(phase);
        }
        if let Some(env) = root.get("env").and_then(Value::as_map) {
            for (key, origin) in [
                ("variables", VariableOrigin::PlainText),
                ("parameter-store", VariableOrigin::ParameterStore),
                ("secrets-manager", VariableOrigin::SecretsManager),
            ] {
                let variables = env.get(key).and_then(Value::as_map).map_or(&[][..], |map| &map.entries);
                buildspec.variables.extend(variables.iter().map(|(name, value)| Variable {
                    name: name.clone(),
                    value: value.clone(),
                    origin,
                }));
            }
        }
        Some(buildspec)
    }
}

fn read_phase(name: &Spanned<String>, value: &Value, problems: &mut Vec<Diagnostic>) -> Phase {
    let mut commands = Vec::new();
    // `finally` runs after the commands, whether they failed or not.
    for key in ["commands", "finally"] {
        for (_, item) in value.get(key).map(Value::items).unwrap_or_default() {
            match item {
                Value::Text(text) => commands.push(text.clone()),
                Value::Map(map) => problems.push(command_is_a_mapping(map)),
                _ => {}
            }
        }
    }
    let on_failure = value.get("on-failure").and_then(Value::as_text).cloned();
    Phase { name: name.clone(), on_failure, commands }
}

/// `- echo Done: all` is a mapping to YAML, and CodeBuild refuses it.
fn command_is_a_mapping(map: &Map) -> Diagnostic {
    let name = map.entries.first().map_or("", |(key, _)| key.value.as_str());
    let message = format!("the command `{name}: …` is read as a mapping, and CodeBuild refuses it");
    let label = Label::new(map.span, "`: ` makes a mapping of it");
    let mut found =
        Diagnostic::new(PARSE_ERROR, Severity::High, message, label).with_help("put the whole command in quotes");
    found.subject = format!("command as mapping {name}");
    found
}

fn read_artifacts(map: &Map) -> Artifacts {
    Artifacts {
        span: map.span,
        name: map.get("name").and_then(Value::as_text).cloned(),
        has_files: map.get("files").is_some(),
    }
}
