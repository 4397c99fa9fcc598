//! Untrusted builds that can write what a pipeline takes for its own.

use crate::model::artifact::{Write, write_to};
use crate::model::{BuildProject, Model, Pipeline};
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

fn bind(params: &Params) -> Check {
    let target = params.word("target");
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let mut findings = Vec::new();
        for pipeline in &model.pipelines {
            let untrusted =
                model.projects.iter().filter(|project| project.webhook.is_some() && project.trust.is_untrusted());
            let found: Vec<(usize, Finding)> = untrusted
                .filter_map(|project| {
                    let finding = match target.as_str() {
                        "artifact-store" => store(model, pipeline, project),
                        _ => source(model, pipeline, project),
                    };
                    Some((model.nearness(pipeline.file, project.file), finding?))
                })
                .collect();
            // Copies of a template in other folders name the same bucket; the nearest are meant.
            let nearest = found.iter().map(|(near, _)| *near).max();
            findings.extend(found.into_iter().filter(|(near, _)| Some(*near) == nearest).map(|(_, finding)| finding));
        }
        findings
    })
}

/// The S3 source of a pipeline that deploys.
fn source(model: &Model, pipeline: &Pipeline, project: &BuildProject) -> Option<Finding> {
    let deploys = pipeline.actions().any(|(_, _, _, action)| {
        action.is_deploy_provider() || action.project.is_some_and(|id| model.project(id).deploys.is_some())
    });
    if !deploys {
        return None;
    }
    pipeline.actions().filter(|(_, _, _, action)| action.is_source()).find_map(|(_, _, _, action)| {
        let bucket = action.setting("S3Bucket")?;
        let key = action.setting("S3ObjectKey");
        let write = write_to(model, project, bucket, key)?;
        let key = key.unwrap_or(bucket);
        Some(finding(pipeline, project, key, "releases this object", &write))
    })
}

fn store(model: &Model, pipeline: &Pipeline, project: &BuildProject) -> Option<Finding> {
    pipeline.stores.iter().find_map(|store| {
        let write = write_to(model, project, store, None)?;
        Some(finding(pipeline, project, store, "keeps its artifacts here", &write))
    })
}

fn finding(pipeline: &Pipeline, project: &BuildProject, target: &Text, does: &str, write: &Write) -> Finding {
    let found = Finding::new(target.span, format!("{} {}", project.display(), pipeline.display()))
        .fact("project", project.display())
        .fact("pipeline", pipeline.display())
        .fact("target", target.display().into_owned())
        .fact("who", project.trust.level.who())
        .label(format!("the pipeline `{}` {does}", pipeline.display()))
        .related(write.span, format!("`{}` can write it: {}", project.display(), write.text));
    with_trust(found, project.trust.because.first())
}

fn with_trust(found: Finding, because: Option<&(Span, String)>) -> Finding {
    match because {
        Some((span, text)) => found.related(*span, text.clone()),
        None => found,
    }
}
