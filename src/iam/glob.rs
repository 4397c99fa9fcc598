//! Exact questions about IAM globs: `*` is any run of characters, `?` exactly one character. A hole
//! is a letter of its own that only `*` and the same hole match: what holds so holds for every
//! text the hole may stand for.

mod letter;
mod search;

pub use letter::{HoleLetter, Letter, Reach};
pub use search::{Search, outside};

use super::answer::Truth;
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
        Arc::make_mut(&mut self.tokens).extend(pattern.chars().map(|c| match c {
            '*' => Token::Run(reach),
            '?' => Token::One(reach),
            c => Token::Letter(Letter::Char(c)),
        }));
    }

    pub fn push_literal(&mut self, text: &str) {
        Arc::make_mut(&mut self.tokens).extend(text.chars().map(|c| Token::Letter(Letter::Char(c))));
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
        if self.has_limits() {
            return self.accepts(text.chars().map(Letter::Char));
        }
        let fits = |token: &Token, c: &char| match token {
            Token::Letter(Letter::Char(own)) => own == c,
            Token::One(_) => true,
            _ => false,
        };
        self.matches_greedily(text.chars(), fits)
    }

    /// The same for a pattern in lower case and a text in any.
    pub fn matches_ignoring_case(&self, text: &str) -> bool {
        let fits = |token: &Token, c: &char| match token {
            Token::Letter(Letter::Char(own)) => *own == c.to_ascii_lowercase(),
            Token::One(_) => true,
            _ => false,
        };
        self.matches_greedily(text.chars(), fits)
    }

    /// Whether a wildcard does not stand for all characters.
    fn has_limits(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::One(reach) | Token::Run(reach) if *reach != Reach::All))
    }

    /// Whether a word matches where every wildcard stands for all letters: a run that has read too
    /// little reads one more, and no run before the last ever has to.
    fn matches_greedily<L>(&self, word: impl Iterator<Item = L> + Clone, fits: impl Fn(&Token, &L) -> bool) -> bool {
        let (mut at, mut rest) = (0, word);
        let mut retry = None;
        loop {
            let here = rest.clone();
            match (self.tokens.get(at), rest.next()) {
                (Some(Token::Run(_)), _) => {
                    rest = here;
                    at += 1;
                    retry = Some((at, rest.clone()));
                }
                (None, None) => return true,
                (Some(token), Some(letter)) if fits(token, &letter) => at += 1,
                _ => {
                    let Some((token, from)) = &mut retry else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    at = *token;
                    rest = from.clone();
                }
            }
        }
    }

    /// Whether a word matches.
    pub fn accepts(&self, word: impl IntoIterator<Item = Letter, IntoIter: Clone>) -> bool {
        let word = word.into_iter();
        if !self.has_limits() {
            return self.matches_greedily(word, |token, letter| token.reads(*letter));
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
        // Every glob has a word, and a lone `*` reads it.
        if matches!((own, its), ([Token::Run(Reach::All)], _) | (_, [Token::Run(Reach::All)]) | ([], [])) {
            return true;
        }
        let width = its.len() + 1;
        let mut seen = vec![false; (own.len() + 1) * width];
        let mut open = vec![(0, 0)];
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
        // One that lacks the canonical word lacks a part; where all do, so does their union.
        let near = || others.iter().filter(|other| self.canonical_word_in(other));
        if near().next().is_none() {
            return Truth::No;
        }
        if near().any(|other| other.is_plain()) {
            return Truth::Yes;
        }
        match outside(&[self], others) {
            Search::Found(_) => Truth::No,
            Search::Empty => Truth::Yes,
            Search::OverBudget => Truth::Unknown,
        }
    }

    /// Whether everything that matches `self` matches `other`.
    pub fn within(&self, other: &Glob) -> Truth {
        self.within_any(&[other])
    }

    /// Whether its wildcards are all `*` without limits.
    fn is_plain(&self) -> bool {
        self.tokens.iter().all(|token| matches!(token, Token::Letter(_) | Token::Run(Reach::All)))
    }

    /// The word of `self` that has a letter found nowhere else for each wildcard. A plain glob that
    /// accepts it can have read these letters only by `*`, which reads whatever stands there
    /// instead; so it accepts all of `self`.
    fn canonical_word_in(&self, other: &Glob) -> bool {
        const FRESH: Letter = Letter::Char('\u{10FFFD}');
        let differ = |(own, its): (&Token, &Token)| match (own, its) {
            (Token::Letter(own), Token::Letter(its)) => Some(own != its),
            _ => None,
        };
        // Most differ before the first wildcard of either.
        if self.tokens.iter().zip(other.tokens.iter()).map_while(differ).any(|differ| differ) {
            return false;
        }
        let letter = |token: &Token| match token {
            Token::Letter(letter) => *letter,
            Token::One(_) | Token::Run(_) => FRESH,
        };
        other.accepts(self.tokens.iter().map(letter))
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
