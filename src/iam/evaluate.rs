//! Evaluates one concrete request against policies, statement by statement, as the documentation of
//! IAM puts it. Deliberately plain, and without any code of the search for requests, whose finds it
//! confirms: two that agree are hardly wrong in the same way.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>

mod condition;
mod matching;

use super::answer::{Reason, Truth};
use super::document::{Effect, PolicyDocument, PolicyKind, Statement};
use super::principal::{PrincipalKind, Principals};
use super::request::{Caller, Request};
use crate::source::Span;
use crate::value::Text;
pub use matching::Colons;
use matching::{action_matches, arn_matches};

/// What policies say of a request.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Whether the request is allowed.
    pub allowed: Truth,
    /// The statement that decides: the deny, or the allow; none where no statement matches.
    pub statement: Option<Span>,
    /// Whether a deny decides.
    pub denied: bool,
    /// What is not known, of a decision that is not.
    pub reason: Option<Reason>,
}

/// Whether a statement speaks of a request, and the first of its elements that does not.
#[derive(Clone, Debug)]
pub struct Applies {
    pub truth: Truth,
    /// The element that decides, where it is not that all match.
    pub because: Option<Reason>,
}

/// The union of what the policies allow, less what one of them denies.
pub fn decide(documents: &[&PolicyDocument], request: &Request, colons: Colons) -> Decision {
    let statements = documents.iter().flat_map(|document| document.statements.iter().map(move |one| (*document, one)));
    let mut allow: Option<Span> = None;
    let mut deny: Option<Span> = None;
    let mut may_allow: Option<Reason> = None;
    let mut may_deny: Option<Reason> = None;
    for (document, statement) in statements {
        let applies = applies(document, statement, request, colons);
        let reason = || {
            let text = "whether the statement matches the request is not known";
            applies.because.clone().unwrap_or_else(|| Reason::at(text, statement.span))
        };
        match (applies.truth, statement.effect) {
            (Truth::No, _) => {}
            (Truth::Yes, Effect::Allow) => allow = allow.or(Some(statement.span)),
            (Truth::Yes, Effect::Deny) => deny = deny.or(Some(statement.span)),
            (_, Effect::Allow) => may_allow = may_allow.or_else(|| Some(reason())),
            (_, Effect::Deny) => may_deny = may_deny.or_else(|| Some(reason())),
            (_, Effect::Unknown) => {
                may_allow = may_allow.or_else(|| Some(reason()));
                may_deny = may_deny.or_else(|| Some(reason()));
            }
        }
    }
    // What could not be read may allow or deny anything.
    let hidden = || documents.iter().flat_map(|document| &document.unread).next().cloned();
    if let Some(span) = deny {
        return Decision { allowed: Truth::No, statement: Some(span), denied: true, reason: None };
    }
    let unknown = may_deny.or_else(hidden);
    match (allow, unknown) {
        (Some(span), None) => Decision { allowed: Truth::Yes, statement: Some(span), denied: false, reason: None },
        (Some(span), reason @ Some(_)) => {
            Decision { allowed: Truth::Unknown, statement: Some(span), denied: false, reason }
        }
        (None, hidden_or_deny) => {
            let reason = may_allow.or_else(|| hidden_or_deny.and_then(|_| hidden()));
            let allowed = if reason.is_some() { Truth::Unknown } else { Truth::No };
            Decision { allowed, statement: None, denied: false, reason }
        }
    }
}

/// Whether a statement speaks of a request.
pub fn applies(document: &PolicyDocument, statement: &Statement, request: &Request, colons: Colons) -> Applies {
    let mut unsure: Option<Reason> = None;
    let elements = [
        action(statement, request),
        principal(document, statement, request),
        resource(document, statement, request, colons),
    ];
    let tests = statement.conditions.iter().map(|test| {
        let truth = condition::holds(test, request, document.version);
        let verb = if truth.is_no() { "does not hold" } else { "may hold or not" };
        (truth, Reason::at(format!("the test of `{}` {verb}", test.key), test.span))
    });
    for (truth, reason) in elements.into_iter().chain(tests) {
        match truth {
            Truth::Yes => {}
            Truth::No => return Applies { truth: Truth::No, because: Some(reason) },
            Truth::Unknown => unsure = unsure.or(Some(reason)),
        }
    }
    if !statement.when.is_empty() {
        unsure = unsure.or_else(|| Some(Reason::at("a condition of the template decides", statement.span)));
    }
    let unsure = unsure.or_else(|| statement.condition_unknown.clone());
    Applies { truth: if unsure.is_some() { Truth::Unknown } else { Truth::Yes }, because: unsure }
}

fn action(statement: &Statement, request: &Request) -> (Truth, Reason) {
    let Some(actions) = &statement.actions else {
        return (Truth::Unknown, Reason::at("the statement names no action", statement.span));
    };
    let mut listed = Truth::of(false);
    for pattern in &actions.patterns {
        let one = pattern.text().literal().map_or(Truth::Unknown, |text| action_matches(text, &request.action));
        listed = listed.or(if pattern.when.is_empty() { one } else { one.and(Truth::Unknown) });
    }
    if !actions.unknown.is_empty() {
        listed = listed.or(Truth::Unknown);
    }
    let truth = if actions.negated { listed.negated() } else { listed };
    let text = if actions.negated {
        format!("`{}` is among the exceptions", request.action)
    } else {
        format!("`{}` is not among the actions", request.action)
    };
    (truth, Reason::at(text, actions.key_span))
}

