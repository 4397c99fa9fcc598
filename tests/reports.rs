//! Every format as its receiver reads it: the same findings at the same lines, valid by its schema,
//! without secrets, with nothing of a repository taken for markup.

mod walk;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use iamlint::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, Severity};
use iamlint::linter::{NotAnalysed, Options, Report, lint};
use iamlint::report::{Format, Style, render};
use iamlint::rules::builtin;
use iamlint::source::{Sources, Span};
use iamlint::suppress::{Spelling, Suppressed};
use regex::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use walk::{files_below, shown};

/// Findings of a repository, of paths that are hard to write, and a few made by hand.
fn run() -> (Sources, Report) {
    let mut sources = Sources::new();
    for path in files_below("fixtures/projects/serverless-cicd") {
        if let Ok(text) = fs::read_to_string(&path) {
            sources.add(shown(&path), text);
        }
    }
    let example = fs::read_to_string("fixtures/cli/creates-roles.yml").expect("a fixture");
    for path in ["with space/a,b.yml", "päth/50%.yml", "a&b<c>.yml", "odd::name[1].yml", "`x`.yml"] {
        sources.add(path, example.replace('\n', "\r\n"));
    }
    let mut report =
        lint(&sources, builtin::rules(), &Options { inventory: Format::Html.inventory(), ..Options::default() });
    report.summary.not_analysed.push(NotAnalysed { path: "x.yml".into(), span: None, reason: "a reason".into() });
    let first = report.diagnostics[0].primary.span;
    let edit = Edit { span: first, text: "s3:GetObject".into() };
    let diagnostic = report.diagnostics.pop().expect("findings");
    let place = diagnostic.primary.span;
    let reason = Some("agreed <with> *everybody*".to_owned());
    let until = Some("2027-01-31".parse().expect("a day"));
    report.suppressed.push(Suppressed { diagnostic, spelling: Spelling::Comment, reason, until, place });
    report.known.extend(report.diagnostics.pop());
    report.diagnostics[0].fix = Some(fix("write one action", edit));
    (sources, report)
}

fn fix(title: &str, edit: Edit) -> Fix {
    Fix { title: title.into(), applicability: Applicability::Safe, edits: vec![edit] }
}

fn rendered(report: &Report, sources: &Sources, format: Format) -> String {
    render(report, sources, format, &Style::default(), Some(Severity::Medium))
}

/// `path:line` of each finding, sorted.
type Places = Vec<(String, u64)>;

/// How one format tells places.
type Reader = fn(&str) -> Places;

