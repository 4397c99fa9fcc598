//! `docs/validate-policy.md` says for each code of ValidatePolicy which rules find it, or why none
//! does; `BLESS=1 cargo test --test validate` writes it. What a rule claims, a fixture shows. And the
//! command that validates policy documents, as it is run.

mod walk;

use assert_cmd::Command;
use iamlint::iam::PolicyKind;
use iamlint::iam::validate::{FindingType, codes};
use iamlint::linter::{Options, lint};
use iamlint::model::lower::AsPolicy;
use iamlint::rules::{Rule, builtin};
use iamlint::source::Sources;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use walk::{files_below, shown};

/// Codes that no rule finds, and why.
const NOT_FOUND: &[(&str, &str)] = &[
    (
        "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        "left out: `NotAction` always takes in services without tags, and that is what it is for",
    ),
    (
        "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        "left out: `NotAction` always takes in services without tags, and that is what it is for",
    ),
    (
        "INVALID_CONDITION_DATA_TYPE",
        "not decidable: it is about JSON numbers and flags beside texts, which YAML does not tell apart and CloudFormation converts",
    ),
    ("IRRELEVANT_CONDITION_KEY_IN_POLICY", "not decidable: AWS does not publish which keys are meant"),
    (
        "SCP_SYNTAX_ERROR_ACTION_WILDCARD",
        "no longer an error: since 19 September 2025 service control policies know the whole policy language",
    ),
    ("TYPE_MISMATCH_STRING", "not decidable: every value that is written is a text"),
    (
        "USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES",
        "not decidable: AWS lists the services that supply these keys in prose only, and adds to them",
    ),
];

#[test]
fn the_table_of_codes_is_current() {
    let mut text = String::from(
        "# ValidatePolicy, code by code\n\n\
         What the policy validation of IAM Access Analyzer finds, and the rules that find it here, without an\n\
         account and without a network. `iamlint explain CODE` shows the rule. This page is written by a test.\n\n\
         | code | type at AWS | found by |\n|---|---|---|\n",
    );
    let mut names: Vec<_> = codes::ALL.to_vec();
    names.sort_by_key(|code| code.name);
    for code in &names {
        let rules = rules_for(code.name);
        let found = match NOT_FOUND.iter().find(|(name, _)| *name == code.name) {
            Some((_, reason)) => {
                assert!(rules.is_empty(), "{} is found after all", code.name);
                format!("— {reason}")
            }
            None => {
                assert!(!rules.is_empty(), "no rule finds {}, and nothing says why", code.name);
                let quoted: Vec<String> = rules.iter().map(|rule| format!("`{}`", rule.id)).collect();
                quoted.join(", ")
            }
        };
        let kind = match code.finding_type {
            FindingType::Error => "error",
            FindingType::SecurityWarning => "security warning",
            FindingType::Warning => "warning",
            FindingType::Suggestion => "suggestion",
        };
        let _ = writeln!(text, "| `{}` | {kind} | {found} |", code.name);
    }
    let found = names.len() - NOT_FOUND.len();
    let _ = writeln!(text, "\n{found} of {} codes are found.", names.len());
    let path = "docs/validate-policy.md";
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, &text).expect("the folder is writable");
    }
    let written = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == text, "{path} is out of date; BLESS=1 writes it anew");
}

