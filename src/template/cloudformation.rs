//! A CloudFormation template: what it declares, with its places. Intrinsics are evaluated on demand.

use super::assigned::{Assigned, MAX_ENVIRONMENTS};
use super::condition::{Conditions, Outcome};
use super::detect::{is_part_of_template, transforms};
use super::extension;
use super::intrinsics::Scope;
use super::repository::Repository;
use super::sam;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, Span, Spanned};
use crate::syntax::{Node, PARSE_ERROR};
use crate::value::{Condition, Hole, Value, has_marker};
use std::collections::BTreeMap;

/// One template, as it is declared.
#[derive(Debug)]
pub struct Template {
    pub file: FileId,
    pub resources: Vec<Resource>,
    pub parameters: BTreeMap<String, Parameter>,
    pub mappings: Option<Node>,
    pub outputs: Option<Node>,
    pub transforms: Vec<String>,
    /// The file holds resources alone; what they refer to stands in the template that takes them in.
    pub is_part: bool,
    pub conditions: Conditions,
    /// What the markers in its texts stand for, when a tool that runs before CloudFormation filled
    /// them in.
    pub holes: Vec<Hole>,
    /// What is wrong with its structure.
    pub problems: Vec<Diagnostic>,
    /// Parts that are not looked into, and why.
    pub not_read: Vec<(Span, String)>,
    /// Files that stand in this one, and where they do.
    pub includes: BTreeMap<FileId, Span>,
    index: BTreeMap<String, usize>,
}

#[derive(Debug)]
pub struct Resource {
    pub logical_id: Spanned<String>,
    /// The resource type, such as `AWS::IAM::Role`.
    pub kind: Spanned<String>,
    /// The whole resource, from its properties up.
    pub node: Node,
    /// The resource is made only when this holds.
    pub when: Option<Condition>,
    /// That does not hold in any environment that the run is told of.
    pub is_never_made: bool,
}

impl Resource {
    pub fn properties(&self) -> Option<&Node> {
        self.node.get("Properties")
    }
}

#[derive(Debug)]
pub struct Parameter {
    pub name: Spanned<String>,
    /// `String`, `CommaDelimitedList`, `AWS::SSM::Parameter::Value<String>`, …
    pub kind: String,
    pub default: Option<Spanned<String>>,
    pub allowed_values: Vec<Spanned<String>>,
    pub no_echo: bool,
}

impl Parameter {
    pub fn is_list(&self) -> bool {
        self.kind.starts_with("List<") || self.kind == "CommaDelimitedList"
    }

    /// The value is the name of a parameter in the SSM parameter store, not the text itself.
    pub fn is_stored(&self) -> bool {
        self.kind.starts_with("AWS::SSM::")
    }
}

impl Template {
    /// A template by itself: what it takes in from other files stays unknown.
    pub fn read(root: &Node, file: FileId) -> Template {
        Template::read_in(root, file, None)
    }

    /// A template with the files of the repository that it takes in.
    pub fn read_among(repository: &Repository<'_>, root: &Node, file: FileId) -> Template {
        Template::read_in(root, file, Some(repository))
    }

