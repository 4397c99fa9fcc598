//! The Serverless Framework, versions 1 to 4: a service as the CloudFormation template that it makes,
//! with each part at the place where it is written. Knows no IAM.
//!
//! Source: <https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml>

mod generated;
mod merge;
mod resolve;
#[cfg(test)]
mod tests;
mod variable;

use super::repository::Repository;
use crate::source::{FileId, Span};
use crate::syntax::{Entry, Kind, Node};
use crate::value::{Hole, has_marker};
use generated::{Parts, mapping, scalar};
use merge::{merge, merged_list};
use resolve::Resolver;
use std::collections::BTreeSet;
use variable::Syntax;

/// What is made of one service.
#[derive(Debug)]
pub struct Service {
    /// The root of a template. Texts in it have markers for what only the deployment knows.
    pub template: Node,
    /// What the markers stand for.
    pub holes: Vec<Hole>,
    /// The logical ids of what the framework makes: there is more in it than is assembled here.
    pub made: BTreeSet<String>,
    /// The place of `provider.variableSyntax`, where it asks for other braces than the framework's own.
    pub own_syntax: Option<Span>,
    /// `service` and `frameworkVersion`, with their variables filled in.
    pub name: Option<Node>,
    pub version: Option<Node>,
    pub plugins: Option<Node>,
    pub is_of_aws: bool,
    /// Roles that CloudFormation deploys the service with.
    pub deployment_roles: Vec<Node>,
    /// The name of its stack.
    pub stack: Option<Node>,
    /// What the names of its functions start with.
    pub start: Option<Node>,
    /// The kinds of events of its functions.
    pub events: Option<BTreeSet<String>>,
    /// The bucket that it is deployed by, if it names one.
    pub bucket: Option<Node>,
    pub not_read: Vec<(Span, String)>,
    /// The files that variables took something from.
    pub taken_in: BTreeSet<FileId>,
}

impl Service {
    pub fn read(repository: &Repository<'_>, file: FileId, root: &Node) -> Service {
        let pattern = root.get("provider").and_then(|provider| provider.get("variableSyntax"));
        let syntax = pattern.and_then(Node::as_str).map(Syntax::of_pattern);
        let own_syntax = pattern.filter(|_| syntax.clone().flatten().is_some_and(|own| own != Syntax::standard()));
        let resolver = Resolver::new(repository, file, root, syntax.clone().flatten().unwrap_or_else(Syntax::standard));
        if let (Some(pattern), Some(None)) = (pattern, &syntax) {
            resolver
                .not_read(pattern.span(), "this `variableSyntax` is not understood: `${…}` is taken for a variable");
        }
        let empty = || mapping(Vec::new(), root.span());
        let part = |key: &str| root.get(key).map_or_else(empty, |node| resolver.node(node));
        let provider = part("provider");
        let (template, made) =
            if is_of_aws(&provider) { assemble(&resolver, root, &provider) } else { (empty(), BTreeSet::new()) };
        let start = root.get("service").filter(|_| syntax.is_none()).map(|name| {
            // Without the standard syntax the text would stay as it is.
            resolver.node(&scalar("${self:service}-${sls:stage}", name.span()))
        });
        let stack = provider.get("stackName").or(start.as_ref()).cloned();
        let functions = root.get("functions").map(|functions| resolver.node(functions));
        let filled_in = |key: &str| root.get(key).map(|node| resolver.node(node));
        let (name, version, plugins) = (filled_in("service"), filled_in("frameworkVersion"), filled_in("plugins"));
        let state = resolver.into_state();
        Service {
            template,
            holes: state.holes,
            made,
            own_syntax: own_syntax.map(Node::span),
            name,
            version,
            plugins,
            is_of_aws: is_of_aws(&provider),
            deployment_roles: generated::deployment_roles(&provider),
            stack,
            start,
            events: functions.as_ref().map(generated::events),
            bucket: provider.get("deploymentBucket").map(|bucket| bucket.get("name").unwrap_or(bucket)).cloned(),
            not_read: state.not_read.into_iter().collect(),
            taken_in: state.taken_in,
        }
    }

