//! Terraform: where a configuration keeps its state. What it makes is not read.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/backend>

use crate::source::{Span, Spanned};
use crate::syntax::{Entry, Kind, Node};
use crate::value::{Hole, HoleKind, Part, Text};
use regex::Regex;
use std::sync::LazyLock;

/// A block `backend`, or `cloud`.
#[derive(Clone, Debug)]
pub struct Backend {
    /// `s3`, `local`; `cloud` for HCP Terraform.
    pub kind: Spanned<String>,
    pub settings: Vec<Setting>,
    /// The head of the block.
    pub span: Span,
}

/// A setting of a backend; one in a block or a map has the name of that in front: `assume_role.role_arn`.
#[derive(Clone, Debug)]
pub struct Setting {
    pub name: String,
    /// What an expression comes to is a hole.
    pub value: Text,
}

/// What a file with a backend has in it, so that most files are left unparsed.
#[expect(clippy::expect_used, reason = "the pattern is a constant")]
static SIGN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)(?:^|[{,])\s*(?:backend\s+["\w]|cloud\s*\{|"(?:backend|cloud)"\s*:)"#).expect("constant pattern")
});

/// A part of a configuration, in HCL or in JSON.
pub fn is_terraform_name(name: &str) -> bool {
    is_hcl_name(name) || name.ends_with(".tf.json") || name.ends_with(".tofu.json")
}

/// A part of a configuration in HCL.
pub fn is_hcl_name(name: &str) -> bool {
    name.ends_with(".tf") || name.ends_with(".tofu")
}

/// A part that is merged over the others.
///
/// Source: <https://developer.hashicorp.com/terraform/language/files/override>
pub fn is_override(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    stem == "override" || stem.ends_with("_override")
}

/// Whether a file may name a backend.
pub fn may_name_backend(text: &str) -> bool {
    SIGN.is_match(text)
}

/// The backends that a file names: one, where it is a good file.
pub fn backends(root: &Node) -> Vec<Backend> {
    let mut found = Vec::new();
    for terraform in below(root, "terraform").flat_map(|(_, value)| value) {
        for (key, values) in below(terraform, "backend") {
            for entry in values.into_iter().flat_map(|value| value.entries().unwrap_or_default()) {
                let span = key.span().to(entry.key.span());
                found.extend(backend(&entry.key, entry.key.as_str(), first(&entry.value), span));
            }
        }
        for (key, values) in below(terraform, "cloud") {
            found.extend(values.first().and_then(|value| backend(key, Some("cloud"), value, key.span())));
        }
    }
    found
}

fn backend(key: &Node, kind: Option<&str>, value: &Node, span: Span) -> Option<Backend> {
    Some(Backend { kind: Spanned::new(kind?.to_owned(), key.span()), settings: settings(value), span })
}

/// The settings in a block of a backend, or in a file of them.
pub fn settings(block: &Node) -> Vec<Setting> {
    let mut found = Vec::new();
    collect(block, "", &mut found);
    found
}

fn collect(block: &Node, front: &str, found: &mut Vec<Setting>) {
    for entry in block.entries().unwrap_or_default() {
        let Some(name) = entry.key.as_str() else { continue };
        let value = first(&entry.value);
        match value.kind() {
            Kind::Scalar(scalar) => {
                let value = text(&Text::from_scalar(scalar, value.span()));
                found.push(Setting { name: format!("{front}{name}"), value });
            }
            Kind::Mapping(_) if front.is_empty() => collect(value, &format!("{name}."), found),
            _ => {}
        }
    }
}

/// Of several roles that are assumed one after the other the first is assumed by who runs it.
fn first(node: &Node) -> &Node {
    node.items().and_then(<[Node]>::first).unwrap_or(node)
}

/// Every entry of a name, with what it has: in JSON several blocks may be a list.
fn below<'n>(node: &'n Node, name: &'n str) -> impl Iterator<Item = (&'n Node, Vec<&'n Node>)> {
    let entries = node.entries().unwrap_or_default().iter().filter(move |entry| entry.key.as_str() == Some(name));
    entries.map(|Entry { key, value, .. }| {
        let values = value.items().map_or_else(|| vec![value], |items| items.iter().collect());
        (key, values)
    })
}

