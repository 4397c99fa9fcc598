//! What a change allows, in sentences that a reviewer reads.

use super::access::{Deed, Outcome, PrincipalChange};
use crate::iam::{Caller, Gain, shown};
use crate::model::AuthorityLabel;
use crate::model::principal::CiService;
use crate::rules::analysis::list;

/// A sentence for each kind of power, then one for the rest of the actions on the same resources.
pub fn deeds(change: &PrincipalChange, gains: &[Gain], powers: &dyn Fn(&Gain) -> Vec<AuthorityLabel>) -> Vec<Deed> {
    let mut deeds: Vec<Deed> = Vec::new();
    let mut plain: Vec<(&Gain, Vec<String>)> = Vec::new();
    for gain in gains {
        let powers = powers(gain);
        let action = gain.pattern.clone().unwrap_or_else(|| gain.request.action.clone());
        if powers.is_empty() {
            let like = |one: &&mut (&Gain, Vec<String>)| one.0.resources == gain.resources && one.0.when == gain.when;
            match plain.iter_mut().find(like) {
                Some((_, actions)) => actions.push(action),
                None => plain.push((gain, vec![action])),
            }
            continue;
        }
        let verbs: Vec<String> = powers.iter().map(|label| verb(*label, gain)).collect();
        let is_told = powers == [AuthorityLabel::PassRole] && action == "iam:PassRole";
        let by = if is_told { String::new() } else { format!(": `{action}` on {}", on(gain)) };
        let text = format!("{} {}{by}{}", lets(change), list(&verbs, verbs.len()), when(gain));
        deeds.push(deed(gain, text, powers, vec![action]));
    }
    deeds.sort_by_key(|deed| deed.powers.first().copied());
    for (gain, actions) in plain {
        let names: Vec<String> = actions.iter().map(|action| format!("`{action}`")).collect();
        let text = format!("{} call {} on {}{}", lets(change), few(&names), on(gain), when(gain));
        deeds.push(deed(gain, text, Vec::new(), actions));
    }
    deeds
}

/// Who may assume the role now. Nobody can without an account.
pub fn of_trust(change: &PrincipalChange, gains: &[Gain]) -> Vec<Deed> {
    let anybody = "anybody with an AWS account";
    let mut deeds: Vec<Deed> = Vec::new();
    for gain in gains {
        let who = match gain.callers.as_slice() {
            _ if gain.is_for_anybody || gain.request.principal == Some(Caller::Anonymous) => anybody.to_owned(),
            [] => gain.request.principal.as_ref().map_or("others".to_owned(), |caller| format!("`{caller}`")),
            callers => few(&callers.iter().map(|caller| format!("`{caller}`")).collect::<Vec<_>>()),
        };
        let text = format!("this change lets {who} assume the role `{}`{}", change.name, when(gain));
        let actions = gain.pattern.iter().cloned().collect();
        if deeds.iter().all(|known| known.text != text) {
            deeds.push(deed(gain, text, Vec::new(), actions));
        }
    }
    deeds
}

fn deed(gain: &Gain, text: String, powers: Vec<AuthorityLabel>, actions: Vec<String>) -> Deed {
    let example = (gain.request.action.clone(), shown(&gain.request.resource));
    Deed { text, powers, actions, resources: gain.resources.clone(), example, place: gain.statement }
}

fn lets(change: &PrincipalChange) -> String {
    match change.outcome {
        Outcome::New => format!("the new {} `{}` may", change.noun, change.name),
        _ => format!("this change lets `{}`", change.name),
    }
}

/// "pass any role to CloudFormation"
fn verb(label: AuthorityLabel, gain: &Gain) -> String {
    if label != AuthorityLabel::PassRole {
        return label.verb().to_owned();
    }
    let is_any = |resource: &String| resource.ends_with(":role/*") || resource.ends_with(":*");
    let roles: Vec<String> = gain.resources.iter().map(|resource| format!("`{}`", role(resource))).collect();
    let roles = if roles.is_empty() || gain.resources.iter().any(is_any) { "any role".to_owned() } else { few(&roles) };
    let services: Vec<String> = gain.services.iter().map(|service| receiver(service)).collect();
    let services = if services.is_empty() { "any service".to_owned() } else { few(&services) };
    format!("pass {roles} to {services}")
}

/// The name in the ARN of a role.
fn role(resource: &str) -> &str {
    resource.rsplit_once(":role/").map_or(resource, |(_, name)| name)
}

fn receiver(service: &str) -> String {
    let prefix = service.split('.').next().unwrap_or(service);
    let known = CiService::ALL.into_iter().find(|known| known.prefix() == prefix);
    known.map_or_else(|| format!("`{service}`"), |known| known.name().to_owned())
}

fn on(gain: &Gain) -> String {
    match gain.resources.as_slice() {
        [] => "any resource".to_owned(),
        resources => few(&resources.iter().map(|resource| format!("`{resource}`")).collect::<Vec<_>>()),
    }
}

fn when(gain: &Gain) -> String {
    let all: Vec<String> = gain.when.iter().map(|one| format!("`{}` is {}", one.name, one.value)).collect();
    if all.is_empty() { String::new() } else { format!(", when {}", list(&all, all.len())) }
}

/// The first few, and how many more there are.
fn few(items: &[String]) -> String {
    list(items, 4)
}
