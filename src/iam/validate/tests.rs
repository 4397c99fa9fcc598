//! The parts of values, and every policy that AWS manages: what AWS writes itself is no error.

use super::addresses::range;
use super::values::{DateForm, date, is_region};
use super::{FindingType, Issue, Subject, codes, is_placeholder, issues};
use crate::iam::catalogue::managed_policies;
use crate::iam::document::{PolicyDocument, PolicyKind};
use crate::iam::fixture::{span, value};
use crate::iam::managed::value_at;
use std::collections::BTreeMap;

fn issues_of(json: &str, kind: PolicyKind) -> Vec<Issue> {
    let value = value(json);
    let document = PolicyDocument::read(&value, kind);
    issues(&Subject { document: &document, value: &value, resource_type: "" })
}

fn found(json: &str, kind: PolicyKind) -> Vec<&'static str> {
    issues_of(json, kind).iter().map(|issue| issue.code.name).collect()
}

#[test]
fn dates_are_told_from_what_only_looks_like_one() {
    let table = [
        ("2026-09-26", DateForm::Right),
        ("2026-09-26T12:00:00Z", DateForm::Right),
        ("2026-09-26T12:00:00.123+02:00", DateForm::Right),
        ("1790000000", DateForm::Right),
        ("2026-13-26", DateForm::OutOfRange),
        ("2026-09-32T00:00:00Z", DateForm::OutOfRange),
        ("2026-09-26T30:00:00Z", DateForm::OutOfRange),
        ("26-09-2026", DateForm::OutOfRange),
        ("soon", DateForm::Other),
        ("", DateForm::Other),
    ];
    for (text, form) in table {
        assert_eq!(date(text), form, "{text}");
    }
}

#[test]
fn ranges_of_addresses_are_read() {
    // The range, whether it is one, whether it is private, what it should be.
    let table = [
        ("203.0.113.0/24", true, false, None),
        ("203.0.113.7/24", true, false, Some("203.0.113.0/24")),
        ("203.0.113.7", true, false, None),
        ("10.1.2.3", true, true, None),
        ("172.31.0.0/16", true, true, None),
        ("172.32.0.0/16", true, false, None),
        ("0.0.0.0/0", true, false, None),
        ("10.0.0.0/7", true, false, None),
        ("2001:db8::/32", true, false, None),
        ("fd00::/8", true, true, None),
        ("::/0", true, false, None),
        ("203.0.113.0/33", false, false, None),
        ("203.0.113", false, false, None),
    ];
    for (text, is_range, is_private, better) in table {
        let found = range(text);
        assert_eq!(found.is_some(), is_range, "{text}");
        if let Some(found) = found {
            assert_eq!(found.is_private(), is_private, "{text}");
            assert_eq!(found.without_host_bits().as_deref(), better, "{text}");
        }
    }
}

#[test]
fn regions_and_placeholders_are_known_by_their_form() {
    for region in ["eu-west-1", "us-gov-east-1", "us-isob-east-1", "ap-southeast-7"] {
        assert!(is_region(region), "{region}");
    }
    for other in ["eu-west1", "eu-west", "EU-WEST-1", "", "eu--1"] {
        assert!(!is_region(other), "{other}");
    }
    for text in ["<arn>", "{account}", "arn:aws:s3:::YOUR_BUCKET", "my-example-bucket", "ACCOUNT_ID", "xxxx"] {
        assert!(is_placeholder(text), "{text}");
    }
    for text in ["arn:aws:s3:::app/*", "111122223333", "arn:aws:iam::111122223333:role/Deploy"] {
        assert!(!is_placeholder(text), "{text}");
    }
}

