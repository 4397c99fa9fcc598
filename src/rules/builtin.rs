//! The packs that are compiled in. They take the same road as a user's own, from where the YAML is read.

use super::pack::{self, Rule};
use crate::packed;
use std::sync::LazyLock;

pub use super::packs::NAMES as PACKS;

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| pack::compiled(packed::json(PACKED)));

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/packs.bin"));

/// The rules of all built-in packs.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// Those that are asked where none are selected.
pub fn asked_by_default() -> Vec<Rule> {
    rules().iter().filter(|rule| !rule.on_request).cloned().collect()
}
