//! Statements that IAM refuses, or that say something else than they seem to.

use super::chain::list;
use crate::diagnostic::{Applicability, Severity};
use crate::edit::Change;
use crate::iam::{GrammarKind, GrammarProblem, PolicyKind};
use crate::model::Policy;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use std::collections::HashSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "statement-grammar",
    summary: "a policy whose shape IAM refuses",
    params: &[],
    facts: &["owner", "problem"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut told = HashSet::new();
    for policy in &context.model.policies {
        let problems = &policy.document.problems;
        for (index, problem) in problems.iter().enumerate() {
            let is_empty = matches!(problem.kind, GrammarKind::EmptyList { .. } | GrammarKind::EmptyStatement);
            if is_empty && is_mended(context, problem.span) {
                continue;
            }
            let no_arn = |other: &&GrammarProblem| {
                matches!(other.kind, GrammarKind::NoArn { .. }) && other.statement == problem.statement
            };
            let found = match missing_element(&problem.kind) {
                None if no_arn(&problem) => {
                    if problems[..index].iter().any(|other| no_arn(&other)) {
                        continue;
                    }
                    let others = problems[index + 1..].iter().filter(no_arn).take(3);
                    others.fold(of_problem(policy, problem), |found, other| found.related(other.span, "nor is this"))
                }
                None => of_problem(policy, problem),
                // What is cut off after an error of syntax is not missing.
                Some(_) if is_mended(context, problem.span) => continue,
                Some(_) => {
                    let same = |other: &&GrammarProblem| other.span == problem.span;
                    if problems[..index].iter().any(|other| same(&other) && missing_element(&other.kind).is_some()) {
                        continue;
                    }
                    let elements = problems.iter().filter(same).filter_map(|other| missing_element(&other.kind));
                    of_missing(policy, problem, &elements.collect::<Vec<_>>())
                }
            };
            // A statement under a condition is read once for each way it can turn out.
            if told.insert((found.span, found.facts.clone())) {
                findings.push(found);
            }
        }
    }
    findings
}

fn of_problem(policy: &Policy, problem: &GrammarProblem) -> Finding {
    let (text, label, help) = words(&problem.kind);
    let found = finding(policy, problem, text).label(label);
    let mut found = match (problem.related, &problem.kind) {
        (Some(related), GrammarKind::DuplicateSid { .. }) => found.related(related, "first used here"),
        (Some(related), _) => found.related(related, "the other is here"),
        (None, _) => found,
    };
    // Services with resource policies are not all as strict as IAM.
    if policy.kind == PolicyKind::Resource && matches!(problem.kind, GrammarKind::DuplicateSid { .. }) {
        found = found.severity(Severity::Medium);
    }
    found.change = change(problem, &help);
    found.help = Some(match &problem.kind {
        GrammarKind::KeyCase { .. } | GrammarKind::UnknownKey { .. } | GrammarKind::UnknownPrincipalKind { .. }
            if problem.related.is_some() =>
        {
            "keep one of the two".into()
        }
        _ => help,
    });
    found
}

/// The name or the value that is meant. IAM refuses the policy as it is, so that nothing is granted by
/// it that a change could widen.
fn change(problem: &GrammarProblem, help: &str) -> Option<Change> {
    let (from, to, applicability) = match &problem.kind {
        GrammarKind::BadVersion { text } => (text, "2012-10-17", Applicability::Safe),
        GrammarKind::BadEffect { text, correct: Some(correct) } => {
            // Who did not evidently write `Allow` has not allowed anything.
            let is_evident = *correct != "Allow" || text.eq_ignore_ascii_case(correct);
            (text, *correct, if is_evident { Applicability::Safe } else { Applicability::Unsafe })
        }
        GrammarKind::KeyCase { key, correct }
        | GrammarKind::UnknownKey { key, correct: Some(correct) }
        | GrammarKind::UnknownPrincipalKind { key, correct: Some(correct) }
            // The right name may be there as well, with another value.
            if problem.related.is_none() =>
        {
            (key, *correct, Applicability::Safe)
        }
        _ => return None,
    };
    Some(Change::rename(applicability, help, problem.span, from, to))
}

/// One finding for all that a statement lacks.
fn of_missing(policy: &Policy, problem: &GrammarProblem, elements: &[&str]) -> Finding {
    let quoted: Vec<String> = elements.iter().map(|element| format!("`{element}`")).collect();
    let shown = list(&quoted, 4);
    let label = format!("no {} here", shown.replace(" and ", " or "));
    let mut found = finding(policy, problem, format!("has a statement without {shown}")).label(label);
    found.help = Some(match elements {
        ["Action"] => "name the actions".into(),
        ["Effect"] => "add `Effect: Allow` or `Effect: Deny`".into(),
        ["Resource"] => "name the resources; `*` for actions that take none".into(),
        ["Principal"] => "name who the statement is for".into(),
        _ => format!("add {shown}"),
    });
    found
}

fn finding(policy: &Policy, problem: &GrammarProblem, text: String) -> Finding {
    let subject = format!("{} {} {text}", policy.owner.name, place(problem));
    Finding::new(problem.span, subject).fact("owner", policy.owner.display()).fact("problem", text)
}

