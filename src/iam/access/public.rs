//! Whether somebody who has nothing to do with an account is allowed in: an anonymous caller, or one
//! of an account, an organization, a network or a repository that no policy names.

use super::dimension::{Dimension, Holds, Test};
use super::literal;
use super::values::{Members, Pattern};
use super::vocabulary::{FALSE, Family, Vocabulary};
use super::{Finding, Question, under_both_readings, who};
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::document::{PolicyDocument, PolicyKind};
use crate::iam::evaluate::{Colons, decide};
use crate::iam::glob::Glob;
use crate::iam::principal::Principal;
use crate::iam::request::Request;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A type of resource whose policy can let everybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKind {
    /// As CloudFormation names it.
    pub name: &'static str,
    /// The prefix of the actions that count.
    service: &'static str,
}

/// The API takes none of ECR, no repositories of packages, no event buses and no access points of several regions; the
/// question is the same.
/// <https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckNoPublicAccess.html>
const KINDS: &[(&str, &str)] = &[
    ("AWS::ApiGateway::RestApi", "execute-api"),
    ("AWS::Backup::BackupVault", "backup"),
    ("AWS::CloudTrail::Dashboard", "cloudtrail"),
    ("AWS::CloudTrail::EventDataStore", "cloudtrail"),
    ("AWS::CodeArtifact::Domain", "codeartifact"),
    ("AWS::CodeArtifact::Repository", "codeartifact"),
    ("AWS::DynamoDB::Stream", "dynamodb"),
    ("AWS::DynamoDB::Table", "dynamodb"),
    ("AWS::ECR::PublicRepository", "ecr-public"),
    ("AWS::ECR::RegistryPolicy", "ecr"),
    ("AWS::ECR::Repository", "ecr"),
    ("AWS::EFS::FileSystem", "elasticfilesystem"),
    ("AWS::Events::EventBus", "events"),
    ("AWS::IAM::AssumeRolePolicyDocument", "sts"),
    ("AWS::KMS::Key", "kms"),
    ("AWS::Kinesis::Stream", "kinesis"),
    ("AWS::Kinesis::StreamConsumer", "kinesis"),
    ("AWS::Lambda::Function", "lambda"),
    ("AWS::OpenSearchService::Domain", "es"),
    ("AWS::S3::AccessPoint", "s3"),
    ("AWS::S3::Bucket", "s3"),
    ("AWS::S3::Glacier", "glacier"),
    ("AWS::S3::MultiRegionAccessPoint", "s3"),
    ("AWS::S3Express::AccessPoint", "s3express"),
    ("AWS::S3Express::DirectoryBucket", "s3express"),
    ("AWS::S3Outposts::AccessPoint", "s3-outposts"),
    ("AWS::S3Outposts::Bucket", "s3-outposts"),
    ("AWS::S3Tables::Table", "s3tables"),
    ("AWS::S3Tables::TableBucket", "s3tables"),
    ("AWS::SNS::Topic", "sns"),
    ("AWS::SQS::Queue", "sqs"),
    ("AWS::SecretsManager::Secret", "secretsmanager"),
];

impl PublicKind {
    pub fn all() -> impl Iterator<Item = PublicKind> {
        KINDS.iter().map(|(name, service)| PublicKind { name, service })
    }

    /// By its name, in any case.
    pub fn parse(text: &str) -> Option<PublicKind> {
        PublicKind::all().find(|kind| kind.name.eq_ignore_ascii_case(text))
    }

    /// What its policies are to be read as.
    pub fn policy_kind(self) -> PolicyKind {
        if self.service == "sts" { PolicyKind::Trust } else { PolicyKind::Resource }
    }
}

/// A request of a stranger that the policies of a resource allow.
pub fn public_access(policies: &[&PolicyDocument], kind: PublicKind) -> Finding {
    let confirm = |request: &Request, colons: Colons| {
        let decision = decide(policies, request, colons);
        (decision.allowed, decision, None)
    };
    let stranger = Stranger::to(policies);
    under_both_readings(policies, |reading| {
        let mut question = Question::new(policies, reading, &confirm);
        let actions = Pattern::new(Glob::parse(&format!("{}:*", kind.service)));
        for (callers, is_federated) in stranger.callers(policies) {
            let mut asked = vec![
                (Dimension::Action, patterns(vec![actions.clone()], false)),
                (Dimension::Principal, patterns(callers, false)),
            ];
            asked.extend(stranger.keys(&question.vocabulary, policies, is_federated));
            question.any_access(&[], policies, &asked)?;
        }
        Ok(())
    })
}

