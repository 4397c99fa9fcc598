//! The first bad and the first good fixture of each rule, compiled in for `explain`.

/// A file that shows a rule.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    pub name: &'static str,
    pub text: &'static str,
}

/// The bad and the good example of a rule; a rule of the user's own has none.
pub fn of(id: &str) -> Option<(Example, Example)> {
    let index = EXAMPLES.binary_search_by_key(&id, |row| row.0).ok()?;
    let (_, bad, good) = EXAMPLES[index];
    Some((bad, good))
}

/// The text without the marks that tests read.
pub fn without_marks(text: &str) -> String {
    let strip = |line: &str| line.split("#~").next().unwrap_or_default().trim_end().to_owned();
    let lines: Vec<String> = text.lines().map(strip).collect();
    lines.join("\n") + "\n"
}

/// Sorted by rule; a test holds it against the folder.
pub const EXAMPLES: &[(&str, Example, Example)] = &[];
