//! `iamlint.toml`: where it is found, what it changes, and what is refused.

use super::*;

/// A role that may pass any role, and the configuration beside it.
fn with_config(config: &str) -> Repository {
    let repository = repository(&[("ci.yml", CREATES_ROLES), ("iamlint.toml", config)]);
    repository.git();
    repository
}

fn severity(run: &Run, rule: &str) -> Option<String> {
    let report = run.json();
    let found = report["findings"].as_array()?.iter().find(|finding| finding["rule"] == rule)?;
    found["severity"].as_str().map(str::to_owned)
}

const RULE: &str = "ci-role-creates-principals";
/// Rules that speak of the same statement are told in one finding, the worst.
const ALONE: &str = "select = [\"ci-role-creates-principals\"]\n";
const JSON: [&str; 3] = ["check", "--format", "json"];

#[test]
fn the_nearest_file_up_to_the_root_counts() {
    let repository = with_config(&format!("{ALONE}[rules]\nci-role-creates-principals = \"low\"\n"));
    repository.write("app/deep/x.txt", "");
    assert_eq!(severity(&repository.run(&JSON), RULE).as_deref(), Some("low"));
    let below = ["check", "--format", "json", "../.."];
    assert_eq!(severity(&repository.run_in("app/deep", &below), RULE).as_deref(), Some("low"));
    repository
        .write("app/.iamlint.toml", "select = [\"ci-role-creates-principals\"]\n[rules]\nescalation = \"info\"\n");
    // Its patterns and paths are those of its folder; levels of rules hold for the run.
    assert_eq!(severity(&repository.run_in("app/deep", &below), RULE).as_deref(), Some("info"));
    repository.write("app/deep/.git/HEAD", "");
    assert_eq!(severity(&repository.run_in("app/deep", &below), RULE).as_deref(), Some("critical"), "root of its own");
}

#[test]
fn two_files_in_one_folder_are_one_too_many() {
    let repository = with_config("");
    repository.write(".iamlint.toml", "");
    let run = repository.run(&[]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("keep one of them"), "{}", run.err);
}

