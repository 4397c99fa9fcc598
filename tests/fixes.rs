//! Fixes in memory: what becomes of texts, and that nothing becomes worse by them.

mod walk;

use iamlint::cli::examples::{cases, is_of_kind};
use iamlint::diagnostic::Diagnostic;
use iamlint::edit;
use iamlint::linter::{Fixes, Options, Permit, Report, fix, lint};
use iamlint::rules::builtin;
use iamlint::source::{FileId, Sources};
use iamlint::syntax;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use walk::{files_below, shown};

/// Of `fixtures/fixes`: the name of a case, its ending, and the texts.
struct Case {
    name: String,
    ending: String,
    before: String,
    after: String,
    with_unsafe: bool,
}

/// `lists.before.yml` becomes `lists.after.yml`, and `lists.unsafe.yml` where unsafe fixes are made too.
fn written_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for path in files_below("fixtures/fixes") {
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let [name, "before", ending] = file.split('.').collect::<Vec<_>>()[..] else { continue };
        for (kind, with_unsafe) in [("after", false), ("unsafe", true)] {
            let Ok(after) = fs::read_to_string(format!("fixtures/fixes/{name}.{kind}.{ending}")) else { continue };
            let before = fs::read_to_string(&path).expect("a text");
            let (name, ending) = (name.to_owned(), ending.to_owned());
            cases.push(Case { name, ending, before, after, with_unsafe });
        }
    }
    assert!(cases.len() > 8, "the cases are found");
    cases
}

fn fixed(sources: &Sources, with_unsafe: bool) -> (Sources, Report) {
    let permit = Permit { with_unsafe, closed: &|_| None };
    fix(sources, builtin::rules(), &Options::default(), &permit)
}

fn fixes(report: &Report) -> &Fixes {
    report.fixes.as_ref().expect("a run that fixes says what it fixed")
}

fn one(name: &str, text: &str) -> (Sources, FileId) {
    let mut sources = Sources::new();
    let file = sources.add(name, text);
    (sources, file)
}

/// How a text lies on disk.
type Written = fn(&str) -> String;

fn as_on_windows(text: &str) -> String {
    format!("\u{feff}{}", text.replace('\n', "\r\n"))
}

fn without_end(text: &str) -> String {
    text.trim_end().to_owned()
}

