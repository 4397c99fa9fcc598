//! What policies of several types together say of one request: those of the principal, of the
//! resource, of the session, of the organisation. Built on the evaluator of single statements.
//! Policies of VPC endpoints are not among them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

mod named;

use super::answer::{Reason, Truth};
use super::catalogue;
use super::document::PolicyDocument;
use super::evaluate::{Colons, Side, Weighed, weigh};
use super::request::Request;
use crate::source::Span;
use named::Named;

/// The policies that decide on a request together.
#[derive(Clone, Debug, Default)]
pub struct Attached<'d> {
    /// Of the principal and its groups.
    pub identity: Vec<&'d PolicyDocument>,
    /// Of the resource; for a role that is assumed its trust policy.
    pub resource: Vec<&'d PolicyDocument>,
    /// The permissions boundary. None of them: the principal has none.
    pub boundary: Vec<&'d PolicyDocument>,
    /// The session policies. None of them: the session was made without.
    pub session: Vec<&'d PolicyDocument>,
    /// The service control policies over the account of the principal, level by level: the root, each
    /// organisational unit, the account.
    pub service_control: Vec<Vec<&'d PolicyDocument>>,
    /// The resource control policies over the account of the resource, level by level. The one that
    /// allows everything is attached to every level and is not listed.
    pub resource_control: Vec<Vec<&'d PolicyDocument>>,
    /// The account of the principal, where its ARN does not tell.
    pub account: Option<String>,
    /// The account of the resource, where its ARN does not tell.
    pub resource_account: Option<String>,
}

/// A type of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Identity,
    Resource,
    Boundary,
    Session,
    ServiceControl,
    ResourceControl,
}

/// What the policies together say.
#[derive(Clone, Debug)]
pub struct Together {
    pub allowed: Truth,
    /// Whether a deny decides.
    pub denied: bool,
    /// The statements that decide: the deny; or one allow of every layer that has to allow.
    pub deciding: Vec<(Layer, Span)>,
    /// Of a request that is not allowed and not denied: the layers whose allow is missing.
    pub lacking: Vec<Layer>,
    /// What is not known, of a decision that is not.
    pub reason: Option<Reason>,
    /// What was taken for granted.
    pub assumed: Vec<String>,
}

impl Layer {
    /// `the permissions boundary`
    pub fn display(self) -> &'static str {
        match self {
            Layer::Identity => "identity policy",
            Layer::Resource => "resource policy",
            Layer::Boundary => "permissions boundary",
            Layer::Session => "session policy",
            Layer::ServiceControl => "service control policy",
            Layer::ResourceControl => "resource control policy",
        }
    }
}

/// One term of the decision: whether all of some layers allow, and which do or do not.
#[derive(Clone, Debug)]
struct Term {
    truth: Truth,
    allows: Vec<(Layer, Span)>,
    lacks: Vec<Layer>,
    reason: Option<Reason>,
}

impl Term {
    fn of(layer: Layer, side: &Side) -> Term {
        Term {
            truth: side.truth,
            allows: side.statement.filter(|_| side.truth.is_yes()).map(|span| (layer, span)).into_iter().collect(),
            lacks: if side.truth.is_no() { vec![layer] } else { Vec::new() },
            reason: side.reason.clone().filter(|_| side.truth == Truth::Unknown),
        }
    }

    /// What holds without any policy.
    fn given(truth: Truth) -> Term {
        Term { truth, allows: Vec::new(), lacks: Vec::new(), reason: None }
    }

    fn unknown(reason: Reason) -> Term {
        Term { reason: Some(reason), ..Term::given(Truth::Unknown) }
    }

    fn and(self, other: &Term) -> Term {
        Term {
            truth: self.truth.and(other.truth),
            allows: [self.allows, other.allows.clone()].concat(),
            lacks: [self.lacks, other.lacks.clone()].concat(),
            reason: self.reason.or_else(|| other.reason.clone()),
        }
    }

