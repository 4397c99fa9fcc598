//! Misspelt types of resources: what they declare is read by nobody.

use super::unknown_property;
use crate::diagnostic::Applicability;
use crate::edit::Change;
use crate::iam;
use crate::model::DeclaredResource;
use crate::needs::command::is_resource_type;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use std::collections::HashMap;

pub const ANALYSIS: Analysis = Analysis {
    name: "unknown-type",
    summary: "a type of resource that AWS does not have, and that is nearly one that iamlint reads",
    params: &[],
    facts: &["resource", "kind", "meant"],
    bind,
};

/// Types that are read, beside those whose properties are known.
const READ: [&str; 24] = [
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::StackSet",
    "AWS::CodeArtifact::Domain",
    "AWS::CodeArtifact::Repository",
    "AWS::ECR::PublicRepository",
    "AWS::ECR::RegistryPolicy",
    "AWS::ECS::TaskDefinition",
    "AWS::Events::EventBus",
    "AWS::Events::EventBusPolicy",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Organizations::Policy",
    "AWS::S3::AccessPoint",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::Api",
    "AWS::Serverless::Application",
    "AWS::Serverless::Function",
    "AWS::Serverless::HttpApi",
    "AWS::Serverless::StateMachine",
    "AWS::StepFunctions::StateMachine",
];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        // Thousands of resources are of few types.
        let mut slips: HashMap<&str, Option<&'static str>> = HashMap::new();
        let resources = context.model.resources.iter();
        let found = resources.filter_map(|resource| {
            let meant = *slips.entry(&resource.kind).or_insert_with(|| meant(&resource.kind));
            Some(finding(resource, meant?))
        });
        found.collect()
    })
}

fn finding(resource: &DeclaredResource, meant: &str) -> Finding {
    let help = format!("did you mean `{meant}`?");
    let mut found = Finding::new(resource.kind_span, resource.logical_id.value.clone())
        .fact("resource", &*resource.logical_id.value)
        .fact("kind", &*resource.kind)
        .fact("meant", meant);
    found.change = Some(Change::rename(Applicability::Safe, &help, resource.kind_span, &resource.kind, meant));
    found.help = Some(help);
    found
}

/// The type that one is nearly, if AWS has none of its name.
fn meant(kind: &str) -> Option<&'static str> {
    if kind.get(..3).is_none_or(|start| !start.eq_ignore_ascii_case("aws")) {
        return None;
    }
    let read = || READ.into_iter().chain(unknown_property::types());
    if read().any(|known| known == kind) {
        return None;
    }
    let meant = iam::meant(kind, read().filter(|known| has_part_of(kind, known)))?;
    (!is_resource_type(kind)).then_some(meant)
}

/// Whether the service or the resource is spelt as in the known type: a quick look before slips are counted.
fn has_part_of(kind: &str, known: &str) -> bool {
    known.split("::").skip(1).any(|known| kind.split(':').skip(1).any(|part| part.eq_ignore_ascii_case(known)))
}
