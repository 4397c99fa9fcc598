//! What a change brings, as text and for programs.

use super::place::{Place, place};
use super::words::{count, one_line};
use super::{Format, Scene, finding};
use crate::baseline::Entry;
use crate::change::{Change, Outcome, PrincipalChange};
use crate::source::Sources;
use serde::Serialize;

/// As many findings that are gone, and files that were not read, are named without `-v`.
const FEW: usize = 5;

/// What principals may do now, where the format does not tell it by itself; then what is gone, and
/// what is not known.
pub fn text(scene: &Scene, change: &Change, format: Format) -> String {
    let mut out = format!("compared with `{}`\n", one_line(&change.base));
    if format != Format::Markdown {
        out.extend(sentences(scene, change).iter().map(|(text, place)| format!("  {} ({place})\n", one_line(text))));
    }
    let entries = |heading: &str, entries: &[Entry]| {
        let line = |entry: &Entry| format!("{}: {} ({} {})", entry.path, entry.message, entry.rule, entry.id);
        listed(scene, heading, &entries.iter().map(line).collect::<Vec<_>>())
    };
    out.push_str(&entries(&format!("gone: {}", count(change.gone.len(), "finding")), &change.gone));
    let unsure = count(change.unsure.len(), "finding");
    out.push_str(&entries(&format!("not known whether gone: {unsure}"), &change.unsure));
    let unread: Vec<String> = change.unread.iter().map(|(path, reason)| format!("{path}: {reason}")).collect();
    let heading = format!("not analysed at `{}`: {}", one_line(&change.base), count(unread.len(), "file"));
    out + &listed(scene, &heading, &unread)
}

/// What there is to say of each principal, a sentence each with its place.
pub fn sentences(scene: &Scene, change: &Change) -> Vec<(String, String)> {
    change.principals.iter().flat_map(|principal| lines(scene, principal)).collect()
}

fn listed(scene: &Scene, heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let shown = if scene.style.verbose { lines.len() } else { lines.len().min(FEW) };
    let mut out = format!("{heading}\n");
    out.extend(lines[..shown].iter().map(|line| format!("  {}\n", one_line(line))));
    if shown < lines.len() {
        out.push_str(&format!("  and {} more (-v lists them)\n", lines.len() - shown));
    }
    out
}

fn lines(scene: &Scene, change: &PrincipalChange) -> Vec<(String, String)> {
    let (noun, name) = (change.noun, &change.name);
    let at = change.place.map_or_else(|| one_line(&change.path).into_owned(), |place| finding::place(scene, place));
    let of_deeds = change.deeds.iter().map(|deed| (deed.text.clone(), finding::place(scene, deed.place)));
    let mut lines: Vec<(String, String)> = of_deeds.collect();
    let whole = match change.outcome {
        Outcome::NothingNew => Some(format!("the policies of `{name}` change, and it grants nothing new")),
        Outcome::Gone => Some(format!("the {noun} `{name}` is gone")),
        Outcome::New if lines.is_empty() && change.unknown.is_empty() => {
            Some(format!("the new {noun} `{name}` may do nothing of consequence"))
        }
        _ => None,
    };
    lines.extend(whole.map(|text| (text, at.clone())));
    let what = match change.outcome {
        Outcome::Gains => format!("not known of `{name}`"),
        Outcome::New => format!("not known of the new {noun} `{name}`"),
        _ => format!("not known whether `{name}` may do more"),
    };
    lines.extend(change.unknown.iter().map(|reason| (format!("{what}: {reason}"), at.clone())));
    lines
}

#[derive(Serialize)]
pub struct Written<'a> {
    /// The other side, as it was named, and its hash.
    base: &'a str,
    commit: &'a str,
    /// Findings that there were, by their paths there.
    gone: &'a [Entry],
    /// The same in files that cannot be read now.
    gone_unknown: &'a [Entry],
    /// Files of the other side that could not be read.
    not_analysed: Vec<Unread<'a>>,
    principals: Vec<Principal<'a>>,
}

#[derive(Serialize)]
struct Unread<'a> {
    path: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Principal<'a> {
    name: &'a str,
    /// `role`, `user`, `group`
    kind: &'static str,
    path: &'a str,
    /// `null` when it is gone.
    location: Option<Place<'a>>,
    /// `new-access`, `new-principal`, `unknown`, `no-new-access`, `gone`
    outcome: &'static str,
    access: Vec<Access<'a>>,
    unknown: &'a [String],
}

#[derive(Serialize)]
struct Access<'a> {
    message: &'a str,
    /// What it can do now: `pass roles`, `change IAM`, …
    powers: Vec<&'static str>,
    actions: &'a [String],
    /// Empty where it is any.
    resources: &'a [String],
    /// A request that is allowed now, and was not.
    witness: Request<'a>,
    location: Place<'a>,
}

#[derive(Serialize)]
struct Request<'a> {
    action: &'a str,
    resource: &'a str,
}

pub fn written<'a>(change: &'a Change, sources: &'a Sources) -> Written<'a> {
    let principal = |one: &'a PrincipalChange| Principal {
        name: &one.name,
        kind: one.noun,
        path: &one.path,
        location: one.place.map(|span| place(span, sources)),
        outcome: one.outcome.name(),
        access: one
            .deeds
            .iter()
            .map(|deed| Access {
                message: &deed.text,
                powers: deed.powers.iter().map(|label| label.verb()).collect(),
                actions: &deed.actions,
                resources: &deed.resources,
                witness: Request { action: &deed.example.0, resource: &deed.example.1 },
                location: place(deed.place, sources),
            })
            .collect(),
        unknown: &one.unknown,
    };
    Written {
        base: &change.base,
        commit: &change.commit,
        gone: &change.gone,
        gone_unknown: &change.unsure,
        not_analysed: change.unread.iter().map(|(path, reason)| Unread { path, reason }).collect(),
        principals: change.principals.iter().map(principal).collect(),
    }
}
