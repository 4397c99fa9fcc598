//! One file's declarations to its part of the model. Knows formats and meaning; links nothing.

mod account;
mod cdk;
mod codebuild;
mod codepipeline;
mod dump;
mod iam;
mod placeholder;
mod resource_policy;
mod sam;
mod serverless;
mod stack;

pub use dump::version_document;

use super::federation;
use super::image::{ComposeFile, Image};
use super::principal::{ManagedPolicyRef, OtherVersion, Policy, PolicyOwner, Principal, PrincipalKind, RoleRef};
use super::service::ServerlessService;
use super::terraform::Configuration;
use super::{
    BuildProject, BuildspecRef, BuildspecSource, DeclaredResource, Origin, Pipeline, Placeholder, ShownParameter,
};
use crate::diagnostic::Diagnostic;
use crate::iam::{PolicyDocument, PolicyKind, Statement, enclosed};
use crate::source::{FileId, Span, Spanned};
use crate::syntax::{self, Node, Parsed};
use crate::template::buildspec::Buildspec;
use crate::template::compose::Compose;
use crate::template::dockerfile::Dockerfile;
use crate::template::{File, Format, Neighbours, Repository, Resource, Scope, Unresolved, is_pseudo};
use crate::value::{Condition, HoleKind, Text, Value};
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::OnceLock;

/// What one file adds to the model. Indices in it are of this fragment alone.
#[derive(Debug, Default)]
pub struct Fragment {
    pub principals: Vec<Principal>,
    pub policies: Vec<Policy>,
    pub other_versions: Vec<OtherVersion>,
    pub attachments: Vec<Attachment>,
    /// Users and the groups they are added to, as they are written.
    pub memberships: Vec<(Text, Text)>,
    /// Outputs of calls that do not say whose they are.
    pub anonymous: Vec<Anonymous>,
    /// Managed policies that are told of without a document.
    pub policy_names: Vec<Spanned<String>>,
    pub projects: Vec<BuildProject>,
    pub pipelines: Vec<Pipeline>,
    pub buildspecs: Vec<BuildspecSource>,
    pub images: Vec<Image>,
    pub compose: Vec<ComposeFile>,
    pub services: Vec<ServerlessService>,
    pub terraform: Vec<Configuration>,
    /// Roles that CloudFormation is given by a tool that deploys.
    pub execution_roles: Vec<RoleRef>,
    pub resources: Vec<DeclaredResource>,
    pub shown_parameters: Vec<ShownParameter>,
    pub placeholders: Vec<Placeholder>,
    pub unresolved: Vec<Unresolved>,
    pub problems: Vec<Diagnostic>,
    /// What a `package.json` depends on.
    pub npm_packages: Option<BTreeSet<String>>,
    pub not_read: Vec<(Span, String)>,
    /// Where an output stops though more was to come.
    pub cut_off: Vec<Span>,
    /// Files with the last page of the details of an account.
    pub last_pages: Vec<FileId>,
    pub repaired: Vec<Span>,
    pub hidden: Vec<Span>,
    pub origins: Vec<Origin>,
}

impl Fragment {
    /// Takes in what another part of the same file adds.
    fn append(&mut self, mut other: Fragment) {
        other.shift(self.principals.len(), self.policies.len(), self.buildspecs.len());
        self.principals.append(&mut other.principals);
        self.policies.append(&mut other.policies);
        self.other_versions.append(&mut other.other_versions);
        self.attachments.append(&mut other.attachments);
        self.memberships.append(&mut other.memberships);
        self.anonymous.append(&mut other.anonymous);
        self.policy_names.append(&mut other.policy_names);
        self.projects.append(&mut other.projects);
        self.pipelines.append(&mut other.pipelines);
        self.buildspecs.append(&mut other.buildspecs);
        self.images.append(&mut other.images);
        self.compose.append(&mut other.compose);
        self.resources.append(&mut other.resources);
        self.shown_parameters.append(&mut other.shown_parameters);
        self.placeholders.append(&mut other.placeholders);
        self.unresolved.append(&mut other.unresolved);
        self.problems.append(&mut other.problems);
        self.not_read.append(&mut other.not_read);
        self.cut_off.append(&mut other.cut_off);
        self.last_pages.append(&mut other.last_pages);
        self.repaired.append(&mut other.repaired);
        self.hidden.append(&mut other.hidden);
        self.execution_roles.append(&mut other.execution_roles);
        self.services.append(&mut other.services);
        self.terraform.append(&mut other.terraform);
        self.origins.append(&mut other.origins);
    }

