//! One page for people: no script, no request, no framework. What is written into it is escaped by
//! the template engine, and the page's own policy lets nothing in but its style.

use super::excerpt::{self, Excerpt};
use super::{Format, Scene, finding, summary, words};
use crate::diagnostic::{Diagnostic, Severity};
use crate::iam::catalogue;
use crate::linter::{self, NotAnalysed, PipelineRow, Report, RoleRow, ServiceRow};
use crate::needs::table::Counts;
use crate::source::Span;
use crate::suppress::Suppressed;
use minijinja::value::Serde;
use minijinja::{Environment, HtmlEscape, Value};
use serde::Serialize;
use std::cmp::Reverse;

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/style.css");
/// The digest of the style, which the page's policy names; a test computes it.
const STYLE_DIGEST: &str = include_str!("html/style.sha256");

/// A page is smaller than this, whatever was found.
const MOST_BYTES: usize = 1_000_000;
/// Bytes of source that are shown; findings beyond have their words and places.
const MOST_SOURCE: usize = 250_000;
/// Rows of one kind.
const MOST_ROWS: usize = 2_000;
/// Services of one role.
const MOST_SERVICES: usize = 12;

pub fn report(scene: &Scene, report: &Report, fail_on: Option<Severity>) -> String {
    let mut most = MOST_ROWS;
    loop {
        let page = page(scene, report, fail_on, most);
        if page.len() < MOST_BYTES || most <= 1 {
            return page;
        }
        most /= 2;
    }
}

/// The page with at most so many rows of each kind.
fn page(scene: &Scene, report: &Report, fail_on: Option<Severity>, most: usize) -> String {
    let mut environment = Environment::new();
    // The ending of the name switches escaping on.
    environment.add_filter("words", words);
    environment.add_template("page.html", PAGE).expect("the template is ours, and a test renders it");
    let template = environment.get_template("page.html").expect("it was added");
    let mut room = MOST_SOURCE.min(most * 500);
    let count = |severity: Severity| report.diagnostics.iter().filter(|found| found.severity == severity).count();
    let counts = Severity::ALL.map(|severity| Count { severity: severity.name(), number: count(severity) });
    let summary = summary::text(scene, report, Format::Html, fail_on);
    let page = Page {
        style: STYLE,
        digest: STYLE_DIGEST.trim(),
        version: env!("CARGO_PKG_VERSION"),
        iam_data: catalogue::DATE,
        counts,
        summary: summary.trim(),
        findings: Rows::new(&report.diagnostics, most, |found| row(scene, report, found, &mut room)),
        roles: Rows::new(&report.roles, most, |role| role_row(scene, role)),
        pipelines: Rows::new(&report.pipelines, most, |pipeline| pipeline_row(scene, pipeline)),
        suppressed: Rows::new(&report.suppressed, most, |one| suppressed_row(scene, one)),
        known: Rows::new(&report.known, most, |found| known_row(scene, found)),
        not_analysed: Rows::new(&report.summary.not_analysed, most, |item| unread(scene, item)),
    };
    template.render(Serde(page)).expect("the template uses what the page has")
}

/// What stands between backticks, as code; the rest, and all of it, is escaped.
fn words(text: &str) -> Value {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return Value::from_safe_string(HtmlEscape(text).to_string());
    }
    let piece = |(index, piece): (usize, &&str)| match index % 2 {
        0 => HtmlEscape(piece).to_string(),
        _ => format!("<code>{}</code>", HtmlEscape(piece)),
    };
    Value::from_safe_string(pieces.iter().enumerate().map(piece).collect())
}

#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    digest: &'static str,
    version: &'static str,
    iam_data: &'static str,
    counts: [Count; 5],
    summary: &'a str,
    findings: Rows<Finding<'a>>,
    roles: Rows<Role>,
    pipelines: Rows<Pipeline>,
    suppressed: Rows<SuppressedRow<'a>>,
    known: Rows<Known<'a>>,
    not_analysed: Rows<Unread>,
}

#[derive(Serialize)]
struct Count {
    severity: &'static str,
    number: usize,
}

/// Rows that are shown, and how many there are besides.
#[derive(Serialize)]
struct Rows<T> {
    all: usize,
    shown: Vec<T>,
    left_out: usize,
}

impl<T> Rows<T> {
    fn new<'i, I>(items: &'i [I], most: usize, row: impl FnMut(&'i I) -> T) -> Rows<T> {
        let shown: Vec<T> = items.iter().take(most).map(row).collect();
        Rows { all: items.len(), left_out: items.len() - shown.len(), shown }
    }
}

#[derive(Serialize)]
struct Finding<'a> {
    id: String,
    severity: &'static str,
    rule: &'a str,
    summary: &'a str,
    why: &'a str,
    message: String,
    place: String,
    excerpts: Vec<Source>,
    /// Places in words, where there is no room for the source.
    places: Vec<String>,
    notes: Vec<Note>,
    docs: Option<&'a str>,
}

