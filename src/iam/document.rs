//! Policy documents: their statements as written, with the conditions of the template under which
//! they are there, and a list of what could not be read.

pub(super) mod read;

use super::action::ActionPattern;
use super::answer::{Reason, Truth};
use super::arn::ArnPattern;
use super::catalogue::Action;
use super::condition::ConditionTest;
use super::grammar::GrammarProblem;
use super::principal::{Principal, Principals};
use super::worlds::joined;
use crate::source::Span;
use crate::value::{Condition, Text, Value, can_hold_together, implies};
use std::sync::Arc;

/// What a document is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Of a role, a user or a group.
    Identity,
    /// Of a bucket, a key, a queue, …
    Resource,
    /// Who may assume a role.
    Trust,
    Boundary,
    /// Of an organisation, over what its accounts may do.
    ServiceControl,
    /// Of an organisation, over what may be done to its resources.
    ResourceControl,
}

impl PolicyKind {
    /// Whether its statements belong to somebody, and so name no principal.
    pub fn is_of_principal(self) -> bool {
        matches!(self, PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::ServiceControl)
    }
}

/// A policy, read.
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    pub kind: PolicyKind,
    /// In the order they are written. A statement whose effect or condition depends on a condition
    /// of the template is there once for each way it can turn out.
    pub statements: Vec<Statement>,
    pub version: Version,
    /// Where the version is written, if it is.
    pub version_span: Option<Span>,
    pub problems: Vec<GrammarProblem>,
    /// Parts that could not be evaluated and may allow or deny anything.
    pub unread: Vec<Reason>,
    /// Those of the unread parts that may deny.
    pub(super) hidden_denies: Vec<Reason>,
    /// The conditions of the template under which there is no document at all.
    pub absent: Vec<Vec<Condition>>,
    pub span: Span,
}

/// The version of the policy language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `2012-10-17`: policy variables work.
    V2012,
    /// `2008-10-17`, and no version at all: `${…}` is plain text.
    V2008,
    /// Not known, or not a version.
    Unknown,
}

#[derive(Clone, Debug)]
pub struct Statement {
    /// Its position in the document, counted from 0.
    pub index: usize,
    pub sid: Option<Text>,
    pub effect: Effect,
    /// `None` when there is neither `Action` nor `NotAction`.
    pub actions: Option<Actions>,
    /// `None` when there is neither `Resource` nor `NotResource`.
    pub resources: Option<Resources>,
    pub principals: Option<Principals>,
    pub conditions: Vec<ConditionTest>,
    /// A part of `Condition` that could not be evaluated: there may be more tests.
    pub condition_unknown: Option<Reason>,
    pub condition_span: Option<Span>,
    /// The conditions of the template under which the statement is there.
    pub when: Vec<Condition>,
    pub span: Span,
    /// What makes its meaning less than sure.
    pub doubts: Vec<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
    Unknown,
}

/// `Action` or `NotAction`.
#[derive(Clone, Debug)]
pub struct Actions {
    pub negated: bool,
    pub patterns: Vec<ActionPattern>,
    /// Entries that could not be evaluated.
    pub unknown: Vec<Reason>,
    pub key_span: Span,
}

/// `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub struct Resources {
    pub negated: bool,
    pub patterns: Vec<ArnPattern>,
    /// Entries that could not be evaluated.
    pub unknown: Vec<Reason>,
    pub key_span: Span,
}

/// How a statement comes to speak of an action.
#[derive(Clone, Copy, Debug)]
pub struct ActionMatch<'a> {
    /// `None` for an action that `NotAction` does not except.
    pub pattern: Option<&'a ActionPattern>,
    /// What to underline: the pattern, or the key `NotAction`.
    pub span: Span,
    pub truth: Truth,
}

/// The policy in a file that says more of it: its version, its name, what it is attached to. At most two levels down, as in
/// `PolicyVersion` and `Document`; the value itself where it is a policy, or where several are in it.
pub fn enclosed(value: Value) -> Value {
    fn within(value: &Value, depth: usize) -> Option<&Value> {
        let map = value.as_map()?;
        if read::element(map, "Statement").is_some() {
            return Some(value);
        }
        let mut found = map.entries.iter().filter(|_| depth > 0).filter_map(|(_, value)| within(value, depth - 1));
        let only = found.next()?;
        found.next().is_none().then_some(only)
    }
    if value.get("Statement").is_some() {
        return value;
    }
    within(&value, 2).cloned().unwrap_or(value)
}

impl PolicyDocument {
    pub fn read(value: &Value, kind: PolicyKind) -> PolicyDocument {
        read::document(value, kind)
    }

    /// The same document where it is attached only under conditions of the template.
    pub fn under(mut self, when: &[Condition]) -> PolicyDocument {
        self.statements.retain(|statement| can_hold_together(&statement.when, when));
        for statement in &mut self.statements {
            statement.when = joined(when, &statement.when);
        }
        self
    }

