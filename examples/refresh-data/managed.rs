//! AWS's managed policies, as `moto` carries them: the document, and what identifies its version.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Problem;
use crate::packages::{Kept, cell, text};

/// Policies by name.
pub type Policies = BTreeMap<String, Policy>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    path: String,
    default_version_id: String,
    update_date: String,
    document: Map<String, Value>,
}

pub fn read(package: &Path) -> Result<Policies, Problem> {
    let path = package.join("moto/iam/aws_managed_policies.py");
    let program = text(&path)?;
    // The module is one triple-quoted string of JSON, without escapes.
    let json = program.split("\"\"\"").nth(1).ok_or_else(|| format!("{}: no text found", path.display()))?;
    let policies: Policies = serde_json::from_str(json).map_err(|error| format!("{}: {error}", path.display()))?;
    for name in policies.keys() {
        cell(name, " /:*?")?;
    }
    Ok(policies)
}

/// `managed.tsv`: name, ARN, version, date of that version, names of withdrawn policies it stands in for.
pub fn index(policies: &Policies, kept: &Kept) -> Result<String, Problem> {
    let mut replaced: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for [old, new] in kept.table("replaced-policies.tsv")? {
        if policies.contains_key(&old) || !policies.contains_key(&new) {
            return Err(format!("replaced-policies.tsv: {new} does not stand in for {old}").into());
        }
        replaced.entry(new).or_default().insert(old);
    }
    let row = |(name, policy): (&String, &Policy)| {
        let Policy { path, default_version_id: version, update_date, .. } = policy;
        let date = update_date.split('T').next().unwrap_or_default();
        let old = replaced.get(name).map(|old| old.iter().cloned().collect::<Vec<_>>().join(","));
        let old = old.unwrap_or_else(|| "-".to_owned());
        format!("{name}\tarn:aws:iam::aws:policy{path}{name}\t{version}\t{date}\t{old}\n")
    };
    Ok(policies.iter().map(row).collect())
}

/// The documents by file name, one statement a line, so that a diff shows which statement changed.
pub fn files(policies: &Policies) -> Result<BTreeMap<String, String>, Problem> {
    policies.iter().map(|(name, policy)| Ok((format!("{name}.json"), document(&policy.document)?))).collect()
}

fn document(document: &Map<String, Value>) -> Result<String, Problem> {
    let mut members = Vec::new();
    for (key, value) in document {
        let key = serde_json::to_string(key)?;
        let text = match value {
            Value::Array(items) => {
                let lines: Vec<String> = items.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
                format!("[\n{}\n]", lines.join(",\n"))
            }
            other => serde_json::to_string(other)?,
        };
        members.push(format!("{key}:{text}"));
    }
    Ok(format!("{{{}}}\n", members.join(",\n")))
}
