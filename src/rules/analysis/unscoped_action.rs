//! Actions that are allowed on all resources of their kind.

use super::chain::{PRINCIPALS, by_statement, distinct, finding, is_meant, list};
use crate::iam::{ArnPattern, Grant, Wanted};
use crate::rules::{Analysis, Check, Context, Param, ParamKind, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "unscoped-action",
    summary: "a principal may call one of these actions on every resource of the kind",
    params: &[
        Param {
            name: "principals",
            kind: ParamKind::Choice(PRINCIPALS),
            required: true,
            doc: "whose policies are looked at",
        },
        Param { name: "actions", kind: ParamKind::List, required: true, doc: "IAM actions, wildcards allowed" },
        Param {
            name: "lesser",
            kind: ParamKind::List,
            required: false,
            doc: "those of the actions that weigh a step less when they are all there is",
        },
    ],
    facts: &["role", "kind", "worker", "action", "pattern", "reach"],
    bind,
};

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    let actions = params.list("actions");
    let wanted = Wanted::new(&actions.iter().map(String::as_str).collect::<Vec<_>>());
    let lesser = params.list("lesser");
    Box::new(move |context: &Context<'_>| {
        let mut findings = Vec::new();
        for principal in context.model.principals.iter().filter(|principal| is_meant(principal, &principals)) {
            let grants = principal.authority.grants_of(&wanted);
            let unscoped: Vec<Grant<'_>> = grants.into_iter().filter(is_unscoped).collect();
            for group in by_statement(&unscoped) {
                let Some(found) = finding(context.model, principal, &group) else { continue };
                let reach = reach(&group);
                let only_lesser = group.iter().all(|grant| lesser.contains(&grant.action));
                let steps = found.lowered_by + u8::from(only_lesser);
                findings.push(found.fact("reach", reach).lowered_by(steps));
            }
        }
        findings
    })
}

/// Whether nothing of a grant's kind is left out.
fn is_unscoped(grant: &Grant<'_>) -> bool {
    grant.everywhere || grant.resources.iter().any(|resource| is_whole_kind(resource))
}

/// `role/*`, `parameter/*`, `secret:*`, `key/*`: a type of resource and no name.
pub fn is_whole_kind(resource: &ArnPattern) -> bool {
    let Some(part) = resource.resource_part() else { return resource.is_everything() };
    let shown = part.display();
    let name = shown.split_once(['/', ':']).map_or(&*shown, |(_, name)| name);
    // In an ARN `parameter/*` is the same as `parameter*`.
    let kind_star = ["role*", "parameter*", "secret*", "key*"].contains(&&*shown);
    (!name.is_empty() && name.bytes().all(|byte| matches!(byte, b'*' | b'/'))) || kind_star
}

/// "any parameter and any secret", or the pattern that leaves none out.
fn reach(grants: &[&Grant<'_>]) -> String {
    let first = grants[0];
    if let Some(resource) = first.resources.iter().find(|resource| is_whole_kind(resource) && !first.everywhere) {
        return format!("`{}`", resource.text().display());
    }
    let kinds = grants.iter().map(|grant| match grant.action.split(':').next() {
        Some("ssm") => "any parameter".to_owned(),
        Some("secretsmanager") => "any secret".to_owned(),
        Some("kms") => "any key".to_owned(),
        Some("sts" | "iam") => "any role".to_owned(),
        _ => "any resource".to_owned(),
    });
    list(&distinct(kinds), 3)
}
