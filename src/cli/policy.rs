//! `iamlint policy`: questions about policy documents alone.

use super::args::Color;
use super::validate::{self, ValidateArgs};
use super::{Failure, access, can, expand, minimize};
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    pub verb: PolicyCommand,
}

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Say whether new policies allow anything that existing ones do not
    NoNewAccess(NoNewAccessArgs),
    /// Say whether policies allow none of some actions on some resources
    AccessNotGranted(AccessNotGrantedArgs),
    /// Say whether the policies of a resource keep strangers out
    NoPublicAccess(NoPublicAccessArgs),
    /// Say whether policies allow one request, and which statement decides
    Can(CanArgs),
    /// List the actions a pattern or a policy stands for, with their access level
    Expand(ExpandArgs),
    /// Write a policy as short as it can be without a change to what it allows
    Minimize(MinimizeArgs),
    /// Say what AWS's own validation would find in policy documents
    Validate(ValidateArgs),
}

#[derive(clap::Args, Clone, Debug)]
pub struct NoNewAccessArgs {
    /// The policies as they are; `-` is standard input
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub existing: Vec<PathBuf>,
    /// The policies as they shall be
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub new: Vec<PathBuf>,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub read_as: ReadAs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(clap::Args, Clone, Debug)]
pub struct AccessNotGrantedArgs {
    /// The policies; `-` is standard input
    #[arg(value_name = "POLICY", required = true)]
    pub policies: Vec<PathBuf>,
    /// Actions, as a policy names them; wildcards may be used
    #[arg(long, value_name = "ACTION", value_delimiter = ',', required_unless_present = "resources")]
    pub actions: Vec<String>,
    /// ARNs, as a policy names them [default: all resources]
    #[arg(long, value_name = "ARN", value_delimiter = ',')]
    pub resources: Vec<String>,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub read_as: ReadAs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(clap::Args, Clone, Debug)]
pub struct NoPublicAccessArgs {
    /// The policies of the resource; `-` is standard input
    #[arg(value_name = "POLICY", required = true)]
    pub policies: Vec<PathBuf>,
    /// What the policies are attached to, such as `AWS::S3::Bucket`; for trust policies
    /// `AWS::IAM::AssumeRolePolicyDocument`
    #[arg(long, value_name = "TYPE")]
    pub resource_type: String,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(clap::Args, Clone, Debug)]
pub struct CanArgs {
    /// The policies; `-` is standard input. Those that name principals are of the resource
    #[arg(value_name = "POLICY", required_unless_present_any = ["resource_policy", "trust_policy"])]
    pub policies: Vec<PathBuf>,
    /// What is done, such as `s3:GetObject`
    #[arg(long, value_name = "ACTION")]
    pub action: String,
    /// What it is done to: an ARN, or `*` where the action takes no resource
    #[arg(long, value_name = "ARN")]
    pub resource: String,
    /// Who does it: an ARN, a service, a provider of identities, or `*` for anybody
    #[arg(long, value_name = "WHO")]
    pub principal: Option<String>,
    /// What else the request says; given twice for two values, and `key=` for a key it does not have
    #[arg(long, value_name = "KEY=VALUE")]
    pub context: Vec<String>,
    #[command(flatten)]
    pub read_as: ReadAs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub besides: BesidesArgs,
}

/// Policies of other types that have a say.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Other policies that have a say")]
pub struct BesidesArgs {
    /// A policy of the resource
    #[arg(long, value_name = "FILE")]
    pub resource_policy: Vec<PathBuf>,
    /// The trust policy of the role that is assumed
    #[arg(long, value_name = "FILE")]
    pub trust_policy: Vec<PathBuf>,
    /// The permissions boundary of the principal
    #[arg(long, value_name = "FILE")]
    pub boundary: Option<PathBuf>,
    /// A policy that was given when the session was made
    #[arg(long, value_name = "FILE")]
    pub session_policy: Vec<PathBuf>,
    /// The service control policies of one level, with commas between them: once for the root, for
    /// each organisational unit, for the account
    #[arg(long, value_name = "FILE,…")]
    pub scp: Vec<String>,
    /// The resource control policies of one level, as with `--scp`
    #[arg(long, value_name = "FILE,…")]
    pub rcp: Vec<String>,
    /// The account of the principal [default: told by its ARN]
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// The account of the resource [default: told by its ARN, or else that of the principal]
    #[arg(long, value_name = "ID")]
    pub resource_account: Option<String>,
}

/// Policies that limit what the others allow.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct LimitArgs {
    /// A permissions boundary that limits the policies
    #[arg(long, value_name = "FILE")]
    pub boundary: Option<PathBuf>,
    /// The service control policies of one level, with commas between them: once for each level
    #[arg(long, value_name = "FILE,…")]
    pub scp: Vec<String>,
}

#[derive(clap::Args, Clone, Debug)]
pub struct ExpandArgs {
    /// A pattern such as `s3:Get*`, or a policy; `-` is standard input
    #[arg(value_name = "PATTERN|FILE")]
    pub what: String,
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: PolicyFormat,
}

#[derive(clap::Args, Clone, Debug)]
pub struct MinimizeArgs {
    /// The policy; `-` is standard input
    #[arg(value_name = "POLICY")]
    pub policy: PathBuf,
    #[command(flatten)]
    pub read_as: ReadAs,
    /// `text` is the policy alone, and what was done on standard error
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: PolicyFormat,
}

#[derive(clap::Args, Clone, Debug)]
pub struct ReadAs {
    /// What the policies are attached to [default: told by their statements]
    #[arg(long, value_enum, value_name = "TYPE")]
    pub policy_type: Option<PolicyType>,
}

#[derive(clap::Args, Clone, Debug)]
pub struct OutputArgs {
    /// How the answer is written
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: PolicyFormat,
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyType {
    /// Of a user, a group or a role
    Identity,
    /// Of a bucket, a key, a queue, …
    Resource,
    /// Of a role: who may assume it
    Trust,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyFormat {
    Text,
    Json,
}

pub fn run(args: &PolicyArgs) -> Result<u8, Failure> {
    match &args.verb {
        PolicyCommand::NoNewAccess(args) => access::no_new_access(args),
        PolicyCommand::AccessNotGranted(args) => access::not_granted(args),
        PolicyCommand::NoPublicAccess(args) => access::no_public_access(args),
        PolicyCommand::Can(args) => can::run(args),
        PolicyCommand::Expand(args) => expand::run(args),
        PolicyCommand::Minimize(args) => minimize::run(args),
        PolicyCommand::Validate(args) => validate::run(args),
    }
}
