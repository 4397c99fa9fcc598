//! From a value to a policy document.

use super::{Actions, Effect, PolicyDocument, PolicyKind, Resources, Statement, Version};
use crate::iam::action::ActionPattern;
use crate::iam::answer::Reason;
use crate::iam::arn::ArnPattern;
use crate::iam::condition::{ConditionTest, Operator};
use crate::iam::grammar;
use crate::iam::principal::{Principal, Principals};
use crate::iam::worlds::{branches, joined, worlds};
use crate::source::{Span, Spanned};
use crate::value::{Condition, Map, Text, Value, can_hold_together};

pub fn document(value: &Value, kind: PolicyKind) -> PolicyDocument {
    let mut document = PolicyDocument {
        kind,
        statements: Vec::new(),
        version: Version::V2008,
        version_span: None,
        problems: grammar::problems(value, kind),
        unread: Vec::new(),
        hidden_denies: Vec::new(),
        absent: Vec::new(),
        span: value.span(),
    };
    for (when, alternative) in branches(value) {
        match alternative {
            Some(Value::Map(map)) => read_map(map, &when, &mut document),
            Some(list @ Value::List(..)) => read_statements(list, &when, Version::V2008, &mut document),
            Some(Value::Null(_)) | None => document.absent.push(when),
            Some(other) => document.hide(unread(other, "the policy document")),
        }
    }
    document
}

/// An entry by its key. Keys that differ in case only are taken as the key: IAM refuses them or
/// reads them so.
pub fn element<'v>(map: &'v Map, key: &str) -> Option<&'v (Spanned<String>, Value)> {
    let same_but_for_case = || map.entries.iter().rev().find(|(name, _)| name.value.eq_ignore_ascii_case(key));
    let entry = map.entries.iter().rev().find(|(name, _)| name.value == key).or_else(same_but_for_case)?;
    (!matches!(entry.1, Value::Absent(_))).then_some(entry)
}

/// The items of a list with the conditions under which they are there; one value stands for a list
/// of one. Lists in lists are flattened.
pub fn items(value: &Value) -> Vec<(Vec<Condition>, &Value)> {
    let mut found = Vec::new();
    gather(value, &[], &mut found);
    found
}

fn gather<'v>(value: &'v Value, when: &[Condition], found: &mut Vec<(Vec<Condition>, &'v Value)>) {
    match value {
        Value::List(items, _) => {
            found.reserve_exact(items.len());
            items.iter().for_each(|item| gather(item, when, found));
        }
        Value::Choice(..) => {
            for (inner, value) in branches(value) {
                if let Some(value) = value
                    && can_hold_together(when, &inner)
                {
                    gather(value, &joined(when, &inner), found);
                }
            }
        }
        Value::Absent(_) => {}
        other => found.push((when.to_vec(), other)),
    }
}

impl PolicyDocument {
    /// Notes a part that may allow or deny anything.
    fn hide(&mut self, reason: Reason) {
        self.unread.push(reason.clone());
        self.hidden_denies.push(reason);
    }
}

fn read_map(map: &Map, when: &[Condition], document: &mut PolicyDocument) {
    let written = element(map, "Version").map(|(_, value)| value);
    document.version = written.map_or(Version::V2008, version);
    document.version_span = written.map(Value::span);
    if let Some((_, statements)) = element(map, "Statement") {
        read_statements(statements, when, document.version, document);
    }
}

fn version(value: &Value) -> Version {
    match value.literal() {
        // YAML may have read the date as one and written it out with a time.
        Some(text) if text.starts_with("2012-10-17") => Version::V2012,
        Some(text) if text.starts_with("2008-10-17") => Version::V2008,
        _ => Version::Unknown,
    }
}

fn read_statements(value: &Value, when: &[Condition], version: Version, document: &mut PolicyDocument) {
    let items = items(value);
    document.statements.reserve_exact(items.len());
    for (index, (inner, item)) in items.into_iter().enumerate() {
        if !can_hold_together(when, &inner) {
            continue;
        }
        match item {
            Value::Map(map) => read_statement(map, index, &joined(when, &inner), version, document),
            Value::Null(_) => {}
            other => document.hide(unread(other, "a statement")),
        }
    }
}

