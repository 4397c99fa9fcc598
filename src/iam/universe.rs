//! Which resources a request for an action can name, by the ARN formats of its resource types.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>

use super::answer::Truth;
use super::catalogue::{self, Action, ResourceType};
use super::glob::{Glob, Reach, Token};
use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

/// The resources that a request for one action can name.
#[derive(Clone, Debug)]
pub struct Universe {
    /// The ARN formats, as documented.
    formats: Vec<&'static str>,
    /// One glob for each of them.
    arns: Vec<Glob>,
    /// Resources that requests may name, though it is not documented.
    undocumented: Vec<Glob>,
    /// Whether a request may name none, which a policy meets as `*`.
    star: bool,
    /// Made when they are first asked for.
    witnesses: OnceLock<Vec<Glob>>,
    /// Whether the formats are known to be incomplete, so that what fits none may still be real.
    pub open: bool,
}

/// Services that authorise requests on ARNs of a format they do not document: transforms of
/// CloudFormation, log groups and database snapshots with their suffixes, names with colons in Glue.
const SERVICES_WITH_MORE_FORMATS: &[&str] = &["cloudformation", "glue", "logs", "rds"];

/// ARN formats that actions on one resource type take besides the documented ones: a change set with
/// `Transform` is authorised on the transform, and the prefix `aws` stands where an account does; a call of a
/// version or an alias is authorised on that.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html>
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html>
const MORE_FORMATS: &[(&str, &str, &str)] = &[
    ("cloudformation", "stack", "arn:${Partition}:cloudformation:${Region}:aws:transform/${TransformName}"),
    ("lambda", "function", "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}:${Qualifier}"),
];

/// Services that authorise their calls for all resources of a kind on an ARN with `*` or nothing in
/// place of the name, where the reference knows no resource. Their messages say so: "not authorized
/// to perform: cloudformation:ListStacks on resource: arn:aws:cloudformation:us-east-1:…:stack/*/*".
/// Or policies that AWS wrote for just such calls, or several others, name no other resource, such
/// as `AWSBackupServiceRolePolicyForBackup` for databases of SAP HANA.
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html>
const SERVICES_LISTING_BY_ARN: &[&str] = &[
    "acm",
    "application-autoscaling",
    "cloudformation",
    "codebuild",
    "codepipeline",
    "dynamodb",
    "elasticbeanstalk",
    "events",
    "iam",
    "lambda",
    "logs",
    "migrationhub-orchestrator",
    "migrationhub-strategy",
    "ram",
    "resource-explorer-2",
    "s3",
    "sns",
    "sqs",
    "ssm",
    "ssm-sap",
    "states",
    "storagegateway",
];

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
        let arns = vec![Glob::parse("*")];
        Universe {
            formats: Vec::new(),
            arns,
            undocumented: Vec::new(),
            star: true,
            witnesses: OnceLock::new(),
            open: true,
        }
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
        let star = action.resource_types().all(|(_, required)| !required);
        let more = |kind: ResourceType| {
            let of_it = move |row: &&(&str, &str, &str)| row.0 == kind.service().prefix() && row.1 == kind.name();
            MORE_FORMATS.iter().filter(of_it).map(|(.., format)| *format)
        };
        let formats: Vec<&str> = types.flat_map(|(kind, _)| kind.arns().chain(more(kind))).collect();
        Universe {
            arns: formats.iter().map(|format| template(format, Name::Any)).collect(),
            undocumented: if formats.is_empty() { whole_kinds(action) } else { Vec::new() },
            formats,
            star,
            witnesses: OnceLock::new(),
            open: SERVICES_WITH_MORE_FORMATS.contains(&action.service().prefix()),
        }
    }

    /// As [`Universe::of`], by the full name.
    pub fn of_name(action: &str) -> &'static Universe {
        Universe::of(catalogue::action(action))
    }

    /// Whether the action acts on resources that a policy can name.
    pub fn has_arns(&self) -> bool {
        !self.arns.is_empty()
    }

    /// Each kind of request there may be: a glob of ARNs, or the text `*` of a request that names no
    /// resource.
    pub fn requests(&self) -> impl Iterator<Item = Cow<'_, Glob>> {
        let star = self.star.then(|| Cow::Owned(Glob::literal("*")));
        self.arns.iter().chain(&self.undocumented).map(Cow::Borrowed).chain(star)
    }

    /// The requests that are sure to exist, those that make good examples first. Types that are
    /// all optional may be alternatives, of which every request names one, so that `*` is left out.
    pub fn witnesses(&self) -> &[Glob] {
        self.witnesses.get_or_init(|| {
            let star = (self.star && self.arns.is_empty()).then(|| Glob::literal("*"));
            let fillings = [&["Partition", "Region", "Account"][..], &["Partition", "Region"], &["Partition"]];
            let example =
                |names| self.formats.iter().map(move |format| template(&filled(format, names), Name::NotEmpty));
            fillings.into_iter().flat_map(example).chain(self.arns.iter().cloned()).chain(star).collect()
        })
    }

    /// Whether a request that is sure to exist names a resource that the glob matches. Each of
    /// [`Self::witnesses`] is an ARN of its format, so that the formats decide.
    pub fn surely_meets(&self, glob: &Glob) -> bool {
        self.arns.iter().any(|request| request.intersects(glob))
            || (self.star && self.arns.is_empty() && glob.matches("*"))
    }

    /// Whether some request names a resource that the glob matches; `Unknown` when that is one of
    /// the undocumented ones.
    pub fn meets(&self, glob: &Glob) -> Truth {
        let star = || self.star && glob.matches("*");
        if self.arns.iter().any(|request| request.intersects(glob)) || star() {
            Truth::Yes
        } else if self.undocumented.iter().any(|request| request.intersects(glob)) {
            Truth::Unknown
        } else {
            Truth::No
        }
    }
}

