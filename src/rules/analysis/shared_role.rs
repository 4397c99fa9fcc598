//! One role for code that nobody has reviewed and for a deployment: the first takes over the second.

use super::chain::{trust_confidence, with_conditions};
use crate::diagnostic::{Confidence, Doubt, Severity};
use crate::model::{ActionRef, BuildProject, CodeTrust, Model, RoleRef, from_pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params, doubt};
use crate::source::Span;

pub const ANALYSIS: Analysis = Analysis {
    name: "shared-role",
    summary: "an untrusted build and something that deploys run with one role",
    params: &[],
    facts: &["untrusted", "deploying", "role", "who", "sharing"],
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
    for untrusted in untrusted(model) {
        let role = untrusted.role;
        let shared = deploying.iter().filter(|other| other.role.is_same_role(role));
        // A name alone does not show that an untrusted build deploys what it builds.
        let shared = shared.filter(|other| other.certain || other.name != untrusted.name);
        // The nearest one is meant, and a deploying command says more than a name.
        let near = |other: &&Deploying<'_>| model.nearness(other.role.span.file, role.span.file);
        let Some(other) = shared.min_by_key(|other| (std::cmp::Reverse(near(other)), !other.certain)) else { continue };
        findings.push(finding(model, &untrusted, other));
    }
    findings
}

/// Where something else that deploys has the role of a build, in words.
pub fn other_that_deploys(model: &Model, project: &BuildProject) -> Option<(Span, String)> {
    let role = project.role.as_ref()?;
    let others = deploying(model).into_iter().filter(|other| other.name != project.display());
    let other = others.filter(|other| other.certain).find(|other| other.role.is_same_role(role))?;
    Some((other.role.span, format!("`{}` deploys with the same role", other.name)))
}

/// Something that runs code which nobody has reviewed.
struct Untrusted<'m> {
    name: String,
    role: &'m RoleRef,
    trust: CodeTrust,
    confidence: Confidence,
}

fn untrusted(model: &Model) -> Vec<Untrusted<'_>> {
    let builds = model.projects.iter().filter(|project| project.runs_untrusted_code()).flat_map(|project| {
        project.roles().map(move |role| {
            let (name, trust) = (project.display().to_owned(), project.trust.clone());
            Untrusted { name, role, trust, confidence: trust_confidence(project) }
        })
    });
    let mut found: Vec<Untrusted<'_>> = builds.collect();
    for (id, pipeline) in model.pipelines.iter().enumerate() {
        for (stage, index, _, action) in pipeline.actions().filter(|(_, _, _, action)| action.is_commands()) {
            let trust = from_pipeline(model, ActionRef { pipeline: id, stage, action: index });
            let Some(role) = action.role_in(pipeline).filter(|_| trust.is_untrusted() && !trust.is_piped) else {
                continue;
            };
            let name = action.name.display().into_owned();
            found.push(Untrusted { name, role, trust, confidence: Confidence::High });
        }
    }
    found
}

fn deploying(model: &Model) -> Vec<Deploying<'_>> {
    let builds = model.projects.iter().flat_map(|project| {
        let deploys = project.deploys.as_ref().map(|evidence| {
            project.roles().map(move |role| {
                let (name, span, text) = (project.display().to_owned(), evidence.span, evidence.text.clone());
                Deploying { name, role, span, text, certain: evidence.certain }
            })
        });
        deploys.into_iter().flatten()
    });
    let actions = model.pipelines.iter().flat_map(|pipeline| {
        pipeline.actions().filter_map(move |(_, _, _, action)| {
            let (span, text) = match action.deploying_command() {
                Some(command) => (command.span, format!("`{}` deploys", command.shown())),
                None => (action.name.span, format!("the action `{}` deploys", action.name.display())),
            };
            let deploys = action.is_deploy_provider() || action.deploying_command().is_some();
            let role = action.role_in(pipeline).filter(|_| deploys)?;
            Some(Deploying { name: action.name.display().into_owned(), role, span, text, certain: true })
        })
    });
    builds.chain(actions).collect()
}

fn finding(model: &Model, untrusted: &Untrusted<'_>, other: &Deploying<'_>) -> Finding {
    let (name, role, who) = (&untrusted.name, untrusted.role, untrusted.trust.level.who());
    let is_itself = *name == other.name;
    let sharing = match is_itself {
        true => format!("`{name}` runs unreviewed code and deploys, both with `{}`", role.display()),
        false => format!("`{name}` and `{}` share `{}`", other.name, role.display()),
    };
    let mut found = Finding::new(role.span, format!("{name} {}", other.name))
        .fact("untrusted", name.clone())
        .fact("deploying", other.name.clone())
        .fact("role", role.display())
        .fact("who", who)
        .fact("sharing", sharing)
        .label(format!("the role of `{name}`"));
    if !untrusted.trust.is_open_to_pull_requests() {
        found = found.severity(Severity::High);
    }
    if let Some((span, text)) = untrusted.trust.because.first() {
        found = found.related(*span, format!("{text}: {who} chooses what it runs"));
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
            "the policies of `{}` are in none of these files; that it may deploy follows from what `{}` does",
            role.display(),
            other.name
        ));
    }
    found.confidence = found.confidence.and(untrusted.confidence);
    if !other.certain {
        let text = format!("that `{}` deploys is told from a name", other.name);
        found = found.doubted([Doubt { text, span: Some(other.span) }]);
    }
    with_conditions(found, &untrusted.trust.when, Vec::new())
}
