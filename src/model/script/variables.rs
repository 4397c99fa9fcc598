//! The variables that builds of a buildspec start with: its own, and over them those of the projects
//! that run it and of the actions that run these.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>

use super::environment::Values;
use crate::model::project::BuildVariable;
use crate::model::{BuildProject, BuildspecId, Model};
use crate::template::buildspec::VariableOrigin;
use crate::value::Text;
use std::collections::{BTreeSet, HashMap};

/// The projects that run a buildspec.
pub fn users(model: &Model, id: BuildspecId) -> Vec<&BuildProject> {
    model.projects.iter().filter(|project| project.buildspec_id() == Some(id)).collect()
}

/// Every variable that is set for some build of these projects, with the values that it has in one or
/// another.
pub fn of_builds(model: &Model, id: BuildspecId, users: &[&BuildProject]) -> HashMap<String, Values> {
    let own: HashMap<&str, Option<&Text>> = model.buildspecs[id]
        .buildspec
        .variables
        .iter()
        .map(|one| {
            let is_plain = one.origin == VariableOrigin::PlainText;
            (one.name.value.as_str(), one.value.as_text().filter(|_| is_plain))
        })
        .collect();
    let settings: Vec<HashMap<String, Option<Text>>> = users.iter().flat_map(|user| of_project(model, user)).collect();
    let mut names: BTreeSet<&str> = own.keys().copied().collect();
    names.extend(settings.iter().flat_map(|one| one.keys().map(String::as_str)));
    let value_of = |name: &str| {
        let mut values = Values::default();
        // A build that nobody sets it for has that of the buildspec, and any other if somebody does.
        let starts = settings.iter().map(|one| one.get(name)).chain(settings.is_empty().then_some(None));
        for start in starts {
            let value = match start {
                Some(value) => value.as_ref(),
                None => {
                    values.is_default = true;
                    own.get(name).copied().flatten()
                }
            };
            match value {
                Some(text) if !values.known.contains(text) => values.known.push(text.clone()),
                Some(_) => {}
                None => values.is_open = true,
            }
        }
        values
    };
    names.into_iter().map(|name| (name.to_owned(), value_of(name))).collect()
}

/// What is set for the builds of a project: one set for each action that runs it, or one alone.
fn of_project(model: &Model, project: &BuildProject) -> Vec<HashMap<String, Option<Text>>> {
    let setting = |one: &BuildVariable| (one.name.value.clone(), one.plain_value().cloned());
    let own: HashMap<String, Option<Text>> = project.variables.iter().map(setting).collect();
    let of_action = |at: &crate::model::ActionRef| {
        let (_, action) = model.pipelines[at.pipeline].action(*at);
        let mut variables = own.clone();
        variables.extend(action.variables().iter().map(setting));
        variables
    };
    let sets: Vec<_> = project.run_by.iter().map(of_action).collect();
    if sets.is_empty() { vec![own] } else { sets }
}
