//! What a command means: its program and arguments, whether it deploys, and why it may not be
//! understood. Which commands there are is `script`'s to tell.

use crate::source::{Span, Spanned};
use crate::value::Text;
use std::borrow::Cow;
use std::sync::Arc;

/// One simple command: assignments in front, a program and its arguments.
#[derive(Clone, Debug)]
pub struct Command {
    pub phase: Arc<str>,
    pub assignments: Vec<Assignment>,
    pub words: Vec<Word>,
    pub span: Span,
    /// Its input is the output of the command before it.
    pub is_piped_into: bool,
    /// What it prints goes to a file, or nowhere.
    pub is_redirected: bool,
    /// The folder it runs in, relative to the root of the source; `None` when that is not known.
    pub folder: Option<String>,
    /// Variables of the environment that say what else a tool does; `None` where the value is not known.
    pub variables: Vec<(&'static str, Option<Text>)>,
    /// What the comments above it say that it uses: `s3:GetObject on arn:aws:s3:::demo/*`.
    pub uses: Vec<Spanned<String>>,
    /// What it runs, a script or a function, is among the commands behind it.
    pub is_followed: bool,
    /// It runs under a condition only, or with one of several values of a variable.
    pub may_not_run: bool,
    /// The commands that lead to it when it stands in a script: the outermost first.
    pub via: Arc<[Via]>,
    /// Why what it does is not known.
    pub opaque: Option<Opaque>,
}

#[derive(Clone, Debug)]
pub struct Assignment {
    pub name: Spanned<String>,
    pub value: Word,
}

#[derive(Clone, Debug)]
pub struct Word {
    /// Without quotes; variables that nothing is known of, and output of commands, are holes.
    pub value: Text,
    /// The same with what is known put in, and all else as it is written.
    pub text: String,
    /// As it is written, where that is something else.
    pub written: Option<String>,
    /// Every text that it may be, when a variable in it has one of several values.
    pub choices: Vec<String>,
    pub span: Span,
}

/// A command that runs a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    pub span: Span,
    /// `./deploy.sh`, `npm run deploy`
    pub shown: String,
}

/// Why it is not known what a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opaque {
    /// Its program is told by a variable, or by another command.
    Program,
    /// `eval` of a text that is made at run time.
    Eval,
    /// A script that is not among the files, or one whose name is not known.
    Script(String),
    /// A program in another language than that of the shell.
    ProgramInOtherLanguage,
    /// A shell runs what another command prints.
    Piped,
    /// The text cannot be taken apart.
    Unparsed(&'static str),
    /// The commands of Windows are not read.
    Windows,
}

