//! What IAM refuses, or reads otherwise than it looks, in the shape of a policy document.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use super::arn::lacks_first_colon;
use super::document::PolicyKind;
use super::document::read::{element, items};
use super::worlds::branches;
use crate::source::{Span, Spanned};
use crate::value::{Condition, Map, Part, Text, Value, can_hold_together};

/// One problem, without words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrammarProblem {
    pub kind: GrammarKind,
    /// What to underline.
    pub span: Span,
    /// The other place, for a problem of two.
    pub related: Option<Span>,
    /// The position of the statement, counted from 0.
    pub statement: Option<usize>,
    /// The Sid of the statement, where it has one.
    pub sid: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrammarKind {
    /// No `Statement` in the document.
    NoStatement,
    /// The elements of one statement where the policy should be.
    BareStatement,
    /// `Statement` holds none.
    EmptyStatement,
    /// The document is a list of statements.
    ListWithoutStatement,
    /// A statement that is not a mapping.
    StatementIsNoMap,
    /// A version that does not exist.
    BadVersion {
        text: String,
    },
    /// Both an element and its negation: `Action` and `NotAction`.
    Both {
        element: &'static str,
    },
    /// Neither `Action` nor `NotAction`.
    NoAction,
    NoEffect,
    /// `correct` is the value meant, where it is near.
    BadEffect {
        text: String,
        correct: Option<&'static str>,
    },
    /// An identity policy without `Resource`.
    NoResource,
    /// A trust policy has no `Resource`: the role is the resource.
    ResourceInTrustPolicy {
        key: String,
    },
    PrincipalInIdentityPolicy {
        key: String,
    },
    /// A resource or trust policy without `Principal`.
    NoPrincipal,
    /// A key that IAM does not know; `correct` is the nearest that it does.
    UnknownKey {
        key: String,
        correct: Option<&'static str>,
    },
    /// A key in the wrong case.
    KeyCase {
        key: String,
        correct: &'static str,
    },
    /// The same Sid as the statement at `related`.
    DuplicateSid {
        sid: String,
    },
    /// A Sid of an identity policy may hold letters and digits only.
    BadSid {
        sid: String,
    },
    /// A resource that is neither an ARN nor `*`.
    NoArn {
        text: String,
    },
    /// `Action: []`
    EmptyList {
        key: &'static str,
    },
    /// A key of `Principal` other than the four there are.
    UnknownPrincipalKind {
        key: String,
        correct: Option<&'static str>,
    },
    /// A text as `Principal` that is not `*`.
    BarePrincipal {
        text: String,
    },
}

const DOCUMENT_KEYS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_KEYS: &[&str] =
    &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"];
const PRINCIPAL_KEYS: &[&str] = &["AWS", "Service", "Federated", "CanonicalUser"];

/// All problems of a document, in the order of the document.
pub fn problems(value: &Value, kind: PolicyKind) -> Vec<GrammarProblem> {
    let mut found = Problems { kind, list: Vec::new(), statement: None, sid: None };
    for (_, alternative) in branches(value) {
        match alternative {
            Some(Value::Map(map)) => document(map, &mut found),
            Some(list @ Value::List(..)) => {
                found.add(GrammarKind::ListWithoutStatement, list.span());
                // A list of whole policies says nothing of its items as statements.
                if items(list).iter().all(|(_, item)| item.get("Statement").is_none()) {
                    statements(list, &mut found);
                }
            }
            _ => {}
        }
    }
    found.list
}

