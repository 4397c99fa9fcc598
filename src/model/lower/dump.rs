//! Output of the AWS CLI to projects, pipelines, principals and policies.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html>

use super::iam::bound_by;
use super::{Anonymous, Attachment, Fragment, Holder, Listed, add_policy, codebuild, codepipeline, placeholder};
use crate::iam::{PolicyDocument, PolicyKind, aws_managed_name, catalogue};
use crate::model::DeclaredResource;
use crate::model::principal::{
    Activity, LeftOut, ManagedPolicyRef, OtherVersion, PolicyOwner, Principal, PrincipalKind, account_of,
};
use crate::source::{FileId, OffsetMap, Sources, Span, Spanned};
use crate::syntax::{self, Node};
use crate::template::dump::{self, RESOURCE_POLICY_KEYS, Shape};
use crate::value::{Map, Text, Value};
use jiff::civil::Date;

const ROLE: &str = "AWS::IAM::Role";
const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";

/// Lowers the outputs that a file holds.
pub fn lower(documents: &[Node], file: FileId, path: &str, fragment: &mut Fragment) {
    for (index, root) in documents.iter().enumerate() {
        for (shape, node) in dump::objects(root) {
            object(shape, node, file, path, fragment);
        }
        if let Some(group) = root.get("Group").and_then(|group| text(group.get("GroupName"))) {
            let users = list(root.get("Users")).iter().filter_map(|user| text(user.get("UserName")));
            fragment.memberships.extend(users.map(|user| (user, group.clone())));
        }
        let left_out = dump::left_out(root);
        fragment.not_read.extend(left_out.into_iter().map(|(node, reason)| (node.span(), reason)));
        if index + 1 == documents.len() {
            let cut_off = dump::more_follows(root).map(Node::span);
            fragment.cut_off.extend(cut_off);
            fragment.last_pages.extend((cut_off.is_none() && dump::has_details(root)).then_some(file));
        }
    }
}

/// Lowers one object of an output.
pub fn object(shape: Shape, node: &Node, file: FileId, path: &str, fragment: &mut Fragment) {
    match shape {
        Shape::Project => project(node, file, fragment),
        Shape::Pipeline => pipeline(node, file, fragment),
        Shape::Role => principal(PrincipalKind::Role, node, file, fragment),
        Shape::User => principal(PrincipalKind::User, node, file, fragment),
        Shape::Group => principal(PrincipalKind::Group, node, file, fragment),
        Shape::Policy => managed_policy(node, file, fragment),
        Shape::PolicyVersion => policy_version(node, file, path, fragment),
        Shape::RolePolicy => inline_policy(PrincipalKind::Role, node, file, fragment),
        Shape::UserPolicy => inline_policy(PrincipalKind::User, node, file, fragment),
        Shape::GroupPolicy => inline_policy(PrincipalKind::Group, node, file, fragment),
        Shape::AttachedPolicies => {
            let attached = managed_refs(node.get("AttachedPolicies"));
            fragment.anonymous.push(Anonymous { span: node.span(), what: Listed::Attached(attached) });
        }
        Shape::PolicyNames => {
            let names = list(node.get("PolicyNames")).iter().filter_map(spanned).collect();
            fragment.anonymous.push(Anonymous { span: node.span(), what: Listed::Inline(names) });
        }
        Shape::ResourcePolicy => {
            let text = RESOURCE_POLICY_KEYS.into_iter().find_map(|key| node.get(key));
            document(text, PolicyKind::Resource, named_by_file(path, node, ""), file, fragment);
        }
        Shape::ControlPolicy => {
            let kind = node.get("PolicySummary").and_then(|summary| summary.get("Type")).and_then(Node::as_str);
            let kind = match kind {
                Some("SERVICE_CONTROL_POLICY") => PolicyKind::ServiceControl,
                Some("RESOURCE_CONTROL_POLICY") => PolicyKind::ResourceControl,
                _ => return,
            };
            document(node.get("Content"), kind, named_by_file(path, node, ""), file, fragment);
        }
    }
}

/// The names of the API are those of CloudFormation with a lower-case letter in front.
fn as_properties(value: Value) -> Value {
    match value {
        Value::Map(map) => {
            let entries = map.entries.into_iter().map(|(mut key, value)| {
                if let Some(first) = key.value.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                if key.value == "ProjectVisibility" {
                    key.value = "Visibility".into();
                }
                (key, as_properties(value))
            });
            Value::Map(Map { entries: entries.collect(), span: map.span })
        }
        Value::List(items, span) => Value::List(items.into_iter().map(as_properties).collect(), span),
        other => other,
    }
}

