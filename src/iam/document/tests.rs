//! Reading documents from JSON and from values with choices.

use super::*;
use crate::iam::fixture::{document, value};
use crate::iam::{GrammarKind, PrincipalKind};

fn read(json: &str, kind: PolicyKind) -> PolicyDocument {
    PolicyDocument::read(&value(json), kind)
}

#[test]
fn scalars_stand_for_lists_and_a_statement_for_a_list_of_one() {
    let document = read(
        r#"{"Version": "2012-10-17",
            "Statement": {"Sid": 1, "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
        PolicyKind::Identity,
    );
    assert!(document.problems.is_empty(), "{:?}", document.problems);
    assert_eq!(document.version, Version::V2012);
    let statement = &document.statements[0];
    assert_eq!(statement.sid_text(), Some("1"));
    assert_eq!(statement.effect, Effect::Allow);
    assert!(statement.is_everywhere());
    assert_eq!(statement.matches_action("S3:getobject").len(), 1);
}

#[test]
fn a_condition_may_be_there_under_a_condition_of_the_template() {
    let document = document(
        r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*",
            "Condition": {"If": ["Prod", {"Bool": {"aws:SecureTransport": true}}, {"NoValue": 0}]}}"#,
        PolicyKind::Identity,
    );
    let found: Vec<(usize, &str)> = document
        .statements
        .iter()
        .map(|statement| (statement.conditions.len(), statement.when[0].value.as_str()))
        .collect();
    assert_eq!(found, [(1, "true"), (0, "false")]);
    assert_eq!(document.statements[0].conditions[0].values[0].literal(), Some("true"));
}

#[test]
fn an_effect_that_depends_is_read_both_ways() {
    let document = document(
        r#"{"Effect": {"If": ["Open", "Allow", "Deny"]}, "Action": "s3:*", "Resource": "*"}"#,
        PolicyKind::Identity,
    );
    let effects: Vec<Effect> = document.statements.iter().map(|statement| statement.effect).collect();
    assert_eq!(effects, [Effect::Allow, Effect::Deny]);
    assert!(document.problems.is_empty());
}

