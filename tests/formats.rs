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

/// Files of other tools that a hook passes along, some of them broken, all speaking of what is ours.
const FOREIGN: &[(&str, &str)] = &[
    (".github/workflows/ci.yml", "name: ci\non: [push]\njobs: {build: {steps: [{run: 'phases: AWS::IAM::Role'}]}}\n"),
    ("chart/Chart.yaml", "apiVersion: v2\nname: jobs\nversion: 1.0.0\ndescription: AWS::IAM roles\n"),
    ("chart/values.yaml", "role: 'AWS::IAM::Role'\nname: twice\nname: twice\n"),
    (
        "k8s.yaml",
        "apiVersion: v1\nkind: ConfigMap\ndata: {policy: '{\"Statement\": []}'}\n---\napiVersion: v1\nkind: List\n",
    ),
    ("openapi.yaml", "openapi: 3.0.1\ninfo: {title: jobs}\npaths: {/x: {get: {description: 'AWS::Partition'}}}\n"),
    ("playbook.yml", "- hosts: all\n  tasks: [{name: AWS::IAM::Role}]\n"),
    ("appspec.yml", "version: 0.0\nResources: [{TargetService: {Type: AWS::ECS::Service}}]\n"),
    ("cdk.out/tree.json", r#"{"version": "tree-0.1", "tree": {"type": "AWS::IAM::Role"}}"#),
    ("cdk.out/manifest.json", r#"{"version": "36.0.0", "artifacts": {"Jobs": {"type": "AWS::IAM::Role"}}}"#),
];

#[test]
fn files_of_other_tools_are_left_without_a_word() {
    for (path, text) in FOREIGN {
        let mut sources = Sources::new();
        let file = sources.add(*path, *text);
        let options = Options { named: vec![file], ..Options::default() };
        let report = lint(&sources, builtin::rules(), &options);
        assert!(report.diagnostics.is_empty(), "{path}: {:?}", report.diagnostics);
        assert!(report.summary.not_analysed.is_empty(), "{path}: {:?}", report.summary.not_analysed);
    }
}

#[test]
fn a_compose_file_is_no_matter_of_syntax() {
    let mut sources = Sources::new();
    sources.add("docker-compose.yml", "version: '3'\nservices:\n  web:\n    image: one\n    image: two\n");
    let report = lint(&sources, builtin::rules(), &Options::default());
    assert!(report.diagnostics.iter().all(|found| found.rule != "parse-error"), "{:?}", report.diagnostics);
}

#[test]
fn text_templates_are_said_to_be_such() {
    let body = |open: &str, name: &str, close: &str| {
        format!("Resources:\n{open}\n  {name}:\n    Type: AWS::IAM::Role\n{close}\n")
    };
    let texts = [
        body("{% for team in teams %}", "Role{{ team }}", "{% endfor %}"),
        body("{{- if .Values.role }}", "{{ .Values.role }}", "{{- end }}"),
        body("<% teams.each do |team| %>", "<%= team %>", "<% end %>"),
    ];
    for text in texts {
        let mut sources = Sources::new();
        sources.add("roles.yml", text.as_str());
        let report = lint(&sources, builtin::rules(), &Options::default());
        assert!(report.diagnostics.is_empty(), "{text}: {:?}", report.diagnostics);
        let reasons: Vec<&str> = report.summary.not_analysed.iter().map(|left| left.reason.as_str()).collect();
        assert_eq!(reasons, ["a text template (Jinja, Go, ERB or the like): lint what it generates"], "{text}");
    }
}

#[test]
fn fences_that_keep_jekyll_off_are_no_part_of_the_text() {
    let (path, text) = CLOUDFORMATION.files[0];
    let fenced = format!("  {{% raw %}}\r\n{text}{{%- endraw -%}}\n");
    let mut sources = Sources::new();
    sources.add(path, fenced.as_str());
    let report = lint(&sources, builtin::rules(), &Options::default());
    let found: BTreeSet<(String, String)> = report
        .diagnostics
        .iter()
        .map(|found| (found.rule.clone(), sources.slice(found.primary.span).replace('"', "")))
        .collect();
    assert_eq!(found, self::found(&CLOUDFORMATION));
}
