//! The evaluator against what the documentation says of each element and operator.

use super::*;
use crate::iam::document::PolicyKind;
use crate::iam::fixture::document;

/// Whether a condition holds of a request with the given values of its keys.
fn holds(condition: &str, context: &[(&str, &[&str])]) -> Truth {
    let statement = format!(r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}"#);
    let document = document(&statement, PolicyKind::Identity);
    let request = Request::new("s3:GetObject", "arn:aws:s3:::b/k");
    let request = context.iter().fold(request, |request, (key, values)| request.with(key, values));
    decide(&[&document], &request, Colons::Matched).allowed
}

#[test]
fn every_operator_does_what_is_documented() {
    use Truth::{No, Unknown, Yes};
    let tag = "aws:PrincipalTag/t";
    // Operator, values of the policy, value of the request, whether it holds; and without the key.
    let table = [
        ("StringEquals", r#"["a", "b"]"#, "b", Yes, No),
        ("StringEquals", r#""a*""#, "ab", No, No),
        ("StringEquals", r#""A""#, "a", No, No),
        ("StringNotEquals", r#"["a", "b"]"#, "b", No, Yes),
        ("StringNotEquals", r#"["a", "b"]"#, "c", Yes, Yes),
        ("StringEqualsIgnoreCase", r#""A""#, "a", Yes, No),
        ("StringNotEqualsIgnoreCase", r#""A""#, "a", No, Yes),
        ("StringLike", r#""a*c?""#, "abbcd", Yes, No),
        ("StringLike", r#""a?""#, "a", No, No),
        ("StringNotLike", r#""a*""#, "ab", No, Yes),
        ("StringEqualsIfExists", r#""a""#, "b", No, Yes),
        ("NumericEquals", r#""1.50""#, "1.5", Yes, No),
        ("NumericNotEquals", r#""1""#, "2", Yes, Yes),
        ("NumericLessThan", r#""10""#, "9", Yes, No),
        ("NumericLessThan", r#""10""#, "10", No, No),
        ("NumericLessThanEquals", r#""10""#, "10", Yes, No),
        ("NumericGreaterThan", r#""-2""#, "-1.5", Yes, No),
        ("NumericGreaterThanEquals", r#""2""#, "1.999", No, No),
        ("NumericEquals", r#""ten""#, "10", Unknown, No),
        ("DateEquals", r#""2026-01-01T00:00:00Z""#, "1767225600", Yes, No),
        ("DateLessThan", r#""2026-01-01T00:00:00Z""#, "2025-12-31T23:59:59Z", Yes, No),
        ("DateGreaterThan", r#""2026-01-01""#, "2026-01-01T00:00:00Z", No, No),
        ("DateGreaterThanEquals", r#""2024-02-29T00:00:00Z""#, "2024-02-29T00:00:00Z", Yes, No),
        ("DateNotEquals", r#""2026-01-01""#, "2026-01-02", Yes, Yes),
        ("Bool", r#""true""#, "true", Yes, No),
        ("Bool", r#""true""#, "false", No, No),
        ("BoolIfExists", r#""false""#, "true", No, Yes),
        ("IpAddress", r#""10.0.0.0/8""#, "10.255.0.1", Yes, No),
        ("IpAddress", r#""10.0.0.0/8""#, "11.0.0.1", No, No),
        ("IpAddress", r#""2001:db8::/32""#, "2001:db8:1::1", Yes, No),
        ("IpAddress", r#""0.0.0.0/0""#, "2001:db8::1", No, No),
        ("IpAddress", r#""10.0.0.1""#, "10.0.0.1", Yes, No),
        ("NotIpAddress", r#""10.0.0.0/8""#, "10.0.0.1", No, Yes),
        ("ArnLike", r#""arn:aws:iam::*:role/*""#, "arn:aws:iam::1:role/a/b", Yes, No),
        ("ArnEquals", r#""arn:aws:iam::*:role/a""#, "arn:aws:iam::1:role/a", Yes, No),
        ("ArnLike", r#""arn:aws:*:role/a""#, "arn:aws:iam::1:role/a", Unknown, No),
        ("ArnLike", r#""arn:*:s3:::b""#, "arn:aws:x:s3:::b", No, No),
        ("ArnNotLike", r#""arn:aws:iam::1:*""#, "arn:aws:iam::1:root", No, Yes),
        ("Null", r#""true""#, "x", No, Yes),
        ("Null", r#""false""#, "x", Yes, No),
        ("BinaryEquals", r#""QQ==""#, "QQ==", Yes, No),
        ("StringMatches", r#""a""#, "a", Unknown, Unknown),
    ];
    for (operator, values, value, present, absent) in table {
        let condition = format!(r#"{{"{operator}": {{"{tag}": {values}}}}}"#);
        assert_eq!(holds(&condition, &[(tag, &[value])]), present, "{condition} {value}");
        assert_eq!(holds(&condition, &[]), absent, "{condition} without the key");
    }
}

#[test]
fn sets_of_values_are_compared_as_documented() {
    use Truth::{No, Unknown, Yes};
    let keys = "aws:TagKeys";
    let table: &[(&str, &str, &[&str], Truth)] = &[
        ("ForAllValues:StringEquals", r#"["a", "b"]"#, &["a", "b"], Yes),
        ("ForAllValues:StringEquals", r#"["a", "b"]"#, &["a", "c"], No),
        ("ForAllValues:StringEquals", r#""a""#, &[], Yes),
        ("ForAllValues:StringNotEquals", r#""a""#, &["b", "a"], No),
        ("ForAllValues:StringNotEquals", r#""a""#, &["b"], Yes),
        ("ForAnyValue:StringEquals", r#""a""#, &["b", "a"], Yes),
        ("ForAnyValue:StringEquals", r#""a""#, &[], No),
        ("ForAnyValue:StringNotEquals", r#""a""#, &["b", "a"], Yes),
        ("ForAnyValue:StringNotEquals", r#""a""#, &["a"], No),
        ("ForAnyValue:StringEqualsIfExists", r#""a""#, &[], Unknown),
        ("StringEquals", r#""a""#, &["a"], Unknown),
        ("Null", r#""true""#, &[], Yes),
    ];
    for (operator, values, given, truth) in table {
        let condition = format!(r#"{{"{operator}": {{"{keys}": {values}}}}}"#);
        assert_eq!(holds(&condition, &[(keys, given)]), *truth, "{condition} {given:?}");
    }
}

#[test]
fn variables_are_filled_in_by_the_request() {
    use Truth::{No, Yes};
    type Context = &'static [(&'static str, &'static [&'static str])];
    let table: &[(&str, Context, Truth)] = &[
        (
            r#"{"StringEquals": {"s3:prefix": "${aws:username}"}}"#,
            &[("s3:prefix", &["a"]), ("aws:username", &["a"])],
            Yes,
        ),
        (r#"{"StringEquals": {"s3:prefix": "${aws:username}"}}"#, &[("s3:prefix", &["a"])], No),
        (r#"{"StringNotEquals": {"s3:prefix": "${aws:username}"}}"#, &[("s3:prefix", &["a"])], Yes),
        (
            r#"{"StringLike": {"s3:prefix": "${aws:username}*"}}"#,
            &[("s3:prefix", &["ab"]), ("aws:username", &["a"])],
            Yes,
        ),
        (
            r#"{"StringLike": {"s3:prefix": "${aws:username}"}}"#,
            &[("s3:prefix", &["ab"]), ("aws:username", &["*"])],
            No,
        ),
        (r#"{"StringLike": {"s3:prefix": "a${*}"}}"#, &[("s3:prefix", &["ab"])], No),
        (r#"{"StringEquals": {"s3:prefix": "${aws:username, 'x'}"}}"#, &[("s3:prefix", &["x"])], Yes),
    ];
    for (condition, context, truth) in table {
        assert_eq!(holds(condition, context), *truth, "{condition} {context:?}");
    }
}

#[test]
fn denies_win_and_their_statement_is_named() {
    let policy = document(
        r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
           {"Effect": "Deny", "NotAction": "s3:Get*", "NotResource": "arn:aws:s3:::b/*"}"#,
        PolicyKind::Identity,
    );
    let ask = |action: &str, resource: &str| decide(&[&policy], &Request::new(action, resource), Colons::Matched);
    assert!(ask("s3:GetObject", "arn:aws:s3:::c/k").allowed.is_yes());
    assert!(ask("s3:PutObject", "arn:aws:s3:::b/k").allowed.is_yes());
    let denied = ask("s3:PutObject", "arn:aws:s3:::c/k");
    assert!(denied.allowed.is_no() && denied.denied && denied.statement.is_some());
    let silent = ask("iam:CreateRole", "arn:aws:s3:::b/k");
    assert!(silent.allowed.is_no() && !silent.denied && silent.statement.is_none());
}

#[test]
fn resources_are_matched_under_both_readings() {
    use Truth::{No, Unknown, Yes};
    // The pattern, the resource, with `*` for colons, without.
    let table = [
        ("*", "*", Yes, Yes),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a:b", Yes, Yes),
        ("arn:aws:s3:::b", "arn:aws:s3:::B", No, No),
        ("arn:aws:s3:*:*:b", "arn:aws:s3:::b", Yes, Yes),
        ("arn:*:s3:::b", "arn:aws:x:s3:::b", Yes, No),
        ("arn:aws:iam::*", "arn:aws:iam::1:role/x", Yes, Yes),
        ("arn:aws:iam", "arn:aws:iam::1:role/x", Unknown, Unknown),
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/a", No, No),
    ];
    for (pattern, resource, matched, not_matched) in table {
        let statement = format!(r#"{{"Effect": "Allow", "Action": "*", "Resource": "{pattern}"}}"#);
        let document = document(&statement, PolicyKind::Identity);
        let request = Request::new("s3:GetObject", resource);
        for (colons, truth) in [(Colons::Matched, matched), (Colons::NotMatched, not_matched)] {
            assert_eq!(decide(&[&document], &request, colons).allowed, truth, "{pattern} {resource} {colons:?}");
        }
    }
}

#[test]
fn principals_are_matched_by_kind() {
    use Truth::{No, Unknown, Yes};
    let table = [
        (r#""*""#, "*", Yes),
        (r#"{"AWS": "*"}"#, "arn:aws:iam::1:user/a", Yes),
        (r#"{"AWS": "111122223333"}"#, "arn:aws:iam::111122223333:user/a", Yes),
        (r#"{"AWS": "arn:aws:iam::111122223333:root"}"#, "arn:aws:sts::111122223333:assumed-role/r/s", Yes),
        (r#"{"AWS": "111122223333"}"#, "*", No),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/p/r"}"#, "arn:aws:sts::111122223333:assumed-role/r/s", Yes),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/r"}"#, "arn:aws:iam::111122223333:role/rr", No),
        (r#"{"AWS": "AIDAEXAMPLE"}"#, "arn:aws:iam::111122223333:user/a", No),
        (r#"{"Service": "lambda.amazonaws.com"}"#, "lambda.amazonaws.com", Yes),
        (r#"{"Service": "lambda.amazonaws.com"}"#, "ec2.amazonaws.com", No),
        (r#"{"Federated": "gitlab.com"}"#, "gitlab.com", Yes),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/<Name>"}"#, "arn:aws:iam::111122223333:role/r", Unknown),
    ];
    for (principal, caller, truth) in table {
        let statement =
            format!(r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "s3:*", "Resource": "*"}}"#);
        let document = document(&statement, PolicyKind::Resource);
        let request = Request { principal: Caller::parse(caller), ..Request::new("s3:GetObject", "arn:aws:s3:::b/k") };
        assert_eq!(decide(&[&document], &request, Colons::Matched).allowed, truth, "{principal} {caller}");
    }
    let statement = r#"{"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/r"}, "Action": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#;
    let document = document(statement, PolicyKind::Resource);
    for (caller, truth) in [
        ("arn:aws:iam::999988887777:role/r", No),
        ("arn:aws:iam::111122223333:role/r", Yes),
        ("arn:aws:iam::111122223333:role/other", Unknown),
    ] {
        let request = Request { principal: Caller::parse(caller), ..Request::new("s3:GetObject", "arn:aws:s3:::b/k") };
        assert_eq!(decide(&[&document], &request, Colons::Matched).allowed, truth, "{caller}");
    }
}
