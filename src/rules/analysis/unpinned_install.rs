//! Packages that are installed in whatever version there is on the day.

use super::chain::list;
use crate::diagnostic::Severity;
use crate::model::Model;
use crate::model::command::{Command, Word};
use crate::model::group::groups;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "unpinned-install",
    summary: "a package is installed without a version",
    params: &[],
    facts: &["packages", "verb"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for group in groups(context.model) {
        let mut first: Option<Finding> = None;
        let mut packages: Vec<String> = Vec::new();
        for command in group.commands {
            let unpinned: Vec<&Word> = match fetched(context.model, group.commands, command) {
                Some(package) => vec![package],
                None => unpinned(command),
            };
            let Some(word) = unpinned.first() else { continue };
            let new =
                unpinned.iter().map(|word| format!("`{}`", word.written())).filter(|name| !packages.contains(name));
            packages.extend(new.collect::<Vec<_>>());
            first = Some(match first {
                None => Finding::new(word.span, "packages").through(command),
                Some(found) if found.related.len() < 4 => found.related(word.span, "nor has this"),
                Some(found) => found,
            });
        }
        let Some(mut found) = first else { continue };
        let verb = if packages.len() == 1 { "is" } else { "are" };
        found = found.fact("packages", list(&packages, 3)).fact("verb", verb);
        if let Some(name) = &group.deploying {
            let note = format!("what it installs runs with the role of `{name}`, which deploys");
            found = found.severity(Severity::Medium).note(note);
        }
        findings.push(found);
    }
    findings
}

/// The packages that a command installs without a version.
fn unpinned(command: &Command) -> Vec<&Word> {
    if let Some(word) = npx(command) {
        return vec![word];
    }
    let arguments = command.arguments();
    let has = |names: &[&str]| arguments.iter().any(|word| names.contains(&word.text.as_str()));
    let verb = arguments.iter().find(|word| !word.text.starts_with('-')).map_or("", |word| word.text.as_str());
    match command.program() {
        "pip" | "pip3" | "pipx"
            if verb == "install" && !has(&["--require-hashes", "-c", "--constraint", "--no-index"]) =>
        {
            named(
                arguments,
                verb,
                &[
                    "-r",
                    "--requirement",
                    "-e",
                    "--editable",
                    "-t",
                    "--target",
                    "-i",
                    "--index-url",
                    "--extra-index-url",
                    "--prefix",
                    "--root",
                    "-f",
                    "--find-links",
                    "--trusted-host",
                    "--timeout",
                    "--python",
                ],
                is_loose_for_pip,
            )
        }
        "npm" | "pnpm" if matches!(verb, "install" | "i" | "add") && has(&["-g", "--global"]) => {
            named(arguments, verb, &["--prefix", "--registry"], is_loose_for_npm)
        }
        "yarn" if verb == "global" => named(arguments, "add", &["--prefix"], is_loose_for_npm)
            .into_iter()
            .filter(|word| word.text != "global")
            .collect(),
        "gem" if verb == "install" && !has(&["-v", "--version"]) => {
            named(arguments, verb, &["-i", "--install-dir", "-n", "--bindir", "--source"], |text| !text.contains(':'))
        }
        "go" if verb == "install" => named(arguments, verb, &["-ldflags", "-tags"], |text| text.ends_with("@latest")),
        _ => Vec::new(),
    }
}

/// Words behind the verb that are neither options nor their values, and are loose.
fn named<'w>(words: &'w [Word], verb: &str, taking: &[&str], is_loose: fn(&str) -> bool) -> Vec<&'w Word> {
    let mut found = Vec::new();
    let mut skip = false;
    for word in words {
        let text = word.text.as_str();
        if std::mem::take(&mut skip) || text == verb {
            continue;
        }
        if taking.contains(&text) {
            skip = true;
        } else if !text.starts_with('-') && !text.contains(['$', '`', '*']) && is_loose(text) {
            found.push(word);
        }
    }
    found
}

fn is_path(text: &str) -> bool {
    text.starts_with(['.', '/', '~'])
        || text.contains("://")
        || text.contains("git+")
        || [".whl", ".tgz", ".gz", ".zip"].iter().any(|ending| text.ends_with(ending))
}

fn is_loose_for_pip(text: &str) -> bool {
    // The installer and what it builds with are brought up to date on purpose.
    let is_tool = matches!(text, "pip" | "setuptools" | "wheel");
    !is_path(text) && !text.contains("==") && !text.contains('@') && !is_tool && !text.contains('/')
}

fn is_loose_for_npm(text: &str) -> bool {
    let version = text.trim_start_matches('@').split_once('@').map(|(_, version)| version);
    let is_fixed = version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    !is_path(text) && !is_fixed && text != "npm"
}

/// Programs of packages that deploy, and the packages.
const DEPLOYS: [(&str, &str); 6] = [
    ("ampx", "@aws-amplify/backend-cli"),
    ("cdk", "aws-cdk"),
    ("cdktf", "cdktf-cli"),
    ("serverless", "serverless"),
    ("sls", "serverless"),
    ("sst", "sst"),
];

/// `npx cdk` where no `package.json` has the package and no command installs it: it is fetched.
fn fetched<'c>(model: &Model, commands: &[Command], command: &'c Command) -> Option<&'c Word> {
    let packages = model.npm_packages.as_ref()?;
    let at = command.words.iter().position(|word| word.text == "npx")?;
    let program = command.words[at + 1..].iter().find(|word| !word.text.starts_with('-'))?;
    let (_, package) = DEPLOYS.iter().find(|(name, _)| program.text == *name)?;
    let installs = |other: &Command| {
        other.program() != "npx"
            && other.words.iter().any(|word| {
                word.text
                    .split_at_checked(package.len())
                    .is_some_and(|(name, rest)| name == *package && (rest.is_empty() || rest.starts_with('@')))
            })
    };
    (!packages.contains(*package) && !commands.iter().any(installs)).then_some(program)
}

/// `npx --yes tool`, `npx tool@latest`: a package from the registry, and not one of the project.
fn npx(command: &Command) -> Option<&Word> {
    let at = command.words.iter().position(|word| matches!(word.text.as_str(), "npx" | "bunx"))?;
    let rest = &command.words[at + 1..];
    let agrees = rest.iter().any(|word| matches!(word.text.as_str(), "-y" | "--yes"));
    let package = rest.iter().find(|word| !word.text.starts_with('-'))?;
    let text = package.text.as_str();
    let is_latest = text.ends_with("@latest");
    (is_latest || (agrees && is_loose_for_npm(text) && !text.contains('$'))).then_some(package)
}
