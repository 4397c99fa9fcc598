//! The findings that are about suppressions themselves: what each means, and an example. No pack holds them, as
//! no rule alone knows whether a suppression is of use.

use crate::diagnostic::Severity;

/// A finding about suppressions.
#[derive(Clone, Copy, Debug)]
pub struct OwnRule {
    pub id: &'static str,
    pub severity: Severity,
    pub summary: &'static str,
    pub why: &'static str,
    pub help: &'static str,
    /// A buildspec that shows it, and one that does not.
    pub bad: &'static str,
    pub good: &'static str,
    /// What the configuration says to the example.
    pub config: &'static str,
}

pub(super) const BAD: &str = "bad-suppression";
pub(super) const UNUSED: &str = "unused-suppression";
pub(super) const EXPIRED: &str = "expired-suppression";
pub(super) const EXPIRES_SOON: &str = "suppression-expires-soon";
pub(super) const LOCKED: &str = "locked-suppression";

pub const RULES: [OwnRule; 5] = [
    OwnRule {
        id: BAD,
        severity: Severity::Medium,
        summary: "a suppression that cannot be read, or that the configuration does not accept",
        why: "A suppression with a misspelled word hides nothing, and who wrote it believes that it does. One without the \
              reason or the date that the configuration asks for cannot be judged by those who come later.",
        help: "write the name that is meant; give the reason behind `--`, and the date with `until=2027-01-31`",
        bad: include_str!("../../fixtures/suppressions/bad-suppression/bad.yml"),
        good: include_str!("../../fixtures/suppressions/bad-suppression/good.yml"),
        config: "",
    },
    OwnRule {
        id: UNUSED,
        severity: Severity::Low,
        summary: "a suppression of something that is not found any more",
        why: "What it was written for is mended. Left in place it hides the same fault when somebody brings it back, and \
              nobody looks at it again.",
        help: "remove it",
        bad: include_str!("../../fixtures/suppressions/unused-suppression/bad.yml"),
        good: include_str!("../../fixtures/suppressions/unused-suppression/good.yml"),
        config: "",
    },
    OwnRule {
        id: EXPIRED,
        severity: Severity::Low,
        summary: "a suppression whose date is past, so that it does not count",
        why: "The date was set so that somebody looks again. The finding that was hidden is told beside this one.",
        help: "mend what was hidden and remove the suppression, or give it a new date with a new reason",
        bad: include_str!("../../fixtures/suppressions/expired-suppression/bad.yml"),
        good: include_str!("../../fixtures/suppressions/expired-suppression/good.yml"),
        config: "",
    },
    OwnRule {
        id: EXPIRES_SOON,
        severity: Severity::Info,
        summary: "a suppression that ends in the next 30 days",
        why: "When it ends the finding fails the run, and that should surprise nobody on the day of a release.",
        help: "mend what it hides before that day, or give it a new date with a new reason",
        bad: include_str!("../../fixtures/suppressions/suppression-expires-soon/bad.yml"),
        good: include_str!("../../fixtures/suppressions/suppression-expires-soon/good.yml"),
        config: "",
    },
    OwnRule {
        id: LOCKED,
        severity: Severity::Low,
        summary: "a suppression in a file, where the configuration is locked",
        why: "With `lock = true` those who keep the configuration decide what is not told. A comment or metadata in a file \
              of the repository does not count, and says something that is not so.",
        help: "mend what it would hide, or ask for an entry `[[ignore]]` in the configuration, and remove it",
        bad: include_str!("../../fixtures/suppressions/locked-suppression/bad.yml"),
        good: include_str!("../../fixtures/suppressions/locked-suppression/good.yml"),
        config: "lock = true\n",
    },
];

/// The one with an id.
pub fn own_rule(id: &str) -> Option<&'static OwnRule> {
    RULES.iter().find(|rule| rule.id == id)
}
