//! Roles to what runs with them.

use super::{last_segment, referred};
use crate::iam::{Effect, PolicyDocument};
use crate::model::principal::{CiService, CiUse, PrincipalKind, RoleRef, RoleTarget};
use crate::model::{Model, PrincipalId, nearness};
use crate::source::FileId;
use crate::value::{HoleKind, Part, Text};

/// Hosts of OIDC providers that speak for jobs of a CI system.
const CI_PROVIDERS: [&str; 9] = [
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "gitlab",
    "bitbucket.org",
    "circleci.com",
    "app.terraform.io",
    "agent.buildkite.com",
    "vstoken.dev.azure.com",
    "codefresh.io",
];

/// Finds the declared role of every reference.
pub fn resolve(model: &mut Model) {
    let index = RoleIndex::new(model);
    for project in &mut model.projects {
        project.role.iter_mut().chain(&mut project.other_roles).for_each(|role| index.resolve(role));
    }
    model.executions.iter_mut().for_each(|role| index.resolve(role));
    for pipeline in &mut model.pipelines {
        let of_actions = pipeline.stages.iter_mut().flat_map(|stage| &mut stage.actions);
        let of_actions = of_actions.flat_map(|action| action.role.iter_mut().chain(&mut action.execution_role));
        pipeline.role.iter_mut().chain(of_actions).for_each(|role| index.resolve(role));
    }
}

/// What a reference can name a role by.
struct RoleIndex {
    paths: Vec<String>,
    roles: Vec<(PrincipalId, FileId, String, Option<String>)>,
}

impl RoleIndex {
    fn new(model: &Model) -> RoleIndex {
        let roles = model.principals.iter().enumerate().filter(|(_, principal)| principal.kind == PrincipalKind::Role);
        let named = roles.map(|(id, role)| {
            let name = role.name.as_ref().map(|name| name.display().into_owned());
            (id, role.file, role.logical_id.value.clone(), name)
        });
        RoleIndex { paths: model.paths.clone(), roles: named.collect() }
    }

    fn resolve(&self, role: &mut RoleRef) {
        if let Some(id) = self.find(&role.text) {
            role.target = RoleTarget::Declared(id);
        }
    }

    fn find(&self, text: &Text) -> Option<PrincipalId> {
        let reference = referred(text);
        let by_reference = self.roles.iter().find(|(_, file, logical_id, _)| {
            let refers = reference.as_ref().is_some_and(|(of, id)| of == file && id == logical_id);
            refers || ends_in_name(text, *file, logical_id)
        });
        let by_name = || {
            // A literal name is the same in every file; one with holes only in its own.
            let shown = text.display();
            let name = last_segment(text);
            let same = self.roles.iter().filter(|(_, file, _, known)| match (known, &name) {
                (Some(known), Some(name)) => known == name,
                (Some(known), None) => {
                    *file == text.span.file && shown.rsplit_once('/').is_some_and(|(_, last)| last == known)
                }
                _ => false,
            });
            let near = |file: &FileId| nearness(&self.paths[file.index()], &self.paths[text.span.file.index()]);
            same.max_by_key(|(id, file, ..)| (near(file), std::cmp::Reverse(*id)))
        };
        by_reference.or_else(by_name).map(|(id, ..)| *id)
    }
}

/// `arn:aws:iam::${AWS::AccountId}:role/${Role}`: `Ref` of a role is its name.
fn ends_in_name(text: &Text, file: FileId, logical_id: &str) -> bool {
    matches!(text.parts.as_slice(), [.., Part::Known(before, _), Part::Hole(hole)]
        if before.ends_with('/') && hole.kind == HoleKind::Resource && hole.span.file == file && hole.name == logical_id)
}

/// What each role is used for.
pub fn find_uses(model: &mut Model) {
    let mut uses: Vec<(PrincipalId, CiUse)> = Vec::new();
    let declared = |role: Option<&RoleRef>| match role?.target {
        RoleTarget::Declared(id) => Some(id),
        RoleTarget::Elsewhere => None,
    };
    for (id, project) in model.projects.iter().enumerate() {
        uses.extend(project.roles().filter_map(|role| declared(Some(role))).map(|role| (role, CiUse::Build(id))));
    }
    for (id, pipeline) in model.pipelines.iter().enumerate() {
        uses.extend(declared(pipeline.role.as_ref()).map(|role| (role, CiUse::Pipeline(id))));
        for (_, _, _, action) in pipeline.actions() {
            uses.extend(declared(action.role.as_ref()).map(|role| (role, CiUse::PipelineAction(id))));
            uses.extend(declared(action.execution_role.as_ref()).map(|role| (role, CiUse::Execution)));
        }
    }
    uses.extend(model.executions.iter().filter_map(|role| Some((declared(Some(role))?, CiUse::Execution))));
    for (id, usage) in uses {
        if !model.principals[id].uses.contains(&usage) {
            model.principals[id].uses.push(usage);
        }
    }
    for principal in &mut model.principals {
        let Some(trust) = principal.trust.clone() else { continue };
        let trusted = CiService::ALL.into_iter().filter(|service| trusts_service(&trust, service.prefix()));
        principal.uses.extend(trusted.map(CiUse::TrustedBy));
        if trusts_ci_provider(&trust) {
            principal.uses.push(CiUse::Federated);
        }
    }
}

/// Of the roles that a project has under different conditions, rules look at the one that may do most.
pub fn put_strongest_first(model: &mut Model) {
    let Model { projects, principals, .. } = model;
    for project in projects.iter_mut().filter(|project| !project.other_roles.is_empty()) {
        let mut roles: Vec<RoleRef> = project.role.take().into_iter().chain(project.other_roles.drain(..)).collect();
        roles.sort_by_key(|role| match role.target {
            RoleTarget::Declared(id) => principals[id].powers.first().map_or((1, None), |power| (0, Some(power.label))),
            RoleTarget::Elsewhere => (2, None),
        });
        let mut roles = roles.into_iter();
        project.role = roles.next();
        project.other_roles = roles.collect();
    }
}

/// Whether an Allow of the trust policy names the service.
pub fn trusts_service(trust: &PolicyDocument, prefix: &str) -> bool {
    trusted(trust).any(|principal| principal.service().as_deref() == Some(prefix))
}

fn trusts_ci_provider(trust: &PolicyDocument) -> bool {
    trusted(trust).filter_map(|principal| principal.provider()).any(|host| is_ci_provider(&host))
}

/// Whether an OIDC provider speaks for jobs of a CI system.
pub fn is_ci_provider(host: &str) -> bool {
    let host = host.split('/').next().unwrap_or(host);
    CI_PROVIDERS
        .iter()
        .any(|known| host == *known || host.ends_with(&format!(".{known}")) || host.starts_with(&format!("{known}.")))
}

fn trusted(trust: &PolicyDocument) -> impl Iterator<Item = &crate::iam::principal::Principal> {
    let allows = trust.statements.iter().filter(|statement| statement.effect == Effect::Allow);
    allows
        .filter_map(|statement| statement.principals.as_ref())
        .filter(|found| !found.negated)
        .flat_map(|found| &found.entries)
}
