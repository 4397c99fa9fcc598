//! Evaluates one concrete request against policies, statement by statement, as the documentation of
//! IAM puts it. Deliberately plain, and without any code of the search for requests, whose finds it
//! confirms: two that agree are hardly wrong in the same way.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>

mod condition;
mod matching;

use super::answer::{Reason, Truth};
use super::condition::ConditionTest;
use super::document::{Actions, Effect, PolicyDocument, Resources, Statement};
use super::principal::{Principal, PrincipalKind, Principals};
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
#[derive(Clone, Copy, Debug)]
pub struct Applies<'s> {
    pub truth: Truth,
    /// The element that decides, where it is not that all match.
    because: Option<Element<'s>>,
}

/// What can decide that a statement does not speak of a request, or that it is not known to.
#[derive(Clone, Copy, Debug)]
enum Element<'s> {
    NoAction(Span),
    Action(&'s Actions),
    NoPrincipal(Span),
    NoCaller(&'s Principals),
    Principal(&'s Principals),
    Resource(&'s Resources),
    Test(&'s ConditionTest),
    When(Span),
    Condition(&'s Reason),
}

impl Applies<'_> {
    /// The element that decides, in words.
    pub fn reason(&self, request: &Request) -> Option<Reason> {
        let among = |name: &str, negated: bool, what: &str| {
            let place = if negated { "is among the exceptions".to_owned() } else { format!("is not among the {what}") };
            format!("{name} {place}")
        };
        let quoted = |name: &str| format!("`{name}`");
        Some(match self.because? {
            Element::NoAction(span) => Reason::at("the statement names no action", span),
            Element::Action(own) => Reason::at(among(&quoted(&request.action), own.negated, "actions"), own.key_span),
            Element::NoPrincipal(span) => Reason::at("the statement names no principal", span),
            Element::NoCaller(own) => Reason::at("the request names no principal", own.key_span),
            Element::Principal(own) => {
                let caller = request.principal.as_ref().map(Caller::to_string).unwrap_or_default();
                Reason::at(among(&caller, own.negated, "principals"), own.key_span)
            }
            Element::Resource(own) => {
                Reason::at(among(&quoted(&request.resource), own.negated, "resources"), own.key_span)
            }
            Element::Test(test) => {
                let verb = if self.truth.is_no() { "does not hold" } else { "may hold or not" };
                Reason::at(format!("the test of `{}` {verb}", test.key), test.span)
            }
            Element::When(span) => Reason::at("a condition of the template decides", span),
            Element::Condition(reason) => reason.clone(),
        })
    }
}

/// What statements of each effect say of a request, before one is set against the other.
#[derive(Clone, Debug)]
pub struct Weighed {
    pub allow: Side,
    pub deny: Side,
}

/// The statements of one effect.
#[derive(Clone, Debug)]
pub struct Side {
    /// Whether one of them matches.
    pub truth: Truth,
    /// The first that is sure to.
    pub statement: Option<Span>,
    /// Why it is not known whether one does.
    pub reason: Option<Reason>,
}

impl Side {
    fn none() -> Side {
        Side { truth: Truth::No, statement: None, reason: None }
    }

    fn add(&mut self, truth: Truth, statement: Span, reason: impl FnOnce() -> Reason) {
        match truth {
            Truth::No => return,
            Truth::Yes => self.statement = self.statement.or(Some(statement)),
            Truth::Unknown => self.reason = self.reason.take().or_else(|| Some(reason())),
        }
        self.truth = self.truth.or(truth);
    }
}

/// What the policies say of a request.
pub fn weigh(documents: &[&PolicyDocument], request: &Request, colons: Colons) -> Weighed {
    let (mut allow, mut deny) = (Side::none(), Side::none());
    for document in documents {
        for statement in &document.statements {
            let applies = applies(document, statement, request, colons);
            let reason = || {
                let text = "whether the statement matches the request is not known";
                applies.reason(request).unwrap_or_else(|| Reason::at(text, statement.span))
            };
            let may = applies.truth.and(Truth::Unknown);
            match statement.effect {
                Effect::Allow => allow.add(applies.truth, statement.span, reason),
                Effect::Deny => deny.add(applies.truth, statement.span, reason),
                Effect::Unknown => {
                    allow.add(may, statement.span, reason);
                    deny.add(may, statement.span, reason);
                }
            }
        }
        // What could not be read may allow or deny anything.
        for hidden in &document.unread {
            let span = hidden.span.unwrap_or(document.span);
            allow.add(Truth::Unknown, span, || hidden.clone());
            deny.add(Truth::Unknown, span, || hidden.clone());
        }
    }
    Weighed { allow, deny }
}

/// The union of what the policies allow, less what one of them denies.
pub fn decide(documents: &[&PolicyDocument], request: &Request, colons: Colons) -> Decision {
    let Weighed { allow, deny } = weigh(documents, request, colons);
    let allowed = allow.truth.and(deny.truth.negated());
    match deny.truth {
        Truth::Yes => Decision { allowed, statement: deny.statement, denied: true, reason: None },
        // A deny that may be there matters where something is allowed.
        _ if allow.truth.is_no() => Decision { allowed, statement: None, denied: false, reason: None },
        _ => {
            let reason = deny.reason.filter(|_| allow.truth.is_yes()).or(allow.reason);
            let reason = reason.filter(|_| !allowed.is_yes());
            Decision { allowed, statement: allow.statement, denied: false, reason }
        }
    }
}

/// Whether a statement speaks of a request.
pub fn applies<'s>(
    document: &PolicyDocument,
    statement: &'s Statement,
    request: &Request,
    colons: Colons,
) -> Applies<'s> {
    let mut unsure: Option<Element<'s>> = None;
    let tests = statement
        .conditions
        .iter()
        .map(|test| (condition::holds(test, request, document.version), Element::Test(test)));
    // Each element is looked at only where those before it match.
    let elements = [action, principal, resource].into_iter().filter_map(|of| of(document, statement, request, colons));
    for (truth, element) in elements.chain(tests) {
        match truth {
            Truth::Yes => {}
            Truth::No => return Applies { truth: Truth::No, because: Some(element) },
            Truth::Unknown => unsure = unsure.or(Some(element)),
        }
    }
    if !statement.when.is_empty() {
        unsure = unsure.or(Some(Element::When(statement.span)));
    }
    let unsure = unsure.or_else(|| statement.condition_unknown.as_ref().map(Element::Condition));
    Applies { truth: if unsure.is_some() { Truth::Unknown } else { Truth::Yes }, because: unsure }
}

/// An element and whether it matches; `None` for one that the statement need not have.
type Found<'s> = Option<(Truth, Element<'s>)>;

fn action<'s>(_: &PolicyDocument, statement: &'s Statement, request: &Request, _: Colons) -> Found<'s> {
    let Some(actions) = &statement.actions else {
        return Some((Truth::Unknown, Element::NoAction(statement.span)));
    };
    let listed = listed(&actions.patterns, !actions.unknown.is_empty(), |pattern| {
        let one = pattern.text().literal().map_or(Truth::Unknown, |text| action_matches(text, &request.action));
        (one, pattern.when.is_empty())
    });
    Some((if actions.negated { listed.negated() } else { listed }, Element::Action(actions)))
}

