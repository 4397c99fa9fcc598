//! Patterns of IAM actions: `iam:CreateRole`, `s3:Get*`, `*`. Matching ignores case.

use super::answer::Truth;
use super::catalogue::{self, Action};
use super::glob::{Glob, Letter, Reach, Token};
use super::variable::{Piece, pieces};
use crate::source::Span;
use crate::value::{Condition, Part, Text};

/// One entry of `Action` or `NotAction`.
#[derive(Clone, Debug)]
pub struct ActionPattern {
    text: Text,
    /// The conditions of the template under which the entry is there.
    pub when: Vec<Condition>,
    /// In lower case, holes as rigid letters; `None` for a text too long to be read.
    exact: Option<Glob>,
    /// Every text it may turn out to match.
    wide: Glob,
    /// The prefix in lower case, when it is written out.
    service: Option<Box<str>>,
}

impl ActionPattern {
    pub fn new(text: &Text, when: Vec<Condition>) -> ActionPattern {
        let pieces = pieces(text, false);
        let exact = pieces.as_deref().map(|pieces| glob(pieces, |hole| Token::Letter(Letter::Hole(hole.clone()))));
        let wide = pieces.as_deref().map_or_else(|| Glob::parse("*"), |p| glob(p, |_| Token::Run(Reach::All)));
        ActionPattern { text: text.clone(), when, exact, wide, service: service_of(text) }
    }

    pub fn text(&self) -> &Text {
        &self.text
    }

    pub fn span(&self) -> Span {
        self.text.span
    }

    /// Whether it matches an action given by its full name.
    pub fn matches(&self, action: &str) -> Truth {
        if self.is_of_another_service(action) {
            return Truth::No;
        }
        let action = action.to_ascii_lowercase();
        if self.exact.as_ref().is_some_and(|glob| glob.matches(&action)) {
            Truth::Yes
        } else if self.wide.matches(&action) {
            Truth::Unknown
        } else {
            Truth::No
        }
    }

    /// Whether both name a service in full, and not the same: most patterns are told apart so.
    fn is_of_another_service(&self, action: &str) -> bool {
        let (Some(own), Some((its, _))) = (self.service(), action.split_once(':')) else { return false };
        !own.eq_ignore_ascii_case(its)
    }

    /// Whether it matches every action that `other` matches, those not yet invented included.
    pub fn covers(&self, other: &ActionPattern) -> Truth {
        if let (Some(own), Some(its)) = (&self.exact, &other.exact)
            && (self.text == other.text || its.within(own).is_yes())
        {
            return Truth::Yes;
        }
        let missed = !other.text.has_holes() && other.exact.as_ref().is_some_and(|its| its.within(&self.wide).is_no());
        if missed || !self.wide.intersects(&other.wide) { Truth::No } else { Truth::Unknown }
    }

    /// Whether some action matches both.
    pub fn overlaps(&self, other: &ActionPattern) -> Truth {
        match (&self.exact, &other.exact) {
            (Some(own), Some(its)) if own.intersects(its) => Truth::Yes,
            _ if self.wide.intersects(&other.wide) => Truth::Unknown,
            _ => Truth::No,
        }
    }

    /// The actions of the catalogue that it is sure to match.
    pub fn expand(&self) -> impl Iterator<Item = Action> + '_ {
        let service = self.service().map(catalogue::service);
        let known = self.exact.iter().flat_map(move |glob| matching(glob, service));
        known.collect::<Vec<_>>().into_iter()
    }

    /// The prefix in lower case, when it is written out: `s3` of `s3:Get*`.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Whether nothing of it is known: it may turn out to be any action of any service.
    pub fn is_opaque(&self) -> bool {
        self.exact.is_none() || (self.text.has_holes() && self.service().is_none())
    }

    /// `*` and `*:*`.
    pub fn is_full_wildcard(&self) -> bool {
        self.exact.as_ref().is_some_and(|glob| glob.matches("s:a") && Glob::parse("*:*").within(glob).is_yes())
    }

    /// `s3:*`.
    pub fn is_service_wildcard(&self) -> bool {
        let Some(service) = self.service() else { return false };
        let all = Glob::parse(&format!("{}:*", service.to_ascii_lowercase()));
        self.exact.as_ref().is_some_and(|glob| all.within(glob).is_yes())
    }

    /// Whether it is one action, without wildcards and holes.
    pub fn is_literal(&self) -> bool {
        self.exact.as_ref().is_some_and(|glob| !glob.has_wildcards() && !glob.has_holes())
    }
}

fn service_of(text: &Text) -> Option<Box<str>> {
    let Some(Part::Known(first, _)) = text.parts.first() else { return None };
    let (service, _) = first.split_once(':')?;
    let is_plain = !service.is_empty() && !service.contains(['*', '?']);
    is_plain.then(|| service.to_ascii_lowercase().into_boxed_str())
}

/// The actions of the catalogue that a pattern without holes matches.
pub fn actions_matching(pattern: &str) -> Vec<Action> {
    let pattern = pattern.to_ascii_lowercase();
    let prefix = pattern.split_once(':').map(|(prefix, _)| prefix).filter(|prefix| !prefix.contains(['*', '?']));
    matching(&Glob::parse(&pattern), prefix.map(catalogue::service))
}

/// `service`: `None` for any, `Some(None)` for one that is not known.
fn matching(glob: &Glob, service: Option<Option<catalogue::Service>>) -> Vec<Action> {
    if !glob.has_wildcards() {
        // One name: it is looked up.
        let letters: Option<String> = glob.tokens().iter().map(Token::character).collect();
        return letters.and_then(|name| catalogue::action(&name)).into_iter().collect();
    }
    let mut name = String::new();
    let matches = |action: &Action| {
        name.clear();
        name.push_str(action.service().prefix());
        name.push(':');
        name.push_str(action.name());
        name.make_ascii_lowercase();
        glob.matches(&name)
    };
    match service {
        Some(Some(service)) => service.actions().filter(matches).collect(),
        Some(None) => Vec::new(),
        None => catalogue::actions().filter(matches).collect(),
    }
}

fn glob(pieces: &[Piece], hole: impl Fn(&super::glob::HoleLetter) -> Token) -> Glob {
    let token = |piece: &Piece| match piece {
        Piece::Char('*') => Token::Run(Reach::All),
        Piece::Char('?') => Token::One(Reach::All),
        Piece::Char(c) | Piece::Literal(c) => Token::Letter(Letter::Char(c.to_ascii_lowercase())),
        Piece::Hole(letter) | Piece::Variable(letter) => hole(letter),
    };
    Glob::new(pieces.iter().map(token).collect())
}
