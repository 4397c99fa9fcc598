//! What secrets look like, wherever they stand. Three analyses tell of them; reports mask them, whichever
//! rules a run asks.

use crate::source::{FileId, Sources, Span};
use rayon::prelude::*;
use regex::Regex;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

/// A text that is secret by its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub kind: Kind,
    /// What a finding marks.
    pub place: Range<usize>,
    /// What must not be shown.
    pub hidden: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    AccessKey,
    /// The secret of the access key at this place.
    SecretOfKey(Range<usize>),
    /// A token or a private key: what it is.
    Token(&'static str),
}

/// An address with a user and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub user: Range<usize>,
    pub password: Range<usize>,
    pub host: Range<usize>,
    /// The password comes from a variable.
    pub is_variable: bool,
    /// Nobody but a comment speaks of it, the machine itself is meant, or it is no address of the web.
    pub is_harmless: bool,
}

/// Access keys, tokens and private keys that may be real.
pub fn by_form(text: &str) -> Vec<Secret> {
    let mut found = access_keys(text);
    found.append(&mut tokens(text));
    found
}

/// Addresses with a password that is no word of an example.
pub fn addresses(text: &str) -> Vec<Address> {
    if !text.contains("://") || !text.contains('@') {
        return Vec::new();
    }
    let address = |found: regex::Captures<'_>| {
        let (user, password, host) = (found.name("user")?, found.name("password")?, found.name("host")?);
        let is_of_web = matches!(&found["scheme"], "http" | "https");
        let value = password.as_str();
        let line_start = text[..password.start()].rfind('\n').map_or(0, |at| at + 1);
        let is_comment = text[line_start..password.start()].trim_start().starts_with('#');
        let is_local = host.as_str().starts_with("localhost") || host.as_str().starts_with("127.");
        let is_variable =
            value.contains('$') || value.contains("{{") || value.starts_with('%') || value.starts_with('{');
        (!is_dummy(value)).then(|| Address {
            user: user.range(),
            password: password.range(),
            host: host.range(),
            is_variable,
            is_harmless: is_comment || is_local || !is_of_web,
        })
    };
    ADDRESS.captures_iter(text).filter_map(address).collect()
}

/// All that must not be shown of a text, whatever file or message it is. What stands behind a name that
/// says so is masked on less evidence than a finding needs.
pub fn hidden(text: &str) -> Vec<Range<usize>> {
    let mut hidden: Vec<Range<usize>> = by_form(text).into_iter().map(|secret| secret.hidden).collect();
    hidden.extend(addresses(text).into_iter().filter(|one| !one.is_variable).map(|one| one.password));
    let named = NAMED.captures_iter(text).filter_map(|found| {
        let (name, value) = (found.name("name")?, found.name("value")?);
        let judged = first_chars(value.as_str(), 128);
        let is_secret = (is_secret_name(name.as_str()) && looks_random(judged))
            || (is_password_name(name.as_str()) && looks_chosen(judged));
        is_secret.then(|| value.range())
    });
    hidden.extend(named);
    hidden
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(at, _)| &text[..at])
}

/// The same of files, each looked at once.
pub fn places(sources: &Sources, files: impl Iterator<Item = FileId>) -> Vec<Span> {
    let of_file = |file: FileId| {
        hidden(&sources.get(file).text).into_iter().map(move |range| Span::new(file, range.start, range.end))
    };
    files.collect::<BTreeSet<FileId>>().into_par_iter().flat_map_iter(of_file).collect()
}

/// Whether a value of one of the variables that hold a key may be a real one: the key, its secret or
/// the token of a session.
pub fn may_be_real(value: &str) -> bool {
    match value.strip_prefix("AKIA").or(value.strip_prefix("ASIA")) {
        Some(_) if value.len() == 20 => KEY_ID.is_match(value) && is_real(value),
        _ => value.len() >= 40 && !value.ends_with("EXAMPLEKEY"),
    }
}

/// What stands for a password in examples, or says that one is to be filled in.
pub fn is_dummy(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    DUMMIES.contains(&value.as_str())
        || value.bytes().all(|byte| matches!(byte, b'x' | b'*' | b'.'))
        || value.starts_with("your")
        || value.contains("[")
}

pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_NAMES.iter().any(|part| name.contains(part)) && !HARMLESS_ENDINGS.iter().any(|end| name.ends_with(end))
}

