//! Values of conditions against the type of the key and the operator.

use super::codes::*;
use super::keys::documented;
use super::{Issue, is_settled_key, settled};
use crate::iam::catalogue::{Key, KeyType};
use crate::iam::condition::{Comparison, ConditionTest, Quantifier};
use crate::iam::document::{Effect, Statement};
use crate::iam::glob::Glob;
use crate::iam::narrowing::requires;
use crate::value::Text;

pub fn issues(statement: &Statement) -> Vec<Issue> {
    let mut found = Vec::new();
    for test in statement.conditions.iter().filter(|test| is_settled_key(test)) {
        let Some(comparison) = test.operator.comparison else { continue };
        let key = documented(&test.key);
        found.extend(operator_of_type(test, comparison, key));
        found.extend(quantifier(statement, test, key));
        for value in &test.values {
            found.extend(of_value(test, comparison, value));
        }
        found.extend(equivalent_to_null(test, comparison));
        found.extend(redundant(test, comparison));
    }
    found
}

/// Whether the operator suits the type of the key.
fn operator_of_type(test: &ConditionTest, comparison: Comparison, key: Option<Key>) -> Option<Issue> {
    use Comparison as C;
    let mismatch = |kind: &str| {
        let issue = Issue::new(TYPE_MISMATCH, test.operator_span, test.operator.text.clone());
        issue.other(test.key.clone()).names(vec![kind.to_owned()]).related(test.key_span)
    };
    // CodeBuild tells whether a buildspec is given, and never what is in it.
    // <https://docs.aws.amazon.com/codebuild/latest/userguide/action-context-keys.html>
    if test.is_on("codebuild:source.buildspec") {
        return (comparison != C::Null).then(|| mismatch("a key for `Null` alone").whole(true));
    }
    let kind = key?.kind().element();
    let is_numeric = matches!(
        comparison,
        C::NumericEquals
            | C::NumericLessThan
            | C::NumericLessThanEquals
            | C::NumericGreaterThan
            | C::NumericGreaterThanEquals
    );
    let is_date = is_date(comparison);
    let suits = match kind {
        // An epoch is a number, and a number written as a text can be compared as one.
        KeyType::Date => is_date || is_numeric || comparison == C::Null,
        KeyType::Numeric => is_numeric || is_date || matches!(comparison, C::Null | C::StringEquals),
        KeyType::Bool => {
            matches!(comparison, C::Bool | C::Null | C::StringEquals | C::StringEqualsIgnoreCase | C::StringLike)
        }
        // Operators for addresses take no variables, and what a variable stands for is written as the key is.
        KeyType::IpAddress => {
            matches!(comparison, C::IpAddress | C::Null) || (is_text(comparison) && all_variables(test))
        }
        KeyType::Arn => !is_numeric && !is_date && !matches!(comparison, C::Bool | C::IpAddress | C::BinaryEquals),
        // Texts may hold numbers and ARNs; a date, a range of addresses and a flag they do not.
        KeyType::String => !is_date && comparison != C::IpAddress || has_open_type(&test.key),
        _ => true,
    };
    if !suits {
        return Some(mismatch(type_name(kind)));
    }
    let is_open_arn = kind == KeyType::Arn
        && comparison == C::StringLike
        && !test.operator.negated
        && test
            .values
            .iter()
            .any(|value| value.known_parts().any(|part| part.contains('*')) && value.display().starts_with("arn:"));
    is_open_arn.then(|| {
        let issue =
            Issue::new(STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS, test.operator_span, test.operator.text.clone());
        issue.other(test.key.clone()).related(test.key_span)
    })
}

fn is_text(comparison: Comparison) -> bool {
    use Comparison as C;
    matches!(comparison, C::StringEquals | C::StringEqualsIgnoreCase | C::StringLike)
}

/// Whether the key is compared with other keys of the request alone.
fn all_variables(test: &ConditionTest) -> bool {
    let is_variable = |value: &Text| value.known_parts().next().is_some_and(|text| text.starts_with("${"));
    test.variables && test.complete && !test.values.is_empty() && test.values.iter().all(is_variable)
}

/// Keys with a placeholder stand for keys of several types.
fn has_open_type(key: &str) -> bool {
    key.contains('/') || key.contains('.')
}

fn type_name(kind: KeyType) -> &'static str {
    match kind {
        KeyType::Date => "a date",
        KeyType::Numeric => "a number",
        KeyType::Bool => "true or false",
        KeyType::IpAddress => "an address",
        KeyType::Arn => "an ARN",
        _ => "a text",
    }
}

