//! Files of other tools, and texts that are templates of a template: left in silence, or said to be such.

use iamlint::linter::{Options, lint};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use std::collections::BTreeSet;

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

/// What a file of Terraform says besides where it keeps its state is not read, and nothing is said of it.
#[test]
fn files_of_terraform_are_told_of_where_they_name_a_backend() {
    let report = |path: &str, text: &str, is_named: bool| {
        let mut sources = Sources::new();
        let file = sources.add(path, text);
        let options = Options { named: if is_named { vec![file] } else { Vec::new() }, ..Options::default() };
        let report = lint(&sources, builtin::rules(), &options);
        assert!(report.diagnostics.is_empty(), "{path}: {:?}", report.diagnostics);
        let left = report.summary.not_analysed.into_iter().map(|left| left.reason).collect::<Vec<_>>();
        (report.summary.analysed.into_iter().collect::<Vec<_>>(), left)
    };
    let none = (Vec::new(), Vec::new());
    let resource = "resource \"aws_iam_role\" \"ci\" {\n  assume_role_policy = jsonencode({ Statement = [] })\n}\n";
    let broken = "resource \"aws_iam_role\" {{{ AWS::IAM::Role\n";
    for text in [resource, broken, "data \"terraform_remote_state\" \"a\" {\n  backend = \"s3\"\n}\n"] {
        assert_eq!(report("main.tf", text, false), none, "{text}");
    }
    let why = "of Terraform only the backend is read, and this file names none";
    assert_eq!(report("main.tf", resource, true), (Vec::new(), vec![why.to_owned()]));
    let backend = "terraform {\n  backend \"s3\" {}\n}\n";
    let analysed = vec![("Terraform state backend", 1)];
    assert_eq!(report("main.tf", backend, true), (analysed.clone(), Vec::new()));
    assert_eq!(report("cdk.tf.json", "{\"terraform\": {\"backend\": {\"s3\": {}}}}", false), (analysed, Vec::new()));
    let why = "it cannot be read as HCL, and may name the backend that keeps the state of Terraform";
    assert_eq!(report("main.tf", &backend[..30], false), (Vec::new(), vec![why.to_owned()]));
    assert_eq!(report("prod.tfvars", "role = \"AWS::IAM::Role\"\n", false), none);
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

const ROLE: &str = "Resources:
  JobRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: '*'}}
";

#[test]
fn fences_that_keep_jekyll_off_are_no_part_of_the_text() {
    let found = |text: &str| -> BTreeSet<(String, String)> {
        let mut sources = Sources::new();
        sources.add("template.yml", text);
        let report = lint(&sources, builtin::rules(), &Options::default());
        assert!(report.summary.not_analysed.is_empty(), "{:?}", report.summary.not_analysed);
        let told = report.diagnostics.iter();
        told.map(|found| (found.rule.clone(), sources.slice(found.primary.span).to_owned())).collect()
    };
    let plain = found(ROLE);
    assert!(plain.contains(&("trust-public".to_owned(), "'*'".to_owned())), "{plain:?}");
    assert_eq!(found(&format!("  {{% raw %}}\r\n{ROLE}{{%- endraw -%}}\n")), plain);
}
