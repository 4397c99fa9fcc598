//! What the SAM transform does with a template before it makes resources: `Globals` go into the
//! resources of their kind. And which roles it makes, by name.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>,
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html>

use super::cloudformation::Template;
use crate::syntax::{Entry, Kind, Node};

pub const PREFIX: &str = "AWS::Serverless::";

/// The role of CodeDeploy that SAM makes once for all functions of a template.
pub const DEPLOYMENT_ROLE: &str = "CodeDeployServiceRole";

/// Whether the transform makes a role of this name: `HelloRole` for the function `Hello`.
pub fn makes_role(template: &Template, name: &str) -> bool {
    let Some(stem) = name.strip_suffix("Role").filter(|_| template.is_sam()) else { return false };
    let of = |kind: &str| kind.starts_with(PREFIX);
    name == DEPLOYMENT_ROLE
        || template.resource(stem).is_some_and(|resource| of(&resource.kind.value))
        // The role of an event or of a data source has the name of that behind the resource's.
        || template
            .resources
            .iter()
            .any(|resource| of(&resource.kind.value) && stem.starts_with(&resource.logical_id.value))
}

/// A resource with the properties that `Globals` has for its kind: maps are joined, lists follow
/// those of `Globals`, and of anything else the resource's own counts.
pub fn with_globals(globals: &Node, kind: &str, resource: &Node) -> Node {
    let section = kind.strip_prefix(PREFIX).and_then(|section| globals.get(section));
    let (Some(section), Some(entries)) = (section, resource.entries()) else { return resource.clone() };
    let ignored = resource.get("IgnoreGlobals");
    let is_ignored = |key: &Node| {
        ignored.is_some_and(|ignored| match ignored.items() {
            Some(items) => items.iter().any(|item| item.as_str() == key.as_str()),
            // `IgnoreGlobals: '*'` leaves all out.
            None => true,
        })
    };
    let kept = section.entries().unwrap_or_default().iter().filter(|entry| !is_ignored(&entry.key));
    let section = mapping(section, kept.cloned().collect());
    let mut entries = entries.to_vec();
    match entries.iter_mut().find(|entry| entry.key.as_str() == Some("Properties")) {
        Some(own) => own.value = joined(&section, &own.value),
        None => entries.push(Entry { key: Node::text("Properties", section.span()), value: section, merged: true }),
    }
    mapping(resource, entries)
}

/// The node with other entries.
fn mapping(node: &Node, entries: Vec<Entry>) -> Node {
    Node::new(Kind::Mapping(entries), node.span(), node.tag().cloned())
}

/// Two nodes in one: maps are joined, lists follow, and of anything else the second counts.
pub(super) fn joined(global: &Node, own: &Node) -> Node {
    if is_intrinsic(global) || is_intrinsic(own) {
        return own.clone();
    }
    match (global.kind(), own.kind()) {
        (Kind::Mapping(shared), Kind::Mapping(entries)) => {
            let of = |node: &Node, key: &Node| key.as_str().and_then(|key| node.get(key)).cloned();
            let mut all: Vec<Entry> = entries
                .iter()
                .map(|entry| match of(global, &entry.key) {
                    Some(shared) => Entry { value: joined(&shared, &entry.value), ..entry.clone() },
                    None => entry.clone(),
                })
                .collect();
            let missing = shared.iter().filter(|entry| of(own, &entry.key).is_none());
            all.extend(missing.map(|entry| Entry { merged: true, ..entry.clone() }));
            mapping(own, all)
        }
        (Kind::Sequence(shared), Kind::Sequence(items)) => {
            let all = shared.iter().chain(items).cloned().collect();
            Node::new(Kind::Sequence(all), own.span(), own.tag().cloned())
        }
        (_, Kind::Null) => global.clone(),
        _ => own.clone(),
    }
}

/// `!Ref X`, or `{Ref: X}`: a value and no mapping.
fn is_intrinsic(node: &Node) -> bool {
    node.tag().is_some()
        || matches!(node.entries(), Some([only]) if only.key.as_str().is_some_and(|key| {
            key == "Ref" || key == "Condition" || key.starts_with("Fn::")
        }))
}
