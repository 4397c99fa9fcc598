//! `iamlint policy validate`: the rules on policies alone, for documents that are named.

use super::args::{InputArgs, ReportArgs};
use super::outputs::Outputs;
use super::settings::Settings;
use super::{Failure, check, discover, packs};
use crate::iam::PolicyKind;
use crate::linter::lint;
use crate::model::lower::AsPolicy;
use clap::ValueEnum;
use std::path::PathBuf;

#[derive(clap::Args, Clone, Debug)]
pub struct ValidateArgs {
    /// Policy documents; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub paths: Vec<PathBuf>,
    /// What kind of policy they are [default: what they look like]
    #[arg(long = "type", value_enum, value_name = "KIND")]
    pub kind: Option<Kind>,
    /// The type of the resource that holds them, such as `AWS::S3::Bucket`
    #[arg(long, value_name = "TYPE")]
    pub resource_type: Option<String>,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// The kinds of policy, as ValidatePolicy has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Of a role, a user or a group
    Identity,
    /// Of a bucket, a key, a queue, …
    Resource,
    /// Who may assume a role
    Trust,
    /// A service control policy
    Scp,
    /// A resource control policy
    Rcp,
}

/// What is asked of a document: the rules on policies, and whether it can be read at all.
const ASKED: [&str; 2] = ["iam-core", "parse-error"];

pub fn run(args: &ValidateArgs) -> Result<u8, Failure> {
    let input = InputArgs { select: ASKED.map(str::to_owned).to_vec(), isolated: true, ..InputArgs::default() };
    let mut settings = Settings::none()?;
    let rules = packs::selected(&input, &mut settings)?;
    let threshold = settings.threshold(&args.report)?;
    let mut found = discover::input(&args.paths, &input, settings)?;
    // A type of resource says the kind too.
    let by_type = args.resource_type.as_deref().map(|name| match name {
        "AWS::IAM::AssumeRolePolicyDocument" => PolicyKind::Trust,
        name if name.starts_with("AWS::IAM::") => PolicyKind::Identity,
        _ => PolicyKind::Resource,
    });
    found.options.as_policy = Some(AsPolicy {
        kind: args.kind.map(policy_kind).or(by_type),
        resource_type: args.resource_type.clone().unwrap_or_default(),
    });
    let outputs = Outputs::of(&args.report)?;
    found.options.inventory = outputs.inventory();
    let report = lint(&found.sources, &rules, &found.options);
    check::tell(&args.report, &outputs, threshold, report, found)
}

fn policy_kind(kind: Kind) -> PolicyKind {
    match kind {
        Kind::Identity => PolicyKind::Identity,
        Kind::Resource => PolicyKind::Resource,
        Kind::Trust => PolicyKind::Trust,
        Kind::Scp => PolicyKind::ServiceControl,
        Kind::Rcp => PolicyKind::ResourceControl,
    }
}
