//! What commands need, through the model. `fixtures/commands/needs.txt` holds a command a line, and below
//! it what it needs; `BLESS=1` writes that anew. With `IAMLINT_CORPUS`, how many calls of the command line
//! of AWS in its files are understood; `IAMLINT_CORPUS_DETAIL=1` lists the others.

mod walk;

use iamlint::iam::catalogue;
use iamlint::model::lower::{self, Asked, Fragment};
use iamlint::model::{self, Given, Model};
use iamlint::needs::command::{needs, of_all};
use iamlint::needs::{Certainty, Needs};
use iamlint::source::Sources;
use iamlint::template::Repository;
use iamlint::value::Text;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

const COMMANDS: &str = "fixtures/commands/needs.txt";

#[test]
fn commands_need_what_the_table_says() {
    let text = fs::read_to_string(COMMANDS).expect("the table of commands");
    let mut made = String::new();
    let mut count = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let buildspec = format!("version: 0.2\nphases:\n  build:\n    commands:\n      - |\n        {line}\n");
        let model = model_of(&[("buildspec.yml", &buildspec)]);
        let commands = &model.buildspecs[0].commands;
        let found = commands.first().map(|command| needs(&model, commands, command)).unwrap_or_default();
        made.push_str(&format!("$ {line}\n"));
        shown(&found).iter().for_each(|need| made.push_str(&format!("{need}\n")));
        count += 1;
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(COMMANDS, &made).expect("the table is writable");
        return;
    }
    assert!(count > 120, "{count} commands");
    for (is, should) in made.lines().zip(text.lines()) {
        assert_eq!(is, should);
    }
    assert_eq!(made.lines().count(), text.lines().count());
}

const TEMPLATE: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Jobs:
    Type: AWS::SQS::Queue
";

