//! Actions that none of the resources of their statement can be meant for: they grant nothing.

use super::chain::list;
use crate::diagnostic::Severity;
use crate::iam::{Effect, Mismatch, Statement, mismatches};
use crate::model::Policy;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "action-resource-mismatch",
    summary: "an action that none of the statement's resources fits, so that it grants nothing",
    params: &[],
    facts: &["owner", "action", "expected"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let mut findings: Vec<Finding> = Vec::new();
        for policy in &context.model.policies {
            for found in policy.document.statements.iter().filter_map(|statement| of_statement(policy, statement)) {
                if !findings.iter().any(|known| known.span == found.span) {
                    findings.push(found);
                }
            }
        }
        findings
    })
}

/// One finding for a statement, all its dead actions in it.
fn of_statement(policy: &Policy, statement: &Statement) -> Option<Finding> {
    // A Deny that hits nothing is often written for the day when it does.
    let dead = mismatches(statement);
    let first = dead.first().filter(|_| statement.effect == Effect::Allow)?;
    let names: Vec<String> = dead.iter().map(|mismatch| mismatch.pattern.text().display().into_owned()).collect();
    let subject = format!("{} {} {}", policy.owner.name, statement.sid_text().unwrap_or_default(), names.join(" "));
    let mut found = Finding::new(first.pattern.span(), subject)
        .fact("owner", policy.owner.display())
        .fact("action", list(&names, 3))
        .fact("expected", expected(first))
        .label(format!("acts on {}", expected(first)));
    for mismatch in dead.iter().skip(1).take(4) {
        found = found.related(mismatch.pattern.span(), format!("acts on {}", expected(mismatch)));
    }
    if let Some(resources) = &statement.resources {
        let span = resources.patterns.first().map_or(resources.key_span, |pattern| pattern.span());
        found = found.related(span, "no such resource here");
    }
    found.help = Some(help(first));
    Some(if first.is_whole_statement { found } else { found.severity(Severity::Low) })
}

fn expected(mismatch: &Mismatch<'_>) -> String {
    match mismatch.formats.as_slice() {
        [] => "no resource, and takes `*` only".to_owned(),
        formats => {
            let shown: Vec<String> = formats.iter().take(2).map(|format| format!("`{format}`")).collect();
            shown.join(" or ")
        }
    }
}

fn help(mismatch: &Mismatch<'_>) -> String {
    match mismatch.formats.first() {
        None => "put it in a statement of its own with `Resource: \"*\"`".to_owned(),
        Some(format) => format!("name a resource of the form `{format}`"),
    }
}
