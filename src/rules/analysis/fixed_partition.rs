//! Policies that name the partition in one ARN and leave it to the deployment in another.

use crate::iam::ArnPattern;
use crate::model::Policy;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::FileId;
use crate::value::Part;
use std::collections::BTreeMap;

pub const ANALYSIS: Analysis = Analysis {
    name: "fixed-partition",
    summary: "an ARN names the partition that others of the template leave open",
    params: &[],
    facts: &["arn"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

/// One finding for each template: what is meant is clear from the ARNs that leave it open.
fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut of_files: BTreeMap<FileId, Vec<&ArnPattern>> = BTreeMap::new();
    for policy in context.model.policies.iter().filter(|policy| !policy.owner.kind.is_empty()) {
        for pattern in resources(policy) {
            of_files.entry(pattern.span().file).or_default().push(pattern);
        }
    }
    of_files.into_values().filter_map(|patterns| of_file(&patterns)).collect()
}

fn resources(policy: &Policy) -> impl Iterator<Item = &ArnPattern> {
    policy.document.statements.iter().filter_map(|one| one.resources.as_ref()).flat_map(|own| &own.patterns)
}

fn of_file(patterns: &[&ArnPattern]) -> Option<Finding> {
    let open = patterns.iter().find(|pattern| leaves_open(pattern))?;
    let mut fixed: Vec<&&ArnPattern> = patterns.iter().filter(|pattern| is_fixed(pattern)).collect();
    fixed.sort_by_key(|pattern| pattern.span());
    fixed.dedup_by_key(|pattern| pattern.span());
    let first = fixed.first()?;
    let mut found = Finding::new(first.span(), "partition")
        .fact("arn", first.text().display())
        .related(open.span(), "leaves it to the deployment");
    for other in fixed.iter().skip(1).take(3) {
        found = found.related(other.span(), "and this one");
    }
    Some(found)
}

fn leaves_open(pattern: &ArnPattern) -> bool {
    matches!(pattern.text().parts.as_slice(), [Part::Known(text, _), Part::Hole(hole), ..] if text == "arn:" && hole.name == "AWS::Partition")
}

fn is_fixed(pattern: &ArnPattern) -> bool {
    matches!(pattern.text().parts.first(), Some(Part::Known(text, _)) if text.starts_with("arn:aws:"))
}
