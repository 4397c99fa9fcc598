//! Findings that are known already, by their ids: content, rule and path, never lines. They are
//! counted and do not fail a run. Reads and writes text; the file is the business of `cli`.

use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// The name that a baseline is found by at the root of a repository.
pub const NAME: &str = "iamlint-baseline.json";

const SCHEMA: &str = "iamlint-baseline/1";

/// Known findings, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeSet<Entry>,
}

/// One known finding. The order of the fields is that of the file, so that a change of one reads well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub path: String,
    pub rule: String,
    pub id: String,
    /// For those who read the file; it is not compared.
    pub message: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    findings: BTreeSet<Entry>,
}

impl Entry {
    pub fn of(sources: &Sources, found: &Diagnostic) -> Entry {
        Entry {
            path: sources.path(found.primary.span.file).to_owned(),
            rule: found.rule.clone(),
            id: found.id(sources),
            message: found.message.clone(),
        }
    }
}

impl Baseline {
    pub fn read(text: &str) -> Result<Baseline, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.schema != SCHEMA {
            return Err(format!("its schema is `{}` and not `{SCHEMA}`", file.schema));
        }
        Ok(Baseline { entries: file.findings })
    }

    pub fn text(&self) -> String {
        let file = File { schema: SCHEMA.to_owned(), findings: self.entries.clone() };
        serde_json::to_string_pretty(&file).expect("plain structs with string keys always serialise") + "\n"
    }

    pub fn add(&mut self, sources: &Sources, found: &Diagnostic) {
        self.entries.insert(Entry::of(sources, found));
    }

    pub fn remove(&mut self, stale: &[Entry]) {
        self.entries.retain(|entry| !stale.contains(entry));
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the known findings out of `found`, in their order. What is left in the baseline and
    /// `is_judged`, by rule and path, is stale.
    pub fn split(
        &self,
        sources: &Sources,
        found: &mut Vec<Diagnostic>,
        is_judged: impl Fn(&str, &str) -> bool,
    ) -> (Vec<Diagnostic>, Vec<Entry>) {
        let key = |entry: &Entry| (entry.id.clone(), entry.rule.clone(), entry.path.clone());
        let by_key: HashMap<_, &Entry> = self.entries.iter().map(|entry| (key(entry), entry)).collect();
        let mut used: BTreeSet<&Entry> = BTreeSet::new();
        let mut known = Vec::new();
        found.retain(|one| {
            let path = sources.path(one.primary.span.file).to_owned();
            let Some(entry) = by_key.get(&(one.id(sources), one.rule.clone(), path)) else { return true };
            used.insert(entry);
            known.push(one.clone());
            false
        });
        let left = self.entries.iter().filter(|entry| !used.contains(entry) && is_judged(&entry.rule, &entry.path));
        let stale = left.cloned().collect();
        (known, stale)
    }
}
