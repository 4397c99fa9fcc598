//! `iamlint policy can`: whether one request is allowed, by policies of one type or of several.

use super::Failure;
use super::access::{answer, deciding, grouped, levels, shown, stdin_once, witness};
use super::documents::Documents;
use super::policy::{BesidesArgs, CanArgs};
use crate::iam::combine::{Attached, Layer, Together, decide_together};
use crate::iam::evaluate::{Colons, applies, decide};
use crate::iam::{Caller, PolicyDocument, PolicyKind, Reason, Request, Statement, Truth, catalogue};
use crate::report::policy::{Answered, Deciding, Verdict};
use std::path::PathBuf;

pub fn run(args: &CanArgs) -> Result<u8, Failure> {
    let besides = &args.besides;
    let lists = [&args.policies, &besides.resource_policy, &besides.trust_policy, &besides.session_policy];
    stdin_once(lists.into_iter().flatten().chain(&besides.boundary))?;
    let request = request(args)?;
    let mut documents = Documents::default();
    let own = documents.add(&args.policies)?;
    let mut kinds = documents.told_kinds(args.read_as.policy_type);
    let is_mixed = kinds.iter().any(|kind| *kind != kinds[0]);
    let mut add = |paths: &[PathBuf], kind: PolicyKind| {
        let range = documents.add(paths)?;
        kinds.extend(range.clone().map(|_| kind));
        Ok::<_, Failure>(range)
    };
    let resource = add(&besides.resource_policy, PolicyKind::Resource)?;
    let trust = add(&besides.trust_policy, PolicyKind::Trust)?;
    let boundary: Vec<PathBuf> = besides.boundary.iter().cloned().collect();
    let boundary = add(&boundary, PolicyKind::Boundary)?;
    let session = add(&besides.session_policy, PolicyKind::Identity)?;
    let scp = levels(&mut documents, &besides.scp)?;
    kinds.extend(scp.iter().cloned().flatten().map(|_| PolicyKind::ServiceControl));
    let rcp = levels(&mut documents, &besides.rcp)?;
    kinds.extend(rcp.iter().cloned().flatten().map(|_| PolicyKind::ResourceControl));
    let read = documents.read_as(&kinds)?;
    let all: Vec<&PolicyDocument> = read.iter().collect();
    let are_alone = all.len() == own.len() && besides.account.is_none() && besides.resource_account.is_none();
    let answered = if are_alone && !is_mixed {
        alone(&request, &all)
    } else {
        let of_principal = |document: &&&PolicyDocument| document.kind.is_of_principal();
        let attached = Attached {
            identity: all[own.clone()].iter().filter(of_principal).copied().collect(),
            resource: all[own]
                .iter()
                .filter(|document| !of_principal(document))
                .chain(&all[resource])
                .chain(&all[trust])
                .copied()
                .collect(),
            boundary: all[boundary].to_vec(),
            session: all[session].to_vec(),
            service_control: grouped(&all, scp),
            resource_control: grouped(&all, rcp),
            account: besides.account.clone(),
            resource_account: besides.resource_account.clone(),
        };
        together(&attached, &request, &all, besides)
    };
    answer(answered, &documents.sources, &args.output)
}

/// What policies of one type say by themselves.
fn alone(request: &Request, all: &[&PolicyDocument]) -> Answered {
    let [one, other] = [Colons::NotMatched, Colons::Matched].map(|colons| decide(all, request, colons));
    let (is_settled, verdict) = verdict_of(one.allowed, other.allowed);
    let who = shown(request);
    let message = match verdict {
        Verdict::Pass => format!("{who} is allowed"),
        Verdict::Fail if one.denied => format!("{who} is denied"),
        Verdict::Fail => format!("{who} is not allowed: no statement allows it"),
        Verdict::Unknown => not_known(&who, one.reason.as_ref().filter(|_| is_settled)),
    };
    let deciding = match one.statement.filter(|_| is_settled) {
        Some(span) if one.denied => vec![deciding(all, span, request, "denies", "denies it")],
        Some(span) => vec![deciding(all, span, request, "allows", "allows it")],
        None => near_misses(all, request),
    };
    let reason = one.reason.filter(|_| verdict == Verdict::Unknown);
    let notes = ask_for_context(all).filter(|_| reason.is_some()).into_iter().collect();
    let witness = Some(witness(request, all));
    Answered { check: "can", verdict, message, witness, deciding, reason, notes }
}

/// The verdict of both readings of an ARN, and whether they agree: whether `*` in the middle of one
/// matches a `:` is not settled.
fn verdict_of(one: Truth, other: Truth) -> (bool, Verdict) {
    match one {
        _ if one != other => (false, Verdict::Unknown),
        Truth::Yes => (true, Verdict::Pass),
        Truth::No => (true, Verdict::Fail),
        Truth::Unknown => (true, Verdict::Unknown),
    }
}

/// Why there is no verdict; without a reason the readings of an ARN do not agree.
fn not_known(who: &str, reason: Option<&Reason>) -> String {
    match reason {
        Some(reason) => format!("whether {who} is allowed is not known: {}", reason.text),
        None => format!("whether {who} is allowed depends on whether `*` in the middle of an ARN matches a `:`"),
    }
}