/// Long, of mixed letters and digits, and no two places alike: no word and no hash.
pub fn looks_random(text: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    (32..=128).contains(&text.len())
        && text.bytes().all(is_base64)
        && has(text, u8::is_ascii_lowercase)
        && has(text, u8::is_ascii_uppercase)
        && has(text, u8::is_ascii_digit)
        && entropy(text) >= 4.0
        && !text.contains("EXAMPLE")
        && !waits_for_value(text)
}

/// `Your_Token_With_The_Right_To_Publish_01`
fn waits_for_value(text: &str) -> bool {
    let start = first_chars(text, 8).to_ascii_lowercase();
    start.starts_with("your") || start == "changeme"
}

/// `AKIA…` is a long-term key, `ASIA…` a temporary one; sixteen characters of base 32 follow.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
#[expect(clippy::expect_used, reason = "the pattern is a constant; a test uses it")]
static KEY_ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:AKIA|ASIA)[A-Z2-7]{16}").expect("a constant pattern"));

/// Forty characters of base 64: the shape of a secret access key.
#[expect(clippy::expect_used, reason = "the pattern is a constant; a test uses it")]
static KEY_SECRET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9/+]{40}").expect("a constant pattern"));

/// Tokens that are known by their form. The name of each group says what it is.
#[expect(clippy::expect_used, reason = "the pattern is a constant; a test uses it")]
static FORMS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?<github>gh[pousr]_[A-Za-z0-9]{36,} | github_pat_[A-Za-z0-9_]{60,})
      | (?<gitlab>glpat-[A-Za-z0-9_-]{20,})
      | (?<slack>xox[bpars]-[A-Za-z0-9-]{20,})
      | (?<npm>npm_[A-Za-z0-9]{36})
      | (?<stripe>sk_live_[A-Za-z0-9]{20,})
      | (?<jwt>eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{20,})
      | (?<key>-----BEGIN\ (?:[A-Z]+\ )?PRIVATE\ KEY-----)",
    )
    .expect("a constant pattern")
});

#[expect(clippy::expect_used, reason = "the pattern is a constant; a test uses it")]
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?-u:\b)(?<scheme>[a-z][a-z0-9+.-]+)://(?<user>[^/\s:@"'<>`]+):(?<password>[^/\s@"'<>`]+)@(?<host>[A-Za-z0-9$][^/\s"'<>`:)]*)"#)
        .expect("a constant pattern")
});

/// A name that speaks of a secret, from there on, and the value on its line.
#[expect(clippy::expect_used, reason = "the pattern is a constant; a test uses it")]
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        (?<name>(?i-u:(?:secret|passw|passphrase|token|private)[a-z0-9_.-]*))
        ["']?[\ \t]*[:=][\ \t]*["']?
        (?<value>[^\s"'`,;\\]{8,})"#,
    )
    .expect("a constant pattern")
});

const KINDS: [(&str, &str); 7] = [
    ("github", "a token of GitHub"),
    ("gitlab", "a token of GitLab"),
    ("slack", "a token of Slack"),
    ("npm", "a token of npm"),
    ("stripe", "a key of Stripe"),
    ("jwt", "a JSON web token"),
    ("key", "a private key"),
];

/// Most files have none of these, and need no closer look.
const SIGNS: [&str; 12] =
    ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "npm_", "sk_live_", "eyJ", "PRIVATE KEY"];

/// How the subject of the token begins that pages about them show: `1234567890`.
const DOCUMENTED_TOKEN: &str = ".eyJzdWIiOiIxMjM0NTY3ODkw";

/// Names of values that are secret.
const SECRET_NAMES: [&str; 4] = ["SECRET", "PASSWORD", "TOKEN", "PRIVATE"];

/// Names that end like this say where a secret is, or what it is called.
const HARMLESS_ENDINGS: [&str; 8] = ["_ID", "_ARN", "_REGION", "_NAME", "_PATH", "_FILE", "S3_KEY", "KMS_KEY"];

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

/// How many lines behind a key its secret is looked for.
const NEAR: usize = 5;

fn access_keys(text: &str) -> Vec<Secret> {
    // Most files hold none: the two prefixes are looked for first.
    if !text.contains("AKIA") && !text.contains("ASIA") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for key in KEY_ID.find_iter(text).filter(|key| stands_alone(text, key.range()) && is_real(key.as_str())) {
        // The first characters tell which key it is to nobody but its owner.
        found.push(Secret { kind: Kind::AccessKey, place: key.range(), hidden: key.start() + 8..key.end() });
        let secret = secret_near(text, key.end());
        found.extend(secret.map(|range| Secret {
            kind: Kind::SecretOfKey(key.range()),
            place: range.clone(),
            hidden: range,
        }));
    }
    found
}

