//! The grammar of a script: lists, compound commands, functions, redirections. One cursor moves
//! over the text once; nesting is bounded.

use super::{Command, Kind, Place, Script, Word};
use std::ops::Range;

/// Brackets, quotes and substitutions in each other; what is deeper is not read.
const MAX_DEPTH: usize = 100;

/// As many compound commands may be open in each other.
const MAX_BLOCKS: usize = 200;

pub(super) struct Scanner<'t> {
    pub text: &'t str,
    pub at: usize,
    /// Reading ends here: the end of the text or of the here-document that is being read.
    pub limit: usize,
    pub depth: usize,
    /// How many backticks are open: one more closes the innermost.
    pub backticks: usize,
    pub script: Script<'t>,
    /// Here-documents whose text starts on the next line.
    pub pending: Vec<Pending>,
}

/// A here-document whose text is still to come.
pub(super) struct Pending {
    /// Where its command starts, and which of the redirections of that it is.
    pub opener: usize,
    pub index: usize,
    /// The index of the command, once that is known; a compound command has none.
    pub command: Option<usize>,
    pub mark: String,
    pub strips_tabs: bool,
    /// The mark is not quoted, so that variables and commands in the text are seen to.
    pub expands: bool,
}

/// What ends a list of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Text,
    Parenthesis,
    Backtick,
}

/// A compound command that is open.
enum Block {
    If,
    Loop,
    Case { in_pattern: bool },
    Brace,
    Function,
}

pub(super) fn script(text: &str) -> Script<'_> {
    let script = Script { subshells: vec![0], ..Script::default() };
    let mut scanner = Scanner { text, at: 0, limit: text.len(), depth: 0, backticks: 0, script, pending: Vec::new() };
    while scanner.at < scanner.limit {
        scanner.list(End::Text, Place::default());
    }
    scanner.script
}

impl<'t> Scanner<'t> {
    pub fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    pub fn peek_at(&self, offset: usize) -> Option<u8> {
        let at = self.at + offset;
        if at < self.limit { self.text.as_bytes().get(at).copied() } else { None }
    }

    pub fn starts_with(&self, prefix: &str) -> bool {
        self.text[self.at..self.limit].starts_with(prefix)
    }