fn project(node: &Node, file: FileId, fragment: &mut Fragment) {
    let Some(id) = node.get("name").and_then(spanned) else { return };
    let mut properties = as_properties(Value::plain(node));
    if let Value::Map(map) = &mut properties {
        map.entries.iter_mut().for_each(|(key, value)| webhook(key, value));
    }
    placeholder::collect(&properties, fragment);
    codebuild::project(file, &id, &properties, None, fragment);
    let account = ["arn", "serviceRole"].into_iter().find_map(|key| account_of(node.get(key)?.as_str()?));
    if let Some(project) = fragment.projects.last_mut() {
        project.account = account.map(str::to_owned);
    }
    declare(&id, "AWS::CodeBuild::Project", properties, fragment);
}

/// The resource for rules that ask for properties; which others there might be is not seen.
fn declare(id: &Spanned<String>, kind: &str, value: Value, fragment: &mut Fragment) {
    let (logical_id, kind) = (id.clone(), kind.to_owned());
    fragment.resources.push(DeclaredResource {
        file: id.span.file,
        logical_id,
        kind,
        kind_span: id.span,
        properties: Vec::new(),
        when: None,
        is_open: true,
        value: Some(value),
    });
}

/// `webhook` is what `Triggers` is in a template: that it is there switches it on.
fn webhook(key: &mut Spanned<String>, value: &mut Value) {
    let Value::Map(map) = value else { return };
    if key.value != "Webhook" {
        return;
    }
    key.value = "Triggers".into();
    let is_set = |value: Option<&Value>| value.is_some_and(|value| !value.items().is_empty());
    let branch = map.entry("BranchFilter").filter(|_| !is_set(map.get("FilterGroups")));
    if let Some((name, pattern)) = branch.cloned() {
        // The older form: a regular expression for names of branches, and no events.
        map.entries.retain(|(key, _)| key.value != "FilterGroups");
        map.entries.push((Spanned::new("FilterGroups".into(), name.span), filter_group(name.span, pattern)));
    }
    let flag = Value::Text(Text::at("true", key.span));
    map.entries.insert(0, (Spanned::new("Webhook".into(), key.span), flag));
}

fn filter_group(span: Span, branch: Value) -> Value {
    let filter = |kind: &str, pattern: Value| {
        let entry = |key: &str, value| (Spanned::new(key.to_owned(), span), value);
        let kind = Value::Text(Text::at(kind, span));
        Value::Map(Map { entries: vec![entry("Type", kind), entry("Pattern", pattern)], span })
    };
    let filters = vec![filter("EVENT", Value::Text(Text::at("PUSH", span))), filter("HEAD_REF", branch)];
    Value::List(vec![Value::List(filters, span)], span)
}

fn pipeline(node: &Node, file: FileId, fragment: &mut Fragment) {
    let Some(id) = node.get("name").and_then(spanned) else { return };
    let mut properties = as_properties(Value::plain(node));
    // By region here, a list in a template.
    if let Value::Map(map) = &mut properties
        && let Some((_, stores)) = map.entries.iter_mut().find(|(key, _)| key.value == "ArtifactStores")
        && let Value::Map(by_region) = stores
    {
        let store = |(region, value): (Spanned<String>, Value)| {
            let key = |name: &str| Spanned::new(name.to_owned(), region.span);
            let name = Value::Text(Text::at(region.value.to_ascii_lowercase(), region.span));
            Value::Map(Map { entries: vec![(key("ArtifactStore"), value), (key("Region"), name)], span: region.span })
        };
        let span = by_region.span;
        *stores = Value::List(std::mem::take(&mut by_region.entries).into_iter().map(store).collect(), span);
    }
    placeholder::collect(&properties, fragment);
    fragment.pipelines.push(codepipeline::pipeline(file, &id, &properties, None));
    declare(&id, "AWS::CodePipeline::Pipeline", properties, fragment);
}

