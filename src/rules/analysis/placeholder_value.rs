//! Names that wait to be filled in before the template can be deployed.

use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::template::lies_below;

pub const ANALYSIS: Analysis = Analysis {
    name: "placeholder-value",
    summary: "a name or ARN that is only there to be replaced",
    params: &[],
    facts: &["text", "property"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

/// What lies there is to be filled in by others.
const OF_EXAMPLES: [&str; 4] = ["example", "examples", "sample", "samples"];

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for placeholder in &context.model.placeholders {
        if lies_below(context.sources.path(placeholder.span.file), &OF_EXAMPLES) {
            continue;
        }
        // The same placeholder in several files of a project is filled in once.
        if let Some(found) = findings.iter_mut().find(|found| found.subject == placeholder.text) {
            found.again_at(placeholder.span);
            continue;
        }
        let found = Finding::new(placeholder.span, placeholder.text.clone())
            .fact("text", placeholder.text.clone())
            .fact("property", placeholder.property.clone());
        findings.push(found);
    }
    findings
}
