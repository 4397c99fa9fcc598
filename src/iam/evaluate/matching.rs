//! Whether one name matches one pattern.

use crate::iam::answer::Truth;
use crate::iam::document::Version;
use crate::iam::request::Request;

/// How `*` in the middle of an ARN is read, which the documentation does not settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colons {
    /// It stands for colons too.
    Matched,
    /// It does not, before the fifth colon.
    NotMatched,
}

/// One unit of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Any,
    One,
    Just(char),
}

pub fn action_matches(pattern: &str, action: &str) -> Truth {
    if begins_otherwise(pattern, action, |own, its| own.eq_ignore_ascii_case(&its)) {
        return Truth::No;
    }
    let text: Vec<char> = action.to_ascii_lowercase().chars().collect();
    Truth::of(matches(&units(&pattern.to_ascii_lowercase()), &text))
}

/// Whether they differ before the first wildcard: most patterns are told apart so.
fn begins_otherwise(pattern: &str, text: &str, are_equal: impl Fn(u8, u8) -> bool) -> bool {
    let letters = pattern.bytes().take_while(|byte| !matches!(byte, b'*' | b'?'));
    letters.zip(text.bytes()).any(|(own, its)| !are_equal(own, its))
}

/// Whether the resource of a request matches an entry of `Resource`.
pub fn arn_matches(pattern: &str, request: &Request, version: Version, colons: Colons) -> Truth {
    let has_variable = pattern.contains("${");
    if has_variable && version == Version::Unknown {
        return Truth::Unknown;
    }
    let is_whole = pattern.bytes().filter(|byte| *byte == b':').count() >= 5;
    if is_whole && !has_variable && begins_otherwise(pattern, &request.resource, |own, its| own == its) {
        return Truth::No;
    }
    let text: Vec<char> = request.resource.chars().collect();
    let units = match filled(pattern, request, version == Version::V2012 && has_variable) {
        Filled::Units(units) => units,
        // Without the value of a variable nothing matches.
        Filled::Missing => return Truth::No,
        Filled::Unknown => return Truth::Unknown,
    };
    if units.iter().all(|unit| *unit == Unit::Any) && !units.is_empty() {
        return Truth::Yes;
    }
    let own: Vec<&[Unit]> = segments(&units, |unit| *unit == Unit::Just(':'));
    let is_short = own.len() < 6;
    let ends_open = units.last() == Some(&Unit::Any);
    if is_short && !ends_open {
        // What stands for the missing parts of an ARN is not documented.
        return Truth::Unknown;
    }
    if has_variable && is_short {
        return Truth::Unknown;
    }
    if colons == Colons::Matched {
        return Truth::of(matches(&units, &text));
    }
    // A pattern that is cut short stands for ARNs of six parts, of which the last may be any.
    let its: Vec<&[char]> = text.splitn(6, |c| *c == ':').collect();
    Truth::of(its.len() == 6 && own.iter().zip(&its).all(|(own, its)| matches(own, its)))
}

/// The parts between the first five separators.
fn segments(units: &[Unit], is_colon: impl Fn(&Unit) -> bool) -> Vec<&[Unit]> {
    units.splitn(6, is_colon).collect()
}

/// Whether a text matches a pattern of a condition, case-sensitively.
pub fn text_matches(pattern: &[Unit], text: &str) -> bool {
    matches(pattern, &text.chars().collect::<Vec<_>>())
}

/// Whether an ARN matches a pattern of a condition: part by part.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>
pub fn arn_of_condition_matches(pattern: &[Unit], text: &str) -> Truth {
    if !pattern.is_empty() && pattern.iter().all(|unit| *unit == Unit::Any) {
        return if pattern.len() == 1 { Truth::Yes } else { Truth::Unknown };
    }
    let own = segments(pattern, |unit| *unit == Unit::Just(':'));
    if own.len() < 6 {
        return Truth::Unknown;
    }
    let its: Vec<&str> = text.splitn(6, ':').collect();
    let same = its.len() == 6 && own.iter().zip(&its).all(|(own, its)| text_matches(own, its));
    Truth::of(same)
}

/// By trying every length that a `*` may have.
pub fn matches(pattern: &[Unit], text: &[char]) -> bool {
    // For each length of the text whether the units so far match its beginning.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for unit in pattern {
        let Some(first) = reached.iter().position(|reached| *reached) else { return false };
        match unit {
            Unit::Any => reached[first..].fill(true),
            Unit::One | Unit::Just(_) => {
                for at in (first..text.len()).rev() {
                    reached[at + 1] = reached[at] && (*unit == Unit::One || *unit == Unit::Just(text[at]));
                }
                reached[first] = false;
            }
        }
    }
    reached[text.len()]
}

pub fn units(pattern: &str) -> Vec<Unit> {
    let unit = |c| match c {
        '*' => Unit::Any,
        '?' => Unit::One,
        c => Unit::Just(c),
    };
    pattern.chars().map(unit).collect()
}

/// A pattern with the variables of the policy replaced by what the request says.
pub enum Filled {
    Units(Vec<Unit>),
    /// The request lacks a value.
    Missing,
    Unknown,
}

/// `${key}` and `${key, 'default'}`; what comes in for them has no wildcards.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
pub fn filled(pattern: &str, request: &Request, has_variables: bool) -> Filled {
    if !has_variables {
        return Filled::Units(units(pattern));
    }
    let mut found = Vec::new();
    let mut rest = pattern;
    while let Some((before, inside)) = rest.split_once("${") {
        found.extend(units(before));
        let Some((name, after)) = inside.split_once('}') else { return Filled::Unknown };
        rest = after;
        if let "*" | "?" | "$" = name {
            found.extend(name.chars().map(Unit::Just));
            continue;
        }
        let (key, default) = match name.split_once(',') {
            Some((key, default)) => (key, Some(default.trim())),
            None => (name, None),
        };
        let key = key.trim().to_ascii_lowercase();
        let value = match (request.context.get(&key).map(Vec::as_slice), default) {
            (Some([one]), _) => one.clone(),
            (Some([_, _, ..]), _) => return Filled::Unknown,
            (None, _) if request.open => return Filled::Unknown,
            (Some([]) | None, Some(default)) => {
                let bare = default.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
                match bare {
                    Some(bare) => bare.to_owned(),
                    None => return Filled::Unknown,
                }
            }
            (Some([]) | None, None) => return Filled::Missing,
        };
        found.extend(value.chars().map(Unit::Just));
    }
    found.extend(units(rest));
    Filled::Units(found)
}
