//! Exact questions about IAM globs: `*` is any run of characters, `?` exactly one character. A hole
//! is a letter of its own that only `*` and the same hole match: what holds so holds for every
//! text the hole may stand for.

mod letter;
mod search;

pub use letter::{HoleLetter, Letter, Reach};
pub use search::{Search, outside};

use super::answer::Truth;
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// A pattern as a sequence of tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Glob {
    /// Shared between copies: documents are copied far more often than patterns are made.
    tokens: Arc<Vec<Token>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    Letter(Letter),
    /// `?`
    One(Reach),
    /// `*`
    Run(Reach),
}

const _: () = assert!(size_of::<Token>() == 8);

impl Token {
    /// The character it stands for, if it is one.
    pub fn character(self) -> Option<char> {
        match self {
            Token::Letter(Letter::Char(c)) => Some(c),
            _ => None,
        }
    }

    /// Whether the token can read this letter.
    fn reads(self, letter: Letter) -> bool {
        match self {
            Token::Letter(own) => own == letter,
            Token::One(reach) => matches!(letter, Letter::Char(_)) && reach.admits(letter),
            Token::Run(reach) => reach.admits(letter),
        }
    }

    /// Whether it reads a character; `own` is the letter it is, as it is compared.
    fn reads_character(self, c: char, own: impl FnOnce(char) -> bool) -> bool {
        match self {
            Token::Letter(Letter::Char(letter)) => own(letter),
            Token::Letter(Letter::Hole(_)) => false,
            Token::One(reach) | Token::Run(reach) => reach.admits_character(c),
        }
    }

    /// Whether it reads whatever another token reads.
    fn reads_all_of(self, other: Token) -> bool {
        match (self, other) {
            (_, Token::Letter(letter)) => self.reads(letter),
            (Token::Run(own), Token::One(its) | Token::Run(its)) | (Token::One(own), Token::One(its)) => own >= its,
            _ => false,
        }
    }

    /// Whether one letter can be read by both tokens.
    fn meets(self, other: Token) -> bool {
        match (self, other) {
            (Token::Letter(letter), token) | (token, Token::Letter(letter)) => token.reads(letter),
            // A letter that occurs nowhere is admitted by every wildcard.
            _ => true,
        }
    }
}

impl Glob {
    pub fn new(tokens: Vec<Token>) -> Glob {
        Glob { tokens: Arc::new(tokens) }
    }

    /// A pattern without holes; every wildcard stands for all characters.
    pub fn parse(pattern: &str) -> Glob {
        let mut glob = Glob::default();
        glob.push_pattern(pattern, Reach::All);
        glob
    }

    /// A text in which nothing is a wildcard.
    pub fn literal(text: &str) -> Glob {
        let mut glob = Glob::default();
        glob.push_literal(text);
        glob
    }

    pub fn push_pattern(&mut self, pattern: &str, reach: Reach) {
        self.extend(pattern, |c| match c {
            '*' => Token::Run(reach),
            '?' => Token::One(reach),
            c => Token::Letter(Letter::Char(c)),
        });
    }

    pub fn push_literal(&mut self, text: &str) {
        self.extend(text, |c| Token::Letter(Letter::Char(c)));
    }

    fn extend(&mut self, text: &str, token: impl Fn(char) -> Token) {
        let tokens = Arc::make_mut(&mut self.tokens);
        // Nearly all characters are one byte, and most globs are made of one text.
        tokens.reserve(text.len());
        tokens.extend(text.chars().map(token));
    }

    pub fn push(&mut self, token: Token) {
        Arc::make_mut(&mut self.tokens).push(token);
    }

    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whether every text matches.
    pub fn is_everything(&self) -> bool {
        !self.tokens.is_empty()
            && self.tokens.iter().all(|token| matches!(token, Token::Run(_)))
            && self.tokens.contains(&Token::Run(Reach::All))
    }

    pub fn ends_open(&self) -> bool {
        self.tokens.last() == Some(&Token::Run(Reach::All))
    }

    pub fn has_wildcards(&self) -> bool {
        self.tokens.iter().any(|token| !matches!(token, Token::Letter(_)))
    }

