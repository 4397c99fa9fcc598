//! Needs as they are collected: of values that a condition decides, all that they may be.

use super::arn::Place;
use super::names::Names;
use super::{Certainty, Need, Needs};
use crate::iam::catalogue::{self, Action};
use crate::iam::{ConditionTest, Reason};
use crate::model::Model;
use crate::source::Span;
use crate::value::{Text, Value};

/// What is found of one build or pipeline.
pub struct Draft<'m> {
    pub model: &'m Model,
    pub names: &'m Names<'m>,
    pub place: Place,
    pub found: Needs,
}

impl<'m> Draft<'m> {
    pub fn new(model: &'m Model, names: &'m Names<'m>, place: Place) -> Draft<'m> {
        Draft { model, names, place, found: Needs::default() }
    }

    /// Adds a need that is certain. `actions` are names of the catalogue, with blanks between them.
    pub fn need(
        &mut self,
        actions: &str,
        resources: Vec<Text>,
        span: Span,
        reason: impl Into<String>,
        source: &'static str,
    ) -> &mut Need {
        let need = Need {
            actions: known(actions),
            resources,
            conditions: Vec::new(),
            span,
            caused_by: None,
            reason: reason.into(),
            source,
            certainty: Certainty::Certain,
        };
        let at = self.found.needs.len();
        self.found.needs.push(need);
        &mut self.found.needs[at]
    }

    /// Something needs more than is known.
    pub fn unknown(&mut self, text: impl Into<String>, span: Span) {
        self.found.unknown.push(Reason::at(text, span));
    }
}

impl Need {
    pub fn likely(&mut self) -> &mut Need {
        self.certainty = Certainty::Likely;
        self
    }

    pub fn under(&mut self, operator: &str, key: &str, values: Vec<Text>) -> &mut Need {
        self.conditions.push(ConditionTest::new(operator, key, values, self.span));
        self
    }
}

/// The actions of these names, which stand in the code of this room.
fn known(names: &str) -> Vec<Action> {
    let action = |name| catalogue::action(name).expect("needs name actions of the catalogue");
    names.split_whitespace().map(action).collect()
}

/// Every value at a path of keys, through lists and conditions.
pub fn all<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let step = |values: Vec<&'v Value>, key: &str| {
        let inner = values.into_iter().filter_map(|value| value.get(key)).flat_map(Value::items);
        inner.map(|(_, value)| value).collect()
    };
    path.split('.').fold(value.items().into_iter().map(|(_, value)| value).collect(), step)
}

/// The texts at a path.
pub fn texts(value: &Value, path: &str) -> Vec<Text> {
    all(value, path).into_iter().filter_map(Value::as_text).cloned().collect()
}

/// The first text at a path.
pub fn text(value: &Value, path: &str) -> Option<Text> {
    texts(value, path).into_iter().next()
}

/// Whether one of the texts at a path is this word, in any case.
pub fn says(value: &Value, path: &str, word: &str) -> bool {
    texts(value, path).iter().any(|text| text.literal().is_some_and(|text| text.eq_ignore_ascii_case(word)))
}
