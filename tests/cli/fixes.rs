//! `iamlint check --fix` and `--diff`: what is written, what is shown, and how a run ends.

use super::*;

const BEFORE: &str = include_str!("../../fixtures/fixes/names.before.yml");
const AFTER: &str = include_str!("../../fixtures/fixes/names.after.yml");
/// The same with a fix that is unsafe.
const UNSAFE: &str = include_str!("../../fixtures/fixes/unsafe.before.yml");
const NAMES: [&str; 2] = ["--select", "unknown-action,unknown-property"];

fn run(repository: &Repository, words: &[&str]) -> Run {
    repository.run(&[&NAMES[..], words].concat())
}

fn text(repository: &Repository, path: &str) -> String {
    fs::read_to_string(repository.path().join(path)).expect("a text")
}

#[test]
fn files_are_fixed_and_what_is_left_is_reported() {
    let repository = repository(&[("ci.yml", BEFORE), ("clean.yml", CLEAN)]);
    let run = run(&repository, &["--fix", "--format", "short"]);
    assert_eq!(text(&repository, "ci.yml"), AFTER);
    assert!(run.out.contains("\nfixed 3 findings in 1 file\nfound 3 high findings\n"), "{}", run.out);
    assert!(run.out.contains("ci.yml:25:7: "), "what only the author can tell is left: {}", run.out);
    assert_eq!(run.status, 1, "{}", run.out);
    let again = self::run(&repository, &["--fix", "--format", "short"]);
    assert!(again.out.contains("\nfixed 0 findings in 0 files\n"), "{}", again.out);
    assert_eq!(text(&repository, "ci.yml"), AFTER);
    assert_eq!(files_below(repository.path()).len(), 2, "nothing is left behind");
}

#[test]
fn the_status_of_a_run_that_fixes_is_that_of_what_is_left() {
    let repository = repository(&[("ci.yml", BEFORE)]);
    let run = repository.run(&["--select", "unknown-action", "--fix"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""), "{}", run.out);
}

#[test]
fn a_plain_run_says_what_could_be_fixed() {
    let repository = repository(&[("ci.yml", BEFORE), ("other.yml", UNSAFE)]);
    let line = |words: &[&str]| {
        let out = repository.run(words).out;
        out.lines().find(|line| line.contains("can be fixed")).unwrap_or_default().to_owned()
    };
    assert_eq!(line(&["--select", "unknown-action", "ci.yml"]), "2 of these can be fixed with --fix");
    let of_both = line(&["--select", "unknown-action"]);
    assert_eq!(of_both, "2 of these can be fixed with --fix, and 1 more with --unsafe-fixes");
    let of_unsafe = line(&["--select", "unknown-action", "other.yml"]);
    assert_eq!(of_unsafe, "1 of these can be fixed with --fix --unsafe-fixes");
    assert_eq!(line(&["--select", "privileged-mode"]), "");
}

#[test]
fn a_diff_shows_what_would_change_and_changes_nothing() {
    let repository = repository(&[("infra/ci.yml", BEFORE)]);
    let run = run(&repository, &["--diff"]);
    assert_eq!(run.status, 1);
    assert!(run.out.starts_with("--- a/infra/ci.yml\n+++ b/infra/ci.yml\n@@ -"), "{}", run.out);
    assert!(run.out.contains("\n-              - s3:GetObjekt # without quotes\n"), "{}", run.out);
    assert!(run.out.contains("\n+              - s3:GetObject # without quotes\n"), "{}", run.out);
    assert_eq!(run.err, "would fix 3 findings in 1 file\n");
    assert_eq!(text(&repository, "infra/ci.yml"), BEFORE);
    repository.write("infra/ci.yml", AFTER);
    let run = self::run(&repository, &["--diff", "--quiet"]);
    assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (0, "", ""));
}

