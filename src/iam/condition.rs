//! Conditions of statements: operators, and what one test says of another.

use super::glob::Glob;
use super::request::is_multivalued;
use crate::source::Span;
use crate::value::Text;

/// One key under one operator, with its values.
#[derive(Clone, Debug)]
pub struct ConditionTest {
    pub operator: Operator,
    /// As it is written; keys are compared without case.
    pub key: String,
    pub values: Vec<Text>,
    /// Whether `values` is all there is: false when some could not be evaluated.
    pub complete: bool,
    /// Whether `${aws:username}` in a value is a policy variable.
    pub variables: bool,
    /// From the key to the last value.
    pub span: Span,
    pub key_span: Span,
    pub operator_span: Span,
}

/// `ForAllValues:StringNotLikeIfExists`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    pub text: String,
    pub quantifier: Option<Quantifier>,
    /// `None` for an operator that IAM does not have.
    pub comparison: Option<Comparison>,
    pub negated: bool,
    pub if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    ForAllValues,
    ForAnyValue,
}

/// What an operator compares, without its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    NumericEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    /// `ArnEquals` and `ArnLike` behave the same.
    Arn,
    Null,
}

/// Operators by their lower-case name.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
const OPERATORS: &[(&str, Comparison, bool)] = &[
    ("stringequals", Comparison::StringEquals, false),
    ("stringnotequals", Comparison::StringEquals, true),
    ("stringequalsignorecase", Comparison::StringEqualsIgnoreCase, false),
    ("stringnotequalsignorecase", Comparison::StringEqualsIgnoreCase, true),
    ("stringlike", Comparison::StringLike, false),
    ("stringnotlike", Comparison::StringLike, true),
    ("numericequals", Comparison::NumericEquals, false),
    ("numericnotequals", Comparison::NumericEquals, true),
    ("numericlessthan", Comparison::NumericLessThan, false),
    ("numericlessthanequals", Comparison::NumericLessThanEquals, false),
    ("numericgreaterthan", Comparison::NumericGreaterThan, false),
    ("numericgreaterthanequals", Comparison::NumericGreaterThanEquals, false),
    ("dateequals", Comparison::DateEquals, false),
    ("datenotequals", Comparison::DateEquals, true),
    ("datelessthan", Comparison::DateLessThan, false),
    ("datelessthanequals", Comparison::DateLessThanEquals, false),
    ("dategreaterthan", Comparison::DateGreaterThan, false),
    ("dategreaterthanequals", Comparison::DateGreaterThanEquals, false),
    ("bool", Comparison::Bool, false),
    ("binaryequals", Comparison::BinaryEquals, false),
    ("ipaddress", Comparison::IpAddress, false),
    ("notipaddress", Comparison::IpAddress, true),
    ("arnequals", Comparison::Arn, false),
    ("arnlike", Comparison::Arn, false),
    ("arnnotequals", Comparison::Arn, true),
    ("arnnotlike", Comparison::Arn, true),
    ("null", Comparison::Null, false),
];

impl Operator {
    pub fn parse(text: &str) -> Operator {
        let lower = text.to_ascii_lowercase();
        let (quantifier, rest) = if let Some(rest) = lower.strip_prefix("forallvalues:") {
            (Some(Quantifier::ForAllValues), rest)
        } else if let Some(rest) = lower.strip_prefix("foranyvalue:") {
            (Some(Quantifier::ForAnyValue), rest)
        } else {
            (None, lower.as_str())
        };
        let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
        let found = OPERATORS.iter().find(|(name, ..)| *name == rest);
        Operator {
            text: text.to_owned(),
            quantifier,
            comparison: found.map(|(_, comparison, _)| *comparison),
            negated: found.is_some_and(|(.., negated)| *negated),
            if_exists,
        }
    }

    /// Whether `*` and `?` in its values are wildcards.
    pub fn has_wildcards(&self) -> bool {
        matches!(self.comparison, Some(Comparison::StringLike | Comparison::Arn))
    }

    /// Whether the test holds only for a request that has the key.
    pub fn needs_key(&self) -> bool {
        self.comparison.is_some_and(|comparison| comparison != Comparison::Null)
            && !self.if_exists
            && match self.quantifier {
                Some(Quantifier::ForAllValues) => false,
                Some(Quantifier::ForAnyValue) => true,
                None => !self.negated,
            }
    }

    fn same_but_for_if_exists(&self, other: &Operator) -> bool {
        self.comparison.is_some()
            && self.comparison == other.comparison
            && self.negated == other.negated
            && self.quantifier == other.quantifier
    }
}

impl ConditionTest {
    /// A test that is written nowhere, as policies of today have it; every place of it is `span`.
    pub fn new(operator: &str, key: &str, values: Vec<Text>, span: Span) -> ConditionTest {
        ConditionTest {
            operator: Operator::parse(operator),
            key: key.to_owned(),
            values,
            complete: true,
            variables: true,
            span,
            key_span: span,
            operator_span: span,
        }
    }

