//! Images that others are built on: without a fixed version, or of a release that gets no more updates.

use crate::diagnostic::Severity;
use crate::model::command::base_name;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::Text;
use std::sync::LazyLock;

pub const ANALYSIS: Analysis = Analysis {
    name: "base-image",
    summary: "an image without a fixed version, or of a release that gets no more updates",
    params: &[],
    facts: &["image", "problem"],
    bind,
};

/// Image, version or code name, month of the last update.
static ENDED: LazyLock<Vec<(&str, &str, &str)>> = LazyLock::new(|| {
    let rows = include_str!("../../../data/docker/end-of-life.tsv").lines().filter(|line| !line.starts_with('#'));
    let row = |line: &'static str| {
        let mut fields = line.split('\t');
        Some((fields.next()?, fields.next()?, fields.next()?))
    };
    rows.filter_map(row).collect()
});

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for image in &context.model.images {
        for stage in image.dockerfile.stages.iter().filter(|stage| stage.base.is_none()) {
            let Some(mut found) = finding(&stage.image) else { continue };
            if image.is_pushed {
                found = found.severity(Severity::Medium).note("a build pushes the image that is made of it");
            }
            if let Some(used) = image.used_by.first() {
                let project = context.model.project(used.project);
                found = found.related(used.span, format!("`{}` builds it here", project.display()));
            }
            findings.push(found);
        }
    }
    for service in context.model.compose.iter().flat_map(|file| &file.compose.services) {
        // An image that is built here has a Dockerfile of its own.
        if service.build.is_none() {
            findings.extend(service.image.as_ref().and_then(finding));
        }
    }
    findings
}

fn finding(image: &Text) -> Option<Finding> {
    let text = image.with_defaults()?;
    let problem = problem(&text)?;
    Some(Finding::new(image.span, text.clone()).fact("image", text).fact("problem", problem))
}

fn problem(image: &str) -> Option<String> {
    if image.contains('@') || image == "scratch" || image.is_empty() || image.contains(['$', '<', '{']) {
        return None;
    }
    let name = base_name(image);
    let (name, tag) = name.split_once(':').unwrap_or((name, ""));
    if tag.is_empty() {
        return Some("has no tag: what it is changes from day to day".into());
    }
    if tag == "latest" {
        return Some("is whatever is latest on the day of the build".into());
    }
    let folder = image.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_official = folder.is_empty() || folder == "library" || folder.ends_with("/library");
    let version = tag.split(['-', '_']).next().unwrap_or(tag);
    let is_of = |row: &&(&str, &str, &str)| {
        row.0 == name && version.strip_prefix(row.1).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let (_, _, ended) = ENDED.iter().filter(|_| is_official).find(is_of)?;
    Some(format!("has had no updates since {ended}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fixed_versions_that_are_kept_up_pass() {
        for good in
            ["python:3.13", "python:3.60", "node:20-alpine", "scratch", "x@sha256:0", "me/node:10", "r:5000/x:1"]
        {
            assert_eq!(problem(good), None, "{good}");
        }
        for bad in [
            "python:3.6",
            "python:2.7.18-slim",
            "node:latest",
            "alpine",
            "r:5000/x",
            "public.ecr.aws/docker/library/node:16",
        ] {
            assert!(problem(bad).is_some(), "{bad}");
        }
    }
}