#[derive(Serialize)]
struct Note {
    key: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Source {
    path: String,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    number: usize,
    /// Lines of the file are left out before it.
    is_after_gap: bool,
    pieces: Vec<Piece>,
    /// What the labels that start on the line say.
    labels: Vec<Said>,
}

#[derive(Serialize)]
struct Piece {
    text: String,
    mark: Option<&'static str>,
}

#[derive(Serialize)]
struct Said {
    text: String,
    mark: &'static str,
}

#[derive(Serialize)]
struct Role {
    name: String,
    place: String,
    used_by: String,
    powers: Vec<Power>,
    is_partly_unseen: bool,
    uses: Option<Uses>,
}

/// What a role is granted and uses.
#[derive(Serialize)]
struct Uses {
    services: Rows<Service>,
    unknown: usize,
}

#[derive(Serialize)]
struct Service {
    service: &'static str,
    granted: usize,
    used: usize,
    unused: usize,
    unused_permissions: usize,
    missing: usize,
    bar: Bar,
}

/// Widths of the parts of a bar, in hundredths of what the service with the most actions takes.
#[derive(Serialize)]
struct Bar {
    used: usize,
    unused: usize,
    dangerous: usize,
    missing: usize,
}

#[derive(Serialize)]
struct Power {
    verb: &'static str,
    everywhere: bool,
    place: String,
}

#[derive(Serialize)]
struct Pipeline {
    name: String,
    place: String,
    role: Option<String>,
    stages: Vec<Stage>,
}

#[derive(Serialize)]
struct Stage {
    name: String,
    actions: Vec<Action>,
}

#[derive(Serialize)]
struct Action {
    name: String,
    what: String,
    /// `source`, `approval`, …: how the box looks.
    kind: &'static str,
    role: Option<String>,
    project: Option<String>,
    place: String,
}

/// A finding in short.
#[derive(Serialize)]
struct Known<'a> {
    id: String,
    severity: &'static str,
    rule: &'a str,
    message: String,
    place: String,
}

#[derive(Serialize)]
struct SuppressedRow<'a> {
    finding: Known<'a>,
    by: &'static str,
    place: String,
    reason: String,
    until: Option<String>,
}

#[derive(Serialize)]
struct Unread {
    place: String,
    reason: String,
}

fn row<'a>(scene: &Scene, report: &'a Report, found: &'a Diagnostic, room: &mut usize) -> Finding<'a> {
    let rule = report.rules.iter().find(|rule| rule.id == found.rule);
    let excerpts = excerpt::excerpts(scene, found);
    let size: usize = excerpts.iter().map(|excerpt| excerpt.text.len()).sum();
    let has_room = size <= *room;
    *room = if has_room { *room - size } else { 0 };
    let place = |label: &crate::diagnostic::Label| {
        format!("{} {}", finding::place(scene, label.span), words::one_line(&label.text))
    };
    let notes = finding::footnotes(scene, found, if has_room { excerpt::left_out(found) } else { 0 });
    Finding {
        id: found.id(scene.sources),
        severity: found.severity.name(),
        rule: &found.rule,
        summary: rule.map_or("", |rule| &rule.summary),
        why: rule.map_or("", |rule| rule.why.trim()),
        message: finding::message(found),
        place: finding::place(scene, found.primary.span),
        places: if has_room { Vec::new() } else { found.all_labels().map(place).collect() },
        excerpts: if has_room { excerpts.iter().map(source).collect() } else { Vec::new() },
        notes: notes.into_iter().map(|note| Note { key: note.key, text: note.text }).collect(),
        docs: found.url.as_deref().filter(|url| words::is_web_address(url)),
    }
}

fn source(excerpt: &Excerpt) -> Source {
    let mut before: Option<usize> = None;
    let lines = excerpt.lines.iter().map(|line| {
        let is_after_gap = before.is_some_and(|block| block != line.block);
        before = Some(line.block);
        let starting = excerpt.marks.iter().filter(|mark| line.range.contains(&mark.range.start));
        let labels = starting.filter(|mark| !mark.text.is_empty());
        Line {
            number: line.number,
            is_after_gap,
            pieces: pieces(excerpt, line),
            labels: labels.map(|mark| Said { text: mark.text.clone(), mark: class(mark.primary) }).collect(),
        }
    });
    Source { path: excerpt.path.clone(), lines: lines.collect() }
}

