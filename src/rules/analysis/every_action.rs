//! Policies of resources and trust policies that allow every action, or all but some. Who everybody may be is told
//! elsewhere.

use super::chain::with_conditions;
use crate::iam::{PolicyKind, PrincipalKind, Statement};
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
        let resources = context.model.policies.iter().filter(|policy| {
            // The policy of a key gives its account everything, so that IAM policies count at all.
            policy.kind == PolicyKind::Resource && policy.resource_type != "AWS::KMS::Key"
        });
        let resources = resources.map(|policy| (policy.owner.display(), policy.owner.span, &*policy.document));
        let trusting = context.model.principals.iter();
        let trusting = trusting.filter_map(|one| Some((one.display().to_owned(), one.logical_id.span, one.trust.as_ref()?)));
        let all = resources.chain(trusting);
        all.flat_map(|(owner, place, document)| {
            document.allows().filter_map(move |statement| of_statement(&owner, place, statement))
        })
        .collect()
    })
}

fn of_statement(owner: &str, place: Span, statement: &Statement) -> Option<Finding> {
    let principals = statement.principals.as_ref().filter(|found| !found.negated)?;
    if principals.entries.iter().any(|entry| entry.kind == PrincipalKind::Anybody) {
        return None;
    }
    let (what, span) = width(statement)?;
    let subject = format!("{owner} {}", statement.sid_text().unwrap_or_default());
    let mut found = Finding::new(span, subject)
        .fact("owner", owner)
        .fact("what", what)
        .related(place, "its policy");
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
