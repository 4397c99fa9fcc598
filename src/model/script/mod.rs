//! Scripts to commands: the commands of a build in their order, with what is known of the variables,
//! and those of the scripts of the repository that they run. Nothing is run.

mod environment;
mod file;
mod note;
mod target;
mod variables;
mod word;

use super::command::{Assignment, Command, Opaque, SHELLS, Via, Word};
use super::{BuildspecId, BuildspecSource, Model, ProjectId, terraform};
use crate::source::{FileId, Span, Spanned};
use crate::syntax::shell::{self, Kind};
use crate::template::Repository;
use crate::template::dockerfile::{Action, Dockerfile, Script};
use crate::value::{Rendered, Text};
use environment::{Environment, Values};
use note::Notes;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use target::Target;
use word::Scope;

/// Scripts that run scripts; deeper ones are not followed.
const MAX_DEPTH: usize = 12;

/// As many scripts are followed from one build.
const MAX_FOLLOWED: usize = 300;

/// As many commands of one build are kept.
const MAX_COMMANDS: usize = 50_000;

/// Builtins that set variables by the words `NAME=value`.
const DECLARATIONS: [&str; 5] = ["export", "declare", "local", "readonly", "typeset"];

/// A walk through the commands of a build.
struct Walk<'r> {
    /// The files of the run; without them no script is followed.
    repository: Option<&'r Repository<'r>>,
    /// Folders that paths may be relative to, the likeliest first.
    bases: Vec<String>,
    environment: Environment,
    phase: Arc<str>,
    via: Vec<Via>,
    functions: Vec<String>,
    /// What runs now is run by a command that may not run.
    in_doubt: bool,
    followed: HashSet<(FileId, String)>,
    notes: Notes,
    commands: Vec<Command>,
}

/// Fills in the commands of everything that runs any.
pub fn find_commands(repository: &Repository<'_>, model: &mut Model) {
    let variables: Vec<HashMap<String, Values>> =
        (0..model.buildspecs.len()).map(|id| variables::of_builds(model, id, &variables::users(model, id))).collect();
    let of_users: Vec<(ProjectId, Vec<Command>)> = (0..model.projects.len())
        .into_par_iter()
        .filter_map(|id| Some((id, of_user(repository, model, id)?)))
        .collect();
    let are_for_windows: Vec<bool> = (0..model.buildspecs.len()).map(|id| is_for_windows(model, id)).collect();
    model.buildspecs.par_iter_mut().zip(variables).zip(are_for_windows).for_each(|((source, variables), windows)| {
        source.commands = of_buildspec(repository, source, variables, windows);
    });
    for (id, commands) in of_users {
        model.projects[id].own_commands = Some(commands);
    }
    for pipeline in &mut model.pipelines {
        for action in pipeline.stages.iter_mut().flat_map(|stage| &mut stage.actions) {
            action.commands = of_list(repository, pipeline.file, &action.scripts);
        }
    }
    model.images.par_iter_mut().for_each(|image| image.commands = of_image(repository, &image.dockerfile));
    for file in &mut model.compose {
        let services = file.compose.services.iter();
        let commands = services.flat_map(|service| [&service.entrypoint, &service.command]);
        file.commands = commands.flat_map(|words| of_words(repository, file.compose.file, words)).collect();
    }
}

/// What a project runs of a buildspec that others run too, with variables of their own.
fn of_user(repository: &Repository<'_>, model: &Model, id: ProjectId) -> Option<Vec<Command>> {
    let project = &model.projects[id];
    let buildspec = project.buildspec_id().filter(|id| variables::users(model, *id).len() > 1)?;
    let variables = variables::of_builds(model, buildspec, &[project]);
    Some(of_buildspec(repository, &model.buildspecs[buildspec], variables, project.is_windows))
}

/// On Windows the shell is PowerShell, whether the buildspec says so or not.
fn is_for_windows(model: &Model, id: BuildspecId) -> bool {
    let users = variables::users(model, id);
    !users.is_empty() && users.iter().all(|project| project.is_windows)
}

