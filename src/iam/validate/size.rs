//! The size of a policy against its quota. Holes count as nothing, so the size is the least it can be.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>

use super::codes::*;
use super::{Code, Issue, Subject};
use crate::iam::document::PolicyKind;
use crate::value::{Part, Value};

pub fn issues(subject: &Subject<'_>) -> Vec<Issue> {
    let Some((limit, code)) = limit(subject) else { return Vec::new() };
    // Most are small enough with all of their blanks.
    if size(subject.value, str::len) <= limit {
        return Vec::new();
    }
    let size = size(subject.value, |text| text.chars().filter(|c| !c.is_whitespace()).count());
    if size <= limit {
        return Vec::new();
    }
    let span = subject.value.span();
    let start = crate::source::Span { end: span.start, ..span };
    vec![Issue::new(code, start, thousands(size)).other(thousands(limit))]
}

/// The highest quota that can apply.
fn limit(subject: &Subject<'_>) -> Option<(usize, Code)> {
    let kind = subject.resource_type;
    Some(match subject.document.kind {
        PolicyKind::Identity | PolicyKind::Boundary => match kind {
            "AWS::IAM::ManagedPolicy" => (6_144, POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA),
            "AWS::IAM::User" | "AWS::IAM::UserPolicy" => (2_048, POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA),
            "AWS::IAM::Group" | "AWS::IAM::GroupPolicy" => (5_120, POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA),
            _ => (10_240, POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA),
        },
        // The default of 2,048 can be raised to this.
        PolicyKind::Trust => (4_096, POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA),
        // The quota was 5,120; documents of this size are beyond it everywhere.
        PolicyKind::ServiceControl => (10_240, POLICY_SIZE_EXCEEDS_SCP_QUOTA),
        PolicyKind::ResourceControl => (5_120, POLICY_SIZE_EXCEEDS_RCP_QUOTA),
        PolicyKind::Resource => match kind {
            "AWS::S3::Bucket" | "AWS::SecretsManager::Secret" | "AWS::Lambda::Function" => {
                (20_480, POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA)
            }
            "AWS::SNS::Topic" => (30_720, POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA),
            "AWS::KMS::Key" => (32_768, POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA),
            _ => return None,
        },
    })
}

/// The characters of the policy as JSON, those of texts counted by `texts`.
fn size(value: &Value, texts: fn(&str) -> usize) -> usize {
    match value {
        Value::Null(_) | Value::Absent(_) | Value::Unknown(_) => 0,
        Value::Text(text) => {
            let parts = text.parts.iter().map(|part| match part {
                Part::Known(known, _) => texts(known),
                Part::Hole(_) => 0,
            });
            parts.sum::<usize>() + 2
        }
        Value::List(items, _) => 2 + items.iter().map(|item| size(item, texts) + 1).sum::<usize>().saturating_sub(1),
        Value::Map(map) => {
            let entries = map.entries.iter().map(|(key, value)| texts(&key.value) + 4 + size(value, texts));
            2 + entries.sum::<usize>().saturating_sub(1)
        }
        Value::Choice(branches, _) => branches.iter().map(|branch| size(&branch.value, texts)).min().unwrap_or(0),
    }
}

fn thousands(number: usize) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", number / 1_000, number % 1_000) }
}
