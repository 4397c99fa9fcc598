//! Writes an account as `aws iam get-account-authorization-details` prints it: a made-up account of
//! any size, the same on every run, to measure with.
//!
//! `cargo run --release --example account-dump -- 6500 > account.json` writes about 100 MB.

use std::io::{self, BufWriter, Write};

const ACCOUNT: &str = "111122223333";
const SERVICES: [&str; 8] = ["codebuild", "lambda", "ecs-tasks", "ec2", "codepipeline", "states", "events", "glue"];
/// What statements allow, and on which resource.
const GRANTS: [(&[&str], &str); 4] = [
    (&["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectTagging"], "s3:::workload-{}/data/*"),
    (
        &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
        "dynamodb:eu-west-1:111122223333:table/orders-{}",
    ),
    (&["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], "sqs:eu-west-1:111122223333:jobs-{}"),
    (&["logs:CreateLogStream", "logs:PutLogEvents"], "logs:eu-west-1:111122223333:log-group:/app/{}:*"),
];
const AWS_MANAGED: [&str; 4] = [
    "service-role/AWSLambdaBasicExecutionRole",
    "AmazonS3ReadOnlyAccess",
    "CloudWatchAgentServerPolicy",
    "service-role/AmazonECSTaskExecutionRolePolicy",
];

fn main() -> io::Result<()> {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(6500);
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "{{")?;
    list(&mut out, "UserDetailList", count / 20, user)?;
    list(&mut out, "GroupDetailList", count / 100, group)?;
    list(&mut out, "RoleDetailList", count, role)?;
    list(&mut out, "Policies", count / 3, policy)?;
    writeln!(out, "    \"IsTruncated\": false\n}}")?;
    out.flush()
}

/// A list of the root, each item as the function gives it.
fn list(out: &mut impl Write, key: &str, count: usize, item: fn(usize) -> String) -> io::Result<()> {
    writeln!(out, "    \"{key}\": [")?;
    for number in 0..count {
        let comma = if number + 1 < count { "," } else { "" };
        writeln!(out, "{}{comma}", indented(&item(number), 8))?;
    }
    writeln!(out, "    ],")
}

fn role(number: usize) -> String {
    let service = SERVICES[number % SERVICES.len()];
    let name = format!("{service}-workload-{number:05}");
    let policies: Vec<String> =
        (0..2 + number % 3).map(|index| inline(&format!("inline-{index}"), &document(number * 7 + index, 6))).collect();
    object(&[
        ("Path", text("/")),
        ("RoleName", text(&name)),
        ("RoleId", text(&format!("AROAEXAMPLE{number:09}"))),
        ("Arn", text(&format!("arn:aws:iam::{ACCOUNT}:role/{name}"))),
        ("CreateDate", text("2024-03-01T09:30:00+00:00")),
        ("AssumeRolePolicyDocument", trust(service)),
        ("InstanceProfileList", "[]".into()),
        ("RolePolicyList", array(&policies)),
        ("AttachedManagedPolicies", array(&[attached(number), attached_by_aws(number)])),
        ("Tags", array(&[object(&[("Key", text("team")), ("Value", text(&format!("team-{}", number % 40)))])])),
        ("RoleLastUsed", "{}".into()),
    ])
}

fn user(number: usize) -> String {
    let name = format!("person-{number:04}");
    object(&[
        ("Path", text("/")),
        ("UserName", text(&name)),
        ("UserId", text(&format!("AIDAEXAMPLE{number:09}"))),
        ("Arn", text(&format!("arn:aws:iam::{ACCOUNT}:user/{name}"))),
        ("CreateDate", text("2023-11-05T12:00:00+00:00")),
        ("UserPolicyList", "[]".into()),
        ("GroupList", array(&[text(&format!("team-{}", number % 40))])),
        ("AttachedManagedPolicies", "[]".into()),
        ("Tags", "[]".into()),
    ])
}

fn group(number: usize) -> String {
    let name = format!("team-{number}");
    object(&[
        ("Path", text("/")),
        ("GroupName", text(&name)),
        ("GroupId", text(&format!("AGPAEXAMPLE{number:09}"))),
        ("Arn", text(&format!("arn:aws:iam::{ACCOUNT}:group/{name}"))),
        ("CreateDate", text("2023-11-05T12:00:00+00:00")),
        ("GroupPolicyList", array(&[inline("read", &document(number * 3, 2))])),
        ("AttachedManagedPolicies", array(&[attached(number)])),
    ])
}

fn policy(number: usize) -> String {
    let name = format!("shared-{number:05}");
    let version = |id: &str, is_default: bool, seed: usize| {
        object(&[
            ("Document", document(seed, 5)),
            ("VersionId", text(id)),
            ("IsDefaultVersion", is_default.to_string()),
            ("CreateDate", text("2024-05-02T08:00:00+00:00")),
        ])
    };
    object(&[
        ("PolicyName", text(&name)),
        ("PolicyId", text(&format!("ANPAEXAMPLE{number:09}"))),
        ("Arn", text(&format!("arn:aws:iam::{ACCOUNT}:policy/{name}"))),
        ("Path", text("/")),
        ("DefaultVersionId", text("v2")),
        ("AttachmentCount", "3".into()),
        ("IsAttachable", "true".into()),
        ("CreateDate", text("2024-05-01T08:00:00+00:00")),
        ("PolicyVersionList", array(&[version("v2", true, number), version("v1", false, number + 1)])),
    ])
}

fn inline(name: &str, document: &str) -> String {
    object(&[("PolicyName", text(name)), ("PolicyDocument", document.to_owned())])
}

fn attached(number: usize) -> String {
    let name = format!("shared-{:05}", number / 4);
    object(&[("PolicyName", text(&name)), ("PolicyArn", text(&format!("arn:aws:iam::{ACCOUNT}:policy/{name}")))])
}

fn attached_by_aws(number: usize) -> String {
    let path = AWS_MANAGED[number % AWS_MANAGED.len()];
    let name = path.rsplit('/').next().unwrap_or(path);
    object(&[("PolicyName", text(name)), ("PolicyArn", text(&format!("arn:aws:iam::aws:policy/{path}")))])
}

fn trust(service: &str) -> String {
    let principal = object(&[("Service", text(&format!("{service}.amazonaws.com")))]);
    let statement = object(&[("Effect", text("Allow")), ("Principal", principal), ("Action", text("sts:AssumeRole"))]);
    object(&[("Version", text("2012-10-17")), ("Statement", array(&[statement]))])
}

/// A document of so many statements; the seed decides what they allow.
fn document(seed: usize, statements: usize) -> String {
    let statement = |index: usize| {
        // Of a hundred documents one is too wide.
        let (actions, resource) = match (seed + index) % 400 {
            0 => (&["iam:PassRole", "lambda:UpdateFunctionCode"][..], "*".to_owned()),
            _ => {
                let (actions, resource) = GRANTS[(seed + index) % GRANTS.len()];
                (actions, format!("arn:aws:{}", resource.replace("{}", &format!("{}-{index}", seed % 500))))
            }
        };
        let actions: Vec<String> = actions.iter().map(|action| text(action)).collect();
        object(&[
            ("Sid", text(&format!("Allow{index}"))),
            ("Effect", text("Allow")),
            ("Action", array(&actions)),
            ("Resource", array(&[text(&resource)])),
        ])
    };
    let statements: Vec<String> = (0..statements).map(statement).collect();
    object(&[("Version", text("2012-10-17")), ("Statement", array(&statements))])
}

fn text(value: &str) -> String {
    format!("\"{value}\"")
}

fn object(entries: &[(&str, String)]) -> String {
    let lines: Vec<String> = entries.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{\n{}\n}}", indented(&lines.join(",\n"), 4))
}

fn array(items: &[String]) -> String {
    if items.is_empty() { "[]".into() } else { format!("[\n{}\n]", indented(&items.join(",\n"), 4)) }
}

fn indented(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    text.lines().map(|line| format!("{margin}{line}")).collect::<Vec<_>>().join("\n")
}
