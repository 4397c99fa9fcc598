//! Templates that belong together: nested stacks with the parameters that they are given, outputs,
//! and exports. What one template says of another is evaluated there.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html>,
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html>

use super::assigned::MAX_ENVIRONMENTS;
use super::cloudformation::{Resource, Template, in_environment};
use super::detect::Format;
use super::intrinsics::Scope;
use super::repository::{NotTaken, Repository};
use crate::source::{FileId, OffsetMap, Span};
use crate::syntax::Node;
use crate::value::{Branch, Condition, Part, Text, Value};
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Templates are followed from one to the next this often.
const MAX_DEPTH: u8 = 16;
/// More values of one parameter than this are not told apart.
const MAX_GIVEN: usize = 16;
/// A text of another template has at most this many parts, and bytes.
const MAX_PARTS: usize = 64;
const MAX_TEXT: usize = 4096;

/// Which templates of a repository belong together.
#[derive(Debug, Default)]
pub struct Stacks {
    /// Who nests a template: the file of the parent, and the logical id of the nested stack.
    parents: HashMap<FileId, Vec<(FileId, String)>>,
    /// The outputs that are exported under a name.
    exports: HashMap<String, Vec<(FileId, String)>>,
    /// Files that stand in the templates that take them in.
    taken_in: HashSet<FileId>,
}

impl Stacks {
    pub fn read(repository: &Repository<'_>) -> Stacks {
        let files: Vec<FileId> = repository.files().collect();
        let of_files: Vec<Stacks> = files.into_par_iter().map(|file| Stacks::of_file(repository, file)).collect();
        let mut stacks = Stacks::default();
        for of_file in of_files {
            stacks.taken_in.extend(of_file.taken_in);
            for (child, parents) in of_file.parents {
                stacks.parents.entry(child).or_default().extend(parents);
            }
            for (name, exports) in of_file.exports {
                stacks.exports.entry(name).or_default().extend(exports);
            }
        }
        stacks
    }

    /// What one template says.
    fn of_file(repository: &Repository<'_>, file: FileId) -> Stacks {
        let mut stacks = Stacks::default();
        let found = repository.get(file);
        let is_template = matches!(found.format, Format::CloudFormation | Format::Sam);
        let Some(root) = found.parsed.root().filter(|_| is_template) else { return stacks };
        if repository.text(file).contains("AWS::Include") {
            stacks.taken_in.extend(repository.template(file).iter().flat_map(|template| template.includes.keys()));
        }
        for entry in root.get("Resources").and_then(Node::entries).unwrap_or_default() {
            let Some((id, location)) = entry.key.as_str().zip(template_location(&entry.value)) else { continue };
            if let Ok(child) = found_at(repository, file, location) {
                stacks.parents.entry(child).or_default().push((file, id.to_owned()));
            }
        }
        for entry in root.get("Outputs").and_then(Node::entries).unwrap_or_default() {
            let name = entry.value.get("Export").and_then(|export| export.get("Name"));
            let (Some(output), Some(name)) = (entry.key.as_str(), name) else { continue };
            let Some(template) = repository.template(file) else { continue };
            if let Some(name) = Scope::new(template).evaluate(name).as_text().and_then(export_name) {
                stacks.exports.entry(name).or_default().push((file, output.to_owned()));
            }
        }
        stacks
    }

    /// Whether the file is read as a part of another one.
    pub fn is_taken_in(&self, file: FileId) -> bool {
        self.taken_in.contains(&file)
    }
}

/// A name that is the same in every stack of an account and a region.
fn export_name(text: &Text) -> Option<String> {
    use crate::value::HoleKind::Pseudo;
    let is_common = |hole: &crate::value::Hole| hole.kind == Pseudo && !hole.name.starts_with("AWS::Stack");
    text.holes().all(is_common).then(|| text.display().into_owned())
}

