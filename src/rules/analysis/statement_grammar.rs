//! Statements that IAM refuses, or that say something else than they seem to.

use crate::iam::{GrammarKind, GrammarProblem};
use crate::rules::{Analysis, Check, Context, Finding, Params};

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
    let of_policies = context.model.policies.iter().flat_map(|policy| {
        policy.document.problems.iter().map(move |problem| {
            let (text, label, help) = words(&problem.kind);
            let subject = format!("{} {} {text}", policy.owner.name, place(problem));
            let mut found = Finding::new(problem.span, subject)
                .fact("owner", policy.owner.display())
                .fact("problem", text)
                .label(label);
            found.help = Some(help);
            match problem.related {
                Some(related) => found.related(related, "the other is here"),
                None => found,
            }
        })
    });
    let mut findings: Vec<Finding> = Vec::new();
    for found in of_policies {
        // A statement under a condition is read once for each way it can turn out.
        if !findings.iter().any(|known| known.span == found.span && known.facts == found.facts) {
            findings.push(found);
        }
    }
    findings
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
        GrammarKind::NoAction => of("has a statement without `Action`", "no `Action` here", "name the actions"),
        GrammarKind::NoEffect => {
            of("has a statement without `Effect`", "no `Effect` here", "add `Effect: Allow` or `Effect: Deny`")
        }
        GrammarKind::BadEffect { text, correct } => (
            format!("has the effect `{text}`"),
            "neither `Allow` nor `Deny`".into(),
            did_you_mean(*correct, "write `Allow` or `Deny`"),
        ),
        GrammarKind::NoResource => of(
            "has a statement without `Resource`",
            "no `Resource` here",
            "name the resources; `*` for actions that take none",
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
        GrammarKind::NoPrincipal => {
            of("has a statement without `Principal`", "no `Principal` here", "name who the statement is for")
        }
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
