//! `iamlint uses`: the table of each role, JSON, and the least policy.

use super::*;

/// A build with a role that may do too much and too little.
const BUILD: &str = include_str!("../../fixtures/needs/logs-of-a-project/template.yml");

#[test]
fn a_table_of_each_role_is_told() {
    let repository = repository(&[("ci.yml", BUILD)]);
    let run = repository.run(&["uses"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert!(run.out.starts_with("ci.yml:31:3  Role (builds of `Build`)\n"), "{}", run.out);
    assert!(run.out.contains("\n  logs                     Write                       47       3      44       0\n"));
    assert!(run.out.contains("this will fail with AccessDenied: s3:PutObject on"), "{}", run.out);
    assert_eq!(repository.run(&["uses", "--role", "Role", "ci.yml"]).out, run.out);
}

#[test]
fn everything_is_told_as_json() {
    let run = repository(&[("ci.yml", BUILD)]).run(&["uses", "--format", "json"]);
    let answer = run.json();
    assert_eq!(answer["schema"], "iamlint-uses/1");
    let role = &answer["roles"][0];
    assert_eq!((role["role"].as_str(), role["confidence"].as_str()), (Some("Role"), Some("high")));
    let used = role["used"].as_array().expect("a list");
    let log = used.iter().find(|used| used["action"] == "logs:PutLogEvents").expect("the log is written");
    assert_eq!((log["state"].as_str(), log["certainty"].as_str()), (Some("granted"), Some("certain")));
    assert_eq!(log["location"]["start"]["line"], 26);
    assert!(log["source"].as_str().is_some_and(|page| page.starts_with("https://docs.aws.amazon.com/")));
    let missing: Vec<_> = used.iter().filter(|used| used["state"] == "missing").collect();
    assert_eq!(missing.len(), 3);
    assert_eq!(missing.iter().filter(|used| used["certainty"] == "likely").count(), 2);
}

#[test]
fn the_least_policy_of_one_role_is_written_in_the_style_of_its_file() {
    let repository = repository(&[("ci.yml", BUILD)]);
    let yaml = repository.run(&["uses", "--format", "policy"]);
    assert!(yaml.out.starts_with("Version: \"2012-10-17\"\nStatement:\n  # writes its log"), "{}", yaml.out);
    assert!(yaml.out.contains("\n    Resource: !Sub arn:${AWS::Partition}:s3:::shop-logs/builds/*\n"), "{}", yaml.out);
    let json = r#"{"Resources": {
        "Build": {"Type": "AWS::CodeBuild::Project", "Properties": {"Name": "shop",
            "Source": {"Type": "NO_SOURCE", "BuildSpec": "version: 0.2\nphases: {build: {commands: [ls]}}\n"},
            "Artifacts": {"Type": "NO_ARTIFACTS"}, "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]}}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": {
            "Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}}}}}}"#;
    repository.write("ci.yml", json);
    let run = repository.run(&["uses", "--format", "policy"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/codebuild/shop";
    assert_eq!(run.json()["Statement"][0]["Resource"]["Fn::Sub"], format!("{group}:*"));
    assert_eq!(run.json()["Statement"][1]["Resource"][0]["Fn::Sub"], group);
}

/// Files of Terraform are found where they name a backend, and files of its settings where a command names
/// them.
#[test]
fn the_state_of_terraform_is_part_of_the_least_policy() {
    let case = "fixtures/needs/state-of-terraform";
    let read = |path: &str| std::fs::read_to_string(format!("{case}/{path}")).expect("a fixture");
    let files =
        ["template.yml", "buildspec.yml", "infra/main.tf", "infra/prod.tfbackend"].map(|path| (path, read(path)));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let repository = repository(&files);
    repository.write("infra/vpc.tf", "resource \"aws_vpc\" \"main\" {}\n");
    let run = repository.run(&["uses", "--format", "policy"]);
    assert_eq!(run.status, 0, "{}", run.err);
    for resource in ["example-org-states", "example-org-states/network/prod/network.tfstate.tflock"] {
        assert!(run.out.contains(&format!("arn:${{AWS::Partition}}:s3:::{resource}\n")), "{}", run.out);
    }
    assert!(run.out.contains("(infra/main.tf:4)"), "{}", run.out);
    assert!(run.err.contains("`terraform apply -input=false`: what its configuration makes is not read"));
    let run = repository.run(&["check"]);
    let summary = "3 files (1 CloudFormation template, 1 Terraform state backend, 1 buildspec)";
    assert!(run.out.contains(summary), "{}", run.out);
    // A comment above the backend suppresses what is said of it.
    let lacking = read("template.yml").replace("s3:DeleteObject", "s3:GetObjectTagging").replace(
        "\n  Role:\n",
        "\n  States:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: example-org-states\n  Role:\n",
    );
    repository.write("template.yml", &lacking);
    let words = ["check", "--select", "missing-permission", "--format", "short"];
    let run = repository.run(&words);
    assert!(run.out.starts_with("infra/main.tf:4:3: "), "{}", run.out);
    let ignored = "# iamlint: ignore[missing-permission] -- the policy of the bucket allows it\n  backend";
    repository.write("infra/main.tf", &read("infra/main.tf").replace("backend", ignored));
    assert_eq!(repository.run(&words).status, 0);
}

#[test]
fn the_same_policy_is_written_every_time() {
    let repository = repository(&[("ci.yml", BUILD)]);
    let first = repository.run(&["uses", "--format", "policy"]).out;
    assert!((0..3).all(|_| repository.run(&["uses", "--format", "policy"]).out == first));
}

#[test]
fn a_policy_is_written_for_one_role_and_roles_are_named_that_are_there() {
    let repository = repository(&[("one.yml", BUILD), ("other.yml", BUILD)]);
    let run = repository.run(&["uses", "--format", "policy"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.contains("a policy is written for one role"), "{}", run.err);
    assert!(repository.run(&["uses", "--format", "policy", "one.yml"]).out.contains("one.yml:26"));
    let run = repository.run(&["uses", "--role", "Nobody"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("no build or pipeline works with a role `Nobody` here"), "{}", run.err);
}

#[test]
fn without_roles_nothing_is_told_of_them() {
    let run = repository(&[("spec.yml", SECRET)]).run(&["uses"]);
    assert_eq!((run.status, run.out.as_str()), (0, "no role of a build or a pipeline is declared here\n"));
}

/// What the build of a service needs: `action on resource`, where `arn:${AWS::Partition}:` is left out.
fn needs_of_a_service(state: &str, edit: impl Fn(&str) -> String) -> Vec<String> {
    let folder = format!("fixtures/projects/serverless-orders/{state}");
    let paths = ["buildspec.yml", "infra/build.yml", "package.json", "serverless.yml"];
    let files = paths.map(|path| edit(&fs::read_to_string(format!("{folder}/{path}")).expect("a fixture")));
    let files: Vec<(&str, &str)> = paths.into_iter().zip(files.iter().map(String::as_str)).collect();
    let answer = repository(&files).run(&["uses", "--format", "json"]).json();
    let used = answer["roles"][0]["used"].as_array().expect("a list").clone();
    let one = |used: &serde_json::Value| {
        let resources = used["resources"].as_array().expect("a list").clone();
        let action = used["action"].as_str().expect("a name").to_owned();
        resources.into_iter().map(move |resource| {
            let resource = resource.as_str().expect("an ARN").replace("arn:${AWS::Partition}:", "");
            format!("{action} on {}", resource.replace("${AWS::Region}:${AWS::AccountId}:", ""))
        })
    };
    used.iter().flat_map(one).collect()
}

#[test]
fn a_service_needs_what_it_is_made_of_and_no_more() {
    let needs = needs_of_a_service("administrator", str::to_owned);
    for needed in [
        "cloudformation:CreateChangeSet on cloudformation:stack/orders-dev/*",
        "cloudformation:ExecuteChangeSet on cloudformation:stack/orders-dev/*",
        "s3:PutObject on s3:::*-serverlessdeploymentbucket-*/*",
        "s3:CreateBucket on s3:::*-serverlessdeploymentbucket-*",
        "lambda:CreateFunction on lambda:function:orders-dev-*",
        "lambda:AddPermission on lambda:function:orders-dev-*",
        "iam:CreateRole on iam::${AWS::AccountId}:role/orders-dev-*-lambdaRole",
        "iam:PassRole on iam::${AWS::AccountId}:role/orders-dev-*-lambdaRole",
        "apigateway:POST on apigateway:${AWS::Region}::/apis/*",
        "apigateway:POST on apigateway:${AWS::Region}::/tags/*",
        "dynamodb:CreateTable on dynamodb:table/orders-dev-*",
        "logs:CreateLogGroup on logs:log-group:/aws/lambda/orders-dev-*",
        "ec2:DescribeSubnets on *",
    ] {
        assert!(needs.contains(&needed.to_owned()), "{needed}: {needs:#?}");
    }
    let beyond: Vec<&String> = needs
        .iter()
        .filter(|need| {
            let is_of = |service: &str| need.starts_with(&format!("{service}:"));
            let is_of_api = ["/apis", "/apis/*", "/tags/*"].iter().any(|path| need.ends_with(&format!("::{path}")));
            ["elasticfilesystem", "s3files", "kms", "kinesis", "s3tables"].iter().any(|service| is_of(service))
                || (is_of("apigateway") && !is_of_api)
                || (need.starts_with("iam:PassRole") && !need.ends_with("-lambdaRole"))
        })
        .collect();
    assert!(beyond.is_empty(), "{beyond:#?}");
    // What no function asks for is not needed.
    let without = needs_of_a_service("administrator", |text| {
        let text = text.replace("    events:\n      - httpApi: POST /orders\n", "");
        text.split_once("    vpc:\n").map_or(text.clone(), |(before, _)| before.to_owned())
    });
    assert!(without.iter().any(|need| need.starts_with("lambda:CreateFunction")), "{without:#?}");
    let unasked = |need: &&String| need.starts_with("ec2:") || need.starts_with("apigateway:");
    assert_eq!(without.iter().find(unasked), None);
    // And what one asks for is.
    let with_key = needs_of_a_service("administrator", |text| {
        text.replace(
            "    handler: src/bill.handler\n",
            "    handler: src/bill.handler\n    kmsKeyArn: arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d\n",
        )
    });
    assert!(with_key.iter().any(|need| need.starts_with("kms:")), "{with_key:#?}");
}

#[test]
fn with_a_role_for_cloudformation_a_build_passes_it_and_makes_nothing() {
    let needs = needs_of_a_service("execution-role", str::to_owned);
    let services: BTreeSet<&str> = needs.iter().filter_map(|need| need.split(':').next()).collect();
    // Functions and their logs are looked at.
    assert_eq!(services, BTreeSet::from(["cloudformation", "iam", "lambda", "logs", "s3"]));
    let passed = needs.iter().filter(|need| need.starts_with("iam:")).collect::<Vec<_>>();
    assert_eq!(passed, ["iam:PassRole on arn:aws:iam::111122223333:role/orders-cloudformation"]);
    let of_functions: BTreeSet<&str> =
        needs.iter().filter_map(|need| need.split(' ').next().filter(|name| name.starts_with("lambda:"))).collect();
    assert_eq!(of_functions, BTreeSet::from(["lambda:GetFunction"]));
}

/// What a command says stays in the comment that quotes it, and on its line of the table.
#[test]
fn a_command_of_several_lines_writes_no_statement_into_the_policy() {
    let spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - |\n        # iamlint: uses s3:GetObject on arn:aws:s3:::shop/*\n        python -c \"import x\n          - Effect: Allow\n            Action: '*'\"\n";
    let repository = repository(&[("ci.yml", BUILD), ("spec.yml", spec)]);
    let own = BUILD.find("BuildSpec: ").expect("the project has a buildspec");
    let end =
        BUILD[own..].find("\n      Artifacts").or_else(|| BUILD[own..].find("\n      LogsConfig")).map(|at| own + at);
    let end = end.expect("another property follows");
    repository.write("ci.yml", &format!("{}BuildSpec: spec.yml{}", &BUILD[..own], &BUILD[end..]));
    let policy = repository.run(&["uses", "--format", "policy"]).out;
    assert!(policy.contains("import x") && policy.contains("s3:GetObject"), "{policy}");
    let written = policy.lines().filter(|line| !line.trim_start().starts_with('#'));
    assert!(written.clone().all(|line| !line.contains("'*'")), "{policy}");
    let table = repository.run(&["uses"]).out;
    assert!(table.lines().all(|line| !line.trim_start().starts_with("- Effect")), "{table}");
}
