//! Looks for a word in some globs and outside of others, breadth first over the product of their
//! position sets; the first one found is the shortest.

use super::{Glob, Letter, Reach, Token};
use fnv::FnvHashSet;
use std::rc::Rc;

/// What came of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// A word with the property.
    Found(Vec<Letter>),
    /// There is none.
    Empty,
    /// The patterns are too entangled to tell.
    OverBudget,
}

/// How many states one search may visit. Real policies need some hundred.
const MAX_STATES: usize = 20_000;

/// A word that every one of `positive` matches and none of `negative`. Holes are rigid letters: an
/// empty search proves the same for every text they may stand for; a word found does not.
pub fn outside(positive: &[&Glob], negative: &[&Glob]) -> Search {
    let globs: Vec<&Glob> = positive.iter().chain(negative).copied().collect();
    let fresh = fresh_letter(&globs);
    if let ([only], []) = (positive, negative) {
        return Search::Found(shortest(only, fresh));
    }
    let inside = positive.len();
    let mut at: Vec<u32> = Vec::new();
    for (index, glob) in globs.iter().enumerate() {
        start_next(&mut at, index);
        let from = at.len();
        at.push(0);
        close(glob, &mut at, from);
    }
    let mut states: Vec<(State, Option<(usize, Letter)>)> = Vec::new();
    let mut known: FnvHashSet<State> = FnvHashSet::default();
    if alive(&at, &globs, inside) {
        let start = State::from(at.as_slice());
        known.insert(start.clone());
        states.push((start, None));
    }
    let mut next = 0;
    while next < states.len() {
        let state = states[next].0.clone();
        if accepted(&state, &globs, inside) {
            return Search::Found(trace(&states, next));
        }
        if states.len() > MAX_STATES {
            return Search::OverBudget;
        }
        for letter in letters(&state, &globs, fresh) {
            if !each(&state).zip(positive).all(|(at, glob)| is_read(glob, at, letter)) {
                continue;
            }
            at.clear();
            for (index, (from, glob)) in each(&state).zip(&globs).enumerate() {
                start_next(&mut at, index);
                step_onto(glob, from, letter, &mut at);
            }
            if alive(&at, &globs, inside) && !known.contains(at.as_slice()) {
                let state = State::from(at.as_slice());
                known.insert(state.clone());
                states.push((state, Some((next, letter))));
            }
        }
        next += 1;
    }
    Search::Empty
}

/// The positions in each glob, one glob behind the other.
type State = Rc<[u32]>;

/// Stands between the positions of two globs.
const BETWEEN: u32 = u32::MAX;

fn start_next(state: &mut Vec<u32>, index: usize) {
    if index > 0 {
        state.push(BETWEEN);
    }
}

fn each(state: &[u32]) -> impl Iterator<Item = &[u32]> {
    state.split(|at| *at == BETWEEN)
}

/// The shortest word of a glob: nothing for `*`, the fresh letter for `?`.
fn shortest(glob: &Glob, fresh: Letter) -> Vec<Letter> {
    let letter = |token: &Token| match token {
        Token::Letter(letter) => Some(*letter),
        Token::One(_) => Some(fresh),
        Token::Run(_) => None,
    };
    glob.tokens().iter().filter_map(letter).collect()
}

/// Positions in one glob, ascending: how many tokens may have been used up.
pub type Positions = Vec<u32>;

pub fn start(glob: &Glob) -> Positions {
    let mut at = vec![0];
    close(glob, &mut at, 0);
    at
}

pub fn step(glob: &Glob, from: &[u32], letter: Letter) -> Positions {
    let mut reached = Vec::with_capacity(from.len() + 1);
    step_onto(glob, from, letter, &mut reached);
    reached
}

