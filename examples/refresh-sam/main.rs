//! Rebuilds `data/sam/` from the package that AWS makes of the SAM transform, so that what SAM grants can be renewed
//! and reviewed as a diff. Same package in, same bytes out:
//!
//! ```sh
//! mkdir packages && cd packages
//! pip download --no-deps aws-sam-translator
//! unzip -q aws_sam_translator-*.whl -d aws_sam_translator
//! cd .. && cargo run --example refresh-sam -- packages
//! ```

#[path = "../unpacked/mod.rs"]
mod unpacked;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Map, Value};
use unpacked::{Problem, archive, digest, json, text};

const START: &str = "aws_sam_translator-";
const END: &str = "-py3-none-any.whl";

fn main() -> ExitCode {
    unpacked::run("refresh-sam", refresh)
}

fn refresh(packages: &Path) -> Result<String, Problem> {
    let (archive, version) = archive(packages, START, END)?;
    let unpacked = packages.join("aws_sam_translator");
    let library = unpacked.join("samtranslator");
    let templates = policy_templates(&json(&library.join("policy_templates_data/policy_templates.json"))?)?;
    let connectors = connectors(&json(&library.join("model/connector_profiles/profiles.json"))?)?;
    let digest = digest(&archive)?;
    let sources =
        format!("package\taws-sam-translator\tPyPI\t{version}\t{digest}\tApache-2.0\tpolicy templates, connectors\n");
    let licence = unpacked.join(format!("{START}{version}.dist-info/licenses/LICENSE"));
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sam");
    fs::create_dir_all(&data)?;
    fs::write(data.join("policy-templates.tsv"), templates.iter().map(String::as_str).collect::<String>())?;
    fs::write(data.join("connectors.tsv"), connectors.iter().map(String::as_str).collect::<String>())?;
    fs::write(data.join("SOURCES.tsv"), sources)?;
    fs::write(data.join("licence.txt"), text(&licence)?)?;
    Ok(format!("{} policy templates, {} rows of connectors", templates.len(), connectors.len()))
}

/// A row of name, parameters and statements for each template.
fn policy_templates(root: &Value) -> Result<BTreeSet<String>, Problem> {
    let mut rows = BTreeSet::new();
    for (name, template) in object(&root["Templates"])? {
        let parameters: Vec<&str> = object(&template["Parameters"])?.keys().map(String::as_str).collect();
        let statements = with_variables(&template["Definition"]["Statement"])?;
        rows.insert(format!("{name}\t{}\t{statements}\n", parameters.join(",")));
    }
    Ok(rows)
}

/// A row of source, destination, kind, holder of the policy, category and what it grants.
fn connectors(root: &Value) -> Result<BTreeSet<String>, Problem> {
    let mut rows = BTreeSet::new();
    for (source, destinations) in object(&root["Permissions"])? {
        for (destination, profile) in object(destinations)? {
            let kind = match profile["Type"].as_str() {
                Some("AWS_IAM_ROLE_MANAGED_POLICY") => "role",
                Some("AWS_SQS_QUEUE_POLICY") => "queue",
                Some("AWS_SNS_TOPIC_POLICY") => "topic",
                Some("AWS_LAMBDA_PERMISSION") => "permission",
                other => return Err(format!("{source} to {destination}: the type {other:?} is new").into()),
            };
            let properties = &profile["Properties"];
            let holder = if properties["SourcePolicy"] == Value::Bool(true) { "source" } else { "destination" };
            for (category, granted) in object(&properties["AccessCategories"])? {
                // A permission of Lambda is no policy document; it stays as it is.
                let granted = granted.get("Statement").unwrap_or(granted);
                let granted = with_variables(granted)?.to_string().replace("%{", "${");
                rows.insert(format!("{source}\t{destination}\t{kind}\t{holder}\t{category}\t{granted}\n"));
            }
        }
    }
    Ok(rows)
}

fn object(value: &Value) -> Result<&Map<String, Value>, Problem> {
    value.as_object().ok_or_else(|| format!("{value}: not an object").into())
}

/// The same value with `${Name}` in its texts where it has `Fn::Sub` and `Ref`.
fn with_variables(value: &Value) -> Result<Value, Problem> {
    let Value::Object(entries) = value else {
        return match value {
            Value::Array(items) => Ok(Value::Array(items.iter().map(with_variables).collect::<Result<_, _>>()?)),
            other => Ok(other.clone()),
        };
    };
    if let Some(name) = entries.get("Ref").and_then(Value::as_str) {
        return Ok(Value::String(format!("${{{name}}}")));
    }
    match entries.get("Fn::Sub") {
        Some(Value::String(text)) => Ok(Value::String(text.clone())),
        Some(Value::Array(parts)) => {
            let [Value::String(text), Value::Object(variables)] = parts.as_slice() else {
                return Err(format!("{value}: not a text and its variables").into());
            };
            let mut text = text.clone();
            for (name, variable) in variables {
                let Value::String(variable) = with_variables(variable)? else {
                    return Err(format!("{value}: `{name}` is no text").into());
                };
                text = text.replace(&format!("${{{name}}}"), &variable);
            }
            Ok(Value::String(text))
        }
        Some(other) => Err(format!("{other}: an Fn::Sub of a new form").into()),
        None if entries.keys().any(|key| key.starts_with("Fn::")) => Err(format!("{value}: a new intrinsic").into()),
        None => {
            let entries = entries.iter().map(|(key, value)| Ok::<_, Problem>((key.clone(), with_variables(value)?)));
            Ok(Value::Object(entries.collect::<Result<_, _>>()?))
        }
    }
}
