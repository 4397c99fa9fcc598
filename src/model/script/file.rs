//! Scripts of the repository that commands name: files of a shell, Makefiles, `package.json`.

use super::environment::Values;
use super::target::{self, FileKind, Otherwise};
use super::{MAX_DEPTH, MAX_FOLLOWED, Walk, clean, too_deep};
use crate::model::command::{Command, Opaque, Word};
use crate::source::{FileId, OffsetMap, Span};
use crate::syntax::{self, makefile};
use crate::value::{Hole, HoleKind, Part, Text};

impl<'r> Walk<'r> {
    /// The file that a path means which is written in the folder of a shell.
    fn find(&self, path: &str) -> Option<FileId> {
        let repository = self.repository?;
        self.bases.iter().find_map(|base| repository.find(base, path).ok())
    }

    /// Why this script should not be looked into, or not once more.
    fn may_follow(&mut self, file: FileId, what: String) -> Result<bool, Opaque> {
        if self.via.len() >= MAX_DEPTH || self.followed.len() >= MAX_FOLLOWED {
            return Err(too_deep());
        }
        Ok(self.followed.insert((file, what)))
    }

    pub(super) fn follow_file(
        &mut self,
        command: &Command,
        path: &Word,
        arguments: &[Word],
        is_here: bool,
        kind: FileKind,
        shell: usize,
    ) -> Option<Opaque> {
        let known = self.path(path, shell);
        let found = known.as_deref().and_then(|path| self.find(path));
        let Some(file) = found.filter(|file| self.is_shell_script(*file)) else {
            if kind == FileKind::Program && target::is_known_wrapper(&path.text) {
                return None;
            }
            if is_here {
                self.environment.doubt_all(shell);
            }
            return Some(match (known, found) {
                (None, _) => Opaque::Script(format!("where `{}` is, is known only when it runs", path.written())),
                (Some(_), Some(_)) => Opaque::ProgramInOtherLanguage,
                (Some(_), None) => Opaque::Script(format!("`{}` is not among the files that are read", path.written())),
            });
        };
        let key: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
        match self.may_follow(file, key.join(" ")) {
            Err(opaque) => return Some(opaque),
            Ok(false) => return None,
            Ok(true) => {}
        }
        let inner = if is_here { shell } else { self.environment.open(shell) };
        if !is_here || !arguments.is_empty() {
            for (n, word) in arguments.iter().take(9).enumerate() {
                self.environment.set(inner, &(n + 1).to_string(), Values::one(word.value.clone()), false);
            }
        }
        let text = self.whole(file);
        self.nested(command, true, |walk| walk.run_in(inner, &text));
        None
    }

    /// The text of a file.
    fn whole(&self, file: FileId) -> Text {
        let text = self.repository.map_or("", |repository| repository.text(file));
        let parts = vec![Part::Known(text.into(), OffsetMap::verbatim(file, 0))];
        Text { parts, span: Span::new(file, 0, text.len()) }
    }

    /// Whether the first line names a shell, or nothing and the name of the file does.
    fn is_shell_script(&self, file: FileId) -> bool {
        let Some(repository) = self.repository else { return false };
        let first = repository.text(file).lines().next().unwrap_or_default();
        match first.strip_prefix("#!") {
            Some(program) => {
                let program = program.trim().rsplit(['/', ' ']).next().unwrap_or_default();
                matches!(program, "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" | "-e" | "-ex" | "-eu" | "-x" | "-l")
            }
            None => {
                let name = repository.path(file);
                [".sh", ".bash", ".env", ".envrc"].iter().any(|ending| name.ends_with(ending))
            }
        }
    }

