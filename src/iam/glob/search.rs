//! Looks for a word in some globs and outside of others, breadth first over the product of their
//! position sets; the first one found is the shortest.

use super::{Glob, Letter, Reach, Token};
use fnv::FnvHashSet;

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
        return Search::Found(shortest(only, &fresh));
    }
    let start: State = globs.iter().map(|glob| start(glob)).collect();
    let mut states: Vec<(State, Option<(usize, Letter)>)> = Vec::new();
    let mut known: FnvHashSet<State> = FnvHashSet::default();
    if alive(&start, &globs, positive.len()) {
        known.insert(start.clone());
        states.push((start, None));
    }
    let mut next = 0;
    while next < states.len() {
        if accepted(&states[next].0, &globs, positive.len()) {
            return Search::Found(trace(&states, next));
        }
        if states.len() > MAX_STATES {
            return Search::OverBudget;
        }
        for letter in letters(&states[next].0, &globs, &fresh) {
            let inside = states[next].0.iter().zip(positive);
            if !inside.into_iter().all(|(at, glob)| is_read(glob, at, &letter)) {
                continue;
            }
            let state: State = states[next].0.iter().zip(&globs).map(|(at, glob)| step(glob, at, &letter)).collect();
            if alive(&state, &globs, positive.len()) && known.insert(state.clone()) {
                states.push((state, Some((next, letter))));
            }
        }
        next += 1;
    }
    Search::Empty
}

/// The shortest word of a glob: nothing for `*`, the fresh letter for `?`.
fn shortest(glob: &Glob, fresh: &Letter) -> Vec<Letter> {
    let letter = |token: &Token| match token {
        Token::Letter(letter) => Some(letter.clone()),
        Token::One(_) => Some(fresh.clone()),
        Token::Run(_) => None,
    };
    glob.tokens().iter().filter_map(letter).collect()
}

/// Positions in one glob, ascending: how many tokens may have been used up.
pub type Positions = Vec<u32>;
type State = Vec<Positions>;

pub fn start(glob: &Glob) -> Positions {
    closed(glob, vec![0])
}

pub fn step(glob: &Glob, from: &[u32], letter: &Letter) -> Positions {
    let mut reached = Vec::with_capacity(from.len() + 1);
    for &at in from {
        if let Some(token) = glob.tokens().get(at as usize)
            && token.reads(letter)
        {
            reached.push(if matches!(token, Token::Run(_)) { at } else { at + 1 });
        }
    }
    closed(glob, reached)
}

/// Whether a glob can go on from one of the positions by a letter.
fn is_read(glob: &Glob, from: &[u32], letter: &Letter) -> bool {
    from.iter().any(|at| glob.tokens().get(*at as usize).is_some_and(|token| token.reads(letter)))
}

pub fn is_final(glob: &Glob, at: &[u32]) -> bool {
    at.last().is_some_and(|last| *last as usize == glob.tokens().len())
}

/// Adds what is reached by reading nothing, and drops what is before the last unlimited `*`: that
/// accepts all that the dropped positions accept.
fn closed(glob: &Glob, mut positions: Positions) -> Positions {
    let tokens = glob.tokens();
    let mut index = 0;
    while index < positions.len() {
        let at = positions[index] as usize;
        if matches!(tokens.get(at), Some(Token::Run(_))) {
            positions.push(positions[index] + 1);
        }
        index += 1;
    }
    positions.sort_unstable();
    positions.dedup();
    let open = |at: &u32| tokens.get(*at as usize) == Some(&Token::Run(Reach::All));
    if let Some(last) = positions.iter().rposition(open) {
        positions.drain(..last);
    }
    positions
}

/// Whether a word with the property may still come of a state.
fn alive(state: &State, globs: &[&Glob], positive: usize) -> bool {
    let (inside, out) = state.split_at(positive);
    let swallowed = |(at, glob): (&Positions, &&Glob)| {
        let last = glob.tokens().len().wrapping_sub(1);
        glob.ends_open() && at.iter().any(|at| *at as usize == last)
    };
    inside.iter().all(|at| !at.is_empty()) && !out.iter().zip(&globs[positive..]).any(swallowed)
}

fn accepted(state: &State, globs: &[&Glob], positive: usize) -> bool {
    let is_final = |index: usize| is_final(globs[index], &state[index]);
    (0..positive).all(is_final) && !(positive..globs.len()).any(is_final)
}

/// The letters that can lead to different states: those written at a live position, one that
/// occurs nowhere, and the two that wildcards with limits refuse.
fn letters(state: &State, globs: &[&Glob], fresh: &Letter) -> Vec<Letter> {
    let mut found = vec![fresh.clone()];
    let mut limited = false;
    for (positions, glob) in state.iter().zip(globs) {
        for at in positions {
            match glob.tokens().get(*at as usize) {
                Some(Token::Letter(letter)) if !found.contains(letter) => found.push(letter.clone()),
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
    let free = |c: &char| {
        let letter = Letter::Char(*c);
        !globs.iter().any(|glob| glob.tokens().iter().any(|token| *token == Token::Letter(letter.clone())))
    };
    Letter::Char(readable.into_iter().find(free).unwrap_or('\u{10FFFD}'))
}

fn trace(states: &[(State, Option<(usize, Letter)>)], mut at: usize) -> Vec<Letter> {
    let mut word = Vec::new();
    while let Some((before, letter)) = &states[at].1 {
        word.push(letter.clone());
        at = *before;
    }
    word.reverse();
    word
}
