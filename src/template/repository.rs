//! The files of a run, parsed, as those files see them that take others in: by paths below the root
//! of the repository and by no others.

use super::assigned::Assigned;
use super::cloudformation::{Resource, Template};
use super::detect::{Format, detect, is_dockerfile_name, is_script_name};
use super::dump;
use super::serverless::{Service, has_variables};
use super::stack::Stacks;
use super::terraform;
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::syntax::{self, Member, Parsed};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// All files of a run. What is not among the sources is not there: lowering reads no disk.
pub struct Repository<'s> {
    sources: &'s Sources,
    files: Vec<File>,
    by_path: HashMap<&'s str, FileId>,
    services: HashMap<FileId, Service>,
    taken_in: HashSet<FileId>,
    /// Templates, read when they are first asked for.
    templates: Vec<OnceLock<Option<Template>>>,
    stacks: Stacks,
    assigned: Assigned,
}

/// A file that was parsed, as far as its format has a tree of YAML or JSON.
#[derive(Debug)]
pub struct File {
    pub format: Format,
    pub parsed: Parsed,
    /// The members of a dump that is too large to be parsed as a whole; empty for every other file.
    pub pieces: Vec<Member>,
}

/// Why a file that another one names is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// An absolute path, or one that climbs above the root.
    OutsideRoot,
    /// There is no such file among those that were read.
    Missing,
}

/// What was parsed of a repository, apart from it: taking it all apart takes time.
#[derive(Debug)]
pub struct Trees {
    files: Vec<File>,
    _services: HashMap<FileId, Service>,
    _templates: Vec<OnceLock<Option<Template>>>,
}

impl Trees {
    pub fn parsed(&self, file: FileId) -> &Parsed {
        &self.files[file.index()].parsed
    }
}

impl<'s> Repository<'s> {
    /// Parses every file, and decides what each is.
    pub fn read(sources: &'s Sources) -> Repository<'s> {
        Repository::read_with(sources, Assigned::default())
    }

    /// The same, where values of parameters are known.
    pub fn read_with(sources: &'s Sources, assigned: Assigned) -> Repository<'s> {
        let all: Vec<(FileId, &SourceFile)> = sources.iter().collect();
        let files: Vec<File> = all.par_iter().map(|(file, source)| File::read(*file, source)).collect();
        let by_path = all.iter().map(|(file, source)| (source.path.as_str(), *file)).collect();
        let mut repository = Repository {
            sources,
            by_path,
            services: HashMap::new(),
            taken_in: HashSet::new(),
            templates: files.iter().map(|_| OnceLock::new()).collect(),
            stacks: Stacks::default(),
            assigned,
            files,
        };
        repository.read_services();
        repository
    }

    /// Assembles the services: what they take in is read in them and not for itself.
    fn read_services(&mut self) {
        let files =
            self.sources.iter().map(|(file, _)| file).filter(|file| self.get(*file).format == Format::Serverless);
        let files: Vec<FileId> = files.collect();
        let read = |file: FileId| Some((file, Service::read(self, file, self.get(file).parsed.root()?)));
        let services: HashMap<FileId, Service> = files.into_par_iter().filter_map(read).collect();
        self.taken_in = services
            .values()
            .flat_map(|service| service.taken_in.iter().map(move |file| (service, *file)))
            .filter(|(service, file)| self.holds_all_of(service, *file))
            .map(|(_, file)| file)
            .collect();
        self.services = services;
        self.stacks = Stacks::read(self);
        self.read_parts();
    }

    /// Parts of services that are nowhere to be seen have variables as well.
    fn read_parts(&mut self) {
        let is_part = |file: &FileId| {
            matches!(self.get(*file).format, Format::CloudFormation | Format::Sam)
                && !self.is_taken_in(*file)
                && has_variables(self.text(*file))
        };
        let files: Vec<FileId> = self.sources.iter().map(|(file, _)| file).collect();
        let read = |file: FileId| Some((file, Service::part(self, file, self.get(file).parsed.root()?)));
        let parts: Vec<(FileId, Service)> = files.into_par_iter().filter(is_part).filter_map(read).collect();
        self.services.extend(parts);
    }

    /// Whether a service takes in all that a file declares. Of a template it may want one bucket.
    fn holds_all_of(&self, service: &Service, file: FileId) -> bool {
        let File { format, parsed, .. } = self.get(file);
        match (format, parsed.root()) {
            (Format::Policy | Format::Other, Some(_)) => true,
            (Format::CloudFormation | Format::Sam, Some(root)) => {
                // Of resources with one name the first gives the name, and the last the type.
                let places = |one: &Resource| [one.logical_id.span, one.kind.span];
                let held: HashSet<Span> =
                    Template::read(&service.template, file).resources.iter().flat_map(places).collect();
                let is_held = |one: &Resource| places(one).iter().any(|place| held.contains(place));
                Template::read(root, file).resources.iter().all(is_held)
            }
            _ => false,
        }
    }

    /// What the Serverless Framework makes of a service, or of a part of one.
    pub fn service(&self, file: FileId) -> Option<&Service> {
        self.services.get(&file)
    }

    /// The files that a service takes in as a whole.
    pub fn parts_of(&self, file: FileId) -> impl Iterator<Item = FileId> {
        let parts = self.services.get(&file).into_iter().flat_map(|service| &service.taken_in);
        parts.copied().filter(|part| self.is_taken_in(*part))
    }

    /// Whether another file takes in all of this one, so that it is not read for itself.
    pub fn is_taken_in(&self, file: FileId) -> bool {
        self.taken_in.contains(&file) || self.stacks.is_taken_in(file)
    }

    pub fn files(&self) -> impl Iterator<Item = FileId> + '_ {
        self.sources.iter().map(|(file, _)| file)
    }

    /// The template that a file holds.
    pub fn template(&self, file: FileId) -> Option<&Template> {
        let read = || {
            let File { format, parsed, .. } = self.get(file);
            let root = parsed.root().filter(|_| matches!(format, Format::CloudFormation | Format::Sam))?;
            Some(Template::read_among(self, root, file))
        };
        self.templates.get(file.index())?.get_or_init(read).as_ref()
    }

    /// Which templates belong together.
    pub fn stacks(&self) -> &Stacks {
        &self.stacks
    }

    pub fn get(&self, file: FileId) -> &File {
        &self.files[file.index()]
    }

    pub fn path(&self, file: FileId) -> &'s str {
        self.sources.path(file)
    }

