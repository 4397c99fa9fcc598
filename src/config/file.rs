//! What `iamlint.toml` may say, as it is written. The schema and `iamlint config --show` come from
//! these types; their comments are the descriptions in the schema.

use crate::diagnostic::Severity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use toml::Spanned as Placed;

/// The configuration of iamlint
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConfigFile {
    /// Findings at least so serious fail the run
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_on: Option<FailOn>,
    /// Only these rules, or all of these packs; all rules when it is empty
    #[schemars(with = "Vec<String>")]
    pub select: Vec<Placed<String>>,
    /// Rule packs of one's own
    pub packs: Vec<String>,
    /// Files that are read too, whatever their name
    #[schemars(with = "Vec<String>")]
    pub include: Vec<Placed<String>>,
    /// Files that are left out, even when they are named
    #[schemars(with = "Vec<String>")]
    pub exclude: Vec<Placed<String>>,
    /// Nothing else loosens this: neither flags, nor comments and metadata in templates
    pub lock: bool,
    /// How serious the findings of a rule, or of all rules of a pack, are
    #[schemars(with = "BTreeMap<String, Level>")]
    pub rules: BTreeMap<Placed<String>, Level>,
    /// What holds below a path alone
    #[schemars(with = "BTreeMap<String, PathSettings>")]
    pub paths: BTreeMap<Placed<String>, PathSettings>,
    /// What suppressions must have
    pub suppressions: SuppressionSettings,
    /// Findings that are not told, for files that cannot carry a comment
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<Ignore>,
}

/// What holds below a path alone; of several patterns that fit, the longest counts
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PathSettings {
    /// How serious the findings of a rule, or of all rules of a pack, are
    #[schemars(with = "BTreeMap<String, Level>")]
    pub rules: BTreeMap<Placed<String>, Level>,
}

/// What suppressions must have
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SuppressionSettings {
    /// Each has a reason
    pub require_reason: bool,
    /// Each has a date, at most so many days ahead
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_days: Option<u32>,
}

/// Findings that are not told; all that is given must fit
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ignore {
    /// The rule
    #[schemars(with = "String")]
    pub rule: Placed<String>,
    /// Files
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Placed<String>>,
    /// The role, or the logical id of the resource
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The `Sid` of the statement
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// An action, or a list of them, as the statement writes it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<OneOrMore>,
    /// Why
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last day on which it counts
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Placed<toml::value::Datetime>>,
}

/// A text, or a list of texts
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// How serious findings are, or that there are none
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Critical,
    High,
    Medium,
    Low,
    Info,
    Off,
}

impl Level {
    /// `None` for findings that are not wanted.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Critical => Some(Severity::Critical),
            Level::High => Some(Severity::High),
            Level::Medium => Some(Severity::Medium),
            Level::Low => Some(Severity::Low),
            Level::Info => Some(Severity::Info),
            Level::Off => None,
        }
    }
}

/// From which severity a run fails
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    Critical,
    High,
    Medium,
    Low,
    Info,
    /// Findings never fail the run
    Never,
}

impl FailOn {
    pub const DEFAULT: FailOn = FailOn::Medium;

    pub fn threshold(self) -> Option<Severity> {
        match self {
            FailOn::Critical => Some(Severity::Critical),
            FailOn::High => Some(Severity::High),
            FailOn::Medium => Some(Severity::Medium),
            FailOn::Low => Some(Severity::Low),
            FailOn::Info => Some(Severity::Info),
            FailOn::Never => None,
        }
    }

    /// Whether fewer findings fail the run than with `other`.
    pub fn is_looser_than(self, other: FailOn) -> bool {
        match (self.threshold(), other.threshold()) {
            (Some(own), Some(other)) => own < other,
            (None, other) => other.is_some(),
            (Some(_), None) => false,
        }
    }
}
