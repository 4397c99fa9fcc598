//! Simple commands: assignments, words, redirections and here-documents.

use super::scan::{Pending, Scanner, is_meta};
use super::{Assignment, Command, Kind, Part, Place, Redirection, Word, is_name};
use std::borrow::Cow;

/// Longer ones first.
const OPERATORS: [&str; 12] = ["<<<", "<<-", "&>>", "<<", "<&", "<>", "&>", ">>", ">&", ">|", "<", ">"];

impl<'t> Scanner<'t> {
    /// A simple command; `true` when it is the head of a function.
    pub fn simple(&mut self, here: Place) -> bool {
        if self.starts_with("[[") && self.peek_at(2).is_none_or(is_meta) {
            self.test(here);
            return false;
        }
        let start = self.at;
        let mut end = start;
        let mut assignments = Vec::new();
        let mut words: Vec<Word<'t>> = Vec::new();
        let mut redirections = Vec::new();
        loop {
            self.blanks();
            let Some(byte) = self.peek() else { break };
            match byte {
                b'\n' | b';' | b'|' | b')' => break,
                b'&' if self.peek_at(1) != Some(b'>') => break,
                b'`' if self.backticks > 0 => break,
                b'<' | b'>' | b'&' if self.peek_at(1) != Some(b'(') => {
                    let redirection = self.redirection(here, start, redirections.len());
                    redirections.push(redirection);
                }
                b'(' => {
                    if let [name] = words.as_slice()
                        && name.bare().is_some()
                        && self.closes_at_once()
                    {
                        let name = self.slice(name.range.clone());
                        self.script.functions.push(name);
                        return true;
                    }
                    break;
                }
                _ => {
                    let word = self.word(here);
                    if word.range.is_empty() {
                        break;
                    }
                    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                    if matches!(self.peek(), Some(b'<' | b'>')) && word.bare().is_some_and(is_digits) {
                        // The number of a file descriptor: `2>&1`.
                        continue;
                    }
                    end = self.at;
                    match if words.is_empty() { assignment(word) } else { Err(word) } {
                        Ok(found) => assignments.push(found),
                        Err(word) => words.push(word),
                    }
                }
            }
        }
        if assignments.is_empty() && words.is_empty() {
            return false;
        }
        let index = self.script.commands.len();
        for waiting in self.pending.iter_mut().rev().take_while(|waiting| waiting.opener >= start) {
            if waiting.opener == start {
                waiting.command = Some(index);
            }
        }
        let range = start..end;
        self.script.commands.push(Command { kind: Kind::Simple, assignments, words, redirections, range, place: here });
        false
    }

    /// `()`, passed over when it is there.
    fn closes_at_once(&mut self) -> bool {
        let rest = &self.text.as_bytes()[self.at + 1..self.limit];
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let closes = rest.get(blanks) == Some(&b')');
        if closes {
            self.at += blanks + 2;
        }
        closes
    }

    /// `[[ … ]]`
    fn test(&mut self, here: Place) {
        let start = self.at;
        self.at += 2;
        let mut words = Vec::new();
        loop {
            self.blanks_and_lines();
            let Some(byte) = self.peek() else { break };
            if self.starts_with("]]") && self.peek_at(2).is_none_or(is_meta) {
                self.at += 2;
                break;
            }
            if byte == b';' || (byte == b'`' && self.backticks > 0) {
                break;
            }
            let word = self.word(here);
            if word.range.is_empty() {
                self.at += 1;
            } else {
                words.push(word);
            }
        }
        self.add(Kind::Test, words, start..self.at, here);
    }

    fn redirection(&mut self, here: Place, opener: usize, index: usize) -> Redirection<'t> {
        let operator = OPERATORS.into_iter().find(|operator| self.starts_with(operator)).unwrap_or(">");
        self.at += operator.len();
        self.blanks();
        if !matches!(operator, "<<" | "<<-") {
            return Redirection { operator, target: self.word(here), body: None };
        }
        let start = self.at;
        // The mark is not expanded, whatever it looks like; quotes may hold blanks.
        let mut quote = None;
        while let Some(byte) = self.peek() {
            match quote {
                None if is_meta(byte) => break,
                None if matches!(byte, b'\'' | b'"') => quote = Some(byte),
                Some(open) if open == byte => quote = None,
                _ if byte == b'\n' => break,
                _ => {}
            }
            self.at += 1;
        }
        let range = start..self.at;
        let written = self.slice(range.clone());
        let quotes = ['\'', '"', '\\'];
        self.pending.push(Pending {
            opener,
            index,
            command: None,
            mark: written.replace(quotes, ""),
            strips_tabs: operator == "<<-",
            expands: !written.contains(quotes),
        });
        let parts = vec![Part::Literal { text: Cow::Borrowed(written), range: range.clone(), quoted: true }];
        Redirection { operator, target: Word { parts, range }, body: None }
    }

    /// The texts of the here-documents that the line before has announced.
    pub fn here_documents(&mut self, here: Place) {
        if self.pending.is_empty() {
            return;
        }
        for waiting in std::mem::take(&mut self.pending) {
            let start = self.at;
            let (end, next) = self.end_of_document(&waiting);
            let mut body = Word { parts: Vec::new(), range: start..end };
            if waiting.expands {
                let limit = std::mem::replace(&mut self.limit, end);
                self.quoted_parts(None, &mut body.parts, here);
                self.limit = limit;
            } else {
                let text = Cow::Borrowed(self.slice(start..end));
                body.parts.push(Part::Literal { text, range: start..end, quoted: true });
            }
            self.at = next;
            let command = waiting.command.and_then(|command| self.script.commands.get_mut(command));
            if let Some(redirection) = command.and_then(|command| command.redirections.get_mut(waiting.index)) {
                redirection.body = Some(body);
            }
        }
    }

    /// Where the text of a here-document ends, and where its mark does.
    fn end_of_document(&self, waiting: &Pending) -> (usize, usize) {
        let mut at = self.at;
        for line in self.text[self.at..self.limit].split_inclusive('\n') {
            let shown = line.trim_end();
            let shown = if waiting.strips_tabs { shown.trim_start_matches('\t') } else { shown };
            if shown == waiting.mark {
                return (at, at + line.len());
            }
            at += line.len();
        }
        (self.limit, self.limit)
    }
}

/// `NAME=value`, `NAME+=value`, `NAME[index]=value`; the word itself where it is none of them.
fn assignment(mut word: Word<'_>) -> Result<Assignment<'_>, Word<'_>> {
    let Some(Part::Literal { text: Cow::Borrowed(text), range, quoted: false }) = word.parts.first() else {
        return Err(word);
    };
    let Some((left, value)) = text.split_once('=') else { return Err(word) };
    let (left, appends) = left.strip_suffix('+').map_or((left, false), |left| (left, true));
    let (name, is_element) = left.split_once('[').map_or((left, false), |(name, _)| (name, true));
    if !is_name(name) {
        return Err(word);
    }
    let whole = word.range.clone();
    let start = range.end - value.len();
    word.range.start = start;
    let first = Part::Literal { text: Cow::Borrowed(value), range: start..range.end, quoted: false };
    if is_element {
        word.parts = vec![Part::Computed { range: word.range.clone() }];
    } else if value.is_empty() {
        word.parts.remove(0);
    } else {
        word.parts[0] = first;
    }
    Ok(Assignment { name, appends, value: word, range: whole })
}
