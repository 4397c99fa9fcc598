//! What the search says of documents whose answer is known, and of AWS's own policies.

use super::*;
use crate::iam::catalogue;
use crate::iam::document::PolicyKind;
use crate::iam::fixture::{document, span};
use crate::iam::managed::value_at;
use rayon::prelude::*;

mod laws;
mod random;

fn identity(statements: &str) -> PolicyDocument {
    document(statements, PolicyKind::Identity)
}

/// `none`, `found` with the request, or `unknown` with the reason.
fn shown(finding: &Finding) -> String {
    match finding {
        Finding::None => "none".to_owned(),
        Finding::Found(access) => format!("found {} {}", access.request.action, access.request.resource),
        Finding::Unknown(reason) => format!("unknown {}", reason.text),
    }
}

fn allow(actions: &str, resources: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": {resources}}}"#)
}

#[test]
fn new_access_is_found_with_a_request_that_can_be_made() {
    let bucket = r#""arn:aws:s3:::b/*""#;
    // Existing, new, the answer.
    let table = [
        (allow(r#""s3:GetObject""#, bucket), allow(r#""s3:GetObject""#, bucket), "none"),
        (allow(r#""s3:*""#, bucket), allow(r#""s3:GetObject""#, bucket), "none"),
        (
            allow(r#""s3:GetObject""#, bucket),
            allow(r#"["s3:GetObject", "s3:PutObject"]"#, bucket),
            "found s3:PutObject arn:aws:s3:::b/x",
        ),
        (
            allow(r#""s3:GetObject""#, bucket),
            allow(r#""s3:GetObject""#, r#""arn:aws:s3:::*""#),
            "found s3:GetObject arn:aws:s3:::x/x",
        ),
        // Two statements cover one between them.
        (
            [allow(r#""s3:Get*""#, bucket), allow(r#""s3:Put*""#, bucket)].join(","),
            allow(r#"["s3:GetObject", "s3:PutObject"]"#, bucket),
            "none",
        ),
        // An action for which no ARN can be named grants nothing on one.
        (allow(r#""s3:GetObject""#, bucket), allow(r#""ec2:DescribeInstances""#, bucket), "none"),
        // Actions that are not invented yet count.
        (
            allow(r#"["s3:GetObject", "s3:GetObjectAcl"]"#, bucket),
            allow(r#""s3:GetObjectAc*""#, bucket),
            "found s3:getobjectac arn:aws:s3:::b/",
        ),
        // A new exception to a deny.
        (
            format!(
                r#"{}, {{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/secret/*"}}"#,
                allow(r#""s3:Get*""#, bucket)
            ),
            allow(r#""s3:GetObject""#, bucket),
            "found s3:GetObject arn:aws:s3:::b/secret/",
        ),
        (
            r#"{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}"#.to_owned(),
            r#"{"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}"#.to_owned(),
            "none",
        ),
        (
            r#"{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::b/*"}"#.to_owned(),
            allow(r#""s3:GetObject""#, r#""arn:aws:s3:::c/*""#),
            "none",
        ),
        (
            allow(r#""s3:GetObject""#, r#""arn:aws:s3:::home/${aws:username}/*""#),
            allow(r#""s3:GetObject""#, r#""arn:aws:s3:::home/${aws:username}/a/*""#),
            "none",
        ),
        (
            allow(r#""s3:GetObject""#, r#""arn:aws:s3:::home/${aws:username}/*""#),
            allow(r#""s3:GetObject""#, r#""arn:aws:s3:::home/*""#),
            "found s3:GetObject arn:aws:s3:::home/x",
        ),
        (
            allow(r#""s3:GetObject""#, r#""arn:aws:s3:::home/b*""#),
            allow(r#""s3:GetObject""#, r#""arn:aws:s3:::home/${aws:username}""#),
            "found s3:GetObject arn:aws:s3:::home/value0",
        ),
        // The variable may stand for what the new deny leaves out.
        (
            allow(r#""iam:PassRole""#, r#""*""#),
            format!(
                r#"{}, {{"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/value0"}}"#,
                allow(r#""s3:GetObject""#, r#""arn:aws:s3:::b/${aws:username}""#)
            ),
            "unknown what `arn:aws:s3:::b/${aws:username}` stands for depends on the request, or is not known",
        ),
        (allow(r#""*""#, r#""*""#), allow(r#""iam:*""#, r#""arn:aws:iam::*:role/x""#), "none"),
    ];
    for (existing, new, answer) in table {
        let (one, other) = (identity(&existing), identity(&new));
        assert_eq!(shown(&new_access(&[&one], &[&other])), answer, "{existing}\n{new}");
    }
}

#[test]
fn what_is_not_known_is_unknown() {
    let (known, open) = (allow(r#""s3:GetObject""#, r#""arn:aws:s3:::b/*""#), allow(r#""s3:<Verb>""#, r#""*""#));
    let cases = [
        (known.clone(), open.clone()),
        (open, known.clone()),
        (known.clone(), r#"{"Unknown": "why"}"#.to_owned()),
        (known, allow(r#""s3:GetObject""#, r#"{"Unknown": "why"}"#)),
    ];
    for (existing, new) in cases {
        let finding = new_access(&[&identity(&existing)], &[&identity(&new)]);
        assert!(matches!(finding, Finding::Unknown(_)), "{existing}\n{new}\n{finding:?}");
    }
}

/// A text that broke off may lack the `Action` of a statement.
#[test]
fn a_statement_without_action_is_a_doubt() {
    let everything = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    let named_nowhere = r#"{"Effect": "Allow", "Action": "iam:ListVirtualMFADevices"}"#;
    let table = [
        vec![r#"{"Effect": "Allow"}"#],
        vec![r#"{"Effect": "Allow"}"#, r#"{"Effect": "Deny"}"#],
        vec![everything, r#"{"Effect": "Deny"}"#],
        vec![named_nowhere, r#"{"Effect": "Deny", "NotAction": "iam:List*"}"#, r#"{"Effect": "Deny"}"#],
        vec![everything, r#"{"Effect": "Deny", "Action": "s3:Put*"}"#, r#"{"Effect": "Deny"}"#],
    ];
    for statements in table {
        let policy = identity(&statements.join(", "));
        let finding = access_not_granted(&[], &[&policy], &[], &[]);
        assert_eq!(shown(&finding), "unknown the statement names no action", "{statements:?}");
    }
}

#[test]
fn conditions_are_contained_in_each_other() {
    // The condition of the existing allow, that of the new one, whether the new one is contained.
    let table = [
        (
            r#"{"StringEquals": {"aws:PrincipalTag/t": ["a", "b"]}}"#,
            r#"{"StringEquals": {"aws:PrincipalTag/t": "a"}}"#,
            true,
        ),
        (
            r#"{"StringEquals": {"aws:PrincipalTag/t": "a"}}"#,
            r#"{"StringEquals": {"aws:PrincipalTag/t": ["a", "b"]}}"#,
            false,
        ),
        (r#"{"StringLike": {"aws:PrincipalTag/t": "a*"}}"#, r#"{"StringEquals": {"aws:PrincipalTag/t": "ab"}}"#, true),
        (
            r#"{"StringEquals": {"aws:PrincipalTag/t": "a*"}}"#,
            r#"{"StringEquals": {"aws:PrincipalTag/t": "ab"}}"#,
            false,
        ),
        (
            r#"{"StringNotEquals": {"aws:PrincipalTag/t": "a"}}"#,
            r#"{"StringEquals": {"aws:PrincipalTag/t": "b"}}"#,
            true,
        ),
        (
            r#"{"StringNotLike": {"aws:PrincipalTag/t": "a*"}}"#,
            r#"{"StringNotLike": {"aws:PrincipalTag/t": ["a*", "b*"]}}"#,
            true,
        ),
        (
            r#"{"StringNotLike": {"aws:PrincipalTag/t": ["a*", "b*"]}}"#,
            r#"{"StringNotLike": {"aws:PrincipalTag/t": "a*"}}"#,
            false,
        ),
        (
            r#"{"StringEqualsIfExists": {"aws:PrincipalTag/t": "a"}}"#,
            r#"{"Null": {"aws:PrincipalTag/t": "true"}}"#,
            true,
        ),
        (
            r#"{"StringEquals": {"aws:PrincipalTag/t": "a"}}"#,
            r#"{"StringEqualsIfExists": {"aws:PrincipalTag/t": "a"}}"#,
            false,
        ),
        (
            r#"{"StringEqualsIgnoreCase": {"aws:PrincipalTag/t": "A"}}"#,
            r#"{"StringEqualsIgnoreCase": {"aws:PrincipalTag/t": "a"}}"#,
            true,
        ),
        (r#"{"Null": {"aws:PrincipalTag/t": "false"}}"#, r#"{"StringLike": {"aws:PrincipalTag/t": "*"}}"#, true),
        (r#"{"StringLike": {"aws:PrincipalTag/t": "*"}}"#, r#"{"Null": {"aws:PrincipalTag/t": "false"}}"#, true),
        (
            r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#,
            r#"{"IpAddress": {"aws:SourceIp": ["10.1.0.0/16", "10.2.3.4"]}}"#,
            true,
        ),
        (
            r#"{"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}"#,
            r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#,
            false,
        ),
        (
            r#"{"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#,
            r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#,
            true,
        ),
        (
            r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/9", "10.128.0.0/9"]}}"#,
            r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#,
            true,
        ),
        (
            r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#,
            r#"{"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}"#,
            false,
        ),
        (
            r#"{"Bool": {"aws:SecureTransport": ["true", "false"]}}"#,
            r#"{"Null": {"aws:SecureTransport": "false"}}"#,
            true,
        ),
        (
            r#"{"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}"#,
            r#"{"NumericLessThanEquals": {"aws:MultiFactorAuthAge": "300"}}"#,
            true,
        ),
        (
            r#"{"NumericLessThanEquals": {"aws:MultiFactorAuthAge": "300"}}"#,
            r#"{"NumericLessThan": {"aws:MultiFactorAuthAge": "300.5"}}"#,
            false,
        ),
        (
            r#"{"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}"#,
            r#"{"DateLessThan": {"aws:CurrentTime": "1577836800"}}"#,
            true,
        ),
        (
            r#"{"DateGreaterThan": {"aws:CurrentTime": "2030-01-01"}}"#,
            r#"{"DateGreaterThan": {"aws:CurrentTime": "2029-12-31T23:59:59Z"}}"#,
            false,
        ),
        (
            r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}"#,
            r#"{"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::1:role/a"}}"#,
            true,
        ),
        (
            r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a"}}"#,
            r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/*"}}"#,
            false,
        ),
        (
            r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}"#,
            r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}"#,
            true,
        ),
        (
            r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}"#,
            r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}"#,
            false,
        ),
        (
            r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}"#,
            r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "Null": {"aws:TagKeys": "false"}}"#,
            true,
        ),
        (
            r#"{"ForAnyValue:StringLike": {"aws:TagKeys": "a*"}}"#,
            r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": ["ab", "ac"]}}"#,
            true,
        ),
        (
            r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}"#,
            r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}"#,
            false,
        ),
        // What is not looked into follows from itself.
        (
            r#"{"StringEquals": {"aws:PrincipalTag/t": "${aws:username}"}}"#,
            r#"{"StringEquals": {"aws:PrincipalTag/t": "${aws:username}"}}"#,
            true,
        ),
        (
            r#"{"BinaryEquals": {"aws:PrincipalTag/t": "QQ=="}}"#,
            r#"{"BinaryEquals": {"aws:PrincipalTag/t": "QQ=="}}"#,
            true,
        ),
    ];
    let under = |condition: &str| {
        identity(&format!(
            r#"{{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*", "Condition": {condition}}}"#
        ))
    };
    for (existing, new, contained) in table {
        let finding = new_access(&[&under(existing)], &[&under(new)]);
        let right = if contained { matches!(finding, Finding::None) } else { matches!(finding, Finding::Found(_)) };
        assert!(right, "{new} in {existing}: {finding:?}");
    }
}

#[test]
fn access_is_granted_or_not() {
    let policy = identity(
        r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
           {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"},
           {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}"#,
    );
    let ask = |actions: &[&str], resources: &[&str]| {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        access_not_granted(&[], &[&policy], &owned(actions), &owned(resources))
    };
    assert_eq!(shown(&ask(&["s3:DeleteObject"], &[])), "none");
    assert_eq!(shown(&ask(&["iam:CreateRole"], &[])), "none");
    assert_eq!(
        shown(&ask(&["s3:DeleteObject", "S3:getobject"], &["arn:aws:s3:::b/*"])),
        "found s3:GetObject arn:aws:s3:::b/x"
    );
    let Finding::Found(put) = ask(&["s3:PutObject"], &[]) else { panic!("uploads over TLS are allowed") };
    assert_eq!(put.request.context["aws:securetransport"], ["true"]);
    // No action of a service acts on resources of another, unless it is known to.
    assert_eq!(shown(&ask(&[], &["arn:aws:sqs:us-east-1:111122223333:q"])), "none");
}

#[test]
fn policies_of_aws_contain_themselves_and_hardly_anything_of_them_is_unknown() {
    let documents: Vec<(&str, PolicyDocument)> = catalogue::managed_policies()
        .map(|policy| {
            let value = value_at(&policy.document(), span()).expect("a managed policy is JSON");
            (policy.name(), PolicyDocument::read(&value, PolicyKind::Identity))
        })
        .collect();
    let compared = |index: usize, other: usize| {
        let ((name, document), (other_name, before)) = (&documents[index], &documents[other]);
        match new_access(&[before], &[document]) {
            Finding::Found(access) if index == other => panic!("{name} allows more than it does: {access:?}"),
            Finding::Unknown(reason) => Some(format!("{name} in {other_name}: {}", reason.text)),
            Finding::None | Finding::Found(_) => None,
        }
    };
    let pairs = (0..documents.len()).flat_map(|index| {
        // Some stand beside a policy of which they are a part.
        let others = if index % 6 == 0 { &[0, 1, 101][..] } else { &[0] };
        others.iter().map(move |step| (index, index + step))
    });
    let pairs: Vec<(usize, usize)> = pairs.map(|(index, other)| (index, other % documents.len())).collect();
    let unknown: Vec<String> = pairs.par_iter().filter_map(|(index, other)| compared(*index, *other)).collect();
    assert!(unknown.len() * 200 < pairs.len(), "{} of {}:\n{}", unknown.len(), pairs.len(), unknown.join("\n"));
}
