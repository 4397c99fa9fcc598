//! Needs that somebody tells in a comment above a command: `# iamlint: uses s3:GetObject on arn:…`.

use super::{Certainty, Need, Needs};
use crate::iam::Reason;
use crate::iam::action::actions_matching;
use crate::model::command::Command;
use crate::source::{Sources, Span};
use crate::value::{Hole, HoleKind, Part, Text};

const PAGE: &str = "https://docs.aws.amazon.com/service-authorization/latest/reference/";

/// What the comments right above a command say of it; `None` where there is none that speaks of it.
pub fn of_command(command: &Command, sources: &Sources) -> Option<Needs> {
    let spans = std::iter::once(command.span).chain(command.via.iter().rev().map(|via| via.span));
    spans.into_iter().find_map(|span| above(span, sources))
}

fn above(span: Span, sources: &Sources) -> Option<Needs> {
    let source = sources.get(span.file);
    let text: &str = &source.text;
    let mut line_start = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let mut found: Option<Needs> = None;
    while line_start > 0 {
        let previous = text[..line_start - 1].rfind('\n').map_or(0, |at| at + 1);
        let line = &text[previous..line_start - 1];
        let Some(comment) = line.trim_start().strip_prefix('#') else { break };
        if let Some(said) = comment.trim().strip_prefix("iamlint:").and_then(|said| said.trim().strip_prefix("uses ")) {
            let start = previous + (line.len() - line.trim_start().len());
            let place = Span::new(span.file, start, start + line.trim().len());
            found.get_or_insert_with(Needs::default).extend(read(said, place));
        }
        line_start = previous;
    }
    found
}

/// `s3:GetObject, s3:List* on arn:aws:s3:::bucket/*, arn:…`; without `on` on every resource.
fn read(said: &str, span: Span) -> Needs {
    let (actions, resources) = said.split_once(" on ").unwrap_or((said, "*"));
    let list = |text: &str| -> Vec<String> {
        text.split([',', ' ']).map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
    };
    let mut found = Needs::default();
    let mut meant = Vec::new();
    for name in list(actions) {
        let known = actions_matching(&name);
        if known.is_empty() {
            found.unknown.push(Reason::at(format!("`{name}` is no action of IAM"), span));
        }
        meant.extend(known);
    }
    if meant.is_empty() {
        return found;
    }
    found.needs.push(Need {
        actions: meant,
        resources: list(resources).iter().map(|arn| with_holes(arn, span)).collect(),
        conditions: Vec::new(),
        span,
        reason: "a comment says so".into(),
        source: PAGE,
        certainty: Certainty::Certain,
    });
    found
}

/// `${AWS::Region}` and its like are what the deployment knows.
fn with_holes(text: &str, span: Span) -> Text {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once("${AWS::")
        && let Some((name, behind)) = inner.split_once('}')
    {
        parts.extend(Text::at(before, span).parts);
        let name = format!("AWS::{name}");
        parts.push(Part::Hole(Hole { name, kind: HoleKind::Pseudo, span, template: span.file, default: None }));
        rest = behind;
    }
    parts.extend(Text::at(rest, span).parts);
    Text { parts, span }.normalised()
}
