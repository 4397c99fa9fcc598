//! The questions of `iamlint policy` whose answer is a verdict.

use super::documents::Documents;
use super::policy::{AccessNotGrantedArgs, CanArgs, NoNewAccessArgs, NoPublicAccessArgs, OutputArgs, PolicyFormat};
use super::{CLEAN, FAILED, FOUND, Failure, print, style};
use crate::iam::evaluate::{Colons, applies, decide};
use crate::iam::{
    Access, Caller, Finding, PolicyDocument, PublicKind, Request, Statement, Truth, access_not_granted, catalogue,
    new_access, public_access,
};
use crate::report::policy::{self as report, Answered, Deciding, Verdict, Witness};
use crate::rules::pack::nearest;
use crate::source::{Sources, Span};
use std::io::IsTerminal;
use std::path::PathBuf;

pub fn no_new_access(args: &NoNewAccessArgs) -> Result<u8, Failure> {
    stdin_once(&[&args.existing, &args.new])?;
    let mut documents = Documents::default();
    let existing = documents.add(&args.existing)?;
    let new = documents.add(&args.new)?;
    let read = documents.read(args.read_as.policy_type)?;
    let all: Vec<&PolicyDocument> = read.iter().collect();
    let finding = new_access(&all[existing], &all[new]);
    let words = Words {
        check: "no-new-access",
        pass: "the new policy allows nothing that the existing one does not".to_owned(),
        unknown: "whether the new policy allows more than the existing one is not known".to_owned(),
        fail: &|access| {
            let verb = if access.denied_by.is_some() { "denies" } else { "does not allow" };
            format!("the new policy allows {}, which the existing one {verb}", shown(&access.request))
        },
    };
    answer(words.answered(&finding, &all), &documents.sources, &args.output)
}

pub fn not_granted(args: &AccessNotGrantedArgs) -> Result<u8, Failure> {
    stdin_once(&[&args.policies])?;
    if let Some(action) = args.actions.iter().find(|action| !action.contains(':') && !action.starts_with('*')) {
        return Err(Failure::with_help(
            format!("`{action}` is no action"),
            "an action has a service in front: `s3:GetObject`",
        ));
    }
    let mut documents = Documents::default();
    documents.add(&args.policies)?;
    let read = documents.read(args.read_as.policy_type)?;
    let all: Vec<&PolicyDocument> = read.iter().collect();
    let finding = access_not_granted(&all, &args.actions, &args.resources);
    let words = Words {
        check: "access-not-granted",
        pass: "the policy allows none of it".to_owned(),
        unknown: "whether the policy allows any of it is not known".to_owned(),
        fail: &|access| format!("the policy allows {}", shown(&access.request)),
    };
    answer(words.answered(&finding, &all), &documents.sources, &args.output)
}

pub fn no_public_access(args: &NoPublicAccessArgs) -> Result<u8, Failure> {
    stdin_once(&[&args.policies])?;
    let Some(kind) = PublicKind::parse(&args.resource_type) else {
        let names: Vec<&str> = PublicKind::all().map(|kind| kind.name).collect();
        let help = match nearest(&args.resource_type, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        return Err(Failure::with_help(format!("`{}` is no type of resource to ask about", args.resource_type), help));
    };
    let mut documents = Documents::default();
    documents.add(&args.policies)?;
    let read = documents.read_as(kind.policy_kind())?;
    let all: Vec<&PolicyDocument> = read.iter().collect();
    let finding = public_access(&all, kind);
    let words = Words {
        check: "no-public-access",
        pass: format!("the policy lets no stranger use the {}", kind.name),
        unknown: "whether the policy lets strangers in is not known".to_owned(),
        fail: &|access| format!("the policy lets a stranger in: it allows {}", shown(&access.request)),
    };
    answer(words.answered(&finding, &all), &documents.sources, &args.output)
}

pub fn can(args: &CanArgs) -> Result<u8, Failure> {
    stdin_once(&[&args.policies])?;
    let request = request(args)?;
    let mut documents = Documents::default();
    documents.add(&args.policies)?;
    let read = documents.read(args.read_as.policy_type)?;
    let all: Vec<&PolicyDocument> = read.iter().collect();
    let [one, other] = [Colons::NotMatched, Colons::Matched].map(|colons| decide(&all, &request, colons));
    // Whether `*` in the middle of an ARN matches a `:` is not settled.
    let is_settled = one.allowed == other.allowed;
    let verdict = match one.allowed {
        Truth::Yes if is_settled => Verdict::Pass,
        Truth::No if is_settled => Verdict::Fail,
        _ => Verdict::Unknown,
    };
    let who = shown(&request);
    let message = match verdict {
        Verdict::Pass => format!("{who} is allowed"),
        Verdict::Fail if one.denied => format!("{who} is denied"),
        Verdict::Fail => format!("{who} is not allowed: no statement allows it"),
        Verdict::Unknown => match &one.reason {
            Some(reason) if is_settled => format!("whether {who} is allowed is not known: {}", reason.text),
            _ => format!("whether {who} is allowed depends on whether `*` in the middle of an ARN matches a `:`"),
        },
    };
    let deciding = match one.statement.filter(|_| is_settled) {
        Some(span) if one.denied => vec![deciding(&all, span, &request, "denies", "denies it")],
        Some(span) => vec![deciding(&all, span, &request, "allows", "allows it")],
        None => near_misses(&all, &request),
    };
    let reason = one.reason.filter(|_| verdict == Verdict::Unknown);
    let mut notes = Vec::new();
    if reason.is_some() && all.iter().any(|document| !document.statements.iter().all(Statement::is_unconditional)) {
        notes.push("give what the request says with `--context KEY=VALUE`, and `KEY=` for what it does not".to_owned());
    }
    let witness = Some(witness(&request, &all));
    let answered = Answered { check: "can", verdict, message, witness, deciding, reason, notes };
    answer(answered, &documents.sources, &args.output)
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

/// The sentences of a check.
struct Words<'w> {
    check: &'static str,
    pass: String,
    unknown: String,
    fail: &'w dyn Fn(&Access) -> String,
}

impl Words<'_> {
    fn answered(&self, finding: &Finding, documents: &[&PolicyDocument]) -> Answered {
        let empty = Answered {
            check: self.check,
            verdict: Verdict::Pass,
            message: self.pass.clone(),
            witness: None,
            deciding: Vec::new(),
            reason: None,
            notes: Vec::new(),
        };
        match finding {
            Finding::None => empty,
            Finding::Unknown(reason) => Answered {
                verdict: Verdict::Unknown,
                message: format!("{}: {}", self.unknown, reason.text),
                reason: Some(reason.clone()),
                ..empty
            },
            Finding::Found(access) => {
                let request = &access.request;
                let allows = deciding(documents, access.allowed_by, request, "allows", "allows it");
                let denies =
                    access.denied_by.map(|span| deciding(documents, span, request, "denies", "denied it so far"));
                let is_known = catalogue::action(&request.action).is_some();
                let note = "the IAM data has no such action: the pattern allows it as soon as AWS adds one";
                Answered {
                    verdict: Verdict::Fail,
                    message: (self.fail)(access),
                    witness: Some(witness(request, documents)),
                    deciding: std::iter::once(allows).chain(denies).collect(),
                    notes: (!is_known).then(|| note.to_owned()).into_iter().collect(),
                    ..empty
                }
            }
        }
    }
}

