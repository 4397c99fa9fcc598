//! What the SAM transform makes of a template: roles, what they may do, and who runs with them.

use iamlint::linter::{Options, Report, lint};
use iamlint::model::{self, Model, Principal};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use iamlint::template::Repository;

const HEAD: &str = "Transform: AWS::Serverless-2016-10-31\n";

/// The model of one template.
fn model_of(text: &str) -> (Sources, Model) {
    let mut sources = Sources::new();
    let file = sources.add("template.yml", format!("{HEAD}{text}"));
    let repository = Repository::read(&sources);
    let fragment = model::lower::lower(&repository, file, &model::lower::Asked::All);
    let model = model::link(&sources, &repository, vec![fragment], model::Given::default());
    drop(repository);
    (sources, model)
}

fn report_of(text: &str) -> Report {
    let mut sources = Sources::new();
    sources.add("template.yml", format!("{HEAD}{text}"));
    lint(&sources, builtin::rules(), &Options::default())
}

fn role<'m>(model: &'m Model, name: &str) -> &'m Principal {
    let found = model.principals.iter().find(|principal| principal.logical_id.value == name);
    found.unwrap_or_else(|| panic!("no role `{name}`"))
}

/// Managed policies of a role, sorted.
fn managed(role: &Principal) -> Vec<&str> {
    let mut names: Vec<&str> = role.managed.iter().filter_map(|policy| policy.aws_managed.as_deref()).collect();
    names.sort_unstable();
    names
}

/// `action resource` of what the policies of a role allow, those that AWS manages aside.
fn allowed(role: &Principal) -> Vec<String> {
    let managed: Vec<_> = role.managed.iter().map(|policy| policy.text.span).collect();
    let written = role.authority.documents.iter().flat_map(|document| &document.statements);
    let mut pairs: Vec<String> = written
        .filter(|statement| !managed.contains(&statement.span))
        .flat_map(|statement| {
            let actions = statement.actions.iter().flat_map(|actions| &actions.patterns);
            let resources = statement.resources.iter().flat_map(|resources| &resources.patterns);
            let resources: Vec<String> = resources.map(|pattern| pattern.text().display().into_owned()).collect();
            actions
                .map(move |action| format!("{} {}", action.text().display(), resources.join(" ")))
                .collect::<Vec<_>>()
        })
        .collect();
    pairs.sort_unstable();
    pairs
}

#[test]
fn a_function_without_a_role_gets_one_with_what_its_properties_need() {
    let (sources, model) = model_of(
        "
Globals:
  Function:
    Tracing: Active
    VpcConfig: {SubnetIds: [subnet-1]}
Resources:
  Mailer:
    Type: AWS::Serverless::Function
    Properties:
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Lost.Arn}
      Policies: AmazonSESFullAccess
      Events:
        Letters: {Type: SQS, Properties: {Queue: !GetAtt Letters.Arn}}
        Nightly: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}
  Plain:
    Type: AWS::Serverless::Function
    IgnoreGlobals: '*'
    Properties: {Handler: app.main}
  Letters: {Type: AWS::SQS::Queue}
  Lost: {Type: AWS::SQS::Queue}
",
    );
    let mailer = role(&model, "MailerRole");
    assert_eq!(
        managed(mailer),
        [
            "AWSLambdaBasicExecutionRole",
            "AWSLambdaSQSQueueExecutionRole",
            "AWSLambdaVPCAccessExecutionRole",
            "AWSXrayWriteOnlyAccess",
            "AmazonSESFullAccess",
        ]
    );
    assert_eq!(allowed(mailer), ["sqs:SendMessage ${Lost.Arn}"]);
    assert_eq!(sources.slice(mailer.logical_id.span), "Mailer");
    assert_eq!(mailer.trusted_services(), Some(vec!["lambda".to_owned()]));
    assert_eq!(managed(role(&model, "PlainRole")), ["AWSLambdaBasicExecutionRole"]);
    let schedule = role(&model, "MailerNightlyRole");
    assert_eq!(allowed(schedule), ["lambda:InvokeFunction ${Mailer.Arn}"]);
    assert_eq!(schedule.trusted_services(), Some(vec!["scheduler".to_owned()]));
}

#[test]
fn policy_templates_are_filled_in_with_their_parameters() {
    let (sources, model) = model_of(
        "
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - SQSPollerPolicy: {QueueName: !GetAtt Queue.QueueName}
        - AWSSecretsManagerGetSecretValuePolicy: {SecretArn: !Ref Secret}
  Queue: {Type: AWS::SQS::Queue}
  Secret: {Type: AWS::SecretsManager::Secret}
",
    );
    let reader = role(&model, "ReaderRole");
    let queue = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Queue.QueueName}";
    assert!(allowed(reader).contains(&format!("sqs:ReceiveMessage {queue}")), "{:?}", allowed(reader));
    assert!(allowed(reader).contains(&"secretsmanager:GetSecretValue ${Secret}".to_owned()));
    let mut places = reader.authority.documents.iter().map(|document| sources.slice(document.statements[0].span));
    assert!(places.any(|place| place == "AWSSecretsManagerGetSecretValuePolicy"));
}

