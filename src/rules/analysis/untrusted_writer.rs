//! Untrusted builds that can write what a pipeline takes for its own.

use super::chain::with_conditions;
use super::reach::{Target, reaches};
use crate::diagnostic::Severity;
use crate::model::artifact::{Write, role_writes_to, write_to};
use crate::model::{BuildProject, Model, Pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::source::Span;
use crate::value::Text;
use std::cmp::Reverse;

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
            let near = |project: &BuildProject| model.nearness(pipeline.file, project.file);
            let untrusted = model.projects.iter().filter(|project| project.runs_untrusted_code());
            let mut untrusted: Vec<(usize, &BuildProject)> =
                untrusted.map(|project| (near(project), project)).collect();
            untrusted.sort_by_key(|(near, _)| Reverse(*near));
            // Copies of a template in other folders name the same bucket; the nearest are meant.
            let mut nearest = None;
            for (near, project) in untrusted {
                if nearest.is_some_and(|nearest| near < nearest) {
                    break;
                }
                let finding = match target.as_str() {
                    "artifact-store" => store(model, pipeline, project),
                    _ => source(model, pipeline, project),
                };
                if let Some(finding) = finding {
                    nearest = Some(near);
                    findings.push(finding);
                }
            }
        }
        findings
    })
}

/// The S3 source of a pipeline that deploys.
fn source(model: &Model, pipeline: &Pipeline, project: &BuildProject) -> Option<Finding> {
    let deploys = pipeline.actions().any(|(_, _, _, action)| {
        action.is_deploy_provider()
            || action.deploying_command().is_some()
            || action.project.is_some_and(|id| model.project(id).deploys.is_some())
    });
    if !deploys {
        return None;
    }
    pipeline.actions().filter(|(_, _, _, action)| action.is_source()).find_map(|(_, _, _, action)| {
        let (target, write) = match action.provider.to_ascii_lowercase().as_str() {
            "s3" => {
                let (bucket, key) = (action.setting("S3Bucket")?, action.setting("S3ObjectKey"));
                (key.unwrap_or(bucket), write_to(model, project, bucket, key)?)
            }
            "ecr" => {
                let name = action.setting("RepositoryName")?;
                let target = Target::named("arn:*:ecr:*:*:repository/", name, "");
                (name, push_to(model, project, "ecr:PutImage", &target)?)
            }
            "codecommit" => {
                let name = action.setting("RepositoryName")?;
                (
                    name,
                    push_to(model, project, "codecommit:GitPush", &Target::named("arn:*:codecommit:*:*:", name, ""))?,
                )
            }
            _ => return None,
        };
        Some(finding(pipeline, project, target, "releases what is here", &write))
    })
}

/// Whether the role of a build lets it push to a repository. A condition may name branches or tags
/// that are none of the pipeline's.
fn push_to(model: &Model, project: &BuildProject, action: &str, target: &Target) -> Option<Write> {
    let role = model.role(project.role.as_ref())?;
    let grants = role.authority.grants(&[action]);
    let grant = grants.iter().find(|grant| grant.narrowing.is_empty() && reaches(grant, target))?;
    let text = format!("`{}` lets it push there", role.display());
    Some(Write { span: grant.span, text, is_artifact: false })
}

fn store(model: &Model, pipeline: &Pipeline, project: &BuildProject) -> Option<Finding> {
    pipeline.stores.iter().find_map(|store| {
        let write = write_to(model, project, store, None)?;
        let found = finding(pipeline, project, store, "keeps its artifacts here", &write);
        let role = model.role(project.role.as_ref());
        let is_apart = role.is_some() && role_writes_to(model, project, store, Some(&key_of(pipeline))).is_none();
        Some(if is_apart {
            found.severity(Severity::Medium).note("its role keeps it to a folder that is not that of the pipeline")
        } else {
            found
        })
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
    let found = with_conditions(found, &project.trust.when, Vec::new());
    with_trust(found, project.trust.because.first())
}

fn with_trust(found: Finding, because: Option<&(Span, String)>) -> Finding {
    match because {
        Some((span, text)) => found.related(*span, text.clone()),
        None => found,
    }
}
