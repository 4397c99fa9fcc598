//! Which IAM actions an SDK or CLI call needs. By rule it is the action named like the operation, under the prefix
//! named like the service; `sdk-exceptions.tsv` lists the services and operations for which the rule is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use serde::Deserialize;

use crate::Problem;
use crate::packages::{Kept, cell};
use crate::services::Catalogue;

/// One client of botocore, such as `s3control`.
#[derive(Deserialize)]
struct Model {
    metadata: Metadata,
    operations: BTreeMap<String, Operation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    endpoint_prefix: String,
    signing_name: Option<String>,
}

#[derive(Deserialize)]
struct Operation {
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

/// The clients whose actions are HTTP methods, wherever there is no action of the operation's name.
const BY_METHOD: [&str; 2] = ["apigateway", "apigatewayv2"];

/// Rows: `alias`, other name, client; `op`, client, operation, actions (`-` for none, `?` after one that depends on
/// the arguments); `service`, client, prefix.
pub fn exceptions(catalogue: &Catalogue, package: &Path, kept: &Kept) -> Result<String, Problem> {
    let models = models(&package.join("botocore/data"))?;
    let mut prefixes: BTreeMap<String, String> =
        models.iter().filter_map(|(client, model)| Some((client.clone(), prefix(catalogue, client, model)?))).collect();
    let mut aliases = BTreeMap::new();
    let mut operations = BTreeMap::new();
    for row in kept.rows("sdk-exceptions.tsv")? {
        match row.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["alias", name, client] if models.contains_key(client) => {
                aliases.insert(name.to_owned(), client.to_owned());
            }
            ["service", client, prefix] if catalogue.contains_key(prefix) => {
                prefixes.insert(client.to_owned(), prefix.to_owned());
            }
            ["op", client, operation, actions] => {
                check(catalogue, &models, client, operation, actions)?;
                operations.insert((client.to_owned(), operation.to_lowercase()), [operation, actions].join("\t"));
            }
            _ => return Err(format!("sdk-exceptions.tsv: cannot use the row {row:?}").into()),
        }
    }
    for (client, model) in models.iter().filter(|(client, _)| BY_METHOD.contains(&client.as_str())) {
        for (operation, Operation { http }) in &model.operations {
            if !has_action(catalogue, "apigateway", operation) {
                let action = format!("apigateway:{}", http.method);
                check(catalogue, &models, client, operation, &action)?;
                operations.insert((client.clone(), operation.to_lowercase()), format!("{operation}\t{action}"));
            }
        }
    }
    let mut text = String::new();
    for (name, client) in aliases {
        let _ = writeln!(text, "alias\t{name}\t{client}");
    }
    for ((client, _), row) in operations {
        let _ = writeln!(text, "op\t{client}\t{row}");
    }
    for (client, prefix) in prefixes.iter().filter(|(client, prefix)| client != prefix) {
        let _ = writeln!(text, "service\t{}\t{prefix}", cell(client, " ")?);
    }
    Ok(text)
}

/// The newest model of every client.
fn models(data: &Path) -> Result<BTreeMap<String, Model>, Problem> {
    let mut models = BTreeMap::new();
    for client in folders(data)? {
        let Some(newest) = folders(&client)?.pop_last() else { continue };
        let path = newest.join("service-2.json.gz");
        let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let model = serde_json::from_reader(BufReader::new(GzDecoder::new(BufReader::new(file))))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let name = client.file_name().unwrap_or_default().to_string_lossy().into_owned();
        models.insert(name, model);
    }
    Ok(models)
}

fn folders(path: &Path) -> Result<BTreeSet<PathBuf>, Problem> {
    let mut folders = BTreeSet::new();
    for entry in fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            folders.insert(path);
        }
    }
    Ok(folders)
}

/// The prefix of a client: of the names it goes by, the one under which most of its operations are actions.
fn prefix(catalogue: &Catalogue, client: &str, model: &Model) -> Option<String> {
    let Metadata { endpoint_prefix, signing_name } = &model.metadata;
    // `data-ats.iot` and `portal.sso` end in the service.
    let endpoint = endpoint_prefix.rsplit('.').next();
    let names = [Some(client), signing_name.as_deref(), endpoint];
    let actions = |prefix: &str| model.operations.keys().filter(|name| has_action(catalogue, prefix, name)).count();
    let known = names.into_iter().flatten().filter(|name| catalogue.contains_key(*name));
    // The last of the best wins, so the client's own name comes last.
    known.rev().max_by_key(|name| actions(name)).map(str::to_owned)
}

fn has_action(catalogue: &Catalogue, prefix: &str, name: &str) -> bool {
    catalogue.get(prefix).is_some_and(|service| service.actions.contains_key(&name.to_lowercase()))
}

/// A row must name an operation that exists and actions that exist.
fn check(
    catalogue: &Catalogue,
    models: &BTreeMap<String, Model>,
    client: &str,
    operation: &str,
    actions: &str,
) -> Result<(), Problem> {
    if !models.get(client).is_some_and(|model| model.operations.contains_key(operation)) {
        return Err(format!("sdk-exceptions.tsv: botocore has no operation {operation} of {client}").into());
    }
    for action in actions.split(',').filter(|_| actions != "-") {
        let full = action.trim_end_matches('?');
        let (prefix, name) = full.split_once(':').unwrap_or((full, ""));
        if !has_action(catalogue, prefix, name) {
            return Err(format!("sdk-exceptions.tsv: {operation} of {client}: no action {full}").into());
        }
    }
    Ok(())
}
