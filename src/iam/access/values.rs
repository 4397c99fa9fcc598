//! Sets of values of one dimension of a request: texts as globs, intervals of numbers, dates and
//! addresses, the two truth values. Closed under what a condition and its negation take away.

use crate::iam::glob::{Glob, Letter, Reach, Search, Token, outside};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A pattern with what most comparisons need.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    pub glob: Glob,
    /// The text, when it is one.
    text: Option<String>,
    /// Whether its only wildcards are `*` without limits, and it has no holes.
    plain: bool,
}

impl Pattern {
    pub fn new(glob: Glob) -> Arc<Pattern> {
        let is_plain = |token: &Token| matches!(token, Token::Letter(Letter::Char(_)) | Token::Run(Reach::All));
        let plain = glob.tokens().iter().all(is_plain);
        Arc::new(Pattern { text: glob.tokens().iter().copied().map(Token::character).collect(), plain, glob })
    }

    /// The text, when it is one.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Whether everything that matches `self` matches `other`; `false` also where it is not known.
    fn is_within(&self, other: &Pattern) -> bool {
        match (self.text(), other.text()) {
            (Some(own), Some(its)) => own == its,
            _ if self.glob.begins_otherwise(&other.glob) => false,
            (Some(own), None) => other.glob.matches(own),
            (None, _) => self.glob.within(&other.glob).is_yes(),
        }
    }

    fn meets(&self, other: &Pattern) -> bool {
        match (self.text(), other.text()) {
            (Some(_), _) => self.is_within(other),
            (None, Some(_)) => other.is_within(self),
            (None, None) => !self.glob.begins_otherwise(&other.glob) && self.glob.intersects(&other.glob),
        }
    }
}

/// Words that all of `within` match and none of `without`.
#[derive(Clone, Debug)]
pub struct Region {
    pub within: Vec<Arc<Pattern>>,
    pub without: Vec<Arc<Pattern>>,
}

/// A set of values.
#[derive(Clone, Debug)]
pub enum Values {
    /// A union of regions, none of which is known to be empty.
    Texts(Vec<Region>),
    /// Closed intervals, ascending and apart.
    Ranges(Vec<(u128, u128)>),
    /// One bit for `true`, one for `false`, one for anything else.
    Flags(u8),
}

/// What a condition lists.
#[derive(Debug)]
pub enum Members {
    Patterns(Patterns),
    Ranges(Vec<(u128, u128)>),
    Flags(u8),
}

/// Patterns, in such an order that one text is sought in few of them.
#[derive(Debug, Default)]
pub struct Patterns {
    literal: BTreeMap<Box<str>, Arc<Pattern>>,
    wild: Vec<Arc<Pattern>>,
}

impl Patterns {
    /// Those that may have something in common with a region.
    fn near<'p>(&'p self, region: &Region) -> impl Iterator<Item = &'p Arc<Pattern>> + use<'p> {
        let text = region.within.iter().find_map(|pattern| pattern.text());
        let one = text.and_then(|text| self.literal.get(text));
        let all = text.is_none().then(|| self.literal.values());
        one.into_iter().chain(all.into_iter().flatten()).chain(&self.wild)
    }
}

impl FromIterator<Arc<Pattern>> for Patterns {
    fn from_iter<I: IntoIterator<Item = Arc<Pattern>>>(patterns: I) -> Patterns {
        let mut found = Patterns::default();
        for pattern in patterns {
            match pattern.text() {
                Some(text) => {
                    found.literal.insert(text.into(), pattern);
                }
                None => found.wild.push(pattern),
            }
        }
        found
    }
}

/// More regions than this are not told apart: the set is then taken as larger than it is.
const MAX_REGIONS: usize = 20_000;

impl Values {
    pub fn all_texts() -> Values {
        Values::Texts(vec![Region { within: vec![Pattern::new(Glob::parse("*"))], without: Vec::new() }])
    }

    pub fn texts(patterns: &[Arc<Pattern>]) -> Values {
        let region = |pattern: &Arc<Pattern>| Region { within: vec![pattern.clone()], without: Vec::new() };
        Values::Texts(patterns.iter().map(region).collect())
    }

    /// Whether there is none; `false` also where the patterns are too entangled to tell.
    pub fn is_empty(&self) -> bool {
        match self {
            Values::Texts(regions) => regions.is_empty(),
            Values::Ranges(ranges) => ranges.is_empty(),
            Values::Flags(flags) => *flags == 0,
        }
    }

    /// Those that are among the members. A condition compares values of one kind only.
    pub fn within(&self, members: &Members) -> Values {
        match (self, members) {
            (Values::Texts(regions), Members::Patterns(patterns)) => Values::Texts(texts_within(regions, patterns)),
            (Values::Ranges(ranges), Members::Ranges(others)) => Values::Ranges(common(ranges, others)),
            (Values::Flags(flags), Members::Flags(others)) => Values::Flags(flags & others),
            _ => self.clone(),
        }
    }

    /// Those that are not among the members.
    pub fn without(&self, members: &Members) -> Values {
        match (self, members) {
            (Values::Texts(regions), Members::Patterns(patterns)) => {
                Values::Texts(regions.iter().filter_map(|region| region.without(patterns)).collect())
            }
            (Values::Ranges(ranges), Members::Ranges(others)) => Values::Ranges(common(ranges, &complement(others))),
            (Values::Flags(flags), Members::Flags(others)) => Values::Flags(flags & !others),
            _ => self.clone(),
        }
    }
}

fn texts_within(regions: &[Region], patterns: &Patterns) -> Vec<Region> {
    let mut found = Vec::new();
    for region in regions {
        if patterns.near(region).any(|pattern| region.within.iter().any(|own| own.is_within(pattern))) {
            found.push(region.clone());
        } else {
            found.extend(patterns.near(region).filter_map(|pattern| region.within(pattern)));
        }
        if found.len() > MAX_REGIONS {
            return regions.to_vec();
        }
    }
    found
}

