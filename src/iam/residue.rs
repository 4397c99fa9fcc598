//! What is left of an allow: resources as conjunctions of globs, and a search for one that is
//! allowed and not denied.

use super::arn::ArnPattern;
use super::glob::{Glob, Letter, Search, outside};

/// The words that all of `within` match and none of `without`.
#[derive(Clone, Debug, Default)]
pub struct Region {
    pub within: Vec<Glob>,
    pub without: Vec<Glob>,
}

/// How `*` in the middle of an ARN is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It goes beyond colons.
    Spanning,
    /// It stays in its segment.
    Segmented,
}

/// Regions to choose from: a word must be in one of each choice.
pub type Choice = Vec<Region>;

/// More combinations of choices than this are not tried.
const MAX_COMBINATIONS: usize = 256;

impl Region {
    pub fn everything() -> Region {
        Region::default()
    }

    pub fn inside(glob: Glob) -> Region {
        Region { within: vec![glob], without: Vec::new() }
    }

    pub fn and(&self, other: &Region) -> Region {
        Region {
            within: [self.within.as_slice(), &other.within].concat(),
            without: [self.without.as_slice(), &other.without].concat(),
        }
    }

    /// A word of the region, shortest first.
    pub fn word(&self) -> Search {
        let globs = |list: &[Glob]| -> Vec<Glob> { list.to_vec() };
        let (within, without) = (globs(&self.within), globs(&self.without));
        let within: Vec<&Glob> = within.iter().filter(|glob| !glob.is_everything()).collect();
        let everything = Glob::parse("*");
        let within = if within.is_empty() { vec![&everything] } else { within };
        for (index, one) in within.iter().enumerate() {
            if within[index + 1..].iter().any(|other| !one.intersects(other)) {
                return Search::Empty;
            }
        }
        // What cannot meet the region takes nothing of it, and what covers one of its globs all.
        let mut takers = Vec::new();
        for glob in &without {
            if within.iter().all(|one| one.intersects(glob)) {
                if within.iter().any(|one| one.within(glob).is_yes()) {
                    return Search::Empty;
                }
                takers.push(glob);
            }
        }
        outside(&within, &takers)
    }
}

/// A word that is in `region` and in one region of every choice.
pub fn find(region: &Region, choices: &[Choice]) -> Search {
    let combinations = choices.iter().fold(1_usize, |product, choice| product.saturating_mul(choice.len().max(1)));
    if combinations > MAX_COMBINATIONS {
        return Search::OverBudget;
    }
    let Some((choice, rest)) = choices.split_first() else { return region.word() };
    let mut over_budget = false;
    for option in choice {
        match find(&region.and(option), rest) {
            Search::Found(word) => return Search::Found(word),
            Search::OverBudget => over_budget = true,
            Search::Empty => {}
        }
    }
    if over_budget { Search::OverBudget } else { Search::Empty }
}

/// All that a pattern can match under a reading, holes as rigid letters.
pub fn most(pattern: &ArnPattern, reading: Reading) -> Glob {
    match reading {
        Reading::Spanning => pattern.spanning.clone(),
        Reading::Segmented => pattern.segmented.clone().unwrap_or_else(|| pattern.wide.clone()),
    }
}

/// What a pattern is sure to match under a reading; `None` for nothing.
pub fn least(pattern: &ArnPattern, reading: Reading) -> Option<Glob> {
    match reading {
        Reading::Spanning if pattern.segmented.is_some() => Some(pattern.spanning.clone()),
        _ => pattern.segmented.clone(),
    }
}

/// Whether a word is one whatever the holes and variables turn out to be.
pub fn is_concrete(word: &[Letter]) -> bool {
    word.iter().all(|letter| matches!(letter, Letter::Char(_)))
}
