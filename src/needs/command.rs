//! What a command needs of the role that it runs with. Which programs call AWS, and with what, stands in
//! `data/needs/`; what no table and no file tells is said to be unknown.

mod arn;
mod aws;
mod declared;
mod handler;
mod image;
mod repository;
mod resource;
mod s3;
mod stack;
mod table;
mod terraform;
mod tool;
mod words;

use super::{Certainty, Need, Needs};
use crate::iam::catalogue::{self, Action};
use crate::iam::{ConditionTest, Reason};
use crate::model::Model;
use crate::model::command::{Command, Opaque};
use crate::value::{Part, Text};
use arn::Place;
pub use handler::is_resource_type;

/// Variables of the environment that say whose credentials a call is made with.
///
/// Source: <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html>
const CREDENTIALS: [&str; 7] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
];

/// Settings of a profile that do the same.
const SETTINGS: [&str; 4] = ["aws_access_key_id", "credential_process", "role_arn", "source_profile"];

const OTHER_CREDENTIALS: &str = "it runs with other credentials than those of the build";

/// What one command needs. `build` are the commands of the same build: one may make what another
/// deploys. Nothing is unknown of a command that is known to call no AWS.
pub fn needs(model: &Model, build: &[Command], command: &Command) -> Needs {
    let mut found = Found::new(model, build, command);
    if command.uses.is_empty() {
        if command.assignments.iter().any(|one| CREDENTIALS.contains(&one.name.value.as_str())) {
            found.leave_to_others();
        } else {
            look_into(&mut found);
        }
    } else {
        declared::find(&mut found);
    }
    let mut needs = told_once(found.needs.needs);
    if command.may_not_run {
        needs.iter_mut().for_each(|need| need.certainty = Certainty::Likely);
    }
    Needs { needs, ..found.needs }
}

/// What the commands of a build need, in their order: what one exports counts for those behind it.
pub fn of_all(model: &Model, build: &[Command]) -> Needs {
    let mut all = Needs::default();
    let mut has_others = false;
    for command in build {
        if let Some(others) = changes_credentials(command) {
            has_others = others;
            continue;
        }
        let found = needs(model, build, command);
        if has_others && command.uses.is_empty() && !found.needs.is_empty() {
            all.unknown.push(Reason::at(format!("`{}`: {OTHER_CREDENTIALS}", command.shown()), command.span));
        } else {
            add(&mut all, found);
        }
    }
    all
}

/// What several commands need for one thing that a file tells is one need.
fn add(all: &mut Needs, found: Needs) {
    for need in found.needs {
        let is_same = |one: &&mut Need| {
            need.caused_by.is_some()
                && one.span == need.span
                && one.actions == need.actions
                && one.resources == need.resources
        };
        match all.needs.iter_mut().find(is_same) {
            Some(known) if need.certainty < known.certainty => *known = need,
            Some(_) => {}
            None => all.needs.push(need),
        }
    }
    all.unknown.extend(found.unknown);
}

/// What is found of one command.
pub struct Found<'c> {
    pub model: &'c Model,
    pub build: &'c [Command],
    pub command: &'c Command,
    pub place: Place,
    pub needs: Needs,
}

impl<'c> Found<'c> {
    fn new(model: &'c Model, build: &'c [Command], command: &'c Command) -> Found<'c> {
        let place = Place { span: command.span, region: None, account: None };
        Found { model, build, command, place, needs: Needs::default() }
    }

    /// Adds what the command needs on resources.
    fn need(
        &mut self,
        actions: Vec<Action>,
        resources: Vec<Text>,
        certainty: Certainty,
        source: &'static str,
    ) -> &mut Need {
        let need = Need {
            actions,
            resources,
            conditions: Vec::new(),
            span: self.command.span,
            caused_by: None,
            reason: format!("runs `{}`", self.command.shown()),
            source,
            certainty,
        };
        let at = self.needs.needs.len();
        self.needs.needs.push(need);
        &mut self.needs.needs[at]
    }

    fn unknown(&mut self, text: impl AsRef<str>) {
        let text = format!("`{}`: {}", self.command.shown(), text.as_ref());
        self.needs.unknown.push(Reason::at(text, self.command.span));
    }

    /// The command is not the build's own: what it needs is asked of somebody else.
    fn leave_to_others(&mut self) {
        self.needs = Needs::default();
        self.unknown(OTHER_CREDENTIALS);
    }
}

/// The same of several values that a variable may have is one need.
fn told_once(needs: Vec<Need>) -> Vec<Need> {
    let mut kept: Vec<Need> = Vec::new();
    for need in needs {
        let is_same = |one: &&mut Need| one.actions == need.actions && one.resources == need.resources;
        match kept.iter_mut().find(is_same) {
            Some(known) if known.conditions.len() == need.conditions.len() => {
                known.certainty = known.certainty.min(need.certainty);
            }
            _ => kept.push(need),
        }
    }
    kept
}

/// A grant may demand that the request says this of a key.
fn demand(need: &mut Need, key: &str, value: &str) {
    let values = vec![Text::at(value, need.span)];
    need.conditions.push(ConditionTest::new("StringEquals", key, values, need.span));
}

fn look_into(found: &mut Found<'_>) {
    let command = found.command;
    if command.words.is_empty() || command.is_followed {
        return;
    }
    match &command.opaque {
        Some(Opaque::Program) if logs_in(command) => return,
        Some(opaque) => return found.unknown(opaque.reason()),
        None => {}
    }
    match command.program() {
        "aws" => aws::find(found),
        "docker" | "podman" | "nerdctl" | "finch" | "buildah" | "docker-compose" => image::find(found),
        "git" => repository::find(found),
        _ => tool::find(found),
    }
}

/// `$(aws ecr get-login --no-include-email)`: what it prints is `docker login`.
fn logs_in(command: &Command) -> bool {
    let Some(first) = command.effective().first() else { return false };
    let [Part::Hole(hole)] = first.value.parts.as_slice() else { return false };
    hole.name.contains("aws") && hole.name.contains("ecr get-login")
}

/// Whether the commands behind this one run with other credentials; `None` where it changes nothing.
fn changes_credentials(command: &Command) -> Option<bool> {
    let arguments = command.arguments();
    let is_credential = |text: &str| CREDENTIALS.contains(&text.split('=').next().unwrap_or_default());
    match command.program() {
        "" => command.assignments.iter().any(|one| CREDENTIALS.contains(&one.name.value.as_str())).then_some(true),
        "export" | "declare" | "readonly" => {
            arguments.iter().any(|word| word.text.contains('=') && is_credential(&word.text)).then_some(true)
        }
        "unset" => arguments.iter().any(|word| is_credential(&word.text)).then_some(false),
        "aws" if command.has_words(["configure", "set"]) && command.option("--profile").is_none() => {
            arguments.iter().any(|word| SETTINGS.contains(&word.text.as_str())).then_some(true)
        }
        _ => None,
    }
}

/// Actions of these full names; tests hold that the tables name no others.
fn actions<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<Action> {
    names.into_iter().filter_map(catalogue::action).collect()
}
