//! What Terraform needs to keep its state in S3. What its configuration makes is not read: the table of
//! commands says so. Other backends than `s3` need nothing of AWS.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/backend/s3>

use super::arn::fill;
use super::s3::kms_key;
use super::{Certainty, Found, actions, resource};
use crate::model::command::Command;
use crate::model::terraform::{Configuration, backend_settings, target_folder};
use crate::source::{FileId, Span};
use crate::template::terraform::{Backend, is_override};
use crate::template::{below_root, folder_of};
use crate::value::{HoleKind, Part, Text, joined};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = "https://developer.hashicorp.com/terraform/language/backend/s3";

/// What a command does with the state; each does what stands before it too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    Read,
    Lock,
    Write,
}

/// Verbs and the word behind them (`-` for any), what they do with the state, and whether they always do.
///
/// Source: <https://developer.hashicorp.com/terraform/cli/commands>
const VERBS: [(&str, &str, Access, Certainty); 22] = [
    ("apply", "-", Access::Write, Certainty::Certain),
    ("console", "-", Access::Read, Certainty::Likely),
    ("destroy", "-", Access::Write, Certainty::Certain),
    ("force-unlock", "-", Access::Lock, Certainty::Likely),
    ("graph", "-", Access::Read, Certainty::Likely),
    ("import", "-", Access::Write, Certainty::Certain),
    ("init", "-", Access::Read, Certainty::Certain),
    ("output", "-", Access::Read, Certainty::Certain),
    ("plan", "-", Access::Lock, Certainty::Certain),
    ("refresh", "-", Access::Write, Certainty::Certain),
    // With a plan it shows that.
    ("show", "-", Access::Read, Certainty::Likely),
    ("state", "list", Access::Read, Certainty::Certain),
    ("state", "mv", Access::Write, Certainty::Certain),
    ("state", "pull", Access::Read, Certainty::Certain),
    ("state", "push", Access::Write, Certainty::Certain),
    ("state", "replace-provider", Access::Write, Certainty::Certain),
    ("state", "rm", Access::Write, Certainty::Certain),
    ("state", "show", Access::Read, Certainty::Certain),
    ("taint", "-", Access::Write, Certainty::Certain),
    ("untaint", "-", Access::Write, Certainty::Certain),
    ("workspace", "delete", Access::Write, Certainty::Likely),
    ("workspace", "new", Access::Write, Certainty::Likely),
];

/// Credentials of somebody else, as settings of a backend.
const CREDENTIALS: [&str; 5] =
    ["access_key", "profile", "shared_config_files", "shared_credentials_file", "shared_credentials_files"];

/// What is known of the state that a command works on.
struct State {
    /// The head of the block, where it is seen.
    span: Option<Span>,
    kind: String,
    settings: BTreeMap<String, Vec<Text>>,
    certainty: Certainty,
}

pub fn find(found: &mut Found<'_>) {
    let command = found.command;
    let words = verbs(command);
    let row = VERBS
        .iter()
        .find(|(verb, behind, ..)| words.first() == Some(verb) && (*behind == "-" || words.get(1) == Some(behind)));
    let is_list = words.first() == Some(&"workspace") && matches!(words.get(1), Some(&("list" | "select")));
    let (access, certainty) = match row {
        Some((_, _, access, certainty)) => (Some(*access), *certainty),
        None if is_list => (None, Certainty::Likely),
        None => return,
    };
    if words.first() == Some(&"init") && says(command, "backend", "false") {
        return;
    }
    if command.variables.iter().any(|(name, _)| name.starts_with("TF_CLI_ARGS")) {
        return found.unknown("`TF_CLI_ARGS` adds words to it, so that where it keeps its state is not known");
    }
    let Some(mut state) = state(found) else { return };
    state.certainty = state.certainty.max(certainty);
    // Which workspace it starts in depends on what is there.
    if words.first() == Some(&"init") && found.build.iter().any(|one| chooses_workspace(one) && is_of_one(one, command))
    {
        state.certainty = Certainty::Likely;
    }
    needs_of(found, &state, access);
}

/// The words of a command that are no options.
fn verbs(command: &Command) -> Vec<&str> {
    command.arguments().iter().map(|word| word.text.as_str()).filter(|word| !word.starts_with('-')).collect()
}

fn says(command: &Command, option: &str, value: &str) -> bool {
    let is_it = |text: &str| text.trim_start_matches('-').split_once('=') == Some((option, value));
    command.arguments().iter().any(|word| word.text.starts_with('-') && is_it(&word.text))
}

