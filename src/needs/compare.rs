//! What a role may do and what is needed of it, side by side. The IAM engine compares; what it cannot
//! decide is said and not guessed.

use super::elsewhere::may_be_granted;
use super::excess::{self, Wider};
use super::names::Names;
use super::near::near;
use super::role::of_role;
use super::{Certainty, Need, Needs};
use crate::diagnostic::Confidence;
use crate::iam::catalogue::{self, AccessLevel, Action};
use crate::iam::condition::{ConditionTest, all_follow};
use crate::iam::{
    ActionPattern, ArnPattern, Authority, Boundary, ConditionClass, Grant, PolicyDocument, Reason, Truth, Version,
    Wanted,
};
use crate::model::{Model, PrincipalId};
use crate::source::Span;
use crate::value::{Condition, Text, implies};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// The needs of a role next to its grants.
#[derive(Debug)]
pub struct Comparison {
    /// By action, and by need.
    pub used: Vec<Used>,
    /// By the place of the statement.
    pub unused: Vec<Unused>,
    pub wider: Vec<Wider>,
    /// All actions that are granted, of those looked at.
    pub granted: BTreeSet<Action>,
    /// What may need more, and what may allow more, than is known.
    pub unknown: Vec<Reason>,
    pub confidence: Confidence,
}

/// An action that is needed.
#[derive(Debug)]
pub struct Used {
    pub action: Action,
    /// An index into the needs.
    pub need: usize,
    pub state: State,
    /// Where it is missing, what the role allows in its place.
    pub near: Option<Reason>,
}

/// Whether the role has what is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Granted,
    /// It will fail.
    Missing,
    /// With why it is not known.
    Unknown(Reason),
}

/// Actions of one statement that nothing needs.
#[derive(Debug)]
pub struct Unused {
    pub statement: Span,
    pub actions: Vec<Action>,
    /// The most that one of them can do.
    pub danger: AccessLevel,
}

/// Every action there is.
static EVERY: LazyLock<Wanted> = LazyLock::new(|| Wanted::of(catalogue::actions()));

/// The needs of each role that something works with, next to its grants.
pub fn all(
    model: &Model,
    is_wanted: impl Fn(PrincipalId) -> bool,
    depth: Depth,
) -> Vec<(PrincipalId, Needs, Comparison)> {
    let names = Names::new(model);
    let ids = (0..model.principals.len()).filter(|id| is_wanted(*id));
    let found = ids.filter_map(|id| {
        let needs = of_role(model, &names, id)?;
        let compared = match depth {
            Depth::EveryAction => compare(&needs, model, id, &names),
            Depth::WorstActions => {
                let actions = worst_actions(&model.principal(id).authority, &needs);
                compare_within(&needs, model, id, &names, Some(&Wanted::of(actions)))
            }
        };
        Some((id, needs, compared))
    });
    found.collect()
}

/// Which grants are looked at: to look at all that `ec2:*` or `*` grants takes a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    EveryAction,
    /// What is needed, and one action for each pattern of a service that is not. What is wider is
    /// looked for where all needs are known.
    WorstActions,
}

fn worst_actions(authority: &Authority, needs: &Needs) -> BTreeSet<Action> {
    let needed: BTreeSet<Action> = needs.needs.iter().flat_map(|need| need.actions.iter().copied()).collect();
    let services: BTreeSet<&str> = needed.iter().map(|action| action.service().prefix()).collect();
    let statements = authority.documents.iter().flat_map(|document| document.allows());
    let actions = statements.filter_map(|statement| statement.actions.as_ref()).filter(|actions| !actions.negated);
    let patterns = actions.flat_map(|actions| &actions.patterns);
    let patterns = patterns.filter(|pattern| pattern.service().is_some_and(|service| !services.contains(service)));
    let worst = |pattern: &ActionPattern| pattern.expand().max_by_key(|action| rank(danger(*action)));
    patterns.filter_map(worst).collect::<BTreeSet<Action>>().union(&needed).copied().collect()
}

/// Compares what is needed of a role with what it may do.
pub fn compare(needs: &Needs, model: &Model, role: PrincipalId, names: &Names<'_>) -> Comparison {
    compare_within(needs, model, role, names, None)
}

