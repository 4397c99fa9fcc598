//! `iamlint explain`.

use super::*;

#[test]
fn a_rule_is_explained_by_its_id() {
    let run = repository(&[]).run(&["explain", "passrole-wildcard"]);
    assert_eq!(run.status, 0);
    for part in
        ["passrole-wildcard  high, pack escalation", "WHY IT MATTERS", "BAD", "GOOD", "× high[passrole-wildcard]"]
    {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    assert!(!run.out.contains("#~"), "marks of tests are not shown");
}

#[test]
fn a_rule_is_explained_by_the_id_of_another_tool() {
    for other in ["CKV_AWS_109", "ckv_aws_109"] {
        let run = repository(&[]).run(&["explain", other]);
        assert_eq!(run.status, 0);
        assert!(run.out.contains("ci-role-creates-principals  critical"), "{}", run.out);
        assert!(run.out.contains("ci-role-edits-trust  critical"), "every rule that replaces it: {}", run.out);
    }
}

#[test]
fn a_check_of_another_tool_that_no_rule_finds_is_told_with_its_reason() {
    for (other, told) in [
        ("CKV_AWS_93", "CKV_AWS_93 of checkov: a bucket that nobody can change any more\n  not found: a mistake"),
        ("ckv_aws_93", "CKV_AWS_93 of checkov: "),
        ("F24", "  out of scope: a name is no secret"),
    ] {
        let run = repository(&[]).run(&["explain", other]);
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{other}");
        assert!(run.out.contains(told), "{other}: {}", run.out);
    }
}

#[test]
fn a_finding_is_explained_by_its_id_and_by_its_place() {
    let repository = repository(&[("infra/ci.yml", CREATES_ROLES)]);
    let report = repository.run(&["--format", "json", "--select", "ci-role-creates-principals"]).json();
    let finding = &report["findings"][0];
    let id = finding["id"].as_str().expect("an id");
    let line = &finding["locations"][0]["start"]["line"];
    let by_id = repository.run(&["explain", id]);
    assert_eq!(by_id.status, 0, "{}", by_id.err);
    for part in [
        id,
        "THE CHAIN",
        "infra/ci.yml:",
        "WHY IT MATTERS",
        "WHAT TO DO",
        "IF IT IS MEANT",
        "# iamlint: ignore[ci-role-creates-principals] -- WHY",
    ] {
        assert!(by_id.out.contains(part), "{part}: {}", by_id.out);
    }
    let by_place = repository.run(&["explain", &format!("infra/ci.yml:{line}")]);
    assert_eq!(by_place.out, by_id.out);
    repository.git();
    let below = repository.run_in("infra", &["explain", &format!("ci.yml:{line}")]);
    assert_eq!(below.out, by_id.out);
}

#[test]
fn the_id_of_a_finding_does_not_change_when_lines_move() {
    let ids = |text: &str| {
        let report = repository(&[("ci.yml", text)]).run(&["--format", "json"]).json();
        let findings = report["findings"].as_array().expect("findings").clone();
        findings.iter().map(|finding| finding["id"].clone()).collect::<Vec<Value>>()
    };
    let moved = format!("# moved\n\n\n{}", CREATES_ROLES.replace("\n", "\n\n"));
    assert_eq!(ids(CREATES_ROLES), ids(&moved));
}

#[test]
fn what_is_unknown_exits_with_2_and_a_suggestion() {
    let repository = repository(&[("ci.yml", CREATES_ROLES)]);
    for (what, said) in [
        ("passrole-wildcad", "did you mean `passrole-wildcard`?"),
        ("CKV_AWS_10", "did you mean `CKV_AWS_1"),
        ("what-is-this-thing", "`iamlint rules` lists the rules"),
        ("00000000", "no finding here is `00000000`"),
        ("ci.yml:1", "no finding here is `ci.yml:1`"),
        ("none.yml:1", "`none.yml` is not among the files that were read"),
    ] {
        let run = repository.run(&["explain", what]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{what}");
        assert!(run.err.contains(said), "{what}: {}", run.err);
    }
}

#[test]
fn a_finding_about_suppressions_has_a_page_with_an_example() {
    let repository = repository(&[]);
    for rule in &iamlint::suppress::RULES {
        let run = repository.run(&["explain", rule.id]);
        assert_eq!(run.status, 0, "{}", run.err);
        assert!(run.out.starts_with(&format!("{}  {}\n{}\n", rule.id, rule.severity, rule.summary)), "{}", run.out);
        assert!(run.out.contains(&format!("{}[{}]: ", rule.severity, rule.id)), "{}", run.out);
        assert!(run.out.contains("\nBAD\n") && run.out.contains("\nGOOD\n"), "{}", run.out);
    }
}

#[test]
fn the_page_of_a_finding_shows_the_change_that_it_offers_and_says_nothing_twice() {
    let repository = repository(&[("ci.yml", include_str!("../../fixtures/fixes/names.before.yml"))]);
    let run = repository.run(&["explain", "ci.yml:18"]);
    let page = run.out.split("WHAT TO DO\n").nth(1).unwrap_or_else(|| panic!("{}{}", run.out, run.err));
    let wanted = "  did you mean `RoleArn`?\n\n\
        THE CHANGE\n\
        \x20 -      ServiceRole: arn:aws:iam::111122223333:role/release # what CodeBuild calls it\n\
        \x20 +      RoleArn: arn:aws:iam::111122223333:role/release # what CodeBuild calls it\n\
        \x20 `iamlint check --fix` makes this change\n";
    assert!(page.starts_with(wanted), "{page}");
}
