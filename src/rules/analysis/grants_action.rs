//! Principals whose policies allow one of certain actions, after denies, boundary and conditions.

use super::chain::{PRINCIPALS, by_statement, finding, is_meant};
use crate::iam::Wanted;
use crate::rules::{Analysis, Check, Context, Param, ParamKind, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "grants-action",
    summary: "a principal may call one of these actions",
    params: &[
        Param {
            name: "principals",
            kind: ParamKind::Choice(PRINCIPALS),
            required: true,
            doc: "whose policies are looked at",
        },
        Param { name: "actions", kind: ParamKind::List, required: true, doc: "IAM actions, wildcards allowed" },
        Param {
            name: "narrowed-by",
            kind: ParamKind::List,
            required: false,
            doc: "condition keys that, with constant values, take a further step off the severity",
        },
    ],
    facts: &["role", "kind", "worker", "action", "here", "pattern"],
    bind,
};

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    let actions = params.list("actions");
    let wanted = Wanted::new(&actions.iter().map(String::as_str).collect::<Vec<_>>());
    let narrowing = params.list("narrowed-by");
    Box::new(move |context: &Context<'_>| {
        let mut findings = Vec::new();
        for principal in context.model.principals.iter().filter(|principal| is_meant(principal, &principals)) {
            let grants = principal.authority.grants_of(&wanted);
            for group in by_statement(&grants) {
                let Some(mut found) = finding(context.model, principal, &group) else { continue };
                let is_narrowed = narrowing.iter().any(|key| group[0].tests_on(key).next().is_some());
                found.lowered_by += u8::from(is_narrowed);
                findings.push(found);
            }
        }
        findings
    })
}
