//! What there is to say of suppressions themselves: misspelled, unused, expired, without a reason.

use super::finding::{BAD, EXPIRED, EXPIRES_SOON, LOCKED, UNUSED, own_rule};
use super::{Circumstances, Spelling, Suppression, write};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::rules::pack::suggest;
use crate::source::{Sources, Span};
use jiff::{Unit, civil::Date};

/// As many days before the end it is told.
const SOON: i64 = 30;

/// Whether a suppression hides anything.
pub fn counts(one: &Suppression, circumstances: &Circumstances<'_>) -> bool {
    !is_locked_out(one, circumstances) && !is_expired(one, circumstances)
}

/// What there is to say of a suppression that could be read.
pub fn of(
    sources: &Sources,
    one: &Suppression,
    circumstances: &Circumstances<'_>,
    is_used: &dyn Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    // What is written for another tool is that tool's to judge.
    if matches!(one.spelling, Spelling::Peer(_)) || !is_looked_at(sources, one, circumstances) {
        return Vec::new();
    }
    let names = one.rules.iter().map(|rule| rule.value.as_str()).collect::<Vec<_>>().join(", ");
    if is_locked_out(one, circumstances) {
        let message = "the configuration is locked: no comment and no metadata suppresses anything";
        return vec![finding(LOCKED, one.span, message, "this does not count", &names)];
    }
    let settings = &circumstances.config.file.suppressions;
    let mut found = Vec::new();
    if settings.require_reason && one.reason.is_none() {
        found.push(finding(BAD, one.span, "this suppression has no reason", "no reason", &names).with_help(
            match one.spelling {
                Spelling::Comment => "write it behind `--`",
                _ => "write it as `reason`",
            },
        ));
    }
    if let (Some(most), Some(today)) = (settings.max_days, circumstances.today)
        && one.until.as_ref().is_none_or(|until| days(today, until.value) > i64::from(most))
    {
        let span = one.until.as_ref().map_or(one.span, |until| until.span);
        let message = format!("this suppression holds for more than {most} days");
        found.push(finding(BAD, span, message, "too long", &names).with_help("give it a date with `until`"));
    }
    if let (Some(until), Some(today)) = (&one.until, circumstances.today) {
        let left = days(today, until.value);
        if left < 0 {
            let message = format!("this suppression ended on {}", until.value);
            found.push(finding(EXPIRED, until.span, message, "it does not count any more", &names));
            return found;
        }
        if left <= SOON {
            let message = format!("this suppression ends on {}", until.value);
            found.push(finding(EXPIRES_SOON, until.span, message, "soon", &names));
        }
    }
    if circumstances.is_partial {
        return found;
    }
    let asked = one.rules.iter().filter(|rule| circumstances.asked.contains(rule.value.as_str()));
    found.extend(asked.filter(|rule| !is_used(&rule.value)).map(|rule| {
        let message = format!("nothing that `{}` finds is suppressed here", rule.value);
        let found = finding(UNUSED, rule.span, message, "unused", &rule.value).with_help("remove it");
        Diagnostic { fix: write::without(sources, one, rule), ..found }
    }));
    found
}

/// A suppression that cannot be read.
pub fn bad(span: Span, message: impl Into<String>) -> Diagnostic {
    let message = message.into();
    finding(BAD, span, message.clone(), "this does not count", &message)
}

/// A word that there is not, with the one that is meant.
pub fn misspelled(span: Span, what: &str, written: &str, known: &[&str]) -> Diagnostic {
    suggest(bad(span, format!("there is no {what} `{written}`")), written, known)
}

fn finding(rule: &str, span: Span, message: impl Into<String>, label: &str, subject: &str) -> Diagnostic {
    let severity = own_rule(rule).map_or(Severity::Medium, |rule| rule.severity);
    let mut found = Diagnostic::new(rule, severity, message.into(), Label::new(span, label));
    found.subject = subject.to_owned();
    found
}

fn is_locked_out(one: &Suppression, circumstances: &Circumstances<'_>) -> bool {
    circumstances.config.file.lock && one.spelling != Spelling::Config
}

fn is_expired(one: &Suppression, circumstances: &Circumstances<'_>) -> bool {
    let until = one.until.as_ref().map(|until| until.value);
    until.zip(circumstances.today).is_some_and(|(until, today)| until < today)
}

fn days(from: Date, to: Date) -> i64 {
    from.until((Unit::Day, to)).map_or(i64::MAX, |span| i64::from(span.get_days()))
}

/// Whether the run tells of the files that a suppression is for.
fn is_looked_at(sources: &Sources, one: &Suppression, circumstances: &Circumstances<'_>) -> bool {
    match one.within {
        Some(within) => (circumstances.is_reported)(within.file),
        None => sources.iter().any(|(file, source)| {
            file != one.span.file
                && (circumstances.is_reported)(file)
                && one.files.as_ref().is_none_or(|files| files.is_match(&source.path))
        }),
    }
}
