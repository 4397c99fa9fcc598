//! What the configuration tells of accounts and of who deploys.

use iamlint::config::Config;
use iamlint::diagnostic::{Confidence, Severity};
use iamlint::linter::{Options, lint};
use iamlint::rules::builtin;
use iamlint::source::Sources;

/// Rule and path of what is found.
fn found(files: &[(&str, &str)], config: &str, rules: &[&str]) -> Vec<(String, String)> {
    let mut sources = Sources::new();
    let file = sources.add("iamlint.toml", config);
    let config = Config::read(&sources, file, "").unwrap_or_else(|problems| panic!("{problems:?}"));
    files.iter().for_each(|(path, text)| _ = sources.add(*path, *text));
    let rules: Vec<_> = builtin::rules().iter().filter(|rule| rules.contains(&rule.id.as_str())).cloned().collect();
    let report = lint(&sources, &rules, &Options { config, ..Options::default() });
    let place = |one: &iamlint::diagnostic::Diagnostic| sources.path(one.primary.span.file).to_owned();
    report.diagnostics.iter().map(|one| (one.rule.clone(), place(one))).collect()
}

fn role(id: &str, trusted: &str, action: &str) -> String {
    format!(
        "Resources:\n  {id}:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        \
         Version: \"2012-10-17\"\n        Statement: [{{Effect: Allow, Principal: {trusted}, Action: sts:AssumeRole}}]\n      \
         Policies:\n        - PolicyName: p\n          PolicyDocument:\n            Version: \"2012-10-17\"\n            \
         Statement: [{{Effect: Allow, Action: \"{action}\", Resource: \"*\"}}]\n"
    )
}

#[test]
fn a_trusted_account_is_no_stranger() {
    let foreign = "trust-foreign-account";
    let text = role("Reader", "{AWS: \"arn:aws:iam::210987654321:root\"}", "s3:GetObject");
    let of = |config: &str| found(&[("prod/role.yml", &text)], config, &[foreign]).len();
    assert_eq!(of(""), 1);
    assert_eq!(of("trusted-accounts = [\"310987654321\"]\n"), 1);
    assert_eq!(of("trusted-accounts = [\"210987654321\"]\n"), 0);
    assert_eq!(of("[paths.\"prod/**\"]\naccount = \"210987654321\"\n"), 0, "the own account");
    assert_eq!(of("[paths.\"dev/**\"]\naccount = \"210987654321\"\n"), 0, "another one of the same owner");
}

/// A build that deploys, with the role `Deployer`.
fn deploying() -> String {
    role("Deployer", "{Service: codebuild.amazonaws.com}", "cloudformation:UpdateStack")
        + "  Deploy:\n    Type: AWS::CodeBuild::Project\n    Properties:\n      ServiceRole: !GetAtt Deployer.Arn\n      \
           Artifacts: {Type: NO_ARTIFACTS}\n      Source:\n        Type: NO_SOURCE\n        BuildSpec: |\n          \
           version: 0.2\n          phases: {build: {commands: [aws cloudformation deploy --stack-name app --template-file t.yml]}}\n      \
           Environment: {Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL, Image: \"aws/codebuild/standard:7.0\"}\n"
}

const OUTSIDER: &str = "deploy-permission-outside-pipeline";

#[test]
fn who_is_told_to_deploy_is_no_outsider() {
    let files =
        [("a.yml", deploying()), ("b.yml", role("BreakGlass", "{AWS: !Ref Admin}", "lambda:UpdateFunctionCode"))];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let of = |config: &str| found(&files, config, &[OUTSIDER]);
    assert_eq!(of(""), [(OUTSIDER.to_owned(), "b.yml".to_owned())]);
    for told in ["BreakGlass", "Break*", "arn:aws:iam::111122223333:role/BreakGlass", "arn:aws:iam::*:role/*Glass"] {
        assert_eq!(of(&format!("[deployment]\nprincipals = [\"{told}\"]\n")), [], "{told}");
    }
    for told in ["Breaks*", "arn:aws:iam::*:user/BreakGlass", "arn:aws:s3:::BreakGlass"] {
        assert_eq!(of(&format!("[deployment]\nprincipals = [\"{told}\"]\n")).len(), 1, "{told}");
    }
}

#[test]
fn where_deployers_are_told_others_are_outsiders_without_a_pipeline() {
    let text = role("Tool", "{AWS: !Ref Admin}", "lambda:UpdateFunctionCode");
    let of = |config: &str| found(&[("b.yml", &text)], config, &[OUTSIDER]).len();
    assert_eq!(of(""), 0, "nobody is known to deploy");
    assert_eq!(of("[deployment]\nprincipals = [\"ci-deploy\"]\n"), 1);
}

