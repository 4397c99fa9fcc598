//! Principal by principal: what it may do that it could not before, by the IAM engine and not by its
//! text.

use super::Paths;
use super::words;
use crate::iam::{Boundary, Gain, Gains, Held, PolicyDocument, fingerprint, gains};
use crate::model::{AuthorityLabel, Model, Principal, PrincipalKind, actions_of_power};
use crate::source::{FileId, Sources, Span};
use crate::value::Hole;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

/// One side: its files, and what they mean.
pub struct Seen<'a> {
    pub sources: &'a Sources,
    pub model: &'a Model,
    /// Files of which little or nothing could be read.
    pub broken: &'a HashSet<String>,
    pub is_reported: &'a (dyn Fn(FileId) -> bool + Sync),
}

/// What a change does to a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalChange {
    pub name: String,
    /// `role`, `user`, `group`
    pub noun: &'static str,
    /// The file it is in, or was in.
    pub path: String,
    /// Where it is; `None` when it is gone.
    pub place: Option<Span>,
    pub outcome: Outcome,
    pub deeds: Vec<Deed>,
    /// What is not known of it.
    pub unknown: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It may do more than before.
    Gains,
    /// It is new.
    New,
    /// Nobody knows whether it may do more.
    Unknown,
    /// Its policies say something else, and allow nothing new.
    NothingNew,
    Gone,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Gains => "new-access",
            Outcome::New => "new-principal",
            Outcome::Unknown => "unknown",
            Outcome::NothingNew => "no-new-access",
            Outcome::Gone => "gone",
        }
    }
}

/// Something that a change allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The whole sentence, lower-case and without a full stop.
    pub text: String,
    /// What kinds of power it is, the worst first; none where it is none that rules speak of.
    pub powers: Vec<AuthorityLabel>,
    /// As the policy writes them.
    pub actions: Vec<String>,
    /// None where it is any.
    pub resources: Vec<String>,
    /// A request that is allowed now, and was not.
    pub example: (String, String),
    /// The statement that allows it.
    pub place: Span,
}

/// All principals that are not as they were, in the order of the new side, those that are gone last.
pub fn principals(paths: &Paths, before: &Seen<'_>, after: &Seen<'_>, base: &str) -> Vec<PrincipalChange> {
    let pairs = pairs(paths, before, after);
    let matched: HashSet<usize> = pairs.iter().flatten().copied().collect();
    let broken: HashSet<&str> = before.broken.iter().map(|path| paths.now(path)).collect();
    let all: Vec<(&Principal, Option<usize>)> = after.model.principals.iter().zip(pairs).collect();
    let meant = all.into_par_iter().filter(|(now, old)| {
        (after.is_reported)(now.file) || old.is_some_and(|old| (before.is_reported)(before.model.principals[old].file))
    });
    let mut changes: Vec<PrincipalChange> = meant
        .filter_map(|(now, old)| {
            let change = match old {
                Some(old) => compared(paths, (before, &before.model.principals[old]), (after, now))?,
                None if broken.contains(after.sources.path(now.file)) => PrincipalChange {
                    outcome: Outcome::Unknown,
                    unknown: vec![format!("its file cannot be read in full at `{base}`")],
                    ..empty(after, now)
                },
                None => new(paths, after, now),
            };
            Some(change)
        })
        .collect();
    let rest = before.model.principals.iter().enumerate().filter(|(id, _)| !matched.contains(id));
    changes.extend(rest.filter(|(_, old)| (before.is_reported)(old.file)).map(|(_, old)| {
        let is_broken = after.broken.contains(paths.now(before.sources.path(old.file)));
        let unknown = is_broken.then(|| "its file cannot be read in full any more".to_owned());
        let outcome = if is_broken { Outcome::Unknown } else { Outcome::Gone };
        PrincipalChange { place: None, outcome, unknown: unknown.into_iter().collect(), ..empty(before, old) }
    }));
    changes
}

