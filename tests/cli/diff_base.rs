//! `--diff-base`: only what a change brings, out of the objects of git.

use super::*;
use std::process;

/// `BuildRole` of a project, with the statements of its policy.
fn build_role(statements: &str) -> String {
    format!(
        "Resources:\n  BuildRole:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        \
         Statement:\n          - Effect: Allow\n            Principal: {{Service: lambda.amazonaws.com}}\n            \
         Action: sts:AssumeRole\n      Policies:\n        - PolicyName: build\n          PolicyDocument:\n            \
         Version: \"2012-10-17\"\n            Statement:\n{statements}  Bucket: {{Type: AWS::S3::Bucket}}\n"
    )
}

const READS: &str =
    "              - {Effect: Allow, Action: [s3:GetObject, s3:PutObject], Resource: !Sub \"${Bucket.Arn}/*\"}\n";
const PASSES: &str = "              - Effect: Allow\n                Action: iam:PassRole\n                Resource: \"*\"\n                \
                      Condition: {StringEquals: {iam:PassedToService: cloudformation.amazonaws.com}}\n";

impl Repository {
    pub fn git_in(&self, folder: &str, words: &[&str]) {
        let nobody = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "init.defaultBranch=main"];
        let signing = ["-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"];
        let output = process::Command::new("git")
            .args(nobody.iter().chain(&signing).chain(words))
            .current_dir(self.path().join(folder))
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
            .env_remove("GIT_DIR")
            .output()
            .expect("git is there");
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn commit(&self) {
        self.git_in("", &["add", "--all"]);
        self.git_in("", &["commit", "--quiet", "--allow-empty", "-m", "a change"]);
    }
}

/// A repository whose only commit has these files.
pub fn committed(files: &[(&str, &str)]) -> Repository {
    let repository = repository(files);
    repository.git_in("", &["init", "--quiet"]);
    repository.commit();
    repository
}

fn change(repository: &Repository) -> Value {
    repository.run(&["--diff-base", "HEAD", "--format", "json"]).json()["change"].clone()
}

/// The sentences on what principals may do.
fn sentences(change: &Value) -> Vec<String> {
    let principals = change["principals"].as_array().expect("a list");
    let access = principals.iter().flat_map(|one| one["access"].as_array().expect("a list"));
    access.map(|one| one["message"].as_str().expect("a text").to_owned()).collect()
}

fn outcomes(change: &Value) -> Vec<(&str, &str)> {
    let text = |value: &'_ Value| -> &'static str { value.as_str().expect("a text").to_owned().leak() };
    let principals = change["principals"].as_array().expect("a list");
    principals.iter().map(|one| (text(&one["name"]), text(&one["outcome"]))).collect()
}

#[test]
fn lines_that_move_are_no_new_finding_and_another_file_is() {
    let repository = committed(&[("ci.yml", CREATES_ROLES)]);
    repository.write("ci.yml", &format!("{}{CREATES_ROLES}", "# a line\n".repeat(100)));
    let run = repository.run(&["--diff-base", "HEAD"]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.out.starts_with("compared with `HEAD`\nno new findings in 1 file"), "{}", run.out);
    // Untracked, and there beside the old one.
    repository.write("copy.yml", CREATES_ROLES);
    let run = repository.run(&["--diff-base", "HEAD", "--format", "json"]);
    assert_eq!(run.status, 1);
    let report = run.json();
    let paths = report["findings"].as_array().expect("a list").iter().map(|one| &one["locations"][0]["path"]);
    assert!(paths.clone().count() > 0 && paths.into_iter().all(|path| path == "copy.yml"), "{report}");
}

#[test]
fn what_is_gone_is_told_and_fails_nothing() {
    let repository = committed(&[("ci.yml", CREATES_ROLES), ("clean.yml", CLEAN)]);
    fs::remove_file(repository.path().join("ci.yml")).expect("it is there");
    let run = repository.run(&["--diff-base", "HEAD"]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.out.contains("the role `BuildRole` is gone (ci.yml)\n"), "{}", run.out);
    assert!(run.out.contains("gone: 1 finding\n  ci.yml: "), "{}", run.out);
    assert_eq!(change(&repository)["gone"][0]["rule"], "ci-role-creates-principals");
}

