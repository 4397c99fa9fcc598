//! What CloudFormation needs for the resources of a stack, as the handlers of their types say: those
//! actions that a property calls for, on resources by the names that they will have.

use super::arn::{Place, fill};
use super::{Certainty, Found, actions, demand, resource};
use crate::iam::catalogue::Action;
use crate::model::{DeclaredResource, Principal};
use crate::packed;
use crate::value::{HoleKind, Part, Text, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Type, actions of its handlers for making and changing, actions of that for removing.
static HANDLERS: LazyLock<String> =
    LazyLock::new(|| packed::text(include_bytes!(concat!(env!("OUT_DIR"), "/handlers.bin"))));

/// Types that a transform makes: type of SAM, types of CloudFormation.
const MADE: &str = include_str!("../../../data/needs/sam-types.tsv");

/// Service or action, words in names of properties that call for it.
const WORDS: &str = include_str!("../../../data/needs/property-words.tsv");

/// Type, part of the ARN that is its name, property with the name, name of what the framework makes.
const NAMED: &str = include_str!("../../../data/needs/named-types.tsv");

const HANDLERS_PAGE: &str = "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html";
const CUSTOM_PAGE: &str =
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html";

/// Types of which nothing is called.
const NOTHING: [&str; 3] =
    ["AWS::CDK::Metadata", "AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle"];

/// What is known of the stack that resources come into.
#[derive(Clone, Default)]
pub struct Stack {
    pub name: Option<Text>,
    /// What the names of functions of a service start with.
    pub service: Option<Text>,
    /// Types that the framework makes and no file declares.
    pub made: Vec<&'static str>,
}

/// `certainty` is that of the caller making the resources itself.
pub fn of_resources(found: &mut Found<'_>, declared: &[&DeclaredResource], stack: &Stack, certainty: Certainty) {
    let mut kinds: BTreeMap<&str, Vec<&DeclaredResource>> = BTreeMap::new();
    for resource in declared {
        kinds.entry(resource.kind.as_str()).or_default().push(resource);
    }
    for (kind, resources) in &kinds {
        let is_sure = resources.iter().any(|one| one.when.is_none());
        let made = MADE.lines().filter_map(|line| line.split_once('\t')).find(|(sam, _)| sam == kind);
        for (index, kind) in made.map_or(*kind, |(_, kinds)| kinds).split(',').enumerate() {
            // What a transform makes besides depends on the properties.
            let certainty = if is_sure && index == 0 { certainty } else { Certainty::Likely };
            let group = Group { kind, resources, is_whole: index == 0, stack };
            of_group(found, &group, certainty);
        }
    }
    for kind in stack.made.iter().filter(|kind| !kinds.contains_key(*kind)) {
        of_group(found, &Group { kind, resources: &[], is_whole: true, stack }, Certainty::Likely);
    }
}

/// Resources of one type.
struct Group<'g, 'm> {
    kind: &'g str,
    /// Those that are declared, or of which a transform makes them.
    resources: &'g [&'m DeclaredResource],
    /// The names of the resources are theirs.
    is_whole: bool,
    stack: &'g Stack,
}

impl Group<'_, '_> {
    fn reason(&self) -> String {
        match self.resources {
            [] => format!("deploys a `{}` of the framework", self.kind),
            [only] => format!("deploys `{}`, a `{}`", only.logical_id.value, self.kind),
            [first, others @ ..] => {
                format!("deploys `{}` and {} more of `{}`", first.logical_id.value, others.len(), self.kind)
            }
        }
    }
}

/// Which actions resources of a type need: that which makes them, certainly; the others as their
/// properties want it.
fn of_group(found: &mut Found<'_>, group: &Group<'_, '_>, certainty: Certainty) {
    let kind = group.kind;
    if NOTHING.contains(&kind) {
        return;
    }
    if kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource" {
        let invoke = actions(["lambda:InvokeFunction"]);
        let functions = invoke.iter().flat_map(|action| resource::untold(*action, &found.place)).collect();
        found.need(invoke, functions, Certainty::Likely, CUSTOM_PAGE).reason = group.reason();
        return;
    }
    let Some(names) = handlers(kind) else {
        let id = group.resources.first().map_or(kind, |one| one.logical_id.value.as_str());
        return found.unknown(format!("what making `{id}`, a `{kind}`, needs is not known"));
    };
    let mut needs: Vec<(Vec<Text>, Certainty, Vec<Action>)> = Vec::new();
    let main = kind.rsplit("::").next().unwrap_or_default();
    for action in names.into_iter().filter(|action| is_called_for(*action, group)) {
        let resources = resources_of(found, action, group);
        let is_main = action.name().strip_prefix("Create") == Some(main);
        let certainty = if is_main { certainty } else { Certainty::Likely };
        match needs.iter_mut().find(|(known, sure, _)| *known == resources && *sure == certainty) {
            Some((_, _, same)) => same.push(action),
            None => needs.push((resources, certainty, vec![action])),
        }
    }
    for (resources, certainty, actions) in needs {
        let passes = actions.iter().any(|action| action.full_name() == "iam:PassRole");
        let need = found.need(actions, resources, certainty, HANDLERS_PAGE);
        need.reason = group.reason();
        if passes && kind == "AWS::Lambda::Function" {
            demand(need, "iam:PassedToService", "lambda.amazonaws.com");
        }
    }
}

