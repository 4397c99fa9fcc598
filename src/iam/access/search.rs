//! Box subtraction: looks for a request that is in a box and outside of all walls. What the search
//! finds is a candidate; whoever asks decides whether it is one.

use super::boxes::{AccessBox, Wall};
use super::dimension::Dimension;
use super::vocabulary::Vocabulary;

/// What came of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A candidate was taken.
    Taken,
    /// There is no request outside of the walls, but for candidates that were refused.
    Exhausted,
    OverBudget,
}

/// More boxes than this are not looked at. The policies of AWS need some hundred.
const MAX_BOXES: usize = 20_000;

/// Offers boxes that lie outside of all walls to `take`, until it takes one. Every request of `from`
/// outside of the walls is in a box that is offered.
pub fn uncovered(
    from: AccessBox,
    walls: &[&Wall],
    vocabulary: &Vocabulary,
    take: &mut dyn FnMut(&AccessBox) -> bool,
) -> Outcome {
    let mut search = Search { vocabulary, take, boxes: 0 };
    search.uncovered(from, walls)
}

struct Search<'s> {
    vocabulary: &'s Vocabulary,
    take: &'s mut dyn FnMut(&AccessBox) -> bool,
    boxes: usize,
}

impl Search<'_> {
    fn uncovered(&mut self, from: AccessBox, walls: &[&Wall]) -> Outcome {
        self.boxes += 1;
        if self.boxes > MAX_BOXES {
            return Outcome::OverBudget;
        }
        let live: Vec<&Wall> = walls.iter().copied().filter(|wall| self.meets(&from, wall)).collect();
        if live.is_empty() {
            return if (self.take)(&from) { Outcome::Taken } else { Outcome::Exhausted };
        }
        // The wall that leaves the fewest pieces: none means that it covers the box.
        let mut best = (usize::MAX, 0);
        for (index, wall) in live.iter().enumerate() {
            let pieces = self.pieces_left(&from, wall, best.0);
            if pieces == 0 {
                return Outcome::Exhausted;
            }
            best = best.min((pieces, index));
        }
        let wall = live[best.1];
        let rest: Vec<&Wall> =
            live.iter().enumerate().filter(|(index, _)| *index != best.1).map(|(_, wall)| *wall).collect();
        let mut inside = from;
        for (dimension, test) in &wall.tests {
            if let Some(piece) = inside.under(dimension, &test.negated(), self.vocabulary) {
                match self.uncovered(piece, &rest) {
                    Outcome::Exhausted => {}
                    end => return end,
                }
            }
            match inside.under(dimension, test, self.vocabulary) {
                Some(narrowed) => inside = narrowed,
                None => break,
            }
        }
        Outcome::Exhausted
    }

    fn meets(&self, from: &AccessBox, wall: &Wall) -> bool {
        // Tests on one dimension are taken together.
        let mut seen: Vec<(&Dimension, AccessBox)> = Vec::new();
        for (dimension, test) in &wall.tests {
            let known = seen.iter().position(|(other, _)| *other == dimension);
            let base = known.map_or(from, |index| &seen[index].1);
            let Some(narrowed) = base.under(dimension, test, self.vocabulary) else { return false };
            match known {
                Some(index) => seen[index].1 = narrowed,
                None => seen.push((dimension, narrowed)),
            }
        }
        true
    }

    fn pieces_left(&self, from: &AccessBox, wall: &Wall, enough: usize) -> usize {
        let mut pieces = 0;
        for (dimension, test) in &wall.tests {
            pieces += usize::from(from.under(dimension, &test.negated(), self.vocabulary).is_some());
            if pieces >= enough {
                break;
            }
        }
        pieces
    }
}
