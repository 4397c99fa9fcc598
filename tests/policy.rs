//! `iamlint policy` as a user runs it: verdicts, exit status, witness requests, and the statements
//! that decide.

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

const OLD: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
  ]
}
"#;
const NEW: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Upload",
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject"],
      "Resource": "arn:aws:s3:::b/*",
      "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    },
    {"Sid": "Hidden", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/secret/*"}
  ]
}
"#;
const OPEN: &str = r#"
Version: "2012-10-17"
Statement:
  - Sid: Open
    Effect: Allow
    Principal: "*"
    Action: s3:GetObject
    Resource: arn:aws:s3:::b/*
"#;
const CLOSED: &str = r#"
Version: "2012-10-17"
Statement:
  - Effect: Allow
    Principal: "*"
    Action: s3:GetObject
    Resource: arn:aws:s3:::b/*
    Condition: {StringEquals: {aws:PrincipalOrgID: o-acme}}
"#;
const QUEUE: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Own", "Effect": "Allow", "Action": "*",
  "Resource": "*", "Principal": {"AWS": "arn:aws:iam::111122223333:role/r"}}}"#;
const SQS: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Sqs", "Effect": "Allow", "Action": "sqs:*",
  "Resource": "*"}}"#;
const NO_SQS: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "*", "Resource": "*"},
  {"Sid": "NoDelete", "Effect": "Deny", "Action": "sqs:Delete*", "Resource": "*"}]}"#;
const VARIABLE: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/a": "${aws:PrincipalTag/b}"}}}}"#;
const PLAIN: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalTag/a": "?*"}}}}"#;

/// What a run gave.
struct Run {
    status: i32,
    out: String,
    err: String,
}

/// Runs `iamlint policy` in a folder with the policies above; `stdin` is given to it.
fn run_with(arguments: &[&str], stdin: &str) -> Run {
    let folder = TempDir::new().expect("a folder");
    let files = [
        ("old.json", OLD),
        ("new.json", NEW),
        ("open.yml", OPEN),
        ("closed.yml", CLOSED),
        ("variable.json", VARIABLE),
        ("plain.json", PLAIN),
        ("queue.json", QUEUE),
        ("trust.json", &QUEUE.replace(r#""Resource": "*","#, "").replace(r#""*""#, r#""sts:AssumeRole""#)),
        ("sqs.json", SQS),
        ("no-delete.json", NO_SQS),
        ("broken.json", "{"),
        ("misspelt.json", &OLD.replace("Effect", "Efect")),
        ("twice.json", &OLD.replace(r#""Sid""#, r#""Action": "*", "Sid""#)),
        ("empty.json", ""),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let mut command = Command::cargo_bin("iamlint").expect("the program");
    let command = command.current_dir(folder.path()).arg("policy").args(arguments).write_stdin(stdin);
    let output = command.env_remove("FORCE_COLOR").output().expect("a run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run { status: output.status.code().expect("a status"), out: text(output.stdout), err: text(output.stderr) }
}

fn run(arguments: &str) -> Run {
    run_with(&arguments.split(' ').collect::<Vec<_>>(), "")
}

/// The answer as JSON, whose verdict agrees with the exit status.
fn answer(arguments: &str) -> Value {
    let run = run(&format!("{arguments} --format json"));
    let json: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}{}", run.out, run.err));
    let statuses = [("pass", 0), ("fail", 1), ("unknown", 2)];
    let status = statuses.iter().find(|(name, _)| json["verdict"] == *name).map(|(_, status)| *status);
    assert_eq!(status, Some(run.status), "{json}");
    assert_eq!(json["schema"], "iamlint-policy/1");
    assert!(json["iam_data"].as_str().is_some_and(|date| date.starts_with("20")), "{json}");
    json
}

#[test]
fn new_access_fails_with_a_request_and_its_statement() {
    let json = answer("no-new-access --existing old.json --new new.json");
    assert_eq!(json["verdict"], "fail");
    assert_eq!(json["witness"]["action"], "s3:PutObject");
    assert_eq!(json["witness"]["resource"], "arn:aws:s3:::b/x");
    assert_eq!(json["witness"]["context"]["aws:SourceIp"][0], "10.0.0.7");
    let span = &json["spans"][0];
    assert_eq!(
        (&span["role"], &span["path"], &span["start"]["line"]),
        (&"allows".into(), &"new.json".into(), &4.into())
    );
    assert_eq!(span["end"]["line"], 10);

    let text = run("no-new-access --existing old.json --new new.json").out;
    assert!(text.contains("fail: the new policy allows `s3:PutObject` on `arn:aws:s3:::b/x`"), "{text}");
    assert!(text.contains("new.json:7:34") && text.contains("`Upload` allows it"), "{text}");
    assert!(text.contains("note: with `aws:SourceIp` = 10.0.0.7"), "{text}");
}

#[test]
fn a_deny_that_is_gone_is_new_access() {
    let json = answer("no-new-access --existing new.json --new old.json");
    assert_eq!(json["verdict"], "fail");
    let roles: Vec<&Value> = json["spans"].as_array().expect("spans").iter().map(|span| &span["role"]).collect();
    assert!(roles[0] == "allows", "{roles:?}");
    let two = answer("no-new-access --existing old.json new.json --new old.json");
    assert_eq!((&two["spans"][0]["role"], &two["spans"][1]["role"]), (&"allows".into(), &"denies".into()));
    let resource = two["witness"]["resource"].as_str().expect("a resource");
    assert!(resource.starts_with("arn:aws:s3:::b/secret/"), "{resource}");
    assert!(two["message"].as_str().expect("a message").ends_with("which the existing one denies"));
}

#[test]
fn no_new_access_passes_and_reads_standard_input() {
    assert_eq!(answer("no-new-access --existing old.json --new old.json")["verdict"], "pass");
    let run = run_with(&["no-new-access", "--existing", "old.json", "--new", "-"], OLD);
    let (verdict, data) = run.out.split_once('\n').expect("two lines");
    assert_eq!((run.status, verdict), (0, "pass: the new policy allows nothing that the existing one does not"));
    assert!(data.starts_with("by the IAM data of 20"), "{data}");
    let twice = run_with(&["no-new-access", "--existing", "-", "--new", "-"], OLD);
    assert_eq!(twice.status, 2);
    assert!(twice.err.contains("standard input"), "{}", twice.err);
}

#[test]
fn what_is_not_known_is_unknown_and_says_why() {
    let json = answer("no-new-access --existing variable.json --new plain.json");
    assert_ne!(json["verdict"], "pass");
    let json = answer("no-new-access --existing plain.json --new variable.json");
    assert_eq!(json["verdict"], "unknown", "the value of one key is that of another");
    assert!(json["reason"]["text"].as_str().is_some_and(|text| !text.is_empty()), "{json}");
    assert!(json["witness"].is_null());
    assert_eq!(answer("no-new-access --existing variable.json --new variable.json")["verdict"], "pass");
}

#[test]
fn access_is_granted_or_not() {
    let granted = answer("access-not-granted new.json --actions s3:DeleteObject,s3:PutObject");
    assert_eq!(granted["verdict"], "fail");
    assert_eq!(granted["witness"]["action"], "s3:PutObject");
    let denied = answer("access-not-granted new.json --actions s3:* --resources arn:aws:s3:::b/secret/*");
    assert_eq!(denied["verdict"], "pass");
    assert_eq!(answer("access-not-granted new.json --actions iam:*")["verdict"], "pass");
    assert_eq!(run("access-not-granted new.json --actions GetObject").status, 2);
    assert_eq!(run("access-not-granted new.json").status, 2);
}

#[test]
fn a_bucket_is_public_or_not() {
    let open = answer("no-public-access open.yml --resource-type AWS::S3::Bucket");
    assert_eq!((&open["verdict"], &open["witness"]["principal"]), (&"fail".into(), &"anybody".into()));
    let closed = answer("no-public-access closed.yml --resource-type aws::s3::bucket");
    assert_eq!(closed["verdict"], "pass");
    let wrong = run("no-public-access open.yml --resource-type AWS::S3::Buckt");
    assert_eq!(wrong.status, 2);
    assert!(wrong.err.contains("did you mean `AWS::S3::Bucket`?"), "{}", wrong.err);
}

#[test]
fn a_request_is_decided_by_a_statement() {
    let ask = |more: &str| answer(&format!("can new.json --action s3:PutObject {more}"));
    let allowed = ask("--resource arn:aws:s3:::b/k --context aws:SourceIp=10.1.2.3");
    assert_eq!((&allowed["verdict"], &allowed["spans"][0]["role"]), (&"pass".into(), &"allows".into()));
    let denied = ask("--resource arn:aws:s3:::b/secret/k");
    assert_eq!((&denied["verdict"], &denied["spans"][0]["text"]), (&"fail".into(), &"`Hidden` denies it".into()));
    let outside = ask("--resource arn:aws:s3:::b/k --context aws:SourceIp=203.0.113.7");
    assert_eq!(outside["verdict"], "fail");
    assert_eq!(outside["spans"][0]["text"], "the test of `aws:SourceIp` does not hold");
    assert_eq!(ask("--resource arn:aws:s3:::b/k --context aws:SourceIp=")["verdict"], "fail");
    let open = ask("--resource arn:aws:s3:::b/k");
    assert_eq!((&open["verdict"], &open["reason"]["location"]["start"]["line"]), (&"unknown".into(), &9.into()));
    let elsewhere = ask("--resource arn:aws:s3:::c/k");
    assert_eq!(elsewhere["spans"][0]["text"], "`arn:aws:s3:::c/k` is not among the resources");
}

#[test]
fn a_caller_is_told_by_its_name() {
    let ask = |who: &str, policy: &str, more: &str| {
        answer(&format!("can {policy} --action s3:GetObject --resource arn:aws:s3:::b/k --principal {who}{more}"))
    };
    assert_eq!(ask("*", "open.yml", "")["verdict"], "pass");
    let member = ask("arn:aws:iam::111122223333:role/r", "closed.yml", " --context aws:PrincipalOrgID=o-acme");
    assert_eq!(member["verdict"], "pass");
    let own = ask("arn:aws:iam::111122223333:role/r", "closed.yml", " --context aws:PrincipalOrgID=o-other");
    assert_eq!(own["verdict"], "fail");
    let wrong = run("can open.yml --action s3:GetObject --resource arn:aws:s3:::b/k --principal somebody");
    assert_eq!(wrong.status, 2);
    let nobody = answer("can open.yml --action s3:GetObject --resource arn:aws:s3:::b/k");
    assert_eq!(nobody["verdict"], "unknown", "a policy of a resource is about somebody");
}

#[test]
fn policies_of_several_types_decide_together() {
    let ask = |who: &str, action: &str, more: &str| {
        let queue = "--resource arn:aws:sqs:us-east-1:111122223333:q";
        answer(&format!("can {more} --action {action} {queue} --principal {who}"))
    };
    let role = "arn:aws:sts::111122223333:assumed-role/r/s";
    let foreign = "arn:aws:iam::999988887777:user/u";
    let texts = |json: &Value| {
        let spans = json["spans"].as_array().expect("spans").iter();
        spans.map(|span| span["text"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let both = ask(role, "sqs:SendMessage", "sqs.json --boundary sqs.json --scp no-delete.json,sqs.json");
    assert_eq!(both["verdict"], "pass");
    let layers = [
        "identity policy: `Sqs` allows it",
        "permissions boundary: `Sqs` allows it",
        "service control policy: allows it",
    ];
    assert_eq!(texts(&both), layers);
    let limited = ask(role, "sqs:SendMessage", "sqs.json --boundary old.json");
    assert!(limited["message"].as_str().expect("a message").ends_with("no permissions boundary allows it"));
    assert_eq!(texts(&limited), ["`sqs:SendMessage` is not among the actions"]);
    let denied = ask(role, "sqs:DeleteQueue", "sqs.json --scp no-delete.json");
    assert!(denied["message"].as_str().expect("a message").ends_with("is denied by the service control policy"));
    assert_eq!(texts(&denied), ["service control policy: `NoDelete` denies it"]);
    assert_eq!(ask(role, "sqs:SendMessage", "--resource-policy queue.json")["verdict"], "pass");
    assert_eq!(ask(role, "sqs:SendMessage", "queue.json old.json")["verdict"], "pass", "told by their statements");
    assert_eq!(ask(foreign, "sqs:SendMessage", "sqs.json --resource-policy queue.json")["verdict"], "fail");
    let cross = ask(foreign, "sqs:SendMessage", "sqs.json --resource-policy queue.json");
    assert!(cross["notes"][0].as_str().expect("a note").contains("both sides have to allow"), "{cross}");
    let assume = "can --trust-policy trust.json --action sts:AssumeRole --resource arn:aws:iam::111122223333:role/t";
    assert_eq!(answer(&format!("{assume} --principal {role}"))["verdict"], "pass");
    let bucket = "can old.json --resource-policy open.yml --action s3:GetObject --resource arn:aws:s3:::b/k";
    let here = answer(&format!("{bucket} --principal {foreign} --resource-account 999988887777"));
    assert_eq!(here["verdict"], "pass");
    assert!(here["notes"][0].as_str().expect("a note").contains("are both in 999988887777"), "{here}");
}

#[test]
fn limits_hold_what_the_policies_allow() {
    let more = "no-new-access --existing old.json --new sqs.json";
    assert_eq!(answer(more)["verdict"], "fail");
    assert_eq!(answer(&format!("{more} --boundary old.json"))["verdict"], "pass");
    assert_eq!(answer(&format!("{more} --scp no-delete.json"))["verdict"], "fail");
    let delete = "access-not-granted sqs.json --actions sqs:DeleteQueue";
    assert_eq!(answer(delete)["verdict"], "fail");
    assert_eq!(answer(&format!("{delete} --scp no-delete.json"))["verdict"], "pass");
    let of_resource = run("access-not-granted queue.json --actions sqs:* --boundary old.json");
    assert_eq!(of_resource.status, 2);
    assert!(of_resource.err.contains("limit a principal"), "{}", of_resource.err);
}

#[test]
fn patterns_expand_to_actions_with_their_level() {
    let names = run("expand sts:AssumeRole*");
    let expected = "sts:AssumeRole                 Write\nsts:AssumeRoleWithSAML         Write\n\
                    sts:AssumeRoleWithWebIdentity  Write\n";
    assert_eq!((names.status, names.out.as_str()), (0, expected));
    let json: Value = serde_json::from_str(&run("expand old.json --format json").out).expect("JSON");
    assert_eq!(json["patterns"][0]["actions"][0]["action"], "s3:GetObject");
    assert_eq!(json["patterns"][0]["actions"][0]["access_level"], "Read");
    assert_eq!(run("expand s3:Frobnicate*").status, 1);
    assert_eq!(run("expand nosuch.json").status, 2);
}

#[test]
fn a_policy_is_written_as_short_as_it_can_be() {
    let folded = r#"{"Version": "2012-10-17", "Statement": [
      {"Sid": "One", "Effect": "Allow", "Action": ["s3:Get*", "s3:GetObject"], "Resource": "arn:aws:s3:::b/*"},
      {"Sid": "Two", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*"}]}"#;
    let run = run_with(&["minimize", "-"], folded);
    let policy: Value = serde_json::from_str(&run.out).expect("a policy");
    let expected = r#"{"Version": "2012-10-17", "Statement": [
      {"Sid": "One", "Effect": "Allow", "Action": ["s3:Get*", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"}]}"#;
    assert_eq!(policy, serde_json::from_str::<Value>(expected).expect("JSON"));
    assert_eq!(run.status, 0);
    assert!(run.err.contains("<stdin>:2:63: the action `s3:GetObject` is left out"), "{}", run.err);
    assert!(run.err.contains("`Two` is now a part of `One`"), "{}", run.err);
    let twice = run_with(&["minimize", "-"], &run.out);
    assert_eq!(twice.out, run.out, "what is short stays as it is");
    let json = answer("minimize new.json");
    assert_eq!(json["policy"]["Statement"][0]["Condition"]["IpAddress"]["aws:SourceIp"], "10.0.0.0/8");
    assert_eq!(json["characters_after"], json["characters_before"]);
    let open = answer("minimize closed.yml");
    assert_eq!((&open["verdict"], &open["policy"]["Statement"][0]["Principal"]), (&"pass".into(), &"*".into()));
}

#[test]
fn bad_input_is_told_at_its_place() {
    let table = [
        ("broken.json", "broken.json:1:1"),
        ("misspelt.json", "did you mean `Effect`?"),
        ("twice.json", "the key `Action` stands twice"),
        ("empty.json", "there is no policy in the file"),
        ("nosuch.json", "cannot read the policy nosuch.json"),
    ];
    for (file, told) in table {
        let run = run(&format!("access-not-granted {file} --actions s3:GetObject"));
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{file}");
        assert!(run.err.contains(told), "{file}: {}", run.err);
    }
    let mixed = run("no-new-access --existing old.json --new open.yml");
    assert_eq!(mixed.status, 2);
    assert!(mixed.err.contains("different types"), "{}", mixed.err);
}
