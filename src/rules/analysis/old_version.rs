//! Policies that ask for the policy language of 2008. That there is no version at all is told elsewhere.

use crate::diagnostic::Applicability;
use crate::edit::Step;
use crate::iam::{PolicyDocument, Version};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis =
    Analysis { name: "old-version", summary: "a policy in the language of 2008", params: &[], facts: &["owner"], bind };

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let policies = context.model.policies.iter();
        policies.filter_map(|policy| of_document(context, policy.owner.display(), &policy.document)).collect()
    })
}

fn of_document(context: &Context<'_>, owner: String, document: &PolicyDocument) -> Option<Finding> {
    let span = document.version_span.filter(|_| document.version == Version::V2008)?;
    // Without `${` in it a policy says the same in both languages.
    let is_same = span.file == document.span.file && !context.sources.slice(document.span).contains("${");
    let applicability = if is_same { Applicability::Safe } else { Applicability::Unsafe };
    let step = Step::Rename { span, from: "2008-10-17".into(), to: "2012-10-17".into() };
    let found = Finding::new(span, owner.clone()).fact("owner", owner);
    Some(found.mended_by(applicability, "write `Version: \"2012-10-17\"`", vec![step]))
}
