//! The resources that the framework makes of `provider` and `functions`, as they would stand in a
//! template: roles, functions, the REST API. What they are made of keeps its place in the service.
//! The statements with which functions write their logs and read their streams are left out.
//!
//! Source: <https://www.serverless.com/framework/docs/providers/aws/guide/iam>

use super::merge::merge;
use crate::source::{OffsetMap, Span};
use crate::syntax::{Entry, Kind, Node, Scalar};
use crate::value::has_marker;
use std::collections::BTreeSet;

/// The logical id of the role that all functions share.
pub const DEFAULT_ROLE: &str = "IamRoleLambdaExecution";

/// The parts of a service that resources are made of; variables are resolved.
pub struct Parts<'s> {
    pub provider: &'s Node,
    pub functions: &'s Node,
    pub plugins: Option<&'s Node>,
    /// `custom.serverless-iam-roles-per-function`
    pub plugin: Option<&'s Node>,
    /// What a resource points at that nothing of the service makes.
    pub span: Span,
}

pub fn resources(parts: &Parts<'_>) -> Vec<Entry> {
    let shared = Shared::read(parts.provider, parts.span);
    let mut made = Vec::new();
    let mut functions: Vec<Entry> = Vec::new();
    let mut needs_default = false;
    let entries = parts.functions.entries().unwrap_or_default();
    for entry in entries {
        let Some(name) = entry.key.as_str() else { continue };
        let own = own_role(parts, &shared, entry, name);
        let role = match (entry.value.get("role"), &own) {
            (Some(role), _) => Some(role_reference(role)),
            (None, Some(own)) => Some(attribute(own.key.as_str().unwrap_or_default(), entry.key.span())),
            (None, None) => {
                needs_default |= shared.existing.is_none();
                let default = || attribute(DEFAULT_ROLE, entry.key.span());
                Some(shared.existing.map_or_else(default, role_reference))
            }
        };
        made.extend(own);
        functions.push(function(parts.provider, entry, name, role));
    }
    let is_filled = |node: &Node| !node.is_null() && node.items().is_none_or(|items| !items.is_empty());
    let grants = shared.statements.iter().chain(&shared.managed).any(|node| is_filled(node));
    if needs_default || (entries.is_empty() && shared.existing.is_none() && grants) {
        made.insert(0, shared.role(DEFAULT_ROLE, vpc(parts.provider, entries)));
    }
    made.extend(functions);
    made.extend(rest_api(parts.provider));
    made
}

/// The kinds of events that functions take: `httpApi`, `schedule`.
pub fn events(functions: &Node) -> BTreeSet<String> {
    let all =
        functions.entries().unwrap_or_default().iter().filter_map(|function| function.value.get("events")?.items());
    // `- schedule` is the same as `- schedule: …`.
    let kind = |event: &Node| match event.entries() {
        Some(entries) => entries.first().and_then(|entry| entry.key.as_str().map(str::to_owned)),
        None => event.as_str().map(str::to_owned),
    };
    all.flatten().filter_map(kind).collect()
}

/// The roles that CloudFormation deploys the service with.
pub fn deployment_roles(provider: &Node) -> Vec<Node> {
    let of_iam = provider.get("iam").and_then(|iam| iam.get("deploymentRole"));
    of_iam.into_iter().chain(provider.get("cfnRole")).cloned().collect()
}

/// What the provider says of roles, in the present form and the older one.
struct Shared<'s> {
    span: Span,
    statements: Vec<&'s Node>,
    managed: Vec<&'s Node>,
    boundary: Option<&'s Node>,
    name: Option<&'s Node>,
    /// A role that is made elsewhere.
    existing: Option<&'s Node>,
}

