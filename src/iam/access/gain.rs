//! What a principal may do that it could not before, pattern by pattern. A hole of a template stands
//! for the same text on both sides, and a condition of a template holds on both or on neither.

use super::{Finding, boxes, new_access, new_access_within};
use crate::iam::action::ActionPattern;
use crate::iam::answer::Reason;
use crate::iam::arn::ArnPattern;
use crate::iam::document::{Effect, PolicyDocument, Statement};
use crate::iam::principal::{Principal, PrincipalKind};
use crate::iam::request::Request;
use crate::source::{OffsetMap, Span};
use crate::value::{Condition, Hole, HoleKind, Part, Text, can_hold_together, implies};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The policies of one side.
pub struct Held<'d> {
    pub documents: Vec<&'d PolicyDocument>,
    pub boundary: Option<&'d PolicyDocument>,
    /// A name of a hole that tells it from those of other templates, the same on both sides.
    pub name: &'d (dyn Fn(&Hole) -> String + Sync),
}

/// What an entry of `Action` newly allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// As it is written; `None` for `NotAction`.
    pub pattern: Option<String>,
    /// A request that is allowed now, and was not.
    pub request: Request,
    /// The statement that allows it.
    pub statement: Span,
    /// The entries of `Resource` that bring it; none where it is on every resource.
    pub resources: Vec<String>,
    /// The services to which `iam:PassedToService` newly lets a role go; none where any.
    pub services: Vec<String>,
    /// The entries of `Principal` that bring it, in a trust policy.
    pub callers: Vec<String>,
    /// Of the actions that are asked about: the list they are of, and their name.
    pub reaches: Vec<(usize, String)>,
    /// The conditions of the template under which it is new; none where it always is.
    pub when: Vec<Condition>,
    /// Anybody is among the callers, in a trust policy.
    pub is_for_anybody: bool,
    /// It is every action on every resource, without a condition.
    pub is_everything: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gains {
    pub found: Vec<Gain>,
    /// Entries that were not asked about: there are too many.
    pub left_out: usize,
    /// What is not known, each once.
    pub unknown: Vec<Reason>,
}

/// So many entries of `Action` are asked about.
const MAX_ENTRIES: usize = 200;
/// Lists of resources, services and callers are looked into when they have so many entries.
const MAX_PARTS: usize = 12;
/// So many ways in which the conditions of templates turn out are told apart.
const MAX_WORLDS: usize = 32;

/// What `after` allows and `before` does not. `asked` holds lists of actions that are told by name;
/// with `only_asked` nothing else is.
pub fn gains(before: &Held<'_>, after: &Held<'_>, asked: &[(usize, Vec<&str>)], only_asked: bool) -> Gains {
    let mut gains = Gains::default();
    let worlds = worlds(before, after);
    let mut times: Vec<usize> = Vec::new();
    for world in &worlds {
        let sides = Sides { before: Side::of(before, world), after: Side::of(after, world) };
        for found in sides.gains(asked, only_asked, &mut gains) {
            let known = |one: &Gain| one.pattern == found.pattern && one.statement == found.statement;
            match gains.found.iter().position(known) {
                Some(index) => times[index] += 1,
                None => {
                    gains.found.push(Gain { when: world.clone(), ..found });
                    times.push(1);
                }
            }
        }
    }
    for (gain, times) in gains.found.iter_mut().zip(times) {
        if times == worlds.len() {
            gain.when.clear();
        }
    }
    gains
}

