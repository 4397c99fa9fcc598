//! AWS access keys written into a file.

use crate::diagnostic::Severity;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{FileId, Span};
use regex::Regex;
use std::sync::LazyLock;

pub const ANALYSIS: Analysis =
    Analysis { name: "access-key", summary: "an AWS access key stands in a file", params: &[], facts: &["what"], bind };

/// `AKIA…` is a long-term key, `ASIA…` a temporary one; sixteen characters of base 32 follow.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
#[expect(clippy::expect_used, reason = "the pattern is a constant; a test uses it")]
static KEY_ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:AKIA|ASIA)[A-Z2-7]{16}").expect("a constant pattern"));

/// Forty characters of base 64: the shape of a secret access key.
#[expect(clippy::expect_used, reason = "the pattern is a constant; a test uses it")]
static SECRET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9/+]{40}").expect("a constant pattern"));

/// Key ids of AWS's own documentation.
const DOCUMENTED: [&str; 3] = ["AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE", "ASIAIOSFODNN7EXAMPLE"];

/// How many lines behind a key its secret is looked for.
const NEAR: usize = 5;

/// Whether a value of one of the variables that hold a key may be a real one: the key, its secret or
/// the token of a session.
pub(super) fn may_be_real(value: &str) -> bool {
    match value.strip_prefix("AKIA").or(value.strip_prefix("ASIA")) {
        Some(_) if value.len() == 20 => KEY_ID.is_match(value) && is_real(value),
        _ => value.len() >= 40 && !value.ends_with("EXAMPLEKEY"),
    }
}

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.sources.iter().flat_map(|(file, source)| in_text(file, &source.text)).collect()
    })
}

fn in_text(file: FileId, text: &str) -> Vec<Finding> {
    // Most files hold none: the two prefixes are looked for first.
    if !text.contains("AKIA") && !text.contains("ASIA") {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = Vec::new();
    for key in KEY_ID.find_iter(text).filter(|key| stands_alone(text, key.range()) && is_real(key.as_str())) {
        let span = Span::new(file, key.start(), key.end());
        let shown = format!("{}…", &key.as_str()[..8]);
        let temporary = key.as_str().starts_with("ASIA");
        let kind = if temporary { "temporary AWS access key" } else { "AWS access key" };
        let mut found = Finding::new(span, shown.clone()).fact("what", format!("the {kind} `{shown}`"));
        if temporary {
            found = found.severity(Severity::High);
        }
        // The last characters tell which key it is to nobody but its owner.
        found.secret = Some(Span::new(file, key.start() + 8, key.end()));
        findings.push(found);
        if let Some(secret) = secret_near(text, key.end()) {
            let span = Span::new(file, secret.start, secret.end);
            let mut found = Finding::new(span, "secret access key")
                .fact("what", format!("the secret of the {kind} `{shown}`"))
                .label("lets anybody work with the key");
            found.secret = Some(span);
            findings.push(found.related(Span::new(file, key.start(), key.end()), "belongs to this key"));
        }
    }
    findings
}

/// No capital letter or digit is next to it, which would make it a part of something longer.
fn stands_alone(text: &str, range: std::ops::Range<usize>) -> bool {
    let goes_on = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    !goes_on(range.start.checked_sub(1).and_then(|at| bytes.get(at))) && !goes_on(bytes.get(range.end))
}

/// A key of the documentation, or one that somebody made up, is no key.
fn is_real(key: &str) -> bool {
    let body = &key[4..];
    let mut letters: Vec<u8> = body.bytes().collect();
    letters.sort_unstable();
    letters.dedup();
    !DOCUMENTED.contains(&key)
        && !key.ends_with("EXAMPLE")
        && letters.len() >= 6
        && !body.contains("ABCDEFG")
        && !body.contains("234567")
}

fn secret_near(text: &str, from: usize) -> Option<std::ops::Range<usize>> {
    let rest = &text[from..];
    let end = rest.match_indices('\n').nth(NEAR).map_or(rest.len(), |(at, _)| at);
    SECRET.find_iter(&rest[..end]).find_map(|found| {
        let range = from + found.start()..from + found.end();
        let is_edge =
            |byte: Option<&u8>| !byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"/+=".contains(byte));
        let bytes = text.as_bytes();
        let alone = is_edge(range.start.checked_sub(1).and_then(|at| bytes.get(at)).filter(|byte| **byte != b'='))
            && is_edge(bytes.get(range.end));
        let mixed = found.as_str().bytes().any(|byte| byte.is_ascii_lowercase())
            && found.as_str().bytes().any(|byte| byte.is_ascii_uppercase())
            && found.as_str().bytes().any(|byte| byte.is_ascii_digit());
        (alone && mixed && !found.as_str().ends_with("EXAMPLEKEY")).then_some(range)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn only_keys_that_may_be_real_count() {
        let count = |text: &str| {
            let mut sources = Sources::new();
            let file = sources.add("f", text);
            in_text(file, text).len()
        };
        // Put together at run time, so that no scanner takes this file for one with a key in it.
        let key = format!("AKIA{}", "Q3EGUZ5JW7BTNK4X");
        let secret = format!("{}{}", "kU8x/2bLq9ZtRw4+", "Vn3Jc7Ym5Hs1Dg6Pf0EaXo2I");
        assert_eq!(count(&format!("id: {key}\nsecret: {secret}\n")), 2);
        assert_eq!(count(&format!("id={key}")), 1);
        for dummy in ["AKIAIOSFODNN7EXAMPLE", "AKIAXXXXXXXXXXXXXXXX", "AKIAABCDEFGHIJKLMNOP", "XAKIAQ3EGUZ5JW7BTNK4X"] {
            assert_eq!(count(dummy), 0, "{dummy}");
        }
    }
}