impl Region {
    pub fn within(&self, pattern: &Arc<Pattern>) -> Option<Region> {
        self.meet(pattern).filter(|region| !region.is_surely_empty())
    }

    /// The same for whoever looks for a word of it, which there may be none of.
    pub fn meet(&self, pattern: &Arc<Pattern>) -> Option<Region> {
        if !self.within.iter().all(|own| own.meets(pattern)) {
            return None;
        }
        let kept = self.within.iter().filter(|own| !pattern.is_within(own)).cloned();
        let within: Vec<_> = kept.chain(std::iter::once(pattern.clone())).collect();
        let mut region = Region { within, without: Vec::new() };
        for taker in &self.without {
            region.take(taker)?;
        }
        Some(region)
    }

    fn without(&self, patterns: &Patterns) -> Option<Region> {
        let mut region = self.clone();
        let before = region.without.len();
        for pattern in patterns.near(self) {
            region.take(pattern)?;
        }
        (region.without.len() == before || !region.is_surely_empty()).then_some(region)
    }

    /// Notes what is taken, if it takes a part; `None` when it takes all.
    fn take(&mut self, taker: &Arc<Pattern>) -> Option<()> {
        if self.within.iter().any(|own| own.is_within(taker)) {
            return None;
        }
        let matters = self.within.iter().all(|own| own.meets(taker));
        if matters && !self.without.iter().any(|other| taker.is_within(other)) {
            self.without.push(taker.clone());
        }
        Some(())
    }

    /// Exact but for patterns too entangled to tell.
    fn is_surely_empty(&self) -> bool {
        // Plain globs over an open alphabet: one that is in none of them is not in all together.
        let [only] = self.within.as_slice() else { return self.word() == Search::Empty };
        if only.text.is_some() || (!only.glob.has_holes() && self.without.iter().all(|taker| taker.plain)) {
            return false;
        }
        self.word() == Search::Empty
    }

    /// A word of the region, shortest first.
    pub fn word(&self) -> Search {
        let globs = |list: &[Arc<Pattern>]| list.iter().map(|pattern| pattern.glob.clone()).collect::<Vec<_>>();
        let (within, without) = (globs(&self.within), globs(&self.without));
        outside(&within.iter().collect::<Vec<_>>(), &without.iter().collect::<Vec<_>>())
    }

    /// Whether a text is in the region.
    pub fn has(&self, text: &str) -> bool {
        let matches = |pattern: &Arc<Pattern>| match pattern.text() {
            Some(own) => own == text,
            None => pattern.glob.matches(text),
        };
        self.within.iter().all(matches) && !self.without.iter().any(matches)
    }
}

fn common(left: &[(u128, u128)], right: &[(u128, u128)]) -> Vec<(u128, u128)> {
    let meet = |one: &(u128, u128), other: &(u128, u128)| {
        let (start, end) = (one.0.max(other.0), one.1.min(other.1));
        (start <= end).then_some((start, end))
    };
    let mut found: Vec<_> = left.iter().flat_map(|one| right.iter().filter_map(|other| meet(one, other))).collect();
    found.sort_unstable();
    found
}

/// All that is in none of the intervals, in any order.
fn complement(ranges: &[(u128, u128)]) -> Vec<(u128, u128)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut found = Vec::new();
    let mut next = Some(0);
    for (start, end) in sorted {
        let Some(from) = next else { break };
        if start > from {
            found.push((from, start - 1));
        }
        next = end.checked_add(1).map(|after| after.max(from));
    }
    found.extend(next.map(|from| (from, u128::MAX)));
    found
}

/// Intervals as one ascending list without overlaps.
pub fn united(ranges: &[(u128, u128)]) -> Vec<(u128, u128)> {
    complement(&complement(ranges))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(patterns: &[&str]) -> Members {
        Members::Patterns(patterns.iter().map(|text| Pattern::new(Glob::parse(text))).collect())
    }

    #[test]
    fn texts_are_taken_and_kept() {
        // What is kept, what is taken then, whether nothing is left.
        let table: &[(&[&str], &[&str], bool)] = &[
            (&["a*"], &["a", "ab*"], false),
            (&["a*"], &["*"], true),
            (&["ab", "ac"], &["a?"], true),
            (&["a*b*"], &["a*b"], false),
            (&["a?"], &["ab*", "a*"], true),
            (&["*a*"], &["b*", "a*", "c*"], false),
            (&["??"], &["?*"], true),
            (&["?*"], &["?", "??*"], true),
        ];
        for (kept, taken, empty) in table {
            let left = Values::all_texts().within(&members(kept)).without(&members(taken));
            assert_eq!(left.is_empty(), *empty, "{kept:?} without {taken:?}");
        }
        let both = Values::all_texts().within(&members(&["a*"])).within(&members(&["*b"]));
        assert!(both.without(&members(&["a*b"])).is_empty(), "one word for both ends is `a*b`");
        assert!(Values::all_texts().within(&members(&["a*"])).within(&members(&["b*"])).is_empty());
    }

    #[test]
    fn intervals_are_taken_and_kept() {
        assert_eq!(complement(&[(5, 9), (0, 2), (7, 20)]), [(3, 4), (21, u128::MAX)]);
        assert_eq!(complement(&[]), [(0, u128::MAX)]);
        assert_eq!(complement(&[(0, u128::MAX)]), []);
        assert_eq!(united(&[(5, 9), (0, 2), (3, 4)]), [(0, 9)]);
        assert_eq!(common(&[(0, 5), (8, 9)], &[(4, 8)]), [(4, 5), (8, 8)]);
    }
}
