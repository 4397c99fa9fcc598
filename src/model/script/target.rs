//! What a command runs besides itself: a text among its words, a script, targets of a tool.

use crate::model::command::{Command, Opaque, SHELLS, Word, base_name, is_interpreter, takes_word_of_shell};
use crate::value::Text;

/// What is to be looked into for a command to be understood.
#[derive(Debug)]
pub enum Target<'c> {
    /// Nothing: the program is known by its name.
    Itself,
    Opaque(Opaque),
    /// A text that is run by a shell; `is_here` says that it is the one that runs the command.
    Text {
        text: &'c Text,
        is_here: bool,
    },
    /// A script of the repository.
    File {
        path: &'c Word,
        arguments: &'c [Word],
        is_here: bool,
        kind: FileKind,
    },
    /// Targets of a Makefile.
    Make {
        targets: Vec<String>,
        folder: Option<String>,
        file: Option<String>,
    },
    /// Scripts of `package.json`, by their names; `is_sure` says that there are no others.
    Package {
        scripts: Vec<String>,
        folder: Option<String>,
        is_sure: bool,
        otherwise: Otherwise,
    },
}

/// What a file that is named as a program is, when it is not among the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A shell is told to run it.
    Script,
    /// It is started by its path, and may be a program.
    Program,
}

/// What a script of a package is when the package does not have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    Unknown,
    /// A program of a dependency.
    Dependency,
    /// The tool's own command.
    Known,
}

/// Words of code in another language that make it worth a look: it may call AWS or run commands.
const ACTS: [&str; 9] = ["boto", "aws", "subprocess", "system(", "popen", "exec", "spawn", "urllib", "request"];

/// Tools that do what a file of their own tells them, other than make and the package managers.
const TASK_RUNNERS: [&str; 12] =
    ["gulp", "grunt", "rake", "invoke", "tox", "nox", "just", "task", "mage", "fastlane", "bake", "doit"];

/// Programs by their path that do what their name says.
const WRAPPER_SCRIPTS: [&str; 6] = ["gradlew", "mvnw", "configure", "sbt", "manage.py", "artisan"];

/// What `yarn` does by itself; any other word is a script of the package.
const YARN_COMMANDS: [&str; 25] = [
    "install",
    "add",
    "remove",
    "global",
    "cache",
    "config",
    "audit",
    "workspaces",
    "workspace",
    "version",
    "info",
    "list",
    "set",
    "upgrade",
    "pack",
    "publish",
    "link",
    "login",
    "why",
    "init",
    "import",
    "bin",
    "up",
    "plugin",
    "dedupe",
];

/// Scripts that run when `npm install` does.
/// Source: <https://docs.npmjs.com/cli/using-npm/scripts>
const ON_INSTALL: [&str; 6] = ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"];

/// Tells by the words what a command runs. `functions` are those that the script has defined.
pub fn of<'c>(command: &'c Command, functions: &[String]) -> Target<'c> {
    let Some(first) = command.effective().first() else { return Target::Itself };
    let arguments = command.arguments();
    if functions.contains(&first.text) {
        return Target::Itself;
    }
    if has_unknown_name(first) {
        return Target::Opaque(Opaque::Program);
    }
    let program = command.program();
    let words: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
    match program {
        "eval" => match arguments {
            [text] if text.literal().is_some() => Target::Text { text: &text.value, is_here: true },
            [] => Target::Itself,
            _ => Target::Opaque(Opaque::Eval),
        },
        "source" | "." => match arguments.split_first() {
            Some((path, arguments)) => Target::File { path, arguments, is_here: true, kind: FileKind::Script },
            None => Target::Itself,
        },
        _ if SHELLS.contains(&program) => shell(command, arguments),
        "make" | "gmake" => make(arguments),
        "npm" | "yarn" | "pnpm" | "bun" => package(program, arguments),
        _ if TASK_RUNNERS.contains(&program) => {
            Target::Opaque(Opaque::Script(format!("what `{program}` does stands in a file that is not read")))
        }
        _ if is_interpreter(program) => {
            let is_question = words.iter().any(|word| matches!(*word, "--version" | "-V" | "-v" | "--help"));
            let is_harmless = command.inline_code().first().is_some_and(|code| {
                let text = code.text.to_ascii_lowercase();
                code.value.as_hole().is_none() && !ACTS.iter().any(|word| text.contains(word))
            });
            if arguments.is_empty() && !command.is_piped_into || is_question || is_harmless {
                Target::Itself
            } else {
                Target::Opaque(Opaque::ProgramInOtherLanguage)
            }
        }
        _ if is_path(&first.text) => Target::File { path: first, arguments, is_here: false, kind: FileKind::Program },
        _ => runner_or_itself(command),
    }
}

/// `yarn run release`, `pnpm run release`: a script of `package.json`, or a program of a dependency.
fn runner_or_itself(command: &Command) -> Target<'_> {
    let mut words = command.words.iter().map(|word| word.text.as_str());
    let runs = words.any(|word| matches!(word, "yarn" | "pnpm")) && words.next() == Some("run");
    if !runs {
        return Target::Itself;
    }
    scripts_of(command.effective().first(), None, Otherwise::Dependency)
}

/// The last part of the program's name is not known: `$CMD`, `$(which aws)`, `./bin/$TOOL`.
fn has_unknown_name(word: &Word) -> bool {
    let Some(crate::value::Part::Known(text, _)) = word.value.parts.last() else {
        return !word.value.parts.is_empty();
    };
    word.value.has_holes() && !text.contains('/')
}