#[test]
fn who_is_in_another_account_than_the_deployers_is_left_alone() {
    let tool = role("Tool", "{AWS: !Ref Admin}", "lambda:UpdateFunctionCode");
    let starter = role("Starter", "{AWS: !Ref Admin}", "codebuild:StartBuild");
    let deploying = deploying();
    let files = [("prod/a.yml", deploying.as_str()), ("dev/b.yml", &tool), ("dev/c.yml", &starter)];
    let of = |config: &str| found(&files, config, &[OUTSIDER, "start-of-deploy-project-outside-pipeline"]);
    assert_eq!(of("").len(), 2);
    let prod = "[paths.\"prod/**\"]\naccount = \"210987654321\"\n";
    let accounts = format!("{prod}[paths.\"dev/**\"]\naccount = \"310987654321\"\n");
    assert_eq!(of(&accounts), []);
    assert_eq!(of(&accounts.replace("310987654321", "210987654321")).len(), 2);
    assert_eq!(of(prod).len(), 2, "an account that is not known may be the same");
}

#[test]
fn strictly_nobody_deploys_but_those_that_are_told() {
    let (seen, told) = (deploying(), role("Named", "{Service: codebuild.amazonaws.com}", "cloudformation:UpdateStack"));
    let files = [("a.yml", seen.as_str()), ("b.yml", &told)];
    let of = |config: &str| -> Vec<String> {
        let found = found(&files, config, &[OUTSIDER]);
        found.into_iter().map(|(_, path)| path).collect()
    };
    assert_eq!(of(""), ["b.yml"], "who is seen to deploy does by design");
    let told = "[deployment]\nprincipals = [\"Named\"]\n";
    assert_eq!(of(told), [""; 0], "and so does who is told to");
    assert_eq!(of(&format!("{told}strict = false\n")), [""; 0]);
    assert_eq!(of(&format!("{told}strict = true\n")), ["a.yml"]);
    let both = "[deployment]\nprincipals = [\"Named\", \"Deployer\"]\nstrict = true\n";
    assert_eq!(of(both), [""; 0]);
    let mut sources = Sources::new();
    let file = sources.add("iamlint.toml", "[deployment]\nstrict = true\n");
    let problems = Config::read(&sources, file, "").expect_err("nobody would deploy");
    assert_eq!(sources.slice(problems[0].primary.span), "true");
}

#[test]
fn strictly_who_deploys_unnamed_is_told_so() {
    let mut sources = Sources::new();
    let file = sources.add("iamlint.toml", "[deployment]\nprincipals = [\"Named\"]\nstrict = true\n");
    let config = Config::read(&sources, file, "").expect("a configuration");
    sources.add("a.yml", deploying());
    let report = lint(&sources, builtin::rules(), &Options { config, ..Options::default() });
    let found: Vec<_> = report.diagnostics.iter().filter(|one| one.rule == OUTSIDER).collect();
    let [found] = found.as_slice() else { panic!("{found:?}") };
    let message = "`Deployer` may deploy though the configuration does not name it: `cloudformation:UpdateStack`";
    assert_eq!((found.message.as_str(), found.severity), (message, Severity::High));
    assert!(found.help.as_ref().is_some_and(|help| help.contains("`Named`")), "{found:?}");
}

#[test]
fn who_deploys_in_an_emergency_is_left_alone_where_something_keeps_it_for_that() {
    let of = |trusted: &str, condition: &str| {
        let trust = "Action: sts:AssumeRole";
        let role = role("BreakGlass", trusted, "lambda:UpdateFunctionCode");
        let role = role.replace(trust, &format!("{trust}{condition}"));
        let (deploying, config) = (deploying(), "[deployment]\nbreak-glass = [\"Break*\"]\n");
        found(&[("a.yml", &deploying), ("b.yml", &role)], config, &[OUTSIDER]).len()
    };
    let account = "{AWS: !Ref AWS::AccountId}";
    let with = |test: &str| format!(", Condition: {test}");
    assert_eq!(of(account, ""), 1, "everybody of the account");
    assert_eq!(of(account, &with("{Bool: {aws:MultiFactorAuthPresent: \"true\"}}")), 0);
    assert_eq!(of(account, &with("{NumericLessThan: {aws:MultiFactorAuthAge: \"900\"}}")), 0);
    assert_eq!(of(account, &with("{BoolIfExists: {aws:MultiFactorAuthPresent: \"true\"}}")), 1, "keys have no factor");
    assert_eq!(of(account, &with("{Bool: {aws:MultiFactorAuthPresent: \"false\"}}")), 1);
    assert_eq!(of("{AWS: \"arn:aws:iam::111122223333:role/OnCall\"}", ""), 0);
    assert_eq!(of("{AWS: [\"arn:aws:iam::111122223333:role/OnCall\", \"111122223333\"]}", ""), 1);
    assert_eq!(of("{AWS: !Ref Somebody}", ""), 1, "nobody knows whom");
}

