//! Policies to the principals they are attached to.

use super::{last_segment, referred};
use crate::iam::{Boundary, PolicyDocument, PolicyKind, Reason, managed_document, nearest_managed_policy};
use crate::model::lower::{Attachment, Holder};
use crate::model::principal::{ManagedPolicyRef, Policy, Principal, PrincipalKind, account_of, may_be_one_account};
use crate::model::{Model, PrincipalId};
use crate::source::FileId;
use crate::value::{HoleKind, Text};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// Inline policies and those that name their principals.
pub fn attach(model: &mut Model, index: &Index, attachments: Vec<Attachment>) {
    for attachment in attachments {
        let holders = match &attachment.holder {
            Holder::Own(id) => vec![*id],
            Holder::Named(kind, name) => index.principals_named(model, name, Some(*kind), None),
        };
        let accounts: HashSet<&str> =
            holders.iter().filter_map(|id| model.principals[*id].account.as_deref()).collect();
        if accounts.len() > 1 {
            // Roles of one name in several accounts, and nothing tells which of them is meant.
            let owner = &model.policies[attachment.policy].owner;
            let reason =
                Reason::at(format!("the policy of {}, in whichever account that is", owner.display()), owner.span);
            holders.iter().for_each(|id| model.principals[*id].authority.unseen.push(reason.clone()));
            continue;
        }
        for id in holders {
            let document = PolicyDocument::shared_under(&model.policies[attachment.policy].document, &attachment.when);
            model.principals[id].authority.documents.push(document);
            model.policies[attachment.policy].attached_to.push(id);
        }
    }
}

/// Managed policies and boundaries that a principal names.
pub fn attach_managed(model: &mut Model, index: &Index) {
    let Model { principals, policies, .. } = model;
    let declared: &[Policy] = policies;
    let attached: Vec<Vec<usize>> =
        principals.par_iter_mut().map(|principal| attach_to(principal, declared, index)).collect();
    for (id, own) in attached.into_iter().enumerate() {
        own.into_iter().for_each(|policy| policies[policy].attached_to.push(id));
    }
}

/// Gives the declared policies that were attached.
fn attach_to(principal: &mut Principal, declared: &[Policy], index: &Index) -> Vec<usize> {
    let mut attached = Vec::new();
    let authority = &mut principal.authority;
    let account = principal.account.as_deref();
    for ManagedPolicyRef { text, when, aws_managed } in &principal.managed {
        let unseen = |what: String| Reason::at(what, text.span);
        let known = aws_managed.as_ref().and_then(|name| managed_document(name, text.span, PolicyKind::Identity));
        if let Some(document) = known {
            authority.documents.push(document.under(when).into());
        } else if let Some(policy) = index.managed_policy(text, account) {
            authority.documents.push(PolicyDocument::shared_under(&declared[policy].document, when));
            attached.push(policy);
        } else if let Some(name) = aws_managed {
            let meant = nearest_managed_policy(name).map(|near| format!(", unlike `{near}`")).unwrap_or_default();
            let what = format!("the AWS managed policy `{name}`, which is not in the catalogue{meant}");
            authority.unseen.push(unseen(what));
        } else {
            authority.unseen.push(unseen(format!("the policy `{}`, which is in none of the files", text.display())));
        }
    }
    if let Some(policy) = principal.boundary_ref.as_ref().and_then(|text| index.managed_policy(text, account)) {
        let mut document = PolicyDocument::clone(&declared[policy].document);
        document.kind = PolicyKind::Boundary;
        authority.boundary = Some(Boundary::Known(document));
    }
    attached
}

/// A user may do what its groups may.
pub fn join_groups(model: &mut Model, index: &Index, memberships: &[(Text, Text)]) {
    let mut joins = Vec::new();
    for (id, principal) in model.principals.iter().enumerate() {
        joins.extend(principal.groups.iter().map(|group| (vec![id], group.clone(), principal.account.clone())));
    }
    for (user, group) in memberships {
        let users = index.principals_named(model, user, Some(PrincipalKind::User), None);
        let account = users.first().and_then(|id| model.principals[*id].account.clone());
        joins.push((users, group.clone(), account));
    }
    for (users, group, account) in joins {
        let groups = index.principals_named(model, &group, Some(PrincipalKind::Group), account.as_deref());
        if groups.is_empty() {
            let reason =
                Reason::at(format!("the group `{}`, which is in none of the files", group.display()), group.span);
            users.iter().for_each(|id| model.principals[*id].authority.unseen.push(reason.clone()));
        }
        for group in groups {
            let inherited = model.principals[group].authority.documents.clone();
            let unseen = model.principals[group].authority.unseen.clone();
            for user in &users {
                let authority = &mut model.principals[*user].authority;
                authority.documents.extend(inherited.iter().cloned());
                authority.unseen.extend(unseen.iter().cloned());
            }
        }
    }
}

