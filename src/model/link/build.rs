//! Buildspecs to projects, and projects to the pipeline actions that run them.

use super::refers_to;
use crate::model::project::{ActionRef, BuildProject, BuildspecRef};
use crate::model::{BuildspecId, Model, ProjectId};
use crate::source::Sources;
use crate::template::folder_of;
use crate::value::Text;

/// Moves the indices of a fragment's project to those of the whole model.
pub fn shift(project: &mut BuildProject, by: usize) {
    if let BuildspecRef::Inline { id: Some(id), .. } = &mut project.source.buildspec {
        *id += by;
    }
}

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
    for pipeline_id in 0..model.pipelines.len() {
        let mut found = Vec::new();
        for (stage, index, _, action) in model.pipelines[pipeline_id].actions() {
            let runs_project = action.provider.eq_ignore_ascii_case("CodeBuild");
            let project = action.setting("ProjectName").filter(|_| runs_project);
            if let Some(id) = project.and_then(|name| project_named(model, name)) {
                found.push((stage, index, id));
            }
        }
        for (stage, action, id) in found {
            model.pipelines[pipeline_id].stages[stage].actions[action].project = Some(id);
            model.projects[id].run_by.push(ActionRef { pipeline: pipeline_id, stage, action });
        }
    }
}

fn project_named(model: &Model, name: &Text) -> Option<ProjectId> {
    let projects = || model.projects.iter().enumerate();
    let by_reference = projects().find(|(_, project)| refers_to(name, project.file, &project.logical_id.value));
    let by_name = || {
        let same = projects().filter(|(_, project)| {
            let Some(own) = &project.name else { return false };
            own == name || (own.literal().is_some() && own.literal() == name.literal())
        });
        same.max_by_key(|(id, project)| (model.nearness(project.file, name.span.file), std::cmp::Reverse(*id)))
    };
    by_reference.or_else(by_name).map(|(id, _)| id)
}