/// `TemplateURL` of a nested stack, `Location` of a nested application, where it is plain text. The
/// CDK computes the address, and tells in the metadata which of its files goes there.
pub fn template_location(resource: &Node) -> Option<&Node> {
    let key = match resource.get("Type")?.as_str()? {
        "AWS::CloudFormation::Stack" => "TemplateURL",
        "AWS::Serverless::Application" => "Location",
        _ => return None,
    };
    let is_plain = |node: &&Node| node.tag().is_none() && node.as_str().is_some_and(|text| !text.contains(['{', '$']));
    let location = resource.get("Properties")?.get(key).filter(is_plain);
    location.or_else(|| resource.get("Metadata")?.get("aws:asset:path").filter(is_plain))
}

/// The file that a location names, from the folder of the template on.
pub fn found_at(repository: &Repository<'_>, file: FileId, location: &Node) -> Result<FileId, NotTaken> {
    repository.find(repository.folder(file), location.as_str().unwrap_or_default())
}

/// A value of another template, as it was found; by file, and by parameter or output.
type Found = HashMap<(FileId, Asked), Option<Value>>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asked {
    Parameter(String),
    Output(String),
}

/// The other templates, as one of them sees them. What was asked once is remembered, so that a
/// ring of templates and many ways to one value end soon.
#[derive(Clone)]
pub struct Neighbours<'r> {
    repository: &'r Repository<'r>,
    found: Rc<RefCell<Found>>,
    depth: u8,
}

impl<'r> Neighbours<'r> {
    pub fn new(repository: &'r Repository<'r>) -> Neighbours<'r> {
        Neighbours { repository, found: Rc::default(), depth: 0 }
    }

    fn scope(&self, file: FileId) -> Option<Scope<'r>> {
        let template = self.repository.template(file).filter(|_| self.depth < MAX_DEPTH)?;
        Some(Scope::among(template, Neighbours { depth: self.depth + 1, ..self.clone() }))
    }

    /// What is remembered, or else is found now. Who asks while it is being found gets nothing.
    fn remembered(&self, file: FileId, asked: Asked, find: impl FnOnce() -> Option<Value>) -> Option<Value> {
        let key = (file, asked);
        if let Some(known) = self.found.borrow().get(&key) {
            return known.clone();
        }
        self.found.borrow_mut().insert(key.clone(), None);
        let value = find().filter(is_handy);
        self.found.borrow_mut().insert(key, value.clone());
        value
    }

    /// What the templates that nest this one give its parameter; `None` when none does.
    pub fn given(&self, template: &Template, parameter: &str, span: Span) -> Option<Value> {
        self.assigned(template, parameter, span).or_else(|| self.given_by_parents(template, parameter, span))
    }

    /// What the run is told of a parameter: one value, or one for each environment.
    fn assigned(&self, template: &Template, parameter: &str, span: Span) -> Option<Value> {
        let values = self.repository.assigned().values(template.file, parameter);
        let declared = template.parameters.get(parameter).filter(|declared| !declared.is_stored())?;
        let value = |text: &str| match declared.is_list() {
            true => Value::List(
                text.split(',').map(|item| Value::Text(Text::at(item.trim().to_owned(), span))).collect(),
                span,
            ),
            false => Value::Text(Text::at(text.to_owned(), span)),
        };
        let default = declared.default.as_ref().map(|default| default.value.as_str());
        let given: Vec<(&str, &str)> =
            values.into_iter().map(|(name, text)| Some((name, text.or(default)?))).collect::<Option<_>>()?;
        let (_, first) = given.first()?;
        if given.len() > MAX_ENVIRONMENTS || given.iter().all(|(_, text)| text == first) {
            return (given.len() <= MAX_ENVIRONMENTS).then(|| value(first));
        }
        // All parameters turn out as in one environment.
        let branches = given
            .iter()
            .map(|(name, text)| Branch { when: in_environment(name, declared.name.span), value: value(text) });
        Some(Value::Choice(branches.collect(), span))
    }

    fn given_by_parents(&self, template: &Template, parameter: &str, span: Span) -> Option<Value> {
        let parents = self.repository.stacks().parents.get(&template.file)?;
        let asked = Asked::Parameter(parameter.to_owned());
        let value = self.remembered(template.file, asked, || self.given_by(parents, template, parameter))?;
        Some(placed(&value, span))
    }

    fn given_by(&self, parents: &[(FileId, String)], template: &Template, parameter: &str) -> Option<Value> {
        let span = template.parameters.get(parameter)?.name.span;
        let mut values: Vec<Value> = Vec::new();
        for (parent, logical_id) in parents {
            let scope = self.scope(*parent)?;
            let stack = scope.template.resource(logical_id)?;
            let given = stack.properties().and_then(|node| node.get("Parameters")?.get(parameter));
            let given = given.map(|node| scope.evaluate(node));
            let default = || template.parameters.get(parameter)?.default.as_ref();
            let given =
                given.or_else(|| default().map(|default| Value::Text(Text::at(default.value.clone(), span))))?;
            for (_, value) in given.alternatives() {
                let is_known =
                    |known: &Value| matches!((known, value), (Value::Text(one), Value::Text(other)) if one == other);
                if !values.iter().any(is_known) {
                    values.push(value.clone());
                }
            }
            if values.len() > MAX_GIVEN {
                return None;
            }
        }
        if values.len() < 2 {
            return values.pop();
        }
        let branches = values.into_iter().map(|value| {
            let shown = value.as_text().map_or_else(|| "a list".into(), |text| text.display().into_owned());
            Branch { when: Condition { name: parameter.to_owned(), value: shown, span }, value }
        });
        Some(Value::Choice(branches.collect(), span))
    }

    /// `Nested.Outputs.Name` of a nested stack whose template is at hand.
    pub fn output(&self, template: &Template, name: &str, span: Span) -> Option<Value> {
        let (logical_id, output) = name.split_once(".Outputs.")?;
        let resource: &Resource = template.resource(logical_id)?;
        let child = found_at(self.repository, template.file, template_location(&resource.node)?).ok()?;
        self.output_of(child, output, span)
    }

    /// What `Fn::ImportValue` gives, where one output of all files is exported under the name.
    pub fn import(&self, name: &Text, span: Span) -> Option<Value> {
        match self.repository.stacks().exports.get(&export_name(name)?)?.as_slice() {
            [(file, output)] => self.output_of(*file, output, span),
            _ => None,
        }
    }

    fn output_of(&self, file: FileId, output: &str, span: Span) -> Option<Value> {
        let find = || {
            let scope = self.scope(file)?;
            let node = scope.template.outputs.as_ref()?.get(output)?.get("Value")?.clone();
            // Which way a condition of another template turns out is not to be mixed with one's own.
            Some(scope.evaluate(&node)).filter(|value| value.as_text().is_some())
        };
        let value = self.remembered(file, Asked::Output(output.to_owned()), find)?;
        Some(placed(&value, span))
    }
}

