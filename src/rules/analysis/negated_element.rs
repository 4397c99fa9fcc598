//! Allow with `NotAction` or `NotResource`: everything but what is named.

use super::chain::{is_meant, with_chain, with_conditions};
use crate::iam::Statement;
use crate::iam::catalogue;
use crate::iam::narrowing::{ConditionClass, class};
use crate::model::{Model, Policy, Principal};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;

pub const ANALYSIS: Analysis = Analysis {
    name: "negated-element",
    summary: "a statement that allows all but what it names",
    params: &[super::chain::WHOSE],
    facts: &["role", "worker", "element", "count"],
    bind,
};

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    Box::new(move |context: &Context<'_>| {
        let mut findings = Vec::new();
        for policy in &context.model.policies {
            let holder = policy.attached_to.iter().map(|id| context.model.principal(*id));
            let Some(holder) = holder.into_iter().find(|principal| is_meant(principal, &principals)) else { continue };
            for statement in policy.document.allows() {
                findings.extend(of_statement(context.model, policy, holder, statement));
            }
        }
        findings
    })
}

fn of_statement(model: &Model, policy: &Policy, holder: &Principal, statement: &Statement) -> Option<Finding> {
    let (element, span) = negated(statement)?;
    let count = catalogue::actions().filter(|action| !statement.matches_action(&action.full_name()).is_empty()).count();
    let subject = format!("{} {} {element}", policy.owner.name, statement.sid_text().unwrap_or_default());
    let mut found = Finding::new(span, subject)
        .fact("role", holder.display())
        .fact("worker", holder.worker(model))
        .fact("element", element)
        .fact("count", count.to_string())
        .label(match element {
            "NotAction" => format!("allows {count} actions, and each new one that AWS adds"),
            _ => "allows every other resource, those not yet made too".to_owned(),
        });
    found.cause = Some(statement.span);
    let tests = &statement.conditions;
    let is_limited = tests.iter().any(|test| class(test, tests, None) != ConditionClass::Vacuous);
    if is_limited || statement.condition_unknown.is_some() {
        found = found.lowered_by(1);
    }
    Some(with_conditions(with_chain(found, model, holder), &statement.when, Vec::new()))
}

fn negated(statement: &Statement) -> Option<(&'static str, Span)> {
    let action =
        statement.actions.as_ref().filter(|actions| actions.negated).map(|actions| ("NotAction", actions.key_span));
    let resource = statement.resources.as_ref().filter(|resources| resources.negated);
    action.or_else(|| resource.map(|resources| ("NotResource", resources.key_span)))
}
