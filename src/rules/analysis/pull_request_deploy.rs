//! Pipelines that deploy what a pull request holds.

use crate::diagnostic::{Doubt, Severity};
use crate::model::deployment::{first_deployment, words};
use crate::model::{ActionRef, Model, Pipeline, from_pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "pull-request-deploy",
    summary: "a pipeline that pull requests start and that deploys",
    params: &[],
    facts: &["pipeline", "stage"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.pipelines.iter().enumerate().filter_map(|(id, one)| finding(context.model, id, one)).collect()
    })
}

fn finding(model: &Model, id: usize, pipeline: &Pipeline) -> Option<Finding> {
    let event = pipeline.triggers.iter().find_map(|trigger| trigger.pull_requests)?;
    let (stage, action) = first_deployment(model, pipeline)?;
    let trust = from_pipeline(model, ActionRef { pipeline: id, stage, action });
    let holder = &pipeline.stages[stage];
    let deploying = &holder.actions[action];
    let mut found = Finding::new(event, format!("{} {}", pipeline.display(), holder.name.display()))
        .fact("pipeline", pipeline.display())
        .fact("stage", holder.name.display().into_owned())
        .related(deploying.name.span, "deploys")
        .related(pipeline.logical_id.span, "this pipeline");
    // Somebody has the pull request before the eyes, or it gets a place of its own.
    let is_own_place = is_ephemeral(&holder.name.display()) || is_ephemeral(&deploying.name.display());
    if !trust.is_untrusted() || is_own_place {
        found = found.severity(Severity::Medium);
    }
    if !deploying.is_deploy_provider() && deploying.deploying_command().is_none() {
        let text = format!("that `{}` deploys is told from a name or from its build", deploying.name.display());
        found = found.doubted([Doubt { text, span: Some(deploying.name.span) }]);
    }
    Some(found)
}

/// An environment that a pull request has for itself.
fn is_ephemeral(name: &str) -> bool {
    const WORDS: [&str; 7] = ["ephemeral", "mr", "pr", "preview", "previews", "pullrequest", "review"];
    let words = words(name);
    words.iter().any(|word| WORDS.contains(&word.as_str()))
        || words.windows(2).any(|pair| pair[0] == "pull" && pair[1] == "request")
}
