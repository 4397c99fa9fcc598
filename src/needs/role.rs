//! What all that works with a role needs of it together.

use super::names::Names;
use super::{Needs, command, fleet, pipeline, project};
use crate::iam::Reason;
use crate::model::{CiUse, Model, PrincipalId};
use crate::value::{HoleKind, Part, Text};

/// The needs of a role; `None` where nothing among the files is seen to work with it.
pub fn of_role(model: &Model, names: &Names<'_>, id: PrincipalId) -> Option<Needs> {
    let role = model.principal(id);
    let mut found = Needs::default();
    let mut is_used = false;
    let is_role = |text: &Text| names_role(model, id, text);
    for usage in &role.uses {
        match usage {
            CiUse::Build(at) => {
                found.extend(project::of_project(model, names, &model.projects[*at]));
                found.extend(command::of_all(model, model.own_commands_of(&model.projects[*at])));
                unseen_commands(model, *at, &mut found);
            }
            CiUse::Pipeline(at) => {
                found.extend(pipeline::of_pipeline(model, names, &model.pipelines[*at]));
            }
            CiUse::PipelineAction(at) => {
                found.extend(pipeline::of_actions(model, names, &model.pipelines[*at], id));
            }
            CiUse::Execution => {
                let text = "CloudFormation works with the role too: what the templates need is not looked at";
                found.unknown.push(Reason::at(text, role.logical_id.span));
            }
            CiUse::Federated => {
                let text = "jobs of a CI system work with the role too: what they need is not seen";
                found.unknown.push(Reason::at(text, role.logical_id.span));
            }
            CiUse::TrustedBy(_) => continue,
        }
        is_used |= !matches!(usage, CiUse::Execution | CiUse::Federated);
    }
    for project in &model.projects {
        let has = |path: &str| super::draft::texts(&project.properties, path).iter().any(is_role);
        if has("BuildBatchConfig.ServiceRole") {
            found.extend(project::of_batch(model, names, project));
            is_used = true;
        }
        if has("ResourceAccessRole") {
            found.extend(project::of_public_builds(model, names, project));
            is_used = true;
        }
    }
    for others in [pipeline::of_rules(model, names, is_role), fleet::of_fleets(model, names, is_role)] {
        is_used |= !others.needs.is_empty();
        found.extend(others);
    }
    other_users(model, id, &mut found);
    is_used.then_some(found)
}

/// Services that the role trusts and of which nothing is seen to work with it.
fn other_users(model: &Model, id: PrincipalId, found: &mut Needs) {
    const SEEN: [&str; 4] = ["codebuild", "codepipeline", "events", "cloudformation"];
    let role = model.principal(id);
    let Some(trust) = &role.trust else { return };
    for principal in trust.named_by_allows() {
        let service = principal.service();
        if service.as_deref().is_some_and(|name| SEEN.contains(&name)) {
            continue;
        }
        let who = principal.text.display();
        let text = format!("`{who}` may work with the role too: what it needs is not seen");
        found.unknown.push(Reason::at(text, principal.text.span));
    }
}

/// Whether a text is the ARN of a role: a reference to it, or its name behind the last `/`.
pub fn names_role(model: &Model, id: PrincipalId, text: &Text) -> bool {
    let role = model.principal(id);
    if let [.., Part::Hole(hole)] = text.parts.as_slice()
        && hole.kind == HoleKind::Resource
    {
        return hole.template == role.file && hole.logical_id() == role.logical_id.value;
    }
    let shown = text.display();
    let name = role.name.as_ref().map(Text::display);
    name.is_some_and(|name| shown.rsplit_once('/').is_some_and(|(_, last)| last == name))
}

fn unseen_commands(model: &Model, project: usize, found: &mut Needs) {
    let project = &model.projects[project];
    if model.buildspec_of(project).is_none() {
        let text = "the buildspec is not among the files: what its commands need is not known";
        found.unknown.push(Reason::at(text, project.source.span));
    }
}