fn compare_within(
    needs: &Needs,
    model: &Model,
    role: PrincipalId,
    names: &Names<'_>,
    only: Option<&Wanted>,
) -> Comparison {
    let principal = model.principal(role);
    let authority = resolved_authority(&principal.authority, names);
    let given: Vec<Condition> = principal.when.iter().cloned().collect();
    let grants = authority.grants_of(only.unwrap_or(&EVERY));
    let mut by_action: BTreeMap<Action, Vec<&Grant<'_>>> = BTreeMap::new();
    for grant in &grants {
        if let Some(action) = catalogue::action(&grant.action) {
            by_action.entry(action).or_default().push(grant);
        }
    }
    let wanted: Vec<Need> = needs.needs.iter().map(|need| resolved_need(need, names)).collect();
    let unseen = authority.unseen.first().or_else(|| authority.documents.iter().find_map(|one| one.unread.first()));
    let mut used = Vec::new();
    for (index, need) in wanted.iter().enumerate() {
        for action in &need.actions {
            let own = by_action.get(action).map(Vec::as_slice).unwrap_or_default();
            let state = match state(need, own, &given) {
                State::Missing => unseen
                    .cloned()
                    .or_else(|| waiting(&authority, *action))
                    .or_else(|| may_be_granted(need, *action, model, role, names))
                    .map_or(State::Missing, State::Unknown),
                found => found,
            };
            let near = if state == State::Missing { near(&authority, need, *action) } else { None };
            used.push(Used { action: *action, need: index, state, near });
        }
    }
    used.sort_by_key(|one| (one.action, one.need));
    let needed: BTreeSet<Action> = used.iter().map(|one| one.action).collect();
    let mut unknown = needs.unknown.clone();
    unknown.extend(authority.unseen.iter().cloned());
    unknown.extend(authority.documents.iter().flat_map(|document| document.unread.iter().cloned()));
    let mut seen: Vec<Reason> = Vec::new();
    unknown.retain(|reason| !seen.contains(reason) && (seen.push(reason.clone()), true).1);
    let confidence = match unknown.len() {
        0 => Confidence::High,
        1 => Confidence::Medium,
        _ => Confidence::Low,
    };
    let wider = match only {
        Some(_) if !unknown.is_empty() => Vec::new(),
        _ => excess::wider(&wanted, &by_action, &needed),
    };
    Comparison {
        unused: unused(&by_action, &needed),
        wider,
        granted: by_action.into_keys().collect(),
        used,
        unknown,
        confidence,
    }
}

