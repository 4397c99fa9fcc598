//! Public templates against facts that another reader found in them. Runs only where the variable
//! `IAMLINT_CORPUS` names a folder with `FACTS.jsonl` in it; `IAMLINT_CORPUS_DETAIL` lists every difference.

mod walk;

use iamlint::model::lower::{self, Asked, Fragment};
use iamlint::source::{FileId, Sources};
use iamlint::syntax::{Node, Parsed};
use iamlint::template::serverless::Service;
use iamlint::template::{File, Format, Repository, Template};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

#[test]
fn what_is_read_is_what_another_reader_found() {
    let Some(folder) = corpus() else { return };
    let facts = fs::read_to_string(folder.join("FACTS.jsonl")).expect("FACTS.jsonl");
    let mut differences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut compared = 0;
    for row in facts.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row")) {
        let path = row["path"].as_str().expect("a path");
        let Ok(bytes) = fs::read(folder.join(path)) else { continue };
        compared += 1;
        for (kind, detail) in compare(&row, path, &String::from_utf8_lossy(&bytes)) {
            differences.entry(kind).or_default().push(format!("{path}: {detail}"));
        }
    }
    println!("{compared} files compared");
    for (kind, list) in &differences {
        println!("{kind}: {}", list.len());
        if std::env::var_os("IAMLINT_CORPUS_DETAIL").is_some() {
            list.iter().for_each(|line| println!("    {line}"));
        }
    }
}

