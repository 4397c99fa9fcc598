//! Intrinsic functions to values with holes: `Ref`, `Fn::Sub`, `Fn::If` and the rest. Both branches
//! of a choice are kept, and a name that only the deployment knows stays a name.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

use super::cloudformation::{Template, in_environment};
use super::condition::Outcome;
use super::reference::{self, split_substitutions};
use super::sam;
use super::stack::Neighbours;
use crate::source::{OffsetMap, Span, Spanned};
use crate::syntax::{Entry, Kind, Node, Scalar};
use crate::value::{Branch, Condition, Hole, HoleKind, Map, Part, Text, Value, has_marker};
use std::cell::RefCell;

/// More than this many ways to fill in a text are not told apart.
const MAX_COMBINATIONS: usize = 16;
/// A text of more parts than this is not put together.
const MAX_PARTS: usize = 2_000;

/// What evaluation knows: the template, and what it met on the way.
pub struct Scope<'t> {
    pub template: &'t Template,
    neighbours: Option<Neighbours<'t>>,
    unresolved: RefCell<Vec<Unresolved>>,
    cut: RefCell<Vec<(Span, String)>>,
}

/// A variable that nothing declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    pub name: String,
    pub kind: HoleKind,
    pub span: Span,
}

impl<'t> Scope<'t> {
    pub fn new(template: &'t Template) -> Scope<'t> {
        Scope { template, neighbours: None, unresolved: RefCell::default(), cut: RefCell::default() }
    }

    /// A scope that looks into other templates of the repository too.
    pub fn among(template: &'t Template, neighbours: Neighbours<'t>) -> Scope<'t> {
        Scope { neighbours: Some(neighbours), ..Scope::new(template) }
    }

