//! How the policy of a resource names a caller, which decides what else must allow.

use crate::iam::document::{Effect, PolicyDocument};
use crate::iam::principal::{Principal, PrincipalKind, Principals};
use crate::iam::request::{Caller, Request};

/// In which way a principal is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The user, the session or the root itself; also what is not known.
    Itself,
    /// The role of the session.
    Role,
    /// Its account, which leaves it to the policies of the principal.
    Account,
    Everybody,
}

/// What matters of who asks.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Whether it is a user, a role or a session, on which policies are.
    pub has_policies: bool,
    /// Whether it is the root of its account, which needs no policy.
    pub is_root: bool,
    /// Whether service control policies apply.
    pub is_controlled: bool,
    /// Whether it is a service-linked role.
    pub is_service_linked: bool,
    pub account: Option<String>,
}

/// Who asks; the principal that the policies are on, where the request names none.
pub fn caller(request: &Request) -> Asking {
    let has_policies = matches!(request.principal, None | Some(Caller::Aws(_)));
    let arn = match &request.principal {
        Some(Caller::Aws(arn)) => Some(arn.splitn(6, ':').collect::<Vec<_>>()),
        _ => None,
    };
    let part = |index: usize| arn.as_ref().and_then(|parts| parts.get(index).copied());
    let is_service_linked = part(5).is_some_and(|name| name.starts_with("role/aws-service-role/"));
    Asking {
        has_policies,
        is_root: part(5) == Some("root"),
        is_controlled: has_policies && !is_service_linked,
        is_service_linked,
        account: part(4).filter(|account| !account.is_empty()).map(str::to_owned),
    }
}

/// The document with those allows alone that name the caller in one way.
pub fn only(document: &PolicyDocument, request: &Request, named: Named) -> PolicyDocument {
    let mut document = document.clone();
    for statement in &mut document.statements {
        let Some(principals) = &mut statement.principals else { continue };
        if principals.negated {
            // Everybody but some: as wide as everybody.
            if named != Named::Everybody {
                nobody(principals);
            }
            continue;
        }
        principals.entries.retain(|entry| way(entry, request) == named);
        if named != Named::Itself {
            principals.unknown.clear();
        }
    }
    document
}

fn nobody(principals: &mut Principals) {
    principals.negated = false;
    principals.entries.clear();
    principals.unknown.clear();
}

fn way(entry: &Principal, request: &Request) -> Named {
    let is_root = matches!(&request.principal, Some(Caller::Aws(arn)) if arn.ends_with(":root"));
    match entry.kind {
        PrincipalKind::Anybody => Named::Everybody,
        // The account is its root.
        PrincipalKind::Account if is_root => Named::Itself,
        PrincipalKind::Account => Named::Account,
        PrincipalKind::Role => Named::Role,
        _ => Named::Itself,
    }
}

/// The document as a principal with a boundary meets it: whom a deny excepts does not matter.
pub fn seen_with_boundary(document: &PolicyDocument, has_boundary: bool) -> PolicyDocument {
    let mut document = document.clone();
    let denies = document.statements.iter_mut().filter(|statement| has_boundary && statement.effect == Effect::Deny);
    for principals in denies.filter_map(|statement| statement.principals.as_mut()) {
        if principals.negated {
            principals.entries.clear();
            principals.unknown.clear();
        }
    }
    document
}
