//! Pipelines that wait for an object under a name which the build beside them never gives it.

use crate::diagnostic::{Confidence, Doubt};
use crate::model::artifact::{Object, objects_of};
use crate::model::command::Command;
use crate::model::{Model, Pipeline, PipelineAction};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::template::folder_of;
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "unwritten-source",
    summary: "a pipeline waits for an object that the builds writing to its folder name otherwise",
    params: &[],
    facts: &["pipeline", "key", "project", "written"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let sources = context.model.pipelines.iter().flat_map(|pipeline| {
            pipeline.actions().map(move |(_, _, _, action)| (pipeline, action)).filter(|(_, action)| action.is_source())
        });
        sources.filter_map(|(pipeline, action)| of_source(context.model, pipeline, action)).collect()
    })
}

fn of_source(model: &Model, pipeline: &Pipeline, action: &PipelineAction) -> Option<Finding> {
    let (bucket, key) = (action.setting("S3Bucket")?, action.setting("S3ObjectKey")?);
    if model.all_commands().any(|command| may_upload_to(command, bucket)) {
        return None;
    }
    let named = model.with_stack_names(key);
    let writers = model
        .projects
        .iter()
        .flat_map(|project| objects_of(model, project, bucket).into_iter().map(move |object| (project, object)));
    let writers: Vec<_> = writers.collect();
    if writers.iter().any(|(_, object)| object.may_be(bucket, &named)) {
        return None;
    }
    // What lies elsewhere in the bucket may be written by somebody else.
    let is_beside = |object: &Object| folder_of(&object.key.display()) == folder_of(&named.display());
    let (project, object) = writers.iter().find(|(_, object)| is_beside(object))?;
    let mut found = Finding::new(key.span, format!("{} {}", pipeline.display(), action.name.display()))
        .fact("pipeline", pipeline.display())
        .fact("key", named.display())
        .fact("project", project.display())
        .fact("written", object.key.display())
        .related(object.key.span, format!("`{}` names its artifact here", project.display()));
    found.confidence = Confidence::Medium;
    let text = "whether something outside of these files writes it is not seen".to_owned();
    Some(found.doubted([Doubt { text, span: None }]))
}

/// An upload to the bucket, or to one that only the build knows.
fn may_upload_to(command: &Command, bucket: &Text) -> bool {
    const UPLOADS: [[&str; 2]; 5] =
        [["s3", "cp"], ["s3", "mv"], ["s3", "sync"], ["s3api", "put-object"], ["s3api", "copy-object"]];
    let names = |text: &str| text.contains('$') || bucket.literal().is_none_or(|bucket| text.contains(bucket));
    UPLOADS.iter().any(|upload| command.has_words(*upload)) && command.arguments().iter().any(|word| names(&word.text))
}