const READERS: [(Format, Reader); 12] = [
    (Format::Pretty, |text| framed(text, r"─\[(.+):(\d+):\d+\]\n")),
    (Format::Rich, |text| framed(text, r"┌─ (.+):(\d+):\d+\n")),
    (Format::Short, |text| matches(text, r"(?m)^(.+):(\d+):\d+: (?:critical|high|medium|low|info)\[")),
    (Format::Json, |text| {
        json(text)["findings"].as_array().map_or(Vec::new(), |all| all.iter().map(our_place).collect())
    }),
    (Format::Ndjson, |text| {
        let lines = text.lines().map(json).filter(|line| line["type"] == "finding");
        lines.map(|line| our_place(&line)).collect()
    }),
    (Format::Sarif, |text| {
        let results = json(text)["runs"][0]["results"].as_array().expect("results").clone();
        let told: Value = results.into_iter().filter(|result| result.get("suppressions").is_none()).collect();
        rows(&told, "/locations/0/physicalLocation/artifactLocation/uri", |result| {
            result.pointer("/locations/0/physicalLocation/region/startLine").and_then(Value::as_u64)
        })
        .into_iter()
        .map(|(uri, line)| (percent_encoding::percent_decode_str(&uri).decode_utf8_lossy().into_owned(), line))
        .collect()
    }),
    (Format::Junit, |text| {
        let told = text.split("<testsuite name=\"suppressed\"").next().unwrap_or_default();
        matches(told, r#"(?s)<testcase name="[a-z-]+ [^"]* [0-9a-f]{8}"[^>]* file="([^"]*)" line="(\d+)""#)
            .into_iter()
            .map(|(path, line)| (from_xml(&path), line))
            .collect()
    }),
    (Format::Github, |text| {
        let found = matches(text, r"(?m)^::(?:error|warning|notice) file=([^,]*),line=(\d+),");
        let decode = |text: String| percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
        found.into_iter().map(|(path, line)| (decode(path), line)).collect()
    }),
    (Format::Gitlab, |text| {
        rows(&json(text), "/location/path", |issue| issue.pointer("/location/lines/begin").and_then(Value::as_u64))
    }),
    (Format::Asff, |text| {
        rows(&json(text), "/Resources/0/Details/Other/path", |finding| {
            finding.pointer("/Resources/0/Details/Other/line").and_then(Value::as_str)?.parse().ok()
        })
    }),
    (Format::Markdown, |text| matches(text, r"(?m)^- \*\*\w+\*\* `(.+?):(\d+):\d+` ")),
    (Format::Html, |text| {
        let found =
            matches(text, r#"(?s)<h3><span class="severity">.*?<p class="where"><code>([^<]+?):(\d+):\d+</code>"#);
        found.into_iter().map(|(path, line)| (from_xml(&path), line)).collect()
    }),
];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn our_place(finding: &Value) -> (String, u64) {
    let place = &finding["locations"][0];
    (place["path"].as_str().expect("a path").to_owned(), place["start"]["line"].as_u64().expect("a line"))
}

fn rows(list: &Value, path: &str, line: impl Fn(&Value) -> Option<u64>) -> Places {
    let list = list.as_array().expect("a list").iter();
    list.map(|item| {
        (item.pointer(path).and_then(Value::as_str).expect("a path").to_owned(), line(item).expect("a line"))
    })
    .collect()
}

fn matches(text: &str, pattern: &str) -> Places {
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(text).map(|found| (found[1].to_owned(), found[2].parse().expect("a line"))).collect()
}

/// The first place behind each heading.
fn framed(text: &str, place: &str) -> Places {
    let heading = Regex::new(r"(?m)^(?:  . )?(?:critical|high|medium|low|info)\[[a-z-]+\]: ").expect("a pattern");
    let starts: Vec<usize> = heading.find_iter(text).map(|found| found.start()).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| matches(&text[*start..end], place)[0].clone()).collect()
}

fn from_xml(text: &str) -> String {
    let names = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x2f;", "/"), ("&#x27;", "'"), ("&amp;", "&")];
    names.iter().fold(text.to_owned(), |text, (name, character)| text.replace(name, character))
}

#[test]
fn all_formats_carry_the_same_findings_at_the_same_lines() {
    let (sources, report) = run();
    let place = |found: &Diagnostic| {
        let span = found.primary.span;
        (sources.path(span.file).to_owned(), sources.position(span).line as u64)
    };
    let mut expected: Places = report.diagnostics.iter().map(place).collect();
    expected.sort();
    assert!(expected.len() > 20 && expected.iter().all(|(_, line)| *line > 0));
    assert_eq!(READERS.map(|(format, _)| format), Format::ALL);
    for (format, reader) in READERS {
        let text = rendered(&report, &sources, format);
        let mut found = reader(&text);
        found.sort();
        if format == Format::Markdown {
            // A span of code can hold no backtick.
            let backticked =
                |places: &Places| places.iter().map(|(path, line)| (path.replace('`', "'"), *line)).collect::<Places>();
            let mut expected = backticked(&expected);
            expected.sort();
            assert_eq!(found, expected, "{format}");
            continue;
        }
        assert_eq!(found, expected, "{format}");
    }
}

#[test]
fn sarif_json_short_and_annotations_give_the_same_columns_and_none_is_zero() {
    let (sources, report) = run();
    let expected: Vec<u64> =
        report.diagnostics.iter().map(|found| sources.position(found.primary.span).column as u64).collect();
    assert!(expected.iter().all(|column| *column > 0));
    let by = |format: Format, pattern: &str| -> Vec<u64> {
        let text = rendered(&report, &sources, format);
        let pattern = Regex::new(pattern).expect("a pattern");
        pattern.captures_iter(&text).map(|found| found[1].parse().expect("a column")).collect()
    };
    assert_eq!(by(Format::Short, r"(?m)^.+:\d+:(\d+): (?:critical|high|medium|low|info)\["), expected);
    assert_eq!(by(Format::Github, r"(?m)^::\w+ file=[^,]*,line=\d+,endLine=\d+,col=(\d+),"), expected);
    let pointed = |format: Format, list: &str, column: &str| -> Vec<u64> {
        let text = json(&rendered(&report, &sources, format));
        let rows = text.pointer(list).and_then(Value::as_array).expect("a list").clone();
        rows.iter().map(|row| row.pointer(column).and_then(Value::as_u64).expect("a column")).collect()
    };
    assert_eq!(pointed(Format::Json, "/findings", "/locations/0/start/column"), expected);
    let sarif = pointed(Format::Sarif, "/runs/0/results", "/locations/0/physicalLocation/region/startColumn");
    assert_eq!(sarif[..expected.len()], expected);
}

/// The schema with every object closed that names its properties: what is not in it is an error.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(closed);
            // A schema that refers to another only adds to it.
            if map.get("type").is_some_and(|kind| kind == "object" || kind.to_string().contains("\"object\""))
                && map.contains_key("properties")
            {
                map.insert("additionalProperties".into(), Value::Bool(false));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(closed),
        _ => {}
    }
}

