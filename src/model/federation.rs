//! Identity providers outside of AWS: whose tokens a trust policy takes.

use super::{DeclaredResource, Model};
use crate::iam::principal::{Principal, PrincipalKind};
use crate::iam::{Effect, Statement};
use crate::value::{HoleKind, Text};

/// Hosts of OIDC providers that speak for jobs of a CI system.
const CI_PROVIDERS: [&str; 9] = [
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "gitlab",
    "bitbucket.org",
    "circleci.com",
    "app.terraform.io",
    "agent.buildkite.com",
    "vstoken.dev.azure.com",
    "codefresh.io",
];

/// The type of a provider that a template declares.
pub const PROVIDER: &str = "AWS::IAM::OIDCProvider";

/// Whether an OIDC provider speaks for jobs of a CI system.
pub fn is_ci_provider(host: &str) -> bool {
    let host = host.split('/').next().unwrap_or(host);
    CI_PROVIDERS
        .iter()
        .any(|known| host == *known || host.ends_with(&format!(".{known}")) || host.starts_with(&format!("{known}.")))
}

/// The first entry of an Allow that lets in tokens of a provider that is meant, with the provider's host.
pub fn provider<'s>(
    model: &Model,
    statement: &'s Statement,
    is_meant: impl Fn(&str) -> bool,
) -> Option<(&'s Principal, String)> {
    let principals = statement.principals.as_ref().filter(|found| !found.negated);
    let principals = principals.filter(|_| statement.effect == Effect::Allow)?;
    principals.entries.iter().find_map(|entry| {
        let host = host_of(model, statement, entry).filter(|host| is_meant(host))?;
        Some((entry, host))
    })
}

/// The host of a provider: as its ARN has it, as the template declares it, or as a condition names it
/// that only tokens of that host can meet.
fn host_of(model: &Model, statement: &Statement, entry: &Principal) -> Option<String> {
    if entry.kind != PrincipalKind::Federated || entry.is_saml() {
        return None;
    }
    let of_claims = || {
        let mut needed = statement.conditions.iter().filter(|test| test.operator.needs_key());
        needed.find_map(|test| test.claim()).map(|(host, _)| host.to_owned())
    };
    entry.provider().or_else(|| declared(model, &entry.text).map(|(host, _)| host)).or_else(of_claims)
}

/// How many audiences the providers of a host take; `None` where none is declared.
pub fn audiences(model: &Model, host: &str) -> Option<usize> {
    model.resources.iter().filter_map(read).filter(|(other, _)| other == host).map(|(_, audiences)| audiences).max()
}

/// `!Ref Provider` and `!GetAtt Provider.Arn`.
fn declared(model: &Model, text: &Text) -> Option<(String, usize)> {
    let hole = text.as_hole().filter(|hole| hole.kind == HoleKind::Resource)?;
    let is_it = |file, id: &str| file == hole.template && id == hole.logical_id();
    model.resources.iter().find(|one| is_it(one.file, &one.logical_id.value)).and_then(read)
}

/// Host and number of audiences of a provider.
fn read(resource: &DeclaredResource) -> Option<(String, usize)> {
    let properties = Some(resource).filter(|one| one.kind == PROVIDER)?.value()?;
    let url = properties.get("Url")?.as_text()?.with_defaults()?;
    let audiences = properties.get("ClientIdList").map_or(0, |list| list.items().len());
    Some((url.trim_start_matches("https://").trim_end_matches('/').to_owned(), audiences))
}