fn patterns(patterns: Vec<Arc<Pattern>>, absent: bool) -> Test {
    let members = Arc::new(Members::Patterns(patterns.into_iter().collect()));
    Test { absent, holds: Holds::All { members, negated: false } }
}

/// Somebody of whom the policies know nothing.
struct Stranger {
    account: String,
    /// A text that stands nowhere in the policies.
    name: String,
}

/// Keys that tell who asks, and from where; what they hold of a stranger, with `{account}` and
/// `{name}` for what is the stranger's own. What is not listed a stranger may choose.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>
const TRUST_KEYS: &[(&str, &[&str])] = &[
    ("aws:principalaccount", &["{account}"]),
    (
        "aws:principalarn",
        &["arn:aws:iam::{account}:user/?*", "arn:aws:iam::{account}:role/?*", "arn:aws:iam::{account}:root"],
    ),
    ("aws:principalorgid", &["o-{name}"]),
    ("aws:principalorgpaths", &["o-{name}/r-{name}/ou-{name}/"]),
    ("aws:principalservicename", &[]),
    ("aws:principalservicenameslist", &[]),
    ("aws:sourceaccount", &["{account}"]),
    ("aws:sourcearn", &["arn:*:*:*:{account}:?*", "arn:aws:s3:::{name}"]),
    ("aws:sourceorgid", &["o-{name}"]),
    ("aws:sourceorgpaths", &["o-{name}/r-{name}/ou-{name}/"]),
    ("aws:sourceowner", &["{account}"]),
    ("aws:sourcevpc", &["vpc-0{name}"]),
    ("aws:sourcevpcarn", &["arn:aws:ec2:*:{account}:vpc/vpc-0{name}"]),
    ("aws:sourcevpce", &["vpce-0{name}"]),
    ("aws:userid", &["AIDA{name}", "AROA{name}:{name}"]),
    ("aws:vpceaccount", &["{account}"]),
    ("aws:vpceorgid", &["o-{name}"]),
    ("aws:vpceorgpaths", &["o-{name}/r-{name}/ou-{name}/"]),
    ("kms:calleraccount", &["{account}"]),
    ("s3:dataaccesspointaccount", &["{account}"]),
    ("s3:dataaccesspointarn", &["arn:aws:s3:*:{account}:accesspoint/?*"]),
];

/// Providers at which everybody can have a token for work of one's own.
const SHARED_PROVIDERS: &[&str] =
    &["agent.buildkite.com", "app.terraform.io", "gitlab.com", "token.actions.githubusercontent.com"];

