//! Actions of a pipeline that hand on to another an artifact which their build does not make.

use crate::model::{Model, Pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "output-without-files",
    summary: "an action takes the artifact of a build whose buildspec makes none",
    params: &[],
    facts: &["pipeline", "action", "artifact", "project"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.pipelines.iter().flat_map(|pipeline| of_pipeline(context.model, pipeline)).collect()
    })
}

fn of_pipeline(model: &Model, pipeline: &Pipeline) -> Vec<Finding> {
    let found = pipeline.actions().filter_map(|(_, _, _, action)| {
        let project = model.project(action.project?);
        let source = model.buildspec_of(project).filter(|source| source.buildspec.artifacts.is_none())?;
        // What nobody takes nobody misses: the CDK names an output for every build.
        let mut taken = pipeline.actions().filter_map(|(_, _, _, other)| {
            Some((other, action.outputs.iter().find(|output| other.inputs.contains(output))?))
        });
        let (taker, output) = taken.next()?;
        let found = Finding::new(output.span, format!("{} {}", pipeline.display(), action.name.display()))
            .fact("pipeline", pipeline.display())
            .fact("action", action.name.display())
            .fact("artifact", output.display())
            .fact("project", project.display())
            .related(taker.name.span, "takes it");
        Some(match source.buildspec.phases.first() {
            Some(phase) => found.related(phase.name.span, "no `artifacts` in this buildspec"),
            None => found,
        })
    });
    found.collect()
}
