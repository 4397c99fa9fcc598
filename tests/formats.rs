//! One policy, written in each format that can hold it: the same rules find it, each at the same text.

use iamlint::linter::{Options, lint};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use std::collections::BTreeSet;

/// What every row grants a function: `s3:*` and `iam:PassRole`, on `*`.
struct Row {
    format: &'static str,
    files: &'static [(&'static str, &'static str)],
}

const CLOUDFORMATION: Row = Row {
    format: "CloudFormation",
    files: &[(
        "template.yml",
        r#"
Resources:
  JobRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: lambda.amazonaws.com}}
      Policies:
        - PolicyName: Job
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: ["s3:*", "iam:PassRole"], Resource: "*"}
"#,
    )],
};

const ROWS: &[Row] = &[
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
];

#[test]
fn one_policy_is_found_alike_in_every_format() {
    let expected = found(&CLOUDFORMATION);
    assert!(expected.iter().any(|(_, text)| text == "iam:PassRole"), "{expected:?}");
    for row in ROWS {
        assert_eq!(found(row), expected, "{}", row.format);
    }
}

/// Each rule that finds something, with the text that it underlines first.
fn found(row: &Row) -> BTreeSet<(String, String)> {
    let mut sources = Sources::new();
    for (path, text) in row.files {
        sources.add(*path, *text);
    }
    let report = lint(&sources, builtin::rules(), &Options::default());
    let of = |found: &iamlint::diagnostic::Diagnostic| {
        (found.rule.clone(), sources.slice(found.primary.span).trim_matches('"').to_owned())
    };
    report.diagnostics.iter().map(of).collect()
}
