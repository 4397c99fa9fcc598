//! Principals that may say what runs in something that has a more powerful role already: no role need
//! be passed for that.

use super::chain::{WHOSE, finding, is_meant, list};
use super::reach::{Target, reaches};
use crate::iam::{ConditionClass, Grant, Wanted};
use crate::model::deployment::name_at_deployment;
use crate::model::{AuthorityLabel, DeclaredResource, Model, Power, Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::FileId;
use crate::value::{HoleKind, Value};
use std::collections::HashMap;
use std::sync::LazyLock;

pub const ANALYSIS: Analysis = Analysis {
    name: "existing-role",
    summary: "a principal may say what runs in something that has a more powerful role",
    params: &[WHOSE],
    facts: &["role", "kind", "worker", "action", "pattern", "resource", "target", "power"],
    bind,
};

/// A line of the data: what runs with a role, and the calls that change what it runs.
struct Way {
    kind: &'static str,
    role: Vec<&'static str>,
    arn: &'static str,
    name: &'static str,
    calls: Vec<&'static str>,
}

static WAYS: LazyLock<Vec<Way>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/existing-roles.tsv").lines().filter(|line| !line.starts_with('#'));
    let way = |line: &'static str| {
        let mut cells = line.split('\t');
        let (kind, role, arn, name) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        Some(Way { kind, role: role.split('.').collect(), arn, name, calls: cells.collect() })
    };
    lines.filter_map(way).collect()
});

static CALLS: LazyLock<Wanted> =
    LazyLock::new(|| Wanted::new(&WAYS.iter().flat_map(|way| way.calls.iter().copied()).collect::<Vec<_>>()));

const PROFILE: &str = "AWS::IAM::InstanceProfile";

/// The types of resources whose properties are asked about.
pub fn resource_types() -> impl Iterator<Item = &'static str> {
    WAYS.iter().map(|way| way.kind).chain([PROFILE])
}

/// Something that runs with a role that is declared.
struct Carrier<'m> {
    way: &'static Way,
    resource: &'m DeclaredResource,
    target: Target,
    role: &'m Principal,
}

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        // Who is meant to deploy decides what runs, and is told of elsewhere.
        let others = model.principals.iter().enumerate().filter(|(id, _)| !model.deployers.contains(*id));
        let meant = others.map(|(_, one)| one).filter(|one| is_meant(one, &principals));
        let callers: Vec<(&Principal, Vec<Grant<'_>>)> = meant.map(|one| (one, calls_of(one))).collect();
        if callers.iter().all(|(_, grants)| grants.is_empty()) {
            return Vec::new();
        }
        let roles = Roles::new(model);
        let carriers: Vec<Carrier<'_>> = model.resources.iter().flat_map(|one| carriers(model, &roles, one)).collect();
        callers.iter().filter_map(|(one, grants)| of_principal(model, one, grants, &carriers)).collect()
    })
}

fn calls_of(principal: &Principal) -> Vec<Grant<'_>> {
    let mut grants = principal.authority.grants_of(&CALLS);
    grants.retain(|grant| !grant.is_narrowed_by(ConditionClass::Path));
    grants
}

fn carriers<'m>(model: &'m Model, roles: &Roles<'m>, resource: &'m DeclaredResource) -> Vec<Carrier<'m>> {
    let ways = WAYS.iter().filter(|way| way.kind == resource.kind);
    let found = ways.filter_map(|way| {
        let properties = resource.value()?;
        let role = roles.of(way.role.iter().try_fold(properties, |value, key| value.get(key))?)?;
        // A build that deploys has a rule of its own.
        if model.projects.iter().any(|one| one.logical_id.span == resource.logical_id.span && one.deploys.is_some()) {
            return None;
        }
        let name = properties.get(way.name).and_then(Value::as_text).cloned();
        let name = name.unwrap_or_else(|| name_at_deployment(resource.file, &resource.logical_id));
        let target = Target::declared_as(resource.file, &resource.logical_id.value, way.arn, Some(&name));
        Some(Carrier { way, resource, target, role })
    });
    found.collect()
}

