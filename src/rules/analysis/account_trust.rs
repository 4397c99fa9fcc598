//! Roles that a whole account may assume: the own one where the role deploys, or somebody else's.

use super::chain::with_conditions;
use crate::diagnostic::Severity;
use crate::iam::narrowing::{keeps_out, narrowings};
use crate::iam::principal::PrincipalKind as TrustedKind;
use crate::iam::{ConditionClass, Statement};
use crate::model::principal::CiUse;
use crate::model::{AuthorityLabel, Model, Power, Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::source::FileId;
use crate::value::{HoleKind, Text};
use std::collections::HashSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "account-trust",
    summary: "a role that every principal of an account may assume",
    params: &[Param {
        name: "account",
        kind: ParamKind::Choice(&["own", "foreign"]),
        required: true,
        doc: "the role's own account, where the role deploys or may do everything; or another one",
    }],
    facts: &["role", "account", "power"],
    bind,
};

/// Keys that say who of the account, or that only those who know something come in.
const NAMES_CALLERS: [&str; 7] = [
    "aws:PrincipalArn",
    "aws:PrincipalTag/",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:userid",
    "sts:ExternalId",
    "sts:RoleSessionName",
];

/// Accounts of documentation, and such that wait to be filled in.
const PLACEHOLDERS: [&str; 7] =
    ["000000000000", "111111111111", "111122223333", "444455556666", "777788889999", "999999999999", "012345678901"];

fn bind(params: &Params) -> Check {
    let own = params.word("account") == "own";
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        // Who is for emergencies and asks for a second factor is meant to be open to the account.
        let roles = model.principals.iter().enumerate().filter(|(id, principal)| {
            principal.kind == PrincipalKind::Role && !(own && model.deployers.emergency.contains(id))
        });
        let homes = if own { HashSet::new() } else { homes(model) };
        roles.filter_map(|(_, role)| of_role(model, role, own, &homes)).collect()
    })
}

/// Accounts that templates are deployed to, though they write them out as the CDK does: an action of a pipeline takes a
/// role of its own template, so that the account which this role trusts is that of the pipeline.
fn homes(model: &Model) -> HashSet<(FileId, String)> {
    let takes = |role: &Principal| {
        role.uses
            .iter()
            .any(|usage| matches!(usage, CiUse::PipelineAction(id) if model.pipelines[*id].file == role.file))
    };
    let roles = model.principals.iter().filter(|role| takes(role));
    let trusted = roles.filter_map(|role| {
        let entries = role.trust.iter().flat_map(|trust| trust.named_by_allows());
        let accounts: HashSet<String> =
            entries.filter_map(|entry| Some(entry.account()?.display().into_owned())).collect();
        // Of several accounts nothing tells which is the pipeline's.
        let mut accounts = accounts.into_iter();
        accounts.next().filter(|_| accounts.next().is_none()).map(|only| (role.file, only))
    });
    trusted.collect()
}

fn of_role(model: &Model, role: &Principal, own: bool, homes: &HashSet<(FileId, String)>) -> Option<Finding> {
    let allows = role.trust.as_ref()?.allows();
    let (statement, entry) = allows.filter(|statement| !names_callers(statement)).find_map(|statement| {
        let principals = statement.principals.as_ref().filter(|found| !found.negated)?;
        let is_home = |text: &Text| text.literal().is_some_and(|text| homes.contains(&(role.file, text.to_owned())));
        let is_meant = |text: &Text| match own {
            true => is_own(text, role.account.as_deref()),
            false => is_foreign(text, role.account.as_deref(), model) && !is_home(text),
        };
        let entry = principals.entries.iter().find(|entry| {
            entry.kind == TrustedKind::Account && entry.account().is_some_and(|account| is_meant(&account))
        })?;
        Some((statement, entry))
    })?;
    let counts = |power: &&Power| match power.label {
        AuthorityLabel::Admin | AuthorityLabel::IamWrite => power.everywhere,
        label => label == AuthorityLabel::Deploy,
    };
    let power = role.every_power().iter().find(counts);
    if own && power.is_none() {
        return None;
    }
    let account = entry.account().map(|account| account.display().into_owned()).unwrap_or_default();
    let mut found = Finding::new(entry.span(), format!("{} {account}", role.display()))
        .fact("role", role.display())
        .fact("account", account)
        .fact("power", power.map_or("use what the role may", |power| power.label.verb()))
        .related(role.logical_id.span, "this role");
    if let Some(power) = power {
        found = found.related(power.span, format!("it may {}", power.label.verb()));
        found.confidence = found.confidence.and(power.confidence);
        found = found.severity(Severity::High);
    }
    let mut classes = narrowings(&statement.conditions, None).into_iter().map(|one| one.class);
    let is_bootstrap = role.name.as_ref().is_some_and(|name| name.display().starts_with("cdk-"));
    // A second factor or a network keeps builds out; the roles of the CDK are made to be taken by all who deploy.
    found.lowered_by = u8::from(is_bootstrap || classes.any(|class| class == ConditionClass::Circumstance));
    if let Some(reason) = &statement.condition_unknown {
        found = found.doubted([crate::rules::doubt(reason)]);
    }
    Some(with_conditions(found, &statement.when, Vec::new()))
}

pub fn names_callers(statement: &Statement) -> bool {
    statement.conditions.iter().any(|test| {
        let key = test.key.to_ascii_lowercase();
        keeps_out(test, &statement.conditions)
            && NAMES_CALLERS.iter().any(|known| key.starts_with(&known.to_ascii_lowercase()))
    })
}

fn is_own(account: &Text, own: Option<&str>) -> bool {
    own.is_some_and(|own| account.literal() == Some(own))
        || account.as_hole().is_some_and(|hole| hole.kind == HoleKind::Pseudo && hole.name == "AWS::AccountId")
}

/// Written out, neither the own account nor one that the run is told to trust, and no placeholder; a
/// parameter may well be the own account.
pub fn is_foreign(account: &Text, own: Option<&str>, model: &Model) -> bool {
    let is_trusted = |literal: &str| model.given.trusted_accounts.contains(literal);
    let literal = account.literal().filter(|literal| !is_trusted(literal) && !is_own(account, own));
    literal.is_some_and(|literal| !literal.starts_with("12345678") && !PLACEHOLDERS.contains(&literal))
}