#[test]
fn every_code_that_a_rule_asks_for_exists_and_a_fixture_shows_it() {
    let mut wrong = Vec::new();
    for rule in validating() {
        let asked = codes_of(rule);
        let mut told: BTreeSet<String> = BTreeSet::new();
        for path in files_below(format!("fixtures/rules/{}", rule.id)) {
            let mut sources = Sources::new();
            sources.add(shown(&path), fs::read_to_string(&path).expect("a readable fixture"));
            let report = lint(&sources, std::slice::from_ref(rule), &Options::default());
            // The code is a word of what the finding is about.
            let words = report.diagnostics.iter().flat_map(|found| found.subject.split_whitespace());
            told.extend(words.map(str::to_owned));
        }
        for code in asked {
            if codes::named(&code).is_none() {
                wrong.push(format!("{}: there is no code {code}", rule.id));
            } else if !told.contains(&code) {
                wrong.push(format!("{}: no fixture shows {code}", rule.id));
            }
            if !rule.replaces.contains(&code) {
                wrong.push(format!("{}: {code} is not among what it replaces", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_code_is_asked_for_by_one_rule() {
    let mut seen = BTreeSet::new();
    for code in validating().flat_map(codes_of) {
        assert!(seen.insert(code.clone()), "{code} is told by two rules");
    }
}

/// What rules with analyses of their own find: the code, the kind of policy, the statement (or the whole
/// document), and the rule.
const BY_OTHER_RULES: &[(&str, PolicyKind, &str, &str)] = {
    use PolicyKind::{Identity, Resource, ServiceControl, Trust};
    &[
        ("EMPTY_ARRAY_ACTION", Identity, "Effect: Allow, Action: [], Resource: '*'", "statement-grammar"),
        ("EMPTY_ARRAY_RESOURCE", Identity, "Effect: Allow, Action: 's3:*', Resource: []", "statement-grammar"),
        ("INVALID_ACTION", Identity, "Effect: Allow, Action: 's3:Gone', Resource: '*'", "unknown-action"),
        ("INVALID_ARN_PREFIX", Identity, "Effect: Allow, Action: 's3:*', Resource: app", "statement-grammar"),
        ("INVALID_EFFECT", Identity, "Effect: allow, Action: 's3:*', Resource: '*'", "statement-grammar"),
        (
            "INVALID_POLICY_ELEMENT",
            Identity,
            "Effect: Allow, Actoin: x, Action: 's3:*', Resource: '*'",
            "statement-grammar",
        ),
        (
            "INVALID_PRINCIPAL_KEY",
            Resource,
            "Effect: Allow, Action: 's3:*', Resource: '*', Principal: {Aws: '*'}",
            "statement-grammar",
        ),
        ("INVALID_SERVICE_IN_ACTION", Identity, "Effect: Allow, Action: 'nosuch:Get', Resource: '*'", "unknown-action"),
        ("MISSING_ACTION", Identity, "Effect: Allow, Resource: '*'", "statement-grammar"),
        ("MISSING_EFFECT", Identity, "Action: 's3:*', Resource: '*'", "statement-grammar"),
        ("MISSING_PRINCIPAL", Resource, "Effect: Allow, Action: 's3:*', Resource: '*'", "statement-grammar"),
        ("MISSING_RESOURCE", Identity, "Effect: Allow, Action: 's3:*'", "statement-grammar"),
        (
            "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE",
            Trust,
            "Effect: Allow, Action: 'sts:AssumeRole', Resource: '*', Principal: {Service: codebuild.amazonaws.com}",
            "statement-grammar",
        ),
        (
            "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
            Trust,
            "Effect: Allow, Action: 'sts:AssumeRole', Principal: '*'",
            "trust-public",
        ),
        (
            "MISSING_GITHUB_REPO_CONDITION_KEY",
            Trust,
            "Effect: Allow, Action: 'sts:AssumeRoleWithWebIdentity', Principal: {Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com'}",
            "oidc-no-sub",
        ),
        (
            "SCP_SYNTAX_ERROR_PRINCIPAL",
            ServiceControl,
            "Effect: Deny, Action: 's3:*', Resource: '*', Principal: '*'",
            "statement-grammar",
        ),
        (
            "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED",
            Trust,
            "Effect: Allow, Action: 'sts:AssumeRoleWithWebIdentity', Principal: {Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com'}, Condition: {StringLike: {'token.actions.githubusercontent.com:sub': 'repo:acme/shop:*'}}",
            "github-subject-without-branch",
        ),
        (
            "UNIQUE_SIDS_REQUIRED",
            Identity,
            "Sid: A, Effect: Deny, Action: 's3:*', Resource: '*'}, {Sid: A, Effect: Deny, Action: 'sqs:*', Resource: '*'",
            "statement-grammar",
        ),
        (
            "UNIQUE_SIDS_RECOMMENDED",
            Resource,
            "Sid: A, Effect: Deny, Action: 's3:*', Resource: '*', Principal: '*'}, {Sid: A, Effect: Deny, Action: 's3:*', Resource: '*', Principal: '*'",
            "statement-grammar",
        ),
        (
            "UNSUPPORTED_ELEMENT_COMBINATION",
            Identity,
            "Effect: Deny, Action: 's3:*', NotAction: 'sqs:*', Resource: '*'",
            "statement-grammar",
        ),
        (
            "UNSUPPORTED_PRINCIPAL",
            Identity,
            "Effect: Deny, Action: 's3:*', Resource: '*', Principal: '*'",
            "statement-grammar",
        ),
        ("UNSUPPORTED_SID", Identity, "Sid: 'a b', Effect: Deny, Action: 's3:*', Resource: '*'", "statement-grammar"),
        ("WILDCARD_IN_SERVICE_NAME", Identity, "Effect: Deny, Action: 's*:Get', Resource: '*'", "unknown-action"),
    ]
};

#[test]
fn the_codes_of_other_rules_are_found_by_them() {
    let mut wrong = Vec::new();
    let mut shown: BTreeSet<&str> = validating().flat_map(|rule| rule.replaces.iter().map(String::as_str)).collect();
    for (code, kind, statement, id) in BY_OTHER_RULES {
        shown.insert(code);
        let rule = builtin::rules().iter().find(|rule| rule.id == *id).expect("the rule");
        assert!(rules_for(code).iter().any(|rule| rule.id == *id), "{code} is not among what {id} replaces");
        let text = format!("Version: '2012-10-17'\nStatement: [{{{statement}}}]\n");
        if !finds(rule, &text, Some(*kind)) {
            wrong.push(format!("{code}: {id} finds nothing"));
        }
    }
    for (code, text, id) in [
        (
            "INVALID_VERSION",
            "Version: '2012-10-18'\nStatement: [{Effect: Deny, Action: '*', Resource: '*'}]\n",
            "statement-grammar",
        ),
        ("MISSING_STATEMENT", "Version: '2012-10-17'\nId: x\n", "statement-grammar"),
        ("JSON_SYNTAX_ERROR", "{\"Version\": \"2012-10-17\" \"Statement\": []}", "parse-error"),
    ] {
        shown.insert(code);
        let rule = builtin::rules().iter().find(|rule| rule.id == id).expect("the rule");
        if !finds(rule, text, Some(PolicyKind::Identity)) {
            wrong.push(format!("{code}: {id} finds nothing"));
        }
    }
    let left = codes::ALL.iter().filter(|code| NOT_FOUND.iter().all(|(name, _)| *name != code.name));
    wrong.extend(left.filter(|code| !shown.contains(code.name)).map(|code| format!("{}: not shown", code.name)));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn finds(rule: &Rule, text: &str, kind: Option<PolicyKind>) -> bool {
    let mut sources = Sources::new();
    sources.add("policy.yml", text);
    let options = Options { as_policy: Some(AsPolicy { kind, resource_type: String::new() }), ..Options::default() };
    !lint(&sources, std::slice::from_ref(rule), &options).diagnostics.is_empty()
}

const MALFORMED: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::app/*", "Condition": {"StringEqual": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]}"#;
const CLEAN: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject",
 "Resource": "arn:aws:s3:::app/*"}]}"#;

#[test]
fn documents_are_validated_from_files_and_from_standard_input() {
    let (status, out) = run(&["bad.json", "--format", "short", "-q"], "");
    assert_eq!(status, 1, "{out}");
    assert!(out.starts_with("bad.json:2:") && out.contains("high[malformed-condition]"), "{out}");
    let (status, out) = run(&["-", "--format", "short", "-q"], MALFORMED);
    assert_eq!(status, 1, "{out}");
    assert!(out.contains("malformed-condition"), "{out}");
    assert_eq!(run(&["good.json", "--format", "short", "-q"], ""), (0, String::new()));
}

#[test]
fn the_kind_of_a_document_can_be_said() {
    let rules = |words: &[&str]| {
        let words: Vec<&str> = words.iter().copied().chain(["--format", "short", "-q"]).collect();
        let (status, out) = run(&words, "");
        let named = out.lines().filter_map(|line| line.split_once('[')?.1.split_once(']'));
        (status, named.map(|(rule, _)| rule.to_owned()).collect::<Vec<_>>())
    };
    let (status, found) = rules(&["good.json", "--type", "resource"]);
    assert_eq!((status, found), (1, vec!["statement-grammar".to_owned()]), "a resource policy names a principal");
    assert_eq!(rules(&["good.json", "--type", "scp"]), (0, Vec::new()));
    let (status, found) = rules(&["good.json", "--type", "trust"]);
    assert_eq!(status, 1);
    assert!(found.contains(&"action-in-foreign-policy".to_owned()), "{found:?}");
    let (_, found) = rules(&["bucket.json", "--resource-type", "AWS::SQS::Queue"]);
    assert!(found.contains(&"action-in-foreign-policy".to_owned()), "{found:?}");
    assert_eq!(rules(&["bucket.json", "--resource-type", "AWS::S3::Bucket"]), (0, Vec::new()));
    let (_, found) = rules(&["bucket.json", "--type", "rcp"]);
    assert_eq!(found, ["malformed-resource-control-policy", "malformed-resource-control-policy"]);
}

#[test]
fn a_policy_in_an_output_or_in_a_record_of_it_is_validated() {
    let (status, bare) = run(&["-", "--format", "short", "-q"], MALFORMED);
    assert_eq!((status, bare.lines().count()), (1, 1), "{bare}");
    let text = MALFORMED.replace('"', "\\\"").replace('\n', " ");
    for record in [
        format!(r#"{{"PolicyVersion": {{"Document": {MALFORMED}, "VersionId": "v3", "IsDefaultVersion": true}}}}"#),
        format!(r#"{{"RoleName": "app", "PolicyName": "own", "PolicyDocument": {MALFORMED}}}"#),
        format!(r#"{{"arn": "arn:aws:iam::aws:policy/App", "version": "v3", "document": {MALFORMED}}}"#),
        format!(r#"{{"Policy": "{text}"}}"#)
            .replace(r#"\"Resource\""#, r#"\"Principal\": {\"AWS\": \"111122223333\"}, \"Resource\""#),
    ] {
        let (status, told) = run(&["-", "--format", "short", "-q"], &record);
        assert_eq!((status, told.lines().count()), (1, 1), "{record}\n{told}");
        assert!(told.contains("malformed-condition"), "{told}");
    }
    let clean = format!(r#"{{"PolicyVersion": {{"Document": {CLEAN}, "VersionId": "v3", "IsDefaultVersion": true}}}}"#);
    assert_eq!(run(&["-", "--format", "short", "-q"], &clean), (0, String::new()));
    let (_, told) = run(&["-", "--type", "resource", "--format", "short", "-q"], &clean);
    assert!(told.contains("without `Principal`"), "{told}");
    let (_, told) = run(&["-", "--format", "short", "-q"], r#"{"PolicyNames": ["app"]}"#);
    assert!(told.contains("no `Statement`"), "{told}");
    // Which of two is meant is not known, and neither is a policy.
    let (_, told) = run(&["-", "--format", "short", "-q"], &format!(r#"{{"old": {CLEAN}, "new": {CLEAN}}}"#));
    assert!(told.contains("no `Statement`"), "{told}");
}

#[test]
fn what_cannot_be_read_is_not_clean() {
    let (status, out) = run(&["broken.json", "--format", "short", "-q"], "");
    assert_eq!(status, 1, "{out}");
    assert!(out.contains("parse-error"), "{out}");
    assert_eq!(run(&["missing.json"], "").0, 2);
    assert_eq!(run(&["good.json", "--type", "bucket"], "").0, 2);
    assert_eq!(run(&["bad.json", "--fail-on", "never", "-q"], "").0, 0);
}

/// The status and the standard output of `iamlint policy validate`.
fn run(words: &[&str], input: &str) -> (i32, String) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let bucket = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
        "Principal": {"AWS": "111122223333"}, "Resource": "arn:aws:s3:::app/*"}]}"#;
    let broken = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow" "Action": "s3:GetObject"}]}"#;
    for (name, text) in
        [("bad.json", MALFORMED), ("good.json", CLEAN), ("bucket.json", bucket), ("broken.json", broken)]
    {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let mut command = Command::cargo_bin("iamlint").expect("the program is built");
    command.current_dir(folder.path()).args(["policy", "validate"]).args(words).write_stdin(input);
    let output = command.output().expect("it runs");
    (output.status.code().expect("a status"), String::from_utf8(output.stdout).expect("UTF-8"))
}

/// The rules that ask for codes.
fn validating() -> impl Iterator<Item = &'static Rule> {
    builtin::rules().iter().filter(|rule| rule.analysis.name == "policy-validation")
}

fn codes_of(rule: &Rule) -> Vec<String> {
    let (_, written) = rule.with.iter().find(|(name, _)| name == "codes").expect("codes");
    written
        .split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn rules_for(code: &str) -> Vec<&'static Rule> {
    builtin::rules().iter().filter(|rule| rule.replaces.iter().any(|other| other == code)).collect()
}