/// The backend that a command works with, with what the last `init` before it sets.
fn state(found: &mut Found<'_>) -> Option<State> {
    let command = found.command;
    let is_init = |one: &&Command| {
        verbs(one).first() == Some(&"init") && is_of_one(one, command) && !says(one, "backend", "false")
    };
    let init = up_to(found).iter().rev().find(is_init).or(Some(command).filter(is_init));
    let given: Vec<Vec<Text>> = init.map(backend_settings).unwrap_or_default();
    let mut state = match block(found) {
        Ok(Some((backend, certainty))) => State {
            span: Some(backend.span),
            kind: backend.kind.value.clone(),
            settings: backend.settings.iter().map(|one| (one.name.clone(), vec![one.value.clone()])).collect(),
            certainty,
        },
        // The build may write it before.
        Ok(None) => {
            found.unknown("the backend that keeps its state is not among the files that are read");
            State { span: None, kind: "s3".into(), settings: BTreeMap::new(), certainty: Certainty::Likely }
        }
        Err(why) => {
            found.unknown(why);
            return None;
        }
    };
    for texts in given {
        set(found, init.unwrap_or(command), &texts, &mut state);
    }
    if init.is_some_and(|init| init.may_not_run) {
        state.certainty = Certainty::Likely;
    }
    // An empty setting waits for one of the command line.
    state.settings.retain(|_, values| values.iter().any(|value| value.literal() != Some("")));
    // `-backend-config=bucket=demo` is for one in S3.
    (state.span.is_some() || state.settings.contains_key("bucket")).then_some(state)
}

/// The commands of the build up to this one.
fn up_to<'c>(found: &Found<'c>) -> &'c [Command] {
    let at = found.build.iter().position(|one| std::ptr::eq(one, found.command));
    at.and_then(|at| found.build.get(..=at)).unwrap_or_default()
}

/// Both work on one configuration.
fn is_of_one(one: &Command, other: &Command) -> bool {
    one.program() == other.program() && target_folder(one) == target_folder(other)
}

fn chooses_workspace(command: &Command) -> bool {
    matches!(verbs(command).as_slice(), ["workspace", "select" | "new", ..])
}

/// The block `backend` of the configuration that a command works on; `None` where none is seen.
fn block<'c>(found: &Found<'c>) -> Result<Option<(&'c Backend, Certainty)>, String> {
    let model = found.model;
    let path = |file: FileId| model.paths.get(file.index()).map_or("", String::as_str);
    let in_folder = |folder: &str| -> Vec<&'c Configuration> {
        model.terraform.iter().filter(|one| folder_of(path(one.file)) == folder).collect()
    };
    let (folder, certainty) = match target_folder(found.command) {
        Some(folder) => {
            let mut folders = model.paths_seen(found.command, &folder);
            folders.retain(|folder| !in_folder(folder).is_empty());
            folders.dedup();
            // Which folder the source starts at is not known where several will do.
            let certainty = if folders.len() > 1 { Certainty::Likely } else { Certainty::Certain };
            match folders.into_iter().next() {
                Some(folder) => (folder, certainty),
                None => return Ok(None),
            }
        }
        None => {
            let folders: BTreeSet<&str> = model.terraform.iter().map(|one| folder_of(path(one.file))).collect();
            match folders.into_iter().collect::<Vec<_>>().as_slice() {
                [] => return Ok(None),
                [only] => ((*only).to_owned(), Certainty::Likely),
                _ => return Err("in which folder it runs is not known, and several have a backend".into()),
            }
        }
    };
    if let Some(broken) = in_folder(&folder).into_iter().find(|one| !one.is_read) {
        return Err(format!("`{}` cannot be read, and may name the backend that keeps its state", path(broken.file)));
    }
    let is_over = |file| is_override(path(file).rsplit('/').next().unwrap_or_default());
    let (over, plain): (Vec<_>, Vec<_>) = in_folder(&folder).into_iter().partition(|one| is_over(one.file));
    let over: Vec<&Backend> = over.into_iter().flat_map(|one| &one.backends).collect();
    let plain: Vec<&Backend> = plain.into_iter().flat_map(|one| &one.backends).collect();
    match if over.is_empty() { plain } else { over }.as_slice() {
        [only] => Ok(Some((only, certainty))),
        _ => Err("several backends are named in its folder".into()),
    }
}

