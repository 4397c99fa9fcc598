//! A Makefile to its rules: targets, what they depend on, and the lines of their recipes. Expands
//! nothing and includes nothing.
//!
//! Source: <https://www.gnu.org/software/make/manual/html_node/Rule-Syntax.html>

use std::collections::{HashMap, HashSet};
use std::ops::Range;

#[derive(Debug, Default)]
pub struct Makefile<'t> {
    rules: Vec<Rule<'t>>,
    by_target: HashMap<&'t str, Vec<usize>>,
}

#[derive(Debug)]
struct Rule<'t> {
    targets: Vec<&'t str>,
    needs: Vec<&'t str>,
    lines: Vec<Line<'t>>,
}

/// A line of a recipe, those that a backslash joins to it included.
#[derive(Clone, Debug)]
pub struct Line<'t> {
    pub parts: Vec<Part<'t>>,
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    Text {
        text: &'t str,
        start: usize,
    },
    /// `$$`, a dollar sign for the shell.
    Dollar {
        start: usize,
    },
    /// `$(NAME)`, `${NAME}`, `$@`, or a function of make.
    Variable {
        name: &'t str,
        range: Range<usize>,
    },
}

/// Reads a Makefile. What is no rule is passed over.
pub fn read(text: &str) -> Makefile<'_> {
    let mut makefile = Makefile::default();
    let mut offset = 0;
    // The recipe line that the next line belongs to.
    let mut open: Option<usize> = None;
    let mut is_continued = false;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let shown = line.trim_end_matches(['\n', '\r']);
        let goes_on = shown.ends_with('\\');
        if let Some(from) = open {
            if !goes_on {
                makefile.add_line(text, from..start + shown.len());
                open = None;
            }
        } else if line.starts_with('\t') && !makefile.rules.is_empty() {
            match goes_on {
                true => open = Some(start + 1),
                false => makefile.add_line(text, start + 1..start + shown.len()),
            }
        } else if !is_continued {
            makefile.add_rule(shown);
        }
        is_continued = goes_on && open.is_none();
    }
    if let Some(from) = open {
        makefile.add_line(text, from..text.len());
    }
    makefile
}

impl<'t> Makefile<'t> {
    fn add_rule(&mut self, line: &'t str) {
        let line = line.split('#').next().unwrap_or(line);
        let Some((targets, rest)) = line.split_once(':') else { return };
        // `NAME := value` is no rule.
        if rest.starts_with('=') || rest.starts_with(":=") || targets.contains('=') {
            return;
        }
        // A recipe on the same line, behind `;`, is rare and left out.
        let needs = rest.trim_start_matches(':').split(';').next().unwrap_or_default();
        let targets: Vec<&str> = targets.split_whitespace().collect();
        let needs = needs.split_whitespace().filter(|need| *need != "|" && !need.contains('$')).collect();
        for target in &targets {
            self.by_target.entry(target).or_default().push(self.rules.len());
        }
        self.rules.push(Rule { targets, needs, lines: Vec::new() });
    }

    fn add_line(&mut self, text: &'t str, range: Range<usize>) {
        // `@`, `-` and `+` in front of a command are make's.
        let line = &text[range.clone()];
        let start = range.start + (line.len() - line.trim_start_matches(['@', '-', '+', ' ', '\t']).len());
        let range = start..range.end.max(start);
        let line = Line { parts: parts(text, range.clone()), range };
        if let Some(rule) = self.rules.last_mut() {
            rule.lines.push(line);
        }
    }

    pub fn has(&self, target: &str) -> bool {
        self.by_target.contains_key(target)
    }

    /// The target that `make` alone makes.
    pub fn default_target(&self) -> Option<&'t str> {
        self.rules.iter().flat_map(|rule| &rule.targets).find(|target| !target.starts_with('.')).copied()
    }

    /// The recipes that making a target runs, what it depends on first.
    pub fn recipes_for(&self, target: &str) -> Vec<(&'t str, Vec<Line<'t>>)> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        // A target is put on the stack again behind what it needs.
        let mut stack: Vec<(&str, bool)> = vec![(target, false)];
        while let Some((target, is_ready)) = stack.pop() {
            let Some((name, rules)) = self.by_target.get_key_value(target) else { continue };
            if is_ready {
                let lines = rules.iter().flat_map(|rule| self.rules[*rule].lines.clone()).collect();
                found.push((*name, lines));
            } else if seen.insert(*name) {
                stack.push((name, true));
                let needs: Vec<&str> = rules.iter().flat_map(|rule| self.rules[*rule].needs.iter().copied()).collect();
                stack.extend(needs.into_iter().rev().map(|need| (need, false)));
            }
        }
        found
    }
}

fn parts(text: &str, range: Range<usize>) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut from = range.start;
    let mut at = range.start;
    while let Some(found) = text[at..range.end].find('$') {
        let dollar = at + found;
        if dollar > from {
            parts.push(Part::Text { text: &text[from..dollar], start: from });
        }
        let rest = &text[dollar + 1..range.end];
        let len = match rest.chars().next() {
            Some('$') => {
                parts.push(Part::Dollar { start: dollar });
                1
            }
            Some(open @ ('(' | '{')) => {
                let len = closing(rest, open);
                let close = if open == '(' { ')' } else { '}' };
                let name = rest[1..len].strip_suffix(close).unwrap_or(&rest[1..len]);
                parts.push(Part::Variable { name, range: dollar..dollar + 1 + len });
                len
            }
            Some(c) => {
                let len = c.len_utf8();
                parts.push(Part::Variable { name: &rest[..len], range: dollar..dollar + 1 + len });
                len
            }
            None => 0,
        };
        at = dollar + 1 + len;
        from = at;
    }
    if from < range.end {
        parts.push(Part::Text { text: &text[from..range.end], start: from });
    }
    parts
}

/// The length of a reference in brackets, others inside of it counted.
fn closing(text: &str, open: char) -> usize {
    let close = if open == '(' { ')' } else { '}' };
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_runs_the_recipes_of_what_it_needs() {
        let text = "STAGE ?= dev\nV := 1\n.PHONY: all\nall: build test ; echo no\n\t@echo $(V) \\\n\t  $$HOME\n\
                    build: # note\n\tgo build\n\ntest: build\n\t-go test\n";
        let makefile = read(text);
        assert_eq!(makefile.default_target(), Some("all"));
        let shown: Vec<String> = makefile
            .recipes_for("all")
            .into_iter()
            .flat_map(|(_, lines)| lines)
            .map(|line| text[line.range].to_owned())
            .collect();
        assert_eq!(shown, ["go build", "go test", "echo $(V) \\\n\t  $$HOME"]);
        assert!(makefile.has("build") && !makefile.has("V") && makefile.recipes_for("x").is_empty());
    }

    #[test]
    fn dollars_of_the_shell_and_variables_of_make_are_told_apart() {
        let text = "a:\n\tx $$Y $(Z) ${f $(g)} $@";
        let recipes = read(text).recipes_for("a");
        let parts: Vec<String> = recipes[0].1[0]
            .parts
            .iter()
            .map(|part| match part {
                Part::Text { text, .. } => format!("text {text}"),
                Part::Dollar { .. } => "dollar".into(),
                Part::Variable { name, .. } => format!("variable {name}"),
            })
            .collect();
        assert_eq!(
            parts,
            ["text x ", "dollar", "text Y ", "variable Z", "text  ", "variable f $(g)", "text  ", "variable @"]
        );
    }

    #[test]
    fn targets_that_need_each_other_end() {
        assert_eq!(read("a: b\n\tx\nb: a\n\ty\n").recipes_for("a").len(), 2);
    }
}