    /// The better of two; of two that fail, the one that lacks less.
    fn or(self, other: Term) -> Term {
        let rank = |term: &Term| match term.truth {
            Truth::Yes => (0, 0),
            Truth::Unknown => (1, 0),
            Truth::No => (2, term.lacks.len()),
        };
        if rank(&other) < rank(&self) { other } else { self }
    }
}

/// Services whose resource policies decide alone unless they leave it to the account: an identity
/// policy counts where the resource policy names the account of the resource.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html>
fn is_strict(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    action.starts_with("kms:") && !action.ends_with("alias") || action.starts_with("sts:assumerole")
}

/// Whether the request is allowed by all the policies together.
pub fn decide_together(attached: &Attached<'_>, request: &Request, colons: Colons) -> Together {
    let mut assumed = Vec::new();
    // <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
    if request.action.eq_ignore_ascii_case("sts:GetCallerIdentity") {
        assumed.push("`sts:GetCallerIdentity` needs no permission, and no policy can deny it".to_owned());
        let of = |allowed| Together {
            allowed,
            denied: false,
            deciding: Vec::new(),
            lacking: Vec::new(),
            reason: None,
            assumed,
        };
        return of(Truth::Yes);
    }
    let caller = named::caller(request);
    let say = |documents: &[&PolicyDocument]| weigh(documents, request, colons);
    // `NotPrincipal` in a deny meets every principal that has a boundary.
    // <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
    let is_limited = caller.has_policies && !caller.is_root;
    let has_boundary = !attached.boundary.is_empty() && is_limited;
    let resource: Vec<PolicyDocument> =
        attached.resource.iter().map(|document| named::seen_with_boundary(document, has_boundary)).collect();
    let resource: Vec<&PolicyDocument> = resource.iter().collect();

    let identity = if is_limited { say(&attached.identity) } else { none() };
    let boundary = if has_boundary { Some(say(&attached.boundary)) } else { None };
    let session = if attached.session.is_empty() || !is_limited { None } else { Some(say(&attached.session)) };
    let mut controls = Vec::new();
    if caller.is_controlled {
        controls.extend(attached.service_control.iter().map(|level| (Layer::ServiceControl, say(level))));
        if !attached.service_control.is_empty() {
            assumed.push("the account of the principal is not the management account of its organisation".to_owned());
        }
    }
    let service = request.action.split_once(':').and_then(|(prefix, _)| catalogue::service(prefix));
    let is_covered = service.is_none_or(catalogue::Service::supports_resource_control_policies);
    let resource_controls: Vec<Weighed> = attached.resource_control.iter().map(|level| say(level)).collect();
    match (attached.resource_control.is_empty(), is_covered) {
        (true, _) => {}
        (false, true) if !caller.is_service_linked => {
            assumed.push("the account of the resource is in the organisation, and does not manage it".to_owned());
        }
        (false, _) => assumed.push("resource control policies do not apply to it".to_owned()),
    }
    let resource_says = say(&resource);

    // A deny of any of them decides.
    let denies_by_resource = resource_controls.iter().filter(|_| is_covered && !caller.is_service_linked);
    let denies = controls
        .iter()
        .map(|(layer, said)| (*layer, &said.deny))
        .chain(denies_by_resource.map(|said| (Layer::ResourceControl, &said.deny)))
        .chain([(Layer::Resource, &resource_says.deny), (Layer::Identity, &identity.deny)])
        .chain(boundary.iter().map(|said| (Layer::Boundary, &said.deny)))
        .chain(session.iter().map(|said| (Layer::Session, &said.deny)));
    let mut may_deny: Option<Reason> = None;
    for (layer, deny) in denies {
        match deny.truth {
            Truth::Yes => {
                let deciding = deny.statement.map(|span| (layer, span)).into_iter().collect();
                let lacking = Vec::new();
                return Together { allowed: Truth::No, denied: true, deciding, lacking, reason: None, assumed };
            }
            Truth::Unknown => may_deny = may_deny.or_else(|| deny.reason.clone()),
            Truth::No => {}
        }
    }

    let whole = |layer: Layer, said: &Option<Weighed>| {
        said.as_ref().map_or_else(|| Term::given(Truth::Yes), |said| Term::of(layer, &said.allow))
    };
    let limits = whole(Layer::Boundary, &boundary).and(&whole(Layer::Session, &session));
    let by_resource = |named: Named| {
        let documents: Vec<PolicyDocument> =
            resource.iter().map(|document| named::only(document, request, named)).collect();
        Term::of(Layer::Resource, &say(&documents.iter().collect::<Vec<_>>()).allow)
    };
    let own = if caller.is_root { Term::given(Truth::Yes) } else { Term::of(Layer::Identity, &identity.allow) };
    let own = own.and(&limits);
    let any = Term::of(Layer::Resource, &resource_says.allow);

    let grant = if !caller.has_policies {
        // Services, strangers and who comes by an identity provider have no policies of their own.
        any
    } else if is_cross_account(attached, request, &caller, &mut assumed) {
        own.and(&any)
    } else {
        // A policy that names the user or the session itself is not limited by what the others do not
        // allow; one that names the role is.
        let direct = by_resource(Named::Itself);
        let role = by_resource(Named::Role).and(&limits);
        let everybody = by_resource(Named::Everybody);
        let unlimited = "whether `*` names the principal itself, so that its boundary does not matter";
        let beyond =
            if limits.truth.is_yes() { Term::given(Truth::Yes) } else { Term::unknown(Reason::new(unlimited)) };
        let everybody = everybody.and(&limits.clone().or(beyond));
        let own = if !is_strict(&request.action) {
            own
        } else if attached.resource.is_empty() {
            let text = "the policy of the resource decides, and it was not given";
            Term::unknown(Reason::new(text))
        } else {
            own.and(&by_resource(Named::Account))
        };
        // What is nearest is told where none of them allows.
        own.or(direct).or(role).or(everybody)
    };
    let controlled = controls.iter().fold(grant, |term, (layer, said)| term.and(&Term::of(*layer, &said.allow)));
    let allowed = controlled.truth.and(if may_deny.is_some() { Truth::Unknown } else { Truth::Yes });
    let reason = controlled.reason.or(may_deny).filter(|_| allowed == Truth::Unknown);
    let mut lacking = if allowed.is_no() { controlled.lacks } else { Vec::new() };
    lacking.dedup();
    let deciding = if allowed.is_no() { Vec::new() } else { controlled.allows };
    Together { allowed, denied: false, deciding, lacking, reason, assumed }
}

fn none() -> Weighed {
    weigh(&[], &Request::new("", ""), Colons::Matched)
}

/// Whether the principal and the resource are in different accounts; what is not told is assumed.
fn is_cross_account(
    attached: &Attached<'_>,
    request: &Request,
    caller: &named::Asking,
    assumed: &mut Vec<String>,
) -> bool {
    let of_arn = request.resource.split(':').nth(4).filter(|account| !account.is_empty());
    let resource = of_arn.map(str::to_owned).or_else(|| attached.resource_account.clone());
    let principal = caller.account.clone().or_else(|| attached.account.clone());
    let is_resource = request.resource.starts_with("arn:");
    match (principal, resource) {
        (Some(principal), Some(resource)) if resource != "aws" => {
            let is_cross = principal != resource;
            let text = if is_cross {
                format!("the principal is in {principal}, the resource in {resource}: both sides have to allow")
            } else {
                format!("the principal and the resource are both in {principal}")
            };
            assumed.push(text);
            is_cross
        }
        _ if !is_resource || attached.resource.is_empty() => false,
        _ => {
            assumed.push("the principal and the resource are in one account".to_owned());
            false
        }
    }
}

#[cfg(test)]
mod tests;
