//! `AWS::Serverless::*` to the roles and policies that the SAM transform makes of them. What SAM adds
//! by itself counts for what a role may do, and is nobody's fault; what the user wrote is judged.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-resources-and-properties.html>

mod connector;
mod event;
mod facts;
mod graphql;
mod role;

use super::{Declared, Fragment, Origin, add_policy, owner_of};
use crate::iam::{PolicyDocument, PolicyKind};
use crate::model::principal::{ManagedPolicyRef, Principal, PrincipalKind};
use crate::source::{Span, Spanned};
use crate::template::sam::{DEPLOYMENT_ROLE, PREFIX};
use crate::value::{Condition, Hole, HoleKind, Text, Value};
use std::sync::Arc;

pub fn lower(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    match declared.resource.kind.value.strip_prefix(PREFIX).unwrap_or_default() {
        "Function" => {
            role::function(declared, fragment);
            deployment_role(declared, fragment);
        }
        "StateMachine" => role::state_machine(declared, fragment),
        "Connector" => connector::lower(declared, fragment),
        "GraphQLApi" => graphql::lower(declared, fragment),
        "CapacityProvider" => operator_role(declared, "AWSLambdaManagedEC2ResourceOperator", fragment),
        "NetworkConnector" => operator_role(declared, "AWSLambdaNetworkConnectorOperatorPolicy", fragment),
        "Api" => resource_policy(declared, fragment),
        // They make no role, and no policy but that which they are given.
        "HttpApi" | "WebSocketApi" | "SimpleTable" | "LayerVersion" | "Application" => {}
        _ => {
            let kind = &declared.resource.kind.value;
            let reason = format!("`{kind}`: what SAM makes of it is not read yet");
            fragment.not_read.push((declared.resource.logical_id.span, reason));
        }
    }
}

/// Connectors that stand in a resource of any type.
pub fn embedded_connectors(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    connector::embedded(declared, fragment);
}

/// A role that SAM makes of a resource: its name starts with that of the resource, and all that is
/// generated in it stands where `span` is.
fn made_role(declared: &Declared<'_, '_>, suffix: &str, span: Span, service: &str, what: &str) -> (Principal, Origin) {
    let id = &declared.resource.logical_id.value;
    let name = format!("{id}{suffix}");
    let mut role = Principal::new(PrincipalKind::Role, declared.file, Spanned::new(name.clone(), span));
    role.when = declared.resource.when.clone();
    role.trust = trust(declared, service, span);
    let origin = Origin {
        span,
        role: Some(name.clone()),
        is_of_tool: false,
        text: format!("SAM makes the role `{name}` for {what}"),
    };
    (role, origin)
}

/// The trust policy that SAM writes: the service may assume the role.
fn trust(declared: &Declared<'_, '_>, service: &str, span: Span) -> Option<PolicyDocument> {
    let statement = format!(
        r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"Service":"{service}.amazonaws.com"}}}}"#
    );
    facts::document(declared.scope, &statement, span, &[], PolicyKind::Trust)
}

/// A statement that SAM writes into a role.
fn allow(declared: &Declared<'_, '_>, role: &mut Principal, span: Span, actions: &[&str], resource: Value) {
    let actions = serde_json::Value::from(actions);
    let statement = format!(r#"{{"Effect":"Allow","Action":{actions},"Resource":"${{Resource}}"}}"#);
    let variables = [("Resource".to_owned(), resource)];
    let document = facts::document(declared.scope, &statement, span, &variables, PolicyKind::Identity);
    role.authority.documents.extend(document.map(Arc::new));
    role.given_by_tool.push(span);
}

/// A managed policy of AWS that SAM attaches.
fn attach_managed(role: &mut Principal, name: &str, span: Span, when: Vec<Condition>) {
    if role.managed.iter().any(|known| known.aws_managed.as_deref() == Some(name)) {
        return;
    }
    let text = Text::at(name, span);
    role.given_by_tool.push(span);
    role.managed.push(ManagedPolicyRef { text, when, aws_managed: Some(name.to_owned()) });
}

/// A reference to a resource, as `!Ref` makes it.
fn reference(name: &str, span: Span) -> Text {
    Text::from_hole(Hole { name: name.to_owned(), kind: HoleKind::Resource, span, template: span.file, default: None })
}

/// `Policy`, or the statements of `Auth`'s `ResourcePolicy`, to which SAM adds the version.
fn resource_policy(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    declared.with_properties(|properties, when| {
        let custom = properties.get("Auth").and_then(|auth| auth.get("ResourcePolicy")?.get("CustomStatements"));
        let custom = custom.map(super::resource_policy::document_of);
        for policy in properties.get("Policy").cloned().into_iter().chain(custom) {
            let owner = owner_of(declared, None);
            add_policy(fragment, policy, PolicyKind::Resource, owner, declared.file, when.as_ref());
        }
    });
}

/// What Lambda itself needs to run machines or interfaces, unless it is given a role for it.
fn operator_role(declared: &Declared<'_, '_>, policy: &str, fragment: &mut Fragment) {
    let id = &declared.resource.logical_id;
    let mut is_given = false;
    declared.with_properties(|properties, _| is_given |= properties.get("OperatorRole").is_some());
    if !is_given {
        let (mut role, origin) = made_role(declared, "OperatorRole", id.span, "lambda", &format!("`{}`", id.value));
        attach_managed(&mut role, policy, id.span, Vec::new());
        fragment.principals.push(role);
        fragment.origins.push(origin);
    }
}

/// One role of CodeDeploy serves all functions whose `DeploymentPreference` names none.
fn deployment_role(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    let is_made = |role: &Principal| role.file == declared.file && role.logical_id.value == DEPLOYMENT_ROLE;
    let mut preference = None;
    declared.with_properties(|properties, _| {
        let found = properties.get("DeploymentPreference").and_then(Value::first_map).map(|(_, map)| map);
        let enabled =
            found.filter(|map| map.get("Enabled").and_then(Value::as_bool) != Some(false) && map.get("Role").is_none());
        preference = preference.or(enabled.map(|map| map.span));
    });
    let Some(span) = preference.filter(|_| !fragment.principals.iter().any(is_made)) else { return };
    let at = Span { end: span.start, ..span };
    let mut role = Principal::new(PrincipalKind::Role, declared.file, Spanned::new(DEPLOYMENT_ROLE.to_owned(), at));
    role.trust = trust(declared, "codedeploy", at);
    attach_managed(&mut role, "AWSCodeDeployRoleForLambdaLimited", at, Vec::new());
    fragment.origins.push(Origin {
        span: at,
        role: Some(DEPLOYMENT_ROLE.to_owned()),
        is_of_tool: false,
        text: format!("SAM makes the role `{DEPLOYMENT_ROLE}` for all functions that CodeDeploy deploys"),
    });
    fragment.principals.push(role);
}
