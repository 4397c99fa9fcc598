//! What several analyses say alike: who is meant by a rule, and the chain from a grant to the code
//! that has it.

use crate::diagnostic::{Confidence, Doubt};
use crate::iam::access::Access;
use crate::iam::document::ActionMatch;
use crate::iam::{ConditionClass, ConditionTest, Grant, Narrowing, PolicyDocument, Statement};
use crate::model::principal::{CiUse, Principal, PrincipalKind, RoleRef};
use crate::model::{BuildProject, Model};
use crate::rules::{Finding, Param, ParamKind, doubt};
use crate::source::{Span, Spanned};
use crate::value::Condition;

/// Words for the parameter that says whose policies a rule looks at.
const PRINCIPALS: &[&str] = &["ci", "codebuild", "codepipeline", "execution", "workload", "users", "people", "anyone"];

/// The parameter that takes one of them.
pub const WHOSE: Param = Param {
    name: "principals",
    kind: ParamKind::Choice(PRINCIPALS),
    required: true,
    doc: "whose policies are looked at",
};

/// Whether a principal is among those that the word means.
pub fn is_meant(principal: &Principal, word: &str) -> bool {
    match word {
        "codebuild" => principal.runs_builds() && !principal.is_execution_role(),
        "codepipeline" => principal.runs_pipelines(),
        "execution" => principal.uses.contains(&CiUse::Execution) || principal.is_execution_role(),
        // Roles of functions, tasks and machines, and such that people assume.
        "workload" => {
            principal.kind == PrincipalKind::Role
                && !principal.is_ci_role()
                && !principal.uses.contains(&CiUse::Execution)
                && !principal.is_execution_role()
                && may_be_taken(principal)
        }
        "users" => principal.kind != PrincipalKind::Role,
        // Users and groups, and roles that somebody else than a service takes.
        "people" => match principal.kind {
            PrincipalKind::User | PrincipalKind::Group => true,
            PrincipalKind::Role => {
                principal.uses.is_empty() && principal.trust.is_some() && principal.trusted_services().is_none()
            }
        },
        "anyone" => true,
        _ => principal.is_ci_role(),
    }
}

/// Whether the trust policy lets anybody take the role, as far as it is seen: `NotAction: sts:AssumeRole` keeps every
/// service out.
fn may_be_taken(role: &Principal) -> bool {
    let Some(trust) = &role.trust else { return true };
    let takes = |allow: &Statement| {
        let is_open = allow.actions.as_ref().is_none_or(|actions| !actions.unknown.is_empty());
        let entries = allow.principals.iter().flat_map(|principals| &principals.entries);
        let are_services = entries.clone().next().is_some() && entries.clone().all(|entry| entry.service().is_some());
        is_open || !are_services || !allow.matches_action("sts:AssumeRole").is_empty()
    };
    !trust.unread.is_empty() || trust.allows().next().is_none() || trust.allows().any(takes)
}

/// Grants of one statement, as one finding: the first is the cause, the others are named.
pub fn by_statement<'g, 'a>(grants: &'g [Grant<'a>]) -> Vec<Vec<&'g Grant<'a>>> {
    let mut groups: Vec<Vec<&Grant<'_>>> = Vec::new();
    for grant in grants {
        let same = |group: &&mut Vec<&Grant<'_>>| {
            group[0].statement.span == grant.statement.span && group[0].statement.when == grant.statement.when
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(grant),
            None => groups.push(vec![grant]),
        }
    }
    groups
}

/// A finding about grants of one statement of a principal's policies, with the chain to whoever
/// works with that principal.
pub fn finding(model: &Model, principal: &Principal, grants: &[&Grant<'_>]) -> Option<Finding> {
    let first = grants.first()?;
    let actions = distinct(grants.iter().map(|grant| grant.action.clone()));
    let here = |span: Span| {
        let same = grants.iter().filter(|grant| grant.span == span);
        list(&distinct(same.map(|grant| grant.action.clone())), 4)
    };
    let mut found = Finding::new(first.span, subject(principal, first))
        .fact("role", principal.display())
        .fact("kind", principal.kind.noun())
        .fact("worker", principal.worker(model))
        .fact("action", list(&actions, 4))
        .fact("here", here(first.span))
        .fact(
            "pattern",
            first.pattern.map_or_else(|| "NotAction".into(), |pattern| pattern.text().display().into_owned()),
        );
    found.cause = Some(first.statement.span);
    found.lowered_by = steps(principal, first);
    let mut spans = vec![first.span];
    for grant in grants.iter().filter(|grant| grant.span.file == first.span.file) {
        if !spans.contains(&grant.span) && spans.len() < 4 {
            spans.push(grant.span);
            found = found.related(grant.span, format!("allows {}", here(grant.span)));
        }
    }
    found = found.granted(grants.iter().copied());
    found = with_resource(found, first);
    found = with_chain(found, model, principal);
    found = found.doubted(grants.iter().flat_map(|grant| &grant.doubts).map(doubt));
    for grant in grants {
        found.confidence = found.confidence.and(grant.confidence);
    }
    Some(with_conditions(found, &first.when, narrowing_notes(first)))
}

/// How much weaker a grant is for its conditions: one step for any that narrows what is reached. The keys of a user
/// bring no word of a second factor, so that a test with `IfExists` lets them pass.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent>
fn steps(principal: &Principal, grant: &Grant<'_>) -> u8 {
    let has_keys = principal.kind != PrincipalKind::Role;
    let passes = |test: &ConditionTest| test.is_on("aws:MultiFactorAuthPresent") && test.operator.if_exists;
    let narrows = |one: &Narrowing<'_>| {
        matches!(one.class, ConditionClass::Object | ConditionClass::Path | ConditionClass::Circumstance)
            && !(has_keys && passes(one.test))
    };
    u8::from(grant.narrowing.iter().any(narrows))
}

