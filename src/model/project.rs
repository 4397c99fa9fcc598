//! CodeBuild projects.

use super::command::Command;
use super::principal::RoleRef;
use super::trust_level::CodeTrust;
use super::webhook::Webhook;
use super::{BuildspecId, PipelineId};
use crate::source::{FileId, Span, Spanned};
use crate::value::{Condition, Text, Value};

#[derive(Debug)]
pub struct BuildProject {
    pub file: FileId,
    pub logical_id: Spanned<String>,
    pub name: Option<Text>,
    /// The account it is in, when its ARN is known.
    pub account: Option<String>,
    pub source: Source,
    pub artifacts: Vec<Artifacts>,
    pub image: Option<Text>,
    /// Its commands are PowerShell, and it has no privileged mode.
    pub is_windows: bool,
    /// The reserved machines that it builds on.
    pub fleet: Option<Text>,
    /// Where in S3 its builds keep a cache.
    pub cache: Option<S3Cache>,
    pub logs: Logs,
    /// `PrivilegedMode: true`; the place is that of the value.
    pub privileged: Option<Span>,
    /// Of several, as a condition decides, the one that may do most.
    pub role: Option<RoleRef>,
    /// The roles under other conditions.
    pub other_roles: Vec<RoleRef>,
    pub webhook: Option<Webhook>,
    pub when: Option<Condition>,
    /// Everything that is written of it, under the names that CloudFormation has.
    pub properties: Value,
    pub variables: Vec<BuildVariable>,
    /// The commands of its buildspec with its own variables, where other projects run the buildspec
    /// too. Filled by linking.
    pub own_commands: Option<Vec<Command>>,
    /// Pipeline actions that run it. Filled by linking.
    pub run_by: Vec<ActionRef>,
    /// Who decides which code it runs. Filled by linking.
    pub trust: CodeTrust,
    /// What shows that it deploys. Filled by linking.
    pub deploys: Option<DeployEvidence>,
}

/// Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/caching-s3.html>
#[derive(Debug)]
pub struct S3Cache {
    /// `bucket/prefix`
    pub location: Text,
    /// Projects with one namespace share what lies below one location.
    pub namespace: Option<Text>,
}

#[derive(Debug, Default)]
pub struct Logs {
    /// Neither CloudWatch nor S3 gets any; the place is that of the settings.
    pub off: Option<Span>,
    /// The log group, where one is named.
    pub group: Option<Text>,
}

/// A variable that a project, or an action that runs it, sets for its builds.
#[derive(Debug)]
pub struct BuildVariable {
    pub name: Spanned<String>,
    pub value: Option<Text>,
    /// The value is the variable's own, and not the name of a parameter or secret.
    pub is_plain: bool,
}

impl BuildVariable {
    /// An item of a list, by the keys that stand for its name, its value and its type.
    pub fn read(item: &Value, [name, value, kind]: [&str; 3]) -> Option<BuildVariable> {
        let name = item.get(name)?.as_text()?;
        let is_plain = |kind: &Value| kind.literal().is_some_and(|kind| kind.eq_ignore_ascii_case("PLAINTEXT"));
        Some(BuildVariable {
            name: Spanned::new(name.literal()?.to_owned(), name.span),
            value: item
                .get(value)
                .and_then(|value| value.alternatives().into_iter().find_map(|(_, one)| one.as_text()))
                .cloned(),
            is_plain: item.get(kind).is_none_or(is_plain),
        })
    }

    /// The value itself, where it is not kept elsewhere.
    pub fn plain_value(&self) -> Option<&Text> {
        self.value.as_ref().filter(|_| self.is_plain)
    }
}

#[derive(Debug)]
pub struct Source {
    /// `GITHUB`, `CODEPIPELINE`, … in upper case; empty when it is unknown.
    pub kind: String,
    pub span: Span,
    pub location: Option<Text>,
    pub buildspec: BuildspecRef,
}

/// Where the buildspec of a project comes from.
#[derive(Debug)]
pub enum BuildspecRef {
    /// Nothing is said: `buildspec.yml` at the root of the source.
    Default { found: Option<BuildspecId> },
    /// A path in the source.
    Path { path: Text, found: Option<BuildspecId> },
    /// The text itself stands in the template.
    Inline { span: Span, id: Option<BuildspecId> },
    /// An object in S3, or a value that cannot be evaluated.
    Elsewhere { span: Span, text: String },
}

#[derive(Debug)]
pub struct Artifacts {
    /// `S3`, `CODEPIPELINE`, `NO_ARTIFACTS` in upper case.
    pub kind: String,
    pub span: Span,
    /// The bucket.
    pub location: Option<Text>,
    pub path: Option<Text>,
    pub name: Option<Text>,
    /// The id of the build stands between the path and the name.
    pub has_build_id: bool,
    /// The buildspec may choose the name.
    pub override_name: bool,
}

/// An action of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionRef {
    pub pipeline: PipelineId,
    pub stage: usize,
    pub action: usize,
}

/// What shows that a build deploys.
#[derive(Clone, Debug)]
pub struct DeployEvidence {
    pub span: Span,
    pub text: String,
    /// A deploy command was read, and not only a name.
    pub certain: bool,
}

impl BuildspecRef {
    /// The path in the source, where it is known.
    pub fn path(&self) -> Option<&str> {
        match self {
            BuildspecRef::Default { .. } => Some("buildspec.yml"),
            BuildspecRef::Path { path, .. } => Some(path.literal()?.trim_start_matches("./")),
            BuildspecRef::Inline { .. } | BuildspecRef::Elsewhere { .. } => None,
        }
    }
}

impl BuildProject {
    pub fn display(&self) -> &str {
        &self.logical_id.value
    }

    /// Every role that it may run with.
    pub fn roles(&self) -> impl Iterator<Item = &RoleRef> {
        self.role.iter().chain(&self.other_roles)
    }

    pub fn buildspec_id(&self) -> Option<BuildspecId> {
        match &self.source.buildspec {
            BuildspecRef::Default { found } | BuildspecRef::Path { found, .. } => *found,
            BuildspecRef::Inline { id, .. } => *id,
            BuildspecRef::Elsewhere { .. } => None,
        }
    }

    /// Code that nobody has reviewed runs when somebody outside causes an event. What another
    /// build hands on is that build's matter.
    pub fn runs_untrusted_code(&self) -> bool {
        self.trust.is_untrusted() && !self.trust.is_piped
    }

    /// The webhook, where its source can have one: a type that is given at deployment is one that can.
    pub fn own_webhook(&self) -> Option<&Webhook> {
        self.webhook.as_ref().filter(|_| self.has_git_host() || self.source_is_given_later())
    }

    /// The type of its source is known only at deployment.
    fn source_is_given_later(&self) -> bool {
        let kind = self.properties.get("Source").and_then(|source| source.get("Type"));
        self.source.kind.is_empty() && kind.is_some_and(|kind| matches!(kind, Value::Text(_) | Value::Unknown(_)))
    }

    /// Its source is a repository at a git host that can send pull requests.
    fn has_git_host(&self) -> bool {
        matches!(
            self.source.kind.as_str(),
            "GITHUB" | "GITHUB_ENTERPRISE" | "BITBUCKET" | "GITLAB" | "GITLAB_SELF_MANAGED"
        )
    }
}
