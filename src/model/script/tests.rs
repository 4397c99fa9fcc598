//! What the commands of a script come to.

use super::*;
use crate::source::Sources;

/// The commands of a script at the root of a repository of these files.
fn commands_in(files: &[(&str, &str)], script: &str) -> (Sources, Vec<Command>) {
    let mut sources = Sources::new();
    let file = sources.add("script.txt", script);
    for (path, text) in files {
        sources.add(*path, *text);
    }
    let repository = Repository::read(&sources);
    let text = Text {
        parts: vec![crate::value::Part::Known(script.into(), crate::source::OffsetMap::verbatim(file, 0))],
        span: Span::new(file, 0, script.len()),
    };
    let commands = of_list(&repository, file, &[text]);
    (sources, commands)
}

/// The first command of a script.
pub fn first(script: &str) -> Command {
    commands_in(&[], script).1.swap_remove(0)
}

/// Each command, its words with what is known put in; a `!` in front of what is not understood.
fn shown(files: &[(&str, &str)], script: &str) -> Vec<String> {
    let line = |command: &Command| {
        let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
        format!("{}{}", if command.is_opaque() { "!" } else { "" }, words.join(" "))
    };
    let (_, commands) = commands_in(files, script);
    commands.iter().filter(|one| !one.words.is_empty()).map(line).collect()
}

#[test]
fn variables_that_were_set_before_are_put_in() {
    assert_eq!(shown(&[], "A=x; B=$A-y; echo ${B} $C"), ["echo x-y $C"]);
    assert_eq!(shown(&[], "export A=x B; echo \"$A$B\""), ["export A=x B", "echo x$B"]);
    assert_eq!(shown(&[], "A='b --c'; $A d; echo \"$A\""), ["b --c d", "echo b --c"]);
    assert_eq!(shown(&[], "A=x; (A=y; echo $A); echo $A"), ["echo y", "echo x"]);
    assert_eq!(shown(&[], "A=x; unset A; echo $A"), ["unset A", "echo $A"]);
    assert_eq!(shown(&[], "A=x; A+=y; echo $A"), ["echo xy"]);
    assert_eq!(shown(&[], "A=x go $A"), ["go $A"]);
    assert_eq!(shown(&[], "echo ${X:-y}"), ["echo y"]);
}

#[test]
fn a_variable_that_a_condition_sets_may_have_both_values() {
    let (_, commands) = commands_in(&[], "A=x\nif t; then A=y; fi\necho $A\nB=1 && C=$B\nfor f in 1 2; do go $f; done");
    let echo = commands.iter().find(|one| one.program() == "echo").expect("a command");
    assert_eq!((echo.words[1].text.as_str(), &echo.words[1].choices[..]), ("$A", &["x".into(), "y".into()][..]));
    let go = commands.iter().find(|one| one.program() == "go").expect("a command");
    assert_eq!(go.words[1].choices, ["1", "2"]);
    // Nothing is known of the value from before.
    let (_, commands) = commands_in(&[], "test -n \"$B\" || D=1; echo $D");
    assert!(commands[1].words.is_empty() && commands[2].words[1].choices.is_empty());
}

#[test]
fn words_point_at_their_text() {
    let (sources, commands) = commands_in(&[], "A=x\naws --p 'a b'$A | jq .\n");
    let spans: Vec<&str> = commands[1].words.iter().map(|word| sources.slice(word.span)).collect();
    assert_eq!(spans, ["aws", "--p", "'a b'$A"]);
    assert_eq!(sources.slice(commands[1].span), "aws --p 'a b'$A");
    assert_eq!(sources.slice(commands[0].assignments[0].name.span), "A");
    assert!(commands[2].is_piped_into && !commands[1].is_piped_into);
}

