//! Builds with the container engine of their host in reach.

use crate::diagnostic::Severity;
use crate::model::BuildProject;
use crate::model::command::Command;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::value::Value;

pub const ANALYSIS: Analysis = Analysis {
    name: "privileged-mode",
    summary: "a build runs in privileged mode",
    params: &[],
    facts: &["project", "reason"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.projects.iter().filter_map(|project| finding(context, project)).collect()
    })
}

fn finding(context: &Context<'_>, project: &BuildProject) -> Option<Finding> {
    let span = project.privileged?;
    // Windows has no such mode.
    if project.is_windows {
        return None;
    }
    let commands = context.model.commands_of(project);
    let need = need(context, project);
    let hidden = context.model.buildspec_of(project).is_none()
        || commands.iter().any(|command| command.is_opaque() || command.may_use_docker())
        || starts_containers_in_node(context, commands);
    // Builds that a webhook starts for outsiders are worse; a pipeline's are told of at their source.
    let is_untrusted = project.runs_untrusted_code();
    let neighbour = on_same_fleet(context, project);
    let mut found = Finding::new(span, project.display()).fact("project", project.display());
    if let Some((span, text)) = need {
        found = found.related(span, text);
    }
    let (mut reason, mut severity) = match (is_untrusted, need.is_some(), hidden) {
        (true, ..) => ("for code that nobody has reviewed", Severity::Medium),
        // Code that certainly is reviewed has what it needs.
        (false, true, _) if !project.trust.is_assumed => ("for the container engine that it uses", Severity::Info),
        (false, true, _) => ("for the container engine that it uses", Severity::Low),
        (false, false, true) => ("and whether it needs that cannot be seen", Severity::Low),
        (false, false, false) => ("and uses no container engine", Severity::Medium),
    };
    if is_untrusted && let Some((span, text)) = project.trust.because.first() {
        found = found.related(*span, text.clone());
    }
    if let Some(other) = neighbour {
        found = found.related(other.logical_id.span, "its builds run on the same machines");
        (reason, severity) = ("on machines that it shares with another project", Severity::High);
    }
    Some(found.fact("reason", reason).severity(severity))
}

/// What needs a container engine, and what it does with it.
fn need(context: &Context<'_>, project: &BuildProject) -> Option<(Span, &'static str)> {
    let command = context.model.commands_of(project).iter().find(|command| command.uses_docker());
    let command = command.map(|command| (command.span, "this needs a container engine"));
    let layers = || layer_cache(project).map(|mode| (mode, "this keeps the layers of images"));
    // <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_DockerServer.html>
    let server = || project.properties.get("Environment")?.get("DockerServer")?.as_map().map(|server| server.span);
    let server = || server().map(|server| (server, "images are built on this server"));
    let of_buildspec = context.model.buildspec_of(project).map(|source| source.buildspec.variables.iter());
    let names = project.variables.iter().map(|one| &one.name);
    let mut names = names.chain(of_buildspec.into_iter().flatten().map(|one| &one.name));
    let mut tests = || names.find(|name| name.value.starts_with("TESTCONTAINERS_"));
    command.or_else(layers).or_else(server).or_else(|| tests().map(|name| (name.span, "tests start containers")))
}

/// Some package of the repository has tests that start containers, and the build runs scripts of packages.
fn starts_containers_in_node(context: &Context<'_>, commands: &[Command]) -> bool {
    let is_it = |name: &String| name == "testcontainers" || name.starts_with("@testcontainers/");
    context.model.npm_packages.iter().flatten().any(is_it)
        && commands.iter().any(|command| matches!(command.program(), "npm" | "npx" | "pnpm" | "yarn" | "node"))
}

/// The mode of the cache that there is for builds of images alone, and that needs privileged mode.
/// <https://docs.aws.amazon.com/codebuild/latest/userguide/caching-local.html>
fn layer_cache(project: &BuildProject) -> Option<Span> {
    let modes = project.properties.get("Cache").and_then(|cache| cache.get("Modes"))?.items();
    let is_of_layers = |mode: &Value| mode.literal() == Some("LOCAL_DOCKER_LAYER_CACHE");
    modes.into_iter().map(|(_, mode)| mode).find(|mode| is_of_layers(mode)).map(Value::span)
}

/// Another project whose builds run on the same reserved machines.
fn on_same_fleet<'c>(context: &'c Context<'_>, project: &BuildProject) -> Option<&'c BuildProject> {
    let fleet = project.fleet.as_ref()?;
    context.model.projects.iter().find(|other| !std::ptr::eq(*other, project) && other.fleet.as_ref() == Some(fleet))
}