/// The known name nearest to a written one, if it is near enough to be meant.
pub fn nearest(written: &str, known: &[&'static str]) -> Option<&'static str> {
    let lower = written.to_ascii_lowercase();
    let distance = |name: &&&str| strsim::damerau_levenshtein(&lower, &name.to_ascii_lowercase());
    known.iter().min_by_key(distance).filter(|name| distance(name) <= 2).copied()
}

struct Problems {
    kind: PolicyKind,
    list: Vec<GrammarProblem>,
    statement: Option<usize>,
    sid: Option<String>,
}

impl Problems {
    fn add(&mut self, kind: GrammarKind, span: Span) {
        self.add_related(kind, span, None);
    }

    fn add_related(&mut self, kind: GrammarKind, span: Span, related: Option<Span>) {
        self.list.push(GrammarProblem { kind, span, related, statement: self.statement, sid: self.sid.clone() });
    }

    fn keys(&mut self, map: &Map, known: &'static [&'static str]) {
        for (key, _) in &map.entries {
            if known.contains(&key.value.as_str()) {
                continue;
            }
            let same = known.iter().find(|name| name.eq_ignore_ascii_case(&key.value)).copied();
            let correct = same.or_else(|| nearest(&key.value, known));
            let key_name = key.value.clone();
            let kind = match same {
                Some(correct) => GrammarKind::KeyCase { key: key_name, correct },
                None => GrammarKind::UnknownKey { key: key_name, correct },
            };
            self.add_related(kind, key.span, correct.and_then(|correct| place_of(map, correct)));
        }
    }
}

/// Where a key stands that is written so.
fn place_of(map: &Map, key: &str) -> Option<Span> {
    map.entries.iter().find(|(name, _)| name.value == key).map(|(name, _)| name.span)
}

fn document(map: &Map, found: &mut Problems) {
    if element(map, "Statement").is_none() && element(map, "Effect").is_some() {
        found.add(GrammarKind::BareStatement, map.span);
        return;
    }
    found.keys(map, DOCUMENT_KEYS);
    if let Some((_, version)) = element(map, "Version")
        && let Some(text) = version.literal()
        && !["2012-10-17", "2008-10-17"].iter().any(|known| text.starts_with(known))
    {
        found.add(GrammarKind::BadVersion { text: text.to_owned() }, version.span());
    }
    match element(map, "Statement") {
        None => {
            // What is no policy at all has no elements that are unknown; a slip is told.
            found.list.retain(|one| !matches!(&one.kind, GrammarKind::UnknownKey { correct: None, .. }));
            found.add(GrammarKind::NoStatement, map.span);
        }
        Some((key, value)) => {
            if items(value).iter().all(|(_, item)| matches!(item, Value::Null(_))) {
                found.add(GrammarKind::EmptyStatement, key.span);
            }
            statements(value, found);
        }
    }
}

fn statements(value: &Value, found: &mut Problems) {
    let mut sids: Vec<(Vec<Condition>, &Text)> = Vec::new();
    for (index, (when, item)) in items(value).into_iter().enumerate() {
        found.statement = Some(index);
        found.sid = None;
        match item {
            Value::Map(map) => {
                let sid = element(map, "Sid").and_then(|(_, value)| value.as_text());
                found.sid = sid.and_then(Text::literal).filter(|sid| !sid.is_empty()).map(str::to_owned);
                statement(map, found);
                if let Some(sid) = sid {
                    check_sid(sid, &when, &sids, found);
                    sids.push((when, sid));
                }
            }
            Value::Text(text) if !text.has_holes() => found.add(GrammarKind::StatementIsNoMap, text.span),
            _ => {}
        }
    }
    found.statement = None;
    found.sid = None;
}

fn statement(map: &Map, found: &mut Problems) {
    found.keys(map, STATEMENT_KEYS);
    let has = |key: &str| element(map, key).map(|(key, _)| key);
    let both = |plain: &'static str, negation: &str, found: &mut Problems| {
        if let (Some(first), Some(second)) = (has(plain), has(negation)) {
            found.add_related(GrammarKind::Both { element: plain }, second.span, Some(first.span));
        }
    };
    both("Action", "NotAction", found);
    both("Resource", "NotResource", found);
    both("Principal", "NotPrincipal", found);
    check_effect(map, found);
    if has("Action").or(has("NotAction")).is_none() {
        found.add(GrammarKind::NoAction, map.span);
    }
    let resource = has("Resource").or(has("NotResource"));
    let principal = has("Principal").or(has("NotPrincipal"));
    match (found.kind, resource, principal) {
        (kind, resource, principal) if kind.is_of_principal() => {
            if resource.is_none() {
                found.add(GrammarKind::NoResource, map.span);
            }
            if let Some(key) = principal {
                found.add(GrammarKind::PrincipalInIdentityPolicy { key: key.value.clone() }, key.span);
            }
        }
        (_, resource, principal) => {
            if principal.is_none() {
                found.add(GrammarKind::NoPrincipal, map.span);
            }
            if let Some(key) = resource
                && found.kind == PolicyKind::Trust
            {
                found.add(GrammarKind::ResourceInTrustPolicy { key: key.value.clone() }, key.span);
            }
        }
    }
    for key in ["Action", "NotAction", "Resource", "NotResource"] {
        if let Some((name, value)) = element(map, key)
            && items(value).iter().all(|(_, item)| matches!(item, Value::Null(_)))
        {
            found.add(GrammarKind::EmptyList { key }, name.span);
        }
    }
    if found.kind.is_of_principal() {
        for (_, value) in ["Resource", "NotResource"].into_iter().filter_map(|key| element(map, key)) {
            check_resources(value, found);
        }
    }
    for key in ["Principal", "NotPrincipal"] {
        if let Some((_, value)) = element(map, key) {
            check_principal(value, found);
        }
    }
}

