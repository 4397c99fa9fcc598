//! What the files mean: principals, policies, build projects, pipelines, and the links between them
//! across files. One model for the whole run; rules read it and nothing below it.

mod authority;
pub mod artifact;
pub mod command;
pub mod deployment;
mod emergency;
pub mod federation;
mod given;
pub mod group;
pub mod image;
mod link;
pub mod lower;
pub mod pipeline;
pub mod principal;
pub mod project;
pub mod provided;
pub mod script;
pub mod service;
pub mod terraform;
mod trust_level;
pub mod webhook;

pub use authority::{AuthorityLabel, DEPLOY, Power, actions_of_power};
pub use federation::is_ci_provider;
pub use given::Given;
pub use link::link;
pub use pipeline::{Pipeline, PipelineAction, Stage, Trigger};
pub use principal::{
    CiUse, ManagedPolicyRef, OtherVersion, Policy, PolicyOwner, Principal, PrincipalKind, RoleRef, RoleTarget,
};
pub use project::{ActionRef, Artifacts, BuildProject, BuildspecRef, Source};
pub use provided::{is_of_bootstrap, is_service_linked};
pub use trust_level::{CodeTrust, Level, buildspec_is_in_source, from_pipeline};
pub use webhook::{Filter, FilterGroup, FilterKind, Webhook};

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span, Spanned};
use crate::template::buildspec::Buildspec;
use crate::template::{Unresolved, below_root, folder_of, folders_up};
use crate::value::{Condition, Hole, HoleKind, Part, Text, Value, joined};
use std::collections::BTreeSet;

/// An index into [`Model::principals`].
pub type PrincipalId = usize;
/// An index into [`Model::projects`].
pub type ProjectId = usize;
/// An index into [`Model::pipelines`].
pub type PipelineId = usize;
/// An index into [`Model::buildspecs`].
pub type BuildspecId = usize;

/// Everything that was understood of all files.
#[derive(Debug, Default)]
pub struct Model {
    pub principals: Vec<Principal>,
    /// Every policy document once, whoever it is attached to.
    pub policies: Vec<Policy>,
    /// Versions of managed policies that are not the default ones.
    pub other_versions: Vec<OtherVersion>,
    pub projects: Vec<BuildProject>,
    pub pipelines: Vec<Pipeline>,
    pub buildspecs: Vec<BuildspecSource>,
    pub images: Vec<image::Image>,
    pub compose: Vec<image::ComposeFile>,
    pub services: Vec<service::ServerlessService>,
    /// Parts of configurations of Terraform that name a backend, or may name one.
    pub terraform: Vec<terraform::Configuration>,
    /// Files of settings that `terraform init` is given.
    pub backend_files: Vec<terraform::BackendFile>,
    /// Roles that CloudFormation is given by a tool that deploys.
    pub execution_roles: Vec<RoleRef>,
    pub resources: Vec<DeclaredResource>,
    /// What the files `package.json` depend on; `None` where there is no such file.
    pub npm_packages: Option<BTreeSet<String>>,
    /// Parameters of templates that do not hide their value.
    pub shown_parameters: Vec<ShownParameter>,
    pub placeholders: Vec<Placeholder>,
    pub unresolved: Vec<Unresolved>,
    /// Problems of syntax and structure, in the order of the files.
    pub problems: Vec<Diagnostic>,
    /// Parts of files that are not looked into, and why.
    pub not_read: Vec<(Span, String)>,
    /// Places that were read otherwise than they are written.
    pub repaired: Vec<Span>,
    /// Values that must not be shown: defaults of parameters with `NoEcho`.
    pub hidden: Vec<Span>,
    /// Where a tool made what is reported on.
    pub origins: Vec<Origin>,
    /// The path of each file, by its index.
    pub paths: Vec<String>,
    /// What the run is told of the world outside.
    pub given: Given,
    /// Who is meant to deploy. Filled by linking.
    pub deployers: deployment::Deployers,
}

/// How many folders two paths have in common.
fn nearness(left: &str, right: &str) -> usize {
    let (left, right) = (folder_of(left), folder_of(right));
    left.split('/').zip(right.split('/')).take_while(|(one, other)| one == other).count()
}

/// A buildspec and where it is written.
#[derive(Debug)]
pub struct BuildspecSource {
    pub buildspec: Buildspec,
    pub file: FileId,
    /// Stands inside a template, in the project's own `BuildSpec` property.
    pub inline: bool,
    pub commands: Vec<command::Command>,
}

/// A resource with the names of its properties, for checks of spelling.
#[derive(Debug)]
pub struct DeclaredResource {
    /// The template that declares it.
    pub file: FileId,
    pub logical_id: Spanned<String>,
    pub kind: String,
    /// Where its type is written; of an output the resource itself.
    pub kind_span: Span,
    pub properties: Vec<Spanned<String>>,
    /// It is there only when this holds.
    pub when: Option<Condition>,
    /// Other properties may be there that are not seen: a transform or a condition puts them in.
    pub is_open: bool,
    /// The properties evaluated, where somebody asks about the type; those of roles and policies of IAM are kept
    /// as such alone.
    pub value: Option<Value>,
}

impl DeclaredResource {
    /// The properties evaluated.
    pub fn value(&self) -> Option<&Value> {
        debug_assert!(self.value.is_some() || self.kind.starts_with("AWS::IAM::"), "nobody asked about {}", self.kind);
        self.value.as_ref()
    }
}