#[test]
fn who_deploys_in_an_emergency_and_by_the_way_is_told_more_mildly() {
    let mut sources = Sources::new();
    let file = sources.add("iamlint.toml", "[deployment]\nbreak-glass = [\"BreakGlass\"]\n");
    let config = Config::read(&sources, file, "").expect("a configuration");
    sources.add("a.yml", deploying());
    sources.add("b.yml", role("BreakGlass", "{AWS: !Ref AWS::AccountId}", "lambda:UpdateFunctionCode"));
    let report = lint(&sources, builtin::rules(), &Options { config, ..Options::default() });
    let found = report.diagnostics.iter().find(|one| one.rule == OUTSIDER).expect("a finding");
    assert_eq!(found.severity, Severity::Medium);
    assert!(
        found.notes.iter().any(|note| note.starts_with("it is for emergencies, and nothing keeps it")),
        "{found:?}"
    );
}

#[test]
fn roles_of_the_organisation_are_for_information_unless_they_are_judged_as_all_others() {
    let of = |name: &str, config: &str| {
        let role = role("Reach", "{AWS: \"arn:aws:iam::111122223333:root\"}", "cloudformation:*")
            .replace("    Properties:\n", &format!("    Properties:\n      RoleName: {name}\n"));
        let deploying = deploying();
        let asked = [OUTSIDER, "organisation-role-may-deploy", "workload-is-administrator"];
        let found = found(&[("a.yml", &deploying), ("b.yml", &role.replace("cloudformation:*", "*"))], config, &asked);
        found.into_iter().map(|(rule, _)| rule).collect::<Vec<_>>()
    };
    for name in ["OrganizationAccountAccessRole", "AWSControlTowerExecution", "stacksets-exec-0123456789abcdef"] {
        assert_eq!(of(name, ""), ["organisation-role-may-deploy"], "{name}");
        assert_eq!(of(name, "[deployment]\nstrict-sso = false\n"), ["organisation-role-may-deploy"], "{name}");
        let strict = of(name, "[deployment]\nstrict-sso = true\n");
        assert!(!strict.is_empty() && !strict.contains(&"organisation-role-may-deploy".to_owned()), "{strict:?}");
        assert_eq!(of(name, &format!("[deployment]\nprincipals = [\"{name}\"]\n")), ["workload-is-administrator"]);
    }
    // A name alone is no path.
    assert!(!of("AWSReservedSSO_Mine", "").contains(&"organisation-role-may-deploy".to_owned()));
}

#[test]
fn roles_of_people_of_the_organisation_are_told_by_their_path() {
    let of = |path: &str, config: &str| {
        let account = format!(
            r#"{{"RoleDetailList": [{{"Path": "{path}", "RoleName": "AWSReservedSSO_Ops_0123456789abcdef", "RoleId": "AROAEXAMPLE",
            "Arn": "arn:aws:iam::111122223333:role{path}AWSReservedSSO_Ops_0123456789abcdef",
            "AssumeRolePolicyDocument": {{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML",
            "Principal": {{"Federated": "arn:aws:iam::111122223333:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"}}}}]}},
            "RolePolicyList": [{{"PolicyName": "p", "PolicyDocument": {{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}}]}}}}], "AttachedManagedPolicies": []}}],
            "UserDetailList": [], "GroupDetailList": [], "Policies": []}}"#
        );
        let deploying = deploying();
        let files = [("a.yml", deploying.as_str()), ("account.json", &account)];
        found(&files, config, &[OUTSIDER, "organisation-role-may-deploy"])
            .into_iter()
            .map(|(rule, _)| rule)
            .collect::<Vec<_>>()
    };
    let path = "/aws-reserved/sso.amazonaws.com/eu-west-1/";
    assert_eq!(of(path, ""), ["organisation-role-may-deploy"]);
    assert_eq!(of(path, "[deployment]\nstrict-sso = true\n"), [OUTSIDER]);
    assert_eq!(of("/", ""), [OUTSIDER]);
}