    /// Moves its indices to where its principals, policies and buildspecs come to stand.
    pub fn shift(&mut self, principals: usize, policies: usize, buildspecs: usize) {
        for attachment in &mut self.attachments {
            attachment.policy += policies;
            if let Holder::Own(id) = &mut attachment.holder {
                *id += principals;
            }
        }
        for one in &mut self.anonymous {
            if let Listed::Version(policy) = &mut one.what {
                *policy += policies;
            }
        }
        for project in &mut self.projects {
            if let BuildspecRef::Inline { id: Some(id), .. } = &mut project.source.buildspec {
                *id += buildspecs;
            }
        }
    }
}

/// A policy of this fragment belongs to a principal.
#[derive(Debug)]
pub struct Attachment {
    pub policy: usize,
    pub holder: Holder,
    pub when: Vec<Condition>,
}

/// Who holds a policy.
#[derive(Debug)]
pub enum Holder {
    /// A principal of this fragment.
    Own(usize),
    /// One that is named as it is written.
    Named(PrincipalKind, Text),
}

/// The output of a call that does not say whose it is. The name of its file may.
#[derive(Debug)]
pub struct Anonymous {
    pub span: Span,
    pub what: Listed,
}

#[derive(Debug)]
pub enum Listed {
    /// All managed policies that are attached to a principal.
    Attached(Vec<ManagedPolicyRef>),
    /// The names of all inline policies of a principal.
    Inline(Vec<Spanned<String>>),
    /// A version of a managed policy: an index into the policies of this fragment.
    Version(usize),
}

/// The types of resources whose properties somebody asks about. Those of others are left unread,
/// except where the model itself is made of them.
#[derive(Clone, Debug, Default)]
pub enum Asked {
    #[default]
    All,
    Types(HashSet<String>),
}

impl Asked {
    fn about(&self, kind: &str) -> bool {
        match self {
            Asked::All => true,
            Asked::Types(types) => types.contains(kind) || kind == federation::PROVIDER,
        }
    }
}

/// Lowers a file that was read; what it takes in from others comes from the repository.
pub fn lower(repository: &Repository<'_>, file: FileId, asked: &Asked) -> Fragment {
    let File { format, parsed, pieces } = repository.get(file);
    if !pieces.is_empty() {
        return account::lower(repository.text(file), pieces, file, repository.path(file));
    }
    as_format(repository, file, *format, parsed, asked)
}

/// What a `package.json` depends on; of other files nothing.
pub fn package(repository: &Repository<'_>, file: FileId) -> Fragment {
    let is_package = repository.path(file).rsplit('/').next() == Some("package.json");
    let Some(root) = repository.get(file).parsed.root().filter(|_| is_package) else { return Fragment::default() };
    let lists = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
    let entries = lists.iter().filter_map(|list| root.get(list)?.entries()).flatten();
    let names = entries.filter_map(|entry| Some(entry.key.as_str()?.to_owned()));
    Fragment { npm_packages: Some(names.collect()), ..Fragment::default() }
}

