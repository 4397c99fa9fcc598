//! Parses the arguments, runs, and exits with the status that the run gives.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    iamlint::cli::main()
}
