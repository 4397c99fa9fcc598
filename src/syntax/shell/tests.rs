//! What scripts fall into, and that no text is refused.

use super::*;

/// The commands, words apart by `|`, assignments in front; quotes are gone and the rest is as written.
fn commands(text: &str) -> Vec<String> {
    let script = parse(text);
    let shown = |word: &Word<'_>| {
        let parts = word.parts.iter().map(|part| match part {
            Part::Literal { text, .. } => text.as_ref(),
            Part::Variable { range, .. } | Part::Output { range, .. } | Part::Computed { range } => {
                &text[range.clone()]
            }
        });
        parts.collect::<String>()
    };
    let line = |command: &Command<'_>| {
        let assignments = command.assignments.iter().map(|one| format!("{}={}", one.name, shown(&one.value)));
        assignments.chain(command.words.iter().map(shown)).collect::<Vec<_>>().join("|")
    };
    script.commands.iter().map(line).collect()
}

#[test]
fn a_script_falls_into_simple_commands() {
    assert_eq!(commands("a b && c 'd e' | f"), ["a|b", "c|d e", "f"]);
    assert_eq!(commands("x \\\n  y # note\nz;w& v"), ["x|y", "z", "w", "v"]);
    assert_eq!(commands("run 2>&1 >log <in | tee log"), ["run", "tee|log"]);
    assert_eq!(commands("echo a\\ b\"c $D\"'e'"), ["echo|a bc $De"]);
    assert_eq!(commands("A=1 B='x y' go C=2"), ["A=1|B=x y|go|C=2"]);
    assert_eq!(commands("echo \"\" $'a\\nb' a#b"), ["echo||a\nb|a#b"]);
}

#[test]
fn commands_inside_of_words_are_commands() {
    assert_eq!(commands("A=$(aws sts get)"), ["aws|sts|get", "A=$(aws sts get)"]);
    assert_eq!(commands("echo \"x $(a \"$(b)\") `c d`\""), ["b", "a|$(b)", "c|d", "echo|x $(a \"$(b)\") `c d`"]);
    assert_eq!(commands("echo ${X:-$(a)} $((1 + $(b)))"), ["a", "b", "echo|${X:-$(a)}|$((1 + $(b)))"]);
    assert_eq!(commands("diff <(a) >(b c)"), ["a", "b|c", "diff|<(a)|>(b c)"]);
    assert_eq!(commands("A=(x $(y)) z"), ["y", "A=(x $(y))|z"]);
}

#[test]
fn compound_commands_and_functions_are_seen_through() {
    let script = "if a; then b; elif ! c; then d; else e; fi\nwhile f; do g; done";
    assert_eq!(commands(script), ["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(commands("for x in 1 2; do echo $x; done"), ["1|2", "echo|$x"]);
    assert_eq!(commands("case $x in\n a|b) c;;\n (*) d ;;\nesac; e"), ["c", "d", "e"]);
    assert_eq!(commands("( a; b ) && { c; d; }"), ["a", "b", "c", "d"]);
    assert_eq!(commands("f() { a; }\nfunction g { b; }; f"), ["a", "b", "f"]);
    assert_eq!(parse("f () { a; }\nfunction g { b; }").functions, ["f", "g"]);
    assert_eq!(commands("[[ $a == b* && ! -f c ]] && (( 1 < 2 )) || d"), ["$a|==|b*|!|-f|c", "", "d"]);
}

#[test]
fn here_documents_are_text_of_their_command() {
    let text = "cat <<EOF >f && b\nx $(c) $D\nEOF\nd";
    assert_eq!(commands(text), ["cat", "b", "c", "d"]);
    let script = parse(text);
    let body = script.commands[0].redirections[0].body.as_ref().expect("a text");
    assert_eq!(&text[body.range.clone()], "x $(c) $D\n");
    let quoted = parse("cat <<-'E F'\n\t$(c)\n\tE F\nd");
    assert_eq!(quoted.commands.len(), 2, "{quoted:?}");
}

#[test]
fn places_say_what_a_command_depends_on() {
    let place = |text: &str, index: usize| parse(text).commands[index].place;
    assert!(!place("a; { b; }", 1).is_conditional);
    for (text, index) in [("a && b", 1), ("a ||\nb", 1), ("if a; then b; fi", 1), ("f() { b; }", 0)] {
        assert!(place(text, index).is_conditional, "{text}");
    }
    assert!(place("a |\nb", 1).is_piped_into && !place("a || b", 1).is_piped_into);
    assert!(!place("a | b\nc", 2).is_piped_into && place("a | while read x; do b; done", 1).is_piped_into);
    assert!(place("f() { b; }", 0).in_function);
    let subshells = |text: &str| parse(text).commands.iter().map(|one| one.place.subshell != 0).collect::<Vec<_>>();
    assert_eq!(subshells("a; (b); c $(d); e | f; g"), [false, true, true, false, true, false, false]);
}

#[test]
fn what_cannot_be_taken_apart_is_said() {
    for text in ["a \"b", "a 'b", "a ${b", "a $(b", "a `b", "a $((b) | c)"] {
        let script = parse(text);
        assert_eq!(script.unread.len(), 1, "{text}: {script:?}");
        assert!(!script.commands.is_empty(), "{text}");
    }
    assert!(parse("a $b ${c:-d} \"$(e)\" `f` \\\" $ \"$\" x{y}").unread.is_empty());
}

#[test]
fn hostile_texts_end() {
    for unit in
        ["(", "$(", "${", "\"$(", "`", "((", "$((", "{ ", "if ", "case x in ", "<<a ", "f() ", "a=(", "é", "[[ "]
    {
        let text = unit.repeat(20_000);
        for command in &parse(&text).commands {
            assert!(text.is_char_boundary(command.range.start) && text.is_char_boundary(command.range.end));
        }
        parse(&format!("{text}\n{}", "a\n".repeat(1000)));
    }
}