/// Adds the positions that are reached by a letter to those of other globs.
fn step_onto(glob: &Glob, from: &[u32], letter: Letter, state: &mut Vec<u32>) {
    let first = state.len();
    for &at in from {
        if let Some(token) = glob.tokens().get(at as usize)
            && token.reads(letter)
        {
            state.push(if matches!(token, Token::Run(_)) { at } else { at + 1 });
        }
    }
    close(glob, state, first);
}

/// Whether a glob can go on from one of the positions by a letter.
fn is_read(glob: &Glob, from: &[u32], letter: Letter) -> bool {
    from.iter().any(|at| glob.tokens().get(*at as usize).is_some_and(|token| token.reads(letter)))
}

pub fn is_final(glob: &Glob, at: &[u32]) -> bool {
    at.last().is_some_and(|last| *last as usize == glob.tokens().len())
}

/// Adds what is reached by reading nothing to the positions from `first` on, and drops what is
/// before the last unlimited `*`: that accepts all that the dropped positions accept.
fn close(glob: &Glob, positions: &mut Vec<u32>, first: usize) {
    let tokens = glob.tokens();
    let mut index = first;
    while index < positions.len() {
        let at = positions[index] as usize;
        if matches!(tokens.get(at), Some(Token::Run(_))) {
            positions.push(positions[index] + 1);
        }
        index += 1;
    }
    let own = &mut positions[first..];
    own.sort_unstable();
    let open = |at: &u32| tokens.get(*at as usize) == Some(&Token::Run(Reach::All));
    let from = own.iter().rposition(open).unwrap_or_default();
    let mut kept = first;
    for index in first + from..positions.len() {
        if kept == first || positions[kept - 1] != positions[index] {
            positions[kept] = positions[index];
            kept += 1;
        }
    }
    positions.truncate(kept);
}

/// Whether a word with the property may still come of a state.
fn alive(state: &[u32], globs: &[&Glob], positive: usize) -> bool {
    each(state).zip(globs).enumerate().all(|(index, (at, glob))| {
        if index < positive {
            return !at.is_empty();
        }
        let last = glob.tokens().len().wrapping_sub(1);
        !(glob.ends_open() && at.iter().any(|at| *at as usize == last))
    })
}

fn accepted(state: &[u32], globs: &[&Glob], positive: usize) -> bool {
    each(state).zip(globs).enumerate().all(|(index, (at, glob))| is_final(glob, at) == (index < positive))
}

/// The letters that can lead to different states: those written at a live position, one that
/// occurs nowhere, and the two that wildcards with limits refuse.
fn letters(state: &[u32], globs: &[&Glob], fresh: Letter) -> Vec<Letter> {
    let mut found = vec![fresh];
    let mut limited = false;
    for (positions, glob) in each(state).zip(globs) {
        for at in positions {
            match glob.tokens().get(*at as usize) {
                Some(Token::Letter(letter)) if !found.contains(letter) => found.push(*letter),
                Some(Token::One(reach) | Token::Run(reach)) => limited |= *reach != Reach::All,
                _ => {}
            }
        }
    }
    if limited {
        for c in [':', '/'] {
            if !found.contains(&Letter::Char(c)) {
                found.push(Letter::Char(c));
            }
        }
    }
    found
}

/// A readable character that none of the globs holds, so that the word found is a word of the
/// real alphabet.
fn fresh_letter(globs: &[&Glob]) -> Letter {
    let readable = ('x'..='z').chain('a'..='w').chain('0'..='9').chain('A'..='Z').chain('\u{E100}'..='\u{F8FF}');
    let free = |c: &char| !globs.iter().any(|glob| glob.tokens().contains(&Token::Letter(Letter::Char(*c))));
    Letter::Char(readable.into_iter().find(free).unwrap_or('\u{10FFFD}'))
}

fn trace(states: &[(State, Option<(usize, Letter)>)], mut at: usize) -> Vec<Letter> {
    let mut word = Vec::new();
    while let Some((before, letter)) = &states[at].1 {
        word.push(*letter);
        at = *before;
    }
    word.reverse();
    word
}
