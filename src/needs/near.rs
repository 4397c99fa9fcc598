//! Allows that look like what is needed and are something else. That a role has one tells that it is
//! meant to have the other.

use super::Need;
use super::arn::joined;
use crate::iam::catalogue::{self, Action};
use crate::iam::{ActionPattern, ArnPattern, Authority, Reason};
use crate::value::Text;

/// What the role allows in the place of what is needed; its ARNs and those of the need can be compared.
pub fn near(authority: &Authority, need: &Need, action: Action) -> Option<Reason> {
    secret_without_suffix(authority, need, action).or_else(|| action_of_like_name(authority, need, action))
}

/// `…:secret:prod/db` is no ARN of a secret: six characters follow the name.
///
/// Source: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html>
fn secret_without_suffix(authority: &Authority, need: &Need, action: Action) -> Option<Reason> {
    if action.service().prefix() != "secretsmanager" {
        return None;
    }
    let statements = authority.documents.iter().flat_map(|document| document.allows());
    let meant = statements.filter(|statement| !statement.matches_action(&action.full_name()).is_empty());
    let mut patterns =
        meant.filter_map(|one| one.resources.as_ref().filter(|all| !all.negated)).flat_map(|all| &all.patterns);
    patterns.find_map(|pattern| {
        let suffix = Text::at("-??????", pattern.span());
        let whole = ArnPattern::new(&joined([pattern.text(), &suffix], pattern.span()), false, Vec::new());
        let is_it = need.resources.iter().any(|one| whole.surely_covers(&ArnPattern::new(one, false, Vec::new())));
        let text = "allows a name: the ARN of the secret has six characters behind it, `-??????`";
        is_it.then(|| Reason::at(text, pattern.span()))
    })
}

/// `ssm:GetParameter` on what `ssm:GetParameters` is needed on.
fn action_of_like_name(authority: &Authority, need: &Need, action: Action) -> Option<Reason> {
    let name = action.full_name();
    let single = name.strip_suffix('s').filter(|single| catalogue::action(single).is_some())?;
    let is_single = |pattern: &ActionPattern| pattern.expand().any(|one| one.full_name() == single);
    let mut statements = authority.documents.iter().flat_map(|document| document.allows());
    statements.find_map(|statement| {
        let actions = statement.actions.as_ref().filter(|actions| !actions.negated)?;
        let found = actions.patterns.iter().find(|pattern| is_single(pattern))?;
        let resources = statement.resources.as_ref().filter(|resources| !resources.negated)?;
        let wanted = || need.resources.iter().map(|text| ArnPattern::new(text, false, Vec::new()));
        let is_on_it = wanted().all(|one| resources.patterns.iter().any(|pattern| pattern.surely_covers(&one)));
        is_on_it.then(|| Reason::at(format!("allows `{single}`, which is another action than `{name}`"), found.span()))
    })
}