/// Providers at which everybody can log in, to an application that the token names.
const LOGIN_PROVIDERS: &[&str] =
    &["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

impl Stranger {
    fn to(policies: &[&PolicyDocument]) -> Stranger {
        let mut known = String::new();
        for statement in policies.iter().flat_map(|document| &document.statements) {
            for entry in statement.principals.iter().flat_map(|principals| &principals.entries) {
                known.push_str(&entry.text.display());
            }
            for value in statement.conditions.iter().flat_map(|test| &test.values) {
                known.push_str(&value.display());
            }
        }
        let unheard =
            |make: &dyn Fn(u64) -> String| (0..1000).map(make).find(|text| !known.contains(text)).unwrap_or_default();
        Stranger {
            account: unheard(&|offset| (999_988_887_777 - offset).to_string()),
            name: unheard(&|offset| format!("{:x}", 0x5f_9e8d_7c6b + offset)),
        }
    }

    /// Groups of callers, and whether they come by an identity provider.
    fn callers(&self, policies: &[&PolicyDocument]) -> Vec<(Vec<Arc<Pattern>>, bool)> {
        let mut anybody = who::of_account(&self.account);
        anybody.push(Pattern::new(Glob::literal("anonymous|")));
        let statements = policies.iter().flat_map(|document| &document.statements);
        let entries = statements.flat_map(|statement| &statement.principals).flat_map(|one| &one.entries);
        let is_open = |host: &str| SHARED_PROVIDERS.contains(&host) || LOGIN_PROVIDERS.contains(&host);
        let shared = entries.filter(|entry| entry.provider().is_some_and(|host| is_open(&host)));
        let names: BTreeSet<&str> = shared.filter_map(|entry: &Principal| entry.text.literal()).collect();
        let federated: Vec<_> =
            names.iter().map(|name| Pattern::new(Glob::literal(&format!("federated|{name}")))).collect();
        let groups = [(anybody, false), (federated, true)];
        groups.into_iter().filter(|(callers, _)| !callers.is_empty()).collect()
    }

    /// What the keys of the policies hold.
    fn keys(
        &self,
        vocabulary: &Vocabulary,
        policies: &[&PolicyDocument],
        is_federated: bool,
    ) -> Vec<(Dimension, Test)> {
        let mut tests = Vec::new();
        for (name, key) in vocabulary.keys() {
            let is_text = matches!(key.family, None | Some(Family::Text | Family::FoldedText));
            let of_stranger = TRUST_KEYS.iter().find(|(known, _)| **known == **name).map(|(_, values)| *values);
            let test = if &**name == "aws:sourceip" && key.family == Some(Family::Address) {
                own_addresses(policies)
            } else if &**name == "aws:principalisawsservice" && key.family == Some(Family::Truth) {
                Test { absent: true, holds: Holds::All { members: Arc::new(Members::Flags(FALSE)), negated: false } }
            } else if let Some(values) = of_stranger.filter(|_| is_text) {
                let glob = |value: &&str| self.filled(value, key.family == Some(Family::FoldedText));
                patterns(values.iter().map(glob).collect(), true)
            } else if is_federated && is_text && is_claim_of_trust(name) {
                let values = ["repo:{name}/{name}:ref:refs/heads/main", "{name}/{name}", "{name}"];
                let absent = !name.ends_with(":sub");
                patterns(values.iter().map(|value| self.filled(value, false)).collect(), absent)
            } else {
                continue;
            };
            tests.push((Dimension::Key(name.clone()), test));
        }
        tests
    }

    fn filled(&self, value: &str, folded: bool) -> Arc<Pattern> {
        let text = value.replace("{account}", &self.account).replace("{name}", &self.name);
        Pattern::new(Glob::parse(&if folded { text.to_ascii_lowercase() } else { text }))
    }
}

/// Whether a claim tells for whom, or for which work, a shared provider made the token.
fn is_claim_of_trust(key: &str) -> bool {
    let Some((host, claim)) = key.rsplit_once(':') else { return false };
    (SHARED_PROVIDERS.contains(&host) && claim != "aud") || LOGIN_PROVIDERS.contains(&host)
}

/// Addresses that are nobody's own: neither private, nor in a block that is allowed and not so wide
/// that it is open to the public.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>
fn own_addresses(policies: &[&PolicyDocument]) -> Test {
    let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7"];
    let mut blocks: Vec<String> = private.map(str::to_owned).into();
    let is_of_it = |test: &&ConditionTest| {
        test.is_on("aws:SourceIp") && test.operator.comparison == Some(Comparison::IpAddress) && !test.operator.negated
    };
    let allows = policies.iter().flat_map(|document| document.allows());
    for test in allows.flat_map(|one| &one.conditions).filter(is_of_it) {
        let narrow = |block: &&str| {
            let length = block.split_once('/').and_then(|(_, length)| length.parse::<u32>().ok());
            length.is_none_or(|length| length >= if block.contains(':') { 32 } else { 8 })
        };
        blocks.extend(test.values.iter().filter_map(|value| value.literal()).filter(narrow).map(str::to_owned));
    }
    let ranges: Vec<_> = blocks.iter().filter_map(|block| literal::addresses(block)).flatten().collect();
    let members = Arc::new(Members::Ranges(ranges));
    Test { absent: true, holds: Holds::All { members, negated: true } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::answer::Truth::{self, No, Yes};
    use crate::iam::fixture::document;

    fn truth(finding: &Finding) -> Truth {
        match finding {
            Finding::Found(_) => Yes,
            Finding::None => No,
            Finding::Unknown(_) => Truth::Unknown,
        }
    }

    fn of(kind: &str, principal: &str, action: &str, condition: &str) -> Finding {
        let kind = PublicKind::parse(kind).expect("a kind");
        let resource = if kind.policy_kind() == PolicyKind::Trust { "" } else { r#""Resource": "arn:aws:s3:::b/*","# };
        let statement = format!(
            r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "{action}", {resource} "Condition": {condition}}}"#
        );
        public_access(&[&document(&statement, kind.policy_kind())], kind)
    }

    #[test]
    fn a_bucket_is_public_when_a_stranger_may_read_it() {
        let account = r#"{"AWS": "111122223333"}"#;
        let table = [
            (r#""*""#, "{}", Yes),
            (r#"{"AWS": "*"}"#, "{}", Yes),
            (account, "{}", No),
            (r#"{"Service": "logs.amazonaws.com"}"#, "{}", No),
            (r#""*""#, r#"{"StringEquals": {"aws:PrincipalOrgID": "o-acme"}}"#, No),
            (r#""*""#, r#"{"StringLike": {"aws:PrincipalOrgID": "o-*"}}"#, Yes),
            (r#""*""#, r#"{"StringEquals": {"aws:PrincipalAccount": "111122223333"}}"#, No),
            (r#""*""#, r#"{"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}"#, Yes),
            (r#""*""#, r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}"#, No),
            (r#""*""#, r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}"#, Yes),
            (r#""*""#, r#"{"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}"#, No),
            (r#""*""#, r#"{"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1a2b3c4d"}}"#, Yes),
            (r#""*""#, r#"{"ArnLike": {"aws:SourceArn": "arn:aws:s3:::mine"}}"#, No),
            (r#""*""#, r#"{"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}"#, Yes),
            (r#""*""#, r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#, No),
            (r#""*""#, r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, No),
            (r#""*""#, r#"{"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}"#, Yes),
            (r#""*""#, r#"{"Bool": {"aws:SecureTransport": "true"}}"#, Yes),
            (r#""*""#, r#"{"Bool": {"aws:PrincipalIsAWSService": "true"}}"#, No),
            (r#""*""#, r#"{"StringEquals": {"aws:PrincipalTag/team": "x"}}"#, Yes),
        ];
        for (principal, condition, public) in table {
            let finding = of("AWS::S3::Bucket", principal, "s3:GetObject", condition);
            assert_eq!(truth(&finding), public, "{principal} {condition} {finding:?}");
        }
        assert_eq!(truth(&of("AWS::S3::Bucket", r#""*""#, "sqs:*", "{}")), No, "no action of the resource");
    }

    #[test]
    fn a_role_is_public_when_any_repository_can_assume_it() {
        let github = r#"{"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}"#;
        let own = r#"{"Federated": "arn:aws:iam::111122223333:oidc-provider/sso.example.com"}"#;
        let aud = r#""token.actions.githubusercontent.com:aud": "sts.amazonaws.com""#;
        let sub = |value: &str| {
            format!(
                r#"{{"StringEquals": {{{aud}}}, "StringLike": {{"token.actions.githubusercontent.com:sub": "{value}"}}}}"#
            )
        };
        let table = [
            (github, format!(r#"{{"StringEquals": {{{aud}}}}}"#), Yes),
            (github, sub("repo:acme/*"), No),
            (github, sub("repo:*"), Yes),
            (github, sub("repo:*:ref:refs/heads/main"), Yes),
            (own, "{}".to_owned(), No),
            (r#"{"AWS": "*"}"#, "{}".to_owned(), Yes),
        ];
        for (principal, condition, public) in table {
            let is_federated = principal.contains("Federated");
            let action = if is_federated { "sts:AssumeRoleWithWebIdentity" } else { "sts:AssumeRole" };
            let finding = of("AWS::IAM::AssumeRolePolicyDocument", principal, action, &condition);
            assert_eq!(truth(&finding), public, "{principal} {condition} {finding:?}");
        }
    }

    #[test]
    fn a_deny_of_strangers_closes_what_is_open() {
        let policy = document(
            r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"},
               {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-acme"}}}"#,
            PolicyKind::Resource,
        );
        let bucket = PublicKind::parse("aws::s3::bucket").expect("a kind");
        assert_eq!(truth(&public_access(&[&policy], bucket)), No);
    }
}
