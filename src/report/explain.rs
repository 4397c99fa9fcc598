//! Pages that explain: a rule with its examples, a finding with the chain that leads to it.

use super::ink::{self, Ink};
use super::words::{one_line, wrap};
use super::{Format, Secrets, Style, diff, render};
use crate::config::Config;
use crate::diagnostic::{Applicability, Confidence, Diagnostic, Severity};
use crate::linter::{Options, Report, lint};
use crate::rules::examples;
use crate::rules::{Rule, builtin};
use crate::source::{Sources, Span};
use crate::suppress::{OwnRule, own_rule as own_rule_of, write};
use std::fmt::Write;

/// The page of a rule: its text, the bad example with what iamlint says of it, the good one.
pub fn rule(rule: &Rule, style: &Style) -> String {
    text(&of_rule(rule, style), style)
}

/// The page of a finding about suppressions.
pub fn own_rule(rule: &OwnRule, style: &Style) -> String {
    text(&of_own(rule, style), style)
}

/// The page of a rule for the documentation, in Markdown.
pub fn rule_markdown(rule: &Rule) -> String {
    markdown(&of_rule(rule, &Style { width: 90, ..Style::default() }))
}

pub fn own_rule_markdown(rule: &OwnRule) -> String {
    markdown(&of_own(rule, &Style { width: 90, ..Style::default() }))
}

/// What a page tells.
struct Subject<'s> {
    id: &'s str,
    severity: Severity,
    pack: Option<&'s str>,
    summary: &'s str,
    why: &'s str,
    help: &'s str,
    example: Option<Shown>,
    /// The name of the analysis, and what it looks for.
    analysis: Option<(&'s str, &'s str)>,
    with: &'s [(String, String)],
    replaces: &'s [String],
    references: &'s [String],
}

/// Examples as they are shown, with what iamlint says of the bad one.
struct Shown {
    bad: String,
    report: String,
    good: String,
    /// Of the bad one, and of the good one.
    languages: [&'static str; 2],
}

fn of_rule<'s>(rule: &'s Rule, style: &Style) -> Subject<'s> {
    let example = examples::of(&rule.id).map(|[bad, good]| {
        let options = Options { today: Some(examples::DAY), ..Options::default() };
        let report = lint(&bad, std::slice::from_ref(rule), &options);
        shown(&bad, &report, text_of(&good), [language(&bad), language(&good)], style)
    });
    Subject {
        id: &rule.id,
        severity: rule.severity,
        pack: Some(&rule.pack),
        summary: &rule.summary,
        why: &rule.why,
        help: &rule.help,
        example,
        analysis: Some((rule.analysis.name, rule.analysis.summary)),
        with: &rule.with,
        replaces: &rule.replaces,
        references: &rule.references,
    }
}

fn of_own<'s>(rule: &'s OwnRule, style: &Style) -> Subject<'s> {
    let mut sources = Sources::new();
    sources.add("buildspec.yml", rule.bad);
    let mut settings = Sources::new();
    let file = settings.add("iamlint.toml", rule.config);
    let config = Config::read(&settings, file, "").unwrap_or_default();
    let options = Options { config, today: Some(examples::DAY), ..Options::default() };
    let mut report = lint(&sources, &builtin::asked_by_default(), &options);
    report.diagnostics.retain(|found| found.rule == rule.id);
    Subject {
        id: rule.id,
        severity: rule.severity,
        pack: None,
        summary: rule.summary,
        why: rule.why,
        help: rule.help,
        example: Some(shown(&sources, &report, rule.good.to_owned(), ["yaml"; 2], style)),
        analysis: None,
        with: &[],
        replaces: &[],
        references: &[],
    }
}

fn language(example: &Sources) -> &'static str {
    let first = example.iter().next();
    if first.is_some_and(|(_, source)| source.path.ends_with("json")) { "json" } else { "yaml" }
}

/// The files of an example, one below the other.
fn text_of(sources: &Sources) -> String {
    sources.iter().map(|(_, source)| &*source.text).collect()
}