    /// A scope with the same view, that has met nothing yet.
    pub fn anew(&self) -> Scope<'t> {
        Scope { neighbours: self.neighbours.clone(), ..Scope::new(self.template) }
    }

    /// Variables that evaluation so far needed and that nothing declares, and texts that are not looked into.
    pub fn into_met(self) -> (Vec<Unresolved>, Vec<(Span, String)>) {
        (self.unresolved.into_inner(), self.cut.into_inner())
    }

    /// The value of a node, its intrinsics evaluated.
    pub fn evaluate(&self, node: &Node) -> Value {
        if let Some(tag) = node.tag() {
            return self.tagged(&tag.value, node);
        }
        match node.kind() {
            Kind::Null => Value::Null(node.site()),
            Kind::Unreadable(reason) => Value::unknown(*reason, node.site()),
            Kind::Scalar(scalar) => Value::Text(self.text(scalar, node.span())),
            Kind::Sequence(items) => Value::List(items.iter().map(|item| self.evaluate(item)).collect(), node.span()),
            Kind::Mapping(entries) => self.mapping(entries, node.span()),
        }
    }

    /// A plain text, with the variables of tools that run before CloudFormation.
    fn text(&self, scalar: &Scalar, span: Span) -> Text {
        let text = Text::from_scalar(scalar, span).restore(&self.template.holes);
        self.note(reference::find_variables(text))
    }

    fn mapping(&self, entries: &[Entry], span: Span) -> Value {
        if let [only] = entries
            && let Some(name) = only.key.as_str()
            && (name == "Ref" || name.starts_with("Fn::"))
        {
            return self.intrinsic(name.trim_start_matches("Fn::"), &only.value, span);
        }
        let entries = entries.iter().map(|entry| {
            let name = entry.key.as_str().unwrap_or_default();
            let value = if name.starts_with("Fn::") {
                Value::unknown(format!("what `{name}` puts here"), entry.key.span())
            } else {
                self.evaluate(&entry.value)
            };
            (Spanned::new(name.to_owned(), entry.key.span()), value)
        });
        Value::Map(Map { entries: entries.collect(), span })
    }

    /// `!Name argument`: the argument is the node without its tag.
    fn tagged(&self, name: &str, node: &Node) -> Value {
        self.intrinsic(name, node, node.span())
    }

    fn intrinsic(&self, name: &str, argument: &Node, span: Span) -> Value {
        // `!Ref ${param:name}`, where nothing says what the parameter is.
        let names =
            argument.as_str().into_iter().chain(argument.items().into_iter().flatten().filter_map(Node::as_str));
        if matches!(name, "Ref" | "GetAtt" | "If" | "FindInMap") && names.into_iter().any(has_marker) {
            return Value::unknown("a name that a variable gives", span);
        }
        match name {
            "Ref" => self.reference(argument, span),
            "GetAtt" => self.attribute(argument, span),
            "Sub" => self.substitute(argument, span),
            "Join" => self.join(argument, span),
            "If" => self.choose(argument, span),
            "Select" => self.select(argument, span),
            "Split" => self.split(argument, span),
            "FindInMap" => self.find_in_map(argument, span),
            "ImportValue" => self.import(argument, span),
            // Wherever the text of JSON is wanted, its value is as good.
            "Base64" | "ToJsonString" => self.inner(argument),
            "Length" => self.length(argument, span),
            "GetAZs" => Value::unknown("the availability zones of the region", span),
            "Cidr" => Value::unknown("addresses that `Fn::Cidr` computes", span),
            "Transform" => Value::unknown("what a transform puts here", span),
            other => Value::unknown(format!("what `{other}` gives"), span),
        }
    }

    /// The argument evaluated; the tag of the function that holds it is not taken again.
    fn inner(&self, argument: &Node) -> Value {
        match (argument.tag(), argument.kind()) {
            (None, _) => self.evaluate(argument),
            (_, Kind::Scalar(scalar)) => Value::Text(self.text(scalar, argument.span())),
            (_, Kind::Sequence(items)) => {
                Value::List(items.iter().map(|item| self.evaluate(item)).collect(), argument.span())
            }
            (_, Kind::Mapping(entries)) => self.mapping(entries, argument.span()),
            _ => Value::Null(argument.span()),
        }
    }

    fn reference(&self, argument: &Node, span: Span) -> Value {
        let computed = if argument.as_str().is_none() { self.inner(argument) } else { Value::Null(span) };
        let Some(name) = argument.as_str().or_else(|| computed.literal()) else {
            return Value::unknown("a `Ref` whose name is computed", span);
        };
        if name == "AWS::NoValue" {
            return Value::Absent(span);
        }
        self.resolve(name, argument.span())
    }

    /// A name that is written, or that the language extensions let an intrinsic make.
    fn name(&self, node: &Node) -> Option<String> {
        self.evaluate(node).literal().map(str::to_owned)
    }

    /// `Fn::Length`: how many items a list has.
    fn length(&self, argument: &Node, span: Span) -> Value {
        match self.inner(argument) {
            Value::List(items, _) => Value::Text(Text::at(items.len().to_string(), span)),
            _ => computed("Length", span),
        }
    }

    /// The value of a name, as `Ref` gives it.
    pub fn resolve(&self, name: &str, span: Span) -> Value {
        if let Some(parameter) = self.template.parameters.get(name) {
            let given = self.neighbours.as_ref().and_then(|neighbours| neighbours.given(self.template, name, span));
            if let Some(value) = given {
                return value;
            }
            let finite = 1..=MAX_COMBINATIONS;
            if finite.contains(&parameter.allowed_values.len()) && !parameter.is_list() && !parameter.is_stored() {
                let branches = parameter.allowed_values.iter().map(|allowed| Branch {
                    when: Condition { name: name.to_owned(), value: allowed.value.clone(), span: parameter.name.span },
                    value: Value::Text(Text::at(allowed.value.clone(), span)),
                });
                return Value::Choice(branches.collect(), span);
            }
        }
        Value::Text(Text::from_hole(self.hole(name, span)))
    }

    /// A name as a hole of the kind that the template makes it.
    fn hole(&self, name: &str, span: Span) -> Hole {
        // A name in a file that is taken in is one of this template: its place is where that happens.
        let span = self.template.includes.get(&span.file).copied().unwrap_or(span);
        let parameter = self.template.parameters.get(name);
        let kind = if parameter.is_some() {
            HoleKind::Parameter
        } else if self.declares(name.split('.').next().unwrap_or(name)) {
            HoleKind::Resource
        } else if reference::is_pseudo(name) {
            HoleKind::Pseudo
        } else if reference::is_tool_variable(name) {
            HoleKind::Tool
        } else if !self.template.is_generated() {
            HoleKind::Undeclared
        } else {
            // A transform such as SAM's makes resources that are not written here.
            HoleKind::Computed
        };
        let default = parameter.filter(|parameter| !parameter.is_stored() && !parameter.is_list());
        let default = default.and_then(|parameter| parameter.default.as_ref()).map(|default| default.value.clone());
        let hole = Hole { name: name.to_owned(), kind, span, template: self.template.file, default };
        self.note_hole(&hole);
        hole
    }

    /// Whether a resource of this name is written here, or made by the SAM transform.
    fn declares(&self, logical_id: &str) -> bool {
        self.template.resource(logical_id).is_some() || sam::makes_role(self.template, logical_id)
    }

    fn attribute(&self, argument: &Node, span: Span) -> Value {
        let name = match (argument.as_str(), argument.items()) {
            (Some(name), _) => name.to_owned(),
            (None, Some([resource, attribute])) => match (self.name(resource), self.name(attribute)) {
                (Some(resource), Some(attribute)) => format!("{resource}.{attribute}"),
                _ => return Value::unknown("an attribute whose name is computed", span),
            },
            _ => return Value::unknown("an attribute that is not named", span),
        };
        self.attribute_value(&name, span)
    }

    fn attribute_value(&self, name: &str, span: Span) -> Value {
        let output = self.neighbours.as_ref().and_then(|neighbours| neighbours.output(self.template, name, span));
        output.unwrap_or_else(|| Value::Text(self.attribute_text(name, span)))
    }

    /// What `Fn::GetAtt` gives for `Resource.Attribute`.
    pub fn attribute_text(&self, name: &str, span: Span) -> Text {
        let resource = name.strip_suffix(".Arn").and_then(|id| self.template.resource(id));
        match resource {
            // The ARN of a bucket is made of its name alone, so that `!GetAtt Bucket.Arn` and
            // `arn:aws:s3:::${Bucket}` are seen to be one.
            Some(bucket) if bucket.kind.value == "AWS::S3::Bucket" => {
                let partition = self.hole("AWS::Partition", span);
                let name = self.hole(&bucket.logical_id.value, span);
                let mut parts = Text::at("arn:", span).parts;
                parts.push(partition.into());
                parts.extend(Text::at(":s3:::", span).parts);
                parts.push(name.into());
                Text { parts, span }
            }
            _ => Text::from_hole(self.hole(name, span)),
        }
    }

    fn substitute(&self, argument: &Node, span: Span) -> Value {
        let (template, variables) = match (argument.as_scalar(), argument.items()) {
            (Some(scalar), _) => (Some((scalar, argument.span())), None),
            (None, Some([text, variables])) => (text.as_scalar().map(|scalar| (scalar, text.span())), Some(variables)),
            (None, Some([text])) => (text.as_scalar().map(|scalar| (scalar, text.span())), None),
            _ => (None, None),
        };
        let Some((scalar, text_span)) = template else {
            return Value::unknown("an `Fn::Sub` whose text is computed", span);
        };
        let own: Vec<(String, Value)> = variables
            .and_then(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| Some((entry.key.as_str()?.to_owned(), self.evaluate(&entry.value))))
            .collect();
        let values = split_substitutions(scalar, text_span).into_iter().map(|piece| match piece {
            reference::Piece::Text(text) => Value::Text(self.note(text.restore(&self.template.holes))),
            reference::Piece::Variable(name, at) if has_marker(&name) => {
                Value::unknown("a name with a variable in it", at)
            }
            reference::Piece::Variable(name, at) => match own.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => value.clone(),
                None if name.contains('.') && !name.contains(':') => self.attribute_value(&name, at),
                None if name == "AWS::NoValue" => Value::Text(Text::at("", at)),
                None => self.resolve(&name, at),
            },
        });
        self.joined(values.collect(), "", text_span)
    }

    /// A value that is written in no file, with the `${…}` of its texts filled in.
    pub fn filled(&self, value: &Value, own: &[(String, Value)]) -> Value {
        match value {
            Value::Text(text) => match text.literal() {
                Some(literal) if literal.contains("${") => self.filled_text(literal, text.span, own),
                _ => value.clone(),
            },
            Value::List(items, span) => Value::List(items.iter().map(|item| self.filled(item, own)).collect(), *span),
            Value::Map(map) => {
                let entries = map.entries.iter().map(|(key, value)| (key.clone(), self.filled(value, own)));
                Value::Map(Map { entries: entries.collect(), span: map.span })
            }
            other => other.clone(),
        }
    }

    fn filled_text(&self, text: &str, span: Span, own: &[(String, Value)]) -> Value {
        let scalar = Scalar { text: text.into(), quoted: true, map: OffsetMap::whole(span) };
        let values = split_substitutions(&scalar, span).into_iter().map(|piece| match piece {
            reference::Piece::Text(text) => Value::Text(text),
            reference::Piece::Variable(name, at) => match own.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => value.clone(),
                None if reference::is_pseudo(&name) => self.resolve(&name, at),
                None => computed(&name, at),
            },
        });
        self.joined(values.collect(), "", span)
    }

    fn join(&self, argument: &Node, span: Span) -> Value {
        let Some([delimiter, list]) = argument.items() else {
            return Value::unknown("an `Fn::Join` that is not a delimiter and a list", span);
        };
        let Some(delimiter) = delimiter.as_str() else {
            return Value::unknown("an `Fn::Join` whose delimiter is computed", span);
        };
        match self.evaluate(list) {
            Value::List(items, _) => self.joined(items, delimiter, span),
            Value::Text(text) => computed(&format!("Join of {}", text.display()), span),
            _ => computed("Join", span),
        }
    }

    fn choose(&self, argument: &Node, span: Span) -> Value {
        let Some([condition, yes, no]) = argument.items() else {
            return Value::unknown("an `Fn::If` that is not a condition and two values", span);
        };
        let Some(name) = condition.as_str() else {
            return Value::unknown("an `Fn::If` whose condition is computed", span);
        };
        if !self.template.conditions.declares(name) {
            let unresolved = Unresolved { name: name.to_owned(), kind: HoleKind::Undeclared, span: condition.span() };
            self.unresolved.borrow_mut().push(unresolved);
        }
        match self.template.conditions.outcome(name) {
            Some(Outcome::Always(holds)) => return self.evaluate(if holds { yes } else { no }),
            Some(Outcome::ByEnvironment(outcomes)) => {
                let [yes, no] = [yes, no].map(|node| self.evaluate(node));
                let branches = outcomes.iter().map(|(environment, holds)| Branch {
                    when: in_environment(environment, condition.span()),
                    value: if *holds { yes.clone() } else { no.clone() },
                });
                return Value::Choice(branches.collect(), span);
            }
            None => {}
        }
        let branch = |holds: bool, node: &Node| Branch {
            when: self.template.conditions.holds(name, holds, condition.span()),
            value: self.evaluate(node),
        };
        Value::Choice(vec![branch(true, yes), branch(false, no)], span)
    }

    fn select(&self, argument: &Node, span: Span) -> Value {
        let Some([index, list]) = argument.items() else {
            return Value::unknown("an `Fn::Select` that is not an index and a list", span);
        };
        let index = index.as_str().and_then(|text| text.parse::<usize>().ok());
        match (index, self.evaluate(list)) {
            (Some(index), Value::List(mut items, _)) if index < items.len() => items.swap_remove(index),
            (_, Value::List(items, _)) if items.is_empty() => Value::unknown("an item of an empty list", span),
            (_, Value::Text(text)) => computed(&format!("Select of {}", text.display()), span),
            _ => computed("Select", span),
        }
    }

    fn split(&self, argument: &Node, span: Span) -> Value {
        let Some([delimiter, text]) = argument.items() else {
            return Value::unknown("an `Fn::Split` that is not a delimiter and a text", span);
        };
        match (delimiter.as_str(), self.evaluate(text)) {
            (Some(delimiter), Value::Text(text)) if !delimiter.is_empty() => match text.literal() {
                Some(literal) => {
                    let parts = literal.split(delimiter).map(|part| Value::Text(Text::at(part, text.span)));
                    Value::List(parts.collect(), span)
                }
                None => Value::unknown(format!("the parts of `{}`", text.display()), span),
            },
            _ => Value::unknown("a list that `Fn::Split` makes", span),
        }
    }

    fn find_in_map(&self, argument: &Node, span: Span) -> Value {
        let Some([map, first, second, more @ ..]) = argument.items() else {
            return Value::unknown("an `Fn::FindInMap` that is not a map and two keys", span);
        };
        let default = more.first().and_then(|more| more.get("DefaultValue")).map(|node| self.evaluate(node));
        let or_default = || default.clone().unwrap_or_else(|| computed("FindInMap", span));
        let table = self.name(map).and_then(|name| self.template.mappings.as_ref()?.get(&name));
        let (Some(table), Some(entries)) = (table, table.and_then(Node::entries)) else {
            return or_default();
        };
        let (first, second) = (self.evaluate(first), self.evaluate(second));
        let Some(second) = second.literal() else { return computed("FindInMap", span) };
        if let Some(key) = first.literal() {
            return match table.get(key).and_then(|row| row.get(second)) {
                Some(node) => self.evaluate(node),
                None => or_default(),
            };
        }
        // The first key is known only at deployment, as `AWS::Region` is: any row may be it.
        let name = first.as_text().map_or_else(|| "FindInMap".into(), |text| text.display().into_owned());
        let mut rows: Vec<Branch> = entries
            .iter()
            .filter_map(|row| {
                let key = row.key.as_str()?;
                let when = Condition { name: name.clone(), value: key.to_owned(), span };
                Some(Branch { when, value: self.evaluate(row.value.get(second)?) })
            })
            .collect();
        if let Some(value) = &default
            && !rows.is_empty()
        {
            let when = Condition { name, value: "anything else".to_owned(), span };
            rows.push(Branch { when, value: value.clone() });
        }
        match rows.len() {
            0 => or_default(),
            count if count > MAX_COMBINATIONS => computed("FindInMap", span),
            _ => Value::Choice(rows, span),
        }
    }

    fn import(&self, argument: &Node, span: Span) -> Value {
        let name = self.inner(argument);
        let found =
            name.as_text().zip(self.neighbours.as_ref()).and_then(|(name, neighbours)| neighbours.import(name, span));
        if let Some(value) = found {
            return value;
        }
        let name = name.as_text().map_or_else(|| "ImportValue".into(), |text| text.display().into_owned());
        let template = self.template.file;
        Value::Text(Text::from_hole(Hole { name, kind: HoleKind::Import, span, template, default: None }))
    }

    fn note(&self, text: Text) -> Text {
        text.holes().for_each(|hole| self.note_hole(hole));
        text
    }

    fn note_hole(&self, hole: &Hole) {
        if matches!(hole.kind, HoleKind::Undeclared | HoleKind::Tool) {
            let unresolved = Unresolved { name: hole.name.clone(), kind: hole.kind, span: hole.span };
            self.unresolved.borrow_mut().push(unresolved);
        }
    }

    /// The text of joined values; one of more variants than are told apart is a hole, and that is said.
    fn joined(&self, items: Vec<Value>, delimiter: &str, span: Span) -> Value {
        combine(&items, delimiter, span).unwrap_or_else(|name| {
            self.cut.borrow_mut().push((span, format!("{name} is taken as one that only the deployment knows")));
            computed(name, span)
        })
    }
}

