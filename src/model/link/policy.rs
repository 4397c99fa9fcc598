//! Policies to the principals they are attached to.

use super::{last_segment, refers_to};
use crate::iam::{Boundary, PolicyDocument, PolicyKind, Reason, managed_document};
use crate::model::lower::Attachment;
use crate::model::principal::{ManagedPolicyRef, PrincipalKind};
use crate::model::{Model, PrincipalId};
use crate::value::{Condition, Text};

/// Inline policies and those that name their principals.
pub fn attach(model: &mut Model, attachments: Vec<Attachment>) {
    for attachment in attachments {
        for id in principals_named(model, &attachment.principal) {
            let document = under(&model.policies[attachment.policy].document, &attachment.when);
            model.principals[id].authority.documents.push(document);
            model.policies[attachment.policy].attached_to.push(id);
        }
    }
}

/// Managed policies and boundaries that a principal names.
pub fn attach_managed(model: &mut Model) {
    for id in 0..model.principals.len() {
        for reference in model.principals[id].managed.clone() {
            attach_one(model, id, &reference);
        }
        let Some(text) = model.principals[id].boundary_ref.clone() else { continue };
        if let Some(policy) = declared_policy(model, &text) {
            let mut document = model.policies[policy].document.clone();
            document.kind = PolicyKind::Boundary;
            model.principals[id].authority.boundary = Some(Boundary::Known(document));
        }
    }
}

fn attach_one(model: &mut Model, id: PrincipalId, reference: &ManagedPolicyRef) {
    let span = reference.text.span;
    if let Some(name) = &reference.aws_managed {
        match managed_document(name, span, PolicyKind::Identity) {
            Some(document) => {
                let document = under(&document, &reference.when);
                model.principals[id].authority.documents.push(document);
            }
            None => {
                let reason =
                    Reason::at(format!("the AWS managed policy `{name}`, which is not in the catalogue"), span);
                model.principals[id].authority.unseen.push(reason);
            }
        }
        return;
    }
    match declared_policy(model, &reference.text) {
        Some(policy) => {
            let document = under(&model.policies[policy].document, &reference.when);
            model.principals[id].authority.documents.push(document);
            model.policies[policy].attached_to.push(id);
        }
        None => {
            let reason =
                Reason::at(format!("the policy `{}`, which is in none of the files", reference.text.display()), span);
            model.principals[id].authority.unseen.push(reason);
        }
    }
}

/// The managed policy that a reference or an ARN names.
fn declared_policy(model: &Model, text: &Text) -> Option<usize> {
    let is_managed = |kind: &str| kind == "AWS::IAM::ManagedPolicy";
    let by_reference = model
        .policies
        .iter()
        .position(|policy| is_managed(&policy.owner.kind) && refers_to(text, policy.file, &policy.owner.name));
    by_reference.or_else(|| {
        let name = last_segment(text)?;
        model.policies.iter().position(|policy| {
            is_managed(&policy.owner.kind) && policy.owner.policy_name.as_deref() == Some(name.as_str())
        })
    })
}

/// A user may do what its groups may.
pub fn join_groups(model: &mut Model, memberships: &[(Text, Text)]) {
    let mut joins = Vec::new();
    for (id, principal) in model.principals.iter().enumerate() {
        joins.extend(principal.groups.iter().map(|group| (vec![id], group.clone())));
    }
    for (user, group) in memberships {
        joins.push((principals_named(model, user), group.clone()));
    }
    for (users, group) in joins {
        let mut groups = principals_named(model, &group);
        groups.retain(|id| model.principals[*id].kind == PrincipalKind::Group);
        for group in groups {
            let inherited = model.principals[group].authority.documents.clone();
            for user in &users {
                model.principals[*user].authority.documents.extend(inherited.iter().cloned());
            }
        }
    }
}

/// The principals that a text names: by reference in its file, or by their literal name anywhere.
pub fn principals_named(model: &Model, text: &Text) -> Vec<PrincipalId> {
    let names = |(_, principal): &(usize, &crate::model::Principal)| {
        refers_to(text, principal.file, &principal.logical_id.value)
            || principal
                .name
                .as_ref()
                .is_some_and(|name| name == text || (name.literal().is_some() && name.literal() == text.literal()))
    };
    model.principals.iter().enumerate().filter(names).map(|(id, _)| id).collect()
}

/// The document with all its statements under further conditions.
fn under(document: &PolicyDocument, when: &[Condition]) -> PolicyDocument {
    let mut document = document.clone();
    for statement in &mut document.statements {
        for condition in when {
            if !statement.when.contains(condition) {
                statement.when.push(condition.clone());
            }
        }
    }
    document
}
