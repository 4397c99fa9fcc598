//! What deploys: which builds, which principals, and which environment a name speaks of.

use super::command::Command;
use super::emergency::is_guarded;
use super::pipeline::{Pipeline, PipelineAction, Stage};
use super::principal::{Principal, PrincipalKind, RoleRef, RoleTarget, may_be_one_account};
use super::project::{BuildProject, DeployEvidence};
use super::provided::{is_of_bootstrap, is_of_organisation};
use super::{Model, PrincipalId};
use crate::iam::{ArnPattern, Grant, Wanted};
use crate::source::{FileId, Span, Spanned};
use crate::value::{Hole, HoleKind, Part, Text, Value};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The principals that are meant to deploy.
#[derive(Debug, Default)]
pub struct Deployers {
    /// Roles of actions and builds that deploy.
    pub principals: BTreeSet<PrincipalId>,
    /// Roles that CloudFormation works with on their behalf.
    pub execution: BTreeSet<PrincipalId>,
    /// Those that deploy in an emergency, and are kept for that.
    pub emergency: BTreeSet<PrincipalId>,
    /// Those by which an organisation reaches into the account, where they are not judged as all others.
    pub organisation: BTreeSet<PrincipalId>,
    /// Those that are seen to deploy, where the run was told that others do and nobody else.
    pub unnamed: BTreeSet<PrincipalId>,
    /// Deployers whose role is in none of the files.
    pub elsewhere: Vec<String>,
}

impl Deployers {
    pub fn contains(&self, id: PrincipalId) -> bool {
        let known = [&self.principals, &self.execution, &self.emergency, &self.organisation];
        known.iter().any(|ids| ids.contains(&id))
    }

    /// Whether a role that gets its name at deployment may be one of those that are referred to by
    /// name: `${App}-${Stage}-deploy` and `shop-prod-deploy`.
    pub fn may_be_elsewhere(&self, principal: &Principal) -> bool {
        let Some(name) = principal.name.as_ref().filter(|name| name.has_holes()) else { return false };
        let known: Vec<&str> = name
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Known(text, _) => Some(text.as_str()),
                Part::Hole(_) => None,
            })
            .collect();
        let (Some(first), Some(last)) = (name.parts.first(), name.parts.last()) else { return false };
        known.concat().len() >= 5
            && self.elsewhere.iter().any(|other| {
                let starts = matches!(first, Part::Hole(_)) || other.starts_with(known[0]);
                let ends = matches!(last, Part::Hole(_)) || other.ends_with(known[known.len() - 1]);
                starts && ends && known.iter().all(|piece| other.contains(piece))
            })
    }

    /// Somebody is known to deploy where a principal is, so that it can be told from them.
    pub fn are_known_to(&self, model: &Model, principal: &Principal) -> bool {
        let account = principal.account.as_deref();
        let is_near = |id: &PrincipalId| may_be_one_account(model.principal(*id).account.as_deref(), account);
        // Those that the run was told of are known wherever they are.
        !model.given.deployers.is_empty() || self.principals.iter().any(is_near)
    }
}

/// The words of a name: `Deploy-To-Prod`, `deploy_to_prod` and `DeployToProd` have the same.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let letters: Vec<char> = text.chars().collect();
    let mut is_inside = false;
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| letters[at]);
        let starts_hump = letter.is_uppercase()
            && (before.is_some_and(char::is_lowercase)
                || letters.get(index + 1).is_some_and(|next| next.is_lowercase()));
        match (letter.is_alphabetic(), is_inside && !starts_hump, words.last_mut()) {
            (true, true, Some(word)) => word.extend(letter.to_lowercase()),
            (true, ..) => words.push(letter.to_lowercase().collect()),
            (false, ..) => {}
        }
        is_inside = letter.is_alphabetic();
    }
    words
}