fn read_statement(map: &Map, index: usize, when: &[Condition], version: Version, document: &mut PolicyDocument) {
    let variables = version != Version::V2008;
    let effects =
        element(map, "Effect").map_or_else(|| vec![(Vec::new(), Effect::Unknown)], |(_, value)| effects(value));
    let blocks =
        element(map, "Condition").map(|(key, value)| (reach(key.span, value.span()), conditions(value, variables)));
    let (condition_span, blocks) = match blocks {
        Some((span, blocks)) => (Some(span), blocks),
        None => (None, vec![ConditionBlock::default()]),
    };
    let statement = Statement {
        index,
        sid: element(map, "Sid").and_then(|(_, value)| value.as_text()).cloned(),
        effect: Effect::Unknown,
        actions: actions(map),
        resources: resources(map, variables),
        principals: principals(map),
        conditions: Vec::new(),
        condition_unknown: None,
        condition_span,
        when: Vec::new(),
        span: map.span,
        doubts: Vec::new(),
    };
    let pairs = effects.iter().flat_map(|effect| blocks.iter().map(move |block| (effect, block)));
    let ways: Vec<_> = pairs
        .filter_map(|((effect_when, effect), block)| {
            let inner = joined(effect_when, &block.when);
            let may_be = can_hold_together(effect_when, &block.when) && can_hold_together(when, &inner);
            may_be.then(|| (*effect, block, joined(when, &inner)))
        })
        .collect();
    // Most statements can turn out in one way: the last takes the statement itself.
    for (statement, (effect, block, when)) in std::iter::repeat_n(statement, ways.len()).zip(ways) {
        let (conditions, condition_unknown) = (block.tests.clone(), block.unknown.clone());
        note_doubts(Statement { effect, conditions, condition_unknown, when, ..statement }, document);
    }
}

/// Adds the statement, with what is not known of it.
fn note_doubts(mut statement: Statement, document: &mut PolicyDocument) {
    if statement.effect == Effect::Unknown {
        let reason = Reason::at("whether the statement allows or denies is not known", statement.span);
        statement.doubts.push(reason.clone());
        document.unread.push(reason);
    }
    statement.doubts.extend(statement.condition_unknown.clone());
    let actions = statement.actions.iter().flat_map(|actions| {
        let opaque = actions.patterns.iter().filter(|pattern| pattern.is_opaque());
        let opaque = opaque.map(|pattern| {
            Reason::at(format!("which actions `{}` stands for is not known", pattern.text().display()), pattern.span())
        });
        opaque.chain(actions.unknown.clone())
    });
    let actions: Vec<Reason> = actions.collect();
    if statement.effect != Effect::Deny {
        document.unread.extend(actions.iter().cloned());
    }
    statement.doubts.extend(actions);
    statement.doubts.extend(statement.resources.iter().flat_map(|resources| resources.unknown.clone()));
    document.statements.push(statement);
}

fn effects(value: &Value) -> Vec<(Vec<Condition>, Effect)> {
    let effect = |value: Option<&Value>| match value.and_then(Value::literal) {
        Some(text) if text.eq_ignore_ascii_case("Allow") => Effect::Allow,
        Some(text) if text.eq_ignore_ascii_case("Deny") => Effect::Deny,
        _ => Effect::Unknown,
    };
    branches(value).into_iter().map(|(when, value)| (when, effect(value))).collect()
}

fn actions(map: &Map) -> Option<Actions> {
    let (negated, (key, value)) = either(map, "Action", "NotAction")?;
    let items = items(value);
    let patterns = Vec::with_capacity(items.len());
    let mut actions = Actions { negated, patterns, unknown: Vec::new(), key_span: key.span };
    for (when, item) in items {
        match item {
            Value::Text(text) => actions.patterns.push(ActionPattern::new(text, when)),
            Value::Null(_) => {}
            other => actions.unknown.push(unread(other, "an action")),
        }
    }
    Some(actions)
}