#[test]
fn unsafe_fixes_are_made_when_they_are_asked_for() {
    let repository = repository(&[("ci.yml", UNSAFE)]);
    repository.run(&["--fix"]);
    assert_eq!(text(&repository, "ci.yml"), UNSAFE);
    assert_eq!(repository.run(&["--diff"]).status, 0);
    assert_eq!(repository.run(&["--diff", "--unsafe-fixes"]).status, 1);
    repository.run(&["--fix", "--unsafe-fixes"]);
    assert_eq!(text(&repository, "ci.yml"), include_str!("../../fixtures/fixes/unsafe.unsafe.yml"));
}

#[test]
fn only_rules_that_are_asked_are_fixed_and_only_files_that_are_named() {
    let repository = repository(&[("a.yml", BEFORE), ("b.yml", BEFORE)]);
    repository.run(&["--fix", "--select", "unknown-action", "a.yml"]);
    assert!(text(&repository, "a.yml").contains("s3:GetBucketPolicy"));
    assert!(text(&repository, "a.yml").contains("ServiceRole: arn:aws:iam::111122223333:role/release"));
    assert_eq!(text(&repository, "b.yml"), BEFORE);
    repository.run(&["--fix", "--ignore", "unknown-property", "b.yml"]);
    assert_eq!(text(&repository, "b.yml"), text(&repository, "a.yml"));
}

#[test]
fn what_is_suppressed_or_in_the_baseline_is_not_fixed() {
    let ignored =
        BEFORE.replace("- s3:GetObjekt # without quotes", "- s3:GetObjekt # iamlint: ignore[unknown-action] -- a test");
    let repository = repository(&[("ci.yml", &ignored)]);
    run(&repository, &["--fix"]);
    assert!(text(&repository, "ci.yml").contains("s3:GetObjekt"));
    assert!(text(&repository, "ci.yml").contains("s3:GetBucketPolicy"));
    repository.write("ci.yml", BEFORE);
    run_baseline(&repository);
    let run = run(&repository, &["--fix"]);
    assert_eq!(text(&repository, "ci.yml"), BEFORE, "{}", run.out);
}

fn run_baseline(repository: &Repository) {
    let run = repository.run(&["baseline", "create"]);
    assert_eq!(run.status, 0, "{}", run.err);
}

#[test]
fn standard_input_is_fixed_onto_standard_output() {
    let repository = repository(&[("ci.yml", "# on disk\n")]);
    let words = ["--fix", "-", "--stdin-filename", "ci.yml", "--format", "short"];
    let run = repository.run_with_input(&[&NAMES[..], &words].concat(), BEFORE);
    assert_eq!(run.out, AFTER);
    assert!(run.err.contains("fixed 3 findings in 1 file\n"), "{}", run.err);
    assert_eq!((run.status, text(&repository, "ci.yml").as_str()), (1, "# on disk\n"));
    let run = repository.run_with_input(&["--diff", "-", "--select", "unknown-action"], BEFORE);
    assert!(run.status == 1 && run.out.contains("\n+              - s3:GetObject"), "{}", run.out);
    let run = repository.run_with_input(&["--fix", "-", "ci.yml"], BEFORE);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.starts_with("error: standard input is fixed by itself"), "{}", run.err);
    let words = ["--fix", "-", "--stdin-filename", "ci.yml", "--exclude", "ci.yml"];
    let run = repository.run_with_input(&words, BEFORE);
    assert_eq!(
        (run.status, run.err.as_str()),
        (2, "error: standard input is excluded, so that there is nothing to fix\n")
    );
    let foreign = "# nothing of ours\na: 1\n";
    assert_eq!(repository.run_with_input(&["--fix", "-"], foreign).out, foreign, "it comes out as it went in");
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    let repository = repository(&[("ci.yml", BEFORE)]);
    for words in [
        &["--unsafe-fixes"][..],
        &["--fix", "--diff"],
        &["--fix", "--add-ignore", "reason"],
        &["--fix", "--diff-base", "HEAD"],
        &["--diff", "--format", "json"],
        &["--diff", "--report", "json:out.json"],
    ] {
        let run = repository.run(words);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{words:?}");
        assert_eq!(text(&repository, "ci.yml"), BEFORE);
    }
}

