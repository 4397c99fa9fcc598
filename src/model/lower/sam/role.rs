//! The execution role of a function or a state machine: what its `Policies` say, and what SAM adds.

use super::facts::PolicyTemplate;
use super::{allow, attach_managed, event, made_role, reference};
use crate::iam::{PolicyKind, Reason, aws_managed_name, catalogue};
use crate::model::lower::{Attachment, Declared, Fragment, Holder, add_policy, iam, owner_of};
use crate::model::principal::{ManagedPolicyRef, Principal, PrincipalKind};
use crate::source::Span;
use crate::value::{Condition, Map, Text, Value};
use std::sync::Arc;

/// A function that is given no role gets one of its own.
pub fn function(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    made(declared, "function", "lambda", fragment, |properties, when, fragment, role| {
        let id = declared.resource.logical_id.span;
        if let Some(trust) = properties.get("AssumeRolePolicyDocument") {
            role.trust = None;
            iam::trust_policy(declared, trust, when, fragment, role);
        }
        let basic = match properties.get("DurableConfig") {
            Some(_) => "AWSLambdaBasicDurableExecutionRolePolicy",
            None => "AWSLambdaBasicExecutionRole",
        };
        attach_managed(role, basic, id, Vec::new());
        let tracing = properties.get("Tracing").filter(|tracing| tracing.literal() != Some("Disabled"));
        if let Some(tracing) = tracing {
            attach_managed(role, "AWSXrayWriteOnlyAccess", tracing.span(), Vec::new());
        }
        if let Some((when, vpc)) = properties.get("VpcConfig").and_then(Value::first_map) {
            attach_managed(role, "AWSLambdaVPCAccessExecutionRole", start(vpc.span), when);
        }
        dead_letters(declared, properties, role);
        destinations(declared, properties.get("EventInvokeConfig"), role);
        event::sources(declared, properties, role);
    });
}

pub fn state_machine(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    made(declared, "state machine", "states", fragment, |properties, _, _, role| {
        let tracing = properties.get("Tracing").and_then(|tracing| tracing.get("Enabled"));
        if let Some(tracing) = tracing.filter(|tracing| tracing.as_bool() != Some(false)) {
            attach_managed(role, "AWSXrayWriteOnlyAccess", tracing.span(), Vec::new());
        }
    });
}

/// The role of a function or a state machine, where none is given; `add` puts in what SAM adds to
/// its `Policies`.
fn made(
    declared: &Declared<'_, '_>,
    noun: &str,
    service: &str,
    fragment: &mut Fragment,
    mut add: impl FnMut(&Value, Option<&Condition>, &mut Fragment, &mut Principal),
) {
    let id = declared.resource.logical_id.clone();
    let (mut role, origin) = made_role(declared, "Role", id.span, service, &format!("the {noun} `{}`", id.value));
    let mut is_made = false;
    declared.with_properties(|properties, when| {
        event::roles(declared, properties, fragment);
        let Some(without_role) = is_made_when(properties.get("Role"), when.as_ref()) else { return };
        is_made = true;
        role.when = role.when.take().or_else(|| without_role.into_iter().next());
        add(properties, when.as_ref(), fragment, &mut role);
        policies(declared, properties, when.as_ref(), fragment, &mut role);
        iam::boundary(properties, &mut role);
    });
    if is_made {
        fragment.principals.push(role);
        fragment.origins.push(origin);
    }
}

/// The conditions under which `Role` gives none; `None` where it always gives one.
fn is_made_when(given: Option<&Value>, when: Option<&Condition>) -> Option<Vec<Condition>> {
    let Some(given) = given else { return Some(when.cloned().into_iter().collect()) };
    let mut without = given.outcomes().into_iter().filter(|(_, value)| value.is_none_or(is_null));
    without.next().map(|(conditions, _)| conditions)
}

fn is_null(value: &Value) -> bool {
    matches!(value, Value::Null(_))
}

fn start(span: Span) -> Span {
    Span { end: span.start, ..span }
}

