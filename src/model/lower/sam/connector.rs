//! Connectors: the policy that SAM puts on the role of one resource so that it reaches the other.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/reference-sam-connector.html>

use super::facts::Connection;
use super::reference;
use crate::iam::PolicyKind;
use crate::model::lower::{Attachment, Declared, Fragment, Holder, add_policy, texts};
use crate::model::principal::{PolicyOwner, PrincipalKind};
use crate::source::Span;
use crate::template::Resource;
use crate::template::sam::PREFIX;
use crate::value::{Condition, Text, Value};

/// `AWS::Serverless::Connector`.
pub fn lower(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    declared.with_properties(|properties, when| {
        if let (Some(source), Some(destinations)) = (properties.get("Source"), properties.get("Destination")) {
            let name = &declared.resource.logical_id.value;
            connect(declared, name, source, destinations, properties, when, fragment);
        }
    });
}

/// `Connectors` beside the properties of the source.
pub fn embedded(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    let Some(connectors) = declared.resource.node.get("Connectors") else { return };
    let Value::Map(connectors) = declared.scope.evaluate(connectors) else { return };
    let id = &declared.resource.logical_id.value;
    for (name, connector) in &connectors.entries {
        let Some(properties) = connector.get("Properties") else { continue };
        let Some(destinations) = properties.get("Destination") else { continue };
        let source = properties.get("SourceReference").and_then(Value::as_map).cloned();
        let mut entries = source.map_or_else(Vec::new, |source| source.entries);
        entries.push((crate::source::Spanned::new("Id".to_owned(), name.span), Value::Text(Text::at(id, name.span))));
        let source = Value::Map(crate::value::Map { entries, span: name.span });
        let when = declared.resource.when.clone();
        connect(declared, &format!("{id}{}", name.value), &source, destinations, properties, when, fragment);
    }
}

fn connect(
    declared: &Declared<'_, '_>,
    name: &str,
    source: &Value,
    destinations: &Value,
    properties: &Value,
    when: Option<Condition>,
    fragment: &mut Fragment,
) {
    let permissions: Vec<Text> = texts(properties.get("Permissions")).into_iter().map(|(_, text)| text).collect();
    for (_, destination) in destinations.items() {
        let span = Span { end: destination.span().start, ..destination.span() };
        let (Some(from), Some(to)) = (End::read(declared, source, span), End::read(declared, destination, span)) else {
            fragment.not_read.push((span, format!("the ends of the connector `{name}` are not known here")));
            continue;
        };
        let variables = [from.variables("Source"), to.variables("Destination")].concat();
        let connections: Vec<Connection> = Connection::between(&from.kind, &to.kind).collect();
        if connections.is_empty() {
            let reason = format!("SAM knows no connector from `{}` to `{}`", from.kind, to.kind);
            fragment.not_read.push((span, reason));
        }
        let wanted =
            |connection: &&Connection| permissions.iter().any(|text| text.literal() == Some(connection.category));
        for connection in connections.iter().filter(wanted) {
            // What stands on a queue, a topic or a function opens it to one source and no further.
            let (PolicyKind::Identity, Some(value)) =
                (kind_of(connection), connection.value(declared.scope, span, &variables))
            else {
                continue;
            };
            let holder = if connection.is_of_source { &from } else { &to };
            let Some(role) = holder.role.clone() else { continue };
            let owner = PolicyOwner {
                name: name.to_owned(),
                span,
                kind: format!("{PREFIX}Connector"),
                policy_name: Some(format!("{name}Policy")),
                account: None,
            };
            let policy = add_policy(fragment, value, PolicyKind::Identity, owner, declared.file, when.as_ref());
            // SAM wrote it: it is not for the user to mend.
            fragment.policies[policy].leave_unvalidated();
            let when = when.clone().into_iter().collect();
            fragment.attachments.push(Attachment { policy, holder: Holder::Named(PrincipalKind::Role, role), when });
        }
    }
}

fn kind_of(connection: &Connection) -> PolicyKind {
    if connection.kind == "role" { PolicyKind::Identity } else { PolicyKind::Resource }
}

/// A resource at one end of a connector.
struct End {
    /// The type that CloudFormation has for it.
    kind: String,
    /// What is known of it by name: `Arn`, `Name`, `ResourceId`, `Qualifier`.
    known: Vec<(&'static str, Value)>,
    role: Option<Text>,
}

impl End {
    fn read(declared: &Declared<'_, '_>, end: &Value, span: Span) -> Option<End> {
        let keys = ["Arn", "Name", "ResourceId", "Qualifier"];
        let mut known: Vec<(&'static str, Value)> =
            keys.into_iter().filter_map(|key| Some((key, end.get(key)?.clone()))).collect();
        let Some(id) = end.get("Id").and_then(Value::literal) else {
            let role = texts(end.get("RoleName")).into_iter().next().map(|(_, text)| text);
            return Some(End { kind: plain_type(end.get("Type")?.literal()?).to_owned(), known, role });
        };
        let resource = declared.scope.template.resource(id)?;
        let kind = plain_type(&resource.kind.value).to_owned();
        let attribute = |name: &str| Value::Text(declared.scope.attribute_text(&format!("{id}.{name}"), span));
        // `Ref` gives the ARN of these.
        let by_ref = matches!(
            kind.as_str(),
            "AWS::SNS::Topic"
                | "AWS::StepFunctions::StateMachine"
                | "AWS::AppSync::GraphQLApi"
                | "AWS::AppSync::DataSource"
        );
        let own = || declared.scope.resolve(id, span);
        known.push(("Arn", if by_ref { own() } else { attribute("Arn") }));
        known.push(("Name", attribute("Name")));
        known.push(("ResourceId", own()));
        known.push(("Qualifier", Value::Text(Text::at("*", span))));
        Some(End { role: role_of(declared, resource, span), kind, known })
    }

    /// The first value known of each name, under the end's own name.
    fn variables(&self, end: &str) -> Vec<(String, Value)> {
        self.known.iter().map(|(name, value)| (format!("{end}.{name}"), value.clone())).collect()
    }
}

/// The type that SAM makes of one of its own.
fn plain_type(kind: &str) -> &str {
    match kind.strip_prefix(PREFIX) {
        Some("Function") => "AWS::Lambda::Function",
        Some("StateMachine") => "AWS::StepFunctions::StateMachine",
        Some("Api") => "AWS::ApiGateway::RestApi",
        Some("HttpApi") => "AWS::ApiGatewayV2::Api",
        Some("SimpleTable") => "AWS::DynamoDB::Table",
        _ => kind,
    }
}

/// The role that a resource runs with, as it refers to it.
fn role_of(declared: &Declared<'_, '_>, resource: &Resource, span: Span) -> Option<Text> {
    let properties = declared.scope.template.properties(declared.scope, resource);
    let given = match resource.kind.value.as_str() {
        "AWS::StepFunctions::StateMachine" => properties.get("RoleArn"),
        "AWS::AppSync::DataSource" => properties.get("ServiceRoleArn"),
        "AWS::Events::Rule" => {
            let targets = properties.get("Targets").map(Value::items).unwrap_or_default();
            return targets.into_iter().find_map(|(_, target)| target.get("RoleArn")?.as_text().cloned());
        }
        _ => properties.get("Role"),
    };
    let given = texts(given).into_iter().next().map(|(_, text)| text);
    let is_sam = resource.kind.value.starts_with(PREFIX);
    given.or_else(|| {
        is_sam.then(|| reference(&format!("{}Role", resource.logical_id.value), Span { file: declared.file, ..span }))
    })
}