/// All that a document says, without its places: two documents with one text mean the same.
pub fn fingerprint(document: &PolicyDocument, name: &dyn Fn(&Hole) -> String) -> String {
    let text = |text: &Text| named(text, name, false).display().into_owned();
    let when = |when: &[Condition]| when.iter().map(|one| format!("{}={}", one.name, one.value)).collect::<Vec<_>>();
    let reasons = |reasons: &[Reason]| reasons.iter().map(|reason| reason.text.clone()).collect::<Vec<_>>();
    let mut out = format!("{:?} {:?} ", document.version, reasons(&document.unread));
    for absent in &document.absent {
        out.push_str(&format!("{:?}", when(absent)));
    }
    for statement in &document.statements {
        out.push_str(&format!("\n{:?} {:?} {:?}", statement.effect, when(&statement.when), reasons(&statement.doubts)));
        if let Some(actions) = &statement.actions {
            let entries: Vec<_> = actions.patterns.iter().map(|one| (text(one.text()), when(&one.when))).collect();
            out.push_str(&format!("\n {} {entries:?} {:?}", actions.negated, reasons(&actions.unknown)));
        }
        if let Some(resources) = &statement.resources {
            let entries: Vec<_> = resources.patterns.iter().map(|one| (text(one.text()), when(&one.when))).collect();
            out.push_str(&format!("\n {} {entries:?} {:?}", resources.negated, reasons(&resources.unknown)));
        }
        if let Some(who) = &statement.principals {
            let entries: Vec<_> = who.entries.iter().map(|one| (one.kind, text(&one.text), when(&one.when))).collect();
            out.push_str(&format!("\n {} {entries:?} {:?}", who.negated, reasons(&who.unknown)));
        }
        for test in &statement.conditions {
            let values: Vec<String> = test.values.iter().map(text).collect();
            out.push_str(&format!("\n {} {} {values:?} {}", test.operator.text, test.key, test.complete));
        }
    }
    out
}

/// As a person reads it: holes as templates write them.
pub fn shown(text: &str) -> String {
    text.replace(ACCOUNT, "${AWS::AccountId}").replace(SOME_ARN, "").replace('{', "${").replace("$${", "${")
}

/// What holes stand for. No template has this account; a partition is `aws`, as most are.
const ACCOUNT: &str = "000000000000";
const SOME_ARN: &str = "arn:aws:hole:::";

/// The text with a constant in the place of each hole: nothing matches it but itself and wildcards.
/// A resource that starts with a hole is some ARN.
fn named(text: &Text, name: &dyn Fn(&Hole) -> String, is_resource: bool) -> Text {
    if !text.has_holes() {
        return text.clone();
    }
    let mut parts = Vec::new();
    for part in &text.parts {
        let Part::Hole(hole) = part else {
            parts.push(part.clone());
            continue;
        };
        let constant = match (hole.kind, hole.name.as_str()) {
            (HoleKind::Pseudo, "AWS::Partition") => "aws".to_owned(),
            (HoleKind::Pseudo, "AWS::URLSuffix") => "amazonaws.com".to_owned(),
            (HoleKind::Pseudo, "AWS::AccountId") => ACCOUNT.to_owned(),
            _ => constant(&name(hole)),
        };
        let is_arn = is_resource && parts.is_empty() && hole.kind != HoleKind::Pseudo;
        let constant = if is_arn { format!("{SOME_ARN}{constant}") } else { constant };
        parts.push(Part::Known(constant.into(), OffsetMap::whole(hole.span)));
    }
    Text { parts, span: text.span }.normalised()
}

/// `{Bucket.Arn}`: no colon, no wildcard, and no variable of a policy.
fn constant(name: &str) -> String {
    let mut out = String::from("{");
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | '/' | ' ' => out.push(c),
            other => out.push_str(&format!("_{:x}_", u32::from(other))),
        }
    }
    out + "}"
}

/// Every way in which the conditions of the templates turn out. One way, in which nothing is settled,
/// where there are too many.
fn worlds(before: &Held<'_>, after: &Held<'_>) -> Vec<Vec<Condition>> {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut spans: BTreeMap<String, Span> = BTreeMap::new();
    let documents = before.documents.iter().chain(&before.boundary).chain(&after.documents).chain(&after.boundary);
    for condition in documents.flat_map(|document| conditions(document)) {
        values.entry(condition.name.clone()).or_default().insert(condition.value.clone());
        spans.entry(condition.name.clone()).or_insert(condition.span);
    }
    let mut worlds = vec![Vec::new()];
    for (name, mut values) in values {
        // What is there under one outcome only is absent under the other.
        let other = match values.first().map(String::as_str) {
            Some("true") => "false",
            Some("false") => "true",
            _ => "another",
        };
        if values.len() == 1 {
            values.insert(other.to_owned());
        }
        let with = |world: &Vec<Condition>| {
            let one = |value: &String| {
                let condition = Condition { name: name.clone(), value: value.clone(), span: spans[&name] };
                [world.clone(), vec![condition]].concat()
            };
            values.iter().map(one).collect::<Vec<_>>()
        };
        worlds = worlds.iter().flat_map(with).collect();
        if worlds.len() > MAX_WORLDS {
            return vec![Vec::new()];
        }
    }
    worlds
}