/// Takes in what one `-backend-config` gives: a setting, or a file of them.
fn set(found: &mut Found<'_>, init: &Command, texts: &[Text], state: &mut State) {
    let mut new: BTreeMap<String, Vec<Text>> = BTreeMap::new();
    if texts.len() > 1 {
        state.certainty = Certainty::Likely;
    }
    for text in texts {
        let setting = match text.parts.first() {
            Some(Part::Known(known, _)) => known.split_once('=').map(|(name, _)| name.to_owned()),
            _ => None,
        };
        if let Some(name) = setting {
            let value = text.without_front(name.len() + 1);
            new.entry(name).or_default().push(value);
            continue;
        }
        let path = text.literal().zip(target_folder(init)).and_then(|(path, folder)| below_root(&folder, path));
        let paths = path.map(|path| found.model.paths_seen(init, &path)).unwrap_or_default();
        let files = &found.model.backend_files;
        let named = |path: &String| files.iter().find(|one| found.model.paths.get(one.file.index()) == Some(path));
        match paths.iter().find_map(named) {
            Some(file) => {
                for one in &file.settings {
                    new.entry(one.name.clone()).or_default().push(one.value.clone());
                }
            }
            None => {
                found.unknown(format!(
                    "`{}`, which sets its backend, is not among the files that are read",
                    text.display()
                ));
                // It may set anything.
                state.certainty = Certainty::Likely;
            }
        }
    }
    state.settings.extend(new);
}

fn needs_of(found: &mut Found<'_>, state: &State, access: Option<Access>) {
    if state.kind != "s3" {
        return;
    }
    let has = |name: &str| state.settings.contains_key(name);
    let first = |name: &str| state.settings.get(name).and_then(|values| values.first()).cloned();
    if let Some(setting) = CREDENTIALS.iter().find(|name| has(name)) {
        return found.unknown(format!("its state is kept with other credentials, by `{setting}` of its backend"));
    }
    if let Some(setting) = state.settings.keys().find(|name| *name == "endpoint" || name.starts_with("endpoints.")) {
        return found.unknown(format!("its state may be kept elsewhere than at AWS, by `{setting}` of its backend"));
    }
    if let Some(role) = first("assume_role.role_arn").or_else(|| first("role_arn")) {
        let role = resource::role("--role-arn", &role, &found.place);
        let certainty = certainty_of(state, std::slice::from_ref(&role));
        return need(found, state, "assumes the role that keeps its state", &["sts:AssumeRole"], vec![role], certainty);
    }
    // A token tells who it is, and no permission is asked for.
    if state.settings.keys().any(|name| name.starts_with("assume_role_with_web_identity")) {
        return;
    }
    let own_region = found.place.region.clone();
    found.place.region = first("region").or(own_region.clone());
    of_bucket(found, state, access);
    found.place.region = own_region;
}

fn of_bucket(found: &mut Found<'_>, state: &State, access: Option<Access>) {
    let bucket = filled(found, state, "arn:${Partition}:s3:::${bucket}", "bucket");
    let certainty = certainty_of(state, &bucket);
    need(found, state, "looks for its state", &["s3:ListBucket"], bucket, certainty);
    let Some(access) = access else { return };
    let objects = objects(found, state);
    let certainty = certainty_of(state, &objects);
    need(found, state, "reads its state", &["s3:GetObject"], objects.clone(), certainty);
    if access >= Access::Write {
        let is_open = state.settings.contains_key("acl");
        let writes: &[&str] = if is_open { &["s3:PutObject", "s3:PutObjectAcl"] } else { &["s3:PutObject"] };
        need(found, state, "writes its state", writes, objects.clone(), certainty);
        if verbs(found.command).starts_with(&["workspace", "delete"]) {
            need(found, state, "removes its state", &["s3:DeleteObject"], objects.clone(), certainty);
        }
    }
    let is_set = |name: &str| state.settings.get(name).and_then(|values| values.first()?.literal()) == Some("true");
    let locks = access >= Access::Lock && !says(found.command, "lock", "false");
    if locks && is_set("use_lockfile") {
        let suffix = Text::at(".tflock", found.command.span);
        let files = objects.iter().map(|one| joined([one, &suffix], one.span)).collect();
        let lock = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"];
        need(found, state, "locks its state", &lock, files, certainty);
    }
    if state.settings.contains_key("dynamodb_table") {
        let table = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${dynamodb_table}";
        let tables = filled(found, state, table, "dynamodb_table");
        let certainty = certainty_of(state, &tables);
        // A digest that cannot be read is a warning.
        let reading = if locks { certainty } else { Certainty::Likely };
        need(found, state, "looks whether its state is whole", &["dynamodb:GetItem"], tables.clone(), reading);
        if locks {
            let lock = ["dynamodb:DeleteItem", "dynamodb:PutItem"];
            need(found, state, "locks its state", &lock, tables.clone(), certainty);
            // The page lists it; versions of today do not call it.
            need(found, state, "locks its state", &["dynamodb:DescribeTable"], tables, Certainty::Likely);
        }
    }
    // Without `encrypt` the key is not used.
    let certainty = if is_set("encrypt") { state.certainty } else { Certainty::Likely };
    for key in state.settings.get("kms_key_id").into_iter().flatten() {
        let (key, is_told) = kms_key(found, key);
        let keys = vec![key];
        let certainty = if is_told { certainty.max(certainty_of(state, &keys)) } else { Certainty::Likely };
        need(found, state, "decrypts its state", &["kms:Decrypt"], keys.clone(), certainty);
        if access >= Access::Write || locks && is_set("use_lockfile") {
            need(found, state, "encrypts its state", &["kms:GenerateDataKey"], keys.clone(), certainty);
            need(found, state, "encrypts its state", &["kms:Encrypt"], keys, Certainty::Likely);
        }
    }
}

