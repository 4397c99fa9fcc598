//! Tokens and private keys that are written into a file.

use crate::model::group::named_values;
use crate::rules::secrets::{Kind, is_secret_name, looks_random};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::value::Part;
use std::collections::HashSet;

pub const ANALYSIS: Analysis =
    Analysis { name: "secret-literal", summary: "a secret stands in a file", params: &[], facts: &["what"], bind };

fn bind(_: &Params) -> Check {
    Box::new(run)
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut told: HashSet<Span> = HashSet::new();
    for (file, secret) in context.secrets() {
        let span = Span::new(*file, secret.place.start, secret.place.end);
        if let Kind::Token(what) = secret.kind {
            findings.push(Finding::new(span, what).fact("what", what));
        }
        // The secret of an access key is told with its key.
        told.insert(span);
    }
    for one in named_values(context.model) {
        let [Part::Known(text, map)] = one.value.parts.as_slice() else { continue };
        let span = map.span(0..text.len());
        if is_secret_name(&one.name) && looks_random(text) && told.insert(span) {
            let mut found = Finding::new(span, one.name.clone()).fact("what", format!("the value of `{}`", one.name));
            found.secret = Some(span);
            findings.push(found);
        }
    }
    findings
}