/// A parameter without `NoEcho`: whoever may describe the stack reads its value.
#[derive(Debug)]
pub struct ShownParameter {
    pub template: FileId,
    pub name: Spanned<String>,
}

/// What a tool made of what the user wrote, for those who look for it in their own code.
#[derive(Debug)]
pub struct Origin {
    /// The place that findings stand in.
    pub span: Span,
    /// Only findings about this role.
    pub role: Option<String>,
    /// The tool wrote it for a purpose of its own, and the user cannot change it.
    pub is_of_tool: bool,
    /// One line: "SAM makes the role `HelloRole` for the function `Hello`".
    pub text: String,
}

/// A name that waits to be filled in, such as `ACCOUNT_ID`.
#[derive(Debug)]
pub struct Placeholder {
    pub text: String,
    pub property: String,
    pub span: Span,
}

impl Model {
    /// How many folders two files have in common: of several declarations of one name the nearest
    /// is meant.
    pub fn nearness(&self, left: FileId, right: FileId) -> usize {
        nearness(&self.paths[left.index()], &self.paths[right.index()])
    }

    /// What there is to say of where the subject of a finding at `span`, about the role of that name,
    /// comes from.
    pub fn origin(&self, span: Span, role: &str) -> Option<&Origin> {
        self.origins.iter().find(|origin| {
            origin.span.file == span.file
                && match &origin.role {
                    Some(name) => name == role,
                    None => origin.span.start <= span.start && span.end <= origin.span.end,
                }
        })
    }

    /// The text with the names of stacks that services of the Serverless Framework give theirs.
    pub fn with_stack_names(&self, text: &Text) -> Text {
        let stack = |hole: &Hole| {
            let is_name = hole.kind == HoleKind::Pseudo && hole.name == "AWS::StackName";
            self.services.iter().find(|service| is_name && service.file == hole.template)?.stack.clone()
        };
        let parts = text.parts.iter().map(|part| match part {
            Part::Hole(hole) => stack(hole).unwrap_or_else(|| Text::from_hole(hole.as_ref().clone())),
            known => Text { parts: vec![known.clone()], span: text.span },
        });
        joined(&parts.collect::<Vec<_>>(), text.span)
    }

    /// The paths that one below the folder of a source may mean for a command: the source is the
    /// repository, or one of the folders from that of the build's own file upwards.
    pub fn paths_seen(&self, command: &command::Command, path: &str) -> Vec<String> {
        let own = self.paths.get(command.root().file.index()).map_or("", |path| folder_of(path));
        std::iter::once("").chain(folders_up(own)).filter_map(|folder| below_root(folder, path)).collect()
    }

    pub fn principal(&self, id: PrincipalId) -> &Principal {
        &self.principals[id]
    }

    pub fn project(&self, id: ProjectId) -> &BuildProject {
        &self.projects[id]
    }

    /// The actions of all pipelines.
    pub fn actions(&self) -> impl Iterator<Item = &PipelineAction> {
        self.pipelines.iter().flat_map(|pipeline| pipeline.actions().map(|(_, _, _, action)| action))
    }

    /// Every command that is known, whoever runs it.
    pub fn all_commands(&self) -> impl Iterator<Item = &command::Command> {
        let of_builds = self.buildspecs.iter().flat_map(|source| &source.commands);
        let of_images = self.images.iter().flat_map(|image| &image.commands);
        let of_services = self.compose.iter().flat_map(|file| &file.commands);
        of_builds.chain(self.actions().flat_map(|action| &action.commands)).chain(of_images).chain(of_services)
    }

    /// The buildspec that a project runs, when it was found.
    pub fn buildspec_of(&self, project: &BuildProject) -> Option<&BuildspecSource> {
        project.buildspec_id().map(|id| &self.buildspecs[id])
    }

    /// The commands that a project runs, as far as they are known.
    pub fn commands_of(&self, project: &BuildProject) -> &[command::Command] {
        self.buildspec_of(project).map_or(&[], |source| &source.commands)
    }

    /// The same with the values that its own builds start with, whoever else runs the buildspec.
    pub fn own_commands_of<'m>(&'m self, project: &'m BuildProject) -> &'m [command::Command] {
        project.own_commands.as_deref().unwrap_or_else(|| self.commands_of(project))
    }

    /// The role that a reference leads to, when it is declared in the files.
    pub fn role(&self, reference: Option<&RoleRef>) -> Option<&Principal> {
        match reference?.target {
            RoleTarget::Declared(id) => Some(&self.principals[id]),
            RoleTarget::Elsewhere => None,
        }
    }

    /// The account of a pipeline: that of its role, where its details are seen or its ARN is written out.
    pub fn account_of_pipeline<'m>(&'m self, pipeline: &'m Pipeline) -> Option<&'m str> {
        let role = pipeline.role.as_ref();
        let seen = self.role(role).and_then(|role| role.account.as_deref());
        seen.or_else(|| principal::account_of(role?.text.literal()?))
    }

    /// Projects whose builds run with this role.
    pub fn projects_with_role(&self, id: PrincipalId) -> impl Iterator<Item = &BuildProject> {
        let uses = move |project: &&BuildProject| project.roles().any(|role| role.target == RoleTarget::Declared(id));
        self.projects.iter().filter(uses)
    }
}
