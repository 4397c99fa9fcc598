//! From a box to requests of it that can really be made: an action, a resource it acts on, a caller,
//! and values of the keys.

use super::boxes::AccessBox;
use super::dimension::{Dimension, Extent};
use super::literal;
use super::values::{Pattern, Region, Values};
use super::vocabulary::{FALSE, Family, TRUE, Vocabulary, lower};
use super::who;
use crate::iam::catalogue::{self, Action};
use crate::iam::condition::ConditionTest;
use crate::iam::glob::{Glob, Letter, Search, Token};
use crate::iam::request::{Caller, Request};
use crate::iam::universe::Universe;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a box holds.
#[derive(Debug, Default)]
pub struct Candidates {
    pub requests: Vec<Request>,
    /// Why there may be more requests than these.
    pub doubt: Option<&'static str>,
}

/// So many requests of one box are offered.
const MAX_REQUESTS: usize = 6;

/// So many actions of one box are tried for more requests than the first.
const MAX_ACTIONS: usize = 3;

/// Some requests of a box; none and no doubt when no request of it can be made.
pub fn candidates(from: &AccessBox, vocabulary: &Vocabulary) -> Candidates {
    let mut found = Candidates::default();
    let texts = |dimension: Dimension| match &from.extent(&dimension, vocabulary).present {
        Some(present) => match &present.all {
            Values::Texts(regions) => regions.clone(),
            _ => Vec::new(),
        },
        None => Vec::new(),
    };
    let (actions, resources) = (texts(Dimension::Action), texts(Dimension::Resource));
    let mut tried = 0;
    let services: Vec<String> = resources.iter().take(MAX_ACTIONS).filter_map(service_of).collect();
    for action in catalogued(&actions, &services) {
        let universe = Universe::of(Some(action));
        let mut words = universe.witnesses().filter_map(|request| word_of(&resources, &Pattern::new(request)));
        match words.next() {
            Some(Ok(word)) => {
                found.offer(from, vocabulary, &action.full_name(), &word);
                tried += 1;
            }
            Some(Err(())) => found.doubt = Some("the patterns of the resources are too entangled"),
            None if may_have_more(universe, &resources) => {
                found.doubt = Some("whether the action takes such a resource is not documented");
            }
            None => {}
        }
        if tried >= MAX_ACTIONS || found.requests.len() >= MAX_REQUESTS {
            return found;
        }
    }
    // An action that is not known, or not yet.
    let action = unheard(&actions);
    let word = action.as_ref().ok().and_then(Option::as_ref).map(|action| anywhere(&resources, action));
    match (action, word.unwrap_or(Some(Vec::new()))) {
        (Ok(Some(action)), Some(word)) if !word.is_empty() => found.offer(from, vocabulary, &action, &word),
        (Err(()), _) => found.doubt = Some("the patterns of the actions are too entangled"),
        (Ok(Some(_)), Some(_)) => {}
        (Ok(Some(_)), None) => found.doubt = Some("the patterns of the resources are too entangled"),
        (Ok(None), _) => {}
    }
    found
}

impl Candidates {
    fn offer(&mut self, from: &AccessBox, vocabulary: &Vocabulary, action: &str, resource: &[Letter]) {
        let mut request = Request::new(action, "");
        if !fill_keys(from, vocabulary, &mut request) {
            self.doubt = Some("no value of a condition key could be found");
            return;
        }
        let variables = BTreeMap::from_iter(resource.iter().filter_map(|letter| match letter {
            Letter::Hole(hole) => Some((hole.name().to_string(), ())),
            Letter::Char(_) => None,
        }));
        for (index, name) in variables.into_keys().enumerate() {
            let value = || vec![format!("value{index}")];
            request.context.entry(name).or_insert_with(value);
        }
        request.resource = resource
            .iter()
            .map(|letter| match letter {
                Letter::Char(c) => c.to_string(),
                Letter::Hole(hole) => {
                    request.context.get(&*hole.name()).and_then(|values| values.first()).cloned().unwrap_or_default()
                }
            })
            .collect();
        let Some(extent) = from.extents().find(|(dimension, _)| **dimension == Dimension::Principal) else {
            self.requests.push(request);
            return;
        };
        let callers = callers(extent.1, &request);
        if callers.is_empty() {
            self.doubt = Some("the patterns of the principals are too entangled");
        }
        for caller in callers {
            let mut request = Request { principal: Some(caller), ..request.clone() };
            request.derive_keys();
            self.requests.push(request);
        }
    }
}

