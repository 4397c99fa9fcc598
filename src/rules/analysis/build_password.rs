//! Passwords in the variables that a project, or an action that runs it, sets for its builds.

use crate::model::project::BuildVariable;
use crate::rules::secrets::{is_password_name, is_secret_name, looks_chosen, looks_random};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::Part;

pub const ANALYSIS: Analysis = Analysis {
    name: "build-password",
    summary: "a variable of a build holds a password",
    params: &[],
    facts: &["project", "variable"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let (projects, actions) = (context.model.projects.iter(), context.model.actions());
        let of_projects =
            projects.flat_map(|project| project.variables.iter().filter_map(|one| finding(project.display(), one)));
        let of_actions = actions.flat_map(|action| {
            let name = action.name.display();
            action.variables().iter().filter_map(|one| finding(&name, one)).collect::<Vec<_>>()
        });
        of_projects.chain(of_actions).collect()
    })
}

fn finding(owner: &str, variable: &BuildVariable) -> Option<Finding> {
    let value = variable.plain_value()?;
    let [Part::Known(text, _)] = value.parts.as_slice() else { return None };
    let (name, text) = (&variable.name.value, text.as_str());
    // What looks like a token is one, whatever holds it.
    let is_token = is_secret_name(name) && looks_random(text);
    if is_token || !is_password_name(name) || !looks_chosen(text) {
        return None;
    }
    let mut found = Finding::new(value.span, format!("{owner} {name}"))
        .fact("project", owner)
        .fact("variable", name.clone())
        .related(variable.name.span, "builds get it by this name");
    found.secret = Some(value.span);
    Some(found)
}
