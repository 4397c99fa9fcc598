//! What the deployment of a stack needs: CloudFormation makes the resources of the template with the
//! rights of its caller, unless it is given a role.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html>

use super::handler::{self, Stack};
use super::words::Arguments;
use super::{Certainty, Found, actions, resource};
use crate::model::DeclaredResource;
use crate::model::command::Command;
use crate::model::service::ServerlessService;
use crate::source::FileId;
use crate::template::below_root;
use crate::value::{HoleKind, Part, Text};

/// Event of the Serverless Framework, types that the framework makes of it; `*` for any function,
/// `*bucket` where the service names no bucket to be deployed by.
const EVENTS: &str = include_str!("../../../data/needs/serverless-events.tsv");

/// Names that tools look for by themselves.
const SAM_NAMES: [&str; 3] = ["template.yaml", "template.yml", "template.json"];
const SERVERLESS_NAMES: [&str; 3] = ["serverless.yml", "serverless.yaml", "serverless.json"];

/// What a tool deploys.
pub struct Deployed<'m> {
    kind: Kind<'m>,
    stage: Option<Text>,
    /// The name of the stack, where an option tells it.
    stack: Option<Text>,
}

enum Kind<'m> {
    Nothing,
    Template(Option<FileId>),
    Service(Option<&'m ServerlessService>),
    /// One that is looked at, changed in part, or removed.
    Other(&'m ServerlessService),
}

/// What a command of a tool other than the command line of AWS deploys.
pub fn deployed<'c>(found: &Found<'c>, program: &str, arguments: &Arguments) -> Deployed<'c> {
    let verbs: Vec<&str> = arguments.verbs().collect();
    let option = |names: &[&str]| names.iter().find_map(|name| arguments.values(name).first()).cloned();
    let names = |given: Option<Text>, own: &[&str]| match given {
        Some(text) => vec![text.display().into_owned()],
        None => own.iter().map(|name| (*name).to_owned()).collect(),
    };
    let is_whole = !matches!(verbs.get(1), Some(&("function" | "list")));
    let kind = match (program, verbs.first()) {
        ("sam", Some(&("deploy" | "sync"))) if !arguments.has("--role-arn") => {
            let given = option(&["--template-file", "--template", "-t"]);
            // `sam build` puts what it built there, under the same names of resources.
            let given = given.filter(|text| !text.display().contains(".aws-sam/"));
            Kind::Template(file(found, &names(given, &SAM_NAMES)))
        }
        ("serverless", Some(&"deploy")) if is_whole => {
            Kind::Service(file_of_service(found, &names(option(&["--config", "-c"]), &SERVERLESS_NAMES)))
        }
        ("serverless", _) => file_of_service(found, &names(option(&["--config", "-c"]), &SERVERLESS_NAMES))
            .map_or(Kind::Nothing, Kind::Other),
        _ => Kind::Nothing,
    };
    Deployed { kind, stage: option(&["--stage", "-s"]), stack: option(&["--stack-name"]) }
}

impl Deployed<'_> {
    /// The value of a placeholder of the table: `stack`, `bucket`.
    pub fn told(&self, name: &str) -> Option<Vec<Text>> {
        let (Kind::Service(Some(service)) | Kind::Other(service)) = &self.kind else { return None };
        let text = match name {
            "stack" => service.stack.as_ref()?,
            "bucket" => service.bucket.as_ref()?,
            _ => return None,
        };
        Some(vec![self.of_stage(text)])
    }

    /// What its resources need, where no role is given to make them with.
    pub fn find(&self, found: &mut Found<'_>) {
        match &self.kind {
            Kind::Nothing | Kind::Other(_) => {}
            // The configuration of SAM, which is not read, may name a role.
            Kind::Template(file) => of_template(found, *file, &self.stack_of_template(), Certainty::Likely),
            Kind::Service(Some(service)) if !service.has_deployment_role => {
                of_template(found, Some(service.file), &self.stack_of(service), Certainty::Certain)
            }
            Kind::Service(Some(service)) => {
                let roles = service
                    .deployment_roles
                    .iter()
                    .map(|role| resource::role("--role-arn", role, &found.place))
                    .collect();
                pass_to_cloudformation(found, roles);
            }
            Kind::Service(None) => found.unknown("the service that it deploys is not among the files that are read"),
        }
    }

    fn stack_of_template(&self) -> Stack {
        Stack { name: self.stack.clone(), ..Stack::default() }
    }

    fn stack_of(&self, service: &ServerlessService) -> Stack {
        let rows = EVENTS.lines().filter_map(|line| line.split_once('\t'));
        let is_made = |event: &str| match event {
            "*" => service.events.is_some(),
            "*bucket" => service.bucket.is_none(),
            event => service.events.iter().flatten().any(|known| known == event),
        };
        let mut made: Vec<&str> =
            rows.filter(|(event, _)| is_made(event)).flat_map(|(_, types)| types.split(',')).collect();
        made.sort_unstable();
        made.dedup();
        let of_stage = |text: &Option<Text>| text.as_ref().map(|text| self.of_stage(text));
        Stack { name: of_stage(&service.stack), service: of_stage(&service.start), made }
    }

    /// The text with the stage that the command names; one that only the build knows may be any.
    fn of_stage(&self, text: &Text) -> Text {
        let is_stage = |name: &str| {
            let name = name.split(',').next().unwrap_or(name).trim();
            matches!(name, "sls:stage" | "opt:stage" | "self:provider.stage")
        };
        let parts = text.parts.iter().flat_map(|part| match (part, &self.stage) {
            (Part::Hole(hole), Some(stage)) if is_stage(&hole.name) => match stage.has_holes() {
                true => Text::at("*", hole.span).parts,
                false => stage.parts.clone(),
            },
            // Without an option it is the one by default.
            (Part::Hole(hole), None) if is_stage(&hole.name) && hole.kind == HoleKind::Parameter => {
                let default = hole.default.as_ref().map(|text| Text::at(text.as_str(), hole.span).parts);
                default.unwrap_or_else(|| vec![part.clone()])
            }
            _ => vec![part.clone()],
        });
        Text { parts: parts.collect(), span: text.span }.normalised()
    }
}

