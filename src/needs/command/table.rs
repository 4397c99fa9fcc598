//! The table of what commands need, `data/needs/commands.tsv`, and what its rows come to for one command.

use super::arn::{fill, is_arn};
use super::words::Arguments;
use super::{Certainty, Found, actions, resource};
use crate::packed;
use crate::value::Text;
use std::sync::LazyLock;

/// Program, words, when, actions, resource, condition, certainty, source.
static COMMANDS: LazyLock<String> =
    LazyLock::new(|| packed::text(include_bytes!(concat!(env!("OUT_DIR"), "/commands.bin"))));

/// Program, words, `none` or `opaque`, why.
static PROGRAMS: LazyLock<String> =
    LazyLock::new(|| packed::text(include_bytes!(concat!(env!("OUT_DIR"), "/programs.bin"))));

/// One thing that a command needs.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    words: &'static str,
    /// `--role-arn`: only with this option; `!--role-arn`: only without.
    when: &'static str,
    actions: &'static str,
    /// An ARN with `${--option|--other:default}` in it, or why more is needed than is known.
    resource: &'static str,
    /// `iam:PassedToService=ecs-tasks.amazonaws.com`
    condition: &'static str,
    /// `certain`, `likely`, `unknown`, or `none`.
    certainty: &'static str,
    source: &'static str,
}

/// What is known of a program that the table of commands does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    CallsNothing,
    Opaque(&'static str),
}

/// The rows of a command: those with the most words that it has.
pub fn commands(program: &str, verbs: &[&str]) -> Vec<Row> {
    let row = |line: &'static str| {
        let [name, words, when, actions, resource, condition, certainty, source] = cells(line)?;
        let row = Row { words, when, actions, resource, condition, certainty, source };
        (name == program).then_some((words, row))
    };
    best(COMMANDS.lines().filter_map(row), verbs)
}

pub fn program(program: &str, verbs: &[&str]) -> Option<Verdict> {
    let row = |line: &'static str| {
        let [name, words, verdict, why] = cells(line)?;
        let verdict = if verdict == "none" { Verdict::CallsNothing } else { Verdict::Opaque(why) };
        (name == program).then_some((words, verdict))
    };
    best(PROGRAMS.lines().filter_map(row), verbs).first().copied()
}

/// What rows come to. `verbs` is how many words between the options the rows are found by; `told` gives
/// what else is known.
pub fn apply(
    found: &mut Found<'_>,
    rows: &[Row],
    arguments: &Arguments,
    verbs: usize,
    told: impl Fn(&str) -> Option<Vec<Text>>,
) {
    for row in rows {
        let holds = match row.when.strip_prefix('!') {
            Some(option) => !option.split('|').any(|option| arguments.has(option)),
            None => row.when == "-" || row.when.split('|').any(|option| arguments.has(option)),
        };
        match row.certainty {
            _ if !holds => {}
            "none" => {}
            "unknown" => found.unknown(row.resource),
            certainty => {
                let (resources, is_told) = resources(found, row, arguments, verbs, &told);
                let is_certain = certainty == "certain" && is_told;
                let certainty = if is_certain { Certainty::Certain } else { Certainty::Likely };
                let need = found.need(actions(row.actions.split(',')), resources, certainty, row.source);
                if let Some((key, value)) = row.condition.split_once('=') {
                    super::demand(need, key, value);
                }
            }
        }
    }
}

/// The resources of a row, one for each value of the option that it names, and whether all is told.
fn resources(
    found: &Found<'_>,
    row: &Row,
    arguments: &Arguments,
    verbs: usize,
    told: &impl Fn(&str) -> Option<Vec<Text>>,
) -> (Vec<Text>, bool) {
    let values = |name: &str| -> Vec<Text> {
        // `${s3:--s3-location}` is what stands behind `s3://`.
        if let Some(option) = name.strip_prefix("s3:") {
            return arguments.values(option).iter().filter_map(|text| text.strip_prefix("s3://")).collect();
        }
        let (options, default) = name.split_once(':').map_or((name, None), |(options, text)| (options, Some(text)));
        let given = options.split('|').map(|option| match option.parse::<usize>() {
            Ok(index) => arguments.positional.get(verbs + index - 1).cloned().unwrap_or_default(),
            Err(_) if option.starts_with('-') => arguments.values(option).to_vec(),
            Err(_) => told(option).unwrap_or_default(),
        });
        let given = given.into_iter().find(|values| !values.is_empty()).unwrap_or_default();
        match default {
            Some(text) if given.is_empty() => vec![Text::at(text, found.place.span)],
            _ => given,
        }
    };
    // `${role:--role-arn}` is a role by its name or its ARN.
    if let Some(options) = row.resource.strip_prefix("${role:").and_then(|rest| rest.strip_suffix('}')) {
        let roles: Vec<Text> = values(options).iter().map(|role| resource::role(options, role, &found.place)).collect();
        return if roles.is_empty() { (vec![resource::any_role(&found.place)], false) } else { (roles, true) };
    }
    let names: Vec<&str> = row.resource.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
    let known: Vec<(&str, Vec<Text>)> = names.iter().map(|name| (*name, values(name))).collect();
    let arns: Vec<Text> = known.iter().flat_map(|(_, values)| values).filter(|text| is_arn(text)).cloned().collect();
    if !arns.is_empty() {
        return (arns, true);
    }
    let count = known.iter().map(|(_, values)| values.len()).max().unwrap_or_default().max(1);
    let filled: Vec<_> = (0..count)
        .map(|index| {
            fill(row.resource, &found.place, |name| {
                let (_, values) = known.iter().find(|(known, _)| *known == name)?;
                values.get(index).or(values.first()).cloned()
            })
        })
        .collect();
    let is_told = filled.iter().all(|one| one.untold == 0);
    (filled.into_iter().map(|one| one.text).collect(), is_told)
}

/// The items with the most words that stand in front among the verbs; where none do, those whose words
/// stand among them in this order.
fn best<T: Copy>(rows: impl Iterator<Item = (&'static str, T)>, verbs: &[&str]) -> Vec<T> {
    let rows: Vec<(Vec<&str>, T)> = rows.map(|(words, row)| (split(words), row)).collect();
    let in_front = |words: &[&str]| verbs.starts_with(words);
    let in_order = |words: &[&str]| {
        let mut verbs = verbs.iter();
        words.iter().all(|word| verbs.any(|verb| verb == word))
    };
    for is_meant in [&in_front as &dyn Fn(&[&str]) -> bool, &in_order] {
        let meant = rows.iter().filter(|(words, _)| !words.is_empty() && is_meant(words));
        if let Some(most) = meant.clone().map(|(words, _)| words.len()).max() {
            return meant.filter(|(words, _)| words.len() == most).map(|(_, row)| *row).collect();
        }
    }
    rows.iter().filter(|(words, _)| words.is_empty()).map(|(_, row)| *row).collect()
}

fn split(words: &str) -> Vec<&str> {
    words.split(' ').filter(|word| *word != "-").collect()
}

fn cells<const N: usize>(line: &'static str) -> Option<[&'static str; N]> {
    line.split('\t').collect::<Vec<_>>().try_into().ok()
}

impl Row {
    pub fn word_count(&self) -> usize {
        split(self.words).len()
    }
}