/// The actions of the catalogue that the regions hold, those of some services first.
fn catalogued<'r>(regions: &'r [Region], first: &'r [String]) -> impl Iterator<Item = Action> + use<'r> {
    let of_region = move |region: &Region| -> Box<dyn Iterator<Item = Action> + 'r> {
        let literal = region.within.iter().find_map(|pattern| pattern.text());
        if let Some(name) = literal {
            return Box::new(catalogue::action(name).into_iter());
        }
        match region.within.iter().find_map(|pattern| prefix(&pattern.glob)) {
            Some(prefix) => Box::new(catalogue::service(&prefix).into_iter().flat_map(|service| service.actions())),
            None => {
                let near =
                    first.iter().filter_map(|name| catalogue::service(name)).flat_map(|service| service.actions());
                let is_far = move |action: &Action| !first.iter().any(|name| name == action.service().prefix());
                Box::new(near.chain(catalogue::actions().filter(is_far)))
            }
        }
    };
    regions
        .iter()
        .flat_map(move |region| of_region(region).filter(|action| region.has(&action.full_name().to_ascii_lowercase())))
}

/// The service of the ARNs of a region: `s3` of `arn:aws:s3:::bucket/*`.
fn service_of(region: &Region) -> Option<String> {
    region.within.iter().find_map(|pattern| {
        let tokens = pattern.glob.tokens();
        let service = tokens.split(|token| token.character() == Some(':')).nth(2)?;
        service.iter().copied().map(Token::character).collect()
    })
}

/// The service of a pattern of actions, where it is written out.
fn prefix(glob: &Glob) -> Option<String> {
    let colon = glob.tokens().iter().position(|token| token.character() == Some(':'))?;
    glob.tokens()[..colon].iter().copied().map(Token::character).collect()
}

/// A word of the regions that matches a pattern too.
fn word_of(regions: &[Region], pattern: &Arc<Pattern>) -> Option<Result<Vec<Letter>, ()>> {
    let mut entangled = None;
    for region in regions.iter().filter_map(|region| region.within(pattern)) {
        match region.word() {
            Search::Found(word) => return Some(Ok(word)),
            Search::OverBudget => entangled = Some(Err(())),
            Search::Empty => {}
        }
    }
    entangled
}

/// Whether the regions meet requests that are possible, yet not sure to exist.
fn may_have_more(universe: &Universe, regions: &[Region]) -> bool {
    // A variable of the policy may stand for a part that these formats do not let it be.
    let has_holes = regions.iter().any(|region| region.within.iter().any(|pattern| pattern.glob.has_holes()));
    let meets = |request: Glob| {
        let request = Pattern::new(request);
        regions.iter().any(|region| region.within(&request).is_some())
    };
    has_holes
        || (universe.open && universe.has_arns())
        || universe.requests().any(|request| meets(request.into_owned()))
}

/// The name of an action that the catalogue does not have.
fn unheard(regions: &[Region]) -> Result<Option<String>, ()> {
    let named = Pattern::new(Glob::parse("?*:?*"));
    for region in regions {
        let Some(mut region) = region.within(&named) else { continue };
        loop {
            match region.word() {
                Search::Found(word) => {
                    let name = crate::iam::glob::spell(&word);
                    if catalogue::action(&name).is_none() {
                        return Ok(Some(name));
                    }
                    if region.without.len() > 40 + regions.len() {
                        return Err(());
                    }
                    region.without.push(Pattern::new(Glob::new(word.into_iter().map(Token::Letter).collect())));
                }
                Search::Empty => break,
                Search::OverBudget => return Err(()),
            }
        }
    }
    Ok(None)
}

/// A resource of the regions for an action that is not known, an ARN if there is one: of its
/// service, or of one on whose resources its service is known to act. An empty one: there is none;
/// `None`: it is not known whether there is one.
fn anywhere(regions: &[Region], action: &str) -> Option<Vec<Letter>> {
    let service = action.split_once(':').and_then(|(prefix, _)| catalogue::service(prefix));
    let of_arn = |arn: &'static str| arn.split(':').nth(2).unwrap_or("*");
    let mut owners: Vec<&str> = match service {
        Some(service) => service.resource_types().flat_map(|kind| kind.arns().map(of_arn)).collect(),
        None => vec!["*"],
    };
    owners.extend(service.map(|service| service.prefix()));
    owners.sort_unstable();
    owners.dedup();
    let near =
        |owner: &&str| ["arn:aws:{}:us-east-1:111122223333:?*", "arn:*:{}:*"].map(|arn| arn.replace("{}", owner));
    let patterns = owners.iter().flat_map(near).chain(["*".to_owned()].into_iter().filter(|_| service.is_none()));
    let mut patterns: Vec<Arc<Pattern>> = patterns.map(|pattern| Pattern::new(Glob::parse(&pattern))).collect();
    patterns.push(Pattern::new(Glob::literal("*")));
    let mut is_known = true;
    for pattern in &patterns {
        match word_of(regions, pattern) {
            Some(Ok(word)) => return Some(word),
            Some(Err(())) => is_known = false,
            None => {}
        }
    }
    // A variable may stand for the service.
    let has_holes = regions.iter().any(|region| region.within.iter().any(|pattern| pattern.glob.has_holes()));
    (is_known && !has_holes).then(Vec::new)
}

