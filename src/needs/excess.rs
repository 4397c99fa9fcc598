//! Grants that go beyond what is needed. Where a grant certainly holds all of a need, each hole is
//! given a value of its own, so that the engine can show a request that nothing needs.

use super::{Need, policy};
use crate::iam::catalogue::Action;
use crate::iam::{ActionPattern, ArnPattern, Effect, Finding, Grant, PolicyDocument, Request, Truth, new_access};
use crate::source::Span;
use crate::value::{Part, Text};
use std::collections::{BTreeMap, BTreeSet};

/// A grant of what is needed that goes beyond it.
#[derive(Debug)]
pub struct Wider {
    pub statement: Span,
    pub actions: Vec<Action>,
    pub by: Excess,
    /// A request that is allowed and that nothing needs.
    pub example: Request,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    Resource,
    Condition,
}

/// Grants of what is needed on more resources, or in more requests, than is needed.
pub fn wider(needs: &[Need], by_action: &BTreeMap<Action, Vec<&Grant<'_>>>, needed: &BTreeSet<Action>) -> Vec<Wider> {
    let mut found: Vec<Wider> = Vec::new();
    for (action, grants) in by_action.iter().filter(|(action, _)| needed.contains(action)) {
        let own: Vec<&Need> = needs.iter().filter(|need| need.actions.contains(action)).collect();
        let mut seen: BTreeSet<Span> = BTreeSet::new();
        for grant in grants.iter().filter(|grant| seen.insert(grant.statement.span)) {
            let Some((by, example)) = excess(&own, grant, *action) else { continue };
            let statement = grant.statement.span;
            match found.iter_mut().find(|known| known.statement == statement && known.by == by) {
                Some(known) => known.actions.push(*action),
                None => found.push(Wider { statement, actions: vec![*action], by, example }),
            }
        }
    }
    found.sort_by_key(|one| one.statement);
    found
}

fn excess(needs: &[&Need], grant: &Grant<'_>, action: Action) -> Option<(Excess, Request)> {
    let mut values = Values::default();
    let alone = decided(needs, grant, action, &mut values)?;
    let enough: Vec<Need> = needs.iter().map(|need| values.filled_need(need)).collect();
    let Finding::Found(found) = new_access(&[&policy::document(&enough, grant.span)], &[&alone]) else { return None };
    let mut example = found.request;
    let pattern = |text: &Text| ArnPattern::new(text, false, Vec::new());
    let is_on_needed = enough
        .iter()
        .flat_map(|need| &need.resources)
        .any(|resource| pattern(resource).matches(&example.resource).is_yes());
    example.resource = values.shown(&example.resource);
    Some((if is_on_needed { Excess::Condition } else { Excess::Resource }, example))
}

/// The statement of a grant for one action, with those of its resources of which it is certain how
/// they lie to what is needed; `None` where there is none.
fn decided(needs: &[&Need], grant: &Grant<'_>, action: Action, values: &mut Values) -> Option<PolicyDocument> {
    let wanted = needs.iter().flat_map(|need| &need.resources);
    let wanted: Vec<ArnPattern> = wanted.map(|text| ArnPattern::new(text, false, Vec::new())).collect();
    let is_certain = |pattern: &ArnPattern| {
        pattern.is_everything()
            || wanted.iter().any(|need| pattern.surely_covers(need))
            || Truth::any(wanted.iter().map(|need| pattern.overlaps(need))).is_no()
    };
    let mut statement = grant.statement.clone();
    let resources = statement.resources.as_mut().filter(|resources| !resources.negated)?;
    resources.patterns.retain(|pattern| is_certain(pattern));
    if resources.patterns.is_empty() {
        return None;
    }
    for pattern in &mut resources.patterns {
        *pattern = ArnPattern::new(&values.filled(pattern.text()), pattern.has_variables(), Vec::new());
    }
    for test in &mut statement.conditions {
        test.values = test.values.iter().map(|value| values.filled(value)).collect();
    }
    let actions = statement.actions.as_mut()?;
    let text = Text::at(action.full_name(), grant.span);
    actions.negated = false;
    actions.patterns = vec![ActionPattern::new(&text, Vec::new())];
    actions.unknown.clear();
    statement.when.clear();
    let mut document = grant.document.clone();
    document.statements.retain(|one| one.effect == Effect::Deny);
    document.statements.push(statement);
    Some(document)
}

/// A value for each hole.
#[derive(Default)]
struct Values {
    names: Vec<String>,
}

impl Values {
    fn filled(&mut self, text: &Text) -> Text {
        let fill = |part: &Part| match part {
            Part::Hole(hole) => {
                let at = self.names.iter().position(|name| *name == hole.name).unwrap_or_else(|| {
                    self.names.push(hole.name.clone());
                    self.names.len() - 1
                });
                Text::at(value(at, &hole.name), text.span).parts
            }
            known => vec![known.clone()],
        };
        Text { parts: text.parts.iter().flat_map(fill).collect(), span: text.span }.normalised()
    }

    fn filled_need(&mut self, need: &Need) -> Need {
        let mut filled = need.clone();
        filled.resources = need.resources.iter().map(|text| self.filled(text)).collect();
        for test in &mut filled.conditions {
            test.values = test.values.iter().map(|text| self.filled(text)).collect();
        }
        filled
    }

    /// With the names of the holes where their values are.
    fn shown(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for (at, name) in self.names.iter().enumerate().rev() {
            shown = shown.replace(&value(at, name), &format!("${{{name}}}"));
        }
        shown
    }
}

/// One that no resource has, of the form that the place in an ARN asks for.
fn value(at: usize, name: &str) -> String {
    match name {
        "AWS::AccountId" => "000000000001".to_owned(),
        "AWS::Partition" => "aws".to_owned(),
        _ => format!("hole-{at}-value"),
    }
}