#[test]
fn what_the_template_fills_in_is_not_judged() {
    let document = |condition: &str, resource: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:GetObject",
            "Resource": {resource}, "Condition": {condition}}}]}}"#
        )
    };
    let table = [
        (r#"{"IpAddress": {"aws:SourceIp": "<Range>"}}"#, r#""<Arn>""#),
        (r#"{"DateLessThan": {"aws:CurrentTime": "<Day>T00:00:00Z"}}"#, r#""arn:<Partition>:s3:::<Bucket>""#),
        (r#"{"Bool": {"aws:SecureTransport": "<Flag>"}}"#, r#"{"Unknown": "x"}"#),
        (r#"{"StringEquals": {"aws:SourceVpc": "<Vpc>"}}"#, r#""arn:aws:s3:<Region>:<Account>:app""#),
        (r#"{"Unknown": "x"}"#, r#""arn:aws:s3:::app""#),
        (r#"{"StringEquals": {"aws:PrincipalOrgID": {"Unknown": "x"}}}"#, r#""arn:aws:s3:::app""#),
    ];
    for (condition, resource) in table {
        let found = found(&document(condition, resource), PolicyKind::Identity);
        assert!(found.is_empty(), "{condition} {resource}: {found:?}");
    }
}

#[test]
fn actions_without_the_key_are_named_as_they_are_written() {
    let statement = |actions: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": [{actions}], "Resource": "*",
            "Condition": {{"ArnLike": {{"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:*:*:*"}}}}}}]}}"#
        )
    };
    let table = [
        (r#""kms:Decrypt*", "kms:Describe*""#, "UNSUPPORTED_ACTION_FOR_CONDITION_KEY", vec!["kms:Describe*"]),
        (r#""kms:Decrypt", "kms:describekey""#, "UNSUPPORTED_ACTION_FOR_CONDITION_KEY", vec!["kms:DescribeKey"]),
        (r#""kms:Describe*""#, "MISSING_ACTION_FOR_CONDITION_KEY", vec!["kms:Describe*"]),
    ];
    for (actions, code, names) in table {
        let issues = issues_of(&statement(actions), PolicyKind::Identity);
        let told: Vec<_> = issues.iter().map(|issue| (issue.code.name, issue.names.clone())).collect();
        assert_eq!(told, [(code, names.into_iter().map(str::to_owned).collect())], "{actions}");
    }
    assert!(found(&statement(r#""kms:*""#), PolicyKind::Identity).is_empty(), "some actions have the key");
}

#[test]
fn a_mended_arn_keeps_what_is_right_in_it() {
    let table = [
        ("arn:aws:kms:*::*", "arn:aws:kms:*:*:*"),
        ("arn:aws:lambda::111122223333:function:app", "arn:aws:lambda:*:111122223333:function:app"),
        ("arn:aws:lambda:::function:app", "arn:aws:lambda:*:*:function:app"),
        ("arn:aws:iam:eu-west-1:111122223333:role/app", "arn:aws:iam::111122223333:role/app"),
        ("arn:aws:iam:eu-west-1::role/app", "arn:aws:iam::*:role/app"),
    ];
    for (arn, meant) in table {
        let json = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", "Action": "*", "Resource": "{arn}"}}]}}"#
        );
        let told: Vec<String> = issues_of(&json, PolicyKind::Identity).into_iter().map(|issue| issue.other).collect();
        assert_eq!(told, [meant], "{arn}");
    }
}

#[test]
fn a_statement_of_either_branch_is_told_once() {
    let json = r#"{"Version": "2012-10-17", "Statement": [{"Effect": {"If": ["Strict", "Deny", "Allow"]},
        "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEqual": {"aws:PrincipalOrgID": "o-1"}}}]}"#;
    assert_eq!(found(json, PolicyKind::Identity), ["INVALID_CONDITION_OPERATOR"]);
}

#[test]
fn a_boundary_and_a_control_policy_pass_no_role() {
    let json = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    assert_eq!(found(json, PolicyKind::Identity), ["PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE"]);
    for kind in [PolicyKind::Boundary, PolicyKind::ServiceControl] {
        assert!(found(json, kind).is_empty(), "{kind:?}");
    }
}

#[test]
fn all_but_every_role_is_no_role() {
    let table = [
        (r#""*""#, false),
        (r#"["arn:aws:s3:::app", "arn:aws:iam::*:role/*"]"#, false),
        (r#""arn:aws:iam::*""#, false),
        (r#""arn:aws:iam::*:role/app-*""#, true),
        (r#""arn:aws:iam::444455556666:role/*""#, true),
        (r#""arn:aws:s3:::*""#, true),
        (r#"{"If": ["Strict", "*", "arn:aws:s3:::app"]}"#, true),
    ];
    for (excepted, passes) in table {
        let json = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "iam:PassRole", "NotResource": {excepted}}}]}}"#
        );
        assert_eq!(found(&json, PolicyKind::Identity).contains(&"PASS_ROLE_WITH_NOT_RESOURCE"), passes, "{excepted}");
    }
}

#[test]
fn every_code_is_there_once_and_has_its_type() {
    let count = |kind| codes::ALL.iter().filter(|code| code.finding_type == kind).count();
    let types =
        [FindingType::Error, FindingType::SecurityWarning, FindingType::Warning, FindingType::Suggestion].map(count);
    assert_eq!(types, [79, 19, 26, 29]);
    let names: std::collections::BTreeSet<&str> = codes::ALL.iter().map(|code| code.name).collect();
    assert_eq!(names.len(), codes::ALL.len());
}

/// Errors in policies that AWS manages, counted. Each was looked at and is one: keys in the ARN
/// `arn:aws:kms:*::*`, the ARN `arn:aws:organizations::*:`, `ec2:Vpc` asked of `ec2:DescribeSubnets`
/// and `redshift-data:glue-catalog-arn` of `redshift-serverless:GetManagedWorkgroup`, twice. A larger
/// number means that something is judged that is right.
#[test]
fn the_policies_that_aws_manages_have_few_errors() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for policy in managed_policies() {
        let value = value_at(&policy.document(), span()).expect("JSON");
        let document = PolicyDocument::read(&value, PolicyKind::Identity);
        let found = issues(&Subject { document: &document, value: &value, resource_type: "" });
        for issue in found.iter().filter(|issue| issue.code.finding_type == FindingType::Error) {
            *counts.entry(issue.code.name).or_default() += 1;
        }
    }
    let expected = BTreeMap::from([
        ("MISSING_ARN_ACCOUNT", 1),
        ("MISSING_ARN_FIELD", 1),
        ("UNSUPPORTED_ACTION_FOR_CONDITION_KEY", 3),
    ]);
    assert_eq!(counts, expected);
}
