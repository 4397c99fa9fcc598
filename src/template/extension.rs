//! What stands for more than is written: `Fn::ForEach` of the language extensions gives its body once
//! for each item, `AWS::Include` what another file holds, each in its place.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html>,
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html>

use super::intrinsics::Scope;
use super::repository::{NotTaken, Repository};
use super::sam::joined;
use crate::source::{FileId, OffsetMap, Span};
use crate::syntax::{Entry, Kind, Node, Scalar};
use crate::value::{HoleKind, Value};
use std::collections::BTreeMap;

const LOOP: &str = "Fn::ForEach";
const INCLUDE: &str = "AWS::Include";
/// More nodes than this are not made; CloudFormation has its limit at 500 resources.
const MAX_NODES: usize = 100_000;
/// Files that take in files that take in files.
const MAX_FILES: usize = 8;

/// A template written out, and what could not be.
pub struct WrittenOut {
    pub root: Node,
    pub not_read: Vec<(Span, String)>,
    /// The files that were taken in, and where.
    pub includes: BTreeMap<FileId, Span>,
}

/// Whether there is anything to write out.
pub fn is_shorthand(root: &Node, transforms: &[String], file: FileId, repository: Option<&Repository<'_>>) -> bool {
    let has = |section: &str| {
        let entries = root.get(section).and_then(Node::entries).unwrap_or_default();
        entries.iter().any(|entry| is_loop(&entry.key))
    };
    transforms.iter().any(|name| name == "AWS::LanguageExtensions")
        || has("Resources")
        || has("Outputs")
        || repository.is_some_and(|repository| repository.text(file).contains(INCLUDE))
}

pub fn write_out(root: &Node, scope: &Scope<'_>, repository: Option<&Repository<'_>>) -> WrittenOut {
    let mut writer = Writer {
        scope,
        repository,
        not_read: Vec::new(),
        includes: BTreeMap::new(),
        inside: vec![scope.template.file],
        bound: Vec::new(),
        left: MAX_NODES,
    };
    let mut written = writer.node(root);
    let transforms = root.get("Transform").map(|node| node.items().unwrap_or(std::slice::from_ref(node)));
    for transform in transforms.unwrap_or_default() {
        if let Some(included) = writer.included(transform) {
            written = joined(&included, &written);
        }
    }
    WrittenOut { root: written, not_read: writer.not_read, includes: writer.includes }
}

fn is_loop(key: &Node) -> bool {
    key.as_str().is_some_and(|key| key == LOOP || key.starts_with("Fn::ForEach::"))
}

struct Writer<'s, 't> {
    scope: &'s Scope<'t>,
    repository: Option<&'s Repository<'s>>,
    not_read: Vec<(Span, String)>,
    includes: BTreeMap<FileId, Span>,
    /// The files that are being taken in, the template first.
    inside: Vec<FileId>,
    /// Loop variables and their values, innermost last.
    bound: Vec<(String, String)>,
    left: usize,
}

impl Writer<'_, '_> {
    fn node(&mut self, node: &Node) -> Node {
        if self.left == 0 {
            return node.clone();
        }
        self.left -= 1;
        let kind = match node.kind() {
            Kind::Null | Kind::Unreadable(_) => return node.clone(),
            Kind::Scalar(scalar) => return self.scalar(node, scalar),
            Kind::Sequence(items) => Kind::Sequence(items.iter().map(|item| self.node(item)).collect()),
            Kind::Mapping(entries) => {
                if let [only] = entries.as_slice()
                    && only.key.as_str() == Some("Ref")
                    && let Some(value) = only.value.as_str().and_then(|name| self.value(name))
                {
                    return Node::text(&value, only.value.span());
                }
                let is_call = node.tag().is_some_and(|tag| tag.value == "Transform");
                if is_call && let Some(included) = self.included(node) {
                    return included;
                }
                if let [only] = entries.as_slice()
                    && only.key.as_str() == Some("Fn::Transform")
                    && let Some(included) = self.included(&only.value)
                {
                    return included;
                }
                let mut written = Vec::with_capacity(entries.len());
                for entry in entries {
                    self.entry(entry, &mut written);
                }
                Kind::Mapping(written)
            }
        };
        Node::new(kind, node.span(), node.tag().cloned())
    }

    /// What a call of `AWS::Include` puts in its place.
    fn included(&mut self, call: &Node) -> Option<Node> {
        let repository = self.repository.filter(|_| call.get("Name").and_then(Node::as_str) == Some(INCLUDE))?;
        let location = call.get("Parameters")?.get("Location")?;
        let plain = location.as_str().filter(|_| location.tag().is_none());
        let span = location.site();
        let Some(plain) = plain else {
            self.not_read.push((span, "what `AWS::Include` takes in, only the deployment knows".into()));
            return None;
        };
        let from = *self.inside.last()?;
        let file = match repository.find(repository.folder(from), plain) {
            Ok(file) if self.inside.len() < MAX_FILES && !self.inside.contains(&file) => file,
            Ok(_) => {
                self.not_read.push((span, format!("`{plain}` takes itself in")));
                return None;
            }
            Err(why) => {
                let place = match why {
                    NotTaken::OutsideRoot => "lies outside the repository",
                    NotTaken::Missing => "is in none of the files",
                };
                self.not_read.push((span, format!("`{plain}`, which `AWS::Include` takes in, {place}")));
                return None;
            }
        };
        let root = repository.get(file).parsed.root()?;
        self.includes.entry(file).or_insert(Span { file: self.scope.template.file, ..span });
        self.inside.push(file);
        let written = self.node(root);
        self.inside.pop();
        Some(written)
    }

