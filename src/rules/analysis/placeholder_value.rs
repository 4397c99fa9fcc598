//! Names that wait to be filled in before the template can be deployed.

use crate::rules::{Analysis, Check, Context, Finding, Params};

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

/// What lies in a folder of examples is there to be filled in by others.
fn is_example(path: &str) -> bool {
    let mut folders = path.split('/').rev().skip(1);
    folders.any(|folder| matches!(folder, "example" | "examples" | "sample" | "samples"))
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for placeholder in &context.model.placeholders {
        if is_example(context.sources.path(placeholder.span.file)) {
            continue;
        }
        // The same placeholder in several files of a project is filled in once.
        if findings.iter().any(|found| found.subject == placeholder.text) {
            continue;
        }
        let found = Finding::new(placeholder.span, placeholder.text.clone())
            .fact("text", placeholder.text.clone())
            .fact("property", placeholder.property.clone());
        findings.push(found);
    }
    findings
}