fn conditions(document: &PolicyDocument) -> Vec<&Condition> {
    let mut all: Vec<&Condition> = document.absent.iter().flatten().collect();
    for statement in &document.statements {
        all.extend(&statement.when);
        all.extend(statement.actions.iter().flat_map(|one| &one.patterns).flat_map(|one| &one.when));
        all.extend(statement.resources.iter().flat_map(|one| &one.patterns).flat_map(|one| &one.when));
        all.extend(statement.principals.iter().flat_map(|one| &one.entries).flat_map(|one| &one.when));
    }
    all
}

/// One side in one world: no holes but in actions, and no conditions of the template.
struct Side {
    documents: Vec<PolicyDocument>,
    boundary: Option<PolicyDocument>,
    /// The wordings of the statements of `documents` that had holes and take something away.
    open: Vec<Option<String>>,
}

impl Side {
    fn of(held: &Held<'_>, world: &[Condition]) -> Side {
        let mut open = Vec::new();
        let mut settle = |document: &PolicyDocument| settled(document, world, held.name, &mut open);
        Side {
            documents: held.documents.iter().map(|document| settle(document)).collect(),
            boundary: held.boundary.map(settle),
            open,
        }
    }

    fn wordings(&self) -> HashSet<String> {
        let all = self.documents.iter().flat_map(|one| one.statements.iter().map(move |statement| (one, statement)));
        all.filter_map(|(document, statement)| boxes::wording(document, statement)).collect()
    }
}

/// The document as it is in a world.
fn settled(
    document: &PolicyDocument,
    world: &[Condition],
    name: &dyn Fn(&Hole) -> String,
    open: &mut Vec<Option<String>>,
) -> PolicyDocument {
    let mut out = document.clone();
    if document.absent.iter().any(|when| !when.is_empty() && implies(world, when)) {
        out.statements.clear();
        out.unread.clear();
        return out;
    }
    let holds = |when: &mut Vec<Condition>| {
        let holds = can_hold_together(when, world);
        when.retain(|one| !implies(world, std::slice::from_ref(one)));
        holds
    };
    out.statements.retain_mut(|statement| holds(&mut statement.when));
    let mut taking = Vec::new();
    for (index, statement) in out.statements.iter_mut().enumerate() {
        let mut takes = statement.effect != Effect::Allow;
        let mut has_holes = false;
        if let Some(actions) = &mut statement.actions {
            actions.patterns.retain_mut(|one| holds(&mut one.when));
            takes |= actions.negated;
        }
        if let Some(resources) = &mut statement.resources {
            takes |= resources.negated;
            resources.patterns.retain_mut(|one| holds(&mut one.when));
            for one in resources.patterns.iter_mut().filter(|one| one.text().has_holes()) {
                has_holes = true;
                *one = ArnPattern::new(&named(one.text(), name, true), one.has_variables(), one.when.clone());
            }
        }
        if let Some(who) = &mut statement.principals {
            takes |= who.negated;
            who.entries.retain_mut(|one| holds(&mut one.when));
            for one in who.entries.iter_mut().filter(|one| one.text.has_holes()) {
                has_holes = true;
                *one = caller(one, &named(&one.text, name, true));
            }
        }
        for test in &mut statement.conditions {
            takes |= test.operator.negated && test.values.iter().any(Text::has_holes);
            for value in test.values.iter_mut().filter(|value| value.has_holes()) {
                has_holes = true;
                *value = named(value, name, false);
            }
        }
        if takes && has_holes {
            taking.push(index);
        }
    }
    open.extend(taking.into_iter().map(|index| boxes::wording(&out, &out.statements[index])));
    out
}

/// The entry with another text, as the kind that this text is of.
fn caller(one: &Principal, text: &Text) -> Principal {
    match one.kind {
        PrincipalKind::Misplaced => Principal { text: text.clone(), ..one.clone() },
        kind => Principal::new(Some(kind.key()), text, one.when.clone()),
    }
}

/// Both sides in one world.
struct Sides {
    before: Side,
    after: Side,
}

