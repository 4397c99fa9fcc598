//! Actions that none of the resources of their statement can be meant for: they grant nothing.

use super::chain::list;
use crate::diagnostic::Severity;
use crate::iam::validate::resources_are_malformed;
use crate::iam::{ArnPattern, Effect, Mismatch, Statement, mismatches};
use crate::model::{Model, Policy};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::FileId;
use crate::value::{Hole, HoleKind, Part, Text};
use std::borrow::Cow;
use std::collections::HashSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "action-resource-mismatch",
    summary: "an action that none of the statement's resources fits, so that it grants nothing",
    params: &[],
    facts: &["owner", "action", "expected"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let buckets = buckets(context.model);
        super::of_policies(context, |policy| {
            let statements = policy.document.statements.iter();
            statements.filter_map(|statement| of_statement(policy, &with_buckets(statement, &buckets)))
        })
    })
}

/// The buckets that templates declare, by file and logical id.
pub type Buckets<'m> = HashSet<(FileId, &'m str)>;

pub fn buckets(model: &Model) -> Buckets<'_> {
    let buckets = model.resources.iter().filter(|one| one.kind == "AWS::S3::Bucket");
    buckets.map(|one| (one.file, one.logical_id.value.as_str())).collect()
}

/// The statement with a name for each bucket that the template declares: `!GetAtt Bucket.Arn` is a bucket, and never
/// an object in it.
pub fn with_buckets<'s>(statement: &'s Statement, buckets: &Buckets<'_>) -> Cow<'s, Statement> {
    let is_bucket =
        |hole: &Hole| hole.kind == HoleKind::Resource && buckets.contains(&(hole.template, hole.logical_id()));
    let patterns = statement.resources.iter().flat_map(|resources| &resources.patterns);
    if !patterns.clone().any(|pattern| pattern.text().holes().any(is_bucket)) {
        return Cow::Borrowed(statement);
    }
    let name = |part: &Part| match part {
        Part::Hole(hole) if is_bucket(hole) => match hole.name.split_once('.') {
            None => Text::at("a-bucket", hole.span).parts,
            Some((_, "Arn")) => Text::at("arn:aws:s3:::a-bucket", hole.span).parts,
            Some(_) => vec![part.clone()],
        },
        part => vec![part.clone()],
    };
    let mut named = statement.clone();
    for pattern in named.resources.iter_mut().flat_map(|resources| &mut resources.patterns) {
        let text = pattern.text();
        let text = Text { parts: text.parts.iter().flat_map(name).collect(), span: text.span }.normalised();
        *pattern = ArnPattern::new(&text, pattern.has_variables(), pattern.when.clone());
    }
    Cow::Owned(named)
}

/// One finding for a statement, all its dead actions in it.
fn of_statement(policy: &Policy, statement: &Statement) -> Option<Finding> {
    // A Deny that hits nothing is often written for the day when it does.
    if statement.effect != Effect::Allow {
        return None;
    }
    let dead = mismatches(statement);
    // Where the resources are malformed the cause is told at them.
    let first = dead.first().filter(|_| !resources_are_malformed(statement))?;
    let names: Vec<String> = dead.iter().map(|mismatch| mismatch.pattern.text().display().into_owned()).collect();
    let subject = format!("{} {} {}", policy.owner.name, statement.sid_text().unwrap_or_default(), names.join(" "));
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let meant = expected(first);
    let mut found = Finding::new(first.pattern.span(), subject)
        .fact("owner", policy.owner.display())
        .fact("action", list(&quoted, 3))
        .fact("expected", meant.clone())
        .label(format!("acts on {meant}"));
    for mismatch in dead.iter().skip(1).take(3) {
        let same = expected(mismatch) == meant;
        let text = if same { "and this too".to_owned() } else { format!("acts on {}", expected(mismatch)) };
        found = found.related(mismatch.pattern.span(), text);
    }
    if let Some(resources) = &statement.resources {
        found = match resources.patterns.as_slice() {
            [only] => found.related(only.span(), "which this is not"),
            _ => found.related(resources.key_span, "which none of these is"),
        };
    }
    found.help = Some(help(&dead));
    Some(if first.is_whole_statement { found } else { found.severity(Severity::Low) })
}

fn expected(mismatch: &Mismatch<'_>) -> String {
    match formats(mismatch).as_slice() {
        [] => "no single resource, only on `*`".to_owned(),
        [only] => format!("`{only}`"),
        [first, second] => format!("`{first}` or `{second}`"),
        [first, others @ ..] => format!("`{first}` and {} other kinds", others.len()),
    }
}

fn help(dead: &[Mismatch<'_>]) -> String {
    let formats_of_first = dead.first().map(formats).unwrap_or_default();
    match formats_of_first.first() {
        Some(format) => format!("name a resource of the form `{format}`"),
        // No other action of the statement needs what stands there.
        None if dead.iter().all(|mismatch| mismatch.is_whole_statement && mismatch.formats.is_empty()) => {
            "write `Resource: \"*\"` here".to_owned()
        }
        None => "put it in a statement of its own with `Resource: \"*\"`".to_owned(),
    }
}

/// The ARN formats that are meant, the plainest first: `arn:aws:kms:*:*:key/${KeyId}`.
fn formats(mismatch: &Mismatch<'_>) -> Vec<String> {
    let plain =
        |format: &&str| format.replace("${Partition}", "aws").replace("${Region}", "*").replace("${Account}", "*");
    let mut formats: Vec<String> = mismatch.formats.iter().map(plain).collect();
    formats.sort_by_key(String::len);
    // Access points stand for the bucket that is meant.
    if let Some(first) = formats.first().filter(|first| !first.contains(":accesspoint/")).cloned() {
        formats.retain(|format| *format == first || !format.contains(":accesspoint/"));
    }
    formats
}
