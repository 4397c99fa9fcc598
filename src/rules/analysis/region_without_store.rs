//! Actions in a region in which their pipeline has no bucket.
//!
//! Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-create-cross-region.html>

use crate::model::Pipeline;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::Text;
use std::collections::BTreeSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "region-without-store",
    summary: "an action runs in a region for which the pipeline has no artifact store",
    params: &[],
    facts: &["pipeline", "action", "region", "regions"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.pipelines.iter().flat_map(of_pipeline).collect())
}

/// One finding for each region that is missing.
fn of_pipeline(pipeline: &Pipeline) -> Vec<Finding> {
    let regions: Option<Vec<&str>> = pipeline.store_regions.iter().map(Text::literal).collect();
    let Some(regions) = regions.filter(|regions| !regions.is_empty()) else { return Vec::new() };
    let mut told = BTreeSet::new();
    let mut findings = Vec::new();
    for (_, _, _, action) in pipeline.actions() {
        let Some((region, text)) = action.region.as_ref().and_then(|region| Some((region.literal()?, region))) else {
            continue;
        };
        if regions.contains(&region) || !told.insert(region) {
            continue;
        }
        let mut found = Finding::new(action.name.span, format!("{} {region}", pipeline.display()))
            .fact("pipeline", pipeline.display())
            .fact("action", action.name.display())
            .fact("region", region)
            .fact("regions", regions.join(", "))
            .related(pipeline.store_regions[0].span, "has a store");
        if text.span.file == action.name.span.file {
            found = found.related(text.span, "runs here");
        }
        findings.push(found);
    }
    findings
}
