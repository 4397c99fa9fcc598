//! A Serverless service to the model, by way of the template that the framework makes of it.

use super::{Asked, Fragment, declarations, texts};
use crate::model::principal::RoleRef;
use crate::model::service::ServerlessService;
use crate::source::{FileId, Span, Spanned};
use crate::syntax::Node;
use crate::template::serverless::Service;
use crate::template::{Repository, Scope, Template, folders_up};
use crate::value::has_marker;
use std::collections::HashSet;

pub fn lower(
    repository: &Repository<'_>,
    service: &Service,
    root: &Node,
    file: FileId,
    asked: &Asked,
    fragment: &mut Fragment,
) {
    let mut template = template_of(service, file);
    // The framework makes more resources than are assembled here, and plug-ins make any.
    template.is_part = true;
    let scope = Scope::new(&template);
    let roles: Vec<_> = service.deployment_roles.iter().flat_map(|role| texts(Some(&scope.evaluate(role)))).collect();
    fragment.execution_roles.extend(roles.iter().cloned().map(|(when, text)| RoleRef::new(text, when)));
    fragment.not_read.extend(service.not_read.iter().cloned());
    if service.is_of_aws {
        let text = |node: &Option<Node>| node.as_ref().and_then(|node| scope.evaluate(node).as_text().cloned());
        fragment.services.push(ServerlessService {
            deployment_roles: roles.into_iter().map(|(_, text)| text).collect(),
            stack: text(&service.stack),
            start: text(&service.start),
            events: service.events.clone(),
            bucket: text(&service.bucket),
            ..asked_of_framework(repository, service, root, file)
        });
    }
    declarations(repository, scope, asked, fragment);
    for resource in fragment.resources.iter_mut().filter(|one| service.made.contains(&one.logical_id.value)) {
        resource.is_open = true;
    }
    tell_unread_statements(root, fragment);
}

fn asked_of_framework(repository: &Repository<'_>, service: &Service, root: &Node, file: FileId) -> ServerlessService {
    // `service: {name: orders}` is the older form.
    let name = service.name.as_ref().map(|node| node.get("name").unwrap_or(node)).and_then(Node::as_str);
    let package = nearest_package(repository, file);
    let version = |node: &Node| Some(Spanned::new(node.as_str()?.to_owned(), node.span()));
    ServerlessService {
        file,
        name: name.filter(|name| !has_marker(name)).map(str::to_owned),
        span: root.entry("service").map_or(Span::start_of(file), |entry| entry.key.span()),
        own_syntax: service.own_syntax,
        version: service.version.as_ref().and_then(version),
        package_version: package.and_then(|package| dependency(package, "serverless")).and_then(version),
        has_package: package.is_some(),
        unnamed_plugins: package.map(|package| unnamed_plugins(service, package)).unwrap_or_default(),
        has_deployment_role: !service.deployment_roles.is_empty(),
        deployment_roles: Vec::new(),
        stack: None,
        start: None,
        events: None,
        bucket: None,
    }
}

/// Plug-ins of packages, without those that stand in the repository.
fn unnamed_plugins(service: &Service, package: &Node) -> Vec<Spanned<String>> {
    // `plugins: {modules: [...]}` is the longer form.
    let plugins = service.plugins.as_ref().map(|plugins| plugins.get("modules").unwrap_or(plugins));
    let names =
        plugins.and_then(Node::items).unwrap_or_default().iter().filter_map(|node| Some((node.as_str()?, node)));
    let unnamed = names
        .filter(|(name, _)| !name.starts_with(['.', '/']) && !has_marker(name) && dependency(package, name).is_none());
    unnamed.map(|(name, node)| Spanned::new(name.to_owned(), node.span())).collect()
}

/// The `package.json` beside a file, or in the nearest folder above it.
fn nearest_package<'r>(repository: &'r Repository<'_>, file: FileId) -> Option<&'r Node> {
    let mut packages =
        folders_up(repository.folder(file)).filter_map(|folder| repository.find(folder, "package.json").ok());
    repository.get(packages.next()?).parsed.root()
}

/// The version of a package that a `package.json` asks for.
fn dependency<'n>(package: &'n Node, name: &str) -> Option<&'n Node> {
    ["devDependencies", "dependencies", "peerDependencies"].iter().find_map(|list| package.get(list)?.get(name))
}

/// Statements that are in no policy: misplaced, or for a plug-in. In `custom` they are read where
/// something refers to them.
fn tell_unread_statements(root: &Node, fragment: &mut Fragment) {
    let documents = fragment.policies.iter().map(|policy| &policy.document);
    let read: HashSet<Span> = documents.flat_map(|one| &one.statements).map(|statement| statement.span).collect();
    let sections = root.entries().unwrap_or_default().iter();
    for section in sections.filter(|section| !matches!(section.key.as_str(), Some("resources" | "custom"))) {
        section.value.walk(&mut |node| {
            let is_statement = node.get("Effect").is_some() && node.get("Action").or(node.get("NotAction")).is_some();
            if is_statement && !read.contains(&node.span()) {
                let reason = "a statement where the framework reads none: only a plug-in does";
                fragment.not_read.push((node.span(), reason.into()));
            }
        });
    }
}

/// A template with variables of the framework in it, whose service is not there.
pub fn lower_part(repository: &Repository<'_>, part: &Service, file: FileId, asked: &Asked, fragment: &mut Fragment) {
    let template = template_of(part, file);
    fragment.not_read.extend(part.not_read.iter().cloned());
    declarations(repository, Scope::new(&template), asked, fragment);
}

fn template_of(service: &Service, file: FileId) -> Template {
    let mut template = Template::read(&service.template, file);
    template.holes.clone_from(&service.holes);
    // A variable that cannot be read is told once.
    template.not_read.retain(|(span, _)| !service.not_read.iter().any(|(told, _)| told == span));
    template
}
