//! The engine on the policies that AWS wrote.

use super::*;
use crate::iam::fixture::span;
use crate::iam::{PolicyDocument, PolicyKind, catalogue, mismatches, names};

#[test]
fn the_policies_of_aws_are_well_formed_and_name_what_exists() {
    let (mut count, mut without_effect) = (0, 0);
    for policy in catalogue::managed_policies() {
        let value = value_at(&policy.document(), span()).expect("a managed policy is JSON");
        let document = PolicyDocument::read(&value, PolicyKind::Identity);
        assert!(document.problems.is_empty(), "{}: {:?}", policy.name(), document.problems);
        assert!(document.unread.is_empty(), "{}: {:?}", policy.name(), document.unread);
        for statement in &document.statements {
            for pattern in statement.actions.iter().flat_map(|actions| &actions.patterns) {
                assert_eq!(names::problem(pattern), None, "{}: {}", policy.name(), pattern.text().display());
            }
            count += 1;
            without_effect += usize::from(mismatches(statement).iter().any(|one| one.is_whole_statement));
        }
    }
    // Some of them are real: `iam:ListPolicies` on the ARN of a policy allows nothing. Many would
    // mean that the ARN formats are read wrongly.
    assert!(count > 8000 && without_effect * 50 < count, "{without_effect} of {count}");
}

#[test]
fn a_policy_that_was_read_before_is_as_if_it_were_read_at_the_new_place() {
    let place = |start| Span { start, end: start + 5, ..span() };
    for policy in catalogue::managed_policies() {
        managed_document(&policy.arn(), place(7), PolicyKind::Identity).expect("a managed policy");
        for kind in [PolicyKind::Identity, PolicyKind::Boundary] {
            let value = value_at(&policy.document(), place(40)).expect("a managed policy is JSON");
            let read = PolicyDocument::read(&value, kind);
            let placed = managed_document(&policy.arn(), place(40), kind).expect("a managed policy");
            assert_eq!(format!("{placed:?}"), format!("{read:?}"), "{}", policy.name());
        }
    }
}

#[test]
fn a_text_that_is_no_json_is_no_value() {
    assert!(value_at("{", span()).is_none());
}