fn tokens(text: &str) -> Vec<Secret> {
    if !SIGNS.iter().any(|sign| text.contains(sign)) {
        return Vec::new();
    }
    let token = |found: regex::Captures<'_>| {
        let (kind, place) = KINDS.iter().find_map(|kind| Some((kind, found.name(kind.0)?)))?;
        let (kind, what) = (kind.0, Kind::Token(kind.1));
        let (before, after) = (&text[..place.start()], &text[place.end()..]);
        if kind != "key" {
            let goes_on = before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let is_token = !goes_on && is_varied(place.as_str()) && !place.as_str().contains(DOCUMENTED_TOKEN);
            return is_token.then(|| Secret { kind: what, place: place.range(), hidden: place.range() });
        }
        // A key that is spoken of has no lines of base 64 behind it.
        let body = after.trim_start_matches(['\\', 'n', 'r', '\n', '\r', ' ', '"', '\'', '+']);
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        let has_body = body.len() >= 40 && body.bytes().take(40).all(is_base64);
        let start = text.len() - body.len();
        // Line breaks, written in whatever way, and indentation stand between its lines.
        let goes_on = |byte: u8| is_base64(byte) || byte.is_ascii_whitespace() || b"\\\"',".contains(&byte);
        let end = body.find("-----END").unwrap_or_else(|| body.bytes().take_while(|byte| goes_on(*byte)).count());
        let place = place.start()..start + 40;
        has_body.then(|| Secret { kind: what, hidden: place.start..start + end.max(40), place })
    };
    FORMS.captures_iter(text).filter_map(token).collect()
}

/// No capital letter or digit is next to it, which would make it a part of something longer.
fn stands_alone(text: &str, range: Range<usize>) -> bool {
    let goes_on = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    !goes_on(range.start.checked_sub(1).and_then(|at| bytes.get(at))) && !goes_on(bytes.get(range.end))
}

/// A key of AWS's documentation, which ends like this, or one that somebody made up, is no key.
fn is_real(key: &str) -> bool {
    let body = &key[4..];
    let mut letters: Vec<u8> = body.bytes().collect();
    letters.sort_unstable();
    letters.dedup();
    !key.ends_with("EXAMPLE") && letters.len() >= 6 && !body.contains("ABCDEFG") && !body.contains("234567")
}

fn secret_near(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = &text[from..];
    let end = rest.match_indices('\n').nth(NEAR).map_or(rest.len(), |(at, _)| at);
    KEY_SECRET.find_iter(&rest[..end]).find_map(|found| {
        let range = from + found.start()..from + found.end();
        let is_edge =
            |byte: Option<&u8>| !byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"/+=".contains(byte));
        let bytes = text.as_bytes();
        let alone = is_edge(range.start.checked_sub(1).and_then(|at| bytes.get(at)).filter(|byte| **byte != b'='))
            && is_edge(bytes.get(range.end));
        let found = found.as_str();
        let mixed =
            has(found, u8::is_ascii_lowercase) && has(found, u8::is_ascii_uppercase) && has(found, u8::is_ascii_digit);
        (alone && mixed && !found.ends_with("EXAMPLEKEY")).then_some(range)
    })
}

fn has(text: &str, is: fn(&u8) -> bool) -> bool {
    text.bytes().any(|byte| is(&byte))
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

/// `DB_PASSWORD`, `MasterUserPassword`: what it holds is the password itself.
pub fn is_password_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "passphrase"].iter().any(|end| name.ends_with(end))
}

