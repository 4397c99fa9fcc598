//! A Dockerfile to its instructions: continued lines joined, comments between them left out, with
//! the place of every byte. Never fails: what is no instruction is a problem, and is passed over.
//!
//! Source: <https://docs.docker.com/reference/dockerfile/>

use crate::source::{FileId, OffsetMap, Run, Span};

#[derive(Debug, Default)]
pub struct Instructions {
    pub list: Vec<Instruction>,
    /// The image that reads the file, of `# syntax=`.
    pub syntax: Option<Span>,
    /// What is no instruction, and why.
    pub problems: Vec<(Span, String)>,
}

#[derive(Debug)]
pub struct Instruction {
    /// In upper case. That of an `ONBUILD` is the one behind it.
    pub name: &'static str,
    pub name_span: Span,
    pub is_on_build: bool,
    /// `--name=value`
    pub flags: Vec<Flag>,
    /// What stands behind the flags, on one line.
    pub arguments: Line,
    pub here_documents: Vec<HereDocument>,
    /// From the name to the end of the arguments.
    pub span: Span,
}

#[derive(Debug)]
pub struct Flag {
    pub name: String,
    pub value: Option<String>,
    pub span: Span,
}

/// Text with the place of each byte.
#[derive(Clone, Debug)]
pub struct Line {
    pub text: String,
    pub map: OffsetMap,
}

#[derive(Debug)]
pub struct HereDocument {
    /// The lines of the text, and those with the mark behind them.
    pub text: Span,
    pub with_mark: Span,
}

const NAMES: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

pub fn read(text: &str, file: FileId) -> Instructions {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, file, at: start, escape: '\\', found: Instructions::default() };
    reader.directives();
    while reader.at < text.len() {
        reader.instruction();
    }
    reader.found
}

struct Reader<'t> {
    text: &'t str,
    file: FileId,
    at: usize,
    escape: char,
    found: Instructions,
}

impl<'t> Reader<'t> {
    /// The line at the cursor, without its end; the cursor goes behind it.
    fn line(&mut self) -> (usize, &'t str) {
        let start = self.at;
        let rest = &self.text[start..];
        let len = rest.find('\n').map_or(rest.len(), |end| end + 1);
        self.at += len;
        (start, rest[..len].trim_end_matches(['\n', '\r']))
    }