    /// A template that is a part of a service which is not there: nothing says what `self:` is.
    pub fn part(repository: &Repository<'_>, file: FileId, root: &Node) -> Service {
        let nothing = mapping(Vec::new(), root.span());
        let resolver = Resolver::new(repository, file, &nothing, Syntax::standard());
        let template = resolver.node(root);
        let state = resolver.into_state();
        Service {
            template,
            holes: state.holes,
            made: BTreeSet::new(),
            own_syntax: None,
            name: None,
            version: None,
            plugins: None,
            is_of_aws: true,
            deployment_roles: Vec::new(),
            stack: None,
            start: None,
            events: None,
            bucket: None,
            not_read: state.not_read.into_iter().collect(),
            taken_in: BTreeSet::new(),
        }
    }
}

/// Whether a template is written for the framework: neither CloudFormation nor IAM has such variables.
pub fn has_variables(text: &str) -> bool {
    const SIGNS: [&str; 7] = ["${self:", "${opt:", "${file(", "${env:", "${sls:", "${param:", "${cf:"];
    text.contains("${") && SIGNS.iter().any(|sign| text.contains(sign))
}

/// A provider that is not named may be AWS.
fn is_of_aws(provider: &Node) -> bool {
    let name = provider.get("name").map_or_else(|| provider.as_str(), Node::as_str);
    name.is_none_or(|name| name == "aws" || has_marker(name))
}

/// The template, and what of it the framework makes: that first, `resources` on top of it,
/// `extensions` last.
fn assemble(resolver: &Resolver<'_>, root: &Node, provider: &Node) -> (Node, BTreeSet<String>) {
    let part = |key: &str| root.entry(key).map(|entry| (entry.key.span(), merged_list(resolver.node(&entry.value))));
    let not_a_mapping = |key: &str, node: &Node, at: Span| {
        if node.entries().is_none() && !node.is_null() && !resolver.is_told(node.span()) {
            resolver.not_read(at, format!("`{key}` of the service is no mapping that can be read"));
        }
    };
    let functions = part("functions");
    if let Some((at, functions)) = &functions {
        not_a_mapping("functions", functions, *at);
    }
    let plugins = root.get("plugins").map(|plugins| resolver.node(plugins));
    let plugin = resolver.at("custom.serverless-iam-roles-per-function");
    let parts = Parts {
        provider,
        functions: &functions.map_or_else(|| mapping(Vec::new(), root.span()), |(_, functions)| functions),
        plugins: plugins.as_ref(),
        plugin: plugin.as_ref(),
        span: root.entry("provider").map_or(root.span(), |entry| entry.key.span()),
    };
    let entries = generated::resources(&parts);
    let ids: BTreeSet<String> = entries.iter().filter_map(|entry| entry.key.as_str().map(str::to_owned)).collect();
    let made = Node::new(Kind::Mapping(entries), root.span(), None);
    let template = mapping(vec![("Resources", made)], root.span());
    let Some((at, resources)) = part("resources") else { return (template, ids) };
    not_a_mapping("resources", &resources, at);
    let entries = resources.entries().unwrap_or_default();
    let (extensions, own): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.key.as_str() == Some("extensions"));
    let own = Node::new(Kind::Mapping(own.into_iter().cloned().collect()), resources.span(), None);
    let template = merge(&template, &own);
    let extended = extensions.into_iter().fold(template, |template, entry| {
        merge(&template, &mapping(vec![("Resources", entry.value.clone())], entry.value.span()))
    });
    with_types(&extended, ids)
}

/// Resources without a type that the framework is known to make get theirs.
fn with_types(template: &Node, mut made: BTreeSet<String>) -> (Node, BTreeSet<String>) {
    let resources = template.get("Resources").and_then(Node::entries).unwrap_or_default();
    let untyped = resources.iter().filter(|entry| entry.value.entries().is_some() && entry.value.get("Type").is_none());
    let typed = untyped.fold(template.clone(), |template, entry| {
        let Some((id, kind)) = entry.key.as_str().and_then(|id| Some((id, generated::type_of(id)?))) else {
            return template;
        };
        made.insert(id.to_owned());
        let span = entry.key.span();
        let typed = mapping(vec![(id, mapping(vec![("Type", scalar(kind, span))], span))], span);
        merge(&template, &mapping(vec![("Resources", typed)], span))
    });
    (typed, made)
}
