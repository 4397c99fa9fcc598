//! Policies that ask for the policy language of 2008. That there is no version at all is told elsewhere.

use crate::iam::{PolicyDocument, Version};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis =
    Analysis { name: "old-version", summary: "a policy in the language of 2008", params: &[], facts: &["owner"], bind };

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let policies = context.model.policies.iter();
        policies.filter_map(|policy| of_document(policy.owner.display(), &policy.document)).collect()
    })
}

fn of_document(owner: String, document: &PolicyDocument) -> Option<Finding> {
    let span = document.version_span.filter(|_| document.version == Version::V2008)?;
    Some(Finding::new(span, owner.clone()).fact("owner", owner))
}
