//! `iamlint baseline` and runs that have one.

use super::*;

const NAME: &str = "iamlint-baseline.json";

fn with_baseline() -> Repository {
    let repository = repository(&[("ci.yml", CREATES_ROLES)]);
    assert_eq!(repository.run(&["-q"]).status, 1);
    let run = repository.run(&["baseline", "create"]);
    assert_eq!((run.status, run.out.as_str()), (0, "iamlint-baseline.json: findings known: 1, added: 1, removed: 0\n"));
    repository
}

#[test]
fn a_known_finding_is_counted_and_does_not_fail_the_run() {
    let repository = with_baseline();
    let run = repository.run(&[]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.out.contains("known by the baseline: 1 finding\n"), "{}", run.out);
    assert!(!run.out.contains("not analysed"), "the baseline itself is no file of ours: {}", run.out);
    let report = repository.run(&["--format", "json"]).json();
    assert_eq!((&report["summary"]["known"], &report["summary"]["failing"]), (&1.into(), &0.into()));
    assert_eq!(report["baseline"][0]["rule"], "ci-role-creates-principals");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0));
    assert_eq!(repository.run(&["-q", "--no-baseline"]).status, 1);
    let id = report["baseline"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(repository.run(&["explain", &id]).status, 0);
}

#[test]
fn lines_that_move_change_nothing_and_another_file_is_new() {
    let repository = with_baseline();
    repository.write("ci.yml", &format!("{}{CREATES_ROLES}", "# a line\n".repeat(100)));
    assert_eq!(repository.run(&["-q"]).status, 0);
    repository.write("ci.yml", "Resources: {}\n");
    repository.write("moved.yml", CREATES_ROLES);
    let run = repository.run(&[]);
    assert_eq!(run.status, 1);
    assert!(
        run.out.contains("gone from the baseline: 1 finding (`iamlint baseline prune` removes them)\n"),
        "{}",
        run.out
    );
}

#[test]
fn what_is_new_is_added_and_what_is_gone_is_removed() {
    let repository = with_baseline();
    repository.write("other.yml", CREATES_ROLES);
    assert_eq!(repository.run(&["-q"]).status, 1);
    let told = |verb: &str| repository.run(&["baseline", verb]).out;
    assert_eq!(told("prune"), "iamlint-baseline.json: findings known: 1, added: 0, removed: 0\n");
    assert_eq!(told("update"), "iamlint-baseline.json: findings known: 2, added: 1, removed: 0\n");
    assert_eq!(repository.run(&["-q"]).status, 0);
    fs::remove_file(repository.path().join("ci.yml")).expect("it is there");
    assert_eq!(repository.run(&["--format", "json"]).json()["summary"]["stale"][0]["path"], "ci.yml");
    assert_eq!(told("prune"), "iamlint-baseline.json: findings known: 1, added: 0, removed: 1\n");
    let run = repository.run(&["baseline", "create"]);
    assert_eq!(run.status, 2, "nothing is written over");
    assert!(run.err.contains("`iamlint baseline update`"), "{}", run.err);
}

#[test]
fn entries_of_rules_and_paths_that_are_not_asked_are_not_stale() {
    let repository = with_baseline();
    repository.write("clean.yml", CLEAN);
    for words in [&["clean.yml"][..], &["--select", "static-credentials"], &["--isolated", "clean.yml"]] {
        let run = repository.run(words);
        assert!(!run.out.contains("gone from"), "{words:?}: {}", run.out);
    }
}

#[test]
fn a_baseline_is_named_by_a_flag_or_by_the_configuration() {
    let repository = with_baseline();
    fs::create_dir(repository.path().join("ci")).expect("a folder");
    fs::rename(repository.path().join(NAME), repository.path().join("ci/known.json")).expect("it is there");
    assert_eq!(repository.run(&["-q"]).status, 1);
    assert_eq!(repository.run(&["-q", "--baseline", "ci/known.json"]).status, 0);
    repository.write("iamlint.toml", "baseline = \"ci/known.json\"\n");
    assert_eq!(repository.run(&["-q"]).status, 0);
    repository.write("iamlint.toml", "lock = true\n");
    let run = repository.run(&["-q", "--baseline", "ci/known.json"]);
    assert!(run.err.contains("`--baseline` would loosen iamlint.toml"), "{}", run.err);
}

#[test]
fn what_is_no_baseline_exits_with_2() {
    let repository =
        repository(&[("ci.yml", CREATES_ROLES), ("known.json", "{\"schema\": \"other/1\", \"findings\": []}")]);
    for (path, said) in
        [("none.json", "cannot read the baseline"), ("known.json", "its schema is"), ("ci.yml", "is no baseline")]
    {
        let run = repository.run(&["--baseline", path]);
        assert_eq!(run.status, 2);
        assert!(run.err.contains(said), "{}", run.err);
    }
}