impl<'s> Shared<'s> {
    fn read(provider: &'s Node, span: Span) -> Shared<'s> {
        let role = provider.get("iam").and_then(|iam| iam.entry("role"));
        let settings = role.map(|role| &role.value).filter(|role| is_settings(role));
        let of_role = |key: &str| settings.and_then(|settings| settings.get(key));
        let either = |key: &str, older: &str| of_role(key).into_iter().chain(provider.get(older)).collect::<Vec<_>>();
        let existing = role.map(|role| &role.value).filter(|role| !is_settings(role) && !role.is_null());
        let older = ["iamRoleStatements", "iamManagedPolicies"].iter().find_map(|key| provider.entry(key));
        Shared {
            span: settings.and(role).or(older).map_or(span, |entry| entry.key.span()),
            statements: either("statements", "iamRoleStatements"),
            managed: either("managedPolicies", "iamManagedPolicies"),
            boundary: of_role("permissionsBoundary")
                .or_else(|| of_role("permissionBoundary"))
                .or_else(|| provider.get("rolePermissionsBoundary")),
            name: of_role("name"),
            existing: existing.or_else(|| provider.get("role")),
        }
    }

    fn role(&self, logical_id: &str, vpc: Option<Span>) -> Entry {
        let managed = joined(&self.managed, vpc.map(vpc_policy));
        let statements = joined(&self.statements, None);
        role(logical_id, self.span, statements, managed, self.boundary, self.name)
    }
}

/// `role: {statements: …}`, and not a reference to a role.
fn is_settings(role: &Node) -> bool {
    let is_intrinsic = |entry: &Entry| entry.key.as_str().is_some_and(|key| key == "Ref" || key.starts_with("Fn::"));
    role.tag().is_none() && role.entries().is_some_and(|entries| !entries.iter().any(is_intrinsic))
}

/// The role of one function, as the plug-in serverless-iam-roles-per-function makes it.
/// Source: <https://www.serverless.com/plugins/serverless-iam-roles-per-function>
fn own_role(parts: &Parts<'_>, shared: &Shared<'_>, function: &Entry, name: &str) -> Option<Entry> {
    let statements = function.value.get("iamRoleStatements").filter(|_| uses_plugin(parts.plugins))?;
    let setting = |key: &str| parts.plugin.and_then(|plugin| plugin.get(key));
    let inherits = function.value.get("iamRoleStatementsInherit").or_else(|| setting("defaultInherit"));
    let inherits = inherits.and_then(Node::as_str).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let mut all = vec![statements];
    all.extend(shared.statements.iter().filter(|_| inherits));
    let of_plugin = || setting("iamGlobalPermissionsBoundary");
    let boundary = function.value.get("iamPermissionsBoundary").or_else(of_plugin).or(shared.boundary);
    let managed = vpc(parts.provider, std::slice::from_ref(function)).map(vpc_policy);
    let role_name = function.value.get("iamRoleStatementsName");
    let id = format!("{}{DEFAULT_ROLE}", normalised(name));
    Some(role(&id, function.key.span(), joined(&all, None), managed, boundary, role_name))
}

/// Whether the plug-in is listed, or may be: a list that a variable gives may hold anything.
fn uses_plugin(plugins: Option<&Node>) -> bool {
    let Some(plugins) = plugins else { return false };
    let list = plugins.get("modules").unwrap_or(plugins);
    let is_it = |item: &Node| item.as_str().is_none_or(|name| name.contains("per-function") || has_marker(name));
    list.items().map_or_else(|| is_it(list), |items| items.iter().any(is_it))
}

fn role(
    logical_id: &str,
    span: Span,
    statements: Option<Node>,
    managed: Option<Node>,
    boundary: Option<&Node>,
    name: Option<&Node>,
) -> Entry {
    let trusted = statement_of(
        span,
        vec![
            ("Effect", scalar("Allow", span)),
            ("Principal", mapping(vec![("Service", scalar("lambda.amazonaws.com", span))], span)),
            ("Action", scalar("sts:AssumeRole", span)),
        ],
    );
    let mut properties = vec![("AssumeRolePolicyDocument", trusted)];
    if let Some(statements) = statements {
        let at = statements.span();
        let document = mapping(vec![("Version", scalar("2012-10-17", span)), ("Statement", statements)], at);
        let policy = mapping(vec![("PolicyName", scalar("lambda", span)), ("PolicyDocument", document)], at);
        properties.push(("Policies", sequence(vec![policy], at)));
    }
    properties.extend(managed.map(|managed| ("ManagedPolicyArns", managed)));
    properties.extend(boundary.map(|boundary| ("PermissionsBoundary", boundary.clone())));
    properties.extend(name.map(|name| ("RoleName", name.clone())));
    resource(logical_id, "AWS::IAM::Role", properties, span)
}

/// A policy document with this one statement.
fn statement_of(span: Span, statement: Vec<(&str, Node)>) -> Node {
    let statements = sequence(vec![mapping(statement, span)], span);
    mapping(vec![("Version", scalar("2012-10-17", span)), ("Statement", statements)], span)
}

fn function(provider: &Node, entry: &Entry, name: &str, role: Option<Node>) -> Entry {
    let span = entry.key.span();
    let mut properties: Vec<(&str, Node)> = role.into_iter().map(|role| ("Role", role)).collect();
    let own = entry.value.get("environment");
    let shared = provider.get("environment");
    let variables = match (shared, own) {
        (Some(shared), Some(own)) => Some(merge(shared, own)),
        (shared, own) => own.or(shared).cloned(),
    };
    properties.extend(variables.map(|node| {
        let at = node.span();
        ("Environment", mapping(vec![("Variables", node)], at))
    }));
    for (key, property) in [("name", "FunctionName"), ("handler", "Handler")] {
        properties.extend(entry.value.get(key).map(|node| (property, node.clone())));
    }
    // In a network, with a file system or with a key: each asks for more than a function without.
    let network = [&entry.value, provider].into_iter().find_map(|holder| holder.get("vpc"));
    properties.extend(network.filter(|vpc| is_network(vpc)).map(|vpc| ("VpcConfig", as_properties(vpc))));
    properties.extend(
        entry.value.get("fileSystemConfig").map(|one| ("FileSystemConfigs", sequence(vec![one.clone()], one.span()))),
    );
    let key = [&entry.value, provider].into_iter().find_map(|holder| holder.get("kmsKeyArn"));
    properties.extend(key.map(|key| ("KmsKeyArn", key.clone())));
    let runtime = entry.value.get("runtime").or_else(|| provider.get("runtime"));
    properties.extend(runtime.map(|node| ("Runtime", node.clone())));
    resource(&format!("{}LambdaFunction", normalised(name)), "AWS::Lambda::Function", properties, span)
}

/// `provider.apiGateway.resourcePolicy`: statements of the policy of the REST API.
fn rest_api(provider: &Node) -> Option<Entry> {
    let statements = provider.get("apiGateway").and_then(|gateway| gateway.entry("resourcePolicy"));
    let statements = statements.or_else(|| provider.entry("resourcePolicy"))?;
    let span = statements.key.span();
    let version = ("Version", scalar("2012-10-17", span));
    let policy = mapping(vec![version, ("Statement", statements.value.clone())], statements.value.span());
    Some(resource("ApiGatewayRestApi", "AWS::ApiGateway::RestApi", vec![("Policy", policy)], span))
}

/// The types of resources that the framework makes besides: a service may add to one without saying
/// what it is.
/// Source: <https://www.serverless.com/framework/docs/providers/aws/guide/resources>
pub fn type_of(logical_id: &str) -> Option<&'static str> {
    match logical_id {
        "ServerlessDeploymentBucket" => Some("AWS::S3::Bucket"),
        "ServerlessDeploymentBucketPolicy" => Some("AWS::S3::BucketPolicy"),
        "ApiGatewayRestApi" => Some("AWS::ApiGateway::RestApi"),
        "HttpApi" => Some("AWS::ApiGatewayV2::Api"),
        "WebsocketsApi" => Some("AWS::ApiGatewayV2::Api"),
        id if id.ends_with("LogGroup") => Some("AWS::Logs::LogGroup"),
        _ => None,
    }
}