    /// `# escape=` and `# syntax=` at the very top.
    fn directives(&mut self) {
        loop {
            let before = self.at;
            let (start, line) = self.line();
            let directive = line.trim_start().strip_prefix('#').and_then(|line| line.split_once('='));
            match directive.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim())) {
                Some((name, value)) if name == "escape" => self.escape = value.chars().next().unwrap_or('\\'),
                Some((name, value)) if name == "syntax" => {
                    let at = start + line.rfind(value).unwrap_or(0);
                    self.found.syntax = Some(Span::new(self.file, at, at + value.len()));
                }
                Some((name, _)) if name == "check" => {}
                _ => {
                    self.at = before;
                    return;
                }
            }
        }
    }

    fn instruction(&mut self) {
        let mut runs: Vec<Run> = Vec::new();
        let mut text = String::new();
        let mut end = self.at;
        let mut is_first = true;
        while self.at < self.text.len() {
            let (start, line) = self.line();
            let shown = line.trim_start();
            // Comments and empty lines between continued lines are passed over.
            if shown.is_empty() || shown.starts_with('#') {
                if is_first {
                    return;
                }
                continue;
            }
            let trimmed = line.trim_end();
            let kept = trimmed.strip_suffix(self.escape);
            let goes_on = kept.is_some();
            let kept = kept.unwrap_or(trimmed);
            let skipped = if is_first { line.len() - shown.len() } else { 0 };
            let kept = &kept[skipped.min(kept.len())..];
            if !kept.is_empty() {
                let len = kept.len() as u32;
                let source = (start + skipped) as u32;
                runs.push(Run { decoded: text.len() as u32, source, decoded_len: len, source_len: len });
                text.push_str(kept);
                end = start + skipped + kept.len();
            }
            is_first = false;
            if !goes_on {
                break;
            }
        }
        if !runs.is_empty() {
            let map = OffsetMap::from_runs(self.file, runs);
            self.put(Line { text, map }, end, false, None);
        }
    }

    /// An instruction by its whole text; `on_build` is the place of the word before it.
    fn put(&mut self, line: Line, end: usize, is_on_build: bool, on_build: Option<Span>) {
        let len = line.text.find(char::is_whitespace).unwrap_or(line.text.len());
        let name_span = line.map.span(0..len);
        let span = Span { end: end as u32, ..on_build.unwrap_or(name_span) };
        let upper = line.text[..len].to_ascii_uppercase();
        let Some(name) = NAMES.into_iter().find(|name| *name == upper) else {
            let shown: String = line.text[..len].chars().take(40).collect();
            self.found.problems.push((name_span, format!("`{shown}` is no instruction of a Dockerfile")));
            return;
        };
        let arguments = line.from(len).trimmed();
        if name == "ONBUILD" && !is_on_build {
            self.put(arguments, end, true, Some(name_span));
            return;
        }
        let (flags, arguments) = flags(arguments);
        let takes_documents = matches!(name, "RUN" | "COPY" | "ADD");
        let here_documents = if takes_documents { self.here_documents(&arguments) } else { Vec::new() };
        self.found.list.push(Instruction { name, name_span, is_on_build, flags, arguments, here_documents, span });
    }

    fn here_documents(&mut self, arguments: &Line) -> Vec<HereDocument> {
        let mut found = Vec::new();
        for word in arguments.text.split_whitespace() {
            let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
            let Some(mark) = word.strip_prefix("<<").filter(|mark| !mark.contains('<')) else { continue };
            let (mark, strips) = mark.strip_prefix('-').map_or((mark, false), |mark| (mark, true));
            let mark = mark.trim_matches(['"', '\'']);
            if mark.is_empty() || !mark.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                continue;
            }
            let from = self.at;
            let mut until = self.text.len();
            while self.at < self.text.len() {
                let (start, line) = self.line();
                let shown = if strips { line.trim_start_matches('\t') } else { line };
                if shown == mark {
                    until = start;
                    break;
                }
            }
            found.push(HereDocument {
                text: Span::new(self.file, from, until),
                with_mark: Span::new(self.file, from, self.at),
            });
        }
        found
    }
}

fn flags(mut line: Line) -> (Vec<Flag>, Line) {
    let mut flags = Vec::new();
    while line.text.starts_with("--") {
        let len = line.text.find(char::is_whitespace).unwrap_or(line.text.len());
        let word = &line.text[2..len];
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        flags.push(Flag { name: name.to_owned(), value: value.map(str::to_owned), span: line.map.span(0..len) });
        line = line.from(len).trimmed();
    }
    (flags, line)
}

impl Line {
    pub fn slice(&self, range: std::ops::Range<usize>) -> Line {
        Line { text: self.text[range.clone()].to_owned(), map: self.map.slice(range) }
    }

    pub fn from(&self, start: usize) -> Line {
        self.slice(start..self.text.len())
    }

    /// The text behind the blanks at its front.
    pub fn after_blanks(&self) -> Line {
        self.from(self.text.len() - self.text.trim_start().len())
    }

    fn trimmed(&self) -> Line {
        let start = self.text.len() - self.text.trim_start().len();
        self.slice(start..self.text.trim_end().len().max(start))
    }

    pub fn span(&self) -> Span {
        self.map.span(0..self.text.len())
    }

