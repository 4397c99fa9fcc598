//! Variables inside text: `${Name}` of `Fn::Sub`, `{{resolve:…}}`, and those of tools that run
//! before CloudFormation, such as `${{self:custom.x}}`.

use crate::source::Span;
use crate::syntax::Scalar;
use crate::value::{Hole, HoleKind, Part, Text};

/// A part of the text of an `Fn::Sub`.
pub enum Piece {
    Text(Text),
    Variable(String, Span),
}

/// Splits the text of an `Fn::Sub`. `${!Name}` is the text `${Name}`.
pub fn split_substitutions(scalar: &Scalar, span: Span) -> Vec<Piece> {
    let text = scalar.text.as_str();
    let known = |range: std::ops::Range<usize>| {
        (!range.is_empty()).then(|| {
            let part = Part::Known(text[range.clone()].into(), scalar.map.slice(range));
            Piece::Text(find_variables(Text { parts: vec![part], span }))
        })
    };
    let mut pieces = Vec::new();
    let mut rest = 0;
    let mut at = 0;
    while let Some(open) = text[at..].find("${").map(|found| found + at) {
        if text[open + 2..].starts_with('{') {
            // `${{…}}` belongs to the tool that runs before; `find_variables` makes it a hole.
            at = text[open..].find("}}").map_or(text.len(), |end| open + end + 2);
            continue;
        }
        let Some(close) = text[open..].find('}').map(|end| open + end) else { break };
        if text[open + 2..].starts_with('!') {
            pieces.extend(known(rest..open + 2));
            rest = open + 3;
        } else {
            pieces.extend(known(rest..open));
            let name = text[open + 2..close].trim().to_owned();
            pieces.push(Piece::Variable(name, scalar.map.span(open..close + 1)));
            rest = close + 1;
        }
        at = close + 1;
    }
    pieces.extend(known(rest..text.len()));
    pieces
}

/// Makes holes of `{{resolve:service:name}}` and of `${{…}}`.
pub fn find_variables(text: Text) -> Text {
    let needs_work = text.parts.iter().any(|part| match part {
        Part::Known(known, _) => known.contains("{{"),
        Part::Hole(_) => false,
    });
    if !needs_work {
        return text;
    }
    let mut parts = Vec::new();
    for part in text.parts {
        let Part::Known(known, map) = part else {
            parts.push(part);
            continue;
        };
        let mut rest = 0;
        let mut at = 0;
        while let Some(open) = known[at..].find("{{").map(|found| found + at) {
            let Some(close) = known[open..].find("}}").map(|end| open + end + 2) else { break };
            let is_tool = known[..open].ends_with('$');
            let start = if is_tool { open - 1 } else { open };
            let inside = known[open + 2..close - 2].trim();
            let kind = match (is_tool, inside.starts_with("resolve:")) {
                (true, _) if !inside.is_empty() => HoleKind::Tool,
                (false, true) => HoleKind::Dynamic,
                // Braces of another tool, or `${{}}`, which names nothing.
                _ => {
                    at = close;
                    continue;
                }
            };
            if rest < start {
                parts.push(Part::Known(known[rest..start].into(), map.slice(rest..start)));
            }
            let span = map.span(start..close);
            let hole = Hole { name: inside.to_owned(), kind, span, template: span.file, default: None };
            parts.push(hole.into());
            rest = close;
            at = close;
        }
        if rest < known.len() {
            parts.push(Part::Known(known[rest..].into(), map.slice(rest..known.len())));
        }
    }
    Text { parts, span: text.span }
}

/// Parameters that AWS sets.
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
pub fn is_pseudo(name: &str) -> bool {
    matches!(
        name,
        "AWS::AccountId"
            | "AWS::NotificationARNs"
            | "AWS::NoValue"
            | "AWS::Partition"
            | "AWS::Region"
            | "AWS::StackId"
            | "AWS::StackName"
            | "AWS::URLSuffix"
    )
}

/// `self:custom.x`, `opt:stage`, `file(x.yml):key`: a variable of the Serverless Framework. An IAM
/// policy variable such as `aws:username` has a colon as well, but is no name that a tool fills in.
pub fn is_tool_variable(name: &str) -> bool {
    // `Constant::Bucket`: a constant of Rain, which writes templates out of modules.
    if name.contains("::") {
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return !name.starts_with("AWS::") && name.split("::").all(is_word);
    }
    let prefix = name.split([':', '(']).next().unwrap_or_default();
    name != prefix
        && matches!(
            prefix,
            "self" | "opt" | "env" | "file" | "cf" | "ssm" | "s3" | "param" | "sls" | "git" | "strToBool"
        )
}