/// Whether the grants of an action are enough for a need of it.
fn state(need: &Need, grants: &[&Grant<'_>], given: &[Condition]) -> State {
    let on = |resource| state_on(need, resource, grants, given);
    let per_resource: Vec<State> = need.resources.iter().map(on).collect();
    let is_missing = |state: &State| *state == State::Missing;
    if per_resource.iter().all(|state| *state == State::Granted) {
        State::Granted
    } else if per_resource.iter().all(is_missing)
        || (need.certainty == Certainty::Certain && per_resource.iter().any(is_missing))
    {
        State::Missing
    } else if need.certainty == Certainty::Likely && per_resource.contains(&State::Granted) {
        // One of several forms of the ARN is enough.
        State::Granted
    } else {
        per_resource.into_iter().find(|state| matches!(state, State::Unknown(_))).unwrap_or(State::Missing)
    }
}

fn state_on(need: &Need, resource: &Text, grants: &[&Grant<'_>], given: &[Condition]) -> State {
    let wanted = ArnPattern::new(resource, false, Vec::new());
    let mut doubt: Option<Reason> = None;
    for grant in grants {
        let covers = covers(grant, &wanted);
        if covers.is_no() && overlaps(grant, &wanted).is_no() {
            continue;
        }
        let place = grant.resource_span().unwrap_or(grant.span);
        let reason = match covers {
            Truth::Yes => match obstacle(grant, &need.conditions, given) {
                None => return State::Granted,
                Some(reason) => reason,
            },
            Truth::No => Reason::at(format!("only a part of `{}` is allowed", resource.display()), place),
            Truth::Unknown => {
                let own = grant.resources.first().map_or_else(|| "*".into(), |own| own.text().display().into_owned());
                let text = format!("whether `{own}` is `{}` is known only at deployment", resource.display());
                Reason::at(text, place)
            }
        };
        doubt.get_or_insert(reason);
    }
    doubt.map_or(State::Missing, State::Unknown)
}

fn is_negated(grant: &Grant<'_>) -> bool {
    grant.statement.resources.as_ref().is_some_and(|resources| resources.negated)
}

/// An allow of the action on what waits to be filled in.
fn waiting(authority: &Authority, action: Action) -> Option<Reason> {
    let name = action.full_name();
    let mut statements = authority.documents.iter().flat_map(|document| document.allows());
    statements.find_map(|statement| {
        let resources = statement.resources.as_ref()?;
        let open = resources.patterns.iter().find(|pattern| is_placeholder(pattern))?;
        let text = format!("`{}` is no ARN yet", open.text().display());
        (!statement.matches_action(&name).is_empty()).then(|| Reason::at(text, open.span()))
    })
}

/// `ACCOUNT_BUCKET_ARN` and its like wait to be filled in: what comes there is not known.
fn is_placeholder(pattern: &ArnPattern) -> bool {
    pattern.text().literal().is_some_and(|text| !text.starts_with("arn:") && !text.starts_with(['*', '?']))
}

fn covers(grant: &Grant<'_>, wanted: &ArnPattern) -> Truth {
    let within = |patterns: &[&ArnPattern]| {
        patterns.is_empty() || patterns.iter().any(|pattern| pattern.covers(wanted).is_yes())
    };
    let by_statement = if is_negated(grant) {
        let excepted = grant.statement.resources.iter().flat_map(|resources| &resources.patterns);
        Truth::any(excepted.map(|pattern| pattern.overlaps(wanted))).negated()
    } else if grant.everywhere {
        Truth::Yes
    } else {
        let of = |pattern: &&ArnPattern| match is_placeholder(pattern) {
            true => Truth::Unknown,
            false => pattern.covers(wanted),
        };
        Truth::any(grant.resources.iter().map(of))
    };
    let by_boundary = if within(&grant.within) { Truth::Yes } else { Truth::Unknown };
    by_statement.and(by_boundary)
}

fn overlaps(grant: &Grant<'_>, wanted: &ArnPattern) -> Truth {
    if grant.everywhere || is_negated(grant) {
        return Truth::Unknown;
    }
    Truth::any(grant.resources.iter().map(|pattern| pattern.overlaps(wanted)))
}

/// Why a grant on the right resource may not be enough.
fn obstacle(grant: &Grant<'_>, tests: &[ConditionTest], given: &[Condition]) -> Option<Reason> {
    if let Some(doubt) = grant.doubts.first() {
        return Some(doubt.clone());
    }
    let is_met = |test: &ConditionTest| all_follow(std::slice::from_ref(test), tests);
    let narrowing = grant.narrowing.iter().filter(|one| one.class != ConditionClass::Vacuous);
    if let Some(test) = narrowing.map(|one| one.test).find(|test| !is_met(test)) {
        return Some(Reason::at(format!("it is allowed only under a condition on `{}`", test.key), test.span));
    }
    if let Some(less) = grant.less.first() {
        return Some(Reason::at("a deny may take it", less.span));
    }
    let is_open = |condition: &&Condition| !implies(given, std::slice::from_ref(*condition));
    let condition = grant.when.iter().find(is_open)?;
    let text = format!("it depends on `{}` being {}", condition.name, condition.value);
    Some(Reason::at(text, condition.span))
}

/// The level of an action; where reviewers see it give permissions, that.
pub fn danger(action: Action) -> AccessLevel {
    if action.is_sensitive() { AccessLevel::PermissionsManagement } else { action.level() }
}

/// The levels by how much harm they can do.
fn rank(level: AccessLevel) -> usize {
    let levels = [
        AccessLevel::List,
        AccessLevel::Read,
        AccessLevel::Tagging,
        AccessLevel::Write,
        AccessLevel::PermissionsManagement,
    ];
    levels.iter().position(|known| *known == level).unwrap_or_default()
}

fn unused(by_action: &BTreeMap<Action, Vec<&Grant<'_>>>, needed: &BTreeSet<Action>) -> Vec<Unused> {
    let mut by_statement: BTreeMap<Span, Vec<Action>> = BTreeMap::new();
    for (action, grants) in by_action.iter().filter(|(action, _)| !needed.contains(action)) {
        let statements: BTreeSet<Span> = grants.iter().map(|grant| grant.statement.span).collect();
        for statement in statements {
            by_statement.entry(statement).or_default().push(*action);
        }
    }
    let one = |(statement, actions): (Span, Vec<Action>)| {
        let danger = actions.iter().map(|action| danger(*action)).max_by_key(|level| rank(*level));
        Unused { statement, actions, danger: danger.unwrap_or(AccessLevel::List) }
    };
    by_statement.into_iter().map(one).collect()
}

/// The same need with ARNs that can be compared.
fn resolved_need(need: &Need, names: &Names<'_>) -> Need {
    let mut resolved = need.clone();
    resolved.resources = need.resources.iter().map(|text| names.comparable(text)).collect();
    for test in &mut resolved.conditions {
        test.values = test.values.iter().map(|text| names.comparable(text)).collect();
    }
    resolved
}

fn resolved_authority(authority: &Authority, names: &Names<'_>) -> Authority {
    let boundary = authority.boundary.as_ref().map(|boundary| match boundary {
        Boundary::Known(document) => Boundary::Known(resolved_document(document, names)),
        Boundary::Unknown(reason) => Boundary::Unknown(reason.clone()),
    });
    let documents = authority.documents.iter().map(|document| Arc::new(resolved_document(document, names)));
    Authority { documents: documents.collect(), boundary, unseen: authority.unseen.clone() }
}

fn resolved_document(document: &PolicyDocument, names: &Names<'_>) -> PolicyDocument {
    let mut resolved = document.clone();
    let variables = document.version != Version::V2008;
    for statement in &mut resolved.statements {
        for pattern in statement.resources.iter_mut().flat_map(|resources| &mut resources.patterns) {
            *pattern = ArnPattern::new(&names.comparable(pattern.text()), variables, pattern.when.clone());
        }
        for test in &mut statement.conditions {
            test.values = test.values.iter().map(|text| names.comparable(text)).collect();
        }
    }
    resolved
}
