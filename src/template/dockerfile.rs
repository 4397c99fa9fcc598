//! A Dockerfile: stages, and what each of their instructions says. Values keep variables that are
//! not known as holes; an `ARG` is known by its default, which a build may set otherwise.
//!
//! Source: <https://docs.docker.com/reference/dockerfile/>

mod expand;

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, OffsetMap, Span, Spanned};
use crate::syntax::PARSE_ERROR;
use crate::syntax::dockerfile::{self, Instruction, Line};
use crate::value::{Part, Text};
use expand::Known;

#[derive(Clone, Debug)]
pub struct Dockerfile {
    pub file: FileId,
    pub stages: Vec<Stage>,
    pub problems: Vec<Diagnostic>,
}

/// What is built from one `FROM` to the next.
#[derive(Clone, Debug)]
pub struct Stage {
    pub image: Text,
    pub name: Option<Spanned<String>>,
    /// The `FROM` instruction.
    pub span: Span,
    /// The stage that it starts from, when its image is one.
    pub base: Option<usize>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub span: Span,
    /// It runs when another image is built on this one.
    pub is_on_build: bool,
    pub action: Action,
}

#[derive(Clone, Debug)]
pub enum Action {
    Env(Vec<Setting>),
    /// A variable of the build, with its default.
    Arg(Vec<Setting>),
    Label(Vec<Setting>),
    Run {
        script: Script,
        /// `--mount=type=secret,…`
        mounts: Vec<Spanned<String>>,
    },
    Copy(Copy),
    User(Text),
    Workdir(Text),
    Shell(Vec<Text>),
    Cmd(Script),
    Entrypoint(Script),
    Healthcheck(Option<Script>),
    Expose(Vec<Text>),
    Volume(Vec<Text>),
    Stopsignal(Text),
    Maintainer(Text),
}

#[derive(Clone, Debug)]
pub struct Setting {
    pub name: Spanned<String>,
    /// `None` for `ARG NAME`.
    pub value: Option<Text>,
}

/// How a command is given.
#[derive(Clone, Debug)]
pub enum Script {
    Shell(Text),
    /// The words themselves; no shell is run.
    Exec(Vec<Text>),
}

/// `COPY` and `ADD`.
#[derive(Clone, Debug)]
pub struct Copy {
    pub is_add: bool,
    pub sources: Vec<Text>,
    pub target: Option<Text>,
    /// The stage or image that it copies from.
    pub from: Option<Spanned<String>>,
    pub has_checksum: bool,
}

impl Dockerfile {
    pub fn read(text: &str, file: FileId) -> Dockerfile {
        let instructions = dockerfile::read(text, file);
        let mut found = Dockerfile { file, stages: Vec::new(), problems: Vec::new() };
        for (span, message) in &instructions.problems {
            found.problems.push(problem(*span, message.clone(), "not read"));
        }
        // `ARG` before the first `FROM` is known to `FROM` alone, until a stage asks for it.
        let mut global = Known::default();
        let mut known = Known::default();
        for instruction in &instructions.list {
            if instruction.name == "FROM" {
                known = Known::default();
                found.add_stage(instruction, &global);
            } else if let Some(stage) = found.stages.last_mut() {
                if let Some(step) = step(text, instruction, &mut known, Some(&global)) {
                    stage.steps.push(step);
                }
            } else if instruction.name == "ARG" {
                step(text, instruction, &mut global, None);
            } else {
                let message = format!("`{}` stands before the first `FROM`", instruction.name);
                found.problems.push(problem(instruction.name_span, message, "belongs to no image"));
                return found;
            }
        }
        if found.stages.is_empty() && !text.trim().is_empty() {
            let span = Span::start_of(file);
            found.problems.push(problem(span, "the Dockerfile has no `FROM`".into(), "no image is built"));
        }
        found
    }

    fn add_stage(&mut self, instruction: &Instruction, global: &Known) {
        let words = instruction.arguments.words();
        let Some(image) = words.first() else {
            let message = "`FROM` names no image".to_owned();
            self.problems.push(problem(instruction.name_span, message, "an image is missing"));
            return;
        };
        let image = expand::value(image, global);
        let name = match words.as_slice() {
            [_, keyword, name, ..] if keyword.text.eq_ignore_ascii_case("as") => {
                Some(Spanned::new(name.text.clone(), name.span()))
            }
            _ => None,
        };
        let base = image.literal().and_then(|image| {
            let is_it = |stage: &Stage| stage.name.as_ref().is_some_and(|name| name.value.eq_ignore_ascii_case(image));
            self.stages.iter().rposition(is_it)
        });
        self.stages.push(Stage { image, name, span: instruction.span, base, steps: Vec::new() });
    }

    /// The stage that is built when nobody asks for another, and those that it starts from.
    pub fn final_chain(&self) -> Vec<&Stage> {
        let last = self.stages.last();
        // A stage starts from an earlier one, so that this ends.
        std::iter::successors(last, |stage| stage.base.map(|base| &self.stages[base])).collect()
    }

    /// The user that the image runs as: the last `USER` of the final stage or of what it starts from.
    pub fn user(&self) -> Option<(&Text, Span)> {
        self.final_chain().into_iter().find_map(|stage| {
            let users = stage.steps.iter().rev().filter(|step| !step.is_on_build);
            users.into_iter().find_map(|step| match &step.action {
                Action::User(user) => Some((user, step.span)),
                _ => None,
            })
        })
    }
}

