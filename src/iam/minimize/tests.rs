//! What is left of policies, and that it is the same by the second evaluator.

use super::*;
use crate::iam::document::PolicyKind;
use crate::iam::fixture::document;

/// What is left, a line for each statement, and the number of changes.
fn left(statements: &str) -> (Vec<String>, usize) {
    let found = minimize(&document(statements, PolicyKind::Identity)).expect("a proof");
    let line = |one: &Statement| {
        let list = |texts: Option<(bool, Vec<String>)>| texts.map_or_else(String::new, |(_, texts)| texts.join(" "));
        format!(
            "{:?} {} on {} if {}",
            one.effect,
            list(actions_of(one)),
            list(resources_of(one)),
            tests_of(one).join(", ")
        )
    };
    (found.document.statements.iter().map(line).collect(), found.changes.len())
}

fn allow(actions: &str, resources: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": {resources}}}"#)
}

#[test]
fn what_says_nothing_new_is_left_out() {
    let b = r#""arn:aws:s3:::b/*""#;
    let deny = |action: &str| format!(r#"{{"Effect": "Deny", "Action": "{action}", "Resource": "*"}}"#);
    let table = [
        (vec![allow(r#"["s3:GetObject", "s3:Get*"]"#, b)], vec!["Allow s3:get* on arn:aws:s3:::b/* if "], 1),
        (
            vec![allow(r#""s3:GetObject""#, r#"["arn:aws:s3:::b/*", "arn:aws:s3:::b/x", "arn:aws:s3:::*"]"#)],
            vec!["Allow s3:getobject on arn:aws:s3:::* if "],
            2,
        ),
        // Two lists of actions on the same resource are one.
        (
            vec![allow(r#""s3:GetObject""#, b), allow(r#""s3:PutObject""#, b)],
            vec!["Allow s3:getobject s3:putobject on arn:aws:s3:::b/* if "],
            1,
        ),
        // An allow that a deny takes as a whole, and a deny of what nothing allows.
        (
            vec![allow(r#""s3:GetObject""#, b), allow(r#""sqs:SendMessage""#, r#""*""#), deny("sqs:*")],
            vec!["Allow s3:getobject on arn:aws:s3:::b/* if "],
            2,
        ),
        // An action that takes no resource grants nothing on one.
        (
            vec![allow(r#"["s3:GetObject", "ec2:DescribeInstances"]"#, b)],
            vec!["Allow s3:getobject on arn:aws:s3:::b/* if "],
            1,
        ),
        // Two together cover a third.
        (
            vec![allow(r#"["s3:GetObject", "sqs:SendMessage"]"#, r#""*""#), allow(r#""s3:GetObject""#, b)],
            vec!["Allow s3:getobject sqs:sendmessage on * if "],
            1,
        ),
        // A condition that follows from another, and a value that another covers.
        (
            vec![
                r#"{"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "*", "Condition": {
                "StringLike": {"aws:PrincipalTag/t": ["a*", "ab"]}, "Null": {"aws:PrincipalTag/t": "false"}}}"#
                    .to_owned(),
            ],
            vec!["Allow ec2:stopinstances on * if stringlike aws:principaltag/t [\"a*\"]"],
            2,
        ),
        (vec![allow(r#""s3:GetObject""#, b)], vec!["Allow s3:getobject on arn:aws:s3:::b/* if "], 0),
    ];
    for (statements, lines, changes) in table {
        let found = left(&statements.as_slice().join(","));
        assert_eq!(found, (lines.into_iter().map(str::to_owned).collect(), changes), "{statements:#?}");
    }
}

#[test]
fn what_is_not_known_stays() {
    let open = document(&allow(r#""s3:<Verb>""#, r#""*""#), PolicyKind::Identity);
    assert!(minimize(&open).is_err());
    let unread = document(r#"{"Unknown": "why"}"#, PolicyKind::Identity);
    assert_eq!(minimize(&unread).expect_err("a reason").text, "a statement is not known: why");
}

#[test]
fn the_policies_of_a_resource_keep_their_principals() {
    let of = |who: &str| {
        format!(
            r#"{{"Effect": "Allow", "Principal": {{"AWS": {who}}}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}"#
        )
    };
    let policy = document(&of(r#"["111122223333", "arn:aws:iam::111122223333:role/r"]"#), PolicyKind::Resource);
    let found = minimize(&policy).expect("a proof");
    assert_eq!(found.changes[0].text, "the principal `arn:aws:iam::111122223333:role/r` is left out");
}
