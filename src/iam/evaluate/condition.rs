//! Whether one test of a `Condition` holds of one request.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use super::matching::{Filled, Unit, arn_of_condition_matches, filled, text_matches};
use crate::iam::answer::Truth;
use crate::iam::condition::{Comparison, ConditionTest, Quantifier};
use crate::iam::document::Version;
use crate::iam::request::{Request, is_multivalued};
use std::net::IpAddr;

pub fn holds(test: &ConditionTest, request: &Request, version: Version) -> Truth {
    let operator = &test.operator;
    let Some(comparison) = operator.comparison else { return Truth::Unknown };
    let given = request.context.get(&test.key.to_ascii_lowercase());
    let values: &[String] = match given {
        Some(values) => values,
        None if request.open => return Truth::Unknown,
        None => &[],
    };
    if comparison == Comparison::Null {
        return null(test, values.is_empty());
    }
    let one = |value: &String| {
        let among = among(test, comparison, value, request, version);
        if operator.negated { among.negated() } else { among }
    };
    match operator.quantifier {
        Some(Quantifier::ForAllValues) => Truth::all(values.iter().map(one)),
        // Whether `IfExists` adds anything to `ForAnyValue` is not documented.
        Some(Quantifier::ForAnyValue) if values.is_empty() && operator.if_exists => Truth::Unknown,
        Some(Quantifier::ForAnyValue) => Truth::any(values.iter().map(one)),
        None => match values {
            [] if is_multivalued(&test.key) == Some(true) => Truth::Unknown,
            [] => Truth::of(operator.if_exists || operator.negated),
            [value] if is_multivalued(&test.key) != Some(true) => one(value),
            _ => Truth::Unknown,
        },
    }
}

fn null(test: &ConditionTest, is_absent: bool) -> Truth {
    if test.operator.quantifier.is_some() || test.operator.if_exists || test.values.is_empty() {
        return Truth::Unknown;
    }
    let known = Truth::any(test.values.iter().map(|value| match value.literal() {
        Some(text) if text.eq_ignore_ascii_case("true") => Truth::of(is_absent),
        Some(text) if text.eq_ignore_ascii_case("false") => Truth::of(!is_absent),
        _ => Truth::Unknown,
    }));
    if test.complete { known } else { known.or(Truth::Unknown) }
}

/// Whether a value of the request compares to one of the values of the test.
fn among(test: &ConditionTest, comparison: Comparison, value: &str, request: &Request, version: Version) -> Truth {
    if test.values.is_empty() {
        return Truth::Unknown;
    }
    let one = |own: &str| compares(comparison, own, value, request, version);
    let found = Truth::any(test.values.iter().map(|own| own.literal().map_or(Truth::Unknown, one)));
    if test.complete { found } else { found.or(Truth::Unknown) }
}

fn compares(comparison: Comparison, own: &str, value: &str, request: &Request, version: Version) -> Truth {
    use Comparison as C;
    let has_variable = own.contains("${");
    if has_variable && version == Version::Unknown {
        return Truth::Unknown;
    }
    let text = |is_pattern: bool| -> Result<Vec<Unit>, Truth> {
        let units = match filled(own, request, has_variable && version == Version::V2012) {
            Filled::Units(units) => units,
            Filled::Missing => return Err(Truth::No),
            Filled::Unknown => return Err(Truth::Unknown),
        };
        if is_pattern {
            return Ok(units);
        }
        let plain = |unit: Unit| match unit {
            Unit::Any => Unit::Just('*'),
            Unit::One => Unit::Just('?'),
            just => just,
        };
        Ok(units.into_iter().map(plain).collect())
    };
    let spelt = |units: &[Unit]| -> String {
        let chars = units.iter().map(|unit| if let Unit::Just(c) = unit { *c } else { '*' });
        chars.collect()
    };
    match comparison {
        C::StringEquals => text(false).map_or_else(|end| end, |own| Truth::of(spelt(&own) == value)),
        C::StringEqualsIgnoreCase => text(false).map_or_else(
            |end| end,
            |own| {
                let own = spelt(&own);
                let known = own.is_ascii() && value.is_ascii();
                if known || own == value { Truth::of(own.eq_ignore_ascii_case(value)) } else { Truth::Unknown }
            },
        ),
        C::StringLike => text(true).map_or_else(|end| end, |own| Truth::of(text_matches(&own, value))),
        C::Arn => text(true).map_or_else(|end| end, |own| arn_of_condition_matches(&own, value)),
        C::NumericEquals
        | C::NumericLessThan
        | C::NumericLessThanEquals
        | C::NumericGreaterThan
        | C::NumericGreaterThanEquals
        | C::DateEquals
        | C::DateLessThan
        | C::DateLessThanEquals
        | C::DateGreaterThan
        | C::DateGreaterThanEquals => in_order(comparison, own, value),
        C::Bool => match (own.to_ascii_lowercase().as_str(), value.to_ascii_lowercase().as_str()) {
            ("true" | "false", its @ ("true" | "false")) => Truth::of(own.eq_ignore_ascii_case(its)),
            _ => Truth::Unknown,
        },
        C::IpAddress => in_block(own, value),
        C::BinaryEquals => {
            if own == value {
                Truth::Yes
            } else {
                Truth::Unknown
            }
        }
        C::Null => Truth::Unknown,
    }
}