/// What stands for the name of a resource in the glob of a format.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Any,
    NotEmpty,
    /// The text `*`, or nothing.
    All(&'static str),
}

/// For an action of which no resource is documented: the ARNs that stand for all resources of a
/// kind.
fn whole_kinds(action: Action) -> Vec<Glob> {
    let service = action.service();
    if !SERVICES_LISTING_BY_ARN.contains(&service.prefix()) {
        return Vec::new();
    }
    // IAM lists what is below a path.
    let names = if service.prefix() == "iam" { &[Name::Any][..] } else { &[Name::All("*"), Name::All("")] };
    let formats = || service.resource_types().flat_map(ResourceType::arns);
    let mut globs: Vec<Glob> = names.iter().flat_map(|name| formats().map(|format| template(format, *name))).collect();
    let account = format!("arn:${{Partition}}:{}:${{Region}}:${{Account}}:${{Name}}", service.prefix());
    globs.extend([Name::All("*"), Name::All("")].map(|name| template(&account, name)));
    globs
}

/// The glob of an ARN format such as `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
fn template(format: &str, name: Name) -> Glob {
    let service = format.split(':').nth(2).unwrap_or_default();
    let mut glob = Glob::default();
    let mut colons = 0;
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let reach = if colons < 5 { Reach::Segment } else { Reach::All };
        if let Some(inside) = rest.strip_prefix("${")
            && let Some((placeholder, after)) = inside.split_once('}')
        {
            rest = after;
            if let Name::All(text) = name
                && colons >= 5
            {
                glob.push_literal(text);
                continue;
            }
            let plain = PLAIN_NAMES.contains(&(service, placeholder));
            let reach = if plain { Reach::Name } else { reach };
            if name == Name::NotEmpty {
                glob.push(Token::One(reach));
            }
            glob.push(Token::Run(reach));
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
        use Truth::{No, Unknown, Yes};
        let table = [
            ("s3:GetObject", "arn:aws:s3:::bucket/*", Yes),
            ("s3:GetObject", "arn:aws:s3:::bucket", No),
            ("s3:ListBucket", "arn:aws:s3:::bucket/*", No),
            ("s3:ListBucket", "arn:aws:s3:::bucket*", Yes),
            ("s3:ListAllMyBuckets", "arn:aws:s3:::bucket", No),
            ("s3:ListAllMyBuckets", "arn:aws:s3:::*", Unknown),
            ("s3:ListAllMyBuckets", "*", Yes),
            ("ecr:GetAuthorizationToken", "arn:aws:ecr:eu-west-1:111122223333:repository/*", No),
            ("ec2:DescribeInstances", "arn:aws:ec2:*:*:instance/*", No),
            ("iam:CreateRole", "arn:aws:iam::*:role/app/*", Yes),
            ("iam:CreateRole", "arn:aws:iam::111122223333:user/*", No),
            ("iam:ListRoles", "arn:aws:iam::*:role/app/*", Unknown),
            ("cloudformation:ListStacks", "arn:aws:cloudformation:eu-west-1:1:stack/*", Unknown),
            ("cloudformation:ListStacks", "arn:aws:cloudformation:eu-west-1:1:stack/a/*", No),
            ("logs:DescribeLogGroups", "arn:aws:logs:eu-west-1:1:log-group:*", Unknown),
            ("logs:DescribeLogGroups", "arn:aws:logs:eu-west-1:1:log-group:/aws/codebuild/*", No),
            ("nosuch:Thing", "arn:aws:x:::y", Yes),
        ];
        for (action, pattern, answer) in table {
            assert_eq!(Universe::of_name(action).meets(&Glob::parse(pattern)), answer, "{action} {pattern}");
        }
    }
}
