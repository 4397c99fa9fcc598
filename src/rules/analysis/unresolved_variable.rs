//! Variables that nothing in the file declares.

use crate::diagnostic::Severity;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::HoleKind;

pub const ANALYSIS: Analysis = Analysis {
    name: "unresolved-variable",
    summary: "a reference to something that the template does not declare",
    params: &[],
    facts: &["name", "what"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for unresolved in &context.model.unresolved {
        // One finding for a variable, however often it is used; a tool's variables are the same in
        // every file.
        let is_tools = unresolved.kind == HoleKind::Tool;
        let seen = findings
            .iter_mut()
            .find(|found| found.subject == unresolved.name && (is_tools || found.span.file == unresolved.span.file));
        if let Some(found) = seen {
            found.again_at(unresolved.span);
            continue;
        }
        let is_of_iam = !is_tools && is_of_iam(&unresolved.name);
        let (what, help) = match unresolved.kind {
            HoleKind::Pseudo => (
                "outside of `Fn::Sub` and `Ref`, where nothing puts it in",
                "put the text into `Fn::Sub` or `Ref`: as it stands, the name is taken word for word".to_owned(),
            ),
            HoleKind::Tool => {
                ("a variable of a tool that runs before CloudFormation", "its value is taken as unknown".to_owned())
            }
            _ if is_of_iam => (
                "an IAM policy variable",
                format!("inside `Fn::Sub` write `${{!{}}}`, which leaves the variable to IAM", unresolved.name),
            ),
            _ if unresolved.name.contains('.') && !unresolved.name.contains([':', '$']) => {
                ("an attribute of no resource of this template", "declare the resource, or correct its name".to_owned())
            }
            _ => ("no parameter, resource or condition of this template", "declare it, or correct the name".to_owned()),
        };
        let mut found = Finding::new(unresolved.span, unresolved.name.clone())
            .fact("name", unresolved.name.clone())
            .fact("what", what);
        found.help = Some(help);
        if unresolved.kind == HoleKind::Pseudo {
            // The statement speaks of nothing that there is.
            found = found.severity(Severity::Medium).label("stays as it is written");
        } else if is_of_iam {
            // CloudFormation knows no such name, and refuses the template.
            found = found.severity(Severity::Medium);
        }
        findings.push(found);
    }
    findings
}

/// `aws:username`, `codebuild:projectArn`; not `AWS::Region`.
fn is_of_iam(name: &str) -> bool {
    name.contains(':') && !name.contains("::") && name.starts_with(|first: char| first.is_ascii_lowercase())
}
