//! The program as a user runs it: exit status, streams, files that are read and files that are not.

mod baseline;
mod config;
mod diff_base;
mod exit_status;
mod explain;
mod fixes;
mod generated;
mod inputs;
mod output;
mod reports;
mod rules;
mod secrets;
mod surroundings;
mod uses;
#[path = "../walk/mod.rs"]
mod walk;

use assert_cmd::Command;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A build whose role may create roles: one critical finding, and one of level `info`.
const CREATES_ROLES: &str = include_str!("../../fixtures/cli/creates-roles.yml");
/// A build whose role reads a bucket: no finding.
const CLEAN: &str = include_str!("../../fixtures/cli/clean.yml");
/// A project whose role, `build-role`, another file declares.
const PROJECT: &str = include_str!("../../fixtures/cli/project.yml");
/// The role `build-role`, which may pass any role.
const ROLE: &str = include_str!("../../fixtures/cli/role.yml");
/// A buildspec with an access key and its secret.
const SECRET: &str = include_str!("../../fixtures/cli/secret.yml");
/// A template of Jinja, which is not read.
const TEXT_TEMPLATE: &str = "Resources:\n{% if table %}\n  Table: {Type: AWS::DynamoDB::Table}\n{% endif %}\n";
/// A pack with one rule, `no-table-deletion`.
const PACK: &str = include_str!("../../fixtures/cli/pack.yml");

const FORMATS: [&str; 12] =
    ["pretty", "rich", "short", "json", "ndjson", "sarif", "junit", "github", "gitlab", "asff", "markdown", "html"];

/// A folder of its own, with files in it.
struct Repository {
    folder: TempDir,
}

/// What a run gave.
struct Run {
    status: i32,
    out: String,
    err: String,
}

fn repository(files: &[(&str, &str)]) -> Repository {
    let repository = Repository { folder: TempDir::new().expect("a folder") };
    files.iter().for_each(|(path, text)| repository.write(path, text));
    repository
}

/// Files of several folders with findings, one that is not read, and findings that lie in two files.
fn several_folders() -> Repository {
    repository(&[
        ("a/ci.yml", CREATES_ROLES),
        ("b/ci.yml", CREATES_ROLES),
        ("spec.yml", SECRET),
        ("ci/project.yml", PROJECT),
        ("iam/role.yml", ROLE),
        ("z/role.yml", ROLE),
        ("jinja.yml", TEXT_TEMPLATE),
    ])
}

impl Repository {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, text: &str) {
        self.write_bytes(path, text.as_bytes());
    }

    fn write_bytes(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    /// Marks the folder as the root of a repository.
    fn git(&self) {
        fs::create_dir_all(self.path().join(".git")).expect("a folder");
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::cargo_bin("iamlint").expect("the program is built");
        let terminal = ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "IAMLINT_CONFIG"];
        let runners = ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "CODEBUILD_BUILD_ARN", "AWS_DEFAULT_REGION"];
        terminal.into_iter().chain(runners).for_each(|name| {
            command.env_remove(name);
        });
        // What a report for Security Hub needs; the time is one that never changes.
        command.envs([("AWS_ACCOUNT_ID", "111122223333"), ("AWS_REGION", "eu-west-1"), ("SOURCE_DATE_EPOCH", "0")]);
        command.current_dir(self.path()).args(words);
        command
    }

    fn run(&self, words: &[&str]) -> Run {
        Run::of(&mut self.command(words))
    }

    fn run_in(&self, folder: &str, words: &[&str]) -> Run {
        Run::of(self.command(words).current_dir(self.path().join(folder)))
    }

    fn run_with_input(&self, words: &[&str], input: impl Into<Vec<u8>>) -> Run {
        Run::of(self.command(words).write_stdin(input))
    }
}

impl Run {
    fn of(command: &mut Command) -> Run {
        let output = command.output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Run {
            status: output.status.code().expect("an exit status"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// The rules of all findings of a JSON report.
    fn rules(&self) -> Vec<String> {
        let report = self.json();
        let findings = report["findings"].as_array().expect("findings");
        findings.iter().map(|finding| finding["rule"].as_str().expect("a rule").to_owned()).collect()
    }

    /// The paths of a short report, each once.
    fn paths(&self) -> Vec<String> {
        let paths: BTreeSet<String> =
            self.out.lines().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
        paths.into_iter().collect()
    }
}

/// Paths of all files below a folder.
fn files_below(folder: &Path) -> Vec<String> {
    walk::files_below(folder).iter().map(|path| walk::shown(path)).collect()
}
