//! What ValidatePolicy of IAM Access Analyzer would say of a policy, by its codes.

use super::chain::{list, with_conditions};
use super::validation_words;
use crate::diagnostic::{Applicability, Severity};
use crate::edit::{Change, Step};
use crate::iam::validate::{Code, Issue, codes};
use crate::iam::{Boundary, Grant, PolicyKind, Statement};
use crate::model::{Model, Policy, Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use std::collections::HashSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "policy-validation",
    summary: "what AWS's own validation of policies finds",
    params: &[
        Param { name: "codes", kind: ParamKind::List, required: true, doc: "the codes of ValidatePolicy" },
        Param {
            name: "low",
            kind: ParamKind::List,
            required: false,
            doc: "those of the codes that matter less, where the statement may hold in spite of it",
        },
        Param { name: "info", kind: ParamKind::List, required: false, doc: "those of the codes that are style" },
    ],
    facts: &["owner", "problem"],
    bind,
};

fn bind(params: &Params) -> Check {
    let wanted: Vec<Code> = params.list("codes").iter().filter_map(|name| codes::named(name)).collect();
    let (low, info) = (params.list("low"), params.list("info"));
    Box::new(move |context: &Context<'_>| {
        let mut findings: Vec<Finding> = Vec::new();
        let mut told = HashSet::new();
        for policy in &context.model.policies {
            for group in groups(context.model, policy, &wanted) {
                let Some(mut found) = finding(policy, &group) else { continue };
                let code = group[0].code.name.to_owned();
                if info.contains(&code) {
                    found.severity = Some(Severity::Info);
                } else if low.contains(&code) && !group[0].is_whole_statement {
                    found.severity = Some(Severity::Low);
                }
                if told.insert((found.span, found.facts.clone())) {
                    findings.push(found);
                }
            }
        }
        findings
    })
}

/// The issues of a policy, those of one code and one statement together.
fn groups<'m>(model: &Model, policy: &'m Policy, wanted: &[Code]) -> Vec<Vec<&'m Issue>> {
    let mut groups: Vec<Vec<&Issue>> = Vec::new();
    let issues = policy.issues().iter().filter(|issue| wanted.contains(&issue.code));
    for issue in issues.filter(|issue| !is_told_elsewhere(model, policy, issue)) {
        let same = |group: &&mut Vec<&Issue>| {
            group[0].code == issue.code && group[0].place == issue.place && group[0].other == issue.other
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(issue),
            None => groups.push(vec![issue]),
        }
    }
    groups
}

/// What rules on roles of pipelines say of the same place, with more to go on.
fn is_told_elsewhere(model: &Model, policy: &Policy, issue: &Issue) -> bool {
    let code = issue.code.name;
    if code.starts_with("PASS_ROLE_") || code.starts_with("CREATE_SLR_") {
        let mut holders = policy.attached_to.iter().map(|id| model.principal(*id));
        return is_boundary(model, policy)
            || statement_of(policy, issue).is_some_and(names_none)
            || holders.any(|holder| holder.is_ci_role() || is_administrator_by(holder, issue));
    }
    if issue.code == codes::MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL {
        return crate::model::is_ci_provider(&issue.text) || issue.text == "cognito-identity.amazonaws.com";
    }
    if issue.code == codes::WILDCARD_USAGE_TOO_PERMISSIVE {
        // How wide a subject is, and what the role may do, is told together.
        return policy.kind == PolicyKind::Trust && issue.other.ends_with(":sub");
    }
    if REDUNDANT.contains(&issue.code) {
        // The CDK writes a statement for each call of `grant`; nobody has it in their code.
        return model.origin(policy.owner.span, "").is_some();
    }
    if issue.code == codes::MISSING_VERSION {
        // The version makes a difference where it is told that it does.
        return policy.issues().iter().any(|other| other.code == codes::VARIABLE_UNSUPPORTED_IN_VERSION);
    }
    false
}

/// A policy that nobody holds, and that is somebody's boundary or guards boundaries itself: it grants nothing.
fn is_boundary(model: &Model, policy: &Policy) -> bool {
    let bounds = |one: &Principal| matches!(&one.authority.boundary, Some(Boundary::Known(own)) if own.span == policy.document.span);
    let guards = |deny: &Statement| {
        deny.conditions.iter().any(|test| test.is_on("iam:PermissionsBoundary"))
            || !deny.matches_action("iam:DeleteRolePermissionsBoundary").is_empty()
    };
    policy.attached_to.is_empty() && (policy.document.denies().any(guards) || model.principals.iter().any(bounds))
}

/// Whether the place makes its holder an administrator, which says more.
fn is_administrator_by(holder: &Principal, issue: &Issue) -> bool {
    let is_here = |grant: &Grant<'_>| {
        let is_wide = grant.pattern.is_none_or(|pattern| pattern.is_full_wildcard() || pattern.is_service_wildcard());
        is_wide && grant.everywhere && grant.span == issue.span
    };
    holder.kind != PrincipalKind::Group
        && holder.authority.grants(&["iam:CreateUser", "iam:AttachRolePolicy"]).iter().any(is_here)
}

/// What adds nothing.
const REDUNDANT: &[Code] = &[
    codes::REDUNDANT_ACTION,
    codes::REDUNDANT_RESOURCE,
    codes::REDUNDANT_STATEMENT,
    codes::REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION,
];

/// Codes that matter less where other actions of the statement still work.
const PARTIAL: &[Code] = &[
    codes::ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
    codes::MISSING_ACTION_FOR_CONDITION_KEY,
    codes::UNSUPPORTED_ACTION_FOR_CONDITION_KEY,
];

