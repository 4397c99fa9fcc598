//! What is read of a buildspec.

use super::*;
use crate::source::Sources;
use crate::syntax;

fn read(text: &str) -> (Sources, Buildspec) {
    let mut sources = Sources::new();
    let file = sources.add("buildspec.yml", text);
    let parsed = syntax::parse(&sources.get(file).text, file);
    let value = Value::plain(parsed.root().expect("a root"));
    (sources, Buildspec::read(&value).expect("a mapping"))
}

#[test]
fn every_part_is_read() {
    let (sources, buildspec) = read(
        "version: 0.2\nrun-as: builder\nenv:\n  shell: bash\n  variables: {STAGE: dev}\n  parameter-store: {TOKEN: /t}\n  \
         exported-variables: [STAGE]\n  git-credential-helper: yes\nproxy: {logs: yes}\nphases:\n  install:\n    run-as: root\n    \
         runtime-versions: {nodejs: 20}\n    commands: [npm ci]\n    finally: [date]\nreports:\n  unit:\n    files: [a.xml]\n    \
         file-format: JUNITXML\nartifacts:\n  files: ['**/*']\n  secondary-artifacts:\n    docs: {files: d, s3-prefix: p}\n\
         cache: {key: k, paths: [node_modules]}\n",
    );
    assert_eq!(buildspec.run_as.as_ref().and_then(Text::literal), Some("builder"));
    assert_eq!(buildspec.variables.len(), 2);
    assert_eq!(buildspec.variables[1].origin, VariableOrigin::ParameterStore);
    assert_eq!(buildspec.git_credential_helper, Some(true));
    assert_eq!(buildspec.proxy.as_ref().and_then(|proxy| proxy.logs), Some(true));
    let install = &buildspec.phases[0];
    assert_eq!(sources.slice(install.runtime_versions[0].0.span), "nodejs");
    assert_eq!(install.commands.iter().map(|one| one.display()).collect::<Vec<_>>(), ["npm ci", "date"]);
    assert_eq!(buildspec.reports[0].file_format.as_ref().and_then(Text::literal), Some("JUNITXML"));
    let artifacts = buildspec.artifacts.as_ref().expect("artifacts");
    assert_eq!(artifacts.secondary[0].1.files[0].literal(), Some("d"));
    assert_eq!(buildspec.cache.as_ref().map(|cache| cache.paths.len()), Some(1));
    assert!(buildspec.unknown_keys.is_empty(), "{:?}", buildspec.unknown_keys);
}

#[test]
fn tasks_of_a_batch_say_what_they_do_otherwise() {
    let (sources, buildspec) = read(
        "version: 0.2\nbatch:\n  fast-fail: true\n  build-graph:\n    - identifier: a\n    - identifier: b\n      \
         depend-on: [a]\n      buildspec: b.yml\n      env: {privileged-mode: true, variables: {X: y}}\n  build-matrix:\n    \
         static: {env: {privileged-mode: true}}\n    dynamic: {buildspec: [c.yml, d.yml], env: {variables: {V: [1, 2]}}}\n",
    );
    let batch = buildspec.batch.expect("a batch");
    assert_eq!(batch.fast_fail, Some(true));
    assert_eq!(batch.tasks[1].depends_on[0].literal(), Some("a"));
    assert_eq!(batch.tasks[1].buildspecs[0].literal(), Some("b.yml"));
    let matrix = &batch.tasks[2];
    assert_eq!((matrix.kind, matrix.buildspecs.len(), matrix.variables.len()), (BatchKind::Matrix, 2, 1));
    assert_eq!(sources.slice(matrix.privileged.expect("a place")), "true");
}

#[test]
fn keys_without_a_meaning_are_told_with_the_key_above() {
    let (_, buildspec) = read(
        "version: 0.2\nenvironment: {}\nphases:\n  prebuild: {commands: [a]}\n  build:\n    command: [b]\nx-note: c\n",
    );
    let found: Vec<_> = buildspec.unknown_keys.iter().map(|one| (one.below.as_str(), one.key.value.as_str())).collect();
    assert_eq!(found, [("", "environment"), ("phases", "prebuild"), ("build", "command")]);
}

#[test]
fn the_first_version_has_names_of_its_own() {
    let text = |version| format!("version: {version}\nenvironment_variables: {{plaintext: {{STAGE: live}}}}\n");
    let (_, first) = read(&text("0.1"));
    assert_eq!(first.variables[0].name.value, "STAGE");
    assert!(first.unknown_keys.is_empty() && first.has_a_shell_for_each_command());
    let (_, second) = read(&text("0.2"));
    assert_eq!((second.variables.len(), second.unknown_keys.len()), (0, 1));
}

#[test]
fn a_command_that_became_a_mapping_is_told_with_the_quotes_that_mend_it() {
    let text =
        "phases:\n  build:\n    commands:\n      - echo Done: all # of it\n      - echo it's: so\n      - {a: b}\n";
    let (sources, buildspec) = read(text);
    assert_eq!(buildspec.problems.len(), 3);
    let fix = buildspec.problems[0].fix.as_ref().expect("a fix");
    let mut mended = text.to_owned();
    fix.edits.iter().rev().for_each(|edit| mended.replace_range(edit.span.range(), &edit.text));
    assert!(mended.contains("- 'echo Done: all' # of it\n"), "{mended}");
    assert!(buildspec.problems[1..].iter().all(|problem| problem.fix.is_none()));
    assert_eq!(sources.slice(buildspec.problems[0].primary.span), "echo Done: all");
}
