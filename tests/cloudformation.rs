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

const ROLES: &str = r#"
Resources:
  BuildRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: codebuild.amazonaws.com}}
      Policies:
        - PolicyName: all
          PolicyDocument:
            Version: "2012-10-17"
            Statement: {Effect: Allow, Action: "*", Resource: "*"}
"#;

fn project(role: &str) -> String {
    format!(
        "  Build:\n    Type: AWS::CodeBuild::Project\n    Properties: {{ServiceRole: {role}, Source: {{Type: CODEPIPELINE}}}}\n"
    )
}

const ADMIN: [&str; 1] = ["`BuildRole` lets builds of `Build` do everything in the account"];

#[test]
fn a_role_that_a_parent_gives_to_a_nested_stack_is_that_of_its_project() {
    let parent = format!(
        "{ROLES}  Pipeline:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: ./ci/build.yml\n      Parameters: {{RoleArn: !GetAtt BuildRole.Arn}}\n"
    );
    let child = format!("Parameters: {{RoleArn: {{Type: String}}}}\nResources:\n{}", project("!Ref RoleArn"));
    let (sources, report) = report_of(&[("infra/parent.yml", &parent), ("infra/ci/build.yml", &child)]);
    assert_eq!(messages(&report, "admin-on-ci-role"), ADMIN);
    let found = of(&report, "admin-on-ci-role").next().expect("a finding");
    let mut paths: Vec<&str> = found.all_labels().map(|label| sources.path(label.span.file)).collect();
    paths.dedup();
    assert_eq!(paths, ["infra/parent.yml", "infra/ci/build.yml"]);
}

#[test]
fn an_output_of_a_nested_stack_leads_to_its_resource() {
    let parent = format!(
        "Resources:\n  Roles:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: roles.yml}}\n{}",
        project("!GetAtt Roles.Outputs.Arn")
    );
    let child = format!("{ROLES}Outputs: {{Arn: {{Value: !GetAtt BuildRole.Arn}}}}\n");
    let (_, report) = report_of(&[("parent.yml", &parent), ("roles.yml", &child)]);
    assert_eq!(messages(&report, "admin-on-ci-role"), ADMIN);
}

#[test]
fn an_import_leads_to_the_one_export_of_its_name() {
    let exporting = format!("{ROLES}Outputs: {{Arn: {{Value: !GetAtt BuildRole.Arn, Export: {{Name: ci-role}}}}}}\n");
    let importing = format!("Resources:\n{}", project("!ImportValue ci-role"));
    let (_, report) = report_of(&[("a/roles.yml", &exporting), ("b/build.yml", &importing)]);
    assert_eq!(messages(&report, "admin-on-ci-role"), ADMIN);
    // Two exports of one name: which is meant is not known.
    let (_, report) =
        report_of(&[("a/roles.yml", &exporting), ("b/build.yml", &importing), ("c/roles.yml", &exporting)]);
    assert!(!messages(&report, "admin-on-ci-role").iter().any(|message| message.contains("`Build`")));
}

#[test]
fn what_a_parent_gives_is_known_in_the_child() {
    let parent = "Resources:\n  Roles:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: roles.yml, Parameters: {Allowed: '*'}}\n";
    let child = ROLES.replace("Action: \"*\"", "Action: !Ref Allowed");
    let child = format!("Parameters: {{Allowed: {{Type: String}}}}{child}");
    let (sources, report) = report_of(&[("parent.yml", parent), ("roles.yml", &child)]);
    let found = of(&report, "admin-on-ci-role").next().expect("a finding");
    assert_eq!((sources.path(found.primary.span.file), sources.slice(found.primary.span)), ("roles.yml", "Allowed"));
    let (_, alone) = report_of(&[("roles.yml", &child)]);
    assert_eq!(messages(&alone, "admin-on-ci-role"), Vec::<&str>::new());
}

