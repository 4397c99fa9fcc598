//! Roles that may do more in an account than the template that declares them says.

use super::chain::{brought_by, distinct, list};
use crate::iam::access::{Finding as Gain, new_access_within};
use crate::iam::{Boundary, Effect, PolicyDocument};
use crate::model::principal::may_be_one_account;
use crate::model::{Model, Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::value::Text;
use rayon::prelude::*;
use std::collections::HashMap;

pub const ANALYSIS: Analysis = Analysis {
    name: "template-drift",
    summary: "a role may do more in the account than its template says",
    params: &[],
    facts: &["role", "action"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        let roles = || model.principals.iter().filter(|one| one.kind == PrincipalKind::Role);
        let name = |role: &Principal| role.name.as_ref().and_then(Text::literal).map(str::to_owned);
        let mut declared: HashMap<String, Vec<&Principal>> = HashMap::new();
        for role in roles().filter(|role| !context.is_output(role)) {
            if let Some(name) = name(role) {
                declared.entry(name).or_default().push(role);
            }
        }
        if declared.is_empty() {
            return Vec::new();
        }
        let deployed: Vec<&Principal> = roles().filter(|role| context.is_output(role)).collect();
        let found = deployed.par_iter().filter_map(|role| of_role(model, role, declared.get(&name(role)?)?));
        found.collect()
    })
}

/// A policy of the account that allows what no template does.
struct Extra {
    action: String,
    span: Span,
    policy: Option<String>,
}

/// One finding for a role: what the first policy allows more, the others named. Of several templates that
/// declare the role none may say as much.
fn of_role(model: &Model, role: &Principal, declared: &[&Principal]) -> Option<Finding> {
    let mut declared: Vec<&Principal> = declared
        .iter()
        .filter(|one| may_be_one_account(one.account.as_deref(), role.account.as_deref()))
        .copied()
        .collect();
    declared.sort_by_key(|one| std::cmp::Reverse(model.nearness(one.file, role.file)));
    let nearest = declared.first()?;
    let extras = declared.iter().map(|one| extras(model, role, one)).min_by_key(Vec::len)?;
    let (first, others) = extras.split_first()?;
    let mut found = Finding::new(first.span, role.display())
        .fact("role", role.display())
        .fact("action", first.action.clone())
        .related(role.logical_id.span, "this role")
        .related(nearest.logical_id.span, "is declared here");
    for other in others.iter().take(3) {
        found = found.related(other.span, format!("allows `{}`, which the template does not either", other.action));
    }
    let policies = distinct(extras.iter().filter_map(|extra| Some(format!("`{}`", extra.policy.as_ref()?))));
    if !policies.is_empty() {
        let stand = if policies.len() > 1 { "stand" } else { "stands" };
        found = found.note(format!("it {stand} in {}", list(&policies, 4)));
    }
    Some(found)
}

/// The policies of a role that allow what is certainly not allowed by those that a template gives it.
fn extras(model: &Model, role: &Principal, declared: &Principal) -> Vec<Extra> {
    let said: Vec<&PolicyDocument> = declared.authority.documents.iter().map(|document| &**document).collect();
    // What is not seen may allow anything, and a deny that is there at times may be absent in this account.
    let may_differ = |document: &&PolicyDocument| {
        let mut statements = document.statements.iter();
        !document.unread.is_empty() || statements.any(|one| one.effect == Effect::Deny && !one.when.is_empty())
    };
    if !declared.authority.unseen.is_empty() || said.iter().any(may_differ) {
        return Vec::new();
    }
    let limits = match &role.authority.boundary {
        Some(Boundary::Known(boundary)) => vec![vec![boundary]],
        _ => Vec::new(),
    };
    let found = role.authority.documents.iter().filter_map(|document| {
        let Gain::Found(access) = new_access_within(&limits, &said, &[document]) else { return None };
        let (action, span) = brought_by(document, &access);
        Some(Extra { action, span, policy: policy_name(model, role, document) })
    });
    found.collect()
}

/// The name of the policy that a document of a role is of.
fn policy_name(model: &Model, role: &Principal, document: &PolicyDocument) -> Option<String> {
    let own = model.policies.iter().find(|policy| policy.document.span == document.span);
    let by_aws = || role.managed_at(document.span)?.aws_managed.clone();
    own.and_then(|policy| policy.owner.policy_name.clone()).or_else(by_aws)
}
