//! Grants of roles that a build may run with.

use super::*;
use crate::diagnostic::Confidence;
use crate::iam::document::PolicyKind;
use crate::iam::fixture::{authority, bounded, document, span, text};
use crate::iam::managed_document;
use crate::iam::{ConditionClass, Truth};

/// The actions granted, each with its confidence.
fn granted(authority: &Authority, wanted: &[&str]) -> Vec<(String, Confidence)> {
    let mut found: Vec<(String, Confidence)> = Vec::new();
    for grant in authority.grants(wanted) {
        found.push((grant.action.clone(), grant.confidence));
    }
    found
}

const CREATE: &str = r#"{"Effect": "Allow", "Action": ["iam:CreateRole", "iam:AttachRolePolicy"], "Resource": "*"}"#;

fn and(other: &str) -> String {
    format!("{CREATE}, {other}")
}

#[test]
fn roles_that_may_create_roles_are_found() {
    let high = |actions: &[&str]| -> Vec<(String, Confidence)> {
        actions.iter().map(|action| ((*action).to_owned(), Confidence::High)).collect()
    };
    let medium = |action: &str| vec![(action.to_owned(), Confidence::Medium)];
    let wanted = ["iam:CreateRole"];
    let table = [
        ("r1", CREATE.to_owned(), high(&wanted)),
        ("r2", r#"{"Effect": "Allow", "Action": "iam:Create*", "Resource": "*"}"#.to_owned(), high(&wanted)),
        ("r3", r#"{"Effect": "Allow", "Action": "iam:*Role*", "Resource": "*"}"#.to_owned(), high(&wanted)),
        ("r4", r#"{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}"#.to_owned(), high(&wanted)),
        ("r5", and(r#"{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}"#), vec![]),
        (
            "r6",
            and(r#"{"Effect": "Deny", "Action": "iam:*", "Resource": "*",
                    "Condition": {"StringNotEquals": {"aws:PrincipalTag/x": "y"}}}"#),
            medium("iam:CreateRole"),
        ),
        (
            "r9",
            r#"{"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*",
                "Condition": {"StringEquals": {"iam:AWSServiceName": "x.amazonaws.com"}}}"#
                .to_owned(),
            vec![],
        ),
        ("r10", r#"{"Effect": "Allow", "Action": "iam:createrole", "Resource": "*"}"#.to_owned(), high(&wanted)),
    ];
    for (name, statements, expected) in table {
        assert_eq!(granted(&authority(&statements), &wanted), expected, "{name}");
    }
}

#[test]
fn a_wildcard_over_roles_grants_all_the_ways_up() {
    let role = authority(r#"{"Effect": "Allow", "Action": "iam:*Role*", "Resource": "*"}"#);
    let wanted = ["iam:CreateRole", "iam:Attach*Policy", "iam:UpdateAssumeRolePolicy", "iam:PassRole"];
    let names: Vec<String> = role.grants(&wanted).into_iter().map(|grant| grant.action).collect();
    assert_eq!(names, ["iam:CreateRole", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:PassRole"]);
}

#[test]
fn a_boundary_condition_narrows_the_object() {
    let role = authority(
        r#"{"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "arn:aws:iam::111122223333:role/app/*",
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/edge"}}}"#,
    );
    let grants = role.grants(&["iam:CreateRole"]);
    assert_eq!(grants.len(), 1);
    assert_eq!(grants[0].narrowing[0].class, ConditionClass::Object);
    assert_eq!(grants[0].tests_on("iam:permissionsboundary").count(), 1);
    assert!(!grants[0].everywhere);
    assert_eq!(grants[0].confidence, Confidence::High);
}

#[test]
fn a_call_through_cloudformation_is_a_path() {
    let role = authority(
        r#"{"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*",
            "Condition": {"ForAnyValue:StringEquals": {"aws:CalledVia": ["cloudformation.amazonaws.com"]}}}"#,
    );
    let grants = role.grants(&["iam:CreateRole"]);
    assert!(grants[0].is_narrowed_by(ConditionClass::Path));
}

#[test]
fn every_document_counts_and_a_deny_in_any_of_them() {
    let mut role = authority(r#"{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}"#);
    role.documents.push(document(CREATE, PolicyKind::Identity).into());
    assert_eq!(role.grants(&["iam:CreateRole"]).len(), 1);
    role.documents
        .push(document(r#"{"Effect": "Deny", "NotAction": "logs:*", "Resource": "*"}"#, PolicyKind::Identity).into());
    assert!(role.grants(&["iam:CreateRole"]).is_empty());
}

#[test]
fn a_boundary_without_iam_leaves_nothing() {
    let boundary = r#"{"Effect": "Allow", "Action": ["s3:*", "logs:*"], "Resource": "*"}"#;
    assert!(bounded(CREATE, boundary).grants(&["iam:CreateRole"]).is_empty());
    let boundary = r#"{"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::*:role/app/*"}"#;
    let role = bounded(CREATE, boundary);
    let grants = role.grants(&["iam:CreateRole"]);
    assert_eq!(grants[0].within.len(), 1);
    assert!(!grants[0].everywhere);
    assert_eq!(grants[0].confidence, Confidence::High);
    let mut role = authority(CREATE);
    role.boundary = Some(Boundary::Unknown(Reason::at("the boundary is a parameter", span())));
    assert_eq!(granted(&role, &["iam:CreateRole"]), [("iam:CreateRole".to_owned(), Confidence::Medium)]);
}

#[test]
fn a_managed_policy_grants_what_its_document_says() {
    let document = managed_document("IAMFullAccess", span(), PolicyKind::Identity).expect("the policy is known");
    let role = Authority { documents: vec![document.into()], boundary: None, unseen: Vec::new() };
    let grants = role.grants(&["iam:CreateRole"]);
    assert_eq!(grants.len(), 1);
    assert_eq!(grants[0].span, span());
    assert!(grants[0].everywhere);
}

#[test]
fn a_deny_takes_a_part_and_the_rest_is_sure() {
    let deny =
        |resource: &str| and(&format!(r#"{{"Effect": "Deny", "Action": "iam:CreateRole", "Resource": "{resource}"}}"#));
    let table = [
        ("arn:aws:iam::*:role/admin*", Some(Confidence::High), 1),
        ("*", None, 0),
        // Roles of other partitions and accounts are out of reach, but that is not proven.
        ("arn:aws:iam::*:role/*", Some(Confidence::Medium), 1),
        ("arn:aws:iam::<AWS::AccountId>:role/*", Some(Confidence::Medium), 1),
        ("arn:*:iam::*:role/*", None, 0),
        ("<Role.Arn>", Some(Confidence::Medium), 1),
        ("arn:aws:s3:::bucket", Some(Confidence::High), 0),
    ];
    for (resource, expected, _) in table {
        let role = authority(&deny(resource));
        let found = role.grants(&["iam:CreateRole"]);
        assert_eq!(found.first().map(|grant| grant.confidence), expected, "{resource}");
    }
}

#[test]
fn a_hole_is_covered_by_itself_and_by_a_star() {
    let table = [
        ("arn:aws:s3:::<Bucket>/*", false),
        ("arn:aws:s3:::<Bucket>*", false),
        ("arn:aws:s3:::*", false),
        ("arn:aws:s3:::<Other>/*", true),
        ("arn:aws:s3:::bucket/*", true),
        ("arn:aws:s3:::<Bucket>/private/*", true),
    ];
    for (denied, left) in table {
        let role = authority(&format!(
            r#"{{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::<Bucket>/*"}},
               {{"Effect": "Deny", "Action": "s3:*", "Resource": "{denied}"}}"#
        ));
        assert_eq!(!role.grants(&["s3:PutObject"]).is_empty(), left, "{denied}");
    }
}

#[test]
fn a_deny_under_the_negation_of_the_condition_does_not_apply() {
    let allow = r#"{"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::1:policy/edge"}}}"#;
    let table = [
        (r#"{"StringNotEquals": {"iam:PermissionsBoundary": "arn:aws:iam::1:policy/edge"}}"#, Some(Confidence::High)),
        (r#"{"Null": {"iam:permissionsboundary": "true"}}"#, Some(Confidence::High)),
        (
            r#"{"StringNotEquals": {"iam:PermissionsBoundary": "arn:aws:iam::1:policy/other"}}"#,
            Some(Confidence::Medium),
        ),
        (r#"{"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::1:policy/edge"}}"#, None),
        (r#"{"StringEquals": {"iam:PermissionsBoundary": ["x", "arn:aws:iam::1:policy/edge"]}}"#, None),
    ];
    for (condition, expected) in table {
        let deny = format!(r#"{{"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {condition}}}"#);
        let role = authority(&format!("{allow}, {deny}"));
        assert_eq!(role.grants(&["iam:CreateRole"]).first().map(|grant| grant.confidence), expected, "{condition}");
    }
}

#[test]
fn a_deny_for_another_value_of_a_key_with_one_value_does_not_apply() {
    let allow = r#"{"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-a", "aws:TagKeys": "a"}}}"#;
    let table = [
        (r#"{"StringEquals": {"aws:SourceVpc": "vpc-b"}}"#, Some(Confidence::High)),
        (r#"{"StringEqualsIfExists": {"aws:sourcevpc": ["vpc-b", "vpc-c"]}}"#, Some(Confidence::High)),
        (r#"{"StringEquals": {"aws:SourceVpc": "vpc-b", "aws:PrincipalTag/x": "y"}}"#, Some(Confidence::High)),
        (r#"{"StringEquals": {"aws:SourceVpc": ["vpc-b", "vpc-a"]}}"#, None),
        (r#"{"StringEquals": {"aws:SourceVpc": "<Vpc>"}}"#, Some(Confidence::Medium)),
        (r#"{"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}"#, Some(Confidence::Medium)),
        (r#"{"StringEquals": {"aws:SourceVpce": "vpc-b"}}"#, Some(Confidence::Medium)),
        (r#"{"StringEquals": {"aws:TagKeys": "b"}}"#, Some(Confidence::Medium)),
        (r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": "b"}}"#, Some(Confidence::Medium)),
    ];
    for (condition, expected) in table {
        let deny = format!(r#"{{"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {condition}}}"#);
        let role = authority(&format!("{allow}, {deny}"));
        assert_eq!(role.grants(&["iam:CreateRole"]).first().map(|grant| grant.confidence), expected, "{condition}");
    }
}

#[test]
fn conditions_of_the_template_are_kept_and_compared() {
    let allow = r#"{"If": ["Prod", {"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*"}, {"NoValue": 0}]}"#;
    let deny = |condition: &str| {
        format!(
            r#"{{"If": ["{condition}", {{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}, {{"NoValue": 0}}]}}"#
        )
    };
    let role = authority(allow);
    assert_eq!(role.grants(&["iam:CreateRole"])[0].when[0].name, "Prod");
    assert!(authority(&format!("{allow}, {}", deny("Prod"))).grants(&["iam:CreateRole"]).is_empty());
    let doubtful = authority(&format!("{allow}, {}", deny("Other")));
    assert_eq!(doubtful.grants(&["iam:CreateRole"])[0].confidence, Confidence::Medium);
    let opposite = r#"{"If": ["Prod", {"NoValue": 0}, {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}"#;
    let role = authority(&format!("{allow}, {opposite}"));
    assert_eq!(role.grants(&["iam:CreateRole"])[0].confidence, Confidence::High);
}

#[test]
fn what_cannot_be_read_is_said_and_not_dropped() {
    let role = authority(r#"{"Effect": "Allow", "Action": "<Action>", "Resource": "*"}"#);
    assert!(role.grants(&["iam:CreateRole"]).is_empty());
    assert_eq!(role.documents[0].unread.len(), 1);
    assert_eq!(role.can("iam:CreateRole", ResourceAsked::Any).truth(), Truth::Unknown);
    let role = authority(r#"{"Effect": "Allow", "Action": "iam:<Verb>Role", "Resource": "*"}"#);
    assert_eq!(granted(&role, &["iam:CreateRole"]), [("iam:CreateRole".to_owned(), Confidence::Low)]);
    assert!(role.grants(&["iam:CreateUser"]).is_empty());
    let role = authority(&and(r#"{"Unknown": "a transform"}"#));
    assert_eq!(granted(&role, &["iam:CreateRole"]), [("iam:CreateRole".to_owned(), Confidence::Medium)]);
}

#[test]
fn an_action_that_fits_none_of_the_resources_is_no_grant() {
    let role = authority(
        r#"{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket", "ecr:GetAuthorizationToken"],
            "Resource": "arn:aws:s3:::bucket"}"#,
    );
    let names: Vec<String> = role
        .grants(&["s3:GetObject", "s3:ListBucket", "ecr:GetAuthorizationToken"])
        .into_iter()
        .map(|g| g.action)
        .collect();
    assert_eq!(names, ["s3:ListBucket"]);
}

#[test]
fn questions_are_answered_with_a_witness() {
    let role = authority(CREATE);
    let Answer::Yes(witness) = role.can("iam:createrole", ResourceAsked::Any) else { panic!("it is allowed") };
    assert_eq!(
        (witness.action.as_str(), witness.resource.as_str()),
        ("iam:CreateRole", "arn:aws:iam::111122223333:role/x")
    );
    let target = |notation: &str| ArnPattern::new(&text(notation), true, Vec::new());
    let can = |role: &Authority, action: &str, resource: &str| {
        role.can(action, ResourceAsked::Matching(&target(resource))).truth()
    };
    let role = authority(
        r#"{"Effect": "Allow", "Action": "iam:PassRole", "Resource": ["arn:aws:iam::1:role/a", "<Role.Arn>"]}"#,
    );
    assert_eq!(can(&role, "iam:PassRole", "arn:aws:iam::1:role/a"), Truth::Yes);
    assert_eq!(can(&role, "iam:PassRole", "arn:aws:iam::1:role/*"), Truth::Yes);
    assert_eq!(can(&role, "iam:PassRole", "<Role.Arn>"), Truth::Yes);
    assert_eq!(can(&role, "iam:PassRole", "arn:aws:iam::1:role/b"), Truth::Unknown);
    assert_eq!(can(&role, "iam:CreateRole", "arn:aws:iam::1:role/a"), Truth::No);
    let role = authority(r#"{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/a"}"#);
    assert_eq!(can(&role, "iam:PassRole", "arn:aws:iam::1:role/b"), Truth::No);
}