#[test]
fn a_policy_template_that_sam_does_not_know_is_said() {
    let report = report_of(
        "
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [{S3ReedPolicy: {BucketName: pictures}}]
",
    );
    let reasons: Vec<&str> = report.summary.not_analysed.iter().map(|left| left.reason.as_str()).collect();
    assert_eq!(reasons, ["`S3ReedPolicy` is no policy template of SAM; did you mean `S3ReadPolicy`?"]);
}

#[test]
fn a_role_that_is_given_takes_the_place_of_the_made_one() {
    let (_, model) = model_of(
        "
Conditions: {IsOwn: !Equals [!Ref AWS::Region, eu-west-1]}
Resources:
  Given:
    Type: AWS::Serverless::Function
    Properties: {Role: !GetAtt Shared.Arn}
  Sometimes:
    Type: AWS::Serverless::Function
    Properties: {Role: !If [IsOwn, !GetAtt Shared.Arn, !Ref AWS::NoValue]}
  Shared: {Type: AWS::IAM::Role}
",
    );
    assert!(model.principals.iter().all(|principal| principal.logical_id.value != "GivenRole"));
    let when = role(&model, "SometimesRole").when.as_ref().expect("a condition");
    assert_eq!((when.name.as_str(), when.value.as_str()), ("IsOwn", "false"));
}

#[test]
fn connectors_grant_to_the_role_of_the_source_whoever_made_it() {
    let (_, model) = model_of(
        "
Resources:
  Writer:
    Type: AWS::Serverless::Function
    Connectors:
      Table: {Properties: {Destination: {Id: Table}, Permissions: [Read]}}
    Properties: {Handler: app.main}
  Caller:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt CallerRole.Arn}
  CallerRole: {Type: AWS::IAM::Role}
  Calls:
    Type: AWS::Serverless::Connector
    Properties: {Source: {Id: Caller}, Destination: [{Id: Writer}], Permissions: [Write]}
  Table: {Type: AWS::Serverless::SimpleTable}
",
    );
    let writer = allowed(role(&model, "WriterRole"));
    assert!(writer.contains(&"dynamodb:Query ${Table.Arn} ${Table.Arn}/index/*".to_owned()), "{writer:?}");
    assert!(writer.iter().all(|pair| !pair.contains("PutItem")));
    assert!(allowed(role(&model, "CallerRole")).iter().any(|pair| pair.starts_with("lambda:InvokeFunction")));
}

#[test]
fn a_build_that_runs_with_a_made_role_is_linked_to_it() {
    let report = report_of(
        "
Resources:
  Releaser:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - Statement: [{Effect: Allow, Action: '*', Resource: '*'}]
  Release:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !GetAtt ReleaserRole.Arn
      Source: {Type: CODEPIPELINE}
",
    );
    let found = report.diagnostics.iter().find(|found| found.rule == "admin-on-ci-role").expect("a finding");
    assert!(found.message.contains("`ReleaserRole` lets builds of `Release`"), "{}", found.message);
    assert!(found.notes.iter().any(|note| note == "SAM makes the role `ReleaserRole` for the function `Releaser`"));
}

#[test]
fn a_graph_api_has_a_role_for_each_data_source() {
    let (_, model) = model_of(
        "
Resources:
  Graph:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      Logging: false
      DataSources:
        DynamoDb:
          Posts: {TableArn: !GetAtt Posts.Arn, Permissions: [Read]}
  Posts: {Type: AWS::Serverless::SimpleTable}
",
    );
    let posts = role(&model, "GraphPostsDynamoDBDataSourceRole");
    assert_eq!(posts.trusted_services(), Some(vec!["appsync".to_owned()]));
    assert!(allowed(posts).iter().any(|pair| pair.starts_with("dynamodb:GetItem ${Posts.Arn}")));
    assert_eq!(model.principals.len(), 1);
}

#[test]
fn one_role_of_codedeploy_serves_all_functions() {
    let (_, model) = model_of(
        "
Globals: {Function: {AutoPublishAlias: live, DeploymentPreference: {Type: Canary10Percent5Minutes}}}
Resources:
  One: {Type: AWS::Serverless::Function, Properties: {Handler: a.b}}
  Two: {Type: AWS::Serverless::Function, Properties: {Handler: a.b}}
",
    );
    let made: Vec<&str> = model.principals.iter().map(|principal| principal.logical_id.value.as_str()).collect();
    assert_eq!(made, ["OneRole", "CodeDeployServiceRole", "TwoRole"]);
    assert_eq!(managed(role(&model, "CodeDeployServiceRole")), ["AWSCodeDeployRoleForLambdaLimited"]);
}

#[test]
fn what_sam_grants_by_itself_is_nobodys_fault() {
    let report = report_of(
        "
Globals: {Function: {AutoPublishAlias: live, DeploymentPreference: {Type: AllAtOnce}, VpcConfig: {SubnetIds: [a]}}}
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Broker: {Type: MQ, Properties: {Broker: !GetAtt Broker.Arn}}
        Nightly: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}
  Broker: {Type: AWS::AmazonMQ::Broker}
",
    );
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
}
