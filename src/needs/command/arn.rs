//! Names of resources put together: ARNs out of templates, with holes for what is not known.

pub use super::super::arn::{is_arn, joined, split_once};
use crate::source::Span;
use crate::value::{Hole, HoleKind, Part, Text};

/// Where a command stands, and in which region it calls.
#[derive(Clone, Debug)]
pub struct Place {
    pub span: Span,
    /// That of `--region`.
    pub region: Option<Text>,
    /// The account that the name of a registry tells.
    pub account: Option<Text>,
}

/// A template that was filled in.
#[derive(Debug)]
pub struct Filled {
    pub text: Text,
    /// Names that something was known for.
    pub told: usize,
    /// Names that are holes now.
    pub untold: usize,
}

/// `arn:${Partition}:sns:${Region}:${Account}:${TopicName}` with the value of each name put in.
pub fn fill(template: &str, place: &Place, mut value: impl FnMut(&str) -> Option<Text>) -> Filled {
    let mut filled = Filled { text: Text { parts: Vec::new(), span: place.span }, told: 0, untold: 0 };
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("${") {
        let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
        filled.text.parts.extend(known(before, place).parts);
        let text = match name {
            "Partition" | "AWS::Partition" => pseudo("AWS::Partition", place.span),
            "Region" | "AWS::Region" => place.region.clone().unwrap_or_else(|| pseudo("AWS::Region", place.span)),
            "Account" | "AWS::AccountId" => {
                place.account.clone().unwrap_or_else(|| pseudo("AWS::AccountId", place.span))
            }
            name => match value(name) {
                Some(text) => {
                    filled.told += 1;
                    text
                }
                None => {
                    filled.untold += 1;
                    unknown(name, place.span)
                }
            },
        };
        filled.text.parts.extend(in_build(&text).parts);
        rest = after;
    }
    filled.text.parts.extend(known(rest, place).parts);
    filled.text = filled.text.normalised();
    filled
}

/// A text that only who runs the command knows. No template can declare a name like that of its hole.
pub fn unknown(name: &str, span: Span) -> Text {
    hole(format!("?{name}"), HoleKind::Computed, span)
}

pub fn known(text: &str, place: &Place) -> Text {
    Text::at(text, place.span)
}

/// The text with variables of the shell told apart from names of the template that it stands in.
pub fn in_build(text: &Text) -> Text {
    let part = |part: &Part| match part {
        Part::Hole(hole) if hole.kind == HoleKind::Variable => match hole.name.as_str() {
            // Source: https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
            "AWS_REGION" | "AWS_DEFAULT_REGION" => {
                Hole { name: "AWS::Region".into(), kind: HoleKind::Pseudo, default: None, ..Hole::clone(hole) }.into()
            }
            name => Hole { name: format!("env:{name}"), ..Hole::clone(hole) }.into(),
        },
        part => part.clone(),
    };
    Text { parts: text.parts.iter().map(part).collect(), span: text.span }
}

fn pseudo(name: &str, span: Span) -> Text {
    hole(name.to_owned(), HoleKind::Pseudo, span)
}

fn hole(name: String, kind: HoleKind, span: Span) -> Text {
    Text::from_hole(Hole { name, kind, span, template: span.file, default: None })
}