/// The element that a statement has to have and has not.
fn missing_element(kind: &GrammarKind) -> Option<&'static str> {
    match kind {
        GrammarKind::NoEffect => Some("Effect"),
        GrammarKind::NoAction => Some("Action"),
        GrammarKind::NoResource => Some("Resource"),
        GrammarKind::NoPrincipal => Some("Principal"),
        _ => None,
    }
}

/// A line that was left out may have held what is missing: it stands in the statement, or next behind.
fn is_mended(context: &Context<'_>, span: Span) -> bool {
    let text = &context.sources.get(span.file).text;
    let is_next = |mended: &Span| {
        let between = text.get(span.end as usize..mended.start as usize);
        between.is_some_and(|between| between.trim().is_empty())
    };
    let touches = |mended: &Span| {
        mended.file == span.file && span.start <= mended.end && (mended.start <= span.end || is_next(mended))
    };
    context.model.repaired.iter().any(touches)
}

fn place(problem: &GrammarProblem) -> String {
    problem.sid.clone().unwrap_or_else(|| problem.statement.map_or_else(String::new, |index| index.to_string()))
}

/// What is wrong, the label at its place, and the help.
fn words(kind: &GrammarKind) -> (String, String, String) {
    let of = |text: &str, label: &str, help: &str| (text.to_owned(), label.to_owned(), help.to_owned());
    match kind {
        GrammarKind::NoStatement => of("has no `Statement`", "a policy without statements", "add a `Statement`"),
        GrammarKind::EmptyStatement => {
            of("has an empty `Statement`", "no statement in it", "add a statement, or remove the policy")
        }
        GrammarKind::ListWithoutStatement => of(
            "is a list and not a policy",
            "a list of statements",
            "put the list below `Statement`, beside `Version: \"2012-10-17\"`",
        ),
        GrammarKind::StatementIsNoMap => {
            of("has a statement that is no mapping", "not a mapping", "write `Effect`, `Action` and `Resource`")
        }
        GrammarKind::BadVersion { text } => (
            format!("has the version `{text}`, which does not exist"),
            "no version of the policy language".into(),
            "write `Version: \"2012-10-17\"`".into(),
        ),
        GrammarKind::Both { element } => (
            format!("has both `{element}` and `Not{element}`"),
            "one excludes the other".into(),
            "keep one of the two, or make two statements".into(),
        ),
        GrammarKind::BadEffect { text, correct } => (
            format!("has the effect `{text}`"),
            "neither `Allow` nor `Deny`".into(),
            did_you_mean(*correct, "write `Allow` or `Deny`"),
        ),
        GrammarKind::ResourceInTrustPolicy { key } => (
            format!("has `{key}` in a trust policy"),
            "the role itself is the resource".into(),
            format!("remove `{key}`"),
        ),
        GrammarKind::PrincipalInIdentityPolicy { key } => (
            format!("has `{key}` in a policy of a principal"),
            "the policy already belongs to somebody".into(),
            format!("remove `{key}`, or make it the policy of a resource"),
        ),
        // These are told together.
        GrammarKind::NoEffect | GrammarKind::NoAction | GrammarKind::NoResource | GrammarKind::NoPrincipal => {
            of("has a statement that is not complete", "not complete", "add what is missing")
        }
        GrammarKind::BareStatement => of(
            "is a statement and not a policy",
            "the elements of a statement",
            "put them below `Statement`, beside `Version: \"2012-10-17\"`",
        ),
        GrammarKind::NoArn { text } => (
            format!("has the resource `{text}`, which is no ARN"),
            "neither an ARN nor `*`".into(),
            match text.starts_with("arn${AWS::Partition}") {
                true => "write `arn:${AWS::Partition}:`, with the colons",
                false => "name the resource by its ARN",
            }
            .into(),
        ),
        GrammarKind::UnknownKey { key, correct } => (
            format!("has the unknown element `{key}`"),
            "no element of a policy".into(),
            did_you_mean(*correct, "remove it"),
        ),
        GrammarKind::KeyCase { key, correct } => (
            format!("has `{key}` for `{correct}`"),
            "elements are case-sensitive here".into(),
            format!("write `{correct}`"),
        ),
        GrammarKind::DuplicateSid { sid } => (
            format!("uses the Sid `{sid}` twice"),
            "used again here".into(),
            "give each statement a Sid of its own".into(),
        ),
        GrammarKind::BadSid { sid } => {
            (format!("has the Sid `{sid}`"), "letters and digits only".into(), "leave out other characters".into())
        }
        GrammarKind::EmptyList { key } => {
            (format!("has an empty `{key}`"), "nothing in it".into(), format!("fill `{key}`, or remove the statement"))
        }
        GrammarKind::UnknownPrincipalKind { key, correct } => (
            format!("has a principal of the kind `{key}`"),
            "no kind of principal".into(),
            did_you_mean(*correct, "use `AWS`, `Service`, `Federated` or `CanonicalUser`"),
        ),
        GrammarKind::BarePrincipal { text } => (
            format!("has the principal `{text}`"),
            "only `*` may stand here alone".into(),
            "write a mapping such as `AWS: …` or `Service: …`".into(),
        ),
    }
}

fn did_you_mean(correct: Option<&str>, otherwise: &str) -> String {
    correct.map_or_else(|| otherwise.to_owned(), |name| format!("did you mean `{name}`?"))
}