    /// The same document where certain conditions of the template hold: what they leave out is gone, and what only they
    /// decide is there for sure.
    pub fn in_world(&self, holds: &[Condition]) -> PolicyDocument {
        fn settle<T>(items: &mut Vec<T>, holds: &[Condition], when: fn(&mut T) -> &mut Vec<Condition>) {
            items.retain_mut(|item| can_hold_together(when(item), holds));
            items.iter_mut().for_each(|item| when(item).retain(|one| !implies(holds, std::slice::from_ref(one))));
        }
        let mut document = self.clone();
        settle(&mut document.statements, holds, |statement| &mut statement.when);
        for statement in &mut document.statements {
            if let Some(actions) = &mut statement.actions {
                settle(&mut actions.patterns, holds, |pattern| &mut pattern.when);
            }
            if let Some(resources) = &mut statement.resources {
                settle(&mut resources.patterns, holds, |pattern| &mut pattern.when);
            }
            if let Some(principals) = &mut statement.principals {
                settle(&mut principals.entries, holds, |entry| &mut entry.when);
            }
        }
        document
    }

    /// The same for a document that several hold: it is copied only where a condition changes it.
    pub fn shared_under(document: &Arc<PolicyDocument>, when: &[Condition]) -> Arc<PolicyDocument> {
        if when.is_empty() { document.clone() } else { Arc::new(PolicyDocument::clone(document).under(when)) }
    }

    pub fn allows(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.effect == Effect::Allow)
    }

    /// Everybody whom a statement that allows names; not those that `NotPrincipal` leaves.
    pub fn named_by_allows(&self) -> impl Iterator<Item = &Principal> {
        let principals = self.allows().filter_map(|statement| statement.principals.as_ref());
        principals.filter(|found| !found.negated).flat_map(|found| &found.entries)
    }

    /// What of it could not be evaluated and may allow more than is seen: parts, and actions of statements.
    pub fn not_known(&self) -> impl Iterator<Item = Reason> {
        self.unread.iter().cloned().chain(self.statements.iter().flat_map(Statement::not_known))
    }

    /// Statements that deny, or may.
    pub fn denies(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.effect != Effect::Allow)
    }
}

impl Statement {
    /// Actions of it that could not be evaluated and may be allowed.
    fn not_known(&self) -> impl Iterator<Item = Reason> {
        let actions = self.actions.iter().filter(|_| self.effect != Effect::Deny);
        let opaque = actions.clone().flat_map(|actions| &actions.patterns).filter(|pattern| pattern.is_opaque());
        let opaque = opaque.map(|pattern| {
            let text = format!("which actions `{}` stands for is not known", pattern.text().display());
            Reason::at(text, pattern.span())
        });
        actions.flat_map(|actions| &actions.unknown).cloned().chain(opaque)
    }

    /// Whether it names `*` among its resources, or none at all.
    pub fn is_on_everything(&self) -> bool {
        let has_star = |own: &Resources| !own.negated && own.patterns.iter().any(ArnPattern::is_everything);
        self.resources.as_ref().is_none_or(has_star)
    }

    /// What it compares with resources, callers and the values of a request.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        let resources = self.resources.iter().flat_map(|resources| &resources.patterns).map(ArnPattern::text);
        let principals = self.principals.iter().flat_map(|principals| &principals.entries).map(|entry| &entry.text);
        resources.chain(principals).chain(self.conditions.iter().flat_map(|test| &test.values))
    }

    /// The ways in which the statement speaks of an action: each pattern that matches it, or may;
    /// or once that no pattern of `NotAction` does.
    pub fn matches_action(&self, action: &str) -> Vec<ActionMatch<'_>> {
        self.matches_known(action, None)
    }

    /// The same of an action that was looked up in the catalogue.
    pub(super) fn matches_known(&self, name: &str, known: Option<Action>) -> Vec<ActionMatch<'_>> {
        let Some(actions) = &self.actions else { return Vec::new() };
        if actions.negated {
            let truth = actions.excepts(name).negated();
            let found = ActionMatch { pattern: None, span: actions.key_span, truth };
            return if truth.is_no() { Vec::new() } else { vec![found] };
        }
        let found = actions.patterns.iter().filter_map(|pattern| {
            let truth = pattern.matches_known(name, known);
            (!truth.is_no()).then_some(ActionMatch { pattern: Some(pattern), span: pattern.span(), truth })
        });
        found.collect()
    }

    /// Whether the statement holds for whoever asks and whatever the request says.
    pub fn is_unconditional(&self) -> bool {
        self.conditions.is_empty() && self.condition_unknown.is_none()
    }

    /// Whether its `Resource` is `*`, or it has `NotResource`.
    pub fn is_everywhere(&self) -> bool {
        self.resources
            .as_ref()
            .is_some_and(|resources| resources.negated || resources.patterns.iter().any(ArnPattern::is_everything))
    }

    /// The Sid, where it is known.
    pub fn sid_text(&self) -> Option<&str> {
        self.sid.as_ref().and_then(Text::literal).filter(|sid| !sid.is_empty())
    }
}

impl Actions {
    /// Whether one of the patterns matches; for `NotAction` these are the exceptions.
    fn excepts(&self, action: &str) -> Truth {
        let one = |pattern: &ActionPattern| {
            let truth = pattern.matches(action);
            // An entry that is there only under a condition of the template is no sure exception.
            if pattern.when.is_empty() || truth.is_no() { truth } else { Truth::Unknown }
        };
        let known = Truth::any(self.patterns.iter().map(one));
        if self.unknown.is_empty() { known } else { known.or(Truth::Unknown) }
    }
}

#[cfg(test)]
mod tests;
