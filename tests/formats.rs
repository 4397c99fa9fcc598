//! One small policy in every format that can hold it: the same findings, each under the same text.
//! A new format adds a row to `ROWS`.

use iamlint::diagnostic::Severity;
use iamlint::linter::{Options, lint};
use iamlint::model::lower::{self, Asked};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use iamlint::template::Repository;
use std::collections::BTreeSet;

/// What every row must give: rule, severity, and the text under its primary label.
const FINDINGS: &[(&str, Severity, &str)] = &[("passrole-to-any-service", Severity::Medium, "iam:PassRole")];

/// A rule on roles: some of the policies here are on none.
const OF_ROLES: &str = "workload-service-wildcard";

/// The actions and resources of the policy, each as it is underlined.
const PATTERNS: [&str; 3] = ["*", "iam:PassRole", "s3:*"];

struct Row {
    format: &'static str,
    /// Path and text of each file.
    files: &'static [(&'static str, &'static str)],
}

const ROWS: &[Row] = &[
    Row { format: "a bare policy document", files: &[("policy.json", BARE)] },
    Row { format: "CloudFormation in YAML", files: &[("template.yml", CLOUDFORMATION_YAML)] },
    Row { format: "CloudFormation in JSON", files: &[("template.json", CLOUDFORMATION_JSON)] },
    Row { format: "a document that is a JSON text", files: &[("template.yml", JSON_TEXT)] },
    Row { format: "a document that is a JSON text under Fn::Sub", files: &[("template.yml", SUBSTITUTED_TEXT)] },
    Row { format: "Serverless, provider.iam.role.statements", files: &[("serverless.yml", SERVERLESS)] },
    Row { format: "Serverless, provider.iamRoleStatements", files: &[("serverless.yml", SERVERLESS_LEGACY)] },
    Row { format: "Serverless, a role for each function", files: &[("serverless.yml", SERVERLESS_PER_FUNCTION)] },
    Row {
        format: "Serverless, statements in a file of their own",
        files: &[("api/serverless.yml", SERVERLESS_FILE), ("shared/statements.yml", STATEMENTS)],
    },
    Row {
        format: "Serverless, resources in a file of their own",
        files: &[("roles.yml", CLOUDFORMATION_YAML), ("serverless.json", SERVERLESS_RESOURCES)],
    },
    Row {
        format: "SAM",
        files: &[(
            "template.yml",
            r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  Job:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Action: ["s3:*", "iam:PassRole"], Resource: "*"}
"#,
        )],
    },
    Row {
        format: "SAM, one policy under a condition, in JSON",
        files: &[(
            "template.json",
            r#"{
  "Transform": ["AWS::Serverless-2016-10-31"],
  "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}},
  "Resources": {
    "Job": {
      "Type": "AWS::Serverless::Function",
      "Properties": {
        "Policies": {"Fn::If": ["IsProd", {
          "Version": "2012-10-17",
          "Statement": {"Effect": "Allow", "Action": ["s3:*", "iam:PassRole"], "Resource": "*"}
        }, {"Ref": "AWS::NoValue"}]}
      }
    }
  }
}"#,
        )],
    },
    Row {
        format: "output of the CDK",
        files: &[
            (
                "cdk.out/Jobs.template.json",
                r#"{
 "Resources": {
  "JobServiceRole1B2C": {
   "Type": "AWS::IAM::Role",
   "Properties": {
    "AssumeRolePolicyDocument": {
     "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}],
     "Version": "2012-10-17"
    }
   },
   "Metadata": {"aws:cdk:path": "Jobs/Job/ServiceRole/Resource"}
  },
  "JobServiceRoleDefaultPolicy3D4E": {
   "Type": "AWS::IAM::Policy",
   "Properties": {
    "PolicyDocument": {
     "Statement": [{"Action": ["s3:*", "iam:PassRole"], "Effect": "Allow", "Resource": "*"}],
     "Version": "2012-10-17"
    },
    "PolicyName": "JobServiceRoleDefaultPolicy3D4E",
    "Roles": [{"Ref": "JobServiceRole1B2C"}]
   },
   "Metadata": {"aws:cdk:path": "Jobs/Job/ServiceRole/DefaultPolicy/Resource"}
  }
 }
}"#,
            ),
            (
                "cdk.out/tree.json",
                r#"{"version": "tree-0.1", "tree": {"id": "App", "children": {"Role": {"type": "AWS::IAM::Role"}}}}"#,
            ),
        ],
    },
    Row { format: "an account of the AWS CLI", files: &[("account.json", ACCOUNT)] },
    Row { format: "single calls of the AWS CLI", files: &[("worker.json", GET_ROLE), ("work.json", GET_ROLE_POLICY)] },
];

const BARE: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": ["s3:*", "iam:PassRole"], "Resource": "*"}]
}
"#;

const CLOUDFORMATION_YAML: &str = r#"Resources:
  Worker:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: work
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - s3:*
                  - iam:PassRole
                Resource: "*"
"#;

