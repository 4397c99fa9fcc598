//! Keys of a buildspec that CodeBuild does not know: what stands below them is not done.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>

use crate::source::Spanned;
use crate::value::{Map, Value};

/// A key that has no meaning where it stands.
#[derive(Clone, Debug)]
pub struct UnknownKey {
    pub key: Spanned<String>,
    /// The key above it; empty at the top.
    pub below: String,
    pub known: &'static [&'static str],
}

/// `eb_codebuild_settings` is the EB CLI's.
const ROOT: [&str; 10] =
    ["version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache", "eb_codebuild_settings"];
const ENV: [&str; 6] =
    ["shell", "variables", "parameter-store", "exported-variables", "secrets-manager", "git-credential-helper"];
/// What became of `env` and its `variables`.
/// <https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec-ref-versions>
pub const FIRST_ENV: (&str, &str) = ("environment_variables", "plaintext");
const PROXY: [&str; 2] = ["upload-artifacts", "logs"];
const PHASES: [&str; 4] = ["install", "pre_build", "build", "post_build"];
const PHASE: [&str; 5] = ["run-as", "on-failure", "runtime-versions", "commands", "finally"];
const BATCH: [&str; 5] = ["fast-fail", "build-list", "build-matrix", "build-graph", "build-fanout"];
const REPORT: [&str; 4] = ["files", "base-directory", "discard-paths", "file-format"];
/// `type` is that of the first buildspecs.
const ARTIFACTS: [&str; 9] = [
    "files",
    "name",
    "discard-paths",
    "base-directory",
    "exclude-paths",
    "enable-symlinks",
    "s3-prefix",
    "secondary-artifacts",
    "type",
];
const CACHE: [&str; 4] = ["key", "fallback-keys", "action", "paths"];

/// All keys without a meaning, in the order of the text. The first version had other names for some.
pub fn unknown(root: &Map, is_first_version: bool) -> Vec<UnknownKey> {
    let mut found = Vec::new();
    check(root, "", &ROOT, &mut found);
    found.retain(|unknown| !is_first_version || unknown.key.value != FIRST_ENV.0);
    let part = |key: &str| root.get(key).and_then(Value::as_map);
    for (key, known) in [("env", &ENV[..]), ("proxy", &PROXY), ("batch", &BATCH), ("cache", &CACHE)] {
        part(key).into_iter().for_each(|map| check(map, key, known, &mut found));
    }
    if let Some(phases) = part("phases") {
        check(phases, "phases", &PHASES, &mut found);
        for (name, phase) in phases.entries.iter().filter(|(name, _)| PHASES.contains(&name.value.as_str())) {
            phase.as_map().into_iter().for_each(|map| check(map, &name.value, &PHASE, &mut found));
        }
    }
    for (name, report) in part("reports").map_or(&[][..], |map| &map.entries) {
        report.as_map().into_iter().for_each(|map| check(map, &name.value, &REPORT, &mut found));
    }
    if let Some(artifacts) = part("artifacts") {
        check(artifacts, "artifacts", &ARTIFACTS, &mut found);
        for (name, one) in
            artifacts.get("secondary-artifacts").and_then(Value::as_map).map_or(&[][..], |map| &map.entries)
        {
            one.as_map().into_iter().for_each(|map| check(map, &name.value, &ARTIFACTS, &mut found));
        }
    }
    found.sort_by_key(|unknown| unknown.key.span);
    found
}

fn check(map: &Map, below: &str, known: &'static [&'static str], found: &mut Vec<UnknownKey>) {
    let is_unknown = |name: &str| {
        !known.contains(&name) && !name.is_empty() && name != "<<" && !name.contains('\\') && !name.starts_with("x-")
    };
    found.extend(map.entries.iter().filter(|(key, _)| is_unknown(&key.value)).map(|(key, _)| UnknownKey {
        key: key.clone(),
        below: below.to_owned(),
        known,
    }));
}
