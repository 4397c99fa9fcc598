//! The fields of the ARNs that a statement names.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>

use super::codes::*;
use super::values::is_region;
use super::{Issue, Subject, allows, is_placeholder};
use crate::iam::arn::{ArnPattern, split};
use crate::iam::catalogue;
use crate::iam::document::Statement;
use crate::iam::fit::mismatches;
use crate::iam::glob::Glob;
use crate::value::Text;
use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

const PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// A documented ARN: whether it has a region and an account, and what its last field may be.
struct Format {
    has_region: bool,
    has_account: bool,
    resource: Glob,
    shown: &'static str,
}

/// The ARNs of a service as they are documented; their formats are made when somebody asks.
type Documented = (Vec<&'static str>, OnceLock<Vec<Format>>);

/// Documented ARNs by the service in them.
static DOCUMENTED: LazyLock<BTreeMap<&'static str, Documented>> = LazyLock::new(|| {
    let mut documented: BTreeMap<&str, Documented> = BTreeMap::new();
    let kinds = catalogue::services().flat_map(catalogue::Service::resource_types);
    for shown in kinds.flat_map(catalogue::ResourceType::arns) {
        let mut fields = shown.splitn(6, ':');
        if let (Some(service), 3) = (fields.nth(2), fields.count()) {
            documented.entry(service).or_default().0.push(shown);
        }
    }
    documented
});

/// The formats of the ARNs of a service; none of one that has no documented ARN.
fn formats_of(service: &str) -> Option<&'static [Format]> {
    let (shown, formats) = DOCUMENTED.get(service)?;
    Some(formats.get_or_init(|| shown.iter().filter_map(|shown| Format::of(shown)).collect()))
}

impl Format {
    fn of(shown: &'static str) -> Option<Format> {
        let [_, _, _, region, account, resource] = shown.splitn(6, ':').collect::<Vec<_>>().try_into().ok()?;
        Some(Format {
            has_region: !region.is_empty(),
            has_account: !account.is_empty(),
            resource: Glob::parse(&without_placeholders(resource)),
            shown,
        })
    }
}

/// Services that take ARNs of more forms than they document.
const UNDOCUMENTED_FORMS: &[&str] = &[
    "apigateway",
    "backup",
    "cloudformation",
    "execute-api",
    "glue",
    "iot",
    "logs",
    "rds",
    "s3",
    "sns",
    "sqs",
    "waf",
    "waf-regional",
];

/// Services whose ARNs are all documented, so that another form is a mistake.
const FULLY_DOCUMENTED: &[&str] =
    &["codebuild", "codecommit", "dynamodb", "ecr", "ecs", "iam", "kms", "lambda", "secretsmanager", "states"];

pub fn issues(_: &Subject<'_>, statement: &Statement) -> Vec<Issue> {
    let Some(resources) = &statement.resources else { return Vec::new() };
    let mut found: Vec<Issue> = resources.patterns.iter().filter_map(of_pattern).collect();
    // An ARN that no action fits is told where the actions are.
    if allows(statement)
        && found.iter().any(|issue| issue.code == INVALID_ARN_RESOURCE)
        && !mismatches(statement).is_empty()
    {
        found.retain(|issue| issue.code != INVALID_ARN_RESOURCE);
    }
    found
}

/// Whether every resource of the statement is malformed, so that nothing can fit it.
pub fn all_malformed(statement: &Statement) -> bool {
    statement.resources.as_ref().is_some_and(|resources| {
        let patterns = &resources.patterns;
        !patterns.is_empty() && patterns.iter().all(|pattern| of_pattern(pattern).is_some())
    })
}

