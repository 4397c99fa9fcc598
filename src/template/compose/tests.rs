//! What is read of compose files.

use super::*;
use crate::source::Sources;

fn read(files: &[(&str, &str)]) -> (Sources, Compose) {
    let mut sources = Sources::new();
    for (path, text) in files {
        sources.add(*path, *text);
    }
    let repository = Repository::read(&sources);
    let compose = Compose::read(&repository, sources.find(files[0].0).expect("a file"));
    (sources, compose)
}

fn environment(service: &Service) -> Vec<String> {
    let shown = |value: &Text| match value.with_defaults() {
        Some(text) => text,
        None => value.display().into_owned(),
    };
    service
        .environment
        .iter()
        .map(|one| format!("{}={}", one.name.value, one.value.as_ref().map_or("-".into(), shown)))
        .collect()
}

#[test]
fn the_environment_may_be_a_list_or_a_map() {
    let text = "services:\n  a:\n    environment:\n      - A=x=y\n      - B\n      - C=${D:-d}-$$E\n  b:\n    environment:\n      \
                A: 1\n      B:\n      C: $F\n";
    let (sources, compose) = read(&[("compose.yml", text)]);
    assert_eq!(environment(&compose.services[0]), ["A=x=y", "B=-", "C=d-$E"]);
    assert_eq!(environment(&compose.services[1]), ["A=1", "B=-", "C=${F}"]);
    let value = compose.services[0].environment[0].value.as_ref().expect("a value");
    assert_eq!(sources.slice(value.span), "x=y");
}

#[test]
fn values_come_from_env_files_too() {
    let text =
        "services:\n  a:\n    image: app:${TAG}\n    env_file: [a.env, {path: no.env}]\n    environment: {B: own}\n";
    let (sources, compose) = read(&[
        ("app/compose.yml", text),
        ("app/.env", "TAG=7\n"),
        ("app/a.env", "# n\nexport A='x y' # z\nB=file # c\n"),
    ]);
    let service = &compose.services[0];
    assert_eq!(service.image.as_ref().and_then(Text::with_defaults).as_deref(), Some("app:7"));
    assert_eq!(environment(service), ["A=x y", "B=file", "B=own"]);
    let value = service.environment[0].value.as_ref().expect("a value");
    assert_eq!((sources.path(value.span.file), sources.slice(value.span)), ("app/a.env", "x y"));
    assert_eq!(compose.not_read.len(), 1);
}

#[test]
fn a_service_has_what_the_one_that_it_extends_has() {
    let text = "services:\n  a:\n    extends: {file: base.yml, service: b}\n    command: own\n  c: {extends: a}\n  \
                d: {extends: d}\n";
    let base = "services:\n  b:\n    privileged: true\n    command: [x, y]\n    volumes: ['/run:/run', {source: s}]\n";
    let (sources, compose) = read(&[("compose.yml", text), ("base.yml", base)]);
    let service = &compose.services[1];
    assert_eq!(service.command[0].literal(), Some("own"));
    assert_eq!(sources.path(service.privileged.expect("a place").file), "base.yml");
    let mounts: Vec<_> = service.mounts.iter().map(|mount| mount.display().into_owned()).collect();
    assert_eq!(mounts, ["/run", "s"]);
}

#[test]
fn a_build_is_a_folder_or_a_mapping() {
    let text = "services:\n  a: {build: ./app}\n  b: {build: {context: x, dockerfile: D, target: t, args: [A=1, B]}}\n";
    let (_, compose) = read(&[("compose.yml", text)]);
    let build = |service: usize| compose.services[service].build.as_ref().expect("a build");
    assert_eq!(build(0).context.as_ref().and_then(Text::literal), Some("./app"));
    assert_eq!((build(1).dockerfile.as_ref().and_then(Text::literal), build(1).arguments.len()), (Some("D"), 2));
}
