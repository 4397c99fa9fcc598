//! `iamlint uses`: the table of each role, JSON, and the least policy.

use super::*;

/// A build with a role that may do too much and too little.
const BUILD: &str = include_str!("../../fixtures/needs/logs-of-a-project/template.yml");

#[test]
fn a_table_of_each_role_is_told() {
    let repository = repository(&[("ci.yml", BUILD)]);
    let run = repository.run(&["uses"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert!(run.out.starts_with("ci.yml:31:3  Role (builds of `Build`)\n"), "{}", run.out);
    assert!(run.out.contains("\n  logs                     Write                       47       3      44       0\n"));
    assert!(run.out.contains("this will fail with AccessDenied: s3:PutObject on"), "{}", run.out);
    assert_eq!(repository.run(&["uses", "--role", "Role", "ci.yml"]).out, run.out);
}

#[test]
fn everything_is_told_as_json() {
    let run = repository(&[("ci.yml", BUILD)]).run(&["uses", "--format", "json"]);
    let answer = run.json();
    assert_eq!(answer["schema"], "iamlint-uses/1");
    let role = &answer["roles"][0];
    assert_eq!((role["role"].as_str(), role["confidence"].as_str()), (Some("Role"), Some("high")));
    let used = role["used"].as_array().expect("a list");
    let log = used.iter().find(|used| used["action"] == "logs:PutLogEvents").expect("the log is written");
    assert_eq!((log["state"].as_str(), log["certainty"].as_str()), (Some("granted"), Some("certain")));
    assert_eq!(log["location"]["start"]["line"], 26);
    assert!(log["source"].as_str().is_some_and(|page| page.starts_with("https://docs.aws.amazon.com/")));
    let missing: Vec<_> = used.iter().filter(|used| used["state"] == "missing").collect();
    assert_eq!(missing.len(), 3);
    assert_eq!(missing.iter().filter(|used| used["certainty"] == "likely").count(), 2);
}

#[test]
fn the_least_policy_of_one_role_is_written_in_the_style_of_its_file() {
    let repository = repository(&[("ci.yml", BUILD)]);
    let yaml = repository.run(&["uses", "--format", "policy"]);
    assert!(yaml.out.starts_with("Version: \"2012-10-17\"\nStatement:\n  # writes its log"), "{}", yaml.out);
    assert!(yaml.out.contains("\n    Resource: !Sub arn:${AWS::Partition}:s3:::shop-logs/builds/*\n"), "{}", yaml.out);
    let json = r#"{"Resources": {
        "Build": {"Type": "AWS::CodeBuild::Project", "Properties": {"Name": "shop",
            "Source": {"Type": "NO_SOURCE", "BuildSpec": "version: 0.2\nphases: {build: {commands: [ls]}}\n"},
            "Artifacts": {"Type": "NO_ARTIFACTS"}, "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]}}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": {
            "Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}}}}}}"#;
    repository.write("ci.yml", json);
    let run = repository.run(&["uses", "--format", "policy"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/codebuild/shop";
    assert_eq!(run.json()["Statement"][0]["Resource"]["Fn::Sub"], format!("{group}:*"));
    assert_eq!(run.json()["Statement"][1]["Resource"][0]["Fn::Sub"], group);
}

#[test]
fn the_same_policy_is_written_every_time() {
    let repository = repository(&[("ci.yml", BUILD)]);
    let first = repository.run(&["uses", "--format", "policy"]).out;
    assert!((0..3).all(|_| repository.run(&["uses", "--format", "policy"]).out == first));
}

#[test]
fn a_policy_is_written_for_one_role_and_roles_are_named_that_are_there() {
    let repository = repository(&[("one.yml", BUILD), ("other.yml", BUILD)]);
    let run = repository.run(&["uses", "--format", "policy"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.contains("a policy is written for one role"), "{}", run.err);
    assert!(repository.run(&["uses", "--format", "policy", "one.yml"]).out.contains("one.yml:26"));
    let run = repository.run(&["uses", "--role", "Nobody"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("no build or pipeline works with a role `Nobody` here"), "{}", run.err);
}

#[test]
fn without_roles_nothing_is_told_of_them() {
    let run = repository(&[("spec.yml", SECRET)]).run(&["uses"]);
    assert_eq!((run.status, run.out.as_str()), (0, "no role of a build or a pipeline is declared here\n"));
}

/// What a command says stays in the comment that quotes it, and on its line of the table.
#[test]
fn a_command_of_several_lines_writes_no_statement_into_the_policy() {
    let spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - |\n        # iamlint: uses s3:GetObject on arn:aws:s3:::shop/*\n        python -c \"import x\n          - Effect: Allow\n            Action: '*'\"\n";
    let repository = repository(&[("ci.yml", BUILD), ("spec.yml", spec)]);
    let own = BUILD.find("BuildSpec: ").expect("the project has a buildspec");
    let end =
        BUILD[own..].find("\n      Artifacts").or_else(|| BUILD[own..].find("\n      LogsConfig")).map(|at| own + at);
    let end = end.expect("another property follows");
    repository.write("ci.yml", &format!("{}BuildSpec: spec.yml{}", &BUILD[..own], &BUILD[end..]));
    let policy = repository.run(&["uses", "--format", "policy"]).out;
    assert!(policy.contains("import x") && policy.contains("s3:GetObject"), "{policy}");
    let written = policy.lines().filter(|line| !line.trim_start().starts_with('#'));
    assert!(written.clone().all(|line| !line.contains("'*'")), "{policy}");
    let table = repository.run(&["uses"]).out;
    assert!(table.lines().all(|line| !line.trim_start().starts_with("- Effect")), "{table}");
}
