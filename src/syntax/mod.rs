//! Text to one spanned tree, with comments. Reading never fails: it gives a tree and what was wrong
//! with the text. Knows nothing of what the keys mean.

mod decoded;
pub mod dockerfile;
pub mod hcl;
mod json;
pub mod makefile;
mod node;
mod pieces;
mod repair;
pub mod shell;
mod yaml;

pub use node::{Entry, Kind, Node, Scalar};
pub use pieces::{Member, members};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, OffsetMap, Span, Spanned};
use std::collections::{HashMap, HashSet};

/// The rule under which every problem of syntax is reported.
pub const PARSE_ERROR: &str = "parse-error";

/// What was read from a text.
#[derive(Debug, Default)]
pub struct Parsed {
    /// One root per document.
    pub documents: Vec<Node>,
    /// The text is JSON, and its documents stand one behind the other: no single JSON text, yet what
    /// several calls print into one file.
    pub is_json_sequence: bool,
    /// Text after `#` or inside `//` and `/* */`, with the place of the whole comment.
    pub comments: Vec<Spanned<String>>,
    pub problems: Vec<Diagnostic>,
    /// Places that were read otherwise than they are written.
    pub repaired: Vec<Span>,
    /// The text is a template of Jinja, Go or the like, and no YAML or JSON before that tool ran.
    pub text_template: bool,
}

impl Parsed {
    /// The root of the first document.
    pub fn root(&self) -> Option<&Node> {
        self.documents.first()
    }
}

/// Reads a whole file.
pub fn parse(text: &str, file: FileId) -> Parsed {
    let unfenced = without_raw_fences(text);
    let text = unfenced.as_deref().unwrap_or(text);
    match text.strip_prefix('\u{feff}') {
        Some(rest) => parse_at(rest, &OffsetMap::verbatim(file, '\u{feff}'.len_utf8() as u32)),
        None => parse_at(text, &OffsetMap::verbatim(file, 0)),
    }
}

/// Jekyll is told by `{% raw %}` and `{% endraw %}`, on lines of their own, to leave a text alone.
/// Blanks stand in for the fences, so that every byte keeps its place.
fn without_raw_fences(text: &str) -> Option<String> {
    let is_fence = |line: &str| {
        let inside = line.trim().strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}"));
        inside.is_some_and(|inside| matches!(inside.trim_matches('-').trim(), "raw" | "endraw"))
    };
    if !text.contains("{%") || !text.lines().any(is_fence) {
        return None;
    }
    let unfenced = text.split_inclusive('\n').map(|line| match is_fence(line) {
        true => line
            .chars()
            .map(|c| if c == '\n' || c == '\r' { c.to_string() } else { " ".repeat(c.len_utf8()) })
            .collect(),
        false => line.to_owned(),
    });
    Some(unfenced.collect())
}

/// Reads a text that stands inside a file, in a scalar for instance; spans are those of the file.
pub fn parse_at(text: &str, origin: &OffsetMap) -> Parsed {
    if !looks_like_json(text) {
        return repair::parse_yaml(text, origin);
    }
    let error = match json::parse(text, origin) {
        Ok(parsed) => return parsed,
        Err(error) => error,
    };
    if error.is_second_value
        && let Some(parsed) = parse_sequence(text, origin)
    {
        return parsed;
    }
    // YAML in flow style starts with a bracket too, and so does JSON with short-form tags.
    let as_yaml = yaml::parse(text, origin);
    match as_yaml.error {
        // `{"a": 1, ... "b": 2}` is a key `... "b"` to YAML.
        None if !as_yaml.parsed.documents.iter().any(has_quotes_in_keys) => as_yaml.parsed,
        _ if looks_like_text_template(text) => Parsed { text_template: true, ..Parsed::default() },
        _ => repair::parse_json(text, origin, error),
    }
}

/// JSON values that follow each other, each read by itself.
fn parse_sequence(text: &str, origin: &OffsetMap) -> Option<Parsed> {
    let values = pieces::values(text);
    if !values.iter().all(|range| text[range.clone()].starts_with(['{', '['])) {
        return None;
    }
    let mut sequence = Parsed { is_json_sequence: true, ..Parsed::default() };
    for range in values {
        let parsed = parse_at(&text[range.clone()], &origin.slice(range));
        sequence.documents.extend(parsed.documents);
        sequence.comments.extend(parsed.comments);
        sequence.problems.extend(parsed.problems);
        sequence.repaired.extend(parsed.repaired);
    }
    Some(sequence)
}

/// What is wrong with a sequence of JSON values where one is expected.
pub fn second_value(span: Span) -> Diagnostic {
    let mut found = problem(span, "this is not JSON: text cannot contain more than one JSON value", "the second one");
    found.subject = "json".into();
    found.with_help("keep one document in a file")
}

/// A text in percent-encoding, decoded, with the places of its characters in the file; `None` for a
/// text that is not encoded so.
pub fn percent_decoded(text: &str, origin: &OffsetMap) -> Option<(String, OffsetMap)> {
    let (decoded, inner) = decoded::percent(text, origin.file())?;
    let map = origin.compose(&inner, decoded.len());
    Some((decoded, map))
}