/// Roles and instance profiles by the template and the logical id that declare them.
struct Roles<'m> {
    roles: HashMap<(FileId, &'m str), &'m Principal>,
    profiles: HashMap<(FileId, &'m str), &'m DeclaredResource>,
}

impl<'m> Roles<'m> {
    fn new(model: &'m Model) -> Roles<'m> {
        let roles = model.principals.iter().filter(|one| one.kind == PrincipalKind::Role);
        let profiles = model.resources.iter().filter(|one| one.kind == PROFILE);
        Roles {
            roles: roles.map(|one| ((one.file, one.logical_id.value.as_str()), one)).collect(),
            profiles: profiles.map(|one| ((one.file, one.logical_id.value.as_str()), one)).collect(),
        }
    }

    /// The role of a property: by reference to it, or to the instance profile that holds it.
    fn of(&self, value: &Value) -> Option<&'m Principal> {
        let hole = value.as_text()?.as_hole().filter(|hole| hole.kind == HoleKind::Resource)?;
        let key = (hole.template, hole.logical_id());
        self.roles.get(&key).copied().or_else(|| {
            let roles = self.profiles.get(&key)?.value()?.get("Roles")?;
            roles.items().into_iter().find_map(|(_, role)| self.of(role))
        })
    }
}

fn of_principal(
    model: &Model,
    principal: &Principal,
    grants: &[Grant<'_>],
    carriers: &[Carrier<'_>],
) -> Option<Finding> {
    if principal.power(AuthorityLabel::Admin).is_some() {
        return None;
    }
    let others = carriers.iter().filter(|carrier| !std::ptr::eq(carrier.role, principal));
    let mut reached: Vec<(&Carrier<'_>, &Power, Vec<&Grant<'_>>)> = others
        .filter_map(|carrier| {
            let by = |call: &&str| {
                let mut by = grants.iter().filter(|grant| grant.action == **call);
                by.find(|grant| reaches(grant, &carrier.target))
            };
            let needed = carrier.way.calls.iter().map(by).collect::<Option<Vec<_>>>()?;
            let power = lent_power(carrier.role)?;
            principal.powers.iter().all(|own| own.label > power.label).then_some((carrier, power, needed))
        })
        .collect();
    let near = |carrier: &Carrier<'_>| model.nearness(carrier.resource.file, principal.file);
    reached.sort_by_key(|(carrier, power, _)| (power.label, std::cmp::Reverse(near(carrier))));
    let (carrier, power, needed) = reached.first()?;
    let id = &carrier.resource.logical_id;
    let mut found = finding(model, principal, &needed[..1])?
        .granted(needed.iter().copied())
        .fact("resource", id.value.clone())
        .fact("target", carrier.role.display())
        .fact("power", power.label.verb())
        .related(id.span, format!("runs with `{}`", carrier.role.display()))
        .related(power.span, format!("which may {}", power.label.verb()));
    found.subject = format!("{} {} {}", principal.display(), id.value, needed[0].action);
    for grant in &needed[1..] {
        found = found.related(grant.span, format!("allows {}", grant.action));
        found.confidence = found.confidence.and(grant.confidence);
    }
    found.confidence = found.confidence.and(power.confidence);
    let mut others: Vec<String> =
        reached[1..].iter().map(|(other, ..)| other.resource.logical_id.value.clone()).collect();
    others.retain(|other| *other != id.value);
    others.dedup();
    if !others.is_empty() {
        found = found.note(format!("and in {}", list(&others, 3)));
    }
    Some(found)
}

/// What a role may do that should not be lent to anybody.
fn lent_power(role: &Principal) -> Option<&Power> {
    let lent = [AuthorityLabel::Admin, AuthorityLabel::IamWrite, AuthorityLabel::AssumeAny];
    role.every_power().iter().find(|power| lent.contains(&power.label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::catalogue;

    #[test]
    fn every_call_exists() {
        for call in WAYS.iter().flat_map(|way| &way.calls) {
            assert!(catalogue::action(call).is_some(), "{call}");
        }
        assert!(WAYS.iter().all(|way| !way.calls.is_empty()));
    }
}