/// The files of an example, secrets masked, and what is said of them.
fn shown(sources: &Sources, report: &Report, good: String, languages: [&'static str; 2], style: &Style) -> Shown {
    let style = Style { quiet: true, links: false, explained: false, ..style.clone() };
    let bad = text_of(&sources.redacted(&report.redactions));
    Shown { bad, report: render(report, sources, Format::Pretty, &style, None), good, languages }
}

fn text(subject: &Subject<'_>, style: &Style) -> String {
    let mut page = Page::new(style);
    let pack = subject.pack.map_or_else(String::new, |pack| format!(", pack {pack}"));
    page.title(subject.id, &format!("{}{pack}", subject.severity));
    page.text(subject.summary);
    page.section("WHY IT MATTERS", subject.why);
    page.section("WHAT TO DO", subject.help);
    if let Some(example) = &subject.example {
        page.heading("BAD");
        page.code(&example.bad);
        page.heading("WHAT IAMLINT SAYS OF IT");
        page.raw(&example.report);
        page.heading("GOOD");
        page.code(&example.good);
    }
    if let Some((name, summary)) = subject.analysis {
        let with = subject.with.iter().map(|(name, value)| format!("\n{name}: {value}"));
        page.section("HOW IT IS FOUND", &(format!("the analysis `{name}`: {summary}") + &with.collect::<String>()));
    }
    if !subject.replaces.is_empty() {
        page.section("WHAT OTHER TOOLS CALL IT", &subject.replaces.join(", "));
    }
    if !subject.references.is_empty() {
        page.section("REFERENCES", &subject.references.join("\n"));
    }
    page.out
}

fn markdown(subject: &Subject<'_>) -> String {
    let pack = subject.pack.map_or_else(String::new, |pack| format!(", pack `{pack}`"));
    let mut out = format!(
        "# {}\n\n**{}**{pack}: {}\n\n## Why it matters\n\n{}\n\n## What to do\n\n{}\n",
        subject.id, subject.severity, subject.summary, subject.why, subject.help
    );
    if let Some(Shown { bad, report, good, languages: [of_bad, of_good] }) = &subject.example {
        let _ = write!(out, "\n## Bad\n\n```{of_bad}\n{bad}```\n");
        let _ = write!(out, "\nWhat iamlint says of it:\n\n```text\n{}\n```\n", report.trim_end());
        let _ = write!(out, "\n## Good\n\n```{of_good}\n{good}```\n");
    }
    if let Some((name, summary)) = subject.analysis {
        let _ = write!(out, "\n## How it is found\n\nBy the analysis `{name}`: {summary}.\n");
    }
    for (name, value) in subject.with {
        let _ = writeln!(out, "\n- `{name}`: {value}");
    }
    if !subject.replaces.is_empty() {
        let names: Vec<String> = subject.replaces.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(out, "\nOther tools call it {}.\n", names.join(", "));
    }
    if !subject.references.is_empty() {
        out.push_str("\n## References\n\n");
    }
    for url in subject.references {
        let _ = writeln!(out, "- <{url}>");
    }
    out
}

/// The page of a finding: who can do what, the chain with evidence of every file, why, what to do,
/// and what was not understood.
pub fn finding(
    report: &Report,
    diagnostic: &Diagnostic,
    rule: Option<&Rule>,
    sources: &Sources,
    style: &Style,
) -> String {
    let shown = sources.redacted(&report.redactions);
    let report = &Secrets::of(report, sources).masked(report);
    let id = diagnostic.id(sources);
    let masked = report.diagnostics.iter().find(|one| one.rule == diagnostic.rule && one.id(sources) == id);
    let diagnostic = masked.unwrap_or(diagnostic);
    let mut page = Page::new(style);
    let about = format!("{}, {} confidence, id {}", diagnostic.severity, diagnostic.confidence, diagnostic.id(sources));
    page.title(&diagnostic.rule, &about);
    page.text(&diagnostic.message);
    page.heading("THE CHAIN");
    for label in diagnostic.all_labels() {
        page.link(sources, &shown, label.span, &label.text);
    }
    if !diagnostic.notes.is_empty() {
        page.section("TO NOTE", &diagnostic.notes.join("\n"));
    }
    if let Some(why) = rule.map(|rule| rule.why.as_str()).or(own_rule_of(&diagnostic.rule).map(|rule| rule.why)) {
        page.section("WHY IT MATTERS", why);
    }
    if diagnostic.confidence != Confidence::High || !diagnostic.doubts.is_empty() {
        let doubts: Vec<String> = diagnostic.doubts.iter().map(|doubt| doubt_line(sources, doubt)).collect();
        let text = if doubts.is_empty() {
            "a part of what it rests on is told from names".to_owned()
        } else {
            doubts.join("\n")
        };
        page.section(&format!("WHY CONFIDENCE IS {}", diagnostic.confidence.name().to_uppercase()), &text);
    }
    let unread = unread_near(report, diagnostic, sources);
    if !unread.is_empty() {
        page.section("WHAT WAS NOT UNDERSTOOD", &unread.join("\n"));
    }
    if let Some(help) = &diagnostic.help {
        page.section("WHAT TO DO", help);
    }
    if let Some(fix) = &diagnostic.fix {
        if diagnostic.help.as_ref() != Some(&fix.title) {
            page.section("THE CHANGE", &fix.title);
        } else {
            page.heading("THE CHANGE");
        }
        page.code(&diff::lines(&shown, &fix.edits, style));
        let flags = if fix.applicability == Applicability::Safe { "--fix" } else { "--fix --unsafe-fixes" };
        page.text(&format!("  `iamlint check {flags}` makes this change"));
    }
    if !write::is_of_suppressions(diagnostic) {
        page.heading("IF IT IS MEANT");
        page.code(&suppression(sources, &shown, diagnostic, style));
    }
    if let Some(rule) = rule {
        page.section("REFERENCES", &rule.references.join("\n"));
        page.text(&format!("iamlint explain {}", rule.id));
    }
    page.out
}

/// What suppresses a finding, as it is written: a comment, or an entry of the configuration.
fn suppression(sources: &Sources, shown: &Sources, diagnostic: &Diagnostic, style: &Style) -> String {
    let found = std::slice::from_ref(diagnostic);
    match write::comments(sources, found, "WHY").0.as_slice() {
        [] => format!("in iamlint.toml:\n{}", write::entries(sources, "", found, "WHY")),
        [first, ..] => {
            let place = format!("{}:{}", sources.path(first.span.file), sources.position(first.span).line);
            let edits = std::slice::from_ref(first);
            format!("a comment above {}:\n{}", one_line(&place), diff::lines(shown, edits, style))
        }
    }
}

fn doubt_line(sources: &Sources, doubt: &crate::diagnostic::Doubt) -> String {
    match doubt.span {
        Some(span) => format!("{} ({}:{})", doubt.text, sources.path(span.file), sources.position(span).line),
        None => doubt.text.clone(),
    }
}

/// What could not be read in the files that the finding is about, and commands that are not followed.
fn unread_near(report: &Report, diagnostic: &Diagnostic, sources: &Sources) -> Vec<String> {
    let files: Vec<&str> = diagnostic.all_labels().map(|label| sources.path(label.span.file)).collect();
    let parts = report.summary.not_analysed.iter().filter(|part| files.contains(&part.path.as_str())).map(|part| {
        let line = part.span.map_or_else(String::new, |span| format!(":{}", sources.position(span).line));
        format!("{}{line}: {}", part.path, part.reason)
    });
    let opaque = report.diagnostics.iter().filter(|other| {
        matches!(other.rule.as_str(), "opaque-commands" | "role-policy-unavailable")
            && files.contains(&sources.path(other.primary.span.file))
    });
    let opaque = opaque.map(|other| {
        let span = other.primary.span;
        format!("{}:{}: {}", sources.path(span.file), sources.position(span).line, other.message)
    });
    parts.chain(opaque).collect()
}

/// A page as it is written: headings in colour, text wrapped to the terminal.
struct Page<'s> {
    style: &'s Style,
    out: String,
}

