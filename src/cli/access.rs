//! The questions of `iamlint policy` whose answer is a verdict.

use super::documents::Documents;
use super::policy::{AccessNotGrantedArgs, LimitArgs, NoNewAccessArgs, NoPublicAccessArgs, OutputArgs, PolicyFormat};
use super::{CLEAN, FAILED, FOUND, Failure, print, style};
use crate::iam::{
    Access, Caller, Finding, PolicyDocument, PublicKind, Request, Statement, access_not_granted, catalogue,
    new_access_within, public_access,
};
use crate::report::policy::{self as report, Answered, Deciding, Verdict, Witness};
use crate::rules::pack::nearest;
use crate::source::{Sources, Span};
use std::io::IsTerminal;
use std::ops::Range;
use std::path::PathBuf;

pub fn no_new_access(args: &NoNewAccessArgs) -> Result<u8, Failure> {
    stdin_once(args.existing.iter().chain(&args.new).chain(&args.limits.boundary))?;
    let mut documents = Documents::default();
    let existing = documents.add(&args.existing)?;
    let new = documents.add(&args.new)?;
    let limits = args.limits.add(&mut documents)?;
    let read = documents.read(args.read_as.policy_type, new.end)?;
    let all: Vec<&PolicyDocument> = read.iter().collect();
    let limits = grouped(&all, limits);
    let finding = new_access_within(&limits, &all[existing], &all[new]);
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
    stdin_once(args.policies.iter().chain(&args.limits.boundary))?;
    if let Some(action) = args.actions.iter().find(|action| !action.contains(':') && !action.starts_with('*')) {
        return Err(Failure::with_help(
            format!("`{action}` is no action"),
            "an action has a service in front: `s3:GetObject`",
        ));
    }
    let mut documents = Documents::default();
    let policies = documents.add(&args.policies)?;
    let limits = args.limits.add(&mut documents)?;
    let read = documents.read(args.read_as.policy_type, policies.end)?;
    let all: Vec<&PolicyDocument> = read.iter().collect();
    let limits = grouped(&all, limits);
    let finding = access_not_granted(&limits, &all[policies], &args.actions, &args.resources);
    let words = Words {
        check: "access-not-granted",
        pass: "the policy allows none of it".to_owned(),
        unknown: "whether the policy allows any of it is not known".to_owned(),
        fail: &|access| format!("the policy allows {}", shown(&access.request)),
    };
    answer(words.answered(&finding, &all), &documents.sources, &args.output)
}

pub fn no_public_access(args: &NoPublicAccessArgs) -> Result<u8, Failure> {
    stdin_once(&args.policies)?;
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
    let read = documents.read_as(&vec![kind.policy_kind(); args.policies.len()])?;
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
pub fn shown(request: &Request) -> String {
    let whom = match &request.principal {
        None => String::new(),
        Some(Caller::Anonymous) => " to anybody".to_owned(),
        Some(caller) => format!(" to `{caller}`"),
    };
    let on = if request.resource.starts_with("arn:") { format!(" on `{}`", request.resource) } else { String::new() };
    format!("`{}`{on}{whom}", request.action)
}

/// A statement and what it does; underlined is what matches the action.
pub fn deciding(
    documents: &[&PolicyDocument],
    span: Span,
    request: &Request,
    role: &'static str,
    does: &str,
) -> Deciding {
    let statement = documents.iter().flat_map(|document| &document.statements).find(|one| one.span == span);
    let sid = statement.and_then(Statement::sid_text);
    let matched = statement.and_then(|one| one.matches_action(&request.action).first().map(|found| found.span));
    let text = sid.map_or_else(|| does.to_owned(), |sid| format!("`{sid}` {does}"));
    Deciding { span, mark: matched.unwrap_or(span), role, text }
}

/// The request with the keys that the policies speak of, as they write them.
pub fn witness(request: &Request, documents: &[&PolicyDocument]) -> Witness {
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

pub fn answer(answered: Answered, sources: &Sources, output: &OutputArgs) -> Result<u8, Failure> {
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
pub fn stdin_once<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Result<(), Failure> {
    let count = paths.into_iter().filter(|path| path.as_os_str() == "-").count();
    if count > 1 { Err(Failure::new("standard input can stand for one policy only")) } else { Ok(()) }
}

/// Reads the policies of each level, which are files with commas between them.
pub fn levels(documents: &mut Documents, levels: &[String]) -> Result<Vec<Range<usize>>, Failure> {
    let paths = |level: &String| level.split(',').map(PathBuf::from).collect::<Vec<_>>();
    levels.iter().map(|level| documents.add(&paths(level))).collect()
}

impl LimitArgs {
    /// Reads the files, each group of which limits by itself.
    fn add(&self, documents: &mut Documents) -> Result<Vec<Range<usize>>, Failure> {
        let boundary: Vec<PathBuf> = self.boundary.iter().cloned().collect();
        let mut groups = vec![documents.add(&boundary)?];
        groups.retain(|group| !group.is_empty());
        groups.extend(levels(documents, &self.scp)?);
        Ok(groups)
    }
}

pub fn grouped<'d>(all: &[&'d PolicyDocument], groups: Vec<Range<usize>>) -> Vec<Vec<&'d PolicyDocument>> {
    groups.into_iter().map(|group| all[group].to_vec()).collect()
}
