//! Services of the Serverless Framework with the files that they take in: each finding once, at its
//! place, and no change of a file stops a run.

use iamlint::linter::{Options, Report, lint};
use iamlint::model::lower::{self, Asked};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use std::collections::BTreeSet;

const SERVICE: &str = r#"service: orders
frameworkVersion: "3"
plugins: [serverless-iam-roles-per-function]
params:
  default: {table: orders}
custom:
  bucket: ${self:service}-${self:provider.stage}
  arns: {dev: "arn:aws:s3:::dev-orders/*", prod: "arn:aws:s3:::orders/*"}
provider:
  name: aws
  stage: ${opt:stage, 'dev'}
  environment: {TABLE: "${param:table}", TOKEN: "${ssm:/orders/token}"}
  iam:
    deploymentRole: !GetAtt DeployRole.Arn
    role:
      statements:
        - Effect: Allow
          Action: [s3:GetObject, iam:PassRole]
          Resource: ["${self:custom.arns.${sls:stage}}", "*"]
        - ${file(parts/statements.yml):queue}
functions:
  get-order:
    handler: get.handler
    iamRoleStatements: ${file(parts/statements.yml):table}
  put-order: {handler: put.handler, vpc: {subnetIds: []}}
resources:
  - ${file(parts/roles.yml)}
  - Resources:
      More:
        Type: AWS::IAM::Policy
        Properties:
          PolicyName: more
          Roles: [!Ref IamRoleLambdaExecution]
          PolicyDocument: ${file(parts/policy.json)}
"#;

const ROLES: &str = r#"Resources:
  DeployRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "${self:service}-${AWS::Region}-deploy"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          Effect: Allow
          Principal: {Service: cloudformation.amazonaws.com}
          Action: sts:AssumeRole
      Policies:
        - PolicyName: deploy
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "s3:GetObjekt", Resource: "arn:aws:s3:::${self:custom.bucket}/*"}]
"#;

const STATEMENTS: &str = r#"queue:
  Effect: Allow
  Action: sqs:SendMesage
  Resource: "*"
table:
  - Effect: Allow
    Action: dynamodb:GetItemm
    Resource: !Sub "arn:aws:dynamodb:${aws:region}:${AWS::AccountId}:table/${param:table}"
"#;

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "sns:Publishh", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": true}}}
]}
"#;

const FILES: [(&str, &str); 4] = [
    ("api/parts/policy.json", POLICY),
    ("api/parts/roles.yml", ROLES),
    ("api/parts/statements.yml", STATEMENTS),
    ("api/serverless.yml", SERVICE),
];

fn sources(files: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::new();
    for (path, text) in files {
        sources.add(*path, *text);
    }
    sources
}

/// `rule path: text under the primary label`, sorted.
fn findings(sources: &Sources, report: &Report) -> Vec<String> {
    let shown = report.diagnostics.iter().map(|found| {
        let span = found.primary.span;
        format!("{} {}: {}", found.rule, sources.path(span.file), sources.slice(span).trim_matches(['"', '\'']))
    });
    let mut shown: Vec<String> = shown.collect();
    shown.sort();
    shown
}

#[test]
fn a_finding_stands_once_in_the_file_where_its_text_is() {
    let sources = sources(&FILES);
    let report = lint(&sources, builtin::rules(), &Options::default());
    let found = findings(&sources, &report);
    let unknown: Vec<&str> = found.iter().filter_map(|found| found.strip_prefix("unknown-action ")).collect();
    assert_eq!(
        unknown,
        [
            "api/parts/policy.json: sns:Publishh",
            "api/parts/roles.yml: s3:GetObjekt",
            "api/parts/statements.yml: dynamodb:GetItemm",
            "api/parts/statements.yml: sqs:SendMesage",
        ]
    );
    assert!(found.contains(&"passrole-to-any-service api/serverless.yml: iam:PassRole".to_owned()), "{found:?}");
    assert!(!found.iter().any(|found| found.starts_with("unresolved-variable")), "{found:?}");
    let counted: Vec<(&str, usize)> = report.summary.analysed.into_iter().collect();
    assert_eq!(
        counted,
        [
            ("CloudFormation template", 1),
            ("Serverless Framework file", 1),
            ("included file", 1),
            ("policy document", 1)
        ]
    );
    assert!(report.summary.not_analysed.is_empty(), "{:?}", report.summary.not_analysed);
}

#[test]
fn who_asks_about_a_service_asks_about_its_parts() {
    let sources = sources(&FILES);
    let service = sources.iter().find(|(_, source)| source.path.ends_with("serverless.yml")).expect("added").0;
    let options = Options { reported: Some(BTreeSet::from([service])), ..Options::default() };
    let of_service = lint(&sources, builtin::rules(), &options);
    let of_all = lint(&sources, builtin::rules(), &Options::default());
    assert_eq!(findings(&sources, &of_service), findings(&sources, &of_all));
}

#[test]
fn a_template_of_which_a_service_takes_one_resource_is_read_for_itself() {
    let sources = sources(&[
        (
            "serverless.yml",
            "service: a
frameworkVersion: '3'
provider: {name: aws}
resources:
  Resources: {One: \"${file(t.yml):Resources.One}\"}
",
        ),
        (
            "t.yml",
            "Resources:
  One: {Type: AWS::S3::Bucket}
  Two:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: {Version: 2012-10-17, Statement: {Effect: Allow, Action: s3:Gett, Resource: '*'}}}
",
        ),
    ]);
    let report = lint(&sources, builtin::rules(), &Options::default());
    assert_eq!(findings(&sources, &report), ["unknown-action t.yml: s3:Gett"]);
}

