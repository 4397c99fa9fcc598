//! The HTML report in a real Chromium, where one is to be had: `IAMLINT_PLAYWRIGHT` names a folder
//! with `playwright-core` in its `node_modules`, and `IAMLINT_PICTURES` one where screenshots stay.

mod walk;

use iamlint::diagnostic::Severity;
use iamlint::linter::{Options, lint};
use iamlint::report::{Format, Style, render};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use walk::{files_below, shown};

/// Luminance of `rgb(r, g, b)`, by WCAG 2: <https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>
fn luminance(color: &str) -> f64 {
    let numbers = color.trim_start_matches("rgb(").trim_end_matches(')').split(',');
    let linear = numbers.map(|number| {
        let part: f64 = number.trim().parse::<f64>().expect("a number") / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    linear.zip([0.2126, 0.7152, 0.0722]).map(|(part, weight)| part * weight).sum()
}

#[test]
fn the_page_looks_right_in_a_browser_light_and_dark_wide_and_narrow() {
    let Some(playwright) = std::env::var_os("IAMLINT_PLAYWRIGHT") else { return };
    let mut sources = Sources::new();
    for path in files_below("fixtures/projects/serverless-cicd") {
        if let Ok(text) = fs::read_to_string(&path) {
            sources.add(shown(&path), text);
        }
    }
    let report =
        lint(&sources, builtin::rules(), &Options { inventory: Format::Html.inventory(), ..Options::default() });
    let folder = tempfile::TempDir::new().expect("a folder");
    let page = folder.path().join("page.html");
    let text = render(&report, &sources, Format::Html, &Style::default(), Some(Severity::Medium));
    fs::write(&page, text).expect("a page");
    let pictures = std::env::var_os("IAMLINT_PICTURES").map_or(folder.path().to_owned(), PathBuf::from);
    let output = Command::new("node").arg("tests/page/look.mjs").arg(playwright).arg(&page).arg(&pictures).output();
    let output = output.expect("node runs");
    let seen: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let seen = seen.as_array().expect("a list");
    assert_eq!(seen.len(), 4);
    for view in seen {
        let number = |key: &str| view[key].as_u64().unwrap_or_else(|| panic!("{key} in {view}"));
        assert_eq!(view["said"], Value::Array(Vec::new()), "nothing is refused and nothing fails: {view}");
        assert_eq!(number("asked"), 1, "the page alone: {view}");
        assert_eq!(view["overflow"], 0, "nothing is wider than the window: {view}");
        assert_eq!(number("findings") as usize, report.diagnostics.len(), "{view}");
        assert!(number("critical") > 0 && number("afterFilter") == number("findings") - number("critical"), "{view}");
        assert!(number("bars") > 0, "what roles use is drawn: {view}");
        let color = |key: &str| luminance(view[key].as_str().expect("a colour"));
        let (back, front) = (color("background"), color("text"));
        assert_eq!(back > front, view["colorScheme"] == "light", "{view}");
        let contrast = (back.max(front) + 0.05) / (back.min(front) + 0.05);
        assert!(contrast > 7.0, "{contrast}: {view}");
        let picture = fs::read(view["picture"].as_str().expect("a path")).expect("a picture");
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 20_000, "{view} is empty");
    }
}