/// Programs that run the command behind them, and their options that take a word.
const WRAPPERS: [(&str, &[&str]); 21] = [
    ("sudo", &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "--user", "--group"]),
    ("doas", &["-u"]),
    ("env", &["-u", "-C", "--unset", "--chdir"]),
    ("cross-env", &[]),
    ("time", &["-f", "-o"]),
    ("exec", &["-a"]),
    ("command", &[]),
    ("builtin", &[]),
    ("nohup", &[]),
    ("setsid", &[]),
    ("nice", &["-n"]),
    ("ionice", &["-c", "-n"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("timeout", &["-s", "-k", "--signal", "--kill-after"]),
    ("xargs", &["-I", "-n", "-P", "-L", "-d", "-a", "-E", "-s", "--max-args", "--max-procs"]),
    ("npx", &["-p", "--package"]),
    ("bunx", &[]),
    ("uvx", &[]),
    ("retry", &[]),
    ("travis_retry", &[]),
    ("!", &[]),
];

/// Tools that run programs of their packages: `poetry run pytest`, `npm exec eslint`.
const RUNNERS: [(&str, &[&str]); 9] = [
    ("npm", &["exec", "x"]),
    ("yarn", &["exec", "run", "dlx"]),
    ("pnpm", &["exec", "run", "dlx"]),
    ("poetry", &["run"]),
    ("pipenv", &["run"]),
    ("bundle", &["exec"]),
    ("uv", &["run"]),
    ("pdm", &["run"]),
    ("pipx", &["run"]),
];

/// Shells that run what they are given as a text, a file or their input.
pub const SHELLS: [&str; 6] = ["bash", "sh", "dash", "zsh", "ksh", "ash"];

/// Programs that run a file in another language; Python aside, whose name has a version.
const INTERPRETERS: [&str; 12] =
    ["node", "nodejs", "ruby", "perl", "php", "deno", "bun", "ts-node", "tsx", "Rscript", "groovy", "pwsh"];

/// The deploy commands: program and argument words, a line each.
const DEPLOY_COMMANDS: &str = include_str!("../../data/deploy-commands.tsv");

impl Command {
    /// The words from the program on: assignments and wrappers such as `sudo` or `npx` left out.
    pub fn effective(&self) -> &[Word] {
        let mut words = self.words.as_slice();
        while let [first, rest @ ..] = words {
            let name = base_name(&first.text);
            if let Some((_, options)) = WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name) {
                let mut rest = without_options(rest, options);
                if name == "command" && words.get(1).is_some_and(|word| matches!(word.text.as_str(), "-v" | "-V")) {
                    break;
                }
                if name == "timeout" && rest.first().is_some_and(|word| is_number(&word.text)) {
                    rest = &rest[1..];
                }
                if rest.is_empty() {
                    break;
                }
                words = rest;
            } else if let Some((_, verbs)) = RUNNERS.iter().find(|(runner, _)| *runner == name)
                && let Some((verb, rest)) = rest.split_first()
                && verbs.contains(&verb.text.as_str())
                && !rest.is_empty()
            {
                words = without_options(rest, &["-p", "--package"]);
            } else if is_python(name)
                && let [option, module, ..] = rest
                && option.text == "-m"
                && !module.text.is_empty()
            {
                return &rest[1..];
            } else if words.len() < self.words.len() && is_assignment(&first.text) {
                words = rest;
            } else {
                break;
            }
        }
        words
    }

    /// The program's name without its folder and version: `/usr/bin/docker` → `docker`,
    /// `serverless@3` → `serverless`.
    pub fn program(&self) -> &str {
        let name = base_name(self.effective().first().map_or("", |word| word.text.as_str()));
        match name.split_once('@') {
            Some((before, _)) if !before.is_empty() => before,
            _ => name,
        }
    }

    pub fn arguments(&self) -> &[Word] {
        self.effective().get(1..).unwrap_or_default()
    }

    /// The words that it runs as code: those of `eval`, or the one behind `-c` of a shell and `-e` of an interpreter.
    pub fn inline_code(&self) -> &[Word] {
        let (program, arguments) = (self.program(), self.arguments());
        let is_shell = SHELLS.contains(&program);
        if program == "eval" {
            return arguments;
        } else if !is_shell && !is_interpreter(program) {
            return &[];
        }
        let is_code = |option: &str| match is_shell {
            true => !option.starts_with("--") && option.contains('c'),
            false => matches!(option, "-c" | "-e" | "-p" | "-pe" | "--eval" | "--print"),
        };
        // Behind the name of a script options are that script's.
        let mut rest = arguments;
        while let [first, behind @ ..] = rest
            && first.text.starts_with(['-', '+'])
        {
            if is_code(&first.text) {
                return behind.get(..1).unwrap_or_default();
            }
            let skips = is_shell && takes_word_of_shell(&first.text);
            rest = behind.get(usize::from(skips)..).unwrap_or_default();
        }
        &[]
    }

    /// Whether these words stand among the arguments in this order; options may be between them.
    pub fn has_words<'w>(&self, wanted: impl IntoIterator<Item = &'w str>) -> bool {
        let mut arguments = self.arguments().iter();
        wanted.into_iter().all(|word| arguments.any(|argument| argument.text == word))
    }

    /// The first words as they are written, for messages.
    pub fn shown(&self) -> String {
        let words: Vec<&str> = self.effective().iter().take(3).map(Word::written).collect();
        words.join(" ")
    }

    /// The value of an option: the next word, or the same one behind `=`.
    pub fn option(&self, name: &str) -> Option<&str> {
        let arguments = self.arguments();
        arguments.iter().enumerate().find_map(|(index, word)| match word.text.split_once('=') {
            Some((option, value)) if option == name => Some(value),
            _ if word.text == name => arguments.get(index + 1).map(|next| next.text.as_str()),
            _ => None,
        })
    }

    /// The command changes what runs, by itself.
    pub fn deploys(&self) -> bool {
        DEPLOY_COMMANDS
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .any(|(program, words)| self.program() == program && self.has_words(words.split(' ')))
    }

    /// The command needs a container engine.
    pub fn uses_docker(&self) -> bool {
        matches!(self.program(), "docker" | "docker-compose" | "dockerd" | "buildah" | "podman" | "buildx")
            && !self.has_words(["login"])
            || (self.program() == "sam" && self.has_words(["build"]) && self.has_words(["--use-container"]))
            || (self.program() == "cdk" && (self.has_words(["deploy"]) || self.has_words(["synth"])))
            || self.program().starts_with("dockerd")
            || self.words.iter().any(|word| word.text.to_ascii_lowercase().contains("testcontainers"))
    }

    /// Plug-ins of the tool may need a container engine, as `serverless-python-requirements` does, or tests that start
    /// containers.
    pub fn may_use_docker(&self) -> bool {
        match self.program() {
            "serverless" | "sls" => self.has_words(["deploy"]) || self.has_words(["package"]),
            "mvn" | "mvnw" | "gradle" | "gradlew" | "sbt" | "pytest" | "tox" | "nox" => true,
            "cargo" | "dotnet" | "go" => self.has_words(["test"]),
            "python" | "python3" => self.has_words(["-m", "pytest"]),
            _ => false,
        }
    }

    /// The place of the command that is written in the build itself: this one, or the one that
    /// runs the script in which this one stands.
    pub fn root(&self) -> Span {
        self.via.first().map_or(self.span, |via| via.span)
    }

    /// What the command does stands in another file or is made up at run time.
    pub fn is_opaque(&self) -> bool {
        self.opaque.is_some()
    }
}