#[test]
fn no_file_stops_the_run() {
    let Some(folder) = corpus() else { return };
    let mut sources = Sources::new();
    for path in
        walk::files_below(&folder).iter().filter(|path| path.components().count() > folder.components().count() + 1)
    {
        if let Ok(bytes) = fs::read(path) {
            let name = walk::shown(path.strip_prefix(&folder).expect("below the folder"));
            sources.add(name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    let report = iamlint::linter::lint(&sources, iamlint::rules::builtin::rules(), &Default::default());
    println!("{} files, {} findings", sources.len(), report.diagnostics.len());
}

fn corpus() -> Option<PathBuf> {
    std::env::var_os("IAMLINT_CORPUS").map(PathBuf::from).filter(|folder| folder.join("FACTS.jsonl").is_file())
}

fn compare(row: &Value, path: &str, text: &str) -> Vec<(&'static str, String)> {
    let mut sources = Sources::new();
    let file = sources.add(path, text);
    let repository = Repository::read(&sources);
    let File { format, parsed, .. } = repository.get(file);
    let fragment = lower::lower(&repository, file, &Asked::All);
    let mut found = Vec::new();
    let broken: Vec<String> = parsed
        .problems
        .iter()
        .filter(|problem| !problem.message.contains("stands twice"))
        .map(|problem| format!("{} {}", sources.position(problem.primary.span).line, problem.message))
        .collect();
    let is_read = broken.is_empty() && !parsed.text_template;
    match (row["ok"].as_bool() == Some(true), is_read) {
        (true, false) => found.push(("only they parse", format!("{broken:?}"))),
        (false, true) => found.push(("only we parse", row["error"].to_string())),
        _ => {}
    }
    if row["ok"].as_bool() != Some(true) || !is_read {
        return found;
    }
    let types = match repository.service(file) {
        Some(service) => own_types(service, file),
        None => parsed.root().map_or_else(BTreeMap::new, |root| types(root, file)),
    };
    let theirs: BTreeMap<String, u64> = row["types"].as_object().map_or_else(BTreeMap::new, |map| {
        map.iter().map(|(name, count)| (name.clone(), count.as_u64().unwrap_or_default())).collect()
    });
    if types != theirs {
        found.push(("types", format!("ours {types:?}, theirs {theirs:?}")));
    }
    let (ours, theirs) = (statements(parsed, &sources), lines(row, "statements"));
    if ours != theirs {
        let (more, less): (Vec<_>, Vec<_>) = (ours.difference(&theirs).collect(), theirs.difference(&ours).collect());
        found.push(("statements in the tree", format!("only ours {more:?}, only theirs {less:?}")));
    }
    if matches!(format, Format::CloudFormation | Format::Sam | Format::Serverless | Format::Policy) {
        let lowered = lowered_statements(&fragment, &sources);
        // In JSON a statement starts with its brace, mostly on the line before its first key.
        let is_lowered = |line: &usize| lowered.contains(line) || lowered.contains(&(line - 1));
        let missing: Vec<usize> = theirs.iter().filter(|line| !is_lowered(line)).copied().collect();
        if !missing.is_empty() {
            let holders: BTreeSet<String> = missing.iter().map(|line| holder(parsed, &sources, file, *line)).collect();
            found.push(("statements not in the model", format!("{format:?} lines {missing:?} of {holders:?}")));
        }
    }
    if matches!(format, Format::CloudFormation | Format::Sam) {
        let ours = fragment.projects.iter().filter(|project| project.privileged.is_some()).count();
        let theirs = lines(row, "privileged").len();
        if ours != theirs {
            found.push(("privileged projects", format!("ours {ours}, theirs {theirs}")));
        }
        // A policy in a string must become a document of the model.
        let missing: Vec<usize> = lines(row, "embedded")
            .into_iter()
            .filter(|line| {
                !fragment.policies.iter().any(|policy| {
                    let at = sources.position(policy.document.span).line;
                    !policy.document.statements.is_empty() && at.abs_diff(*line) <= 1
                })
            })
            .collect();
        if !missing.is_empty() {
            found.push(("embedded policies not in the model", format!("lines {missing:?}")));
        }
    }
    found
}

fn lines(row: &Value, key: &str) -> BTreeSet<usize> {
    row[key].as_array().into_iter().flatten().filter_map(|line| Some(line.as_u64()? as usize)).collect()
}

/// The resource types of a template and how often each is there.
fn types(root: &Node, file: FileId) -> BTreeMap<String, u64> {
    let mut types = BTreeMap::new();
    if root.get("Resources").is_some() {
        for resource in &Template::read(root, file).resources {
            *types.entry(resource.kind.value.clone()).or_default() += 1;
        }
    }
    types
}

/// The same of a service, without what the framework makes.
fn own_types(service: &Service, file: FileId) -> BTreeMap<String, u64> {
    let mut types = types(&service.template, file);
    for made in Template::read(&service.template, file).resources {
        if service.made.contains(&made.logical_id.value) {
            types.entry(made.kind.value).and_modify(|count| *count -= 1);
        }
    }
    types.retain(|_, count| *count > 0);
    types
}

/// The line of the first key of each mapping that looks like a statement.
fn statements(parsed: &Parsed, sources: &Sources) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for document in &parsed.documents {
        document.walk(&mut |node: &Node| {
            let has = |key: &str| node.get(key).is_some();
            if has("Effect") && (has("Action") || has("NotAction") || has("Principal")) {
                let first = node.entries().and_then(<[_]>::first).expect("an entry");
                found.insert(sources.position(first.key.span()).line);
            }
        });
    }
    found
}

/// The type of the resource that holds a line.
fn holder(parsed: &Parsed, sources: &Sources, file: FileId, line: usize) -> String {
    let Some(root) = parsed.root().filter(|root| root.get("Resources").is_some()) else { return "nothing".into() };
    let template = Template::read(root, file);
    let starts_before = template.resources.iter().filter(|one| sources.position(one.logical_id.span).line <= line);
    let nearest = starts_before.max_by_key(|one| one.logical_id.span.start);
    nearest.map_or_else(|| "nothing".into(), |one| one.kind.value.clone())
}

fn lowered_statements(fragment: &Fragment, sources: &Sources) -> BTreeSet<usize> {
    let trusts = fragment.principals.iter().filter_map(|principal| principal.trust.as_ref());
    let documents = fragment.policies.iter().map(|policy| &*policy.document).chain(trusts);
    let statements = documents.flat_map(|document| &document.statements);
    statements.map(|statement| sources.position(statement.span).line).collect()
}
