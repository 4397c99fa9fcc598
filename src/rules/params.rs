//! The parameters of an analysis, as a rule gives them. Checked when a pack is loaded.

use std::collections::BTreeMap;

/// A parameter that an analysis takes.
pub struct Param {
    pub name: &'static str,
    pub kind: ParamKind,
    pub required: bool,
    /// One line for the documentation.
    pub doc: &'static str,
}

#[derive(Clone, Copy)]
pub enum ParamKind {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of names, such as IAM actions.
    List,
    Flag,
}

impl ParamKind {
    /// What a value must be, for messages.
    pub fn expects(self) -> String {
        match self {
            ParamKind::Choice(words) => format!("one of {}", words.join(", ")),
            ParamKind::List => "a list of names".into(),
            ParamKind::Flag => "true or false".into(),
        }
    }
}

/// The values of one rule, of the kinds that its analysis declares.
#[derive(Clone, Debug, Default)]
pub struct Params {
    values: BTreeMap<String, ParamValue>,
}

#[derive(Clone, Debug)]
pub enum ParamValue {
    Word(String),
    List(Vec<String>),
    Flag(bool),
}

impl Params {
    /// Takes a value of a pack if it is of the kind that the parameter declares.
    pub fn set(&mut self, param: &Param, value: &serde_yaml::Value) -> Result<(), String> {
        use serde_yaml::Value as Yaml;
        let wrong = || format!("`{}` must be {}", param.name, param.kind.expects());
        let value = match (param.kind, value) {
            (ParamKind::Choice(words), Yaml::String(word)) if words.contains(&word.as_str()) => {
                ParamValue::Word(word.clone())
            }
            (ParamKind::Flag, Yaml::Bool(flag)) => ParamValue::Flag(*flag),
            (ParamKind::List, Yaml::Sequence(items)) => {
                let names = items.iter().map(|item| item.as_str().map(str::to_owned));
                ParamValue::List(names.collect::<Option<Vec<String>>>().ok_or_else(wrong)?)
            }
            (ParamKind::List, Yaml::String(one)) => ParamValue::List(vec![one.clone()]),
            _ => return Err(wrong()),
        };
        self.values.insert(param.name.to_owned(), value);
        Ok(())
    }

    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A word; empty when it is not given.
    pub fn word(&self, name: &str) -> String {
        match self.values.get(name) {
            Some(ParamValue::Word(word)) => word.clone(),
            _ => String::new(),
        }
    }

    /// A list; empty when it is not given.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.values.get(name) {
            Some(ParamValue::List(list)) => list.clone(),
            _ => Vec::new(),
        }
    }

    /// A flag; false when it is not given.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(ParamValue::Flag(true)))
    }
}