#[test]
fn what_is_not_known_is_listed() {
    let table = [
        (r#"{"Unknown": "a macro"}"#, 1),
        (r#"{"Version": "2012-10-17", "Statement": {"Unknown": "a macro"}}"#, 1),
        (r#"{"Statement": [{"Effect": "<Effect>", "Action": "s3:*", "Resource": "*"}]}"#, 1),
        (r#"{"Statement": [{"Effect": "Allow", "Action": ["s3:*", {"Unknown": "x"}], "Resource": "*"}]}"#, 1),
        (r#"{"Statement": [{"Effect": "Deny", "Action": ["s3:*", {"Unknown": "x"}], "Resource": "*"}]}"#, 0),
        (r#"{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": {"Unknown": "x"}}]}"#, 0),
    ];
    for (json, count) in table {
        assert_eq!(read(json, PolicyKind::Identity).unread.len(), count, "{json}");
    }
}

#[test]
fn only_the_newer_version_has_variables() {
    let pattern = |version: &str| {
        let json = format!(
            r#"{{"Version": "{version}", "Statement": {{"Effect": "Allow", "Action": "s3:*",
                "Resource": "arn:aws:s3:::home/${{aws:username}}/*"}}}}"#
        );
        let document = read(&json, PolicyKind::Identity);
        document.statements[0].resources.as_ref().expect("there is one").patterns[0].has_variables()
    };
    assert!(pattern("2012-10-17"));
    assert!(!pattern("2008-10-17"));
}

#[test]
fn principals_are_told_apart() {
    let table = [
        (r#""*""#, PrincipalKind::Anybody, None),
        (r#"{"AWS": "*"}"#, PrincipalKind::Anybody, None),
        (r#"{"AWS": "111122223333"}"#, PrincipalKind::Account, Some("111122223333")),
        (r#"{"AWS": "arn:aws:iam::111122223333:root"}"#, PrincipalKind::Account, Some("111122223333")),
        (
            r#"{"AWS": "arn:<AWS::Partition>:iam::<AWS::AccountId>:root"}"#,
            PrincipalKind::Account,
            Some("${AWS::AccountId}"),
        ),
        (r#"{"AWS": "<AWS::AccountId>"}"#, PrincipalKind::Account, Some("${AWS::AccountId}")),
        (r#"{"AWS": "arn:aws:iam::1:role/a/b"}"#, PrincipalKind::Role, Some("1")),
        (r#"{"AWS": "arn:aws:iam::1:user/a"}"#, PrincipalKind::User, Some("1")),
        (r#"{"AWS": "arn:aws:sts::1:assumed-role/a/s"}"#, PrincipalKind::Session, Some("1")),
        (r#"{"AWS": "AROAEXAMPLE"}"#, PrincipalKind::DeletedId, None),
        (r#"{"AWS": "<Role.Arn>"}"#, PrincipalKind::UnknownAws, None),
        (r#"{"CanonicalUser": "abc"}"#, PrincipalKind::CanonicalUser, None),
        (r#"{"Aws": "*"}"#, PrincipalKind::Misplaced, None),
        (r#""arn:aws:iam::1:root""#, PrincipalKind::Misplaced, None),
    ];
    for (json, kind, account) in table {
        let document = document(
            &format!(r#"{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {json}}}"#),
            PolicyKind::Trust,
        );
        let principal = &document.statements[0].principals.as_ref().expect("there is one").entries[0];
        let found = principal.account().map(|text| text.display().into_owned());
        assert_eq!((principal.kind, found.as_deref()), (kind, account), "{json}");
    }
}

#[test]
fn services_are_known_in_every_partition_and_region() {
    let table = [
        ("codebuild.amazonaws.com", Some("codebuild")),
        ("codebuild.amazonaws.com.cn", Some("codebuild")),
        ("codebuild.<AWS::URLSuffix>", Some("codebuild")),
        ("CodeBuild.amazonaws.com", Some("codebuild")),
        ("states.<AWS::Region>.amazonaws.com", Some("states")),
        ("logs.us-gov-east-1.amazonaws.com", Some("logs")),
        ("delivery.logs.amazonaws.com", Some("delivery.logs")),
        ("ecs-tasks.amazonaws.com", Some("ecs-tasks")),
        ("<Service>.amazonaws.com", None),
        ("codebuild", None),
    ];
    for (name, answer) in table {
        let document = document(
            &format!(r#"{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"Service": "{name}"}}}}"#),
            PolicyKind::Trust,
        );
        let principal = &document.statements[0].principals.as_ref().expect("there is one").entries[0];
        assert_eq!(principal.service().as_deref(), answer, "{name}");
    }
}

#[test]
fn an_identity_provider_has_a_host_and_claims() {
    let document = document(
        r#"{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": "arn:aws:iam::<AWS::AccountId>:oidc-provider/token.actions.githubusercontent.com"},
            "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:org/repo:*"}}}"#,
        PolicyKind::Trust,
    );
    let statement = &document.statements[0];
    let principal = &statement.principals.as_ref().expect("there is one").entries[0];
    assert_eq!(principal.provider().as_deref(), Some("token.actions.githubusercontent.com"));
    assert_eq!(statement.conditions[0].claim(), Some(("token.actions.githubusercontent.com", "sub")));
    assert!(document.problems.is_empty());
}

#[test]
fn problems_of_grammar_are_found() {
    use PolicyKind::{Identity, Resource, Trust};
    let good = r#""Effect": "Allow", "Action": "s3:*", "Resource": "*""#;
    let trust = r#""Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "1"}"#;
    let table: Vec<(PolicyKind, String, Vec<GrammarKind>)> = vec![
        (Identity, format!("{{{good}}}"), vec![]),
        (Trust, format!("{{{trust}}}"), vec![]),
        (
            Identity,
            r#"{"Effect": "Allow", "NotAction": "s3:*", "Action": "s3:*", "Resource": "*"}"#.into(),
            vec![GrammarKind::Both { element: "Action" }],
        ),
        (Identity, r#"{"Effect": "Allow", "Resource": "*"}"#.into(), vec![GrammarKind::NoAction]),
        (Identity, r#"{"Action": "s3:*", "Resource": "*"}"#.into(), vec![GrammarKind::NoEffect]),
        (
            Identity,
            r#"{"Effect": "allow", "Action": "s3:*", "Resource": "*"}"#.into(),
            vec![GrammarKind::BadEffect { text: "allow".into(), correct: Some("Allow") }],
        ),
        (
            Identity,
            r#"{"Effect": "Permit", "Action": "s3:*", "Resource": "*"}"#.into(),
            vec![GrammarKind::BadEffect { text: "Permit".into(), correct: None }],
        ),
        (Identity, r#"{"Effect": "Allow", "Action": "s3:*"}"#.into(), vec![GrammarKind::NoResource]),
        (Resource, r#"{"Effect": "Allow", "Action": "s3:*"}"#.into(), vec![GrammarKind::NoPrincipal]),
        (
            Identity,
            format!(r#"{{{good}, "Principal": "*"}}"#),
            vec![GrammarKind::PrincipalInIdentityPolicy { key: "Principal".into() }],
        ),
        (
            Trust,
            format!(r#"{{{trust}, "Resource": "*"}}"#),
            vec![GrammarKind::ResourceInTrustPolicy { key: "Resource".into() }],
        ),
        (
            Identity,
            format!(r#"{{{good}, "Conditions": {{}}}}"#),
            vec![GrammarKind::UnknownKey { key: "Conditions".into(), correct: Some("Condition") }],
        ),
        (
            Identity,
            format!(r#"{{{good}, "sid": "a"}}"#),
            vec![GrammarKind::KeyCase { key: "sid".into(), correct: "Sid" }],
        ),
        (Identity, format!(r#"{{{good}, "Sid": "a b"}}"#), vec![GrammarKind::BadSid { sid: "a b".into() }]),
        (Resource, r#"{"Effect": "Allow", "Action": "s3:*", "Principal": "*", "Sid": "a b"}"#.into(), vec![]),
        (
            Identity,
            format!(r#"{{{good}, "Sid": "a"}}, {{{good}, "Sid": "a"}}"#),
            vec![GrammarKind::DuplicateSid { sid: "a".into() }],
        ),
        (Identity, format!(r#"{{"If": ["C", {{{good}, "Sid": "a"}}, {{{good}, "Sid": "a"}}]}}"#), vec![]),
        (
            Identity,
            r#"{"Effect": "Allow", "Action": [], "Resource": "*"}"#.into(),
            vec![GrammarKind::EmptyList { key: "Action" }],
        ),
        (Identity, r#""s3:*""#.into(), vec![GrammarKind::StatementIsNoMap]),
        (Identity, r#"{"Unknown": "x"}"#.into(), vec![]),
        (
            Identity,
            r#"{"Effect": "<Effect>", "Action": {"Unknown": "x"}, "Resource": "*", "Sid": "a<Name>"}"#.into(),
            vec![],
        ),
        (
            Trust,
            r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"aws": "1"}}"#.into(),
            vec![GrammarKind::UnknownPrincipalKind { key: "aws".into(), correct: Some("AWS") }],
        ),
        (
            Trust,
            r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "arn:aws:iam::1:root"}"#.into(),
            vec![GrammarKind::BarePrincipal { text: "arn:aws:iam::1:root".into() }],
        ),
    ];
    for (kind, statements, expected) in table {
        let found: Vec<GrammarKind> =
            document(&statements, kind).problems.into_iter().map(|problem| problem.kind).collect();
        assert_eq!(found, expected, "{statements}");
    }
}

#[test]
fn problems_of_a_whole_document_are_found() {
    let table = [
        (r#"{"Version": "2012-10-17"}"#, GrammarKind::NoStatement),
        (r#"{"Name": "own", "Document": {"Statement": []}}"#, GrammarKind::NoStatement),
        (r#"{"Statement": []}"#, GrammarKind::EmptyStatement),
        (r#"[{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]"#, GrammarKind::ListWithoutStatement),
        (
            r#"{"Version": "2012-10-18", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#,
            GrammarKind::BadVersion { text: "2012-10-18".into() },
        ),
        (
            r#"{"Statments": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#,
            GrammarKind::UnknownKey { key: "Statments".into(), correct: Some("Statement") },
        ),
    ];
    for (json, expected) in table {
        let document = read(json, PolicyKind::Identity);
        assert_eq!(document.problems.first().map(|problem| problem.kind.clone()), Some(expected), "{json}");
    }
    // Its statements are read all the same.
    let list = read(r#"[{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]"#, PolicyKind::Identity);
    assert_eq!(list.statements.len(), 1);
}
