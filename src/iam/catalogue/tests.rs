use super::*;

#[test]
fn an_action_is_found_in_any_case() {
    let found = action("IAM:createROLE").unwrap();
    assert_eq!(found.full_name(), "iam:CreateRole");
}
