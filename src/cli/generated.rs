//! Completions of shells and pages of the manual: both are made of the arguments, so that they are never out of date.

use super::args::{Args, CompletionsArgs, ManArgs};
use super::{CLEAN, Failure, print};
use crate::rules::pack::nearest;
use clap::CommandFactory;

/// The completions of a shell.
pub fn completions(args: &CompletionsArgs) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "iamlint", &mut script);
    print(&String::from_utf8_lossy(&script));
    Ok(CLEAN)
}

/// The command that a word is nearly the name of.
pub fn command_near(word: &str) -> Option<String> {
    let command = Args::command();
    nearest(word, command.get_subcommands().map(clap::Command::get_name)).map(str::to_owned)
}

/// The page of the program, or that of one of its commands.
pub fn man(args: &ManArgs) -> Result<u8, Failure> {
    let mut command = Args::command();
    command.build();
    for name in &args.command {
        let Some(found) = command.find_subcommand(name) else {
            let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            let help = match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => format!("`{}` has no commands", command.get_name()),
                None => format!("the commands are {}", known.join(", ")),
            };
            return Err(Failure::with_help(format!("there is no command `{name}`"), help));
        };
        command = found.clone();
    }
    let mut page = Vec::new();
    let written = clap_mangen::Man::new(command).render(&mut page);
    written.map_err(|error| Failure::new(format!("the page cannot be written: {error}")))?;
    print(&String::from_utf8_lossy(&page));
    Ok(CLEAN)
}
