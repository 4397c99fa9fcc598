//! What all formats have in common: the same places, no secret, nothing endless, nothing hostile.

use super::*;
use crate::diagnostic::{Applicability, Confidence, Diagnostic, Doubt, Edit, Fix, Label};
use crate::linter::{NotAnalysed, Report};
use crate::source::{FileId, Span};
use serde_json::Value;

const TEXTS: [Format; 3] = [Format::Pretty, Format::Rich, Format::Short];
/// Formats whose place is read here; `tests/reports.rs` reads them all.
const PLACED: [Format; 4] = [Format::Pretty, Format::Rich, Format::Short, Format::Json];

fn at(sources: &Sources, file: FileId, needle: &str) -> Span {
    let start = sources.get(file).text.find(needle).expect("needle in text");
    Span::new(file, start, start + needle.len())
}

fn finding(message: &str, span: Span, label: &str) -> Diagnostic {
    Diagnostic::new("some-rule", Severity::High, message.to_owned(), Label::new(span, label))
}

fn report(diagnostics: Vec<Diagnostic>) -> Report {
    Report { diagnostics, ..Report::default() }
}

fn findings_only() -> Style {
    Style { quiet: true, ..Style::default() }
}

fn shown(report: &Report, sources: &Sources, format: Format) -> String {
    render(report, sources, format, &findings_only(), None)
}

fn json(report: &Report, sources: &Sources) -> Value {
    serde_json::from_str(&render(report, sources, Format::Json, &Style::default(), None)).unwrap()
}

/// A role with a wildcard, the project that has it, and the buildspec that the project runs.
fn chain() -> (Sources, Diagnostic) {
    let mut sources = Sources::new();
    let template = sources.add(
        "infra/roles.yml",
        "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      Action: s3:*\n\n  \
         Project:\n    Properties:\n      ServiceRole: !GetAtt Role.Arn\n",
    );
    let buildspec = sources.add("buildspec.yml", "build:\n  commands:\n    - make dist\n");
    let mut diagnostic = finding("`Role` may do anything to any bucket", at(&sources, template, "s3:*"), "180 actions")
        .with_label(at(&sources, template, "!GetAtt Role.Arn"), "a project has this role")
        .with_label(at(&sources, buildspec, "make dist"), "and runs this")
        .with_help("grant what the build uses");
    diagnostic.confidence = Confidence::Medium;
    let doubt = Doubt { text: "`make dist` is not understood".to_owned(), span: Some(at(&sources, buildspec, "make")) };
    diagnostic.doubts.push(doubt);
    (sources, diagnostic)
}

#[test]
fn pretty_draws_a_frame_for_each_place_and_nests_other_files() {
    let (sources, diagnostic) = chain();
    let expected = "  \
  × high[some-rule]: `Role` may do anything to any bucket (medium confidence)
   ╭─[infra/roles.yml:5:15]
 4 │     Properties:
 5 │       Action: s3:*
   ·               ──┬─
   ·                 ╰── 180 actions
   ╰────
   ╭─[infra/roles.yml:9:20]
 8 │     Properties:
 9 │       ServiceRole: !GetAtt Role.Arn
   ·                    ────────┬───────
   ·                            ╰── a project has this role
   ╰────
  ╰─▶    ╭─[buildspec.yml:3:7]
       2 │   commands:
       3 │     - make dist
         ·       ────┬────
         ·           ╰── and runs this
         ╰────
  help: grant what the build uses
  not sure because `make dist` is not understood (buildspec.yml:3:7)
  explain: iamlint explain dd82b867

";
    assert_eq!(shown(&report(vec![diagnostic]), &sources, Format::Pretty), expected);
}

#[test]
fn rich_draws_a_frame_for_each_file() {
    let (sources, diagnostic) = chain();
    let expected = "\
high[some-rule]: `Role` may do anything to any bucket (medium confidence)
  ┌─ infra/roles.yml:5:15
  │
5 │       Action: s3:*
  │               ^^^^ 180 actions
  ·
9 │       ServiceRole: !GetAtt Role.Arn
  │                    ---------------- a project has this role
  │
  ┌─ buildspec.yml:3:7
  │
3 │     - make dist
  │       --------- and runs this
  │
  = help: grant what the build uses
  = not sure because `make dist` is not understood (buildspec.yml:3:7)
  = explain: iamlint explain dd82b867

";
    assert_eq!(shown(&report(vec![diagnostic]), &sources, Format::Rich), expected);
}

