//! Policies of several types against what the documentation says of them together, and laws that hold
//! of random ones.

use super::*;
use crate::iam::document::PolicyKind;
use crate::iam::fixture::document;
use crate::iam::request::Caller;
use Truth::{No, Unknown, Yes};

const ROLE: &str = "arn:aws:iam::111122223333:role/r";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/r/s";
const USER: &str = "arn:aws:iam::111122223333:user/u";
const FOREIGN: &str = "arn:aws:iam::999988887777:user/f";
const ROOT: &str = "arn:aws:iam::111122223333:root";

const ALLOW: &str = r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}"#;
const OTHER: &str = r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#;
const DENY: &str = r#"{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}"#;

/// Documents by the letter of their type: Identity, Resource, Boundary, Session, service Control, resource
/// contrOl. A resource policy is a principal, in an allow; `!` before it makes it a deny.
fn decided(policies: &[(char, &str)], who: &str) -> Together {
    asked(policies, who, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q")
}

fn asked(policies: &[(char, &str)], who: &str, action: &str, resource: &str) -> Together {
    let documents: Vec<(char, PolicyDocument)> = policies
        .iter()
        .map(|(letter, text)| {
            let kind = match letter {
                'I' | 'S' => PolicyKind::Identity,
                'R' => PolicyKind::Resource,
                'B' => PolicyKind::Boundary,
                'C' => PolicyKind::ServiceControl,
                _ => PolicyKind::ResourceControl,
            };
            let statement = match (letter, text.strip_prefix('!')) {
                ('R', deny) => format!(
                    r#"{{"Effect": "{}", "Principal": {}, "Action": "*", "Resource": "*"}}"#,
                    if deny.is_some() { "Deny" } else { "Allow" },
                    deny.unwrap_or(text)
                ),
                ('O', _) => text.replacen('{', r#"{"Principal": "*", "#, 1),
                _ => (*text).to_owned(),
            };
            (*letter, document(&statement, kind))
        })
        .collect();
    let of = |wanted: char| {
        documents.iter().filter(|(letter, _)| *letter == wanted).map(|(_, document)| document).collect::<Vec<_>>()
    };
    let levels = |wanted: char| of(wanted).into_iter().map(|document| vec![document]).collect();
    let attached = Attached {
        identity: of('I'),
        resource: of('R'),
        boundary: of('B'),
        session: of('S'),
        service_control: levels('C'),
        resource_control: levels('O'),
        account: None,
        resource_account: None,
    };
    let mut request = Request::new(action, resource);
    request.principal = Caller::parse(who);
    request.derive_keys();
    decide_together(&attached, &request, Colons::NotMatched)
}

fn aws(name: &str) -> String {
    format!(r#"{{"AWS": "{name}"}}"#)
}

#[test]
fn every_type_of_policy_has_its_say() {
    let (role, session, user, account) = (&*aws(ROLE), &*aws(SESSION), &*aws(USER), &*aws("111122223333"));
    let service = r#"{"Service": "sns.amazonaws.com"}"#;
    let foreign = &*aws(FOREIGN);
    // The policies, who asks, the answer.
    type Case<'c> = (&'c [(char, &'c str)], &'c str, Truth);
    let table: &[Case<'_>] = &[
        (&[('I', ALLOW)], USER, Yes),
        (&[], USER, No),
        (&[('I', OTHER)], USER, No),
        (&[('I', ALLOW), ('B', ALLOW)], USER, Yes),
        (&[('I', ALLOW), ('B', OTHER)], USER, No),
        (&[('I', ALLOW), ('B', DENY)], USER, No),
        (&[('I', ALLOW), ('S', ALLOW)], SESSION, Yes),
        (&[('I', ALLOW), ('S', OTHER)], SESSION, No),
        (&[('I', ALLOW), ('C', ALLOW), ('C', ALLOW)], USER, Yes),
        (&[('I', ALLOW), ('C', ALLOW), ('C', OTHER)], USER, No),
        (&[('I', ALLOW), ('C', DENY)], ROOT, No),
        (&[('I', ALLOW), ('O', DENY)], USER, No),
        (&[('I', ALLOW), ('O', OTHER)], USER, Yes),
        (&[], ROOT, Yes),
        (&[('B', OTHER), ('I', DENY)], ROOT, Yes),
        // In one account one side is enough.
        (&[('R', user)], USER, Yes),
        (&[('R', role)], SESSION, Yes),
        (&[('R', r#""*""#)], USER, Yes),
        (&[('R', account)], USER, No),
        (&[('R', account), ('I', ALLOW)], USER, Yes),
        (&[('R', &format!("!{account}")), ('I', ALLOW)], USER, No),
        // Whom the policy of the resource names itself, the others do not limit by their silence.
        (&[('R', user), ('B', OTHER)], USER, Yes),
        (&[('R', user), ('B', DENY)], USER, No),
        (&[('R', session), ('B', OTHER), ('S', OTHER)], SESSION, Yes),
        (&[('R', role), ('B', OTHER)], SESSION, No),
        (&[('R', role), ('B', ALLOW), ('S', OTHER)], SESSION, No),
        (&[('R', role), ('B', ALLOW)], SESSION, Yes),
        (&[('R', r#""*""#), ('B', OTHER)], USER, Unknown),
        // Across accounts both sides have to allow.
        (&[('R', foreign)], FOREIGN, No),
        (&[('I', ALLOW)], FOREIGN, No),
        (&[('R', foreign), ('I', ALLOW)], FOREIGN, Yes),
        (&[('R', &aws("999988887777")), ('I', ALLOW)], FOREIGN, Yes),
        (&[('R', foreign), ('I', ALLOW), ('B', OTHER)], FOREIGN, No),
        // Those without policies.
        (&[('R', service), ('C', OTHER)], "sns.amazonaws.com", Yes),
        (&[('R', service), ('O', DENY)], "sns.amazonaws.com", No),
        (&[('R', r#""*""#)], "*", Yes),
        (&[('I', ALLOW)], "*", No),
    ];
    for (policies, who, answer) in table {
        let found = decided(policies, who);
        assert_eq!(found.allowed, *answer, "{who} {policies:?}\n{found:?}");
        assert_eq!(found.allowed == Unknown, found.reason.is_some(), "{found:?}");
    }
}

#[test]
fn keys_and_roles_leave_it_to_the_account_only_where_they_say_so() {
    let key = "arn:aws:kms:us-east-1:111122223333:key/k";
    let all = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    let account = aws("111122223333");
    let ask = |policies: &[(char, &str)], who, action, resource| asked(policies, who, action, resource).allowed;
    assert_eq!(ask(&[('I', all)], USER, "kms:Decrypt", key), Unknown, "the key policy was not given");
    assert_eq!(ask(&[('I', all), ('R', &aws(ROLE))], USER, "kms:Decrypt", key), No);
    assert_eq!(ask(&[('I', all), ('R', &account)], USER, "kms:Decrypt", key), Yes);
    assert_eq!(ask(&[('R', &account)], USER, "kms:Decrypt", key), No);
    assert_eq!(ask(&[('R', &account)], ROOT, "kms:Decrypt", key), Yes);
    assert_eq!(ask(&[('I', all), ('R', &aws(USER))], SESSION, "sts:AssumeRole", ROLE), No);
    assert_eq!(ask(&[('R', &aws(USER))], USER, "sts:AssumeRole", ROLE), Yes);
    let federated = r#"{"Federated": "gitlab.com"}"#;
    assert_eq!(ask(&[('R', federated)], "gitlab.com", "sts:AssumeRoleWithWebIdentity", ROLE), Yes);
    assert_eq!(ask(&[('C', DENY)], USER, "sts:GetCallerIdentity", "*"), Yes);
}

#[test]
fn what_decides_is_told() {
    let denied = decided(&[('I', ALLOW), ('C', ALLOW), ('C', DENY)], USER);
    assert!(denied.denied && denied.deciding.iter().all(|(layer, _)| *layer == Layer::ServiceControl), "{denied:?}");
    let limited = decided(&[('I', ALLOW), ('B', OTHER), ('C', ALLOW)], USER);
    assert_eq!(limited.lacking, [Layer::Boundary]);
    let layers: Vec<Layer> = decided(&[('I', ALLOW), ('B', ALLOW), ('C', ALLOW)], USER).deciding_layers();
    assert_eq!(layers, [Layer::Identity, Layer::Boundary, Layer::ServiceControl]);
    let cross = decided(&[('I', ALLOW)], FOREIGN);
    assert_eq!(cross.lacking, [Layer::Resource]);
    assert!(cross.assumed[0].contains("both sides have to allow"), "{:?}", cross.assumed);
}

impl Together {
    fn deciding_layers(&self) -> Vec<Layer> {
        self.deciding.iter().map(|(layer, _)| *layer).collect()
    }
}

#[test]
fn notprincipal_in_a_deny_meets_whoever_has_a_boundary() {
    let deny = document(
        &format!(r#"{{"Effect": "Deny", "NotPrincipal": {}, "Action": "*", "Resource": "*"}}"#, aws(USER)),
        PolicyKind::Resource,
    );
    let allow = document(ALLOW, PolicyKind::Identity);
    let mut request = Request::new("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q");
    request.principal = Caller::parse(USER);
    let mut attached = Attached { identity: vec![&allow], resource: vec![&deny], ..Attached::default() };
    assert_eq!(decide_together(&attached, &request, Colons::Matched).allowed, Yes);
    attached.boundary = vec![&allow];
    assert!(decide_together(&attached, &request, Colons::Matched).denied);
}

#[test]
fn more_denies_and_more_limits_never_allow_more() {
    let mut seed = 5_u64;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit
    };
    let principals: Vec<String> =
        [ROLE, SESSION, USER, FOREIGN, "111122223333", "*"].iter().map(|name| aws(name)).collect();
    let statements = [ALLOW, OTHER, DENY, r#"{"Effect": "Allow", "Action": "<Verb>", "Resource": "*"}"#];
    let mut counts = [0; 3];
    for _ in 0..3000 {
        let mut policies: Vec<(char, &str)> = Vec::new();
        for letter in ['I', 'R', 'B', 'S', 'C', 'O'] {
            // Only denies stand in resource control policies.
            while below(5) < 2 {
                let text = if letter == 'R' { &*principals[below(principals.len())] } else { statements[below(4)] };
                policies.push((letter, if letter == 'O' { DENY } else { text }));
            }
        }
        let who = [ROLE, SESSION, USER, FOREIGN, ROOT, "*"][below(6)];
        let before = decided(&policies, who).allowed;
        counts[before as usize] += 1;
        let by_identity = !policies.iter().any(|(letter, _)| *letter == 'R') && ![FOREIGN, ROOT, "*"].contains(&who);
        if by_identity && !policies.iter().any(|(letter, _)| *letter == 'O') {
            // With policies of the principal alone all types have to allow.
            let types = ['I', 'B', 'S', 'C'].map(|letter| {
                let mut own = policies.iter().filter(|(its, _)| *its == letter).map(|(_, text)| *text).peekable();
                let is_there = own.peek().is_some();
                let one = |text: &str| match text {
                    ALLOW => (Yes, No),
                    OTHER => (No, No),
                    DENY => (No, Yes),
                    _ => (Unknown, Unknown),
                };
                let says: Vec<(Truth, Truth)> = own.map(one).collect();
                let denies = Truth::any(says.iter().map(|(_, deny)| *deny));
                let allows = says.iter().map(|(allow, _)| *allow);
                let allows = if letter == 'C' { Truth::all(allows) } else { Truth::any(allows) };
                if is_there || letter == 'I' { allows.and(denies.negated()) } else { Yes }
            });
            assert_eq!(before, Truth::all(types), "{who} {policies:?}");
        }
        let rank = |truth: Truth| [Yes, Unknown, No].iter().position(|one| *one == truth);
        for more in [('I', DENY), ('B', DENY), ('C', DENY), ('C', OTHER), ('R', "!\"*\"")] {
            policies.push(more);
            let after = decided(&policies, who).allowed;
            policies.pop();
            assert!(rank(after) >= rank(before), "{who} {policies:?} and {more:?}: {before:?}, then {after:?}");
            let meets = more.0 == 'R' || (who != "*" && (who != ROOT || more.0 == 'C'));
            assert!(after.is_no() || !meets, "{who} {policies:?} and {more:?}: {after:?}");
        }
    }
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}
