//! Pipelines that go to production without anybody's yes.

use crate::model::deployment::production_stage;
use crate::model::{Model, Pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params};

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
    let (stage_index, index, name) = production_stage(model, pipeline)?;
    let stage = &pipeline.stages[stage_index];
    let order = stage.actions[index].run_order;
    let approved = pipeline.actions().any(|(at, _, _, action)| {
        action.is_approval() && (at < stage_index || (at == stage_index && action.run_order < order))
    });
    if approved || stage.before_entry {
        return None;
    }
    let found = Finding::new(name.span, format!("{} {}", pipeline.display(), stage.name.display()))
        .fact("pipeline", pipeline.display())
        .fact("stage", stage.name.display().into_owned());
    Some(found.related(pipeline.logical_id.span, "this pipeline"))
}