const PRODUCTION: [&str; 4] = ["prod", "production", "prd", "live"];
const DEPLOYMENT: [&str; 5] = ["deploy", "deploys", "deployer", "deployment", "release"];
/// What is done around a deployment, under the same names.
const OTHER_WORK: [&str; 20] = [
    "build",
    "builds",
    "test",
    "tests",
    "testing",
    "lint",
    "scan",
    "check",
    "checks",
    "verify",
    "validate",
    "validation",
    "approve",
    "approval",
    "integ",
    "integration",
    "smoke",
    "unit",
    "notify",
    "notification",
];
const OTHER_ENVIRONMENTS: [&str; 22] = [
    "dev",
    "develop",
    "development",
    "test",
    "testing",
    "qa",
    "uat",
    "stag",
    "stage",
    "staging",
    "sandbox",
    "preview",
    "demo",
    "beta",
    "alpha",
    "gamma",
    "acceptance",
    "nonprod",
    "preprod",
    "nonproduction",
    "preproduction",
    "integ",
];

/// `prod`, `Deploy-To-Prod`, `production-eu`; not `product`, `reproduce` or `pre-prod`.
pub fn is_production(text: &str) -> bool {
    let words = words(text);
    words.iter().enumerate().any(|(index, word)| {
        let is_other = index > 0 && matches!(words[index - 1].as_str(), "non" | "pre" | "not");
        PRODUCTION.contains(&word.as_str()) && !is_other
    })
}

/// `dev`, `Staging`, `pre-prod`.
pub fn is_other_environment(text: &str) -> bool {
    let words = words(text);
    let is_other = |word: &String| OTHER_ENVIRONMENTS.contains(&word.as_str());
    words.iter().any(is_other)
        || words
            .windows(2)
            .any(|pair| matches!(pair[0].as_str(), "non" | "pre") && PRODUCTION.contains(&pair[1].as_str()))
}

fn names_deployment(text: &str) -> bool {
    words(text).iter().any(|word| DEPLOYMENT.contains(&word.as_str())) || is_production(text)
}

/// The name of a project says more loosely what it is about: `aws-deployment-framework-base` deploys
/// nothing for all we know, `app-deployment` and `DeployApp` do.
fn project_is_named_for_deployment(text: &str) -> bool {
    let words = words(text);
    let is_last = words.last().is_some_and(|word| DEPLOYMENT.contains(&word.as_str()));
    (is_last || words.iter().any(|word| word == "deploy")) && !names_other_work(text)
}

fn names_other_work(text: &str) -> bool {
    words(text).iter().any(|word| OTHER_WORK.contains(&word.as_str()))
}

/// What shows that a build deploys: a command, or the name of what runs it.
pub fn evidence(model: &Model, project: &BuildProject) -> Option<DeployEvidence> {
    if let Some(command) = model.commands_of(project).iter().find(|command| command.deploys()) {
        let text = format!("`{}` deploys with `{}`", project.display(), command.shown());
        return Some(DeployEvidence { span: command.span, text, certain: true });
    }
    let by_pipeline = project.run_by.iter().find_map(|at| {
        let (stage, action) = model.pipelines[at.pipeline].action(*at);
        if action.category.eq_ignore_ascii_case("Test") || names_other_work(&action.name.display()) {
            return None;
        }
        let named = [&stage.name, &action.name].into_iter().find(|name| names_deployment(&name.display()))?;
        let text = format!("`{}` runs in `{}`", project.display(), named.display());
        Some(DeployEvidence { span: named.span, text, certain: false })
    });
    by_pipeline.or_else(|| {
        let name = project.name.as_ref().map(|name| (name.display().into_owned(), name.span));
        let id = (project.display().to_owned(), project.logical_id.span);
        let (_, span) = name.into_iter().chain([id]).find(|(name, _)| project_is_named_for_deployment(name))?;
        let text = format!("`{}` is named for a deployment", project.display());
        Some(DeployEvidence { span, text, certain: false })
    })
}