/// Letters with digits or signs, and no reference, path, address or placeholder.
pub fn looks_chosen(value: &str) -> bool {
    let refers = value.starts_with(['!', '/', '.', '<', '*', '%']) || value.contains(['$', '{', '(', '[', ':']);
    let is_mixed = has(value, u8::is_ascii_digit) || has(value, |byte| b"!@#%^&*?+=~".contains(byte));
    !refers && is_mixed && has(value, u8::is_ascii_alphabetic) && !is_dummy(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Secrets are put together at run time, so that no scanner takes this file for one with secrets in it.
    fn key() -> String {
        format!("AKIA{}", "Q3EGUZ5JW7BTNK4X")
    }

    fn secret() -> String {
        format!("{}{}", "kU8x/2bLq9ZtRw4+", "Vn3Jc7Ym5Hs1Dg6Pf0EaXo2I")
    }

    #[test]
    fn only_keys_that_may_be_real_count() {
        let count = |text: &str| by_form(text).len();
        assert_eq!(count(&format!("id: {}\nsecret: {}\n", key(), secret())), 2);
        assert_eq!(count(&format!("id={}", key())), 1);
        for dummy in ["AKIAIOSFODNN7EXAMPLE", "AKIAXXXXXXXXXXXXXXXX", "AKIAABCDEFGHIJKLMNOP", "XAKIAQ3EGUZ5JW7BTNK4X"] {
            assert_eq!(count(dummy), 0, "{dummy}");
        }
    }

    #[test]
    fn only_tokens_that_may_be_real_count() {
        let count = |text: &str| by_form(text).len();
        let token = format!("ghp_{}", "a8Kd0Zq3Lm5Xr7Tb9Wc1Yf2Hn4Jp6Vs8Ug0e");
        assert_eq!(count(&format!("T={token}")), 1);
        assert_eq!(count(&format!("T=x{token}")), 0);
        let varied = "a8Kd0Zq3Lm5Xr7Tb9Wc1Yf2Hn4Jp6Vs8Ug0e";
        for start in ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_", "glpat-", "xoxb-", "xoxp-", "sk_live_"] {
            assert_eq!(count(&format!("T={start}{varied}")), 1, "{start}");
            assert_eq!(count(&format!("T={start}short")), 0, "{start}");
        }
        assert_eq!(count(&format!("github_pat_{varied}_{varied}")), 1);
        let signed = |subject: &str, signature: &str| count(&format!("eyJ{varied}{subject}{varied}.{signature}"));
        assert_eq!((signed(".eyJ", varied), signed(DOCUMENTED_TOKEN, varied), signed(".eyJ", "")), (1, 0, 0));
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

    /// The text with what is hidden of it masked.
    fn shown(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        hidden(text).into_iter().for_each(|range| bytes[range].fill(b'*'));
        String::from_utf8(bytes).expect("secrets are whole characters")
    }

    #[test]
    fn a_private_key_is_hidden_to_its_end() {
        let line = "MIIEpAIBAAKCAQEA7".repeat(4);
        for between in ["\n", "\r\n      ", "\\n"] {
            let text = format!("-----BEGIN PRIVATE KEY-----{between}{line}{between}{line}{between}Zz9=");
            let whole = format!("{text}{between}-----END PRIVATE KEY-----");
            for text in [text, whole] {
                assert!(!shown(&text).contains("MIIE") && !shown(&text).contains("Zz9"), "{}", shown(&text));
            }
        }
    }

    #[test]
    fn passwords_are_hidden_wherever_an_address_or_a_name_tells_of_them() {
        assert_eq!(shown("# https://bot:hunter2@h.example"), "# https://bot:*******@h.example");
        assert_eq!(shown("postgresql://shop:hunter2@db/shop"), "postgresql://shop:*******@db/shop");
        assert_eq!(shown("DB_PASSWORD: Summer2031!\n"), "DB_PASSWORD: ***********\n");
        assert_eq!(shown(r#"{"dbPassword": "Summer2031!"}"#), r#"{"dbPassword": "***********"}"#);
        assert_eq!(
            shown(&format!("AWS_SECRET_ACCESS_KEY={}", secret())),
            format!("AWS_SECRET_ACCESS_KEY={}", "*".repeat(40))
        );
        let long = "Vn3Jc7Ym5Hs1Dg6Pf0EaXo2I8kUq4WzR9tLb".repeat(5);
        assert_eq!(shown(&format!("SESSION_TOKEN: {long}")), format!("SESSION_TOKEN: {}", "*".repeat(long.len())));
        for open in [
            "https://$U:$P@h.example",
            "PASSWORD: ${Password1}",
            "Password: !Ref Password1",
            "password=changeme",
            "TOKEN_NAME: Vn3Jc7Ym5Hs1Dg6Pf0EaXo2I8kUq4WzR9tLb",
            "PASSWORD: /shop/prod1/password",
            "MasterUserPassword: '{{resolve:secretsmanager:db1}}'",
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ] {
            assert_eq!(shown(open), open);
        }
    }
}
