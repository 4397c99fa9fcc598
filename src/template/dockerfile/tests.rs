//! What is read of a Dockerfile.

use super::*;
use crate::source::Sources;

fn read(text: &str) -> (Sources, Dockerfile) {
    let mut sources = Sources::new();
    let file = sources.add("Dockerfile", text);
    let found = Dockerfile::read(&sources.get(file).text, file);
    (sources, found)
}

/// All settings of a kind, as they come out.
fn environment(text: &str) -> Vec<String> {
    let (_, found) = read(text);
    let steps = found.stages.iter().flat_map(|stage| &stage.steps);
    let settings = steps.filter_map(|step| match &step.action {
        Action::Env(settings) => Some(settings.clone()),
        _ => None,
    });
    let shown = |one: &Setting| {
        format!(
            "{}={}",
            one.name.value,
            one.value.as_ref().map(|value| value.display().into_owned()).unwrap_or_default()
        )
    };
    settings.flatten().map(|one| shown(&one)).collect()
}

#[test]
fn both_forms_of_env_are_read() {
    assert_eq!(environment("FROM a\nENV A x y|(z.*)\n"), ["A=x y|(z.*)"]);
    assert_eq!(environment("FROM a\nENV A=1 B=\"x y\" \\\n  C='$D' E=f\\ g\n"), ["A=1", "B=x y", "C=$D", "E=f g"]);
    assert_eq!(
        environment("FROM a\nENV A=/app\nENV B=$A/x C=${D} E=${F:-g}\n"),
        ["A=/app", "B=/app/x", "C=${D}", "E=${F}"]
    );
}

#[test]
fn arguments_are_known_by_their_default_where_they_are_asked_for() {
    let (sources, found) = read("ARG V=3.12 # no\nFROM python:$V AS base\nARG V\nENV W=$V\nFROM base\nENV X=$V\n");
    let image = &found.stages[0].image;
    assert_eq!(image.with_defaults().as_deref(), Some("python:3.12"));
    assert_eq!(sources.slice(image.span), "python:$V");
    let first = |stage: usize| {
        found.stages[stage].steps.iter().find_map(|step| match &step.action {
            Action::Env(settings) => settings[0].value.clone(),
            _ => None,
        })
    };
    assert_eq!(first(0).and_then(|text| text.with_defaults()).as_deref(), Some("3.12"));
    assert_eq!(first(1).and_then(|text| text.with_defaults()), None);
    assert_eq!(found.stages[1].base, Some(0));
}

#[test]
fn the_user_is_the_last_one_of_the_final_image() {
    let user = |text: &str| read(text).1.user().map(|(user, _)| user.display().into_owned());
    assert_eq!(user("FROM a\nUSER x\nUSER y\n").as_deref(), Some("y"));
    assert_eq!(user("FROM a AS b\nUSER x\nFROM b\nRUN z\n").as_deref(), Some("x"));
    assert_eq!(user("FROM a AS b\nUSER x\nFROM c\n"), None);
}

#[test]
fn scripts_hold_their_here_documents() {
    let (_, found) = read(
        "FROM a\nRUN <<EOF\nx\nEOF\nRUN cat <<E >f\ny\nE\nRUN [\"a\", \"b\"]\nHEALTHCHECK --interval=1s CMD c d\n",
    );
    let shown: Vec<String> = found.stages[0]
        .steps
        .iter()
        .map(|step| match &step.action {
            Action::Run { script: Script::Shell(text), .. } | Action::Healthcheck(Some(Script::Shell(text))) => {
                text.display().into_owned()
            }
            Action::Run { script: Script::Exec(words), .. } => format!("{} words", words.len()),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(shown, ["x\n", "cat <<E >f\ny\nE\n", "2 words", "c d"]);
}

#[test]
fn a_file_that_builds_nothing_has_a_problem() {
    for text in ["RUN x\nFROM a\n", "# only\n", "FROM\n", "FROM a\nnonsense here\n"] {
        assert_eq!(read(text).1.problems.len(), 1 + usize::from(text == "FROM\n"), "{text}");
    }
}
