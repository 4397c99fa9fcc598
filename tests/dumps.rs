//! Output of the AWS CLI: what is taken for it, where its parts stand, and how the outputs of several
//! calls come together.

use iamlint::config::Config;
use iamlint::diagnostic::{Diagnostic, Severity};
use iamlint::linter::{Options, Report, lint, understand};
use iamlint::report::{Format as Written, Style, render};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use iamlint::template::{Format, Repository};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;
const CREATES_ROLES: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*"}}"#;

fn format_of(text: &str) -> Format {
    let mut sources = Sources::new();
    let file = sources.add("file.json", text);
    Repository::read(&sources).get(file).format
}

fn run(files: &[(&str, &str)]) -> (Sources, Report) {
    let mut sources = Sources::new();
    for (path, text) in files {
        sources.add(*path, *text);
    }
    let report = lint(&sources, &builtin::asked_by_default(), &Options::default());
    (sources, report)
}

/// The rules that fired, each with the text under its primary label.
fn found(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let (sources, report) = run(files);
    let place = |found: &Diagnostic| sources.slice(found.primary.span).to_owned();
    report.diagnostics.iter().map(|found| (found.rule.clone(), place(found))).collect()
}

fn fires(found: &[(String, String)], rule: &str) -> bool {
    found.iter().any(|(fired, _)| fired == rule)
}

fn role(name: &str, account: &str, more: &str) -> String {
    format!(
        r#"{{"RoleName": "{name}", "Arn": "arn:aws:iam::{account}:role/{name}", "AssumeRolePolicyDocument": {TRUST}{more}}}"#
    )
}

/// A role as an account's details show it.
fn whole_role(name: &str, account: &str, document: &str) -> String {
    let policies = format!(
        r#", "RolePolicyList": [{{"PolicyName": "own", "PolicyDocument": {document}}}], "AttachedManagedPolicies": []"#
    );
    role(name, account, &policies)
}

