//! The resources that a call acts on, out of its arguments: `--function-name demo` is the function
//! `demo`. What no argument tells is a hole.

use super::arn::{Filled, Place, fill, is_arn, joined, known, split_once, unknown};
use super::words::Arguments;
use crate::iam::catalogue::{Action, ResourceType};
use crate::value::{Part, Text};

/// Which options tell a part of an ARN, where its name does not say it: service, resource type, part,
/// options. `--option:form` is taken in a form, `=text` stands where no option is given.
const ARGUMENTS: &str = include_str!("../../../data/needs/arguments.tsv");

/// What a call acts on.
#[derive(Debug)]
pub struct Named {
    pub resources: Vec<Text>,
    /// The arguments tell all that there is to tell.
    pub is_told: bool,
}

/// What an operation of the CLI, such as `describe-stacks`, acts on.
pub fn of(action: Action, operation: &str, arguments: &Arguments, place: &Place) -> Named {
    let types: Vec<(ResourceType, bool)> = action.resource_types().collect();
    if types.is_empty() {
        return Named { resources: vec![known("*", place)], is_told: true };
    }
    let noun = noun(operation);
    let fill_in = |resource: ResourceType| named(resource, &noun, arguments, place);
    let required: Vec<Vec<Filled>> = types.iter().filter(|(_, always)| *always).map(|(one, _)| fill_in(*one)).collect();
    if !required.is_empty() {
        let is_told = required.iter().flatten().all(|filled| filled.untold == 0);
        return Named { resources: texts(required.into_iter().flatten()), is_told };
    }
    let all: Vec<(ResourceType, Vec<Filled>)> = types.iter().map(|(one, _)| (*one, fill_in(*one))).collect();
    let whole: Vec<&(ResourceType, Vec<Filled>)> =
        all.iter().filter(|(_, filled)| filled.iter().all(|one| one.untold == 0 && one.told > 0)).collect();
    let of_noun = |(one, _): &&(ResourceType, Vec<Filled>)| is_noun(one.name(), &noun);
    // Of several that the arguments name, the one that the operation is named after; else the most
    // exact.
    let most = |(_, filled): &&&(ResourceType, Vec<Filled>)| filled.iter().map(|one| one.told).max();
    if let Some((_, filled)) = whole.iter().find(|one| of_noun(one)).or_else(|| whole.iter().max_by_key(most)) {
        return Named { resources: filled.iter().map(|one| one.text.clone()).collect(), is_told: true };
    }
    let only = match all.as_slice() {
        [only] => Some(only),
        _ => all.iter().filter(of_noun).min_by_key(|(_, filled)| filled.iter().map(|one| one.untold).sum::<usize>()),
    };
    let resources = match only {
        Some((_, filled)) => filled.iter().map(|one| one.text.clone()).collect(),
        None => vec![anything(action, place)],
    };
    Named { resources, is_told: false }
}

/// Resources of an action that nothing is known of.
pub fn untold(action: Action, place: &Place) -> Vec<Text> {
    let types: Vec<(ResourceType, bool)> = action.resource_types().collect();
    let always: Vec<ResourceType> = types.iter().filter(|(_, always)| *always).map(|(one, _)| *one).collect();
    match (types.as_slice(), always.as_slice()) {
        ([], _) => vec![known("*", place)],
        ([(only, _)], _) | (_, [only]) => {
            let template = only.arns().next().unwrap_or_default();
            vec![fill(template, place, |_| None).text]
        }
        _ => vec![anything(action, place)],
    }
}

/// The ARN of a role that an option gives by its name or its ARN.
pub fn role(option: &str, role: &Text, place: &Place) -> Text {
    if is_whole_arn(role) || takes_arns(option) && may_be_arn(role) {
        return super::arn::in_build(role);
    }
    fill("arn:${Partition}:iam::${Account}:role/${Role}", place, |_| Some(role.clone())).text
}

pub fn any_role(place: &Place) -> Text {
    fill("arn:${Partition}:iam::${Account}:role/${Role}", place, |_| None).text
}

/// Some resource of the service of an action.
fn anything(action: Action, place: &Place) -> Text {
    let front = format!("arn:${{Partition}}:{}:${{Region}}:${{Account}}:", action.service().prefix());
    joined([&fill(&front, place, |_| None).text, &unknown("resource", place.span)], place.span)
}

fn texts(filled: impl Iterator<Item = Filled>) -> Vec<Text> {
    let mut texts = Vec::new();
    for one in filled {
        if !texts.contains(&one.text) {
            texts.push(one.text);
        }
    }
    texts
}

/// The ARNs of a type that the arguments name, one for each value of an option that takes several.
fn named(resource: ResourceType, noun: &str, arguments: &Arguments, place: &Place) -> Vec<Filled> {
    let fill_in = |template: &str| {
        let mut values: Vec<(String, Vec<Text>)> = Vec::new();
        for name in names(template) {
            let found = value_of(resource, name, noun, arguments, place);
            let whole: Vec<&Text> = found.texts.iter().filter(|text| found.is_arn || is_whole_arn(text)).collect();
            if !whole.is_empty() {
                let filled = |text: &Text| Filled { text: super::arn::in_build(text), told: 1, untold: 0 };
                return whole.into_iter().map(filled).collect();
            }
            values.push((name.to_owned(), found.texts));
        }
        let count = values.iter().map(|(_, found)| found.len()).max().unwrap_or_default().max(1);
        let filled = (0..count).map(|index| {
            fill(template, place, |name| {
                let (_, found) = values.iter().find(|(known, _)| known == name)?;
                found.get(index).or(found.first()).cloned()
            })
        });
        filled.collect::<Vec<Filled>>()
    };
    let all = resource.arns().map(fill_in);
    let rank = |filled: &Vec<Filled>| filled.first().map_or((0, 0), |one| (one.told, usize::MAX - one.untold));
    all.max_by_key(rank).unwrap_or_default()
}

