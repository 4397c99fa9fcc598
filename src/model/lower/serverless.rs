//! A Serverless service to the model, by way of the template that the framework makes of it.

use super::{Fragment, declarations, texts};
use crate::model::principal::RoleRef;
use crate::source::FileId;
use crate::template::serverless::Service;
use crate::template::{Scope, Template};

pub fn lower(service: &Service, file: FileId, fragment: &mut Fragment) {
    let mut template = template_of(service, file);
    // The framework makes more resources than are assembled here, and plug-ins make any.
    template.is_part = true;
    let scope = Scope::new(&template);
    for role in &service.deployment_roles {
        let roles = texts(Some(&scope.evaluate(role)));
        fragment.execution_roles.extend(roles.into_iter().map(|(when, text)| RoleRef::new(text, when)));
    }
    fragment.not_read.extend(service.not_read.iter().cloned());
    declarations(&template, scope, fragment);
    for resource in fragment.resources.iter_mut().filter(|one| service.made.contains(&one.logical_id.value)) {
        resource.is_open = true;
    }
}

/// A template with variables of the framework in it, whose service is not there.
pub fn lower_part(part: &Service, file: FileId, fragment: &mut Fragment) {
    let template = template_of(part, file);
    fragment.not_read.extend(part.not_read.iter().cloned());
    declarations(&template, Scope::new(&template), fragment);
}

fn template_of(service: &Service, file: FileId) -> Template {
    let mut template = Template::read(&service.template, file);
    template.holes.clone_from(&service.holes);
    // A variable that cannot be read is told once.
    template.not_read.retain(|(span, _)| !service.not_read.iter().any(|(told, _)| told == span));
    template
}
