//! Errors of syntax and structure, as reading found them.

use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "syntax-problem",
    summary: "text that is no YAML or JSON, or whose structure AWS refuses",
    params: &[],
    facts: &["problem"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let problems = context.model.problems.iter().map(|problem| {
        let mut found = Finding::new(problem.primary.span, problem.subject.clone())
            .fact("problem", problem.message.clone())
            .label(problem.primary.text.clone());
        found.related = problem.labels.clone();
        found.notes = problem.notes.clone();
        found.help = problem.help.clone();
        found.fix = problem.fix.clone();
        found
    });
    problems.collect()
}
