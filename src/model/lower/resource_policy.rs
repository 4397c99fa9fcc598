//! The policies of resources: in which property each type has its own, and what it protects. Knows nothing of what a
//! policy says.

use super::{Declared, Fragment, add_policy, owner_of};
use crate::iam::PolicyKind;
use crate::source::{Span, Spanned};
use crate::value::{Condition, Map, Text, Value};

pub fn lower(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    let kind = declared.resource.kind.value.as_str();
    let is_of_bus = kind == "AWS::Events::EventBusPolicy";
    let paths = paths(kind);
    if paths.is_empty() && !is_of_bus {
        return;
    }
    declared.with_properties(|properties, when| {
        let mut add = |value: Value, when: Option<&Condition>| {
            add_policy(fragment, value, PolicyKind::Resource, owner_of(declared, None), declared.file, when)
        };
        let mut of_streams = Vec::new();
        for path in paths {
            for (value, inner) in below(properties, path, when.as_ref()) {
                let index = add(value.clone(), inner);
                of_streams.extend(path.iter().any(|key| key.contains("Stream")).then_some(index));
            }
        }
        if !is_of_bus {
            of_streams.into_iter().for_each(|index: usize| fragment.policies[index].resource_type = STREAM.to_owned());
            return;
        }
        if let Some(statement) = properties.get("Statement") {
            add(document_of(statement), when.as_ref());
        } else if let Some(statement) = sender(properties) {
            let index = add(document_of(&statement), when.as_ref());
            // Its form is that of the properties, and not that of a policy.
            fragment.policies[index].leave_unvalidated();
        }
    });
}

/// What the second policy of a table protects. No resource has this type.
const STREAM: &str = "AWS::DynamoDB::Stream";

/// The type of the resource that the policy in a resource of this type protects.
pub fn protected_type(kind: &str) -> &str {
    match kind {
        "AWS::S3::BucketPolicy" => "AWS::S3::Bucket",
        "AWS::S3::MultiRegionAccessPointPolicy" => "AWS::S3::MultiRegionAccessPoint",
        "AWS::SQS::QueuePolicy" | "AWS::SQS::QueueInlinePolicy" => "AWS::SQS::Queue",
        "AWS::SNS::TopicPolicy" | "AWS::SNS::TopicInlinePolicy" => "AWS::SNS::Topic",
        "AWS::KMS::ReplicaKey" => "AWS::KMS::Key",
        "AWS::DynamoDB::GlobalTable" => "AWS::DynamoDB::Table",
        "AWS::Elasticsearch::Domain" => "AWS::OpenSearchService::Domain",
        "AWS::Events::EventBusPolicy" => "AWS::Events::EventBus",
        "AWS::Kinesis::ResourcePolicy" => "AWS::Kinesis::Stream",
        "AWS::SecretsManager::ResourcePolicy" => "AWS::SecretsManager::Secret",
        "AWS::Serverless::Api" => "AWS::ApiGateway::RestApi",
        own => own,
    }
}

/// Statements with the version around them, which the service adds.
pub fn document_of(statements: &Value) -> Value {
    let version = Value::Text(Text::at("2012-10-17", statements.span()));
    map(statements.span(), [("Version", version), ("Statement", statements.clone())])
}

/// The properties that hold resource policies of a type.
fn paths(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "AWS::S3::BucketPolicy"
        | "AWS::SQS::QueuePolicy"
        | "AWS::SQS::QueueInlinePolicy"
        | "AWS::SNS::TopicPolicy"
        | "AWS::SNS::TopicInlinePolicy"
        | "AWS::Logs::ResourcePolicy" => &[&["PolicyDocument"]],
        "AWS::KMS::Key" | "AWS::KMS::ReplicaKey" => &[&["KeyPolicy"]],
        "AWS::ECR::Repository" | "AWS::ECR::PublicRepository" => &[&["RepositoryPolicyText"]],
        "AWS::ECR::RegistryPolicy" => &[&["PolicyText"]],
        "AWS::Elasticsearch::Domain" | "AWS::OpenSearchService::Domain" => &[&["AccessPolicies"]],
        "AWS::ApiGateway::RestApi" | "AWS::S3::AccessPoint" | "AWS::S3::MultiRegionAccessPointPolicy" => &[&["Policy"]],
        "AWS::Backup::BackupVault" => &[&["AccessPolicy"]],
        "AWS::CodeArtifact::Domain" | "AWS::CodeArtifact::Repository" => &[&["PermissionsPolicyDocument"]],
        "AWS::DynamoDB::Table" => {
            &[&["ResourcePolicy", "PolicyDocument"], &["StreamSpecification", "ResourcePolicy", "PolicyDocument"]]
        }
        "AWS::DynamoDB::GlobalTable" => &[
            &["Replicas", "ResourcePolicy", "PolicyDocument"],
            &["Replicas", "ReplicaStreamSpecification", "ResourcePolicy", "PolicyDocument"],
        ],
        "AWS::EFS::FileSystem" => &[&["FileSystemPolicy"]],
        "AWS::Kinesis::ResourcePolicy" | "AWS::SecretsManager::ResourcePolicy" => &[&["ResourcePolicy"]],
        _ => &[],
    }
}

/// What stands at a path, in each item of the lists and each branch of the choices on the way, with the condition
/// under which it is there.
fn below<'v>(value: &'v Value, path: &[&str], when: Option<&'v Condition>) -> Vec<(&'v Value, Option<&'v Condition>)> {
    let Some((key, rest)) = path.split_first() else { return vec![(value, when)] };
    match value {
        Value::List(items, _) => items.iter().flat_map(|item| below(item, path, when)).collect(),
        // One condition is kept to be named.
        Value::Choice(branches, _) => {
            branches.iter().flat_map(|one| below(&one.value, path, when.or(Some(&one.when)))).collect()
        }
        other => other.get(key).map(|inner| below(inner, rest, when)).unwrap_or_default(),
    }
}

/// `Action`, `Principal` and `Condition` of a bus are a statement without its braces: an account, or everybody.
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html>
fn sender(properties: &Value) -> Option<Value> {
    let (action, principal) = (properties.get("Action")?, properties.get("Principal")?);
    let is_everybody = principal.literal() == Some("*");
    let caller = if is_everybody { principal.clone() } else { map(principal.span(), [("AWS", principal.clone())]) };
    let span = properties.span();
    let allow = Value::Text(Text::at("Allow", span));
    let Value::Map(mut statement) = map(span, [("Effect", allow), ("Action", action.clone()), ("Principal", caller)])
    else {
        return None;
    };
    if let Some(condition) = properties.get("Condition") {
        let read = |key: &str| condition.get(key)?.literal();
        let tested = match (read("Type"), read("Key"), condition.get("Value")) {
            (Some(operator), Some(key), Some(value)) => {
                map(condition.span(), [(operator, map(condition.span(), [(key, value.clone())]))])
            }
            _ => Value::unknown("the condition cannot be read", condition.span()),
        };
        statement.entries.push((Spanned::new("Condition".to_owned(), condition.span()), tested));
    }
    Some(Value::Map(statement))
}

/// A map that is nowhere written as one; a key has the place before its value.
fn map<const N: usize>(span: Span, entries: [(&str, Value); N]) -> Value {
    let key = |name: &str, at: Span| Spanned::new(name.to_owned(), Span { end: at.start, ..at });
    let entries = entries.into_iter().map(|(name, value)| (key(name, value.span()), value));
    Value::Map(Map { entries: entries.collect(), span })
}
