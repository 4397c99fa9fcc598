//! Properties that a resource type does not have, and required ones that are not there.

use super::chain::list;
use crate::diagnostic::Applicability;
use crate::edit::Change;
use crate::model::{BuildProject, DeclaredResource};
use crate::rules::pack::nearest;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::template::Format;
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub const ANALYSIS: Analysis = Analysis {
    name: "unknown-property",
    summary: "a property that the resource type does not have",
    params: &[],
    facts: &["resource", "kind", "property", "problem"],
    bind,
};

/// Property names of the types that iamlint reads. Type, tab, property, tab, `required` or nothing.
const PROPERTIES: &str = include_str!("../../../data/cloudformation/properties.tsv");

/// What people write for what they mean, where spelling does not show it.
const CONFUSIONS: [(&str, &str, &str); 6] = [
    ("AWS::CodePipeline::Pipeline", "ServiceRole", "RoleArn"),
    ("AWS::CodeBuild::Project", "RoleArn", "ServiceRole"),
    ("AWS::CodeBuild::Project", "Webhook", "Triggers"),
    ("AWS::CodeBuild::Project", "BuildSpec", "Source.BuildSpec"),
    ("AWS::CodeBuild::Project", "Buildspec", "Source.BuildSpec"),
    ("AWS::IAM::Role", "PolicyDocument", "AssumeRolePolicyDocument"),
];

/// Who made more slips in a name may have meant another one.
const SLIPS: usize = 2;

/// The types of the table.
pub fn types() -> impl Iterator<Item = &'static str> {
    TABLE.keys().copied()
}

type Properties = BTreeMap<&'static str, bool>;

static TABLE: LazyLock<BTreeMap<&'static str, Properties>> = LazyLock::new(|| {
    let mut table: BTreeMap<&str, Properties> = BTreeMap::new();
    for line in PROPERTIES.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        if let (Some(kind), Some(property)) = (fields.next(), fields.next()) {
            table.entry(kind).or_default().insert(property, fields.next() == Some("required"));
        }
    }
    table
});

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.model.resources.iter().flat_map(of_resource).chain(inside_of_properties(context)).collect()
    })
}

/// Slips below the properties themselves. What the AWS CLI prints has names of its own.
fn inside_of_properties(context: &Context<'_>) -> Vec<Finding> {
    let model = context.model;
    let is_written = |project: &&BuildProject| context.formats[project.file.index()] != Format::CliDump;
    let buildspecs = model.projects.iter().filter(is_written).filter_map(|project| {
        let (key, _) = project.properties.get("Source")?.as_map()?.entry("Buildspec")?;
        let problem = "`AWS::CodeBuild::Project` has no property `Source.Buildspec`";
        Some((project.display(), "AWS::CodeBuild::Project", key, problem, "BuildSpec", Applicability::Safe))
    });
    let stores = model.pipelines.iter().filter_map(|pipeline| {
        let (key, value) = pipeline.properties.as_map()?.entry("ArtifactStore")?;
        let Value::List(..) = value else { return None };
        let (name, problem) = (pipeline.logical_id.value.as_str(), "`ArtifactStore` is one store, and not a list");
        Some((name, "AWS::CodePipeline::Pipeline", key, problem, "ArtifactStores", Applicability::Unsafe))
    });
    let slips = buildspecs.chain(stores).map(|(name, kind, key, problem, meant, applicability)| {
        let help = format!("did you mean `{meant}`?");
        let mut found = finding(name, kind, format!("{name} {}", key.value), key.span, problem.to_owned());
        found = found.fact("property", &*key.value).label("no such property");
        found.change = Some(Change::rename(applicability, &help, key.span, &key.value, meant));
        found.help = Some(help);
        found
    });
    slips.collect()
}

fn of_resource(resource: &DeclaredResource) -> Vec<Finding> {
    let Some(known) = TABLE.get(resource.kind.as_str()) else { return Vec::new() };
    if resource.properties.iter().any(|property| property.value == "Fn::Transform") {
        // The properties beside it may be meant for the macro.
        return Vec::new();
    }
    let written = |name: &str| resource.properties.iter().any(|property| property.value == name);
    let mut explained = Vec::new();
    let mut findings = Vec::new();
    for property in &resource.properties {
        let name = property.value.as_str();
        if known.contains_key(name) || name.is_empty() || name.starts_with("Fn::") || name == "Ref" {
            continue;
        }
        let confusion =
            CONFUSIONS.iter().find(|(kind, wrong, _)| *kind == resource.kind && *wrong == name).map(|found| found.2);
        let meant = confusion.or_else(|| nearest(name, known.keys().copied().filter(|known| !written(known))));
        let subject = format!("{} {name}", resource.logical_id.value);
        let mut found = of(resource, subject, property.span, format!("`{}` has no property `{name}`", resource.kind));
        found = found.fact("property", name).label("no such property");
        if let Some(meant) = meant {
            let help = format!("did you mean `{meant}`?");
            // Other confusions want another value too, and two properties of one name are worse than one
            // of a wrong name.
            let keeps_value = confusion.is_none_or(|meant| matches!(meant, "RoleArn" | "ServiceRole"));
            if keeps_value && !written(meant) && !explained.contains(&meant) {
                let is_evident = confusion.is_some() || strsim::damerau_levenshtein(name, meant) <= SLIPS;
                let applicability = if is_evident { Applicability::Safe } else { Applicability::Unsafe };
                found.change = Some(Change::rename(applicability, &help, property.span, name, meant));
            }
            explained.push(meant);
            found.help = Some(help);
        }
        findings.push(found);
    }
    if !resource.is_open {
        let missing =
            known.iter().filter(|(name, required)| **required && !written(name) && !explained.contains(*name));
        let names: Vec<String> = missing.map(|(name, _)| format!("`{name}`")).collect();
        if !names.is_empty() {
            let shown = list(&names, 4);
            let subject = format!("{} {shown} missing", resource.logical_id.value);
            let problem = format!("`{}` lacks {shown}, which `{}` needs", resource.logical_id.value, resource.kind);
            let mut found = of(resource, subject, resource.logical_id.span, problem).fact("property", &*shown);
            found.help = Some(format!("add {shown}: CloudFormation refuses the resource without"));
            findings.push(found.label(format!("has no {shown}")));
        }
    }
    findings
}

fn of(resource: &DeclaredResource, subject: String, span: Span, problem: String) -> Finding {
    finding(&resource.logical_id.value, &resource.kind, subject, span, problem)
}

fn finding(resource: &str, kind: &str, subject: String, span: Span, problem: String) -> Finding {
    Finding::new(span, subject).fact("resource", resource).fact("kind", kind).fact("problem", problem)
}