#[test]
fn short_is_one_line() {
    let (sources, diagnostic) = chain();
    let expected = "infra/roles.yml:5:15: high[some-rule]: `Role` may do anything to any bucket (dd82b867, medium)\n";
    assert_eq!(shown(&report(vec![diagnostic]), &sources, Format::Short), expected);
}

#[test]
fn json_tells_all_there_is() {
    let (sources, mut diagnostic) = chain();
    let span = diagnostic.primary.span;
    let edit = Edit { span, text: "s3:PutObject".to_owned() };
    diagnostic.fix =
        Some(Fix { title: "write s3:PutObject".to_owned(), applicability: Applicability::Unsafe, edits: vec![edit] });
    diagnostic.subject = "Role".to_owned();
    diagnostic.url = Some("https://example.com/".to_owned());
    let value = json(&report(vec![diagnostic]), &sources);
    assert_eq!(value["schema"], "iamlint/1");
    let finding = &value["findings"][0];
    assert_eq!((&finding["subject"], &finding["docs"]), (&"Role".into(), &"https://example.com/".into()));
    assert_eq!((&finding["severity"], &finding["confidence"]), (&"high".into(), &"medium".into()));
    let primary = serde_json::json!({
        "role": "primary", "path": "infra/roles.yml", "label": "180 actions",
        "start": { "line": 5, "column": 15, "offset": 74 }, "end": { "line": 5, "column": 19, "offset": 78 },
    });
    assert_eq!(finding["locations"][0], primary);
    assert_eq!(finding["locations"][2]["path"], "buildspec.yml");
    assert_eq!(finding["locations"][2]["role"], "related");
    assert_eq!(finding["confidence_reasons"][0]["location"]["start"]["column"], 7);
    assert_eq!(finding["fix"]["applicability"], "unsafe");
    assert_eq!(finding["fix"]["edits"][0]["text"], "s3:PutObject");
    assert_eq!(finding["fix"]["edits"][0]["start"]["offset"], 74);
    let text = render(&report(vec![]), &sources, Format::Json, &Style::default(), None);
    assert!(text.starts_with("{\n  \"schema\": \"iamlint/1\",\n  \"version\": \""), "{text}");
}

/// `path:line:column` of each finding, as a format has it first.
fn places(report: &Report, sources: &Sources, format: Format) -> Vec<String> {
    if format == Format::Json {
        let value = json(report, sources);
        let findings = value["findings"].as_array().unwrap().iter();
        let place = |finding: &Value| {
            let location = &finding["locations"][0];
            let path = location["path"].as_str().unwrap();
            format!("{path}:{}:{}", location["start"]["line"], location["start"]["column"])
        };
        return findings.map(place).collect();
    }
    let one = |diagnostic: &Diagnostic| {
        let one = Report { diagnostics: vec![diagnostic.clone()], ..report.clone() };
        let text = shown(&one, sources, format);
        let place = match format {
            Format::Pretty => text.split_once("─[").and_then(|(_, rest)| rest.split_once("]\n")),
            Format::Rich => text.split_once("┌─ ").and_then(|(_, rest)| rest.split_once('\n')),
            _ => text.split_once(": high["),
        };
        match (format, place) {
            (Format::Short, Some((place, _))) | (_, Some((place, _))) => place.to_owned(),
            (_, None) => panic!("no place in {text}"),
        }
    };
    report.diagnostics.iter().map(one).collect()
}

