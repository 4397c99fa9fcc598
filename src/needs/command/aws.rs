//! The command line of AWS: options that stand anywhere, a service, an operation, and what the operation
//! is given.
//!
//! Source: <https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-commandstructure.html>

use super::words::{Arguments, Arity, texts};
use super::{Certainty, Found, resource, s3, stack, table};
use crate::iam::catalogue::{self, AccessLevel, Action};
use crate::model::command::Word;
use crate::packed;
use crate::value::Text;
use std::sync::LazyLock;

/// Source: <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html>
const GLOBAL_VALUES: [&str; 11] = [
    "--ca-bundle",
    "--cli-binary-format",
    "--cli-connect-timeout",
    "--cli-error-format",
    "--cli-read-timeout",
    "--color",
    "--endpoint-url",
    "--output",
    "--profile",
    "--query",
    "--region",
];

const GLOBAL_FLAGS: [&str; 8] = [
    "--cli-auto-prompt",
    "--debug",
    "--no-cli-auto-prompt",
    "--no-cli-pager",
    "--no-paginate",
    "--no-sign-request",
    "--no-verify-ssl",
    "--version",
];

const OPERATIONS: &str = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html";
const PASS_ROLE: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html";

/// Which service a role is handed to: client, principal.
const PASSED_TO: &str = include_str!("../../../data/needs/passed-to.tsv");

/// What a waiter asks: client, waiter, operation.
static WAITERS: LazyLock<String> =
    LazyLock::new(|| packed::text(include_bytes!(concat!(env!("OUT_DIR"), "/waiters.bin"))));

pub fn find(found: &mut Found<'_>) {
    let words = found.command.arguments();
    let front = Arguments::read(words, front_arity);
    let is_question = front.has("--version") || front.positional.iter().flatten().any(is_help);
    if front.positional.is_empty() || is_question {
        return;
    }
    // Of `s3` each option is known; elsewhere all words up to the next option are its values.
    let is_of_s3 = front.verbs().next() == Some("s3");
    let arguments = Arguments::read(words, |option| match front_arity(option) {
        Arity::Perhaps if is_of_s3 => s3::arity(option),
        Arity::Perhaps => Arity::Many,
        arity => arity,
    });
    if arguments.has("--no-sign-request") {
        return;
    }
    if arguments.has("--profile") && arguments.values("--profile").first().and_then(Text::literal) != Some("default") {
        return found.leave_to_others();
    }
    found.place.region = arguments.values("--region").first().cloned();
    let named = calls(words);
    if named.is_empty() {
        return found.unknown("which operation it calls is known only when it runs");
    }
    for (service, operation, waiter) in named {
        if service == "s3" {
            s3::find(found, &operation, &arguments);
        } else {
            call(found, &service, &operation, waiter.as_deref(), &arguments);
        }
    }
}

fn front_arity(option: &str) -> Arity {
    if GLOBAL_FLAGS.contains(&option) {
        Arity::Flag
    } else if GLOBAL_VALUES.contains(&option) {
        Arity::One
    } else {
        Arity::Perhaps
    }
}

fn is_help(text: &Text) -> bool {
    text.literal() == Some("help")
}

/// Every service, operation and third word that may be meant; none where one of them is not known.
fn calls(words: &[Word]) -> Vec<(String, String, Option<String>)> {
    let mut plain = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if GLOBAL_VALUES.contains(&word.text.as_str()) {
            rest.next();
        } else if !word.text.starts_with('-') || word.text.len() < 2 {
            plain.push(word);
        }
        if plain.len() == 3 {
            break;
        }
    }
    let literals = |word: &&Word| -> Vec<String> {
        let all = texts(word);
        let known: Vec<String> = all.iter().filter_map(Text::literal).map(str::to_owned).collect();
        if known.len() == all.len() { known } else { Vec::new() }
    };
    let [service, operation, third @ ..] = plain.as_slice() else { return Vec::new() };
    let third = third.first().and_then(|word| literals(word).into_iter().next());
    let mut found = Vec::new();
    for service in literals(service) {
        found.extend(literals(operation).into_iter().map(|operation| (service.clone(), operation, third.clone())));
    }
    found
}

