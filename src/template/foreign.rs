//! Files of other tools that are passed along: what they are is plain from their content, and nobody
//! expects a word on them.

use crate::syntax::{Node, Parsed};

/// Whether a file that is none of ours is known to be another tool's.
pub fn is_foreign(parsed: &Parsed, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // A chart's values and templates mean something to Helm alone.
    if matches!(name, "Chart.yaml" | "values.yaml" | "values.yml") {
        return true;
    }
    let mut documents = parsed.documents.iter().filter(|document| !document.is_null()).peekable();
    documents.peek().is_some() && documents.all(is_of_other_tool)
}

fn is_of_other_tool(root: &Node) -> bool {
    let has = |key: &str| root.get(key).is_some();
    let version = root.get("version").and_then(Node::as_str).unwrap_or_default();
    let is_kubernetes = has("apiVersion") && (has("kind") || has("name"));
    let is_workflow = has("jobs") && (has("on") || has("true") || has("name") || has("workflows"));
    let is_action = has("runs") && has("name");
    let is_interface = (has("openapi") || has("swagger") || has("asyncapi")) && has("info");
    let is_of_cdk = version.starts_with("tree-")
        || (has("version") && has("artifacts") && !has("phases"))
        || (has("version") && has("files") && has("dockerImages"));
    let is_appspec = version == "0.0" || (has("hooks") && has("os"));
    let is_gitlab =
        has("stages") && root.entries().unwrap_or_default().iter().any(|entry| entry.value.get("script").is_some());
    let is_state_machine = has("StartAt") && has("States");
    let is_schema = has("$schema") && (has("properties") || has("definitions") || has("$defs"));
    is_kubernetes
        || is_workflow
        || is_action
        || is_interface
        || is_of_cdk
        || is_appspec
        || is_gitlab
        || is_state_machine
        || is_schema
        || is_playbook(root)
}

/// Ansible: a list of plays, or of tasks.
fn is_playbook(root: &Node) -> bool {
    let Some([first, ..]) = root.items() else { return false };
    let has = |key: &str| first.get(key).is_some();
    has("hosts") || has("import_playbook") || (has("name") && !has("Effect") && !has("Action"))
}