    /// Words apart by white space; quotes and escaped characters hold blanks together.
    pub fn words(&self) -> Vec<Line> {
        let mut words = Vec::new();
        let mut start: Option<usize> = None;
        let mut quote: Option<char> = None;
        let mut is_escaped = false;
        for (at, c) in self.text.char_indices() {
            let escaped = std::mem::replace(&mut is_escaped, false);
            match (quote, c) {
                _ if escaped => {}
                (Some('\''), '\\') => {}
                (_, '\\') => is_escaped = true,
                (Some(open), c) if c == open => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, c) if c.is_whitespace() => {
                    words.extend(start.take().map(|start| self.slice(start..at)));
                    continue;
                }
                _ => {}
            }
            start.get_or_insert(at);
        }
        words.extend(start.map(|start| self.from(start)));
        words
    }

    /// The strings of a JSON array, when this is one.
    pub fn array(&self) -> Option<Vec<Line>> {
        if !self.text.starts_with('[') {
            return None;
        }
        let parsed = super::json::parse(&self.text, &self.map).ok()?;
        let items = parsed.root()?.items()?;
        let texts = items.iter().map(|item| {
            let scalar = item.as_scalar()?;
            Some(Line { text: scalar.text.to_string(), map: scalar.map.clone() })
        });
        texts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn read_text(text: &str) -> (Sources, Instructions) {
        let mut sources = Sources::new();
        let file = sources.add("Dockerfile", text);
        let found = read(&sources.get(file).text, file);
        (sources, found)
    }

    fn shown(text: &str) -> Vec<String> {
        let (_, found) = read_text(text);
        found.list.iter().map(|one| format!("{} {}", one.name, one.arguments.text)).collect()
    }

    #[test]
    fn continued_lines_are_one_instruction() {
        let text = "# note\nFROM a\n\n  run x && \\\n    # no\n\n    y \\  \n  z\nCMD [\"a\", \"b\"]\n";
        assert_eq!(shown(text), ["FROM a", "RUN x &&     y   z", "CMD [\"a\", \"b\"]"]);
        let (sources, found) = read_text(text);
        let run = &found.list[1];
        let at = run.arguments.text.find('y').expect("a y");
        assert_eq!(sources.slice(run.arguments.map.span(at..at + 1)), "y");
        assert!(sources.slice(run.span).starts_with("run x") && sources.slice(run.span).ends_with('z'));
        let words = found.list[2].arguments.array().expect("an array");
        assert_eq!(words.iter().map(|word| sources.slice(word.span())).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn directives_flags_and_onbuild_are_told() {
        let (sources, found) = read_text(
            "# syntax=docker/dockerfile:1\n# escape=`\nFROM --platform=linux/amd64 a AS b\nONBUILD RUN `\n  c\\d\n",
        );
        assert_eq!(sources.slice(found.syntax.expect("a place")), "docker/dockerfile:1");
        assert_eq!(found.list[0].flags[0].value.as_deref(), Some("linux/amd64"));
        assert_eq!((found.list[1].name, found.list[1].is_on_build), ("RUN", true));
        assert_eq!(found.list[1].arguments.text.trim(), "c\\d");
    }

    #[test]
    fn here_documents_belong_to_their_instruction() {
        let (sources, found) = read_text("FROM a\nRUN <<EOF\nx\nRUN y\nEOF\nCOPY <<-\"E\" /f\n\tz\n\tE\nUSER u\n");
        assert_eq!(found.list.len(), 4);
        assert_eq!(sources.slice(found.list[1].here_documents[0].text), "x\nRUN y\n");
        assert_eq!(sources.slice(found.list[2].here_documents[0].text), "\tz\n");
    }

    #[test]
    fn what_is_no_instruction_costs_that_line() {
        let (sources, found) = read_text("FROM a\nRUM b\nUSER c\n");
        assert_eq!((found.list.len(), found.problems.len()), (2, 1));
        assert_eq!(sources.slice(found.problems[0].0), "RUM");
        for text in ["", "\\", "FROM", "RUN <<", "RUN <<E", "ONBUILD", "ONBUILD ONBUILD RUN x", "ENV a='", "CMD ["] {
            read_text(text);
        }
    }
}