/// Where it is said that functions run in a network of the account.
fn vpc(provider: &Node, functions: &[Entry]) -> Option<Span> {
    let own = functions.iter().filter_map(|function| function.value.entry("vpc"));
    own.chain(provider.entry("vpc")).find(|entry| is_network(&entry.value)).map(|entry| entry.key.span())
}

/// `vpc: ~` takes a function out of the network of the provider.
fn is_network(vpc: &Node) -> bool {
    vpc.as_str() != Some("~") && !vpc.is_null()
}

/// `subnetIds` is `SubnetIds` in a template.
fn as_properties(vpc: &Node) -> Node {
    let Some(entries) = vpc.entries() else { return vpc.clone() };
    let entry = |entry: &Entry| {
        let key = match entry.key.as_str() {
            Some("subnetIds") => scalar("SubnetIds", entry.key.span()),
            Some("securityGroupIds") => scalar("SecurityGroupIds", entry.key.span()),
            _ => entry.key.clone(),
        };
        Entry { key, ..entry.clone() }
    };
    Node::new(Kind::Mapping(entries.iter().map(entry).collect()), vpc.span(), None)
}

fn vpc_policy(span: Span) -> Node {
    let name = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole";
    sequence(vec![scalar(name, span)], span)
}

/// Lists one behind the other, in one list; `None` when there is none.
fn joined(lists: &[&Node], more: Option<Node>) -> Option<Node> {
    let lists: Vec<&Node> = lists.iter().copied().chain(more.as_ref()).filter(|list| !list.is_null()).collect();
    match lists.as_slice() {
        [] => None,
        [only] => Some((*only).clone()),
        [first, ..] => {
            let items =
                lists.iter().flat_map(|list| list.items().map_or_else(|| vec![(*list).clone()], <[Node]>::to_vec));
            Some(sequence(items.collect(), first.span()))
        }
    }
}

