//! Action names that match nothing, and so grant or deny nothing.

use crate::diagnostic::Applicability;
use crate::edit::{Change, Step};
use crate::iam::names::{correction, problem};
use crate::iam::{ActionPattern, NameProblem, Statement};
use crate::model::Policy;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "unknown-action",
    summary: "an action that does not exist",
    params: &[],
    facts: &["owner", "pattern", "problem"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        super::of_policies(context, |policy| {
            policy.document.statements.iter().flat_map(|statement| of_statement(policy, statement))
        })
    })
}

fn of_statement(policy: &Policy, statement: &Statement) -> Vec<Finding> {
    let patterns = || statement.actions.iter().flat_map(|actions| &actions.patterns);
    let findings = patterns().filter_map(|pattern| {
        let problem = problem(pattern)?;
        let shown = pattern.text().display().into_owned();
        let (text, label, help) = words(&shown, &problem);
        // Of several names, only the author knows which was meant.
        let change = correction(pattern, &problem).map(|(name, is_evident)| {
            let applicability = if is_evident { Applicability::Safe } else { Applicability::Unsafe };
            let is_meant = |other: &ActionPattern| {
                other.when.is_empty() && other.text().literal().is_some_and(|other| other.eq_ignore_ascii_case(&name))
            };
            if patterns().any(is_meant) {
                let title = format!("remove it: `{name}` is there already");
                return Change::new(applicability, title, vec![Step::Remove(pattern.span())]);
            }
            let title = if help.contains(&name) { help.clone() } else { format!("write `{name}`") };
            Change::rename(applicability, &title, pattern.span(), &shown, &name)
        });
        let mut found = Finding::new(pattern.span(), format!("{} {shown}", policy.owner.name))
            .fact("owner", policy.owner.display())
            .fact("pattern", shown)
            .fact("problem", text)
            .label(label);
        found.help = Some(help);
        found.change = change;
        Some(found)
    });
    findings.collect()
}

/// What is wrong, the label, and the help.
fn words(pattern: &str, problem: &NameProblem) -> (String, String, String) {
    match problem {
        NameProblem::NoService { meant } => (
            format!("`{pattern}` names no service"),
            "no service before the name".into(),
            suggestion(meant, "write it as `service:Action`"),
        ),
        NameProblem::WildcardInService => (
            format!("`{pattern}` has a wildcard in the name of the service"),
            "IAM refuses a wildcard here".into(),
            "name the service; a statement for each where there are several".into(),
        ),
        NameProblem::UnknownService { service, meant } => {
            let meant: Vec<String> = meant.iter().cloned().collect();
            (
                format!("there is no service `{service}`"),
                "no such service".into(),
                suggestion(&meant, "look the prefix up in the service authorization reference"),
            )
        }
        NameProblem::UnknownAction { meant, is_call: true } => (
            format!("no action is named `{pattern}`"),
            "matches no action".into(),
            format!("the call of that name is permitted by {}", quoted(meant, " and ")),
        ),
        NameProblem::UnknownAction { meant, is_call: false } => (
            format!("no action is named `{pattern}`"),
            "matches no action".into(),
            of_space(pattern)
                .unwrap_or_else(|| suggestion(meant, "look the name up in the service authorization reference")),
        ),
    }
}

/// Suggestions for `ec2:* `, whose mistake cannot be seen.
fn of_space(pattern: &str) -> Option<String> {
    pattern.contains(char::is_whitespace).then(|| "there is a space in it: remove it".to_owned())
}

fn suggestion(meant: &[String], otherwise: &str) -> String {
    match meant {
        [] => otherwise.to_owned(),
        some => format!("did you mean {}?", quoted(&some[..some.len().min(3)], " or ")),
    }
}

fn quoted(names: &[String], joined_by: &str) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(joined_by)
}
