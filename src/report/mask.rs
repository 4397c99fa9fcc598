//! Secrets in the words of findings: a message may quote the text that a secret stands in. Sources are
//! masked by `Sources::redacted`.

use crate::linter::Report;
use crate::rules::secrets::{hidden, is_dummy};
use crate::source::Sources;
use rayon::prelude::*;
use std::borrow::Cow;

/// Shorter texts are words that a sentence may have by chance.
const SHORTEST: usize = 8;

/// What no text of a report may have in it.
#[derive(Debug, Default)]
pub struct Secrets {
    texts: Vec<String>,
}

impl Secrets {
    pub fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Secrets {
        let is_no_word = |text: &&str| !is_dummy(text) && !text.bytes().all(|byte| byte.is_ascii_lowercase());
        let long = texts.filter(|text| text.len() >= SHORTEST).filter(is_no_word);
        let mut texts: Vec<String> = long.map(str::to_owned).collect();
        // A secret may be part of another.
        texts.sort_unstable_by(|one, other| (other.len(), one).cmp(&(one.len(), other)));
        texts.dedup();
        Secrets { texts }
    }

    /// Of a report, the other side of a change included.
    pub fn of(report: &Report, sources: &Sources) -> Secrets {
        let of_other_side = report.change.iter().flat_map(|change| &change.secrets).map(String::as_str);
        Secrets::new(report.redactions.iter().map(|span| sources.slice(*span)).chain(of_other_side))
    }

    /// The text without them, and without what has the form of one.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut masked = Cow::Borrowed(text);
        for secret in self.texts.iter().filter(|secret| text.contains(start_of(secret))) {
            masked = Cow::Owned(without(&masked, secret));
        }
        for range in hidden(&masked) {
            masked.to_mut().replace_range(range.clone(), &"*".repeat(range.len()));
        }
        masked
    }

    /// The report with all of its texts masked, but for those that ids are made of.
    pub fn masked(&self, report: &Report) -> Report {
        let mut masked = report.clone();
        let mask = |text: &mut String| {
            if let Cow::Owned(without) = self.mask(text) {
                *text = without;
            }
        };
        masked.suppressed.iter_mut().filter_map(|one| one.reason.as_mut()).for_each(mask);
        let suppressed = masked.suppressed.par_iter_mut().map(|one| &mut one.diagnostic);
        let found = masked.diagnostics.par_iter_mut().chain(&mut masked.known).chain(suppressed);
        found.for_each(|found| {
            mask(&mut found.message);
            std::iter::once(&mut found.primary).chain(&mut found.labels).for_each(|label| mask(&mut label.text));
            found.notes.iter_mut().chain(&mut found.help).for_each(mask);
            found.doubts.iter_mut().for_each(|doubt| mask(&mut doubt.text));
            if let Some(fix) = &mut found.fix {
                mask(&mut fix.title);
                fix.edits.iter_mut().for_each(|edit| mask(&mut edit.text));
            }
        });
        if let Some(change) = &mut masked.change {
            change.gone.iter_mut().chain(&mut change.unsure).for_each(|entry| mask(&mut entry.message));
            change.unread.iter_mut().for_each(|(_, reason)| mask(reason));
            for principal in &mut change.principals {
                principal.unknown.iter_mut().for_each(mask);
                for deed in &mut principal.deeds {
                    mask(&mut deed.text);
                    deed.resources.iter_mut().for_each(mask);
                }
            }
        }
        masked.stale.iter_mut().for_each(|entry| mask(&mut entry.message));
        if let Some(fixes) = &mut masked.fixes {
            fixes.left.iter_mut().for_each(|left| mask(&mut left.reason));
        }
        masked.summary.not_analysed.iter_mut().for_each(|item| mask(&mut item.reason));
        masked
    }
}

/// As much of a secret as tells it from other texts.
fn start_of(secret: &str) -> &str {
    let end = (SHORTEST..secret.len()).find(|at| secret.is_char_boundary(*at));
    &secret[..end.unwrap_or(secret.len())]
}

/// A text without a secret; one that was cut for brevity is a secret still.
fn without(text: &str, secret: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(start_of(secret)) {
        let found = &rest[at..];
        let same = found.chars().zip(secret.chars()).take_while(|(one, other)| one == other);
        let len: usize = same.map(|(c, _)| c.len_utf8()).sum();
        let is_cut = ["…", "..."].iter().any(|cut| found[len..].starts_with(cut));
        out.push_str(&rest[..at]);
        let is_secret = len == secret.len() || is_cut;
        out.push_str(&if is_secret { "*".repeat(len) } else { found[..len].to_owned() });
        rest = &found[len..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_also_where_it_is_cut() {
        let secrets = Secrets::new(["Hunter2-Hunter2", "password", "short1"].into_iter());
        assert_eq!(secrets.mask("runs `x Hunter2-Hunter2`"), "runs `x ***************`");
        assert_eq!(secrets.mask("runs `x Hunter2-Hu…"), "runs `x **********…");
        assert_eq!(secrets.mask("Hunter2-Hat has a password, and short1"), "Hunter2-Hat has a password, and short1");
        assert_eq!(secrets.mask("git+https://bot:pw0@h.example"), "git+https://bot:***@h.example");
    }
}
