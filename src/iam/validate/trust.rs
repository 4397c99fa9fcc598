//! Trust policies: actions and principals that do not go together, and tokens of anybody.

use super::codes::*;
use super::{Issue, Subject, allows};
use crate::iam::document::{PolicyKind, Statement};
use crate::iam::principal::{Principal, PrincipalKind};

pub fn issues(subject: &Subject<'_>) -> Vec<Issue> {
    if subject.document.kind != PolicyKind::Trust {
        return Vec::new();
    }
    let mut found = Vec::new();
    for statement in subject.document.statements.iter().filter(|statement| allows(statement)) {
        let mut own: Vec<Issue> = mismatch(statement).into_iter().chain(open_provider(statement)).collect();
        own.extend(redundant_session(statement));
        let place = statement.sid_text().map_or_else(|| statement.index.to_string(), str::to_owned);
        own.iter_mut().for_each(|issue| issue.place.clone_from(&place));
        found.append(&mut own);
    }
    found.extend(roles_anywhere(subject));
    found
}

/// The principals, when all of them are known and named.
fn settled_entries(statement: &Statement) -> Option<&[Principal]> {
    let principals = statement.principals.as_ref().filter(|found| !found.negated && found.unknown.is_empty())?;
    let is_open = |entry: &Principal| {
        entry.text.as_hole().is_some() || matches!(entry.kind, PrincipalKind::Anybody | PrincipalKind::Misplaced)
    };
    let entries = principals.entries.as_slice();
    (!entries.is_empty() && !entries.iter().any(is_open)).then_some(entries)
}

/// A call that none of the principals can make.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_saml.html>
fn mismatch(statement: &Statement) -> Option<Issue> {
    let entries = settled_entries(statement)?;
    let actions = statement.actions.as_ref().filter(|actions| !actions.negated && actions.unknown.is_empty())?;
    let is_federated = |entry: &Principal| entry.kind == PrincipalKind::Federated;
    let can = |call: &str, entry: &Principal| match call {
        "sts:assumerole" => !is_federated(entry),
        "sts:assumerolewithsaml" => entry.is_saml(),
        _ => is_federated(entry) && !entry.is_saml(),
    };
    let calls = actions.patterns.iter().filter_map(|pattern| {
        let text = pattern.text().literal()?.to_ascii_lowercase();
        ["sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"]
            .contains(&text.as_str())
            .then_some((pattern, text))
    });
    let (pattern, _) = calls.into_iter().find(|(_, call)| !entries.iter().any(|entry| can(call, entry)))?;
    let first = &entries[0];
    let meant = match (is_federated(first), first.is_saml()) {
        (false, _) => "sts:AssumeRole",
        (true, true) => "sts:AssumeRoleWithSAML",
        (true, false) => "sts:AssumeRoleWithWebIdentity",
    };
    let issue = Issue::new(MISMATCHED_ACTION_FOR_PRINCIPAL, pattern.span(), pattern.text().display());
    Some(issue.other(meant).names(vec![first.text.display().into_owned()]).related(first.span()))
}

/// An identity provider whose every token is good enough.
fn open_provider(statement: &Statement) -> Option<Issue> {
    let principals = statement.principals.as_ref().filter(|found| !found.negated)?;
    let assumes = statement.matches_action("sts:AssumeRoleWithWebIdentity").iter().any(|found| found.truth.is_yes());
    let entry = principals.entries.iter().find(|entry| entry.kind == PrincipalKind::Federated && !entry.is_saml())?;
    let provider = entry.provider()?;
    let has_claim = statement.conditions.iter().any(|test| {
        // The host of a provider that is a hole is a hole in the key too.
        test.claim().is_some() || !super::is_settled_key(test)
    });
    if !assumes
        || has_claim
        || statement.condition_unknown.is_some()
        || entry.text.has_holes() && provider.contains('$')
    {
        return None;
    }
    let code = if provider == "token.actions.githubusercontent.com" {
        MISSING_GITHUB_REPO_CONDITION_KEY
    } else {
        MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL
    };
    Some(Issue::new(code, entry.span(), provider))
}

/// A session of a role that is itself among the principals.
fn redundant_session(statement: &Statement) -> Option<Issue> {
    let principals = statement.principals.as_ref().filter(|found| !found.negated)?;
    principals.entries.iter().filter(|entry| entry.kind == PrincipalKind::Session && entry.when.is_empty()).find_map(
        |session| {
            let (before, rest) = session.text.literal()?.split_once(":assumed-role/")?;
            let name = rest.split('/').next()?;
            let (_, account) = before.rsplit_once(':')?;
            let role = principals.entries.iter().find(|entry| {
                entry.kind == PrincipalKind::Role
                    && entry.text.literal().is_some_and(|text| {
                        text.rsplit('/').next() == Some(name) && text.contains(&format!(":iam::{account}:role/"))
                    })
            })?;
            let issue = Issue::new(REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY, session.span(), session.text.display());
            Some(issue.other(role.text.display().into_owned()).related(role.span()))
        },
    )
}

/// What IAM Roles Anywhere calls to make a session.
/// <https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html>
const ROLES_ANYWHERE_CALLS: [&str; 3] = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];

fn roles_anywhere(subject: &Subject<'_>) -> Option<Issue> {
    let is_it = |entry: &&Principal| entry.service().is_some_and(|service| service == "rolesanywhere");
    let statements: Vec<(&Statement, &Principal)> = subject
        .document
        .statements
        .iter()
        .filter(|statement| allows(statement))
        .filter_map(|statement| Some((statement, statement.principals.as_ref()?.entries.iter().find(is_it)?)))
        .collect();
    let (_, entry) = statements.first()?;
    let missing: Vec<String> = ROLES_ANYWHERE_CALLS
        .iter()
        .filter(|call| statements.iter().all(|(statement, _)| statement.matches_action(call).is_empty()))
        .map(|call| (*call).to_owned())
        .collect();
    let is_known = statements
        .iter()
        .all(|(statement, _)| statement.actions.as_ref().is_some_and(|actions| actions.unknown.is_empty()));
    (!missing.is_empty() && is_known && subject.document.unread.is_empty()).then(|| {
        Issue::new(MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY, entry.span(), entry.text.display()).names(missing)
    })
}
