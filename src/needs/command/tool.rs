//! Programs other than the command line of AWS: tools that deploy, by the table of commands; all others
//! by the table of programs.

use super::words::{Arguments, Arity};
use super::{Found, stack, table, terraform};
use crate::model::terraform::PROGRAMS;
use crate::value::Text;

/// Who asks a program for its version asks nobody else.
const QUESTIONS: [&str; 6] = ["--help", "--version", "-V", "-h", "-v", "-version"];

/// Other names of programs.
const ALIASES: [(&str, &str); 4] =
    [("aws-cdk", "cdk"), ("sls", "serverless"), ("slss", "serverless"), ("tofu", "terraform")];

pub fn find(found: &mut Found<'_>) {
    let command = found.command;
    let own = command.program();
    let program = ALIASES.iter().find(|(other, _)| *other == own).map_or(own, |(_, name)| name);
    let words = command.arguments();
    if let [only] = words
        && QUESTIONS.contains(&only.text.as_str())
    {
        return;
    }
    let arguments = Arguments::read(words, |_| Arity::Perhaps);
    let verbs: Vec<&str> = arguments.verbs().collect();
    // `cdk --verbose deploy`: what stands behind an option need not be its value.
    let plain: Vec<&str> = words.iter().map(|word| word.text.as_str()).filter(|word| !word.starts_with('-')).collect();
    let rows = [&verbs, &plain].into_iter().map(|verbs| table::commands(program, verbs));
    let rows = rows.max_by_key(|rows| rows.first().map_or(0, |row| 1 + row.word_count())).unwrap_or_default();
    if !rows.is_empty() {
        if arguments.has("--help") {
            return;
        }
        let profiles = ["--profile", "--aws-profile"].iter().filter(|option| arguments.has(option));
        if profiles.flat_map(|option| arguments.values(option)).any(|profile| profile.literal() != Some("default")) {
            return found.leave_to_others();
        }
        let regions = ["--region", "-r"].iter().map(|option| arguments.values(option));
        found.place.region = regions.filter_map(<[Text]>::first).next().cloned();
        let verbs = rows.first().map_or(0, table::Row::word_count);
        let deployed = stack::deployed(found, program, &arguments);
        table::apply(found, &rows, &arguments, verbs, |name| deployed.told(name));
        deployed.find(found);
        if PROGRAMS.contains(&own) {
            terraform::find(found);
        }
        return;
    }
    match table::program(program, &verbs).or_else(|| table::program(program, &plain)) {
        Some(table::Verdict::CallsNothing) => {}
        Some(table::Verdict::Opaque(why)) => found.unknown(why),
        None => found.unknown("what this program calls is not known"),
    }
}
