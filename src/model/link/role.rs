//! Roles to what runs with them.

use super::{last_segment, referred};
use crate::iam::PolicyDocument;
use crate::model::principal::{CiService, CiUse, PrincipalKind, RoleRef, RoleTarget, account_of, may_be_one_account};
use crate::model::{Model, PrincipalId, federation, is_ci_provider, nearness};
use crate::source::FileId;
use crate::value::{HoleKind, Part, Text};
use std::collections::HashMap;

/// Finds the declared role of every reference.
pub fn resolve(model: &mut Model) {
    let index = RoleIndex::new(model);
    for project in &mut model.projects {
        project.role.iter_mut().chain(&mut project.other_roles).for_each(|role| index.resolve(role));
    }
    model.execution_roles.iter_mut().for_each(|role| index.resolve(role));
    for pipeline in &mut model.pipelines {
        let of_actions = pipeline.stages.iter_mut().flat_map(|stage| &mut stage.actions);
        let of_actions = of_actions.flat_map(|action| action.role.iter_mut().chain(&mut action.execution_role));
        pipeline.role.iter_mut().chain(of_actions).for_each(|role| index.resolve(role));
    }
}

/// What a reference can name a role by.
struct RoleIndex {
    paths: Vec<String>,
    roles: Vec<IndexedRole>,
    /// Indices into `roles`.
    by_reference: HashMap<(FileId, String), usize>,
    by_name: HashMap<String, Vec<usize>>,
}

struct IndexedRole {
    id: PrincipalId,
    file: FileId,
    account: Option<String>,
}

impl RoleIndex {
    fn new(model: &Model) -> RoleIndex {
        let mut index = RoleIndex {
            paths: model.paths.clone(),
            roles: Vec::new(),
            by_reference: HashMap::new(),
            by_name: HashMap::new(),
        };
        let roles = model.principals.iter().enumerate().filter(|(_, principal)| principal.kind == PrincipalKind::Role);
        for (id, role) in roles {
            let at = index.roles.len();
            index.roles.push(IndexedRole { id, file: role.file, account: role.account.clone() });
            index.by_reference.entry((role.file, role.logical_id.value.clone())).or_insert(at);
            if let Some(name) = &role.name {
                index.by_name.entry(name.display().into_owned()).or_default().push(at);
            }
        }
        index
    }

    fn resolve(&self, role: &mut RoleRef) {
        if let Some(id) = self.find(&role.text) {
            role.target = RoleTarget::Declared(id);
        }
    }

    fn find(&self, text: &Text) -> Option<PrincipalId> {
        let reference = referred(text).or_else(|| name_in_arn(text));
        let by_reference = reference.and_then(|reference| self.by_reference.get(&reference)).copied();
        let by_name = || {
            // A literal name is the same in every file; one with holes only in its own.
            let name = last_segment(text);
            let shown = text.display();
            let sought = match &name {
                Some(name) => name.as_str(),
                None => shown.rsplit_once('/')?.1,
            };
            let account = text.literal().and_then(account_of);
            let is_meant = |at: &&usize| {
                let role = &self.roles[**at];
                may_be_one_account(role.account.as_deref(), account) && (name.is_some() || role.file == text.template())
            };
            let near = |at: &&usize| nearness(&self.paths[self.roles[**at].file.index()], self.path(text));
            let same = self.by_name.get(sought)?.iter().filter(is_meant);
            same.max_by_key(|at| (near(at), std::cmp::Reverse(**at))).copied()
        };
        by_reference.or_else(by_name).map(|at| self.roles[at].id)
    }

    fn path(&self, text: &Text) -> &str {
        &self.paths[text.span.file.index()]
    }
}

/// `arn:aws:iam::${AWS::AccountId}:role/${Role}`: `Ref` of a role is its name.
fn name_in_arn(text: &Text) -> Option<(FileId, String)> {
    match text.parts.as_slice() {
        [.., Part::Known(before, _), Part::Hole(hole)] if before.ends_with('/') && hole.kind == HoleKind::Resource => {
            Some((hole.template, hole.name.clone()))
        }
        _ => None,
    }
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
    let given = model.execution_roles.iter().filter_map(|role| declared(Some(role)));
    uses.extend(given.map(|role| (role, CiUse::Execution)));
    for (id, pipeline) in model.pipelines.iter().enumerate() {
        uses.extend(declared(pipeline.role.as_ref()).map(|role| (role, CiUse::Pipeline(id))));
        for (_, _, _, action) in pipeline.actions() {
            uses.extend(declared(action.role.as_ref()).map(|role| (role, CiUse::PipelineAction(id))));
            uses.extend(declared(action.execution_role.as_ref()).map(|role| (role, CiUse::Execution)));
        }
    }
    for (id, usage) in uses {
        if !model.principals[id].uses.contains(&usage) {
            model.principals[id].uses.push(usage);
        }
    }
    let by_trust: Vec<Vec<CiUse>> = model
        .principals
        .iter()
        .map(|one| one.trust.as_ref().map(|trust| uses_by_trust(model, trust)))
        .map(Option::unwrap_or_default)
        .collect();
    for (principal, mut uses) in model.principals.iter_mut().zip(by_trust) {
        principal.uses.append(&mut uses);
    }
}

/// What a trust policy alone shows.
fn uses_by_trust(model: &Model, trust: &PolicyDocument) -> Vec<CiUse> {
    let services = CiService::ALL.into_iter().filter(|service| trusts_service(trust, service.prefix()));
    let takes_jobs = trust.allows().any(|statement| federation::provider(model, statement, is_ci_provider).is_some());
    services.map(CiUse::TrustedBy).chain(takes_jobs.then_some(CiUse::Federated)).collect()
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
    trust.named_by_allows().any(|principal| principal.service().as_deref() == Some(prefix))
}
