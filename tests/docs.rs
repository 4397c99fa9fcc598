//! The documentation says what the program does. Pages and the parts between `<!-- name -->` and
//! `<!-- /name -->` are written by `BLESS=1 cargo test --test docs`, and compared without it.

mod walk;

use assert_cmd::Command;
use iamlint::config::Config;
use iamlint::diagnostic::Severity;
use iamlint::linter::{Options, lint};
use iamlint::report::{explain, rules as lists};
use iamlint::rules::{ANALYSES, ParamKind, builtin, examples, pack};
use iamlint::source::Sources;
use iamlint::suppress;
use jiff::civil::date;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use walk::{files_below, shown};

#[test]
fn the_bad_example_of_every_rule_shows_it_and_the_good_one_does_not() {
    for rule in builtin::rules() {
        let id = &rule.id;
        let [bad, good] = examples::of(id).expect("each rule has examples");
        assert!((1..=2).contains(&bad.len()) && (1..=2).contains(&good.len()), "{id}: a file, or two");
        let findings = |example: &Sources| {
            let options = Options { today: Some(examples::DAY), ..Options::default() };
            lint(example, std::slice::from_ref(rule), &options).diagnostics.len()
        };
        assert!((1..=2).contains(&findings(&bad)), "{id}: an example shows its rule once, or twice");
        assert_eq!(findings(&good), 0, "{id}: the good example");
    }
}

#[test]
fn the_schema_of_the_configuration_is_that_of_its_types() {
    settle("docs/iamlint.schema.json", &iamlint::config::schema(), "");
}

#[test]
fn the_schema_of_rule_packs_is_that_of_their_types_and_fits_those_that_are_built_in() {
    settle("docs/rule-pack.schema.json", &pack::schema(), "");
    let schema = serde_json::from_str(&pack::schema()).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let is_valid = |text: &str| schema.is_valid(&serde_yaml::from_str(text).expect("YAML"));
    for name in builtin::PACKS {
        assert!(is_valid(&read(&format!("rules/{name}.yml"))), "{name}");
    }
    let house = read("rules/examples/house.yml");
    assert!(is_valid(&house));
    for (from, to) in [
        ("severity: high", "severity: grave"),
        ("analysis: access-key", "analysis: acess-key"),
        ("principals: roles", "principal: roles"),
        ("with: { principals: codebuild, ", "with: { "),
        ("    with: { principals: roles }", ""),
        ("[iam:CreateRole]", "{ is: iam:CreateRole }"),
        ("id: no-static-keys", "id: No_static_keys"),
    ] {
        assert!(house.contains(from) && !is_valid(&house.replace(from, to)), "{to}");
    }
}