/// Callers of the box, those first that agree with the keys that speak of them.
fn callers(extent: &Extent, request: &Request) -> Vec<Caller> {
    let Some(Values::Texts(regions)) = extent.present.as_ref().map(|present| &present.all) else { return Vec::new() };
    let first = |key: &str| request.context.get(key).and_then(|values| values.first()).map(String::as_str);
    let mut likely: Vec<String> = Vec::new();
    if let Some(arn) = first("aws:principalarn") {
        likely.push(format!("aws|{arn}"));
    }
    if let Some(account) = first("aws:principalaccount") {
        likely.push(format!("aws|arn:aws:iam::{account}:user/x"));
        likely.push(format!("aws|arn:aws:iam::{account}:root"));
    }
    if likely.is_empty() {
        likely.extend(["anonymous|", "aws|arn:aws:iam::999988887777:user/x"].map(str::to_owned));
    }
    let likely = likely.into_iter().filter(|text| regions.iter().any(|region| region.has(text)));
    // Words are looked for one by one, as far as they are needed.
    let by_kind = who::everybody().iter().filter_map(|kind| word_of(regions, kind)?.ok());
    let mut last = String::new();
    let found = likely.chain(by_kind.map(|word| crate::iam::glob::spell(&word)));
    let found = found.filter(|text| std::mem::replace(&mut last, text.clone()) != *text);
    found.filter_map(|text| who::caller(&text)).take(MAX_ACTIONS).collect()
}

/// Gives every key of the question a value of the box, or none. `false` where none can be found.
fn fill_keys(from: &AccessBox, vocabulary: &Vocabulary, request: &mut Request) -> bool {
    for (name, key) in vocabulary.keys() {
        let extent = from.extent(&Dimension::Key(name.clone()), vocabulary);
        if extent.absent {
            continue;
        }
        let Some(present) = &extent.present else { return false };
        let sets: Vec<&Values> = if present.any.is_empty() { vec![&present.all] } else { present.any.iter().collect() };
        let values: Option<Vec<String>> = sets.into_iter().map(|values| value_of(values, key.family)).collect();
        let Some(mut values) = values else { return false };
        values.dedup();
        request.context.insert(name.to_string(), values);
    }
    for (dimension, extent) in from.extents() {
        let Dimension::Opaque(says) = dimension else { continue };
        let Some(Values::Flags(flags)) = extent.present.as_ref().map(|present| &present.all) else { continue };
        if let Some(test) = vocabulary.opaque.get(says) {
            guess(from, test, *flags == TRUE, request);
        }
    }
    true
}

/// Values that a test which is not looked into may hold of, or not.
fn guess(from: &AccessBox, test: &ConditionTest, holds: bool, request: &mut Request) {
    let key = lower(&test.key);
    let is_free = |key: &Arc<str>| !from.extents().any(|(dimension, _)| *dimension == Dimension::Key(key.clone()));
    let Some(value) = test.values.first().and_then(|value| value.literal()) else { return };
    if test.operator.negated == holds {
        return;
    }
    if request.context.contains_key(&*key) && !is_free(&key) {
        // The value is given: what is compared to it takes the same.
        let variable = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).map(|name| lower(name.trim()));
        if let Some(variable) = variable.filter(is_free)
            && let Some(given) = request.context.get(&*key).cloned()
        {
            request.context.insert(variable.to_string(), given);
        }
        return;
    }
    let mut text = value.replace(['*', '?'], "x");
    while let Some(open) = text.find("${")
        && let Some(close) = text[open..].find('}').map(|at| at + open)
    {
        let name = lower(text[open + 2..close].split(',').next().unwrap_or_default().trim());
        let filled = request.context.entry(name.to_string()).or_insert_with(|| vec!["value".to_owned()]);
        let filled = filled.first().cloned().unwrap_or_default();
        text.replace_range(open..=close, &filled);
    }
    request.context.insert(key.to_string(), vec![text]);
}

fn value_of(values: &Values, family: Option<Family>) -> Option<String> {
    match values {
        Values::Texts(regions) => regions.iter().find_map(|region| match region.word() {
            Search::Found(word) => Some(crate::iam::glob::spell(&word)),
            _ => None,
        }),
        Values::Ranges(ranges) => match family {
            Some(Family::Address) => literal::some_address(ranges),
            Some(Family::Date) => pick(ranges).map(|(start, end)| literal::some_date(start, end)),
            _ => pick(ranges).map(|(start, end)| literal::some_number(start, end)),
        },
        // What a key holds that is compared as a truth value and is none is not known.
        Values::Flags(flags) if flags & TRUE != 0 => Some("true".to_owned()),
        Values::Flags(flags) if flags & FALSE != 0 => Some("false".to_owned()),
        Values::Flags(_) => None,
    }
}

/// The interval that lies nearest to what is usual.
fn pick(ranges: &[(u128, u128)]) -> Option<(u128, u128)> {
    let width = |range: &(u128, u128)| range.1 - range.0;
    ranges.iter().copied().max_by_key(width)
}
