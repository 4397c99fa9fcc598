//! Names of actions and services that do not exist, and what was probably meant.

use super::action::{ActionPattern, actions_matching};
use super::catalogue::{self, Action, Service};

/// What is wrong with the name in an action pattern, without words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameProblem {
    /// No colon: `CreateRole`. The full names that end so.
    NoService { meant: Vec<String> },
    /// `*` or `?` before the colon, which IAM refuses.
    WildcardInService,
    /// `meant`: the prefix of the service of that name, or the nearest one.
    UnknownService { service: String, meant: Option<String> },
    /// The service exists, and the pattern matches none of its actions.
    UnknownAction {
        /// Full names: the action that permits the API call of that name, or else the nearest.
        meant: Vec<String>,
        /// Whether the name is that of an API call, or of an old version of it, permitted by the
        /// actions in `meant`.
        is_call: bool,
    },
}

/// The problem of a pattern. Patterns with holes are not judged.
pub fn problem(pattern: &ActionPattern) -> Option<NameProblem> {
    let text = pattern.text().literal()?;
    if pattern.action().is_some() || pattern.is_full_wildcard() {
        return None;
    }
    let Some((prefix, name)) = text.split_once(':') else {
        return Some(NameProblem::NoService { meant: with_name(text) });
    };
    if prefix.contains(['*', '?']) {
        return Some(NameProblem::WildcardInService);
    }
    let lower = prefix.to_ascii_lowercase();
    let Some(service) = catalogue::service(&lower) else {
        let meant = || NameProblem::UnknownService { service: prefix.to_owned(), meant: nearest_service(&lower) };
        return (!RETIRED_SERVICES.contains(&lower.as_str())).then(meant);
    };
    if pattern.expand().next().is_some() || is_undocumented(&lower, name) {
        return None;
    }
    let calls = permitted_by(&lower, name);
    let is_call = !calls.is_empty();
    let meant = if is_call { calls } else { nearest_actions(service, name) };
    Some(NameProblem::UnknownAction { meant, is_call })
}

/// The one name that can be meant, and whether that is evident: a slip in the name of one action. What
/// grants more than the written name says, such as the action behind a call, is not.
pub fn correction(pattern: &ActionPattern, problem: &NameProblem) -> Option<(String, bool)> {
    let text = pattern.text().literal()?;
    let name = match problem {
        NameProblem::UnknownAction { .. } if text.contains(char::is_whitespace) => text.split_whitespace().collect(),
        NameProblem::UnknownService { service, meant: Some(meant) } => format!("{meant}{}", &text[service.len()..]),
        NameProblem::UnknownAction { meant, is_call: false } => {
            let [name] = meant.as_slice() else { return None };
            let slips = strsim::damerau_levenshtein(&text.to_ascii_lowercase(), &name.to_ascii_lowercase());
            return Some((name.clone(), slips <= SLIPS));
        }
        NameProblem::UnknownAction { meant, .. } | NameProblem::NoService { meant } => {
            let [name] = meant.as_slice() else { return None };
            return Some((name.clone(), false));
        }
        NameProblem::WildcardInService | NameProblem::UnknownService { meant: None, .. } => return None,
    };
    let is_action = catalogue::action(&name).is_some();
    (is_action || !actions_matching(&name).is_empty()).then_some((name, is_action))
}

/// The actions that permit an API call or CLI command of this name: `s3:ListBucket` for
/// `s3:HeadBucket`.
pub fn permitted_by(service: &str, call: &str) -> Vec<String> {
    if let Some(needed) = catalogue::operation_actions(service, call) {
        // Of actions that only some arguments need none is named where others always are.
        let always = needed.iter().any(|(_, always)| *always);
        return needed.into_iter().filter(|(_, own)| *own == always).map(|(action, _)| action.full_name()).collect();
    }
    let is_it = |row: &&(&str, &str, &[&str])| row.0 == service && row.1.eq_ignore_ascii_case(call);
    let actions = CALLS.iter().find(is_it).map_or(&[][..], |(.., actions)| actions);
    actions.iter().map(|action| (*action).to_owned()).collect()
}

