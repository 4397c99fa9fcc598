//! The context keys that the policies of one question speak of, and how their values are compared.
//! What cannot be compared exactly becomes a dimension of its own: whether that very test holds.

use super::dimension::{Dimension, Extent, Holds, Present, Test};
use super::literal;
use super::values::{Members, Pattern, Patterns, Values, united};
use crate::iam::answer::Reason;
use crate::iam::catalogue::{self, KeyType, Presence};
use crate::iam::condition::{Comparison, ConditionTest, Quantifier};
use crate::iam::document::Statement;
use crate::iam::glob::{Glob, Reach};
use crate::iam::request::{is_multivalued, key_type};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the values of a key are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Text,
    /// All tests of the key ignore case, so that all values are taken in lower case.
    FoldedText,
    Number,
    Date,
    Truth,
    Address,
}

/// One key of the question.
#[derive(Clone, Debug)]
pub struct Key {
    pub family: Option<Family>,
    pub multivalued: bool,
    /// Whether every request has it.
    pub always: bool,
    /// Whether its values are `true` and `false` only.
    is_boolean: bool,
}

#[derive(Debug, Default)]
pub struct Vocabulary {
    keys: BTreeMap<Arc<str>, Key>,
    /// The tests that are not looked into, by the name of their dimension.
    pub opaque: BTreeMap<Arc<str>, ConditionTest>,
    /// What makes the boxes larger than what they stand for.
    pub doubts: Vec<Reason>,
}

impl Vocabulary {
    /// `signed`: whether nobody without credentials can ask.
    pub fn of<'a>(statements: impl Iterator<Item = &'a Statement> + Clone, signed: bool) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        let tests = || statements.clone().flat_map(|statement| &statement.conditions);
        for test in tests() {
            let key = vocabulary.keys.entry(lower(&test.key)).or_insert_with(|| Key::new(&test.key, signed));
            if key.family.is_none() {
                key.family = family(test);
            }
            // Of a key that is not documented the operators tell.
            key.multivalued |= test.operator.quantifier.is_some() && is_multivalued(&test.key).is_none();
        }
        for test in tests() {
            let is_text = family(test).is_some_and(|family| family == Family::Text);
            let ignores_case = test.operator.comparison == Some(Comparison::StringEqualsIgnoreCase);
            if let Some(key) = vocabulary.keys.get_mut(&lower(&test.key))
                && key.family == Some(Family::FoldedText)
                && is_text
                && !ignores_case
            {
                key.family = Some(Family::Text);
            }
        }
        vocabulary
    }

    pub fn keys(&self) -> impl Iterator<Item = (&Arc<str>, &Key)> {
        self.keys.iter()
    }

    /// The dimension of a test and what it asks of it.
    pub fn test(&mut self, test: &ConditionTest) -> (Dimension, Test) {
        let name = lower(&test.key);
        let exact = self.keys.get(&name).and_then(|key| exact(test, key));
        if let Some(exact) = exact {
            return (Dimension::Key(name), exact);
        }
        let says: Arc<str> = says(test).into();
        if self.opaque.insert(says.clone(), test.clone()).is_none() {
            let text = format!("`{}` on `{}` is not looked into", test.operator.text, test.key);
            self.doubts.push(Reason::at(text, test.span));
        }
        (Dimension::Opaque(says), Test::one(Members::Flags(TRUE), false))
    }

    /// All that a dimension can be.
    pub fn everything(&self, dimension: &Dimension) -> Extent {
        match dimension {
            Dimension::Action | Dimension::Resource => Extent::one_of(Values::all_texts()),
            Dimension::Principal => Extent::one_of(Values::texts(super::who::everybody())),
            Dimension::Opaque(_) => Extent::one_of(Values::Flags(TRUE | FALSE)),
            Dimension::Key(name) => {
                let key = self.keys.get(name);
                let all = match key.and_then(|key| key.family) {
                    Some(Family::Number | Family::Date | Family::Address) => Values::Ranges(vec![(0, u128::MAX)]),
                    Some(Family::Truth) if key.is_some_and(|key| key.is_boolean) => Values::Flags(TRUE | FALSE),
                    Some(Family::Truth) => Values::Flags(TRUE | FALSE | OTHER),
                    _ if key.is_some_and(|key| key.is_boolean) => {
                        Values::texts(&["true", "false"].map(|text| Pattern::new(Glob::literal(text))))
                    }
                    Some(Family::Text | Family::FoldedText) | None => Values::all_texts(),
                };
                let absent = !key.is_some_and(|key| key.always);
                Extent { absent, present: Some(Present { all, any: Vec::new() }) }
            }
        }
    }

    /// Whether a dimension has no more than one value.
    pub fn is_single(&self, dimension: &Dimension) -> bool {
        match dimension {
            Dimension::Key(name) => self.keys.get(name).is_none_or(|key| !key.multivalued),
            _ => true,
        }
    }
}

