//! Services as people write them, and what is underlined in what they become.

use super::Service;
use crate::source::Sources;
use crate::syntax::Node;
use crate::template::{Repository, Scope, Template};
use crate::value::{HoleKind, Part, Text, Value};

/// The service in the first of the files, and the sources.
fn read(files: &[(&str, &str)]) -> (Sources, Service) {
    let mut sources = Sources::new();
    let ids: Vec<_> = files.iter().map(|(path, text)| sources.add(*path, *text)).collect();
    let repository = Repository::read(&sources);
    let root = repository.get(ids[0]).parsed.root().expect("a document");
    let service = Service::read(&repository, ids[0], root);
    drop(repository);
    (sources, service)
}

fn at<'n>(service: &'n Service, path: &str) -> &'n Node {
    path.split('/').fold(&service.template, |node, key| match key.parse::<usize>() {
        Ok(index) => &node.items().expect("a list")[index],
        Err(_) => node.get(key).unwrap_or_else(|| panic!("nothing under `{key}` of `{path}`")),
    })
}

/// The value of a node of the template, as its lowering sees it.
fn value(service: &Service, path: &str) -> Value {
    let node = at(service, path);
    let mut template = Template::read(&service.template, node.span().file);
    template.holes.clone_from(&service.holes);
    template.is_part = true;
    Scope::new(&template).evaluate(node)
}

fn text(service: &Service, path: &str) -> Text {
    value(service, path).as_text().unwrap_or_else(|| panic!("`{path}` is no text")).clone()
}

/// Each part of a text with what is underlined for it; holes in angle brackets, with their default.
fn parts(sources: &Sources, text: &Text) -> Vec<(String, String)> {
    let shown = text.parts.iter().map(|part| match part {
        Part::Known(known, map) => (known.to_string(), sources.slice(map.span(0..known.len())).to_owned()),
        Part::Hole(hole) => {
            let default = hole.default.as_ref().map(|default| format!(" = {default}")).unwrap_or_default();
            (format!("<{}{default}>", hole.name), sources.slice(hole.span).to_owned())
        }
    });
    shown.collect()
}

fn reasons(service: &Service) -> Vec<&str> {
    service.not_read.iter().map(|(_, reason)| reason.as_str()).collect()
}

/// A service whose bucket is named by `name`.
fn bucket(name: &str) -> String {
    format!(
        "service: orders
provider: {{name: aws, stage: \"${{opt:stage, 'dev'}}\"}}
params: {{default: {{team: blue}}, dev: {{team: green}}}}
custom:
  prefix: acme
  long: ${{self:custom.prefix}}-${{self:service}}
  names: {{dev: dev-orders, prod: prod-orders}}
  list: [one, two]
  round: ${{self:custom.about}}
  about: ${{self:custom.round}}
resources:
  Resources:
    Bucket: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {name}}}}}
"
    )
}

fn bucket_name(name: &str) -> Vec<(String, String)> {
    let whole = bucket(name);
    let (sources, service) = read(&[("serverless.yml", &whole)]);
    parts(&sources, &text_of_bucket(&service))
}

fn text_of_bucket(service: &Service) -> Text {
    text(service, "Resources/Bucket/Properties/BucketName")
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(text, under)| ((*text).to_owned(), (*under).to_owned())).collect()
}

#[test]
fn a_text_that_is_one_variable_points_at_what_it_stands_for() {
    assert_eq!(bucket_name("\"${self:custom.prefix}\""), pairs(&[("acme", "acme")]));
    assert_eq!(bucket_name("\"${self:custom.list.1}\""), pairs(&[("two", "two")]));
    assert_eq!(bucket_name("\"${self:custom.no, 'spare'}\""), pairs(&[("spare", "${self:custom.no, 'spare'}")]));
    assert_eq!(
        bucket_name("\"${self:custom.long}\""),
        pairs(&[("acme-orders", "${self:custom.prefix}-${self:service}")])
    );
}