/// Everybody who deploys by design: roles of actions and builds that deploy, and the roles that
/// CloudFormation works with for them.
pub fn deployers(model: &Model) -> Deployers {
    let mut found = Deployers::default();
    for pipeline in &model.pipelines {
        for (_, _, stage, action) in pipeline.actions() {
            if is_deploying_action(stage, action) {
                found.add(action.role_in(pipeline), false);
            }
            found.add(action.execution_role.as_ref(), true);
            found.add_handed_over(model, &action.commands);
        }
    }
    for project in model.projects.iter().filter(|project| project.deploys.is_some()) {
        project.roles().for_each(|role| found.add(Some(role), false));
        found.add_handed_over(model, model.commands_of(project));
    }
    if model.given.is_strict {
        found = Deployers { unnamed: found.principals, ..Deployers::default() };
    }
    let all = || model.principals.iter().enumerate();
    found.principals.extend(all().filter(|(_, one)| model.given.tells_of(one)).map(|(id, _)| id));
    found.unnamed.retain(|id| !found.principals.contains(id));
    let guarded = all().filter(|(_, one)| model.given.is_break_glass(one) && is_guarded(one));
    found.emergency.extend(guarded.map(|(id, _)| id));
    if !model.given.is_strict_sso {
        let reaching_in = all().filter(|(id, one)| is_of_organisation(one) && !found.principals.contains(id));
        found.organisation = reaching_in.map(|(id, _)| id).collect();
    }
    let names = model.given.deployers.iter().filter_map(|told| told.value.rsplit('/').next());
    found.elsewhere.extend(names.map(str::to_owned));
    let passing: Vec<Passing<'_>> = found.principals.iter().map(|id| Passing::of(model.principal(*id))).collect();
    let is_passed = |role: &Principal| {
        let role = Passable::new(role);
        passing.iter().any(|passing| passing.reaches(&role))
    };
    found.execution.extend(all().filter(|(_, role)| role.is_execution_role() && is_passed(role)).map(|(id, _)| id));
    found
}

/// An action that changes what runs with its own role or that of the pipeline.
fn is_deploying_action(stage: &Stage, action: &PipelineAction) -> bool {
    let named = || [&stage.name, &action.name].into_iter().any(|name| names_deployment(&name.display()));
    action.category.eq_ignore_ascii_case("Deploy")
        || action.deploying_command().is_some()
        || (action.category.eq_ignore_ascii_case("Invoke") && named() && !names_other_work(&action.name.display()))
}

static PASS_ROLE: LazyLock<Wanted> = LazyLock::new(|| Wanted::new(&["iam:PassRole"]));

/// What a principal may hand to services; asked of many roles.
pub struct Passing<'m>(Vec<Grant<'m>>);

/// A role that may be handed over, with the ARN that its name gives it.
pub struct Passable<'m> {
    pub role: &'m Principal,
    arn: Option<ArnPattern>,
}

