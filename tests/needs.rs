//! What builds and pipelines need, next to what their roles may do: `fixtures/needs/<case>/` with one
//! role each, the last resource of its template, and `<case>.out`, which `BLESS=1` writes anew: the
//! table, and the least policy.
//!
//! The least policy is put in the place of the role's own and read again: it must hold all that is
//! needed and nothing else.

mod walk;

use iamlint::diagnostic::Severity;
use iamlint::linter::{Options, lint, understand};
use iamlint::needs::compare::{State, compare};
use iamlint::needs::{Names, of_role, policy};
use iamlint::report::least::{self, Notation};
use iamlint::report::uses::{self, RoleUse};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use walk::{files_below, shown};

#[test]
fn every_case_reads_as_it_did() {
    for case in cases() {
        let told = told(&sources(&case));
        settle(&case.with_extension("out"), &format!("{}\n{}", told.table, told.policy));
    }
}

/// The roles that were written by hand for the repaired project of the README.
#[test]
fn the_roles_of_the_secured_project_hold_what_is_needed() {
    let sources = sources(Path::new("fixtures/projects/serverless-cicd/secured"));
    let roles = told_of_roles(&sources, |_| true);
    let names: Vec<&str> = roles.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["CiRole", "PipelineRole", "CdRoleDev", "CdRoleProd"]);
    for (name, told) in &roles {
        assert!(!told.table.contains("this will fail"), "{name}: {}", told.table);
        assert!(told.unused.is_empty(), "{name}: {:?}", told.unused);
    }
    for (name, told) in &roles[..2] {
        assert!(told.states.iter().all(|state| *state == State::Granted), "{name}: {}", told.table);
    }
    // Each of the builds has the commands of its own stage.
    for (stage, other, (_, told)) in [("dev", "prod", &roles[2]), ("prod", "dev", &roles[3])] {
        let of_stage = |stage: &str| told.policy.contains(&format!(":stack/parcel-tracker-{stage}/"));
        assert!(of_stage(stage) && !of_stage(other), "{}", told.policy);
    }
    let shown = roles.iter().map(|(_, told)| format!("{}\n{}", told.table, told.policy));
    settle(Path::new("fixtures/projects/serverless-cicd/secured.uses"), &shown.collect::<Vec<_>>().join("\n"));
}

/// The role of a build with every property that asks for a permission grants these and no others.
#[test]
fn a_policy_that_is_exact_is_the_least_policy() {
    let sources = sources(Path::new(EXACT));
    let (_, told) = told_of_roles(&sources, |name| name == "BuildRole").remove(0);
    assert!(told.states.iter().all(|state| *state == State::Granted), "{}", told.table);
    assert_eq!((told.left_out, told.beyond), (0, 0), "{}", told.table);
    settle(Path::new(EXACT).with_extension("uses").as_path(), &format!("{}\n{}", told.table, told.policy));
}

const EXACT: &str = "fixtures/projects/exact-policy/minimal";

/// One thing of the exact policy is another: what is put for what (`from…to`: for what stands from the one
/// up to the other), and the findings that come of it: rule, severity or `also` where another rule tells
/// it, and the first line that is underlined.
type Variant<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str, &'a str)]);