    fn read_in(root: &Node, file: FileId, repository: Option<&Repository<'_>>) -> Template {
        let mut template = Template {
            file,
            resources: Vec::new(),
            parameters: BTreeMap::new(),
            mappings: root.get("Mappings").cloned(),
            outputs: None,
            transforms: transforms(root).into_iter().map(str::to_owned).collect(),
            is_part: is_part_of_template(root),
            conditions: Conditions::default(),
            holes: Vec::new(),
            problems: Vec::new(),
            not_read: Vec::new(),
            includes: BTreeMap::new(),
            index: BTreeMap::new(),
        };
        for entry in root.get("Parameters").and_then(Node::entries).unwrap_or_default() {
            if let Some(name) = entry.key.as_str() {
                let parameter = read_parameter(Spanned::new(name.to_owned(), entry.key.span()), &entry.value);
                template.parameters.insert(name.to_owned(), parameter);
            }
        }
        let written_out = extension::is_shorthand(root, &template.transforms, file, repository)
            .then(|| extension::write_out(root, &Scope::new(&template), repository));
        let root = written_out.as_ref().map_or(root, |written| &written.root);
        template.outputs = root.get("Outputs").cloned();
        template.conditions = Conditions::read(root.get("Conditions"));
        if let Some(repository) = repository {
            template.decide_conditions(root.get("Conditions"), repository.assigned());
        }
        if let Some(written) = &written_out {
            template.not_read.extend(written.not_read.iter().cloned());
            template.includes.clone_from(&written.includes);
        }
        if let Some(modules) = root.entry("Modules") {
            template.not_read.push((modules.key.span(), "`Modules` are not expanded".into()));
        }
        template.read_resources(root);
        template
    }

    /// What is written here is not all there will be: a transform or a loop makes more of it.
    pub fn is_generated(&self) -> bool {
        self.is_part
            || !self.not_read.is_empty()
            || self.transforms.iter().any(|name| name != "AWS::LanguageExtensions")
    }

    /// The SAM transform makes more of what is written.
    pub fn is_sam(&self) -> bool {
        self.transforms.iter().any(|name| name.starts_with("AWS::Serverless"))
    }

    /// A macro of somebody's own may rewrite anything.
    pub fn has_macro(&self) -> bool {
        self.transforms.iter().any(|name| !name.starts_with("AWS::"))
    }

    pub fn resource(&self, logical_id: &str) -> Option<&Resource> {
        self.index.get(logical_id).map(|index| &self.resources[*index])
    }

    pub fn of_kind<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = &'t Resource> {
        self.resources.iter().filter(move |resource| resource.kind.value == kind)
    }

    /// The properties of a resource, evaluated; an empty map where there are none.
    pub fn properties(&self, scope: &Scope<'_>, resource: &Resource) -> Value {
        match resource.properties() {
            Some(node) => scope.evaluate(node),
            None => Value::Null(resource.logical_id.span),
        }
    }

    /// Where the run is told what parameters are, the conditions about them are known.
    fn decide_conditions(&mut self, conditions: Option<&Node>, assigned: &Assigned) {
        let environments: Vec<&str> = assigned.names(self.file).collect();
        if environments.len() > MAX_ENVIRONMENTS {
            return;
        }
        let (file, parameters) = (self.file, &self.parameters);
        let value = |environment: &str, parameter: &str| {
            let declared = parameters.get(parameter).filter(|one| !one.is_stored() && !one.is_list())?;
            let told = assigned.values(file, parameter).into_iter().find(|(name, _)| *name == environment)?;
            told.1.map(str::to_owned).or_else(|| Some(declared.default.as_ref()?.value.clone()))
        };
        self.conditions.decide(conditions, environments.into_iter(), value);
    }

    fn read_resources(&mut self, root: &Node) {
        let resources = root.get("Resources").or_else(|| self.is_part.then_some(root));
        let Some(resources) = resources else { return };
        let Some(entries) = resources.entries() else {
            if is_hole(resources) {
                self.not_read.push((resources.span(), "`Resources` is a variable".into()));
            } else if !resources.is_null() {
                self.problems.push(structure(resources.span(), "`Resources` is no mapping", "not a mapping"));
            }
            return;
        };
        let globals = root.get("Globals").filter(|_| self.is_sam());
        for entry in entries {
            let Some(name) = entry.key.as_str() else {
                self.not_read.push((entry.key.span(), "a key of `Resources` that is not a name".into()));
                continue;
            };
            if name == "Fn::Transform" {
                self.not_read.push((entry.key.span(), format!("`{name}` is not expanded")));
                continue;
            }
            let kind = entry.value.entry("Type");
            let Some((kind, text)) = kind.and_then(|kind| Some((kind, kind.value.as_str()?))) else {
                if is_hole(&entry.value) {
                    self.not_read.push((entry.value.span(), format!("the resource `{name}` is a variable")));
                } else if includes_file(&entry.value) {
                    // Whatever kept the file from being taken in is said where it is named.
                } else if entry.value.entries().is_some() {
                    self.not_read.push((entry.key.span(), format!("the resource `{name}` has no type")));
                } else if !entry.value.is_null() {
                    self.problems.push(structure(
                        entry.value.span(),
                        &format!("the resource `{name}` is no mapping"),
                        "not a mapping",
                    ));
                }
                continue;
            };
            if has_marker(text) {
                let reason = format!("the type of the resource `{name}` is a variable");
                self.not_read.push((kind.value.span(), reason));
                continue;
            }
            let condition = entry.value.get("Condition").and_then(|node| Some((node.as_str()?, node.span())));
            let outcome = condition.and_then(|(name, _)| self.conditions.outcome(name));
            let when = condition.filter(|_| outcome != Some(Outcome::Always(true)));
            let when = when.map(|(name, span)| match outcome.as_ref().and_then(Outcome::only_environment) {
                Some(environment) => in_environment(environment, span),
                None => self.conditions.holds(name, true, span),
            });
            let node = match globals {
                Some(globals) => sam::with_globals(globals, text, &entry.value),
                None => entry.value.clone(),
            };
            let is_never_made = outcome == Some(Outcome::Always(false));
            if let Some(place) = source_of_module(text).filter(|_| !is_never_made) {
                self.not_read.push((entry.key.span(), format!("`{text}` is a module: what it makes stands {place}")));
            }
            self.index.insert(name.to_owned(), self.resources.len());
            self.resources.push(Resource {
                logical_id: Spanned::new(name.to_owned(), entry.key.span()),
                kind: Spanned::new(text.to_owned(), kind.value.span()),
                node,
                when,
                is_never_made,
            });
        }
    }
}