fn as_format(repository: &Repository<'_>, file: FileId, format: Format, parsed: &Parsed, asked: &Asked) -> Fragment {
    if format == Format::Terraform {
        // Its syntax is Terraform's to judge.
        return Fragment { terraform: vec![Configuration::read(parsed, file)], ..Fragment::default() };
    }
    let mut fragment =
        Fragment { problems: parsed.problems.clone(), repaired: parsed.repaired.clone(), ..Fragment::default() };
    if format == Format::Compose {
        // Another tool's reader judges its syntax.
        fragment.problems.clear();
    }
    if format == Format::Dockerfile {
        add_image(&mut fragment, Dockerfile::read(repository.text(file), file));
    }
    let Some(root) = parsed.root() else { return fragment };
    if repository.is_taken_in(file) {
        // What it holds is read in the service that takes it in.
        return fragment;
    }
    match format {
        Format::Compose => {
            let compose = Compose::read(repository, file);
            fragment.not_read.extend(compose.not_read.iter().cloned());
            fragment.compose.push(ComposeFile { compose, commands: Vec::new(), used_by: Vec::new() });
        }
        Format::Serverless => {
            if let Some(service) = repository.service(file) {
                serverless::lower(repository, service, root, file, asked, &mut fragment);
            }
        }
        Format::CloudFormation | Format::Sam => match repository.service(file) {
            Some(part) => serverless::lower_part(repository, part, file, asked, &mut fragment),
            None => template(repository, file, asked, &mut fragment),
        },
        Format::Policy => bare_policy(root, file, repository.path(file), &mut fragment),
        Format::CliDump => dump::lower(&parsed.documents, file, repository.path(file), &mut fragment),
        Format::Buildspec => {
            let value = Value::plain(root);
            if let Some(buildspec) = Buildspec::read(&value) {
                add_buildspec(&mut fragment, buildspec, file, false);
            }
        }
        _ => {}
    }
    if parsed.documents.len() > 1 && format != Format::CliDump {
        let second = parsed.documents[1].span();
        if parsed.is_json_sequence {
            fragment.problems.push(syntax::second_value(Span { end: second.start + 1, ..second }));
        }
        fragment.not_read.push((second, "only the first document of the file is read".into()));
    }
    fragment
}

/// A resource that is being lowered.
struct Declared<'a, 't> {
    file: FileId,
    scope: &'a Scope<'t>,
    resource: &'a Resource,
    /// The properties, once they were asked for.
    properties: OnceCell<Value>,
}

impl Declared<'_, '_> {
    /// The properties. The variables in them are listed: they are needed to know what the resource
    /// means.
    fn properties(&self) -> &Value {
        self.properties.get_or_init(|| self.scope.template.properties(self.scope, self.resource))
    }

    /// The same for whoever may ask; variables that nobody needed so far are not listed.
    fn into_properties(self) -> Value {
        let anew = || self.scope.template.properties(&self.scope.anew(), self.resource);
        self.properties.into_inner().unwrap_or_else(anew)
    }

    /// The properties in each of the ways a condition may make them.
    fn with_properties(&self, mut lower: impl FnMut(&Value, Option<Condition>)) {
        let alternatives = self.properties().alternatives();
        for (mut when, value) in alternatives {
            when.extend(self.resource.when.clone());
            // One condition is kept to be named; more than one is rare.
            lower(value, when.into_iter().next());
        }
    }
}

fn template(repository: &Repository<'_>, file: FileId, asked: &Asked, fragment: &mut Fragment) {
    let Some(template) = repository.template(file) else { return };
    declarations(repository, Scope::among(template, Neighbours::new(repository)), asked, fragment);
}