fn is_date(comparison: Comparison) -> bool {
    use Comparison as C;
    matches!(
        comparison,
        C::DateEquals | C::DateLessThan | C::DateLessThanEquals | C::DateGreaterThan | C::DateGreaterThanEquals
    )
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>
fn quantifier(statement: &Statement, test: &ConditionTest, key: Option<Key>) -> Option<Issue> {
    let kind = key?.kind();
    let is_null = test.operator.comparison == Some(Comparison::Null);
    match test.operator.quantifier {
        // Keys of services are lists in the reference that AWS's own policies compare as one text.
        None if kind.is_array() && !is_null && test.key.to_ascii_lowercase().starts_with("aws:") => {
            let issue = Issue::new(MISSING_QUALIFIER, test.operator_span, test.operator.text.clone());
            Some(issue.other(test.key.clone()).related(test.key_span))
        }
        // Claims of a token are there whenever a token is.
        Some(Quantifier::ForAllValues)
            if (!kind.is_array() || tells_who_calls(&test.key))
                && !is_null
                && statement.effect == Effect::Allow
                && test.claim().is_none()
                && !statement.conditions.iter().any(|other| requires(other, &test.key)) =>
        {
            let issue = Issue::new(FORALLVALUES_WITH_SINGLE_VALUED_KEY, test.operator_span, test.key.clone());
            // Of several values any may be meant, so that only the missing key can be held off.
            let issue = if kind.is_array() { issue } else { issue.other(test.operator.text.clone()) };
            Some(issue.names(vec![test.operator.text.clone()]).related(test.key_span))
        }
        _ => None,
    }
}

/// Keys of several values that tell of the caller. Those of a service, and tags, tell what a request asks for, and
/// one that asks for none of it does no harm.
fn tells_who_calls(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with("aws:") && key != "aws:tagkeys"
}

fn of_value(test: &ConditionTest, comparison: Comparison, value: &Text) -> Option<Issue> {
    use Comparison as C;
    let is_wild = matches!(comparison, C::StringEquals | C::StringEqualsIgnoreCase)
        && value.known_parts().any(|part| part.replace("${*}", "").replace("${?}", "").contains(['*', '?']));
    if is_wild {
        let like = if test.operator.negated { "StringNotLike" } else { "StringLike" };
        let issue = Issue::new(WILDCARD_WITHOUT_LIKE_OPERATOR, value.span, value.display());
        return Some(issue.other(like).names(vec![test.operator.text.clone()]).related(test.operator_span));
    }
    let text = settled(value)?;
    let issue =
        |code| Some(Issue::new(code, value.span, text).other(test.operator.text.clone()).related(test.operator_span));
    match comparison {
        C::Bool if !is_flag(text) => issue(TYPE_MISMATCH_BOOLEAN),
        C::Null if !is_flag(text) => issue(TYPE_MISMATCH_BOOLEAN),
        C::NumericEquals
        | C::NumericLessThan
        | C::NumericLessThanEquals
        | C::NumericGreaterThan
        | C::NumericGreaterThanEquals
            if text.trim().parse::<f64>().is_err() =>
        {
            issue(TYPE_MISMATCH_NUMBER)
        }
        comparison if is_date(comparison) => match date(text) {
            DateForm::Right => None,
            DateForm::OutOfRange => issue(INVALID_DATE_VALUE),
            DateForm::Other => issue(TYPE_MISMATCH_DATE),
        },
        C::StringEquals | C::StringEqualsIgnoreCase | C::StringLike => named(test, value, text),
        _ => None,
    }
}

fn is_flag(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// Values that have a form of their own, whatever the operator.
fn named(test: &ConditionTest, value: &Text, text: &str) -> Option<Issue> {
    let issue = |code, form: &str| Some(Issue::new(code, value.span, text).other(form).related(test.key_span));
    let has_wildcards = test.operator.has_wildcards() && text.contains(['*', '?']);
    if test.is_on("aws:SourceVpc") && !text.starts_with("vpc-") && !has_wildcards {
        issue(INVALID_VPC_FORMAT, "vpc-1a2b3c4d")
    } else if test.is_on("aws:SourceVpce") && !text.starts_with("vpce-") && !has_wildcards {
        issue(INVALID_VPCE_FORMAT, "vpce-1a2b3c4d")
    } else if test.is_on("aws:RequestedRegion") && !has_wildcards && !is_region(text) && !text.contains("global") {
        issue(INVALID_REGION, "eu-west-1")
    } else if test.is_on("s3:x-amz-server-side-encryption-aws-kms-key-id")
        && !has_wildcards
        && (!text.starts_with("arn:") || text.contains(":alias/"))
    {
        issue(INVALID_KMS_KEY_VALUE, "arn:aws:kms:eu-west-1:111122223333:key/…")
    } else {
        None
    }
}

/// `eu-west-1`, `us-gov-east-1`, `us-isob-east-1`.
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    parts.len() >= 3
        && parts[..parts.len() - 1].iter().all(|part| is_word(part) && part.len() < 12)
        && parts
            .last()
            .is_some_and(|last| !last.is_empty() && last.len() < 3 && last.bytes().all(|b| b.is_ascii_digit()))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DateForm {
    Right,
    OutOfRange,
    Other,
}

/// `2026-09-26`, `2026-09-26T12:00:00Z` with a fraction or an offset, or seconds since 1970.
/// <https://www.w3.org/TR/NOTE-datetime>
pub(super) fn date(text: &str) -> DateForm {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return DateForm::Right;
    }
    let (day, time) = text.split_once(['T', 't', ' ']).map_or((text, None), |(day, time)| (day, Some(time)));
    let numbers = |text: &str, separator: char| -> Option<Vec<u32>> {
        text.split(separator).map(|part| part.parse().ok()).collect()
    };
    let Some(parts) = numbers(day, '-').filter(|parts| (1..=3).contains(&parts.len())) else { return DateForm::Other };
    let in_range = parts.get(1).is_none_or(|month| (1..=12).contains(month))
        && parts.get(2).is_none_or(|day| (1..=31).contains(day))
        && day.split('-').next().is_some_and(|year| year.len() == 4);
    let clock = time.map(|time| time.split(['Z', 'z', '+', '-', '.']).next().unwrap_or_default());
    let clock_in_range = match clock.map(|clock| numbers(clock, ':')) {
        None => true,
        Some(None) => return DateForm::Other,
        Some(Some(clock)) => clock.first().is_some_and(|hour| *hour < 25) && clock[1..].iter().all(|part| *part < 61),
    };
    if in_range && clock_in_range { DateForm::Right } else { DateForm::OutOfRange }
}

/// `StringLike` with `*` asks only whether the key is there.
fn equivalent_to_null(test: &ConditionTest, comparison: Comparison) -> Option<Issue> {
    let is_star =
        |value: &Text| value.literal().is_some_and(|text| !text.is_empty() && text.bytes().all(|b| b == b'*'));
    let is_it = matches!(comparison, Comparison::StringLike | Comparison::Arn)
        && test.complete
        && test.operator.quantifier.is_none()
        && !test.operator.if_exists
        && test.values.iter().any(is_star)
        && (test.operator.negated || test.values.len() == 1);
    is_it.then(|| {
        let (code, value) =
            if test.operator.negated { (EQUIVALENT_TO_NULL_TRUE, "true") } else { (EQUIVALENT_TO_NULL_FALSE, "false") };
        Issue::new(code, test.key_span, test.key.clone()).other(value).names(vec![test.operator.text.clone()])
    })
}

fn redundant(test: &ConditionTest, comparison: Comparison) -> Option<Issue> {
    use Comparison as C;
    let is_limit = matches!(
        comparison,
        C::NumericLessThan | C::NumericLessThanEquals | C::NumericGreaterThan | C::NumericGreaterThanEquals
    );
    if is_limit && test.complete && test.values.len() > 1 && test.values.iter().all(|value| settled(value).is_some()) {
        let issue = Issue::new(REDUNDANT_CONDITION_VALUE_NUM, test.key_span, test.key.clone());
        return Some(issue.other(test.operator.text.clone()));
    }
    if !test.operator.has_wildcards() || test.values.len() > 200 {
        return None;
    }
    let texts: Vec<(&Text, Glob)> =
        test.values.iter().filter_map(|value| Some((value, Glob::parse(settled(value)?)))).collect();
    let covers = |wide: &(&Text, Glob), narrow: &(&Text, Glob)| {
        // Wildcards of ARNs stay in their field.
        comparison == C::StringLike
            && !std::ptr::eq(wide.0, narrow.0)
            && wide.0 != narrow.0
            && narrow.1.within(&wide.1).is_yes()
    };
    let (wide, narrow) = texts
        .iter()
        .filter(|(value, _)| value.literal().is_some_and(|text| text.contains('*')))
        .find_map(|wide| Some((wide, texts.iter().find(|narrow| covers(wide, narrow))?)))?;
    let issue = Issue::new(REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION, narrow.0.span, narrow.0.display());
    Some(issue.other(wide.0.display().into_owned()).related(wide.0.span))
}