#[test]
fn the_rule_of_the_documentation_does_as_its_examples_say() {
    let path = "docs/writing-rules.md";
    let folder = tempfile::tempdir().expect("a folder");
    let examples = folder.path().join("rules/ours/builds-delete-no-tables");
    fs::create_dir_all(&examples).expect("a folder");
    let bad = block_of(path, "yaml", "Resources:");
    let good = bad.replace("dynamodb:* #~ builds-delete-no-tables high", "dynamodb:GetItem");
    for (file, text) in [
        (folder.path().join("rules/ours.yml"), block_of(path, "yaml", "pack: ours")),
        (examples.join("bad.yml"), bad),
        (examples.join("good.yml"), good),
    ] {
        fs::write(file, text).expect("a file");
    }
    let words = ["rules", "test", "rules/ours.yml"];
    let output = program().args(words).current_dir(folder.path()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    settle_part(path, "trial", &format!("\n```console\n$ iamlint {}\n{text}```\n\n", words.join(" ")));
}

#[test]
fn every_rule_has_a_page_that_is_current() {
    for rule in builtin::rules() {
        settle(&format!("docs/rules/{}.md", rule.id), &explain::rule_markdown(rule), "");
    }
    for rule in &suppress::RULES {
        settle(&format!("docs/rules/{}.md", rule.id), &explain::own_rule_markdown(rule), "");
    }
}

#[test]
fn every_example_of_a_finding_about_suppressions_shows_it() {
    for rule in &suppress::RULES {
        let page = explain::own_rule_markdown(rule);
        let (bad, good) = page.split_once("## Good").expect("two examples");
        assert!(bad.contains(&format!("{}[{}]", rule.severity, rule.id)), "{bad}");
        let mut sources = Sources::new();
        sources.add("buildspec.yml", rule.good);
        let options = Options { today: Some(date(2027, 3, 1)), ..Options::default() };
        let report = lint(&sources, &builtin::asked_by_default(), &options);
        assert!(report.diagnostics.iter().all(|found| found.severity == Severity::Info), "{good}");
        assert!(report.diagnostics.iter().all(|found| found.rule != rule.id), "{good}");
    }
}

#[test]
fn no_page_of_a_rule_that_is_gone_lingers() {
    let ids = builtin::rules().iter().map(|rule| rule.id.as_str()).chain(suppress::RULES.iter().map(|rule| rule.id));
    let known: BTreeSet<String> = ids.map(|id| format!("docs/rules/{id}.md")).collect();
    for path in files_below("docs/rules").iter().map(|path| shown(path)).filter(|path| !known.contains(path)) {
        if is_blessing() {
            fs::remove_file(&path).expect("the folder is writable");
        } else {
            panic!("{path} is the page of no rule; BLESS=1 deletes it");
        }
    }
}

#[test]
fn the_checks_of_other_tools_are_found_or_the_reason_is_told() {
    let table = read("data/peers/checks.tsv");
    let rows: Vec<Vec<&str>> =
        table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect();
    assert!(rows.is_sorted(), "the table is sorted");
    let tools: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    let (mut text, mut counts) = (String::new(), String::new());
    let (mut in_scope, mut found) = validated_codes();
    let _ = writeln!(counts, "| [Access Analyzer](validate-policy.md) | {in_scope} | {found} |");
    for tool in tools {
        let _ = write!(text, "\n## {tool}\n\n| check | what it asks | found by |\n|---|---|---|\n");
        let (mut of_tool, mut found_of_tool) = (0, 0);
        for row in rows.iter().filter(|row| row[0] == tool) {
            let [_, id, asks, scope, reason] = row[..] else { panic!("five columns: {row:?}") };
            let rules = builtin::rules().iter().filter(|rule| rule.replaces.iter().any(|other| other == id));
            let rules: Vec<String> = rules.map(|rule| format!("[`{0}`](rules/{0}.md)", rule.id)).collect();
            let is_in = scope == "in";
            assert!(is_in || scope == "out", "{id}: {scope}");
            assert_eq!(rules.is_empty(), !reason.is_empty(), "{tool} {id}: a rule, or why there is none");
            of_tool += usize::from(is_in);
            found_of_tool += usize::from(is_in && !rules.is_empty());
            let answer = match (rules.is_empty(), is_in) {
                (false, _) => rules.join(", "),
                (true, true) => format!("**not found**: {reason}"),
                (true, false) => format!("out of scope: {reason}"),
            };
            let _ = writeln!(text, "| `{id}` | {asks} | {answer} |");
        }
        let _ = writeln!(counts, "| [{tool}](#{tool}) | {of_tool} | {found_of_tool} |");
        in_scope += of_tool;
        found += found_of_tool;
    }
    let share = found * 1000 / in_scope;
    assert!(share >= 950, "{found} of {in_scope}");
    let head = read("docs/coverage.md");
    let head = head.split("<!-- counts -->").next().unwrap_or_default();
    settle(
        "docs/coverage.md",
        &format!(
            "{head}<!-- counts -->\n\n{found} of {in_scope} checks in scope are found: {}.{} %.\n\n\
             | tool | in scope | found |\n|---|--:|--:|\n{counts}\n## Access Analyzer\n\n\
             [validate-policy.md](validate-policy.md) has its codes, one by one.\n{text}",
            share / 10,
            share % 10
        ),
        "",
    );
}

/// How many codes of ValidatePolicy there are, and how many a rule finds.
fn validated_codes() -> (usize, usize) {
    let is_found = |name: &str| builtin::rules().iter().any(|rule| rule.replaces.iter().any(|other| other == name));
    let codes = iamlint::iam::validate::codes::ALL;
    (codes.len(), codes.iter().filter(|code| is_found(code.name)).count())
}

#[test]
fn a_rule_is_explained_by_the_ids_of_other_tools() {
    for (id, rule) in [
        ("CKV_AWS_111", "write-on-every-resource"),
        ("W12", "write-on-every-resource"),
        ("F16", "resource-policy-public"),
    ] {
        let output = iamlint(&["explain", id]);
        assert!(String::from_utf8_lossy(&output.stdout).contains(rule), "{id}");
    }
}

#[test]
fn the_readme_lists_every_rule() {
    settle_part("README.md", "rules", &format!("\n{}\n", lists::markdown(builtin::rules())));
}

#[test]
fn the_readme_shows_what_a_run_prints() {
    let output = iamlint(&["check", "fixtures/projects/serverless-cicd/broken"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("text");
    let first = text.split("\n\n").next().expect("a finding");
    let summary = &text[text.rfind("\nfound ").expect("a summary")..];
    let shown = format!(
        "\n```console\n$ iamlint check fixtures/projects/serverless-cicd/broken\n{}\n\n  …\n{summary}```\n",
        first.trim_end()
    );
    assert!(shown.contains("critical["), "{shown}");
    settle_part("README.md", "report", &shown);
}

#[test]
fn the_help_texts_are_current() {
    let mut shown = String::new();
    for command in
        ["", "check", "explain", "rules", "rules test", "baseline", "config", "data", "uses", "completions", "man"]
    {
        let mut words: Vec<&str> = command.split_whitespace().collect();
        words.push("--help");
        let help = String::from_utf8(iamlint(&words).stdout).expect("text");
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        let _ = write!(
            shown,
            "\n### iamlint{}\n\n```text\n{}\n```\n",
            if command.is_empty() { String::new() } else { format!(" {command}") },
            lines.join("\n")
        );
    }
    settle_part("docs/cli.md", "help", &(shown + "\n"));
}

#[test]
fn the_analyses_that_a_rule_can_ask_are_listed() {
    let mut shown = String::new();
    for analysis in ANALYSES {
        let _ = write!(shown, "\n### {}\n\n{}.\n", analysis.name, capitalised(analysis.summary));
        if !analysis.params.is_empty() {
            shown.push('\n');
        }
        for param in analysis.params {
            let kind = match param.kind {
                ParamKind::Choice(words) => {
                    format!("one of {}", words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
                }
                kind => kind.expects(),
            };
            let needed = if param.required { "needed, " } else { "" };
            let _ = writeln!(shown, "- `{}` ({needed}{kind}): {}", param.name, param.doc);
        }
        let facts: Vec<String> = analysis.facts.iter().map(|fact| format!("`{{{fact}}}`")).collect();
        if !facts.is_empty() {
            let _ = write!(shown, "\nPlaceholders: {}.\n", facts.join(", "));
        }
    }
    settle_part("docs/rule-packs.md", "analyses", &(shown + "\n"));
}

#[test]
fn the_rule_pack_of_the_documentation_can_be_loaded() {
    let mut sources = Sources::new();
    let file = sources.add("mine.yml", block_of("docs/rule-packs.md", "yaml", "pack: "));
    let (rules, problems) = pack::load(&sources, file);
    assert!(problems.is_empty(), "{problems:?}");
    assert!(!rules.is_empty());
}

#[test]
fn the_configuration_of_the_documentation_can_be_read() {
    let mut sources = Sources::new();
    let file = sources.add("iamlint.toml", block_of("docs/configuration.md", "toml", "fail-on"));
    let config = Config::read(&sources, file, "").unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(config.unknown_names(builtin::rules(), &[], file), []);
    assert_eq!(config.ignores.len(), 1);
}

#[test]
fn the_findings_about_suppressions_are_listed() {
    let row = |rule: &suppress::OwnRule| {
        format!("| [`{0}`](rules/{0}.md) | {1} | {2} |\n", rule.id, rule.severity, rule.summary)
    };
    let rows: String = suppress::RULES.iter().map(row).collect();
    let table = format!("\n| finding | severity | |\n|---|---|---|\n{rows}\n");
    settle_part("docs/configuration.md", "suppressions", &table);
}

#[test]
fn the_buildspec_of_the_documentation_is_one_and_has_no_findings() {
    let mut sources = Sources::new();
    sources.add("buildspec-ci.yml", block_of("docs/ci.md", "yaml", "phases:"));
    let report = lint(&sources, builtin::rules(), &Options::default());
    assert_eq!(report.summary.analysed.get("buildspec"), Some(&1));
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    let readme = block_of("README.md", "yaml", "phases:");
    assert!(readme.contains("iamlint check"), "{readme}");
}

#[test]
fn the_hook_of_the_documentation_exists() {
    let hooks = read(".pre-commit-hooks.yaml");
    for path in ["README.md", "docs/ci.md"] {
        let block = block_of(path, "yaml", "repos:");
        let id = block.split("id: ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("the id of a hook");
        assert!(hooks.contains(&format!("- id: {id}\n")), "{path}: {id}");
    }
}

#[test]
fn the_command_of_the_tests_is_the_same_everywhere() {
    for path in ["README.md", "CONTRIBUTING.md", ".ci/run"] {
        assert!(read(path).contains("cargo test"), "{path}");
    }
    assert!(read("README.md").contains("\ncargo run --release -- check fixtures/projects/serverless-cicd\n"));
}

#[test]
fn every_reference_of_a_rule_is_a_web_address() {
    for rule in builtin::rules() {
        for url in &rule.references {
            assert!(is_web_address(url), "{}: {url}", rule.id);
        }
    }
    for bad in ["http://a.b/", "https://", "https://a", "https://a.b/c d", "https://a.b/c>", "https://a..b/", "a.b"] {
        assert!(!is_web_address(bad), "{bad}");
    }
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let mut wrong = Vec::new();
    for path in documents() {
        let text = read(&path);
        let folder = Path::new(&path).parent().expect("a folder");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let right = if target.contains("://") { is_web_address(target) } else { folder.join(file).exists() };
            if !right {
                wrong.push(format!("{path}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_promise_is_held_by_a_test_that_is_there() {
    let page = read("docs/promises.md");
    let rows = page.lines().filter(|line| line.starts_with("| ")).skip(1);
    let held: Vec<Vec<&str>> = rows.map(|row| row.split('`').rev().skip(1).step_by(2).take(2).collect()).collect();
    assert!(held.len() > 28);
    for names in held {
        let [test, path] = names.as_slice() else { panic!("{names:?}") };
        assert!(read(path).contains(&format!("#[test]\nfn {test}() {{")), "{path}: {test}");
    }
}

#[test]
fn every_rule_that_is_named_in_an_explain_command_exists() {
    for path in documents() {
        for rest in read(&path).split("iamlint explain ").skip(1) {
            let line = rest.lines().next().unwrap_or_default();
            let what = line.split([' ', '`']).next().unwrap_or_default();
            let is_id = what.len() == 8 && what.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_rule =
                builtin::rules().iter().any(|rule| rule.id == what || rule.replaces.iter().any(|id| id == what));
            // Words in capitals stand for what the reader puts in; a pack of one's own has rules of its own.
            let is_open = what.contains(':') || what.to_uppercase() == what || line.contains("--rules");
            assert!(is_id || is_rule || is_open, "{path}: {what}");
        }
    }
}

/// All pages, those of rules too.
fn documents() -> Vec<String> {
    let mut paths: Vec<String> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned).into();
    paths.extend(files_below("docs").iter().map(|path| shown(path)));
    paths
}

/// `https://`, a host with a dot, and no character that ends an address in Markdown.
fn is_web_address(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    labels.len() > 1
        && labels
            .iter()
            .all(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        && !rest.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`'))
}

/// The first fenced block of a language that has a text in it.
fn block_of(path: &str, language: &str, needle: &str) -> String {
    let text = read(path);
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(str::to_owned).find(|block| block.contains(needle)).unwrap_or_else(|| panic!("{path}: {needle}"))
}

fn capitalised(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

/// Runs the program as on a terminal of 100 columns without colour.
fn iamlint(words: &[&str]) -> std::process::Output {
    program().args(words).output().expect("it runs")
}

fn program() -> Command {
    let mut command = Command::cargo_bin("iamlint").expect("the program is built");
    for name in ["FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n")
}

/// Writes a file when blessing, compares it otherwise. A note is for what writing alone does not settle.
fn settle(path: &str, text: &str, note: &str) {
    if read(path) == text {
        return;
    }
    assert!(is_blessing(), "{path} is out of date; BLESS=1 writes it anew");
    fs::create_dir_all(Path::new(path).parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("the folder is writable");
    assert!(note.is_empty(), "{path} is written anew; {note}");
}

/// The same for what stands between two marks of a file. Tests run at the same time, so that one file
/// is changed by one at a time.
fn settle_part(path: &str, name: &str, inside: &str) {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let guard = ONE_AT_A_TIME.lock();
    let text = read(path);
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text.find(&open).unwrap_or_else(|| panic!("{path} has no {open}")) + open.len();
    let end = start + text[start..].find(&close).unwrap_or_else(|| panic!("{path} has no {close}"));
    settle(path, &format!("{}{inside}{}", &text[..start], &text[end..]), "");
    drop(guard);
}
