//! AWS access keys written into a file.

use crate::diagnostic::Severity;
use crate::rules::secrets::{Kind, Secret};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{FileId, Span};
use std::ops::Range;

pub const ANALYSIS: Analysis =
    Analysis { name: "access-key", summary: "an AWS access key stands in a file", params: &[], facts: &["what"], bind };

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let found = |(file, secret): &(FileId, Secret)| finding(*file, &context.sources.get(*file).text, secret);
        context.secrets().iter().filter_map(found).collect()
    })
}

fn finding(file: FileId, text: &str, secret: &Secret) -> Option<Finding> {
    let span = |range: &Range<usize>| Span::new(file, range.start, range.end);
    let key = match &secret.kind {
        Kind::AccessKey => &secret.place,
        Kind::SecretOfKey(key) => key,
        Kind::Token(_) => return None,
    };
    let shown = format!("{}…", &text[key.start..key.start + 8]);
    let temporary = shown.starts_with("ASIA");
    let kind = if temporary { "temporary AWS access key" } else { "AWS access key" };
    Some(match secret.kind {
        Kind::AccessKey => {
            let found = Finding::new(span(key), shown.clone()).fact("what", format!("the {kind} `{shown}`"));
            if temporary { found.severity(Severity::High) } else { found }
        }
        _ => Finding::new(span(&secret.place), "secret access key")
            .fact("what", format!("the secret of the {kind} `{shown}`"))
            .label("lets anybody work with the key")
            .related(span(key), "belongs to this key"),
    })
}
