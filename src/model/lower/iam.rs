//! `AWS::IAM::*` to principals and policies.

use super::{Attachment, Declared, Fragment, Holder, add_policy, owner_of, text, texts};
use crate::iam::{Boundary, PolicyDocument, PolicyKind, Reason, aws_managed_name, managed_document};
use crate::model::principal::{ManagedPolicyRef, Principal, PrincipalKind};
use crate::value::{Condition, Text, Value};

pub fn lower(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    match declared.resource.kind.value.as_str() {
        "AWS::IAM::Role" => principal(declared, PrincipalKind::Role, fragment),
        "AWS::IAM::User" => principal(declared, PrincipalKind::User, fragment),
        "AWS::IAM::Group" => principal(declared, PrincipalKind::Group, fragment),
        "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => policy(
            declared,
            &[("Roles", PrincipalKind::Role), ("Users", PrincipalKind::User), ("Groups", PrincipalKind::Group)],
            fragment,
        ),
        "AWS::IAM::RolePolicy" => policy(declared, &[("RoleName", PrincipalKind::Role)], fragment),
        "AWS::IAM::UserPolicy" => policy(declared, &[("UserName", PrincipalKind::User)], fragment),
        "AWS::IAM::GroupPolicy" => policy(declared, &[("GroupName", PrincipalKind::Group)], fragment),
        "AWS::IAM::UserToGroupAddition" => membership(declared, fragment),
        _ => {}
    }
}

fn principal(declared: &Declared<'_, '_>, kind: PrincipalKind, fragment: &mut Fragment) {
    let own = fragment.principals.len();
    let mut principal = Principal::new(kind, declared.file, declared.resource.logical_id.clone());
    principal.when = declared.resource.when.clone();
    // A condition around all properties makes variants of one principal: what any grants counts.
    declared.with_properties(|properties, when| {
        let name_key = match kind {
            PrincipalKind::Role => "RoleName",
            PrincipalKind::User => "UserName",
            PrincipalKind::Group => "GroupName",
        };
        principal.name = principal.name.take().or_else(|| text(properties.get(name_key)));
        let path = text(properties.get("Path")).and_then(|path| path.literal().map(str::to_owned));
        principal.path = principal.path.take().or(path).filter(|path| path != "/");
        principal.groups.extend(texts(properties.get("Groups")).into_iter().map(|(_, text)| text));
        if let Some(trust) = properties.get("AssumeRolePolicyDocument") {
            trust_policy(declared, trust, when.as_ref(), fragment, &mut principal);
        }
        inline_policies(declared, properties, own, when.as_ref(), fragment, &mut principal);
        managed_policies(properties, when.as_ref(), &mut principal);
        boundary(properties, &mut principal);
    });
    fragment.principals.push(principal);
}

/// A trust policy that is a choice is one document with the statements of all its branches, each
/// under its conditions.
pub(super) fn trust_policy(
    declared: &Declared<'_, '_>,
    trust: &Value,
    when: Option<&Condition>,
    fragment: &mut Fragment,
    principal: &mut Principal,
) {
    for (mut conditions, value) in trust.alternatives() {
        conditions.extend(when.cloned());
        let owner = owner_of(declared, None);
        let index = add_policy(fragment, value.clone(), PolicyKind::Trust, owner, declared.file, conditions.first());
        let document = &fragment.policies[index].document;
        match &mut principal.trust {
            Some(known) => known.statements.extend(document.statements.iter().cloned()),
            None => principal.trust = Some(PolicyDocument::clone(document)),
        }
    }
}

fn inline_policies(
    declared: &Declared<'_, '_>,
    properties: &Value,
    own: usize,
    when: Option<&Condition>,
    fragment: &mut Fragment,
    principal: &mut Principal,
) {
    for (mut conditions, item) in properties.get("Policies").map(Value::items).unwrap_or_default() {
        conditions.extend(when.cloned());
        let Some(document) = item.get("PolicyDocument") else {
            if let Value::Unknown(unknown) = item {
                principal.authority.unseen.push(Reason::at(unknown.reason.clone(), unknown.span));
            }
            continue;
        };
        let name = text(item.get("PolicyName")).map(|name| name.display().into_owned());
        for (inner, value) in document.alternatives() {
            let conditions = [conditions.as_slice(), &inner].concat();
            let owner = owner_of(declared, name.clone());
            let policy =
                add_policy(fragment, value.clone(), PolicyKind::Identity, owner, declared.file, conditions.first());
            let attachment = Attachment { policy, holder: Holder::Own(own), when: conditions };
            fragment.attachments.push(attachment);
        }
    }
}

fn managed_policies(properties: &Value, when: Option<&Condition>, principal: &mut Principal) {
    for (mut conditions, item) in properties.get("ManagedPolicyArns").map(Value::items).unwrap_or_default() {
        conditions.extend(when.cloned());
        match item {
            Value::Text(text) => principal.managed.push(ManagedPolicyRef {
                aws_managed: aws_managed_name(text),
                text: text.clone(),
                when: conditions,
            }),
            Value::Unknown(unknown) => {
                principal.authority.unseen.push(Reason::at(unknown.reason.clone(), unknown.span));
            }
            _ => {}
        }
    }
}

pub(super) fn boundary(properties: &Value, principal: &mut Principal) {
    let Some(value) = properties.get("PermissionsBoundary") else { return };
    let Some(text) = text(Some(value)) else {
        let reason = Reason::at("a permissions boundary that is computed", value.span());
        principal.authority.boundary = Some(Boundary::Unknown(reason));
        return;
    };
    bound_by(text, principal);
}

/// The boundary that an ARN or a reference names.
pub fn bound_by(text: Text, principal: &mut Principal) {
    let managed = aws_managed_name(&text).and_then(|name| managed_document(&name, text.span, PolicyKind::Boundary));
    principal.authority.boundary = Some(match managed {
        Some(document) => Boundary::Known(document),
        None => {
            let reason = Reason::at(format!("the permissions boundary `{}`", text.display()), text.span);
            // Linking finds it when it is declared in the files.
            principal.boundary_ref = Some(text);
            Boundary::Unknown(reason)
        }
    });
}

fn policy(declared: &Declared<'_, '_>, keys: &[(&str, PrincipalKind)], fragment: &mut Fragment) {
    declared.with_properties(|properties, when| {
        let Some(document) = properties.get("PolicyDocument") else { return };
        let name = text(properties.get("PolicyName").or_else(|| properties.get("ManagedPolicyName")));
        let name = name.map(|name| name.display().into_owned());
        for (mut conditions, value) in document.alternatives() {
            conditions.extend(when.clone());
            let owner = owner_of(declared, name.clone());
            let policy =
                add_policy(fragment, value.clone(), PolicyKind::Identity, owner, declared.file, conditions.first());
            for (key, kind) in keys {
                for (more, name) in texts(properties.get(key)) {
                    let when = [conditions.as_slice(), &more].concat();
                    fragment.attachments.push(Attachment { policy, holder: Holder::Named(*kind, name), when });
                }
            }
        }
    });
}

/// `UserToGroupAddition` is a membership like that of a user's own `Groups`.
fn membership(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    declared.with_properties(|properties, _| {
        let Some(group) = text(properties.get("GroupName")) else { return };
        for (_, user) in texts(properties.get("Users")) {
            fragment.memberships.push((user, group.clone()));
        }
    });
}
