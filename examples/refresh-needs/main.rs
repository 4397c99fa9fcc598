//! Rebuilds the tables of `data/needs/` that come from packages: what CloudFormation needs for resources of a type, and
//! what waiters ask. Same packages in, same bytes out:
//!
//! ```sh
//! mkdir packages && cd packages
//! pip download --no-deps cfn-lint botocore
//! unzip -q cfn_lint-*.whl -d cfn_lint && unzip -q botocore-*.whl -d botocore
//! cd .. && cargo run --example refresh-needs -- packages
//! ```

#[path = "../unpacked/mod.rs"]
mod unpacked;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use iamlint::iam::catalogue;
use serde_json::Value;
use unpacked::{Problem, archive, digest, json, text};

/// Handlers whose actions make, change and read a resource, and those whose actions remove it.
const MAKING: [&str; 3] = ["create", "update", "read"];
const REMOVING: [&str; 1] = ["delete"];

const END: &str = "-py3-none-any.whl";

fn main() -> ExitCode {
    unpacked::run("refresh-needs", refresh)
}

fn refresh(packages: &Path) -> Result<String, Problem> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/needs");
    let (mut handlers, left_out) = handlers(&packages.join("cfn_lint/cfnlint/data/schemas/resources"))?;
    for line in text(&data.join("kept/handlers.tsv"))?.lines() {
        let (kind, actions) = line.split_once('\t').ok_or_else(|| format!("kept/handlers.tsv: {line}"))?;
        handlers.insert(kind.to_owned(), actions.to_owned());
    }
    let waiters = waiters(&packages.join("botocore/botocore/data"))?;
    let rows: String = handlers.iter().map(|(kind, actions)| format!("{kind}\t{actions}\n")).collect();
    fs::write(data.join("handlers.tsv"), rows)?;
    fs::write(data.join("waiters.tsv"), waiters.iter().map(String::as_str).collect::<String>())?;
    let sources = [
        source(packages, "botocore", "botocore", "Apache-2.0", "waiters")?,
        source(packages, "cfn-lint", "cfn_lint", "MIT-0", "handlers")?,
    ];
    fs::write(data.join("SOURCES.tsv"), sources.concat())?;
    Ok(format!(
        "{} types, {left_out} names of actions that IAM does not have, {} waiters",
        handlers.len(),
        waiters.len()
    ))
}

/// The actions of each type, and how many names are none of an action.
fn handlers(schemas: &Path) -> Result<(BTreeMap<String, String>, usize), Problem> {
    let mut rows = BTreeMap::new();
    let mut left_out = 0;
    for path in files(schemas, "json")? {
        let schema = json::<Value>(&path)?;
        let (Some(kind), Some(handlers)) = (schema["typeName"].as_str(), schema["handlers"].as_object()) else {
            continue;
        };
        let mut of = |names: &[&str]| -> String {
            let permissions = names.iter().filter_map(|name| handlers.get(*name)?["permissions"].as_array());
            let mut services: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for name in permissions.flatten().filter_map(Value::as_str) {
                match catalogue::action(name.trim()) {
                    Some(action) => {
                        services.entry(action.service().prefix()).or_default().insert(action.name());
                    }
                    None => left_out += 1,
                }
            }
            let groups = services
                .into_iter()
                .map(|(prefix, names)| format!("{prefix}:{}", names.into_iter().collect::<Vec<_>>().join(",")));
            groups.collect::<Vec<_>>().join(" ")
        };
        rows.insert(kind.to_owned(), format!("{}\t{}", of(&MAKING), of(&REMOVING)));
    }
    Ok((rows, left_out))
}

/// A row of client, waiter and operation, in the style of the command line.
fn waiters(clients: &Path) -> Result<BTreeSet<String>, Problem> {
    let mut rows = BTreeSet::new();
    for client in fs::read_dir(clients)? {
        let client = client?;
        let name = client.file_name().to_string_lossy().into_owned();
        if !client.path().is_dir() {
            continue;
        }
        // The newest version of the API is the last folder.
        let mut versions: Vec<PathBuf> =
            fs::read_dir(client.path())?.map(|entry| Ok(entry?.path())).collect::<Result<_, Problem>>()?;
        versions.sort();
        let Some(path) = versions.last().map(|version| version.join("waiters-2.json")).filter(|path| path.exists())
        else {
            continue;
        };
        let model = json::<Value>(&path)?;
        for (waiter, told) in model["waiters"].as_object().into_iter().flatten() {
            let operation = told["operation"].as_str().ok_or_else(|| format!("{waiter}: no operation"))?;
            let client = match name.as_str() {
                "s3" => "s3api",
                "codedeploy" => "deploy",
                other => other,
            };
            if catalogue::client_service(client).is_some() {
                rows.insert(format!("{client}\t{}\t{}\n", kebab(waiter), kebab(operation)));
            }
        }
    }
    Ok(rows)
}

/// `DBInstanceAvailable` → `db-instance-available`, as the command line names it.
fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| letters[at]);
        let behind = letters.get(index + 1);
        let starts = before.is_some_and(|before| {
            before.is_lowercase() || before.is_ascii_digit() || behind.is_some_and(|behind| behind.is_lowercase())
        });
        if letter.is_uppercase() && starts {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// The row of a package; its licence goes beside the data.
fn source(packages: &Path, name: &str, folder: &str, licence: &str, what: &str) -> Result<String, Problem> {
    let (path, version) = archive(packages, &format!("{folder}-"), END)?;
    let digest = digest(&path)?;
    let info = packages.join(folder).join(format!("{folder}-{version}.dist-info"));
    let found = ["licenses/LICENSE", "licenses/LICENSE.txt", "LICENSE", "LICENSE.txt"];
    let path = found.iter().map(|name| info.join(name)).find(|path| path.exists());
    let path = path.ok_or_else(|| format!("{}: no licence", info.display()))?;
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("data/needs/licences/{name}.txt")), text(&path)?)?;
    Ok(format!("package\t{name}\tPyPI\t{version}\t{digest}\t{licence}\t{what}\n"))
}

/// The files of a folder with this ending, sorted.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Problem> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_, Problem>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    paths.sort();
    Ok(paths)
}