#[test]
fn a_nested_template_that_is_not_at_hand_is_said() {
    let parent = "
Resources:
  Missing: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: gone.yml}}
  Outside: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ../../etc/roles.yml}}
  Own: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: parent.yml, Parameters: {A: !Ref A}}}
";
    let (_, report) = report_of(&[("parent.yml", parent)]);
    assert_eq!(
        not_read(&report),
        [
            "the nested template `gone.yml` is in none of the files",
            "the nested template `../../etc/roles.yml` lies outside the repository",
        ]
    );
}

#[test]
fn an_included_file_stands_in_its_template() {
    let template = format!(
        "Resources:\n  Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: parts/roles.yml}}}}\n{}",
        project("!GetAtt BuildRole.Arn")
    );
    let part = ROLES.replace("\nResources:\n", "").replace("all\n", "!Sub '${BuildRole}-all'\n");
    let (sources, report) = report_of(&[("t.yml", &template), ("parts/roles.yml", &part)]);
    assert_eq!(messages(&report, "admin-on-ci-role"), ADMIN);
    let found = of(&report, "admin-on-ci-role").next().expect("a finding");
    assert_eq!(sources.path(found.primary.span.file), "parts/roles.yml");
    assert_eq!(not_read(&report), Vec::<&str>::new());
}

#[test]
fn an_included_list_and_a_whole_section_are_taken_in() {
    let template = "
Transform: {Name: AWS::Include, Parameters: {Location: more.yml}}
Resources:
  BuildRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: codebuild.amazonaws.com}}
      Policies:
        - PolicyName: all
          PolicyDocument:
            Version: '2012-10-17'
            Statement: !Transform {Name: AWS::Include, Parameters: {Location: statements.json}}
";
    let more = format!("Resources:\n{}", project("!GetAtt BuildRole.Arn"));
    let statements = r#"[{"Effect": "Allow", "Action": "*", "Resource": "*"}]"#;
    let (_, report) = report_of(&[("t.yml", template), ("more.yml", &more), ("statements.json", statements)]);
    assert_eq!(messages(&report, "admin-on-ci-role"), ADMIN);
}

#[test]
fn an_include_that_climbs_out_or_runs_in_a_ring_is_said() {
    let include = |path: &str| format!("Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: {path}}}}}");
    let template = format!(
        "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      X: {{{}}}\n      Y: {{{}}}\n      Z: {{{}}}\n",
        include("../secrets.yml"),
        include("s3://bucket/part.yml"),
        include("ring.yml"),
    );
    let (_, report) = report_of(&[("t.yml", &template), ("ring.yml", &include("ring.yml"))]);
    let reasons = not_read(&report);
    assert!(reasons.contains(&"`../secrets.yml`, which `AWS::Include` takes in, lies outside the repository"));
    assert!(reasons.contains(&"`s3://bucket/part.yml`, which `AWS::Include` takes in, lies outside the repository"));
    assert!(reasons.contains(&"`ring.yml` takes itself in"), "{reasons:?}");
}

#[test]
fn a_project_has_every_role_that_a_condition_gives_it() {
    let template = format!(
        "{}  Plain:\n    Type: AWS::IAM::Role\n    Properties: {{AssumeRolePolicyDocument: {{Statement: []}}}}\n{}Conditions: {{Own: !Equals [a, b]}}\n",
        ROLES,
        project("!If [Own, !GetAtt Plain.Arn, !GetAtt BuildRole.Arn]")
    );
    let (sources, report) = report_of(&[("t.yml", &template)]);
    assert_eq!(messages(&report, "admin-on-ci-role"), ADMIN);
    let found = of(&report, "admin-on-ci-role").next().expect("a finding");
    let role = found
        .labels
        .iter()
        .find(|label| label.text == "is the service role of `Build` when `Own` is false")
        .expect("a label");
    assert_eq!(sources.slice(role.span), "BuildRole.Arn");
}

