//! Principals that are told to deploy in an emergency, and what keeps them for that: a second factor, or a trust
//! policy that says who.

use super::principal::{Principal, PrincipalKind};
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::narrowing::restricts;
use crate::iam::{PrincipalKind as TrustedKind, Statement};
use crate::value::HoleKind;

/// Whether nobody works with it by the way: each statement of the trust policy asks for a second factor or names
/// who may come in; a user has to give the factor with each call, and the keys of a user can give none.
///
/// How long a session lasts says nothing: an hour is the default of every role.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html>
pub fn is_guarded(principal: &Principal) -> bool {
    match principal.kind {
        PrincipalKind::Role => principal.trust.as_ref().is_some_and(|trust| {
            let mut allows = trust.allows().peekable();
            trust.unread.is_empty()
                && allows.peek().is_some()
                && allows.all(|statement| asks_for_mfa(statement) || names_callers(statement))
        }),
        PrincipalKind::User => principal.authority.documents.iter().flat_map(|one| one.allows()).all(asks_for_mfa),
        PrincipalKind::Group => false,
    }
}

/// `Bool` alone: with `IfExists` a call without a second factor passes.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent>
fn asks_for_mfa(statement: &Statement) -> bool {
    let asks = |test: &ConditionTest| {
        let is_true =
            || test.values.iter().all(|value| value.literal().is_some_and(|text| text.eq_ignore_ascii_case("true")));
        let is_present =
            test.is_on("aws:MultiFactorAuthPresent") && test.operator.comparison == Some(Comparison::Bool) && is_true();
        let is_recent = test.is_on("aws:MultiFactorAuthAge");
        (is_present || is_recent) && !test.operator.if_exists && restricts(test, &statement.conditions)
    };
    statement.conditions.iter().any(asks)
}

/// Roles, users and sessions by their ARNs, or such that the template declares; not whole accounts.
fn names_callers(statement: &Statement) -> bool {
    let Some(principals) = statement.principals.as_ref().filter(|found| !found.negated) else { return false };
    let is_named = |kind: TrustedKind| matches!(kind, TrustedKind::Role | TrustedKind::User | TrustedKind::Session);
    principals.unknown.is_empty()
        && principals.entries.iter().all(|entry| {
            let is_declared = || entry.text.as_hole().is_some_and(|hole| hole.kind == HoleKind::Resource);
            let has_wildcard = || entry.text.display().contains('*');
            (is_named(entry.kind) && !has_wildcard()) || (entry.kind == TrustedKind::UnknownAws && is_declared())
        })
}