/// Names that are taken for actions and are neither those nor API calls.
const CALLS: &[(&str, &str, &[&str])] = &[
    ("bedrock", "Converse", &["bedrock:InvokeModel"]),
    ("bedrock", "ConverseStream", &["bedrock:InvokeModelWithResponseStream"]),
    ("codecommit", "Clone", &["codecommit:GitPull"]),
    ("codecommit", "GitClone", &["codecommit:GitPull"]),
    ("ecr", "GetLogin", &["ecr:GetAuthorizationToken"]),
    ("ecr", "GetLoginPassword", &["ecr:GetAuthorizationToken"]),
    ("ecr", "Pull", &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]),
    ("ecr", "Push", &["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]),
    ("iam", "AssumeRole", &["sts:AssumeRole"]),
    ("lambda", "InvokeFunctionWithResponseStream", &["lambda:InvokeFunction"]),
    ("s3", "ListObject", &["s3:ListBucket"]),
    ("s3", "Sync", &["s3:ListBucket", "s3:GetObject", "s3:PutObject"]),
];

/// Names of services in the console and in speech, with the prefix of their actions.
const SERVICE_NAMES: &[(&str, &str)] = &[
    ("certificatemanager", "acm"),
    ("cloudwatch-logs", "logs"),
    ("cloudwatchevents", "events"),
    ("cloudwatchlogs", "logs"),
    ("codestarconnections", "codestar-connections"),
    ("cognito", "cognito-idp"),
    ("cognitoidp", "cognito-idp"),
    ("costexplorer", "ce"),
    ("documentdb", "rds"),
    ("eb", "elasticbeanstalk"),
    ("ecrpublic", "ecr-public"),
    ("eventbridge", "events"),
    ("kinesisfirehose", "firehose"),
    ("msk", "kafka"),
    ("parameterstore", "ssm"),
    ("secrets-manager", "secretsmanager"),
    ("sfn", "states"),
    ("systemsmanager", "ssm"),
];

/// Prefixes of services that AWS has closed or taken back; managed policies of its own name them, or did.
const RETIRED_SERVICES: &[&str] = &[
    "assurance",
    "builderid",
    "crowd",
    "datazonecontrol",
    "deepcomposer",
    "deeplens",
    "deepracer",
    "elastic-inference",
    "iot1click",
    "iotroborunner",
    "mobilehub",
    "sumerian",
    "zocalo",
];

/// Actions that AWS's managed policies name and its reference does not.
const UNDOCUMENTED: &[(&str, &str)] = &[
    ("account", "SendPhoneNumberVerification"),
    ("account", "VerifyPhoneNumber"),
    ("budgets", "CreateBudget"),
    ("budgets", "DeleteBudget"),
    ("budgets", "DescribeBudget"),
    ("budgets", "DescribeBudgets"),
    ("budgets", "UpdateBudget"),
    ("cloud9", "ValidateEnvironmentName"),
    ("memorydb", "ReplicateMultiRegionClusterData"),
    ("qapps", "ImportDocumentToQApp"),
    ("qapps", "ImportDocumentToQAppSession"),
    ("route53-recovery-control-config", "DescribeRoutingControlByName"),
];

/// Services of which the reference lists a part of the actions.
const PARTLY_DOCUMENTED: &[&str] = &["cloudhsm", "organizations", "payments", "securityagent"];

fn is_undocumented(service: &str, name: &str) -> bool {
    let named = UNDOCUMENTED.iter().any(|(prefix, action)| *prefix == service && action.eq_ignore_ascii_case(name));
    named || PARTLY_DOCUMENTED.contains(&service)
}

fn nearest_service(prefix: &str) -> Option<String> {
    let client = catalogue::client_service(prefix).map(|service| service.prefix().to_owned());
    let spoken = || SERVICE_NAMES.iter().find(|(name, _)| *name == prefix).map(|(_, service)| (*service).to_owned());
    client.or_else(spoken).or_else(|| {
        let distance = |service: &Service| strsim::damerau_levenshtein(prefix, service.prefix());
        // One slip in a short prefix, two in a long one.
        let limit = if prefix.len() > 5 { 2 } else { 1 };
        let similar = catalogue::services().filter(|service| service.prefix().len().abs_diff(prefix.len()) <= limit);
        let nearest = similar.min_by_key(distance)?;
        (distance(&nearest) <= limit).then(|| nearest.prefix().to_owned())
    })
}

/// The name that one with a few slips, or in other letter case, was meant to be.
pub fn meant<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let near = known.filter(|known| known.len().abs_diff(written.len()) <= SLIPS);
    let written = written.to_ascii_lowercase();
    let scored = near.map(|known| (strsim::damerau_levenshtein(&written, &known.to_ascii_lowercase()), known));
    scored.filter(|(slips, _)| *slips <= SLIPS).min().map(|(_, known)| known)
}

