//! Patterns of IAM actions: `iam:CreateRole`, `s3:Get*`, `*`. Matching ignores case.

use super::answer::Truth;
use super::catalogue::{self, Action};
use super::glob::{Glob, HoleLetter, Letter, Reach, Token};
use super::variable::{Piece, pieces};
use crate::source::Span;
use crate::value::{Condition, Part, Text};
use std::sync::{Arc, LazyLock, OnceLock};

/// One entry of `Action` or `NotAction`.
#[derive(Clone, Debug)]
pub struct ActionPattern {
    text: Text,
    /// The conditions of the template under which the entry is there.
    pub when: Vec<Condition>,
    meant: Meant,
}

/// What an entry stands for.
#[derive(Clone, Debug)]
enum Meant {
    /// One action of the catalogue, as most do.
    Action(Action),
    Other(Box<Globs>),
}

/// What a text may match, in lower case.
#[derive(Clone, Debug)]
struct Globs {
    /// Holes as rigid letters; `None` for a text too long to be read.
    exact: Option<Glob>,
    /// Every text it may turn out to match.
    wide: Glob,
    /// Whether `wide` is more than `exact`.
    is_open: bool,
    /// The prefix, when it is written out.
    service: Option<Arc<str>>,
}

impl ActionPattern {
    pub fn new(text: &Text, when: Vec<Condition>) -> ActionPattern {
        let action = text.literal().and_then(catalogue::action);
        let meant = action.map_or_else(|| Meant::Other(Box::new(Globs::of(text))), Meant::Action);
        ActionPattern { text: text.clone(), when, meant }
    }

    pub fn text(&self) -> &Text {
        &self.text
    }

    /// For another place of the same text.
    pub(super) fn text_mut(&mut self) -> &mut Text {
        &mut self.text
    }

    pub fn span(&self) -> Span {
        self.text.span
    }

    /// What it is sure to match, in lower case; `None` where that is not known.
    pub(super) fn least(&self) -> Option<&Glob> {
        self.exact().filter(|_| !self.is_open())
    }

    /// All that it may match, in lower case.
    pub(super) fn most(&self) -> &Glob {
        match &self.meant {
            Meant::Action(action) => glob_of(*action),
            Meant::Other(globs) => &globs.wide,
        }
    }

    /// What it matches, holes as rigid letters.
    fn exact(&self) -> Option<&Glob> {
        match &self.meant {
            Meant::Action(action) => Some(glob_of(*action)),
            Meant::Other(globs) => globs.exact.as_ref(),
        }
    }

    /// Whether it may turn out to match more than that.
    fn is_open(&self) -> bool {
        matches!(&self.meant, Meant::Other(globs) if globs.is_open)
    }

    /// Whether it matches an action given by its full name.
    pub fn matches(&self, action: &str) -> Truth {
        if let Some(own) = self.action() {
            return if own.is_called(action) { Truth::Yes } else { Truth::No };
        }
        if self.is_of_another_service(action) {
            return Truth::No;
        }
        if self.exact().is_some_and(|glob| glob.matches_ignoring_case(action)) {
            Truth::Yes
        } else if self.is_open() && self.most().matches_ignoring_case(action) {
            Truth::Unknown
        } else {
            Truth::No
        }
    }

    /// The same of an action that is perhaps in the catalogue: most patterns are one of those too.
    pub(super) fn matches_known(&self, name: &str, known: Option<Action>) -> Truth {
        match (self.action(), known) {
            (Some(own), Some(asked)) if own == asked => Truth::Yes,
            (Some(_), Some(_)) => Truth::No,
            _ => self.matches(name),
        }
    }

    /// Whether both name a service in full, and not the same: most patterns are told apart so.
    fn is_of_another_service(&self, action: &str) -> bool {
        let Some(own) = self.service() else { return false };
        let (own, action) = (own.as_bytes(), action.as_bytes());
        match action.get(..own.len()) {
            Some(its) if action.get(own.len()) == Some(&b':') => !its.eq_ignore_ascii_case(own),
            _ => action.contains(&b':'),
        }
    }

    /// Whether it is sure to match every action that `other` matches, those not yet invented included.
    pub fn surely_covers(&self, other: &ActionPattern) -> bool {
        match (self.exact(), other.exact()) {
            // Most are one action, or of different services.
            _ if self.action().is_some() => self.action() == other.action(),
            (Some(_), Some(_)) if self.is_apart(other) => false,
            (Some(own), Some(its)) => self.text == other.text || its.within(own).is_yes(),
            _ => false,
        }
    }

    /// Whether both name a service in full, and not the same.
    fn is_apart(&self, other: &ActionPattern) -> bool {
        matches!((self.service(), other.service()), (Some(own), Some(its)) if own != its)
    }