/// `${var.stage}-state`: what stands in braces is a hole.
fn text(written: &Text) -> Text {
    let [Part::Known(whole, map)] = written.parts.as_slice() else { return written.clone() };
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(at) = whole[from..].find(['$', '%']).map(|at| from + at) {
        let Some(inside) = whole[at + 1..].strip_prefix('{') else {
            parts.push(Part::Known(whole[from..=at].into(), map.slice(from..at + 1)));
            from = at + 1;
            continue;
        };
        let mut depth = 1;
        let close = inside.find(|letter: char| {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            depth == 0
        });
        let (name, end) = close.map_or((inside, whole.len()), |close| (&inside[..close], at + 2 + close + 1));
        parts.push(Part::Known(whole[from..at].into(), map.slice(from..at)));
        let span = map.span(at..end);
        // No name of a template starts with a question mark.
        let name = format!("?{}", name.trim());
        let hole = Hole { name, kind: HoleKind::Computed, span, template: span.file, default: None };
        parts.push(Part::Hole(Box::new(hole)));
        from = end;
    }
    parts.push(Part::Known(whole[from..].into(), map.slice(from..whole.len())));
    Text { parts, span: written.span }.normalised()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::syntax::{hcl, parse};

    fn shown(path: &str, text: &str) -> (String, Vec<String>) {
        let mut sources = Sources::new();
        let file = sources.add(path, text);
        let parsed = if is_hcl_name(path) { hcl::parse(text, file, Some("terraform")) } else { parse(text, file) };
        let found = backends(parsed.root().expect("a tree"));
        let heads = found.iter().map(|one| format!("{}: {}", one.kind.value, sources.slice(one.span)));
        let settings = found.iter().flat_map(|one| &one.settings);
        let settings = settings.map(|one| format!("{}={}", one.name, one.value.display()));
        (heads.collect::<Vec<_>>().join(", "), settings.collect())
    }

    #[test]
    fn hcl_and_json_name_the_same_backend() {
        let hcl = "terraform {\n  required_version = \"~> 1.10\"\n  backend \"s3\" {\n    bucket = \"state-${var.stage}\"\n    \
                   key = local.key\n    use_lockfile = true\n    assume_role = { role_arn = \"arn:x\" }\n  }\n}\n\
                   data \"terraform_remote_state\" \"net\" {\n  backend = \"s3\"\n}\n";
        let json = r#"{"terraform": [{"backend": {"s3": {"bucket": "state-${var.stage}", "key": "${local.key}",
                   "use_lockfile": true, "assume_role": [{"role_arn": "arn:x"}]}}}]}"#;
        let (head, settings) = shown("main.tf", hcl);
        assert_eq!(head, "s3: backend \"s3\"");
        let expected =
            ["bucket=state-${?var.stage}", "key=${?local.key}", "use_lockfile=true", "assume_role.role_arn=arn:x"];
        assert_eq!(settings, expected);
        assert_eq!(shown("main.tf.json", json).1, expected);
    }

    #[test]
    fn a_cloud_block_is_a_backend_and_that_of_another_state_is_none() {
        assert_eq!(shown("a.tf", "terraform {\n  cloud {\n    organization = \"x\"\n  }\n}\n").0, "cloud: cloud");
        assert_eq!(shown("a.tf", "data \"x\" \"y\" {\n  backend = \"s3\"\n}\n").0, "");
        assert_eq!(shown("a.tf", "terraform {\n  required_version = \"1\"\n}\n").0, "");
    }

    #[test]
    fn most_files_are_left_unparsed() {
        assert!(may_name_backend("terraform {\n  backend \"s3\" {}\n}"));
        assert!(may_name_backend("{\"terraform\": {\"backend\": {\"s3\": {}}}}"));
        assert!(may_name_backend("  cloud {\n"));
        let other = "# backend servers\nresource \"aws_lb\" \"backend\" {\n  name = \"backend\"\n  backend = 1\n}";
        assert!(!may_name_backend(other));
        assert!(is_override("backend_override.tf") && is_override("override.tf.json") && !is_override("main.tf"));
    }
}
