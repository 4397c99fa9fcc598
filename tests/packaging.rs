//! What a user installs: packages, the hook, the action, and the files that build them. What needs Python, node or
//! PyPI says so where it is passed over.

#[path = "packaging/hook.rs"]
mod hook;

use assert_cmd::cargo::cargo_bin;
use iamlint::linter::{Options, Report, lint};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const WORKFLOW: &str = ".github/workflows/release.yml";

#[test]
fn every_package_has_the_version_of_the_crate() {
    let launcher: Value = serde_json::from_str(&read("packaging/npm/package.json")).expect("JSON");
    assert_eq!(launcher["version"], VERSION);
    for (name, version) in launcher["optionalDependencies"].as_object().expect("packages of platforms") {
        assert_eq!(version, VERSION, "{name}");
    }
    // The wheel takes it from Cargo.toml.
    assert!(read("packaging/pypi/pyproject.toml").contains("dynamic = [\"version\"]"));
    assert!(read("action.yml").contains(&format!("    default: v{VERSION}\n")));
    for path in ["README.md", "docs/ci.md"] {
        let text = read(path);
        for written in text.split("rev: v").skip(1).chain(text.split("--tag v").skip(1)) {
            assert_eq!(written.split_whitespace().next(), Some(VERSION), "{path}");
        }
    }
}

#[test]
fn every_platform_that_is_built_has_its_package_and_the_other_way_round() {
    let (workflow, action) = (read(WORKFLOW), read("action.yml"));
    let launcher: Value = serde_json::from_str(&read("packaging/npm/package.json")).expect("JSON");
    let platforms = launcher["optionalDependencies"].as_object().expect("packages of platforms");
    let targets: Vec<&str> = workflow.split("{ target: ").skip(1).filter_map(|rest| rest.split(',').next()).collect();
    assert_eq!(targets.len(), platforms.len());
    for target in targets {
        let system = if target.contains("darwin") { "darwin" } else { "linux" };
        let processor = if target.starts_with("x86_64") { "x64" } else { "arm64" };
        assert!(platforms.contains_key(&format!("@iamlint/{system}-{processor}")), "{target}");
        assert!(workflow.contains(&format!("{system}-{processor}={target}")), "{target} is not packed");
        assert!(action.contains(&format!("target={target} ;;")), "{target} is not taken by the action");
    }
}

#[test]
fn actions_are_pinned_by_commit_and_a_job_has_only_the_permissions_it_names() {
    for path in [WORKFLOW, "action.yml"] {
        for line in read(path).lines().filter(|line| line.trim_start().trim_start_matches("- ").starts_with("uses: ")) {
            let commit = line.split_once('@').map_or("", |(_, rest)| rest.split(' ').next().unwrap_or_default());
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{path}: {line}");
        }
    }
    let workflow = read(WORKFLOW);
    assert!(workflow.contains("\npermissions: {}\n"));
    assert_eq!(workflow.matches("contents: write").count(), 1, "one job drafts the release");
    assert_eq!(workflow.matches("persist-credentials: false").count(), workflow.matches("actions/checkout@").count());
    // A text of an event inside of a script would be run.
    for text in [workflow, read("action.yml")] {
        for script in text.split("run: ").skip(1) {
            let script =
                script.split("- name: ").next().and_then(|step| step.split("- uses: ").next()).unwrap_or_default();
            assert!(!script.contains("${{"), "{script}");
        }
    }
}

#[test]
fn our_own_dockerfile_workflow_and_hook_have_no_findings() {
    let files = ["packaging/Dockerfile", WORKFLOW, "action.yml", ".pre-commit-hooks.yaml"];
    let report = linted(&files.map(|path| (path, read(path))));
    assert_eq!(report.summary.analysed.get("Dockerfile"), Some(&1), "{:?}", report.summary.analysed);
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    // The same linter finds what would be wrong with it.
    let root = read("packaging/Dockerfile").replace("FROM scratch", "FROM debian").replace("USER", "# USER");
    assert!(!linted(&[("packaging/Dockerfile", root)]).diagnostics.is_empty());
}

#[test]
fn the_gate_of_the_documentation_writes_the_report_that_its_buildspec_names() {
    let page = read("docs/ci.md");
    let command = page.lines().find_map(|line| line.trim().strip_prefix("- iamlint check ")).expect("the gate");
    assert!(page.contains("base-directory: reports\n    files: [iamlint.xml]\n    file-format: JUNITXML"));
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("ci.yml"), read("fixtures/cli/creates-roles.yml")).expect("a file");
    let output = Command::new(cargo_bin("iamlint"))
        .arg("check")
        .args(command.split_whitespace())
        .current_dir(folder.path())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report = fs::read_to_string(folder.path().join("reports/iamlint.xml")).expect("the report of the gate");
    assert!(report.contains("<testcase ") && report.contains("<failure "), "{report}");
}

