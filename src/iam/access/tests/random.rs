//! Random pairs of small policies: no request of a small universe may contradict what is said of
//! them. The requests are judged by the second evaluator, which shares no code with the search.

use super::*;
use crate::iam::combine::{Attached, decide_together};
use crate::iam::minimize::minimize;
use crate::iam::request::Caller;
use std::fmt::Write as _;

/// A small generator of pseudo-random numbers, the same on every run.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const ACTIONS: &[&str] =
    &["s3:GetObject", "s3:Get*", "s3:*", "*", "s3:PutObject", "iam:Pass*", "s3:?etObject", "S3:GETobject"];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/a*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::*/a",
    "arn:*:s3:::b/?",
    "arn:aws:s3:::b/${aws:username}",
    "arn:aws:s3:::b/${aws:username}*",
    "arn:aws:iam::*:role/a",
    "arn:aws:iam::1*:role/*",
];
/// A key, the operators it is used with, their values, and values that a request may have.
pub type Key = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static [&'static str]]);
pub const KEYS: &[Key] = &[
    (
        "aws:PrincipalTag/t",
        &[
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLikeIfExists",
            "StringEqualsIfExists",
            "StringEqualsIgnoreCase",
        ],
        &["x", "y", "x*", "?", "X", "${aws:username}"],
        &[&[], &["x"], &["y"], &["xy"], &["X"], &["x*"], &["a"], &["q"]],
    ),
    (
        "aws:TagKeys",
        &[
            "ForAllValues:StringEquals",
            "ForAnyValue:StringEquals",
            "ForAllValues:StringNotLike",
            "ForAnyValue:StringNotEquals",
            "ForAnyValue:StringLike",
        ],
        &["x", "y", "x*"],
        &[&[], &["x"], &["y"], &["x", "y"], &["xz"], &["q"], &["q", "x"], &["q", "xz"], &["x", "y", "q"]],
    ),
    (
        "aws:SourceIp",
        &["IpAddress", "NotIpAddress", "IpAddressIfExists"],
        &["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "::/0", "203.0.113.7"],
        &[&[], &["10.0.0.1"], &["10.1.0.1"], &["203.0.113.7"], &["198.51.100.1"], &["2001:db8::1"]],
    ),
    (
        "aws:MultiFactorAuthAge",
        &[
            "NumericLessThan",
            "NumericGreaterThanEquals",
            "NumericEquals",
            "NumericLessThanEqualsIfExists",
            "NumericGreaterThan",
        ],
        &["1", "2", "2.5"],
        &[&[], &["0"], &["1"], &["1.5"], &["2"], &["2.4"], &["2.5"], &["3"]],
    ),
    ("aws:SecureTransport", &["Bool", "BoolIfExists"], &["true", "false"], &[&["true"], &["false"]]),
    (
        "aws:CurrentTime",
        &["DateLessThan", "DateGreaterThanEquals", "DateEquals"],
        &["2026-01-01", "2026-06-01T12:00:00Z"],
        &[
            &["2025-12-31T23:59:59Z"],
            &["2026-01-01T00:00:00Z"],
            &["2026-03-01T00:00:00Z"],
            &["2026-06-01T12:00:00Z"],
            &["2027-01-01T00:00:00Z"],
        ],
    ),
];

/// A policy under conditions on two keys at most, so that their values can be gone through.
pub fn policy(random: &mut Random, keys: &[&Key]) -> String {
    let list = |random: &mut Random, names: &[&str]| {
        let count = 1 + random.below(2);
        (0..count).map(|_| format!("\"{}\"", random.pick(names))).collect::<Vec<_>>().join(", ")
    };
    let mut statements = Vec::new();
    for _ in 0..1 + random.below(3) {
        let mut json = format!(
            r#"{{"Effect": "{}", "{}": [{}], "{}": [{}]"#,
            if random.percent(70) { "Allow" } else { "Deny" },
            if random.percent(10) { "NotAction" } else { "Action" },
            list(random, ACTIONS),
            if random.percent(10) { "NotResource" } else { "Resource" },
            list(random, RESOURCES),
        );
        let mut blocks: Vec<String> = Vec::new();
        for (key, operators, values, _) in keys {
            if random.percent(35) {
                let operator = if random.percent(12) { "Null" } else { random.pick(operators) };
                let values = if operator == "Null" { list(random, &["true", "false"]) } else { list(random, values) };
                blocks.push(format!(r#""{operator}": {{"{key}": [{values}]}}"#));
            }
        }
        blocks.sort();
        blocks.dedup_by(|one, other| one.split(':').next() == other.split(':').next());
        if !blocks.is_empty() {
            write!(json, r#", "Condition": {{{}}}"#, blocks.join(", ")).expect("a string takes all");
        }
        statements.push(json + "}");
    }
    statements.join(", ")
}

/// Requests that can be made, whatever the policies say.
pub fn requests(keys: &[&Key], shown: &str) -> Vec<Request> {
    let places: &[(&str, &[&str])] = &[
        (
            "s3:GetObject",
            &["arn:aws:s3:::b/a", "arn:aws:s3:::b/ab", "arn:aws:s3:::c/a", "arn:aws:s3:::b/q", "arn:aws:s3:::b/x"],
        ),
        ("s3:PutObject", &["arn:aws:s3:::b/a", "arn:aws:s3:::c/q"]),
        ("s3:GetUnheardOf", &["arn:aws:s3:::b/a", "*"]),
        ("iam:PassRole", &["arn:aws:iam::12:role/a", "arn:aws:iam::2:role/a", "arn:aws:iam::12:role/b"]),
        ("unheard:Of", &["arn:aws:s3:::b/x", "arn:aws:iam::12:role/b"]),
    ];
    let names: &[&[&str]] = if shown.contains("${aws:username}") { &[&[], &["a"], &["x"], &["*"]] } else { &[&[]] };
    let mut contexts = vec![Request::new("", "")];
    for name in [("aws:username", names)].into_iter().chain(keys.iter().map(|key| (key.0, key.3))) {
        // A key that no policy speaks of makes no difference.
        let values = if shown.contains(name.0) { name.1 } else { &name.1[..1] };
        let with =
            |context: &Request| values.iter().map(|values| context.clone().with(name.0, values)).collect::<Vec<_>>();
        contexts = contexts.iter().flat_map(with).collect();
    }
    let mut all = Vec::new();
    for (action, resources) in places {
        for resource in *resources {
            for context in &contexts {
                all.push(Request { action: (*action).into(), resource: (*resource).into(), ..context.clone() });
            }
        }
    }
    all
}

#[test]
fn no_request_contradicts_what_is_said_of_two_policies() {
    let mut random = Random(2026);
    let (mut none, mut found, mut unknown, mut asked) = (0, 0, 0, 0);
    for _ in 0..360 {
        let first = random.below(KEYS.len());
        let keys = [&KEYS[first], &KEYS[(first + 1 + random.below(KEYS.len() - 1)) % KEYS.len()]];
        let old = policy(&mut random, &keys);
        // One that grew out of the other is contained in it more often.
        let new = if random.percent(40) { old.replacen("s3:*", "s3:GetObject", 1) } else { policy(&mut random, &keys) };
        let (existing, now) = (identity(&old), identity(&new));
        let finding = new_access(&[&existing], &[&now]);
        match &finding {
            Finding::None => none += 1,
            Finding::Found(_) => found += 1,
            Finding::Unknown(_) => unknown += 1,
        }
        let colons = [Colons::Matched, Colons::NotMatched];
        let allowed =
            |document: &PolicyDocument, request: &Request, colons| decide(&[document], request, colons).allowed;
        if let Finding::Found(access) = &finding {
            for colons in colons {
                assert!(allowed(&now, &access.request, colons).is_yes(), "{access:?}\n{old}\n{new}");
                assert!(allowed(&existing, &access.request, colons).is_no(), "{access:?}\n{old}\n{new}");
            }
        }
        if let Finding::None = finding {
            let all = requests(&keys, &format!("{old}{new}"));
            let count = all.len().min(250);
            let some = (0..count).map(|index| if all.len() == count { index } else { random.below(all.len()) });
            for request in some.map(|index| &all[index]) {
                asked += 1;
                for colons in colons {
                    let is_new = allowed(&now, request, colons).is_yes() && allowed(&existing, request, colons).is_no();
                    assert!(!is_new, "said to be none: {request:?} {colons:?}\nexisting {old}\nnew {new}");
                }
            }
        }
    }
    assert!(
        none > 100 && found > 100 && unknown < 15,
        "{none} none, {found} found, {unknown} unknown, {asked} requests"
    );
}

#[test]
fn every_policy_contains_itself_and_what_has_fewer_allows() {
    let mut random = Random(7);
    for _ in 0..60 {
        let keys = [&KEYS[random.below(KEYS.len())]];
        let text = policy(&mut random, &keys);
        let document = identity(&text);
        assert!(matches!(new_access(&[&document], &[&document]), Finding::None), "{text}");
        let mut fewer = document.clone();
        if let Some(last) = fewer.statements.iter().rposition(|statement| statement.effect == Effect::Allow) {
            fewer.statements.remove(last);
        }
        assert!(matches!(new_access(&[&document], &[&fewer]), Finding::None), "{text}");
        let mut more = document.clone();
        more.statements.extend(identity(&policy(&mut random, &keys)).allows().cloned());
        assert!(matches!(new_access(&[&more], &[&document]), Finding::None), "{text}");
        let finding = new_access(&[&document], &[&more]);
        let new = new_access(&[&document, &fewer], &[&more]);
        assert_eq!(matches!(finding, Finding::None), matches!(new, Finding::None), "{text}");
    }
}

const CALLERS: &[&str] = &[
    "*",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:role/r",
    "arn:aws:iam::111122223333:user/u",
    "arn:aws:sts::111122223333:assumed-role/r/s",
    "arn:aws:sts::111122223333:assumed-role/q/s",
    "arn:aws:iam::999988887777:role/r",
    "lambda.amazonaws.com",
    "gitlab.com",
];
const PRINCIPALS: &[&str] = &[
    r#""*""#,
    r#"{"AWS": "*"}"#,
    r#"{"AWS": "111122223333"}"#,
    r#"{"AWS": ["arn:aws:iam::111122223333:role/p/r", "arn:aws:iam::111122223333:user/u"]}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:role/r"}"#,
    r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/r/s"}"#,
    r#"{"AWS": "AROAEXAMPLE", "Service": "lambda.amazonaws.com"}"#,
    r#"{"Service": "lambda.amazonaws.com", "Federated": "gitlab.com"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:role/<Name>"}"#,
];
const CALLER_TESTS: &[&str] = &[
    r#"{"StringEquals": {"aws:PrincipalAccount": "111122223333"}}"#,
    r#"{"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}"#,
    r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/r"}}"#,
    r#"{"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:*"}}"#,
    r#"{"Bool": {"aws:PrincipalIsAWSService": "true"}}"#,
    r#"{"StringEquals": {"aws:SourceVpce": "vpce-1"}}"#,
    r#"{"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}"#,
];

fn resource_policy(random: &mut Random) -> String {
    let one = |random: &mut Random| {
        let effect = if random.percent(70) { "Allow" } else { "Deny" };
        let element = if effect == "Deny" && random.percent(30) { "NotPrincipal" } else { "Principal" };
        let condition =
            if random.percent(35) { format!(r#", "Condition": {}"#, random.pick(CALLER_TESTS)) } else { String::new() };
        format!(
            r#"{{"Effect": "{effect}", "{element}": {}, "Action": "{}", "Resource": "{}"{condition}}}"#,
            random.pick(PRINCIPALS),
            random.pick(&["s3:*", "s3:GetObject", "s3:Get*"]),
            random.pick(&["arn:aws:s3:::b/*", "arn:aws:s3:::b/a", "*"]),
        )
    };
    (0..1 + random.below(3)).map(|_| one(random)).collect::<Vec<_>>().join(", ")
}

#[test]
fn no_caller_contradicts_what_is_said_of_two_policies_of_a_resource() {
    let mut random = Random(11);
    let (mut none, mut found, mut unknown) = (0, 0, 0);
    for _ in 0..600 {
        let old = resource_policy(&mut random);
        let new =
            if random.percent(40) { old.replacen("s3:*", "s3:GetObject", 1) } else { resource_policy(&mut random) };
        let [existing, now] = [&old, &new].map(|text| document(text, PolicyKind::Resource));
        let allowed =
            |document: &PolicyDocument, request: &Request| decide(&[document], request, Colons::Matched).allowed;
        match new_access(&[&existing], &[&now]) {
            Finding::Unknown(_) => unknown += 1,
            Finding::Found(access) => {
                found += 1;
                assert!(allowed(&now, &access.request).is_yes(), "{access:?}\n{old}\n{new}");
                assert!(allowed(&existing, &access.request).is_no(), "{access:?}\n{old}\n{new}");
            }
            Finding::None => {
                none += 1;
                for caller in CALLERS {
                    for resource in ["arn:aws:s3:::b/a", "arn:aws:s3:::b/c", "arn:aws:s3:::d/a"] {
                        for vpce in [&[][..], &["vpce-1"], &["vpce-2"]] {
                            let mut request = Request::new("s3:GetObject", resource).with("aws:SourceVpce", vpce);
                            request.principal = Caller::parse(caller);
                            request.derive_keys();
                            let is_new = allowed(&now, &request).is_yes() && allowed(&existing, &request).is_no();
                            assert!(!is_new, "said to be none: {request:?}\nexisting {old}\nnew {new}");
                        }
                    }
                }
            }
        }
    }
    assert!(none > 150 && found > 100 && unknown < 200, "{none} none, {found} found, {unknown} unknown");
}

#[test]
fn no_request_contradicts_what_is_said_under_limits() {
    let mut random = Random(23);
    let (mut none, mut found, mut unknown) = (0, 0, 0);
    for _ in 0..150 {
        let keys = [&KEYS[random.below(KEYS.len())]];
        let texts: Vec<String> = (0..4).map(|_| policy(&mut random, &keys)).collect();
        let kinds = [PolicyKind::Identity, PolicyKind::Identity, PolicyKind::Boundary, PolicyKind::ServiceControl];
        let read: Vec<PolicyDocument> = texts.iter().zip(kinds).map(|(text, kind)| document(text, kind)).collect();
        let [old, new, boundary, control] = read.iter().collect::<Vec<_>>()[..] else { panic!("four") };
        let limits = [vec![boundary], vec![control]];
        let allowed = |document, request: &Request, colons| {
            let attached = Attached {
                identity: vec![document],
                boundary: vec![boundary],
                service_control: vec![vec![control]],
                ..Attached::default()
            };
            decide_together(&attached, request, colons).allowed
        };
        let colons = [Colons::Matched, Colons::NotMatched];
        match new_access_within(&limits, &[old], &[new]) {
            Finding::Unknown(_) => unknown += 1,
            Finding::Found(access) => {
                found += 1;
                for colons in colons {
                    assert!(allowed(new, &access.request, colons).is_yes(), "{access:?}\n{texts:#?}");
                    assert!(allowed(old, &access.request, colons).is_no(), "{access:?}\n{texts:#?}");
                }
            }
            Finding::None => {
                none += 1;
                for request in requests(&keys, &texts.concat()).iter().take(400) {
                    for colons in colons {
                        let is_new = allowed(new, request, colons).is_yes() && allowed(old, request, colons).is_no();
                        assert!(!is_new, "said to be none: {request:?}\n{texts:#?}");
                    }
                }
            }
        }
    }
    assert!(none > 40 && found > 15 && unknown < 30, "{none} none, {found} found, {unknown} unknown");
}

#[test]
fn what_is_left_of_a_policy_allows_the_same() {
    let mut random = Random(31);
    let (mut shorter, mut unproven) = (0, 0);
    for _ in 0..120 {
        let keys = [&KEYS[random.below(KEYS.len())]];
        let text = policy(&mut random, &keys);
        let before = identity(&text);
        let Ok(found) = minimize(&before) else {
            unproven += 1;
            continue;
        };
        shorter += usize::from(!found.changes.is_empty());
        for request in requests(&keys, &text).iter().take(600) {
            for colons in [Colons::Matched, Colons::NotMatched] {
                let [one, other] = [&before, &found.document].map(|it| decide(&[it], request, colons).allowed);
                assert!(
                    one.and(other.negated()) != Truth::Yes && other.and(one.negated()) != Truth::Yes,
                    "{request:?}\n{text}\n{:#?}",
                    found.changes
                );
            }
        }
    }
    assert!(shorter > 60 && unproven < 10, "{shorter} shorter, {unproven} unproven");
}