/// A role that is named by a logical id stands for its ARN.
fn role_reference(role: &Node) -> Node {
    match role.as_str().filter(|_| role.tag().is_none()) {
        Some(name) if !name.contains([':', '/']) && !has_marker(name) => attribute(name, role.span()),
        _ => role.clone(),
    }
}

fn attribute(logical_id: &str, span: Span) -> Node {
    let names = sequence(vec![scalar(logical_id, span), scalar("Arn", span)], span);
    mapping(vec![("Fn::GetAtt", names)], span)
}

/// The name of a function as it stands in logical ids.
/// Source: <https://www.serverless.com/framework/docs/providers/aws/guide/resources>
fn normalised(name: &str) -> String {
    let name = name.replace('-', "Dash").replace('_', "Underscore");
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn resource(logical_id: &str, kind: &str, properties: Vec<(&str, Node)>, span: Span) -> Entry {
    let value = mapping(vec![("Type", scalar(kind, span)), ("Properties", mapping(properties, span))], span);
    Entry { key: scalar(logical_id, span), value, merged: false }
}

pub fn scalar(text: &str, span: Span) -> Node {
    Node::new(Kind::Scalar(Scalar { text: text.into(), quoted: true, map: OffsetMap::whole(span) }), span, None)
}

pub fn mapping(entries: Vec<(&str, Node)>, span: Span) -> Node {
    let entries = entries.into_iter().map(|(key, value)| Entry { key: scalar(key, span), value, merged: false });
    Node::new(Kind::Mapping(entries.collect()), span, None)
}

fn sequence(items: Vec<Node>, span: Span) -> Node {
    Node::new(Kind::Sequence(items), span, None)
}