fn in_order(comparison: Comparison, own: &str, value: &str) -> Truth {
    use Comparison as C;
    let is_date = matches!(
        comparison,
        C::DateEquals | C::DateLessThan | C::DateLessThanEquals | C::DateGreaterThan | C::DateGreaterThanEquals
    );
    let read = if is_date { moment } else { number };
    let (Some(own), Some(value)) = (read(own), read(value)) else { return Truth::Unknown };
    Truth::of(match comparison {
        C::NumericLessThan | C::DateLessThan => value < own,
        C::NumericLessThanEquals | C::DateLessThanEquals => value <= own,
        C::NumericGreaterThan | C::DateGreaterThan => value > own,
        C::NumericGreaterThanEquals | C::DateGreaterThanEquals => value >= own,
        _ => value == own,
    })
}

/// A number as its sign, whole part and fraction, so that no digit is lost.
fn number(text: &str) -> Option<(i64, i64)> {
    let (sign, digits) = if let Some(rest) = text.strip_prefix('-') { (-1, rest) } else { (1, text) };
    let mut parts = digits.split('.');
    let (whole, fraction, rest) = (parts.next()?, parts.next(), parts.next());
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if rest.is_some() || !is_number(whole) || !fraction.is_none_or(is_number) {
        return None;
    }
    let fraction = fraction.unwrap_or("0");
    if whole.len() > 17 || fraction.len() > 9 {
        return None;
    }
    let billionths: i64 = fraction.parse::<i64>().ok()? * 10_i64.pow(9 - fraction.len() as u32);
    Some((sign * whole.parse::<i64>().ok()?, sign * billionths))
}

/// Seconds since 1970 and billionths of one.
fn moment(text: &str) -> Option<(i64, i64)> {
    if !text.contains('-') {
        return number(text);
    }
    let (day, clock) = match text.find('T') {
        Some(at) => (&text[..at], text[at + 1..].trim_end_matches("+00:00").trim_end_matches('Z')),
        None => (text, "00:00:00"),
    };
    if text.contains('T') && !(text.ends_with('Z') || text.ends_with("+00:00")) {
        return None;
    }
    let whole = |list: Vec<&str>| -> Option<Vec<i64>> { list.into_iter().map(|part| part.parse().ok()).collect() };
    let day = whole(day.split('-').collect())?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let clock = whole(clock.split(':').collect())?;
    let (&[year, month, date], &[hour, minute, second]) = (day.as_slice(), clock.as_slice()) else { return None };
    if !(1..=12).contains(&month) || !(1..=31).contains(&date) || !(0..=9999).contains(&year) {
        return None;
    }
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let mut days: i64 = 0;
    for past in 1970..year {
        days += if is_leap(past) { 366 } else { 365 };
    }
    for before in year..1970 {
        days -= if is_leap(before) { 366 } else { 365 };
    }
    let months = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += months[..month as usize - 1].iter().sum::<i64>() + date - 1;
    let (_, billionths) = number(&format!("0.{fraction}"))?;
    Some((days * 86_400 + hour * 3600 + minute * 60 + second, billionths))
}

/// Whether an address lies in a block, bit by bit from the left.
fn in_block(block: &str, address: &str) -> Truth {
    let (start, length) = match block.split_once('/') {
        Some((start, length)) => (start, length.parse::<usize>().ok()),
        None => (block, Some(usize::MAX)),
    };
    let bits = |address: &str| -> Option<Vec<bool>> {
        let octets = match address.parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        Some(octets.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1)).collect())
    };
    let (Some(start), Some(length), Some(address)) = (bits(start), length, bits(address)) else {
        return Truth::Unknown;
    };
    if length != usize::MAX && length > start.len() {
        return Truth::Unknown;
    }
    let length = length.min(start.len());
    Truth::of(start.len() == address.len() && start[..length] == address[..length])
}
