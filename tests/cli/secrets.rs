//! Secrets stand on lines that findings of other rules show: none is printed, whatever is asked. They are put
//! together at run time, so that no scanner takes this file for one with secrets in it.

use super::diff_base::committed;
use super::*;

/// Parts of secrets, none of which any output may have in it.
fn parts() -> Vec<String> {
    let parts = [
        ["Q3EGUZ5J", "W7BTNK4X"],
        ["kU8x/2bLq9ZtRw4+", "Vn3Jc7Ym5Hs1Dg6Pf0EaXo2I"],
        ["a8Kd0Zq3Lm5Xr7Tb9W", "c1Yf2Hn4Jp6Vs8Ug0e"],
        ["hunter2", "-of-the-bot"],
        ["MIIEpAIBAAKCAQEA7MIIEpAIBAA", "KCAQEA7MIIEpAIBAAKCAQEA7"],
        ["Zx8vB3nM5qW7eR9tY1u", "I2oP4aS6dF8gH0jK2l"],
        ["Winter", "2031-Winter"],
        ["Summer", "2031-Summer"],
        ["Lone1/secret2+of3key", "4Without5its6Id7zQ9w"],
    ];
    parts.map(|halves| halves.concat()).into()
}

/// A build that pipes what it loads into a shell, on each of the lines.
fn buildspec() -> String {
    let [id, secret, token, password, key, body, login, _, lone] = <[String; 9]>::try_from(parts()).expect("nine");
    let piped = "curl -sS https://example.com/install.sh | bash";
    format!(
        "version: 0.2\nenv:\n  variables:\n    GITHUB_TOKEN: ghp_{token}\nphases:\n  build:\n    commands:\n      \
         - export AWS_ACCESS_KEY_ID=AKIA{id} AWS_SECRET_ACCESS_KEY={secret}; {piped}\n      \
         - export AWS_SECRET_ACCESS_KEY={lone}; {piped}\n      \
         - 'curl -sS -H \"Authorization: token ghp_{token}\" https://example.com/i.sh | bash'\n      \
         - curl -sS https://bot:{password}@example.com/install.sh | bash\n      \
         # not https://bot:{password}@example.com/old.sh\n      \
         - npm install git+https://bot:{password}@example.com/x.git; {piped}\n      \
         - docker login --username bot --password {login} registry.example.com; {piped}\n      \
         - |\n        {piped}\n        echo \"-----BEGIN RSA PRIVATE KEY-----\n        {key}\n        {body}\n        {body}=\n        \
         -----END RSA PRIVATE KEY-----\" > key.pem; {piped}\n        {piped}\n"
    )
}

fn template(action: &str) -> String {
    let password = &parts()[7];
    format!(
        "Parameters:\n  Login: {{Type: String, NoEcho: true, Default: \"{password}\"}}\nResources:\n  Database:\n    \
         Type: AWS::RDS::DBInstance\n    Properties: {{MasterUserPassword: \"{password}\"}}\n  Project:\n    \
         Type: AWS::CodeBuild::Project\n    Properties:\n      ServiceRole: !Ref Role\n      Source: {{Type: \
         CODEPIPELINE, BuildSpec: spec.yml}}\n      Artifacts: {{Type: CODEPIPELINE}}\n      Environment: {{Type: \
         LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL, Image: \"aws/codebuild/standard:7.0\"}}\n  Role:\n    \
         Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {{Statement: {{Effect: Allow, \
         Principal: {{Service: codebuild.amazonaws.com}}, Action: sts:AssumeRole}}}}\n      Policies:\n        \
         # {password} of https://bot:{}@example.com\n        - PolicyName: p\n          PolicyDocument: {{Statement: \
         {{Effect: Allow, Action: {action}, Resource: \"*\"}}}}\n",
        parts()[3]
    )
}

fn with_secrets() -> Repository {
    let image = format!(
        "FROM alpine:3\nENV API_TOKEN={}\nRUN curl -sS https://bot:{}@example.com/install.sh | bash\nUSER 1000\n",
        parts()[5],
        parts()[3]
    );
    committed(&[("spec.yml", &buildspec()), ("ci.yml", &template("\"iam:*\"")), ("Dockerfile", &image)])
}