/// Handlers list all that they may ever call. Another service is called where a property speaks of it.
fn is_called_for(action: Action, group: &Group<'_, '_>) -> bool {
    let service = action.service().prefix();
    let name = action.full_name();
    let mut rows = WORDS.lines().filter_map(|line| line.split_once('\t'));
    let row = rows.find(|(known, _)| *known == service || *known == name);
    let Some((_, words)) = row.filter(|_| !group.kind.to_ascii_lowercase().contains(service)) else { return true };
    let speaks = |resource: &&DeclaredResource| resource.value.as_ref().is_none_or(|value| has_key(value, words));
    group.resources.iter().any(speaks)
}

/// Whether the name of a property has one of these words in it.
fn has_key(value: &Value, words: &str) -> bool {
    match value {
        Value::Map(map) => map.entries.iter().any(|(key, value)| {
            let key = key.value.to_ascii_lowercase();
            words.split(',').any(|word| key.contains(word)) || has_key(value, words)
        }),
        Value::List(items, _) => items.iter().any(|item| has_key(item, words)),
        Value::Choice(branches, _) => branches.iter().any(|branch| has_key(&branch.value, words)),
        _ => false,
    }
}

/// The resources that an action works on, by the names of what is deployed.
fn resources_of(found: &Found<'_>, action: Action, group: &Group<'_, '_>) -> Vec<Text> {
    let place = &found.place;
    if action.service().prefix() == "apigateway"
        && let Some(paths) = api_paths(group.kind)
    {
        let arn =
            |path: &&str| fill(&format!("arn:${{Partition}}:apigateway:${{Region}}::{path}"), place, |_| None).text;
        return paths.iter().map(arn).collect();
    }
    if action.full_name() == "iam:PassRole" {
        return passed_roles(found, group);
    }
    let untold = resource::untold(action, place);
    let Some(row) = named(group.kind).filter(|_| group.is_whole) else { return untold };
    let name = |one: &&DeclaredResource| name_of(found, &row, one, group.stack);
    let mut names: Vec<Text> = group.resources.iter().filter_map(name).collect();
    if group.resources.is_empty() {
        names.extend(row.in_service(group.stack));
    }
    if names.is_empty() {
        return untold;
    }
    let mut filled: Vec<Text> = Vec::new();
    for text in untold.iter().flat_map(|text| names.iter().map(|name| with_name(text, row.part, name))) {
        if !filled.contains(&text) {
            filled.push(text);
        }
    }
    filled
}

/// Paths of the API of API Gateway, by what its types are parts of.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>
fn api_paths(kind: &str) -> Option<[&'static str; 3]> {
    let (family, part) = kind.strip_prefix("AWS::")?.split_once("::")?;
    match (family, part) {
        (_, "DomainName" | "ApiMapping" | "BasePathMapping" | "VpcLink") => None,
        ("ApiGatewayV2", _) => Some(["/apis", "/apis/*", "/tags/*"]),
        ("ApiGateway", "RestApi" | "Resource" | "Method" | "Deployment" | "Stage" | "Model" | "Authorizer") => {
            Some(["/restapis", "/restapis/*", "/tags/*"])
        }
        _ => None,
    }
}

/// A row about the names of a type.
struct Named {
    part: &'static str,
    property: &'static str,
    of_framework: &'static str,
}

fn named(kind: &str) -> Option<Named> {
    NAMED.lines().find_map(|line| {
        let mut cells = line.split('\t');
        (cells.next() == Some(kind)).then_some(())?;
        Some(Named { part: cells.next()?, property: cells.next()?, of_framework: cells.next()? })
    })
}

impl Named {
    /// The name of what the framework makes in a service.
    fn in_service(&self, stack: &Stack) -> Option<Text> {
        let service = stack.service.as_ref()?;
        let (before, behind) = match self.of_framework.split_once("{service}") {
            Some(found) => found,
            None if self.of_framework == "-" => return None,
            None => return Some(Text::at(self.of_framework, service.span)),
        };
        let around = |text: &str| Text::at(text, service.span);
        Some(super::arn::joined([&around(before), service, &around(behind)], service.span))
    }
}