#[test]
fn reports_of_a_run_that_fixes_tell_what_is_left_and_what_was_done() {
    let repository = repository(&[("ci.yml", BEFORE)]);
    let report = run(&repository, &["--fix", "--format", "json"]).json();
    let fixed = &report["summary"]["fixed"];
    assert_eq!((&fixed["findings"], &fixed["files"]), (&3.into(), &1.into()), "{fixed}");
    assert_eq!(report["findings"].as_array().map(Vec::len), report["summary"]["failing"].as_u64().map(|n| n as usize));
    let report = run(&repository, &["--format", "json"]).json();
    assert_eq!(report["summary"]["fixed"], Value::Null);
    assert_eq!(report["summary"]["fixable"], serde_json::json!({ "safe": 0, "unsafe": 0 }));
}

#[test]
fn a_secret_is_masked_in_a_diff() {
    let secret = SECRET.replace("phases:", "phasses:");
    let repository = repository(&[("buildspec.yml", &secret)]);
    let run = repository.run(&["--diff", "--unsafe-fixes"]);
    assert!(run.out.contains("+phases:"), "{}", run.out);
    let hidden = secret.lines().filter(|line| line.contains("SECRET") || line.contains("AKIA"));
    for line in hidden {
        let value = line.split(": ").nth(1).expect("a value").trim();
        assert!(!run.out.contains(value) && !run.err.contains(value), "{}", run.out);
    }
    assert!(run.out.contains("****"), "{}", run.out);
}

#[cfg(unix)]
mod on_disk {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn permissions_line_ends_and_the_byte_order_mark_stay() {
        let as_on_windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let repository = repository(&[("ci.yml", &as_on_windows(BEFORE))]);
        let path = repository.path().join("ci.yml");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o754)).expect("permissions");
        run(&repository, &["--fix"]);
        assert_eq!(text(&repository, "ci.yml"), as_on_windows(AFTER));
        let mode = fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o754);
    }

    #[test]
    fn files_behind_links_and_outside_of_the_repository_stay_and_that_is_told() {
        let outside = repository(&[("ci.yml", BEFORE)]);
        let inside = repository(&[("kept.yml", BEFORE)]);
        inside.git();
        symlink(outside.path().join("ci.yml"), inside.path().join("link.yml")).expect("a link");
        symlink(outside.path(), inside.path().join("folder")).expect("a link");
        let elsewhere = outside.path().join("ci.yml");
        for (named, reason) in [
            ("link.yml", "the file is reached through a symbolic link"),
            ("folder/ci.yml", "the file is reached through a symbolic link"),
            (elsewhere.to_str().expect("a path"), "the file lies outside of the repository"),
        ] {
            let run = run(&inside, &["--fix", "--format", "short", named]);
            assert!(run.out.contains("\nnot fixed, though it is known how: 3 findings\n"), "{named}: {}", run.out);
            assert!(run.out.contains(reason), "{named}: {}", run.out);
            assert_eq!(text(&outside, "ci.yml"), BEFORE);
            assert!(inside.path().join("link.yml").is_symlink());
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_exits_with_2_and_changes_nothing() {
        let repository = repository(&[("a/ci.yml", BEFORE), ("b/ci.yml", BEFORE)]);
        let folder = repository.path().join("b");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("permissions");
        let may_write = fs::write(folder.join("x"), "").is_ok();
        let run = run(&repository, &["--fix"]);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("permissions");
        // To root everything is open.
        if !may_write {
            assert_eq!(run.status, 2, "{}", run.err);
            assert!(run.err.starts_with("error: cannot write "), "{}", run.err);
            assert_eq!(text(&repository, "a/ci.yml"), BEFORE);
        }
    }
}