#[test]
fn the_template_in_a_stack_set_is_read_where_it_stands() {
    let body = ROLES.trim_start().replace('\n', "\n        ");
    let template = format!(
        "Resources:
  Baseline:
    Type: AWS::CloudFormation::StackSet
    Properties:
      PermissionModel: SELF_MANAGED
      AdministrationRoleARN: !GetAtt Administration.Arn
      TemplateBody: |
        {body}
  Computed:
    Type: AWS::CloudFormation::StackSet
    Properties: {{TemplateBody: !Sub 'Resources: {{${{AWS::StackName}}: 1}}'}}
  Module: {{Type: My::Team::Bucket::MODULE}}
  Packaged: {{Type: LocalModule, Source: ../modules/bucket.yml}}
  Administration:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Version: '2012-10-17', Statement: []}}
"
    );
    let (sources, report) = report_of(&[("t.yml", &template)]);
    let found = of(&report, "admin-on-ci-role").next().expect("a finding");
    assert_eq!(sources.slice(found.primary.span), "\"*\"");
    assert_eq!(
        not_read(&report),
        [
            "the template of the stack set is computed",
            "`My::Team::Bucket::MODULE` is a module: what it makes stands in the registry",
            "`LocalModule` is a module: what it makes stands in another file, which a tool puts in",
        ]
    );
}

/// Of what builds may do a rule tells.
#[test]
fn what_is_not_known_of_other_policies_is_said() {
    let handler = "
  Handler:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: !Ref Given";
    let person = "
  Person:
    Type: AWS::IAM::User
    Properties:
      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAcces]
      Policies: [{PolicyName: own, PolicyDocument: {Version: '2012-10-17', Statement: [!Ref Given]}}]";
    let policy = "
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties: {Bucket: reports, PolicyDocument: {Version: '2012-10-17', Statement: !Ref Given}}";
    let project = "
  Build:
    Type: AWS::CodeBuild::Project
    Properties: {ServiceRole: build, Artifacts: {Type: NO_ARTIFACTS}, Source: {Type: GITHUB}, Triggers: !Ref Given}";
    let pipeline = "
  Release:
    Type: AWS::CodePipeline::Pipeline
    Properties: {RoleArn: release, ArtifactStore: {Type: S3, Location: builds}, Stages: !Ref Given}";
    let table = [
        (project, "`Triggers` of `Build` is known only at deployment"),
        (pipeline, "`Stages` of `Release` is known only at deployment"),
        (handler, "a part of the policy of `Handler`: the policy document cannot be read"),
        (
            person,
            "a part of what `Person` may do: the AWS managed policy `AmazonS3ReadOnlyAcces`, which is not in the catalogue, unlike `AmazonS3ReadOnlyAccess`, and 1 more such",
        ),
        (policy, "a part of the policy of `Policy`: a statement cannot be read"),
    ];
    for (resource, said) in table {
        let template = format!("Parameters: {{Given: {{Type: String}}}}\nResources:{resource}\n");
        let (_, report) = report_of(&[("t.yml", &template)]);
        assert_eq!(not_read(&report), [said]);
    }
}

