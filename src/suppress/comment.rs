//! `# iamlint: ignore[rule] action=iam:PassRole until=2027-01-31 -- reason`: the words of a comment.

use super::problem::{bad, misspelled};
use crate::diagnostic::Diagnostic;
use crate::rules::pack::nearest;
use crate::source::{FileId, Span, Spanned};
use jiff::civil::Date;

/// What a comment says, before the names of its rules are looked up.
#[derive(Debug, Default)]
pub struct Comment {
    pub rules: Vec<Spanned<String>>,
    pub sid: Option<String>,
    pub actions: Vec<String>,
    pub until: Option<Spanned<Date>>,
    pub reason: Option<String>,
}

/// The keys that may stand between the rules and the reason.
const KEYS: [&str; 3] = ["action", "sid", "until"];

/// Other tools' words, and such that one may think of.
const MEANT: [&str; 6] = ["disable", "skip", "suppress", "allow", "noqa", "ignores"];

/// Reads the text of a comment, its mark included, that starts at `start`. `None` for a comment that
/// is none of ours.
pub fn read(text: &str, file: FileId, start: usize) -> Option<Result<Comment, Box<Diagnostic>>> {
    let span_of = |part: &str| {
        let at = start + (part.as_ptr() as usize - text.as_ptr() as usize);
        Span::new(file, at, at + part.len())
    };
    let inside = text.trim_start_matches(['#', '/', '*', ' ', '\t', '!']).trim_end_matches(['*', '/']).trim_end();
    let said = inside.strip_prefix("iamlint:")?.trim_start();
    let word = said.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
    if word != "ignore" {
        let is_near = nearest(word, ["ignore"]).is_some() || MEANT.contains(&word);
        return is_near.then(|| wrong(misspelled(span_of(word), "directive", word, &["ignore"])));
    }
    let rest = &said[word.len()..];
    let Some((names, rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        let found = bad(span_of(inside), "this comment names no rule to ignore");
        return Some(wrong(found.with_help("write `# iamlint: ignore[rule] -- reason`")));
    };
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut comment = Comment {
        rules: names.map(|name| Spanned::new(name.to_owned(), span_of(name))).collect(),
        ..Comment::default()
    };
    if comment.rules.is_empty() {
        return Some(wrong(bad(span_of(inside), "this comment names no rule to ignore")));
    }
    let (settings, reason) = match rest.split_once("--") {
        Some((settings, reason)) => (settings, Some(reason.trim())),
        None => (rest, None),
    };
    comment.reason = reason.filter(|reason| !reason.is_empty()).map(str::to_owned);
    for setting in settings.split_whitespace() {
        let Some((key, value)) = setting.split_once('=') else {
            let found = bad(span_of(setting), format!("`{setting}` is nothing that a comment can say"));
            return Some(wrong(found.with_help("the reason stands behind `--`")));
        };
        match key {
            "action" => comment.actions.extend(value.split(',').map(str::to_owned)),
            "sid" => comment.sid = Some(value.to_owned()),
            "until" => match date(value) {
                Some(until) => comment.until = Some(Spanned::new(until, span_of(value))),
                None => return Some(wrong(no_date(span_of(value), value))),
            },
            _ => return Some(wrong(misspelled(span_of(key), "key", key, &KEYS))),
        }
    }
    Some(Ok(comment))
}

fn wrong(problem: Diagnostic) -> Result<Comment, Box<Diagnostic>> {
    Err(Box::new(problem))
}

/// `2027-01-31`.
pub fn date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

pub fn no_date(span: Span, text: &str) -> Diagnostic {
    bad(span, format!("`{text}` is no date")).with_help("a date is written as 2027-01-31")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn read(text: &str) -> Option<Result<Comment, Box<Diagnostic>>> {
        let file = Sources::new().add("f.yml", text);
        super::read(text, file, 0)
    }

    #[test]
    fn a_comment_says_rules_limits_and_a_reason() {
        let comment =
            read("# iamlint: ignore[a-rule, other] action=iam:PassRole,s3:* until=2027-01-31 -- see SEC-1 -- ok");
        let comment = comment.unwrap().unwrap();
        assert_eq!(comment.rules.iter().map(|rule| rule.value.as_str()).collect::<Vec<_>>(), ["a-rule", "other"]);
        assert_eq!(comment.actions, ["iam:PassRole", "s3:*"]);
        assert_eq!(comment.until.unwrap().value, jiff::civil::date(2027, 1, 31));
        assert_eq!(comment.reason.unwrap(), "see SEC-1 -- ok");
        assert!(read("/* iamlint:ignore[x] */").unwrap().unwrap().reason.is_none());
    }

    #[test]
    fn what_is_misspelled_is_told() {
        let told = |text: &str| read(text).unwrap().unwrap_err();
        assert_eq!(told("# iamlint: ignroe[x]").help.unwrap(), "did you mean `ignore`?");
        assert!(told("# iamlint: disable=x").message.contains("`disable`"));
        assert_eq!(told("# iamlint: ignore[x] untl=2027-01-31").help.unwrap(), "did you mean `until`?");
        assert!(told("# iamlint: ignore[x] until=31.1.2027").message.contains("is no date"));
        assert!(told("# iamlint: ignore[x] until=2027-02-30").message.contains("is no date"));
        assert!(told("# iamlint: ignore[x] because").help.unwrap().contains("`--`"));
        assert!(told("# iamlint: ignore x").message.contains("names no rule"));
        assert!(told("# iamlint: ignore[] -- why").message.contains("names no rule"));
    }

    #[test]
    fn other_comments_are_left_alone() {
        for text in
            ["# iamlint is run in CI", "# see iamlint: it warns", "# iamlint: uses s3:GetObject", "# checkov:skip=A"]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