#[test]
fn what_only_the_deployment_knows_is_a_hole_with_its_default() {
    assert_eq!(
        bucket_name("\"a-${opt:stage, 'dev'}-${env:HOME}-b\""),
        pairs(&[
            ("a-", "a-"),
            ("<opt:stage, 'dev' = dev>", "${opt:stage, 'dev'}"),
            ("-", "-"),
            ("<env:HOME>", "${env:HOME}"),
            ("-b", "-b")
        ])
    );
    assert_eq!(bucket_name("\"${sls:stage}\""), pairs(&[("<opt:stage, 'dev' = dev>", "${sls:stage}")]));
    assert_eq!(bucket_name("\"${param:team}\""), pairs(&[("<param:team = green>", "${param:team}")]));
    assert_eq!(bucket_name("\"${env:A, env:B, 'c'}\""), pairs(&[("<env:A, env:B, 'c' = c>", "${env:A, env:B, 'c'}")]));
    assert_eq!(
        bucket_name("\"${self:custom.names.${opt:stage, 'dev'}}\""),
        pairs(&[("<self:custom.names.${opt:stage, 'dev'} = dev-orders>", "${self:custom.names.${opt:stage, 'dev'}}")])
    );
}

#[test]
fn a_variable_inside_fn_sub_is_resolved_before_the_intrinsic() {
    assert_eq!(
        bucket_name("!Sub \"${self:custom.prefix}-${AWS::Region}-${aws:accountId}-${ssm:/team}\""),
        pairs(&[
            ("acme-", "${self:custom.prefix}-"),
            ("<AWS::Region>", "${AWS::Region}"),
            ("-", "-"),
            ("<AWS::AccountId>", "${aws:accountId}"),
            ("-", "-"),
            ("<ssm:/team>", "${ssm:/team}")
        ])
    );
    assert_eq!(
        bucket_name("\"\\\\${self:custom.prefix}\""),
        pairs(&[("${self:custom.prefix}", "${self:custom.prefix}")])
    );
}

#[test]
fn variables_that_lead_back_to_themselves_end() {
    let text = bucket("\"${self:custom.round}\"");
    let (_, service) = read(&[("serverless.yml", &text)]);
    assert_eq!(reasons(&service), ["the variable `self:custom.round` leads back to itself"]);
}

#[test]
fn variables_that_multiply_end() {
    let mut text = "service: orders\nprovider: {name: aws, tags: \"${self:custom.v0}\"}\ncustom:\n".to_owned();
    for at in 0..30 {
        text.push_str(&format!(
            "  v{at}: [\"${{self:custom.v{next}}}\", \"${{self:custom.v{next}}}\"]\n",
            next = at + 1
        ));
    }
    text.push_str("  v30: x\n");
    let (_, service) = read(&[("serverless.yml", &text)]);
    assert_eq!(reasons(&service), ["variables of the service go too deep, or put in too much"]);
}

#[test]
fn variables_that_nest_end() {
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(90), "]".repeat(90));
    let mut text = "service: orders\nprovider: {name: aws, tags: \"${self:custom.v0}\"}\ncustom:\n".to_owned();
    for at in 0..20 {
        text.push_str(&format!("  v{at}: {}\n", deep(&format!("\"${{self:custom.v{}}}\"", at + 1))));
    }
    let (_, service) = read(&[("serverless.yml", &text)]);
    assert_eq!(reasons(&service), ["variables of the service go too deep, or put in too much"]);
    let open = bucket(&format!("\"{}x{}\"", "${self:custom.".repeat(2_000), "}".repeat(2_000)));
    let (sources, service) = read(&[("serverless.yml", &open)]);
    assert!(parts(&sources, &text_of_bucket(&service)).iter().all(|(_, under)| !under.is_empty()));
}

