//! Tag keys of conditions on services that do not authorise by tags.

use super::codes::*;
use super::{Issue, allows};
use crate::iam::catalogue::{self, Service};
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::document::{Effect, Statement};

/// The global tag keys, in lower case.
const TAG_KEYS: &[&str] = &["aws:resourcetag/", "aws:requesttag/"];

pub fn issues(statement: &Statement) -> Vec<Issue> {
    statement.conditions.iter().filter_map(|test| of_test(statement, test)).collect()
}

fn of_test(statement: &Statement, test: &ConditionTest) -> Option<Issue> {
    let key = test.key.to_ascii_lowercase();
    let tag = TAG_KEYS.iter().find(|tag| key.starts_with(**tag))?;
    // The absence of a tag can be asked of any service.
    if !test.operator.needs_key() || test.operator.comparison == Some(Comparison::Null) {
        return None;
    }
    let actions = statement.actions.as_ref().filter(|actions| !actions.negated && actions.unknown.is_empty())?;
    let mut lacking: Vec<Service> = Vec::new();
    let mut is_carried = false;
    let mut first = None;
    for pattern in &actions.patterns {
        let service = pattern.service().and_then(catalogue::service);
        match service {
            Some(service) if !has_tag_key(service, tag) => {
                first = first.or(Some(pattern.span()));
                if !lacking.contains(&service) {
                    lacking.push(service);
                }
            }
            _ => is_carried = true,
        }
    }
    let span = first?;
    let code = match statement.effect {
        Effect::Allow => ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
        Effect::Deny => DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
        Effect::Unknown => return None,
    };
    let names = lacking.iter().map(|service| service.prefix().to_owned()).collect();
    let issue = Issue::new(code, test.key_span, test.key.clone()).names(names).related(span);
    Some(issue.whole(!is_carried && allows(statement)))
}

/// Whether some request to the service carries such a key: its own `ec2:ResourceTag/…` counts too,
/// for services often document only one of the two.
fn has_tag_key(service: Service, tag: &str) -> bool {
    let kind = tag.trim_start_matches("aws:").trim_end_matches('/');
    service.condition_keys().any(|key| {
        let name = key.name().to_ascii_lowercase();
        name.split_once(':').is_some_and(|(_, rest)| rest.starts_with(kind) || rest == "tagkeys")
    })
}