fn complaints(schema: &Value, instance: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn our_schema() -> Value {
    let mut schema = json(&fs::read_to_string("docs/iamlint-1.schema.json").expect("the schema"));
    closed(&mut schema);
    schema
}

#[test]
fn the_json_report_is_what_its_schema_says() {
    let schema = our_schema();
    let (sources, report) = run();
    let mut instance = json(&rendered(&report, &sources, Format::Json));
    assert_eq!(complaints(&schema, &instance), Vec::<String>::new());
    instance["findings"][0]["severity"] = "error".into();
    instance["findings"][1]["locations"][0]["start"]["line"] = 0.into();
    instance["findings"][2]["unheard"] = 1.into();
    instance["summary"].as_object_mut().expect("an object").remove("failing");
    assert_eq!(complaints(&schema, &instance).len(), 4, "the schema can be broken");
}

#[test]
fn every_line_of_ndjson_is_what_its_schema_says() {
    let mut schema = our_schema();
    schema["$ref"] = "#/$defs/line".into();
    for key in ["type", "required", "properties", "additionalProperties"] {
        schema.as_object_mut().expect("an object").remove(key);
    }
    let (sources, report) = run();
    let text = rendered(&report, &sources, Format::Ndjson);
    assert_eq!(text.lines().count(), report.diagnostics.len() + 3);
    for line in text.lines() {
        assert_eq!(complaints(&schema, &json(line)), Vec::<String>::new(), "{line}");
    }
    assert!(!complaints(&schema, &json("{\"type\":\"other\"}")).is_empty());
}

#[test]
fn the_sarif_report_is_what_the_standard_says() {
    let text = fs::read_to_string("fixtures/schemas/sarif-2.1.0.json").expect("the schema");
    // Patterns of the standard have a bracket too many, which is no regular expression.
    let schema = json(&text.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$"));
    let (sources, report) = run();
    let mut instance = json(&rendered(&report, &sources, Format::Sarif));
    assert_eq!(complaints(&schema, &instance), Vec::<String>::new());
    let empty = json(&rendered(&Report::default(), &sources, Format::Sarif));
    assert_eq!(complaints(&schema, &empty), Vec::<String>::new());
    instance["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0.into();
    assert!(!complaints(&schema, &instance).is_empty(), "the schema can be broken");
}

#[test]
fn sarif_tells_the_chain_the_fix_the_rule_and_what_was_not_analysed() {
    let (sources, report) = run();
    let log = json(&rendered(&report, &sources, Format::Sarif));
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    for (found, result) in report.diagnostics.iter().zip(results) {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        let id = found.id(&sources);
        assert_eq!(result["partialFingerprints"]["iamlint/v1"], id);
        let count = |value: &Value| value.as_array().map_or(0, Vec::len);
        assert_eq!(count(&result["relatedLocations"]), found.labels.len());
        let steps = &result["codeFlows"][0]["threadFlows"][0]["locations"];
        assert_eq!(count(steps), if found.labels.is_empty() { 0 } else { found.labels.len() + 1 });
    }
    assert!(results.iter().any(|result| result["codeFlows"].is_array()));
    let change = &results[0]["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "s3:GetObject");
    assert_eq!(results[0]["fixes"][0]["description"]["text"], "write one action");
    let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().expect("notifications");
    assert_eq!(notifications.len(), report.summary.not_analysed.len());
    let text = notifications.last().expect("one")["message"]["text"].as_str().expect("a text");
    assert_eq!(text, "not analysed: a reason");
}

#[test]
fn what_is_suppressed_is_told_with_its_reason_and_never_as_a_finding() {
    let (sources, report) = run();
    let id = report.suppressed[0].diagnostic.id(&sources);
    let log = json(&rendered(&report, &sources, Format::Sarif));
    let result = log["runs"][0]["results"].as_array().expect("results")[report.diagnostics.len()].clone();
    assert_eq!(result["partialFingerprints"]["iamlint/v1"], id);
    let suppression = &result["suppressions"][0];
    assert_eq!((&suppression["kind"], &suppression["status"]), (&"inSource".into(), &"accepted".into()));
    assert_eq!(suppression["justification"], "agreed <with> *everybody*");
    let known = report.known[0].id(&sources);
    for format in [Format::Json, Format::Ndjson, Format::Sarif, Format::Junit, Format::Html] {
        assert!(rendered(&report, &sources, format).contains(&known), "{format}: what is in the baseline");
    }
    let page = rendered(&report, &sources, Format::Html);
    assert!(page.contains("agreed &lt;with&gt; *everybody*") && page.contains("2027-01-31"));
    for format in [Format::Pretty, Format::Short, Format::Github, Format::Gitlab, Format::Asff, Format::Markdown] {
        assert!(!rendered(&report, &sources, format).contains(&id), "{format}");
    }
}

#[test]
fn fingerprints_of_gitlab_are_unique() {
    let (sources, report) = run();
    let issues = json(&rendered(&report, &sources, Format::Gitlab));
    let issues = issues.as_array().expect("a list");
    let mut prints: Vec<&str> = issues.iter().map(|issue| issue["fingerprint"].as_str().expect("one")).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), issues.len());
}

#[test]
fn junit_has_a_passing_case_for_a_rule_without_findings_and_fails_where_the_run_fails() {
    let (sources, report) = run();
    let text = rendered(&report, &sources, Format::Junit);
    let read = quick_junit::Report::deserialize_from_str(&text).expect("JUnit");
    let failing = report.diagnostics.iter().filter(|found| found.severity.reaches(Severity::Medium)).count();
    let silent =
        report.rules.iter().filter(|rule| report.diagnostics.iter().all(|found| found.rule != rule.id)).count();
    assert_eq!(read.failures, failing);
    assert_eq!(read.tests, report.diagnostics.len() + silent + 2 + report.summary.not_analysed.len());
    assert!(text.contains("suppressed by comment: agreed &lt;with&gt; *everybody*"), "{text}");
    assert!(read.tests < 500, "CodeBuild takes so many");
    assert!(text.contains("name=\"not analysed\"") && text.contains("skipped"), "{text}");
    let never = render(&report, &sources, Format::Junit, &Style::default(), None);
    assert_eq!(quick_junit::Report::deserialize_from_str(&never).expect("JUnit").failures, 0);
}

/// A finding whose every text tries to get out of where it stands.
fn hostile() -> (Sources, Report) {
    const EVIL: &str = "</script><script>alert(1)</script> \"' --> ]]> ``` \n::error::forged\r\n# head @all {{ x }} 100% <img src=x onerror=y>";
    let mut sources = Sources::new();
    let file = sources.add(format!("a{EVIL}.yml"), format!("key: {EVIL}\n"));
    let span = Span::new(file, 0, 3);
    let mut found = Diagnostic::new("some-rule", Severity::High, EVIL.into(), Label::new(span, EVIL));
    found.labels.push(Label::new(Span::new(file, 5, 12), EVIL));
    found.help = Some(EVIL.into());
    found.notes.push(EVIL.into());
    found.subject = EVIL.into();
    found.url = Some("javascript:alert(1)".into());
    let mut report = Report { diagnostics: vec![found], ..Report::default() };
    report.summary.not_analysed.push(NotAnalysed { path: EVIL.into(), span: None, reason: EVIL.into() });
    (sources, report)
}

#[test]
fn names_in_the_words_of_a_page_are_code_and_no_markup() {
    let page = |message: &str| {
        let mut sources = Sources::new();
        let span = Span::new(sources.add("a.yml", "key: value\n"), 0, 3);
        let found = Diagnostic::new("some-rule", Severity::High, message.into(), Label::new(span, "this"));
        rendered(&Report { diagnostics: vec![found], ..Report::default() }, &sources, Format::Html)
    };
    let text = page("`<b>Role` may call `s3:*` & more");
    assert!(text.contains("<code>&lt;b&gt;Role</code> may call <code>s3:*</code> &amp; more</h3>"), "{text}");
    assert!(page("`a` and a lone ` <b>").contains("`a` and a lone ` &lt;b&gt;</h3>"), "left as it is");
}

#[test]
fn a_hostile_name_is_no_markup_in_any_format() {
    let (sources, report) = hostile();
    for format in Format::ALL {
        let text = rendered(&report, &sources, format);
        let forged = text.lines().filter(|line| line.starts_with("::error::")).count();
        assert_eq!(forged, 0, "{format}: {text}");
        assert!(!text.contains("javascript:") || matches!(format, Format::Json | Format::Ndjson), "{format}: {text}");
    }
    let html = rendered(&report, &sources, Format::Html);
    assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    let xml = rendered(&report, &sources, Format::Junit);
    assert!(quick_junit::Report::deserialize_from_str(&xml).is_ok() && !xml.contains("<script"), "{xml}");
    assert_eq!(rendered(&report, &sources, Format::Github).lines().count(), 2);
    let markdown = rendered(&report, &sources, Format::Markdown);
    let mut fence = None;
    for line in markdown.lines() {
        let line = line.trim_start();
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            None if ticks > 2 => fence = Some(ticks),
            None => {
                let outside: String = line.split('`').step_by(2).collect();
                assert!(!line.starts_with('#') || line == "### iamlint", "{line}");
                assert!(!outside.contains("<script") && !outside.contains("@all"), "{line}");
            }
            Some(open) if ticks >= open && line.len() == ticks => fence = None,
            Some(_) => {}
        }
    }
    assert_eq!(fence, None, "{markdown}");
}

#[test]
fn no_format_shows_a_secret_that_a_message_repeats() {
    let mut sources = Sources::new();
    let file = sources.add("spec.yml", "run: curl -u user:c0rrect-h0rse https://x.y\n");
    let secret = Span::new(file, 18, 31);
    assert_eq!(sources.slice(secret), "c0rrect-h0rse");
    let text = "`curl -u user:c0rrect-h0rse` is not understood";
    let mut found = Diagnostic::new("some-rule", Severity::High, text.into(), Label::new(secret, text));
    found.notes.push(text.into());
    found.help = Some(text.into());
    found.doubts.push(iamlint::diagnostic::Doubt { text: text.into(), span: None });
    found.fix = Some(fix(text, Edit { span: secret, text: text.into() }));
    let mut report = Report { diagnostics: vec![found], redactions: vec![secret], ..Report::default() };
    report.summary.not_analysed.push(NotAnalysed { path: "spec.yml".into(), span: Some(secret), reason: text.into() });
    for format in Format::ALL {
        let text = rendered(&report, &sources, format);
        assert!(!text.contains("c0rrect") && !text.contains("h0rse"), "{format}: {text}");
    }
}

#[test]
fn the_page_lets_in_its_own_style_and_nothing_else() {
    let (sources, report) = run();
    let page = rendered(&report, &sources, Format::Html);
    let style = page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).expect("a style").0;
    let digest = format!("sha256-{}", STANDARD.encode(Sha256::digest(style.as_bytes())));
    let policy = format!("content=\"default-src 'none'; style-src '{digest}'; base-uri 'none'; form-action 'none'\"");
    assert!(from_xml(&page).contains(&policy), "write {digest} into src/report/html/style.sha256");
    for part in ["<script", " style=", " src=", "<link", "@import", "url(", " onclick"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.len() < 1_000_000);
}