fn computed(name: &str, span: Span) -> Value {
    let (name, kind) = (name.to_owned(), HoleKind::Computed);
    Value::Text(Text::from_hole(Hole { name, kind, span, template: span.file, default: None }))
}

/// Joins values to one text. Where an item is a choice, so is the outcome. An error says what is too much.
fn combine(items: &[Value], delimiter: &str, span: Span) -> Result<Value, &'static str> {
    // The delimiter stands between items that are there: the flag says that one came before.
    let mut combined: Vec<(Vec<Condition>, Vec<Part>, bool)> = vec![(Vec::new(), Vec::new(), false)];
    for item in items {
        let mut next = Vec::new();
        let options = item.outcomes();
        for (when, parts, started) in &combined {
            for (more, value) in &options {
                if !crate::value::can_hold_together(when, more) {
                    continue;
                }
                let mut parts = parts.clone();
                if let Some(value) = value {
                    if *started && !delimiter.is_empty() {
                        parts.extend(Text::at(delimiter, Span { end: value.span().start, ..value.span() }).parts);
                    }
                    parts.extend(parts_of(value));
                }
                next.push(([when.as_slice(), more].concat(), parts, *started || value.is_some()));
            }
        }
        if next.iter().any(|(_, parts, _)| parts.len() > MAX_PARTS) {
            return Err("a text of very many parts");
        }
        if next.len() > MAX_COMBINATIONS {
            return Err("a text with many variants");
        }
        combined = next;
    }
    let mut combined: Vec<(Vec<Condition>, Vec<Part>)> =
        combined.into_iter().map(|(when, parts, _)| (when, parts)).collect();
    let text = |parts| Value::Text(Text { parts, span }.normalised());
    Ok(match combined.len() {
        0 => Value::Absent(span),
        1 if combined[0].0.is_empty() => text(combined.swap_remove(0).1),
        _ => choices(combined.into_iter().map(|(when, parts)| (when, text(parts))).collect(), span),
    })
}

/// A value as a part of a text; what is no text is a hole.
fn parts_of(value: &Value) -> Vec<Part> {
    let name = match value {
        Value::Text(text) => return text.parts.clone(),
        Value::Unknown(unknown) => unknown.reason.clone(),
        _ => "a list".to_owned(),
    };
    let span = value.span();
    vec![Hole { name, kind: HoleKind::Computed, span, template: span.file, default: None }.into()]
}

/// Alternatives, each under several conditions, as nested choices.
fn choices(alternatives: Vec<(Vec<Condition>, Value)>, span: Span) -> Value {
    let branches = alternatives.into_iter().map(|(when, value)| {
        let mut conditions = when.into_iter().rev();
        let Some(innermost) = conditions.next() else {
            // A variant without a condition stands beside conditional ones only when a part of it
            // was left out; it holds always.
            let always = Condition { name: "always".into(), value: "true".into(), span };
            return Branch { when: always, value };
        };
        let inner = Branch { when: innermost, value };
        conditions.fold(inner, |inner, when| Branch { when, value: Value::Choice(vec![inner], span) })
    });
    Value::Choice(branches.collect(), span)
}