#[test]
fn scripts_of_the_repository_are_followed() {
    let files = [
        ("ci/deploy.sh", "#!/usr/bin/env bash\nset -e\nsls deploy --stage \"$1\"\n"),
        ("lib.sh", "NAME=demo"),
        ("tool.py", "print(1)"),
    ];
    let script = "cd ci && ./deploy.sh prod; cd ..; . ./lib.sh; echo $NAME; bash ci/deploy.sh $X; ./tool.py";
    assert_eq!(
        shown(&files, script),
        [
            "cd ci",
            "./deploy.sh prod",
            "set -e",
            "sls deploy --stage prod",
            "cd ..",
            ". ./lib.sh",
            "echo demo",
            "bash ci/deploy.sh $X",
            "set -e",
            "sls deploy --stage $1",
            "!./tool.py"
        ]
    );
    let (sources, commands) = commands_in(&files, script);
    let deploy = commands.iter().find(|one| one.deploys()).expect("a deployment");
    assert_eq!(sources.path(deploy.span.file), "ci/deploy.sh");
    let via: Vec<&str> = deploy.via.iter().map(|via| via.shown.as_str()).collect();
    assert_eq!(via, ["./deploy.sh prod"]);
}

#[test]
fn scripts_of_packages_and_makefiles_are_followed() {
    let package =
        ("package.json", r#"{"scripts": {"dev": "sls deploy -s dev", "prod": "npm run dev", "prepare": "h"}}"#);
    assert_eq!(shown(&[package], "npm run prod"), ["npm run prod", "npm run dev", "sls deploy -s dev"]);
    assert_eq!(shown(&[package], "npm ci"), ["npm ci", "h"]);
    assert_eq!(shown(&[package], "yarn run tsc; yarn dev"), ["yarn run tsc", "yarn dev", "sls deploy -s dev"]);
    assert_eq!(shown(&[package], "npm run $S"), ["!npm run $S"]);
    assert_eq!(shown(&[package], "npm run nope"), ["!npm run nope"]);
    assert_eq!(
        shown(&[package], "for s in dev prod; do npm run $s; done"),
        ["npm run $s", "sls deploy -s dev", "npm run dev"]
    );
    let makefile = ("Makefile", "STAGE = dev\nall: build\n\t@sls deploy $(STAGE) $$HOME\nbuild:\n\tgo build\n");
    assert_eq!(shown(&[makefile], "make"), ["make", "go build", "sls deploy ${STAGE} $HOME"]);
    assert_eq!(shown(&[makefile], "make -C . V=1 build"), ["make -C . V=1 build", "go build"]);
    assert_eq!(shown(&[makefile], "make nope"), ["!make nope"]);
    assert_eq!(shown(&[], "make"), ["!make"]);
}

#[test]
fn texts_for_a_shell_are_read_and_others_are_not_understood() {
    assert_eq!(shown(&[], "bash -lc 'a b && c'"), ["bash -lc a b && c", "a b", "c"]);
    assert_eq!(
        shown(&[], "bash <<EOF\na $(b)\nEOF\neval \"c d\"; eval $X"),
        ["bash", "a $(b)", "b", "eval c d", "c d", "!eval $X"]
    );
    for opaque in [
        "$X run",
        "curl u | sh",
        "python x.py",
        "python -c 'import boto3'",
        "bash $F",
        "gulp",
        ". $F/x",
        "`a` b",
        "a 'b",
    ] {
        assert!(commands_in(&[], opaque).1.iter().any(Command::is_opaque), "{opaque}");
    }
    for known in [
        "$DIR/bin/aws s3 ls",
        "python --version",
        "node -p 1",
        "./gradlew build",
        "f() { a; }; f",
        "npm test",
        "set -x",
    ] {
        assert!(!commands_in(&[], known).1.iter().any(Command::is_opaque), "{known}");
    }
}

#[test]
fn scripts_that_run_each_other_end() {
    let files = [("a.sh", "./b.sh\n./b.sh 2"), ("b.sh", "./a.sh\n./a.sh 1\n$0 3"), ("Makefile", "a:\n\tmake a")];
    assert!(shown(&files, "./a.sh; make a").len() < 40);
    let grows = "A=xx;".to_owned() + &"A=$A$A;".repeat(64) + "echo $A";
    assert!(commands_in(&[], &grows).1.len() > 60);
}
