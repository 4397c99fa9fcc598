//! Commands whose doing stands elsewhere: what the build needs of its role cannot be told.

use super::chain::list;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "opaque-commands",
    summary: "a command that is not understood, so that what the build needs is not known",
    params: &[],
    facts: &["commands", "count"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, source) in context.model.buildspecs.iter().enumerate() {
        // A buildspec that no project is seen to run has no role to speak of.
        if !context.model.projects.iter().any(|project| project.buildspec_id() == Some(id)) {
            continue;
        }
        let opaque: Vec<_> = source.commands.iter().filter(|command| command.is_opaque()).collect();
        let Some(first) = opaque.first() else { continue };
        let shown = |command: &&crate::model::command::Command| {
            let words: Vec<&str> = command.effective().iter().take(3).map(|word| word.text.as_str()).collect();
            format!("`{}`", words.join(" "))
        };
        let names: Vec<String> = opaque.iter().map(shown).collect();
        let mut found = Finding::new(first.span, names.join(" "))
            .fact("commands", list(&names, 3))
            .fact("count", opaque.len().to_string());
        for command in opaque.iter().skip(1).take(3) {
            found = found.related(command.span, "nor is this");
        }
        findings.push(found);
    }
    findings
}
