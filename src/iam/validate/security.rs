//! Allows of `iam:PassRole` and of `iam:CreateServiceLinkedRole` on whatever role.

use super::codes::*;
use super::{Code, Issue, Subject, allows, may_test};
use crate::iam::arn::ArnPattern;
use crate::iam::document::{PolicyKind, Statement};
use crate::iam::glob::Glob;
use crate::source::Span;

/// The codes of one action, by how the statement comes to allow it.
struct Codes {
    action: &'static str,
    /// A test on it names what the role is for.
    key: &'static str,
    not_resource: [Code; 3],
    star: [Code; 3],
}

const PASS_ROLE: Codes = Codes {
    action: "iam:PassRole",
    key: "iam:PassedToService",
    not_resource: [
        PASS_ROLE_WITH_NOT_RESOURCE,
        PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE,
        PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE,
    ],
    star: [
        PASS_ROLE_WITH_STAR_IN_RESOURCE,
        PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE,
        PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION,
    ],
};

const CREATE_SLR: Codes = Codes {
    action: "iam:CreateServiceLinkedRole",
    key: "iam:AWSServiceName",
    not_resource: [
        CREATE_SLR_WITH_NOT_RESOURCE,
        CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE,
        CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE,
    ],
    star: [
        CREATE_SLR_WITH_STAR_IN_RESOURCE,
        CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE,
        CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION,
    ],
};

pub fn issues(subject: &Subject<'_>, statement: &Statement) -> Vec<Issue> {
    // A boundary and a control policy give nothing.
    if subject.document.kind != PolicyKind::Identity || !allows(statement) {
        return Vec::new();
    }
    let pass = of(statement, &PASS_ROLE);
    // Where one wildcard allows both the worse of the two is told.
    let create = of(statement, &CREATE_SLR).filter(|found| pass.as_ref().is_none_or(|pass| pass.span != found.span));
    pass.into_iter().chain(create).collect()
}

fn of(statement: &Statement, codes: &Codes) -> Option<Issue> {
    let how = statement.matches_action(codes.action).into_iter().find(|found| found.truth.is_yes())?;
    let resources = statement.resources.as_ref()?;
    if may_test(statement, &[codes.key]) {
        return None;
    }
    let wide: Option<Span> =
        resources.patterns.iter().find(|pattern| is_any_role(pattern)).map(|pattern| pattern.span());
    let (set, place) = match (resources.negated, wide) {
        (true, _) if resources.patterns.iter().any(excepts_every_role) => return None,
        (true, _) => (&codes.not_resource, resources.key_span),
        (false, Some(span)) => (&codes.star, span),
        (false, None) => return None,
    };
    let code = match how.pattern {
        Some(pattern) if pattern.is_literal() => set[0],
        Some(_) => set[1],
        None => set[2],
    };
    let text = how.pattern.map_or_else(|| "NotAction".to_owned(), |pattern| pattern.text().display().into_owned());
    Some(Issue::new(code, how.span, text).other(codes.action).related(place))
}

/// Whether `NotResource` leaves no role of any account with the pattern.
fn excepts_every_role(pattern: &ArnPattern) -> bool {
    let is_wide = || is_any_role(pattern) && Glob::parse(&pattern.text().display()).matches(SOME_ROLE);
    pattern.when.is_empty() && (pattern.is_everything() || is_wide())
}

const SOME_ROLE: &str = "arn:aws:iam::111122223333:role/any/name";

/// `*`, `arn:aws:iam::*:role/*` and what is as wide.
fn is_any_role(pattern: &ArnPattern) -> bool {
    if pattern.is_everything() {
        return true;
    }
    let shown = pattern.text().display();
    let Some((_, name)) = shown.split_once(":role/") else {
        return shown.ends_with(":*") && Glob::parse(&shown).matches(SOME_ROLE);
    };
    !name.is_empty() && name.bytes().all(|byte| byte == b'*')
}