#[test]
fn a_run_counts_who_may_deploy() {
    let mut sources = Sources::new();
    let folder = "fixtures/projects/only-the-pipeline/account";
    let file =
        sources.add("iamlint.toml", std::fs::read_to_string(format!("{folder}/iamlint.toml")).expect("a fixture"));
    let config = Config::read(&sources, file, "").expect("a configuration");
    for name in ["account.json", "projects.json", "pipeline.json"] {
        sources.add(name, std::fs::read_to_string(format!("{folder}/{name}")).expect("a fixture"));
    }
    let options = Options { config, ..Options::default() };
    let of = |rules: &[iamlint::rules::Rule]| lint(&sources, rules, &options).summary.deployment;
    let counted = of(builtin::rules()).expect("a pipeline deploys");
    assert_eq!((counted.by_design, counted.execution), (1, 1), "cd-deployer, cfn-exec");
    assert_eq!(
        (counted.users, counted.roles, counted.by_build),
        (3, 3, 1),
        "ci-legacy, alice, bob; ops, helper, lambda-self; tester"
    );
    let exempted: Vec<&str> = counted.exempted.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((exempted.as_slice(), counted.unknown), (["autoscaling-ecs", "bg-admin"].as_slice(), 0));
    let some: Vec<_> = builtin::rules().iter().filter(|rule| rule.id == OUTSIDER).cloned().collect();
    assert_eq!(of(&some), None, "not all that counts was asked");
    let mut sources = Sources::new();
    sources.add("b.yml", role("Tool", "{AWS: !Ref Admin}", "lambda:UpdateFunctionCode"));
    assert_eq!(lint(&sources, builtin::rules(), &Options::default()).summary.deployment, None, "nothing deploys");
}

#[test]
fn what_is_no_account_is_refused() {
    let mut sources = Sources::new();
    let file = sources.add("iamlint.toml", "trusted-accounts = [\"2109\"]\n[paths.a]\naccount = \"21098765432x\"\n");
    let problems = Config::read(&sources, file, "").expect_err("two problems");
    let places: Vec<&str> = problems.iter().map(|one| sources.slice(one.primary.span)).collect();
    assert_eq!(places, ["\"21098765432x\"", "\"2109\""]);
}

#[test]
fn a_build_that_runs_the_cdk_deploys() {
    let mut sources = Sources::new();
    let path = "fixtures/projects/cdk-pipeline/deploys/template.yml";
    sources.add("template.yml", std::fs::read_to_string(path).expect("a fixture"));
    let understood = iamlint::linter::understand(&sources, &Options::default());
    let deployers = &understood.model.deployers.principals;
    let names: Vec<&str> = deployers.iter().map(|id| understood.model.principal(*id).display()).collect();
    assert_eq!(names, ["DeployRole"]);
}

#[test]
fn a_service_control_policy_that_keeps_others_out_is_a_doubt() {
    let operators = role("Operators", "{AWS: !Ref Admin}", "lambda:UpdateFunctionCode");
    let confidence = |statement: &str| {
        let mut sources = Sources::new();
        sources.add("a.yml", deploying());
        sources.add("b.yml", operators.as_str());
        sources.add(
            "c.yml",
            format!(
                "Resources:\n  OnlyThePipeline:\n    Type: AWS::Organizations::Policy\n    Properties:\n      \
                 Name: only-the-pipeline\n      Type: SERVICE_CONTROL_POLICY\n      Content:\n        \
                 Version: \"2012-10-17\"\n        Statement: [{{{statement}, Resource: \"*\"}}]\n"
            ),
        );
        let report = lint(&sources, builtin::rules(), &Options::default());
        let found: Vec<_> = report.diagnostics.iter().filter(|one| one.rule == OUTSIDER).collect();
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(found.severity, Severity::High);
        found.confidence
    };
    let but = |name: &str| {
        let arn = format!("{{aws:PrincipalArn: \"arn:aws:iam::*:role/{name}\"}}");
        format!("Effect: Deny, Action: \"lambda:*\", Condition: {{ArnNotLike: {arn}}}")
    };
    let region = "Condition: {StringNotEquals: {aws:RequestedRegion: eu-west-1}}";
    assert_eq!(confidence("Effect: Deny, Action: \"lambda:*\""), Confidence::Medium);
    assert_eq!(confidence(&but("Deployer")), Confidence::Medium);
    assert_eq!(confidence(&but("Oper*")), Confidence::High, "it is among those that may");
    assert_eq!(confidence("Effect: Deny, Action: \"ecs:*\""), Confidence::High);
    assert_eq!(confidence("Effect: Allow, Action: \"*\""), Confidence::High);
    assert_eq!(confidence(&format!("Effect: Deny, Action: \"*\", {region}")), Confidence::High, "in that region");
}