    pub(super) fn follow_make(
        &mut self,
        command: &Command,
        targets: &[String],
        folder: Option<String>,
        name: Option<String>,
        shell: usize,
    ) -> Option<Opaque> {
        let folder = self.folder_for(folder, shell);
        let names = match &name {
            Some(name) => vec![name.as_str()],
            None => vec!["GNUmakefile", "makefile", "Makefile"],
        };
        let file = folder.as_ref().and_then(|folder| names.iter().find_map(|name| self.find(&clean(folder, name)?)));
        let (Some(folder), Some(file), Some(repository)) = (folder, file, self.repository) else {
            return Some(Opaque::Script("what `make` does stands in a file that is not read".into()));
        };
        let text = repository.text(file);
        let rules = makefile::read(text);
        let mut wanted: Vec<String> = targets.to_vec();
        if wanted.is_empty() {
            wanted.extend(rules.default_target().map(str::to_owned));
        }
        let mut missing = None;
        for target in &wanted {
            let recipes = rules.recipes_for(target);
            if !rules.has(target) {
                missing = Some(target.clone());
            }
            for (name, lines) in recipes {
                match self.may_follow(file, format!("make {name}")) {
                    Err(opaque) => return Some(opaque),
                    Ok(false) => continue,
                    Ok(true) => {}
                }
                let inner = self.environment.open(shell);
                self.environment.set_folder(inner, Some(folder.clone()));
                for line in lines {
                    let line = recipe_line(file, &line);
                    // Each line has a shell of its own.
                    let own = self.environment.open(inner);
                    self.nested(command, true, |walk| walk.run_in(own, &line));
                }
            }
        }
        missing.map(|target| Opaque::Script(format!("the Makefile tells nothing of the target `{target}`")))
    }

    fn folder_for(&self, folder: Option<String>, shell: usize) -> Option<String> {
        let here = self.environment.folder(shell)?;
        match folder {
            Some(folder) if folder.contains(['$', '`']) => None,
            Some(folder) => clean(here, &folder),
            None => Some(here.to_owned()),
        }
    }

    pub(super) fn follow_package(
        &mut self,
        command: &Command,
        scripts: &[String],
        folder: Option<String>,
        is_sure: bool,
        otherwise: Otherwise,
        shell: usize,
    ) -> Option<Opaque> {
        let folder = self.folder_for(folder, shell);
        let file = folder.as_ref().and_then(|folder| self.find(&clean(folder, "package.json")?));
        let file = file.zip(self.repository);
        let parsed = file.map(|(file, repository)| syntax::parse(repository.text(file), file));
        let declared = parsed.as_ref().and_then(|parsed| parsed.root()?.get("scripts"));
        let mut is_found = false;
        for name in scripts {
            let Some(node) = declared.and_then(|scripts| scripts.get(name)) else { continue };
            let (Some(scalar), Some((file, _))) = (node.as_scalar(), file) else { continue };
            is_found = true;
            match self.may_follow(file, format!("run {name}")) {
                Err(opaque) => return Some(opaque),
                Ok(false) => continue,
                Ok(true) => {}
            }
            let text = Text::from_scalar(scalar, node.span());
            let inner = self.environment.open(shell);
            self.environment.set_folder(inner, folder.clone());
            self.nested(command, true, |walk| walk.run_in(inner, &text));
        }
        if !is_sure {
            return Some(Opaque::Script("which script it is, is known only when it runs".into()));
        }
        let is_elsewhere = otherwise == Otherwise::Dependency && declared.is_some();
        if is_found || is_elsewhere || otherwise == Otherwise::Known {
            return None;
        }
        let name = scripts.get(usize::from(scripts.len() > 1)).map_or("", String::as_str);
        Some(Opaque::Script(match declared {
            Some(_) => format!("`package.json` has no script `{name}`"),
            None => format!("`{name}` is a script of a `package.json` that is not read"),
        }))
    }
}

/// A line of a recipe: `$$` is a `$` of the shell, and `$(NAME)` a variable of make.
fn recipe_line(file: FileId, line: &makefile::Line<'_>) -> Text {
    let span = Span::new(file, line.range.start, line.range.end);
    let parts = line.parts.iter().map(|part| match part {
        makefile::Part::Text { text, start } => Part::Known((*text).into(), OffsetMap::verbatim(file, *start as u32)),
        makefile::Part::Dollar { start } => {
            Part::Known("$".into(), OffsetMap::whole(Span::new(file, *start, *start + 2)))
        }
        makefile::Part::Variable { name, range } => {
            let span = Span::new(file, range.start, range.end);
            let name = (*name).to_owned();
            Hole { name, kind: HoleKind::Variable, span, template: span.file, default: None }.into()
        }
    });
    Text { parts: parts.collect(), span }.normalised()
}
