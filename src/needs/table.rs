//! How many actions of each service a role is granted, and how many of them are needed, by access level.

use super::compare::{Comparison, State, Used};
use super::{Certainty, Needs};
use crate::iam::catalogue::{AccessLevel, Action};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// By the prefix of the service.
pub type Table = BTreeMap<(&'static str, AccessLevel), Counts>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub granted: usize,
    pub used: usize,
    pub unused: usize,
    /// Needed for certain, and not granted.
    pub missing: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.granted += other.granted;
        self.used += other.used;
        self.unused += other.unused;
        self.missing += other.missing;
    }
}

pub fn table(needs: &Needs, compared: &Comparison) -> Table {
    let mut table = Table::new();
    let key = |action: Action| (action.service().prefix(), action.level());
    for action in &compared.granted {
        let counts = table.entry(key(*action)).or_default();
        counts.granted += 1;
        counts.unused += 1;
    }
    for of_action in compared.used.chunk_by(|one, other| one.action == other.action) {
        let Some(used) = of_action.first() else { continue };
        let counts = table.entry(key(used.action)).or_default();
        if compared.granted.contains(&used.action) {
            counts.used += 1;
            counts.unused -= 1;
        }
        counts.missing += usize::from(of_action.iter().any(|used| is_missing(needs, used)));
    }
    // What is likely alone has no count.
    table.retain(|_, counts| *counts != Counts::default());
    table
}

/// Whether something is sure to fail.
pub fn is_missing(needs: &Needs, used: &Used) -> bool {
    used.state == State::Missing && needs.needs[used.need].certainty == Certainty::Certain
}