/// The objects that hold the state: of several values of a variable each build has one.
fn objects(found: &Found<'_>, state: &State) -> Vec<Text> {
    let place = &found.place;
    let workspace = workspace(found);
    let prefix = state.settings.get("workspace_key_prefix").and_then(|values| values.first()).cloned();
    let keys = filled(found, state, "${key}", "key");
    let own = |key: &Text| match &workspace {
        None => key.clone(),
        Some(name) => {
            let name = |part: &str| match part {
                "prefix" => prefix.clone().or_else(|| Some(Text::at("env:", place.span))),
                "name" => Some(name.clone()),
                _ => Some(key.clone()),
            };
            fill("${prefix}/${name}/${key}", place, name).text
        }
    };
    let keys: Vec<Text> = keys.iter().map(own).collect();
    let buckets = filled(found, state, "arn:${Partition}:s3:::${bucket}", "bucket");
    let slash = Text::at("/", place.span);
    (0..buckets.len().max(keys.len()))
        .filter_map(|at| {
            let bucket = buckets.get(at).or(buckets.first())?;
            Some(joined([bucket, &slash, keys.get(at).or(keys.first())?], place.span))
        })
        .collect()
}

/// A template with each value of a setting in it; one hole where it is not known.
fn filled(found: &Found<'_>, state: &State, template: &str, name: &str) -> Vec<Text> {
    match state.settings.get(name) {
        None => vec![fill(template, &found.place, |_| None).text],
        Some(values) => {
            let of = |value: &Text| fill(template, &found.place, |_| Some(value.clone())).text;
            values.iter().map(of).collect()
        }
    }
}

/// The workspace that a command works in; `None` for the one by default.
fn workspace(found: &Found<'_>) -> Option<Text> {
    let command = found.command;
    let named = |name: Text| (name.literal() != Some("default")).then_some(name);
    if let Some((_, value)) = command.variables.iter().find(|(name, _)| *name == "TF_WORKSPACE") {
        return named(value.clone().unwrap_or_else(|| super::arn::unknown("workspace", command.span)));
    }
    let chosen = match verbs(command).as_slice() {
        ["workspace", "delete", ..] => command,
        _ => up_to(found).iter().rev().find(|one| chooses_workspace(one) && is_of_one(one, command))?,
    };
    let mut names = chosen.arguments().iter().filter(|word| !word.text.starts_with('-')).skip(2);
    let name = names.next()?;
    match name.choices.is_empty() {
        true => named(name.value.clone()),
        false => Some(super::arn::unknown("workspace", command.span)),
    }
}

/// What is told by an expression, or not at all, or in several ways, is not certain to be what is needed.
fn certainty_of(state: &State, resources: &[Text]) -> Certainty {
    let is_open = resources.iter().flat_map(Text::holes).any(|hole| hole.kind == HoleKind::Computed);
    if is_open || resources.len() > 1 { Certainty::Likely } else { state.certainty }
}

/// A need of the backend, at its block.
fn need(found: &mut Found<'_>, state: &State, what: &str, names: &[&str], on: Vec<Text>, certainty: Certainty) {
    let command = found.command;
    let need = found.need(actions(names.iter().copied()), on, certainty, PAGE);
    need.reason = format!("`{}` {what}", command.shown());
    if let Some(span) = state.span {
        need.span = span;
        need.caused_by = Some(command.span);
    }
}
