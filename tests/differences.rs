//! Each kind of difference that `docs/differences.md` tells of, on a template of our own: what is said here, and
//! what is not.

use iamlint::linter::{Options, lint};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use std::collections::BTreeSet;

/// The rules that find something in a template with these resources, also where another tells it.
fn rules(resources: &str) -> BTreeSet<String> {
    let mut sources = Sources::new();
    sources.add("template.yml", format!("Resources:\n{resources}"));
    let report = lint(&sources, &builtin::asked_by_default(), &Options::default());
    report.diagnostics.into_iter().flat_map(|found| found.also.into_iter().chain([found.rule])).collect()
}

/// Holds that some rules find something in the resources, and others nothing.
fn told(resources: &str, expected: &[&str], unexpected: &[&str]) {
    let found = rules(resources);
    let missing: Vec<_> = expected.iter().filter(|rule| !found.contains(**rule)).collect();
    let surplus: Vec<_> = unexpected.iter().filter(|rule| found.contains(**rule)).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{missing:?} missing, {surplus:?} too much: {found:?}\n{resources}"
    );
}

/// A role of a service with one statement; without a statement, what its trust policy says.
fn role(service: &str, statement: &str) -> String {
    format!(
        "  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {{Effect: Allow, Principal: {{Service: {service}}}, Action: sts:AssumeRole}}
      Policies:
        - PolicyName: own
          PolicyDocument: {{Version: '2012-10-17', Statement: {statement}}}
"
    )
}

const WORKLOAD: &str = "lambda.amazonaws.com";
const BUILD: &str = "codebuild.amazonaws.com";

fn trust(statement: &str) -> String {
    format!(
        "  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Version: '2012-10-17', Statement: {statement}}}
"
    )
}

fn key(statement: &str) -> String {
    format!(
        "  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy: {{Version: '2012-10-17', Statement: {statement}}}
"
    )
}

fn repository(operator: &str) -> String {
    let test = format!("{{{operator}: {{aws:PrincipalOrgID: o-a1b2c3d4e5}}}}");
    format!(
        "  Images:
    Type: AWS::ECR::Repository
    Properties:
      RepositoryPolicyText:
        Version: '2012-10-17'
        Statement: {{Effect: Allow, Principal: '*', Action: ecr:BatchGetImage, Condition: {test}}}
"
    )
}

#[test]
fn the_same_question_has_the_same_answer() {
    let other = "Action: 'sqs:*', Resource: '*'";
    let queue = format!(
        "  Access:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [https://sqs.eu-west-1.amazonaws.com/111122223333/jobs]
      PolicyDocument:
        Version: '2012-10-17'
        Statement: {{Effect: Allow, NotPrincipal: {{AWS: 'arn:aws:iam::111122223333:root'}}, {other}}}
"
    );
    told(&queue, &["allow-with-notprincipal"], &[]);
    let anybody = "Effect: Allow, Principal: '*', Action: 'kms:Decrypt', Resource: '*'";
    told(&key(&format!("{{{anybody}}}")), &["resource-policy-public"], &[]);
    let own = "Condition: {StringEquals: {kms:CallerAccount: '111122223333'}}";
    told(&key(&format!("{{{anybody}, {own}}}")), &[], &["resource-policy-public"]);
    told(&trust("{Effect: Allow, Principal: '*', Action: sts:AssumeRole}"), &["trust-public"], &[]);
    let account = "Principal: {AWS: 'arn:aws:iam::111122223333:root'}";
    told(&trust(&format!("{{Effect: Allow, {account}, Action: sts:AssumeRole}}")), &[], &["trust-public"]);
    let not_account = format!("{{Effect: Allow, Not{account}, Action: sts:AssumeRole}}");
    told(&trust(&not_account), &["trust-public"], &["allow-with-notprincipal"]);
    let database = "  Database:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, DBInstanceClass: db.t4g.small, MasterUsername: shop, MasterUserPassword: correcthorse}
";
    told(database, &["password-in-template"], &[]);
}

#[test]
fn a_condition_that_holds_of_everybody_closes_nothing() {
    told(&repository("'ForAllValues:StringEquals'"), &["resource-policy-public"], &[]);
    told(&repository("StringEquals"), &[], &["resource-policy-public"]);
}

#[test]
fn a_permission_for_everybody_of_one_account_is_for_that_account() {
    let permission = |limit: &str| {
        format!(
            "  Caller:
    Type: AWS::Lambda::Permission
    Properties: {{FunctionName: shop, Action: 'lambda:InvokeFunction', Principal: '*'{limit}}}
"
        )
    };
    told(&permission(""), &["function-open-to-everybody"], &[]);
    told(&permission(", SourceAccount: '111122223333'"), &[], &["function-open-to-everybody"]);
}