fn principal(kind: PrincipalKind, node: &Node, file: FileId, fragment: &mut Fragment) {
    // A service-linked role is AWS's own: nobody can change it, and only its service takes it.
    let path = node.get("Path").and_then(Node::as_str);
    if path.is_some_and(|path| path.starts_with("/aws-service-role/")) {
        return;
    }
    let (name_key, list_key, resource_kind) = match kind {
        PrincipalKind::Role => ("RoleName", "RolePolicyList", ROLE),
        PrincipalKind::User => ("UserName", "UserPolicyList", "AWS::IAM::User"),
        PrincipalKind::Group => ("GroupName", "GroupPolicyList", "AWS::IAM::Group"),
    };
    let Some(id) = node.get(name_key).and_then(spanned) else { return };
    let own = fragment.principals.len();
    let owner = |policy_name: Option<String>| PolicyOwner {
        name: id.value.clone(),
        span: id.span,
        kind: resource_kind.to_owned(),
        policy_name,
        account: None,
    };
    let mut principal = Principal::new(kind, file, id.clone());
    principal.name = text(node.get(name_key));
    principal.path = path.filter(|path| *path != "/").map(str::to_owned);
    principal.account = account(node);
    principal.activity = activity(node).filter(|_| kind == PrincipalKind::Role);
    principal.left_out = LeftOut {
        inline: node.get(list_key).is_none(),
        attached: node.get("AttachedManagedPolicies").is_none(),
        groups: kind == PrincipalKind::User && node.get("GroupList").is_none(),
    };
    principal.managed = managed_refs(node.get("AttachedManagedPolicies"));
    principal.groups = list(node.get("GroupList")).iter().filter_map(|group| text(Some(group))).collect();
    if let Some(trust) = document(
        node.get("AssumeRolePolicyDocument").filter(|_| kind == PrincipalKind::Role),
        PolicyKind::Trust,
        owner(None),
        file,
        fragment,
    ) {
        principal.trust = Some(PolicyDocument::clone(&fragment.policies[trust].document));
    }
    for item in list(node.get(list_key)) {
        let name = item.get("PolicyName").and_then(Node::as_str).map(str::to_owned);
        let policy = document(item.get("PolicyDocument"), PolicyKind::Identity, owner(name), file, fragment);
        let attachment = |policy| Attachment { policy, holder: Holder::Own(own), when: Vec::new() };
        fragment.attachments.extend(policy.map(attachment));
    }
    let boundary = node.get("PermissionsBoundary");
    if let Some(arn) = boundary.and_then(|boundary| text(boundary.get("PermissionsBoundaryArn"))) {
        bound_by(arn, &mut principal);
    }
    fragment.principals.push(principal);
}

/// A managed policy with its default version; of `get-policy` and `list-policies` the name alone.
fn managed_policy(node: &Node, file: FileId, fragment: &mut Fragment) {
    let arn = text(node.get("Arn"));
    let written = node.get("PolicyName").and_then(spanned);
    // `get-policy` may be cut down to the ARN.
    let by_arn = || {
        let arn = arn.as_ref()?;
        Some(Spanned::new(arn.display().rsplit('/').next()?.to_owned(), arn.span))
    };
    let Some(id) = written.or_else(by_arn) else { return };
    let default = node.get("DefaultVersionId").and_then(Node::as_str);
    let is_default = |version: &&Node| match version.get("IsDefaultVersion").and_then(Node::as_str) {
        Some(flag) => flag == "true",
        None => default.is_some() && version.get("VersionId").and_then(Node::as_str) == default,
    };
    let versions = list(node.get("PolicyVersionList"));
    let Some(version) = versions.iter().find(is_default) else {
        fragment.policy_names.push(id);
        return;
    };
    let is_by_aws = arn.as_ref().and_then(aws_managed_name).is_some();
    if is_by_aws && catalogue::managed_policy(&id.value).is_some() {
        return;
    }
    let others = versions.iter().filter(|version| !is_by_aws && !is_default(version)).filter_map(|version| {
        let (document, name) = (version.get("Document")?.span(), version.get("VersionId")?.span());
        Some(OtherVersion { policy: id.span, arn: arn.as_ref()?.span, id: name, document })
    });
    fragment.other_versions.extend(others);
    let owner = PolicyOwner {
        policy_name: Some(id.value.clone()),
        name: id.value,
        span: id.span,
        kind: MANAGED_POLICY.to_owned(),
        account: account(node),
    };
    let policy = document(version.get("Document"), PolicyKind::Identity, owner, file, fragment);
    if let Some(policy) = policy.filter(|_| is_by_aws) {
        // What AWS wrote is not for the user to mend.
        fragment.policies[policy].leave_unvalidated();
    }
}

/// The document of a version that was not read with the others.
pub fn version_document(sources: &Sources, version: &OtherVersion) -> PolicyDocument {
    let Span { file, start, .. } = version.document;
    let text = &sources.get(file).text;
    let own = &text[version.document.range()];
    // A block of YAML means what it does by the column that it starts in. A text in one line may be long.
    let column = match own.starts_with(['{', '[', '"', '\'']) {
        true => 0,
        false => start as usize - text[..start as usize].rfind('\n').map_or(0, |end| end + 1),
    };
    let padded = format!("{}{own}", " ".repeat(column));
    let parsed = syntax::parse_at(&padded, &OffsetMap::verbatim(file, start - column as u32));
    let mut fragment = Fragment::default();
    let value = parsed.root().map(Value::plain);
    let read = value.map(|value| super::embedded_document(&value, &mut fragment).unwrap_or(value));
    PolicyDocument::read(&read.unwrap_or_else(|| Value::unknown("no document", version.document)), PolicyKind::Identity)
}

