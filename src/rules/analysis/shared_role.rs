//! One role for code that nobody has reviewed and for a deployment: the first takes over the second.

use super::chain::trust_confidence;
use crate::diagnostic::Confidence;
use crate::model::{BuildProject, Model, RoleRef};
use crate::rules::{Analysis, Check, Context, Finding, Params, doubt};
use crate::source::Span;

pub const ANALYSIS: Analysis = Analysis {
    name: "shared-role",
    summary: "an untrusted build and something that deploys run with one role",
    params: &[],
    facts: &["untrusted", "deploying", "role", "who"],
    bind,
};

/// Something that deploys, with the role it does it with.
struct Deploying<'m> {
    name: String,
    role: &'m RoleRef,
    span: Span,
    text: String,
    certain: bool,
}

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let model = context.model;
    let deploying = deploying(model);
    let mut findings = Vec::new();
    for project in model.projects.iter().filter(|project| project.webhook.is_some() && project.trust.is_untrusted()) {
        let Some(role) = &project.role else { continue };
        let shared = deploying.iter().filter(|other| other.role.is_same_role(role) && other.name != project.display());
        // The nearest one is meant, and a deploying command says more than a name.
        let near = |other: &&Deploying<'_>| model.nearness(other.role.span.file, project.file);
        let Some(other) = shared.min_by_key(|other| (std::cmp::Reverse(near(other)), !other.certain)) else { continue };
        findings.push(finding(model, project, role, other));
    }
    findings
}

fn deploying(model: &Model) -> Vec<Deploying<'_>> {
    let builds = model.projects.iter().filter_map(|project| {
        let evidence = project.deploys.as_ref()?;
        let role = project.role.as_ref()?;
        let (span, text) = (evidence.span, evidence.text.clone());
        Some(Deploying { name: project.display().to_owned(), role, span, text, certain: evidence.certain })
    });
    let actions = model.pipelines.iter().flat_map(|pipeline| {
        pipeline.actions().filter(|(_, _, _, action)| action.is_deploy_provider()).filter_map(|(_, _, _, action)| {
            let role = action.role.as_ref().or(pipeline.role.as_ref())?;
            let text = format!("the action `{}` deploys", action.name.display());
            Some(Deploying {
                name: action.name.display().into_owned(),
                role,
                span: action.name.span,
                text,
                certain: true,
            })
        })
    });
    builds.chain(actions).collect()
}

fn finding(model: &Model, project: &BuildProject, role: &RoleRef, other: &Deploying<'_>) -> Finding {
    let mut found = Finding::new(role.span, format!("{} {}", project.display(), other.name))
        .fact("untrusted", project.display())
        .fact("deploying", other.name.clone())
        .fact("role", role.display())
        .fact("who", project.trust.level.who())
        .label(format!("the role of `{}`", project.display()));
    if let Some((span, text)) = project.trust.because.first() {
        found = found.related(*span, format!("{text}: {} chooses what it runs", project.trust.level.who()));
    }
    if other.role.span != role.span {
        found = found.related(other.role.span, format!("`{}` has the same role", other.name));
    }
    found = found.related(other.span, other.text.clone());
    if let Some(principal) = model.role(Some(role)) {
        found = found.related(principal.logical_id.span, "this role");
        found = found.doubted(principal.authority.unseen.iter().map(doubt));
    } else {
        found = found.note(format!(
            "the policies of `{}` are in none of these files: what deploys with it can, by its work, deploy",
            role.display()
        ));
    }
    found.confidence = found.confidence.and(trust_confidence(project));
    if !other.certain {
        found.confidence = found.confidence.and(Confidence::Medium);
        found.doubts.push(crate::diagnostic::Doubt {
            text: format!("that `{}` deploys is told from a name", other.name),
            span: Some(other.span),
        });
    }
    found
}
