//! Commands and variables that take any certificate.

use crate::model::command::Command;
use crate::model::group::{NamedValue, Setter, named_values};
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "tls-verification",
    summary: "certificates of servers are not checked",
    params: &[],
    facts: &["what"],
    bind,
};

/// Variables and the values that switch the check off; where there is none, each value does.
const VARIABLES: [(&str, &[&str]); 6] = [
    ("NODE_TLS_REJECT_UNAUTHORIZED", &["0"]),
    ("PYTHONHTTPSVERIFY", &["0"]),
    ("GIT_SSL_NO_VERIFY", &["1", "true"]),
    ("PIP_TRUSTED_HOST", &[]),
    ("NPM_CONFIG_STRICT_SSL", &["false"]),
    ("npm_config_strict_ssl", &["false"]),
];

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for command in context.model.all_commands() {
        if let Some((what, span)) = switched_off(command) {
            findings.push(Finding::new(span, what.clone()).fact("what", format!("`{what}`")).through(command));
        }
    }
    for one in named_values(context.model).iter().filter(|one| !has_rule_of_its_own(one)) {
        let value = one.value.literal().unwrap_or_default();
        if is_off_by(&one.name, value) {
            findings.push(Finding::new(one.span, one.name.clone()).fact("what", format!("`{}={value}`", one.name)));
        }
    }
    findings
}

fn switched_off(command: &Command) -> Option<(String, crate::source::Span)> {
    let arguments = command.arguments();
    let is_local = arguments.iter().any(|word| {
        ["://localhost", "://127.0.0.1", "://[::1]", "://host.docker.internal", "://localstack"]
            .iter()
            .any(|host| word.text.contains(host))
    });
    if is_local {
        return None;
    }
    let program = command.program();
    let pair =
        |index: usize| (arguments[index].text.as_str(), arguments.get(index + 1).map_or("", |next| next.text.as_str()));
    let is_off = |index: usize| {
        let (word, next) = pair(index);
        match program {
            "curl" => {
                word == "--insecure" || (word.starts_with('-') && !word.starts_with("--") && is_flag_in(word, 'k'))
            }
            "wget" => word == "--no-check-certificate",
            "aws" => word == "--no-verify-ssl",
            "pip" | "pip3" => word == "--trusted-host" || word.starts_with("--trusted-host="),
            "npm" | "yarn" | "pnpm" => {
                matches!(word, "strict-ssl=false" | "--strict-ssl=false") || (word == "strict-ssl" && next == "false")
            }
            "git" => {
                let word = word.to_ascii_lowercase();
                word == "http.sslverify=false" || (word == "http.sslverify" && matches!(next, "false" | "0"))
            }
            "yum" | "dnf" | "yum-config-manager" => {
                let setting = word.strip_prefix("--setopt=").unwrap_or(word);
                let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
                let name = name.rsplit('.').next().unwrap_or_default();
                name == "sslverify" && matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "no")
            }
            "export" => word.split_once('=').is_some_and(|(name, value)| is_off_by(name, value)),
            _ => false,
        }
    };
    let index = (0..arguments.len()).find(|index| is_off(*index))?;
    let word = &arguments[index];
    let next = arguments.get(index + 1).filter(|_| matches!(word.text.as_str(), "strict-ssl" | "http.sslVerify"));
    let next = next.map_or(String::new(), |next| format!(" {}", next.written()));
    Some((format!("{program} … {}{next}", word.written()), word.span))
}

/// On projects `build-tls-unverified` tells of these.
fn has_rule_of_its_own(one: &NamedValue<'_>) -> bool {
    one.setter == Setter::Project && matches!(one.name.as_ref(), "NODE_TLS_REJECT_UNAUTHORIZED" | "PYTHONHTTPSVERIFY")
}

fn is_off_by(name: &str, value: &str) -> bool {
    let is_meant = |values: &[&str]| values.contains(&value) || (values.is_empty() && !value.is_empty());
    VARIABLES.iter().any(|(known, values)| *known == name && is_meant(values))
}

/// `-k` alone or among other letters; those that take a value end the run.
fn is_flag_in(word: &str, flag: char) -> bool {
    word.chars()
        .skip(1)
        .take_while(|c| !matches!(c, 'o' | 'H' | 'd' | 'u' | 'X' | 'A' | 'e' | 'x' | 'F' | 'T' | 'w' | 'm'))
        .any(|c| c == flag)
}