fn resource(document: &PolicyDocument, statement: &Statement, request: &Request, colons: Colons) -> (Truth, Reason) {
    let Some(resources) = &statement.resources else {
        return (Truth::Yes, Reason::at("", statement.span));
    };
    let mut listed = Truth::of(false);
    for pattern in &resources.patterns {
        let text = pattern.text().literal();
        let one = text.map_or(Truth::Unknown, |text| arn_matches(text, request, document.version, colons));
        listed = listed.or(if pattern.when.is_empty() { one } else { one.and(Truth::Unknown) });
    }
    if !resources.unknown.is_empty() {
        listed = listed.or(Truth::Unknown);
    }
    let truth = if resources.negated { listed.negated() } else { listed };
    let text = if resources.negated {
        format!("`{}` is among the exceptions", request.resource)
    } else {
        format!("`{}` is not among the resources", request.resource)
    };
    (truth, Reason::at(text, resources.key_span))
}

fn principal(document: &PolicyDocument, statement: &Statement, request: &Request) -> (Truth, Reason) {
    if matches!(document.kind, PolicyKind::Identity | PolicyKind::Boundary) {
        return (Truth::Yes, Reason::at("", statement.span));
    }
    let Some(principals) = &statement.principals else {
        return (Truth::Unknown, Reason::at("the statement names no principal", statement.span));
    };
    let Some(caller) = &request.principal else {
        return (Truth::Unknown, Reason::at("the request names no principal", principals.key_span));
    };
    let mut listed = Truth::of(false);
    let mut account_listed = false;
    for entry in &principals.entries {
        let one = names_caller(entry.kind, &entry.text, caller);
        listed = listed.or(if entry.when.is_empty() { one } else { one.and(Truth::Unknown) });
        let account = entry.account().and_then(|account| account.literal().map(str::to_owned));
        account_listed |= account.is_some() && account == account_of(caller);
    }
    if !principals.unknown.is_empty() {
        listed = listed.or(Truth::Unknown);
    }
    (
        if principals.negated { excepted(listed, account_listed) } else { listed },
        Reason::at(principal_text(principals, caller), principals.key_span),
    )
}

/// Of `NotPrincipal`: who is in the account of somebody listed may or may not be excepted.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
fn excepted(listed: Truth, account_listed: bool) -> Truth {
    let around = if account_listed { Truth::Unknown } else { Truth::No };
    listed.or(around).negated()
}

fn principal_text(principals: &Principals, caller: &Caller) -> String {
    let verb = if principals.negated { "is among the exceptions" } else { "is not among the principals" };
    format!("{caller} {verb}")
}

/// The account of an AWS principal.
fn account_of(caller: &Caller) -> Option<String> {
    match caller {
        Caller::Aws(arn) => arn.split(':').nth(4).map(str::to_owned),
        _ => None,
    }
}

fn names_caller(kind: PrincipalKind, text: &Text, caller: &Caller) -> Truth {
    let literal = text.literal();
    match (kind, caller) {
        (PrincipalKind::Anybody, _) => Truth::Yes,
        (PrincipalKind::DeletedId, _) => Truth::No,
        (PrincipalKind::Misplaced, _) => Truth::Unknown,
        (PrincipalKind::Account, Caller::Aws(_)) => literal.map_or(Truth::Unknown, |own| {
            let own = if own.contains(':') { own.split(':').nth(4).unwrap_or_default() } else { own };
            Truth::of(account_of(caller).as_deref() == Some(own))
        }),
        (PrincipalKind::Role, Caller::Aws(arn)) => match literal {
            Some(own) if !own.contains(['*', '?']) => Truth::of(own == arn || is_session_of(own, arn)),
            _ => Truth::Unknown,
        },
        (PrincipalKind::User | PrincipalKind::Session, Caller::Aws(arn)) => match literal {
            Some(own) if !own.contains(['*', '?']) => Truth::of(own == arn),
            _ => Truth::Unknown,
        },
        (PrincipalKind::UnknownAws, Caller::Aws(_)) => Truth::Unknown,
        (PrincipalKind::Service, Caller::Service(name))
        | (PrincipalKind::Federated, Caller::Federated(name))
        | (PrincipalKind::CanonicalUser, Caller::CanonicalUser(name)) => {
            literal.map_or(Truth::Unknown, |own| Truth::of(own == name))
        }
        _ => Truth::No,
    }
}

/// Whether an ARN is that of a session of a role: `arn:aws:sts::1:assumed-role/name/session`.
fn is_session_of(role: &str, session: &str) -> bool {
    let (role, session): (Vec<&str>, Vec<&str>) = (role.splitn(6, ':').collect(), session.splitn(6, ':').collect());
    if role.len() < 6 || session.len() < 6 || session[2] != "sts" || role[1] != session[1] || role[4] != session[4] {
        return false;
    }
    let name = role[5].split('/').next_back();
    let parts: Vec<&str> = session[5].split('/').collect();
    parts.len() > 2 && parts[0] == "assumed-role" && Some(parts[1]) == name
}

#[cfg(test)]
mod tests;