/// Which principal of the old side each of the new side is: by file and logical id; then by what it is
/// called where only one is left on both sides.
fn pairs(paths: &Paths, before: &Seen<'_>, after: &Seen<'_>) -> Vec<Option<usize>> {
    let (old, new) = (&before.model.principals, &after.model.principals);
    let mut by_place: HashMap<(PrincipalKind, &str, &str), Vec<usize>> = HashMap::new();
    for (id, one) in old.iter().enumerate().rev() {
        let path = paths.now(before.sources.path(one.file));
        by_place.entry((one.kind, path, one.display())).or_default().push(id);
    }
    let mut pairs: Vec<Option<usize>> = new
        .iter()
        .map(|one| by_place.get_mut(&(one.kind, after.sources.path(one.file), one.display()))?.pop())
        .collect();
    for called in [arn_of, id_of] {
        let taken: HashSet<usize> = pairs.iter().flatten().copied().collect();
        let left = |all: &[Principal], is_left: &dyn Fn(usize) -> bool| {
            let mut found: BTreeMap<(PrincipalKind, String), Vec<usize>> = BTreeMap::new();
            for (id, one) in all.iter().enumerate().filter(|(id, _)| is_left(*id)) {
                called(one).into_iter().for_each(|name| found.entry((one.kind, name)).or_default().push(id));
            }
            found
        };
        let old = left(old, &|id| !taken.contains(&id));
        let new = left(new, &|id| pairs[id].is_none());
        for (name, ids) in new {
            if let ([id], Some([other])) = (ids.as_slice(), old.get(&name).map(Vec::as_slice)) {
                pairs[*id] = Some(*other);
            }
        }
    }
    pairs
}

/// Account and name, as far as they are written out.
fn arn_of(one: &Principal) -> Option<String> {
    let name = one.name.as_ref()?.literal()?;
    Some(format!("{} {name}", one.account.as_deref().unwrap_or_default()))
}

fn id_of(one: &Principal) -> Option<String> {
    Some(format!("{} {}", one.account.as_deref().unwrap_or_default(), one.display()))
}

fn empty(side: &Seen<'_>, one: &Principal) -> PrincipalChange {
    PrincipalChange {
        name: one.display().to_owned(),
        noun: one.kind.noun(),
        path: side.sources.path(one.file).to_owned(),
        place: Some(one.logical_id.span),
        outcome: Outcome::NothingNew,
        deeds: Vec::new(),
        unknown: Vec::new(),
    }
}

/// `None` where its policies mean what they meant.
fn compared(paths: &Paths, old: (&Seen<'_>, &Principal), now: (&Seen<'_>, &Principal)) -> Option<PrincipalChange> {
    let old_name = |hole: &Hole| hole_name(old.0, old.1, hole, |path| paths.now(path).to_owned());
    let new_name = |hole: &Hole| hole_name(now.0, now.1, hole, str::to_owned);
    if meaning(old.1, &old_name) == meaning(now.1, &new_name) {
        return None;
    }
    let mut change = empty(now.0, now.1);
    let (before, after) = (&old.1.authority, &now.1.authority);
    let found = gains(&held(old.1, &old_name), &held(now.1, &new_name), &asked(), false);
    let is_new = |text: &String| !before.unseen.iter().any(|known| known.text == *text);
    let unseen = after.unseen.iter().map(|reason| reason.text.clone()).filter(is_new);
    change.unknown.extend(unseen.map(|text| format!("what it allows: {text}")));
    if !now.1.is_whole() && old.1.is_whole() {
        change.unknown.push("not all of its policies are shown".to_owned());
    }
    match (&before.boundary, &after.boundary) {
        (Some(Boundary::Unknown(old)), Some(Boundary::Unknown(now))) if old.text == now.text => {}
        (Some(Boundary::Unknown(old)), _) => change.unknown.push(format!("what it could not do before: {}", old.text)),
        (_, Some(Boundary::Unknown(now))) if !found.found.is_empty() => {
            change.unknown.push(format!("what keeps it from that: {}", now.text));
        }
        _ => {}
    }
    if !found.found.is_empty() {
        let seen = before.unseen.iter().map(|reason| format!("whether it could do that before: {}", reason.text));
        change.unknown.extend(seen);
    }
    let by_trust = match (&old.1.trust, &now.1.trust) {
        (Some(old), Some(now)) => {
            let side = |document, name| Held { documents: vec![document], boundary: None, name };
            gains(&side(old, &old_name), &side(now, &new_name), &[], false)
        }
        _ => Gains::default(),
    };
    tell(&mut change, found, by_trust);
    change.outcome = match (change.deeds.is_empty(), change.unknown.is_empty()) {
        (false, _) => Outcome::Gains,
        (true, true) => Outcome::NothingNew,
        (true, false) => Outcome::Unknown,
    };
    Some(change)
}