fn finding(policy: &Policy, group: &[&Issue]) -> Option<Finding> {
    let first = *group.first()?;
    let told = validation_words::of(first.code.name)?;
    let words = |text: &str| filled(text, group);
    let is_twice =
        matches!(first.code, codes::REDUNDANT_ACTION | codes::REDUNDANT_RESOURCE) && first.text == first.other;
    let problem = if is_twice { words("names `{text}` twice") } else { words(told.problem) };
    let subject = format!("{} {} {} {}", policy.owner.name, first.place, told.code, first.text);
    let mut found = Finding::new(first.span, subject)
        .fact("owner", policy.owner.display())
        .fact("problem", problem)
        .label(words(told.label));
    for other in group.iter().skip(1).take(3) {
        found = found.related(other.span, "and here");
    }
    if group.len() > 4 {
        found = found.note(format!("and {} more of these in the statement", group.len() - 4));
    }
    for related in first.related.iter().filter(|related| **related != first.span) {
        found = found.related(*related, of_related(first.code));
    }
    let help = words(alternative(told.help, &first.other));
    found.change = change(group, &help);
    found.help = Some(help);
    if let Some(statement) = statement_of(policy, first) {
        found = with_conditions(found, &statement.when, Vec::new());
    }
    if first.code.name.starts_with("PASS_ROLE_") && statement_of(policy, first).is_some_and(tests_tags) {
        found =
            found.note("tags of a role do not reliably limit who passes it, and AWS advises against such a condition");
    }
    if PARTIAL.contains(&first.code) && !first.is_whole_statement {
        found = found.severity(Severity::Low);
    }
    Some(found)
}

fn statement_of<'p>(policy: &'p Policy, issue: &Issue) -> Option<&'p Statement> {
    policy.document.statements.iter().find(|statement| statement.span.contains(issue.span))
}

/// `NotResource: "*"` is about no resource at all.
fn names_none(statement: &Statement) -> bool {
    let left_out = statement.resources.as_ref().filter(|resources| resources.negated);
    left_out.is_some_and(|resources| resources.patterns.iter().any(|one| one.is_everything() && one.when.is_empty()))
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>
fn tests_tags(statement: &Statement) -> bool {
    statement.conditions.iter().any(|test| test.key.to_ascii_lowercase().contains(":resourcetag/"))
}

/// What the help says, where it is exact. Whether a covered entry should go or the wildcard that covers
/// it, only the author knows; of two that are the same one is enough.
fn change(group: &[&Issue], help: &str) -> Option<Change> {
    let first = group.first()?;
    let superfluous: Vec<Step> = group.iter().flat_map(|issue| &issue.superfluous).copied().map(Step::Remove).collect();
    if !superfluous.is_empty() {
        let is_repeated = group.iter().all(|issue| issue.is_repeated);
        let applicability = if is_repeated { Applicability::Safe } else { Applicability::Unsafe };
        return Some(Change::new(applicability, help, superfluous));
    }
    let is_key = matches!(first.code, codes::INVALID_GLOBAL_CONDITION_KEY | codes::INVALID_SERVICE_CONDITION_KEY);
    // A condition that begins to hold opens what nobody had, or ends a deny.
    (is_key && !first.other.is_empty()).then(|| {
        let step =
            |issue: &&Issue| Step::Rename { span: issue.span, from: issue.text.clone(), to: issue.other.clone() };
        Change::new(Applicability::Unsafe, help, group.iter().map(step).collect())
    })
}

/// The half of a help that fits.
fn alternative<'w>(help: &'w str, other: &str) -> &'w str {
    match help.split_once('|') {
        Some((with, _)) if !other.is_empty() => with,
        Some((_, without)) => without,
        None => help,
    }
}

fn filled(text: &str, group: &[&Issue]) -> String {
    let first = group[0];
    let quoted = |names: &[String]| {
        let mut quoted: Vec<String> = Vec::new();
        for name in names.iter().map(|name| format!("`{name}`")) {
            if !quoted.contains(&name) {
                quoted.push(name);
            }
        }
        list(&quoted, 3)
    };
    let texts: Vec<String> = group.iter().map(|issue| issue.text.clone()).collect();
    let names: Vec<String> = group.iter().flat_map(|issue| issue.names.clone()).collect();
    // A type is no name to be quoted.
    let is_type = matches!(first.code, codes::TYPE_MISMATCH | codes::DATA_TYPE_MISMATCH);
    let names = if is_type { first.names.first().cloned().unwrap_or_default() } else { quoted(&names) };
    text.replace("{names}", &names)
        .replace("{other}", &first.other)
        .replace("{texts}", &quoted(&texts))
        .replace("{text}", &first.text)
}

/// What the second place of a finding is.
fn of_related(code: Code) -> &'static str {
    use codes::*;
    match code {
        REDUNDANT_ACTION
        | REDUNDANT_RESOURCE
        | REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION
        | REDUNDANT_STATEMENT
        | REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION => "covered by this",
        UNSUPPORTED_ACTION_FOR_CONDITION_KEY
        | MISSING_ACTION_FOR_CONDITION_KEY
        | ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE
        | DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE => "requests for this do not carry it",
        DUPLICATE_KEYS_WITH_DIFFERENT_CASE => "first used here",
        MISMATCHED_ACTION_FOR_PRINCIPAL => "who is allowed it",
        UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL | RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL => {
            "a service of AWS"
        }
        _ if code.name.starts_with("PASS_ROLE_") || code.name.starts_with("CREATE_SLR_") => "on these resources",
        REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY => "its role",
        DATA_TYPE_MISMATCH => "this",
        _ => "",
    }
}