#[test]
fn an_unknown_key_is_refused_at_its_line_with_a_suggestion() {
    for (config, place, said) in [
        ("fail-on = \"high\"\nexlude = []\n", "iamlint.toml:2:1", "did you mean `exclude`?"),
        ("\u{feff}fail_on = \"high\"\n", "iamlint.toml:1:1", "did you mean `fail-on`?"),
        ("[paths.\"app/**\"]\nrule = {}\n", "iamlint.toml:2:1", "did you mean `rules`?"),
        ("fail-on = \"hihg\"\n", "iamlint.toml:1:11", "did you mean `high`?"),
        ("[rules]\nescalaton = \"low\"\n", "iamlint.toml:2:1", "did you mean `escalation`?"),
        ("select = [\n  \"escalation\",\n  \"passrole-wildcrad\"]\n", "iamlint.toml:3:3", "`passrole-wildcard`?"),
        ("[rules]\nescalation = \"lo\"\n", "iamlint.toml:2:14", "did you mean `low`?"),
        ("exclude = [\"a/{b\"]\n", "iamlint.toml:1:12", "is no pattern of files"),
        ("fail-on = high\n", "iamlint.toml:1:11", "this is no configuration"),
    ] {
        let run = with_config(config).run(&[]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{config}");
        assert!(run.err.contains(place) && run.err.contains(said), "{config}{}", run.err);
    }
}

#[test]
fn levels_are_those_of_the_rule_before_its_pack_and_of_the_longest_path() {
    let level = |config: &str| severity(&with_config(&format!("{ALONE}{config}")).run(&JSON), RULE);
    assert_eq!(level("[rules]\nescalation = \"low\"\n").as_deref(), Some("low"));
    assert_eq!(
        level("[rules]\nescalation = \"low\"\nci-role-creates-principals = \"high\"\n").as_deref(),
        Some("high")
    );
    assert_eq!(level("[rules]\nescalation = \"off\"\n"), None);
    assert_eq!(level("[paths.\"*.yml\".rules]\nescalation = \"off\"\n"), None);
    assert_eq!(level("[paths.\"*.yaml\".rules]\nescalation = \"off\"\n").as_deref(), Some("critical"));
    let both = "[rules]\nescalation = \"off\"\n[paths.\"*\".rules]\nescalation = \"off\"\n\
                [paths.\"ci.*\".rules]\nescalation = \"medium\"\n";
    assert_eq!(level(both).as_deref(), Some("medium"));
}

#[test]
fn the_threshold_of_the_file_decides_and_the_flag_counts_before_it() {
    let repository = with_config("fail-on = \"never\"\n");
    assert_eq!(repository.run(&["-q"]).status, 0);
    assert_eq!(repository.run(&["-q", "--fail-on", "high"]).status, 1);
    assert_eq!(repository.run(&["-q", "--isolated", "ci.yml"]).status, 1, "no configuration");
    assert_eq!(with_config("").run(&["-q"]).status, 1);
}

#[test]
fn the_ignore_list_holds_for_files_that_a_hook_names() {
    let repository = with_config("exclude = [\"ci.yml\"]\n");
    let run = repository.run(&["ci.yml", "iamlint.toml"]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.out.contains("nothing was analysed"), "{}", run.out);
}

#[test]
fn what_flags_select_counts_before_what_the_file_does() {
    let repository = with_config("select = [\"static-credentials\"]\n[rules]\nescalation = \"off\"\n");
    assert_eq!(severity(&repository.run(&JSON), RULE), None);
    let run = repository.run(&["--format", "json", "--select", RULE]);
    assert_eq!(severity(&run, RULE).as_deref(), Some("critical"));
}

#[test]
fn ignoring_a_rule_means_it_does_not_run() {
    // Another rule that speaks of the same statement is told, and does not name the one that is off.
    let repository = with_config("[rules]\nci-role-creates-principals = \"off\"\n");
    let run = repository.run(&JSON);
    assert!(!run.out.contains(RULE), "{}", run.out);
}

#[test]
fn a_locked_file_is_loosened_by_no_flag() {
    let repository = with_config("lock = true\nfail-on = \"low\"\n");
    for words in [
        &["--ignore", "escalation"][..],
        &["--select", "escalation"],
        &["--exclude", "ci.yml"],
        &["--fail-on", "high"],
        &["--fail-on", "never"],
        &["--isolated", "ci.yml"],
    ] {
        let run = repository.run(words);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{words:?}");
        assert!(run.err.contains("would loosen iamlint.toml"), "{}", run.err);
    }
    assert_eq!(repository.run(&["-q", "--fail-on", "info"]).status, 1);
}

#[test]
fn a_file_of_the_organisation_is_named() {
    let repository = repository(&[
        ("ci.yml", CREATES_ROLES),
        ("org/rules.toml", &format!("{ALONE}[rules]\nescalation = \"low\"\n")),
    ]);
    let words = ["--format", "json", "--config", "org/rules.toml"];
    assert_eq!(severity(&repository.run(&words), RULE).as_deref(), Some("low"));
    let run = Run::of(repository.command(&["--format", "json"]).env("IAMLINT_CONFIG", "org/rules.toml"));
    assert_eq!(severity(&run, RULE).as_deref(), Some("low"));
    let run = repository.run(&["--config", "org/none.toml"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("cannot read the configuration"), "{}", run.err);
}

#[test]
fn packs_of_the_file_are_loaded() {
    let repository = repository(&[
        ("ci.yml", &CREATES_ROLES.replace("iam:CreateRole", "dynamodb:Delete*")),
        ("iam/mine.yml", PACK),
        ("iamlint.toml", "packs = [\"iam/mine.yml\"]\nselect = [\"our-rules\"]\n"),
    ]);
    assert_eq!(repository.run(&["--format", "json"]).rules(), ["no-table-deletion"]);
    assert_eq!(repository.run(&["explain", "no-table-deletion"]).status, 0);
}

#[test]
fn what_is_in_force_is_shown_and_can_be_read_again() {
    let repository = repository(&[]);
    let run = repository.run(&["config"]);
    assert!(run.out.starts_with("# no iamlint.toml: these are the defaults\nfail-on = \"medium\"\n"), "{}", run.out);
    assert_eq!(repository.run(&["config", "--init"]).out, "wrote iamlint.toml\n");
    assert_eq!(repository.run(&["config", "--init"]).status, 2, "nothing is written over");
    let shown = repository.run(&["config", "--show"]);
    assert!(shown.out.starts_with("# iamlint.toml\nfail-on = \"medium\"\n"), "{}{}", shown.out, shown.err);
    repository.write("iamlint.toml", &shown.out);
    assert_eq!(repository.run(&["config", "--show"]).out, shown.out);
}

#[test]
fn every_line_of_the_first_file_that_is_behind_a_hash_works() {
    let repository = repository(&[]);
    repository.run(&["config", "--init"]);
    let text = fs::read_to_string(repository.path().join("iamlint.toml")).expect("the file");
    let is_setting = |line: &str| line.starts_with(['[', '"']) || line.contains(" = ");
    let lines = text.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line));
    repository.write("iamlint.toml", &lines.collect::<Vec<_>>().join("\n"));
    let run = repository.run(&["config"]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.out.contains("[paths.\"sandbox/**\".rules]\nescalation = \"low\"\n"), "{}", run.out);
}