#[test]
fn a_file_that_is_renamed_brings_nothing() {
    let repository = committed(&[("ci.yml", CREATES_ROLES)]);
    fs::remove_file(repository.path().join("ci.yml")).expect("it is there");
    repository.write("infra/build.yml", &format!("# moved\n{CREATES_ROLES}"));
    let run = repository.run(&["--diff-base", "HEAD", "--format", "json"]);
    assert_eq!((run.status, run.rules().len()), (0, 0), "{}", run.out);
    assert_eq!(run.json()["change"]["gone"], Value::Array(Vec::new()));
    assert_eq!(run.json()["change"]["principals"], Value::Array(Vec::new()));
}

#[test]
fn access_is_told_by_what_a_role_may_do_and_not_by_its_text() {
    let repository = committed(&[("role.yml", &build_role(READS))]);
    repository.write("role.yml", &build_role(&format!("{PASSES}{READS}")));
    let change = change(&repository);
    assert_eq!(sentences(&change), ["this change lets `BuildRole` pass any role to CloudFormation"]);
    assert_eq!(change["principals"][0]["unknown"], Value::Array(Vec::new()));
    let run = repository.run(&["--diff-base", "HEAD", "--format", "short"]);
    assert!(
        run.out.contains("this change lets `BuildRole` pass any role to CloudFormation (role.yml:15:17)\n"),
        "{}",
        run.out
    );
    let run = repository.run(&["--diff-base", "HEAD", "--format", "markdown"]);
    let line = "\n- this change lets `BuildRole` pass any role to CloudFormation (`role.yml:15:17`)\n";
    assert!(run.out.contains(line), "{}", run.out);
}

#[test]
fn another_text_with_the_same_access_grants_nothing_new() {
    let wide = "              - {Effect: Allow, Action: \"s3:*\", Resource: !Sub \"${Bucket.Arn}/*\"}\n";
    let repository = committed(&[("role.yml", &build_role(wide))]);
    repository.write("role.yml", &build_role(READS));
    let run = repository.run(&["--diff-base", "HEAD"]);
    let line = "the policies of `BuildRole` change, and it grants nothing new (role.yml:2:3)\n";
    assert!(run.out.contains(line), "{}", run.out);
    repository.write("role.yml", &format!("# a comment\n{}", build_role(wide)));
    assert_eq!(outcomes(&change(&repository)), []);
}

#[test]
fn a_deny_that_goes_is_new_access() {
    let denies = "              - {Effect: Deny, Action: s3:PutObject, Resource: \"*\"}\n";
    let repository = committed(&[("role.yml", &build_role(&format!("{READS}{denies}")))]);
    repository.write("role.yml", &build_role(READS));
    let told = sentences(&change(&repository));
    assert_eq!(told, ["this change lets `BuildRole` call `s3:PutObject` on `arn:aws:s3:::${Bucket}/*`"]);
}

#[test]
fn what_is_not_known_is_said_as_unknown() {
    let repository = committed(&[("role.yml", &build_role(READS))]);
    let attached = build_role(READS).replace(
        "      Policies:",
        "      ManagedPolicyArns: [\"arn:aws:iam::111122223333:policy/elsewhere\"]\n      Policies:",
    );
    repository.write("role.yml", &attached);
    assert_eq!(outcomes(&change(&repository)), [("BuildRole", "unknown")]);
    let run = repository.run(&["--diff-base", "HEAD"]);
    assert!(run.out.contains("not known whether `BuildRole` may do more: what it allows: "), "{}", run.out);
}

#[test]
fn who_may_assume_a_role_is_access_too() {
    let repository = committed(&[("role.yml", &build_role(READS))]);
    let trusted = "Principal: {Service: lambda.amazonaws.com, AWS: \"arn:aws:iam::444455556666:root\"}";
    repository.write("role.yml", &build_role(READS).replace("Principal: {Service: lambda.amazonaws.com}", trusted));
    let told = sentences(&change(&repository));
    assert_eq!(told, ["this change lets `arn:aws:iam::444455556666:root` assume the role `BuildRole`"]);
}

#[test]
fn a_new_role_is_told_with_what_it_may_do_of_consequence() {
    let repository = committed(&[("clean.yml", CLEAN)]);
    repository.write("role.yml", ROLE);
    repository.write("other.yml", &build_role(READS).replace("BuildRole", "Reader"));
    let change = change(&repository);
    assert_eq!(outcomes(&change), [("Reader", "new-principal"), ("BuildRole", "new-principal")]);
    assert_eq!(sentences(&change), ["the new role `BuildRole` may pass any role to any service"]);
}