fn resource<'s>(document: &PolicyDocument, statement: &'s Statement, request: &Request, colons: Colons) -> Found<'s> {
    let resources = statement.resources.as_ref()?;
    let listed = listed(&resources.patterns, !resources.unknown.is_empty(), |pattern| {
        let text = pattern.text().literal();
        let one = text.map_or(Truth::Unknown, |text| arn_matches(text, request, document.version, colons));
        (one, pattern.when.is_empty())
    });
    Some((if resources.negated { listed.negated() } else { listed }, Element::Resource(resources)))
}

/// Whether one of a list matches; an entry under a condition of the template may not be there.
fn listed<P>(entries: &[P], has_more: bool, matches: impl Fn(&P) -> (Truth, bool)) -> Truth {
    let mut listed = Truth::of(false);
    for entry in entries {
        let (one, is_there) = matches(entry);
        listed = listed.or(if is_there { one } else { one.and(Truth::Unknown) });
        if listed.is_yes() {
            return listed;
        }
    }
    if has_more { listed.or(Truth::Unknown) } else { listed }
}

fn principal<'s>(document: &PolicyDocument, statement: &'s Statement, request: &Request, _: Colons) -> Found<'s> {
    if document.kind.is_of_principal() {
        return None;
    }
    let Some(principals) = &statement.principals else {
        return Some((Truth::Unknown, Element::NoPrincipal(statement.span)));
    };
    let Some(caller) = &request.principal else {
        return Some((Truth::Unknown, Element::NoCaller(principals)));
    };
    let listed = listed(&principals.entries, !principals.unknown.is_empty(), |entry| {
        (names_caller(entry.kind, &entry.text, caller), entry.when.is_empty())
    });
    let in_account = |entry: &Principal| {
        let account = entry.account().and_then(|account| account.literal().map(str::to_owned));
        account.is_some() && account == account_of(caller)
    };
    let truth = if principals.negated { excepted(listed, principals.entries.iter().any(in_account)) } else { listed };
    Some((truth, Element::Principal(principals)))
}

/// Of `NotPrincipal`: who is in the account of somebody listed may or may not be excepted.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
fn excepted(listed: Truth, account_listed: bool) -> Truth {
    let around = if account_listed { Truth::Unknown } else { Truth::No };
    listed.or(around).negated()
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