    pub fn has_holes(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Letter(Letter::Hole(_))))
    }

    /// Whether a text without holes matches.
    pub fn matches(&self, text: &str) -> bool {
        match self.is_widening() {
            true => self.is_read(text.chars(), |token, c| token.reads_character(*c, |own| own == *c)),
            false => self.accepts(text.chars().map(Letter::Char)),
        }
    }

    /// The same for a pattern in lower case and a text in any, where every wildcard stands for all
    /// characters.
    pub fn matches_ignoring_case(&self, text: &str) -> bool {
        self.is_read(text.chars(), |token, c| token.reads_character(*c, |own| own == c.to_ascii_lowercase()))
    }

    /// Whether each wildcard stands for all that those before it stand for.
    fn is_widening(&self) -> bool {
        let reach = |token: &Token| match token {
            Token::One(reach) | Token::Run(reach) => Some(*reach),
            Token::Letter(_) => None,
        };
        self.tokens.iter().filter_map(reach).is_sorted()
    }

    /// Whether a word is read: a run that has read too little reads one more letter, and no run before
    /// the last ever has to. `false` is sure where the wildcards are widening: what the last run may
    /// not read no run before it may.
    fn is_read<L>(&self, word: impl Iterator<Item = L> + Clone, reads: impl Fn(&Token, &L) -> bool) -> bool {
        let (mut at, mut rest) = (0, word);
        let mut retry = None;
        loop {
            let here = rest.clone();
            match (self.tokens.get(at), rest.next()) {
                (Some(Token::Run(_)), _) => {
                    rest = here;
                    retry = Some((at, rest.clone()));
                    at += 1;
                }
                (None, None) => return true,
                (Some(token), Some(letter)) if reads(token, &letter) => at += 1,
                _ => {
                    let Some((run, from)) = &mut retry else { return false };
                    if !from.next().is_some_and(|letter| reads(&self.tokens[*run], &letter)) {
                        return false;
                    }
                    at = *run + 1;
                    rest = from.clone();
                }
            }
        }
    }

    /// Whether a word matches.
    pub fn accepts(&self, word: impl IntoIterator<Item = Letter, IntoIter: Clone>) -> bool {
        let word = word.into_iter();
        if self.is_widening() {
            return self.is_read(word, |token, letter| token.reads(*letter));
        }
        // By the positions reached after each letter.
        let mut at = search::start(self);
        for letter in word {
            at = search::step(self, &at, letter);
            if at.is_empty() {
                return false;
            }
        }
        search::is_final(self, &at)
    }

    /// Whether some text matches both. Exact.
    pub fn intersects(&self, other: &Glob) -> bool {
        if self.begins_otherwise(other) {
            return false;
        }
        // Both begin and end with the same letters, or nothing matches both.
        let (mut own, mut its) = (self.tokens.as_slice(), other.tokens.as_slice());
        while let ([Token::Letter(left), own_rest @ ..], [Token::Letter(right), its_rest @ ..]) = (own, its) {
            if left != right {
                return false;
            }
            (own, its) = (own_rest, its_rest);
        }
        while let ([own_rest @ .., Token::Letter(left)], [its_rest @ .., Token::Letter(right)]) = (own, its) {
            if left != right {
                return false;
            }
            (own, its) = (own_rest, its_rest);
        }
        // Every glob has a word. A lone `*` reads it; `*A` and `B*` both read one of B before one of A.
        let all = Some(&Token::Run(Reach::All));
        let alone = |tokens: &[Token]| tokens == [Token::Run(Reach::All)];
        if alone(own)
            || alone(its)
            || (own.first() == all && its.last() == all)
            || (its.first() == all && own.last() == all)
            || (own.is_empty() && its.is_empty())
        {
            return true;
        }
        let width = its.len() + 1;
        let mut seen: SmallVec<[bool; 1024]> = smallvec![false; (own.len() + 1) * width];
        let mut open: SmallVec<[(usize, usize); 64]> = smallvec![(0, 0)];
        while let Some((left, right)) = open.pop() {
            if std::mem::replace(&mut seen[left * width + right], true) {
                continue;
            }
            let (one, two) = (own.get(left), its.get(right));
            if one.is_none() && two.is_none() {
                return true;
            }
            let next = |token: &Token, at: usize| if matches!(token, Token::Run(_)) { at } else { at + 1 };
            if matches!(one, Some(Token::Run(_))) {
                open.push((left + 1, right));
            }
            if matches!(two, Some(Token::Run(_))) {
                open.push((left, right + 1));
            }
            if let (Some(one), Some(two)) = (one, two)
                && one.meets(*two)
            {
                open.push((next(one, left), next(two, right)));
            }
        }
        false
    }

    /// Whether everything that matches `self` matches one of `others`. Unknown only when the
    /// patterns are so entangled that the budget runs out.
    pub fn within_any(&self, others: &[&Glob]) -> Truth {
        let near: Vec<&Glob> = others.iter().copied().filter(|other| !self.begins_otherwise(other)).collect();
        // What reads each token in place of a letter reads every word of them.
        if near.iter().any(|other| other.is_read(self.tokens.iter(), |token, own| token.reads_all_of(**own))) {
            return Truth::Yes;
        }
        // Where all lack one word, their union does.
        if near.iter().all(|other| !other.accepts(self.canonical_word())) {
            return Truth::No;
        }
        match outside(&[self], &near) {
            Search::Found(_) => Truth::No,
            Search::Empty => Truth::Yes,
            Search::OverBudget => Truth::Unknown,
        }
    }

    /// Whether everything that matches `self` matches `other`.
    pub fn within(&self, other: &Glob) -> Truth {
        self.within_any(&[other])
    }

    /// Whether they differ before the first unlimited wildcard of either, at the start or behind a `:`,
    /// so that nothing matches both.
    pub fn begins_otherwise(&self, other: &Glob) -> bool {
        /// What is behind the next `:`, which nothing before it reads.
        fn behind_colon(tokens: &[Token]) -> Option<&[Token]> {
            let at = tokens.iter().position(|token| token.reads_character(':', |own| own == ':'))?;
            matches!(tokens[at], Token::Letter(_)).then(|| &tokens[at + 1..])
        }
        let (mut own, mut its) = (self.tokens.as_slice(), other.tokens.as_slice());
        loop {
            (own, its) = match (own, its) {
                ([Token::Letter(left), own @ ..], [Token::Letter(right), its @ ..]) if left == right => (own, its),
                ([Token::Letter(_), ..], [Token::Letter(_), ..]) => return true,
                _ => match (behind_colon(own), behind_colon(its)) {
                    (Some(own), Some(its)) => (own, its),
                    _ => return false,
                },
            }
        }
    }

    /// The word that has a letter found nowhere else for each wildcard.
    fn canonical_word(&self) -> impl Iterator<Item = Letter> + Clone {
        const FRESH: Letter = Letter::Char('\u{10FFFD}');
        self.tokens.iter().map(|token| match token {
            Token::Letter(letter) => *letter,
            Token::One(_) | Token::Run(_) => FRESH,
        })
    }
}

/// A word as a person reads it.
pub fn spell(word: &[Letter]) -> String {
    let mut text = String::new();
    for letter in word {
        match letter {
            Letter::Char(c) => text.push(*c),
            Letter::Hole(hole) => {
                text.push_str("${");
                text.push_str(&hole.name());
                text.push('}');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