const VARIANTS: &[Variant<'_>] = &[
    ("nothing", &[], &[]),
    (
        "the coverage of the code may not be written",
        &[("codebuild:BatchPutCodeCoverages, ", "")],
        &[("missing-permission", "high", "coverage")],
    ),
    (
        "one parameter may be read, and builds ask for several",
        &[("ssm:GetParameters", "ssm:GetParameter")],
        &[("missing-permission", "high", "/app/x")],
    ),
    (
        "all of ECR, with the repository of the build's own image, which is named by its digest",
        &[
            ("[ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]", "ecr:*"),
            (IMAGE, "\"*\"\n"),
        ],
        &[("service-wildcard", "high", "ecr:*"), ("redundant-entry", "info", "Sid: Registry")],
    ),
    (
        "all of ECR, with an image that is named by a tag",
        &[
            ("[ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]", "ecr:*"),
            (IMAGE, "\"*\"\n"),
            ("@sha256:…\n", ":2026\n"),
        ],
        &[
            ("service-wildcard", "high", "ecr:*"),
            ("build-image-writable-by-build", "also", "ecr:*"),
            ("build-image-unpinned", "low", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/tools/build:2026"),
            ("redundant-entry", "info", "Sid: Registry"),
        ],
    ),
    (
        "interfaces for any service",
        &[(INTERFACE, "")],
        &[
            ("network-interface-for-anybody", "low", "ec2:CreateNetworkInterfacePermission"),
            ("resource-broader-than-needed", "also", "ec2:CreateNetworkInterfacePermission"),
        ],
    ),
    (
        "the name of a secret for its ARN",
        &[("secret:prod/db-??????", "secret:prod/db")],
        &[("missing-permission", "high", "prod/db:password")],
    ),
    (
        "the log group without its streams",
        &[(STREAMS, "log-group:/aws/codebuild/billing\n")],
        &[("action-resource-mismatch", "low", "logs:CreateLogStream"), ("missing-permission", "high", "Build")],
    ),
    ("a service that nothing calls", &[(PARAMETER, QUEUES)], &[("unused-permission", "medium", "sqs:SendMessage")]),
    (
        "the whole of a service that nothing calls",
        &[(PARAMETER, QUEUES), ("sqs:SendMessage", "sqs:*")],
        &[("unused-permission", "medium", "sqs:*"), ("service-wildcard", "also", "sqs:*")],
    ),
    (
        "a service that nothing is seen to call",
        &[(PARAMETER, QUEUES), ("npm ci", "./deploy.sh")],
        &[("unused-permission", "info", "sqs:SendMessage"), ("opaque-commands", "info", "./deploy.sh")],
    ),
    ("all reports of the project", &[("report-group/billing-tests", "report-group/billing-*")], &[]),
    ("all parameters of the application", &[("parameter/app/x", "parameter/app/*")], &[]),
    (
        "all parameters",
        &[("parameter/app/x", "parameter/*")],
        &[
            ("secret-read-wildcard", "high", "ssm:GetParameters"),
            ("resource-broader-than-needed", "also", "ssm:GetParameters"),
        ],
    ),
];

const IMAGE: &str = "!Sub arn:${AWS::Partition}:ecr:eu-west-1:111122223333:repository/tools/build\n";
const INTERFACE: &str =
    "                Condition:\n                  StringEquals:\n                    ec2:…              - Sid: Tests";
const STREAMS: &str = "log-group:/aws/codebuild/billing\n…              - Sid: Source";
const PARAMETER: &str = "              - Sid: Parameter\n";
const QUEUES: &str = "              - Effect: Allow
                Action: sqs:SendMessage
                Resource: !Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs
              - Sid: Parameter\n";

#[test]
fn what_differs_from_an_exact_policy_is_told() {
    let mut failures = Vec::new();
    for (what, replaced, expected) in VARIANTS {
        let mut files = Sources::new();
        let mut left: Vec<&(&str, &str)> = replaced.iter().collect();
        for (_, source) in sources(Path::new(EXACT)).iter() {
            let mut text = source.text.to_string();
            left.retain(|(old, new)| {
                let (from, to) = old.split_once('…').unwrap_or((old, ""));
                let Some((start, length)) = text.find(from).and_then(|start| {
                    let behind = start + from.len();
                    Some((start, from.len() + text[behind..].find(to)?))
                }) else {
                    return true;
                };
                text.replace_range(start..start + length, new);
                false
            });
            files.add(source.path.clone(), text);
        }
        assert!(left.is_empty(), "{what}: {left:?}");
        let report = lint(&files, builtin::rules(), &Options::default());
        let found = report.diagnostics.iter().map(|found| {
            let span = found.primary.span;
            let text = &files.get(span.file).text[span.start as usize..span.end as usize];
            let text = text.lines().next().unwrap_or_default();
            let also = found.also.iter().map(move |rule| format!("{rule} also at {text}"));
            also.chain([format!("{} {} at {text}", found.rule, found.severity)])
        });
        let found: BTreeSet<String> = found.flatten().collect();
        let expected = expected.iter().map(|(rule, severity, text)| format!("{rule} {severity} at {text}")).collect();
        if found != expected {
            failures.push(format!("{what}:\n  found    {found:?}\n  expected {expected:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The CDK's roles of every account may be taken, and the build deploys to its own.
#[test]
fn roles_of_every_account_are_more_than_a_deployment_of_the_cdk_needs() {
    let sources = sources(Path::new("fixtures/projects/cdk-pipeline/deploys"));
    let report = lint(&sources, builtin::rules(), &Options::default());
    let wider = report.diagnostics.iter().filter(|found| found.rule == "resource-broader-than-needed");
    let lines: Vec<usize> = wider.map(|found| sources.position(found.primary.span).line).collect();
    assert_eq!(lines, [50]);
}

/// Compares with a golden file, or writes it anew.
fn settle(path: &Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, text).expect("a golden file that can be written");
    }
    let golden = fs::read_to_string(path).unwrap_or_default();
    assert!(golden == text, "{} differs:\n{text}", path.display());
}

#[test]
fn the_least_policy_holds_all_that_is_needed_and_nothing_else() {
    for case in cases() {
        let written = with_least_policy(&sources(&case));
        let told = told(&written);
        let lacking = told.states.iter().filter(|state| **state != State::Granted).count();
        assert_eq!(lacking, told.left_out, "{}: {}", case.display(), told.table);
        assert_eq!(told.beyond, 0, "{}: {}", case.display(), told.table);
    }
}

#[test]
fn the_least_policy_is_the_same_again() {
    for case in cases() {
        let sources = sources(&case);
        let again = with_least_policy(&sources);
        assert_eq!(told(&sources).policy, told(&again).policy, "{}", case.display());
    }
}

#[test]
fn no_rule_finds_fault_with_the_least_policy() {
    for case in cases() {
        let before: BTreeSet<String> = faults(&sources(&case));
        let after: BTreeSet<String> = faults(&with_least_policy(&sources(&case)));
        let new: Vec<&String> = after.difference(&before).collect();
        assert!(new.is_empty(), "{}: {new:?}", case.display());
    }
}

/// Rules that speak of a policy as it is written, and of what roles may do.
fn faults(sources: &Sources) -> BTreeSet<String> {
    let report = lint(sources, builtin::rules(), &Options::default());
    let serious = report.diagnostics.iter().filter(|found| found.severity.reaches(Severity::Low));
    serious.map(|found| found.rule.to_string()).collect()
}

/// What is told of the one role of a case.
struct Told {
    table: String,
    policy: String,
    json: String,
    /// Needs that are not in the policy.
    left_out: usize,
    used: BTreeSet<String>,
    unused: BTreeSet<String>,
    missing: BTreeSet<String>,
    states: Vec<State>,
    /// Grants that nothing needs.
    beyond: usize,
}

fn told(sources: &Sources) -> Told {
    let mut roles = told_of_roles(sources, |name| name == "Role");
    assert_eq!(roles.len(), 1, "one role of a build or pipeline in each case");
    roles.remove(0).1
}

/// Every role that a build or a pipeline works with.
fn told_of_roles(sources: &Sources, is_wanted: impl Fn(&str) -> bool) -> Vec<(String, Told)> {
    let understood = understand(sources, &Options::default());
    let model = &understood.model;
    let names = Names::new(model);
    let wanted = (0..model.principals.len()).filter(|id| is_wanted(model.principal(*id).display()));
    let told = wanted.filter_map(|id| {
        let needs = of_role(model, &names, id)?;
        let role = model.principal(id);
        let compared = compare(&needs, model, id, &names);
        let shown = RoleUse {
            name: role.display(),
            worker: role.worker(model),
            span: role.logical_id.span,
            needs: &needs,
            compared: &compared,
        };
        let least = policy::least(&needs.needs, role.logical_id.span);
        let document = least.document.expect("something is needed in each case");
        let missing = compared.used.iter().filter(|used| used.state == State::Missing);
        let unused = compared.unused.iter().flat_map(|unused| &unused.actions);
        let told = Told {
            left_out: least.unknown.len(),
            policy: least::policy(&document, &needs.needs, Notation::Yaml, sources),
            json: least::policy(&document, &needs.needs, Notation::Json, sources),
            used: compared.used.iter().map(|used| used.action.full_name()).collect(),
            unused: unused.map(|action| action.full_name()).collect(),
            missing: missing.map(|used| used.action.full_name()).collect(),
            table: uses::text(&[shown], sources),
            states: compared.used.iter().map(|used| used.state.clone()).collect(),
            beyond: compared.unused.len() + compared.wider.len(),
        };
        Some((role.display().to_owned(), told))
    });
    told.collect()
}

/// The same files with the least policy in the place of the one that stands last.
fn with_least_policy(sources: &Sources) -> Sources {
    let policy = told(sources).policy;
    let mut written = Sources::new();
    for (_, source) in sources.iter() {
        let text = match source.text.rsplit_once("PolicyDocument:\n") {
            Some((before, _)) => {
                let lines = policy.lines().map(|line| format!("            {line}\n"));
                format!("{before}PolicyDocument:\n{}", lines.collect::<String>())
            }
            None => source.text.to_string(),
        };
        written.add(source.path.clone(), text);
    }
    written
}

fn sources(case: &Path) -> Sources {
    let mut sources = Sources::new();
    for path in files_below(case) {
        let inside = path.strip_prefix(case).expect("a file of the case");
        sources.add(shown(inside), fs::read_to_string(&path).expect("a readable fixture"));
    }
    sources
}

fn cases() -> Vec<PathBuf> {
    let folders = fs::read_dir("fixtures/needs").expect("fixtures").flatten().map(|entry| entry.path());
    let mut cases: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(cases.len() > 15);
    cases
}

#[test]
fn the_documented_role_of_codebuild_is_what_a_project_needs() {
    let told = told(&sources(Path::new("fixtures/needs/documented-codebuild-role")));
    assert!(told.states.iter().all(|state| *state == State::Granted), "{}", told.table);
    assert!(told.unused.is_empty(), "{:?}", told.unused);
}

/// The guide lists actions of all providers; this pipeline has no use for some, and needs what the list
/// does not hold.
#[test]
fn the_documented_role_of_codepipeline_differs_by_what_is_known() {
    let told = told(&sources(Path::new("fixtures/needs/documented-codepipeline-role")));
    // Of Device Farm there is no action, and an ACL is set only in buckets of other accounts.
    let unused = [
        "devicefarm:CreateUpload",
        "devicefarm:GetRun",
        "devicefarm:GetUpload",
        "devicefarm:ListDevicePools",
        "devicefarm:ListProjects",
        "devicefarm:ScheduleRun",
        "s3:PutObjectAcl",
    ];
    assert_eq!(told.unused, unused.map(str::to_owned).into());
    // The page of the action lists them; the role of the guide does without.
    let besides: BTreeSet<String> =
        ["cloudformation:DescribeStackEvents", "cloudformation:GetTemplate"].map(str::to_owned).into();
    let missing = told.missing.iter().filter(|action| told.used.contains(*action)).cloned();
    assert_eq!(missing.collect::<BTreeSet<String>>(), besides);
}

#[test]
fn a_policy_in_json_says_the_same() {
    for case in cases() {
        let told = told(&sources(&case));
        let json = telling(&told.json);
        // YAML with short tags is read by the same reader of intrinsics.
        let yaml = telling(&told.policy);
        assert_eq!(json, yaml, "{}", case.display());
    }
}

/// What a role with this policy is told to use, in a template of its own.
fn telling(policy: &str) -> Vec<String> {
    let lines: String = policy.lines().map(|line| format!("            {line}\n")).collect();
    let template = format!(
        "AWSTemplateFormatVersion: \"2010-09-09\"\nResources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      \
         Policies:\n        - PolicyName: own\n          PolicyDocument:\n{lines}"
    );
    let mut sources = Sources::new();
    sources.add("template.yml", template);
    let understood = understand(&sources, &Options::default());
    let statements = understood.model.policies.iter().flat_map(|policy| &policy.document.statements);
    statements
        .map(|statement| {
            let texts = |list: Vec<String>| list.join(" ");
            let actions = statement.actions.iter().flat_map(|actions| &actions.patterns);
            let resources = statement.resources.iter().flat_map(|resources| &resources.patterns);
            format!(
                "{} on {} under {}",
                texts(actions.map(|pattern| pattern.text().display().into_owned()).collect()),
                texts(resources.map(|pattern| pattern.text().display().into_owned()).collect()),
                texts(statement.conditions.iter().map(|test| format!("{} {}", test.key, test.values.len())).collect()),
            )
        })
        .collect()
}