/// The days on which a role was made and last used. `list-roles` tells nothing of its use.
fn activity(node: &Node) -> Option<Activity> {
    let day = |node: &Node| node.as_str()?.get(..10)?.parse::<Date>().ok();
    let used = node.get("RoleLastUsed")?;
    let last = used.get("LastUsedDate");
    let last_used = match last {
        Some(date) => Some(day(date)?),
        None => None,
    };
    Some(Activity { created: day(node.get("CreateDate")?)?, last_used, span: last.unwrap_or(used).span() })
}

/// The document counts when it is the default version, or nothing says that it is not.
fn policy_version(node: &Node, file: FileId, path: &str, fragment: &mut Fragment) {
    if node.get("IsDefaultVersion").and_then(Node::as_str) == Some("false") {
        let reason = "this version of the policy is not the default one, so it allows nothing";
        fragment.not_read.push((node.span(), reason.into()));
        return;
    }
    let owner = named_by_file(path, node, MANAGED_POLICY);
    if let Some(policy) = document(node.get("Document"), PolicyKind::Identity, owner, file, fragment) {
        fragment.anonymous.push(Anonymous { span: node.span(), what: Listed::Version(policy) });
    }
}

fn inline_policy(kind: PrincipalKind, node: &Node, file: FileId, fragment: &mut Fragment) {
    let (key, resource_kind) = match kind {
        PrincipalKind::Role => ("RoleName", ROLE),
        PrincipalKind::User => ("UserName", "AWS::IAM::User"),
        PrincipalKind::Group => ("GroupName", "AWS::IAM::Group"),
    };
    let Some((id, name)) = node.get(key).and_then(spanned).zip(text(node.get(key))) else { return };
    let owner = PolicyOwner {
        name: id.value,
        span: id.span,
        kind: resource_kind.to_owned(),
        policy_name: node.get("PolicyName").and_then(Node::as_str).map(str::to_owned),
        account: None,
    };
    if let Some(policy) = document(node.get("PolicyDocument"), PolicyKind::Identity, owner, file, fragment) {
        fragment.attachments.push(Attachment { policy, holder: Holder::Named(kind, name), when: Vec::new() });
    }
}

fn document(
    node: Option<&Node>,
    kind: PolicyKind,
    owner: PolicyOwner,
    file: FileId,
    fragment: &mut Fragment,
) -> Option<usize> {
    let node = node.filter(|node| !node.is_null())?;
    let mut value = Value::plain(node);
    if kind == PolicyKind::Trust {
        drop_empty_sids(&mut value);
    }
    Some(add_policy(fragment, value, kind, owner, file, None))
}

/// The console gives the statements of trust policies an empty `Sid`: nobody wrote it.
fn drop_empty_sids(value: &mut Value) {
    match value {
        Value::Map(map) => {
            map.entries.retain(|(key, value)| key.value != "Sid" || value.literal() != Some(""));
            map.entries.iter_mut().for_each(|(_, value)| drop_empty_sids(value));
        }
        Value::List(items, _) => items.iter_mut().for_each(drop_empty_sids),
        _ => {}
    }
}

fn managed_refs(attached: Option<&Node>) -> Vec<ManagedPolicyRef> {
    let arns = list(attached).iter().filter_map(|policy| text(policy.get("PolicyArn")));
    arns.map(|text| ManagedPolicyRef { aws_managed: aws_managed_name(&text), text, when: Vec::new() }).collect()
}

/// The owner of a document that does not say whose it is.
fn named_by_file(path: &str, node: &Node, kind: &str) -> PolicyOwner {
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    let span = Span { end: node.span().start, ..node.span() };
    PolicyOwner { name, span, kind: kind.to_owned(), policy_name: None, account: None }
}

fn account(node: &Node) -> Option<String> {
    account_of(node.get("Arn")?.as_str()?).map(str::to_owned)
}

/// The items of a list, or the one object that stands for a list of one.
fn list(node: Option<&Node>) -> &[Node] {
    match node {
        Some(node) if node.is_null() => &[],
        Some(node) => node.items().unwrap_or(std::slice::from_ref(node)),
        None => &[],
    }
}

fn text(node: Option<&Node>) -> Option<Text> {
    let node = node?;
    Some(Text::from_scalar(node.as_scalar()?, node.span()))
}

fn spanned(node: &Node) -> Option<Spanned<String>> {
    Some(Spanned::new(node.as_str()?.to_owned(), node.span()))
}
