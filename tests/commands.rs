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

const BACKEND: &str = "\
terraform {
  backend \"s3\" {
    bucket = \"states\"
    key    = \"net/tf\"
    region = \"eu-west-1\"
  }
}
";

/// What commands need where these files are there, and a line for each need: its actions and resources.
fn of_terraform(commands: &[&str], files: &[(&str, &str)]) -> Vec<String> {
    let spec = buildspec(commands);
    let files: Vec<(&str, &str)> =
        [("buildspec.yml", spec.as_str())].into_iter().chain(files.iter().copied()).collect();
    let model = model_of(&files);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    found.into_iter().filter(|line| !line.ends_with("what its configuration makes is not read")).collect()
}

#[test]
fn a_state_of_terraform_is_read_by_all_and_written_by_those_that_change_it() {
    let of = |command: &str| of_terraform(&[command], &[("main.tf", BACKEND)]);
    let read = ["s3:ListBucket on arn:P:s3:::states", "s3:GetObject on arn:P:s3:::states/net/tf"];
    assert_eq!(of("terraform init"), read);
    assert_eq!(of("tofu plan"), read);
    assert_eq!(of("terraform state list"), read);
    let written = [read[0], read[1], "s3:PutObject on arn:P:s3:::states/net/tf"];
    assert_eq!(of("terraform apply -auto-approve"), written);
    assert_eq!(of("terraform state rm a.b"), written);
    // Whether the plan or the state is shown is not looked at.
    assert_eq!(of("terraform show -json plan.bin"), read.map(|line| format!("? {line}")));
    for command in ["terraform validate", "terraform fmt", "terraform init -backend=false", "terraform test"] {
        assert_eq!(of(command), Vec::<String>::new(), "{command}");
    }
    // What it makes is said to be unknown still.
    let model = model_of(&[("buildspec.yml", &buildspec(&["terraform apply"])), ("main.tf", BACKEND)]);
    let needs = of_all(&model, &model.buildspecs[0].commands);
    assert!(needs.unknown.iter().any(|reason| reason.text.contains("makes is not read")), "{:?}", needs.unknown);
    // The place is that of the backend.
    assert!(
        needs.needs.iter().all(|need| model.paths[need.span.file.index()] == "main.tf" && need.caused_by.is_some())
    );
    assert_eq!(needs.needs[0].span.range(), 14..26);
}

#[test]
fn a_state_of_terraform_is_locked_and_encrypted_as_its_backend_says() {
    let with = |settings: &str| BACKEND.replace("    region", &format!("{settings}\n    region"));
    let of = |command: &str, settings: &str| of_terraform(&[command], &[("main.tf", &with(settings))]);
    let lock = "s3:DeleteObject s3:GetObject s3:PutObject on arn:P:s3:::states/net/tf.tflock".to_owned();
    assert!(of("terraform plan", "use_lockfile = true").contains(&lock));
    assert!(!of("terraform plan -lock=false", "use_lockfile = true").contains(&lock));
    assert!(!of("terraform plan", "use_lockfile = false").contains(&lock));
    assert!(!of("terraform init", "use_lockfile = true").contains(&lock));
    let table = "arn:P:dynamodb:eu-west-1:A:table/locks";
    let found = of("terraform plan", "dynamodb_table = \"locks\"");
    assert_eq!(
        found[2..],
        [
            format!("dynamodb:GetItem on {table}"),
            format!("dynamodb:DeleteItem dynamodb:PutItem on {table}"),
            format!("? dynamodb:DescribeTable on {table}"),
        ]
    );
    assert_eq!(
        of("terraform plan -lock=false", "dynamodb_table = \"locks\"")[2..],
        [format!("? dynamodb:GetItem on {table}")]
    );
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234";
    let found = of("terraform apply", &format!("encrypt = true\n    kms_key_id = \"{key}\""));
    assert_eq!(
        found[3..],
        [format!("kms:Decrypt on {key}"), format!("kms:GenerateDataKey on {key}"), format!("? kms:Encrypt on {key}")]
    );
    // Without `encrypt` the key has no use.
    assert!(has(&of("terraform apply", &format!("kms_key_id = \"{key}\"")), "? kms:GenerateDataKey"));
    assert!(has(&of("terraform apply", "acl = \"private\""), "s3:PutObject s3:PutObjectAcl on"));
}