/// `Policies`: a name, an ARN, a document, a policy template, or a list of them in any mixture.
fn policies(
    declared: &Declared<'_, '_>,
    properties: &Value,
    when: Option<&Condition>,
    fragment: &mut Fragment,
    role: &mut Principal,
) {
    for (mut conditions, item) in properties.get("Policies").map(Value::items).unwrap_or_default() {
        conditions.extend(when.cloned());
        match item {
            Value::Text(text) => {
                let policy = managed(text, conditions);
                let is_known =
                    |known: &ManagedPolicyRef| known.aws_managed == policy.aws_managed && known.when.is_empty();
                // What SAM attaches by itself may be named once more.
                if policy.aws_managed.is_none() || !role.managed.iter().any(is_known) {
                    role.managed.push(policy);
                }
            }
            Value::Map(map) => policy(declared, item, map, conditions, fragment, role),
            Value::Unknown(unknown) => {
                role.authority.unseen.push(Reason::at(unknown.reason.clone(), unknown.span));
            }
            _ => {}
        }
    }
}

fn managed(text: &Text, when: Vec<Condition>) -> ManagedPolicyRef {
    let by_name = || {
        let name = text.literal().filter(|name| !name.contains([':', '/']))?;
        catalogue::managed_policy(name).map(|_| name.to_owned())
    };
    ManagedPolicyRef { aws_managed: aws_managed_name(text).or_else(by_name), text: text.clone(), when }
}

fn policy(
    declared: &Declared<'_, '_>,
    item: &Value,
    map: &Map,
    when: Vec<Condition>,
    fragment: &mut Fragment,
    role: &mut Principal,
) {
    // The form of an IAM role, `PolicyName` and `PolicyDocument`, is not SAM's, but plain to read.
    let document = if map.get("Statement").is_some() { Some(item) } else { map.get("PolicyDocument") };
    if let Some(document) = document {
        let owner = owner_of(declared, None);
        let policy = add_policy(fragment, document.clone(), PolicyKind::Identity, owner, declared.file, when.first());
        let principal = reference(&role.logical_id.value, Span { file: declared.file, ..role.logical_id.span });
        fragment.attachments.push(Attachment { policy, holder: Holder::Named(PrincipalKind::Role, principal), when });
        return;
    }
    let [(name, parameters)] = map.entries.as_slice() else {
        return unread(map.span, "a policy that is no document, no name and no policy template", fragment, role);
    };
    let Some(template) = PolicyTemplate::named(&name.value) else {
        let names: Vec<&str> = PolicyTemplate::all().map(|template| template.name).collect();
        let near = names.iter().find(|known| strsim::osa_distance(known, &name.value) <= 2);
        let meant = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return unread(name.span, &format!("`{}` is no policy template of SAM{meant}", name.value), fragment, role);
    };
    let parameters = parameters.as_map().map_or(&[][..], |map| &map.entries);
    let values: Vec<(String, Value)> =
        parameters.iter().map(|(name, value)| (name.value.clone(), value.clone())).collect();
    let document = template.document(declared.scope, name.span, &values);
    role.authority.documents.extend(document.map(|document| Arc::new(document.under(&when))));
}

fn unread(span: Span, what: &str, fragment: &mut Fragment, role: &mut Principal) {
    role.authority.unseen.push(Reason::at(what, span));
    fragment.not_read.push((span, what.to_owned()));
}

/// The queue or topic that takes what the function could not.
fn dead_letters(declared: &Declared<'_, '_>, properties: &Value, role: &mut Principal) {
    let Some((_, queue)) = properties.get("DeadLetterQueue").and_then(Value::first_map) else { return };
    let action = match queue.get("Type").and_then(Value::literal) {
        Some("SNS") => "sns:Publish",
        _ => "sqs:SendMessage",
    };
    if let Some(target) = queue.get("TargetArn") {
        allow(declared, role, start(queue.span), &[action], target.clone());
    }
}

/// `DestinationConfig`: where the outcome of an invocation is sent.
pub fn destinations(declared: &Declared<'_, '_>, config: Option<&Value>, role: &mut Principal) {
    let Some((_, config)) = config.and_then(|config| config.get("DestinationConfig")).and_then(Value::first_map) else {
        return;
    };
    for key in ["OnSuccess", "OnFailure"] {
        let Some((_, target)) = config.get(key).and_then(Value::first_map) else { continue };
        let span = start(target.span);
        let actions: &[&str] = match target.get("Type").and_then(Value::literal) {
            Some("SNS") => &["sns:Publish"],
            Some("Lambda") => &["lambda:InvokeFunction"],
            Some("EventBridge") => &["events:PutEvents"],
            Some("S3Bucket") => &["s3:PutObject", "s3:ListBucket"],
            _ => &["sqs:SendMessage"],
        };
        // Without `Destination` SAM makes a queue or a topic.
        let made = || Value::unknown("the queue or topic that SAM makes", span);
        allow(declared, role, span, actions, target.get("Destination").cloned().unwrap_or_else(made));
    }
}
