//! What the words of globs are made of. A letter is eight bytes that are copied: a large account has
//! millions of them.

use crate::source::FileId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

/// What a word is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Letter {
    Char(char),
    Hole(HoleLetter),
}

/// A hole or a policy variable. Two are equal where they have one name in one scope.
#[derive(Clone, Copy, Debug)]
pub struct HoleLetter {
    /// Its place among the names of this run.
    number: u32,
    tame: bool,
}

/// Which characters a wildcard stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    All,
    /// All but `:`.
    Segment,
    /// All but `:` and `/`.
    Name,
}

impl HoleLetter {
    /// `scope`: the file in which the name means this hole; `None` when it means the same
    /// everywhere. `tame`: whether its text holds neither `:` nor `/`.
    pub fn new(name: &str, scope: Option<FileId>, tame: bool) -> HoleLetter {
        HoleLetter { number: number((name.into(), scope)), tame }
    }

    pub fn is_tame(self) -> bool {
        self.tame
    }

    pub fn tamed(self, tame: bool) -> HoleLetter {
        HoleLetter { tame, ..self }
    }

    pub fn name(self) -> Arc<str> {
        let names = NAMES.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        names.known[self.number as usize].0.clone()
    }
}

impl PartialEq for HoleLetter {
    fn eq(&self, other: &HoleLetter) -> bool {
        self.number == other.number
    }
}

impl Eq for HoleLetter {}

impl std::hash::Hash for HoleLetter {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl Reach {
    pub fn admits(self, letter: Letter) -> bool {
        match (self, letter) {
            (Reach::All, _) => true,
            (_, Letter::Hole(hole)) => hole.tame,
            (_, Letter::Char(':')) => false,
            (Reach::Name, Letter::Char('/')) => false,
            (_, Letter::Char(_)) => true,
        }
    }
}

type Scoped = (Arc<str>, Option<FileId>);

/// The names of the holes that this run has met; their order says nothing.
#[derive(Default)]
struct Names {
    known: Vec<Scoped>,
    numbers: HashMap<Scoped, u32>,
}

static NAMES: LazyLock<RwLock<Names>> = LazyLock::new(RwLock::default);

fn number(name: Scoped) -> u32 {
    let met = |names: &Names| names.numbers.get(&name).copied();
    if let Some(number) = met(&NAMES.read().unwrap_or_else(std::sync::PoisonError::into_inner)) {
        return number;
    }
    let mut names = NAMES.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    met(&names).unwrap_or_else(|| {
        let number = names.known.len() as u32;
        names.known.push(name.clone());
        names.numbers.insert(name, number);
        number
    })
}
