//! Words: quotes, escapes, variables and substitutions.

use super::scan::{End, Scanner, is_meta};
use super::{Operator, Part, Place, Word, is_name};
use std::borrow::Cow;

impl<'t> Scanner<'t> {
    /// The word at the cursor; empty where none starts.
    pub fn word(&mut self, here: Place) -> Word<'t> {
        let start = self.at;
        let mut parts = Vec::new();
        // Where the text that is not yet a part started.
        let mut literal = start;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => {
                    self.literal(literal, false, &mut parts);
                    self.escape(&mut parts);
                    literal = self.at;
                }
                b'\'' => {
                    self.literal(literal, false, &mut parts);
                    self.single_quoted(&mut parts);
                    literal = self.at;
                }
                b'"' => {
                    self.literal(literal, false, &mut parts);
                    self.double_quoted(&mut parts, here);
                    literal = self.at;
                }
                b'`' if self.backticks > 0 => break,
                b'$' | b'`' => {
                    self.literal(literal, false, &mut parts);
                    let before = self.at;
                    if self.expansion(&mut parts, false, here) {
                        literal = self.at;
                    } else {
                        (literal, self.at) = (before, before + 1);
                    }
                }
                b'<' | b'>' if self.at == start && self.peek_at(1) == Some(b'(') => {
                    self.at += 2;
                    self.nested_list(End::Parenthesis, here);
                    parts.push(Part::Computed { range: start..self.at });
                    literal = self.at;
                }
                b'(' if self.opens_array(literal) || self.opens_glob(literal) => {
                    self.literal(literal, false, &mut parts);
                    let open = self.at;
                    self.array(here);
                    parts.push(Part::Computed { range: open..self.at });
                    literal = self.at;
                }
                _ if is_meta(byte) => break,
                _ => self.at += 1,
            }
        }
        self.literal(literal, false, &mut parts);
        Word { parts, range: start..self.at }
    }

    /// The text from `start` to the cursor, when there is any.
    fn literal(&self, start: usize, quoted: bool, parts: &mut Vec<Part<'t>>) {
        if start < self.at {
            let range = start..self.at;
            parts.push(Part::Literal { text: Cow::Borrowed(self.slice(range.clone())), range, quoted });
        }
    }

    /// `NAME=(` and `NAME+=(`
    fn opens_array(&self, literal: usize) -> bool {
        let before = self.slice(literal..self.at);
        before.strip_suffix('=').is_some_and(|name| is_name(name.strip_suffix('+').unwrap_or(name)))
    }

    /// `@(a|b)`
    fn opens_glob(&self, literal: usize) -> bool {
        self.at > literal && matches!(self.text.as_bytes()[self.at - 1], b'?' | b'*' | b'+' | b'@' | b'!')
    }

    /// The elements of an array, or the alternatives of a pattern.
    fn array(&mut self, here: Place) {
        self.at += 1;
        if !self.enter() {
            return;
        }
        loop {
            self.blanks_and_lines();
            let Some(byte) = self.peek() else { break };
            if byte == b'`' && self.backticks > 0 {
                break;
            }
            if self.word(here).range.is_empty() {
                self.at += 1;
                if byte == b')' {
                    break;
                }
            }
        }
        self.leave();
    }

    /// A backslash outside of quotes: the next character stands for itself, and a line break for nothing.
    fn escape(&mut self, parts: &mut Vec<Part<'t>>) {
        self.at += 1;
        if self.starts_with("\r\n") {
            self.at += 2;
        } else if self.starts_with("\n") {
            self.at += 1;
        } else if let Some(next) = self.text[self.at..self.limit].chars().next() {
            let start = self.at;
            self.at += next.len_utf8();
            self.literal(start, true, parts);
        }
    }

    fn single_quoted(&mut self, parts: &mut Vec<Part<'t>>) {
        let start = self.at + 1;
        let rest = &self.text[start..self.limit];
        let end = rest.find('\'').map_or(self.limit, |end| start + end);
        let range = start..end;
        parts.push(Part::Literal { text: Cow::Borrowed(self.slice(range.clone())), range, quoted: true });
        self.close(start - 1, end);
    }

    /// Moves behind a closing quote, and says where there is none.
    fn close(&mut self, open: usize, end: usize) {
        if end >= self.limit {
            self.script.unread.push((open..self.limit, "a quote is not closed"));
        }
        self.at = (end + 1).min(self.limit);
    }

    fn double_quoted(&mut self, parts: &mut Vec<Part<'t>>, here: Place) {
        let open = self.at;
        self.at += 1;
        let known = parts.len();
        if !self.enter() {
            return;
        }
        self.quoted_parts(Some(b'"'), parts, here);
        self.leave();
        if parts.len() == known {
            let range = self.at..self.at;
            parts.push(Part::Literal { text: Cow::Borrowed(""), range, quoted: true });
        }
        if self.peek() != Some(b'`') {
            self.close(open, self.at);
        }
    }

    /// Text in which variables and commands are expanded and nothing else is: inside of double
    /// quotes, or a here-document. The cursor stops at `end`.
    pub fn quoted_parts(&mut self, end: Option<u8>, parts: &mut Vec<Part<'t>>, here: Place) {
        let mut literal = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                _ if Some(byte) == end => break,
                b'`' if self.backticks > 0 => break,
                b'\\' => match self.peek_at(1) {
                    Some(b'$' | b'`' | b'"' | b'\\' | b'\n') => {
                        self.literal(literal, true, parts);
                        literal = self.at + if self.peek_at(1) == Some(b'\n') { 2 } else { 1 };
                        self.at += 2;
                    }
                    _ => self.at += 1,
                },
                b'$' | b'`' => {
                    self.literal(literal, true, parts);
                    let before = self.at;
                    if self.expansion(parts, true, here) {
                        literal = self.at;
                    } else {
                        (literal, self.at) = (before, before + 1);
                    }
                }
                _ => self.at += 1,
            }
        }
        self.literal(literal, true, parts);
    }

    /// What starts with `$` or a backtick; `false` where that stands for itself.
    fn expansion(&mut self, parts: &mut Vec<Part<'t>>, quoted: bool, here: Place) -> bool {
        let start = self.at;
        if self.peek() == Some(b'`') {
            self.at += 1;
            self.backticks += 1;
            let commands = self.nested_list(End::Backtick, here);
            self.backticks -= 1;
            parts.push(Part::Output { commands, range: start..self.at });
            return true;
        }
        let Some(next) = self.peek_at(1) else { return false };
        match next {
            b'(' if self.peek_at(2) == Some(b'(') => {
                self.at += 3;
                self.arithmetic(here);
                parts.push(Part::Computed { range: start..self.at });
            }
            b'(' => {
                self.at += 2;
                let commands = self.nested_list(End::Parenthesis, here);
                parts.push(Part::Output { commands, range: start..self.at });
            }
            b'{' => {
                self.at += 2;
                if !self.enter() {
                    return true;
                }
                let part = self.braced(start, quoted, here);
                self.leave();
                parts.push(part);
            }
            b'\'' if !quoted => {
                self.at += 2;
                parts.push(self.ansi_quoted(start));
            }
            b'"' if !quoted => {
                self.at += 1;
                self.double_quoted(parts, here);
            }
            _ => {
                self.at += 1;
                self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                let name = self.slice(start + 1..self.at);
                if !is_name(name) {
                    if !matches!(next, b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' | b'0'..=b'9') {
                        self.at = start;
                        return false;
                    }
                    self.at = start + 2;
                }
                let name = self.slice(start + 1..self.at);
                parts.push(Part::Variable { name, operator: Operator::Plain, range: start..self.at, quoted });
            }
        }
        true
    }

    /// Commands inside of a word; gives their indices.
    fn nested_list(&mut self, end: End, here: Place) -> std::ops::Range<usize> {
        let first = self.script.commands.len();
        let open = self.at;
        let inner = self.subshell(here);
        if self.enter() {
            self.list(end, inner);
            self.leave();
        }
        let close = if end == End::Backtick { b'`' } else { b')' };
        if self.at == open || self.text.as_bytes()[self.at - 1] != close {
            self.script.unread.push((open..self.at, "a substitution is not closed"));
        }
        first..self.script.commands.len()
    }

    /// What stands behind `((`, to its `))`.
    pub fn arithmetic(&mut self, here: Place) {
        let start = self.at;
        let mut depth = 2;
        let mut parts = Vec::new();
        if !self.enter() {
            return;
        }
        while let Some(byte) = self.peek() {
            match byte {
                b'`' if self.backticks > 0 => break,
                b'$' | b'`' => {
                    if !self.expansion(&mut parts, true, here) {
                        self.at += 1;
                    }
                    continue;
                }
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 1 && byte == b')' && self.peek() != Some(b')') {
                self.script.unread.push((start..self.at, "a subshell that looks like arithmetic"));
            }
            if depth == 0 {
                break;
            }
        }
        self.leave();
    }

    /// What stands behind `${`.
    fn braced(&mut self, start: usize, quoted: bool, here: Place) -> Part<'t> {
        if self.peek() == Some(b'{') {
            // `${{ … }}` is GitHub's, or the Serverless Framework's.
            let rest = &self.text[self.at..self.limit];
            self.at += rest.find("}}").map_or(rest.len(), |end| end + 2);
            return Part::Computed { range: start..self.at };
        }
        let is_prefixed = matches!(self.peek(), Some(b'#' | b'!')) && self.peek_at(1) != Some(b'}');
        self.at += usize::from(is_prefixed);
        let from = self.at;
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if self.at == from && matches!(self.peek(), Some(b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!')) {
            self.at += 1;
        }
        let name = self.slice(from..self.at);
        let operator = &self.text[self.at..self.limit];
        let defaults = ["-", ":-", "=", ":="].into_iter().find(|sign| operator.starts_with(sign));
        let is_plain = operator.starts_with('}') || operator.starts_with('?') || operator.starts_with(":?");
        self.at += defaults.map_or(0, str::len);
        let mut operand = Vec::new();
        self.operand(&mut operand, quoted, here);
        let operator = match defaults {
            _ if is_prefixed => Operator::Other,
            Some(_) => Operator::Default(operand),
            None if is_plain => Operator::Plain,
            None => Operator::Other,
        };
        let range = start..self.at;
        if name.is_empty() { Part::Computed { range } } else { Part::Variable { name, operator, range, quoted } }
    }

    /// The word inside of `${NAME:-word}`, and the brace behind it.
    fn operand(&mut self, parts: &mut Vec<Part<'t>>, quoted: bool, here: Place) {
        let mut literal = self.at;
        while let Some(byte) = self.peek() {
            let before = self.at;
            match byte {
                b'}' => {
                    self.literal(literal, quoted, parts);
                    self.at += 1;
                    return;
                }
                b'`' if self.backticks > 0 => break,
                b'\\' => {
                    self.literal(literal, quoted, parts);
                    self.escape(parts);
                    literal = self.at;
                }
                b'\'' if !quoted => {
                    self.literal(literal, quoted, parts);
                    self.single_quoted(parts);
                    literal = self.at;
                }
                b'"' => {
                    self.literal(literal, quoted, parts);
                    self.double_quoted(parts, here);
                    literal = self.at;
                }
                b'$' | b'`' => {
                    self.literal(literal, quoted, parts);
                    if self.expansion(parts, quoted, here) {
                        literal = self.at;
                    } else {
                        (literal, self.at) = (before, before + 1);
                    }
                }
                _ => self.at += 1,
            }
        }
        self.literal(literal, quoted, parts);
        self.script.unread.push((literal..self.at, "a brace is not closed"));
    }

    /// What stands behind `$'`.
    ///
    /// Source: <https://www.gnu.org/software/bash/manual/html_node/ANSI_002dC-Quoting.html>
    fn ansi_quoted(&mut self, start: usize) -> Part<'t> {
        let mut text = String::new();
        let mut escaped = false;
        let mut end = self.limit;
        for (offset, c) in self.text[self.at..self.limit].char_indices() {
            match (std::mem::replace(&mut escaped, false), c) {
                (false, '\\') => escaped = true,
                (false, '\'') => {
                    end = self.at + offset;
                    break;
                }
                (false, _) => text.push(c),
                (true, 'n') => text.push('\n'),
                (true, 't') => text.push('\t'),
                (true, 'r') => text.push('\r'),
                (true, '\\' | '\'' | '"' | '?') => text.push(c),
                // Numbers of characters are rare, and stay as they are written.
                (true, _) => text.extend(['\\', c]),
            }
        }
        self.close(start, end);
        Part::Literal { text: Cow::Owned(text), range: start..self.at, quoted: true }
    }
}