impl<'m> Passable<'m> {
    /// Every role of the model.
    pub fn all(model: &'m Model) -> Vec<Passable<'m>> {
        model.principals.iter().filter(|one| one.kind == PrincipalKind::Role).map(Passable::new).collect()
    }

    pub fn new(role: &'m Principal) -> Passable<'m> {
        let path = role.path.as_deref();
        let unnamed = || path.map(|_| name_at_deployment(role.file, &role.logical_id));
        let name = role.name.clone().or_else(unnamed);
        let prefix = format!("arn:*:iam::*:role{}", path.unwrap_or("/"));
        Passable { role, arn: name.map(|name| arn_of(&prefix, &name, "")) }
    }
}

impl<'m> Passing<'m> {
    pub fn of(principal: &'m Principal) -> Passing<'m> {
        Passing(principal.authority.grants_of(&PASS_ROLE))
    }

    pub fn grants(&self) -> &[Grant<'m>] {
        &self.0
    }

    pub fn reaches(&self, role: &Passable<'_>) -> bool {
        self.0.iter().any(|grant| grant.everywhere || grant.resources.iter().any(|resource| names_role(resource, role)))
    }
}

/// Whether a pattern of ARNs matches a role: by reference to it, or by its name.
pub fn names_role(resource: &ArnPattern, Passable { role, arn }: &Passable<'_>) -> bool {
    names(resource, Some((role.file, &role.logical_id.value)), arn.as_ref())
}

/// Whether a pattern of ARNs matches a resource: by reference to what a file declares, or by its ARN.
pub fn names(resource: &ArnPattern, declared: Option<(FileId, &str)>, arn: Option<&ArnPattern>) -> bool {
    let refers = declared.is_some_and(|(file, id)| {
        let refers = |hole: &Hole| hole.kind == HoleKind::Resource && hole.template == file && hole.logical_id() == id;
        resource.text().holes().any(refers)
    });
    refers || arn.is_some_and(|arn| resource.overlaps(arn).is_yes())
}

/// What only the deployment names may have any name.
pub fn name_at_deployment(file: FileId, logical_id: &Spanned<String>) -> Text {
    let (name, span) = (logical_id.value.clone(), logical_id.span);
    Text::from_hole(Hole { name, kind: HoleKind::Resource, span, template: file, default: None })
}

/// `prefix` with a name behind it, as a pattern of ARNs.
pub fn arn_of(prefix: &str, name: &Text, suffix: &str) -> ArnPattern {
    let mut parts = Text::at(prefix, name.span).parts;
    parts.extend(name.parts.iter().cloned());
    parts.extend(Text::at(suffix, name.span).parts);
    ArnPattern::new(&Text { parts, span: name.span }.normalised(), false, Vec::new())
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

    /// `--role-arn` of a deploy command names the role that CloudFormation works with, and that of
    /// `aws sts assume-role` the one that deploys. The CDK deploys with roles of its bootstrap.
    fn add_handed_over(&mut self, model: &Model, commands: &[Command]) {
        if commands.iter().any(|command| command.program() == "cdk" && command.deploys()) {
            let all = model.principals.iter().enumerate();
            self.principals.extend(all.filter(|(_, one)| is_of_bootstrap(one)).map(|(id, _)| id));
        }
        for command in commands {
            let assumes = command.program() == "aws" && command.has_words(["sts", "assume-role"]);
            let Some(arn) = command.option("--role-arn").filter(|_| assumes || command.deploys()) else { continue };
            let last = arn.rsplit('/').next().unwrap_or(arn).trim_matches(['$', '{', '}']).trim_end_matches(".Arn");
            let is_named = |principal: &Principal| {
                let name = principal.name.as_ref().and_then(Text::literal);
                principal.kind == PrincipalKind::Role && (name == Some(last) || principal.logical_id.value == last)
            };
            match model.principals.iter().position(is_named) {
                Some(id) if assumes => _ = self.principals.insert(id),
                Some(id) => _ = self.execution.insert(id),
                None => {}
            }
        }
    }
}

/// A place where a pipeline deploys to production.
pub struct ToProduction {
    pub stage: usize,
    pub action: usize,
    /// The name that speaks of production.
    pub name: Text,
    /// The action is sure to deploy.
    pub is_certain: bool,
    /// The command that says so, where no name of the pipeline does.
    pub command: Option<Span>,
}

/// The first action that deploys to production.
pub fn to_production(model: &Model, pipeline: &Pipeline) -> Option<ToProduction> {
    pipeline.actions().find_map(|(stage_index, index, stage, action)| {
        let is_certain = deploys_certainly(model, stage, action)?;
        let environment =
            action.setting("EnvironmentVariables").filter(|text| names_production_variable(&text.display()));
        let named = [Some(&stage.name), Some(&action.name), action.setting("StackName"), environment];
        let name =
            named.into_iter().flatten().find(|text| is_production(&text.display()) || Some(*text) == environment);
        let is_open = name.is_none() && !is_for_another(stage, action);
        let command = if is_open { command_for(model, action, is_production) } else { None };
        let name = name.or(command.map(|_| &action.name))?.clone();
        let command = command.map(Command::root);
        Some(ToProduction { stage: stage_index, action: index, name, is_certain, command })
    })
}

/// The names or the variables of an action speak of another environment than production.
pub fn is_for_another(stage: &Stage, action: &PipelineAction) -> bool {
    let names = [Some(&stage.name), Some(&action.name), action.setting("StackName")];
    names.into_iter().flatten().any(|name| is_other_environment(&name.display())) || sets_other_environment(action)
}

/// The command of an action, or of its build, that deploys to such an environment: `serverless deploy --stage prod`. One
/// that some builds run, and others not, says nothing of this action.
pub fn command_for<'m>(
    model: &'m Model,
    action: &'m PipelineAction,
    is_meant: fn(&str) -> bool,
) -> Option<&'m Command> {
    const OPTIONS: [&str; 4] = ["--stage", "--environment", "--env", "--stack-name"];
    let of_build = action.project.map(|id| model.own_commands_of(model.project(id))).unwrap_or_default();
    let names = |command: &Command| OPTIONS.iter().any(|option| command.option(option).is_some_and(is_meant));
    action.commands.iter().chain(of_build).find(|command| command.deploys() && !command.may_not_run && names(command))
}

/// The first action that deploys, whatever the place is called that it deploys to.
pub fn first_deployment(model: &Model, pipeline: &Pipeline) -> Option<(usize, usize)> {
    let mut actions = pipeline.actions();
    // A pipeline that updates its own stack deploys nothing by that.
    let is_own =
        |action: &PipelineAction| action.setting("StackName").is_some_and(|name| name.display() == "${AWS::StackName}");
    let found =
        actions.find(|(_, _, stage, action)| deploys_certainly(model, stage, action) == Some(true) && !is_own(action));
    found.map(|(stage, index, ..)| (stage, index))
}

/// Whether an action deploys, and whether that is sure.
fn deploys_certainly(model: &Model, stage: &Stage, action: &PipelineAction) -> Option<bool> {
    if action.is_deploy_provider() || action.deploying_command().is_some() {
        return Some(true);
    }
    if let Some(id) = action.project {
        return model.projects[id].deploys.as_ref().map(|evidence| evidence.certain);
    }
    // A function or a state machine that runs in a stage of production does something there.
    let invokes = action.category.eq_ignore_ascii_case("Invoke");
    // A project that is in none of the files is judged by the name of the action.
    let builds = action.provider.eq_ignore_ascii_case("CodeBuild") && names_deployment(&action.name.display());
    let is_other = names_other_work(&action.name.display()) && !is_production(&stage.name.display());
    ((invokes || builds) && !is_other).then_some(false)
}

/// `[{"name":"STAGE","value":"prod"}]`: the JSON text of an action's variables.
pub fn names_production_variable(text: &str) -> bool {
    text.split('"').any(|piece| PRODUCTION.contains(&piece.to_ascii_lowercase().as_str()))
}

/// `[{"name":"STAGE","value":"dev"}]`; the name of a variable may be `stage`.
pub fn sets_other_environment(action: &PipelineAction) -> bool {
    let is_other = |one: &Value| {
        let value = one.get("value").and_then(Value::literal).map(str::to_ascii_lowercase);
        value.is_some_and(|value| OTHER_ENVIRONMENTS.contains(&value.as_str()))
    };
    let variables = action.json_setting("EnvironmentVariables");
    variables.is_some_and(|variables| variables.items().into_iter().any(|(_, one)| is_other(one)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_is_a_word_of_its_own() {
        for name in [
            "prod",
            "Deploy-To-Prod",
            "production",
            "prod-eu",
            "app_prd",
            "live",
            "DeployProd",
            "Production Deploy",
            "bundy-prod54",
            "PRODUCTION",
        ] {
            assert!(is_production(name), "{name}");
        }
        for name in
            ["product", "reproduce", "dev", "Products", "delivery", "olive", "ProductCatalog", "pre-prod", "NonProd"]
        {
            assert!(!is_production(name), "{name}");
        }
        assert!(names_deployment("Deploy-to-dev") && !names_deployment("redeployed"));
        assert!(is_other_environment("PreProd") && is_other_environment("app-qa1") && !is_other_environment("latest"));
        assert!(project_is_named_for_deployment("AppDeploy") && project_is_named_for_deployment("web-release"));
        assert!(!project_is_named_for_deployment("deployment-framework-base"));
        assert!(names_production_variable(r#"[{"name":"STAGE","value":"prod"}]"#));
    }
}
