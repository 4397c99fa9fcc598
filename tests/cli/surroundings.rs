//! A run asks nothing of the machine but the files: no network, no folder to write into. Where the kernel lets nobody
//! have namespaces, that is said.

use super::*;
use std::process::{Command as Process, Output};

/// A namespace with no interface but a loopback that is down.
const NO_NETWORK: [&str; 2] = ["--net", "true"];
/// Nothing can be written, wherever it lies.
const READ_ONLY: [&str; 2] = ["--mount", "mount --make-rprivate / && mount -o remount,bind,ro /"];

#[test]
fn a_run_without_a_network_gives_the_same_output() {
    gives_the_same(NO_NETWORK, "test \"$(wc -l < /proc/net/dev)\" -eq 3 && test \"$(wc -l < /proc/net/route)\" -le 1");
}

#[test]
fn a_run_under_a_read_only_root_gives_the_same_output() {
    gives_the_same(READ_ONLY, "! { : > written; } 2>/dev/null");
}

/// `[flag, script]` makes the surroundings; `holds` is a script that succeeds where they are as they are meant.
fn gives_the_same([flag, script]: [&str; 2], holds: &str) {
    let repository = repository(&[("ci.yml", CREATES_ROLES), ("ci/project.yml", PROJECT), ("iam/role.yml", ROLE)]);
    let inside = |then: &str| -> Option<Output> {
        let mut shell = Process::new("unshare");
        shell.args([flag, "bash", "-c", &format!("({script}) && cd \"$0\" && {then}")]);
        shell.arg(repository.path()).env("NO_COLOR", "1").output().ok()
    };
    if !inside(holds).is_some_and(|output| output.status.success()) {
        println!("skipped: the kernel, or who runs this, lets nobody have `unshare {flag}`");
        return;
    }
    let program = assert_cmd::cargo::cargo_bin("iamlint");
    for words in ["check --format json", "check", "explain passrole-wildcard"] {
        let run = inside(&format!("'{}' {words}", program.display())).expect("it ran before");
        let outside = repository.run(&words.split(' ').collect::<Vec<_>>());
        assert_eq!(run.status.code(), Some(outside.status), "{words}: {}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(String::from_utf8_lossy(&run.stdout), outside.out, "{words}");
    }
}