/// The policy that AWS manages whose name is nearest to one that is none, if it is near.
pub fn nearest_managed_policy(name: &str) -> Option<&'static str> {
    meant(name, catalogue::managed_policies().map(|policy| policy.name()))
}

/// How many suggestions are made.
const MAX_MEANT: usize = 3;

/// So many slips are made in typing a name.
const SLIPS: usize = 2;

fn nearest_actions(service: Service, name: &str) -> Vec<String> {
    if name.contains(['*', '?']) {
        return Vec::new();
    }
    let lower = name.trim().to_ascii_lowercase();
    // A fifth of the name may be wrong. Names that differ more in length need not be compared.
    let limit = 1 + lower.len() / 5;
    let distance = |action: Action| strsim::damerau_levenshtein(&lower, &action.name().to_ascii_lowercase());
    let similar = service.actions().filter(|action| action.name().len().abs_diff(lower.len()) <= limit.max(SLIPS));
    let mut near: Vec<(usize, Action)> = similar.map(|action| (distance(action), action)).collect();
    near.sort();
    let best = near.first().map(|(distance, _)| *distance);
    // `UpdateFunction` is more likely the start of a name than a slip in another.
    let is_longer = |action: &Action| action.name().to_ascii_lowercase().starts_with(&lower);
    if best.is_none_or(|best| best > SLIPS) && lower.len() > 4 && service.actions().any(|action| is_longer(&action)) {
        return service.actions().filter(is_longer).take(MAX_MEANT).map(Action::full_name).collect();
    }
    // Of several near ones the nearest are named.
    let near = near.into_iter().take_while(|(distance, _)| Some(*distance) == best && *distance <= limit);
    near.take(MAX_MEANT).map(|(_, action)| action.full_name()).collect()
}