fn ask_for_context(documents: &[&PolicyDocument]) -> Option<String> {
    let has_tests = documents.iter().any(|document| !document.statements.iter().all(Statement::is_unconditional));
    has_tests
        .then(|| "give what the request says with `--context KEY=VALUE`, and `KEY=` for what it does not".to_owned())
}

/// What policies of several types say.
fn together(attached: &Attached<'_>, request: &Request, all: &[&PolicyDocument], besides: &BesidesArgs) -> Answered {
    let [one, other] = [Colons::NotMatched, Colons::Matched].map(|colons| decide_together(attached, request, colons));
    let (is_settled, verdict) = verdict_of(one.allowed, other.allowed);
    let who = shown(request);
    let message = match (verdict, one.deciding.first()) {
        (Verdict::Pass, _) => format!("{who} is allowed"),
        (Verdict::Fail, Some((layer, _))) if one.denied => format!("{who} is denied by the {}", layer.display()),
        (Verdict::Fail, _) => format!("{who} is not allowed: {}", lacking(&one)),
        (Verdict::Unknown, _) => not_known(&who, one.reason.as_ref().filter(|_| is_settled)),
    };
    let (role, does) = if one.denied { ("denies", "denies it") } else { ("allows", "allows it") };
    let of_layer = |(layer, span): &(Layer, _)| {
        let place = deciding(all, *span, request, role, does);
        Deciding { text: format!("{}: {}", layer.display(), place.text), ..place }
    };
    let mut places: Vec<Deciding> = one.deciding.iter().filter(|_| is_settled).map(of_layer).collect();
    if verdict == Verdict::Fail && !one.denied {
        let lacking = one.lacking.iter().flat_map(|layer| documents_of(attached, *layer));
        places.extend(near_misses(&lacking.collect::<Vec<_>>(), request));
    }
    let reason = one.reason.clone().filter(|_| verdict == Verdict::Unknown);
    let mut notes = one.assumed.clone();
    notes.extend(ask_for_context(all).filter(|_| reason.is_some()));
    if request.principal.is_none() && besides.resource_policy.len() + besides.trust_policy.len() > 0 {
        notes.push("say who asks with `--principal`".to_owned());
    }
    Answered { check: "can", verdict, message, witness: Some(witness(request, all)), deciding: places, reason, notes }
}

/// `no identity policy and no permissions boundary allows it`
fn lacking(found: &Together) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in found.lacking.iter().map(|layer| format!("no {}", layer.display())) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    format!("{} allows it", names.join(" and "))
}

fn documents_of<'d>(attached: &Attached<'d>, layer: Layer) -> Vec<&'d PolicyDocument> {
    match layer {
        Layer::Identity => attached.identity.clone(),
        Layer::Resource => attached.resource.clone(),
        Layer::Boundary => attached.boundary.clone(),
        Layer::Session => attached.session.clone(),
        Layer::ServiceControl => attached.service_control.concat(),
        Layer::ResourceControl => attached.resource_control.concat(),
    }
}

fn request(args: &CanArgs) -> Result<Request, Failure> {
    let is_name = args.action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
    if !is_name || args.action.contains(['*', '?']) {
        let text = format!("`{}` is no action of a request", args.action);
        return Err(Failure::with_help(text, "name one action, such as `s3:GetObject`"));
    }
    let documented = catalogue::action(&args.action).map_or_else(|| args.action.clone(), |action| action.full_name());
    let mut request = Request { open: true, ..Request::new(documented, args.resource.as_str()) };
    for given in &args.context {
        let Some((key, value)) = given.split_once('=') else {
            return Err(Failure::with_help(
                format!("`{given}` has no `=`"),
                "write `--context aws:SourceIp=203.0.113.7`",
            ));
        };
        let values = request.context.entry(key.to_ascii_lowercase()).or_default();
        if !value.is_empty() {
            values.push(value.to_owned());
        }
    }
    if let Some(who) = &args.principal {
        let caller = Caller::parse(who).ok_or_else(|| {
            let help = "give an ARN, an account, a service such as `lambda.amazonaws.com`, or `*` for anybody";
            Failure::with_help(format!("`{who}` is no principal"), help)
        })?;
        request.principal = Some(caller);
        request.derive_keys();
    }
    Ok(request)
}

/// The allows that come near: those that fail by their action only where all do.
fn near_misses(documents: &[&PolicyDocument], request: &Request) -> Vec<Deciding> {
    let statements = documents.iter().flat_map(|document| document.allows().map(move |one| (*document, one)));
    let missed: Vec<(bool, Deciding)> = statements
        .filter_map(|(document, statement)| {
            let found = applies(document, statement, request, Colons::NotMatched);
            let because = found.reason(request)?;
            let by_action = statement.actions.as_ref().is_some_and(|one| Some(one.key_span) == because.span);
            let role = if found.truth.is_no() { "does not match" } else { "not known" };
            let span = because.span.unwrap_or(statement.span);
            Some((by_action, Deciding { span, mark: span, role, text: because.text }))
        })
        .collect();
    let near = missed.iter().any(|(by_action, _)| !by_action);
    missed.into_iter().filter(|(by_action, _)| !near || !by_action).map(|(_, one)| one).take(6).collect()
}