impl Sides {
    fn gains(&self, asked: &[(usize, Vec<&str>)], only_asked: bool, told: &mut Gains) -> Vec<Gain> {
        let doubt = |told: &mut Gains, reason: Reason| {
            if told.unknown.iter().all(|known| known.text != reason.text) {
                told.unknown.push(reason);
            }
        };
        let whole = self.after.documents.clone();
        match self.ask(&whole) {
            Finding::None => {
                // What stands for a name may be just what the old policy takes away.
                let kept = self.after.wordings();
                if self.before.open.iter().any(|one| one.as_ref().is_none_or(|text| !kept.contains(text))) {
                    doubt(
                        told,
                        Reason::new("what the policy took away has names in it that only the deployment knows"),
                    );
                }
                return Vec::new();
            }
            Finding::Unknown(reason) if whole.iter().all(|one| one.allows().next().is_none()) => {
                doubt(told, reason);
                return Vec::new();
            }
            Finding::Unknown(_) | Finding::Found(_) => {}
        }
        let known = self.unchanged();
        let mut found = Vec::new();
        let mut entries = 0;
        for (at, document) in self.after.documents.iter().enumerate() {
            for (index, statement) in document.statements.iter().enumerate() {
                let wording = boxes::wording(document, statement);
                if statement.effect != Effect::Allow || wording.is_some_and(|text| known.contains(&text)) {
                    continue;
                }
                let patterns = statement.actions.iter().filter(|own| !own.negated).flat_map(|own| &own.patterns);
                let patterns: Vec<Option<&ActionPattern>> = patterns.map(Some).collect();
                for pattern in if patterns.is_empty() { vec![None] } else { patterns } {
                    let reaches = |pattern: &ActionPattern| {
                        asked.iter().flat_map(|(_, list)| list).any(|action| pattern.matches(action).is_yes())
                    };
                    if only_asked && !pattern.is_none_or(reaches) {
                        continue;
                    }
                    entries += 1;
                    if entries > MAX_ENTRIES {
                        told.left_out += 1;
                        continue;
                    }
                    let cut = Cut { at, index, actions: pattern.map(|one| vec![one.clone()]), ..Cut::default() };
                    match self.ask(&cut.of(&self.after.documents)) {
                        Finding::None => {}
                        Finding::Unknown(reason) => doubt(told, reason),
                        Finding::Found(access) => {
                            let gain = self.gain(&cut, statement, access.request, asked);
                            found.extend(Some(gain).filter(|gain| !only_asked || !gain.reaches.is_empty()));
                        }
                    }
                }
            }
        }
        found
    }

    /// The wordings of allows that both sides have, where nothing that was denied is allowed now.
    fn unchanged(&self) -> HashSet<String> {
        let (before, after) = (self.before.wordings(), self.after.wordings());
        let of = |boundary: &Option<PolicyDocument>| {
            let statements = |one: &PolicyDocument| {
                one.statements.iter().map(|statement| boxes::wording(one, statement)).collect::<Option<Vec<_>>>()
            };
            boundary.as_ref().map(statements)
        };
        let (old, new) = (of(&self.before.boundary), of(&self.after.boundary));
        let one_boundary = old == new && old != Some(None);
        let takes = self.before.documents.iter().any(|document| {
            let is_lost = |one: &Statement| {
                let wording = boxes::wording(document, one);
                one.effect != Effect::Allow && wording.is_none_or(|text| !after.contains(&text))
            };
            !document.unread.is_empty() || document.statements.iter().any(is_lost)
        });
        if takes || !one_boundary { HashSet::new() } else { before }
    }

    /// A request that these policies allow, of the new side in whole or in part, and the old side does
    /// not.
    fn ask(&self, policies: &[PolicyDocument]) -> Finding {
        let new: Vec<&PolicyDocument> = policies.iter().collect();
        let old: Vec<&PolicyDocument> = self.before.documents.iter().collect();
        let limit = self.after.boundary.as_ref();
        let limits: Vec<Vec<&PolicyDocument>> = limit.iter().map(|one| vec![*one]).collect();
        let by_policies = new_access_within(&limits, &old, &new);
        match (by_policies, &self.before.boundary, limit) {
            (Finding::None, Some(old), Some(limit)) => new_access_within(&[new], &[old], &[limit]),
            (Finding::None, Some(old), None) => new_access(&[old], &new),
            (finding, ..) => finding,
        }
    }

    fn is_new(&self, cut: &Cut) -> bool {
        matches!(self.ask(&cut.of(&self.after.documents)), Finding::Found(_))
    }