#[test]
fn findings_in_output_of_the_cdk_name_the_construct() {
    let role = |id: &str, path: &str| {
        let policy = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
        format!(
            r#""{id}": {{
      "Type": "AWS::IAM::Role",
      "Properties": {{
        "AssumeRolePolicyDocument": {{"Version": "2012-10-17", "Statement": {{
          "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"Service": "codebuild.amazonaws.com"}}}}}},
        "Policies": [{{"PolicyName": "all", "PolicyDocument": {policy}}}]
      }},
      "Metadata": {{"aws:cdk:path": "{path}"}}
    }}"#
        )
    };
    let template = format!(
        "{{\"Resources\": {{{},\n{}}}}}",
        role("BuildRoleA1", "Release/Build/Role/Resource"),
        role("CustomS3Role1", "Release/Custom::S3AutoDeleteObjectsCustomResourceProvider/Role")
    );
    let (_, report) = report_of(&[("cdk.out/Release.template.json", &template)]);
    let found: Vec<(String, &str)> =
        of(&report, "admin-on-ci-role").map(|found| (found.severity.to_string(), found.notes[0].as_str())).collect();
    assert_eq!(
        found,
        [
            ("critical".to_owned(), "made by the construct `Release/Build/Role`"),
            (
                "info".to_owned(),
                "CDK writes `Release/Custom::S3AutoDeleteObjectsCustomResourceProvider/Role` for itself; \
                 only another release of the library changes it"
            ),
        ]
    );
}

#[test]
fn a_nested_stack_of_the_cdk_is_found_by_its_metadata() {
    let parent = format!(
        "{ROLES}  Ci:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: !Sub 'https://s3.${{AWS::URLSuffix}}/assets/1.json'\n      Parameters: {{referencetoRole: !GetAtt BuildRole.Arn}}\n    Metadata: {{'aws:asset:path': Ci.nested.template.json}}\n"
    );
    let child =
        format!("Parameters: {{referencetoRole: {{Type: String}}}}\nResources:\n{}", project("!Ref referencetoRole"));
    let (_, report) = report_of(&[("cdk.out/App.template.json", &parent), ("cdk.out/Ci.nested.template.json", &child)]);
    assert_eq!(messages(&report, "admin-on-ci-role"), ADMIN);
    assert_eq!(not_read(&report), Vec::<&str>::new());
}

#[test]
fn templates_that_nest_each_other_in_many_ways_end() {
    let all = |prefix: &str| (0..12).map(|n| format!("${{{prefix}{n}}}")).collect::<String>();
    let mut files: Vec<(String, String)> = Vec::new();
    for level in 0..12 {
        let mut text = "Parameters:\n".to_owned();
        (0..12).for_each(|n| text += &format!("  P{n}: {{Type: String}}\n"));
        text += "Resources:\n";
        for next in 0..4 {
            let nested = (level + next) % 12;
            text += &format!(
                "  S{next}:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: t{nested}.yml\n      Parameters:\n"
            );
            (0..12).for_each(|n| text += &format!("        P{n}: !Sub '{}'\n", all("P")));
        }
        text += &project("!Ref P1");
        files.push((format!("t{level}.yml"), text));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (_, report) = report_of(&files);
    assert_eq!(report.summary.projects, 12);
}

#[test]
fn a_text_that_doubles_from_stack_to_stack_stays_small() {
    let nested = |level: usize| {
        format!(
            "Parameters: {{P: {{Type: String, Default: ab}}}}\nResources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: t{}.yml\n      Parameters: {{P: !Sub '{}'}}\n{}",
            level + 1,
            "${P}".repeat(50),
            project("!Ref P"),
        )
    };
    let files: Vec<(String, String)> = (0..15).map(|level| (format!("t{level}.yml"), nested(level))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (_, report) = report_of(&files);
    assert_eq!(report.summary.projects, 15);
    assert!(report.diagnostics.iter().all(|found| found.message.len() < 10_000));
}

#[test]
fn what_was_meant_by_a_property_of_another_place_is_said() {
    for (written, meant) in
        [("Buildspec", "Source.BuildSpec"), ("BuildSpec", "Source.BuildSpec"), ("Webhook", "Triggers")]
    {
        let text =
            format!("Resources:\n  Build:\n    Type: AWS::CodeBuild::Project\n    Properties:\n      {written}: x\n");
        let (_, report) = report_of(&[("t.yml", &text)]);
        let help: Vec<&str> = of(&report, "unknown-property").filter_map(|found| found.help.as_deref()).collect();
        assert!(help.contains(&&*format!("did you mean `{meant}`?")), "{written}: {help:?}");
    }
}