    fn entry(&mut self, entry: &Entry, written: &mut Vec<Entry>) {
        if entry.key.as_str() == Some("Fn::Transform")
            && let Some(included) = self.included(&entry.value)
        {
            let taken = included.entries().unwrap_or_default();
            return written.extend(taken.iter().cloned());
        }
        if !is_loop(&entry.key) {
            let (key, value) = (self.node(&entry.key), self.node(&entry.value));
            written.push(Entry { key, value, merged: entry.merged });
            return;
        }
        let name = entry.key.as_str().unwrap_or(LOOP);
        let Some([variable, collection, body]) = entry.value.items() else {
            let reason = format!("`{name}` is no variable, collection and body");
            return self.not_read.push((entry.key.span(), reason));
        };
        let (Some(variable), Some(body)) = (variable.as_str(), body.entries()) else {
            let reason = format!("`{name}` has no name for its variable, or no mapping to repeat");
            return self.not_read.push((entry.key.span(), reason));
        };
        let collection = self.node(collection);
        let items = match self.items(&collection) {
            Ok(items) => items,
            Err(reason) => {
                return self.not_read.push((entry.key.span(), format!("`{name}` runs over {reason}")));
            }
        };
        for item in items {
            self.bound.push((variable.to_owned(), item));
            for entry in body {
                self.entry(entry, written);
            }
            self.bound.pop();
            if self.left == 0 {
                return self.not_read.push((entry.key.span(), format!("`{name}` makes too much to be followed")));
            }
        }
    }

    /// The items of a collection, or why they are not known.
    fn items(&mut self, collection: &Node) -> Result<Vec<String>, String> {
        match self.scope.evaluate(collection) {
            Value::List(items, _) => {
                let known = items.iter().map(|item| item.literal().map(str::to_owned));
                known.collect::<Option<_>>().ok_or_else(|| "items that are known only at deployment".to_owned())
            }
            Value::Text(text) => {
                let hole = text.as_hole().filter(|hole| hole.kind == HoleKind::Parameter);
                let parameter = hole.and_then(|hole| self.scope.template.parameters.get(&hole.name));
                let Some(parameter) = parameter else {
                    return Err("what is known only at deployment".into());
                };
                let name = &parameter.name.value;
                let default = parameter.default.as_ref().filter(|_| parameter.is_list() && !parameter.is_stored());
                let Some(default) = default else {
                    return Err(format!("the parameter `{name}`, which is known only at deployment"));
                };
                let said = format!("a loop runs over the parameter `{name}`: only its default is looked at");
                self.not_read.push((collection.span(), said));
                Ok(default.value.split(',').map(|item| item.trim().to_owned()).collect())
            }
            _ => Err("what is known only at deployment".into()),
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        self.bound.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// `${Name}` is the item, `&{Name}` its letters and digits, `!Ref Name` the item too.
    fn scalar(&self, node: &Node, scalar: &Scalar) -> Node {
        if self.bound.is_empty() {
            return node.clone();
        }
        if node.tag().is_some_and(|tag| tag.value == "Ref")
            && let Some(value) = self.value(&scalar.text)
        {
            return Node::text(&value, node.span());
        }
        let mut text = String::new();
        let mut maps: Vec<(OffsetMap, usize)> = Vec::new();
        let mut rest = 0;
        while let Some(open) = scalar.text[rest..].find(['$', '&']).map(|at| at + rest) {
            let inside = scalar.text[open + 1..].strip_prefix('{').and_then(|after| after.split_once('}'));
            let Some((name, value)) = inside.and_then(|(name, _)| Some((name, self.value(name)?))) else {
                self.keep(scalar, rest..open + 1, &mut text, &mut maps);
                rest = open + 1;
                continue;
            };
            self.keep(scalar, rest..open, &mut text, &mut maps);
            let end = open + name.len() + 3;
            let value = match scalar.text.as_bytes()[open] {
                b'&' => value.chars().filter(char::is_ascii_alphanumeric).collect(),
                _ => value,
            };
            text.push_str(&value);
            if !value.is_empty() {
                maps.push((OffsetMap::whole(scalar.map.span(open..end)), value.len()));
            }
            rest = end;
        }
        if rest == 0 {
            return node.clone();
        }
        self.keep(scalar, rest..scalar.text.len(), &mut text, &mut maps);
        let map = OffsetMap::concat(scalar.map.file(), &maps);
        Node::new(
            Kind::Scalar(Scalar { text: text.into(), quoted: scalar.quoted, map }),
            node.span(),
            node.tag().cloned(),
        )
    }

    fn keep(
        &self,
        scalar: &Scalar,
        range: std::ops::Range<usize>,
        text: &mut String,
        maps: &mut Vec<(OffsetMap, usize)>,
    ) {
        if !range.is_empty() {
            text.push_str(&scalar.text[range.clone()]);
            maps.push((scalar.map.slice(range.clone()), range.len()));
        }
    }
}
