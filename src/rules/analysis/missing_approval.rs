//! Pipelines that go to production without anybody's yes.

use crate::diagnostic::{Doubt, Severity};
use crate::model::deployment::{command_for, first_deployment, is_for_another, is_other_environment, to_production};
use crate::model::{Model, Pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::Condition;

pub const ANALYSIS: Analysis = Analysis {
    name: "missing-approval",
    summary: "a pipeline deploys to production and no approval stands before it",
    params: &[],
    facts: &["pipeline", "stage"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.pipelines.iter().filter_map(|pipeline| finding(context.model, pipeline)).collect()
    })
}

fn finding(model: &Model, pipeline: &Pipeline) -> Option<Finding> {
    let production = to_production(model, pipeline);
    let command = production.as_ref().and_then(|found| found.command);
    let (stage_index, index, span, is_certain, severity) = match production {
        Some(found) => (found.stage, found.action, found.name.span, found.is_certain, Severity::Medium),
        // One environment, and nothing that says which.
        None => {
            let certain = first_deployment(model, pipeline);
            let (stage, action) = certain.or_else(|| named_deployment(model, pipeline))?;
            if names_environment(model, pipeline) {
                return None;
            }
            let name = &pipeline.stages[stage].name;
            (stage, action, name.span, certain.is_some(), Severity::Info)
        }
    };
    let is_gated = pipeline.stages[..=stage_index].iter().any(|stage| stage.before_entry);
    if is_gated || pipeline.approval_before(stage_index, index).is_some() {
        return None;
    }
    let stage = &pipeline.stages[stage_index];
    let mut found = Finding::new(span, format!("{} {}", pipeline.display(), stage.name.display()))
        .fact("pipeline", pipeline.display())
        .fact("stage", stage.name.display().into_owned())
        .severity(severity)
        .related(pipeline.logical_id.span, "this pipeline");
    if let Some(command) = command {
        found = found.related(command, "deploys to production");
    }
    let conditional = pipeline.actions().find(|(at, _, holder, action)| {
        action.is_approval() && *at <= stage_index && !(holder.when.is_empty() && action.when.is_empty())
    });
    if let Some((_, _, holder, action)) = conditional {
        let conditions: Vec<&Condition> = holder.when.iter().chain(&action.when).collect();
        let named = format!("`{}` is {}", conditions[0].name, conditions[0].value);
        found = found.related(action.name.span, format!("this approval is there only when {named}"));
    }
    if !is_certain {
        let action = &stage.actions[index];
        let text = format!("that `{}` deploys is told from a name", action.name.display());
        found = found.doubted([Doubt { text, span: Some(action.name.span) }]);
    }
    Some(found)
}

/// The first build that is named for a deployment.
fn named_deployment(model: &Model, pipeline: &Pipeline) -> Option<(usize, usize)> {
    let mut actions = pipeline.actions();
    let found = actions.find(|(_, _, _, action)| action.project.is_some_and(|id| model.project(id).deploys.is_some()));
    found.map(|(stage, index, ..)| (stage, index))
}

fn names_environment(model: &Model, pipeline: &Pipeline) -> bool {
    pipeline.actions().any(|(_, _, stage, action)| {
        is_for_another(stage, action) || command_for(model, action, is_other_environment).is_some()
    })
}
