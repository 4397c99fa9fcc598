//! Untrusted builds that can write what a pipeline takes for its own.

use super::chain::{of_another_template, with_conditions};
use super::release_source::{Place, ReleaseSource, Writes, sources};
use crate::diagnostic::Severity;
use crate::model::artifact::{Write, Writer, does};
use crate::model::{BuildProject, Model, Pipeline, PipelineId, ProjectId};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::source::Span;
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "untrusted-writer",
    summary: "an untrusted build can write what a pipeline releases or keeps between its actions",
    params: &[Param {
        name: "target",
        kind: ParamKind::Choice(&["release-source", "artifact-store"]),
        required: true,
        doc: "the source of a pipeline that deploys, or the store that it keeps artifacts in",
    }],
    facts: &["project", "pipeline", "target", "who"],
    bind,
};

/// A build that can write what belongs to a pipeline.
struct Hit {
    pipeline: PipelineId,
    project: ProjectId,
    near: usize,
    is_anywhere: bool,
    finding: Finding,
}

fn bind(params: &Params) -> Check {
    let target = params.word("target");
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let mut hits = Vec::new();
        for (project_id, project) in model.projects.iter().enumerate().filter(|(_, one)| one.runs_untrusted_code()) {
            let writer = Writer::new(model, project);
            for (pipeline_id, pipeline) in model.pipelines.iter().enumerate() {
                let found = match target.as_str() {
                    "artifact-store" => store(pipeline, project, &writer),
                    _ => source(model, pipeline, project, &writer),
                };
                let near = model.nearness(pipeline.file, project.file) + usize::from(pipeline.file == project.file);
                hits.extend(found.map(|(finding, write)| {
                    let is_anywhere = write.is_anywhere;
                    Hit { pipeline: pipeline_id, project: project_id, near, is_anywhere, finding }
                }));
            }
        }
        chosen(hits)
    })
}

/// Copies of a template in other folders name the same bucket: the nearest are meant. A role that
/// writes everywhere is told of once, with the pipeline that is nearest.
fn chosen(hits: Vec<Hit>) -> Vec<Finding> {
    let is_nearest = |hit: &Hit| {
        let rivals = hits.iter().filter(|other| match hit.is_anywhere {
            true => other.project == hit.project && other.is_anywhere,
            false => other.pipeline == hit.pipeline && !other.is_anywhere,
        });
        let best = rivals.max_by_key(|other| (other.near, std::cmp::Reverse((other.pipeline, other.project))));
        best.is_some_and(|best| match hit.is_anywhere {
            true => best.pipeline == hit.pipeline,
            false => best.near == hit.near,
        })
    };
    let keep: Vec<(bool, usize)> = hits
        .iter()
        .map(|hit| {
            let others =
                hits.iter().filter(|other| hit.is_anywhere && other.is_anywhere && other.project == hit.project);
            (is_nearest(hit), others.count().saturating_sub(1))
        })
        .collect();
    let kept = hits.into_iter().zip(keep).filter(|(_, (is_nearest, _))| *is_nearest);
    let told = kept.map(|(hit, (_, others))| match others {
        0 => hit.finding,
        1 => hit.finding.note("it can write that of another pipeline too: its role writes everywhere"),
        count => {
            hit.finding.note(format!("it can write those of {count} other pipelines too: its role writes everywhere"))
        }
    });
    told.collect()
}

/// The source of a pipeline that deploys.
fn source(model: &Model, pipeline: &Pipeline, project: &BuildProject, writer: &Writer<'_>) -> Option<(Finding, Write)> {
    sources(model, pipeline).iter().find_map(|source| {
        let write = match &source.place {
            Place::Object { bucket, key, .. } => writer.write_to(bucket, *key)?,
            Place::Images(_) | Place::Code(_) => pushed(model, project, source)?,
        };
        Some((finding(pipeline, project, source.text, "releases what is here", &write), write))
    })
}

/// How the role of a build lets it push to a repository.
fn pushed(model: &Model, project: &BuildProject, source: &ReleaseSource<'_>) -> Option<Write> {
    let role = model.role(project.role.as_ref())?;
    let writes = Writes::of(role);
    let grant = writes.to(source)?;
    let text = format!("`{}` lets it {}", role.display(), does(grant));
    Some(Write { span: grant.span, text, is_artifact: false, is_anywhere: grant.everywhere })
}

fn store(pipeline: &Pipeline, project: &BuildProject, writer: &Writer<'_>) -> Option<(Finding, Write)> {
    pipeline.stores.iter().find_map(|store| {
        let write = writer.write_to(store, None)?;
        let found = finding(pipeline, project, store, "keeps its artifacts here", &write);
        let is_apart = writer.has_role() && writer.role_writes_to(store, Some(&key_of(pipeline))).is_none();
        let note = "its role keeps it to a folder that is not that of the pipeline";
        Some((if is_apart { found.severity(Severity::Medium).note(note) } else { found }, write))
    })
}

/// An object of the pipeline: its keys start with the first twenty characters of its name.
fn key_of(pipeline: &Pipeline) -> Text {
    let name = pipeline.name.as_ref().and_then(Text::literal).unwrap_or("the-pipeline");
    let folder: String = name.chars().take(20).collect();
    Text::at(format!("{folder}/artifact/object"), pipeline.logical_id.span)
}

fn finding(pipeline: &Pipeline, project: &BuildProject, target: &Text, does: &str, write: &Write) -> Finding {
    let found = Finding::new(target.span, format!("{} {}", project.display(), pipeline.display()))
        .fact("project", project.display())
        .fact("pipeline", pipeline.display())
        .fact("target", target.display().into_owned())
        .fact("who", project.trust.level.who())
        .label(format!("the pipeline `{}` {does}", pipeline.display()))
        .related(write.span, format!("`{}` can write it: {}", project.display(), write.text));
    let is_guess = write.is_anywhere && pipeline.file != project.file;
    let doubt = is_guess.then(|| of_another_template(&pipeline.logical_id));
    let found = with_conditions(found.doubted(doubt), &project.trust.when, Vec::new());
    with_trust(found, project.trust.because.first())
}

fn with_trust(found: Finding, because: Option<&(Span, String)>) -> Finding {
    match because {
        Some((span, text)) => found.related(*span, text.clone()),
        None => found,
    }
}
