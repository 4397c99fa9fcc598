//! Stacks in stacks: a nested template that is not at hand is said, the template in the body of a
//! stack set is read where it stands.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html>

use super::{Asked, Declared, Fragment, resources, texts};
use crate::model::principal::RoleRef;
use crate::syntax;
use crate::template::{NotTaken, Repository, Scope, Template, found_at, template_location};

/// A nested template is read where it stands; one that does not is said.
pub fn nested(repository: &Repository<'_>, declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    let Some(location) = template_location(&declared.resource.node) else {
        let properties = declared.resource.properties();
        let url = properties.and_then(|node| node.get("TemplateURL").or_else(|| node.get("Location")));
        // A published application is a mapping of its id and version.
        if let Some(url) = url.filter(|url| url.tag().is_some() || url.get("ApplicationId").is_none()) {
            fragment.not_read.push((url.site(), "where the nested template is, only the deployment knows".into()));
        }
        return;
    };
    let shown = location.as_str().unwrap_or_default();
    let reason = match found_at(repository, declared.file, location) {
        Ok(_) => return,
        Err(NotTaken::OutsideRoot) => format!("the nested template `{shown}` lies outside the repository"),
        Err(NotTaken::Missing) => format!("the nested template `{shown}` is in none of the files"),
    };
    fragment.not_read.push((location.span(), reason));
}

/// A stack set: its template, and the roles that CloudFormation takes for it.
pub fn set(repository: &Repository<'_>, declared: &Declared<'_, '_>, asked: &Asked, fragment: &mut Fragment) {
    declared.with_properties(|properties, _| {
        for key in ["AdministrationRoleARN", "ExecutionRoleName"] {
            let roles = texts(properties.get(key)).into_iter().map(|(when, text)| RoleRef::new(text, when));
            fragment.execution_roles.extend(roles);
        }
        let Some(body) = properties.get("TemplateBody") else { return };
        let text = body.as_text().map(|text| (text.render(), text.span));
        let Some((rendered, span)) = text.filter(|(rendered, _)| rendered.holes.is_empty()) else {
            fragment.not_read.push((body.span(), "the template of the stack set is computed".into()));
            return;
        };
        let parsed = syntax::parse_at(&rendered.text, &rendered.map);
        fragment.problems.extend(parsed.problems.iter().cloned());
        fragment.repaired.extend(&parsed.repaired);
        let Some(root) = parsed.root().filter(|root| root.entries().is_some()) else {
            fragment.not_read.push((span, "the template of the stack set is no mapping".into()));
            return;
        };
        let template = Template::read(root, declared.file);
        fragment.problems.extend(template.problems.iter().cloned());
        fragment.not_read.extend(template.not_read.iter().cloned());
        resources(repository, &Scope::new(&template), asked, fragment);
    });
}
