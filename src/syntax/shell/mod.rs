//! A POSIX shell script to its simple commands, words with their places. Tolerant: no text is
//! refused, and time is linear in its length. Runs nothing, and knows no program.
//!
//! Source: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>

mod scan;
mod simple;
mod word;

use std::borrow::Cow;
use std::ops::Range;

/// The simple commands of a script, in the order of their text; those inside of a word come before
/// the command that the word belongs to.
#[derive(Debug, Default)]
pub struct Script<'t> {
    pub commands: Vec<Command<'t>>,
    /// The names of the functions that it defines.
    pub functions: Vec<&'t str>,
    /// Of each subshell the one that it is in; the first is the script itself.
    pub subshells: Vec<usize>,
    /// What could not be taken apart, and why.
    pub unread: Vec<(Range<usize>, &'static str)>,
}

/// A simple command: assignments, words and redirections, each of which may be missing.
#[derive(Debug)]
pub struct Command<'t> {
    pub kind: Kind<'t>,
    pub assignments: Vec<Assignment<'t>>,
    pub words: Vec<Word<'t>>,
    pub redirections: Vec<Redirection<'t>>,
    /// From its first word to its last, redirections left out.
    pub range: Range<usize>,
    pub place: Place,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Kind<'t> {
    Simple,
    /// The head of `for NAME in …`; the words are the values, none where it walks over arguments.
    For(&'t str),
    /// `[[ … ]]` or `(( … ))`.
    Test,
}

/// Where a command stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// An index into [`Script::subshells`]: what it assigns is seen there and below alone.
    pub subshell: usize,
    /// Whether it runs depends on another command, a loop, or a call of its function.
    pub is_conditional: bool,
    /// It is in a function, and runs when that is called.
    pub in_function: bool,
    /// Its input is the output of the command before it.
    pub is_piped_into: bool,
}

/// `NAME=value`, before a command or alone.
#[derive(Debug)]
pub struct Assignment<'t> {
    pub name: &'t str,
    /// `NAME+=value`
    pub appends: bool,
    pub value: Word<'t>,
    /// From the name to the end of the value.
    pub range: Range<usize>,
}

/// A word: what quotes and backslashes leave of it, in parts.
#[derive(Debug, Default)]
pub struct Word<'t> {
    pub parts: Vec<Part<'t>>,
    pub range: Range<usize>,
}

#[derive(Debug)]
pub enum Part<'t> {
    Literal {
        /// The text itself; it differs from what is written in `$'…'` alone.
        text: Cow<'t, str>,
        range: Range<usize>,
        quoted: bool,
    },
    Variable {
        name: &'t str,
        operator: Operator<'t>,
        range: Range<usize>,
        quoted: bool,
    },
    /// `$(…)` or backticks. Its commands are among those of the script.
    Output {
        commands: Range<usize>,
        range: Range<usize>,
    },
    /// Arithmetic, arrays, `<(…)`, and `${{ … }}` of a tool that runs before the shell.
    Computed {
        range: Range<usize>,
    },
}

/// What `${NAME…}` does with the value.
#[derive(Debug)]
pub enum Operator<'t> {
    /// `$NAME`, `${NAME}`, `${NAME:?message}`
    Plain,
    /// `${NAME:-word}`, `${NAME-word}`; with `=` the word is assigned too.
    Default(Vec<Part<'t>>),
    /// Anything else, such as `${NAME%.*}`.
    Other,
}

/// `2>file`, `<<EOF`, `<<<word`.
#[derive(Debug)]
pub struct Redirection<'t> {
    /// `<`, `>`, `>>`, `>|`, `<>`, `<<`, `<<-`, `<<<`, `>&`, `<&`, `&>`, `&>>`
    pub operator: &'t str,
    /// The file, or the mark that ends a here-document.
    pub target: Word<'t>,
    /// The text of a here-document.
    pub body: Option<Word<'t>>,
}

/// Takes a script apart. Offsets are bytes of `text`.
pub fn parse(text: &str) -> Script<'_> {
    scan::script(text)
}

impl<'t> Word<'t> {
    /// The text when every part of it is literal.
    pub fn literal(&self) -> Option<Cow<'t, str>> {
        match self.parts.as_slice() {
            [Part::Literal { text, .. }] => Some(text.clone()),
            parts => {
                let mut whole = String::new();
                for part in parts {
                    let Part::Literal { text, .. } = part else { return None };
                    whole.push_str(text);
                }
                Some(Cow::Owned(whole))
            }
        }
    }

    /// The text of a word that is written without quotes and holds nothing to be expanded.
    fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal { text, quoted: false, .. }] => Some(text),
            _ => None,
        }
    }
}

/// Whether a text is a name that a variable can have.
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests;
