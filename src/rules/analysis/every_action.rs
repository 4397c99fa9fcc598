//! Policies of resources and trust policies that allow every action, or all but some. Who everybody may be is told
//! elsewhere.

use super::chain::with_conditions;
use crate::iam::{PolicyKind, PrincipalKind, Statement};
use crate::model::PolicyOwner;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;

pub const ANALYSIS: Analysis = Analysis {
    name: "every-action",
    summary: "a policy of a resource or a trust policy that allows every action, or all but some",
    params: &[],
    facts: &["owner", "what"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let guards = context.model.policies.iter().filter(|policy| {
            // The policy of a key gives its account everything, so that IAM policies count at all.
            matches!(policy.kind, PolicyKind::Resource | PolicyKind::Trust) && policy.resource_type != "AWS::KMS::Key"
        });
        guards
            .flat_map(|policy| policy.document.allows().filter_map(|statement| of_statement(&policy.owner, statement)))
            .collect()
    })
}

fn of_statement(owner: &PolicyOwner, statement: &Statement) -> Option<Finding> {
    let principals = statement.principals.as_ref().filter(|found| !found.negated)?;
    if principals.entries.iter().any(|entry| entry.kind == PrincipalKind::Anybody) {
        return None;
    }
    let (what, span) = width(statement)?;
    let subject = format!("{} {}", owner.name, statement.sid_text().unwrap_or_default());
    let mut found =
        Finding::new(span, subject).fact("owner", owner.display()).fact("what", what).related(owner.span, "its policy");
    if let Some(entry) = principals.entries.first() {
        found = found.related(entry.span(), "to them");
    }
    if !statement.is_unconditional() {
        found = found.lowered_by(1);
    }
    Some(with_conditions(found, &statement.when, Vec::new()))
}

fn width(statement: &Statement) -> Option<(&'static str, Span)> {
    let actions = statement.actions.as_ref()?;
    if actions.negated {
        return Some(("all but the actions that it names", actions.key_span));
    }
    let wide = actions.patterns.iter().find(|one| one.is_full_wildcard() || one.is_service_wildcard())?;
    Some(("every action", wide.span()))
}