fn resources(map: &Map, variables: bool) -> Option<Resources> {
    let (negated, (key, value)) = either(map, "Resource", "NotResource")?;
    let items = items(value);
    let patterns = Vec::with_capacity(items.len());
    let mut resources = Resources { negated, patterns, unknown: Vec::new(), key_span: key.span };
    for (when, item) in items {
        match item {
            Value::Text(text) => resources.patterns.push(ArnPattern::new(text, variables, when)),
            Value::Null(_) => {}
            other => resources.unknown.push(unread(other, "a resource")),
        }
    }
    Some(resources)
}

fn principals(map: &Map) -> Option<Principals> {
    let (negated, (key, value)) = either(map, "Principal", "NotPrincipal")?;
    let mut principals = Principals { negated, entries: Vec::new(), unknown: Vec::new(), key_span: key.span };
    for (when, item) in items(value) {
        match item {
            Value::Text(text) => principals.entries.push(Principal::new(None, text, when)),
            Value::Map(kinds) => {
                for (kind, value) in &kinds.entries {
                    for (inner, item) in items(value) {
                        if !can_hold_together(&when, &inner) {
                            continue;
                        }
                        match item {
                            Value::Text(text) => {
                                let when = joined(&when, &inner);
                                principals.entries.push(Principal::new(Some(&kind.value), text, when));
                            }
                            Value::Null(_) => {}
                            other => principals.unknown.push(unread(other, "a principal")),
                        }
                    }
                }
            }
            Value::Null(_) => {}
            other => principals.unknown.push(unread(other, "a principal")),
        }
    }
    Some(principals)
}

/// The element or its negation. IAM refuses a statement with both.
fn either<'v>(map: &'v Map, plain: &str, negation: &str) -> Option<(bool, &'v (Spanned<String>, Value))> {
    let found = element(map, plain).map(|entry| (false, entry));
    found.or_else(|| element(map, negation).map(|entry| (true, entry)))
}

/// One way in which a `Condition` can turn out.
#[derive(Clone, Default)]
struct ConditionBlock {
    when: Vec<Condition>,
    tests: Vec<ConditionTest>,
    unknown: Option<Reason>,
}

fn conditions(value: &Value, variables: bool) -> Vec<ConditionBlock> {
    let Some(worlds) = worlds(value) else {
        let reason = Reason::at("the condition depends on too many conditions of the template", value.span());
        return vec![ConditionBlock { unknown: Some(reason), ..ConditionBlock::default() }];
    };
    worlds.into_iter().map(|(when, value)| condition_block(when, &value, variables)).collect()
}

fn condition_block(when: Vec<Condition>, value: &Value, variables: bool) -> ConditionBlock {
    let mut block = ConditionBlock { when, ..ConditionBlock::default() };
    let operators = match value {
        Value::Map(operators) => operators,
        Value::Absent(_) | Value::Null(_) => return block,
        other => {
            block.unknown = Some(unread(other, "the condition"));
            return block;
        }
    };
    for (operator, keys) in &operators.entries {
        let Value::Map(keys) = keys else {
            if !matches!(keys, Value::Null(_)) {
                block.unknown = Some(unread(keys, "a part of the condition"));
            }
            continue;
        };
        for (key, values) in &keys.entries {
            block.tests.push(test(operator, key, values, variables));
        }
    }
    block
}

fn test(operator: &Spanned<String>, key: &Spanned<String>, value: &Value, variables: bool) -> ConditionTest {
    let mut values: Vec<Text> = Vec::new();
    let mut complete = true;
    for (_, item) in items(value) {
        match item {
            Value::Text(text) => values.push(text.clone()),
            _ => complete = false,
        }
    }
    ConditionTest {
        operator: Operator::parse(&operator.value),
        key: key.value.clone(),
        values,
        complete,
        variables,
        span: reach(key.span, value.span()),
        key_span: key.span,
        operator_span: operator.span,
    }
}

fn unread(value: &Value, what: &str) -> Reason {
    match value {
        Value::Unknown(unknown) => Reason::at(format!("{what} is not known: {}", unknown.reason), unknown.span),
        other => Reason::at(format!("{what} cannot be read"), other.span()),
    }
}

/// From a key to the end of its value; the key alone where the value stands elsewhere.
fn reach(key: Span, value: Span) -> Span {
    if key.file == value.file && key.start <= value.start { key.to(value) } else { key }
}
