//! Builds of reviewed code that run what a build of unreviewed code can change: their image, or their repository.

use super::chain::{of_another_template, trust_confidence, with_conditions};
use super::own_build_image::replaceable;
use super::reach::Target;
use super::release_source::{Place, ReleaseSource, Writes, sources, sources_of};
use crate::diagnostic::Severity;
use crate::model::artifact::does;
use crate::model::principal::may_be_one_account;
use crate::model::{BuildProject, Model, Principal};
use crate::needs::arn::split_once;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "fed-build",
    summary: "a build of unreviewed code can change what another build runs",
    params: &[],
    facts: &["project", "other", "what", "who"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        let untrusted = model.projects.iter().filter(|project| project.runs_untrusted_code());
        let with_role = untrusted.filter_map(|project| Some((project, model.role(project.role.as_ref())?)));
        with_role.filter_map(|(project, role)| finding(model, project, role)).collect()
    })
}

fn finding(model: &Model, project: &BuildProject, role: &Principal) -> Option<Finding> {
    let writes = Writes::of(role);
    let others = model.projects.iter().filter(|other| {
        let is_own = model.role(other.role.as_ref()).is_some_and(|own| std::ptr::eq(own, role));
        !other.runs_untrusted_code()
            && !is_own
            && may_be_one_account(other.account.as_deref(), project.account.as_deref())
    });
    let reached = others.filter_map(|other| {
        let own = repository(other).into_iter().chain(of_pipelines(model, other)).map(|source| (source, "source"));
        let mut all = image(model, other).into_iter().chain(own);
        all.find_map(|(source, what)| {
            let grant = writes.to(&source)?;
            // Many roles write every object, and none of another template for all that is known.
            let is_guess = grant.everywhere && other.file != project.file;
            let is_told = !(is_guess && matches!(source.place, Place::Object { .. }));
            is_told.then(|| (other, source.text, what, grant.clone()))
        })
    });
    // Of copies of a template the nearest is meant, and of those the one that deploys.
    let (other, text, what, grant) = reached.min_by_key(|(other, ..)| {
        (std::cmp::Reverse(model.nearness(other.file, project.file)), other.deploys.is_none())
    })?;
    let power = model.role(other.role.as_ref()).and_then(Principal::high_power);
    let mut found = Finding::new(text.span, format!("{} {}", project.display(), other.display()))
        .fact("project", project.display())
        .fact("other", other.display())
        .fact("what", what)
        .fact("who", project.trust.level.who())
        .related(grant.span, format!("`{}` lets `{}` {}", role.display(), project.display(), does(&grant)))
        .granted([&grant]);
    if let Some((span, text)) = project.trust.because.first() {
        found = found.related(*span, text.clone());
    }
    found = match power {
        Some(power) => found.related(power.span, format!("its role may {}", power.label.verb())),
        None if other.deploys.is_none() => found.severity(Severity::Medium),
        None => found,
    };
    found.confidence = trust_confidence(project).and(grant.confidence);
    let is_guess = grant.everywhere && other.file != project.file;
    found = found.doubted(is_guess.then(|| of_another_template(&other.logical_id)));
    Some(with_conditions(found, &project.trust.when, Vec::new()))
}

fn image<'m>(model: &Model, project: &'m BuildProject) -> Option<(ReleaseSource<'m>, &'static str)> {
    let (text, target) = replaceable(model, project)?;
    Some((ReleaseSource { text, place: Place::Images(target) }, "image"))
}

/// What pipelines hand on to a build that deploy nothing. Who writes what others take is told of those pipelines.
fn of_pipelines<'m>(model: &'m Model, project: &BuildProject) -> impl Iterator<Item = ReleaseSource<'m>> {
    let pipelines = project.run_by.iter().map(|at| &model.pipelines[at.pipeline]);
    let tests = pipelines.filter(|pipeline| sources(model, pipeline).is_empty());
    tests.flat_map(|pipeline| sources_of(model, pipeline))
}

/// The repository that a project takes its code from by itself.
pub fn repository(project: &BuildProject) -> Option<ReleaseSource<'_>> {
    let text = project.source.location.as_ref().filter(|_| project.source.kind == "CODECOMMIT")?;
    let name = split_once(text, "/v1/repos/").map_or_else(|| by_reference(text), |(_, name)| Some(name))?;
    Some(ReleaseSource { text, place: Place::Code(Target::named("arn:*:codecommit:*:*:", &name, "")) })
}

/// `${Repository.CloneUrlHttp}`
fn by_reference(url: &Text) -> Option<Text> {
    url.as_hole().filter(|hole| hole.name.ends_with(".CloneUrlHttp")).map(|_| url.clone())
}
