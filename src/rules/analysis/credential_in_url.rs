//! User names and passwords in addresses.

use crate::diagnostic::Severity;
use crate::rules::{Analysis, Check, Context, Finding, Params, secrets};
use crate::source::{FileId, Span};

pub const ANALYSIS: Analysis = Analysis {
    name: "credential-in-url",
    summary: "an address has a password in it",
    params: &[],
    facts: &["host", "what"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        context.sources.iter().flat_map(|(file, source)| in_text(file, &source.text)).collect()
    })
}

fn in_text(file: FileId, text: &str) -> Vec<Finding> {
    let finding = |one: secrets::Address| {
        let (host, user) = (&text[one.host], &text[one.user]);
        let what = if one.is_variable { "a password from a variable" } else { "a password" };
        let span = Span::new(file, one.password.start, one.password.end);
        let found = Finding::new(span, format!("{host} {user}")).fact("host", host).fact("what", what);
        if one.is_variable { found.severity(Severity::Low) } else { found }
    };
    secrets::addresses(text).into_iter().filter(|one| !one.is_harmless).map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn passwords_and_variables_are_told_apart_and_examples_left_out() {
        let severities = |text: &str| {
            let mut sources = Sources::new();
            let file = sources.add("f", text);
            in_text(file, text).into_iter().map(|found| found.severity).collect::<Vec<_>>()
        };
        assert_eq!(severities("git clone https://bot:hunter2@git.example.com/x.git"), [None]);
        assert_eq!(severities("git clone https://$U:$P@git.example.com/x.git"), [Some(Severity::Low)]);
        for good in [
            "https://user:password@host/x",
            "git@github.com:x/y",
            "http://a:80/b@c",
            "# https://a:b1c@d",
            "https://a.b/c:d@e",
        ] {
            assert_eq!(severities(good), [], "{good}");
        }
    }
}
