//! Which files are read, and of which of them findings are told.

use super::*;

#[test]
fn check_may_be_left_out() {
    let repository = repository(&[("a/ci.yml", CREATES_ROLES), ("b/ci.yml", CREATES_ROLES)]);
    for words in [&["a"][..], &["a/ci.yml", "--format", "short"], &["--ignore", "escalation", "b"]] {
        let with: Vec<&str> = ["check"].iter().chain(words).copied().collect();
        let (without, with) = (repository.run(words), repository.run(&with));
        assert_eq!((without.out, without.status), (with.out, with.status), "{words:?}");
    }
}

#[test]
fn a_finding_of_two_files_is_found_from_either() {
    let repository = repository(&[("ci/project.yml", PROJECT), ("iam/role.yml", ROLE)]);
    for path in ["ci/project.yml", "iam/role.yml", "ci", "iam", "."] {
        let run = repository.run(&[path, "--format", "short", "-q", "--select", "passrole-wildcard"]);
        assert_eq!(run.status, 1, "{path}: {}", run.err);
        assert!(run.out.starts_with("iam/role.yml:"), "{path}: {}", run.out);
    }
}

#[test]
fn what_is_told_once_for_several_files_is_told_of_each_that_is_asked_about() {
    const WAITS: &str = "\
Resources:
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: arn:aws:iam::111122223333:role/build
      Source: {Type: CODECOMMIT, Location: YOUR-REPOSITORY-URL}
      Artifacts: {Type: NO_ARTIFACTS}
      Environment: {Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL, Image: \"${self:custom.image}\"}
";
    let repository = repository(&[("a/ci.yml", WAITS), ("b/ci.yml", WAITS), ("c/ci.yml", WAITS), ("d/ci.yml", CLEAN)]);
    let rules = ["placeholder-value", "role-policy-unavailable", "unresolved-variable"];
    for path in ["a", "b", "c", "."] {
        let words = ["--format", "json", "--select", "placeholder-value,role-policy-unavailable,unresolved-variable"];
        let words: Vec<&str> = [path].into_iter().chain(words).collect();
        let found: BTreeSet<String> = repository.run(&words).rules().into_iter().collect();
        assert_eq!(found, rules.map(str::to_owned).into(), "{path}");
    }
}

#[test]
fn an_isolated_run_reads_nothing_but_what_is_named() {
    let repository = repository(&[("ci/project.yml", PROJECT), ("iam/role.yml", ROLE)]);
    let found = |words: &[&str]| {
        let words: Vec<&str> = words.iter().copied().chain(["--isolated", "--format", "json"]).collect();
        repository.run(&words).rules()
    };
    assert_eq!(found(&["ci/project.yml"]), ["role-policy-unavailable"]);
    assert!(!found(&["iam/role.yml"]).contains(&"passrole-wildcard".to_owned()));
    assert!(found(&["ci", "iam"]).contains(&"passrole-wildcard".to_owned()));
}

#[test]
fn a_finding_that_lies_wholly_elsewhere_is_not_told() {
    let repository = repository(&[("a/clean.yml", CLEAN), ("b/ci.yml", CREATES_ROLES)]);
    let run = repository.run(&["a"]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert!(run.out.starts_with("no findings in 1 file "), "{}", run.out);
}

#[test]
fn paths_are_those_of_the_repository_from_any_folder() {
    let repository = repository(&[("infra/ci.yml", CREATES_ROLES), ("other/ci.yml", CREATES_ROLES)]);
    repository.git();
    let words = ["--format", "short", "-q", "--select", "escalation"];
    let run = repository.run_in("infra", &words);
    assert!(run.out.starts_with("infra/ci.yml:"), "{}", run.out);
    assert_eq!(run.out.lines().count(), 1, "the current folder is what is reported");
    let named: Vec<&str> = ["../infra/./ci.yml"].into_iter().chain(words).collect();
    assert_eq!(repository.run_in("other", &named).out, run.out);
    let absolute = repository.path().canonicalize().expect("a path").join("infra/ci.yml");
    let named: Vec<&str> = [absolute.to_str().expect("a path")].into_iter().chain(words).collect();
    assert_eq!(repository.run_in("other", &named).out, run.out);
}

#[test]
fn what_lies_in_another_folder_is_read_with_its_own_repository() {
    let files = [("here/role.yml", ROLE), ("there/ci/project.yml", PROJECT)];
    let words = ["../there/ci/project.yml", "--format", "json"];
    let repository = repository(&files);
    assert_eq!(repository.run_in("here", &words).rules(), ["role-policy-unavailable"]);
    repository.write("there/.git/HEAD", "ref: refs/heads/main\n");
    repository.write("there/iam/role.yml", ROLE);
    assert!(repository.run_in("here", &words).rules().contains(&"passrole-wildcard".to_owned()));
}

#[test]
fn what_a_service_in_another_repository_takes_in_lies_beside_it() {
    let service =
        "service: shop\nframeworkVersion: '3'\nprovider: { name: aws }\nresources: ${file(resources/role.yml)}\n";
    let files = [("here/x.yml", CLEAN), ("there/.git/HEAD", ""), ("there/serverless.yml", service)];
    let repository = repository(&files);
    repository.write("there/resources/role.yml", ROLE);
    let run = repository.run_in("here", &["../there/serverless.yml", "--format", "json"]);
    assert!(run.rules().contains(&"passrole-to-any-service".to_owned()), "{}", run.out);
    assert!(!run.out.contains("none of the files"), "{}", run.out);
}

#[test]
fn standard_input_is_read() {
    let repository = repository(&[]);
    let run = repository.run_with_input(&["-", "--format", "short", "-q"], CREATES_ROLES);
    assert_eq!(run.status, 1);
    assert!(run.out.starts_with("<stdin>:"), "{}", run.out);
    assert_eq!(repository.run_with_input(&["check", "-"], CLEAN).status, 0);
}

#[test]
fn standard_input_takes_the_place_of_the_file_on_disk() {
    let repository = repository(&[("ci.yml", CREATES_ROLES)]);
    let run = repository.run_with_input(&["-", "--stdin-filename", "ci.yml"], CLEAN);
    assert_eq!((run.status, run.out.starts_with("no findings in 1 file ")), (0, true), "{}", run.out);
    let run = repository.run_with_input(&["-", "--stdin-filename", "ci.yml", "-q", "--format", "short"], CREATES_ROLES);
    assert!(run.out.starts_with("ci.yml:"), "{}", run.out);
}

#[test]
fn standard_input_is_linked_to_the_files_of_the_repository() {
    let repository = repository(&[("ci/project.yml", "Resources: {}\n"), ("iam/role.yml", ROLE)]);
    let words = ["-", "--stdin-filename", "ci/project.yml", "--format", "short", "--select", "passrole-wildcard"];
    let run = repository.run_with_input(&words, PROJECT);
    assert!(run.out.starts_with("iam/role.yml:"), "{}", run.out);
    assert_eq!(run.status, 1);
}

#[test]
fn the_name_of_standard_input_is_for_standard_input_and_can_be_excluded() {
    let repository = repository(&[("ci.yml", CLEAN)]);
    let run = repository.run(&["ci.yml", "--stdin-filename", "ci.yml"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert!(run.err.contains("`-` reads standard input"), "{}", run.err);
    let words = ["-", "--stdin-filename", "ci.yml", "--exclude", "ci.yml"];
    assert_eq!(repository.run_with_input(&words, CREATES_ROLES).status, 0);
}

#[test]
fn standard_input_that_is_no_text_exits_with_2() {
    let repository = repository(&[]);
    let run = repository.run_with_input(&["-"], &b"\xff\xfeR\0e\0"[..]);
    assert_eq!(run.status, 2);
    assert!(run.out.contains("<stdin>: UTF-16, and not UTF-8"), "{}", run.out);
}

#[test]
fn ignored_files_are_not_read() {
    for name in [".gitignore", ".iamlintignore"] {
        let repository = repository(&[("ci.yml", CREATES_ROLES), ("old/ci.yml", CREATES_ROLES)]);
        assert_eq!(repository.run(&["-q", "--format", "short"]).paths(), ["ci.yml", "old/ci.yml"]);
        repository.write(name, "/old\n");
        assert_eq!(repository.run(&["-q", "--format", "short"]).paths(), ["ci.yml"], "{name}");
        let run = repository.run(&["old/ci.yml", "-q", "--format", "short"]);
        assert_eq!(run.paths(), ["old/ci.yml"], "{name}: who names it wants it");
    }
}

#[test]
fn files_of_other_tools_leave_nothing_out() {
    let repository = repository(&[("ci.yml", CREATES_ROLES), (".ignore", "ci.yml\n")]);
    assert_eq!(repository.run(&["-q", "--format", "short"]).paths(), ["ci.yml"]);
}

#[test]
fn what_is_excluded_stays_out_though_it_is_named() {
    let repository = repository(&[("ci.yml", CREATES_ROLES), ("vendor/a/ci.yml", CREATES_ROLES)]);
    for pattern in ["vendor", "vendor/", "vendor/**", "**/a/*.yml", "vendor/a/ci.yml"] {
        let run = repository.run(&["ci.yml", "vendor/a/ci.yml", "--exclude", pattern, "-q", "--format", "short"]);
        assert_eq!(run.paths(), ["ci.yml"], "{pattern}");
        let run = repository.run(&["--exclude", pattern, "-q", "--format", "short"]);
        assert_eq!(run.paths(), ["ci.yml"], "{pattern}");
    }
    let run = repository.run(&["vendor/a/ci.yml", "--exclude", "vendor"]);
    assert_eq!(run.status, 0, "a hook that names only excluded files does not fail");
}

#[test]
fn files_of_other_names_are_read_when_they_are_included_or_named() {
    let repository = repository(&[("stack.txt", CREATES_ROLES)]);
    let paths = |words: &[&str]| {
        let words: Vec<&str> = words.iter().copied().chain(["-q", "--format", "short"]).collect();
        repository.run(&words).paths()
    };
    assert!(paths(&[]).is_empty());
    assert_eq!(paths(&["--include", "*.txt"]), ["stack.txt"]);
    assert_eq!(paths(&["stack.txt"]), ["stack.txt"]);
    assert!(paths(&["--include", "*.txt", "--exclude", "stack.*"]).is_empty());
}

#[test]
fn a_pattern_that_is_none_exits_with_2() {
    let run = repository(&[]).run(&["--exclude", "a[b"]);
    assert_eq!(run.status, 2);
    assert!(run.err.starts_with("error: `a[b` is no pattern of files"), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_repository_is_not_followed() {
    let outside = repository(&[("ci.yml", CREATES_ROLES)]);
    let repository = repository(&[("clean.yml", CLEAN)]);
    std::os::unix::fs::symlink(outside.path(), repository.path().join("linked")).expect("a link");
    std::os::unix::fs::symlink(outside.path().join("ci.yml"), repository.path().join("ci.yml")).expect("a link");
    let run = repository.run(&[]);
    assert_eq!(run.status, 0, "{}", run.out);
}

#[test]
fn a_hostile_file_costs_only_itself() {
    for entry in fs::read_dir("fixtures/syntax").expect("the folder of broken files").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let repository = repository(&[("good.yml", CREATES_ROLES)]);
        fs::copy(entry.path(), repository.path().join(&name)).expect("a copy");
        let run = repository.run(&["--select", "ci-role-creates-principals", "--format", "short", "-q"]);
        assert_eq!((run.paths(), run.status), (vec!["good.yml".to_owned()], 1), "{name}: {}{}", run.out, run.err);
    }
}

#[test]
fn a_run_leaves_no_file_behind() {
    let repository = repository(&[("ci.yml", CREATES_ROLES), ("spec.yml", SECRET)]);
    let home = TempDir::new().expect("a folder");
    let before = files_below(repository.path());
    for words in [&["--format", "json"][..], &["explain", "passrole-wildcard"], &["rules"], &["--strict", "-v"]] {
        repository.command(words).env("HOME", home.path()).env("TMPDIR", home.path()).output().expect("it runs");
    }
    assert_eq!(files_below(repository.path()), before);
    assert!(files_below(home.path()).is_empty());
}

#[test]
fn scripts_that_commands_name_are_read_wherever_they_lie() {
    let buildspec = "version: 0.2\nphases:\n  build:\n    commands:\n      - bash ci/login\n      - make -C app release\n      \
                     - cd web && npm run ship\n";
    let repository = repository(&[
        ("buildspec.yml", buildspec),
        ("ci/login", "#!/bin/sh\ndocker login -u x -p $TOKEN\n"),
        ("app/Makefile", "release:\n\tcurl https://example.com/x | sh\n"),
        ("web/package.json", "{\"scripts\": {\"ship\": \"curl -k https://example.com\"}}"),
    ]);
    let run = repository.run(&["check", "-v", "--format", "short"]);
    // What `sh` is sent is not known.
    for place in ["ci/login:2:1", "app/Makefile:2:2", "web/package.json:1:28"] {
        assert!(run.out.contains(place), "{place}: {}", run.out);
    }
    assert!(run.out.contains("shell commands understood: 7 of 8 (87 %)"), "{}", run.out);
}

#[test]
fn what_a_build_of_an_image_leaves_out_is_read_and_nothing_else_is_taken_for_a_dockerfile() {
    let image = "FROM node:22.11\nCOPY . /app\nUSER node\nCMD [\"node\", \"/app\"]\n";
    let words = ["--format", "short", "-q", "--select", "image-takes-whole-folder,parse-error"];
    for (path, beside) in [("Dockerfile", ".dockerignore"), ("web/Dockerfile", "web/Dockerfile.dockerignore")] {
        let run = repository(&[(path, image)]).run(&words);
        assert!(run.out.starts_with(&format!("{path}:2:")), "{path}: {}{}", run.out, run.err);
        let run = repository(&[(path, image), (beside, ".git\n!*.env\n")]).run(&words);
        assert_eq!(run.out, "", "{beside}: {}", run.err);
    }
    // What else lies in the repository is not known here.
    let run = repository(&[("Dockerfile", image)]).run(&[&words[..], &["--isolated", "Dockerfile"]].concat());
    assert_eq!(run.out, "", "{}", run.err);
}

/// A service of the Serverless Framework whose statements lie in a file for each stage.
const SERVICE: &str = "service: orders
provider:
  name: aws
  iam: {role: {statements: \"${file(stages/${opt:stage, 'dev'}.yml):statements}\"}}
functions: {work: {handler: work.handler}}
";

#[test]
fn files_that_a_service_takes_in_are_read_and_told_of() {
    let statements = "statements:\n  - {Effect: Allow, Action: 's3:GetObjekt', Resource: '*'}\n";
    let repository = repository(&[("api/serverless.yml", SERVICE), ("api/stages/dev.yml", statements)]);
    for path in [".", "api", "api/serverless.yml"] {
        let run = repository.run(&[path, "--format", "short", "-q", "--select", "unknown-action"]);
        assert!(run.out.starts_with("api/stages/dev.yml:2:"), "{path}: {}{}", run.out, run.err);
        assert_eq!(run.out.lines().count(), 1, "{path}: {}", run.out);
    }
}

#[test]
fn what_a_service_takes_from_elsewhere_is_not_read_and_said() {
    let repository =
        repository(&[("api/serverless.yml", &SERVICE.replace("stages", "../../stages")), ("x.yml", "a: 1")]);
    repository.git();
    let run = repository.run(&["--format", "short"]);
    assert!(run.out.contains("`../../stages/dev.yml` lies outside the repository"), "{}{}", run.out, run.err);
    repository.write("serverless.ts", "export default {}");
    let run = repository.run(&["--format", "short"]);
    assert!(run.out.contains("serverless.ts: a program that gives a service: it is not run"), "{}", run.out);
}
