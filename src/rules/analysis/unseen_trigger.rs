//! Pipelines that do not poll their source, and that nothing in the files starts.
//!
//! Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-about-starting.html>

use crate::model::{DeclaredResource, Pipeline, PipelineAction};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::{HoleKind, Text, Value};

pub const ANALYSIS: Analysis = Analysis {
    name: "unseen-trigger",
    summary: "nothing in the files starts a pipeline that does not poll its source",
    params: &[],
    facts: &["pipeline", "source"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let rules: Vec<&DeclaredResource> =
            context.model.resources.iter().filter(|one| one.kind == "AWS::Events::Rule").collect();
        let pipelines = context.model.pipelines.iter();
        pipelines.filter(|pipeline| pipeline.triggers.is_empty()).filter_map(|one| of_pipeline(one, &rules)).collect()
    })
}

fn of_pipeline(pipeline: &Pipeline, rules: &[&DeclaredResource]) -> Option<Finding> {
    let (poll, action) = pipeline.actions().find_map(|(_, _, _, action)| Some((not_polled(action)?, action)))?;
    if rules.iter().any(|rule| may_start(rule, pipeline)) {
        return None;
    }
    let found = Finding::new(poll.span, pipeline.display())
        .fact("pipeline", pipeline.display())
        .fact("source", action.provider.clone())
        .related(pipeline.logical_id.span, "this pipeline");
    Some(found)
}

fn not_polled(action: &PipelineAction) -> Option<&Text> {
    let polls = ["S3", "CodeCommit"].iter().any(|provider| action.is_provider("Source", provider));
    let poll = action.setting("PollForSourceChanges").filter(|_| polls)?;
    poll.literal().is_some_and(|text| text.eq_ignore_ascii_case("false")).then_some(poll)
}

/// A target that names the pipeline, or one of which that cannot be told.
fn may_start(rule: &DeclaredResource, pipeline: &Pipeline) -> bool {
    let Some(targets) = rule.value().and_then(|value| value.get("Targets")) else { return rule.is_open };
    let name = pipeline.name.as_ref().and_then(Text::literal);
    targets.items().into_iter().any(|(_, target)| {
        let Some(arn) = target.get("Arn").and_then(Value::as_text) else { return true };
        let is_it = arn.holes().any(|hole| match hole.kind {
            HoleKind::Resource => hole.template == pipeline.file && hole.logical_id() == pipeline.logical_id.value,
            HoleKind::Pseudo => false,
            _ => true,
        });
        is_it
            || arn.literal().is_some_and(|arn| name.is_some_and(|name| arn.ends_with(name)))
            || name.is_some_and(|name| arn.display().ends_with(&format!(":{name}")))
    })
}
