//! A Serverless service to the model, by way of the template that the framework makes of it.

use super::{Fragment, declarations, texts};
use crate::model::ServerlessService;
use crate::model::principal::RoleRef;
use crate::source::{FileId, Span};
use crate::syntax::Node;
use crate::template::serverless::Service;
use crate::template::{Repository, Scope, Template};
use std::collections::HashSet;

pub fn lower(repository: &Repository<'_>, service: &Service, root: &Node, file: FileId, fragment: &mut Fragment) {
    let mut template = template_of(service, file);
    // The framework makes more resources than are assembled here, and plug-ins make any.
    template.is_part = true;
    let scope = Scope::new(&template);
    let roles: Vec<_> = service.deployment_roles.iter().flat_map(|role| texts(Some(&scope.evaluate(role)))).collect();
    let text = |node: &Option<Node>| node.as_ref().and_then(|node| scope.evaluate(node).as_text().cloned());
    fragment.services.push(ServerlessService {
        file,
        stack: text(&service.stack),
        bucket: text(&service.bucket),
        roles: roles.iter().map(|(_, text)| text.clone()).collect(),
    });
    fragment.execution_roles.extend(roles.into_iter().map(|(when, text)| RoleRef::new(text, when)));
    fragment.not_read.extend(service.not_read.iter().cloned());
    declarations(repository, scope, fragment);
    for resource in fragment.resources.iter_mut().filter(|one| service.made.contains(&one.logical_id.value)) {
        resource.is_open = true;
    }
    tell_unread_statements(root, fragment);
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
pub fn lower_part(repository: &Repository<'_>, part: &Service, file: FileId, fragment: &mut Fragment) {
    let template = template_of(part, file);
    fragment.not_read.extend(part.not_read.iter().cloned());
    declarations(repository, Scope::new(&template), fragment);
}

fn template_of(service: &Service, file: FileId) -> Template {
    let mut template = Template::read(&service.template, file);
    template.holes.clone_from(&service.holes);
    // A variable that cannot be read is told once.
    template.not_read.retain(|(span, _)| !service.not_read.iter().any(|(told, _)| told == span));
    template
}