fn file_of_service<'c>(found: &Found<'c>, paths: &[String]) -> Option<&'c ServerlessService> {
    let file = file(found, paths)?;
    found.model.services.iter().find(|service| service.file == file)
}

fn pass_to_cloudformation(found: &mut Found<'_>, roles: Vec<Text>) {
    const PAGE: &str = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html";
    let (roles, certainty) = match roles.is_empty() {
        true => (vec![resource::any_role(&found.place)], Certainty::Likely),
        false => (roles, Certainty::Certain),
    };
    let need = found.need(actions(["iam:PassRole"]), roles, certainty, PAGE);
    super::demand(need, "iam:PassedToService", "cloudformation.amazonaws.com");
}

/// Operations of CloudFormation that make resources.
pub fn of_cloudformation(found: &mut Found<'_>, operation: &str, arguments: &Arguments) {
    let option = match operation {
        "deploy" => "--template-file",
        "create-stack" | "update-stack" | "create-change-set" => "--template-body",
        _ => return,
    };
    if arguments.has("--role-arn") {
        return;
    }
    let path = arguments.values(option).first().map(|text| text.display().into_owned());
    let path = path.map(|path| path.strip_prefix("file://").map_or(path.clone(), str::to_owned));
    match path {
        Some(path) => {
            let stack = Stack { name: arguments.values("--stack-name").first().cloned(), ..Stack::default() };
            of_template(found, file(found, &[path]), &stack, Certainty::Certain);
        }
        None => found.unknown("the template that it deploys is not among the files that are read"),
    }
}

/// `certainty` is that of the caller making the resources itself.
fn of_template(found: &mut Found<'_>, file: Option<FileId>, stack: &Stack, certainty: Certainty) {
    let model = found.model;
    let declared: Vec<&DeclaredResource> = model.resources.iter().filter(|one| Some(one.file) == file).collect();
    if declared.is_empty() {
        return found.unknown("the template that it deploys is not among the files that are read");
    }
    handler::of_resources(found, &declared, stack, certainty);
}

/// The file that one of these paths names, seen from where the command runs. What `package` writes has
/// the resources of what it reads.
fn file(found: &Found<'_>, paths: &[String]) -> Option<FileId> {
    let direct = paths.iter().find_map(|path| at(found, found.command, path));
    direct.or_else(|| {
        let packages = found.build.iter().filter(|one| one.has_words(["package"]));
        packages.into_iter().find_map(|package| {
            let written = package.option("--output-template-file").or_else(|| package.option("--output-template"))?;
            let read = package.option("--template-file").or_else(|| package.option("--template"));
            let is_same = |path: &String| base(path) == base(written);
            let reads = |path: &str| at(found, package, path);
            paths.iter().any(is_same).then(|| match read {
                Some(path) => reads(path),
                None => SAM_NAMES.iter().find_map(|path| reads(path)),
            })?
        })
    })
}

fn base(path: &str) -> &str {
    path.trim_start_matches("./")
}

fn at(found: &Found<'_>, command: &Command, path: &str) -> Option<FileId> {
    let path = path.trim_start_matches("$CODEBUILD_SRC_DIR/").trim_start_matches("${CODEBUILD_SRC_DIR}/");
    let inner = below_root(command.folder.as_deref()?, path)?;
    let files =
        || found.model.resources.iter().map(|one| one.file).chain(found.model.services.iter().map(|one| one.file));
    let named = |path: String| files().find(|file| found.model.paths.get(file.index()) == Some(&path));
    found.model.paths_seen(command, &inner).into_iter().find_map(named)
}
