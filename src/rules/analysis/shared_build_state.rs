//! What builds of unreviewed code share with others: a cache, machines, a log group.

use super::chain::{trust_confidence, with_conditions};
use crate::model::artifact::{Write, Writer};
use crate::model::{BuildProject, Model};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::source::Span;
use crate::value::Text;
use std::collections::HashSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "shared-build-state",
    summary: "a build of unreviewed code shares something with builds of reviewed code",
    params: &[Param {
        name: "what",
        kind: ParamKind::Choice(&["cache", "fleet", "log-group"]),
        required: true,
        doc: "what they share",
    }],
    facts: &["project", "other", "shared", "who"],
    bind,
};

fn bind(params: &Params) -> Check {
    let what = params.word("what");
    Box::new(move |context: &Context<'_>| {
        let untrusted = context.model.projects.iter().filter(|project| project.runs_untrusted_code());
        let mut found: Vec<_> = untrusted.filter_map(|project| finding(context.model, project, &what)).collect();
        // What a role reaches in another place is told once, however many builds have the role.
        found.sort_by_key(|(_, reach)| reach.is_some_and(|reach| reach.is_elsewhere));
        let mut told = HashSet::new();
        found.retain(|(_, reach)| {
            reach.is_none_or(|reach| told.insert((reach.grant, reach.cache)) || !reach.is_elsewhere)
        });
        found.into_iter().map(|(finding, _)| finding).collect()
    })
}

/// A grant by which a build writes to the cache of another.
#[derive(Clone, Copy)]
struct Reach {
    grant: Span,
    cache: Span,
    is_elsewhere: bool,
}

fn finding(model: &Model, project: &BuildProject, what: &str) -> Option<(Finding, Option<Reach>)> {
    let own = shared(project, what)?;
    let writer = (what == "cache").then(|| Writer::new(model, project));
    let others = model.projects.iter().filter(|other| !other.runs_untrusted_code());
    let others = others.filter_map(|other| {
        let text = shared(other, what)?;
        let way = match &writer {
            Some(writer) => way_to_cache(writer, project, other)?,
            None => Some(Way::Same).filter(|_| own == text)?,
        };
        Some((other, text, way))
    });
    // Of copies of a template the nearest is meant, and of those the one that deploys.
    let (other, text, way) = others.min_by_key(|(other, ..)| {
        (std::cmp::Reverse(model.nearness(other.file, project.file)), other.deploys.is_none())
    })?;
    let mut found = Finding::new(own.span, format!("{} {}", project.display(), other.display()))
        .fact("project", project.display())
        .fact("other", other.display())
        .fact("shared", text.display())
        .fact("who", project.trust.level.who());
    let what = if own == text { "the same" } else { "this" };
    found = found.related(text.span, format!("`{}` has {what}", other.display()));
    if let Some((span, text)) = project.trust.because.first() {
        found = found.related(*span, text.clone());
    }
    let mut reach = None;
    found = match way {
        Way::Same => found,
        Way::ByRole(write) => {
            reach = Some(Reach { grant: write.span, cache: text.span, is_elsewhere: !is_one_place(own, text) });
            found.related(write.span, write.text)
        }
        Way::MaybeByRole => found.lowered_by(1).note(
            "they have no `CacheNamespace` in common; the role, which is not seen in full, has to write there for its own cache",
        ),
    };
    found.confidence = trust_confidence(project);
    Some((with_conditions(found, &project.trust.when, Vec::new()), reach))
}

/// How a build comes to what another has.
enum Way {
    Same,
    ByRole(Write),
    MaybeByRole,
}

/// CodeBuild keeps caches apart that have no place and no namespace in common, which is nothing to a command of the
/// build: it reaches what its role may write, and that is its own cache at least.
fn way_to_cache(writer: &Writer<'_>, project: &BuildProject, other: &BuildProject) -> Option<Way> {
    let (own, its) = (project.cache.as_ref()?, other.cache.as_ref()?);
    let is_one = is_one_place(&own.location, &its.location);
    if is_one && own.namespace.is_some() && own.namespace == its.namespace {
        return Some(Way::Same);
    }
    if let Some(write) = writer.role_writes_any_below(&its.location) {
        return (is_one || !write.is_anywhere).then_some(Way::ByRole(write));
    }
    let covers = is_one || is_below(&its.location, &own.location);
    (covers && !writer.is_seen_in_full()).then_some(Way::MaybeByRole)
}

/// Whether both certainly are one place.
fn is_one_place(one: &Text, other: &Text) -> bool {
    match (one.literal(), other.literal()) {
        (Some(one), Some(other)) => one.trim_end_matches('/') == other.trim_end_matches('/'),
        _ => one == other,
    }
}

fn is_below(inner: &Text, outer: &Text) -> bool {
    let (Some(inner), Some(outer)) = (inner.literal(), outer.literal()) else { return false };
    inner.strip_prefix(outer.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

fn shared<'m>(project: &'m BuildProject, what: &str) -> Option<&'m Text> {
    match what {
        "cache" => project.cache.as_ref().map(|cache| &cache.location),
        "fleet" => project.fleet.as_ref(),
        _ => project.logs.group.as_ref(),
    }
}
