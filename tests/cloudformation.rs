//! CloudFormation beyond one plain template: loops, nested stacks, exports, includes, CDK.

use iamlint::diagnostic::Diagnostic;
use iamlint::linter::{Options, Report, lint};
use iamlint::rules::builtin;
use iamlint::source::Sources;

fn report_of(files: &[(&str, &str)]) -> (Sources, Report) {
    let mut sources = Sources::new();
    for (path, text) in files {
        sources.add(*path, *text);
    }
    let report = lint(&sources, builtin::rules(), &Options::default());
    (sources, report)
}

/// Messages of one rule, sorted.
fn messages<'r>(report: &'r Report, rule: &str) -> Vec<&'r str> {
    let mut found: Vec<&str> = of(report, rule).map(|found| found.message.as_str()).collect();
    found.sort_unstable();
    found
}

fn of<'r>(report: &'r Report, rule: &str) -> impl Iterator<Item = &'r Diagnostic> {
    report.diagnostics.iter().filter(move |found| found.rule == rule)
}

fn not_read(report: &Report) -> Vec<&str> {
    report.summary.not_analysed.iter().map(|left| left.reason.as_str()).collect()
}

#[test]
fn a_loop_makes_a_role_for_each_item() {
    let (sources, report) = report_of(&[(
        "t.yml",
        r#"
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Roles:
    - Team
    - [Blue, Green-1]
    - Role&{Team}:
        Type: AWS::IAM::Role
        Properties:
          RoleName: !Sub "${Team}-deploy"
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: codebuild.amazonaws.com}}
          Policies:
            - PolicyName: !Ref Team
              PolicyDocument:
                Version: "2012-10-17"
                Statement: {Effect: Allow, Action: "*", Resource: "*"}
"#,
    )]);
    let found = messages(&report, "admin-on-ci-role");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("`RoleBlue`") && found[1].starts_with("`RoleGreen1`"), "{found:?}");
    let finding = of(&report, "admin-on-ci-role").next().expect("a finding");
    assert!(finding.labels.iter().any(|label| sources.slice(label.span) == "Role&{Team}"));
    assert!(not_read(&report).is_empty(), "{:?}", not_read(&report));
}

#[test]
fn a_loop_over_what_only_the_deployment_knows_is_said() {
    let (_, report) = report_of(&[(
        "t.yml",
        r#"
Transform: AWS::LanguageExtensions
Parameters:
  Teams: {Type: CommaDelimitedList}
  Known: {Type: CommaDelimitedList, Default: "a,b"}
Resources:
  Fn::ForEach::Roles: [Team, !Ref Teams, {"Role${Team}": {Type: AWS::IAM::Role}}]
  Fn::ForEach::Others: [Team, !Ref Known, {"Other${Team}": {Type: AWS::IAM::Role}}]
"#,
    )]);
    assert_eq!(
        not_read(&report),
        [
            "`Fn::ForEach::Roles` runs over the parameter `Teams`, which is known only at deployment",
            "a loop runs over the parameter `Known`: only its default is looked at",
        ]
    );
    assert_eq!(report.summary.roles, 2);
}

#[test]
fn loops_in_loops_end() {
    let items = "[a,b,c,d,e,f,g,h,i,j]";
    let mut body = "{\"R${V0}${V1}${V2}${V3}${V4}${V5}\": {Type: AWS::IAM::Role}}".to_owned();
    for level in 0..6 {
        body = format!("{{\"Fn::ForEach::L{level}\": [V{level}, {items}, {body}]}}");
    }
    let text = format!("Transform: AWS::LanguageExtensions\nResources: {body}\n");
    let (_, report) = report_of(&[("t.yml", &text)]);
    assert!(not_read(&report).iter().any(|reason| reason.ends_with("makes too much to be followed")));
}
