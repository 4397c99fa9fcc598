//! Where the characters of a decoded scalar stand in the text it was read from.

use crate::source::{FileId, OffsetMap, Run, Span};

/// How a YAML scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// `|`, with the number of spaces that indent its content.
    Literal(usize),
    /// `>`, likewise.
    Folded(usize),
}

/// A JSON string; `written` has its quotes and starts at `start`.
pub fn json_string(written: &str, value: &str, start: usize, file: FileId) -> OffsetMap {
    quoted(written, value, start, file, Style::DoubleQuoted)
}

/// A YAML scalar; `written` starts at `start` and has its quotes, but not the header of a block.
pub fn yaml_scalar(written: &str, value: &str, start: usize, file: FileId, style: Style) -> OffsetMap {
    match style {
        Style::Plain if written == value => OffsetMap::verbatim(file, start as u32),
        Style::SingleQuoted | Style::DoubleQuoted => quoted(written, value, start, file, style),
        _ => align(written, value, start, file, style),
    }
}

fn quoted(written: &str, value: &str, start: usize, file: FileId, style: Style) -> OffsetMap {
    let inside = written.get(1..written.len().saturating_sub(1)).unwrap_or("");
    if inside == value {
        return OffsetMap::verbatim(file, start as u32 + 1);
    }
    align(inside, value, start + 1, file, style)
}

/// A text in percent-encoding, decoded, with offsets into the encoded text; `None` where a sequence
/// is not complete or gives no UTF-8.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>
pub fn percent(written: &str, file: FileId) -> Option<(String, OffsetMap)> {
    let mut value = String::with_capacity(written.len());
    let mut units: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < written.len() {
        let rest = &written[at..];
        let plain = rest.find('%').unwrap_or(rest.len());
        if plain > 0 {
            value.push_str(&rest[..plain]);
            units.push((plain, plain));
            at += plain;
            continue;
        }
        let (letter, len) = percent_char(rest.as_bytes())?;
        value.push(letter);
        units.push((letter.len_utf8(), len));
        at += len;
    }
    let mut walk = Walk { written, value: &value, runs: Vec::new(), at: 0, read: 0, start: 0 };
    for (decoded, source) in units {
        if decoded == source { walk.verbatim(decoded) } else { walk.unit(decoded, source) }
    }
    let map = OffsetMap::from_runs(file, walk.runs);
    Some((value, map))
}

/// The character that a text in percent-encoding starts with, and how many bytes it is written in.
fn percent_char(written: &[u8]) -> Option<(char, usize)> {
    let byte = |index: usize| {
        let hex = written.get(3 * index..3 * index + 3)?.strip_prefix(b"%")?;
        u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    };
    let count = match byte(0)?.leading_ones() {
        0 => 1,
        ones => ones as usize,
    };
    let bytes: Option<Vec<u8>> = (0..count.min(4)).map(byte).collect();
    let letter = std::str::from_utf8(&bytes?).ok()?.chars().next()?;
    Some((letter, 3 * count))
}

