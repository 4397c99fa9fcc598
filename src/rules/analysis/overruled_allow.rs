//! Allows that grant nothing, since denies of the same policy take all of it.

use crate::iam::overruled::overruled;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "overruled-allow",
    summary: "an allow that denies of the same policy take away as a whole",
    params: &[],
    facts: &["owner", "statement"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let mut findings: Vec<Finding> = Vec::new();
        for policy in &context.model.policies {
            for found in overruled(&policy.document) {
                let allow = found.allow;
                let name = match allow.sid_text() {
                    Some(sid) => format!("`{sid}`"),
                    None => format!("statement {}", allow.index + 1),
                };
                let subject = format!("{} {}", policy.owner.name, name.trim_matches('`'));
                let mut finding =
                    Finding::new(allow.span, subject).fact("owner", policy.owner.display()).fact("statement", name);
                for deny in found.denies.iter().take(3) {
                    finding = finding.related(deny.span, "denied here");
                }
                if !findings.iter().any(|known| known.span == finding.span) {
                    findings.push(finding);
                }
            }
        }
        findings
    })
}
