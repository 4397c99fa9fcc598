//! Principals: their form, and the kinds of policy that take them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use super::codes::*;
use super::{Issue, Subject, allows, may_test, settled};
use crate::iam::arn::split;
use crate::iam::document::{PolicyKind, Statement};
use crate::iam::principal::{Principal, PrincipalKind, Principals};
use crate::value::Text;

pub fn issues(subject: &Subject<'_>, statement: &Statement) -> Vec<Issue> {
    let kind = subject.document.kind;
    let Some(principals) = &statement.principals else { return Vec::new() };
    if !matches!(kind, PolicyKind::Resource | PolicyKind::Trust) {
        return Vec::new();
    }
    let mut found: Vec<Issue> =
        principals.entries.iter().filter_map(|entry| of_entry(kind, statement, entry)).collect();
    if principals.negated && kind == PolicyKind::Resource && allows(statement) {
        found.push(Issue::new(ALLOW_WITH_NOT_PRINCIPAL, principals.key_span, "NotPrincipal"));
    }
    // Allow with NotPrincipal in a trust policy lets the world in, which is told elsewhere.
    if principals.negated && kind == PolicyKind::Trust && !allows(statement) {
        found.push(Issue::new(ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL, principals.key_span, "NotPrincipal"));
    }
    if kind == PolicyKind::Resource && allows(statement) && !principals.negated {
        found.extend(of_services(statement, principals));
    }
    found
}

fn of_entry(kind: PolicyKind, statement: &Statement, entry: &Principal) -> Option<Issue> {
    let text = &entry.text;
    let issue = |code| Issue::new(code, text.span, text.display());
    let is_partly_wild = text.known_parts().any(|part| part.contains('*')) && text.literal() != Some("*");
    match entry.kind {
        PrincipalKind::Anybody | PrincipalKind::CanonicalUser | PrincipalKind::Misplaced => None,
        _ if is_partly_wild && !text.known_parts().any(super::is_placeholder) => {
            Some(issue(UNSUPPORTED_WILDCARD_IN_PRINCIPAL))
        }
        PrincipalKind::DeletedId => {
            let is_role = text.literal().is_some_and(|text| text.starts_with("AROA"));
            Some(issue(if is_role { INVALID_ROLE_REFERENCE } else { INVALID_USER_REFERENCE }))
        }
        PrincipalKind::Service => service(text).map(|meant| issue(INVALID_SERVICE_PRINCIPAL_FORMAT).other(meant)),
        PrincipalKind::Federated => federated(kind, statement, text).map(issue),
        _ => aws(text).map(|meant| issue(INVALID_PRINCIPAL_FORMAT).other(meant)),
    }
}

/// Domains of service principals in all partitions.
const SERVICE_DOMAINS: &[&str] = &[
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".aws.internal",
    ".amazon.com",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
];

/// What a service principal that has none of their forms should be, where it can be told.
fn service(text: &Text) -> Option<String> {
    let literal = settled(text).filter(|text| *text != "*")?;
    let lower = literal.to_ascii_lowercase();
    if SERVICE_DOMAINS.iter().any(|domain| lower.ends_with(domain)) {
        return None;
    }
    let name = lower.split('.').next().unwrap_or(&lower);
    let is_service = crate::iam::catalogue::service(name).is_some() && !lower.contains(':');
    Some(if is_service { format!("{name}.amazonaws.com") } else { String::new() })
}

/// Providers that are named by their host and not by an ARN.
const NAMED_PROVIDERS: &[&str] =
    &["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

fn federated(kind: PolicyKind, statement: &Statement, text: &Text) -> Option<super::Code> {
    let assumes = statement
        .actions
        .iter()
        .flat_map(|actions| &actions.patterns)
        .any(|pattern| pattern.service().is_none_or(|service| service == "sts"));
    match kind {
        PolicyKind::Resource if !assumes => Some(FEDERATED_PRINCIPAL_NOT_SUPPORTED),
        PolicyKind::Trust => {
            let literal = settled(text)?;
            let is_named = NAMED_PROVIDERS.contains(&literal) || literal.starts_with("cognito-identity");
            let is_arn = literal.starts_with("arn:")
                && (literal.contains(":oidc-provider/") || literal.contains(":saml-provider/"));
            (!is_named && !is_arn && literal != "*").then_some(INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY)
        }
        _ => None,
    }
}

/// What is wrong with an `AWS` principal: `Some` with what is meant, where it can be told.
fn aws(text: &Text) -> Option<String> {
    let literal = settled(text)?;
    let lower = literal.to_ascii_lowercase();
    if SERVICE_DOMAINS.iter().any(|domain| lower.ends_with(domain)) && !lower.starts_with("arn:") {
        return Some(format!("Service: {literal}"));
    }
    if literal.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && literal.len() > 5 {
        let digits: String = literal.chars().filter(char::is_ascii_digit).collect();
        return (literal.len() != 12).then(|| if digits.len() == 12 { digits } else { String::new() });
    }
    if !literal.starts_with("arn:") {
        return None;
    }
    let Some([_, _, service, _, account, resource]) = split(text) else { return Some(String::new()) };
    let (service, account, resource) = (service.literal()?, account.literal()?, resource.literal()?);
    let starts =
        |starts: &[&str]| starts.iter().any(|start| resource.len() > start.len() && resource.starts_with(start));
    let is_right = match service {
        "iam" => resource == "root" || starts(&["role/", "user/"]),
        "sts" => resource == "self" || starts(&["assumed-role/", "federated-user/"]),
        _ => false,
    };
    let is_number = account.bytes().all(|byte| byte.is_ascii_digit());
    if is_right && (account == "cloudfront" || !is_number || account.len() == 12) {
        return None;
    }
    Some(if resource.starts_with("group/") { "roles or users".to_owned() } else { String::new() })
}

/// Keys that say for whose resources a service calls.
const SOURCE_KEYS: &[&str] =
    &["aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceOwner"];
/// Keys that are taken for them and say little of a service.
const NETWORK_KEYS: &[&str] = &["aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp"];

/// A service acts for whoever asks it, unless the statement names for whom.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>
fn of_services(statement: &Statement, principals: &Principals) -> Option<Issue> {
    let services: Vec<&Principal> =
        principals.entries.iter().filter(|entry| entry.kind == PrincipalKind::Service).collect();
    let first = services.first()?;
    if may_test(statement, SOURCE_KEYS) {
        return None;
    }
    let names = services.iter().map(|entry| entry.text.display().into_owned()).collect();
    let network = statement.conditions.iter().find(|test| NETWORK_KEYS.iter().any(|key| test.is_on(key)));
    let issue = match network {
        Some(test) => Issue::new(RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL, test.key_span, first.text.display())
            .other(test.key.clone())
            .related(first.span()),
        // Any other condition may name what is meant.
        None if statement.conditions.is_empty() => {
            Issue::new(RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL, first.span(), first.text.display())
        }
        None => return None,
    };
    Some(issue.names(names))
}
