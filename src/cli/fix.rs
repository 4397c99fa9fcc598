//! `iamlint check --fix` and `--diff`: changes that findings offer, made in the files or shown.

use super::args::CheckArgs;
use super::discover::Input;
use super::outputs::Outputs;
use super::{CLEAN, FAILED, FOUND, Failure, check, print, style};
use crate::diagnostic::Severity;
use crate::linter::{Permit, Report, fix};
use crate::report;
use crate::rules::Rule;
use crate::source::{FileId, Sources};
use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

pub fn run(
    args: &CheckArgs,
    mut input: Input,
    rules: &[Rule],
    outputs: &Outputs,
    threshold: Option<Severity>,
) -> Result<u8, Failure> {
    let is_stdin = args.reads_stdin();
    if is_stdin && args.paths.len() > 1 {
        return Err(Failure::with_help(
            "standard input is fixed by itself, and other paths are named beside `-`",
            "fix the files in a run of their own",
        ));
    }
    // Whoever puts the output in the place of the input must not lose it.
    if is_stdin && input.options.named.is_empty() && !input.unread_named {
        return Err(Failure::new("standard input is excluded, so that there is nothing to fix"));
    }
    let closed = closed(&input, is_stdin);
    let permit = Permit { with_unsafe: args.unsafe_fixes, closed: &|file| closed.get(&file).copied() };
    let (sources, report) = fix(&input.sources, rules, &input.options, &permit);
    if args.diff {
        return show(args, &input, &sources, &report);
    }
    if is_stdin {
        input.options.named.iter().for_each(|file| print(&sources.get(*file).text));
    } else {
        write(&input, &sources)?;
    }
    input.sources = sources;
    check::tell(&args.report, outputs, threshold, report, input)
}

/// Prints what would be changed.
fn show(args: &CheckArgs, input: &Input, after: &Sources, report: &Report) -> Result<u8, Failure> {
    let style = style(args.report.color, std::io::stdout().is_terminal());
    let diff = report::diff::files(&input.sources, after, report, &style);
    print(&diff);
    if !args.report.quiet {
        let told = report::fixes_shown(report, after);
        let _ = std::io::stderr().lock().write_all(told.as_bytes());
    }
    Ok(match diff.is_empty() {
        _ if input.unread_named => FAILED,
        true => CLEAN,
        false => FOUND,
    })
}

/// Files that stay as they are, and why.
fn closed(input: &Input, is_stdin: bool) -> BTreeMap<FileId, &'static str> {
    let why = |file: FileId, path: &str| {
        if is_stdin {
            return (!input.options.named.contains(&file)).then_some("it stands in another file than standard input");
        }
        let place = input.root.join(path);
        if !input.options.reports(file) {
            Some("it stands in a file that is none of those named")
        } else if !place.starts_with(&input.root) {
            Some("the file lies outside of the repository")
        } else if is_behind_link(&input.root, &place) {
            Some("the file is reached through a symbolic link")
        } else {
            None
        }
    };
    input.sources.iter().filter_map(|(file, source)| Some((file, why(file, &source.path)?))).collect()
}

/// Whether the file or a folder between it and the root is a symbolic link.
fn is_behind_link(root: &Path, place: &Path) -> bool {
    let mut inside = place.ancestors().take_while(|path| *path != root);
    inside.any(|path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()))
}

/// Writes the files that have changed. All are written beside the old ones before the first takes its
/// place, so that a full disk changes nothing.
fn write(input: &Input, after: &Sources) -> Result<(), Failure> {
    let mut ready: Vec<(NamedTempFile, PathBuf)> = Vec::new();
    for (file, source) in input.sources.iter() {
        let text = &after.get(file).text;
        if *text == source.text {
            continue;
        }
        let place = input.root.join(&source.path);
        let failed = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", place.display()));
        if fs::read(&place).map_err(failed)? != source.text.as_bytes() {
            return Err(Failure::new(format!("{} was changed in the meantime; nothing is written", place.display())));
        }
        let folder = place.parent().unwrap_or(&input.root);
        let mut beside = NamedTempFile::new_in(folder).map_err(failed)?;
        beside.write_all(text.as_bytes()).map_err(failed)?;
        let permissions = fs::metadata(&place).map_err(failed)?.permissions();
        beside.as_file().set_permissions(permissions).map_err(failed)?;
        ready.push((beside, place));
    }
    for (beside, place) in ready {
        let written = beside.persist(&place);
        written.map_err(|error| Failure::new(format!("cannot write {}: {}", place.display(), error.error)))?;
    }
    Ok(())
}