#[test]
fn whoever_may_do_everything_is_told_once() {
    let pass = "{Effect: Allow, Action: iam:PassRole, Resource: '*'}";
    let all = "{Effect: Allow, Action: '*', Resource: '*'}";
    told(&role(WORKLOAD, pass), &["passrole-to-any-service"], &["workload-is-administrator"]);
    told(&role(WORKLOAD, all), &["workload-is-administrator"], &["passrole-to-any-service", "passrole-wildcard"]);
}

#[test]
fn what_a_wide_statement_is_worth_depends_on_whose_it_is() {
    let service = "{Effect: Allow, Action: 's3:*', Resource: '*'}";
    told(&role(BUILD, service), &["service-wildcard"], &[]);
    told(&role(WORKLOAD, service), &["workload-service-wildcard"], &["service-wildcard"]);
    let except = "{Effect: Allow, NotAction: 'iam:*', Resource: '*'}";
    told(&role(BUILD, except), &["allow-with-not-action-or-resource"], &[]);
    told(&role(WORKLOAD, except), &[], &["allow-with-not-action-or-resource"]);
    let star = "{Effect: Allow, Action: ecr:GetAuthorizationToken, Resource: '*'}";
    assert_eq!(rules(&role(WORKLOAD, star)), BTreeSet::new());
}

#[test]
fn a_path_of_escalation_is_told_by_what_it_changes() {
    let on_all = |action: &str| format!("{{Effect: Allow, Action: '{action}', Resource: '*'}}");
    told(&role(BUILD, &on_all("iam:CreatePolicyVersion")), &["ci-role-edits-policies"], &[]);
    told(&role(BUILD, &on_all("iam:PassRole")), &["passrole-wildcard"], &["ci-role-edits-policies"]);
    let function = "{Effect: Allow, Action: 'lambda:UpdateFunctionCode', Resource: 'arn:aws:lambda:*:*:function:shop'}";
    assert_eq!(rules(&role(BUILD, function)), BTreeSet::from(["service-trust-without-source".to_owned()]));
}

fn user(action: &str, resource: &str) -> String {
    format!(
        "  Ann:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: own
          PolicyDocument: {{Version: '2012-10-17', Statement: {{Effect: Allow, Action: [{action}], Resource: '{resource}'}}}}
"
    )
}

#[test]
fn a_path_of_escalation_is_told_by_who_has_it() {
    let on_all = |actions: &str| format!("{{Effect: Allow, Action: [{actions}], Resource: '*'}}");
    let pass = "'iam:PassRole', 'lambda:CreateFunction', 'lambda:InvokeFunction'";
    told(&role(BUILD, &on_all(pass)), &["passrole-wildcard", "pass-role-and-run"], &[]);
    told(&role(WORKLOAD, &on_all(pass)), &["passrole-to-any-service"], &["pass-role-and-run"]);
    told(&user(pass, "*"), &["passrole-to-any-service", "iam-user-can-deploy"], &["pass-role-and-run"]);
    let edit = "'iam:PutRolePolicy', 'iam:UpdateAssumeRolePolicy'";
    told(&role(BUILD, &on_all(edit)), &["ci-role-edits-policies", "ci-role-edits-trust"], &[]);
    told(&role(WORKLOAD, &on_all(edit)), &["workload-writes-everywhere"], &["ci-role-edits-policies"]);
    assert_eq!(rules(&user(edit, "*")), BTreeSet::from(["user-with-own-policy".to_owned()]));
    let change = "'ec2:ModifyInstanceAttribute', 'ec2:StopInstances', 'ec2:StartInstances'";
    told(&role(BUILD, &on_all(change)), &["write-on-every-resource"], &[]);
    told(&role(WORKLOAD, &on_all(change)), &["workload-writes-everywhere"], &[]);
    told(&user(change, "*"), &["user-with-own-policy"], &["iam-user-can-deploy"]);
}

#[test]
fn of_users_it_counts_what_they_may_do() {
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:shop";
    told(&user("'lambda:UpdateFunctionCode'", function), &["iam-user-can-deploy", "user-with-own-policy"], &[]);
    told(&user("'lambda:GetFunction'", function), &["user-with-own-policy"], &["iam-user-can-deploy"]);
}

#[test]
fn passwords_below_other_properties_are_not_looked_for() {
    let member = "  Member:
    Type: AWS::ManagedBlockchain::Member
    Properties:
      MemberConfiguration:
        Name: shop
        MemberFrameworkConfiguration:
          MemberFabricConfiguration: {AdminUsername: shop, AdminPassword: CorrectHorse7}
";
    assert_eq!(rules(member), BTreeSet::new());
}

#[test]
fn a_right_that_is_denied_as_a_whole_is_none() {
    let both = "[{Effect: Allow, Action: 'iam:*', Resource: '*'}, {Effect: Deny, Action: 'iam:*', Resource: '*'}]";
    told(&role(WORKLOAD, both), &["allow-always-denied"], &["passrole-to-any-service", "passrole-wildcard"]);
}