pub const TRUE: u8 = 1;
pub const FALSE: u8 = 2;
pub const OTHER: u8 = 4;

impl Key {
    fn new(name: &str, signed: bool) -> Key {
        let global = catalogue::global_key(name);
        let presence = global.map(catalogue::Key::presence);
        let always = presence == Some(Presence::Always) || (signed && presence == Some(Presence::Signed));
        let multivalued = is_multivalued(name).unwrap_or(false);
        let is_boolean = key_type(name).is_some_and(|kind| kind.element() == KeyType::Bool);
        Key { family: None, multivalued, always, is_boolean }
    }
}

pub fn lower(key: &str) -> Arc<str> {
    key.to_ascii_lowercase().into()
}

/// `None` for a test that says nothing of how values are compared.
fn family(test: &ConditionTest) -> Option<Family> {
    use Comparison as C;
    match test.operator.comparison? {
        C::StringEquals | C::StringLike | C::Arn => Some(Family::Text),
        C::StringEqualsIgnoreCase => Some(Family::FoldedText),
        C::NumericEquals
        | C::NumericLessThan
        | C::NumericLessThanEquals
        | C::NumericGreaterThan
        | C::NumericGreaterThanEquals => Some(Family::Number),
        C::DateEquals | C::DateLessThan | C::DateLessThanEquals | C::DateGreaterThan | C::DateGreaterThanEquals => {
            Some(Family::Date)
        }
        C::Bool => Some(Family::Truth),
        C::IpAddress => Some(Family::Address),
        C::BinaryEquals | C::Null => None,
    }
}

/// The test as one of the key's values, where that is exact.
fn exact(test: &ConditionTest, key: &Key) -> Option<Test> {
    let operator = &test.operator;
    let comparison = operator.comparison?;
    let values: Vec<&str> = test.values.iter().map(|value| value.literal()).collect::<Option<_>>()?;
    if !test.complete || values.is_empty() {
        return None;
    }
    if comparison == Comparison::Null {
        if operator.quantifier.is_some() || operator.if_exists {
            return None;
        }
        let is = |text: &str| values.iter().any(|value| value.eq_ignore_ascii_case(text));
        let known = values.iter().all(|value| ["true", "false"].iter().any(|text| value.eq_ignore_ascii_case(text)));
        let holds = if is("false") { Holds::Always } else { Holds::Never };
        return known.then(|| Test { absent: is("true"), holds });
    }
    if test.variables && values.iter().any(|value| value.contains("${")) {
        return None;
    }
    if key.multivalued && operator.quantifier.is_none() {
        // AWS asks for a set operator; what the plain one does there is not documented.
        // <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>
        return None;
    }
    let family = family(test)?;
    let fits = key.family == Some(family) || (family == Family::FoldedText && key.family == Some(Family::Text));
    let members = if fits { members(comparison, key.family?, &values)? } else { return None };
    let (members, negated) = (Arc::new(members), operator.negated);
    Some(match operator.quantifier {
        Some(Quantifier::ForAnyValue) if operator.if_exists => return None,
        Some(Quantifier::ForAnyValue) => Test { absent: false, holds: Holds::Any { members, negated } },
        Some(Quantifier::ForAllValues) => Test { absent: true, holds: Holds::All { members, negated } },
        None => Test { absent: operator.if_exists || negated, holds: Holds::All { members, negated } },
    })
}