    /// What exactly an entry brings.
    fn gain(&self, cut: &Cut, statement: &Statement, request: Request, asked: &[(usize, Vec<&str>)]) -> Gain {
        let pattern = cut.actions.as_ref().and_then(|actions| actions.first());
        let kept = |texts: Vec<(&Text, Cut)>| {
            let alone = texts.len() == 1 || texts.len() > MAX_PARTS;
            let new: Vec<&Text> =
                texts.iter().filter(|(_, cut)| alone || self.is_new(cut)).map(|(text, _)| *text).collect();
            new.iter().map(|text| shown(&text.display())).collect::<Vec<_>>()
        };
        let parts = statement.resources.iter().filter(|one| !one.negated).flat_map(|one| &one.patterns);
        let parts: Vec<&ArnPattern> = parts.collect();
        let everywhere = parts.iter().any(|one| one.is_everything());
        let resources = parts.iter().map(|one| (one.text(), Cut { resource: Some((*one).clone()), ..cut.clone() }));
        let resources = if everywhere { Vec::new() } else { kept(resources.collect()) };
        let test =
            statement.conditions.iter().position(|test| test.is_on("iam:PassedToService") && !test.operator.negated);
        let values = test.iter().flat_map(|at| statement.conditions[*at].values.iter().map(move |value| (*at, value)));
        let services =
            kept(values.map(|(at, text)| (text, Cut { value: Some((at, text.clone())), ..cut.clone() })).collect());
        let who = statement.principals.iter().filter(|one| !one.negated).flat_map(|one| &one.entries);
        let callers = kept(who.map(|one| (&one.text, Cut { caller: Some(one.clone()), ..cut.clone() })).collect());
        let is_for_anybody = statement.principals.iter().filter(|one| !one.negated).any(|one| {
            let anybody = one.entries.iter().find(|entry| entry.kind == PrincipalKind::Anybody);
            anybody.is_some_and(|entry| self.is_new(&Cut { caller: Some(entry.clone()), ..cut.clone() }))
        });
        let is_everything =
            everywhere && statement.conditions.is_empty() && pattern.is_some_and(ActionPattern::is_full_wildcard);
        let mut reaches = Vec::new();
        for (list, actions) in asked {
            let of = |action: &str| statement.matches_action(action).iter().any(|found| found.truth.is_yes());
            let matched = actions.iter().filter(|action| match pattern {
                Some(pattern) => pattern.matches(action).is_yes(),
                None => of(action),
            });
            let place = pattern.map_or(statement.span, ActionPattern::span);
            let one = |action: &&&str| Cut {
                actions: Some(vec![ActionPattern::new(&Text::at(**action, place), Vec::new())]),
                ..cut.clone()
            };
            let literal = |action: &&str| pattern.is_some_and(|one| one.text().literal() == Some(*action));
            let new = matched.filter(|action| literal(action) || self.is_new(&one(action)));
            reaches.extend(new.take(1).map(|action| (*list, (*action).to_owned())));
        }
        Gain {
            pattern: pattern.map(|one| shown(&one.text().display())),
            request,
            statement: statement.span,
            resources,
            services,
            callers,
            reaches,
            when: Vec::new(),
            is_for_anybody,
            is_everything,
        }
    }
}

/// A part of one allow, with the denies beside it.
#[derive(Clone, Default)]
struct Cut {
    /// The document, and the statement in it.
    at: usize,
    index: usize,
    actions: Option<Vec<ActionPattern>>,
    resource: Option<ArnPattern>,
    caller: Option<Principal>,
    /// A value of one of the conditions.
    value: Option<(usize, Text)>,
}

impl Cut {
    fn of(&self, documents: &[PolicyDocument]) -> Vec<PolicyDocument> {
        let mut cut = documents.to_vec();
        for (at, document) in cut.iter_mut().enumerate() {
            let mut index = 0;
            document.statements.retain_mut(|statement| {
                let is_meant = at == self.at && index == self.index;
                index += 1;
                if is_meant {
                    self.narrow(statement);
                }
                is_meant || statement.effect != Effect::Allow
            });
        }
        cut
    }

    fn narrow(&self, statement: &mut Statement) {
        if let (Some(actions), Some(own)) = (&self.actions, &mut statement.actions) {
            own.patterns.clone_from(actions);
            own.negated = false;
        }
        if let (Some(resource), Some(own)) = (&self.resource, &mut statement.resources) {
            own.patterns = vec![resource.clone()];
        }
        if let (Some(caller), Some(own)) = (&self.caller, &mut statement.principals) {
            own.entries = vec![caller.clone()];
        }
        if let Some((index, value)) = &self.value {
            statement.conditions[*index].values = vec![value.clone()];
        }
    }
}