/// What a template declares.
fn declarations(repository: &Repository<'_>, scope: Scope<'_>, asked: &Asked, fragment: &mut Fragment) {
    let template = scope.template;
    fragment.problems.extend(template.problems.iter().cloned());
    fragment.not_read.extend(template.not_read.iter().cloned());
    let silent = template.parameters.values().filter(|one| one.no_echo);
    fragment.hidden.extend(silent.filter_map(|one| one.default.as_ref()).map(|default| default.span));
    let shown = template.parameters.values().filter(|parameter| !parameter.no_echo && !parameter.is_stored());
    fragment
        .shown_parameters
        .extend(shown.map(|one| ShownParameter { template: template.file, name: one.name.clone() }));
    resources(repository, &scope, asked, fragment);
    let (mut unresolved, mut cut) = scope.into_met();
    if template.has_macro() {
        // What a macro takes in need not be what IAM takes.
        for policy in &mut fragment.policies {
            policy.leave_unvalidated();
        }
    } else {
        unresolved.extend(fragment.policies.iter().flat_map(outside_of_sub));
    }
    cut.sort();
    cut.dedup();
    fragment.unresolved = unresolved;
    fragment.not_read.append(&mut cut);
}

/// `${AWS::AccountId}` or `AWS::AccountId` in plain text of a policy: `Fn::Sub` and `Ref` alone put it in.
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html>
fn outside_of_sub(policy: &Policy) -> impl Iterator<Item = Unresolved> {
    policy.document.statements.iter().flat_map(Statement::texts).filter_map(|text| {
        let inside = text.known_parts().filter(|known| known.contains('$')).flat_map(|known| known.split("${").skip(1));
        let mut names = inside.filter_map(|behind| behind.split('}').next()).chain(text.literal());
        let name = names.find(|name| is_pseudo(name))?.to_owned();
        // A plug-in of the Serverless Framework makes an `Fn::Sub` of what has `#{AWS::Region}` in it.
        let is_made_sub = text.known_parts().any(|known| known.contains("#{"));
        (!is_made_sub).then_some(Unresolved { name, kind: HoleKind::Pseudo, span: text.span })
    })
}

fn resources(repository: &Repository<'_>, scope: &Scope<'_>, asked: &Asked, fragment: &mut Fragment) {
    let file = scope.template.file;
    for resource in scope.template.resources.iter().filter(|resource| !resource.is_never_made) {
        let declared = Declared { file, scope, resource, properties: OnceCell::new() };
        match resource.kind.value.as_str() {
            kind if kind.starts_with("AWS::IAM::") => iam::lower(&declared, fragment),
            "AWS::CloudFormation::Stack" | "AWS::Serverless::Application" => {
                stack::nested(repository, &declared, fragment)
            }
            "AWS::CloudFormation::StackSet" => stack::set(repository, &declared, asked, fragment),
            "AWS::Organizations::Policy" => control_policy(&declared, fragment),
            "AWS::CodeBuild::Project" => codebuild::lower(&declared, fragment),
            "AWS::CodePipeline::Pipeline" => codepipeline::lower(&declared, fragment),
            kind if kind.starts_with("AWS::Serverless::") => sam::lower(&declared, fragment),
            _ => resource_policy::lower(&declared, fragment),
        }
        sam::embedded_connectors(&declared, fragment);
        cdk::note(&declared, fragment);
        let kind = resource.kind.value.as_str();
        let may_have_placeholders = placeholder::is_looked_through(kind);
        let value = (asked.about(kind) || may_have_placeholders).then(|| declared.into_properties());
        if let Some(value) = value.as_ref().filter(|_| may_have_placeholders) {
            placeholder::collect(value, fragment);
        }
        if !scope.template.has_macro() {
            fragment.resources.push(declared_resource(file, resource, value));
        }
    }
}

/// Says which of these properties, mappings or lists of them, are known only at deployment.
fn note_unknown(id: &Spanned<String>, properties: &Value, names: &[&str], fragment: &mut Fragment) {
    for name in names {
        let Some(value) = properties.get(name) else { continue };
        let items = value.items().into_iter().map(|(_, item)| item);
        let unknown = items.filter(|item| matches!(item, Value::Text(_) | Value::Unknown(_))).map(Value::span);
        fragment
            .not_read
            .extend(unknown.map(|span| (span, format!("`{name}` of `{}` is known only at deployment", id.value))));
    }
}

