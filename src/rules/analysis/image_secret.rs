//! Secrets that stay in an image after it is built.

use crate::diagnostic::Severity;
use crate::model::command::base_name;
use crate::model::image::Image;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::template::dockerfile::{Action, Script, Setting, Stage};
use crate::value::{HoleKind, Text};
use std::collections::HashMap;

pub const ANALYSIS: Analysis = Analysis {
    name: "image-secret",
    summary: "a secret stays in an image",
    params: &[],
    facts: &["what", "how"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.images.iter().flat_map(of_image).collect())
}

fn of_image(image: &Image) -> Vec<Finding> {
    let kept: Vec<*const Stage> = image.dockerfile.final_chain().into_iter().map(std::ptr::from_ref).collect();
    let mut findings = Vec::new();
    for stage in &image.dockerfile.stages {
        let mut found = of_stage(stage);
        if !kept.contains(&std::ptr::from_ref(stage)) {
            // The history of a stage that is left behind stays in the cache of the engine alone.
            found = found.into_iter().map(|one| one.severity(Severity::Low)).collect();
        }
        findings.append(&mut found);
    }
    findings
}

fn of_stage(stage: &Stage) -> Vec<Finding> {
    let mut arguments: HashMap<&str, &Setting> = HashMap::new();
    let mut findings = Vec::new();
    for step in &stage.steps {
        match &step.action {
            Action::Arg(settings) => {
                arguments.extend(settings.iter().map(|one| (one.name.value.as_str(), one)));
            }
            Action::Env(settings) => {
                for setting in settings {
                    let used = setting.value.as_ref().and_then(|value| used(value, &arguments));
                    let is_secret =
                        |argument: &&Setting| is_secret_name(&argument.name.value) || names_secret(&setting.name.value);
                    let Some(argument) = used.filter(is_secret) else { continue };
                    let found = Finding::new(setting.name.span, argument.name.value.clone())
                        .fact("what", format!("the build argument `{}`", argument.name.value))
                        .fact("how", "in the environment of the image")
                        .related(argument.name.span, "declared here");
                    findings.push(found);
                }
            }
            Action::Run { script: Script::Shell(text), .. } => {
                let shown = text.display();
                let is_named =
                    |name: &&&str| shown.contains(&format!("${name}")) || shown.contains(&format!("${{{name}}}"));
                let mut names: Vec<&&str> =
                    arguments.keys().filter(|name| is_secret_name(name)).filter(is_named).collect();
                names.sort_unstable();
                for name in names {
                    let argument = arguments[*name];
                    let found = Finding::new(step.span, *name)
                        .fact("what", format!("the build argument `{name}`"))
                        .fact("how", "in the history of the image")
                        .related(argument.name.span, "declared here");
                    findings.push(found);
                }
            }
            Action::Copy(copy) if copy.from.is_none() => {
                if let Some(source) = copy.sources.iter().find(|source| is_secret_file(&source.display())) {
                    let found = Finding::new(source.span, source.display())
                        .fact("what", format!("the file `{}`", source.display()))
                        .fact("how", "in a layer of the image, even when it is deleted later");
                    findings.push(found);
                }
            }
            _ => {}
        }
    }
    findings
}

/// The argument that a value takes in.
fn used<'a>(value: &Text, arguments: &HashMap<&str, &'a Setting>) -> Option<&'a Setting> {
    let mut names = value.holes().filter(|hole| hole.kind == HoleKind::Variable);
    names.find_map(|hole| arguments.get(hole.name.as_str()).copied())
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let parts = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "PRIVATE_KEY", "API_KEY", "ACCESS_KEY", "CREDENTIAL"];
    parts.iter().any(|part| name.contains(part))
        && !name.ends_with("_NAME")
        && !name.ends_with("_ARN")
        && !name.ends_with("_FILE")
}

/// `GITHUB_TOKEN` and `DB_PASSWORD`, whatever is put into them; not `TOKEN_URL`.
fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "PRIVATE_KEY", "API_KEY", "SECRET_ACCESS_KEY"]
        .iter()
        .any(|word| name.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('_')))
}

fn is_secret_file(path: &str) -> bool {
    let name = base_name(path.trim_end_matches('/'));
    matches!(name, ".env" | ".npmrc" | ".pypirc" | ".netrc" | ".aws" | ".ssh" | "id_rsa" | "id_ed25519" | "id_ecdsa")
        || path.ends_with(".aws/credentials")
        || (name.ends_with(".pem") && !name.contains("cert") && !name.contains("ca") && !name.contains("bundle"))
}