impl Word {
    /// As it is written, quotes aside.
    pub fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.text)
    }

    /// The text when nothing of it is unknown, and nobody can change it from outside.
    pub fn literal(&self) -> Option<Cow<'_, str>> {
        (!self.value.has_holes()).then(|| self.value.display())
    }
}

impl Opaque {
    /// What stands behind "it is not known what it does: ".
    pub fn reason(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Opaque::Program => "which program it is, is known only when it runs",
            Opaque::Eval => "the text that it runs is made when it runs",
            Opaque::Script(reason) => return Cow::Borrowed(reason),
            Opaque::ProgramInOtherLanguage => "a program in another language than that of the shell",
            Opaque::Piped => "a shell runs what another command prints",
            Opaque::Unparsed(reason) => reason,
            Opaque::Windows => "commands of Windows are not read",
        })
    }
}

pub fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

pub fn is_python(program: &str) -> bool {
    program.strip_prefix("python").is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

pub fn is_interpreter(program: &str) -> bool {
    INTERPRETERS.contains(&program) || is_python(program)
}

/// `-o pipefail`, `--rcfile path`
pub fn takes_word_of_shell(option: &str) -> bool {
    matches!(option, "-O" | "--rcfile" | "--init-file") || (!option.starts_with("--") && option.ends_with('o'))
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| crate::syntax::shell::is_name(name))
}

/// Words behind the options at their front; `taking` are those that take the next word.
fn without_options<'w>(words: &'w [Word], taking: &[&str]) -> &'w [Word] {
    let mut words = words;
    while let [first, rest @ ..] = words {
        if first.text == "--" {
            return rest;
        }
        if !first.text.starts_with('-') || first.text.len() < 2 {
            break;
        }
        words = if taking.contains(&first.text.as_str()) { rest.get(1..).unwrap_or_default() } else { rest };
    }
    words
}

#[cfg(test)]
mod tests {
    use crate::model::script::tests::first;

    #[test]
    fn wrappers_and_assignments_are_no_programs() {
        let program = |script: &str| {
            let command = first(script);
            (command.program().to_owned(), command.deploys(), command.is_opaque())
        };
        assert_eq!(program("STAGE=dev npx serverless@3 deploy --stage dev"), ("serverless".into(), true, false));
        assert_eq!(program("sudo -E -u root docker build ."), ("docker".into(), false, false));
        assert_eq!(program("aws --region eu-west-1 cloudformation --no-paginate deploy"), ("aws".into(), true, false));
        assert_eq!(program("npm run $STAGE"), ("npm".into(), false, true));
        assert_eq!(program("./deploy.sh"), ("deploy.sh".into(), false, true));
        assert_eq!(program("npm ci"), ("npm".into(), false, false));
        assert_eq!(program("timeout -k 5 60 env A=1 cdk deploy"), ("cdk".into(), true, false));
        assert_eq!(program("xargs -n 1 -I {} sls deploy"), ("sls".into(), true, false));
        assert_eq!(program("python3 -m pip install x"), ("pip".into(), false, false));
        assert_eq!(program("command -v sls deploy"), ("command".into(), false, false));
        assert_eq!(program("npx @scope/tool@2 go"), ("tool".into(), false, false));
    }

    #[test]
    fn code_is_what_stands_behind_the_option_of_the_program_itself() {
        let code = |script: &str| first(script).inline_code().iter().map(|word| word.text.clone()).collect::<Vec<_>>();
        assert_eq!(code("bash -o pipefail -ec 'make a' b"), ["make a"]);
        assert_eq!(code("python3 -u -c 'print(1)'"), ["print(1)"]);
        assert_eq!(code("eval make all"), ["make", "all"]);
        assert!(code("bash run.sh -c a").is_empty());
        assert!(code("python3 run.py -c a").is_empty());
        assert!(code("node --require a -e").is_empty());
    }
}
