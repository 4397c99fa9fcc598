//! What a text of a policy is made of: characters, wildcards, holes of the template, and policy
//! variables (`${aws:username}`), which the request fills in.

use super::glob::HoleLetter;
use crate::source::FileId;
use crate::value::{Hole, HoleKind, Part, Text};

/// One unit of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A character as it is written; `*` and `?` are wildcards where the element has them.
    Char(char),
    /// `${*}`, `${?}` and `${$}`: the character itself.
    Literal(char),
    Hole(HoleLetter),
    Variable(HoleLetter),
}

/// Longer patterns are not read: no policy may be this long.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const MAX_PIECES: usize = 4096;

/// The pieces of a text, or `None` where they cannot be told. Policy variables are known only to
/// version 2012-10-17, elsewhere `${…}` is plain text.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
pub fn pieces(text: &Text, variables: bool) -> Option<Vec<Piece>> {
    let letters = |part: &Part| if let Part::Known(known, _) = part { known.len() } else { 1 };
    let mut pieces = Vec::with_capacity(text.parts.iter().map(letters).sum());
    for part in &text.parts {
        match part {
            Part::Known(known, _) if variables => split_variables(known, &mut pieces)?,
            Part::Known(known, _) => pieces.extend(known.chars().map(Piece::Char)),
            Part::Hole(hole) => pieces.push(Piece::Hole(letter(hole))),
        }
    }
    (pieces.len() <= MAX_PIECES).then_some(pieces)
}

/// The names of the policy variables in a text, `aws:username`.
pub fn variables(text: &Text) -> Vec<String> {
    let found = pieces(text, true).unwrap_or_default().into_iter().filter_map(|piece| match piece {
        Piece::Variable(letter) => Some(letter.name().to_string()),
        _ => None,
    });
    found.collect()
}

/// Two holes of one name in one template hold the same text, and pseudo parameters do everywhere.
fn letter(hole: &Hole) -> HoleLetter {
    let scope: Option<FileId> = (hole.kind != HoleKind::Pseudo).then_some(hole.template);
    HoleLetter::new(&hole.name, scope, is_tame(hole))
}

/// Pseudo parameters that are no ARN have neither `:` nor `/` in them.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
fn is_tame(hole: &Hole) -> bool {
    hole.kind == HoleKind::Pseudo && !matches!(hole.name.as_str(), "AWS::StackId" | "AWS::NotificationARNs")
}

/// `None` when a variable is opened and not closed: a hole of the template may stand in its name.
fn split_variables(text: &str, pieces: &mut Vec<Piece>) -> Option<()> {
    let mut rest = text;
    while let Some(open) = rest.find("${") {
        pieces.extend(rest[..open].chars().map(Piece::Char));
        let inside = &rest[open + 2..];
        let close = inside.find('}')?;
        pieces.push(match &inside[..close] {
            "*" => Piece::Literal('*'),
            "?" => Piece::Literal('?'),
            "$" => Piece::Literal('$'),
            name => Piece::Variable(HoleLetter::new(&name.to_ascii_lowercase(), None, false)),
        });
        rest = &inside[close + 1..];
    }
    pieces.extend(rest.chars().map(Piece::Char));
    Some(())
}