/// `AWS::Organizations::Policy`: a control policy, if it is one of those that speak of access.
fn control_policy(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    declared.with_properties(|properties, when| {
        let kind = match properties.get("Type").and_then(Value::literal) {
            Some("SERVICE_CONTROL_POLICY") => PolicyKind::ServiceControl,
            Some("RESOURCE_CONTROL_POLICY") => PolicyKind::ResourceControl,
            _ => return,
        };
        if let Some(content) = properties.get("Content") {
            add_policy(fragment, content.clone(), kind, owner_of(declared, None), declared.file, when.as_ref());
        }
    });
}

fn declared_resource(file: FileId, resource: &Resource, value: Option<Value>) -> DeclaredResource {
    // What a tag such as `!Transform` is given are no properties.
    let is_tagged = resource.properties().is_some_and(|node| node.tag().is_some());
    let entries = resource.properties().filter(|_| !is_tagged).and_then(Node::entries).unwrap_or_default();
    let names = entries.iter().filter_map(|entry| {
        let name = entry.key.as_str()?;
        Some(Spanned::new(name.to_owned(), entry.key.span()))
    });
    let properties: Vec<Spanned<String>> = names.collect();
    let has_intrinsic = properties.iter().any(|name| name.value.starts_with("Fn::") || name.value == "Ref");
    DeclaredResource {
        file,
        logical_id: resource.logical_id.clone(),
        kind: resource.kind.value.clone(),
        kind_span: resource.kind.span,
        properties,
        when: resource.when.clone(),
        is_open: has_intrinsic || is_tagged,
        // Policies are kept as such, and they are long.
        value: value.filter(|_| !is_kept_as_such(&resource.kind.value)),
    }
}

/// Roles and policies of IAM; rules ask for properties of the others.
fn is_kept_as_such(kind: &str) -> bool {
    let others = ["AWS::IAM::User", "AWS::IAM::OIDCProvider", "AWS::IAM::InstanceProfile"];
    kind.starts_with("AWS::IAM::") && !others.contains(&kind)
}

/// What a document is taken for, whatever it looks like.
#[derive(Clone, Debug, Default)]
pub struct AsPolicy {
    pub kind: Option<PolicyKind>,
    /// The type of the resource it protects; empty where it is not known.
    pub resource_type: String,
}

/// Lowers a file that was named as a policy document, or as an output that holds some.
pub fn policy(repository: &Repository<'_>, file: FileId, format: Format, taken_for: &AsPolicy) -> Fragment {
    let mut fragment = as_format(repository, file, format, &repository.get(file).parsed, &Asked::All);
    for policy in &mut fragment.policies {
        if let Some(kind) = taken_for.kind
            && let Some(written) = &policy.written
        {
            policy.kind = kind;
            policy.document = PolicyDocument::read(written, kind).into();
        }
        if !taken_for.resource_type.is_empty() {
            policy.resource_type.clone_from(&taken_for.resource_type);
        }
    }
    fragment
}

fn bare_policy(root: &Node, file: FileId, path: &str, fragment: &mut Fragment) {
    let value = enclosed(Value::plain(root));
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    let span = Span { end: value.span().start, ..value.span() };
    let owner = PolicyOwner { name, span, kind: String::new(), policy_name: None, account: None };
    let kind = kind_of_document(&value);
    add_policy(fragment, value, kind, owner, file, None);
}

/// A document with principals is a resource policy; one that lets principals assume is a trust policy.
fn kind_of_document(value: &Value) -> PolicyKind {
    let statements = value.get("Statement").map(Value::items).unwrap_or_default();
    let has_principal = statements
        .iter()
        .any(|(_, statement)| statement.get("Principal").is_some() || statement.get("NotPrincipal").is_some());
    let assumes = |action: &Value| {
        let literal = action.literal().unwrap_or_default().to_ascii_lowercase();
        literal.starts_with("sts:assumerole") || literal == "sts:tagsession" || literal == "sts:setsourceidentity"
    };
    let is_trust = !statements.is_empty()
        && statements.iter().all(|(_, statement)| {
            let actions = statement.get("Action").map(Value::items).unwrap_or_default();
            !actions.is_empty() && actions.iter().all(|(_, action)| assumes(action))
        });
    match (has_principal, is_trust) {
        (true, true) => PolicyKind::Trust,
        (true, false) => PolicyKind::Resource,
        (false, _) => PolicyKind::Identity,
    }
}

