//! Secrets in the words of findings: a message may quote the text that a secret stands in. Sources are
//! masked by `Sources::redacted`.

use crate::linter::Report;
use crate::source::Sources;
use std::borrow::Cow;

/// Shorter texts are words that a sentence may have by chance.
const SHORTEST: usize = 8;

/// The report with every secret masked that its texts repeat.
pub fn masked<'r>(report: &'r Report, sources: &Sources) -> Cow<'r, Report> {
    let secrets = report.redactions.iter().map(|span| sources.slice(*span));
    let of_other_side = report.change.iter().flat_map(|change| &change.secrets).map(String::as_str);
    let mut secrets: Vec<&str> = secrets.chain(of_other_side).filter(|text| text.len() >= SHORTEST).collect();
    if secrets.is_empty() {
        return Cow::Borrowed(report);
    }
    // A secret may be part of another.
    secrets.sort_unstable_by_key(|secret| (std::cmp::Reverse(secret.len()), *secret));
    secrets.dedup();
    let mut masked = report.clone();
    let mask = |text: &mut String| {
        for secret in &secrets {
            if text.contains(secret) {
                *text = text.replace(secret, &"*".repeat(secret.len()));
            }
        }
    };
    let suppressed = masked.suppressed.iter_mut().map(|one| &mut one.diagnostic);
    for found in masked.diagnostics.iter_mut().chain(&mut masked.known).chain(suppressed) {
        mask(&mut found.message);
        std::iter::once(&mut found.primary).chain(&mut found.labels).for_each(|label| mask(&mut label.text));
        found.notes.iter_mut().chain(&mut found.help).for_each(&mask);
        found.doubts.iter_mut().for_each(|doubt| mask(&mut doubt.text));
        if let Some(fix) = &mut found.fix {
            mask(&mut fix.title);
            fix.edits.iter_mut().for_each(|edit| mask(&mut edit.text));
        }
    }
    if let Some(change) = &mut masked.change {
        change.gone.iter_mut().chain(&mut change.unsure).for_each(|entry| mask(&mut entry.message));
        change.unread.iter_mut().for_each(|(_, reason)| mask(reason));
        for principal in &mut change.principals {
            principal.unknown.iter_mut().for_each(&mask);
            principal.deeds.iter_mut().for_each(|deed| mask(&mut deed.text));
        }
    }
    if let Some(fixes) = &mut masked.fixes {
        fixes.left.iter_mut().for_each(|left| mask(&mut left.reason));
    }
    masked.summary.not_analysed.iter_mut().for_each(|item| mask(&mut item.reason));
    Cow::Owned(masked)
}