fn with_name(name: &str) -> Vec<String> {
    let named = catalogue::services().filter_map(|service| service.action(name));
    named.take(MAX_MEANT).map(Action::full_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::fixture::text;

    fn of(pattern: &str) -> Option<NameProblem> {
        problem(&ActionPattern::new(&text(pattern), Vec::new()))
    }

    #[test]
    fn names_that_exist_are_no_problem() {
        for pattern in [
            "*",
            "*:*",
            "s3:*",
            "S3:getobject",
            "s3:Get*",
            "iam:<Verb>Role",
            "<Service>:Get*",
            "iam:Put*Policy",
            "codebuild:BatchPutTestCases",
            "budgets:DescribeBudgets",
            "zocalo:*",
        ] {
            assert_eq!(of(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn a_policy_of_aws_that_was_meant_is_named() {
        let table = [
            ("AdministratorAcess", Some("AdministratorAccess")),
            ("awscodebuildadminaccess", Some("AWSCodeBuildAdminAccess")),
            ("Administrator", None),
        ];
        for (name, meant) in table {
            assert_eq!(nearest_managed_policy(name), meant, "{name}");
        }
    }

    #[test]
    fn what_was_meant_is_named() {
        let unknown = |meant: &[&str], is_call: bool| {
            Some(NameProblem::UnknownAction { meant: meant.iter().map(|name| (*name).to_owned()).collect(), is_call })
        };
        let table = [
            ("s3:HeadBucket", unknown(&["s3:ListBucket"], true)),
            ("s3:ListObjects", unknown(&["s3:ListBucket"], true)),
            ("s3:listobjectsv2", unknown(&["s3:ListBucket"], true)),
            ("s3:HeadObject", unknown(&["s3:GetObject"], true)),
            ("s3:CopyObject", unknown(&["s3:GetObject", "s3:PutObject"], true)),
            ("s3:ListBuckets", unknown(&["s3:ListAllMyBuckets"], true)),
            ("lambda:Invoke", unknown(&["lambda:InvokeFunction"], true)),
            ("lambda:UpdateFunctionCod", unknown(&["lambda:UpdateFunctionCode"], false)),
            ("iam:CreateRoles", unknown(&["iam:CreateRole"], false)),
            ("iam:Frobnicate*", unknown(&[], false)),
            ("s3:", unknown(&[], false)),
        ];
        for (pattern, answer) in table {
            assert_eq!(of(pattern), answer, "{pattern}");
        }
    }

    #[test]
    fn only_a_slip_in_the_name_of_an_action_is_evident() {
        let table = [
            ("iam:CreateRoles", Some(("iam:CreateRole", true))),
            ("lamda:InvokeFunction", Some(("lambda:InvokeFunction", true))),
            ("s3: GetObject", Some(("s3:GetObject", true))),
            // The rest of the name is a guess.
            ("iam:UpdateAssumeRole", Some(("iam:UpdateAssumeRolePolicy", false))),
            // Wildcards, calls and names without a service.
            ("ec2:* ", Some(("ec2:*", false))),
            ("lamda:*", Some(("lambda:*", false))),
            ("s3:HeadObject", Some(("s3:GetObject", false))),
            ("CreateRole", Some(("iam:CreateRole", false))),
            // Several, or none.
            ("s3:CopyObject", None),
            ("lamda:Frobnicate", None),
            ("frobnicator:Get", None),
            ("s*:GetObject", None),
        ];
        for (written, answer) in table {
            let pattern = ActionPattern::new(&text(written), Vec::new());
            let found = problem(&pattern).and_then(|problem| correction(&pattern, &problem));
            let found = found.as_ref().map(|(name, is_evident)| (name.as_str(), *is_evident));
            assert_eq!(found, answer, "{written}");
        }
    }

    #[test]
    fn services_are_known_by_their_other_names() {
        let table = [
            ("stepfunctions:StartExecution", Some("states")),
            ("efs:ClientMount", Some("elasticfilesystem")),
            ("lamda:InvokeFunction", Some("lambda")),
            ("dynamodbb:GetItem", Some("dynamodb")),
            ("frobnicator:Get", None),
        ];
        for (pattern, answer) in table {
            let Some(NameProblem::UnknownService { meant, .. }) = of(pattern) else { panic!("{pattern}") };
            assert_eq!(meant.as_deref(), answer, "{pattern}");
        }
        assert_eq!(of("CreateRole"), Some(NameProblem::NoService { meant: vec!["iam:CreateRole".to_owned()] }));
        assert_eq!(of("s*:GetObject"), Some(NameProblem::WildcardInService));
        assert_eq!(of("mobilehub:*"), None);
        assert!(matches!(of("mobilehubs:*"), Some(NameProblem::UnknownService { meant: None, .. })));
    }

    #[test]
    fn the_tables_name_what_exists_and_nothing_that_needs_no_entry() {
        for (service, call, actions) in CALLS {
            assert!(catalogue::operation_actions(service, call).is_none(), "{service}:{call} is known");
            for action in *actions {
                assert!(catalogue::action(action).is_some(), "{action}");
            }
        }
        for (name, service) in SERVICE_NAMES {
            assert!(catalogue::client_service(name).is_none(), "{name} is known");
            assert!(catalogue::service(service).is_some(), "{service}");
        }
        assert!(RETIRED_SERVICES.iter().all(|service| catalogue::service(service).is_none()));
        for (service, name) in UNDOCUMENTED {
            assert!(catalogue::action(&format!("{service}:{name}")).is_none(), "{service}:{name} is documented");
        }
    }
}
