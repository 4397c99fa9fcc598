//! The `Conditions` of a template: brought to one name where one is the opposite of another, and decided where the run
//! is told what their parameters are.

use crate::source::Span;
use crate::syntax::Node;
use crate::value::{Condition, has_marker};
use std::collections::BTreeMap;

/// How a chain of conditions may be long before it is taken as it is.
const MAX_CHAIN: usize = 8;
/// How deeply conditions may be nested to be decided.
const MAX_DEPTH: usize = 64;

/// What is known of each condition.
#[derive(Debug, Default)]
pub struct Conditions {
    /// By name, the condition that each one merely repeats or negates.
    same_as: BTreeMap<String, Option<(String, bool)>>,
    /// Whether each one holds in each environment, with its name; `None` where that is not known.
    decided: BTreeMap<String, Vec<Option<(String, bool)>>>,
}

/// How a condition turns out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Always(bool),
    /// By the names of the environments.
    ByEnvironment(Vec<(String, bool)>),
}

impl Outcome {
    /// The only environment in which the condition holds.
    pub fn only_environment(&self) -> Option<&str> {
        let Outcome::ByEnvironment(outcomes) = self else { return None };
        let mut holding = outcomes.iter().filter(|(_, holds)| *holds);
        holding.next().filter(|_| holding.next().is_none()).map(|(name, _)| name.as_str())
    }
}

impl Conditions {
    pub fn read(node: Option<&Node>) -> Conditions {
        let entries = node.and_then(Node::entries).unwrap_or_default();
        let named = entries.iter().filter_map(|entry| {
            let name = entry.key.as_str()?;
            Some((name.to_owned(), repeated(&entry.value)))
        });
        Conditions { same_as: named.collect(), decided: BTreeMap::new() }
    }

    /// Decides what can be decided in all environments; `parameter` gives the value of one in one of them.
    pub fn decide<'e>(
        &mut self,
        node: Option<&Node>,
        environments: impl Iterator<Item = &'e str>,
        parameter: impl Fn(&str, &str) -> Option<String>,
    ) {
        let Some(all) = node else { return };
        for environment in environments {
            let parameter = |name: &str| parameter(environment, name);
            let mut judge = Judge { all, parameter: &parameter, known: BTreeMap::new() };
            for name in self.same_as.keys() {
                let outcome = judge.named(name, MAX_DEPTH).map(|holds| (environment.to_owned(), holds));
                self.decided.entry(name.clone()).or_default().push(outcome);
            }
        }
    }

    pub fn declares(&self, name: &str) -> bool {
        self.same_as.contains_key(name)
    }

    /// How a condition turns out, where the run is told enough.
    pub fn outcome(&self, name: &str) -> Option<Outcome> {
        let outcomes: Vec<(String, bool)> = self.decided.get(name)?.iter().cloned().collect::<Option<_>>()?;
        let (_, first) = outcomes.first()?;
        match outcomes.iter().all(|(_, holds)| holds == first) {
            true => Some(Outcome::Always(*first)),
            false => Some(Outcome::ByEnvironment(outcomes)),
        }
    }

    /// `name` being `value`, said of the condition it goes back to: where `IsTest` is
    /// `!Not [!Condition IsProd]`, `IsTest` being true is `IsProd` being false.
    pub fn holds(&self, name: &str, value: bool, span: Span) -> Condition {
        let (mut name, mut value) = (name.to_owned(), value);
        for _ in 0..MAX_CHAIN {
            let Some(Some((other, same))) = self.same_as.get(&name) else { break };
            value = value == *same;
            name = other.clone();
        }
        Condition { name, value: value.to_string(), span }
    }
}

/// Judges the conditions of a template in one environment.
struct Judge<'n> {
    all: &'n Node,
    parameter: &'n dyn Fn(&str) -> Option<String>,
    /// Each is judged once; one that asks for itself is not known.
    known: BTreeMap<String, Option<bool>>,
}

impl<'n> Judge<'n> {
    fn named(&mut self, name: &str, depth: usize) -> Option<bool> {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        self.known.insert(name.to_owned(), None);
        let holds = self.all.get(name).and_then(|node| self.holds(node, depth.checked_sub(1)?));
        self.known.insert(name.to_owned(), holds);
        holds
    }

    /// An `And` with one that does not hold does not hold, whatever the others are.
    ///
    /// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html>
    fn holds(&mut self, node: &'n Node, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        if let Some(name) = condition_name(node) {
            return self.named(&name, depth);
        }
        let (function, argument) = function(node)?;
        let items = argument.items()?;
        if function == "Equals" {
            let [left, right] = items else { return None };
            return Some(text(left, self.parameter)? == text(right, self.parameter)?);
        }
        let each: Vec<Option<bool>> = items.iter().map(|item| self.holds(item, depth)).collect();
        let settles = match (function, each.as_slice()) {
            ("Not", [one]) => return one.map(|holds| !holds),
            ("And", _) => false,
            ("Or", _) => true,
            _ => return None,
        };
        let is_settled = each.contains(&Some(settles));
        (is_settled || each.iter().all(Option::is_some)).then_some(settles == is_settled)
    }
}

/// A text, or the parameter that is referred to.
fn text(node: &Node, parameter: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    match (node.tag(), function(node)) {
        (_, Some(("Ref", argument))) => parameter(argument.as_str()?),
        (None, None) => node.as_str().filter(|text| !has_marker(text)).map(str::to_owned),
        _ => None,
    }
}

/// `Equals` and its argument, of `!Equals …` and `Fn::Equals: …`.
fn function(node: &Node) -> Option<(&str, &Node)> {
    if let Some(tag) = node.tag() {
        return Some((tag.value.as_str(), node));
    }
    let [only] = node.entries()? else { return None };
    let name = only.key.as_str()?;
    Some((name.strip_prefix("Fn::").unwrap_or(name), &only.value))
}

/// The condition that a definition repeats (`true`) or negates (`false`).
fn repeated(node: &Node) -> Option<(String, bool)> {
    if let Some(name) = condition_name(node) {
        return Some((name, true));
    }
    let ("Not", negated) = function(node)? else { return None };
    let [inner] = negated.items()? else { return None };
    let (name, same) = repeated(inner)?;
    Some((name, !same))
}

/// `!Condition Name` or `Condition: Name`.
fn condition_name(node: &Node) -> Option<String> {
    let ("Condition", name) = function(node)? else { return None };
    name.as_str().map(str::to_owned)
}