/// What a new principal may do of consequence.
fn new(paths: &Paths, side: &Seen<'_>, one: &Principal) -> PrincipalChange {
    let name = |hole: &Hole| hole_name(side, one, hole, |path| paths.now(path).to_owned());
    let nothing = Held { documents: Vec::new(), boundary: None, name: &name };
    let mut change = PrincipalChange { outcome: Outcome::New, ..empty(side, one) };
    let found = gains(&nothing, &held(one, &name), &asked(), true);
    change.unknown.extend(one.authority.unseen.iter().map(|reason| format!("what it allows: {}", reason.text)));
    tell(&mut change, found, Gains::default());
    change
}

fn tell(change: &mut PrincipalChange, found: Gains, by_trust: Gains) {
    if found.left_out > 0 {
        change.unknown.push(format!("{} more entries of its policies were not compared", found.left_out));
    }
    let unknown = found.unknown.iter().chain(&by_trust.unknown);
    change.unknown.extend(unknown.map(|reason| reason.text.clone()));
    let mut known = HashSet::new();
    change.unknown.retain(|text| known.insert(text.clone()));
    let labels: Vec<AuthorityLabel> = actions_of_power().into_iter().map(|(label, _)| label).collect();
    let powers = |gain: &Gain| {
        let mut powers: Vec<AuthorityLabel> = gain.reaches.iter().map(|(list, _)| labels[*list]).collect();
        if gain.is_everything {
            powers = vec![AuthorityLabel::Admin];
        }
        powers.sort();
        powers
    };
    change.deeds = words::deeds(change, &found.found, &powers);
    change.deeds.extend(words::of_trust(change, &by_trust.found));
}

fn asked() -> Vec<(usize, Vec<&'static str>)> {
    actions_of_power().into_iter().enumerate().map(|(index, (_, actions))| (index, actions)).collect()
}

fn held<'d>(one: &'d Principal, name: &'d (dyn Fn(&Hole) -> String + Sync)) -> Held<'d> {
    let boundary = match &one.authority.boundary {
        Some(Boundary::Known(document)) => Some(document),
        _ => None,
    };
    Held { documents: one.authority.documents.iter().map(AsRef::as_ref).collect(), boundary, name }
}

/// Names of the principal's own template as they are; others with the file they are of.
fn hole_name(side: &Seen<'_>, one: &Principal, hole: &Hole, now: impl Fn(&str) -> String) -> String {
    if hole.template == one.file {
        return hole.name.clone();
    }
    format!("{} {}", now(side.sources.path(hole.template)), hole.name)
}

/// All that decides on what it may do and who may be it.
fn meaning(one: &Principal, name: &dyn Fn(&Hole) -> String) -> Vec<String> {
    let print = |document: &PolicyDocument| fingerprint(document, name);
    let authority = &one.authority;
    let mut all: Vec<String> = authority.documents.iter().map(|document| print(document)).collect();
    all.sort();
    all.extend(authority.unseen.iter().map(|reason| format!("unseen {}", reason.text)));
    all.push(match &authority.boundary {
        None => "unbounded".to_owned(),
        Some(Boundary::Known(document)) => format!("bounded {}", print(document)),
        Some(Boundary::Unknown(reason)) => format!("bounded {}", reason.text),
    });
    all.extend(one.trust.iter().map(|document| format!("trust {}", print(document))));
    all
}