fn members(comparison: Comparison, family: Family, values: &[&str]) -> Option<Members> {
    use Comparison as C;
    let patterns = |glob: &dyn Fn(&str) -> Option<Glob>| {
        let globs: Option<Patterns> = values.iter().map(|value| glob(value).map(Pattern::new)).collect();
        globs.map(Members::Patterns)
    };
    let ranges = |place: fn(&str) -> Option<u128>, range: &dyn Fn(u128) -> (u128, u128)| {
        let all: Option<Vec<_>> = values.iter().map(|value| place(value).map(range)).collect();
        all.map(|all| Members::Ranges(united(&all)))
    };
    match comparison {
        C::StringEquals => patterns(&|value| Some(Glob::literal(value))),
        C::StringEqualsIgnoreCase if family == Family::FoldedText => {
            patterns(&|value| value.is_ascii().then(|| Glob::literal(&value.to_ascii_lowercase())))
        }
        C::StringEqualsIgnoreCase => None,
        C::StringLike => patterns(&|value| Some(Glob::parse(value))),
        C::Arn => patterns(&arn_glob),
        C::NumericEquals => ranges(literal::number, &|at| (at, at)),
        C::NumericLessThan => ranges(literal::number, &|at| (0, at - 1)),
        C::NumericLessThanEquals => ranges(literal::number, &|at| (0, at)),
        C::NumericGreaterThan => ranges(literal::number, &|at| (at + 1, u128::MAX)),
        C::NumericGreaterThanEquals => ranges(literal::number, &|at| (at, u128::MAX)),
        C::DateEquals => ranges(literal::date, &|at| (at, at)),
        C::DateLessThan => ranges(literal::date, &|at| (0, at - 1)),
        C::DateLessThanEquals => ranges(literal::date, &|at| (0, at)),
        C::DateGreaterThan => ranges(literal::date, &|at| (at + 1, u128::MAX)),
        C::DateGreaterThanEquals => ranges(literal::date, &|at| (at, u128::MAX)),
        C::Bool => {
            let flag = |value: &str| match value.to_ascii_lowercase().as_str() {
                "true" => Some(TRUE),
                "false" => Some(FALSE),
                _ => None,
            };
            let flags: Option<Vec<u8>> = values.iter().map(|value| flag(value)).collect();
            flags.map(|flags| Members::Flags(flags.into_iter().fold(0, |all, one| all | one)))
        }
        C::IpAddress => {
            let all: Option<Vec<_>> = values.iter().map(|value| literal::addresses(value)).collect();
            all.map(|all| Members::Ranges(united(&all.concat())))
        }
        C::BinaryEquals | C::Null => None,
    }
}

/// The six parts of an ARN are compared each by itself; a wildcard does not reach beyond a colon but
/// in the last.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>
fn arn_glob(value: &str) -> Option<Glob> {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let [first @ .., last] = parts.as_slice() else { return None };
    if first.len() < 5 {
        return (value == "*").then(|| Glob::parse("*"));
    }
    let mut glob = Glob::default();
    for part in first {
        glob.push_pattern(part, Reach::Segment);
        glob.push_literal(":");
    }
    glob.push_pattern(last, Reach::All);
    Some(glob)
}

/// What a test says, so that equal texts mean equal tests.
fn says(test: &ConditionTest) -> String {
    let mut values: Vec<String> = test.values.iter().map(|value| value.display().into_owned()).collect();
    values.sort();
    values.dedup();
    let mut text = format!(
        "{} {} {} {values:?}",
        test.operator.text.to_ascii_lowercase(),
        test.key.to_ascii_lowercase(),
        test.variables
    );
    let is_open = !test.complete || test.values.iter().any(|value| value.has_holes());
    if is_open {
        // The names of holes are those of one template, and an unknown value is one of a place.
        text.push_str(&format!(" {:?}", test.span));
    }
    text
}
