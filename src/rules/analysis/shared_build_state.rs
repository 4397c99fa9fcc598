//! What builds of unreviewed code share with others: a cache, machines, a log group.

use super::chain::{trust_confidence, with_conditions};
use crate::model::artifact::Writer;
use crate::model::{BuildProject, Model};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::value::Text;

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
        untrusted.filter_map(|project| finding(context.model, project, &what)).collect()
    })
}

fn finding(model: &Model, project: &BuildProject, what: &str) -> Option<Finding> {
    let own = shared(project, what)?;
    let others = model.projects.iter().filter(|other| !other.runs_untrusted_code());
    let others = others.filter_map(|other| Some((other, shared(other, what)?))).filter(|(_, text)| is_one(own, text));
    // Of copies of a template the nearest is meant, and of those the one that deploys.
    let (other, text) = others.min_by_key(|(other, _)| {
        (std::cmp::Reverse(model.nearness(other.file, project.file)), other.deploys.is_none())
    })?;
    let mut found = Finding::new(own.span, format!("{} {}", project.display(), other.display()))
        .fact("project", project.display())
        .fact("other", other.display())
        .fact("shared", own.display())
        .fact("who", project.trust.level.who())
        .related(text.span, format!("`{}` has the same", other.display()));
    if let Some((span, text)) = project.trust.because.first() {
        found = found.related(*span, text.clone());
    }
    let namespace = |project: &BuildProject| project.cache.as_ref().and_then(|cache| cache.namespace.clone());
    if what == "cache" && (namespace(project).is_none() || namespace(project) != namespace(other)) {
        // CodeBuild keeps caches without a common namespace apart, which is nothing to a command of the build.
        let write = Writer::new(model, project).role_writes_to(text, None);
        let note = "they have no `CacheNamespace` in common, and one role or the other reaches both";
        found = match write {
            Some(write) => found.related(write.span, write.text),
            None => found.lowered_by(1).note(note),
        };
    }
    found.confidence = trust_confidence(project);
    Some(with_conditions(found, &project.trust.when, Vec::new()))
}

fn shared<'m>(project: &'m BuildProject, what: &str) -> Option<&'m Text> {
    match what {
        "cache" => project.cache.as_ref().map(|cache| &cache.location),
        "fleet" => project.fleet.as_ref(),
        _ => project.logs.group.as_ref(),
    }
}

/// Whether both certainly are one, or one lies in the other.
fn is_one(left: &Text, right: &Text) -> bool {
    let (Some(one), Some(other)) = (left.literal(), right.literal()) else { return left == right };
    let (one, other) = (one.trim_end_matches('/'), other.trim_end_matches('/'));
    let is_below = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    one == other || (one.contains('/') && other.contains('/') && (is_below(one, other) || is_below(other, one)))
}
