//! Principals that may pass a role and start something that runs with it: together that is the role.

use super::chain::{WHOSE, finding, is_meant, list};
use super::grants_action::{fits_several, is_unscoped};
use crate::diagnostic::{Confidence, Doubt};
use crate::iam::{ArnPattern, Grant, Wanted};
use crate::model::deployment::{Passable, Passing};
use crate::model::{AuthorityLabel, Model, Principal, PrincipalId};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

pub const ANALYSIS: Analysis = Analysis {
    name: "escalation-path",
    summary: "a principal may pass a role and start what runs with it",
    params: &[WHOSE],
    facts: &["role", "kind", "worker", "action", "pattern", "service", "calls", "target"],
    bind,
};

/// The service that gets the role, and the calls that are needed besides.
struct Path {
    service: &'static str,
    calls: Vec<&'static str>,
}

impl Path {
    /// The grants that it takes: of something new, or all of one thing that gets another role by an update.
    fn needed<'g, 'm>(&self, calls: &'g [Grant<'m>]) -> Option<Vec<&'g Grant<'m>>> {
        let every = |counts: &dyn Fn(&Grant<'_>) -> bool| {
            let needed = self.calls.iter().map(|call| calls.iter().find(|one| one.action == **call && counts(one)));
            needed.collect::<Option<Vec<_>>>()
        };
        every(&reaches_new).or_else(|| {
            let first = calls.iter().find(|one| one.action == self.calls[0] && TAKES_ROLE.contains(&self.calls[0]))?;
            let thing = first.resources.first()?.text().display();
            let is_on_it = |one: &&ArnPattern| one.text().display() == thing;
            every(&|grant| reaches_new(grant) || grant.resources.iter().any(is_on_it))
        })
    }
}

/// Calls that give another role to what is there. A stack is left aside: who may update one that is named deploys it.
const TAKES_ROLE: [&str; 2] = ["codebuild:UpdateProject", "codepipeline:UpdatePipeline"];

static PATHS: LazyLock<Vec<Path>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/escalation-paths.tsv").lines();
    let path = |line: &'static str| {
        let (service, calls) = line.split_once('\t')?;
        Some(Path { service, calls: calls.split('\t').collect() })
    };
    lines.filter(|line| !line.starts_with('#')).filter_map(path).collect()
});

static CALLS: LazyLock<Wanted> = LazyLock::new(|| {
    let mut calls: Vec<&str> = PATHS.iter().flat_map(|path| path.calls.iter().copied()).collect();
    calls.sort_unstable();
    calls.dedup();
    Wanted::new(&calls)
});

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let meant = model.principals.par_iter().filter(|principal| is_meant(principal, &principals));
        let targets: OnceLock<Vec<Passable<'_>>> = OnceLock::new();
        let targets = || targets.get_or_init(|| Passable::all(model)).as_slice();
        meant
            .filter(|principal| !is_told_already(principal))
            .filter_map(|one| of_principal(model, one, targets))
            .collect()
    })
}

/// Whether a role may do much that the principal may not: to deploy with another role is nothing new to who deploys.
fn outranks(role: &Principal, principal: &Principal) -> bool {
    let strongest = |one: &Principal| one.high_power().map(|power| power.label);
    strongest(role).is_some_and(|its| strongest(principal).is_none_or(|own| its < own))
}

/// Who may do everything, or change IAM, needs no way round.
fn is_told_already(principal: &Principal) -> bool {
    principal.power(AuthorityLabel::Admin).is_some() || principal.power(AuthorityLabel::IamWrite).is_some()
}

fn of_principal<'m>(
    model: &'m Model,
    principal: &Principal,
    targets: impl Fn() -> &'m [Passable<'m>],
) -> Option<Finding> {
    let passing = Passing::of(principal);
    if passing.grants().is_empty() {
        return None;
    }
    let calls = principal.authority.grants_of(&CALLS);
    PATHS.iter().find_map(|path| {
        let needed = path.needed(&calls)?;
        let target = targets().iter().find(|target| {
            // What a role may do takes longest to work out.
            !std::ptr::eq(target.role, principal)
                && trusts(target.role, path.service)
                && passing.reaches(target)
                && !is_by_design(model, principal, target.role)
                && outranks(target.role, principal)
        });
        let mut to_service = passing.grants().iter().filter(|grant| goes_to(grant, path.service));
        let by = match target {
            Some(_) => to_service.next()?,
            None => to_service.find(|grant| is_unscoped(grant))?,
        };
        worded(model, principal, path, by, &needed, target.map(|target| target.role))
    })
}

fn worded(
    model: &Model,
    principal: &Principal,
    path: &Path,
    by: &Grant<'_>,
    needed: &[&Grant<'_>],
    target: Option<&Principal>,
) -> Option<Finding> {
    let mut found = finding(model, principal, &[by])?;
    let calls: Vec<String> = path.calls.iter().map(|call| format!("`{call}`")).collect();
    let service = format!("`{}`", path.service);
    found.subject = format!("{} {}", principal.display(), path.calls.join(" "));
    found = found.granted(needed.iter().copied());
    for grant in needed.iter().take(3) {
        found = found.related(grant.span, format!("allows {}", grant.action));
        found.confidence = found.confidence.and(grant.confidence);
    }
    let named = match target {
        Some(role) => {
            found = found.related(role.logical_id.span, "the role that it becomes");
            format!("`{}`", role.display())
        }
        None => {
            // That there is a more powerful role is likely, and not seen.
            found.confidence = found.confidence.and(Confidence::Medium);
            let text = "which roles there are to pass is not seen".to_owned();
            found = found.doubted([Doubt { text, span: Some(by.span) }]);
            format!("any role that trusts {service}")
        }
    };
    Some(found.fact("service", service.clone()).fact("calls", list(&calls, 4)).fact("target", named))
}

/// Who is meant to deploy hands CloudFormation the role that is meant for it.
fn is_by_design(model: &Model, principal: &Principal, role: &Principal) -> bool {
    let among =
        |ids: &BTreeSet<PrincipalId>, one: &Principal| ids.iter().any(|id| std::ptr::eq(model.principal(*id), one));
    among(&model.deployers.principals, principal) && among(&model.deployers.execution, role)
}

/// Something new can be started by it, and not only one named thing.
fn reaches_new(grant: &Grant<'_>) -> bool {
    grant.everywhere || grant.resources.iter().any(|resource| fits_several(resource))
}

/// Whether the conditions let a role go to the service.
fn goes_to(grant: &Grant<'_>, service: &str) -> bool {
    let is_open = |text: &str| text.split('.').next().is_some_and(|name| name.contains('*'));
    let mut tests = grant.tests_on("iam:PassedToService").peekable();
    tests.peek().is_none()
        || tests.flat_map(|narrowing| narrowing.values()).any(|value| {
            value.literal().is_none_or(|text| {
                text.strip_prefix(service).is_some_and(|rest| rest.starts_with('.')) || is_open(text)
            })
        })
}

fn trusts(role: &Principal, service: &str) -> bool {
    role.trusted_services().is_some_and(|services| services.iter().any(|name| name == service))
}
