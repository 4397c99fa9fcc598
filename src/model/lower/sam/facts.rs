//! What the SAM transform grants: the tables in `data/sam/`, looked up and filled in.

use crate::iam::{PolicyDocument, PolicyKind, value_at};
use crate::packed;
use crate::source::Span;
use crate::template::Scope;
use crate::value::Value;
use std::sync::LazyLock;

/// Name, parameters, statements.
static POLICY_TEMPLATES: LazyLock<String> =
    LazyLock::new(|| packed::text(include_bytes!(concat!(env!("OUT_DIR"), "/policy-templates.bin"))));
/// Type of the source, of the destination, kind, holder, category, what is granted.
static CONNECTORS: LazyLock<String> =
    LazyLock::new(|| packed::text(include_bytes!(concat!(env!("OUT_DIR"), "/connectors.bin"))));

/// A policy template: `S3ReadPolicy` and its like.
#[derive(Clone, Copy, Debug)]
pub struct PolicyTemplate {
    pub name: &'static str,
    statements: &'static str,
}

impl PolicyTemplate {
    pub fn named(name: &str) -> Option<PolicyTemplate> {
        PolicyTemplate::all().find(|template| template.name == name)
    }

    pub fn all() -> impl Iterator<Item = PolicyTemplate> {
        POLICY_TEMPLATES.lines().filter_map(|line| {
            let (name, rest) = line.split_once('\t')?;
            let (_, statements) = rest.split_once('\t')?;
            Some(PolicyTemplate { name, statements })
        })
    }

    /// The document that it stands for with these parameters; every place of it is `span`.
    pub fn document(self, scope: &Scope<'_>, span: Span, parameters: &[(String, Value)]) -> Option<PolicyDocument> {
        document(scope, self.statements, span, parameters, PolicyKind::Identity)
    }
}

/// What a connector between two resources makes.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// `role`, `queue`, `topic` or `permission`: what holds the policy.
    pub kind: &'static str,
    /// The policy is one of the source, and not of the destination.
    pub is_of_source: bool,
    /// `Read` or `Write`.
    pub category: &'static str,
    granted: &'static str,
}

impl Connection {
    pub fn between(source: &str, destination: &str) -> impl Iterator<Item = Connection> {
        CONNECTORS.lines().filter_map(move |line| {
            let cells: Vec<&'static str> = line.split('\t').collect();
            let [from, to, kind, holder, category, granted] = cells[..] else { return None };
            let is_meant = from == source && to == destination;
            is_meant.then_some(Connection { kind, is_of_source: holder == "source", category, granted })
        })
    }

    /// The statements that it makes, as a policy.
    pub fn value(self, scope: &Scope<'_>, span: Span, ends: &[(String, Value)]) -> Option<Value> {
        document_value(scope, self.granted, span, ends)
    }
}

/// A document out of its statements in JSON, with `${…}` in its texts.
pub fn document(
    scope: &Scope<'_>,
    statements: &str,
    span: Span,
    variables: &[(String, Value)],
    kind: PolicyKind,
) -> Option<PolicyDocument> {
    Some(PolicyDocument::read(&document_value(scope, statements, span, variables)?, kind))
}

fn document_value(scope: &Scope<'_>, statements: &str, span: Span, variables: &[(String, Value)]) -> Option<Value> {
    let json = format!("{{\"Version\":\"2012-10-17\",\"Statement\":{statements}}}");
    Some(scope.filled(&value_at(&json, span)?, variables))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Effect;
    use crate::source::{FileId, Sources};
    use crate::syntax;
    use crate::template::Template;

    fn scope_of<R>(then: impl FnOnce(&Scope<'_>, FileId) -> R) -> R {
        let mut sources = Sources::new();
        let file = sources.add("t", "Transform: AWS::Serverless-2016-10-31\nResources: {}");
        let parsed = syntax::parse(&sources.get(file).text, file);
        let template = Template::read(parsed.root().expect("a root"), file);
        then(&Scope::new(&template), file)
    }

    #[test]
    fn every_policy_template_is_a_document_without_faults() {
        scope_of(|scope, file| {
            assert!(PolicyTemplate::all().count() > 80);
            for template in PolicyTemplate::all() {
                let document = template.document(scope, Span::start_of(file), &[]).expect(template.name);
                assert!(!document.statements.is_empty(), "{}", template.name);
                assert!(document.problems.is_empty() && document.unread.is_empty(), "{}", template.name);
                assert!(document.statements.iter().all(|statement| statement.effect == Effect::Allow));
            }
        });
    }

    #[test]
    fn every_connection_has_a_holder_that_is_known() {
        scope_of(|scope, file| {
            let types: Vec<(&str, &str)> = CONNECTORS
                .lines()
                .filter_map(|line| {
                    let mut cells = line.split('\t');
                    Some((cells.next()?, cells.next()?))
                })
                .collect();
            assert_eq!(types.len(), 40);
            for (source, destination) in types {
                for connection in Connection::between(source, destination) {
                    assert!(["role", "queue", "topic", "permission"].contains(&connection.kind));
                    assert!(connection.value(scope, Span::start_of(file), &[]).is_some(), "{source} {destination}");
                }
            }
        });
    }
}