fn problem(span: Span, message: String, label: &str) -> Diagnostic {
    let subject = message.clone();
    let mut found = Diagnostic::new(PARSE_ERROR, Severity::High, message, Label::new(span, label));
    found.subject = subject;
    found
}

/// What an instruction says; what it sets is known to those behind it.
fn step(text: &str, instruction: &Instruction, known: &mut Known, global: Option<&Known>) -> Option<Step> {
    let arguments = &instruction.arguments;
    let value = |known: &Known| expand::value(arguments, known);
    let values = |known: &Known| -> Vec<Text> {
        let words = arguments.array().unwrap_or_else(|| arguments.words());
        words.iter().map(|word| expand::value(word, known)).collect()
    };
    let action = match instruction.name {
        "ENV" | "LABEL" => {
            let settings = settings(arguments, known);
            if instruction.name == "LABEL" {
                Action::Label(settings)
            } else {
                settings.iter().for_each(|setting| known.set(&setting.name.value, setting.value.clone(), false));
                Action::Env(settings)
            }
        }
        "ARG" => {
            let mut settings = Vec::new();
            for word in arguments.words() {
                let setting = pair(&word, known);
                let name = &setting.name.value;
                let inherited = || global.and_then(|global| global.get(name)).cloned();
                known.set(name, setting.value.clone().or_else(inherited), true);
                settings.push(setting);
            }
            Action::Arg(settings)
        }
        "RUN" => {
            let mounts = instruction.flags.iter().filter(|flag| flag.name == "mount");
            let mounts = mounts.map(|flag| Spanned::new(flag.value.clone().unwrap_or_default(), flag.span)).collect();
            Action::Run { script: script(text, instruction), mounts }
        }
        "CMD" => Action::Cmd(script(text, instruction)),
        "ENTRYPOINT" => Action::Entrypoint(script(text, instruction)),
        "HEALTHCHECK" => {
            let words = arguments.words();
            let command = words.first().filter(|word| word.text.eq_ignore_ascii_case("cmd"));
            Action::Healthcheck(command.map(|word| form(&arguments.from(word.text.len()).after_blanks())))
        }
        "COPY" | "ADD" => {
            let mut words = values(known);
            let target = words.pop();
            let from = instruction.flags.iter().find(|flag| flag.name == "from");
            Action::Copy(Copy {
                is_add: instruction.name == "ADD",
                sources: words,
                target,
                from: from.map(|flag| Spanned::new(flag.value.clone().unwrap_or_default(), flag.span)),
                has_checksum: instruction.flags.iter().any(|flag| flag.name == "checksum"),
            })
        }
        "USER" => Action::User(value(known)),
        "WORKDIR" => Action::Workdir(value(known)),
        "SHELL" => Action::Shell(values(known)),
        "EXPOSE" => Action::Expose(values(known)),
        "VOLUME" => Action::Volume(values(known)),
        "STOPSIGNAL" => Action::Stopsignal(value(known)),
        "MAINTAINER" => Action::Maintainer(value(known)),
        _ => return None,
    };
    Some(Step { span: instruction.span, is_on_build: instruction.is_on_build, action })
}

/// `NAME=value …`, or the old form `NAME value`.
fn settings(arguments: &Line, known: &Known) -> Vec<Setting> {
    let words = arguments.words();
    let Some(first) = words.first() else { return Vec::new() };
    if first.text.contains('=') {
        return words.iter().map(|word| pair(word, known)).collect();
    }
    let name = Spanned::new(first.text.clone(), first.span());
    let value = arguments.from(first.text.len()).after_blanks();
    vec![Setting { name, value: Some(expand::value(&value, known)) }]
}

fn pair(word: &Line, known: &Known) -> Setting {
    match word.text.find('=') {
        Some(at) => Setting {
            name: Spanned::new(word.text[..at].to_owned(), word.map.span(0..at)),
            value: Some(expand::value(&word.from(at + 1), known)),
        },
        None => Setting { name: Spanned::new(word.text.clone(), word.span()), value: None },
    }
}

/// The script of an instruction, its here-documents included.
fn script(text: &str, instruction: &Instruction) -> Script {
    let arguments = &instruction.arguments;
    let Some(document) = instruction.here_documents.first() else { return form(arguments) };
    let part = |span: Span| Part::Known(text[span.range()].into(), OffsetMap::verbatim(span.file, span.start));
    // `RUN <<EOF` alone: the text is the script.
    if arguments.text.starts_with("<<") && !arguments.text.contains(char::is_whitespace) {
        return Script::Shell(Text { parts: vec![part(document.text)], span: document.text });
    }
    let mut whole = line_text(arguments);
    whole.parts.push(Part::Known("\n".into(), OffsetMap::whole(document.text)));
    whole.parts.extend(instruction.here_documents.iter().map(|document| part(document.with_mark)));
    Script::Shell(whole.normalised())
}

fn form(arguments: &Line) -> Script {
    match arguments.array() {
        Some(words) => Script::Exec(words.iter().map(line_text).collect()),
        None => Script::Shell(line_text(arguments)),
    }
}

fn line_text(line: &Line) -> Text {
    Text { parts: vec![Part::Known(line.text.as_str().into(), line.map.clone())], span: line.span() }
}

#[cfg(test)]
mod tests;