#[test]
fn the_page_shows_roles_and_pipelines_and_what_was_not_analysed() {
    let (sources, report) = run();
    let page = from_xml(&rendered(&report, &sources, Format::Html));
    assert!(!report.roles.is_empty() && !report.pipelines.is_empty());
    report.roles.iter().for_each(|role| assert!(page.contains(&role.name), "{}", role.name));
    for action in report.pipelines.iter().flat_map(|one| &one.stages).flat_map(|stage| &stage.actions) {
        assert!(page.contains(&format!("<b>{}</b>", action.name)), "{}", action.name);
    }
    assert!(page.contains("<code>x.yml</code> a reason"), "what was not analysed");
}

#[test]
fn the_page_has_a_bar_and_its_numbers_for_each_service_of_a_role() {
    let (sources, report) = run();
    let page = from_xml(&rendered(&report, &sources, Format::Html));
    let uses: Vec<_> = report.roles.iter().filter_map(|role| role.uses.as_ref()).collect();
    let rows: Vec<_> = uses.iter().flat_map(|uses| &uses.services).collect();
    assert!(rows.iter().any(|row| row.counts.used > 0) && rows.iter().any(|row| row.counts.unused > 0), "{rows:?}");
    for row in rows {
        let counts = row.counts;
        assert_eq!(counts.used + counts.unused, counts.granted, "{row:?}");
        let start =
            format!("<th scope=\"row\">{}</th><td>{} granted, {} used", row.service, counts.granted, counts.used);
        assert!(page.contains(&start), "{start}");
    }
    let services: usize = uses.iter().map(|uses| uses.services.len().min(12)).sum();
    assert_eq!(page.matches("<svg class=\"bar\"").count(), services);
    assert_eq!(page.matches("<table class=\"use\">").count(), uses.len());
}

