//! The glob theory against brute force over all words of a small alphabet.

use super::*;

/// A small generator of pseudo-random numbers, the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn glob(&mut self, longest: usize, wild: &[Token]) -> Glob {
        let count = self.below(longest + 1);
        let token = |random: &mut Random| match random.below(7) {
            0 | 1 => Token::Letter(Letter::Char('a')),
            2 => Token::Letter(Letter::Char('b')),
            3 => Token::Letter(Letter::Char(':')),
            _ => wild[random.below(wild.len())],
        };
        Glob::new((0..count).map(|_| token(self)).collect())
    }
}

/// Matching by recursion: shares no code with the position sets.
fn matches(tokens: &[Token], word: &[Letter]) -> bool {
    match tokens.split_first() {
        None => word.is_empty(),
        Some((Token::Run(reach), rest)) => {
            matches(rest, word) || (!word.is_empty() && reach.admits(word[0]) && matches(tokens, &word[1..]))
        }
        Some((token, rest)) => {
            let fits = |letter: &Letter| match token {
                Token::Letter(own) => own == letter,
                Token::One(reach) => matches!(letter, Letter::Char(_)) && reach.admits(*letter),
                Token::Run(_) => false,
            };
            !word.is_empty() && fits(&word[0]) && matches(rest, &word[1..])
        }
    }
}

/// All words of at most `longest` letters; `z` occurs in no glob.
fn words(longest: usize) -> Vec<Vec<Letter>> {
    let mut all: Vec<Vec<Letter>> = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..longest {
        let until = all.len();
        for index in from..until {
            for c in ['a', 'b', ':', '/', 'z'] {
                let mut word = all[index].clone();
                word.push(Letter::Char(c));
                all.push(word);
            }
        }
        from = until;
    }
    all
}

const PLAIN: &[Token] = &[Token::Run(Reach::All)];
const WILD: &[Token] = &[Token::Run(Reach::All), Token::Run(Reach::All), Token::One(Reach::All)];
const LIMITED: &[Token] =
    &[Token::Run(Reach::All), Token::Run(Reach::Segment), Token::One(Reach::Segment), Token::Run(Reach::Name)];

#[test]
fn matching_agrees_with_recursion() {
    let words = words(4);
    let mut random = Random(1);
    for round in 0..600 {
        let glob = random.glob(5, [PLAIN, WILD, LIMITED][round % 3]);
        for word in &words {
            let expected = matches(glob.tokens(), word);
            assert_eq!(glob.accepts(word.iter().cloned()), expected, "{glob:?} {word:?}");
            assert_eq!(glob.matches(&spell(word)), expected, "{glob:?} {word:?}");
        }
    }
}