    /// Whether it matches every action that `other` matches, those not yet invented included.
    pub fn covers(&self, other: &ActionPattern) -> Truth {
        if self.surely_covers(other) {
            return Truth::Yes;
        }
        let missed = !other.text.has_holes() && other.exact().is_some_and(|its| its.within(self.most()).is_no());
        if missed || !self.most().intersects(other.most()) { Truth::No } else { Truth::Unknown }
    }

    /// Whether some action matches both.
    pub fn overlaps(&self, other: &ActionPattern) -> Truth {
        match (self.exact(), other.exact()) {
            (Some(own), Some(its)) if own.intersects(its) => Truth::Yes,
            _ if self.most().intersects(other.most()) => Truth::Unknown,
            _ => Truth::No,
        }
    }

    /// The actions of the catalogue that it is sure to match.
    pub fn expand(&self) -> impl Iterator<Item = Action> + '_ {
        let glob = self.exact().filter(|_| self.action().is_none());
        let others = glob.map(|glob| matching(glob, self.service().map(catalogue::service)));
        self.action().into_iter().chain(others.into_iter().flatten())
    }

    /// The action of the catalogue that it is, without wildcards and holes.
    pub fn action(&self) -> Option<Action> {
        match self.meant {
            Meant::Action(action) => Some(action),
            Meant::Other(_) => None,
        }
    }

    /// The prefix in lower case, when it is written out: `s3` of `s3:Get*`.
    pub fn service(&self) -> Option<&str> {
        match &self.meant {
            Meant::Action(action) => Some(action.service().prefix()),
            Meant::Other(globs) => globs.service.as_deref(),
        }
    }

    /// Whether nothing of it is known: it may turn out to be any action of any service.
    pub fn is_opaque(&self) -> bool {
        self.exact().is_none() || (self.text.has_holes() && self.service().is_none())
    }

    /// `*` and `*:*`.
    pub fn is_full_wildcard(&self) -> bool {
        self.exact().is_some_and(|glob| glob.matches("s:a") && Glob::parse("*:*").within(glob).is_yes())
    }

    /// `s3:*`.
    pub fn is_service_wildcard(&self) -> bool {
        let Some(service) = self.service() else { return false };
        let behind = self.exact().and_then(|glob| glob.tokens().get(service.chars().count() + 1..));
        let is_run = |token: &Token| matches!(token, Token::Run(Reach::All));
        behind.is_some_and(|tokens| !tokens.is_empty() && tokens.iter().all(is_run))
    }

    /// Whether it is one action, without wildcards and holes.
    pub fn is_literal(&self) -> bool {
        self.action().is_some() || self.exact().is_some_and(|glob| !glob.has_wildcards() && !glob.has_holes())
    }
}

impl Globs {
    fn of(text: &Text) -> Globs {
        let pieces = pieces(text, false);
        let exact = pieces.as_deref().map(|pieces| glob(pieces, |hole| Token::Letter(Letter::Hole(hole))));
        let wide = match (&exact, pieces.as_deref()) {
            (Some(exact), _) if !text.has_holes() => exact.clone(),
            (_, Some(pieces)) => glob(pieces, |_| Token::Run(Reach::All)),
            (_, None) => Glob::parse("*"),
        };
        let is_open = exact.is_none() || text.has_holes();
        Globs { exact, wide, is_open, service: service_of(text) }
    }
}

/// The glob that matches one action. It is made once: large accounts name the same actions a hundred thousand times.
fn glob_of(action: Action) -> &'static Glob {
    static GLOBS: LazyLock<Vec<OnceLock<Glob>>> =
        LazyLock::new(|| std::iter::repeat_with(OnceLock::new).take(catalogue::action_count()).collect());
    GLOBS[action.index()].get_or_init(|| Glob::literal(&action.full_name().to_ascii_lowercase()))
}

fn service_of(text: &Text) -> Option<Arc<str>> {
    let Some(Part::Known(first, _)) = text.parts.first() else { return None };
    let (service, _) = first.split_once(':')?;
    let is_plain = !service.is_empty() && !service.contains(['*', '?']);
    is_plain.then(|| service.to_ascii_lowercase().into())
}

/// The actions of the catalogue that a pattern without holes matches.
pub fn actions_matching(pattern: &str) -> Vec<Action> {
    let pattern = pattern.to_ascii_lowercase();
    let prefix = pattern.split_once(':').map(|(prefix, _)| prefix).filter(|prefix| !prefix.contains(['*', '?']));
    matching(&Glob::parse(&pattern), prefix.map(catalogue::service)).collect()
}