/// Where the resources of a module stand, if a type is one. `LocalModule` and Rain's are put in before the template is
/// deployed.
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/modules.html>
fn source_of_module(kind: &str) -> Option<&'static str> {
    match kind {
        "LocalModule" | "Rain::Module" => Some("in another file, which a tool puts in"),
        "AWS::CloudFormation::Module" => Some("in the registry"),
        _ => kind.ends_with("::MODULE").then_some("in the registry"),
    }
}

/// All parameters turn out as in one environment.
pub fn in_environment(name: &str, span: Span) -> Condition {
    Condition { name: "environment".to_owned(), value: name.to_owned(), span }
}

/// What a variable puts there is not known.
fn is_hole(node: &Node) -> bool {
    node.as_str().is_some_and(has_marker)
}

fn structure(span: Span, message: &str, label: &str) -> Diagnostic {
    let mut found = Diagnostic::new(PARSE_ERROR, Severity::High, message.to_owned(), Label::new(span, label));
    found.subject = message.to_owned();
    found
}

fn read_parameter(name: Spanned<String>, node: &Node) -> Parameter {
    let text = |node: &Node| {
        let text = node.as_str().filter(|text| !has_marker(text))?;
        Some(Spanned::new(text.to_owned(), node.span()))
    };
    let allowed = node.get("AllowedValues").and_then(Node::items).unwrap_or_default();
    Parameter {
        name,
        kind: node.get("Type").and_then(Node::as_str).unwrap_or("String").to_owned(),
        default: node.get("Default").and_then(text),
        allowed_values: allowed.iter().filter_map(text).collect(),
        no_echo: node.get("NoEcho").and_then(Node::as_str).is_some_and(|text| text.eq_ignore_ascii_case("true")),
    }
}

/// `Fn::Transform: {Name: AWS::Include, …}` in the place of a resource.
fn includes_file(node: &Node) -> bool {
    node.get("Fn::Transform").and_then(|call| call.get("Name")?.as_str()) == Some("AWS::Include")
}
