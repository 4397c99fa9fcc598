//! Policy variables: their syntax, and the elements, operators and versions that know them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>

use super::codes::*;
use super::{Issue, Subject};
use crate::iam::catalogue;
use crate::iam::condition::Comparison;
use crate::iam::document::{Statement, Version};
use crate::source::Span;
use crate::value::Text;

/// A variable as it is written.
enum Variable<'t> {
    /// `${` that nothing closes.
    Open,
    /// What stands between the braces.
    Closed(&'t str),
}

pub fn issues(subject: &Subject<'_>, statement: &Statement) -> Vec<Issue> {
    let mut found = Vec::new();
    let actions = statement.actions.iter().flat_map(|actions| &actions.patterns).map(|pattern| pattern.text());
    let principals = statement.principals.iter().flat_map(|principals| &principals.entries).map(|entry| &entry.text);
    for (element, text) in actions.map(|text| ("Action", text)).chain(principals.map(|text| ("Principal", text))) {
        if let Some(name) = variables(text).iter().find_map(request_variable) {
            found.push(Issue::new(VARIABLE_UNSUPPORTED_IN_ELEMENT, text.span, name).other(element));
        }
    }
    for pattern in statement.resources.iter().flat_map(|resources| &resources.patterns) {
        supported(subject, pattern.text(), &mut found);
    }
    for test in &statement.conditions {
        for value in &test.values {
            supported(subject, value, &mut found);
            if let Some(name) = variables(value).iter().find_map(request_variable)
                && test.operator.comparison.is_some_and(|comparison| !takes_variables(comparison))
            {
                let issue = Issue::new(INVALID_VARIABLE_FOR_OPERATOR, value.span, name);
                found.push(issue.other(test.operator.text.clone()).related(test.operator_span));
            }
        }
    }
    found
}

/// A text where variables may stand.
fn supported(subject: &Subject<'_>, text: &Text, found: &mut Vec<Issue>) {
    for variable in variables(text) {
        match (&variable, subject.document.version) {
            (_, Version::V2008) => {
                if let Some(name) = request_variable(&variable) {
                    found.push(Issue::new(VARIABLE_UNSUPPORTED_IN_VERSION, text.span, name));
                }
            }
            (_, Version::Unknown) => {}
            (Variable::Open, Version::V2012) => {
                found.push(Issue::new(MISSING_BRACE_IN_VARIABLE, text.span, text.display()));
            }
            (Variable::Closed(inside), Version::V2012) => found.extend(syntax(inside, text.span)),
        }
    }
}

fn syntax(inside: &str, span: Span) -> Option<Issue> {
    let shown = format!("${{{inside}}}");
    let (name, default) = inside.split_once(',').map_or((inside, None), |(name, default)| (name, Some(default.trim())));
    let is_quoted = |text: &str| text.len() >= 2 && text.starts_with('\'') && text.ends_with('\'');
    if inside.trim().is_empty() {
        Some(Issue::new(EMPTY_VARIABLE, span, shown))
    } else if !name.contains(':') {
        // `${Bucket}` is filled in by another tool.
        None
    } else if default.is_some_and(|default| !is_quoted(default)) {
        Some(Issue::new(MISSING_QUOTE_IN_VARIABLE, span, shown))
    } else if name.contains(' ') && !name.contains('/') {
        // The key of a tag may hold spaces.
        Some(Issue::new(UNSUPPORTED_SPACE_IN_VARIABLE, span, shown))
    } else {
        None
    }
}

/// The name of a variable that IAM fills in from the request: `aws:username`.
fn request_variable(variable: &Variable<'_>) -> Option<String> {
    let Variable::Closed(inside) = variable else { return None };
    let name = inside.split(',').next().unwrap_or(inside).trim();
    let (prefix, rest) = name.split_once(':')?;
    // Other tools have variables with a colon too, such as `${self:custom.stage}`.
    let is_prefix = ["aws", "saml"].iter().any(|known| prefix.eq_ignore_ascii_case(known))
        || catalogue::service(prefix).is_some()
        || prefix.contains('.');
    // `${AWS::Region}` is a pseudo parameter of a template.
    let is_name = rest.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    (is_prefix && is_name).then(|| name.to_owned())
}

/// The variables of the known parts; one that a hole breaks off is left out.
fn variables(text: &Text) -> Vec<Variable<'_>> {
    let mut found = Vec::new();
    for part in text.known_parts() {
        let mut rest = part;
        while let Some(open) = rest.find("${") {
            let inside = &rest[open + 2..];
            match inside.find('}') {
                Some(close) => {
                    found.push(Variable::Closed(&inside[..close]));
                    rest = &inside[close + 1..];
                }
                None => {
                    if !text.has_holes() {
                        found.push(Variable::Open);
                    }
                    break;
                }
            }
        }
    }
    found
}

/// Variables work with operators on strings and on ARNs.
fn takes_variables(comparison: Comparison) -> bool {
    matches!(
        comparison,
        Comparison::StringEquals | Comparison::StringEqualsIgnoreCase | Comparison::StringLike | Comparison::Arn
    )
}
