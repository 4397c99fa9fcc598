//! What the `Events` of a function or a state machine add: policies of its role, and roles of the
//! services that start it.

use super::{allow, attach_managed, made_role, role};
use crate::model::lower::{Declared, Fragment};
use crate::model::principal::Principal;
use crate::source::{Span, Spanned};
use crate::value::{Map, Value};

/// What a function in a network of its own needs to be reached by an event source.
const NETWORK: [&str; 6] = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
];

/// Name, type and properties of each event.
fn events(properties: &Value) -> Vec<(&Spanned<String>, &str, &Map)> {
    let events = properties.get("Events").and_then(Value::first_map).map_or(&[][..], |(_, map)| &map.entries);
    let read = events.iter().filter_map(|(name, event)| {
        let (_, properties) = event.get("Properties").and_then(Value::first_map)?;
        Some((name, event.get("Type")?.literal()?, properties))
    });
    read.collect()
}

/// Event sources that the function itself reads from.
pub fn sources(declared: &Declared<'_, '_>, properties: &Value, to: &mut Principal) {
    for (name, kind, event) in events(properties) {
        let at = name.span;
        match kind {
            "SNS" if event.get("SqsSubscription").is_some_and(|value| value.as_bool() != Some(false)) => {
                attach_managed(to, "AWSLambdaSQSQueueExecutionRole", at, Vec::new());
            }
            "SQS" => attach_managed(to, "AWSLambdaSQSQueueExecutionRole", at, Vec::new()),
            "Kinesis" => attach_managed(to, "AWSLambdaKinesisExecutionRole", at, Vec::new()),
            "DynamoDB" => attach_managed(to, "AWSLambdaDynamoDBExecutionRole", at, Vec::new()),
            "MSK" => attach_managed(to, "AWSLambdaMSKExecutionRole", at, Vec::new()),
            "MQ" => allow(declared, to, at, &["mq:DescribeBroker"], resource(event.get("Broker"), at)),
            "DocumentDB" => {
                allow(declared, to, at, &["rds:DescribeDBClusters"], resource(event.get("Cluster"), at));
                allow(declared, to, at, &["rds:DescribeDBClusterParameters", "rds:DescribeDBSubnetGroups"], any(at));
                allow(declared, to, at, &NETWORK, any(at));
            }
            "SelfManagedKafka" => {
                let in_network = access(event).any(|(kind, _)| kind.starts_with("VPC_"));
                if in_network {
                    allow(declared, to, at, &NETWORK, any(at));
                }
            }
            _ => continue,
        }
        for (_, secret) in access(event).filter(|(kind, _)| is_secret(kind)) {
            allow(declared, to, at, &["secretsmanager:GetSecretValue"], secret.clone());
        }
        if let Some(key) = event.get("SecretsManagerKmsKeyId") {
            allow(declared, to, at, &["kms:Decrypt"], key_arn(declared, key, at));
        }
        role::destinations(declared, Some(&Value::Map(event.clone())), to);
    }
}

/// Roles that a schedule or an event rule starts the resource with.
pub fn roles(declared: &Declared<'_, '_>, properties: &Value, fragment: &mut Fragment) {
    let is_function = declared.resource.kind.value.ends_with("::Function");
    for (name, kind, event) in events(properties) {
        let service = match kind {
            "ScheduleV2" => "scheduler",
            // A rule may invoke a function by the function's own policy.
            "Schedule" | "CloudWatchEvent" | "EventBridgeRule" if !is_function => "events",
            "Api" if !is_function => "apigateway",
            _ => continue,
        };
        if event.get("RoleArn").is_some() {
            continue;
        }
        let id = &declared.resource.logical_id;
        let what = format!("the event `{}` of `{}`", name.value, id.value);
        let (mut role, origin) = made_role(declared, &format!("{}Role", name.value), name.span, service, &what);
        let action = if is_function { "lambda:InvokeFunction" } else { "states:StartExecution" };
        let own = declared.scope.attribute_text(&format!("{}.Arn", id.value), name.span);
        allow(declared, &mut role, name.span, &[action], Value::Text(own));
        fragment.principals.push(role);
        fragment.origins.push(origin);
    }
}

/// Kind and URI of each of `SourceAccessConfigurations`.
fn access(event: &Map) -> impl Iterator<Item = (&str, &Value)> {
    let items = event.get("SourceAccessConfigurations").map(Value::items).unwrap_or_default();
    items.into_iter().filter_map(|(_, item)| Some((item.get("Type")?.literal()?, item.get("URI")?)))
}

fn is_secret(kind: &str) -> bool {
    matches!(
        kind,
        "BASIC_AUTH"
            | "CLIENT_CERTIFICATE_TLS_AUTH"
            | "SASL_SCRAM_256_AUTH"
            | "SASL_SCRAM_512_AUTH"
            | "SERVER_ROOT_CA_CERTIFICATE"
    )
}

fn any(span: Span) -> Value {
    Value::Text(crate::value::Text::at("*", span))
}

fn resource(given: Option<&Value>, span: Span) -> Value {
    given.cloned().unwrap_or_else(|| Value::unknown("a resource that is not named", span))
}

fn key_arn(declared: &Declared<'_, '_>, key: &Value, span: Span) -> Value {
    let arn = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Key}";
    let text = Value::Text(crate::value::Text::at(arn, span));
    declared.scope.filled(&text, &[("Key".to_owned(), key.clone())])
}
