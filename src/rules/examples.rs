//! The first bad and the first good fixture of each rule, compiled in for `explain`.

use crate::packed;
use crate::source::Sources;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The day on which examples are looked at.
pub const DAY: Date = Date::constant(2027, 3, 1);

/// Names and texts of the files of an example.
type Files = Vec<(String, String)>;

/// The bad and the good example of each rule, by its id.
static EXAMPLES: LazyLock<BTreeMap<String, [Files; 2]>> = LazyLock::new(|| packed::json(PACKED));

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/examples.bin"));

/// The files of the bad and of the good example of a rule, without marks; a rule of the user's own has none.
pub fn of(id: &str) -> Option<[Sources; 2]> {
    let examples = EXAMPLES.get(id)?;
    Some(examples.each_ref().map(|files| {
        let mut sources = Sources::new();
        for (name, text) in files {
            sources.add(name, without_marks(text));
        }
        sources
    }))
}

/// The text without the marks that tests read.
fn without_marks(text: &str) -> String {
    let strip = |line: &str| line.split("#~").next().unwrap_or_default().trim_end().to_owned();
    let lines: Vec<String> = text.lines().map(strip).collect();
    lines.join("\n") + "\n"
}
