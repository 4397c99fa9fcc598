//! `iamlint explain`: a rule, or a finding of this repository.

use super::args::ExplainArgs;
use super::discover::{self, Input};
use super::settings::Settings;
use super::{CLEAN, Failure, print, style};
use crate::diagnostic::Diagnostic;
use crate::linter::{Report, lint};
use crate::report::explain as pages;
use crate::rules::pack::nearest;
use crate::rules::{Rule, peers};
use crate::suppress;
use std::io::IsTerminal;

pub fn run(args: &ExplainArgs) -> Result<u8, Failure> {
    let mut settings = Settings::load(&args.input)?;
    let rules = settings.rules(&args.input)?;
    let style = style(args.color, std::io::stdout().is_terminal());
    let named = rules.iter().filter(|rule| {
        rule.id == args.what || rule.replaces.iter().any(|other| other.eq_ignore_ascii_case(&args.what))
    });
    let pages: Vec<String> = named.map(|rule| pages::rule(rule, &style)).collect();
    if !pages.is_empty() {
        print(&pages.join("\n"));
        return Ok(CLEAN);
    }
    if let Some(rule) = suppress::own_rule(&args.what) {
        print(&pages::own_rule(rule, &style));
        return Ok(CLEAN);
    }
    let why_not = peers::why_not_found(&args.what);
    if !why_not.is_empty() {
        print(&why_not);
        return Ok(CLEAN);
    }
    let place = args.what.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse::<usize>().ok()?)));
    if place.is_none() && !is_id(&args.what) {
        return Err(unknown(&args.what, &rules));
    }
    let mut input = discover::input(&args.paths, &args.input, settings)?;
    // What is suppressed can be explained too.
    input.options.no_ignores = true;
    let report = lint(&input.sources, &rules, &input.options);
    let found: Vec<&Diagnostic> = match place {
        Some((path, line)) => at(&input, &report, path, line)?,
        None => report.diagnostics.iter().filter(|diagnostic| diagnostic.id(&input.sources) == args.what).collect(),
    };
    if found.is_empty() {
        let text = format!("no finding here is `{}`", args.what);
        return Err(Failure::with_help(text, "ids are of one repository: run `iamlint check` where it was reported"));
    }
    let pages: Vec<String> = found
        .iter()
        .map(|diagnostic| {
            let rule = rules.iter().find(|rule| rule.id == diagnostic.rule);
            pages::finding(&report, diagnostic, rule, &input.sources, &style)
        })
        .collect();
    print(&pages.join("\n"));
    Ok(CLEAN)
}

/// Findings that start on a line; where none does, those that have a label there.
fn at<'r>(input: &Input, report: &'r Report, path: &str, line: usize) -> Result<Vec<&'r Diagnostic>, Failure> {
    let here =
        std::env::current_dir().map_err(|error| Failure::new(format!("cannot tell the current folder: {error}")))?;
    let shown = discover::relative(&input.root, &discover::normal(&here.join(path)));
    let Some(file) = input.sources.find(&shown).or_else(|| input.sources.find(path)) else {
        return Err(Failure::new(format!("`{path}` is not among the files that were read")));
    };
    let is_here = |span: crate::source::Span| span.file == file && input.sources.position(span).line == line;
    let mut found: Vec<&Diagnostic> =
        report.diagnostics.iter().filter(|diagnostic| is_here(diagnostic.primary.span)).collect();
    if found.is_empty() {
        found = report
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.all_labels().any(|label| is_here(label.span)))
            .collect();
    }
    Ok(found)
}

fn is_id(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn unknown(what: &str, rules: &[Rule]) -> Failure {
    let known = rules.iter().flat_map(|rule| std::iter::once(&rule.id).chain(&rule.replaces)).map(String::as_str);
    let known = known.chain(suppress::RULES.iter().map(|rule| rule.id));
    let help = match nearest(what, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "give the id of a finding, `file:line`, or a rule; `iamlint rules` lists the rules".to_owned(),
    };
    Failure::with_help(format!("`{what}` is no rule, no id of a finding and no place"), help)
}
