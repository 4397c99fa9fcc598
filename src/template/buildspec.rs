//! A buildspec: phases with their commands, variables, batch, reports, artifacts, cache. A file or
//! the text of a project's `BuildSpec` property; both come as a value.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>

mod batch;
mod keys;

pub use batch::{Batch, BatchKind, BatchTask};
pub use keys::UnknownKey;

use crate::diagnostic::{Diagnostic, Edit, Fix, Label, Severity};
use crate::source::{Span, Spanned};
use crate::syntax::PARSE_ERROR;
use crate::value::{Map, Text, Value};

#[derive(Clone, Debug)]
pub struct Buildspec {
    pub span: Span,
    /// `0.2`, or `0.1`, in which each command has a shell of its own.
    pub version: Option<Text>,
    /// The user of all commands, on Linux.
    pub run_as: Option<Text>,
    pub phases: Vec<Phase>,
    pub variables: Vec<Variable>,
    /// `bash`, `/bin/sh`, `powershell.exe`, `cmd.exe`
    pub shell: Option<Text>,
    /// Names of variables that the pipeline gets.
    pub exported_variables: Vec<Text>,
    /// Git in the build gets the credentials of the source.
    pub git_credential_helper: Option<bool>,
    pub proxy: Option<Proxy>,
    pub batch: Option<Batch>,
    pub reports: Vec<Report>,
    pub artifacts: Option<Artifacts>,
    pub cache: Option<Cache>,
    pub unknown_keys: Vec<UnknownKey>,
    pub problems: Vec<Diagnostic>,
}

#[derive(Clone, Debug)]
pub struct Phase {
    pub name: Spanned<String>,
    pub run_as: Option<Text>,
    /// `ABORT` or `CONTINUE` (the default), or a retry.
    pub on_failure: Option<Text>,
    /// Languages and the versions that are installed, of the phase `install`.
    pub runtime_versions: Vec<(Spanned<String>, Option<Text>)>,
    /// Those of `finally` at the end: they run whether the others failed or not.
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

/// Whether logs and artifacts go through an explicit proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    pub span: Span,
    pub upload_artifacts: Option<bool>,
    pub logs: Option<bool>,
}

/// A group of reports that the build writes.
#[derive(Clone, Debug)]
pub struct Report {
    /// The name of the group, or its ARN.
    pub group: Spanned<String>,
    pub files: Vec<Text>,
    pub base_directory: Option<Text>,
    pub file_format: Option<Text>,
}

#[derive(Clone, Debug)]
pub struct Artifacts {
    pub span: Span,
    /// The name that overrides the project's, when the project lets it.
    pub name: Option<Text>,
    pub has_files: bool,
    pub files: Vec<Text>,
    pub exclude_paths: Vec<Text>,
    pub base_directory: Option<Text>,
    pub s3_prefix: Option<Text>,
    /// By their identifiers, which are those of the project's.
    pub secondary: Vec<(Spanned<String>, Artifacts)>,
}

#[derive(Clone, Debug)]
pub struct Cache {
    pub span: Span,
    pub key: Option<Text>,
    pub fallback_keys: Vec<Text>,
    pub paths: Vec<Text>,
}

const FIRST_VERSION: &str = "0.1";

impl Buildspec {
    pub fn commands(&self) -> impl Iterator<Item = &Text> {
        self.phases.iter().flat_map(|phase| &phase.commands)
    }

    /// Commands of PowerShell or `cmd.exe`.
    pub fn is_for_windows(&self) -> bool {
        let shell = self.shell.as_ref().map(Text::display).unwrap_or_default().to_ascii_lowercase();
        shell.contains("powershell") || shell.contains("pwsh") || shell.starts_with("cmd")
    }

    /// Each command runs in a shell of its own, and leaves no variables to the next.
    pub fn has_a_shell_for_each_command(&self) -> bool {
        self.version.as_ref().and_then(Text::literal) == Some(FIRST_VERSION)
    }

    /// Reads what is there; `None` when the value is no mapping at all.
    pub fn read(value: &Value) -> Option<Buildspec> {
        let root = value.as_map()?;
        let env = root.get("env");
        let version = text(root, "version");
        let is_first_version = version.as_ref().and_then(Text::literal) == Some(FIRST_VERSION);
        let mut buildspec = Buildspec {
            span: root.span,
            version,
            run_as: text(root, "run-as"),
            phases: Vec::new(),
            variables: env.and_then(Value::as_map).map(read_variables).unwrap_or_default(),
            shell: env.and_then(Value::as_map).and_then(|env| text(env, "shell")),
            exported_variables: env
                .and_then(Value::as_map)
                .map(|env| texts(env, "exported-variables"))
                .unwrap_or_default(),
            git_credential_helper: env.and_then(|env| env.get("git-credential-helper")).and_then(Value::as_bool),
            proxy: root.get("proxy").and_then(Value::as_map).map(read_proxy),
            batch: root.get("batch").and_then(Value::as_map).map(batch::read),
            reports: entries(root, "reports").iter().map(read_report).collect(),
            artifacts: root.get("artifacts").and_then(Value::as_map).map(read_artifacts),
            cache: root.get("cache").and_then(Value::as_map).map(read_cache),
            unknown_keys: keys::unknown(root, is_first_version),
            problems: Vec::new(),
        };
        if let Some(env) = root.get(keys::FIRST_ENV.0).and_then(Value::as_map).filter(|_| is_first_version) {
            buildspec.variables.extend(variables_in(env, keys::FIRST_ENV.1, VariableOrigin::PlainText));
        }
        for (name, phase) in entries(root, "phases") {
            let phase = read_phase(name, phase, &mut buildspec.problems);
            buildspec.phases.push(phase);
        }
        Some(buildspec)
    }
}