/// The commands of a buildspec, in the order of its phases.
fn of_buildspec(
    repository: &Repository<'_>,
    source: &BuildspecSource,
    variables: HashMap<String, Values>,
    is_windows: bool,
) -> Vec<Command> {
    let buildspec = &source.buildspec;
    let mut walk = Walk::new(Some(repository), source.file);
    for (name, values) in variables {
        walk.environment.set(0, &name, values, false);
    }
    for phase in &buildspec.phases {
        walk.phase = Arc::from(phase.name.value.as_str());
        for text in &phase.commands {
            if is_windows || buildspec.is_for_windows() {
                walk.skip(text, Opaque::Windows);
            } else if buildspec.has_a_shell_for_each_command() {
                let shell = walk.environment.open(0);
                walk.run_in(shell, text);
            } else {
                walk.run_in(0, text);
            }
        }
    }
    walk.commands
}

/// The commands of an action of a pipeline, one behind the other in one shell.
fn of_list(repository: &Repository<'_>, file: FileId, texts: &[Text]) -> Vec<Command> {
    let mut walk = Walk::new(Some(repository), file);
    texts.iter().for_each(|text| walk.run_in(0, text));
    walk.commands
}

/// A command that is given as one text, or word for word.
fn of_words(repository: &Repository<'_>, file: FileId, words: &[Text]) -> Vec<Command> {
    let mut walk = Walk::new(Some(repository), file);
    match words {
        [] => {}
        [text] => walk.run_in(0, text),
        words => walk.exec(0, words),
    }
    walk.commands
}

/// What the `RUN` instructions of an image run, each in a shell of its own.
fn of_image(repository: &Repository<'_>, dockerfile: &Dockerfile) -> Vec<Command> {
    let mut walk = Walk::new(Some(repository), dockerfile.file);
    // Paths are those of the context, which is most often the folder of the Dockerfile.
    walk.bases.rotate_left(1);
    for stage in &dockerfile.stages {
        let outer = walk.environment.open(0);
        let name = stage.name.as_ref().map_or("", |name| name.value.as_str());
        walk.phase = Arc::from(name);
        let mut is_windows = false;
        for step in &stage.steps {
            match &step.action {
                Action::Env(settings) | Action::Arg(settings) => {
                    let is_default = matches!(step.action, Action::Arg(_));
                    for setting in settings {
                        let values = match &setting.value {
                            Some(value) => Values { is_default, ..Values::one(value.clone()) },
                            None => Values::unknown(),
                        };
                        walk.environment.set(outer, &setting.name.value, values, false);
                    }
                }
                Action::Shell(words) => {
                    let shell = words.first().map(|word| word.display().to_ascii_lowercase()).unwrap_or_default();
                    is_windows = shell.contains("powershell") || shell.contains("pwsh") || shell.starts_with("cmd");
                }
                Action::Run { script: Script::Shell(text), .. } if is_windows => walk.skip(text, Opaque::Windows),
                Action::Run { script: Script::Shell(text), .. } => {
                    let shell = walk.environment.open(outer);
                    walk.run_in(shell, text);
                }
                Action::Run { script: Script::Exec(words), .. } => {
                    let shell = walk.environment.open(outer);
                    walk.exec(shell, words);
                }
                _ => {}
            }
        }
    }
    walk.commands
}