#[test]
fn a_program_that_needs_a_newer_glibc_is_refused() {
    let Some(python) = tool("python3") else { return };
    let judged = |program: &Path, limit: &str| {
        Command::new(&python).arg("packaging/glibc.py").arg(program).arg(limit).output().expect("it runs")
    };
    let folder = TempDir::new().expect("a folder");
    let program = folder.path().join("program");
    fs::write(&program, b"\x7fELF\0GLIBC_2.2.5\0GLIBC_2.17\0GLIBC_2.9\0").expect("a file");
    for (limit, status) in [("2.17", 0), ("2.16", 1), ("2.9", 1), ("2.28", 0)] {
        let output = judged(&program, limit);
        assert_eq!(output.status.code(), Some(status), "{limit}: {}", said(&output));
    }
    fs::write(&program, b"\x7fELF\0static\0").expect("a file");
    assert_eq!(judged(&program, "2.17").status.code(), Some(0), "a static program needs none");
    assert_eq!(judged(Path::new("Cargo.toml"), "2.17").status.code(), Some(1), "no program is no answer");
    assert!(read("packaging/wheel").contains("packaging/glibc.py \"$wheel\" 2.17"));
    // What `packaging/wheel` has built, where it was run.
    for wheel in fs::read_dir("target/wheels").into_iter().flatten().flatten().map(|entry| entry.path()) {
        assert!(judged(&wheel, "2.17").status.success(), "{}", wheel.display());
    }
}

#[test]
fn the_npm_packages_install_without_a_network_and_run() {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "aarch64") => "darwin-arm64",
        other => return println!("skipped: no npm package for {other:?}"),
    };
    let (Some(node), Some(npm)) = (tool("node"), tool("npm")) else { return };
    let folder = TempDir::new().expect("a folder");
    let program = cargo_bin("iamlint");
    let packed = Command::new(&node)
        .args(["packaging/npm/pack.js", &shown(folder.path()), &format!("{platform}={}", shown(&program))])
        .env("npm_config_cache", folder.path().join("cache"))
        .output()
        .expect("it runs");
    assert!(packed.status.success(), "{}", said(&packed));
    let install = |packages: &[String]| {
        let home = folder.path().join(format!("home-{}", packages.len()));
        fs::create_dir_all(&home).expect("a folder");
        fs::write(home.join("package.json"), "{}").expect("a file");
        let output = Command::new(&npm)
            .args(["install", "--offline", "--no-audit", "--no-fund"])
            .args(packages)
            .env("npm_config_cache", folder.path().join("cache"))
            .current_dir(&home)
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{}", said(&output));
        home.join("node_modules/.bin/iamlint")
    };
    let launcher = format!("../iamlint-{VERSION}.tgz");
    let run = |launcher: &Path, words: &[&str]| {
        let mut command = Command::new(launcher);
        command.args(words).env_remove("IAMLINT_BINARY").output().expect("it runs")
    };

    let whole = install(&[launcher.clone(), format!("../iamlint-{platform}-{VERSION}.tgz")]);
    assert!(said(&run(&whole, &["--version"])).starts_with(&format!("iamlint {VERSION} (")));
    for (words, status) in [
        (&["check", "fixtures/cli/clean.yml", "--isolated"][..], 0),
        (&["check", "fixtures/cli/creates-roles.yml", "--isolated"], 1),
        (&["check", "no such file"], 2),
    ] {
        assert_eq!(run(&whole, words).status.code(), Some(status), "{words:?}");
    }

    let alone = install(&[launcher]);
    let output = run(&alone, &["--version"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains(&format!("the package @iamlint/{platform} is not installed")), "{}", said(&output));
    let named = Command::new(&alone).arg("--version").env("IAMLINT_BINARY", program).output().expect("it runs");
    assert!(named.status.success(), "{}", said(&named));
}

fn linted(files: &[(&str, String)]) -> Report {
    let mut sources = Sources::new();
    for (path, text) in files {
        sources.add(*path, text.clone());
    }
    lint(&sources, builtin::rules(), &Options::default())
}

/// The path of a program that a test needs; where there is none, that is said.
fn tool(name: &str) -> Option<String> {
    let is_there = Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        println!("skipped: there is no {name} here");
    }
    is_there.then(|| name.to_owned())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}")).replace("\r\n", "\n")
}