    pub fn text(&self, file: FileId) -> &'s str {
        &self.sources.get(file).text
    }

    /// The folder of a file, relative to the root; empty at the root.
    pub fn folder(&self, file: FileId) -> &'s str {
        folder_of(self.path(file))
    }

    /// What is told of parameters and addresses.
    pub fn assigned(&self) -> &Assigned {
        &self.assigned
    }

    /// The file that `path`, an address or written relative to `folder`, names.
    pub fn find(&self, folder: &str, path: &str) -> Result<FileId, NotTaken> {
        let path = self.assigned.path_of(path).or_else(|| below_root(folder, path)).ok_or(NotTaken::OutsideRoot)?;
        self.by_path.get(path.as_str()).copied().ok_or(NotTaken::Missing)
    }

    /// Parts with the trees, which are large. Texts stay.
    pub fn without_trees(mut self) -> (Repository<'s>, Trees) {
        let trees = Trees {
            files: std::mem::take(&mut self.files),
            _services: std::mem::take(&mut self.services),
            _templates: std::mem::take(&mut self.templates),
        };
        (self, trees)
    }
}

impl File {
    fn read(file: FileId, source: &SourceFile) -> File {
        let name = source.path.rsplit('/').next().unwrap_or_default();
        if is_dockerfile_name(name) {
            return File::new(Format::Dockerfile, Parsed::default());
        }
        // TOML has no tree here: no template is written in it.
        if is_script_name(name) || name.ends_with(".toml") {
            return File::new(Format::Other, Parsed::default());
        }
        if let Some(pieces) = dump::pieces_of_account(&source.text) {
            return File { pieces, ..File::new(Format::CliDump, Parsed::default()) };
        }
        if terraform::is_hcl_name(name) && !terraform::may_name_backend(&source.text) {
            return File::new(Format::Other, Parsed::default());
        }
        let parsed = match terraform::is_hcl_name(name) {
            true => syntax::hcl::parse(&source.text, file, Some("terraform")),
            false => syntax::parse(&source.text, file),
        };
        File::new(detect(&parsed, &source.path, &source.text), parsed)
    }

    fn new(format: Format, parsed: Parsed) -> File {
        File { format, parsed, pieces: Vec::new() }
    }
}

/// The folder of a path that has `/` between its parts; empty for a bare name.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a path lies below a folder of one of these names.
pub fn lies_below(path: &str, names: &[&str]) -> bool {
    path.split('/').rev().skip(1).any(|folder| names.contains(&folder))
}

/// A folder and those above it, the root last.
pub fn folders_up(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| (!folder.is_empty()).then(|| folder_of(folder)))
}

/// `path` as it is written in `folder`, without `.` and `..`; `None` when it leaves the root. A folder outside of the
/// root is named in full, and so is what is below it.
pub fn below_root(folder: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '\\', '~']) || path.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    let root = if folder.starts_with('/') { "/" } else { "" };
    Some(format!("{root}{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_followed_below_the_root_and_no_further() {
        assert_eq!(below_root("infra/ci", "../roles.yml").as_deref(), Some("infra/roles.yml"));
        assert_eq!(below_root("infra", "./ci//roles.yml").as_deref(), Some("infra/ci/roles.yml"));
        assert_eq!(below_root("/srv/shop", "roles/../ci.yml").as_deref(), Some("/srv/shop/ci.yml"));
        assert_eq!(below_root("infra", "../../roles.yml"), None);
        assert_eq!(below_root("infra", "/etc/passwd"), None);
        assert_eq!(below_root("infra", "~/.aws/credentials"), None);
        assert_eq!(below_root("infra", "C:\\roles.yml"), None);
    }

    #[test]
    fn only_files_of_the_run_are_found() {
        let mut sources = Sources::new();
        let roles = sources.add("infra/roles.yml", "Resources: {}");
        let repository = Repository::read(&sources);
        assert_eq!(repository.find("infra/ci", "../roles.yml"), Ok(roles));
        assert_eq!(repository.find("", "roles.yml"), Err(NotTaken::Missing));
        assert_eq!(repository.find("", "../infra/roles.yml"), Err(NotTaken::OutsideRoot));
    }
}
