//! Rules that are selected, left out, and brought along.

use super::*;

#[test]
fn rules_and_packs_are_selected_and_ignored() {
    let repository = repository(&[("ci.yml", CREATES_ROLES), ("spec.yml", SECRET)]);
    let rules = |words: &[&str]| {
        let words: Vec<&str> = words.iter().copied().chain(["--format", "json"]).collect();
        repository.run(&words).rules().into_iter().collect::<BTreeSet<String>>()
    };
    let (create, key) = ("ci-role-creates-principals", "aws-access-key-literal");
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(rules(&["--select", create]), set(&[create]));
    assert_eq!(rules(&["--select", "static-credentials"]), set(&[key]));
    assert_eq!(rules(&["--select", "static-credentials,escalation"]), set(&[key, create]));
    assert_eq!(rules(&["--select", key, "--select", create]), set(&[key, create]));
    assert_eq!(rules(&["--select", "static-credentials,escalation", "--ignore", "escalation"]), set(&[key]));
    assert!(!rules(&["--ignore", create]).contains(create));
}

#[test]
fn a_rule_that_is_not_there_exits_with_2_and_the_nearest_name() {
    let repository = repository(&[]);
    for (flag, name, meant) in [
        ("--select", "passrole-wildcrad", "passrole-wildcard"),
        ("--ignore", "codebild", "codebuild"),
        ("--select", "oidc-no-subs", "oidc-no-sub"),
    ] {
        let run = repository.run(&[flag, name]);
        assert_eq!((run.status, run.out.as_str()), (2, ""));
        assert_eq!(run.err, format!("error: there is no rule and no pack `{name}`\n  help: did you mean `{meant}`?\n"));
    }
    let run = repository.run(&["--select", "something-else-altogether"]);
    assert!(run.err.contains("`iamlint rules` lists them"), "{}", run.err);
}

#[test]
fn a_rule_of_a_pack_of_ones_own_is_asked_and_explained() {
    let repository =
        repository(&[("mine.yml", PACK), ("ci.yml", &CREATES_ROLES.replace("iam:CreateRole", "dynamodb:Delete*"))]);
    let run = repository.run(&["--rules", "mine.yml", "--format", "short", "-q", "--select", "our-rules"]);
    assert_eq!(run.status, 1, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("high[no-table-deletion]: `BuildRole` lets builds of `Build` delete tables:"),
        "{}",
        run.out
    );
    let run = repository.run(&["explain", "no-table-deletion", "--rules", "mine.yml"]);
    assert_eq!(run.status, 0);
    assert!(run.out.contains("What holds the data of customers"), "{}", run.out);
    let run = repository.run(&["rules", "--rules", "mine.yml"]);
    assert!(run.out.contains("our-rules\n  no-table-deletion "), "{}", run.out);
    assert_eq!(repository.run(&["explain", "no-table-deletion"]).status, 2, "without the pack it is unknown");
}