impl<'r> Walk<'r> {
    /// `file` is the one in which the commands stand.
    fn new(repository: Option<&'r Repository<'r>>, file: FileId) -> Walk<'r> {
        // The root of the source, then the folders from the file's own upwards.
        let mut bases = vec![String::new()];
        let mut folder = repository.map_or("", |repository| repository.folder(file));
        while !folder.is_empty() {
            bases.push(folder.to_owned());
            folder = crate::template::folder_of(folder);
        }
        Walk {
            repository,
            bases,
            environment: Environment::new(),
            phase: Arc::from(""),
            via: Vec::new(),
            functions: Vec::new(),
            in_doubt: false,
            followed: HashSet::new(),
            notes: Notes::default(),
            commands: Vec::new(),
        }
    }

    /// A command that is given word for word: nothing in it is expanded.
    fn exec(&mut self, shell: usize, words: &[Text]) {
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return };
        let mut command = self.command(first.span.to(last.span));
        let word = |text: &Text| Word {
            value: text.clone(),
            text: text.display().into_owned(),
            written: None,
            choices: Vec::new(),
            span: text.span,
        };
        command.words = words.iter().map(word).collect();
        let index = self.commands.len();
        self.commands.push(command.clone());
        self.commands[index].opaque = self.follow(&command, &[], shell);
        self.commands[index].is_followed = self.commands.len() > index + 1;
    }

    /// Commands that are no commands of a POSIX shell.
    fn skip(&mut self, text: &Text, opaque: Opaque) {
        let value = text.clone();
        let word = Word { text: text.display().into_owned(), value, written: None, choices: vec![], span: text.span };
        let mut command = self.command(text.span);
        command.words.push(word);
        command.opaque = Some(opaque);
        self.commands.push(command);
    }

    fn command(&self, span: Span) -> Command {
        Command {
            phase: self.phase.clone(),
            assignments: Vec::new(),
            words: Vec::new(),
            span,
            is_piped_into: false,
            is_redirected: false,
            folder: None,
            variables: Vec::new(),
            uses: Vec::new(),
            is_followed: false,
            may_not_run: self.in_doubt,
            via: Arc::from(self.via.as_slice()),
            opaque: None,
        }
    }

    fn run_in(&mut self, shell: usize, text: &Text) {
        let rendered = text.render();
        let script = shell::parse(&rendered.text);
        self.functions.extend(script.functions.iter().map(|name| (*name).to_owned()));
        // The subshells of the script are shells of the environment.
        let mut shells = vec![shell];
        for outer in &script.subshells[1..] {
            shells.push(self.environment.open(shells[*outer]));
        }
        let mut unread = script.unread.iter();
        for command in &script.commands {
            if self.commands.len() >= MAX_COMMANDS {
                return;
            }
            let shell = shells[command.place.subshell];
            self.simple(&rendered, command, shell, &script);
        }
        // Where nothing else came of the text, what is not read is a command by itself.
        if script.commands.is_empty()
            && let Some((range, reason)) = unread.next()
        {
            let span = rendered.map.span(range.clone());
            self.skip(&Text::at(rendered.text[range.clone()].to_owned(), span), Opaque::Unparsed(reason));
        }
    }

    fn simple(&mut self, rendered: &Rendered, written: &shell::Command<'_>, shell: usize, script: &shell::Script<'_>) {
        let span = rendered.map.span(written.range.clone());
        let scope = Scope { rendered, environment: &self.environment, shell };
        let words: Vec<Word> = written.words.iter().flat_map(|word| word::read(&scope, word)).collect();
        let assignments: Vec<(Assignment, bool)> = written
            .assignments
            .iter()
            .map(|one| {
                let place = rendered.map.span(one.range.start..one.range.start + one.name.len());
                let value = word::whole(&scope, &one.value.parts, rendered.map.span(one.value.range.clone()));
                (Assignment { name: Spanned::new(one.name.to_owned(), place), value }, one.appends)
            })
            .collect();
        let inputs: Vec<Text> = written
            .redirections
            .iter()
            .filter_map(|one| match (&one.body, one.operator) {
                (Some(body), _) => Some(&body.parts),
                (None, "<<<") => Some(&one.target.parts),
                _ => None,
            })
            .map(|parts| word::whole(&scope, parts, span).value)
            .collect();
        let is_conditional = written.place.is_conditional;
        if let Kind::For(name) = written.kind {
            let values = Values {
                is_open: words.is_empty() || words.iter().any(|word| word.literal().is_none()),
                known: words.into_iter().filter(|word| word.literal().is_some()).map(|word| word.value).collect(),
                is_default: false,
            };
            self.environment.set(shell, name, values, false);
            return;
        }
        let mut command = self.command(span);
        command.is_piped_into = written.place.is_piped_into;
        command.is_redirected =
            written.redirections.iter().any(|one| one.operator.contains('>') && one.operator != ">&");
        if written.words.is_empty() {
            for (assignment, appends) in &assignments {
                self.assign(shell, &assignment.name.value, &assignment.value, *appends, is_conditional);
            }
        }
        command.assignments = assignments.into_iter().map(|(assignment, _)| assignment).collect();
        // Of several values of a variable each build has one.
        command.may_not_run |= is_conditional || words.iter().any(|word| word.choices.len() > 1);
        command.words = words;
        if written.kind == Kind::Test || command.words.is_empty() {
            self.commands.push(command);
            return;
        }
        if let Some((_, reason)) =
            script.unread.iter().find(|(range, _)| range.start < written.range.end && range.end > written.range.start)
        {
            command.opaque = Some(Opaque::Unparsed(reason));
            self.commands.push(command);
            return;
        }
        self.builtin(&command, shell, is_conditional);
        command.folder = self.environment.folder(shell).map(str::to_owned);
        if terraform::PROGRAMS.contains(&command.program()) {
            command.variables = self.variables(&command, shell, &terraform::VARIABLES);
        }
        command.uses = self.notes.above(self.repository, command.span);
        let is_function = command.effective().first().is_some_and(|word| self.functions.contains(&word.text));
        let index = self.commands.len();
        self.commands.push(command.clone());
        let opaque = self.follow(&command, &inputs, shell);
        self.commands[index].is_followed = is_function || self.commands.len() > index + 1;
        self.commands[index].opaque = opaque;
    }

    /// Those of some variables that are set, for the command alone or in its shell.
    fn variables(&self, command: &Command, shell: usize, names: &[&'static str]) -> Vec<(&'static str, Option<Text>)> {
        let of_command = |name: &str| command.assignments.iter().find(|one| one.name.value == name);
        let value = |name: &'static str| match of_command(name) {
            Some(own) => Some((name, own.value.choices.is_empty().then(|| own.value.value.clone()))),
            None => Some((name, self.environment.get(shell, name)?.only().cloned())),
        };
        names.iter().filter_map(|name| value(name)).collect()
    }

    fn assign(&mut self, shell: usize, name: &str, value: &Word, appends: bool, is_conditional: bool) {
        let values = if appends {
            match self.environment.get(shell, name).and_then(Values::only) {
                Some(before) => {
                    let parts = [&before.parts[..], &value.value.parts].concat();
                    Values::one(Text { parts, span: value.span }.normalised())
                }
                None => Values::unknown(),
            }
        } else if value.choices.is_empty() {
            Values::one(value.value.clone())
        } else {
            let known = value.choices.iter().map(|choice| Text::at(choice.as_str(), value.span)).collect();
            Values { known, ..Values::default() }
        };
        self.environment.set(shell, name, values, is_conditional);
    }

    /// What a command of the shell itself changes in it.
    fn builtin(&mut self, command: &Command, shell: usize, is_conditional: bool) {
        let arguments = command.arguments();
        match command.program() {
            name if DECLARATIONS.contains(&name) => {
                for word in arguments {
                    let Some((name, _)) = word.text.split_once('=') else { continue };
                    if shell::is_name(name) {
                        let value = word.value.without_front(name.len() + 1);
                        self.environment.set(shell, name, Values::one(value), is_conditional);
                    }
                }
            }
            "unset" | "read" | "mapfile" | "readarray" | "getopts" => {
                for word in arguments.iter().filter(|word| shell::is_name(&word.text)) {
                    self.environment.set(shell, &word.text, Values::unknown(), is_conditional);
                }
            }
            "shift" => (1..10).for_each(|n| self.environment.set(shell, &n.to_string(), Values::unknown(), false)),
            "cd" | "pushd" => {
                let folder = match arguments.iter().find(|word| !word.text.starts_with('-')) {
                    Some(word) => self.path(word, shell),
                    None => None,
                };
                self.environment.set_folder(shell, folder);
            }
            "popd" => self.environment.set_folder(shell, None),
            _ => {}
        }
    }

    /// The path that a word means, relative to the root of the source; `None` when it is not known.
    fn path(&self, word: &Word, shell: usize) -> Option<String> {
        let text = word.text.as_str();
        let roots = ["$CODEBUILD_SRC_DIR", "${CODEBUILD_SRC_DIR}", "$GITHUB_WORKSPACE"];
        if let Some(rest) = roots.iter().find_map(|root| text.strip_prefix(root)) {
            return (!rest.contains(['$', '`'])).then(|| clean("", rest.trim_start_matches('/'))).flatten();
        }
        let text = ["$PWD/", "${PWD}/", "$(pwd)/"].iter().find_map(|here| text.strip_prefix(here)).unwrap_or(text);
        if text.contains(['$', '`', '*', '\n']) || text.is_empty() {
            return None;
        }
        clean(self.environment.folder(shell)?, text)
    }

    /// Looks into what a command runs; says why when that cannot be done.
    fn follow(&mut self, command: &Command, inputs: &[Text], shell: usize) -> Option<Opaque> {
        let found = target::of(command, &self.functions);
        // A shell that is given no script reads what comes in.
        if let (Target::Itself | Target::Opaque(Opaque::Piped), [text, ..]) = (&found, inputs)
            && SHELLS.contains(&command.program())
        {
            return self.run_nested(command, text, false, shell);
        }
        match found {
            Target::Itself => None,
            Target::Opaque(reason) => {
                if reason == Opaque::Eval {
                    self.environment.doubt_all(shell);
                }
                Some(reason)
            }
            Target::Text { text, is_here } => self.run_nested(command, text, is_here, shell),
            Target::File { path, arguments, is_here, kind } => {
                self.follow_file(command, path, arguments, is_here, kind, shell)
            }
            Target::Make { targets, folder, file } => self.follow_make(command, &targets, folder, file, shell),
            Target::Package { scripts, folder, is_sure, otherwise } => {
                self.follow_package(command, &scripts, folder, is_sure, otherwise, shell)
            }
        }
    }

    /// A text that is run by a shell.
    fn run_nested(&mut self, command: &Command, text: &Text, is_here: bool, shell: usize) -> Option<Opaque> {
        if self.via.len() >= MAX_DEPTH {
            return Some(too_deep());
        }
        let inner = if is_here { shell } else { self.environment.open(shell) };
        // The text stands among the words of the command: no label has to lead there.
        let lies_within = command.span.contains(text.span);
        self.nested(command, !lies_within, |walk| walk.run_in(inner, text));
        None
    }

    /// Runs what `command` leads to, one level deeper.
    fn nested(&mut self, command: &Command, is_told: bool, run: impl FnOnce(&mut Walk<'r>)) {
        let via = self.via.clone();
        if is_told || self.via.is_empty() {
            self.via.push(Via { span: command.span, shown: command.shown() });
        } else if let Some(last) = self.via.last().cloned() {
            // Depth counts, whether it is told or not.
            self.via.push(last);
        }
        let in_doubt = self.in_doubt;
        self.in_doubt |= command.may_not_run;
        run(self);
        self.in_doubt = in_doubt;
        self.via = via;
    }
}

fn too_deep() -> Opaque {
    Opaque::Script("scripts run each other too deeply".into())
}

/// A path below the root, written in `folder`.
fn clean(folder: &str, path: &str) -> Option<String> {
    crate::template::below_root(folder, path)
}

#[cfg(test)]
pub mod tests;
