//! Roles of CI and CD whose policies are in none of the files.

use super::chain::{distinct, list};
use crate::iam::Reason;
use crate::model::principal::{RoleRef, RoleTarget};
use crate::rules::{Analysis, Check, Context, Finding, Params, doubt};

pub const ANALYSIS: Analysis = Analysis {
    name: "unavailable-policy",
    summary: "a role whose policies cannot be seen, so that nothing is said of what it may do",
    params: &[],
    facts: &["role", "users", "known", "reason"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run<'m>(context: &Context<'m>) -> Vec<Finding> {
    let mut roles: Vec<(String, Vec<&RoleRef>, Vec<String>)> = Vec::new();
    let mut add = |role: Option<&'m RoleRef>, user: String| {
        let Some(role) = role.filter(|role| role.target == RoleTarget::Elsewhere) else { return };
        let name = role.text.display().into_owned();
        match roles.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, places, users)) => {
                places.push(role);
                users.push(user);
            }
            None => roles.push((name, vec![role], vec![user])),
        }
    };
    for project in &context.model.projects {
        project.roles().for_each(|role| add(Some(role), format!("the build `{}`", project.display())));
    }
    for pipeline in &context.model.pipelines {
        add(pipeline.role.as_ref(), format!("the pipeline `{}`", pipeline.display()));
        for (_, _, _, action) in pipeline.actions() {
            add(action.role.as_ref(), format!("the action `{}`", action.name.display()));
        }
    }
    let elsewhere = roles.into_iter().map(|(name, places, users)| {
        let role = places[0];
        let users = list(&distinct(users), 3);
        let reason = format!("the role `{}` is in none of the files", role.display());
        let waits = context.model.placeholders.iter().any(|one| one.text == name);
        let note = waits.then(|| "the ARN has a placeholder, which waits to be filled in".to_owned());
        let mut found = Finding::new(role.span, name.clone())
            .fact("role", name)
            .fact("users", users)
            .fact("known", "not known")
            .fact("reason", reason)
            .label("in none of the files");
        found.notes.extend(note);
        places.iter().for_each(|role| found.again_at(role.span));
        found
    });
    let partly = context.model.principals.iter().filter(|principal| principal.is_ci_role()).filter_map(|principal| {
        let not_known: Vec<Reason> = principal.authority.not_known().collect();
        let first = not_known.first()?;
        let (reason, label) = match principal.authority.unseen.is_empty() {
            true => (format!("a policy of `{}` cannot be evaluated", principal.display()), "not known"),
            false => (format!("a policy of `{}` cannot be seen", principal.display()), "not seen"),
        };
        let span = first.span.unwrap_or(principal.logical_id.span);
        let mut found = Finding::new(span, format!("{} unseen", principal.display()))
            .fact("role", principal.display())
            .fact("users", principal.worker(context.model))
            .fact("known", "known in part only")
            .fact("reason", reason)
            .label(format!("{label}: {}", first.text));
        if principal.authority.unseen.is_empty() {
            found.help = Some("write it out, or give the parameter its value with `--param`".into());
        }
        Some(found.doubted(not_known.iter().map(doubt)))
    });
    elsewhere.chain(partly).collect()
}
