//! The commands of a buildspec as words with places: enough to see which program is called with
//! which arguments. A tolerant scanner of POSIX shell; it never gives up on a text.

use crate::source::Span;
use crate::template::buildspec::Buildspec;
use crate::value::{Rendered, Text};

/// One simple command: a program and its arguments.
#[derive(Clone, Debug)]
pub struct Command {
    pub phase: String,
    pub words: Vec<Word>,
    pub span: Span,
    /// Its input is the output of the command before it.
    pub is_piped_into: bool,
}

#[derive(Clone, Debug)]
pub struct Word {
    /// Without quotes; variables as they are written.
    pub text: String,
    pub span: Span,
}

/// Programs that run the command behind them.
const WRAPPERS: [&str; 19] = [
    "sudo", "env", "time", "exec", "command", "nohup", "nice", "timeout", "npx", "bunx", "if", "then", "else", "elif",
    "while", "until", "do", "!", "{",
];

/// What `yarn` does by itself; any other word is a script of the package.
const YARN_COMMANDS: [&str; 17] = [
    "install",
    "add",
    "remove",
    "global",
    "cache",
    "config",
    "audit",
    "test",
    "workspaces",
    "workspace",
    "version",
    "info",
    "list",
    "set",
    "upgrade",
    "pack",
    "publish",
];

/// The deploy commands: program and argument words, a line each.
const DEPLOY_COMMANDS: &str = include_str!("../../data/deploy-commands.tsv");

/// All commands of a buildspec, in the order of its phases.
pub fn scan(buildspec: &Buildspec) -> Vec<Command> {
    let mut commands = Vec::new();
    for phase in &buildspec.phases {
        for text in &phase.commands {
            scan_text(text, &phase.name.value, &mut commands);
        }
    }
    commands
}

/// The commands of a `Commands` action of a pipeline.
pub fn scan_list(texts: &[Text]) -> Vec<Command> {
    let mut commands = Vec::new();
    texts.iter().for_each(|text| scan_text(text, "", &mut commands));
    commands
}

fn scan_text(text: &Text, phase: &str, commands: &mut Vec<Command>) {
    let rendered = text.render();
    let mut scanner = Scanner { rendered: &rendered, phase, commands, words: Vec::new(), word: None, piped: false };
    scanner.run(0..rendered.text.len());
}

