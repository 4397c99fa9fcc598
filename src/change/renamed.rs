//! Which file of one side is which of the other: by path, and by text where a file has moved.

use crate::source::Sources;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The path that each moved file of the old side has on the new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    moved: BTreeMap<String, String>,
}

/// A moved file has so much of its lines in common with what it was, in per cent.
const ALIKE: usize = 60;
/// Beyond so many pairs only files with the same text are looked for.
const MAX_PAIRS: usize = 10_000;

impl Paths {
    pub fn between(before: &Sources, after: &Sources) -> Paths {
        let paths = |sources: &Sources| sources.iter().map(|(_, file)| file.path.clone()).collect::<HashSet<_>>();
        let (old_paths, new_paths) = (paths(before), paths(after));
        let only = |sources: &Sources, others: &HashSet<String>| {
            let files = sources.iter().filter(|(_, file)| !others.contains(&file.path));
            files.map(|(_, file)| (file.path.clone(), file.text.clone())).collect::<Vec<_>>()
        };
        let (old, new) = (only(before, &new_paths), only(after, &old_paths));
        let is_small = old.len() * new.len() <= MAX_PAIRS;
        let mut pairs = Vec::new();
        for (from, text) in &old {
            for (to, other) in &new {
                let likeness = if text == other {
                    101
                } else if is_small {
                    likeness(text, other)
                } else {
                    0
                };
                if likeness >= ALIKE {
                    let has_its_name = name(from) == name(to);
                    pairs.push((std::cmp::Reverse((likeness, has_its_name)), from, to));
                }
            }
        }
        pairs.sort();
        let mut moved: BTreeMap<String, String> = BTreeMap::new();
        let mut taken: HashSet<&String> = HashSet::new();
        for (_, from, to) in pairs {
            if !moved.contains_key(from) && taken.insert(to) {
                moved.insert(from.clone(), to.clone());
            }
        }
        Paths { moved }
    }

    /// Where a file of the old side is on the new one.
    pub fn now<'p>(&'p self, path: &'p str) -> &'p str {
        self.moved.get(path).map_or(path, String::as_str)
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// How much of the lines of the longer text both have, in per cent. Blank lines do not count.
fn likeness(left: &str, right: &str) -> usize {
    let lines = |text: &'_ str| text.lines().map(str::trim).filter(|line| !line.is_empty()).count();
    let longer = lines(left).max(lines(right));
    let mut counts: HashMap<&str, usize> = HashMap::new();
    left.lines().map(str::trim).for_each(|line| *counts.entry(line).or_default() += 1);
    let mut common = 0_usize;
    for line in right.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(count) = counts.get_mut(line).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    (common * 100).checked_div(longer).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(old: &[(&str, &str)], new: &[(&str, &str)]) -> Paths {
        let sources = |files: &[(&str, &str)]| {
            let mut sources = Sources::new();
            files.iter().for_each(|(path, text)| {
                sources.add(*path, *text);
            });
            sources
        };
        Paths::between(&sources(old), &sources(new))
    }

    #[test]
    fn a_moved_file_is_known_by_its_text() {
        let paths = between(&[("a.yml", "x: 1\ny: 2\nz: 3\n")], &[("b/c.yml", "x: 1\ny: 2\nz: 4\n")]);
        assert_eq!(paths.now("a.yml"), "b/c.yml");
        assert_eq!(paths.now("other.yml"), "other.yml");
    }

    #[test]
    fn a_copy_is_no_move() {
        let paths = between(&[("a.yml", "x: 1\n")], &[("a.yml", "x: 1\n"), ("b.yml", "x: 1\n")]);
        assert_eq!(paths, Paths::default());
    }

    #[test]
    fn of_two_files_with_one_text_the_one_with_the_name_is_meant() {
        let paths =
            between(&[("a/x.yml", "k: 1\n"), ("a/y.yml", "k: 1\n")], &[("b/x.yml", "k: 1\n"), ("b/y.yml", "k: 1\n")]);
        assert_eq!((paths.now("a/x.yml"), paths.now("a/y.yml")), ("b/x.yml", "b/y.yml"));
    }

    #[test]
    fn another_text_is_another_file() {
        assert_eq!(between(&[("a.yml", "x: 1\ny: 2\n")], &[("b.yml", "p: 1\nq: 2\n")]), Paths::default());
    }
}