/// The name that a resource is given, or that it gets: CloudFormation makes it of the names of the
/// stack and the resource, which are cut where they are long.
///
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html>
fn name_of(found: &Found<'_>, row: &Named, resource: &DeclaredResource, stack: &Stack) -> Option<Text> {
    let principal = || {
        let is_it = |one: &&Principal| one.file == resource.file && one.logical_id.span == resource.logical_id.span;
        found.model.principals.iter().find(is_it)
    };
    let given = match resource.kind.starts_with("AWS::IAM::") {
        true => principal().and_then(|role| role.name.clone()),
        false => resource.value.as_ref().and_then(|value| value.get(row.property)?.as_text().cloned()),
    };
    if let Some(name) = given {
        // Of the path of a role the model does not know.
        let has_path = resource.properties.iter().any(|property| property.value == "Path");
        return Some(without_holes(&name)).filter(|_| !has_path);
    }
    let id = resource.logical_id.value.as_str();
    let is_of_framework = id.ends_with("LambdaFunction") || id.ends_with("IamRoleLambdaExecution");
    if is_of_framework && let Some(name) = row.in_service(stack) {
        return Some(name);
    }
    let name = stack.name.as_ref()?;
    let name = without_holes(name);
    let start: String = name.literal()?.chars().take(KEPT).collect();
    let start = if start.len() < KEPT { format!("{start}-*") } else { format!("{start}*") };
    let start = if resource.kind == "AWS::S3::Bucket" { start.to_ascii_lowercase() } else { start };
    Some(Text::at(start, name.span))
}

/// So many characters of the name of a stack are always kept.
const KEPT: usize = 24;

/// What only the template or its deployment knows may be anything.
fn without_holes(text: &Text) -> Text {
    let part = |part: &Part| match part {
        Part::Hole(hole) if hole.kind != HoleKind::Pseudo => Text::at("*", text.span).parts,
        part => vec![part.clone()],
    };
    Text { parts: text.parts.iter().flat_map(part).collect(), span: text.span }.normalised()
}

/// An ARN with a name in the place of the hole for it.
fn with_name(arn: &Text, part: &str, name: &Text) -> Text {
    let fill = |piece: &Part| match piece {
        Part::Hole(hole) if hole.name.strip_prefix('?') == Some(part) => name.parts.clone(),
        piece => vec![piece.clone()],
    };
    Text { parts: arn.parts.iter().flat_map(fill).collect(), span: arn.span }.normalised()
}

/// Properties with the role that a resource works with.
const ROLES: [&str; 4] = ["Role", "RoleArn", "RoleARN", "ExecutionRoleArn"];

/// The roles that resources are given: by their ARNs, or by what the same template names them.
fn passed_roles(found: &Found<'_>, group: &Group<'_, '_>) -> Vec<Text> {
    let place: &Place = &found.place;
    let mut roles: Vec<Text> = Vec::new();
    for resource in group.resources {
        let given = ROLES.iter().find_map(|property| resource.value.as_ref()?.get(property)?.as_text());
        let Some(given) = given else { continue };
        let declared = given.as_hole().and_then(|hole| {
            let is_it =
                |one: &&DeclaredResource| one.file == hole.template && one.logical_id.value == hole.logical_id();
            found.model.resources.iter().find(is_it)
        });
        let name = declared.and_then(|role| name_of(found, &named("AWS::IAM::Role")?, role, group.stack));
        let arn = match name {
            Some(name) => resource::role("--role", &name, place),
            None if given.literal().is_some() => resource::role("--role-arn", given, place),
            None => resource::any_role(place),
        };
        if !roles.contains(&arn) {
            roles.push(arn);
        }
    }
    if roles.is_empty() { vec![resource::any_role(place)] } else { roles }
}

/// Whether CloudFormation has handlers for a type, as of the data.
pub fn is_resource_type(kind: &str) -> bool {
    row(kind).is_some()
}

/// What the table says of a type.
fn row(kind: &str) -> Option<&'static str> {
    HANDLERS
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .find(|(name, _)| *name == kind)
        .map(|(_, actions)| actions)
}

/// The actions of the handlers that make, change and read resources of a type.
fn handlers(kind: &str) -> Option<Vec<Action>> {
    let actions = row(kind)?;
    let (making, _) = actions.split_once('\t').unwrap_or((actions, ""));
    let of_service = |group: &'static str| {
        let (prefix, names) = group.split_once(':').unwrap_or((group, ""));
        super::actions(
            names.split(',').map(|name| format!("{prefix}:{name}")).collect::<Vec<_>>().iter().map(String::as_str),
        )
    };
    Some(making.split(' ').flat_map(of_service).collect())
}