    pub fn is_on(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    /// `sub` of `token.actions.githubusercontent.com:sub`, with the host of the provider.
    pub fn claim(&self) -> Option<(&str, &str)> {
        let (host, claim) = self.key.rsplit_once(':')?;
        (host.contains('.') || host.starts_with("${")).then_some((host, claim))
    }

    /// Whether the test is sure to hold whenever `given` holds.
    pub fn follows_from(&self, given: &ConditionTest) -> bool {
        let (own, its) = (&self.operator, &given.operator);
        self.is_on(&given.key)
            && self.reads_values_as(given)
            && own.same_but_for_if_exists(its)
            && (own.if_exists == its.if_exists || own.if_exists)
            && if own.negated { self.is_within(given) } else { given.is_within(self) }
    }

    /// Whether the test is sure to fail whenever `given` holds.
    pub fn is_refuted_by(&self, given: &ConditionTest) -> bool {
        if !self.is_on(&given.key) || !given.operator.needs_key() || given.operator.quantifier.is_some() {
            return false;
        }
        let own = &self.operator;
        if own.comparison == Some(Comparison::Null) {
            return self.complete
                && !self.values.is_empty()
                && self
                    .values
                    .iter()
                    .all(|value| value.literal().is_some_and(|value| value.eq_ignore_ascii_case("true")));
        }
        own.comparison == given.operator.comparison
            && self.reads_values_as(given)
            && own.quantifier.is_none()
            && !given.operator.negated
            && if own.negated { given.is_within(self) } else { self.is_apart(given) }
    }

    /// Whether equal values mean the same in both.
    fn reads_values_as(&self, other: &ConditionTest) -> bool {
        self.variables == other.variables || !self.values.iter().any(|value| value.display().contains("${"))
    }

    /// Whether every value is a value of `other` too.
    fn is_within(&self, other: &ConditionTest) -> bool {
        self.complete && self.values.iter().all(|value| other.values.contains(value))
    }

    /// Whether no text fits a value of both, of a key that has one.
    fn is_apart(&self, other: &ConditionTest) -> bool {
        let globs = |test: &ConditionTest| -> Option<Vec<Glob>> {
            let read = if test.operator.has_wildcards() { Glob::parse } else { Glob::literal };
            let literal = |value: &Text| value.literal().filter(|text| !text.contains("${")).map(read);
            test.values.iter().map(literal).collect()
        };
        let reads_texts = matches!(
            self.operator.comparison,
            Some(Comparison::StringEquals | Comparison::StringLike | Comparison::Arn)
        );
        reads_texts
            && self.complete
            && other.complete
            && is_multivalued(&self.key) == Some(false)
            && globs(self)
                .zip(globs(other))
                .is_some_and(|(own, its)| own.iter().all(|own| its.iter().all(|its| !own.intersects(its))))
    }
}

/// Whether all of `tests` are sure to hold whenever all of `given` hold.
pub fn all_follow(tests: &[ConditionTest], given: &[ConditionTest]) -> bool {
    tests.iter().all(|test| given.iter().any(|known| test.follows_from(known)))
}

/// Whether one of `tests` is sure to fail whenever all of `given` hold.
pub fn one_is_refuted(tests: &[ConditionTest], given: &[ConditionTest]) -> bool {
    tests.iter().any(|test| given.iter().any(|known| test.is_refuted_by(known)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::document::PolicyKind;
    use crate::iam::fixture::document;

    fn tests_of(condition: &str) -> Vec<ConditionTest> {
        let statement = format!(r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {condition}}}"#);
        document(&statement, PolicyKind::Identity).statements.remove(0).conditions
    }

    #[test]
    fn operators_are_taken_apart() {
        // Comparison, quantifier, negated, if it exists, needs the key.
        let table = [
            ("StringEquals", Some(Comparison::StringEquals), None, false, false, true),
            ("stringnotlike", Some(Comparison::StringLike), None, true, false, false),
            ("ArnLikeIfExists", Some(Comparison::Arn), None, false, true, false),
            (
                "ForAllValues:StringEquals",
                Some(Comparison::StringEquals),
                Some(Quantifier::ForAllValues),
                false,
                false,
                false,
            ),
            (
                "ForAnyValue:StringNotEquals",
                Some(Comparison::StringEquals),
                Some(Quantifier::ForAnyValue),
                true,
                false,
                true,
            ),
            ("Null", Some(Comparison::Null), None, false, false, false),
            ("NotIpAddress", Some(Comparison::IpAddress), None, true, false, false),
            ("StringMatches", None, None, false, false, false),
        ];
        for (text, comparison, quantifier, negated, if_exists, needs_key) in table {
            let operator = Operator::parse(text);
            let found = (operator.comparison, operator.quantifier, operator.negated, operator.if_exists);
            assert_eq!(found, (comparison, quantifier, negated, if_exists), "{text}");
            assert_eq!(operator.needs_key(), needs_key, "{text}");
        }
    }

    #[test]
    fn a_test_follows_from_another_or_is_refuted_by_it() {
        // What is given, the test, whether it follows, whether it is refuted.
        let table = [
            (r#"{"StringEquals": {"k:a": "x"}}"#, r#"{"StringEquals": {"K:A": "x"}}"#, true, false),
            (r#"{"StringEquals": {"k:a": "x"}}"#, r#"{"StringEquals": {"k:a": ["x", "y"]}}"#, true, false),
            (r#"{"StringEquals": {"k:a": ["x", "y"]}}"#, r#"{"StringEquals": {"k:a": "x"}}"#, false, false),
            (r#"{"StringEquals": {"k:a": "x"}}"#, r#"{"StringEqualsIfExists": {"k:a": "x"}}"#, true, false),
            (r#"{"StringEqualsIfExists": {"k:a": "x"}}"#, r#"{"StringEquals": {"k:a": "x"}}"#, false, false),
            (r#"{"StringNotEquals": {"k:a": ["x", "y"]}}"#, r#"{"StringNotEquals": {"k:a": "x"}}"#, true, false),
            (r#"{"StringNotEquals": {"k:a": "x"}}"#, r#"{"StringNotEquals": {"k:a": ["x", "y"]}}"#, false, false),
            (r#"{"StringEquals": {"k:a": "x"}}"#, r#"{"StringNotEquals": {"k:a": "x"}}"#, false, true),
            (r#"{"StringEquals": {"k:a": "x"}}"#, r#"{"StringNotEqualsIfExists": {"k:a": ["x", "y"]}}"#, false, true),
            (r#"{"StringEquals": {"k:a": ["x", "z"]}}"#, r#"{"StringNotEquals": {"k:a": "x"}}"#, false, false),
            (r#"{"StringEqualsIfExists": {"k:a": "x"}}"#, r#"{"StringNotEquals": {"k:a": "x"}}"#, false, false),
            (r#"{"StringEquals": {"k:a": "x"}}"#, r#"{"Null": {"k:a": "true"}}"#, false, true),
            (r#"{"StringNotEquals": {"k:a": "x"}}"#, r#"{"Null": {"k:a": "true"}}"#, false, false),
            (r#"{"StringEquals": {"k:a": "<Hole>"}}"#, r#"{"StringEquals": {"k:a": "<Hole>"}}"#, true, false),
            (r#"{"StringEquals": {"k:a": "<Hole>"}}"#, r#"{"StringEquals": {"k:a": "<Other>"}}"#, false, false),
            (r#"{"StringEquals": {"k:a": "x"}}"#, r#"{"StringEquals": {"k:b": "x"}}"#, false, false),
            (
                r#"{"StringEquals": {"aws:SourceVpc": "x"}}"#,
                r#"{"StringEquals": {"aws:sourcevpc": ["y", "z"]}}"#,
                false,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:SourceVpc": "x"}}"#,
                r#"{"StringEqualsIfExists": {"aws:SourceVpc": "y"}}"#,
                false,
                true,
            ),
            (
                r#"{"StringEqualsIfExists": {"aws:SourceVpc": "x"}}"#,
                r#"{"StringEquals": {"aws:SourceVpc": "y"}}"#,
                false,
                false,
            ),
            (
                r#"{"StringEquals": {"aws:SourceVpc": ["x", "y"]}}"#,
                r#"{"StringEquals": {"aws:SourceVpc": "y"}}"#,
                false,
                false,
            ),
            (
                r#"{"StringEquals": {"aws:SourceVpc": "<Vpc>"}}"#,
                r#"{"StringEquals": {"aws:SourceVpc": "y"}}"#,
                false,
                false,
            ),
            (
                r#"{"StringLike": {"aws:SourceVpc": "x*"}}"#,
                r#"{"StringLike": {"aws:SourceVpc": ["y*", "z"]}}"#,
                false,
                true,
            ),
            (r#"{"StringLike": {"aws:SourceVpc": "x*"}}"#, r#"{"StringLike": {"aws:SourceVpc": "*y"}}"#, false, false),
            (r#"{"StringEquals": {"aws:TagKeys": "x"}}"#, r#"{"StringEquals": {"aws:TagKeys": "y"}}"#, false, false),
            (r#"{"StringEquals": {"k:a": {"Unknown": "?"}}}"#, r#"{"StringEquals": {"k:a": "x"}}"#, false, false),
        ];
        for (given, test, follows, refuted) in table {
            let (given_tests, tests) = (tests_of(given), tests_of(test));
            assert_eq!(all_follow(&tests, &given_tests), follows, "{test} follows from {given}");
            assert_eq!(one_is_refuted(&tests, &given_tests), refuted, "{test} is refuted by {given}");
        }
    }
}