fn check_effect(map: &Map, found: &mut Problems) {
    let Some((_, value)) = element(map, "Effect") else {
        found.add(GrammarKind::NoEffect, map.span);
        return;
    };
    for (_, alternative) in branches(value) {
        let Some(text) = alternative.and_then(Value::literal) else { continue };
        if !["Allow", "Deny"].contains(&text) {
            let correct = nearest(text, &["Allow", "Deny"]);
            let span = alternative.map_or(value.span(), Value::span);
            found.add(GrammarKind::BadEffect { text: text.to_owned(), correct }, span);
        }
    }
}

/// IAM wants an ARN or `*`. What waits to be filled in, such as `<arn>` or `{arn}`, is not judged.
fn check_resources(value: &Value, found: &mut Problems) {
    for (_, item) in items(value) {
        let Some(text) = item.as_text() else { continue };
        let Some(Part::Known(start, _)) = text.parts.first() else { continue };
        let is_complete = text.literal().is_some() || start.len() > "arn:".len() || lacks_first_colon(text);
        if is_complete && !start.starts_with("arn:") && !start.starts_with(['*', '?', '<', '{', '$', '[']) {
            found.add(GrammarKind::NoArn { text: text.display().into_owned() }, item.span());
        }
    }
}

fn check_principal(value: &Value, found: &mut Problems) {
    for (_, item) in items(value) {
        match item {
            Value::Map(kinds) => {
                let unknown = |key: &&Spanned<String>| !PRINCIPAL_KEYS.contains(&key.value.as_str());
                for key in kinds.entries.iter().map(|(key, _)| key).filter(unknown) {
                    let correct = nearest(&key.value, PRINCIPAL_KEYS);
                    let other = correct.and_then(|correct| place_of(kinds, correct));
                    let kind = GrammarKind::UnknownPrincipalKind { key: key.value.clone(), correct };
                    found.add_related(kind, key.span, other);
                }
            }
            Value::Text(text) if text.literal().is_some_and(|text| text != "*") => {
                found.add(GrammarKind::BarePrincipal { text: text.display().into_owned() }, text.span);
            }
            _ => {}
        }
    }
}

/// In IAM a Sid is unique in its policy, and made of letters and digits; the services with resource
/// policies allow more, spaces for one.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>
fn check_sid(sid: &Text, when: &[Condition], earlier: &[(Vec<Condition>, &Text)], found: &mut Problems) {
    let strange =
        |part: &Part| matches!(part, Part::Known(text, _) if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if found.kind.is_of_principal() && sid.parts.iter().any(strange) {
        found.add(GrammarKind::BadSid { sid: sid.display().into_owned() }, sid.span);
    }
    let same = |(other_when, other): &&(Vec<Condition>, &Text)| *other == sid && can_hold_together(when, other_when);
    if let Some((_, first)) = earlier.iter().find(same)
        && sid.literal() != Some("")
    {
        found.add_related(GrammarKind::DuplicateSid { sid: sid.display().into_owned() }, sid.span, Some(first.span));
    }
}
