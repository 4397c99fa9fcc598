//! Unified diffs of texts. The only file that names the library which makes them.

use super::ink::{self, Ink};
use super::words::one_line;
use super::{Secrets, Style};
use crate::diagnostic::{Edit, Severity};
use crate::edit;
use crate::linter::Report;
use crate::source::Sources;
use diffy::{DiffOptions, Line, PatchFormatter};
use std::borrow::Cow;

/// Lines around a change, as `diff -u` and git show them.
const CONTEXT: usize = 3;

/// What became of each file, as git writes it and `git apply` reads it. Secrets are masked, as everywhere.
pub fn files(before: &Sources, after: &Sources, report: &Report, style: &Style) -> String {
    let shown = report.fixes.as_ref().map_or(Cow::Borrowed(before), |fixes| before.redacted(&fixes.redactions));
    let shown_after = after.redacted(&report.redactions);
    // What stands elsewhere too, where no rule looks for it, is masked by its text.
    let of_before = report.fixes.iter().flat_map(|fixes| &fixes.redactions).map(|span| before.slice(*span));
    let secrets = Secrets::new(of_before.chain(report.redactions.iter().map(|span| after.slice(*span))));
    let mut out = String::new();
    for (file, source) in before.iter().filter(|(file, source)| source.text != after.get(*file).text) {
        let (old, new) = (&shown.get(file).text, &shown_after.get(file).text);
        let path = one_line(&source.path);
        let mut options = DiffOptions::new();
        options.set_original_filename(format!("a/{path}")).set_modified_filename(format!("b/{path}"));
        let patch = options.set_context_len(CONTEXT).create_patch(old, new);
        let diff = PatchFormatter::new().suppress_blank_empty(false).fmt_patch(&patch).to_string();
        out.push_str(&painted(&secrets.mask(&diff), style));
    }
    out
}

/// The lines of one file that edits change, without headers and without lines around them.
pub fn lines(sources: &Sources, edits: &[Edit], style: &Style) -> String {
    let after = edit::applied(sources, edits);
    let mut out = String::new();
    for (file, source) in sources.iter().filter(|(file, source)| source.text != after.get(*file).text) {
        let after = &after.get(file).text;
        let patch = DiffOptions::new().set_context_len(0).create_patch(&source.text, after);
        for line in patch.hunks().iter().flat_map(|hunk| hunk.lines()) {
            match line {
                Line::Delete(old) => out.extend(["-", old.trim_end(), "\n"]),
                Line::Insert(new) => out.extend(["+", new.trim_end(), "\n"]),
                Line::Context(_) => {}
            }
        }
    }
    painted(&out, style)
}

fn painted(text: &str, style: &Style) -> String {
    if !style.color {
        return text.to_owned();
    }
    let paint = |line: &str| {
        let (own, end) = line.strip_suffix('\n').map_or((line, ""), |own| (own, "\n"));
        // A terminal must not obey what stands in a file.
        let own: String = own.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect();
        match own.as_bytes().first() {
            Some(b'+') => ink::paint(style, Ink::Good, &own) + end,
            Some(b'-') => ink::paint(style, Ink::Severity(Severity::Critical), &own) + end,
            _ => own + end,
        }
    };
    text.split_inclusive('\n').map(paint).collect()
}
