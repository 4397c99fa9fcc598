//! Which resources a request for an action can name, by the ARN formats of its resource types.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>

use super::catalogue::{self, Action};
use super::glob::{Glob, Reach, Token};
use std::sync::{LazyLock, OnceLock};

/// The resources that a request for one action can name.
#[derive(Clone, Debug)]
pub struct Universe {
    /// One glob for each ARN format.
    pub arns: Vec<Glob>,
    /// The same with a partition, a region and an account filled in, for examples.
    examples: Vec<Glob>,
    /// Whether a request may name none, which a policy meets as `*`.
    pub star: bool,
    /// Whether the formats are known to be incomplete, so that what fits none may still be real.
    pub open: bool,
}

/// Services that authorise requests on ARNs of a format they do not document: transforms of
/// CloudFormation, log groups and database snapshots with their suffixes, names with colons in Glue.
const SERVICES_WITH_MORE_FORMATS: &[&str] = &["cloudformation", "glue", "logs", "rds"];

/// ARN formats that actions on one resource type take besides the documented ones: a change set with
/// `Transform` is authorised on the transform, and the prefix `aws` stands where an account does.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html>
const MORE_FORMATS: &[(&str, &str, &str)] =
    &[("cloudformation", "stack", "arn:${Partition}:cloudformation:${Region}:aws:transform/${TransformName}")];

/// Placeholders whose text holds neither `:` nor `/`, by the naming rules of the services.
const PLAIN_NAMES: &[(&str, &str)] = &[
    ("cloudformation", "StackName"),
    ("codebuild", "ProjectName"),
    ("codepipeline", "PipelineName"),
    ("dynamodb", "TableName"),
    ("kms", "KeyId"),
    ("lambda", "FunctionName"),
    ("s3", "BucketName"),
    ("sns", "TopicName"),
    ("sqs", "QueueName"),
];

impl Universe {
    /// Of an action that is not known: everything.
    pub fn everything() -> Universe {
        Universe { arns: vec![Glob::parse("*")], examples: Vec::new(), star: true, open: true }
    }

    /// Made once for each action that is asked for.
    pub fn of(action: Option<Action>) -> &'static Universe {
        static KNOWN: LazyLock<Vec<OnceLock<Universe>>> =
            LazyLock::new(|| std::iter::repeat_with(OnceLock::new).take(catalogue::action_count()).collect());
        static UNKNOWN: LazyLock<Universe> = LazyLock::new(Universe::everything);
        match action {
            Some(action) => KNOWN[action.index()].get_or_init(|| Universe::of_known(action)),
            None => &UNKNOWN,
        }
    }

    fn of_known(action: Action) -> Universe {
        let types = action.resource_types();
        let star = types.len() == 0 || action.resource_types().all(|(_, required)| !required);
        let more = |kind: catalogue::ResourceType| {
            let of_it = move |row: &&(&str, &str, &str)| row.0 == kind.service().prefix() && row.1 == kind.name();
            MORE_FORMATS.iter().filter(of_it).map(|(.., format)| *format)
        };
        let formats: Vec<&str> = types.flat_map(|(kind, _)| kind.arns().chain(more(kind))).collect();
        let arns = formats.iter().map(|format| template(format, false)).collect();
        let examples = [&["Partition", "Region", "Account"][..], &["Partition", "Region"], &["Partition"]];
        let examples =
            examples.iter().flat_map(|names| formats.iter().map(|format| template(&filled(format, names), true)));
        Universe {
            arns,
            examples: examples.collect(),
            star,
            open: SERVICES_WITH_MORE_FORMATS.contains(&action.service().prefix()),
        }
    }

    /// As [`Universe::of`], by the full name.
    pub fn of_name(action: &str) -> &'static Universe {
        Universe::of(catalogue::action(action))
    }

    /// Each kind of request: a glob of ARNs, or the text `*` of a request that names no resource.
    pub fn requests(&self) -> impl Iterator<Item = Glob> {
        let star = self.star.then(|| Glob::literal("*"));
        self.arns.iter().cloned().chain(star)
    }

    /// The requests that are sure to exist, those that make good examples first. Types that are
    /// all optional may be alternatives, of which every request names one, so that `*` is left out.
    pub fn witnesses(&self) -> impl Iterator<Item = Glob> {
        let star = (self.star && self.arns.is_empty()).then(|| Glob::literal("*"));
        self.examples.iter().chain(&self.arns).cloned().chain(star)
    }

    /// Whether some request names a resource that the glob matches.
    pub fn meets(&self, glob: &Glob) -> bool {
        self.requests().any(|request| request.intersects(glob))
    }
}

/// The glob of an ARN format such as `arn:${Partition}:s3:::${BucketName}/${ObjectName}`; `named`: no
/// placeholder stands for the empty text.
fn template(format: &str, named: bool) -> Glob {
    let service = format.split(':').nth(2).unwrap_or_default();
    let mut glob = Glob::default();
    let mut colons = 0;
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let reach = if colons < 5 { Reach::Segment } else { Reach::All };
        if let Some(inside) = rest.strip_prefix("${")
            && let Some((name, after)) = inside.split_once('}')
        {
            let plain = PLAIN_NAMES.contains(&(service, name));
            let reach = if plain { Reach::Name } else { reach };
            if named {
                glob.push(Token::One(reach));
            }
            glob.push(Token::Run(reach));
            rest = after;
            continue;
        }
        glob.push_pattern(c.encode_utf8(&mut [0; 4]), reach);
        colons += usize::from(c == ':');
        rest = &rest[c.len_utf8()..];
    }
    glob
}

/// A format with some placeholders filled in.
fn filled(format: &str, names: &[&str]) -> String {
    let values = [("Partition", "aws"), ("Region", "us-east-1"), ("Account", "111122223333")];
    let wanted = values.iter().filter(|(name, _)| names.contains(name));
    wanted.fold(format.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_resources_of_the_types_of_its_action() {
        let table = [
            ("s3:GetObject", "arn:aws:s3:::bucket/*", true),
            ("s3:GetObject", "arn:aws:s3:::bucket", false),
            ("s3:ListBucket", "arn:aws:s3:::bucket/*", false),
            ("s3:ListBucket", "arn:aws:s3:::bucket*", true),
            ("s3:ListAllMyBuckets", "arn:aws:s3:::*", false),
            ("s3:ListAllMyBuckets", "*", true),
            ("ecr:GetAuthorizationToken", "arn:aws:ecr:eu-west-1:111122223333:repository/x", false),
            ("iam:CreateRole", "arn:aws:iam::*:role/app/*", true),
            ("iam:CreateRole", "arn:aws:iam::111122223333:user/*", false),
            ("nosuch:Thing", "arn:aws:x:::y", true),
        ];
        for (action, pattern, answer) in table {
            assert_eq!(Universe::of_name(action).meets(&Glob::parse(pattern)), answer, "{action} {pattern}");
        }
    }
}
