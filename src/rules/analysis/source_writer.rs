//! Principals outside a pipeline that write what it releases: its source, or the artifacts between its actions.

use super::chain::{distinct, finding, list};
use super::deploy_permission::is_exempt;
use super::release_source::{ReleaseSource, Writes, sources};
use super::start_deploy_project::{deploys_anything, has_users};
use crate::iam::{ArnPattern, Grant};
use crate::model::artifact::{Objects, sets_policy};
use crate::model::deployment::first_deployment;
use crate::model::{Model, Pipeline, Principal};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use rayon::prelude::*;

pub const ANALYSIS: Analysis = Analysis {
    name: "source-writer",
    summary: "somebody who is no build and no pipeline writes what a pipeline releases",
    params: &[],
    facts: &["role", "kind", "worker", "action", "pattern", "pipeline", "what"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        let pipelines: Vec<Released<'_>> = model.pipelines.iter().filter_map(|one| Released::of(model, one)).collect();
        if pipelines.is_empty() {
            return Vec::new();
        }
        let outsiders = model.principals.par_iter().enumerate().filter(|(id, principal)| {
            // Builds publish by design, and what untrusted ones may do is told of them.
            !model.deployers.contains(*id)
                && !principal.is_ci_role()
                && !is_exempt(principal)
                && !has_users(model, principal)
        });
        let found: Vec<Option<Finding>> =
            outsiders.map(|(_, principal)| of_principal(model, principal, &pipelines)).collect();
        found.into_iter().flatten().collect()
    })
}

/// A pipeline that deploys, with what it deploys.
struct Released<'m> {
    pipeline: &'m Pipeline,
    sources: Vec<ReleaseSource<'m>>,
    /// What it keeps between its actions, and where that is said.
    stores: Vec<(Objects, Span)>,
    /// Somebody looks at it before it is deployed.
    is_approved: bool,
}

impl<'m> Released<'m> {
    fn of(model: &Model, pipeline: &'m Pipeline) -> Option<Released<'m>> {
        let (stage, action) = first_deployment(model, pipeline)?;
        let is_approved = pipeline.approval_before(stage, action).is_some();
        let stores = pipeline.stores.iter().map(|store| (Objects::new(store, None), store.span)).collect();
        Some(Released { pipeline, sources: sources(model, pipeline), stores, is_approved })
    }

    /// The grant by which somebody writes what is released, where that is, and what it is.
    fn written<'w, 'p>(&self, writes: &'w Writes<'p>) -> Option<(&'w Grant<'p>, Span, &'static str)> {
        let source = || self.sources.iter().find_map(|one| Some((writes.to(one)?, one.text.span, "the source")));
        let store =
            || self.stores.iter().find_map(|(store, place)| Some((writes.to_objects(store)?, *place, "the artifacts")));
        source().or_else(store)
    }
}

/// One finding for a principal: the nearest pipeline, the others named.
fn of_principal(model: &Model, principal: &Principal, pipelines: &[Released<'_>]) -> Option<Finding> {
    let writes = Writes::of(principal);
    // What a role writes everywhere is told of it; a chain to pipelines of other templates would be a guess.
    let named = writes.with(|grant| !names_nothing(grant));
    let is_near = |pipeline: &Pipeline| pipeline.file == principal.file || is_in_account(model, pipeline, principal);
    let written = |one: &Released<'_>| one.written(if is_near(one.pipeline) { &writes } else { &named });
    let mut reached: Vec<_> = pipelines.iter().filter_map(|one| Some((one, written(one)?))).collect();
    reached.sort_by_key(|(one, _)| std::cmp::Reverse(model.nearness(one.pipeline.file, principal.file)));
    let (released, (grant, place, what)) = reached.first()?;
    // Who deploys whatever they like needs no pipeline, and is told so.
    if deploys_anything(model, principal) {
        return None;
    }
    // A function or a machine that is given this very place is made to write there.
    let is_meant = principal.trusted_services().is_some() && !names_nothing(grant);
    let mut found = finding(model, principal, &[grant])?
        .fact("pipeline", released.pipeline.display())
        .fact("what", *what)
        .related(*place, format!("the pipeline `{}` deploys what is here", released.pipeline.display()));
    found.cause = None;
    found.subject = format!("{} {}", principal.display(), released.pipeline.display());
    found.lowered_by += u8::from(is_meant) + u8::from(released.is_approved);
    if released.is_approved {
        found = found.note("an approval stands before the deployment");
    }
    if sets_policy(grant) {
        found = found.note("whom the policy names writes there");
    }
    let others = distinct(reached.iter().skip(1).map(|(other, _)| format!("`{}`", other.pipeline.display())));
    if !others.is_empty() {
        found = found.note(format!("and of {}", list(&others, 4)));
    }
    Some(found)
}

/// Both are certainly in one account.
fn is_in_account(model: &Model, pipeline: &Pipeline, principal: &Principal) -> bool {
    let account = model.account_of_pipeline(pipeline);
    account.is_some() && account == principal.account.as_deref()
}

/// A grant on everything, or on whatever name.
fn names_nothing(grant: &Grant<'_>) -> bool {
    let is_any = |resource: &&ArnPattern| resource.resource_part().is_none_or(|part| part.display().starts_with('*'));
    grant.everywhere || grant.resources.iter().any(is_any)
}