/// `` `s3:GetObject` on `arn:…` to anybody ``
fn shown(request: &Request) -> String {
    let whom = match &request.principal {
        None => String::new(),
        Some(Caller::Anonymous) => " to anybody".to_owned(),
        Some(caller) => format!(" to `{caller}`"),
    };
    let on = if request.resource.starts_with("arn:") { format!(" on `{}`", request.resource) } else { String::new() };
    format!("`{}`{on}{whom}", request.action)
}

/// A statement and what it does; underlined is what matches the action.
fn deciding(documents: &[&PolicyDocument], span: Span, request: &Request, role: &'static str, does: &str) -> Deciding {
    let statement = documents.iter().flat_map(|document| &document.statements).find(|one| one.span == span);
    let sid = statement.and_then(Statement::sid_text);
    let matched = statement.and_then(|one| one.matches_action(&request.action).first().map(|found| found.span));
    let text = sid.map_or_else(|| does.to_owned(), |sid| format!("`{sid}` {does}"));
    Deciding { span, mark: matched.unwrap_or(span), role, text }
}

/// The request with the keys that the policies speak of, as they write them.
fn witness(request: &Request, documents: &[&PolicyDocument]) -> Witness {
    let tests = || documents.iter().flat_map(|one| &one.statements).flat_map(|one| &one.conditions);
    let written = |key: &str| tests().find(|test| test.is_on(key)).map(|test| test.key.clone());
    let is_variable = |key: &str| {
        let patterns = documents.iter().flat_map(|one| &one.statements).flat_map(|one| &one.resources);
        let mut texts = patterns.flat_map(|one| &one.patterns).map(|one| one.text().display().to_ascii_lowercase());
        texts.any(|text| text.contains(key))
    };
    let mut context: Vec<(String, Vec<String>)> = request
        .context
        .iter()
        .filter_map(|(key, values)| {
            let name = written(key).or_else(|| is_variable(key).then(|| key.clone()))?;
            Some((name, values.clone()))
        })
        .collect();
    for test in tests().filter(|_| !request.open) {
        if !context.iter().any(|(known, _)| test.is_on(known)) {
            context.push((test.key.clone(), Vec::new()));
        }
    }
    Witness { request: request.clone(), context }
}

fn answer(answered: Answered, sources: &Sources, output: &OutputArgs) -> Result<u8, Failure> {
    let style = style(output.color, std::io::stdout().is_terminal());
    print(&match output.format {
        PolicyFormat::Text => report::text(&answered, sources, &style),
        PolicyFormat::Json => report::json(&answered, sources),
    });
    Ok(match answered.verdict {
        Verdict::Pass => CLEAN,
        Verdict::Fail => FOUND,
        Verdict::Unknown => FAILED,
    })
}

/// Standard input can be read once only.
fn stdin_once(lists: &[&Vec<PathBuf>]) -> Result<(), Failure> {
    let count = lists.iter().flat_map(|list| list.iter()).filter(|path| path.as_os_str() == "-").count();
    if count > 1 { Err(Failure::new("standard input can stand for one policy only")) } else { Ok(()) }
}