/// A line cut where marks start and end.
fn pieces(excerpt: &Excerpt, line: &excerpt::Line) -> Vec<Piece> {
    let end = line.range.end.saturating_sub(1).max(line.range.start);
    let edges = excerpt.marks.iter().flat_map(|mark| [mark.range.start, mark.range.end]);
    let mut cuts: Vec<usize> = edges.filter(|at| (line.range.start..end).contains(at)).collect();
    cuts.extend([line.range.start, end]);
    cuts.sort_unstable();
    cuts.dedup();
    let piece = |cut: &[usize]| {
        let covers = |mark: &&excerpt::Mark| mark.range.start <= cut[0] && cut[1] <= mark.range.end;
        let covering: Vec<_> = excerpt.marks.iter().filter(covers).collect();
        let mark = (!covering.is_empty()).then(|| class(covering.iter().any(|mark| mark.primary)));
        Piece { text: excerpt.text[cut[0]..cut[1]].to_owned(), mark }
    };
    cuts.windows(2).map(piece).collect()
}

fn class(primary: bool) -> &'static str {
    if primary { "primary" } else { "related" }
}

fn role_row(scene: &Scene, role: &RoleRow) -> Role {
    let powers = role.powers.iter().map(|power| Power {
        verb: power.verb,
        everywhere: power.everywhere,
        place: place_in(scene, power.place, role.place),
    });
    Role {
        name: words::one_line(&role.name).into_owned(),
        place: finding::place(scene, role.place),
        used_by: words::one_line(&role.used_by).into_owned(),
        powers: powers.collect(),
        is_partly_unseen: role.is_partly_unseen,
        uses: role.uses.as_ref().map(uses),
    }
}

/// Services that are used or lacking first, then those with the most that is not used.
fn uses(uses: &linter::Uses) -> Uses {
    let mut services: Vec<&ServiceRow> = uses.services.iter().collect();
    let rank = |row: &ServiceRow| (row.counts.missing > 0, row.counts.used > 0, row.counts.unused);
    services.sort_by_key(|row| (Reverse(rank(row)), row.service));
    let longest = services.iter().map(|row| row.counts.granted + row.counts.missing).max().unwrap_or(1);
    // However little it is, it is seen.
    let width = |count: usize| if count == 0 { 0 } else { (count * 100 / longest.max(1)).max(1) };
    let service = |row: &&ServiceRow| {
        let Counts { granted, used, unused, missing } = row.counts;
        let dangerous = row.unused_permissions;
        let bar = Bar {
            used: width(used),
            unused: width(unused - dangerous),
            dangerous: width(dangerous),
            missing: width(missing),
        };
        Service { service: row.service, granted, used, unused, unused_permissions: dangerous, missing, bar }
    };
    Uses { services: Rows::new(&services, MOST_SERVICES, service), unknown: uses.unknown }
}

fn pipeline_row(scene: &Scene, pipeline: &PipelineRow) -> Pipeline {
    let clean = |text: &str| words::one_line(text).into_owned();
    let stages = pipeline.stages.iter().map(|stage| Stage {
        name: clean(&stage.name),
        actions: stage
            .actions
            .iter()
            .map(|action| Action {
                name: clean(&action.name),
                what: clean(&format!("{} · {}", action.category, action.provider)),
                kind: kind(&action.category),
                role: action.role.as_deref().map(clean),
                project: action.project.as_deref().map(clean),
                place: place_in(scene, action.place, pipeline.place),
            })
            .collect(),
    });
    Pipeline {
        name: clean(&pipeline.name),
        place: finding::place(scene, pipeline.place),
        role: pipeline.role.as_deref().map(clean),
        stages: stages.collect(),
    }
}

/// The line alone where that is in the same file.
fn place_in(scene: &Scene, span: Span, whole: Span) -> String {
    match span.file == whole.file {
        true => format!("line {}", scene.sources.position(span).line),
        false => finding::place(scene, span),
    }
}

fn kind(category: &str) -> &'static str {
    let known = ["source", "build", "test", "approval", "deploy", "invoke", "compute"];
    known.into_iter().find(|known| known.eq_ignore_ascii_case(category)).unwrap_or("other")
}

fn known_row<'a>(scene: &Scene, found: &'a Diagnostic) -> Known<'a> {
    Known {
        id: found.id(scene.sources),
        severity: found.severity.name(),
        rule: &found.rule,
        message: finding::message(found),
        place: finding::place(scene, found.primary.span),
    }
}

fn suppressed_row<'a>(scene: &Scene, one: &'a Suppressed) -> SuppressedRow<'a> {
    SuppressedRow {
        finding: known_row(scene, &one.diagnostic),
        by: one.spelling.name(),
        place: finding::place(scene, one.place),
        reason: one.reason.as_deref().map(|reason| words::one_line(reason).into_owned()).unwrap_or_default(),
        until: one.until.map(|day| day.to_string()),
    }
}

fn unread(scene: &Scene, item: &NotAnalysed) -> Unread {
    let whole = || words::one_line(&item.path).into_owned();
    Unread {
        place: item.span.map_or_else(whole, |span| finding::place(scene, span)),
        reason: words::one_line(&item.reason).into_owned(),
    }
}