#[test]
fn a_suppression_is_counted_and_auditors_switch_it_off() {
    let text = CREATES_ROLES.replace(
        "              - Effect: Allow\n                Action:",
        "              # iamlint: ignore[ci-role-creates-principals, write-on-every-resource] until=2030-01-31 -- bounded\n              - Effect: Allow\n                Action:",
    );
    let repository = repository(&[("ci.yml", &text)]);
    let run = repository.run(&["--today", "2029-01-01"]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.out.contains("suppressed 2 findings (2 by comment)\n"), "{}", run.out);
    let report = repository.run(&["--today", "2029-01-01", "--format", "json"]).json();
    assert_eq!(report["summary"]["suppressed"], 2);
    let one = &report["suppressed"][0];
    assert_eq!(one["rule"], RULE);
    assert_eq!(one["suppression"]["by"], "comment");
    assert_eq!(one["suppression"]["reason"], "bounded");
    assert_eq!(one["suppression"]["until"], "2030-01-31");
    assert_eq!(one["suppression"]["location"]["start"]["line"], 16);
    assert_eq!(repository.run(&["-q", "--no-ignores", "--today", "2029-01-01"]).status, 1);
    assert_eq!(repository.run(&["-q", "--today", "2030-02-01"]).status, 1, "it has ended");
}

