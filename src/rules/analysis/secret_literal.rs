//! Tokens and private keys that are written into a file.

use crate::model::group::named_values;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{FileId, Span};
use crate::value::Part;
use regex::Regex;
use std::collections::HashSet;
use std::sync::LazyLock;

pub const ANALYSIS: Analysis =
    Analysis { name: "secret-literal", summary: "a secret stands in a file", params: &[], facts: &["what"], bind };

/// Secrets that are known by their form. The name of each group says what it is.
#[expect(clippy::expect_used, reason = "the pattern is a constant; a test uses it")]
static FORMS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?<github>gh[pousr]_[A-Za-z0-9]{36,} | github_pat_[A-Za-z0-9_]{60,})
      | (?<gitlab>glpat-[A-Za-z0-9_-]{20,})
      | (?<slack>xox[bpars]-[A-Za-z0-9-]{20,})
      | (?<npm>npm_[A-Za-z0-9]{36})
      | (?<stripe>sk_live_[A-Za-z0-9]{20,})
      | (?<key>-----BEGIN\ (?:[A-Z]+\ )?PRIVATE\ KEY-----)",
    )
    .expect("a constant pattern")
});

const KINDS: [(&str, &str); 6] = [
    ("github", "a token of GitHub"),
    ("gitlab", "a token of GitLab"),
    ("slack", "a token of Slack"),
    ("npm", "a token of npm"),
    ("stripe", "a key of Stripe"),
    ("key", "a private key"),
];

/// Most files have none of these, and need no closer look.
const SIGNS: [&str; 11] =
    ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "npm_", "sk_live_", "PRIVATE KEY"];

/// Names of values that are secret.
const SECRET_NAMES: [&str; 4] = ["SECRET", "PASSWORD", "TOKEN", "PRIVATE"];

/// Names that end like this say where a secret is, or what it is called.
const HARMLESS_ENDINGS: [&str; 9] =
    ["_ID", "_ARN", "_REGION", "_NAME", "_PATH", "_FILE", "_KEY_ID", "S3_KEY", "KMS_KEY"];

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        context.sources.iter().flat_map(|(file, source)| by_form(file, &source.text)).collect();
    let told: HashSet<Span> = findings.iter().map(|found| found.span).collect();
    for one in named_values(context.model) {
        let [Part::Known(text, map)] = one.value.parts.as_slice() else { continue };
        let span = map.span(0..text.len());
        // The secret of an access key is told with its key.
        let is_of_key = one.name.to_ascii_uppercase().contains("AWS_SECRET");
        if is_secret_name(one.name) && looks_random(text) && !told.contains(&span) && !is_of_key {
            let mut found = Finding::new(span, one.name).fact("what", format!("the value of `{}`", one.name));
            found.secret = Some(span);
            findings.push(found);
        }
    }
    findings
}

fn by_form(file: FileId, text: &str) -> Vec<Finding> {
    if !SIGNS.iter().any(|sign| text.contains(sign)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for found in FORMS.captures_iter(text) {
        let Some((kind, place)) = KINDS.iter().find_map(|kind| Some((kind, found.name(kind.0)?))) else { continue };
        let (before, after) = (&text[..place.start()], &text[place.end()..]);
        let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if kind.0 != "key" && (before.ends_with(goes_on) || !is_varied(place.as_str())) {
            continue;
        }
        // A key that is spoken of has no lines of base 64 behind it.
        let body = after.trim_start_matches(['\\', 'n', 'r', '\n', '\r', ' ', '"', '\'', '+']);
        let has_body = body.len() >= 40
            && body.bytes().take(40).all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
        if kind.0 == "key" && !has_body {
            continue;
        }
        let end = if kind.0 == "key" { text.len() - body.len() + 40 } else { place.end() };
        let span = Span::new(file, place.start(), end);
        let mut finding = Finding::new(span, kind.1).fact("what", kind.1);
        finding.secret = Some(span);
        findings.push(finding);
    }
    findings
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_NAMES.iter().any(|part| name.contains(part)) && !HARMLESS_ENDINGS.iter().any(|end| name.ends_with(end))
}

/// Long, of mixed letters and digits, and no two places alike: no word and no hash.
fn looks_random(text: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    let has = |is: fn(&u8) -> bool| text.bytes().any(|byte| is(&byte));
    (32..=128).contains(&text.len())
        && text.bytes().all(is_base64)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
        && entropy(text) >= 4.0
}

/// Shannon's entropy, in bits for each character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let len = text.len() as f64;
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / len).map(|p| -p * p.log2()).sum()
}

/// A made-up token repeats itself: `ghp_xxxx…`, `ghp_1234567890…`.
fn is_varied(token: &str) -> bool {
    let mut letters: Vec<u8> = token.bytes().skip(4).collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() >= 10 && !token.contains("1234567") && !token.to_ascii_lowercase().contains("abcdefg")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn only_secrets_that_may_be_real_count() {
        let count = |text: &str| {
            let mut sources = Sources::new();
            let file = sources.add("f", text);
            by_form(file, text).len()
        };
        // Put together at run time, so that no scanner takes this file for one with a secret in it.
        let token = format!("ghp_{}", "a8Kd0Zq3Lm5Xr7Tb9Wc1Yf2Hn4Jp6Vs8Ug0e");
        assert_eq!(count(&format!("T={token}")), 1);
        assert_eq!(count(&format!("T=x{token}")), 0);
        assert_eq!(count(&format!("ghp_{}", "x".repeat(36))), 0);
        let begin = "-----BEGIN RSA PRIVATE KEY-----";
        assert_eq!(count(&format!("{begin}\n{}", "MIIEpAIBAAKCAQEA7".repeat(4))), 1);
        assert_eq!(count(&format!("grep -q '{begin}' file")), 0);
        let random = "Vn3Jc7Ym5Hs1Dg6Pf0EaXo2I8kUq4WzR9tLb";
        assert!(is_secret_name("db_password") && looks_random(random));
        assert!(!is_secret_name("SECRET_NAME") && !is_secret_name("NPM_TOKEN_SECRET_ARN"));
        for dull in
            ["da39a3ee5e6b4b0d3255bfef95601890afd80709", "changeme", "arn:aws:secretsmanager:eu-west-1:1:secret:Xy1"]
        {
            assert!(!looks_random(dull), "{dull}");
        }
    }
}
