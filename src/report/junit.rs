//! JUnit XML, for CodeBuild reports, Jenkins and the like. A suite is a pack of rules; a rule without
//! a finding is a case that passes, so that the share of passing cases means something. CodeBuild
//! takes 500 cases of a report: <https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html>.

use super::{Scene, finding, lines, words};
use crate::diagnostic::{Diagnostic, Severity};
use crate::linter::{NotAnalysed, Report};
use crate::suppress::Suppressed;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeSet;

/// A case fails where its finding makes the run fail: report and exit status say the same.
pub fn report(scene: &Scene, report: &Report, fail_on: Option<Severity>) -> String {
    let mut whole = quick_junit::Report::new("iamlint");
    let packs: Vec<&str> = report.rules.iter().map(|rule| rule.pack.as_str()).collect();
    let found: BTreeSet<&str> = report.diagnostics.iter().map(|found| found.rule.as_str()).collect();
    let pack_of = |id: &str| report.rules.iter().find(|rule| rule.id == id).map_or("other", |rule| &rule.pack);
    let mut suites: Vec<&str> = Vec::new();
    for pack in packs.into_iter().chain(report.diagnostics.iter().map(|found| pack_of(&found.rule))) {
        if !suites.contains(&pack) {
            suites.push(pack);
        }
    }
    for pack in suites {
        let mut suite = TestSuite::new(pack);
        let findings = report.diagnostics.iter().filter(|found| pack_of(&found.rule) == pack);
        suite.add_test_cases(findings.map(|found| case(scene, found, pack, fail_on)));
        let silent = report.rules.iter().filter(|rule| rule.pack == pack && !found.contains(rule.id.as_str()));
        suite.add_test_cases(silent.map(|rule| {
            let mut case = TestCase::new(rule.id.as_str(), TestCaseStatus::success());
            case.set_classname(pack);
            case
        }));
        whole.add_test_suite(suite);
    }
    if !report.suppressed.is_empty() {
        let mut suite = TestSuite::new("suppressed");
        suite.add_test_cases(report.suppressed.iter().map(|one| suppressed(scene, one)));
        whole.add_test_suite(suite);
    }
    if !report.known.is_empty() {
        let mut suite = TestSuite::new("baseline");
        suite.add_test_cases(report.known.iter().map(|found| {
            let mut status = TestCaseStatus::skipped();
            status.set_message("it is in the baseline");
            of_finding(scene, found, "baseline", status)
        }));
        whole.add_test_suite(suite);
    }
    if !report.summary.not_analysed.is_empty() {
        let mut suite = TestSuite::new("not analysed");
        suite.add_test_cases(report.summary.not_analysed.iter().map(|item| not_analysed(scene, item)));
        whole.add_test_suite(suite);
    }
    whole.to_string().expect("a text takes whatever is written")
}

fn case(scene: &Scene, found: &Diagnostic, pack: &str, fail_on: Option<Severity>) -> TestCase {
    let text = lines::rich(scene, std::slice::from_ref(found));
    let fails = fail_on.is_some_and(|threshold| found.severity.reaches(threshold));
    let status = if fails {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(finding::message(found)).set_type(found.severity.name()).set_description(text.as_str());
        status
    } else {
        TestCaseStatus::success()
    };
    let mut case = of_finding(scene, found, pack, status);
    if !fails {
        case.set_system_out(text);
    }
    case
}

fn suppressed(scene: &Scene, one: &Suppressed) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    let reason = one.reason.as_deref().unwrap_or("no reason is given");
    status.set_message(format!("suppressed by {}: {}", one.spelling.name(), words::one_line(reason)));
    of_finding(scene, &one.diagnostic, "suppressed", status)
}

fn of_finding(scene: &Scene, found: &Diagnostic, class: &str, status: TestCaseStatus) -> TestCase {
    let path = words::one_line(scene.sources.path(found.primary.span.file));
    // Without lines, so that a case is the same one in the next run.
    let name = format!("{} {path} {}", found.rule, found.id(scene.sources));
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    place(&mut case, &path, scene.sources.position(found.primary.span).line);
    case
}

fn not_analysed(scene: &Scene, item: &NotAnalysed) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(words::one_line(&item.reason).into_owned());
    let path = words::one_line(&item.path);
    let line = item.span.map(|span| scene.sources.position(span).line);
    let name = line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"));
    let mut case = TestCase::new(name, status);
    case.set_classname("not analysed");
    place(&mut case, &path, line.unwrap_or(1));
    case
}

fn place(case: &mut TestCase, path: &str, line: usize) {
    case.extra.insert("file".into(), path.into());
    case.extra.insert("line".into(), line.to_string().into());
}
