//! Which format a file is, by its content; the name decides only where content cannot.

use super::{dump, terraform};
use crate::syntax::{Node, Parsed};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    CloudFormation,
    Sam,
    Policy,
    Buildspec,
    Serverless,
    Compose,
    Dockerfile,
    CliDump,
    /// A part of a configuration of Terraform that names a backend.
    Terraform,
    /// A template of Jinja, Go or the like.
    TextTemplate,
    /// What another file takes in, and what is nothing for itself: statements, settings of a stage.
    Part,
    /// Something else: no business of ours.
    Other,
}

impl Format {
    /// As the summary counts it: "12 CloudFormation templates".
    pub fn name(self) -> &'static str {
        match self {
            Format::CloudFormation => "CloudFormation template",
            Format::Sam => "SAM template",
            Format::Policy => "policy document",
            Format::Buildspec => "buildspec",
            Format::Serverless => "Serverless Framework file",
            Format::Compose => "compose file",
            Format::Dockerfile => "Dockerfile",
            Format::CliDump => "AWS CLI output",
            Format::Terraform => "Terraform state backend",
            Format::TextTemplate => "text template",
            Format::Part => "included file",
            Format::Other => "other file",
        }
    }

    /// Why a file of this format is left out, when there is no front end for it yet.
    pub fn not_read_because(self) -> Option<&'static str> {
        match self {
            Format::TextTemplate => Some("a text template (Jinja, Go, ERB or the like): lint what it generates"),
            _ => None,
        }
    }
}

/// Decides by the keys of the root.
pub fn detect(parsed: &Parsed, path: &str, text: &str) -> Format {
    let name = path.rsplit('/').next().unwrap_or(path);
    if is_dockerfile_name(name) {
        return Format::Dockerfile;
    }
    if parsed.text_template {
        return if mentions_our_formats(text) { Format::TextTemplate } else { Format::Other };
    }
    if terraform::is_terraform_name(name) {
        // Whether one that cannot be read names a backend is not known.
        let is_ours = parsed.root().is_none_or(|root| !terraform::backends(root).is_empty());
        return if is_ours { Format::Terraform } else { Format::Other };
    }
    let Some(root) = parsed.root() else { return Format::Other };
    let has = |key: &str| root.get(key).is_some();
    if has("Resources") || has("AWSTemplateFormatVersion") {
        return cloudformation(root);
    }
    if is_part_of_template(root) {
        return Format::CloudFormation;
    }
    if is_policy(root) {
        Format::Policy
    } else if is_serverless(root, name) {
        Format::Serverless
    } else if is_buildspec(root, name) {
        Format::Buildspec
    } else if has("services") && (has("version") || has("networks") || has("volumes") || name.contains("compose")) {
        Format::Compose
    } else if dump::is_dump(root) {
        Format::CliDump
    } else {
        Format::Other
    }
}

/// Whether a text that could not be parsed is likely to be one of ours: then it is worth saying.
pub fn mentions_our_formats(text: &str) -> bool {
    ["AWS::", "AWSTemplateFormatVersion", "phases:", "\"Statement\"", "Statement:"]
        .iter()
        .any(|sign| text.contains(sign))
}

fn cloudformation(root: &Node) -> Format {
    let resources = root.get("Resources").and_then(Node::entries).unwrap_or_default();
    let is_typed = resources.iter().any(|entry| {
        let kind = entry.value.get("Type").and_then(Node::as_str);
        kind.is_some_and(|kind| kind.contains("::")) || entry.key.as_str().is_some_and(|key| key.starts_with("Fn::"))
    });
    if !is_typed && root.get("AWSTemplateFormatVersion").is_none() {
        return Format::Other;
    }
    let is_sam = transforms(root).iter().any(|name| name.starts_with("AWS::Serverless"));
    if is_sam { Format::Sam } else { Format::CloudFormation }
}

/// Whether a file holds resources alone, to be put below the `Resources` of a template.
pub fn is_part_of_template(root: &Node) -> bool {
    let is_typed = |entry: &crate::syntax::Entry| {
        entry.value.get("Type").and_then(Node::as_str).is_some_and(|kind| kind.contains("::"))
    };
    root.entries().is_some_and(|entries| !entries.is_empty() && entries.iter().all(is_typed))
}

/// The names under `Transform`.
pub fn transforms(root: &Node) -> Vec<&str> {
    // `Transform: {Name: AWS::Include, Parameters: …}` names one too.
    fn name(node: &Node) -> Option<&str> {
        node.as_str().or_else(|| node.get("Name")?.as_str())
    }
    match root.get("Transform") {
        Some(node) => match node.items() {
            Some(items) => items.iter().filter_map(name).collect(),
            None => name(node).into_iter().collect(),
        },
        None => Vec::new(),
    }
}

fn is_policy(root: &Node) -> bool {
    let looks_like_statement =
        |node: &Node| ["Effect", "Action", "NotAction", "Principal"].iter().any(|key| node.get(key).is_some());
    match root.get("Statement") {
        // `Version` alone does not make a policy, but an empty Statement beside it does.
        Some(statement) => match statement.items() {
            Some([]) => root.get("Version").is_some(),
            Some(items) => items.iter().any(looks_like_statement),
            None => looks_like_statement(statement),
        },
        None => false,
    }
}

/// A service, or `serverless-compose.yml`, which lists services. A service may leave most of itself to
/// other files; its name then tells.
fn is_serverless(root: &Node, name: &str) -> bool {
    let has = |key: &str| root.get(key).is_some();
    let is_named = name.contains("serverless");
    has("service") && (has("provider") || is_named && ["functions", "resources", "custom"].into_iter().any(has))
        || is_named && name.contains("compose") && has("services")
}

fn is_buildspec(root: &Node, name: &str) -> bool {
    let has = |key: &str| root.get(key).is_some();
    let version = root.get("version").and_then(Node::as_str).unwrap_or_default();
    let phases = root.get("phases").and_then(Node::entries).unwrap_or_default();
    let known_phase = |key: &str| matches!(key, "install" | "pre_build" | "build" | "post_build");
    let has_known_phase = phases.iter().any(|entry| entry.key.as_str().is_some_and(known_phase));
    // An appspec has `version: 0.0`, and a CircleCI configuration `jobs`.
    has_known_phase
        || (matches!(version, "0.1" | "0.2") && (has("batch") || has("artifacts") || has("env")))
        || (name.starts_with("buildspec") && matches!(version, "0.1" | "0.2"))
}

/// `Dockerfile`, `Dockerfile.test`, `app.Dockerfile`.
pub fn is_dockerfile_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_one = name == "dockerfile" || name.starts_with("dockerfile.") || name.ends_with(".dockerfile");
    is_one && !name.ends_with(IGNORED_BY_DOCKER)
}

/// What a build of an image leaves out is said in a file of this name, or with it behind that of the Dockerfile.
///
/// Source: <https://docs.docker.com/build/concepts/context/#dockerignore-files>
pub const IGNORED_BY_DOCKER: &str = ".dockerignore";

/// A file that is read for what others make of it, and is neither YAML nor JSON.
pub fn is_script_name(name: &str) -> bool {
    let is_makefile = matches!(name, "Makefile" | "makefile" | "GNUmakefile");
    is_makefile || name == ".env" || name.starts_with(".env.") || name.ends_with(".env") || {
        let endings = [".sh", ".bash", ".mk", ".hcl", ".tfbackend", ".tfvars", IGNORED_BY_DOCKER];
        endings.iter().any(|ending| name.ends_with(ending))
    }
}