fn call(found: &mut Found<'_>, service: &str, operation: &str, waiter: Option<&str>, arguments: &Arguments) {
    let operation = match (operation, waiter) {
        ("wait", Some(waiter)) => match waited_for(service, waiter) {
            Some(operation) => operation,
            None => return found.unknown(format!("`{waiter}` is no waiter of `{service}` that is known")),
        },
        (operation, _) => operation,
    };
    let rows = table::commands("aws", &[service, operation]);
    let actions = catalogue::operation_actions(service, operation);
    if actions.is_none() && rows.is_empty() {
        return found.unknown(format!("`{operation}` is no operation of `{service}` that is known"));
    }
    for (action, is_always) in actions.unwrap_or_default() {
        let named = match arguments.values("--copy-source").first() {
            // `--copy-source bucket/key` is read, and `--bucket` with `--key` is written.
            Some(source) if action.level() == AccessLevel::Read => s3::copied(source, &found.place),
            _ => resource::of(action, operation, arguments, &found.place),
        };
        let certainty = if is_always && named.is_told { Certainty::Certain } else { Certainty::Likely };
        found.need(vec![action], named.resources, certainty, OPERATIONS);
        pass_role(found, service, action, arguments);
    }
    table::apply(found, &rows, arguments, 2, |_| None);
    if service == "cloudformation" {
        stack::of_cloudformation(found, operation, arguments);
    }
}

fn waited_for(service: &str, waiter: &str) -> Option<&'static str> {
    let rows = WAITERS.lines().filter_map(|line| line.split_once('\t'));
    let mut waiters = rows.filter(|(client, _)| *client == service).filter_map(|(_, rest)| rest.split_once('\t'));
    waiters.find(|(name, _)| *name == waiter).map(|(_, operation)| operation)
}

/// An operation that hands a role to a service.
fn pass_role(found: &mut Found<'_>, service: &str, action: Action, arguments: &Arguments) {
    let takes_roles = action.dependents().any(|name| name == "iam:PassRole");
    let principal = PASSED_TO.lines().filter_map(|line| line.split_once('\t')).find(|(client, _)| *client == service);
    let changes = !matches!(action.level(), AccessLevel::List | AccessLevel::Read);
    if !changes || !(takes_roles || principal.is_some()) {
        return;
    }
    let is_role = |option: &str| option.ends_with("role-arn") || option.ends_with("-role") || option == "--role";
    let mut roles: Vec<Text> = Vec::new();
    for (option, values) in arguments.options().filter(|(option, _)| is_role(option)) {
        roles.extend(values.first().map(|role| resource::role(option, role, &found.place)));
    }
    let pass = super::actions(["iam:PassRole"]);
    let (roles, certainty) = match roles.is_empty() {
        false => (roles, Certainty::Certain),
        // The role may be told in a file, or in a text of JSON.
        true if may_hold_roles(action, takes_roles, arguments) => {
            (vec![resource::any_role(&found.place)], Certainty::Likely)
        }
        true => return,
    };
    let need = found.need(pass, roles, certainty, PASS_ROLE);
    if let Some((_, principal)) = principal {
        super::demand(need, "iam:PassedToService", principal);
    }
}

fn may_hold_roles(action: Action, takes_roles: bool, arguments: &Arguments) -> bool {
    let is_whole = |option: &str| matches!(option, "--cli-input-json" | "--cli-input-yaml");
    let makes = ["Create", "Put", "Register", "Run", "Update"].iter().any(|verb| action.name().starts_with(verb));
    let mut documents = arguments.options().filter(|(_, values)| values.iter().any(is_document));
    documents.any(|(option, _)| takes_roles || makes && is_whole(option))
}

/// A value that is a document, or names a file that is one.
fn is_document(text: &Text) -> bool {
    let shown = text.display();
    shown.starts_with("file://") || shown.starts_with(['{', '['])
}