/// What principals and policies can be named by.
pub struct Index {
    principals: HashMap<(FileId, String), PrincipalId>,
    principals_by_name: HashMap<String, Vec<PrincipalId>>,
    managed: HashMap<(FileId, String), usize>,
    /// With the accounts of those that are known.
    managed_by_name: HashMap<String, Vec<(Option<String>, usize)>>,
}

impl Index {
    pub fn new(model: &Model) -> Index {
        let mut index = Index {
            principals: HashMap::new(),
            principals_by_name: HashMap::new(),
            managed: HashMap::new(),
            managed_by_name: HashMap::new(),
        };
        for (id, principal) in model.principals.iter().enumerate() {
            index.principals.entry((principal.file, principal.logical_id.value.clone())).or_insert(id);
            if let Some(name) = principal.name.as_ref().and_then(key) {
                index.principals_by_name.entry(name).or_default().push(id);
            }
        }
        let managed = model.policies.iter().enumerate().filter(|(_, one)| one.owner.kind == "AWS::IAM::ManagedPolicy");
        for (id, policy) in managed {
            index.managed.entry((policy.file, policy.owner.name.clone())).or_insert(id);
            if let Some(name) = &policy.owner.policy_name {
                index.managed_by_name.entry(name.clone()).or_default().push((policy.owner.account.clone(), id));
            }
        }
        index
    }

    /// The principals of a kind that a text names: by reference in its file, or by their name. Of
    /// several of one name the nearest are meant; none is in another account than the one given.
    pub fn principals_named(
        &self,
        model: &Model,
        text: &Text,
        kind: Option<PrincipalKind>,
        account: Option<&str>,
    ) -> Vec<PrincipalId> {
        if let Some(id) = referred(text).and_then(|reference| self.principals.get(&reference)) {
            return vec![*id];
        }
        let named = key(text).and_then(|name| self.principals_by_name.get(&name)).map_or(&[][..], Vec::as_slice);
        let near = |id: &PrincipalId| {
            let file = model.principals[*id].file;
            (file == text.template(), model.nearness(file, text.span.file))
        };
        let is_meant = |id: &&PrincipalId| {
            let principal = &model.principals[**id];
            kind.is_none_or(|kind| principal.kind == kind) && may_be_one_account(principal.account.as_deref(), account)
        };
        let nearest = named.iter().filter(is_meant).map(near).max();
        named.iter().filter(is_meant).filter(|id| Some(near(id)) == nearest).copied().collect()
    }

    /// The managed policy that a reference or an ARN names, in the account of the ARN or of the
    /// principal that names it.
    fn managed_policy(&self, text: &Text, account: Option<&str>) -> Option<usize> {
        let by_reference = referred(text).and_then(|reference| self.managed.get(&reference)).copied();
        by_reference.or_else(|| {
            let named = self.managed_by_name.get(&last_segment(text)?)?;
            let account = text.literal().and_then(account_of).or(account);
            let same = named.iter().find(|(of, _)| of.is_some() && of.as_deref() == account);
            let found = same.or_else(|| named.iter().find(|(of, _)| may_be_one_account(of.as_deref(), account)));
            found.map(|(_, id)| *id)
        })
    }
}

/// A name in a form that can be looked up: what is literal is the same everywhere, a text with holes
/// only in its own file.
fn key(name: &Text) -> Option<String> {
    match name.literal() {
        Some(literal) => Some(literal.to_owned()),
        None if name.as_hole().is_some_and(|hole| hole.kind == HoleKind::Resource) => None,
        None => Some(format!("{} of file {}", name.display(), name.template().index())),
    }
}
