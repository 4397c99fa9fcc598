//! Parses the arguments, runs, and exits with the status that the run gives.

use std::process::ExitCode;

fn main() -> ExitCode {
    iamlint::cli::main()
}