impl<'s> Page<'s> {
    fn new(style: &'s Style) -> Page<'s> {
        Page { style, out: String::new() }
    }

    fn title(&mut self, name: &str, about: &str) {
        let name = ink::paint(self.style, Ink::Strong, name);
        let _ = writeln!(self.out, "{name}  {about}");
    }

    fn text(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}", wrap(&one_line(text), self.style.width.min(100)));
    }

    fn heading(&mut self, name: &str) {
        let name = ink::paint(self.style, Ink::Key, name);
        let _ = writeln!(self.out, "\n{name}");
    }

    fn section(&mut self, name: &str, text: &str) {
        self.heading(name);
        for line in text.trim().lines() {
            for wrapped in wrap(&one_line(line), self.style.width.min(100) - 2).lines() {
                let _ = writeln!(self.out, "  {wrapped}");
            }
        }
    }

    fn code(&mut self, text: &str) {
        text.lines().for_each(|line| {
            let _ = writeln!(self.out, "{}", format!("  {line}").trim_end());
        });
    }

    fn raw(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// One link of a chain: where it stands, the line itself, and what is said of it.
    fn link(&mut self, sources: &Sources, shown: &Sources, span: Span, text: &str) {
        let position = sources.position(span);
        let place = format!("{}:{}:{}", one_line(sources.path(span.file)), position.line, position.column);
        let file = shown.get(span.file);
        let line = file.lines().range(&file.text, position.line).map_or("", |range| &file.text[range]);
        let line: String = one_line(line.trim()).chars().take(self.style.width.saturating_sub(6).max(40)).collect();
        let _ = writeln!(self.out, "  {}", ink::paint(self.style, Ink::Second, &place));
        let _ = writeln!(self.out, "      {line}");
        if !text.is_empty() {
            let _ =
                writeln!(self.out, "      {}", ink::paint(self.style, Ink::Strong, &format!("^ {}", one_line(text))));
        }
    }
}