impl Command {
    /// The words from the program on: assignments and wrappers such as `sudo` or `npx` left out.
    pub fn effective(&self) -> &[Word] {
        let mut words = self.words.as_slice();
        while let [first, rest @ ..] = words {
            let is_assignment = first.text.split_once('=').is_some_and(|(name, _)| is_name(name));
            let runs_another = WRAPPERS.contains(&first.text.as_str());
            let is_runner = matches!(first.text.as_str(), "npm" | "yarn" | "pnpm" | "poetry" | "pipenv" | "bundle")
                && matches!(rest.first().map(|word| word.text.as_str()), Some("exec" | "run" | "dlx"))
                && first.text != "npm"
                || (first.text == "npm" && rest.first().is_some_and(|word| word.text == "exec"));
            let is_limit = first.text == "timeout"
                && rest.first().is_some_and(|word| word.text.starts_with(|c: char| c.is_ascii_digit()));
            if is_runner || is_limit {
                words = &rest[1..];
            } else if is_assignment || runs_another || (first.text.starts_with('-') && words.len() < self.words.len()) {
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
        let name = self.effective().first().map_or("", |word| word.text.as_str());
        let name = name.rsplit('/').next().unwrap_or(name);
        name.split_once('@').map_or(name, |(name, _)| name)
    }

    pub fn arguments(&self) -> &[Word] {
        self.effective().get(1..).unwrap_or_default()
    }

    /// Whether these words stand among the arguments in this order; options may be between them.
    pub fn has_words<'w>(&self, wanted: impl IntoIterator<Item = &'w str>) -> bool {
        let mut arguments = self.arguments().iter();
        wanted.into_iter().all(|word| arguments.any(|argument| argument.text == word))
    }

    /// The first words, for messages.
    pub fn shown(&self) -> String {
        let words: Vec<&str> = self.effective().iter().take(3).map(|word| word.text.as_str()).collect();
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
    }

    /// What the command does stands in another file or is made up at run time.
    pub fn is_opaque(&self) -> bool {
        let program = self.effective().first().map_or("", |word| word.text.as_str());
        let script_runner = matches!(self.program(), "bash" | "sh" | "python" | "python3" | "node" | "source" | ".");
        let runs_file = script_runner
            && self
                .arguments()
                .iter()
                .find(|word| !word.text.starts_with('-'))
                .is_some_and(|word| word.text.contains('.') || word.text.contains('/') || word.text.contains('$'))
            && !self
                .arguments()
                .iter()
                .any(|word| matches!(word.text.as_str(), "-c" | "-m" | "-e" | "-p" | "--eval" | "--print"));
        let runs_script = matches!(self.program(), "npm" | "yarn" | "pnpm")
            && matches!(self.arguments().first().map(|word| word.text.as_str()), Some("run" | "run-script"));
        let runs_script = runs_script || (self.runs_package_script() && !self.deploys());
        let named_by_path = program.starts_with("./") || program.ends_with(".sh") || program.starts_with("$");
        let tool = matches!(self.program(), "make" | "eval" | "gulp" | "grunt" | "rake" | "invoke" | "tox" | "nox");
        tool || runs_file || runs_script || named_by_path
    }

    /// `yarn run release`, `pnpm run release` and `yarn release`: a script of `package.json`, or a
    /// program of a dependency.
    fn runs_package_script(&self) -> bool {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        let runs = words.windows(2).any(|pair| matches!(pair, ["yarn" | "pnpm", "run"]));
        let is_word = |word: &Word| word.text.starts_with(|c: char| c.is_ascii_alphabetic());
        let by_name = |word: &Word| is_word(word) && !YARN_COMMANDS.contains(&word.text.as_str());
        runs || (self.program() == "yarn" && self.arguments().first().is_some_and(by_name))
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

struct Scanner<'t> {
    rendered: &'t Rendered,
    phase: &'t str,
    commands: &'t mut Vec<Command>,
    words: Vec<Word>,
    /// The word being read, and where it started.
    word: Option<(String, usize)>,
    piped: bool,
}

impl Scanner<'_> {
    fn run(&mut self, range: std::ops::Range<usize>) {
        let text = &self.rendered.text;
        let mut at = range.start;
        let mut here_document: Option<String> = None;
        while at < range.end {
            let rest = &text[at..range.end];
            let Some(c) = rest.chars().next() else { break };
            let len = c.len_utf8();
            match c {
                '\\' if rest[1..].starts_with("\r\n") => at += 3,
                '\\' if rest[1..].starts_with('\n') => at += 2,
                '\\' => {
                    let next = rest[1..].chars().next();
                    self.push(&next.map_or_else(String::new, String::from), at);
                    at += 1 + next.map_or(0, char::len_utf8);
                }
                '\'' => at += self.single_quoted(rest, at),
                '"' => at += self.double_quoted(rest, at),
                '`' => {
                    let close = rest[1..].find('`').map_or(rest.len(), |end| end + 2);
                    self.nested(at + 1..(at + close).saturating_sub(1).max(at + 1));
                    self.push(&rest[..close], at);
                    at += close;
                }
                '$' if rest.starts_with("$(") => at += self.substitution(rest, at),
                '$' if rest.starts_with("${") => {
                    let close = rest.find('}').map_or(rest.len(), |end| end + 1);
                    self.push(&rest[..close], at);
                    at += close;
                }
                '#' if self.word.is_none() => at += rest.find('\n').unwrap_or(rest.len()),
                '\n' => {
                    self.end_command(at, false);
                    at += 1;
                    if let Some(mark) = here_document.take() {
                        at += skip_here_document(&text[at..range.end], &mark);
                    }
                }
                ' ' | '\t' | '\r' => {
                    self.end_word(at);
                    at += 1;
                }
                '<' if rest.starts_with("<<") && !rest.starts_with("<<<") => {
                    self.end_word(at);
                    let mark = rest.trim_start_matches(['<', '-', ' ']);
                    let mark = mark.split(char::is_whitespace).next().unwrap_or_default();
                    at += rest.find(mark).unwrap_or(2).max(2) + mark.len();
                    here_document = Some(mark.trim_matches(['\'', '"']).to_owned());
                }
                '|' | '&' | ';' | '(' | ')' => {
                    let is_redirect = c == '&' && (text[..at].ends_with('>') || rest.starts_with("&>"));
                    if is_redirect {
                        self.push("&", at);
                    } else {
                        self.end_command(at, c == '|' && !rest.starts_with("||"));
                    }
                    at += if rest.starts_with("||") || rest.starts_with("&&") { 2 } else { 1 };
                }
                _ => {
                    self.push(&rest[..len], at);
                    at += len;
                }
            }
        }
        self.end_command(range.end, false);
    }

    fn push(&mut self, text: &str, at: usize) {
        self.word.get_or_insert_with(|| (String::new(), at)).0.push_str(text);
    }

    fn single_quoted(&mut self, rest: &str, at: usize) -> usize {
        let close = rest[1..].find('\'').map_or(rest.len(), |end| end + 2);
        self.push(rest[1..close].trim_end_matches('\''), at);
        close
    }

    fn double_quoted(&mut self, rest: &str, at: usize) -> usize {
        self.push("", at);
        let mut inside = 1;
        while let Some(c) = rest[inside..].chars().next() {
            let here = &rest[inside..];
            match c {
                '"' => return inside + 1,
                '\\' => {
                    let next = here[1..].chars().next();
                    self.push(&next.map_or_else(String::new, String::from), at);
                    inside += 1 + next.map_or(0, char::len_utf8);
                }
                '$' if here.starts_with("$(") => inside += self.substitution(here, at + inside),
                _ => {
                    self.push(&here[..c.len_utf8()], at);
                    inside += c.len_utf8();
                }
            }
        }
        inside
    }

    /// `$(…)`: its commands are commands too, and its text is a part of the word.
    fn substitution(&mut self, rest: &str, at: usize) -> usize {
        let mut depth = 0;
        let mut end = rest.len();
        for (offset, c) in rest.char_indices().skip(1) {
            match c {
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    if depth == 0 {
                        end = offset + 1;
                        break;
                    }
                }
                _ => {}
            }
        }
        let inner = at + 2..(at + end).saturating_sub(1).max(at + 2);
        self.nested(inner);
        self.push(&rest[..end], at);
        end
    }