#[test]
fn every_format_gives_the_same_path_line_and_column() {
    let minified = format!("{{\"a\":\"{}\",\"Action\":\"s3:*\"}}", "é".repeat(300_000));
    let texts = [
        ("multibyte.yml", "été: naïve 😀 HERE: 日本\n", "1:14"),
        ("tabs.yml", "a:\n\t\tb:\tHERE\n", "2:6"),
        ("crlf.yml", "a: b\r\nc: HERE\r\nd: e\r\n", "2:4"),
        ("bom.yml", "\u{feff}HERE: b\n", "1:1"),
        ("combining.yml", "e\u{301}e\u{301} HERE", "1:6"),
        ("policy.json", &minified, "1:300019"),
        ("deep/päth with space.yml", "\n\n\n   HERE", "4:4"),
    ];
    let mut sources = Sources::new();
    let (mut diagnostics, mut expected) = (Vec::new(), Vec::new());
    for (path, text, place) in texts {
        let file = sources.add(path, text);
        let needle = if text.contains("HERE") { "HERE" } else { "s3:*" };
        diagnostics.push(finding("m", at(&sources, file, needle), "label"));
        expected.push(format!("{path}:{place}"));
    }
    for (path, text, place) in [("eof.yml", "a: [b", "1:6"), ("eof2.yml", "a: b\n", "2:1"), ("empty.yml", "", "1:1")] {
        let file = sources.add(path, text);
        diagnostics.push(finding("m", Span::new(file, text.len(), text.len()), "missing"));
        expected.push(format!("{path}:{place}"));
    }
    // The cause is not the first label of its file, of its block, or of its line.
    let file = sources.add("order.yml", "one\ntwo three four\n");
    let order = finding("m", at(&sources, file, "three"), "").with_label(at(&sources, file, "two"), "two");
    diagnostics.push(order.with_label(at(&sources, file, "one"), "one"));
    expected.push("order.yml:2:5".to_owned());
    let report = report(diagnostics);
    for format in PLACED {
        assert_eq!(places(&report, &sources, format), expected, "{format}");
    }
}

#[test]
fn a_mark_stands_below_what_it_marks() {
    let mut sources = Sources::new();
    let file = sources.add("f", "\tkey:\té HERE\r\n");
    let report = report(vec![finding("m", at(&sources, file, "HERE"), "label")]);
    for (format, mark) in [(Format::Pretty, "──┬─"), (Format::Rich, "^^^^")] {
        let text = shown(&report, &sources, format);
        let column = |needle: &str| {
            let line = text.lines().find(|line| line.contains(needle)).unwrap_or_else(|| panic!("{needle} in {text}"));
            line[..line.find(needle).unwrap()].chars().count()
        };
        assert_eq!(column("HERE"), column(mark), "{text}");
    }
}

#[test]
fn marks_that_lie_in_each_other_are_drawn_apart() {
    let mut sources = Sources::new();
    let file = sources.add("f", "{ Effect: Allow, Action: HERE, Resource: x }\n");
    let here = at(&sources, file, "HERE");
    let diagnostic = finding("m", here, "this action")
        .with_label(at(&sources, file, sources.get(file).text.trim()), "in this statement")
        .with_label(here, "said twice");
    let expected = "   ╭─[f:1:26]
 1 │ { Effect: Allow, Action: HERE, Resource: x }
   · ────────────┬──────────────┬─
   ·             │              ╰── this action; said twice
   ·             ╰── in this statement
   ╰────\n";
    let text = shown(&report(vec![diagnostic]), &sources, Format::Pretty);
    assert!(text.contains(expected), "{text}");
}

#[test]
fn an_empty_span_and_the_end_of_a_file_are_marked() {
    let mut sources = Sources::new();
    for (path, text, offset) in [("a", "a: b", 2), ("b", "a: [b", 5), ("c", "a: b\n", 5), ("d", "", 0)] {
        let file = sources.add(path, text);
        let report = report(vec![finding("m", Span::new(file, offset, offset), "here")]);
        let pretty = shown(&report, &sources, Format::Pretty);
        assert!(pretty.contains("▲\n") && pretty.contains("╰── here"), "{pretty}");
        let rich = shown(&report, &sources, Format::Rich);
        assert!(rich.contains("^ here"), "{rich}");
    }
}