#[test]
fn a_state_of_terraform_that_others_keep_asks_nothing_more_of_the_build() {
    let with = |settings: &str| BACKEND.replace("    region", &format!("{settings}\n    region"));
    let of = |text: &str| of_terraform(&["terraform apply"], &[("main.tf", text)]);
    let role = "sts:AssumeRole on arn:aws:iam::111122223333:role/states";
    assert_eq!(of(&with("assume_role = { role_arn = \"arn:aws:iam::111122223333:role/states\" }")), [role]);
    assert_eq!(of(&with("assume_role {\n role_arn = \"arn:aws:iam::111122223333:role/states\"\n }")), [role]);
    assert_eq!(of(&with("role_arn = \"arn:aws:iam::111122223333:role/states\"")), [role]);
    for backend in ["local", "remote", "gcs", "azurerm", "http"] {
        assert_eq!(of(&BACKEND.replace("s3", backend)), Vec::<String>::new(), "{backend}");
    }
    assert_eq!(of("terraform {\n  cloud {\n    organization = \"x\"\n  }\n}\n"), Vec::<String>::new());
    for setting in ["profile = \"ops\"", "endpoints = { s3 = \"https://minio.example.org\" }"] {
        let found = of(&with(setting));
        assert!(matches!(found.as_slice(), [only] if only.starts_with("! ")), "{found:#?}");
    }
}

#[test]
fn a_backend_is_that_of_the_folder_with_what_init_sets() {
    let partial = "terraform {\n  backend \"s3\" {\n    key = \"a\"\n    bucket = \"\"\n  }\n}\n";
    let files = [
        ("app/main.tf", partial),
        ("net/main.tf", BACKEND),
        ("app/prod.hcl", "bucket = \"of-prod\"\nkey = \"b\"\n"),
        ("app/odd.conf", "bucket = \"of-odd\"\n"),
    ];
    let of = |commands: &[&str]| of_terraform(commands, &files);
    assert!(has(&of(&["terraform -chdir=net plan"]), "arn:P:s3:::states/net/tf"));
    assert!(has(&of(&["cd net", "terraform plan"]), "arn:P:s3:::states/net/tf"));
    let found = of(&["cd app", "terraform init -backend-config=bucket=given", "terraform apply"]);
    assert!(found.contains(&"s3:PutObject on arn:P:s3:::given/a".to_owned()), "{found:#?}");
    // The last counts, and files are those of the folder.
    let found =
        of(&["terraform -chdir=app init -backend-config=prod.hcl -backend-config=key=c", "terraform -chdir=app plan"]);
    assert!(found.contains(&"s3:GetObject on arn:P:s3:::of-prod/c".to_owned()), "{found:#?}");
    assert!(has(&of(&["terraform -chdir=app init -backend-config=odd.conf"]), "arn:P:s3:::of-odd/a"));
    // What is set for one folder is not set for the other.
    let found = of(&["terraform -chdir=app init -backend-config=bucket=x", "terraform -chdir=net plan"]);
    assert!(has(&found, "arn:P:s3:::states/net/tf") && !has(&found, "arn:P:s3:::x/net"), "{found:#?}");
    // What is not seen is said, and nothing is certain.
    let found = of(&["terraform -chdir=app init -backend-config=stage.hcl"]);
    assert!(has(&found, "! `terraform -chdir=app init`: `stage.hcl`, which sets its backend,"), "{found:#?}");
    assert!(found.iter().all(|line| line.starts_with(['?', '!'])), "{found:#?}");
    for commands in [&["terraform plan"][..], &["cd $DIR", "terraform plan"]] {
        let found = of(commands);
        assert!(matches!(found.as_slice(), [only] if only.starts_with("! ")), "{found:#?}");
    }
    // One folder with a backend is likely to be the one.
    let found = of_terraform(&["cd $DIR", "terraform plan"], &[("net/main.tf", BACKEND)]);
    assert!(has(&found, "? s3:GetObject on arn:P:s3:::states/net/tf"), "{found:#?}");
    // Expressions are not worked out.
    let text = BACKEND.replace("\"net/tf\"", "\"${var.stage}/tf\"");
    assert!(has(
        &of_terraform(&["tofu plan"], &[("main.tofu", &text)]),
        "? s3:GetObject on arn:P:s3:::states/${?var.stage}/tf"
    ));
    // Of two folders that the source may start at neither is certain.
    let spec = buildspec(&["terraform plan"]);
    for (files, mark) in
        [(&[("ci/main.tf", BACKEND)][..], ""), (&[("ci/main.tf", BACKEND), ("main.tf", BACKEND)], "? ")]
    {
        let files: Vec<_> = [("ci/buildspec.yml", spec.as_str())].into_iter().chain(files.iter().copied()).collect();
        let model = model_of(&files);
        let found = shown(&of_all(&model, &model.buildspecs[0].commands));
        assert!(found.contains(&format!("{mark}s3:GetObject on arn:P:s3:::states/net/tf")), "{found:#?}");
    }
    // A file that is merged over the others, and a file that is broken.
    let over = BACKEND.replace("states", "over");
    let found = of_terraform(&["terraform plan"], &[("main.tf", BACKEND), ("a_override.tf", &over)]);
    assert!(has(&found, "arn:P:s3:::over/net/tf"), "{found:#?}");
    for (path, text) in [("b.tf", BACKEND), ("b.tf", "terraform {\n  backend \"s3\" {\n")] {
        let found = of_terraform(&["terraform plan"], &[("main.tf", BACKEND), (path, text)]);
        assert!(matches!(found.as_slice(), [only] if only.starts_with("! ")), "{found:#?}");
    }
}

