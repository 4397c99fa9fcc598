//! Buildspecs to projects, and projects to the pipeline actions that run them.

use super::referred;
use crate::model::principal::{account_of, may_be_one_account};
use crate::model::project::{ActionRef, BuildspecRef};
use crate::model::{BuildspecId, Model, ProjectId};
use crate::source::{FileId, Sources};
use crate::template::folder_of;
use crate::value::Text;
use std::collections::HashMap;

/// Looks for the file that a project names, in the folder of its template and in those above it.
pub fn find_buildspecs(model: &mut Model, sources: &Sources) {
    let files: Vec<(String, BuildspecId)> = model
        .buildspecs
        .iter()
        .enumerate()
        .filter(|(_, source)| !source.inline)
        .map(|(id, source)| (sources.path(source.file).to_owned(), id))
        .collect();
    for project in &mut model.projects {
        let folder = folder_of(sources.path(project.file));
        let names: Vec<String> = match &project.source.buildspec {
            BuildspecRef::Default { .. } => vec!["buildspec.yml".into(), "buildspec.yaml".into()],
            BuildspecRef::Path { path, .. } => match path.literal() {
                Some(path) => vec![path.trim_start_matches("./").to_owned()],
                None => continue,
            },
            _ => continue,
        };
        let id = names.iter().find_map(|name| nearest(&files, folder, name));
        match &mut project.source.buildspec {
            BuildspecRef::Default { found } | BuildspecRef::Path { found, .. } => *found = id,
            _ => {}
        }
    }
}

/// The file `name` in `folder` or the nearest folder above it that has one.
fn nearest(files: &[(String, BuildspecId)], folder: &str, name: &str) -> Option<BuildspecId> {
    let mut folder = folder;
    loop {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if let Some((_, id)) = files.iter().find(|(known, _)| *known == path) {
            return Some(*id);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

/// The project of each CodeBuild action.
pub fn find_projects(model: &mut Model) {
    let index = ProjectIndex::new(model);
    for pipeline_id in 0..model.pipelines.len() {
        let mut found = Vec::new();
        let pipeline = &model.pipelines[pipeline_id];
        for (stage, at, _, action) in pipeline.actions() {
            let runs_project = action.provider.eq_ignore_ascii_case("CodeBuild");
            // The project is in the account of the role that the action works with.
            let role = action.role_in(pipeline).and_then(|role| role.text.literal());
            let account = role.and_then(account_of);
            let project = action.setting("ProjectName").filter(|_| runs_project);
            if let Some(id) = project.and_then(|name| index.named(model, name, account)) {
                found.push((stage, at, id));
            }
        }
        for (stage, action, id) in found {
            model.pipelines[pipeline_id].stages[stage].actions[action].project = Some(id);
            model.projects[id].run_by.push(ActionRef { pipeline: pipeline_id, stage, action });
        }
    }
}

/// What a project can be named by.
struct ProjectIndex {
    by_reference: HashMap<(FileId, String), ProjectId>,
    by_name: HashMap<String, Vec<ProjectId>>,
}

impl ProjectIndex {
    fn new(model: &Model) -> ProjectIndex {
        let mut index = ProjectIndex { by_reference: HashMap::new(), by_name: HashMap::new() };
        for (id, project) in model.projects.iter().enumerate() {
            index.by_reference.entry((project.file, project.logical_id.value.clone())).or_insert(id);
            if let Some(name) = &project.name {
                index.by_name.entry(name.display().into_owned()).or_default().push(id);
            }
        }
        index
    }

    fn named(&self, model: &Model, name: &Text, account: Option<&str>) -> Option<ProjectId> {
        let by_reference = referred(name).and_then(|reference| self.by_reference.get(&reference)).copied();
        by_reference.or_else(|| {
            let is_meant = |id: &&ProjectId| {
                let project = &model.projects[**id];
                project.name.as_ref() == Some(name) && may_be_one_account(project.account.as_deref(), account)
            };
            let same = self.by_name.get(&*name.display())?.iter().filter(is_meant);
            same.max_by_key(|id| (model.nearness(model.projects[**id].file, name.span.file), std::cmp::Reverse(**id)))
                .copied()
        })
    }
}