/// The links from a principal to what runs with it, as labels.
pub fn with_chain(mut found: Finding, model: &Model, principal: &Principal) -> Finding {
    if !is_labelled(&found, principal.logical_id.span) {
        found = found.related(principal.logical_id.span, format!("this {}", principal.kind.noun()));
    }
    let project = principal.uses.iter().find_map(|usage| match usage {
        CiUse::Build(id) => Some(model.project(*id)),
        _ => None,
    });
    if let Some(project) = project {
        found = with_project(found, model, project, principal);
    }
    let pipeline = principal.uses.iter().find_map(|usage| match usage {
        CiUse::Pipeline(id) => Some(&model.pipelines[*id]),
        _ => None,
    });
    if let Some(pipeline) = pipeline
        && let Some(role) = &pipeline.role
    {
        found = found.related(role.span, format!("is the role of the pipeline `{}`", pipeline.display()));
    }
    found
}

/// The label of the role that a project runs with, and of the code that it runs when that is
/// nobody's but an outsider's.
fn with_project(mut found: Finding, model: &Model, project: &BuildProject, principal: &Principal) -> Finding {
    let is_it = |role: &&RoleRef| model.role(Some(role)).is_some_and(|known| std::ptr::eq(known, principal));
    if let Some(role) = project.roles().find(is_it) {
        let when = conditions(&role.when).map_or(String::new(), |when| format!(" when {when}"));
        found = found.related(role.span, format!("is the service role of `{}`{when}", project.display()));
    }
    if project.trust.is_untrusted()
        && let Some((span, text)) = project.trust.because.first()
        && !is_labelled(&found, *span)
    {
        found = found.related(*span, format!("{text}: {} chooses what it runs", project.trust.level.who()));
    }
    found
}

fn with_resource(found: Finding, grant: &Grant<'_>) -> Finding {
    let Some(span) = grant.resource_span().filter(|span| span.file == grant.span.file) else { return found };
    // A policy that AWS manages is one place: the reference to it.
    if span == grant.span {
        return found;
    }
    match (grant.everywhere, grant.resources.as_slice()) {
        (true, _) => found.related(span, "on every resource"),
        (false, [_, _, ..]) => found.related(span, "on these resources"),
        _ => found.related(span, "on this resource"),
    }
}

fn narrowing_notes(grant: &Grant<'_>) -> Vec<String> {
    let real = grant.narrowing.iter().filter(|narrowing| narrowing.class != ConditionClass::Vacuous);
    let mut notes: Vec<String> = real
        .map(|narrowing| match narrowing.class {
            ConditionClass::Path if narrowing.test.is_on("aws:ViaAWSService") => {
                "only where a service makes the call, not the code itself".to_owned()
            }
            ConditionClass::Path => format!("only through the service named by `{}`", narrowing.key()),
            _ => format!("only where the condition on `{}` holds", narrowing.key()),
        })
        .collect();
    notes.dedup();
    notes
}

/// Says under which conditions of the template a finding holds.
pub fn with_conditions(mut found: Finding, when: &[Condition], notes: Vec<String>) -> Finding {
    found.notes.extend(conditions(when).map(|when| format!("when {when}")));
    found.notes.extend(notes);
    found
}

/// "`IsProd` is true and `Stage` is live"; `None` where there is no condition.
fn conditions(when: &[Condition]) -> Option<String> {
    let each = when.iter().map(|condition| format!("`{}` is {}", condition.name, condition.value));
    let each: Vec<String> = distinct(each.collect::<Vec<_>>());
    (!each.is_empty()).then(|| each.join(" and "))
}

/// What brings an access, as the policy that allows it writes it, and where.
pub fn brought_by(document: &PolicyDocument, access: &Access) -> (String, Span) {
    let statement = document.statements.iter().find(|statement| statement.span == access.allowed_by);
    let matches = statement.map(|statement| statement.matches_action(&access.request.action)).unwrap_or_default();
    match matches.first() {
        Some(ActionMatch { pattern: Some(pattern), span, .. }) => (pattern.text().display().into_owned(), *span),
        Some(ActionMatch { span, .. }) => (access.request.action.clone(), *span),
        None => (access.request.action.clone(), access.allowed_by),
    }
}

/// Who writes everywhere names nothing, so that what another template declares may be out of reach.
pub fn of_another_template(declared: &Spanned<String>) -> Doubt {
    let text = format!("`{}` is of another template, which may be for another account", declared.value);
    Doubt { text, span: Some(declared.span) }
}

/// What a rule's finding about a project with an uncertain trust level is worth.
pub fn trust_confidence(project: &BuildProject) -> Confidence {
    if project.trust.is_unsure {
        Confidence::Low
    } else if project.webhook.as_ref().is_some_and(|webhook| webhook.is_partial) {
        Confidence::Medium
    } else {
        Confidence::High
    }
}

/// Names in order, without repetition.
pub fn distinct(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// "a, b and 3 more": at most `most` names.
pub fn list(names: &[String], most: usize) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        names if names.len() > most => format!("{} and {} more", names[..most].join(", "), names.len() - most),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

fn subject(principal: &Principal, grant: &Grant<'_>) -> String {
    let pattern = grant.pattern.map_or_else(|| "NotAction".into(), |pattern| pattern.text().display().into_owned());
    let statement = grant.statement.sid_text().map(str::to_owned).unwrap_or_default();
    format!("{} {statement} {pattern}", principal.display())
}

fn is_labelled(found: &Finding, span: Span) -> bool {
    found.span == span || found.related.iter().any(|label| label.span == span)
}