#[test]
fn a_file_that_is_broken_on_one_side_is_not_guessed_about() {
    let repository = committed(&[("ci.yml", CREATES_ROLES)]);
    repository.write_bytes("ci.yml", &[CREATES_ROLES.as_bytes(), &[0xff]].concat());
    let broken = change(&repository);
    assert_eq!(broken["gone"], Value::Array(Vec::new()));
    assert_eq!(broken["gone_unknown"].as_array().map(Vec::len), Some(1));
    assert_eq!(outcomes(&broken), [("BuildRole", "unknown")]);
    repository.commit();
    repository.write("ci.yml", CREATES_ROLES);
    let run = repository.run(&["--diff-base", "HEAD", "--format", "json"]);
    assert_eq!(run.status, 1);
    let report = run.json();
    assert_eq!(report["change"]["not_analysed"][0]["path"], "ci.yml");
    assert_eq!(outcomes(&report["change"]), [("BuildRole", "unknown")]);
    let notes = report["findings"][0]["notes"].to_string();
    assert!(notes.contains("the file cannot be read in full at `HEAD`: the finding may be older"), "{notes}");
}

#[test]
fn a_suppression_that_goes_brings_the_finding() {
    let hushed = CREATES_ROLES.replace(
        "              - Effect: Allow\n",
        "              # iamlint: ignore[ci-role-creates-principals, write-on-every-resource] -- meant\n              - Effect: Allow\n",
    );
    let repository = committed(&[("ci.yml", &hushed)]);
    assert_eq!(repository.run(&["-q"]).status, 0, "it is suppressed");
    repository.write("ci.yml", CREATES_ROLES);
    assert_eq!(repository.run(&["-q", "--diff-base", "HEAD"]).status, 1);
    repository.commit();
    repository.write("ci.yml", &hushed);
    let report = repository.run(&["--diff-base", "HEAD", "--format", "json"]).json();
    assert_eq!((&report["summary"]["suppressed"], &report["change"]["gone"]), (&2.into(), &Value::Array(Vec::new())));
}

#[test]
fn a_revision_that_is_not_there_is_told_with_what_may_be_meant() {
    let repository = committed(&[("ci.yml", CLEAN)]);
    let run = repository.run(&["--diff-base", "mian"]);
    assert_eq!(run.status, 2);
    assert_eq!(run.err, "error: there is no commit `mian` in this repository\n  help: did you mean `main`?\n");
    assert_eq!(repository.run(&["--diff-base", "HEAD:ci.yml"]).status, 2, "a file is no commit");
    let nowhere = "0123456789012345678901234567890123456789";
    assert_eq!(repository.run(&["--diff-base", nowhere]).status, 2);
    assert_eq!(repository.run_with_input(&["--diff-base", "HEAD", "-"], CLEAN).status, 2);
    assert_eq!(repository.run(&["--diff-base", ""]).status, 2);
}

