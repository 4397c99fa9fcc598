//! `iamlint policy expand`.

use super::documents::Documents;
use super::policy::{ExpandArgs, PolicyFormat};
use super::{CLEAN, FOUND, Failure, print};
use crate::iam::action::actions_matching;
use crate::iam::catalogue::{self, Action};
use crate::iam::document::Actions;
use crate::report::policy as report;
use std::path::PathBuf;

pub fn run(args: &ExpandArgs) -> Result<u8, Failure> {
    let path = PathBuf::from(&args.what);
    let groups = if args.what == "-" || path.is_file() {
        of_file(&path)?
    } else if looks_like_pattern(&args.what) {
        vec![(args.what.clone(), actions_matching(&args.what))]
    } else {
        let text = format!("`{}` is neither a file nor a pattern of actions", args.what);
        return Err(Failure::with_help(text, "a pattern has a service in front, as in `s3:Get*`"));
    };
    print(&match args.format {
        PolicyFormat::Text => report::actions_text(&groups),
        PolicyFormat::Json => report::actions_json(&groups),
    });
    let is_empty = groups.iter().all(|(_, actions)| actions.is_empty());
    if is_empty && args.format == PolicyFormat::Text {
        eprintln!("no action of the IAM data of {} matches", catalogue::DATE);
    }
    Ok(if is_empty { FOUND } else { CLEAN })
}

fn looks_like_pattern(text: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '*' | '?' | ':');
    (text.contains(':') || text.starts_with('*')) && text.chars().all(is_of_name)
}

/// The actions of each pattern of a policy, in the order of its statements.
fn of_file(path: &PathBuf) -> Result<Vec<(String, Vec<Action>)>, Failure> {
    let mut documents = Documents::default();
    documents.add(std::slice::from_ref(path))?;
    let mut groups: Vec<(String, Vec<Action>)> = Vec::new();
    for statement in documents.read(None, 1)?.iter().flat_map(|document| &document.statements) {
        let Some(actions) = &statement.actions else { continue };
        let found = if actions.negated { vec![all_but(actions)] } else { each(actions) };
        for group in found {
            if !groups.iter().any(|(known, _)| *known == group.0) {
                groups.push(group);
            }
        }
    }
    Ok(groups)
}

fn each(actions: &Actions) -> Vec<(String, Vec<Action>)> {
    let shown = |text: &str| text.to_owned();
    actions.patterns.iter().map(|one| (shown(&one.text().display()), one.expand().collect())).collect()
}

fn all_but(actions: &Actions) -> (String, Vec<Action>) {
    let names: Vec<String> = actions.patterns.iter().map(|one| one.text().display().into_owned()).collect();
    let is_kept = |action: &Action| {
        let name = action.full_name();
        !actions.patterns.iter().any(|pattern| pattern.matches(&name).is_yes())
    };
    (format!("all but {}", names.join(", ")), catalogue::actions().filter(is_kept).collect())
}
