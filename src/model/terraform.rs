//! Where configurations of Terraform keep their state, and what commands say of that. What comes of both
//! is told with the needs of a command.

use super::Model;
use super::command::{Command, Word};
use crate::source::FileId;
use crate::syntax::{Parsed, hcl};
use crate::template::terraform::{Backend, Setting, backends, settings};
use crate::template::{Repository, below_root};
use crate::value::Text;

/// Programs that read such a configuration.
pub const PROGRAMS: [&str; 2] = ["terraform", "tofu"];

/// Variables that change what they do.
///
/// Source: <https://developer.hashicorp.com/terraform/cli/config/environment-variables>
pub const VARIABLES: [&str; 6] =
    ["TF_CLI_ARGS", "TF_CLI_ARGS_apply", "TF_CLI_ARGS_destroy", "TF_CLI_ARGS_init", "TF_CLI_ARGS_plan", "TF_WORKSPACE"];

/// A file of a configuration that names a backend, or may name one.
#[derive(Debug)]
pub struct Configuration {
    pub file: FileId,
    pub backends: Vec<Backend>,
    pub is_read: bool,
}

/// A file that `-backend-config` names.
#[derive(Debug)]
pub struct BackendFile {
    pub file: FileId,
    pub settings: Vec<Setting>,
}

impl Configuration {
    pub fn read(parsed: &Parsed, file: FileId) -> Configuration {
        let root = parsed.root();
        Configuration { file, backends: root.map(backends).unwrap_or_default(), is_read: root.is_some() }
    }
}

/// Reads the files that commands name by `-backend-config`.
pub fn find_backend_files(repository: &Repository<'_>, model: &mut Model) {
    let own = model.projects.iter().filter_map(|project| project.own_commands.as_deref()).flatten();
    let mut files: Vec<FileId> = Vec::new();
    for command in model.all_commands().chain(own).filter(|command| PROGRAMS.contains(&command.program())) {
        let given = backend_settings(command).into_iter().flatten();
        for path in given.filter_map(|text| text.literal().map(str::to_owned)).filter(|text| !text.contains('=')) {
            let paths = target_folder(command).and_then(|folder| below_root(&folder, &path));
            let paths = paths.map(|path| model.paths_seen(command, &path)).unwrap_or_default();
            files.extend(paths.iter().find_map(|path| repository.find("", path).ok()));
        }
    }
    files.sort_unstable();
    files.dedup();
    let read = |file: FileId| {
        let parsed = hcl::parse(repository.text(file), file, None);
        Some(BackendFile { file, settings: settings(parsed.root()?) })
    };
    model.backend_files = files.into_iter().filter_map(read).collect();
}

/// The folder of the configuration that a command works on, as its own folder is told; `None` where it
/// is not known.
pub fn target_folder(command: &Command) -> Option<String> {
    let folder = command.folder.as_deref()?;
    let mut words = command.arguments().iter();
    match words.find(|word| option_name(word) == Some("chdir")) {
        Some(word) => {
            let whole = word.literal()?;
            let (_, path) = whole.split_once('=')?;
            below_root(folder, path)
        }
        None => Some(folder.to_owned()),
    }
}

/// What each `-backend-config` gives, a setting or a path, with every text that it may be.
pub fn backend_settings(command: &Command) -> Vec<Vec<Text>> {
    let mut words = command.arguments().iter();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if option_name(word) != Some("backend-config") {
            continue;
        }
        match word.text.find('=') {
            Some(at) => found.push(texts(word, at + 1)),
            None => found.extend(words.next().map(|word| texts(word, 0))),
        }
    }
    found
}

/// `chdir` of `-chdir=infra` and of `--chdir=infra`.
fn option_name(word: &Word) -> Option<&str> {
    let name = word.text.strip_prefix('-')?;
    let name = name.strip_prefix('-').unwrap_or(name);
    Some(name.split_once('=').map_or(name, |(name, _)| name))
}

/// Every text that a word may be, behind its first bytes.
fn texts(word: &Word, from: usize) -> Vec<Text> {
    if word.choices.is_empty() {
        return vec![word.value.without_front(from)];
    }
    word.choices.iter().filter_map(|choice| Some(Text::at(choice.get(from..)?, word.span))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::script::tests::first;

    #[test]
    fn options_have_one_hyphen_or_two_and_their_value_beside_them_or_behind() {
        let shown = |script: &str| {
            let command = first(script);
            let given = backend_settings(&command).into_iter().flatten().map(|text| text.display().into_owned());
            (target_folder(&command), given.collect::<Vec<_>>())
        };
        let of =
            |folder: &str, given: &[&str]| (Some(folder.to_owned()), given.iter().map(|one| (*one).into()).collect());
        assert_eq!(shown("terraform -chdir=infra/app init -backend-config=bucket=b"), of("infra/app", &["bucket=b"]));
        assert_eq!(
            shown("terraform init --backend-config a.hcl -backend-config \"key=$K/s\""),
            of("", &["a.hcl", "key=${K}/s"])
        );
        assert_eq!(shown("terraform -chdir=$DIR init"), (None, Vec::new()));
    }
}