#[test]
fn intersection_agrees_with_all_words() {
    let words = words(5);
    let mut random = Random(2);
    let mut counts = [0, 0];
    for round in 0..3000 {
        let wild = [PLAIN, WILD, LIMITED][round % 3];
        let (one, two) = (random.glob(4, wild), random.glob(4, wild));
        let brute = words.iter().any(|word| matches(one.tokens(), word) && matches(two.tokens(), word));
        assert_eq!(one.intersects(&two), brute, "{one:?} {two:?}");
        counts[usize::from(brute)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}

#[test]
fn containment_in_a_union_agrees_with_all_words() {
    let words = words(5);
    let mut random = Random(3);
    let mut counts = [0, 0];
    for round in 0..4000 {
        let wild = [PLAIN, WILD, LIMITED][round % 3];
        let inner = random.glob(3, wild);
        let outer: Vec<Glob> = (0..1 + random.below(3)).map(|_| random.glob(4, wild)).collect();
        let outer: Vec<&Glob> = outer.iter().collect();
        let outside_of_all =
            |word: &[Letter]| matches(inner.tokens(), word) && !outer.iter().any(|glob| matches(glob.tokens(), word));
        let brute = words.iter().any(|word| outside_of_all(word));
        match outside(&[&inner], &outer) {
            Search::Found(word) => assert!(outside_of_all(&word), "{inner:?} {outer:?} {word:?}"),
            Search::Empty => assert!(!brute, "{inner:?} {outer:?}"),
            Search::OverBudget => panic!("a small search runs out of budget: {inner:?} {outer:?}"),
        }
        // The shortest counterexample of patterns this short has no more letters than the words
        // have, so brute force decides the other way too; the canonical word must agree.
        assert_eq!(inner.within_any(&outer), Truth::of(!brute), "{inner:?} {outer:?}");
        counts[usize::from(brute)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}

#[test]
fn the_intersection_of_many_globs_is_searched_exactly() {
    let words = words(5);
    let mut random = Random(4);
    for _ in 0..1500 {
        let globs: Vec<Glob> = (0..3).map(|_| random.glob(3, LIMITED)).collect();
        let brute = words.iter().any(|word| globs.iter().all(|glob| matches(glob.tokens(), word)));
        let found = outside(&globs.iter().collect::<Vec<_>>(), &[]);
        match found {
            Search::Found(word) => assert!(globs.iter().all(|glob| matches(glob.tokens(), &word))),
            Search::Empty => assert!(!brute, "{globs:?}"),
            Search::OverBudget => panic!("a small search runs out of budget: {globs:?}"),
        }
    }
}

fn with_hole(before: &str, hole: &str, after: &str) -> Glob {
    let mut glob = Glob::parse(before);
    glob.push(Token::Letter(Letter::Hole(HoleLetter::new(hole, None, true))));
    glob.push_pattern(after, Reach::All);
    glob
}

#[test]
fn a_hole_is_matched_by_a_star_and_by_itself_only() {
    let bucket = with_hole("arn:", "Bucket", "/*");
    let table = [
        (Glob::parse("arn:*"), Truth::Yes),
        (Glob::parse("*"), Truth::Yes),
        (with_hole("arn:", "Bucket", "*"), Truth::Yes),
        (with_hole("a*", "Bucket", "/*"), Truth::Yes),
        (with_hole("arn:", "Other", "/*"), Truth::No),
        (Glob::parse("arn:?/*"), Truth::No),
        (Glob::parse("arn:x/*"), Truth::No),
    ];
    for (outer, answer) in table {
        assert_eq!(bucket.within(&outer), answer, "{outer:?}");
    }
}

#[test]
fn entangled_patterns_run_out_of_budget_and_are_unknown() {
    let inner = Glob::parse(&format!("*a{}", "?".repeat(16)));
    let outer: Vec<Glob> = (0..17).map(|at| Glob::parse(&format!("{}b*", "?".repeat(at)))).collect();
    let outer: Vec<&Glob> = outer.iter().collect();
    let answer = inner.within_any(&outer);
    assert_ne!(answer, Truth::Yes);
    let hard: Vec<String> = (0..18).map(|at| format!("*{}*", char::from(b'a' + at))).collect();
    let hard: Vec<Glob> = hard.iter().map(|pattern| Glob::parse(pattern)).collect();
    let positive: Vec<&Glob> = hard.iter().collect();
    assert_eq!(outside(&positive, &[]), Search::OverBudget);
}

/// Random questions about globs drawn from a pool. Which words a glob matches is found by recursion
/// once; what the search says is held against that, and a word it finds is matched by recursion too,
/// so that its length does not matter.
fn ask_of_a_pool(seed: u64, pool: usize, questions: usize) {
    let words = words(5);
    let mut random = Random(seed);
    let globs: Vec<(Glob, Vec<bool>)> = (0..pool)
        .map(|index| {
            let glob = random.glob(4, [PLAIN, WILD, LIMITED][index % 3]);
            let matched = words.iter().map(|word| matches(glob.tokens(), word)).collect();
            (glob, matched)
        })
        .collect();
    let mut counts = [0, 0];
    for _ in 0..questions {
        let (inside, out) = (1 + random.below(2), random.below(4));
        let chosen: Vec<&(Glob, Vec<bool>)> = (0..inside + out).map(|_| &globs[random.below(pool)]).collect();
        let (positive, negative) = chosen.split_at(inside);
        let by_words =
            || (0..words.len()).any(|at| positive.iter().all(|one| one.1[at]) && !negative.iter().any(|one| one.1[at]));
        let only = |list: &[&(Glob, Vec<bool>)]| list.iter().map(|one| one.0.clone()).collect::<Vec<_>>();
        let (own, its) = (only(positive), only(negative));
        let its: Vec<&Glob> = its.iter().collect();
        let found = match outside(&own.iter().collect::<Vec<_>>(), &its) {
            Search::Found(word) => {
                assert!(own.iter().all(|glob| matches(glob.tokens(), &word)), "{own:?} {its:?} {word:?}");
                assert!(!its.iter().any(|glob| matches(glob.tokens(), &word)), "{own:?} {its:?} {word:?}");
                true
            }
            Search::Empty => {
                assert!(!by_words(), "{own:?} {its:?}");
                false
            }
            Search::OverBudget => panic!("a small search runs out of budget: {own:?} {its:?}"),
        };
        match own.as_slice() {
            [one] => assert_eq!(one.within_any(&its), Truth::of(!found), "{one:?} {its:?}"),
            [one, other] if its.is_empty() => assert_eq!(one.intersects(other), found, "{one:?} {other:?}"),
            _ => {}
        }
        counts[usize::from(found)] += 1;
    }
    assert!(counts.iter().all(|count| *count > questions / 20), "{counts:?}");
}

#[test]
fn a_hundred_thousand_questions_agree_with_all_words() {
    ask_of_a_pool(41, 900, 100_000);
}

#[test]
#[ignore = "takes minutes without optimisation: cargo test --release -- --ignored"]
fn a_million_questions_agree_with_all_words() {
    for seed in 0..10 {
        ask_of_a_pool(100 + seed, 900, 110_000);
    }
}
