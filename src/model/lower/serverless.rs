//! A Serverless service to the model, by way of the template that the framework makes of it.

use super::{Fragment, declarations, texts};
use crate::model::principal::RoleRef;
use crate::source::FileId;
use crate::template::serverless::Service;
use crate::template::{Scope, Template};

pub fn lower(service: &Service, file: FileId, fragment: &mut Fragment) {
    let mut template = Template::read(&service.template, file);
    // A variable that cannot be read is told once.
    template.not_read.retain(|(span, _)| !service.not_read.iter().any(|(told, _)| told == span));
    template.holes.clone_from(&service.holes);
    // The framework makes more resources than are assembled here, and plug-ins make any.
    template.is_part = true;
    let scope = Scope::new(&template);
    for role in &service.deployment_roles {
        let roles = texts(Some(&scope.evaluate(role)));
        fragment.execution_roles.extend(roles.into_iter().map(|(when, text)| RoleRef::new(text, when)));
    }
    fragment.not_read.extend(service.not_read.iter().cloned());
    declarations(&template, scope, fragment);
}