#[test]
fn a_folder_without_git_has_no_other_side() {
    let run = repository(&[("ci.yml", CLEAN)]).run(&["--diff-base", "main"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("`--diff-base main` asks for a commit, and this is no git repository\n"), "{}", run.err);
}

#[test]
fn a_shallow_clone_says_that_the_commit_was_not_fetched() {
    let repository = committed(&[("ci.yml", CLEAN)]);
    repository.git_in("", &["tag", "old"]);
    repository.write("ci.yml", CREATES_ROLES);
    repository.commit();
    let from = format!("file://{}", repository.path().display());
    repository.git_in("", &["clone", "--quiet", "--depth", "1", "--no-tags", &from, "clone"]);
    for revision in ["HEAD~1", "old"] {
        let run = repository.run_in("clone", &["--diff-base", revision]);
        assert_eq!(run.status, 2, "{}", run.out);
        assert!(run.err.contains("help: the clone is shallow: fetch the commit first"), "{}", run.err);
    }
    assert_eq!(repository.run_in("clone", &["--diff-base", "HEAD"]).status, 0);
}

#[test]
fn packed_objects_and_references_are_read_and_so_are_tags() {
    let repository = committed(&[("ci.yml", CLEAN)]);
    repository.git_in("", &["tag", "-a", "-m", "one", "v1"]);
    repository.write("ci.yml", CREATES_ROLES);
    repository.commit();
    repository.git_in("", &["gc", "--quiet"]);
    assert_eq!(repository.run(&["-q", "--diff-base", "v1"]).status, 1);
    assert_eq!(repository.run(&["-q", "--diff-base", "main~1"]).status, 1);
    assert_eq!(repository.run(&["-q", "--diff-base", "main"]).status, 0);
}

#[test]
fn folders_below_and_further_worktrees_are_the_same_repository() {
    let repository = committed(&[("a/ci.yml", CLEAN), ("b/ci.yml", CLEAN)]);
    repository.git_in("", &["worktree", "add", "--quiet", "b/tree", "-b", "other"]);
    repository.write("a/ci.yml", CREATES_ROLES);
    repository.write("b/tree/b/ci.yml", CREATES_ROLES);
    assert_eq!(repository.run_in("a", &["-q", "--diff-base", "HEAD"]).status, 1);
    assert_eq!(repository.run_in("b", &["-q", "--diff-base", "HEAD", "ci.yml"]).status, 0);
    let run = repository.run_in("b/tree", &["--diff-base", "main", "--format", "json"]);
    assert_eq!(run.json()["findings"][0]["locations"][0]["path"], "b/ci.yml");
}

#[test]
fn what_is_ignored_now_is_ignored_on_both_sides() {
    let repository =
        committed(&[("old/ci.yml", CREATES_ROLES), (".iamlintignore", "old/\n"), ("new/ci.yml", CREATES_ROLES)]);
    // An ignore that goes brings nothing: the findings were there.
    repository.write(".iamlintignore", "");
    assert_eq!(repository.run(&["--diff-base", "HEAD", "--format", "json"]).rules().len(), 0);
    repository.write(".gitignore", "new/*\n!new/kept.yml\n");
    let report = repository.run(&["--diff-base", "HEAD", "--format", "json"]).json();
    assert_eq!(
        (&report["change"]["gone"], report["findings"].as_array().map(Vec::len)),
        (&Value::Array(Vec::new()), Some(0))
    );
}

#[cfg(unix)]
#[test]
fn links_and_submodules_of_a_commit_are_not_followed() {
    let module = committed(&[("ci.yml", CREATES_ROLES)]);
    let repository = committed(&[("clean.yml", CLEAN)]);
    let outside = repository.path().join("outside.yml");
    std::os::unix::fs::symlink("/etc/passwd", repository.path().join("link.yml")).expect("a link");
    std::os::unix::fs::symlink(&outside, repository.path().join("dangling.yml")).expect("a link");
    repository.git_in("", &["submodule", "--quiet", "add", module.path().to_str().expect("a path"), "module"]);
    repository.commit();
    fs::remove_dir_all(repository.path().join("module")).expect("it is there");
    let report = repository.run(&["--diff-base", "HEAD", "--format", "json"]).json();
    assert_eq!(report["change"]["gone"], Value::Array(Vec::new()));
    assert_eq!(report["change"]["not_analysed"], Value::Array(Vec::new()));
}

#[test]
fn a_secret_that_was_there_is_masked() {
    let repository = committed(&[("buildspec.yml", SECRET)]);
    repository.write("buildspec.yml", "version: 0.2\nphases: {build: {commands: [make]}}\n");
    let found = repository.run(&["--diff-base", "HEAD", "--format", "json", "-v"]);
    assert!(found.json()["change"]["gone"].as_array().is_some_and(|gone| !gone.is_empty()), "{}", found.out);
    let secrets = SECRET.split(|c: char| !c.is_ascii_alphanumeric() && c != '/' && c != '+');
    let key = secrets.filter(|word| word.len() == 40 || word.starts_with("AKIA") && word.len() == 20);
    assert!(key.clone().count() > 0);
    key.for_each(|word| assert!(!found.out.contains(word), "{}", found.out));
}

#[test]
fn nothing_is_written_and_every_format_is_made() {
    let repository = committed(&[("role.yml", &build_role(READS))]);
    repository.write("role.yml", &build_role(&format!("{PASSES}{READS}")));
    let listing = |folder: &Path| {
        let all = walk::files_below(folder);
        all.into_iter().map(|path| path.display().to_string()).collect::<BTreeSet<_>>()
    };
    let before = listing(repository.path());
    for format in FORMATS {
        let run = repository.run(&["--diff-base", "HEAD", "--format", format]);
        assert!(run.status < 2, "{format}: {}", run.err);
    }
    assert_eq!(before, listing(repository.path()));
    let lines = repository.run(&["--diff-base", "HEAD", "--format", "ndjson"]).out;
    assert!(lines.lines().any(|line| line.contains("\"type\":\"change\"")), "{lines}");
}