#[test]
fn a_workspace_of_terraform_has_a_state_of_its_own() {
    let files = [("main.tf", BACKEND)];
    let of = |commands: &[&str]| of_terraform(commands, &files);
    let select = "terraform workspace select prod || terraform workspace new prod";
    let found = of(&["terraform init", select, "terraform apply"]);
    let object = "arn:P:s3:::states/env:/prod/net/tf";
    assert!(found.contains(&format!("s3:PutObject on {object}")), "{found:#?}");
    assert!(found.contains(&"? s3:GetObject on arn:P:s3:::states/net/tf".to_owned()), "{found:#?}");
    assert!(has(&of(&["TF_WORKSPACE=prod terraform plan"]), &format!("s3:GetObject on {object}")));
    assert!(has(&of(&["export TF_WORKSPACE=$STAGE", "terraform plan"]), "states/env:/${env:STAGE}/net/tf"));
    let text = BACKEND.replace("region", "workspace_key_prefix = \"ws\"\n    region");
    let found = of_terraform(&["export TF_WORKSPACE=prod", "terraform plan"], &[("main.tf", &text)]);
    assert!(has(&found, "arn:P:s3:::states/ws/prod/net/tf"), "{found:#?}");
    assert!(has(
        &of(&["export TF_CLI_ARGS_init=-backend=false", "terraform init"]),
        "! `terraform init`: `TF_CLI_ARGS`"
    ));
    let found = of(&["terraform workspace delete old"]);
    assert!(has(&found, "? s3:DeleteObject on arn:P:s3:::states/env:/old/net/tf"), "{found:#?}");
    // The variables of the buildspec count too.
    let spec = format!("env: {{variables: {{TF_WORKSPACE: prod}}}}\n{}", buildspec(&["terraform plan"]));
    let model = model_of(&[("buildspec.yml", &spec), ("main.tf", BACKEND)]);
    let found = shown(&of_all(&model, &model.buildspecs[0].commands));
    assert!(!has(&found, "states/net/tf") && has(&found, "states/env:/"), "{found:#?}");
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