#[test]
fn a_file_keeps_its_places_and_its_paths_start_at_the_service() {
    let (sources, service) = read(&[
        ("api/serverless.yml", "service: orders\nprovider: {name: aws}\nresources:\n  - ${file(parts/bucket.yml)}\n"),
        (
            "api/parts/bucket.yml",
            "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: \"${file(names.json):a.b}\"}\n",
        ),
        ("api/names.json", r#"{"a": {"b": "shelf"}}"#),
    ]);
    let name = text(&service, "Resources/Bucket/Properties/BucketName");
    assert_eq!(sources.path(name.span.file), "api/names.json");
    assert_eq!(parts(&sources, &name), pairs(&[("shelf", "shelf")]));
    let names: Vec<&str> = service.taken_in.iter().map(|file| sources.path(*file)).collect();
    assert_eq!(names, ["api/parts/bucket.yml", "api/names.json"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let (sources, service) = read(&[(
        "serverless.yml",
        "service: orders
provider:
  name: aws
  a: ${file(../up.yml):x}
  b: ${file(gone.yml):x}
  c: ${file(make.js):x}
  d: ${file(gone.yml):x, 'spare'}
functions: ${file(functions.ts)}
",
    )]);
    let said: Vec<(&str, &str)> =
        service.not_read.iter().map(|(span, reason)| (sources.slice(*span), reason.as_str())).collect();
    assert_eq!(
        said,
        [
            ("${file(../up.yml):x}", "`../up.yml` lies outside the repository, so it is not read"),
            ("${file(gone.yml):x}", "`gone.yml` is none of the files that were read"),
            ("${file(make.js):x}", "`make.js` is a program, which is not run: what it gives is not known"),
            ("${file(functions.ts)}", "`functions.ts` is a program, which is not run: what it gives is not known"),
        ]
    );
}

#[test]
fn a_syntax_of_ones_own_leaves_one_brace_to_cloudformation() {
    let (sources, service) = read(&[(
        "serverless.yml",
        r#"service: orders
provider:
  name: aws
  variableSyntax: "\\${{([ ~:a-zA-Z0-9._\\'\",\\-\\/\\(\\)]+?)}}"
resources:
  Resources:
    Bucket:
      Type: AWS::S3::Bucket
      Properties: {BucketName: !Sub "${AWS::StackName}-${self}-${{self:service}}-${{self:custom.gone}}"}
"#,
    )]);
    let name = text(&service, "Resources/Bucket/Properties/BucketName");
    assert_eq!(
        parts(&sources, &name),
        pairs(&[
            ("<AWS::StackName>", "${AWS::StackName}"),
            ("-", "-"),
            ("<self>", "${self}"),
            ("-orders-", "-${{self:service}}-"),
            ("<self:custom.gone>", "${{self:custom.gone}}")
        ])
    );
    assert_eq!(name.holes().last().map(|hole| hole.kind), Some(HoleKind::Tool));
}

#[test]
fn resources_are_merged_and_the_later_one_wins() {
    let (sources, service) = read(&[(
        "serverless.yml",
        "service: orders
provider: {name: aws}
functions:
  get-order: {handler: get.handler}
resources:
  - Resources: {Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: first, BillingMode: PROVISIONED}}}
    Outputs: {Name: {Value: !Ref Table}}
  - Resources: {Table: {Properties: {TableName: second}}}
  - extensions: {GetDashorderLambdaFunction: {Properties: {Timeout: 9}}}
  - Resources: {ApiGatewayRestApi: {Properties: {Policy: {}}}}
",
    )]);
    let shown = |path: &str| text(&service, path).display().into_owned();
    assert_eq!(shown("Resources/Table/Properties/TableName"), "second");
    assert_eq!(shown("Resources/Table/Properties/BillingMode"), "PROVISIONED");
    assert_eq!(shown("Outputs/Name/Value"), "${Table}");
    assert_eq!(shown("Resources/GetDashorderLambdaFunction/Properties/Timeout"), "9");
    assert_eq!(shown("Resources/GetDashorderLambdaFunction/Properties/Role"), "${IamRoleLambdaExecution.Arn}");
    assert_eq!(shown("Resources/ApiGatewayRestApi/Type"), "AWS::ApiGateway::RestApi");
    let function = at(&service, "Resources").entry("GetDashorderLambdaFunction").expect("made");
    assert_eq!(sources.slice(function.key.span()), "get-order");
}

#[test]
fn roles_of_functions_are_made_as_the_framework_makes_them() {
    let (sources, service) = read(&[(
        "serverless.yml",
        "service: orders
plugins: [serverless-iam-roles-per-function]
custom: {serverless-iam-roles-per-function: {defaultInherit: true}}
provider:
  name: aws
  environment: {SHARED: a}
  iam:
    role:
      statements: [{Effect: Allow, Action: s3:GetObject, Resource: '*'}]
      managedPolicies: [arn:aws:iam::aws:policy/ReadOnlyAccess]
      permissionsBoundary: arn:aws:iam::aws:policy/PowerUserAccess
functions:
  alone:
    handler: a.b
    environment: {OWN: b}
    iamRoleStatements: [{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}]
  strict:
    handler: a.f
    iamRoleStatements: []
    iamRoleStatementsInherit: false
  shared: {handler: a.c, vpc: {subnetIds: [subnet-1]}}
  named: {handler: a.d, role: Custom}
  foreign: {handler: a.e, role: 'arn:aws:iam::111122223333:role/known'}
",
    )]);
    let shown = |path: &str| text(&service, path).display().into_owned();
    let policy = "Properties/Policies/0/PolicyDocument/Statement";
    assert_eq!(shown(&format!("Resources/AloneIamRoleLambdaExecution/{policy}/0/Action")), "sqs:SendMessage");
    assert_eq!(shown(&format!("Resources/AloneIamRoleLambdaExecution/{policy}/1/Action")), "s3:GetObject");
    assert_eq!(
        at(&service, &format!("Resources/StrictIamRoleLambdaExecution/{policy}")).items().map(<[Node]>::len),
        Some(0)
    );
    assert_eq!(shown(&format!("Resources/IamRoleLambdaExecution/{policy}/0/Action")), "s3:GetObject");
    let shared = "Resources/IamRoleLambdaExecution/Properties";
    assert!(shown(&format!("{shared}/ManagedPolicyArns/0")).ends_with("ReadOnlyAccess"));
    assert!(shown(&format!("{shared}/ManagedPolicyArns/1")).ends_with("AWSLambdaVPCAccessExecutionRole"));
    assert!(shown(&format!("{shared}/PermissionsBoundary")).ends_with("PowerUserAccess"));
    for (function, role) in [
        ("Alone", "${AloneIamRoleLambdaExecution.Arn}"),
        ("Shared", "${IamRoleLambdaExecution.Arn}"),
        ("Named", "${Custom.Arn}"),
        ("Foreign", "arn:aws:iam::111122223333:role/known"),
    ] {
        assert_eq!(shown(&format!("Resources/{function}LambdaFunction/Properties/Role")), role);
    }
    let own = at(&service, "Resources/AloneLambdaFunction/Properties/Environment/Variables");
    let names: Vec<&str> = own.entries().into_iter().flatten().map(|entry| sources.slice(entry.key.span())).collect();
    assert_eq!(names, ["SHARED", "OWN"]);
    let role = at(&service, "Resources").entry("IamRoleLambdaExecution").expect("made");
    assert_eq!(sources.slice(role.key.span()), "role");
}

#[test]
fn a_role_that_is_made_elsewhere_is_made_no_second_time() {
    for role in ["iam: {role: 'arn:aws:iam::111122223333:role/x'}", "iam: {role: !GetAtt X.Arn}", "role: X"] {
        let text = format!("service: orders\nprovider:\n  name: aws\n  {role}\nfunctions: {{a: {{handler: a.b}}}}\n");
        let (_, service) = read(&[("serverless.yml", &text)]);
        assert!(at(&service, "Resources").get("IamRoleLambdaExecution").is_none(), "{role}");
    }
}
