//! Pages that explain: a rule with its examples, a finding with the chain that leads to it.

use super::ink::{self, Ink};
use super::words::{one_line, wrap};
use super::{Format, Style, diff, mask, render};
use crate::diagnostic::{Applicability, Confidence, Diagnostic};
use crate::linter::{Options, Report, lint};
use crate::rules::Rule;
use crate::rules::examples::{self, Example};
use crate::source::{Sources, Span};
use std::fmt::Write;

/// The page of a rule: its text, the bad example with what iamlint says of it, the good one.
pub fn rule(rule: &Rule, style: &Style) -> String {
    let mut page = Page::new(style);
    page.title(&rule.id, &format!("{}, pack {}", rule.severity, rule.pack));
    page.text(&rule.summary);
    page.section("WHY IT MATTERS", &rule.why);
    page.section("WHAT TO DO", &rule.help);
    if let Some((bad, good)) = examples::of(&rule.id) {
        let (text, report) = example_report(rule, bad, style);
        page.heading("BAD");
        page.code(&text);
        page.heading("WHAT IAMLINT SAYS OF IT");
        page.raw(&report);
        page.heading("GOOD");
        page.code(&examples::without_marks(good.text));
    }
    let mut with = format!("the analysis `{}`: {}", rule.analysis.name, rule.analysis.summary);
    for (name, value) in &rule.with {
        let _ = write!(with, "\n{name}: {value}");
    }
    page.section("HOW IT IS FOUND", &with);
    if !rule.replaces.is_empty() {
        page.section("WHAT OTHER TOOLS CALL IT", &rule.replaces.join(", "));
    }
    page.section("REFERENCES", &rule.references.join("\n"));
    page.out
}

/// The page of a rule for the documentation, in Markdown.
pub fn rule_markdown(rule: &Rule) -> String {
    let mut out = format!(
        "# {}\n\n**{}**, pack `{}`: {}\n\n## Why it matters\n\n{}\n\n## What to do\n\n{}\n",
        rule.id, rule.severity, rule.pack, rule.summary, rule.why, rule.help
    );
    if let Some((bad, good)) = examples::of(&rule.id) {
        let style = Style { width: 90, ..Style::default() };
        let language = |example: Example| if example.name.ends_with("json") { "json" } else { "yaml" };
        let (text, report) = example_report(rule, bad, &style);
        let _ = write!(out, "\n## Bad\n\n```{}\n{text}```\n", language(bad));
        let _ = write!(out, "\nWhat iamlint says of it:\n\n```text\n{}\n```\n", report.trim_end());
        let _ = write!(out, "\n## Good\n\n```{}\n{}```\n", language(good), examples::without_marks(good.text));
    }
    let _ =
        write!(out, "\n## How it is found\n\nBy the analysis `{}`: {}.\n", rule.analysis.name, rule.analysis.summary);
    for (name, value) in &rule.with {
        let _ = writeln!(out, "\n- `{name}`: {value}");
    }
    if !rule.replaces.is_empty() {
        let names: Vec<String> = rule.replaces.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(out, "\nOther tools call it {}.\n", names.join(", "));
    }
    out.push_str("\n## References\n\n");
    rule.references.iter().for_each(|url| {
        let _ = writeln!(out, "- <{url}>");
    });
    out
}

/// A bad example as it is shown, secrets masked, and what its rule, alone, says of it.
fn example_report(rule: &Rule, example: Example, style: &Style) -> (String, String) {
    let mut sources = Sources::new();
    let file = sources.add(example.name, examples::without_marks(example.text));
    let report = lint(&sources, std::slice::from_ref(rule), &Options::default());
    let style = Style { quiet: true, links: false, explained: false, ..style.clone() };
    let text = render(&report, &sources, Format::Pretty, &style, None);
    (sources.redacted(&report.redactions).get(file).text.to_string(), text)
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
    let masked =
        Report { diagnostics: vec![diagnostic.clone()], redactions: report.redactions.clone(), ..Report::default() };
    let masked = mask::masked(&masked, sources);
    let diagnostic = masked.diagnostics.first().unwrap_or(diagnostic);
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
    if let Some(rule) = rule {
        page.section("WHY IT MATTERS", &rule.why);
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
    if let Some(rule) = rule {
        page.section("REFERENCES", &rule.references.join("\n"));
        page.text(&format!("iamlint explain {}", rule.id));
    }
    page.out
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