fn owner_of(declared: &Declared<'_, '_>, policy_name: Option<String>) -> PolicyOwner {
    PolicyOwner {
        name: declared.resource.logical_id.value.clone(),
        span: declared.resource.logical_id.span,
        kind: declared.resource.kind.value.clone(),
        policy_name,
        account: None,
    }
}

/// Reads a document and gives its index among the fragment's policies.
fn add_policy(
    fragment: &mut Fragment,
    value: Value,
    kind: PolicyKind,
    owner: PolicyOwner,
    file: FileId,
    when: Option<&Condition>,
) -> usize {
    let written = embedded_document(&value, fragment).unwrap_or(value);
    let mut document = PolicyDocument::read(&written, kind);
    if let Some(when) = when {
        document.statements.iter_mut().for_each(|statement| statement.when.push(when.clone()));
    }
    let resource_type = resource_policy::protected_type(&owner.kind).to_owned();
    fragment.policies.push(Policy {
        document: document.into(),
        kind,
        owner,
        file,
        attached_to: Vec::new(),
        written: Some(written),
        resource_type,
        issues: OnceLock::new(),
    });
    fragment.policies.len() - 1
}

/// A document that is given as text: JSON in a string, in percent-encoding as the API gives it, under `Fn::Sub` or `Fn::Join` too.
fn embedded_document(value: &Value, fragment: &mut Fragment) -> Option<Value> {
    let text = value.as_text()?;
    let mut rendered = text.render();
    if rendered.text.starts_with('%') {
        (rendered.text, rendered.map) = syntax::percent_decoded(&rendered.text, &rendered.map)?;
    }
    if !rendered.text.trim_start().starts_with('{') {
        return None;
    }
    let parsed = syntax::parse_at(&rendered.text, &rendered.map);
    fragment.problems.extend(parsed.problems.iter().cloned());
    fragment.repaired.extend(&parsed.repaired);
    parsed.root().map(|root| Value::restored(root, &rendered.holes))
}

fn add_image(fragment: &mut Fragment, dockerfile: Dockerfile) {
    fragment.problems.extend(dockerfile.problems.iter().cloned());
    fragment.images.push(Image { dockerfile, commands: Vec::new(), used_by: Vec::new(), is_pushed: false });
}

fn add_buildspec(fragment: &mut Fragment, buildspec: Buildspec, file: FileId, inline: bool) -> usize {
    fragment.problems.extend(buildspec.problems.iter().cloned());
    for other in buildspec.batch.iter().flat_map(|batch| &batch.tasks).flat_map(|task| &task.buildspecs) {
        let reason = "the buildspec of a task of the batch is read by itself alone, without the project that runs it";
        fragment.not_read.push((other.span, reason.into()));
    }
    fragment.buildspecs.push(BuildspecSource { buildspec, file, inline, commands: Vec::new() });
    fragment.buildspecs.len() - 1
}

/// The texts a property may be, with the conditions of each; parts that are no text are left out.
fn texts(value: Option<&Value>) -> Vec<(Vec<Condition>, Text)> {
    let items = value.map(Value::items).unwrap_or_default();
    items.into_iter().filter_map(|(when, item)| Some((when, item.as_text()?.clone()))).collect()
}

/// The first text that a property may be.
fn text(value: Option<&Value>) -> Option<Text> {
    texts(value).into_iter().next().map(|(_, text)| text)
}
