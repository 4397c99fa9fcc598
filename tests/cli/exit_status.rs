//! When a run exits with 0, 1 and 2, and what it says then.

use super::*;

#[test]
fn a_clean_run_says_what_was_read_and_exits_with_0() {
    let run = repository(&[("ci.yml", CLEAN)]).run(&["check"]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.out.starts_with("no findings in 1 file (1 role, 2 statements, 1 project)"), "{}", run.out);
    assert_eq!(run.err, "");
}

#[test]
fn findings_at_or_above_the_threshold_exit_with_1() {
    let repository = repository(&[("ci.yml", CREATES_ROLES)]);
    for (threshold, status) in [("critical", 1), ("medium", 1), ("info", 1), ("never", 0)] {
        let run = repository.run(&["check", "--fail-on", threshold]);
        assert_eq!(run.status, status, "{threshold}: {}", run.out);
        assert!(run.out.contains("critical[ci-role-creates-principals]"), "{}", run.out);
    }
    let run = repository.run(&["--fail-on", "critical", "--ignore", "ci-role-creates-principals"]);
    assert_eq!(run.status, 0, "{}", run.out);
}

#[test]
fn the_last_line_says_why_a_run_failed_or_passed() {
    let repository = repository(&[("buildspec.yml", include_str!("../../fixtures/rules/opaque-commands/bad.yml"))]);
    let last = |words: &[&str]| repository.run(words).out.lines().last().unwrap_or_default().to_owned();
    assert_eq!(last(&[]), "passed: no finding at or above --fail-on medium");
    assert!(last(&["--fail-on", "info"]).starts_with("failed: "));
}

#[test]
fn three_hundred_findings_exit_with_1() {
    let files: Vec<(String, &str)> = (0..300).map(|n| (format!("f{n}.yml"), CREATES_ROLES)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let run = repository(&files).run(&["--format", "short", "-q", "--select", "ci-role-creates-principals"]);
    assert_eq!((run.out.lines().count(), run.status), (300, 1));
}

#[test]
fn a_path_that_is_not_there_exits_with_2() {
    let run = repository(&[("ci.yml", CLEAN)]).run(&["ci.yml", "infra/"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert_eq!(run.err, "error: there is no file or folder `infra/`\n");
}

#[test]
fn wrong_arguments_exit_with_2_and_a_suggestion() {
    let repository = repository(&[("ci.yml", CLEAN)]);
    for (words, said) in [
        (&["--formt", "json"][..], "'--format'"),
        (&["--format", "jsn"], "'json'"),
        (&["--fail-on", "hihg"], "'high'"),
        (&["--fail-on", "error"], "possible values"),
        (&["-q", "-v"], "cannot be used with"),
        (&["--color", "maybe"], "possible values"),
        (&["chek"], "`iamlint check`"),
        (&["explain"], "required"),
    ] {
        let run = repository.run(words);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{words:?}");
        assert!(run.err.contains(said), "{words:?}: {}", run.err);
    }
}

#[test]
fn a_named_file_that_is_no_text_exits_with_2() {
    let repository = repository(&[("ci.yml", CREATES_ROLES)]);
    repository.write_bytes("latin.yml", b"Resources:\n  # caf\xe9 AWS::IAM::Role\n");
    let run = repository.run(&["latin.yml", "ci.yml"]);
    assert_eq!(run.status, 2);
    assert!(run.out.contains("latin.yml: not UTF-8: byte 19 on line 2 is no character"), "{}", run.out);
    assert!(run.out.contains("critical[ci-role-creates-principals]"), "the other is analysed: {}", run.out);
}

#[test]
fn a_file_of_a_folder_that_is_no_text_is_told_and_fails_a_strict_run_only() {
    let repository = repository(&[("ci.yml", CLEAN)]);
    repository.write_bytes("latin.yml", b"Resources:\n  # caf\xe9 AWS::IAM::Role\n");
    let run = repository.run(&["."]);
    assert_eq!(run.status, 0);
    assert!(run.out.contains("not analysed: 1 file\n  latin.yml: not UTF-8"), "{}", run.out);
    assert_eq!(repository.run(&["--strict"]).status, 2);
}

#[test]
fn a_strict_run_fails_for_a_format_that_is_not_read() {
    let repository = repository(&[("ci.yml", CLEAN), ("jinja.yml", TEXT_TEMPLATE)]);
    let run = repository.run(&[]);
    assert!(run.out.contains("jinja.yml: a text template"), "{}", run.out);
    assert_eq!(run.status, 0);
    assert_eq!(repository.run(&["--strict"]).status, 2);
}

#[test]
fn findings_go_before_what_was_not_analysed() {
    let repository = repository(&[("ci.yml", CREATES_ROLES), ("jinja.yml", TEXT_TEMPLATE)]);
    assert_eq!(repository.run(&["--strict"]).status, 1);
}

#[test]
fn a_run_that_read_nothing_says_so() {
    let run = repository(&[("notes.yml", "shopping: [milk]\n")]).run(&[]);
    assert_eq!(run.status, 0);
    assert!(run.out.starts_with("nothing was analysed"), "{}", run.out);
}

#[test]
fn the_status_is_the_same_in_every_format() {
    let repository = repository(&[("ci.yml", CREATES_ROLES)]);
    for format in FORMATS {
        assert_eq!(repository.run(&["--format", format]).status, 1, "{format}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    use std::io::Read;
    use std::process::Stdio;
    let files: Vec<(String, &str)> = (0..300).map(|n| (format!("f{n}.yml"), CREATES_ROLES)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let repository = repository(&files);
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("iamlint"))
        .current_dir(repository.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut some = [0; 10];
    child.stdout.take().expect("a pipe").read_exact(&mut some).expect("some bytes");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_text_template_is_said_and_exits_with_0_unless_strict() {
    let repository =
        repository(&[("roles.yml", "Resources:\n{% for a in b %}\n  R: {Type: AWS::IAM::Role}\n{% endfor %}\n")]);
    let run = repository.run(&[]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.out.contains("roles.yml: a text template"), "{}", run.out);
    assert_eq!(repository.run(&["--strict"]).status, 2);
}