fn account(roles: &[String]) -> String {
    format!(r#"{{"RoleDetailList": [{}], "IsTruncated": false}}"#, roles.join(", "))
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[test]
fn only_the_shapes_of_the_cli_are_taken_for_its_output() {
    let ours = [
        account(&[]),
        format!(r#"{{"Role": {}}}"#, role("a", "111122223333", "")),
        r#"{"AttachedPolicies": []}"#.into(),
        r#"{"RoleName": "a", "PolicyName": "b", "PolicyDocument": {}}"#.into(),
        r#"{"projects": [], "projectsNotFound": ["a"]}"#.into(),
        r#"{"Policy": "{\"Statement\": []}", "RevisionId": "1"}"#.into(),
    ];
    for text in ours {
        assert_eq!(format_of(&text), Format::CliDump, "{text}");
    }
    let others = [
        r#"{"name": "shop", "version": "1.0.0", "projects": ["a", "b"]}"#,
        r#"{"projects": {"app": {"root": "", "sourceRoot": "src"}}}"#,
        r#"{"kind": "Role", "metadata": {"name": "reader"}, "rules": [{"verbs": ["get"]}]}"#,
        r#"{"pipeline": {"stages": ["build", "test"]}}"#,
        r#"{"Roles": ["admin"], "Users": [{"UserName": "ana"}], "Policy": "strict"}"#,
        r#"{"name": "shop", "source": {"type": "git"}, "environment": "node"}"#,
    ];
    for text in others {
        assert_eq!(format_of(text), Format::Other, "{text}");
    }
}

#[test]
fn a_document_is_underlined_exactly_however_it_is_written() {
    let quoted = format!("{CREATES_ROLES:?}");
    let encoded = format!("\"{}\"", percent_encoded(CREATES_ROLES));
    for (document, action) in [
        (CREATES_ROLES, "\"iam:CreateRole\""),
        (&quoted, "\\\"iam:CreateRole\\\""),
        (&encoded, "%22iam%3ACreateRole%22"),
    ] {
        let found = found(&[("a.json", &account(&[whole_role("build", "111122223333", document)]))]);
        let places: Vec<&str> = found
            .iter()
            .filter(|(rule, _)| rule == "ci-role-creates-principals")
            .map(|(_, place)| place.as_str())
            .collect();
        assert_eq!(places, [action]);
    }
}

#[test]
fn an_encoded_text_that_is_cut_is_not_taken_for_a_document() {
    let (_, report) = run(&[("a.json", &account(&[whole_role("build", "111122223333", r#""%7B%22Statement%2""#)]))]);
    assert!(report.diagnostics.iter().all(|found| found.rule != "ci-role-creates-principals"));
}

#[test]
fn a_role_and_its_policy_of_two_files_are_one_and_what_is_not_shown_is_said() {
    let role = format!(r#"{{"Role": {}}}"#, role("build", "111122223333", ""));
    let policy = format!(r#"{{"RoleName": "build", "PolicyName": "own", "PolicyDocument": {CREATES_ROLES}}}"#);
    let alone = found(&[("a/role.json", &role)]);
    assert!(fires(&alone, "role-policy-unavailable") && !fires(&alone, "ci-role-creates-principals"));
    let both = found(&[("a/policy.json", &policy), ("a/role.json", &role)]);
    assert!(fires(&both, "role-policy-unavailable") && fires(&both, "ci-role-creates-principals"));
    let names = r#"{"PolicyNames": ["own"]}"#;
    let attached = r#"{"AttachedPolicies": []}"#;
    let all = [("a/policy.json", &*policy), ("a/role.json", &role), ("a/names.json", names), ("a/x.json", attached)];
    let whole = found(&all);
    assert!(!fires(&whole, "role-policy-unavailable") && fires(&whole, "ci-role-creates-principals"));
    let two = r#"{"PolicyNames": ["own", "other"]}"#;
    let missing =
        found(&[("a/policy.json", &policy), ("a/role.json", &role), ("a/n.json", two), ("a/x.json", attached)]);
    assert!(fires(&missing, "role-policy-unavailable"));
}

#[test]
fn roles_of_two_accounts_with_one_name_are_two() {
    let harmless = r#"{"Version": "2012-10-17", "Statement": []}"#;
    let accounts =
        account(&[whole_role("build", "111122223333", harmless), whole_role("build", "444455556666", CREATES_ROLES)]);
    let project = |account: &str| {
        format!(
            r#"{{"projects": [{{"name": "ci", "source": {{"type": "GITHUB"}}, "artifacts": {{"type": "NO_ARTIFACTS"}},
            "serviceRole": "arn:aws:iam::{account}:role/build"}}]}}"#
        )
    };
    let told_of_project = |account: &str| {
        let (_, report) = run(&[("account.json", &accounts), ("projects.json", &project(account))]);
        report.diagnostics.iter().any(|found| found.message.contains("builds of `ci`"))
    };
    assert!(told_of_project("444455556666"));
    assert!(!told_of_project("111122223333"));
    // A policy that names the role alone may be of either.
    let policy = format!(r#"{{"RoleName": "build", "PolicyName": "own", "PolicyDocument": {CREATES_ROLES}}}"#);
    let accounts =
        account(&[whole_role("build", "111122223333", harmless), whole_role("build", "444455556666", harmless)]);
    let found = found(&[("account.json", &accounts), ("policy.json", &policy)]);
    assert!(fires(&found, "role-policy-unavailable") && !fires(&found, "ci-role-creates-principals"));
}

#[test]
fn one_role_that_two_outputs_tell_of_is_told_once() {
    let whole = account(&[whole_role("build", "111122223333", CREATES_ROLES)]);
    let listed = format!(r#"{{"Roles": [{}]}}"#, role("build", "111122223333", ""));
    let (_, report) = run(&[("a-roles.json", &listed), ("account.json", &whole)]);
    assert_eq!(report.summary.roles, 1);
    assert!(report.summary.not_analysed.is_empty());
    assert!(report.diagnostics.iter().all(|found| found.rule != "role-policy-unavailable"));
    let (_, twice) = run(&[("account-1.json", &whole), ("account-2.json", &whole)]);
    assert_eq!(twice.summary.roles, 1);
    assert_eq!(twice.summary.not_analysed.len(), 1, "that the second is left out is said");
}

#[test]
fn values_in_a_row_are_read_one_by_one_and_a_cut_one_is_said() {
    let page = |name: &str| account(&[whole_role(name, "111122223333", CREATES_ROLES)]);
    let (_, report) = run(&[("pages.json", &format!("{}\n{}", page("one"), page("two")))]);
    assert_eq!(report.summary.roles, 2);
    assert!(report.diagnostics.iter().all(|found| found.rule != "parse-error"));
    let second = page("two");
    let cut = format!("{}\n{}", page("one"), &second[..second.len() / 2]);
    let found = found(&[("pages.json", &cut)]);
    assert!(fires(&found, "ci-role-creates-principals") && fires(&found, "parse-error"));
    let (_, template) = run(&[("t.json", r#"{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}} {"b": 1}"#)]);
    assert!(template.diagnostics.iter().any(|found| found.rule == "parse-error"));
}

#[test]
fn a_large_account_read_object_by_object_gives_the_same_report() {
    let mut roles: Vec<String> =
        (0..40).map(|number| whole_role(&format!("build-{number}"), "111122223333", CREATES_ROLES)).collect();
    roles[3] = roles[3].replace("iam:CreateRole", "iam:CreateRolle");
    let small = format!(r#"{{"RoleDetailList": [{}], "IsTruncated": true}}"#, roles.join(", "));
    // White space at the end moves nothing, and makes the file large.
    let large = format!("{small}{}", "\n".repeat(1 << 20));
    let told = |text: &str| {
        let (sources, report) = run(&[("account.json", text)]);
        let not_analysed: Vec<String> = report.summary.not_analysed.iter().map(|one| one.reason.clone()).collect();
        (
            render(&Report { summary: Default::default(), ..report }, &sources, Written::Json, &Style::default(), None),
            not_analysed,
        )
    };
    let (small, large) = (told(&small), told(&large));
    assert!(small.0.contains("ci-role-creates-principals") && small.0.contains("unknown-action"));
    assert_eq!(small, large);
    assert_eq!(small.1.len(), 1);
}

#[test]
fn versions_of_a_policy_of_a_large_account_are_read_where_somebody_may_choose_them() {
    let version = |name: &str| {
        let text = fs::read_to_string(format!("fixtures/rules/broader-non-default-version/{name}")).expect("a fixture");
        let large = format!("{text}{}", "\n".repeat(1 << 20));
        let (sources, report) = run(&[("account.json", &large)]);
        let mut told = report.diagnostics.iter().filter(|found| found.rule == "broader-non-default-version");
        told.next()
            .map(|found| (sources.slice(found.primary.span).to_owned(), sources.position(found.primary.span).line))
    };
    assert_eq!(version("bad.json"), Some((r#""v1""#.to_owned(), 95)));
    assert_eq!(version("bad-encoded.json").map(|(text, _)| text), Some(r#""v1""#.to_owned()));
    assert_eq!(version("good-allows-less.json"), None);
}

#[test]
fn the_empty_sid_that_the_console_writes_is_no_finding() {
    let with_sid = |text: &str| text.replace(r#"{"Effect": "Allow""#, r#"{"Sid": "", "Effect": "Allow""#);
    let role = whole_role("build", "111122223333", CREATES_ROLES);
    let by_console = role.replace(TRUST, &with_sid(TRUST));
    assert_ne!(by_console, role);
    assert!(!fires(&found(&[("account.json", &account(&[by_console]))]), "empty-element"));
    let by_hand = whole_role("build", "111122223333", &with_sid(CREATES_ROLES));
    assert!(fires(&found(&[("account.json", &account(&[by_hand]))]), "empty-element"));
}

const PIPELINE_ACCOUNT: &str = "fixtures/projects/only-the-pipeline/account";

/// The files of the account in which only the pipeline is to deploy, with other details of the account.
fn pipeline_account(details: &[String]) -> Vec<(String, String)> {
    let read = |name: &str| fs::read_to_string(format!("{PIPELINE_ACCOUNT}/{name}")).expect("a fixture");
    let mut files: Vec<(String, String)> =
        ["pipeline.json", "projects.json"].iter().map(|name| ((*name).to_owned(), read(name))).collect();
    files.extend(details.iter().enumerate().map(|(index, text)| (format!("account-{index}.json"), text.clone())));
    files
}

fn details() -> Value {
    let text = fs::read_to_string(format!("{PIPELINE_ACCOUNT}/account.json")).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

/// What is found, whatever file it stands in, and what is not analysed.
fn told_of_account(details: &[String]) -> (Vec<String>, Vec<String>) {
    let files = pipeline_account(details);
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (_, report) = run(&files);
    let line = |one: &Diagnostic| format!("{} {} {}", one.severity, one.rule, one.message);
    let mut found: Vec<String> = report.diagnostics.iter().map(line).collect();
    found.sort();
    (found, report.summary.not_analysed.into_iter().map(|one| one.reason).collect())
}

#[test]
fn who_deploys_is_told_from_pipeline_and_build() {
    let files = pipeline_account(&[details().to_string()]);
    let mut sources = Sources::new();
    files.iter().for_each(|(path, text)| _ = sources.add(path.as_str(), text.as_str()));
    let understood = understand(&sources, &Options::default());
    let model = &understood.model;
    let names =
        |ids: &BTreeSet<usize>| ids.iter().map(|id| model.principal(*id).display().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&model.deployers.principals), ["cd-deployer"]);
    assert_eq!(names(&model.deployers.execution), ["cfn-exec"]);
}

/// Documents as the API gives them.
fn encode(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match key.as_str() {
                    "AssumeRolePolicyDocument" | "PolicyDocument" | "Document" => {
                        *value = Value::String(percent_encoded(&value.to_string()));
                    }
                    _ => encode(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(encode),
        _ => {}
    }
}

/// Every third object of each list.
fn page(details: &Value, number: usize) -> Value {
    let mut page = details.clone();
    for (_, list) in page.as_object_mut().expect("an object") {
        let Some(items) = list.as_array_mut() else { continue };
        *items = items.iter().skip(number).step_by(3).cloned().collect();
    }
    if number < 2 {
        page["IsTruncated"] = Value::Bool(true);
        page["Marker"] = Value::String("ANeXamPLeToKeN".to_owned());
    }
    page
}

#[test]
fn an_account_is_one_however_it_is_written() {
    let whole = told_of_account(&[details().to_string()]);
    assert_eq!(whole.0.len(), 12, "the role for emergencies is not told of here: {:?}", whole.0);
    assert!(whole.1.is_empty(), "{:?}", whole.1);
    let mut encoded = details();
    encode(&mut encoded);
    assert_eq!(told_of_account(&[encoded.to_string()]), whole, "encoded");
    let pages: Vec<String> = (0..3).map(|number| page(&details(), number).to_string()).collect();
    assert_eq!(told_of_account(&[pages.join("\n")]), whole, "one behind the other");
    assert_eq!(told_of_account(&pages), whole, "in a file each");
    assert_eq!(told_of_account(&[pages[2].clone(), pages[0].clone(), pages[1].clone()]), whole, "in another order");
}

#[test]
fn an_account_that_is_cut_off_is_said_to_be() {
    let mut pages: Vec<String> = (0..3).map(|number| page(&details(), number).to_string()).collect();
    pages[2] = pages[2].replace(r#""IsTruncated":false"#, r#""IsTruncated":true,"Marker":"ANeXamPLe""#);
    let stops = |details: &[String]| {
        let (_, not_analysed) = told_of_account(details);
        not_analysed.iter().filter(|reason| reason.contains("more was to come")).count()
    };
    assert_eq!(stops(&[pages.join("\n")]), 1);
    assert_eq!(stops(&pages), 3);
    let other = details().to_string().replace("444455556666", "111122223333");
    pages.push(other);
    assert_eq!(stops(&pages), 3, "the account that is whole is another one");
}

/// The places of what is not analysed, with the reasons.
fn not_analysed(text: &str) -> Vec<(String, String)> {
    let (sources, report) = run(&[("account.json", text)]);
    let told = report.summary.not_analysed.into_iter();
    told.map(|one| (sources.slice(one.span.expect("a place")).to_owned(), one.reason)).collect()
}

#[test]
fn where_an_output_stops_is_pointed_at() {
    for (key, value, place) in
        [("IsTruncated", "true", "true"), ("Marker", "\"ANeXamPLe\"", "\"ANeXamPLe\""), ("IsTruncated", "false", "")]
    {
        let text = format!(r#"{{"RoleDetailList": [{}], "{key}": {value}}}"#, role("a", "111122223333", ""));
        let text = text.replace("codebuild", "lambda");
        let told = not_analysed(&text);
        let places: Vec<&str> = told
            .iter()
            .filter(|(_, reason)| reason.contains("more was to come"))
            .map(|(place, _)| place.as_str())
            .collect();
        assert_eq!(places, if place.is_empty() { vec![] } else { vec![place] }, "{key}: {value}");
    }
}

#[test]
fn a_policy_that_is_attached_and_in_none_of_the_files_is_pointed_at() {
    let holder = |name: &str, arn: &str| {
        let policies = format!(
            r#", "RolePolicyList": [], "AttachedManagedPolicies": [{{"PolicyName": "own", "PolicyArn": "{arn}"}}]"#
        );
        role(name, "111122223333", &policies)
    };
    let (own, other) = ("arn:aws:iam::111122223333:policy/own", "arn:aws:iam::111122223333:policy/other");
    let of_aws = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    let workload = |arns: &[&str]| {
        let roles: Vec<String> = arns.iter().enumerate().map(|(at, arn)| holder(&format!("r{at}"), arn)).collect();
        account(&roles).replace("codebuild", "lambda")
    };
    let told = not_analysed(&workload(&[own]));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0.contains(own) && told[0].1.contains("`r0`") && told[0].1.ends_with("in none of the files"));
    // One line for an output, however much is missing in it.
    let told = not_analysed(&workload(&[own, of_aws, other]));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0.contains(own) && told[0].1.ends_with("and 1 more such"), "{told:?}");
    // What AWS writes is known, and of roles of CI a rule tells.
    assert_eq!(not_analysed(&workload(&[of_aws])), []);
    let of_ci = account(&[holder("build", own)]);
    assert_eq!(not_analysed(&of_ci), []);
    assert!(fires(&found(&[("account.json", &of_ci)]), "role-policy-unavailable"));
    // Where a file of its own has the policy, nothing is missing.
    let policy = format!(
        r#"{{"Policies": [{{"PolicyName": "own", "Arn": "{own}", "DefaultVersionId": "v1", "PolicyVersionList": [
        {{"VersionId": "v1", "IsDefaultVersion": true, "Document": {CREATES_ROLES}}}]}}], "RoleDetailList": []}}"#
    );
    let (_, report) = run(&[("account.json", &workload(&[own])), ("policies.json", &policy)]);
    assert_eq!(report.summary.not_analysed.len(), 0);
}

#[test]
fn who_is_for_emergencies_shows_a_second_factor_or_is_named() {
    let mut whole = details();
    for role in whole["RoleDetailList"].as_array_mut().expect("roles") {
        for policy in role["AttachedManagedPolicies"].as_array_mut().expect("policies") {
            if policy["PolicyName"] == "AdministratorAccess" {
                policy["PolicyArn"] = "arn:aws:iam::aws:policy/AWSCodeDeployFullAccess".into();
            }
        }
    }
    let whole = whole.to_string();
    let of = |condition: &str, config: &str| {
        let mfa = r#""Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"900"}"#;
        assert!(whole.contains(mfa));
        let mut sources = Sources::new();
        let file = sources.add("iamlint.toml", config);
        let config = Config::read(&sources, file, "").unwrap_or_else(|problems| panic!("{problems:?}"));
        for (path, text) in pipeline_account(&[whole.replacen(mfa, condition, 1)]) {
            sources.add(path, text);
        }
        let options = Options { config, ..Options::default() };
        let report = lint(&sources, &builtin::asked_by_default(), &options);
        let deploys =
            |one: &&Diagnostic| one.rule == "deploy-permission-outside-pipeline" && one.message.contains("`bg-admin`");
        let notes = |one: &Diagnostic| one.notes.iter().any(|note| note.contains("for emergencies"));
        report.diagnostics.iter().find(deploys).map(|one| (one.severity, notes(one)))
    };
    let named = "[deployment]\nbreak-glass = [\"bg-*\"]\n";
    for guarded in
        [r#""Bool":{"aws:MultiFactorAuthPresent":"true"}"#, r#""NumericLessThan":{"aws:MultiFactorAuthAge":"900"}"#]
    {
        assert_eq!(of(guarded, named), None, "{guarded}");
        assert_eq!(of(guarded, ""), Some((Severity::High, false)), "{guarded}");
    }
    for open in [
        r#""BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}"#,
        r#""Bool":{"aws:MultiFactorAuthPresent":"false"}"#,
        r#""StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}"#,
    ] {
        assert_eq!(of(open, named), Some((Severity::Medium, true)), "{open}");
    }
}