#[test]
fn texts_become_what_is_written_and_all_else_stays() {
    let mut wrong = Vec::new();
    for case in written_cases() {
        let variants: [(&str, Written); 3] =
            [("plain", str::to_owned), ("windows", as_on_windows), ("no last line break", without_end)];
        for (variant, written) in variants {
            let (sources, file) = one(&format!("ci.{}", case.ending), &written(&case.before));
            let (after, _) = fixed(&sources, case.with_unsafe);
            let (text, wanted) = (&after.get(file).text, written(&case.after));
            if **text != *wanted {
                wrong.push(format!("{} ({variant}), unsafe {}:\n{text}", case.name, case.with_unsafe));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_fixed_though_it_is_known_how_is_told_with_the_reason() {
    let text = fs::read_to_string("fixtures/fixes/kept.before.yml").expect("a text");
    let (sources, file) = one("ci.yml", &text);
    let (after, report) = fixed(&sources, true);
    assert_eq!(after.get(file).text, sources.get(file).text);
    let told: BTreeSet<String> =
        fixes(&report).left.iter().map(|left| format!("{}: {}", after.position(left.span).line, left.reason)).collect();
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let wanted = [
        "16: an alias or a merge key repeats this text elsewhere",
        "19: the text is not written there as it is meant",
        "26: something else stands beside it on its line",
        "46: a loop repeats this text",
        "57: the text is not written there as it is meant",
        "6: an alias or a merge key repeats this text elsewhere",
    ];
    assert_eq!(told, wanted);
}

#[test]
fn a_change_that_was_refused_makes_way_for_another_one() {
    // Both names become one: the second goes, in the next round.
    let text = "Version: '2012-10-17'\nStatement:\n- Effect: Allow\n  Action:\n  - s3:GetObjekt\n  - s3:GetObbject\n  Resource: arn:aws:s3:::b/*\n";
    let (sources, file) = one("policy.yml", text);
    let (after, report) = fixed(&sources, false);
    let wanted = text.replace("  - s3:GetObbject\n", "").replace("GetObjekt", "GetObject");
    assert_eq!(*after.get(file).text, *wanted);
    assert_eq!((fixes(&report).findings, fixes(&report).left.as_slice()), (2, &[][..]));
}

#[test]
fn a_fix_that_brings_a_finding_is_not_made_and_that_is_told() {
    // The name that is meant is one that writes everywhere.
    let text = fs::read_to_string("fixtures/cli/creates-roles.yml")
        .expect("a text")
        .replace("iam:CreateRole", "iam:CreateRoel");
    let (sources, file) = one("ci.yml", &text);
    let offered = lint(&sources, builtin::rules(), &Options::default());
    assert!(offered.diagnostics.iter().any(|found| found.rule == "unknown-action" && found.fix.is_some()));
    let (after, report) = fixed(&sources, false);
    assert_eq!(after.get(file).text, sources.get(file).text);
    let [left] = fixes(&report).left.as_slice() else { panic!("{:?}", report.fixes) };
    assert!(left.reason.starts_with("it would bring `"), "{}", left.reason);
    assert_eq!((fixes(&report).findings, fixes(&report).files), (0, 0));
}

/// All bad examples of rules, and whole projects.
fn inputs() -> Vec<(PathBuf, Sources)> {
    let mut places: Vec<PathBuf> = Vec::new();
    for rule in builtin::rules() {
        let own = cases(&Path::new("fixtures/rules").join(&rule.id));
        places.extend(own.into_iter().filter(|case| is_of_kind(case, "bad")));
    }
    for project in fs::read_dir("fixtures/projects").expect("the projects").flatten() {
        places.extend(fs::read_dir(project.path()).expect("a folder").flatten().map(|entry| entry.path()));
    }
    places.extend(fs::read_dir("fixtures/syntax").expect("a folder").flatten().map(|entry| entry.path()));
    places.sort();
    places.into_iter().map(|place| (place.clone(), read(&place))).collect()
}

fn read(place: &Path) -> Sources {
    let mut sources = Sources::new();
    let files = if place.is_dir() { files_below(place) } else { vec![place.to_owned()] };
    for file in files.iter().filter(|file| file.extension().is_none_or(|ending| ending != "marks")) {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let above = if place.is_dir() { Some(place) } else { place.parent() };
        let name = above.and_then(|above| file.strip_prefix(above).ok()).unwrap_or(file);
        sources.add(shown(name), text);
    }
    sources
}

/// By path, rule and subject, as ids are made.
fn findings(sources: &Sources, report: &Report) -> BTreeSet<(String, String, String)> {
    let of = |found: &Diagnostic| {
        (sources.path(found.primary.span.file).to_owned(), found.rule.clone(), found.subject.clone())
    };
    report.diagnostics.iter().map(of).collect()
}

fn problems(sources: &Sources) -> usize {
    let texts =
        sources.iter().filter(|(_, source)| [".yml", ".yaml", ".json"].iter().any(|end| source.path.ends_with(end)));
    texts.map(|(file, source)| syntax::parse(&source.text, file).problems.len()).sum()
}

#[test]
fn no_input_is_worse_after_its_fixes_and_a_second_run_has_nothing_to_do() {
    let mut wrong = Vec::new();
    let mut made = [0, 0];
    for (place, before) in inputs() {
        let report = lint(&before, builtin::rules(), &Options::default());
        let mut known = findings(&before, &report);
        // What was told in a finding of another rule may stand by itself afterwards.
        let also: BTreeSet<&str> =
            report.diagnostics.iter().flat_map(|found| &found.also).map(String::as_str).collect();
        for with_unsafe in [false, true] {
            let (after, left) = fixed(&before, with_unsafe);
            made[usize::from(with_unsafe)] += fixes(&left).findings;
            let now = findings(&after, &left);
            let new: Vec<_> = now.difference(&known).filter(|(_, rule, _)| !also.contains(rule.as_str())).collect();
            if !new.is_empty() {
                wrong.push(format!("{}: new: {new:?}", place.display()));
            }
            if problems(&after) > problems(&before) {
                wrong.push(format!("{}: cannot be read any more", place.display()));
            }
            let (again, second) = fixed(&after, with_unsafe);
            if fixes(&second).findings > 0 || again.iter().any(|(file, source)| source.text != after.get(file).text) {
                wrong.push(format!("{}: fixed twice", place.display()));
            }
            known.extend(now);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(made[0] > 20 && made[1] > made[0], "fixes are made: {made:?}");
}

#[test]
fn every_fix_that_a_report_offers_mends_its_finding_by_itself() {
    let mut wrong = Vec::new();
    for (place, before) in inputs() {
        let report = lint(&before, builtin::rules(), &Options::default());
        let known = problems(&before);
        for found in &report.diagnostics {
            let Some(fix) = &found.fix else { continue };
            assert!(!fix.edits.is_empty() && !fix.title.is_empty(), "{}: {}", place.display(), found.rule);
            let after = edit::applied(&before, &fix.edits);
            if problems(&after) > known {
                wrong.push(format!("{}: {} breaks the text", place.display(), found.rule));
            }
            let key = (before.path(found.primary.span.file).to_owned(), found.rule.clone(), found.subject.clone());
            let left = lint(&after, builtin::rules(), &Options::default());
            if findings(&after, &left).contains(&key) {
                wrong.push(format!("{}: {} `{}` is there still", place.display(), found.rule, found.subject));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