    pub fn slice(&self, range: Range<usize>) -> &'t str {
        &self.text[range]
    }

    /// Goes one level deeper; `false` where that is too deep, and then all the rest is left unread.
    pub fn enter(&mut self) -> bool {
        if self.depth >= MAX_DEPTH {
            self.give_up();
            return false;
        }
        self.depth += 1;
        true
    }

    fn give_up(&mut self) {
        self.script.unread.push((self.at..self.limit, "nested too deeply"));
        self.at = self.limit;
    }

    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// A subshell in the one of `place`.
    pub fn subshell(&mut self, place: Place) -> Place {
        self.script.subshells.push(place.subshell);
        Place { subshell: self.script.subshells.len() - 1, is_piped_into: false, ..place }
    }

    /// Commands up to and including what ends them.
    pub fn list(&mut self, end: End, outer: Place) {
        let mut blocks: Vec<Block> = Vec::new();
        let mut piped = false;
        let mut linked = false;
        let mut names_function = false;
        // The last thing read was an operator that wants a command behind it.
        let mut joined = false;
        loop {
            self.blanks();
            let Some(byte) = self.peek() else { return };
            if blocks.len() > MAX_BLOCKS {
                self.give_up();
                return;
            }
            if let Some(Block::Case { in_pattern: true }) = blocks.last() {
                self.case_pattern(&mut blocks, byte);
                continue;
            }
            match byte {
                b'\n' => {
                    self.at += 1;
                    self.here_documents(outer);
                    // A line that ends in an operator goes on with the next one.
                    if !joined {
                        (piped, linked) = (false, false);
                    }
                }
                b'`' if self.backticks > 0 => {
                    self.at += usize::from(end == End::Backtick);
                    return;
                }
                b')' if end == End::Parenthesis => {
                    self.at += 1;
                    return;
                }
                b')' => self.at += 1,
                b';' => {
                    let ends_item = [";;&", ";;", ";&"].into_iter().find(|item| self.starts_with(item));
                    self.at += ends_item.map_or(1, str::len);
                    if ends_item.is_some()
                        && let Some(Block::Case { in_pattern }) = blocks.last_mut()
                    {
                        *in_pattern = true;
                    }
                    (piped, linked, joined) = (false, false, false);
                }
                b'&' if self.peek_at(1) == Some(b'&') => {
                    self.at += 2;
                    (piped, linked, joined) = (false, true, true);
                }
                b'&' if self.peek_at(1) != Some(b'>') => {
                    self.at += 1;
                    (piped, linked, joined) = (false, false, false);
                }
                b'|' => {
                    let is_or = self.peek_at(1) == Some(b'|');
                    self.at += if is_or || self.peek_at(1) == Some(b'&') { 2 } else { 1 };
                    (piped, linked, joined) = (!is_or, linked || is_or, true);
                    if !is_or {
                        self.put_in_subshell(outer);
                    }
                }
                b'(' if self.peek_at(1) == Some(b'(') => self.arithmetic_command(place(&blocks, outer, piped, linked)),
                b'(' => {
                    self.at += 1;
                    names_function = false;
                    let mut inner = place(&blocks, outer, false, linked);
                    inner = self.subshell(inner);
                    if self.enter() {
                        self.list(End::Parenthesis, inner);
                        self.leave();
                    }
                }
                _ => {
                    let here = place(&blocks, outer, piped, linked);
                    let before = self.at;
                    joined = false;
                    if !self.reserved(&mut blocks, &mut names_function, here) {
                        names_function = self.simple(here);
                        piped = false;
                    }
                    // Whatever it is, the cursor moves on.
                    if self.at == before {
                        self.at += 1;
                    }
                }
            }
        }
    }

    /// Passes over white space, comments and line continuations.
    pub fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.at += 2,
                Some(b'\\') if self.peek_at(1) == Some(b'\r') && self.peek_at(2) == Some(b'\n') => self.at += 3,
                Some(b'#') => {
                    let rest = &self.text[self.at..self.limit];
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// A reserved word where a command may start.
    fn reserved(&mut self, blocks: &mut Vec<Block>, names_function: &mut bool, here: Place) -> bool {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..self.limit];
        let len = rest.iter().take_while(|byte| !is_meta(**byte)).count();
        let word = &rest[..len];
        match word {
            b"if" => blocks.push(Block::If),
            b"while" | b"until" => blocks.push(Block::Loop),
            b"then" | b"do" | b"else" | b"elif" | b"!" => {}
            b"fi" if close(blocks, |block| matches!(block, Block::If)) => {}
            b"done" if close(blocks, |block| matches!(block, Block::Loop)) => {}
            b"esac" if close(blocks, |block| matches!(block, Block::Case { .. })) => {}
            b"}" if close(blocks, |block| matches!(block, Block::Brace | Block::Function)) => {}
            b"{" => {
                blocks.push(if std::mem::take(names_function) { Block::Function } else { Block::Brace });
            }
            b"for" | b"select" => {
                self.at += len;
                self.for_head(here);
                blocks.push(Block::Loop);
                return true;
            }
            b"case" => {
                self.at += len;
                self.blanks();
                self.word(here);
                self.blanks_and_lines();
                if self.starts_with("in") {
                    self.at += 2;
                }
                blocks.push(Block::Case { in_pattern: true });
                return true;
            }
            b"function" => {
                self.at += len;
                self.blanks();
                let start = self.at;
                self.skip_while(|byte| !is_meta(byte));
                self.script.functions.push(self.slice(start..self.at));
                self.blanks();
                if self.starts_with("()") {
                    self.at += 2;
                }
                *names_function = true;
                return true;
            }
            _ => return false,
        }
        self.at += len;
        true
    }

    /// `NAME in a b c`, up to the `;` or the line break.
    fn for_head(&mut self, here: Place) {
        self.blanks();
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let name = self.slice(start..self.at);
        self.blanks_and_lines();
        if self.starts_with("((") {
            self.arithmetic_command(here);
            return;
        }
        let mut words = Vec::new();
        if self.starts_with("in") && self.peek_at(2).is_none_or(is_meta) {
            self.at += 2;
            loop {
                self.blanks();
                if self.peek().is_none_or(|byte| matches!(byte, b'\n' | b'\r' | b';' | b'&' | b'|' | b'(' | b')')) {
                    break;
                }
                let before = self.at;
                words.push(self.word(here));
                if self.at == before {
                    self.at += 1;
                }
            }
        }
        self.add(Kind::For(name), words, start..self.at, here);
    }

    /// Up to the `)` of a pattern, or `esac`.
    fn case_pattern(&mut self, blocks: &mut Vec<Block>, byte: u8) {
        if matches!(byte, b'\n' | b'\r' | b';' | b'(' | b'|') {
            self.at += 1;
        } else if byte == b')' {
            self.at += 1;
            if let Some(Block::Case { in_pattern }) = blocks.last_mut() {
                *in_pattern = false;
            }
        } else if self.starts_with("esac") && self.peek_at(4).is_none_or(is_meta) {
            self.at += 4;
            blocks.pop();
        } else {
            let before = self.at;
            self.word(Place::default());
            if self.at == before {
                self.at += 1;
            }
        }
    }

    /// `(( … ))`
    fn arithmetic_command(&mut self, here: Place) {
        let start = self.at;
        self.at += 2;
        self.arithmetic(here);
        self.add(Kind::Test, Vec::new(), start..self.at, here);
    }

    /// A command that has words alone.
    pub fn add(&mut self, kind: Kind<'t>, words: Vec<Word<'t>>, range: Range<usize>, place: Place) {
        let (assignments, redirections) = (Vec::new(), Vec::new());
        self.script.commands.push(Command { kind, assignments, words, redirections, range, place });
    }

    /// The command that was just read is a part of a pipeline: what it assigns is lost.
    fn put_in_subshell(&mut self, outer: Place) {
        if let Some(last) = self.script.commands.last_mut()
            && last.place.subshell == outer.subshell
        {
            self.script.subshells.push(outer.subshell);
            last.place.subshell = self.script.subshells.len() - 1;
        }
    }

    pub fn blanks_and_lines(&mut self) {
        loop {
            self.blanks();
            if !matches!(self.peek(), Some(b'\n')) {
                return;
            }
            self.at += 1;
        }
    }

    pub fn skip_while(&mut self, goes_on: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&goes_on) {
            self.at += 1;
        }
    }
}

/// Closes the innermost block of this kind, and those that were left open in it; `false` where
/// there is none, and then the word is no reserved word.
fn close(blocks: &mut Vec<Block>, is_wanted: impl Fn(&Block) -> bool) -> bool {
    let Some(index) = blocks.iter().rposition(is_wanted) else { return false };
    blocks.truncate(index);
    true
}

fn place(blocks: &[Block], outer: Place, is_piped_into: bool, is_linked: bool) -> Place {
    let in_function = outer.in_function || blocks.iter().any(|block| matches!(block, Block::Function));
    let may_not_run = blocks.iter().any(|block| !matches!(block, Block::Brace));
    Place {
        subshell: outer.subshell,
        is_conditional: outer.is_conditional || is_linked || may_not_run,
        in_function,
        is_piped_into,
    }
}

/// Whether a byte ends a word.
pub(super) fn is_meta(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' | b'`')
}