#[test]
fn a_line_of_a_megabyte_stays_readable() {
    let statement = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    let filler = r#"{"Effect":"Deny"},"#.repeat(30_000);
    let text = format!("{{\"Statement\":[{filler}{statement}{}]}}", ",{}".repeat(200_000));
    assert!(text.len() > 1_000_000);
    let mut sources = Sources::new();
    let file = sources.add("policy.json", text.as_str());
    let whole = Span::new(file, 0, text.len());
    let report = report(vec![
        finding("m", at(&sources, file, "\"s3:*\""), "this action")
            .with_label(at(&sources, file, statement), "in this"),
        finding("m", whole, "the whole document").with_label(at(&sources, file, "\"s3:*\""), "its action"),
    ]);
    for format in TEXTS {
        let text = shown(&report, &sources, format);
        assert!(text.len() < 2 * 2048, "{} bytes: {text}", text.len());
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    }
    let pretty = shown(&report, &sources, Format::Pretty);
    assert!(pretty.contains(r#""Action":"s3:*","#) && pretty.contains("policy.json:1:540042"), "{pretty}");
}

#[test]
fn labels_beyond_the_twelfth_are_counted() {
    let text = (0..40).map(|n| format!("key{n}: value\n\n\n\n")).collect::<String>();
    let mut sources = Sources::new();
    let file = sources.add("f", text);
    let mut many = finding("m", at(&sources, file, "key0"), "a place");
    for n in 1..40 {
        many = many.with_label(at(&sources, file, &format!("key{n}:")), "a place");
    }
    let report = report(vec![many]);
    for format in [Format::Pretty, Format::Rich] {
        let text = shown(&report, &sources, format);
        assert_eq!(text.matches("a place").count(), 12, "{text}");
        assert!(text.contains("and 28 more places\n"), "{text}");
    }
    assert_eq!(json(&report, &sources)["findings"][0]["locations"].as_array().unwrap().len(), 40);
}

#[test]
fn secrets_are_masked_in_every_format_and_move_no_column() {
    let mut sources = Sources::new();
    let file = sources.add("f.yml", "password: hunté2\nTOKEN: { a: sécrét, b: HERE }\n");
    let redactions = vec![at(&sources, file, "hunté2"), at(&sources, file, "sécrét")];
    let diagnostics = vec![finding("m", at(&sources, file, "HERE"), "next to a secret")];
    let report = Report { diagnostics, redactions, ..Report::default() };
    let with_source = [Format::Pretty, Format::Rich, Format::Junit, Format::Markdown, Format::Html];
    for format in Format::ALL {
        let text = shown(&report, &sources, format);
        assert!(!text.contains("hunt") && !text.contains("crét"), "{text}");
        assert_eq!(text.contains("a: ********, b: "), with_source.contains(&format), "{format}: {text}");
    }
    for format in PLACED {
        assert_eq!(places(&report, &sources, format), ["f.yml:2:24"], "{format}");
    }
}

#[test]
fn a_hostile_repository_drives_no_terminal_and_forges_no_line() {
    let mut sources = Sources::new();
    let file = sources.add("a\u{1b}[31m\nb.yml", "x: \u{1b}]0;title\u{7} \u{202e}evil\u{9b}31m\n");
    let mut diagnostic = finding("see\n/etc/passwd:1:1: \u{1b}[2J", at(&sources, file, "evil"), "l\u{1b}[1m\nl");
    diagnostic.notes.push("n\u{1b}\rn".to_owned());
    diagnostic.doubts.push(Doubt { text: "d\u{202e}\nd".to_owned(), span: Some(Span::start_of(file)) });
    let mut report = report(vec![diagnostic]);
    let span = Some(Span::start_of(file));
    report.summary.not_analysed.push(NotAnalysed {
        path: "p\n\u{1b}".to_owned(),
        span: None,
        reason: "r\nr".to_owned(),
    });
    report.summary.not_analysed.push(NotAnalysed { path: "p".to_owned(), span, reason: "\u{1b}".to_owned() });
    for format in Format::ALL {
        let text = render(&report, &sources, format, &Style::default(), Some(Severity::Low));
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        let is_for_programs = matches!(format, Format::Json | Format::Ndjson | Format::Sarif | Format::Gitlab);
        assert!(is_for_programs || !text.contains('\u{202e}'), "{format}: {text:?}");
        assert!(!text.lines().any(|line| line.starts_with("/etc/passwd")), "{text}");
    }
    assert_eq!(shown(&report, &sources, Format::Short).lines().count(), 1);
}

#[test]
fn a_simple_finding_takes_ten_lines_and_three_places_take_thirty() {
    let (sources, mut diagnostic) = chain();
    let lines =
        |diagnostic: &Diagnostic| shown(&report(vec![diagnostic.clone()]), &sources, Format::Pretty).lines().count();
    assert!(lines(&diagnostic) < 30);
    diagnostic.labels.clear();
    diagnostic.doubts.clear();
    assert!(lines(&diagnostic) <= 10);
}

#[test]
fn every_severity_has_its_own_name_in_every_format() {
    let (sources, diagnostic) = chain();
    for severity in Severity::ALL {
        let report = report(vec![Diagnostic { severity, ..diagnostic.clone() }]);
        for format in TEXTS {
            let text = shown(&report, &sources, format);
            assert!(text.contains(&format!("{severity}[some-rule]: `Role`")), "{text}");
        }
        assert_eq!(json(&report, &sources)["findings"][0]["severity"], severity.name());
    }
}

#[test]
fn colour_and_links_come_by_flag_alone_and_change_no_word() {
    let (sources, mut diagnostic) = chain();
    diagnostic.url = Some("https://example.com/rule".to_owned());
    let report = report(vec![diagnostic]);
    let style = |color, links| Style { color, links, ..Style::default() };
    let pattern = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    for format in TEXTS {
        let plain = render(&report, &sources, format, &style(false, false), Some(Severity::Low));
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
        let painted = render(&report, &sources, format, &style(true, false), Some(Severity::Low));
        assert!(pattern.is_match(&painted));
        let bare = pattern.replace_all(&painted, "");
        let bare: Vec<_> = bare.lines().map(str::trim_end).collect();
        assert_eq!(bare, plain.lines().collect::<Vec<_>>());
    }
    let linked = render(&report, &sources, Format::Pretty, &style(false, true), None);
    assert!(
        linked.contains("\u{1b}]8;;https://example.com/rule\u{1b}\\high[some-rule]\u{1b}]8;;\u{1b}\\: "),
        "{linked:?}"
    );
}

#[test]
fn ascii_frames_have_no_other_characters() {
    let (sources, diagnostic) = chain();
    let style = Style { unicode: false, width: 60, ..Style::default() };
    for format in TEXTS {
        let text = render(&report(vec![diagnostic.clone()]), &sources, format, &style, Some(Severity::Low));
        assert!(text.is_ascii(), "{text}");
    }
}

/// A cheap sequence of numbers that is the same in every run.
fn numbers() -> impl FnMut(usize) -> usize {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    }
}

#[test]
fn no_text_and_no_span_breaks_a_renderer_and_places_agree() {
    let pieces = [
        "a", "key: ", "\n", "\r\n", "\t", "é", "日本", "😀", "\u{feff}", "\u{1b}[", "\r", "      ", "\n\n", "{\"x\":[",
        "e\u{301}",
    ];
    let mut next = numbers();
    for round in 0..400 {
        let mut sources = Sources::new();
        for path in ["one.yml", "two.yml"] {
            let length = next(if round % 50 == 0 { 3000 } else { 40 });
            let text: String = (0..length).map(|_| pieces[next(pieces.len())]).collect();
            sources.add(path, text);
        }
        let files: Vec<_> = sources.iter().map(|(id, file)| (id, file.text.len() + 3)).collect();
        let mut spot = || {
            let (file, end) = files[next(2)];
            let boundary = |at: usize| sources.get(file).text.floor_char_boundary(at);
            let start = boundary(next(end));
            Span::new(file, start, boundary(start + next(12)).max(start))
        };
        let mut diagnostic = finding("m", spot(), "<0>");
        for n in 1..=round % 5 {
            diagnostic = diagnostic.with_label(spot(), format!("<{n}>"));
        }
        let width = [0, 40, 100, 400][round % 4];
        let report = report(vec![diagnostic]);
        let expected = places(&report, &sources, Format::Json);
        for format in TEXTS {
            assert_eq!(places(&report, &sources, format), expected, "{format}: {:?}", report.diagnostics);
            let style = Style { width, color: round % 2 == 0, unicode: round % 3 == 0, ..Style::default() };
            let text = render(&report, &sources, format, &style, Some(Severity::Info));
            assert_eq!(text, render(&report, &sources, format, &style, Some(Severity::Info)));
            let drawn = (0..=round % 5).filter(|n| text.contains(&format!("<{n}>"))).count();
            assert!(format == Format::Short || drawn == round % 5 + 1, "{text}{sources:?}{:?}", report.diagnostics);
        }
    }
}

#[test]
fn each_drawing_library_is_named_in_one_file() {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut naming = [Vec::new(), Vec::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for (files, library) in
                naming.iter_mut().zip([concat!("miet", "te::"), concat!("codespan", "_reporting::")])
            {
                if text.contains(library) {
                    files.push(path.file_name().unwrap().to_owned());
                }
            }
        }
    }
    assert_eq!(naming, [vec!["pretty.rs"], vec!["lines.rs"]]);
}