/// Started by its path and not by its name alone, from a folder that holds no programs of the system.
fn is_path(program: &str) -> bool {
    let is_system = program.starts_with(['/', '~', '@']) || program.contains("bin/");
    (program.contains('/') && !is_system && !program.starts_with('$')) || program.ends_with(".sh")
}

/// Whether a program that is started by its path does what its name says.
pub fn is_known_wrapper(path: &str) -> bool {
    WRAPPER_SCRIPTS.contains(&base_name(path))
}

fn shell<'c>(command: &'c Command, arguments: &'c [Word]) -> Target<'c> {
    if let [text] = command.inline_code() {
        let is_known = text.value.as_hole().is_none();
        return if is_known {
            Target::Text { text: &text.value, is_here: false }
        } else {
            Target::Opaque(Opaque::Eval)
        };
    }
    let mut rest = arguments;
    while let [first, behind @ ..] = rest {
        let is_long = first.text.starts_with("--");
        if !first.text.starts_with(['-', '+']) {
            return Target::File { path: first, arguments: behind, is_here: false, kind: FileKind::Script };
        }
        if first.text == "--version" || first.text == "--help" {
            return Target::Itself;
        }
        // `-s` with arguments for what comes in.
        let takes_word = takes_word_of_shell(&first.text);
        if !is_long && first.text.contains('s') && !takes_word {
            break;
        }
        rest = if takes_word { behind.get(1..).unwrap_or_default() } else { behind };
    }
    if command.is_piped_into { Target::Opaque(Opaque::Piped) } else { Target::Itself }
}

/// `make -C infra -f ci.mk STAGE=dev deploy`
fn make(arguments: &[Word]) -> Target<'_> {
    let (mut targets, mut folder, mut file) = (Vec::new(), None, None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "-C" | "--directory" => folder = words.next().map(|word| word.text.clone()),
            "-f" | "--file" | "--makefile" => file = words.next().map(|word| word.text.clone()),
            "-j" | "-l" | "-o" | "-W" | "-I" if word.text != "-j" => drop(words.next()),
            text if text.starts_with('-') || text.contains('=') || text.bytes().all(|b| b.is_ascii_digit()) => {}
            _ if !word.choices.is_empty() => targets.extend(word.choices.iter().cloned()),
            _ if word.literal().is_none() => {
                let reason = format!("the target `{}` is known only when it runs", word.written());
                return Target::Opaque(Opaque::Script(reason));
            }
            text => targets.push(text.to_owned()),
        }
    }
    Target::Make { targets, folder, file }
}

fn package<'c>(program: &str, arguments: &'c [Word]) -> Target<'c> {
    let mut folder = None;
    let mut rest = arguments;
    while let [first, behind @ ..] = rest {
        let takes_word = matches!(first.text.as_str(), "--prefix" | "--cwd" | "-C" | "--dir");
        if takes_word {
            folder = behind.first().map(|word| word.text.clone());
            rest = behind.get(1..).unwrap_or_default();
        } else if first.text.starts_with('-') {
            rest = behind;
        } else {
            break;
        }
    }
    let Some((verb, behind)) = rest.split_first() else {
        return if program == "npm" || !arguments.is_empty() { Target::Itself } else { on_install(folder) };
    };
    if let Some(at) = behind.iter().position(|word| matches!(word.text.as_str(), "--prefix" | "--cwd")) {
        folder = behind.get(at + 1).map(|word| word.text.clone());
    }
    let is_option = |word: &&Word| !word.text.starts_with('-');
    match verb.text.as_str() {
        "run" | "run-script" => match behind.iter().find(is_option) {
            Some(name) => scripts_of(Some(name), folder, Otherwise::Unknown),
            None => Target::Itself,
        },
        "test" | "t" | "tst" => named(&["pretest", "test", "posttest"], folder, Otherwise::Known),
        "start" | "stop" | "restart" => named(&[&verb.text], folder, Otherwise::Unknown),
        "install" | "i" | "ci" | "add" if !behind.iter().any(|word| word.text == "--ignore-scripts") => {
            on_install(folder)
        }
        name if program == "yarn" && !YARN_COMMANDS.contains(&name) => {
            scripts_of(Some(verb), folder, Otherwise::Unknown)
        }
        _ if matches!(program, "pnpm" | "bun") => scripts_of(Some(verb), folder, Otherwise::Known),
        _ => Target::Itself,
    }
}

fn on_install<'c>(folder: Option<String>) -> Target<'c> {
    named(&ON_INSTALL, folder, Otherwise::Known)
}

fn named<'c>(scripts: &[&str], folder: Option<String>, otherwise: Otherwise) -> Target<'c> {
    let scripts = scripts.iter().map(|name| (*name).to_owned()).collect();
    Target::Package { scripts, folder, is_sure: true, otherwise }
}

/// A script and those that its name brings with it.
fn scripts_of<'c>(name: Option<&Word>, folder: Option<String>, otherwise: Otherwise) -> Target<'c> {
    let Some(name) = name else { return Target::Itself };
    let default = name.value.with_defaults();
    let names = match (&name.choices[..], name.literal()) {
        (_, Some(literal)) => vec![literal.into_owned()],
        ([], None) => default.into_iter().collect(),
        (choices, None) => choices.to_vec(),
    };
    let is_sure = name.literal().is_some() || !name.choices.is_empty();
    let scripts = names.iter().flat_map(|name| [format!("pre{name}"), name.clone(), format!("post{name}")]).collect();
    Target::Package { scripts, folder, is_sure, otherwise }
}