#[test]
fn a_stack_needs_what_its_resources_need() {
    let deploy = "aws cloudformation deploy --stack-name demo --template-file infra/template.yml";
    let model = model_of(&[("buildspec.yml", &buildspec(&[deploy])), ("infra/template.yml", TEMPLATE)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    assert!(found.contains(&"sqs:CreateQueue on arn:P:sqs:R:A:demo-*".to_owned()), "{found:#?}");
    assert!(!found.iter().any(|line| line.starts_with('!')), "{found:#?}");
    // Under a condition it may not be made.
    let conditional = TEMPLATE.replace("SQS::Queue\n", "SQS::Queue\n    Condition: IsProd\n");
    let model = model_of(&[("buildspec.yml", &buildspec(&[deploy])), ("infra/template.yml", &conditional)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    assert!(found.iter().any(|line| line.starts_with("? ") && line.contains("sqs:CreateQueue")), "{found:#?}");
    // With a role, CloudFormation makes them with its rights.
    let with_role = format!("{deploy} --role-arn arn:aws:iam::111122223333:role/cfn");
    let model = model_of(&[("buildspec.yml", &buildspec(&[&with_role])), ("infra/template.yml", TEMPLATE)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    assert!(!has(&found, "sqs:CreateQueue"), "{found:#?}");
    let pass =
        "iam:PassRole on arn:aws:iam::111122223333:role/cfn if iam:PassedToService is cloudformation.amazonaws.com";
    assert!(found.contains(&pass.to_owned()), "{found:#?}");
    // What `package` writes is what it reads.
    let package =
        "aws cloudformation package --template-file template.yml --s3-bucket b --output-template-file out.yml";
    let commands = ["cd infra", package, "aws cloudformation deploy --stack-name demo --template-file out.yml"];
    let model = model_of(&[("buildspec.yml", &buildspec(&commands)), ("infra/template.yml", TEMPLATE)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    assert!(has(&found, "sqs:CreateQueue"), "{found:#?}");
    // A template that is not there is said.
    let model = model_of(&[("buildspec.yml", &buildspec(&[deploy]))]);
    let found = of_all(&model, &model.buildspecs[0].commands);
    assert_eq!(found.unknown.len(), 1);
}

#[test]
fn a_service_is_deployed_as_its_file_says() {
    let service = "service: orders\nprovider:\n  name: aws\n  stage: dev\n  deploymentBucket: artifacts\nfunctions:\n  hello:\n    handler: h.h\n";
    let model = model_of(&[("buildspec.yml", &buildspec(&["sls deploy --stage prod"])), ("serverless.yml", service)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    assert!(has(&found, "arn:P:cloudformation:R:A:stack/orders-prod/*"), "{found:#?}");
    assert!(has(&found, "arn:P:s3:::artifacts/*"), "{found:#?}");
    assert!(has(&found, "lambda:CreateFunction"), "{found:#?}");
    let with_role =
        service.replace("  stage: dev\n", "  iam:\n    deploymentRole: arn:aws:iam::111122223333:role/cfn\n");
    let model = model_of(&[("buildspec.yml", &buildspec(&["sls deploy"])), ("serverless.yml", &with_role)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    assert!(
        has(&found, "stack/orders-dev/*") && has(&found, "iam:PassRole on arn:aws:iam::111122223333:role/cfn"),
        "{found:#?}"
    );
    assert!(!has(&found, "lambda:CreateFunction"), "{found:#?}");
}

#[test]
fn buildspecs_in_templates_have_their_variables() {
    let template = "\
Resources:
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      Environment:
        EnvironmentVariables:
          - {Name: BUCKET, Value: releases}
          - {Name: OTHER, Value: !Ref Bucket}
      Source:
        Type: GITHUB
        BuildSpec: |
          version: 0.2
          phases:
            build:
              commands:
                - aws s3 cp a.zip s3://$BUCKET/$NAME/
                - aws s3 cp a.zip s3://$OTHER/a
  Bucket:
    Type: AWS::S3::Bucket
";
    let model = model_of(&[("template.yml", template)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    assert!(has(&found, "s3:PutObject on arn:P:s3:::releases/${env:NAME}/a.zip"), "{found:#?}");
    assert!(has(&found, "s3:PutObject on arn:P:s3:::${Bucket}/a"), "{found:#?}");
}

#[test]
fn comments_say_what_a_command_uses() {
    let script = "#!/bin/sh\n# iamlint: uses dynamodb:Query on arn:aws:dynamodb:*:*:table/t\npython run.py; ls\n";
    let buildspec = "\
version: 0.2
phases:
  build:
    commands:
      # iamlint: uses s3:GetObject s3:PutObject on arn:aws:s3:::demo/*
      - python x.py
      # iamlint: uses nothing
      - node y.js
      # iamlint: uses s3:Nope on arn:aws:s3:::demo
      - python z.py
      - |
        true
        # iamlint: uses sqs:SendMessage
        ./tool
      - sh run.sh
      - python last.py
";
    let model = model_of(&[("buildspec.yml", buildspec), ("run.sh", script)]);
    assert_eq!(
        shown(&of_all(&model, &model.buildspecs[0].commands)),
        [
            "s3:GetObject s3:PutObject on arn:aws:s3:::demo/*",
            "? sqs:SendMessage on arn:P:sqs:R:A:${?QueueName}",
            "dynamodb:Query on arn:aws:dynamodb:*:*:table/t",
            "! `python z.py`: the comment above it names `s3:Nope`, and there is no such action",
            "! `python last.py`: a program in another language than that of the shell",
        ]
    );
}

#[test]
fn other_credentials_are_not_those_of_the_build() {
    let commands = [
        "aws s3 ls",
        "export AWS_ACCESS_KEY_ID=$(cat key)",
        "aws s3 ls s3://other",
        "echo hello",
        "unset AWS_ACCESS_KEY_ID",
        "aws s3 ls s3://own",
    ];
    let model = model_of(&[("buildspec.yml", &buildspec(&commands))]);
    assert_eq!(
        shown(&of_all(&model, &model.buildspecs[0].commands)),
        [
            "s3:ListAllMyBuckets on *",
            "s3:ListBucket on arn:P:s3:::own",
            "! `aws s3 ls`: it runs with other credentials than those of the build",
        ]
    );
}

#[test]
fn what_may_not_run_may_be_needed() {
    let package = r#"{"scripts": {"dev": "aws s3 ls s3://dev", "prod": "aws s3 ls s3://prod"}}"#;
    let commands = [
        "STAGE=dev",
        "if test -f x; then STAGE=prod; fi",
        "npm run $STAGE",
        "if test -f y; then aws s3 rm s3://demo/y; fi",
        "aws s3 rm s3://demo/z",
    ];
    let model = model_of(&[("buildspec.yml", &buildspec(&commands)), ("package.json", package)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    let told: Vec<&str> = found.iter().map(String::as_str).collect();
    assert!(
        told.contains(&"? s3:ListBucket on arn:P:s3:::dev") && told.contains(&"? s3:ListBucket on arn:P:s3:::prod")
    );
    assert!(told.contains(&"? s3:DeleteObject on arn:P:s3:::demo/y"), "{told:#?}");
    assert!(told.contains(&"s3:DeleteObject on arn:P:s3:::demo/z"), "{told:#?}");
}

#[test]
fn what_a_script_runs_is_not_asked_of_the_script() {
    let package = r#"{"scripts": {"release": "aws s3 sync dist s3://demo", "test": "jest"}}"#;
    let model = model_of(&[("buildspec.yml", &buildspec(&["npm run release", "npm test"])), ("package.json", package)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    assert!(has(&found, "s3:PutObject on arn:P:s3:::demo/*"), "{found:#?}");
    assert_eq!(found.last().map(String::as_str), Some("! `jest`: it runs tests of the repository, which may call AWS"));
}

#[test]
fn the_tables_name_actions_that_there_are() {
    for line in table("commands") {
        let cells: Vec<&str> = line.split('\t').collect();
        let [_, _, _, names, _, _, certainty, source] = cells[..] else { panic!("{line}") };
        assert!(["certain", "likely", "none", "unknown"].contains(&certainty), "{line}");
        assert!(source.starts_with("https://"), "{line}");
        for name in names.split(',').filter(|name| *name != "-") {
            assert_eq!(catalogue::action(name).map(|action| action.full_name()).as_deref(), Some(name), "{line}");
        }
    }
    for line in table("handlers") {
        let cells: Vec<&str> = line.split('\t').collect();
        for group in cells[1..].iter().flat_map(|cell| cell.split(' ')).filter(|group| !group.is_empty()) {
            let (prefix, names) = group.split_once(':').expect("a service and its actions");
            assert!(names.split(',').all(|name| catalogue::action(&format!("{prefix}:{name}")).is_some()), "{group}");
        }
    }
    for line in table("programs") {
        assert!(
            matches!(line.split('\t').collect::<Vec<_>>()[..], [_, _, "none" | "opaque", why] if !why.is_empty()),
            "{line}"
        );
    }
    for line in table("waiters") {
        let cells: Vec<&str> = line.split('\t').collect();
        let [client, _, operation] = cells[..] else { panic!("{line}") };
        assert!(catalogue::client_service(client).is_some() && !operation.is_empty(), "{line}");
    }
    for line in table("arguments") {
        let cells: Vec<&str> = line.split('\t').collect();
        let [service, kind, name, _] = cells[..] else { panic!("{line}") };
        let kinds = catalogue::service(service).and_then(|service| service.resource_type(kind));
        let has_name = |arn: &str| arn.contains(&format!("${{{name}}}"));
        assert!(kinds.is_some_and(|kind| kind.arns().any(has_name)), "{line}");
    }
}

#[test]
fn calls_of_the_corpus_are_understood() {
    let Some(folder) = std::env::var_os("IAMLINT_CORPUS").map(PathBuf::from) else { return };
    let mut sources = Sources::new();
    for path in walk::files_below(&folder) {
        if let Ok(bytes) = fs::read(&path) {
            sources.add(walk::shown(&path), String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    let model = model(&sources);
    let (mut known, mut others, mut other) = (0, BTreeMap::<String, usize>::new(), 0);
    for build in model.buildspecs.iter().map(|one| &one.commands).chain(model.actions().map(|one| &one.commands)) {
        for command in build {
            let found = needs(&model, build, command);
            if command.program() != "aws" {
                other += usize::from(!found.unknown.is_empty());
                if !found.unknown.is_empty() && std::env::var_os("IAMLINT_CORPUS_DETAIL").is_some() {
                    println!("        {}", found.unknown[0].text);
                }
            } else if found.unknown.is_empty() {
                known += 1;
                if std::env::var_os("IAMLINT_CORPUS_DETAIL").is_some() {
                    let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
                    println!("    $ {}\n        {}", words.join(" "), shown(&found).join("\n        "));
                }
            } else {
                *others.entry(found.unknown[0].text.clone()).or_default() += 1;
            }
        }
    }
    println!("{known} calls understood, {} not, {other} other commands not", others.values().sum::<usize>());
    others.iter().for_each(|(text, count)| println!("    {count} {text}"));
}

/// A need a line: `?` in front where it is likely only, `!` in front of what is not known.
fn shown(needs: &Needs) -> Vec<String> {
    let short = |text: &Text| {
        let names = [("${AWS::Partition}", "P"), ("${AWS::Region}", "R"), ("${AWS::AccountId}", "A")];
        names.iter().fold(text.display().into_owned(), |text, (long, short)| text.replace(long, short))
    };
    let need = |need: &iamlint::needs::Need| {
        let actions: Vec<String> = need.actions.iter().map(|action| action.full_name()).collect();
        let resources: Vec<String> = need.resources.iter().map(short).collect();
        let conditions: Vec<String> =
            need.conditions.iter().map(|test| format!(" if {} is {}", test.key, test.values[0].display())).collect();
        let mark = if need.certainty == Certainty::Certain { "" } else { "? " };
        format!("{mark}{} on {}{}", actions.join(" "), resources.join(" "), conditions.concat())
    };
    let unknown = needs.unknown.iter().map(|reason| format!("! {}", reason.text));
    needs.needs.iter().map(need).chain(unknown).collect()
}

fn has(found: &[String], text: &str) -> bool {
    found.iter().any(|line| line.contains(text))
}

fn buildspec(commands: &[&str]) -> String {
    let lines: Vec<String> = commands.iter().map(|command| format!("      - {command}\n")).collect();
    format!("version: 0.2\nphases:\n  build:\n    commands:\n{}", lines.concat())
}

fn model_of(files: &[(&str, &str)]) -> Model {
    let mut sources = Sources::new();
    for (path, text) in files {
        sources.add(*path, *text);
    }
    model(&sources)
}

fn model(sources: &Sources) -> Model {
    let repository = Repository::read(sources);
    let fragments: Vec<Fragment> =
        sources.iter().map(|(file, _)| lower::lower(&repository, file, &Asked::All)).collect();
    model::link(sources, &repository, fragments, Given::default())
}

fn table(name: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("data/needs/{name}.tsv")).expect("a table");
    text.lines().map(str::to_owned).collect()
}

/// `${Key.Arn}` of a template is an ARN, and no name to put into one.
#[test]
fn the_arn_of_a_declared_key_is_taken_as_it_is() {
    let template = "\
Resources:
  Key: {Type: AWS::KMS::Key}
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: arn:aws:iam::111122223333:role/build
      Artifacts: {Type: NO_ARTIFACTS}
      Environment: {Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL, Image: \"aws/codebuild/standard:7.0\"}
      Source:
        Type: NO_SOURCE
        BuildSpec: !Sub |
          version: 0.2
          phases: {build: {commands: ['aws s3 cp a s3://demo/a --sse aws:kms --sse-kms-key-id ${Key.Arn}']}}
";
    let model = model_of(&[("template.yml", template)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    let of_key: Vec<&String> = found.iter().filter(|line| line.contains("kms:")).collect();
    assert_eq!(of_key, ["kms:GenerateDataKey kms:Decrypt on ${Key.Arn}"]);
}