#[test]
fn parts_of_one_service_name_one_role_by_the_same_variables() {
    let sources = sources(&[
        (
            "serverless.yml",
            "service: a\nprovider: {name: aws}\nresources:\n  - ${file(parts/ci.yml)}\n  - ${file(parts/roles.yml)}\n",
        ),
        (
            "parts/ci.yml",
            "Resources:
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !Sub arn:aws:iam::${AWS::AccountId}:role/${self:service}-${sls:stage}-build
      Source: {Type: NO_SOURCE, BuildSpec: 'version: 0.2'}
      Artifacts: {Type: NO_ARTIFACTS}
      Environment: {Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL, Image: aws/codebuild/standard:7.0}
",
        ),
        (
            "parts/roles.yml",
            "Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: ${self:service}-${sls:stage}-build
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {Effect: Allow, Principal: {Service: codebuild.amazonaws.com}, Action: sts:AssumeRole}
",
        ),
    ]);
    let repository = iamlint::template::Repository::read(&sources);
    let fragments = sources.iter().map(|(file, _)| lower::lower(&repository, file, &Asked::All)).collect();
    let model = iamlint::model::link(&sources, &repository, fragments, iamlint::model::Given::default());
    let role = model.projects[0].role.as_ref().expect("a role");
    assert!(matches!(role.target, iamlint::model::RoleTarget::Declared(_)), "{role:?}");
}

#[test]
fn a_statement_that_nobody_reads_is_said() {
    let statement = "[{Effect: Allow, Action: '*', Resource: '*'}]";
    let text = format!(
        "service: a
provider: {{name: aws, iam: {{statements: {statement}}}}}
functions: {{work: {{handler: a.b, iamRoleStatements: {statement}}}}}
fargate: {{iamRoleStatements: {statement}}}
"
    );
    let sources = sources(&[("serverless.yml", &text)]);
    let report = lint(&sources, builtin::rules(), &Options::default());
    let said = report.summary.not_analysed.iter().map(|part| part.span.map(|span| sources.position(span).line));
    assert_eq!(said.collect::<Vec<_>>(), [Some(2), Some(3), Some(4)]);
}

#[test]
fn a_part_without_its_service_has_variables_and_no_noise() {
    let sources = sources(&[(
        "roles.yml",
        "Resources:
  One:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          Effect: Allow
          Action: ${opt:action}
          Resource:
            - !Sub arn:aws:s3:::${self:custom.${opt:stage, 'dev'}.bucket}-${env:TEAM}/*
            - arn:aws:s3:::${self:custom.bucket}
",
    )]);
    let report = lint(&sources, builtin::rules(), &Options::default());
    assert_eq!(findings(&sources, &report), ["unresolved-variable roles.yml: ${self:custom.bucket}"]);
}

#[test]
fn no_change_of_a_service_or_its_parts_stops_a_run() {
    let bytes = b"\n \"'{}[]:,-#&*!$()./<~";
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % limit.max(1)
    };
    for round in 0..400 {
        let mut files: Vec<(&str, Vec<u8>)> =
            FILES.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())).collect();
        for _ in 0..=below(5) {
            let (_, text) = &mut files[if round % 2 == 0 { 3 } else { below(4) }];
            let at = below(text.len());
            match below(4) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, bytes[below(bytes.len())]),
                2 => {
                    let line: Vec<u8> = text[at..].iter().copied().take_while(|byte| *byte != b'\n').collect();
                    let to = below(text.len());
                    text.splice(to..to, line);
                }
                _ => text[at] = bytes[below(bytes.len())],
            }
        }
        let mut sources = Sources::new();
        for (path, text) in &files {
            sources.add(*path, String::from_utf8_lossy(text).into_owned());
        }
        let report = lint(&sources, builtin::rules(), &Options::default());
        let labels = report.diagnostics.iter().flat_map(|found| found.all_labels()).map(|label| label.span);
        for span in labels.chain(report.summary.not_analysed.iter().filter_map(|part| part.span)) {
            assert!(sources.get(span.file).text.get(span.range()).is_some(), "{span:?} is outside its file");
        }
    }
}

#[test]
fn of_two_resources_with_one_name_the_later_has_the_last_word() {
    let service = "service: orders
frameworkVersion: '3'
provider: {name: aws}
resources:
  - ${file(first.yml)}
  - Resources:
      Job:
        Properties: {Path: /jobs/}
  - ${file(second.yml)}
";
    let role = |statement: &str| {
        format!(
            "Resources:
  Job:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{{Effect: Allow, Principal: {{Service: codebuild.amazonaws.com}}, Action: sts:AssumeRole}}]
      Policies:
        - PolicyName: work
          PolicyDocument: {{Version: '2012-10-17', Statement: [{statement}]}}
"
        )
    };
    let creates = role("{Effect: Allow, Action: iam:CreateRole, Resource: '*'}");
    let reads = role("{Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::orders/*'}");
    let rule = "ci-role-creates-principals";
    for (first, second, expected) in
        [(&creates, &reads, None), (&reads, &creates, Some("ci-role-creates-principals second.yml: iam:CreateRole"))]
    {
        let files = [("serverless.yml", service), ("first.yml", first.as_str()), ("second.yml", second.as_str())];
        let sources = sources(&files);
        let report = lint(&sources, builtin::rules(), &Options::default());
        let found = findings(&sources, &report);
        let told: Vec<&str> = found.iter().map(String::as_str).filter(|line| line.starts_with(rule)).collect();
        assert_eq!(told, expected.into_iter().collect::<Vec<_>>());
    }
}
