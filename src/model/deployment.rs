//! What deploys: which builds, which principals, and which environment a name speaks of.

use super::pipeline::Pipeline;
use super::principal::{RoleRef, RoleTarget};
use super::project::{BuildProject, DeployEvidence};
use super::{Model, PrincipalId};
use crate::value::Text;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The principals that are meant to deploy.
#[derive(Debug, Default)]
pub struct Deployers {
    /// Roles of actions and builds that deploy.
    pub principals: BTreeSet<PrincipalId>,
    /// Roles that CloudFormation works with on their behalf.
    pub execution: BTreeSet<PrincipalId>,
    /// Deployers whose role is in none of the files.
    pub elsewhere: Vec<String>,
}

impl Deployers {
    pub fn contains(&self, id: PrincipalId) -> bool {
        self.principals.contains(&id) || self.execution.contains(&id)
    }

    /// Somebody is known to deploy, so that others can be told from them.
    pub fn is_known(&self) -> bool {
        !self.principals.is_empty()
    }
}

#[expect(clippy::expect_used, reason = "the pattern is a constant; a test reads it")]
static PRODUCTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(^|[-_/ .])(prod|production|prd|live)([-_/ .0-9]|$)|[a-z]Prod(uction)?([A-Z0-9]|$)")
        .expect("a constant pattern")
});

#[expect(clippy::expect_used, reason = "the pattern is a constant; a test reads it")]
static DEPLOYMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(^|[-_/ .])(deploy(ment)?|prod|production|prd|live|release)([-_/ .0-9]|$)")
        .expect("a constant pattern")
});

/// `prod`, `Deploy-To-Prod`, `production-eu`; not `product` or `reproduce`.
pub fn is_production(text: &str) -> bool {
    // `(?i)` covers the whole pattern, so that camel case needs its own look.
    PRODUCTION.is_match(text)
}

fn names_deployment(text: &str) -> bool {
    DEPLOYMENT.is_match(text)
}

/// What shows that a build deploys: a command, or the name of what runs it.
pub fn evidence(model: &Model, project: &BuildProject) -> Option<DeployEvidence> {
    if let Some(command) = model.commands_of(project).iter().find(|command| command.deploys()) {
        let text = format!("`{}` deploys with `{}`", project.display(), shown(command));
        return Some(DeployEvidence { span: command.span, text, certain: true });
    }
    let by_pipeline = project.run_by.iter().find_map(|at| {
        let (stage, action) = model.pipelines[at.pipeline].action(*at);
        let named = [&stage.name, &action.name].into_iter().find(|name| names_deployment(&name.display()))?;
        let text = format!("`{}` runs in `{}`", project.display(), named.display());
        Some(DeployEvidence { span: named.span, text, certain: false })
    });
    by_pipeline.or_else(|| {
        let name = project.name.as_ref().filter(|name| names_deployment(&name.display()))?;
        let text = format!("`{}` is named for a deployment", project.display());
        Some(DeployEvidence { span: name.span, text, certain: false })
    })
}

fn shown(command: &super::command::Command) -> String {
    let words: Vec<&str> = command.effective().iter().take(3).map(|word| word.text.as_str()).collect();
    words.join(" ")
}

/// Everybody who deploys by design: roles of deploy actions, of deploying builds, and the execution
/// roles that are handed to CloudFormation.
pub fn deployers(model: &Model) -> Deployers {
    let mut found = Deployers::default();
    for pipeline in &model.pipelines {
        for (_, _, _, action) in pipeline.actions() {
            if action.is_deploy_provider() || action.category.eq_ignore_ascii_case("Deploy") {
                found.add(action.role.as_ref().or(pipeline.role.as_ref()), false);
            }
            found.add(action.execution_role.as_ref(), true);
        }
    }
    for project in &model.projects {
        if project.deploys.is_some() && !project.trust.is_untrusted() {
            found.add(project.role.as_ref(), false);
        }
    }
    found
}

impl Deployers {
    fn add(&mut self, role: Option<&RoleRef>, execution: bool) {
        let Some(role) = role else { return };
        match role.target {
            RoleTarget::Declared(id) if execution => {
                self.execution.insert(id);
            }
            RoleTarget::Declared(id) => {
                self.principals.insert(id);
            }
            RoleTarget::Elsewhere => self.elsewhere.push(role.display()),
        }
    }
}

/// The first stage that deploys to production, with the name that says so.
pub fn production_stage(model: &Model, pipeline: &Pipeline) -> Option<(usize, usize, Text)> {
    pipeline.actions().find_map(|(stage_index, index, stage, action)| {
        let builds = action.project.is_some_and(|id| model.projects[id].deploys.is_some());
        if !(action.is_deploy_provider() || builds) {
            return None;
        }
        let environment =
            action.setting("EnvironmentVariables").filter(|text| names_production_variable(&text.display()));
        let named = [Some(&stage.name), Some(&action.name), action.setting("StackName"), environment];
        let name =
            named.into_iter().flatten().find(|text| is_production(&text.display()) || Some(*text) == environment)?;
        Some((stage_index, index, name.clone()))
    })
}

/// `[{"name":"STAGE","value":"prod"}]`: the JSON text of an action's variables.
fn names_production_variable(text: &str) -> bool {
    text.split('"').any(|piece| matches!(piece.to_ascii_lowercase().as_str(), "prod" | "production" | "prd" | "live"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_is_a_word_of_its_own() {
        for name in
            ["prod", "Deploy-To-Prod", "production", "prod-eu", "app_prd", "live", "DeployProd", "Production Deploy"]
        {
            assert!(is_production(name), "{name}");
        }
        for name in ["product", "reproduce", "dev", "Products", "delivery", "olive", "ProductCatalog"] {
            assert!(!is_production(name), "{name}");
        }
        assert!(names_deployment("Deploy-to-dev") && !names_deployment("redeployed"));
        assert!(names_production_variable(r#"[{"name":"STAGE","value":"prod"}]"#));
    }
}