/// `service`: `None` for any, `Some(None)` for one that is not known. The glob is in lower case.
fn matching(glob: &Glob, service: Option<Option<catalogue::Service>>) -> Box<dyn Iterator<Item = Action> + '_> {
    if !glob.has_wildcards() {
        // One name: it is looked up.
        let letters: Option<String> = glob.tokens().iter().copied().map(Token::character).collect();
        return Box::new(letters.and_then(|name| catalogue::action(&name)).into_iter());
    }
    match service {
        // The prefix is written out and need not be compared again.
        Some(Some(service)) => {
            let behind = glob.tokens().get(service.prefix().len() + 1..).unwrap_or_default();
            let name = Glob::new(behind.to_vec());
            Box::new(service.actions().filter(move |action| name.matches_ignoring_case(action.name())))
        }
        Some(None) => Box::new(std::iter::empty()),
        None if glob.is_everything() => Box::new(catalogue::actions()),
        None => {
            let mut name = String::new();
            Box::new(catalogue::actions().filter(move |action| {
                name.clear();
                name.push_str(action.service().prefix());
                name.push(':');
                name.push_str(action.name());
                glob.matches_ignoring_case(&name)
            }))
        }
    }
}

fn glob(pieces: &[Piece], hole: impl Fn(HoleLetter) -> Token) -> Glob {
    let token = |piece: &Piece| match piece {
        Piece::Char('*') => Token::Run(Reach::All),
        Piece::Char('?') => Token::One(Reach::All),
        Piece::Char(c) | Piece::Literal(c) => Token::Letter(Letter::Char(c.to_ascii_lowercase())),
        Piece::Hole(letter) | Piece::Variable(letter) => hole(*letter),
    };
    Glob::new(pieces.iter().map(token).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::fixture::text;

    fn pattern(notation: &str) -> ActionPattern {
        ActionPattern::new(&text(notation), Vec::new())
    }

    #[test]
    fn a_pattern_matches_actions_in_any_case() {
        use Truth::{No, Unknown, Yes};
        let table = [
            ("*", "iam:CreateRole", Yes),
            ("iam:*", "iam:CreateRole", Yes),
            ("IAM:createrole", "iam:CreateRole", Yes),
            ("iam:Create*", "iam:CreateRole", Yes),
            ("iam:*Role*", "iam:AttachRolePolicy", Yes),
            ("iam:?reateRole", "iam:CreateRole", Yes),
            ("i*:CreateRole", "iam:CreateRole", Yes),
            ("iam:Create", "iam:CreateRole", No),
            ("s3:*", "iam:CreateRole", No),
            ("CreateRole", "iam:CreateRole", No),
            ("", "iam:CreateRole", No),
            ("iam:<Verb>Role", "iam:CreateRole", Unknown),
            ("iam:<Verb>User", "iam:CreateRole", No),
            ("<Action>", "iam:CreateRole", Unknown),
        ];
        for (own, action, answer) in table {
            assert_eq!(pattern(own).matches(action), answer, "{own} {action}");
        }
    }

    #[test]
    fn one_pattern_covers_another() {
        use Truth::{No, Unknown, Yes};
        let table = [
            ("*", "<Action>", Yes),
            ("iam:*", "iam:Create*", Yes),
            ("iam:Create*", "iam:*", No),
            ("iam:Create*", "iam:<Verb>", Unknown),
            ("iam:<Verb>", "iam:<Verb>", Yes),
            ("iam:<Verb>*", "iam:<Verb>Role", Yes),
            ("iam:<Verb>", "s3:Get", No),
            ("iam:*a*", "iam:*ba", Yes),
        ];
        for (own, other, answer) in table {
            assert_eq!(pattern(own).covers(&pattern(other)), answer, "{own} {other}");
        }
    }

    #[test]
    fn wildcards_are_told_apart() {
        // The pattern, whether it is all actions, all of a service, one action.
        let table = [
            ("*", true, false, false),
            ("**", true, false, false),
            ("*:*", true, false, false),
            ("s3:*", false, true, false),
            ("s3:**", false, true, false),
            ("s3:?*", false, false, false),
            ("s3:Get*", false, false, false),
            ("s3:GetObject", false, false, true),
            ("<Service>:*", false, false, false),
        ];
        for (text, full, service, literal) in table {
            let pattern = pattern(text);
            let found = (pattern.is_full_wildcard(), pattern.is_service_wildcard(), pattern.is_literal());
            assert_eq!(found, (full, service, literal), "{text}");
        }
    }

    #[test]
    fn a_pattern_expands_to_the_actions_it_is_sure_to_match() {
        let names = |text: &str| pattern(text).expand().map(Action::full_name).collect::<Vec<_>>();
        assert_eq!(names("sts:AssumeRoleWith*"), ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]);
        assert_eq!(names("IAM:CREATEROLE"), ["iam:CreateRole"]);
        assert!(names("iam:<Verb>Role").is_empty());
        assert!(names("nosuch:*").is_empty());
        assert_eq!(names("*").len(), catalogue::action_count());
    }
}