/// The names in a template that arguments may tell.
fn names(template: &str) -> impl Iterator<Item = &str> {
    let all = template.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    all.filter(|name| !matches!(*name, "Partition" | "Region" | "Account"))
}

/// The values of an option.
#[derive(Default)]
struct Given {
    texts: Vec<Text>,
    /// The option takes ARNs and nothing else, and what it is given may be one.
    is_arn: bool,
}

/// What the arguments say of a part of an ARN.
fn value_of(resource: ResourceType, name: &str, noun: &str, arguments: &Arguments, place: &Place) -> Given {
    let service = resource.service().prefix();
    let mut rows = ARGUMENTS.lines().filter_map(|line| line.rsplit_once('\t'));
    let key = format!("{service}\t{}\t{name}", resource.name());
    let of_any = format!("{service}\t-\t{name}");
    if let Some((_, options)) = rows.find(|(row, _)| *row == key || *row == of_any) {
        let mut given = options.split(',').map(|option| given(option, arguments, place));
        return given.find(|given| !given.texts.is_empty()).unwrap_or_default();
    }
    let whole = kebab(name);
    let base = ["-name-with-path", "-name", "-id", "-identifier"].iter().find_map(|end| whole.strip_suffix(end));
    let base = base.unwrap_or(&whole);
    let mut options = vec![whole.clone(), format!("{whole}s")];
    for end in ["", "s", "-arn", "-arns", "-name", "-names", "-id", "-ids", "-identifier"] {
        options.push(format!("{base}{end}"));
    }
    if is_noun(resource.name(), noun) && is_noun(base, noun) || base.is_empty() {
        options.extend(["name", "names", "id", "arn", "resource-arn"].map(str::to_owned));
    }
    let mut given = options.iter().map(|option| values(arguments, &format!("--{option}")));
    given.find(|given| !given.texts.is_empty()).unwrap_or_default()
}

/// The value of `--option:form` or `=text`.
fn given(option: &str, arguments: &Arguments, place: &Place) -> Given {
    if let Some(text) = option.strip_prefix('=') {
        return Given { texts: vec![known(text, place)], is_arn: false };
    }
    let (option, form) = option.split_once(':').unwrap_or((option, ""));
    let given = values(arguments, option);
    Given { texts: given.texts.iter().filter_map(|text| in_form(text, form)).collect(), ..given }
}

/// The values of an option, as far as they are names. Only one in the plural has several; several in
/// one place are what a variable may be.
fn values(arguments: &Arguments, option: &str) -> Given {
    let is_name = |text: &&Text| {
        let shown = text.display();
        !shown.starts_with("file://") && !shown.starts_with(['{', '[']) && !shown.is_empty()
    };
    let all = arguments.values(option);
    let has_all = option.ends_with('s') || all.windows(2).all(|pair| pair[0].span == pair[1].span);
    let texts: Vec<Text> = all.iter().take(if has_all { all.len() } else { 1 }).filter(is_name).cloned().collect();
    let is_arn = takes_arns(option) && texts.iter().all(may_be_arn);
    Given { texts, is_arn }
}

fn takes_arns(option: &str) -> bool {
    option.trim_end_matches('s').ends_with("-arn")
}

fn may_be_arn(text: &Text) -> bool {
    is_arn(text) || matches!(text.parts.first(), Some(Part::Hole(_)))
}

fn in_form(text: &Text, form: &str) -> Option<Text> {
    if is_whole_arn(text) {
        return Some(text.clone());
    }
    match form {
        // `/a/b` is the parameter `a/b`.
        "no-slash" => Some(text.strip_prefix("/").unwrap_or_else(|| text.clone())),
        "last" => {
            let mut rest = text.clone();
            while let Some((_, behind)) = split_once(&rest, "/") {
                rest = behind;
            }
            Some(rest)
        }
        "before-colon" => Some(split_once(text, ":").map_or_else(|| text.clone(), |(before, _)| before)),
        "after-colon" => split_once(text, ":").map(|(_, behind)| behind),
        // The service puts six characters behind the name of a secret.
        "secret" => Some(joined([text, &Text::at("-??????", text.span)], text.span)),
        // Which key an alias stands for is not known.
        "key" => text.strip_prefix("alias/").is_none().then(|| text.clone()),
        "alias" => text.strip_prefix("alias/"),
        _ => Some(text.clone()),
    }
}

/// An ARN, or a variable whose name says that it holds one.
fn is_whole_arn(text: &Text) -> bool {
    let is_named = |name: &str| name.to_ascii_lowercase().trim_end_matches('}').ends_with("arn");
    is_arn(text) || text.as_hole().is_some_and(|hole| is_named(&hole.name))
}

/// `stack` of `describe-stacks`.
fn noun(operation: &str) -> String {
    operation.split_once('-').map_or("", |(_, noun)| noun).to_owned()
}

fn is_noun(name: &str, noun: &str) -> bool {
    let plain = |text: &str| {
        let text: String = text.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        text.to_ascii_lowercase().trim_end_matches('s').to_owned()
    };
    !noun.is_empty() && plain(name) == plain(noun)
}

/// `FunctionName` → `function-name`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && was_lower {
            text.push('-');
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        text.extend(c.to_lowercase());
    }
    text
}