#[test]
fn what_no_format_lists_is_not_computed() {
    let (sources, _) = run();
    let report = |format: Format| {
        lint(&sources, builtin::rules(), &Options { inventory: format.inventory(), ..Options::default() })
    };
    let short = report(Format::Short);
    assert!(short.rules.is_empty() && short.roles.is_empty() && short.pipelines.is_empty());
    assert!(!report(Format::Junit).rules.is_empty() && report(Format::Junit).roles.is_empty());
}

#[test]
fn a_page_of_many_findings_stays_below_a_megabyte_and_counts_the_rest() {
    let mut sources = Sources::new();
    let file = sources.add("f.yml", "key: value\n".repeat(20_000));
    let found = |n: usize| {
        let span = Span::new(file, n * 11, n * 11 + 3);
        Diagnostic::new(
            "some-rule",
            Severity::High,
            format!("the role number {n} may do anything"),
            Label::new(span, "this"),
        )
    };
    let report = Report { diagnostics: (0..20_000).map(found).collect(), ..Report::default() };
    let page = rendered(&report, &sources, Format::Html);
    assert!(page.len() < 1_000_000, "{}", page.len());
    let shown = page.matches("<article class=\"finding").count();
    assert!(shown > 100 && page.contains(&format!("And {} more", 20_000 - shown)), "{shown}");
    let markdown = rendered(&report, &sources, Format::Markdown);
    let told = markdown.matches("\n- **high**").count();
    assert!(markdown.len() < 65_536 && told > 100, "{told} in {}", markdown.len());
    assert!(markdown.contains(&format!("and {} more", 20_000 - told)));
}