#[test]
fn a_bad_pack_is_refused_at_its_line_with_a_suggestion() {
    for (from, to, place, said) in [
        ("severity: high", "sevrity: high", "mine.yml:4:5", "did you mean `severity`?"),
        ("severity: high", "severity: hihg", "mine.yml:4:15", "did you mean `high`?"),
        ("grants-action", "grant-action", "mine.yml:12:15", "did you mean `grants-action`?"),
        ("principals: ci", "principal: ci", "mine.yml:13:13", "did you mean `principals`?"),
        ("principals: ci", "principals: cx", "mine.yml:13:13", "one of ci, codebuild"),
        ("{worker}", "{workr}", "mine.yml:6:14", "did you mean `worker`?"),
        ("id: no-table", "id: No_table", "mine.yml:3:9", "lower-case words with hyphens"),
    ] {
        assert!(PACK.contains(from), "{from}");
        let repository = repository(&[("mine.yml", &PACK.replace(from, to)), ("ci.yml", CREATES_ROLES)]);
        let run = repository.run(&["--rules", "mine.yml"]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{to}");
        assert!(run.err.contains(place) && run.err.contains(said), "{to}: {}", run.err);
        assert!(!run.err.contains("iamlint explain"), "its id leads nowhere: {}", run.err);
        assert!(run.err.ends_with("error: a rule pack cannot be used\n"), "{to}: {}", run.err);
    }
}

#[test]
fn a_pack_that_is_no_yaml_not_there_or_takes_a_known_id_exits_with_2() {
    let repository = repository(&[
        ("broken.yml", "pack: [\n"),
        ("taken.yml", &PACK.replace("no-table-deletion", "passrole-wildcard")),
    ]);
    for (name, said) in [
        ("broken.yml", "broken.yml:"),
        ("none.yml", "cannot read the rule pack none.yml"),
        ("taken.yml", "is taken by"),
    ] {
        let run = repository.run(&["--rules", name]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{name}");
        assert!(run.err.contains(said), "{name}: {}", run.err);
    }
}

#[test]
fn the_list_of_rules_has_three_forms() {
    let repository = repository(&[]);
    let run = repository.run(&["rules", "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&run.out).expect("JSON");
    let text = repository.run(&["rules"]).out;
    let table = repository.run(&["rules", "--format", "markdown"]).out;
    assert!(rows.len() > 30);
    for row in &rows {
        let id = row["id"].as_str().expect("an id");
        assert!(text.contains(&format!("\n  {id} ")), "{id}");
        assert!(table.contains(&format!("[`{id}`]")), "{id}");
    }
}

#[test]
fn the_rules_of_the_example_pack_do_as_their_examples_say() {
    let run = assert_cmd::Command::cargo_bin("iamlint")
        .expect("the program is built")
        .args(["rules", "test", "rules/examples/house.yml"])
        .output()
        .expect("it runs");
    let out = String::from_utf8(run.stdout).expect("text");
    assert_eq!(run.status.code(), Some(0), "{out}");
    for rule in ["builds-create-no-roles", "no-static-keys", "only-the-pipeline-deploys"] {
        assert!(out.contains(&format!("ok    {rule} ")), "{out}");
    }
}

#[test]
fn a_rule_that_does_not_do_as_its_examples_say_exits_with_1() {
    let deletes = CREATES_ROLES.replace("iam:CreateRole", "dynamodb:Delete*");
    let line = deletes.lines().position(|line| line.contains("dynamodb:Delete*")).expect("the line");
    let mark = |rule: &str| deletes.replace("dynamodb:Delete*", &format!("dynamodb:Delete* #~ {rule}"));
    let (right, severe) = (mark("no-table-deletion"), mark("no-table-deletion critical"));
    let (foreign, word) = (mark("no-tables"), mark("no-table-deletion grave"));
    let (bad, good) = ("mine/no-table-deletion/bad.yml", "mine/no-table-deletion/good.yml");
    let missing = format!("there is a high finding at bad.yml:{}, which is not marked", line + 1);
    for (files, status, said) in [
        (vec![(bad, right.as_str()), (good, CLEAN)], 0, "1 rule does as its examples say"),
        (vec![(bad, severe.as_str()), (good, CLEAN)], 1, "there is no critical finding at bad.yml:"),
        (vec![(bad, severe.as_str()), (good, CLEAN)], 1, missing.as_str()),
        (vec![(bad, deletes.as_str()), (good, CLEAN)], 1, "no line is marked with `#~ no-table-deletion`"),
        (vec![(bad, foreign.as_str()), (good, CLEAN)], 1, "the mark does not name `no-table-deletion`"),
        (vec![(bad, word.as_str()), (good, CLEAN)], 1, "no severity `grave`"),
        (vec![(bad, right.as_str()), (good, right.as_str())], 1, "a good example has a mark"),
        (vec![(bad, right.as_str()), (good, deletes.as_str())], 1, "there is a high finding at good.yml:"),
        (vec![(bad, right.as_str())], 1, "there is no good example"),
        (vec![], 1, "there is no bad example: it would be mine/no-table-deletion/bad.yml"),
        (vec![(bad, right.as_str()), (good, CLEAN), ("mine/old/bad.yml", CLEAN)], 1, "mine/old: the pack has no rule"),
    ] {
        let all: Vec<(&str, &str)> = files.into_iter().chain([("mine.yml", PACK)]).collect();
        let run = repository(&all).run(&["rules", "test", "mine.yml"]);
        assert_eq!(run.status, status, "{said}: {}{}", run.out, run.err);
        assert!(run.out.replace('\\', "/").contains(said), "{said}: {}", run.out);
    }
}

#[test]
fn a_pack_that_cannot_be_used_is_not_tried() {
    let repository = repository(&[("mine.yml", &PACK.replace("grants-action", "grant-action"))]);
    for (name, said) in [("mine.yml", "did you mean `grants-action`?"), ("none.yml", "cannot read the rule pack")] {
        let run = repository.run(&["rules", "test", name]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{name}");
        assert!(run.err.contains(said), "{}", run.err);
    }
}