fn of_pattern(pattern: &ArnPattern) -> Option<Issue> {
    let text = pattern.text();
    let shown = text.display();
    let without_variables = || match shown.contains(['{', '}']) {
        true => shown.replace("${", "").replace('}', "").into(),
        false => shown.clone(),
    };
    if !shown.starts_with("arn:") || is_placeholder(&without_variables()) {
        return None;
    }
    let issue = |code| Issue::new(code, text.span, shown.clone());
    let Some([_, partition, service, region, account, resource]) = split(text) else {
        let is_short = text.literal().is_some_and(|text| !text.contains(['*', '?', '$']));
        return is_short.then(|| issue(MISSING_ARN_FIELD).other("arn:partition:service:region:account:resource"));
    };
    if let Some(partition) = fixed(&partition)
        && !PARTITIONS.contains(&partition)
    {
        if partition == "partition" {
            return None;
        }
        let nearest = PARTITIONS.iter().min_by_key(|known| strsim::damerau_levenshtein(known, partition));
        return Some(issue(INVALID_PARTITION).other(*nearest.unwrap_or(&"aws")).names(vec![partition.to_owned()]));
    }
    if let Some(found) = bad_account(&account) {
        return Some(issue(INVALID_ARN_ACCOUNT).names(vec![found.to_owned()]));
    }
    let service = fixed(&service)?;
    let Some(formats) = formats_of(service) else {
        return unknown_service(service).map(|(code, meant)| issue(code).other(meant).names(vec![service.to_owned()]));
    };
    if resource.literal() == Some("") {
        return Some(issue(MISSING_ARN_FIELD).other(plain(formats[0].shown)));
    }
    if let Some(region) = fixed(&region)
        && !region.is_empty()
        && !is_region(region)
        && region.contains(|c: char| c.is_ascii_digit())
    {
        return Some(issue(INVALID_ARN_REGION).names(vec![region.to_owned()]));
    }
    let candidates = candidates(formats, &resource);
    if candidates.is_empty() {
        let is_whole = text.literal().is_some_and(|text| !text.contains('$'));
        let is_sure = is_whole && FULLY_DOCUMENTED.contains(&service) && !is_wild(&resource);
        return is_sure.then(|| issue(INVALID_ARN_RESOURCE).other(plain(formats[0].shown)));
    }
    let all = |is: fn(&Format) -> bool| candidates.iter().all(|format| is(format));
    let is_empty = |text: &Text| text.literal() == Some("");
    let is_written = |text: &Text| fixed(text).is_some_and(|text| !text.is_empty());
    // The ARN as it is written, with the region and the account that such an ARN has.
    let mended = || {
        let field = |own: &Text, has: fn(&Format) -> bool| match is_empty(own) {
            true if all(has) => "*".to_owned(),
            false if candidates.iter().any(|format| has(format)) => own.display().into_owned(),
            _ => String::new(),
        };
        let (region, account) =
            (field(&region, |format| format.has_region), field(&account, |format| format.has_account));
        format!("arn:{}:{service}:{region}:{account}:{}", partition.display(), resource.display())
    };
    if is_written(&region) && all(|format| !format.has_region) {
        Some(issue(ARN_REGION_NOT_ALLOWED).other(mended()))
    } else if is_written(&account) && account.literal() != Some("aws") && all(|format| !format.has_account) {
        Some(issue(ARN_ACCOUNT_NOT_ALLOWED).other(mended()))
    } else if is_empty(&region)
        && all(|format| format.has_region)
        && !UNDOCUMENTED_FORMS.contains(&service)
        && !is_global_model(service, &resource)
    {
        Some(issue(MISSING_ARN_REGION).other(mended()))
    } else if is_empty(&account)
        && all(|format| format.has_account)
        && !UNDOCUMENTED_FORMS.contains(&service)
        && !OWNED_BY_AWS.contains(&service)
    {
        Some(issue(MISSING_ARN_ACCOUNT).other(mended()))
    } else {
        None
    }
}

/// A field that is written out, without wildcards.
fn fixed(text: &Text) -> Option<&str> {
    text.literal().filter(|text| !text.contains(['*', '?', '$']))
}

/// Whether the field may be anything up to where the formats differ.
fn is_wild(resource: &Text) -> bool {
    resource.literal().is_none_or(|text| text.starts_with(['*', '?']))
}

fn bad_account(account: &Text) -> Option<&str> {
    let text = fixed(account)?;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (is_number && digits > 0 && (digits != 12 || text.len() != 12)).then_some(text)
}

fn candidates<'f>(formats: &'f [Format], resource: &Text) -> Vec<&'f Format> {
    let mut wide = String::new();
    for part in &resource.parts {
        match part {
            crate::value::Part::Known(text, _) => wide.push_str(&without_placeholders(text)),
            crate::value::Part::Hole(_) => wide.push('*'),
        }
    }
    let wide = Glob::parse(&wide);
    formats.iter().filter(|format| format.resource.intersects(&wide)).collect()
}

/// Services of which AWS owns resources that have no account: public parameters, images, platforms.
const OWNED_BY_AWS: &[&str] = &[
    "autoscaling",
    "bedrock",
    "codepipeline",
    "ec2",
    "elasticbeanstalk",
    "imagebuilder",
    "resource-explorer-2",
    "sagemaker",
    "ssm",
];

/// A model by an inference profile that may run it in any region: `arn:aws:bedrock:::foundation-model/NAME`.
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html>
fn is_global_model(service: &str, resource: &Text) -> bool {
    service == "bedrock" && resource.display().starts_with("foundation-model/")
}

/// A service in an ARN that none of the documented ARNs has.
fn unknown_service(service: &str) -> Option<(super::Code, String)> {
    let lower = service.to_ascii_lowercase();
    if lower != service && (DOCUMENTED.contains_key(lower.as_str()) || catalogue::service(&lower).is_some()) {
        return Some((INVALID_ARN_SERVICE_CASE, lower));
    }
    if service.is_empty() || catalogue::service(service).is_some() || service.len() < 3 {
        return None;
    }
    // A service that resembles none may be one that is newer than the data.
    let near = DOCUMENTED.keys().find(|known| strsim::damerau_levenshtein(known, service) == 1 && known.len() > 3)?;
    Some((INVALID_SERVICE, (*near).to_owned()))
}

/// `${Name}` as `*`.
fn without_placeholders(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("${") {
        plain.push_str(before);
        plain.push('*');
        rest = inside.split_once('}').map_or("", |(_, after)| after);
    }
    plain + rest
}

/// A format as a person reads it.
fn plain(format: &str) -> String {
    format.replace("${Partition}", "aws").replace("${Region}", "*").replace("${Account}", "*")
}