fn holds_none(what: &str, text: &str) {
    for part in parts() {
        // Half of one is too much.
        for (from, to) in [(0, part.len() / 2 + 2), (part.len() / 2 - 2, part.len())] {
            assert!(!text.contains(&part[from..to]), "{what} shows {}: {text}", &part[from..to]);
        }
    }
}

/// `check` with these words, in every format.
fn no_format_shows_any(repository: &Repository, words: &[&str], rule: &str) {
    for format in FORMATS {
        let run = repository.run(&[&["check", "-v", "--format", format], words].concat());
        assert!(run.out.contains(rule), "{format} {words:?}: {}{}", run.out, run.err);
        holds_none(&format!("{format} {words:?}"), &(run.out + &run.err));
    }
}

#[test]
fn no_format_shows_a_secret_with_all_rules() {
    let repository = with_secrets();
    no_format_shows_any(&repository, &[], "secret-literal");
}

#[test]
fn no_format_shows_a_secret_that_only_other_rules_know() {
    let repository = with_secrets();
    for rule in ["pipe-to-shell", "static-credentials-in-build", "admin-on-ci-role"] {
        no_format_shows_any(&repository, &["--select", rule], rule);
    }
    // Those that know them, left out.
    for ignored in ["static-credentials", "secret-literal"] {
        no_format_shows_any(&repository, &["--ignore", ignored], "pipe-to-shell");
    }
}

#[test]
fn what_would_be_fixed_shows_no_secret() {
    let run = repository(&[("ci.yml", &template("s3:ListBuckt"))]).run(&["check", "--diff"]);
    assert!(run.out.contains("Action: s3:ListBucket,") && run.out.contains("****"), "{}{}", run.out, run.err);
    holds_none("--diff", &(run.out + &run.err));
}

#[test]
fn a_comparison_shows_no_secret() {
    let repository = committed(&[("ci.yml", &template("s3:GetObject"))]);
    repository.write("ci.yml", &template("\"iam:*\""));
    repository.write("spec.yml", &buildspec());
    for words in [&["--diff-base", "HEAD"][..], &["--diff-base", "HEAD", "--select", "pipe-to-shell"]] {
        no_format_shows_any(&repository, words, "pipe-to-shell");
    }
    // The other way round: what had them is gone.
    repository.commit();
    repository.write("spec.yml", "version: 0.2\nphases: {build: {commands: [make]}}\n");
    no_format_shows_any(&repository, &["--diff-base", "HEAD"], "opaque-commands");
}

#[test]
fn no_explanation_table_or_baseline_shows_a_secret() {
    let repository = with_secrets();
    for (path, text) in [("spec.yml", buildspec()), ("ci.yml", template("\"iam:*\""))] {
        for line in 1..=text.lines().count() {
            let run = repository.run(&["explain", &format!("{path}:{line}")]);
            holds_none(&format!("{path}:{line}"), &(run.out + &run.err));
        }
    }
    assert!(repository.run(&["explain", "spec.yml:8"]).out.contains("pipe-to-shell"));
    for format in ["text", "json", "policy"] {
        let run = repository.run(&["uses", "--format", format]);
        assert!(run.out.len() + run.err.len() > 20, "{format}");
        holds_none(&format!("uses {format}"), &(run.out + &run.err));
    }
    for words in [&["baseline", "create"][..], &["baseline", "update", "--select", "pipe-to-shell"]] {
        let run = repository.run(words);
        assert_eq!(run.status, 0, "{}", run.err);
        let written = fs::read_to_string(repository.path().join("iamlint-baseline.json")).expect("a baseline");
        assert!(written.contains("pipe-to-shell"));
        holds_none("the baseline", &written);
    }
    // It still fits: a mask changes no id.
    let known = repository.run(&["--format", "json"]).json();
    assert_eq!(known["findings"].as_array().map(Vec::len), Some(0), "{known}");
}
