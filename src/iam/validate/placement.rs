//! Actions and resources that cannot be in the policy of such a resource.

use super::codes::*;
use super::{Issue, Subject};
use crate::iam::catalogue;
use crate::iam::document::{PolicyKind, Statement};

/// The services whose actions and resources the policy of a resource may name.
const SERVICES: &[(&str, &[&str])] = &[
    ("AWS::DynamoDB::Stream", &["dynamodb"]),
    ("AWS::DynamoDB::Table", &["dynamodb"]),
    ("AWS::ECR::Repository", &["ecr"]),
    ("AWS::EFS::FileSystem", &["elasticfilesystem"]),
    ("AWS::KMS::Key", &["kms"]),
    ("AWS::Lambda::Function", &["lambda"]),
    ("AWS::S3::Bucket", &["s3"]),
    ("AWS::SNS::Topic", &["sns"]),
    ("AWS::SQS::Queue", &["sqs"]),
    ("AWS::SecretsManager::Secret", &["secretsmanager"]),
];

pub fn issues(subject: &Subject<'_>, statement: &Statement) -> Vec<Issue> {
    let (services, owner) = match subject.document.kind {
        PolicyKind::Trust => (&["sts"][..], "AWS::IAM::Role"),
        PolicyKind::Resource => match SERVICES.iter().find(|(kind, _)| *kind == subject.resource_type) {
            Some((kind, services)) => (*services, *kind),
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    let actions = statement.actions.iter().filter(|actions| !actions.negated).flat_map(|actions| &actions.patterns);
    for pattern in actions {
        let Some(service) = pattern.service() else { continue };
        // A service that does not exist is told as that.
        if catalogue::service(service).is_some() && !services.contains(&service) {
            let issue = Issue::new(UNSUPPORTED_ACTION_IN_POLICY, pattern.span(), pattern.text().display());
            found.push(issue.other(owner).names(vec![services[0].to_owned()]));
        }
    }
    let resources = statement.resources.iter().filter(|_| subject.document.kind == PolicyKind::Resource);
    for pattern in resources.filter(|resources| !resources.negated).flat_map(|resources| &resources.patterns) {
        let Some(service) = pattern.service().filter(|service| catalogue::service(service).is_some()) else { continue };
        if !services.contains(&service) {
            let issue = Issue::new(UNSUPPORTED_RESOURCE_ARN_IN_POLICY, pattern.span(), pattern.text().display());
            found.push(issue.other(owner).names(vec![services[0].to_owned()]));
        }
    }
    found
}
