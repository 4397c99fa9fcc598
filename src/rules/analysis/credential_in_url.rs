//! User names and passwords in addresses.

use crate::diagnostic::Severity;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{FileId, Span};
use regex::Regex;
use std::sync::LazyLock;

pub const ANALYSIS: Analysis = Analysis {
    name: "credential-in-url",
    summary: "an address has a password in it",
    params: &[],
    facts: &["host", "what"],
    bind,
};

#[expect(clippy::expect_used, reason = "the pattern is a constant; a test uses it")]
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\bhttps?://(?<user>[^/\s:@"'<>`]{1,100}):(?<password>[^/\s@"'<>`]{1,200})@(?<host>[A-Za-z0-9$][^/\s"'<>`:)]*)"#)
        .expect("a constant pattern")
});

/// What stands for a password in examples.
const DUMMIES: [&str; 14] = [
    "pass",
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "changeme",
    "example",
    "test",
    "guest",
    "admin",
    "postgres",
    "root",
    "x-oauth-basic",
];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.sources.iter().flat_map(|(file, source)| in_text(file, &source.text)).collect()
    })
}

fn in_text(file: FileId, text: &str) -> Vec<Finding> {
    if !text.contains("://") || !text.contains('@') {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for found in ADDRESS.captures_iter(text) {
        let (Some(password), Some(host)) = (found.name("password"), found.name("host")) else { continue };
        let (value, host) = (password.as_str(), host.as_str());
        let line_start = text[..password.start()].rfind('\n').map_or(0, |at| at + 1);
        let is_comment = text[line_start..password.start()].trim_start().starts_with('#');
        if is_comment || is_dummy(value) || host.starts_with("localhost") || host.starts_with("127.") {
            continue;
        }
        let span = Span::new(file, password.start(), password.end());
        let is_variable =
            value.contains('$') || value.contains("{{") || value.starts_with('%') || value.starts_with('{');
        let what = if is_variable { "a password from a variable" } else { "a password" };
        let mut finding = Finding::new(span, format!("{host} {}", found.name("user").map_or("", |user| user.as_str())))
            .fact("host", host)
            .fact("what", what);
        if is_variable {
            finding = finding.severity(Severity::Low);
        } else {
            finding.secret = Some(span);
        }
        findings.push(finding);
    }
    findings
}

fn is_dummy(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    DUMMIES.contains(&value.as_str())
        || value.bytes().all(|byte| matches!(byte, b'x' | b'*' | b'.'))
        || value.starts_with("your")
        || value.contains("[")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn passwords_and_variables_are_told_apart_and_examples_left_out() {
        let severities = |text: &str| {
            let mut sources = Sources::new();
            let file = sources.add("f", text);
            in_text(file, text).into_iter().map(|found| found.severity).collect::<Vec<_>>()
        };
        assert_eq!(severities("git clone https://bot:hunter2@git.example.com/x.git"), [None]);
        assert_eq!(severities("git clone https://$U:$P@git.example.com/x.git"), [Some(Severity::Low)]);
        for good in [
            "https://user:password@host/x",
            "git@github.com:x/y",
            "http://a:80/b@c",
            "# https://a:b1c@d",
            "https://a.b/c:d@e",
        ] {
            assert_eq!(severities(good), [], "{good}");
        }
    }
}
