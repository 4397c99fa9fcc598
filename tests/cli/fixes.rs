//! The changes that reports offer, done to the bytes of the file.

use super::*;

const BEFORE: &str = include_str!("../../fixtures/fixes/before.yml");
const AFTER: &str = include_str!("../../fixtures/fixes/after.yml");
const NAMES: [&str; 4] = ["--select", "unknown-action,unknown-property", "--format", "json"];

/// The file with every change done that the report offers, the last first.
fn mended(text: &str) -> String {
    let report = repository(&[("ci.yml", text)]).run(&NAMES).json();
    let findings = report["findings"].as_array().expect("findings");
    let edits = findings.iter().filter_map(|finding| finding["fix"]["edits"].as_array()).flatten();
    let offset = |edit: &Value, end: &str| edit[end]["offset"].as_u64().expect("an offset") as usize;
    let mut edits: Vec<_> = edits
        .map(|edit| (offset(edit, "start"), offset(edit, "end"), edit["text"].as_str().expect("a text")))
        .collect();
    edits.sort_unstable();
    let mut text = text.to_owned();
    edits.iter().rev().for_each(|(start, end, new)| text.replace_range(*start..*end, new));
    text
}

#[test]
fn names_are_mended_and_all_else_stays() {
    assert_eq!(mended(BEFORE), AFTER);
    assert_eq!(mended(AFTER), AFTER, "a second time changes nothing");
}

#[test]
fn line_ends_and_the_byte_order_mark_stay() {
    let as_on_windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(mended(&as_on_windows(BEFORE)), as_on_windows(AFTER));
}

#[test]
fn a_name_that_is_written_with_escapes_gets_no_change() {
    let escaped = BEFORE.replace("\"s3:GetBucketPolcy\"", "\"s3:GetBucket\\x50olcy\"");
    assert_ne!(escaped, BEFORE);
    assert!(mended(&escaped).contains("\"s3:GetBucket\\x50olcy\""));
}
