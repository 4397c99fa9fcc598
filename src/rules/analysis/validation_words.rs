//! The words for the codes of ValidatePolicy, from `data/validation-words.tsv`.

use crate::packed;
use std::sync::LazyLock;

/// How a code is told.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub code: &'static str,
    /// What the policy does.
    pub problem: &'static str,
    pub label: &'static str,
    pub help: &'static str,
}

static TABLE: LazyLock<String> =
    LazyLock::new(|| packed::text(include_bytes!(concat!(env!("OUT_DIR"), "/validation-words.bin"))));

static WORDS: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let words = rows.filter_map(|row| {
        let mut cells = row.split('\t');
        let (code, problem) = (cells.next()?, cells.next()?);
        Some(Words { code, problem, label: cells.next()?, help: cells.next()? })
    });
    words.collect()
});

/// The words of a code.
pub fn of(code: &str) -> Option<Words> {
    let index = WORDS.binary_search_by_key(&code, |words| words.code).ok()?;
    Some(WORDS[index])
}