/// Texts that grow from template to template are given up before they fill the memory.
fn is_handy(value: &Value) -> bool {
    match value {
        Value::Text(text) => {
            let len = |part: &Part| match part {
                Part::Known(known, _) => known.len(),
                Part::Hole(_) => 1,
            };
            text.parts.len() <= MAX_PARTS && text.parts.iter().map(len).sum::<usize>() <= MAX_TEXT
        }
        Value::List(items, _) => items.len() <= MAX_PARTS && items.iter().all(is_handy),
        Value::Choice(branches, _) => branches.iter().all(|branch| is_handy(&branch.value)),
        _ => true,
    }
}

/// A value of another template, where it is used in this one. Its holes stay those of the other.
fn placed(value: &Value, span: Span) -> Value {
    match value {
        Value::Text(text) => {
            let parts = text.parts.iter().map(|part| match part {
                Part::Known(known, _) => Part::Known(known.clone(), OffsetMap::whole(span)),
                hole => hole.clone(),
            });
            Value::Text(Text { parts: parts.collect(), span })
        }
        Value::List(items, _) => Value::List(items.iter().map(|item| placed(item, span)).collect(), span),
        Value::Choice(branches, _) => {
            let branches =
                branches.iter().map(|branch| Branch { when: branch.when.clone(), value: placed(&branch.value, span) });
            Value::Choice(branches.collect(), span)
        }
        other => other.clone(),
    }
}
