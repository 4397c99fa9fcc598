//! The words of a command line: its options with their values, and the words between them. It does
//! not know any program.

use crate::model::command::Word;
use crate::value::{Part, Text};

/// What follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    Flag,
    One,
    /// Every word up to the next option.
    Many,
    /// The next word, unless it is an option itself.
    Perhaps,
}

/// A command line, taken apart.
#[derive(Debug, Default)]
pub struct Arguments {
    options: Vec<(String, Vec<Text>)>,
    /// Each word with every text that it may be.
    pub positional: Vec<Vec<Text>>,
}

impl Arguments {
    pub fn read(words: &[Word], arity: impl Fn(&str) -> Arity) -> Arguments {
        let mut read = Arguments::default();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let Some((name, value)) = option_of(word) else {
                read.positional.push(texts(word));
                continue;
            };
            let mut values: Vec<Text> = value.into_iter().collect();
            let wanted = if values.is_empty() { arity(&name) } else { Arity::Flag };
            match wanted {
                Arity::Flag => {}
                Arity::One => values.extend(words.next().map(texts).unwrap_or_default()),
                Arity::Perhaps => {
                    let next = words.next_if(|next| option_of(next).is_none());
                    values.extend(next.map(texts).unwrap_or_default());
                }
                Arity::Many => {
                    while let Some(next) = words.next_if(|next| option_of(next).is_none()) {
                        values.extend(texts(next));
                    }
                }
            }
            read.options.push((name, values));
        }
        read
    }

    pub fn has(&self, option: &str) -> bool {
        self.options.iter().any(|(name, _)| name == option)
    }

    /// The values of an option; of several the last counts.
    pub fn values(&self, option: &str) -> &[Text] {
        self.options.iter().rev().find(|(name, _)| name == option).map_or(&[], |(_, values)| values)
    }

    pub fn options(&self) -> impl Iterator<Item = (&str, &[Text])> {
        self.options.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The words between the options, as far as they are known.
    pub fn verbs(&self) -> impl Iterator<Item = &str> {
        self.positional.iter().map_while(|texts| match texts.as_slice() {
            [only] => only.literal(),
            _ => None,
        })
    }
}

/// Every text that a word may be.
pub fn texts(word: &Word) -> Vec<Text> {
    if word.choices.is_empty() {
        return vec![word.value.clone()];
    }
    word.choices.iter().map(|choice| Text::at(choice.as_str(), word.span)).collect()
}

/// The name of an option, and its value when it stands in the same word.
fn option_of(word: &Word) -> Option<(String, Option<Text>)> {
    let Some(Part::Known(front, _)) = word.value.parts.first() else { return None };
    if !front.starts_with('-') || front.len() < 2 || front[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match front.split_once('=') {
        Some((name, _)) => Some((name.to_owned(), Some(word.value.without_front(name.len() + 1)))),
        None if word.value.has_holes() => None,
        None => Some((front.to_string(), None)),
    }
}