/// Walks both texts side by side. Where they part, an escape or a stretch of white space is one
/// unit; where that does not explain it, the rest of the scalar is.
fn align(written: &str, value: &str, start: usize, file: FileId, style: Style) -> OffsetMap {
    let mut walk = Walk { written, value, runs: Vec::new(), at: 0, read: 0, start };
    let indent = match style {
        Style::Literal(indent) | Style::Folded(indent) => indent,
        _ => 0,
    };
    // What is written of a block starts at its first line that is not blank; the value does not.
    let blank = value.len() - value.trim_start_matches('\n').len();
    if indent > 0 && !written.starts_with(['\n', '\r']) {
        walk.unit(blank, 0);
    }
    while walk.read < value.len() {
        let rest = &written[walk.at..];
        let here = rest.chars().next();
        let wanted = walk.value[walk.read..].chars().next();
        let at_line_start = indent > 0 && walk.at > 0 && written.as_bytes()[walk.at - 1] == b'\n';
        if at_line_start && walk.skip_indent(indent) {
            continue;
        }
        match (style, here) {
            (Style::SingleQuoted, Some('\'')) => walk.unit(1, 2),
            (Style::DoubleQuoted, Some('\\')) => {
                let len = escape_len(rest);
                // An escaped line break stands for nothing, with the indentation behind it.
                if matches!(rest.as_bytes().get(1), Some(b'\n' | b'\r')) {
                    walk.at += rest.len() - rest[1..].trim_start().len();
                } else {
                    let decoded = wanted.map_or(0, char::len_utf8);
                    walk.unit(decoded, len);
                }
            }
            (_, Some(c))
                if Some(c) == wanted && !(c == ' ' && ends_line(rest) && !matches!(style, Style::Literal(_))) =>
            {
                walk.verbatim(c.len_utf8());
            }
            (_, Some(c)) if c.is_whitespace() => {
                let source = rest.len() - rest.trim_start_matches(char::is_whitespace).len();
                let left = &walk.value[walk.read..];
                let decoded = left.len() - left.trim_start_matches(char::is_whitespace).len();
                let source = if indent > 0 { line_break_len(rest).max(1) } else { source };
                let decoded = if indent > 0 { decoded.min(1) } else { decoded };
                walk.unit(decoded, source);
            }
            // The last line break of a block scalar may not be there at the end of a file.
            (_, None) => walk.unit(value.len() - walk.read, 0),
            _ => {
                let span = Span::new(file, start, start + written.len());
                return OffsetMap::whole(span);
            }
        }
    }
    OffsetMap::from_runs(file, walk.runs)
}

struct Walk<'t> {
    written: &'t str,
    value: &'t str,
    runs: Vec<Run>,
    at: usize,
    read: usize,
    start: usize,
}

impl Walk<'_> {
    fn verbatim(&mut self, len: usize) {
        let (decoded, source) = (self.read as u32, (self.start + self.at) as u32);
        let unit = Run { decoded, source, decoded_len: len as u32, source_len: len as u32 };
        match self.runs.last_mut() {
            Some(last)
                if last.decoded_len == last.source_len
                    && last.source + last.source_len == source
                    && last.decoded + last.decoded_len == decoded =>
            {
                last.decoded_len += len as u32;
                last.source_len += len as u32;
            }
            _ => self.runs.push(unit),
        }
        self.at += len;
        self.read += len;
    }

    fn unit(&mut self, decoded: usize, source: usize) {
        let source = source.min(self.written.len() - self.at);
        if decoded > 0 {
            self.runs.push(Run {
                decoded: self.read as u32,
                source: (self.start + self.at) as u32,
                decoded_len: decoded as u32,
                source_len: source as u32,
            });
        }
        self.at += source;
        self.read += decoded;
    }

    /// Passes over the indentation of a block scalar's line; `false` where there is none to pass.
    fn skip_indent(&mut self, indent: usize) -> bool {
        let spaces = self.written[self.at..].bytes().take(indent).take_while(|byte| *byte == b' ').count();
        self.at += spaces;
        spaces > 0
    }
}

/// Whether only white space is left on the line.
fn ends_line(rest: &str) -> bool {
    rest.trim_start_matches([' ', '\t']).starts_with(['\n', '\r'])
}

fn line_break_len(rest: &str) -> usize {
    if rest.starts_with("\r\n") { 2 } else { rest.chars().next().map_or(0, char::len_utf8) }
}

/// The length of an escape sequence of YAML or JSON, its backslash included. A JSON surrogate pair
/// is one character, hence one sequence.
fn escape_len(rest: &str) -> usize {
    let is_surrogate = |at: usize| {
        rest.get(at..at + 4)
            .is_some_and(|unit| unit.starts_with(r"\u") && unit[2..].to_ascii_lowercase().starts_with('d'))
    };
    match rest.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') if is_surrogate(0) && is_surrogate(6) => 12,
        Some(b'u') => 6,
        Some(b'U') => 10,
        Some(_) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        None => 1,
    }
}
