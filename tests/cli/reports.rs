//! `--report`: several in one run, in files and on standard output, and what GitHub Actions reads.

use super::*;

/// `--report FORMAT:out/FORMAT` for all of them.
fn all_reports() -> Vec<String> {
    FORMATS.iter().flat_map(|format| ["--report".to_owned(), format!("{format}:out/deep/{format}")]).collect()
}

fn written(repository: &Repository, format: &str) -> String {
    fs::read_to_string(repository.path().join("out/deep").join(format))
        .unwrap_or_else(|error| panic!("{format}: {error}"))
}

#[test]
fn one_run_writes_every_format_and_each_has_every_finding() {
    let repository = repository(&[("ci.yml", CREATES_ROLES), ("spec.yml", SECRET), ("ci/project.yml", PROJECT)]);
    let ids: Vec<String> = repository.run(&["--format", "json"]).json()["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| finding["id"].as_str().expect("an id").to_owned())
        .collect();
    assert!(ids.len() > 3);
    let words = all_reports();
    let run = repository.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run.status, 1, "{}", run.err);
    assert!(run.out.contains("failed: "), "standard output is not silent: {}", run.out);
    for format in FORMATS {
        let text = written(&repository, format);
        ids.iter().for_each(|id| assert!(text.contains(id), "{format} has no {id}: {text}"));
        assert!(!text.contains('\u{1b}'), "{format}");
    }
}

#[test]
fn two_runs_write_the_same_bytes_with_one_thread_and_with_two() {
    let repository = several_folders();
    let words = all_reports();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let run = |threads: &str| {
        let output = repository.command(&words).env("RAYON_NUM_THREADS", threads).output().expect("it runs");
        // The second run has the reports of the first beside it.
        let files = FORMATS.map(|format| written(&repository, format));
        (output.stdout, files)
    };
    assert_eq!(run("1"), run("2"));
}

#[test]
fn three_hundred_findings_are_status_1_in_every_format() {
    let names: Vec<String> = (0..300).map(|n| format!("d{n}/ci.yml")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), CREATES_ROLES)).collect();
    let repository = repository(&files);
    let words = all_reports();
    let run = repository.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run.status, 1);
    let findings = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let count = findings(&written(&repository, "json"))["findings"].as_array().expect("findings").len();
    assert!(count >= 300, "{count}");
    assert_eq!(
        findings(&written(&repository, "sarif"))["runs"][0]["results"].as_array().expect("results").len(),
        count
    );
    assert!(written(&repository, "html").len() < 1_000_000);
    let markdown = written(&repository, "markdown");
    let told = markdown.matches("\n- **").count();
    assert!(markdown.len() < 65_536 && (told == count || markdown.contains(&format!("and {} more", count - told))));
    for format in FORMATS {
        assert_eq!(repository.run(&["--report", format]).status, 1, "{format}");
    }
}

#[test]
fn a_report_without_a_path_goes_to_standard_output_and_only_one_can() {
    let repository = repository(&[("clean.yml", CLEAN)]);
    let by_report = repository.run(&["--report", "json"]);
    assert_eq!(by_report.out, repository.run(&["--format", "json"]).out);
    assert_eq!(by_report.out, repository.run(&["--report", "json:-"]).out);
    for words in [["--report", "json", "--report", "sarif"], ["--format", "short", "--report", "json"]] {
        let run = repository.run(&words);
        assert_eq!((run.status, run.out.as_str()), (2, ""));
        assert!(run.err.contains("two reports are to go to standard output"), "{}", run.err);
    }
    let run = repository.run(&["--report", "json:x", "--report", "sarif:x"]);
    assert!(run.status == 2 && run.err.contains("two reports are to go to `x`"), "{}", run.err);
}

#[test]
fn a_report_that_cannot_be_written_is_status_2_and_keeps_no_other_from_it() {
    let repository = repository(&[("ci.yml", CREATES_ROLES), ("file", "")]);
    let run = repository.run(&["--report", "json:file/report.json", "--report", "sarif:out/report.sarif"]);
    assert_eq!(run.status, 2);
    assert!(run.err.starts_with("error: cannot write the report `file/report.json`: "), "{}", run.err);
    assert!(run.out.contains("failed: "), "{}", run.out);
    assert!(repository.path().join("out/report.sarif").exists());
}

#[test]
fn an_unknown_format_and_an_empty_path_are_status_2() {
    let repository = repository(&[("clean.yml", CLEAN)]);
    let run = repository.run(&["--report", "sarrif:x"]);
    assert!(run.status == 2 && run.err.contains("`sarrif` is no format, did you mean `sarif`?"), "{}", run.err);
    let run = repository.run(&["--report", "sarif:"]);
    assert!(run.status == 2 && run.err.contains("a path is missing"), "{}", run.err);
}

#[test]
fn github_actions_gets_annotations_and_a_summary_by_itself() {
    let repository = repository(&[("ci.yml", CREATES_ROLES)]);
    let summary = repository.path().join("summary.md");
    let run = |words: &[&str]| {
        Run::of(repository.command(words).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary))
    };
    let first = run(&["--format", "json"]);
    assert_eq!(first.rules().len(), first.err.lines().filter(|line| line.starts_with("::")).count(), "{}", first.err);
    assert!(first.err.starts_with("::error file=ci.yml,line="), "{}", first.err);
    let text = fs::read_to_string(&summary).expect("a summary");
    assert!(text.contains("- **critical** `ci.yml:"), "{text}");
    let asked = run(&["--report", "github"]);
    assert_eq!((asked.err.as_str(), asked.out), ("", first.err.clone()));
    assert_eq!(fs::read_to_string(&summary).expect("a summary"), text.repeat(2), "it is appended to");
    let other = repository.run(&["--format", "json"]);
    assert_eq!(other.err, "");
}

#[test]
fn security_hub_needs_an_account_which_codebuild_gives() {
    let repository = repository(&[("ci.yml", CREATES_ROLES)]);
    let run = |set: &[(&str, &str)]| {
        let mut command = repository.command(&["--report", "asff"]);
        command.env_remove("AWS_ACCOUNT_ID").env_remove("AWS_REGION").envs(set.iter().copied());
        Run::of(&mut command)
    };
    let without = run(&[]);
    assert_eq!((without.status, without.out.as_str()), (2, ""));
    assert!(without.err.contains("AWS_ACCOUNT_ID"), "{}", without.err);
    assert_eq!(run(&[("AWS_ACCOUNT_ID", "12"), ("AWS_REGION", "eu-west-1")]).status, 2);
    let arn = "arn:aws-cn:codebuild:cn-north-1:444455556666:build/p:1";
    let finding = &run(&[("CODEBUILD_BUILD_ARN", arn)]).json()[0];
    let product = "arn:aws-cn:securityhub:cn-north-1:444455556666:product/444455556666/default";
    assert_eq!(finding["ProductArn"], product);
    assert_eq!(finding["CreatedAt"], "1970-01-01T00:00:00Z");
}