const CLOUDFORMATION_JSON: &str = r#"{
  "Resources": {
    "Worker": {
      "Type": "AWS::IAM::Role",
      "Properties": {
        "AssumeRolePolicyDocument": {
          "Version": "2012-10-17",
          "Statement": {
            "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"
          }
        },
        "Policies": [{
          "PolicyName": "work",
          "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["s3:*", "iam:PassRole"], "Resource": ["*"]}]
          }
        }]
      }
    }
  }
}
"#;

const JSON_TEXT: &str = r#"Resources:
  Worker:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: |
        {
          "Version": "2012-10-17",
          "Statement": [{
            "Effect": "Allow",
            "Action": ["s3:*", "iam:PassRole"],
            "Resource": "*"
          }]
        }
"#;

const SUBSTITUTED_TEXT: &str = r#"Resources:
  Worker:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: !Sub >-
        {"Version": "2012-10-17", "Statement": [{"Sid": "In${AWS::Region}",
        "Effect": "Allow", "Action": ["s3:*", "iam:PassRole"], "Resource": "*"}]}
"#;

const SERVERLESS: &str = r#"service: orders
frameworkVersion: "3"
provider:
  name: aws
  iam:
    role:
      statements:
        - Effect: Allow
          Action: [s3:*, iam:PassRole]
          Resource: "*"
functions:
  work: {handler: work.handler}
"#;

const SERVERLESS_LEGACY: &str = r#"service: {name: orders}
frameworkVersion: "3"
provider:
  name: aws
  iamRoleStatements:
    - Effect: Allow
      Action:
        - s3:*
        - iam:PassRole
      Resource: ${self:custom.everything}
custom:
  everything: "*"
functions:
  - work: {handler: work.handler}
"#;

const SERVERLESS_PER_FUNCTION: &str = r#"service: orders
frameworkVersion: "3"
plugins: [serverless-iam-roles-per-function]
provider: {name: aws}
functions:
  work:
    handler: work.handler
    iamRoleStatements:
      - Effect: Allow
        Action: [s3:*, iam:PassRole]
        Resource: "*"
"#;

const SERVERLESS_FILE: &str = r#"service: orders
frameworkVersion: "3"
provider:
  name: aws
  iam: {role: {statements: "${file(../shared/statements.yml):${opt:kind, 'worker'}}"}}
functions:
  work: {handler: work.handler}
"#;

const STATEMENTS: &str = r#"worker:
  - Effect: Allow
    Action: [s3:*, iam:PassRole]
    Resource: "*"
"#;

const SERVERLESS_RESOURCES: &str = r#"{"service": "orders", "frameworkVersion": "3", "provider": {"name": "aws"}, "resources": ["${file(roles.yml)}"]}"#;

const ACCOUNT: &str = r#"{
    "UserDetailList": [],
    "GroupDetailList": [],
    "RoleDetailList": [
        {
            "RoleName": "worker",
            "Arn": "arn:aws:iam::111122223333:role/worker",
            "Path": "/",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ]
            },
            "RolePolicyList": [
                {
                    "PolicyName": "work",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": ["s3:*", "iam:PassRole"], "Resource": "*"}]
                    }
                }
            ],
            "AttachedManagedPolicies": []
        }
    ],
    "Policies": []
}
"#;

const GET_ROLE: &str = r#"{
    "Role": {
        "RoleName": "worker",
        "Arn": "arn:aws:iam::111122223333:role/worker",
        "Path": "/",
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ]
        }
    }
}
"#;

const GET_ROLE_POLICY: &str = r#"{
    "RoleName": "worker",
    "PolicyName": "work",
    "PolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:*", "iam:PassRole"], "Resource": "*"}]
    }
}
"#;

fn sources(row: &Row) -> Sources {
    let mut sources = Sources::new();
    for (path, text) in row.files {
        sources.add(*path, *text);
    }
    sources
}

/// A scalar with its quotes, as it may be underlined.
fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

#[test]
fn every_format_gives_the_same_findings_under_the_same_text() {
    for row in ROWS {
        let sources = sources(row);
        let report = lint(&sources, builtin::rules(), &Options::default());
        let found: Vec<_> = report
            .diagnostics
            .iter()
            .filter(|found| found.rule != OF_ROLES)
            .map(|found| (found.rule.as_str(), found.severity, unquoted(sources.slice(found.primary.span))))
            .collect();
        assert_eq!(found, FINDINGS, "{}", row.format);
    }
}

#[test]
fn every_format_gives_the_same_actions_and_resources() {
    for row in ROWS {
        let sources = sources(row);
        let repository = Repository::read(&sources);
        let mut found = BTreeSet::new();
        for (file, _) in sources.iter() {
            let fragment = lower::lower(&repository, file, &Asked::All);
            let identity = fragment.policies.iter().filter(|policy| policy.kind == iamlint::iam::PolicyKind::Identity);
            for statement in identity.flat_map(|policy| &policy.document.statements) {
                let actions = statement.actions.iter().flat_map(|actions| &actions.patterns).map(|one| one.span());
                let resources = statement.resources.iter().flat_map(|all| &all.patterns).map(|one| one.span());
                found.extend(actions.chain(resources).map(|span| unquoted(sources.slice(span)).to_owned()));
            }
        }
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), PATTERNS, "{}", row.format);
    }
}