#[test]
fn entries_are_written_relative_to_the_file_that_they_are_written_to() {
    let json = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    let repository = repository(&[("app/policies/deploy.json", json), ("app/iamlint.toml", "fail-on = \"info\"\n")]);
    repository.git();
    assert_eq!(repository.run_in("app", &["-q"]).status, 1);
    let run = repository.run_in("app", &["--add-ignore", "known"]);
    assert!(run.out.contains("entries written into app/iamlint.toml: "), "{}{}", run.out, run.err);
    let run = repository.run_in("app", &[]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    let text = fs::read_to_string(repository.path().join("app/iamlint.toml")).expect("the file");
    assert!(text.contains("path = \"policies/deploy.json\"\n"), "{text}");
}

#[test]
fn suppressions_are_written_for_what_is_found() {
    let json = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    let repository = repository(&[("ci.yml", CREATES_ROLES), ("policies/deploy.json", json)]);
    assert_eq!(repository.run(&["-q"]).status, 1);
    let run = repository.run(&["--add-ignore", "known, SEC-1"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let run = repository.run(&["--fail-on", "info"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    let text = fs::read_to_string(repository.path().join("ci.yml")).expect("the template");
    let added: Vec<&str> = text.lines().filter(|line| line.contains("iamlint")).map(str::trim).collect();
    assert_eq!(
        added,
        [
            "# iamlint: ignore[write-on-every-resource] action=logs:PutLogEvents,iam:CreateRole -- known, SEC-1",
            "# iamlint: ignore[ci-role-creates-principals] -- known, SEC-1",
            "# iamlint: ignore[ci-role-without-boundary] -- known, SEC-1"
        ]
    );
    let without: String = text.lines().filter(|line| !line.contains("iamlint")).flat_map(|line| [line, "\n"]).collect();
    assert_eq!(without, CREATES_ROLES, "nothing else has changed");
    let item = "- iam:CreateRole\n";
    let (before, behind) = text.split_once(item).expect("an item");
    let indent = before.rsplit('\n').next().unwrap_or_default();
    repository.write("ci.yml", &format!("{before}{item}{indent}- iam:CreateUser\n{behind}"));
    for rule in ["write-on-every-resource", "ci-role-creates-principals"] {
        let run = repository.run(&["--select", rule]);
        assert!(run.status == 1 && run.out.contains("iam:CreateUser"), "an action that is added is told: {}", run.out);
    }
    assert_eq!(repository.run(&["--add-ignore", " "]).status, 2);
    assert_eq!(repository.run_with_input(&["--add-ignore", "why", "-"], json).status, 2, "there is no file to write");
}

/// A trust whose account is a parameter, and a template that takes in a part from elsewhere.
const WITH_PARAMETER: &str = r#"Parameters:
  Stage: {Type: String, Default: dev}
  Partner: {Type: String}
Resources:
  Reader:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "reader-${Stage}"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub "arn:aws:iam::${Partner}:root"}
            Action: sts:AssumeRole
"#;

/// The findings about foreign accounts, with the accounts and what is noted.
fn foreign(repository: &Repository, words: &[&str]) -> Vec<String> {
    let words: Vec<&str> =
        [&["--format", "json", "--select", "trust-foreign-account"], words].concat().into_iter().collect();
    let report = repository.run(&words).json();
    let findings = report["findings"].as_array().expect("findings").clone();
    let text = |one: &Value| format!("{} {}", one["message"], one["notes"]);
    findings.iter().map(text).collect()
}

#[test]
fn values_of_parameters_are_those_of_flags_environments_and_the_file() {
    let repository = repository(&[("infra/role.yml", WITH_PARAMETER)]);
    assert_eq!(foreign(&repository, &[]).len(), 0, "a parameter may be the own account");
    let one = foreign(&repository, &["--param", "Partner=210987654321"]);
    assert!(one.len() == 1 && one[0].contains("210987654321"), "{one:?}");
    repository.write("iamlint.toml", "[parameters]\nPartner = \"210987654321\"\n");
    assert_eq!(foreign(&repository, &[]).len(), 1);
    assert!(foreign(&repository, &["--param", "Partner=310987654321"])[0].contains("310987654321"));
    let environments = "trusted-accounts = [\"410987654321\"]\n\
        [environments.prod]\nparameters = { Partner = \"210987654321\", Stage = \"prod\" }\n\
        [environments.dev]\npaths = [\"infra/**\"]\nfile = \"params/dev.json\"\n";
    repository.write("iamlint.toml", environments);
    let run = repository.run(&[]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("cannot read the parameters"), "{}", run.err);
    for text in [
        r#"[{"ParameterKey": "Partner", "ParameterValue": "410987654321"}]"#,
        r#"{"Parameters": {"Partner": "410987654321"}}"#,
        r#"{"Partner": "410987654321"}"#,
    ] {
        repository.write("params/dev.json", text);
        let found = foreign(&repository, &[]);
        assert!(found.len() == 1 && found[0].contains("210987654321"), "{text}: {found:?}");
    }
    repository.write("iamlint.toml", &environments.replace("infra/**", "other/**"));
    assert_eq!(foreign(&repository, &[]).len(), 1);
    let run = repository.run(&["--param", "Partner"]);
    assert!(run.status == 2 && run.err.contains("--param Name=value"), "{}", run.err);
}

#[test]
fn parameters_turn_out_as_in_one_environment_at_a_time() {
    let text = WITH_PARAMETER
        .replace("  Partner: {Type: String}", "  Left: {Type: String}\n  Right: {Type: String}")
        .replace("${Partner}", "${Left}${Right}");
    let config = "[environments.one]\nparameters = { Left = \"210987\", Right = \"654321\" }\n\
        [environments.two]\nparameters = { Left = \"310987\", Right = \"154321\" }\n";
    let repository = repository(&[("role.yml", &text), ("iamlint.toml", config)]);
    assert_eq!(foreign(&repository, &[]).len(), 1);
    let trusted =
        |accounts: &str| repository.write("iamlint.toml", &format!("trusted-accounts = [{accounts}]\n{config}"));
    trusted("\"210987654321\"");
    let found = foreign(&repository, &[]);
    assert!(found.len() == 1 && found[0].contains("310987154321"), "{found:?}");
    trusted("\"210987654321\", \"310987154321\"");
    assert_eq!(foreign(&repository, &[]).len(), 0, "no account is mixed of two environments");
}

/// A role that passes any role but in production, and one that is made there alone.
const BY_STAGE: &str = r#"Parameters:
  Stage: {Type: String, Default: prod}
  Region: {Type: String, Default: eu}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
  IsEuropeanTest: !And [!Condition IsTest, !Equals [!Ref Region, eu]]
  Never: !And [!Condition IsTest, !Condition IsProd]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: codebuild.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              Effect: Allow
              Action: iam:PassRole
              Resource: !If [IsTest, "*", "arn:aws:iam::111122223333:role/app"]
  OfProduction:
    Condition: IsProd
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: codebuild.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement: {Effect: Allow, Action: iam:PassRole, Resource: "*"}
"#;

#[test]
fn what_parameters_are_told_to_be_decides_the_conditions_about_them() {
    let repository = repository(&[("role.yml", BY_STAGE)]);
    let found = |config: &str, words: &[&str]| -> Vec<String> {
        repository.write("iamlint.toml", config);
        let words: Vec<&str> =
            [&["--format", "json", "--select", "passrole-wildcard"], words].concat().into_iter().collect();
        let report = repository.run(&words).json();
        let findings = report["findings"].as_array().expect("findings").clone();
        let text = |one: &Value| {
            let notes = one["notes"].as_array().expect("notes").iter().filter_map(Value::as_str);
            let when: Vec<&str> = notes.filter(|note| note.starts_with("when")).collect();
            format!(
                "{} {}",
                one["message"].as_str().expect("a message").split('`').nth(1).expect("a role"),
                when.join(", ")
            )
        };
        findings.iter().map(text).collect()
    };
    assert!(found("", &[]).contains(&"OfProduction when `IsProd` is true".to_owned()), "a default decides nothing");
    assert_eq!(found("", &["--param", "Stage=prod"]), ["OfProduction "]);
    assert_eq!(found("", &["--param", "Stage=dev"]), ["Role "]);
    assert_eq!(found("[parameters]\nStage = \"prod\"\n", &[]), ["OfProduction "]);
    let environments = "[environments.dev]\nparameters = { Stage = \"dev\" }\n[environments.prod]\nparameters = { Stage = \"prod\" }\n";
    assert_eq!(
        found(environments, &[]),
        ["Role when `environment` is dev", "OfProduction when `environment` is prod"],
        "each finding says where it holds"
    );
    // What another parameter is stays open; one half of an `And` may settle it all the same.
    for (condition, stage, expected) in
        [("IsEuropeanTest", "dev", 1), ("IsEuropeanTest", "prod", 0), ("Never", "dev", 0), ("Unheard", "prod", 1)]
    {
        repository.write("role.yml", &BY_STAGE.replace("Condition: IsProd\n", &format!("Condition: {condition}\n")));
        let found = found("", &["--param", &format!("Stage={stage}")]);
        let of_other = found.iter().filter(|one| one.starts_with("OfProduction")).count();
        assert_eq!(of_other, expected, "{condition} in {stage}: {found:?}");
    }
}

#[test]
fn an_address_stands_for_a_file_of_the_repository() {
    let template = "Resources:\n  Fn::Transform:\n    Name: AWS::Include\n    Parameters: {Location: \"s3://shared/ci/roles.txt\"}\n";
    let part = CREATES_ROLES
        .strip_prefix("Resources:\n")
        .expect("a template")
        .replace("\n  ", "\n")
        .replace("  BuildRole", "BuildRole");
    let repository = repository(&[("infra/ci.yml", template), ("common/ci/roles.txt", &part)]);
    let run = repository.run(&["infra/ci.yml"]);
    assert!(run.out.contains("s3://shared/ci/roles.txt"), "it is not read, and that is said: {}", run.out);
    repository.write("iamlint.toml", "[includes]\n\"s3://shared/\" = \"common/\"\n");
    let run = repository.run(&["infra/ci.yml", "--format", "json"]);
    assert!(run.rules().contains(&RULE.to_owned()), "{}", run.out);
    assert_eq!(run.json()["summary"]["not_analysed"].as_array().map(Vec::len), Some(0), "{}", run.out);
    repository.write("iamlint.toml", "[includes]\n\"s3://shared/\" = \"../common/\"\n");
    let run = repository.run(&[]);
    assert!(run.status == 2 && run.err.contains("lies outside of the repository"), "{}", run.err);
}

#[test]
fn a_file_that_is_found_reads_nothing_outside_of_the_repository() {
    let outside = repository(&[("secret.txt", "password: hunter2\n"), ("pack.yml", PACK)]);
    let path = |name: &str| outside.path().join(name).to_string_lossy().into_owned();
    let climbing = format!("../{}/secret.txt", outside.path().file_name().expect("a name").to_string_lossy());
    for config in [
        format!("packs = [{:?}]\n", path("secret.txt")),
        format!("packs = [{climbing:?}]\n"),
        format!("baseline = {:?}\n", path("secret.txt")),
        format!("[environments.prod]\nfile = {:?}\n", path("secret.txt")),
        "packs = [\"../none.yml\"]\n".to_owned(),
    ] {
        let run = with_config(&config).run(&[]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{config}");
        assert!(run.err.contains("lies outside of the repository") && !run.err.contains("hunter2"), "{}", run.err);
    }
    let repository = with_config("");
    repository.write("org.toml", &format!("packs = [{:?}]\n", path("pack.yml")));
    assert_eq!(repository.run(&["rules"]).status, 0);
    assert_eq!(repository.run(&["-q", "--config", "org.toml"]).status, 1, "who names it trusts it");
    #[cfg(unix)]
    {
        fs::remove_file(repository.path().join("iamlint.toml")).expect("it is there");
        std::os::unix::fs::symlink(path("secret.txt"), repository.path().join("iamlint.toml")).expect("a link");
        let run = repository.run(&[]);
        assert!(run.status == 2 && !run.err.contains("hunter2"), "{}", run.err);
    }
}