/// Whether a text starts with a bracket, a byte order mark aside: it is JSON, or written in its style.
pub fn starts_with_bracket(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

/// Whether a text starts with a bracket, comments of JSON aside.
fn looks_like_json(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        let end = if rest.starts_with("//") {
            rest.find('\n')
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|at| at + 2)
        } else {
            return rest.starts_with(['{', '[']);
        };
        rest = end.map_or("", |end| rest[end..].trim_start());
    }
}

/// A plain key with a double quote in it: a slip of JSON that YAML takes for text.
fn has_quotes_in_keys(document: &Node) -> bool {
    let mut found = false;
    document.walk(&mut |node| {
        found |= node
            .entries()
            .unwrap_or_default()
            .iter()
            .any(|entry| entry.key.as_scalar().is_some_and(|key| !key.quoted && key.text.contains('"')));
    });
    found
}

/// A problem of syntax, at its place.
fn problem(span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    Diagnostic::new(PARSE_ERROR, Severity::High, message.into(), Label::new(span, label))
}

/// How the subject of a problem starts that is about a key which stands several times.
const DUPLICATE_KEY: &str = "duplicate key";

fn is_duplicate_key(found: &Diagnostic) -> bool {
    found.subject.starts_with(DUPLICATE_KEY)
}

/// Keys of one mapping that are the same: readers keep the last, and the others are lost.
fn duplicate_key(key: &str, last: Span, lost: &[Span]) -> Diagnostic {
    let times = if lost.len() == 1 { "twice".to_owned() } else { format!("{} times", lost.len() + 1) };
    let mut found = problem(last, format!("the key `{key}` stands {times} in one mapping"), "this one is read");
    for span in lost.iter().take(4) {
        found = found.with_label(*span, "this one is lost");
    }
    found.subject = format!("{DUPLICATE_KEY} {key}");
    found.with_help(format!("keep one `{key}`, or join {}", if lost.len() == 1 { "the two" } else { "them" }))
}

/// `{% … %}`, `<% … %>`, or `{{ … }}` other than CloudFormation's `{{resolve:…}}` and the `${{ … }}`
/// of workflows and of the Serverless Framework, which are plain text to YAML.
fn looks_like_text_template(text: &str) -> bool {
    let in_line = |line: &str| {
        // The last of the closing braces is sought once, so that a line full of `{{` costs one walk.
        let last = line.rfind("}}");
        line.match_indices("{{").any(|(at, _)| {
            let is_text = line[at + 2..].trim_start().starts_with("resolve:") || line[..at].ends_with('$');
            !is_text && last.is_some_and(|end| end > at)
        })
    };
    text.lines().any(in_line) || text.contains("{%") || text.contains("<%")
}

/// Adds the entries of merge keys (`<<: *defaults`) that the mapping does not have itself.
fn resolve_merge_keys(entries: &mut Vec<Entry>) {
    let is_merge = |entry: &Entry| entry.key.as_scalar().is_some_and(|key| key.text == "<<" && !key.quoted);
    if !entries.iter().any(is_merge) {
        return;
    }
    let (merges, own): (Vec<Entry>, Vec<Entry>) = entries.drain(..).partition(is_merge);
    let mut known: HashSet<String> = own.iter().filter_map(|entry| entry.key.as_str()).map(str::to_owned).collect();
    *entries = own;
    for merge in merges {
        let sources = match merge.value.items() {
            Some(items) => items.to_vec(),
            None => vec![merge.value.clone()],
        };
        let inherited: Vec<Entry> = sources.iter().filter_map(Node::entries).flatten().cloned().collect();
        if inherited.is_empty() {
            // `<<: !Include x` and the like stay, as a key that nobody asks for.
            entries.push(merge);
        }
        for entry in inherited {
            if entry.key.as_str().is_none_or(|key| known.insert(key.to_owned())) {
                entries.push(Entry { merged: true, ..entry });
            }
        }
    }
}

/// Of a mapping in order, the keys that stand in it more than once.
fn report_duplicate_keys(entries: &[Entry], problems: &mut Vec<Diagnostic>) {
    // Most mappings are small: comparing each pair beats building a map.
    let key_at = |index: usize| entries[index].key.as_str();
    let is_repeated = |index: usize| key_at(index).is_some() && (0..index).any(|other| key_at(other) == key_at(index));
    if entries.len() <= 16 && !(0..entries.len()).any(is_repeated) {
        return;
    }
    let mut order: Vec<&str> = Vec::new();
    let mut places: HashMap<&str, Vec<Span>> = HashMap::with_capacity(entries.len());
    for (key, span) in entries.iter().filter_map(|entry| Some((entry.key.as_str()?, entry.key.span()))) {
        let known = places.entry(key).or_default();
        known.push(span);
        if known.len() == 2 {
            order.push(key);
        }
    }
    for key in order {
        if let Some((last, lost)) = places[key].split_last() {
            problems.push(duplicate_key(key, *last, lost));
        }
    }
}
