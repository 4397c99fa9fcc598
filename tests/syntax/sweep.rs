//! Every fixture: each character of each scalar points at its source, and no cut or change of a
//! file stops the reader.

use super::walk::{files_below, shown};
use super::{Read, read};
use iamlint::syntax::{Kind, Node, Scalar};
use rayon::prelude::*;
use std::fs;

#[test]
fn every_character_of_every_scalar_points_at_its_source() {
    let mut wrong = Vec::new();
    let mut scalars = 0;
    for (path, text) in fixtures() {
        let read = read(&text);
        for document in &read.parsed.documents {
            document.walk(&mut |node| {
                if let Some(scalar) = node.as_scalar() {
                    scalars += 1;
                    wrong.extend(misplaced(&read, scalar).map(|what| format!("{path}: {what}")));
                }
            });
        }
    }
    assert!(scalars > 500, "only {scalars} scalars were looked at");
    assert!(wrong.is_empty(), "{} of {scalars}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_span_lies_in_its_file_and_its_parent() {
    let mut wrong = Vec::new();
    for (path, text) in fixtures() {
        let read = read(&text);
        let mut complain = |what: &str, node: &Node| {
            wrong.push(format!("{path}: {what}: {:?} {:?}", node.span(), node.kind()));
        };
        for document in &read.parsed.documents {
            document.walk(&mut |node| {
                if text.get(node.span().range()).is_none() {
                    complain("out of the text, or within a character", node);
                }
                if node.tag().is_some_and(|tag| !read.slice(tag.span).starts_with('!')) {
                    complain("a tag elsewhere", node);
                }
                for child in children(node) {
                    if !node.span().contains(child.site()) {
                        complain("not within its parent", child);
                    }
                }
            });
        }
        for span in read.parsed.problems.iter().flat_map(|found| found.all_labels()).map(|label| label.span) {
            assert!(text.get(span.range()).is_some(), "{path}: a problem out of the text");
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_comment_is_found() {
    let mut wrong = Vec::new();
    for (path, text) in fixtures() {
        let read = read(&text);
        let comments = &read.parsed.comments;
        for comment in comments {
            if !read.slice(comment.span).starts_with(['#', '/']) {
                wrong.push(format!("{path}: no comment: {}", read.slice(comment.span)));
            }
        }
        // What marks a finding is a comment, and so is a line that starts with `#` before the first key.
        let marks = text.match_indices("#~ ").map(|(at, _)| at);
        let head = text.split_inclusive('\n').scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            line.starts_with('#').then_some(start)
        });
        let is_yaml = path.ends_with(".yml") || path.ends_with(".yaml");
        for at in marks.chain(head).filter(|_| is_yaml && !read.parsed.text_template) {
            if !comments.iter().any(|comment| comment.span.range().contains(&at)) {
                wrong.push(format!("{path}: byte {at}: a comment was not found"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_prefix_of_a_fixture_stops_the_reader() {
    fixtures().par_iter().for_each(|(_, text)| {
        let step = (text.len() * text.len() / 300_000).max(1);
        for end in (0..text.len()).step_by(step).filter(|end| text.is_char_boundary(*end)) {
            read(&text[..end]);
        }
    });
}

#[test]
fn no_change_of_bytes_stops_the_reader() {
    let fixtures: Vec<(String, String)> =
        fixtures().into_iter().filter(|(_, text)| (1..6_000).contains(&text.len())).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..2_000 {
        let (_, text) = &fixtures[round % fixtures.len()];
        let mut bytes = text.clone().into_bytes();
        for _ in 0..=dice.below(4) {
            let at = dice.below(bytes.len());
            match dice.below(4) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, NASTY[dice.below(NASTY.len())]),
                2 => bytes[at] = NASTY[dice.below(NASTY.len())],
                _ => {
                    let copied = bytes[at..(at + dice.below(40)).min(bytes.len())].to_vec();
                    let to = dice.below(bytes.len());
                    bytes.splice(to..to, copied);
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let read = read(&text);
        for document in &read.parsed.documents {
            document
                .walk(&mut |node| assert!(text.get(node.span().range()).is_some(), "{:?} of {text:?}", node.span()));
        }
    }
}

const NASTY: &[u8] = b"\t\n\r \"'{}[]:,-#&*!|>%@`\\?~\0$<\xef\xbb\xbf\xc3u";

/// Pseudo-random numbers, the same on every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit.max(1)
    }
}

/// Path and text of every fixture that a reader of YAML and JSON may be given.
fn fixtures() -> Vec<(String, String)> {
    let endings = ["yml", "yaml", "json", "template", "j2"];
    let is_text = |path: &std::path::PathBuf| {
        path.extension().is_some_and(|extension| endings.iter().any(|ending| extension == *ending))
    };
    // A folder of public templates may be named to be swept as well.
    let corpus = std::env::var_os("IAMLINT_CORPUS").map(files_below).unwrap_or_default();
    let files = files_below("fixtures").into_iter().chain(corpus).filter(is_text);
    files.filter_map(|path| Some((shown(&path), fs::read_to_string(&path).ok()?))).collect()
}

fn children(node: &Node) -> Vec<&Node> {
    match node.kind() {
        Kind::Sequence(items) => items.iter().collect(),
        Kind::Mapping(entries) => {
            entries.iter().filter(|entry| !entry.merged).flat_map(|entry| [&entry.key, &entry.value]).collect()
        }
        _ => Vec::new(),
    }
}

/// The first character of a scalar whose place is not where it is written.
fn misplaced(read: &Read, scalar: &Scalar) -> Option<String> {
    for (at, c) in scalar.text.char_indices() {
        let span = scalar.map.span(at..at + c.len_utf8());
        let source = read.slice(span);
        if !stands_for(source, c) {
            let before = &scalar.text[..at];
            return Some(format!("{c:?} behind {before:?} points at {source:?} ({span:?})"));
        }
    }
    None
}

/// Whether a character may be written so: as itself, as an escape, or as folded white space.
fn stands_for(source: &str, c: char) -> bool {
    let mut written = source.chars();
    if written.next() == Some(c) && written.as_str().is_empty() {
        return true;
    }
    match c {
        '\'' if source == "''" => true,
        // The last line break of a block scalar may be missing at the end of the file.
        '\n' if source.is_empty() => true,
        _ if source.starts_with('\\') => unescaped(source) == Some(c),
        _ => c.is_whitespace() && !source.is_empty() && source.chars().all(char::is_whitespace),
    }
}

/// The character that an escape sequence of YAML or JSON stands for.
fn unescaped(source: &str) -> Option<char> {
    let code = |digits: &str| u32::from_str_radix(digits, 16).ok();
    let mut chars = source.strip_prefix('\\')?.chars();
    let kind = chars.next()?;
    let rest = chars.as_str();
    Some(match kind {
        'n' => '\n',
        't' | '\t' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '0' => '\0',
        'a' => '\u{7}',
        'e' => '\u{1b}',
        'v' => '\u{b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'u' if rest.len() == 10 => {
            let units = [code(&rest[..4])? as u16, code(&rest[6..])? as u16];
            char::decode_utf16(units).next()?.ok()?
        }
        // Half of a surrogate pair is no character.
        'x' | 'u' | 'U' => char::from_u32(code(rest)?).unwrap_or(char::REPLACEMENT_CHARACTER),
        other => other,
    })
}
