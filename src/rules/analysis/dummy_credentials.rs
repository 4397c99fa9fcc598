//! Credentials that are none: words in their place, with which tests cannot reach an account.

use super::chain::{distinct, list};
use crate::diagnostic::Severity;
use crate::model::Model;
use crate::model::group::{NamedValue, Setter, named_values};
use crate::model::image::Image;
use crate::rules::secrets::may_be_real;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::FileId;
use crate::template::dockerfile::Action;
use std::collections::BTreeMap;

pub const ANALYSIS: Analysis = Analysis {
    name: "dummy-credentials",
    summary: "a word stands in the place of AWS credentials",
    params: &[],
    facts: &["names", "where"],
    bind,
};

const NAMES: [&str; 4] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"];

fn bind(_: &Params) -> Check {
    Box::new(run)
}

/// One finding for each file, and one more where a project or a resource sets them in the same file.
fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut of_files: BTreeMap<(FileId, Setter), Vec<NamedValue<'_>>> = BTreeMap::new();
    for one in named_values(context.model).into_iter().filter(is_dummy) {
        let setter = if one.setter == Setter::Action { Setter::Project } else { one.setter };
        of_files.entry((one.span.file, setter)).or_default().push(one);
    }
    let found = of_files.into_iter().map(|((file, setter), ones)| told(context.model, file, setter, &ones));
    found.flatten().collect()
}

fn told(model: &Model, file: FileId, setter: Setter, ones: &[NamedValue<'_>]) -> Option<Finding> {
    let first = ones.iter().min_by_key(|one| one.span)?;
    let names = distinct(ones.iter().map(|one| format!("`{}`", one.name)));
    let mut found = Finding::new(first.span, "dummies").fact("names", list(&names, 4));
    for one in ones.iter().filter(|one| one.span != first.span).take(3) {
        found = found.related(one.span, "and this");
    }
    // What is pushed runs elsewhere, where a role gives credentials.
    let mut pushed = model.images.iter().filter(|image| image.dockerfile.file == file && image.is_pushed);
    let shadowed = match setter {
        Setter::Project | Setter::Action => Some(": builds of the project go without their role"),
        Setter::Workload => Some(": what runs there goes without its role"),
        Setter::Other => {
            pushed.any(|image| is_kept(image, ones)).then_some(": what runs in the image goes without its role")
        }
    };
    Some(match shadowed {
        Some(shadowed) => found.fact("where", shadowed).severity(Severity::Low),
        None => found.fact("where", ""),
    })
}

/// One of them is a variable of the image, and not of a stage that is left behind.
fn is_kept(image: &Image, ones: &[NamedValue<'_>]) -> bool {
    let steps = image.dockerfile.final_chain().into_iter().flat_map(|stage| &stage.steps);
    let mut kept = steps.filter(|step| matches!(step.action, Action::Env(_)));
    kept.any(|step| ones.iter().any(|one| step.span.contains(one.span)))
}

/// A word; not a name to fill in, a reference, or anything with the form of a key.
fn is_dummy(one: &NamedValue<'_>) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-.".contains(&byte);
    NAMES.contains(&one.name.as_ref())
        && one.value.literal().is_some_and(|value| {
            !value.is_empty() && value.bytes().all(is_plain) && !may_be_real(value) && !names_a_secret(value)
        })
}

/// `/shop/aws/key` is the name of a parameter, and `YOUR_KEY` one that waits for its value.
fn names_a_secret(value: &str) -> bool {
    value.starts_with('/') || value.to_ascii_uppercase().contains("YOUR")
}
