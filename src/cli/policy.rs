//! `iamlint policy`: questions about policy documents alone.

use super::Failure;
use super::validate::{self, ValidateArgs};
use clap::Subcommand;

#[derive(clap::Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    pub verb: PolicyCommand,
}

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Say what AWS's own validation would find in policy documents
    Validate(ValidateArgs),
}

pub fn run(args: &PolicyArgs) -> Result<u8, Failure> {
    match &args.verb {
        PolicyCommand::Validate(args) => validate::run(args),
    }
}