    /// Scans commands inside of a word. Depth is bounded by the length of the text, which halves at
    /// best with each level; a text of brackets alone is cut off.
    fn nested(&mut self, range: std::ops::Range<usize>) {
        if range.len() < 2 || self.rendered.text[range.clone()].matches("$(").count() > 64 {
            return;
        }
        let mut inner = Scanner {
            rendered: self.rendered,
            phase: self.phase,
            commands: self.commands,
            words: Vec::new(),
            word: None,
            piped: false,
        };
        inner.run(range);
    }

    fn end_word(&mut self, at: usize) {
        if let Some((text, start)) = self.word.take() {
            let span = self.rendered.map.span(start..at);
            self.words.push(Word { text: self.with_names(text), span });
        }
    }

    /// Markers of holes become `${name}` again.
    fn with_names(&self, text: String) -> String {
        self.rendered.holes.iter().enumerate().fold(text, |text, (index, hole)| {
            text.replace(&format!("\u{E000}{index}\u{E001}"), &format!("${{{}}}", hole.name))
        })
    }

    fn end_command(&mut self, at: usize, pipes: bool) {
        self.end_word(at);
        let words = std::mem::take(&mut self.words);
        if let (Some(first), Some(last)) = (words.first(), words.last()) {
            let span = first.span.to(last.span);
            self.commands.push(Command { phase: self.phase.to_owned(), span, words, is_piped_into: self.piped });
        }
        self.piped = pipes;
    }
}

/// The length of a here-document, its end mark included.
fn skip_here_document(text: &str, mark: &str) -> usize {
    let mut skipped = 0;
    for line in text.split_inclusive('\n') {
        skipped += line.len();
        if line.trim() == mark {
            break;
        }
    }
    skipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn commands(script: &str) -> Vec<String> {
        let mut sources = Sources::new();
        let file = sources.add("script", script);
        let mut found = Vec::new();
        scan_text(&Text::at(script, Span::new(file, 0, script.len())), "build", &mut found);
        found
            .iter()
            .map(|command| command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join("|"))
            .collect()
    }

    #[test]
    fn a_script_falls_into_simple_commands() {
        assert_eq!(commands("a b && c 'd e' | f"), ["a|b", "c|d e", "f"]);
        assert_eq!(commands("x \\\n  y # note\nz"), ["x|y", "z"]);
        assert_eq!(
            commands("A=$(aws sts get-caller-identity)"),
            ["aws|sts|get-caller-identity", "A=$(aws sts get-caller-identity)"]
        );
        assert_eq!(commands("cat <<EOF\nnot a command\nEOF\nls"), ["cat", "ls"]);
        assert_eq!(commands("run 2>&1 | tee log"), ["run|2>&1", "tee|log"]);
        assert_eq!(commands("\"unclosed"), ["unclosed"]);
    }

    #[test]
    fn wrappers_and_assignments_are_no_programs() {
        let program = |script: &str| {
            let mut sources = Sources::new();
            let file = sources.add("script", script);
            let mut found = Vec::new();
            scan_text(&Text::at(script, Span::new(file, 0, script.len())), "build", &mut found);
            (found[0].program().to_owned(), found[0].deploys(), found[0].is_opaque())
        };
        assert_eq!(program("STAGE=dev npx serverless@3 deploy --stage dev"), ("serverless".into(), true, false));
        assert_eq!(program("sudo -E docker build ."), ("docker".into(), false, false));
        assert_eq!(program("aws --region eu-west-1 cloudformation --no-paginate deploy"), ("aws".into(), true, false));
        assert_eq!(program("npm run $STAGE"), ("npm".into(), false, true));
        assert_eq!(program("./deploy.sh"), ("deploy.sh".into(), false, true));
        assert_eq!(program("npm ci"), ("npm".into(), false, false));
    }
}
