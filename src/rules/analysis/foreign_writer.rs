//! What pipelines build and keep, where the policy of a bucket or a repository lets another account
//! change it. The policy of a key names its own account as a rule, and that may be written out.

use super::account_trust::{is_foreign, names_callers};
use super::chain::with_conditions;
use super::stake::{CiBucket, ci_buckets};
use crate::diagnostic::Severity;
use crate::iam::{PolicyKind, Statement};
use crate::model::{Model, Policy};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "foreign-writer",
    summary: "a resource policy lets another account change what pipelines build or keep",
    params: &[],
    facts: &["owner", "account", "action", "what"],
    bind,
};

/// Calls that change what others take out, by the type of the resource.
const WRITES: [(&str, &str, &[&str]); 4] = [
    (
        "AWS::CodeArtifact::Repository",
        "packages",
        &["codeartifact:PublishPackageVersion", "codeartifact:PutRepositoryPermissionsPolicy"],
    ),
    ("AWS::S3::Bucket", "objects of pipelines or builds", &["s3:PutObject", "s3:DeleteObject", "s3:PutBucketPolicy"]),
    ("AWS::ECR::RegistryPolicy", "images", &["ecr:ReplicateImage", "ecr:BatchImportUpstreamImage"]),
    ("AWS::ECR::Repository", "images", &["ecr:PutImage", "ecr:BatchDeleteImage", "ecr:SetRepositoryPolicy"]),
];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let buckets = ci_buckets(context.model);
        let policies = context.model.policies.iter().filter(|policy| policy.kind == PolicyKind::Resource);
        policies.flat_map(|policy| of_policy(context.model, policy, &buckets)).collect()
    })
}

fn of_policy(model: &Model, policy: &Policy, buckets: &[CiBucket<'_>]) -> Vec<Finding> {
    let Some((kind, what, writes)) = WRITES.iter().find(|(kind, ..)| *kind == policy.resource_type) else {
        return Vec::new();
    };
    let found = policy.document.allows().filter_map(|statement| {
        let (action, at) = writes.iter().find_map(|action| Some((*action, written(statement, action)?)))?;
        let principals = statement.principals.as_ref().filter(|found| !found.negated)?;
        let (entry, account) = principals.entries.iter().find_map(|entry| {
            let is_meant = |account: &Text| is_foreign(account, None, model) && account.display().len() == 12;
            Some((entry, entry.account().filter(is_meant)?))
        })?;
        if *kind == "AWS::S3::Bucket" && ci_bucket(statement, buckets).is_none() {
            return None;
        }
        let subject = format!("{} {}", policy.owner.name, account.display());
        let mut found = Finding::new(entry.span(), subject)
            .fact("owner", policy.owner.display())
            .fact("account", account.display())
            .fact("action", action)
            .fact("what", *what)
            .related(at, format!("allows {action}"))
            .related(policy.owner.span, "this policy");
        if names_callers(statement) {
            found = found.severity(Severity::Low);
        }
        Some(with_conditions(found, &statement.when, Vec::new()))
    });
    found.collect()
}

fn written(statement: &Statement, action: &str) -> Option<Span> {
    statement.matches_action(action).first().map(|matched| matched.span)
}

/// The bucket of pipelines or builds that a statement is about.
pub fn ci_bucket<'b, 'm>(statement: &Statement, buckets: &'b [CiBucket<'m>]) -> Option<&'b CiBucket<'m>> {
    let patterns = || statement.resources.iter().filter(|own| !own.negated).flat_map(|own| &own.patterns);
    buckets.iter().find(|bucket| patterns().any(|pattern| bucket.is_reached_by(pattern)))
}
