//! Values of template parameters: those of all templates, and those of each environment.

use super::Config;
use super::file::ParameterValue;
use crate::source::Sources;
use crate::template::Assigned;
use globset::GlobSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An environment, with the values that are its own.
#[derive(Clone, Debug)]
pub struct EnvironmentValues {
    pub name: String,
    /// The files that are deployed to it; `None` for all.
    pub files: Option<GlobSet>,
    pub values: BTreeMap<String, String>,
    /// A file of parameters, as it is written, that has not been read yet.
    pub unread: Option<String>,
}

pub fn plain(values: &BTreeMap<String, ParameterValue>) -> BTreeMap<String, String> {
    values.iter().map(|(name, value)| (name.clone(), value.text())).collect()
}

/// The values of a file of parameters: a list of `ParameterKey` and `ParameterValue`, a mapping, or
/// a mapping below `Parameters`, as CloudFormation, the SAM CLI and CodePipeline take them.
pub fn of_file(text: &str) -> Result<BTreeMap<String, String>, String> {
    use serde_json::Value;
    let text_of = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let root: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let root = root.get("Parameters").unwrap_or(&root);
    match root {
        Value::Array(items) => {
            let pair = |item: &Value| {
                Some((item.get("ParameterKey")?.as_str()?.to_owned(), text_of(item.get("ParameterValue")?)?))
            };
            Ok(items.iter().filter_map(pair).collect())
        }
        Value::Object(entries) => {
            Ok(entries.iter().filter_map(|(name, value)| Some((name.clone(), text_of(value)?))).collect())
        }
        _ => Err("there are no parameters in it".to_owned()),
    }
}

impl Config {
    /// What the templates are told of the world outside of the files. Values in `over` count before
    /// all others.
    pub fn assigned(&self, sources: &Sources) -> Assigned {
        let base = plain(&self.file.parameters);
        let merged = |own: &BTreeMap<String, String>| {
            let mut values = base.clone();
            values.extend(own.iter().chain(&self.over).map(|(name, value)| (name.clone(), value.clone())));
            Arc::new(values)
        };
        let all: Vec<_> = self.environments.iter().map(|one| (one, merged(&one.values))).collect();
        let rest = merged(&BTreeMap::new());
        let of_path = |path: &str| {
            let fits = all.iter().filter(|(one, _)| one.files.as_ref().is_none_or(|files| files.is_match(path)));
            let mut found: Vec<_> = fits.map(|(one, values)| (one.name.clone(), Arc::clone(values))).collect();
            if found.is_empty() && !rest.is_empty() {
                found.push((String::new(), Arc::clone(&rest)));
            }
            found
        };
        Assigned {
            environments: sources.iter().map(|(_, source)| of_path(&source.path)).collect(),
            includes: self.includes.clone(),
        }
    }
}