fn read_variables(env: &Map) -> Vec<Variable> {
    let origins = [
        ("variables", VariableOrigin::PlainText),
        ("parameter-store", VariableOrigin::ParameterStore),
        ("secrets-manager", VariableOrigin::SecretsManager),
    ];
    origins.into_iter().flat_map(|(key, origin)| variables_in(env, key, origin)).collect()
}

fn variables_in<'v>(env: &'v Map, key: &str, origin: VariableOrigin) -> impl Iterator<Item = Variable> + use<'v> {
    entries(env, key).iter().map(move |(name, value)| Variable { name: name.clone(), value: value.clone(), origin })
}

fn read_phase(name: &Spanned<String>, value: &Value, problems: &mut Vec<Diagnostic>) -> Phase {
    let mut commands = Vec::new();
    for key in ["commands", "finally"] {
        for (_, item) in value.get(key).map(Value::items).unwrap_or_default() {
            match item {
                Value::Text(text) => commands.push(text.clone()),
                Value::Map(map) => problems.push(command_is_a_mapping(map)),
                _ => {}
            }
        }
    }
    let map = value.as_map();
    let runtimes = map.map_or(&[][..], |map| entries(map, "runtime-versions"));
    Phase {
        name: name.clone(),
        run_as: map.and_then(|map| text(map, "run-as")),
        on_failure: map.and_then(|map| text(map, "on-failure")),
        runtime_versions: runtimes.iter().map(|(name, value)| (name.clone(), value.as_text().cloned())).collect(),
        commands,
    }
}

/// `- echo Done: all` is a mapping to YAML, and CodeBuild refuses it.
fn command_is_a_mapping(map: &Map) -> Diagnostic {
    let name = map.entries.first().map_or("", |(key, _)| key.value.as_str());
    let message = format!("the command `{name}: …` is read as a mapping, and CodeBuild refuses it");
    let label = Label::new(map.span, "`: ` makes a mapping of it");
    let mut found =
        Diagnostic::new(PARSE_ERROR, Severity::High, message, label).with_help("put the whole command in quotes");
    found.subject = format!("command as mapping {name}");
    found.fix = quoted(map);
    found
}

/// Quotes around a command that is written without any, and holds none.
fn quoted(map: &Map) -> Option<Fix> {
    let [(key, value)] = map.entries.as_slice() else { return None };
    let value = value.as_text()?;
    let literal = value.literal().filter(|text| !text.contains(['\'', '\n']) && !key.value.contains('\''))?;
    let is_plain = |span: Span, text: &str| span.range().len() == text.len();
    if !is_plain(key.span, &key.value) || !is_plain(value.span, literal) || key.span.start != map.span.start {
        return None;
    }
    let at = |offset: u32| Span { start: offset, end: offset, ..map.span };
    let quote = |offset| Edit { span: at(offset), text: "'".into() };
    Some(Fix {
        title: "put the whole command in quotes".into(),
        edits: vec![quote(key.span.start), quote(value.span.end)],
    })
}

fn read_proxy(map: &Map) -> Proxy {
    Proxy { span: map.span, upload_artifacts: flag(map, "upload-artifacts"), logs: flag(map, "logs") }
}

fn read_report((group, value): &(Spanned<String>, Value)) -> Report {
    let map = value.as_map();
    Report {
        group: group.clone(),
        files: map.map(|map| texts(map, "files")).unwrap_or_default(),
        base_directory: map.and_then(|map| text(map, "base-directory")),
        file_format: map.and_then(|map| text(map, "file-format")),
    }
}

fn read_artifacts(map: &Map) -> Artifacts {
    let secondary = entries(map, "secondary-artifacts").iter();
    Artifacts {
        span: map.span,
        name: text(map, "name"),
        has_files: map.get("files").is_some(),
        files: texts(map, "files"),
        exclude_paths: texts(map, "exclude-paths"),
        base_directory: text(map, "base-directory"),
        s3_prefix: text(map, "s3-prefix"),
        secondary: secondary.filter_map(|(id, value)| Some((id.clone(), read_artifacts(value.as_map()?)))).collect(),
    }
}

fn read_cache(map: &Map) -> Cache {
    Cache {
        span: map.span,
        key: text(map, "key"),
        fallback_keys: texts(map, "fallback-keys"),
        paths: texts(map, "paths"),
    }
}

fn entries<'v>(map: &'v Map, key: &str) -> &'v [(Spanned<String>, Value)] {
    map.get(key).and_then(Value::as_map).map_or(&[][..], |map| &map.entries)
}

fn text(map: &Map, key: &str) -> Option<Text> {
    map.get(key).and_then(Value::as_text).cloned()
}

/// The texts of a list, or the one that stands for a list of one.
fn texts(map: &Map, key: &str) -> Vec<Text> {
    let items = map.get(key).map(Value::items).unwrap_or_default();
    items.into_iter().filter_map(|(_, item)| item.as_text().cloned()).collect()
}

fn flag(map: &Map, key: &str) -> Option<bool> {
    map.get(key).and_then(Value::as_bool)
}

#[cfg(test)]
mod tests;
