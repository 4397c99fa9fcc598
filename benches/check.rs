//! How long a run takes: a tree of templates, its parsing alone, one template alone.

use iamlint::linter::{Options, lint};
use iamlint::rules::builtin;
use iamlint::source::{FileId, Sources};
use iamlint::syntax;

fn main() {
    divan::main();
}

/// As many templates as a large repository has.
const TEMPLATES: usize = 500;

#[divan::bench(sample_count = 10)]
fn lint_500_templates(bencher: divan::Bencher<'_, '_>) {
    let sources = tree(TEMPLATES);
    let rules = builtin::asked_by_default();
    bencher.bench(|| lint(&sources, &rules, &Options::default()).diagnostics.len());
}

#[divan::bench(sample_count = 10)]
fn parse_500_templates(bencher: divan::Bencher<'_, '_>) {
    let sources = tree(TEMPLATES);
    bencher.bench(|| {
        sources.iter().map(|(file, source)| syntax::parse(&source.text, file).documents.len()).sum::<usize>()
    });
}

#[divan::bench(sample_count = 50)]
fn lint_one_template(bencher: divan::Bencher<'_, '_>) {
    let sources = tree(1);
    let rules = builtin::asked_by_default();
    bencher.bench(|| lint(&sources, &rules, &Options::default()).diagnostics.len());
}

#[divan::bench(sample_count = 50)]
fn parse_one_template(bencher: divan::Bencher<'_, '_>) {
    let sources = tree(1);
    let file: FileId = sources.iter().next().expect("one file").0;
    bencher.bench(|| syntax::parse(&sources.get(file).text, file).documents.len());
}

/// Templates of a few kinds in turn, each with its own names; the same on every run.
fn tree(count: usize) -> Sources {
    let mut sources = Sources::new();
    for number in 0..count {
        let path = format!("service-{}/template-{number}.yml", number / 20);
        let text = match number % 3 {
            0 => build(number),
            1 => pipeline(number),
            _ => service(number),
        };
        sources.add(path, text);
    }
    sources
}

/// A build project with its role.
fn build(number: usize) -> String {
    let statements: String = ["logs:CreateLogStream", "s3:GetObject", "ecr:*", "iam:PassRole"]
        .iter()
        .map(|action| statement(action, &format!("arn:aws:s3:::bucket-{number}/*")))
        .collect();
    format!(
        "Resources:\n  Build{number}:\n    Type: AWS::CodeBuild::Project\n    Properties:\n      ServiceRole: !GetAtt Role{number}.Arn\n      Environment: {{Image: 'aws/codebuild/standard:7.0', PrivilegedMode: true}}\n      Source:\n        Type: GITHUB\n        BuildSpec: |\n          version: 0.2\n          phases:\n            build:\n              commands:\n                - npm ci\n                - aws s3 cp dist s3://bucket-{number}\n      Triggers:\n        Webhook: true\n        FilterGroups:\n          - - {{Type: EVENT, Pattern: 'PULL_REQUEST_CREATED,PUSH'}}\n{}",
        role(number, "codebuild", &statements)
    )
}

/// A pipeline of three stages with its role.
fn pipeline(number: usize) -> String {
    let stages: String = ["Source", "Build", "Deploy"]
        .iter()
        .map(|name| {
            format!(
                "        - Name: {name}\n          Actions:\n            - Name: {name}\n              ActionTypeId: {{Category: {name}, Owner: AWS, Provider: CodeBuild, Version: '1'}}\n              Configuration: {{ProjectName: build-{number}}}\n              RunOrder: 1\n"
            )
        })
        .collect();
    let statements: String = ["codebuild:StartBuild", "s3:*", "cloudformation:*"]
        .iter()
        .map(|action| statement(action, &format!("arn:aws:codebuild:*:*:project/build-{number}")))
        .collect();
    format!(
        "Resources:\n  Pipeline{number}:\n    Type: AWS::CodePipeline::Pipeline\n    Properties:\n      RoleArn: !GetAtt Role{number}.Arn\n      ArtifactStore: {{Type: S3, Location: !Ref Store}}\n      Stages:\n{stages}  Store:\n    Type: AWS::S3::Bucket\n{}",
        role(number, "codepipeline", &statements)
    )
}

/// Functions, tables and the role of a service.
fn service(number: usize) -> String {
    let resources: String = (0..12)
        .map(|index| {
            format!(
                "  Table{index}:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: !Sub '${{AWS::StackName}}-{number}-{index}'\n      BillingMode: PAY_PER_REQUEST\n      Tags:\n        - {{Key: team, Value: team-{index}}}\n"
            )
        })
        .collect();
    let statements: String = (0..12)
        .map(|index| statement("dynamodb:PutItem", &format!("arn:aws:dynamodb:*:*:table/{number}-{index}")))
        .collect();
    format!("Resources:\n{resources}{}", role(number, "lambda", &statements))
}

fn role(number: usize, service: &str, statements: &str) -> String {
    format!(
        "  Role{number}:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Version: '2012-10-17'\n        Statement:\n          - Effect: Allow\n            Principal: {{Service: {service}.amazonaws.com}}\n            Action: sts:AssumeRole\n      Policies:\n        - PolicyName: work\n          PolicyDocument:\n            Version: '2012-10-17'\n            Statement:\n{statements}"
    )
}

fn statement(action: &str, resource: &str) -> String {
    format!(
        "              - Effect: Allow\n                Action: ['{action}']\n                Resource:\n                  - '{resource}'\n"
    )
}
