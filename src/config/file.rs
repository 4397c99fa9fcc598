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
    /// The file of findings that are known already [default: iamlint-baseline.json at the root]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Nothing else loosens this: neither flags, nor comments and metadata in templates
    pub lock: bool,
    /// Accounts whose principals are no strangers
    #[schemars(with = "Vec<String>", inner(regex(pattern = r"^[0-9]{12}$")))]
    pub trusted_accounts: Vec<Placed<String>>,
    /// How serious the findings of a rule, or of all rules of a pack, are
    #[schemars(with = "BTreeMap<String, Level>")]
    pub rules: BTreeMap<Placed<String>, Level>,
    /// What holds below a path alone
    #[schemars(with = "BTreeMap<String, PathSettings>")]
    pub paths: BTreeMap<Placed<String>, PathSettings>,
    /// Who deploys
    pub deployment: Deployment,
    /// Values of parameters, in all templates that have them
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Environments that templates are deployed to, each with its values of parameters
    pub environments: BTreeMap<String, Environment>,
    /// Starts of addresses, such as `s3://shared/`, and where what they name lies in the repository
    #[schemars(with = "BTreeMap<String, String>")]
    pub includes: BTreeMap<Placed<String>, String>,
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
    /// The account that the files are deployed to
    #[schemars(with = "Option<String>", regex(pattern = r"^[0-9]{12}$"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Placed<String>>,
    /// How serious the findings of a rule, or of all rules of a pack, are
    #[schemars(with = "BTreeMap<String, Level>")]
    pub rules: BTreeMap<Placed<String>, Level>,
}

/// Who deploys
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deployment {
    /// Names or ARNs of roles and users that deploy by design, besides those that are seen to; `*` is allowed
    #[schemars(with = "Vec<String>")]
    pub principals: Vec<Placed<String>>,
    /// Nobody else deploys by design, whatever their builds and pipelines are seen to do
    #[schemars(with = "Option<bool>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<Placed<bool>>,
    /// Roles of an organisation are judged as all others: those of IAM Identity Center, Control Tower, stack sets,
    /// and `OrganizationAccountAccessRole`; they are for information otherwise
    pub strict_sso: bool,
    /// Names or ARNs of roles and users that deploy in an emergency: no finding as long as MFA or a trust policy
    /// that names who may come in keeps them for that
    #[schemars(with = "Vec<String>")]
    pub break_glass: Vec<Placed<String>>,
}

/// An environment that templates are deployed to
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Environment {
    /// The templates; all when it is empty
    #[schemars(with = "Vec<String>")]
    pub paths: Vec<Placed<String>>,
    /// A JSON file of parameters, as CloudFormation or CodePipeline takes it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Values of parameters; they count before those of the file
    pub parameters: BTreeMap<String, ParameterValue>,
}

/// The value of a parameter; a list stands for its items with commas between them
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ParameterValue {
    Text(String),
    Number(i64),
    Flag(bool),
    List(Vec<String>),
}

impl ParameterValue {
    /// As CloudFormation is given it.
    pub fn text(&self) -> String {
        match self {
            ParameterValue::Text(text) => text.clone(),
            ParameterValue::Number(number) => number.to_string(),
            ParameterValue::Flag(flag) => flag.to_string(),
            ParameterValue::List(items) => items.join(","),
        }
    }
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
    /// Other tools whose suppressions count too
    pub honour: Vec<Peer>,
}

/// A tool whose suppressions can count
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Peer {
    #[serde(rename = "cfn_nag")]
    CfnNag,
    #[serde(rename = "checkov")]
    Checkov,
    #[serde(rename = "cdk_nag")]
    CdkNag,
    #[serde(rename = "cfn-lint")]
    CfnLint,
}

impl Peer {
    /// The name that its suppressions are found by in metadata.
    pub fn name(self) -> &'static str {
        match self {
            Peer::CfnNag => "cfn_nag",
            Peer::Checkov => "checkov",
            Peer::CdkNag => "cdk_nag",
            Peer::CfnLint => "cfn-lint",
        }
    }
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
