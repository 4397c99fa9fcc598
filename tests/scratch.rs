use iamlint::source::Sources;
use iamlint::syntax;
fn show(name: &str, text: &str) {
    let mut s = Sources::new();
    let f = s.add(name, text);
    let t = std::time::Instant::now();
    let p = syntax::parse(text, f);
    let el = t.elapsed();
    println!(
        "=== {name} docs {} comments {} tt {} repaired {:?} {:?}",
        p.documents.len(),
        p.comments.len(),
        p.text_template,
        p.repaired.iter().map(|x| s.slice(*x).chars().take(60).collect::<String>()).collect::<Vec<_>>(),
        el
    );
    for d in &p.problems {
        let at = s.position(d.primary.span);
        println!(
            "  {}:{} {} | {:?} | {} | label {:?} notes {:?} {:?}",
            at.line,
            at.column,
            d.message,
            d.help,
            s.slice(d.primary.span).chars().take(40).collect::<String>(),
            d.primary.text,
            d.notes,
            d.fix.as_ref().map(|f| &f.title)
        );
        for l in &d.labels {
            println!("     also {:?} {}", s.position(l.span), l.text);
        }
    }
    for d in &p.documents {
        let t = format!("{}", shape(d));
        println!("  {}", t.chars().take(600).collect::<String>());
    }
}
fn shape(n: &syntax::Node) -> String {
    use syntax::Kind::*;
    let tag = n.tag().map(|t| format!("!{} ", t.value)).unwrap_or_default();
    let body = match n.kind() {
        Null => "null".into(),
        Scalar(s) => format!("{:?}", s.text),
        Unreadable(r) => format!("<{r}>"),
        Sequence(i) => format!("[{}]", i.iter().map(shape).collect::<Vec<_>>().join(", ")),
        Mapping(e) => format!(
            "{{{}}}",
            e.iter().map(|e| format!("{}: {}", shape(&e.key), shape(&e.value))).collect::<Vec<_>>().join(", ")
        ),
    };
    tag + &body
}
#[test]
fn scratch() {
    show("dup", "a: 1\nb: 2\na: 3\n");
    show("dup json", "{\"Statement\": [1],\n \"Statement\": [2]}");
    show("tab", "a:\n\tb: 1\n\tc: 2\nd: 3\n");
    show("tab after colon", "a:\tb\nc:\t\td\n");
    show("tab mixed", "a:\n  b: 1\n\tc: 2\nd: 3\n");
    show("bracket", "a: [1, 2\nb: 3\nc: 4\n");
    show("bracket json", "{\"a\": [1, 2\n");
    show("quote", "a: \"one\nb: 2\nc: 3\n");
    show("quote single", "a: 'one\nb: 2\nc: 3\n");
    show("selfalias", "a: &x\n  b: *x\nc: 1\n");
    show("unknownalias", "a: *nope\nb: 1\n");
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (l, p) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f"), ("h", "g"), ("i", "h")] {
        bomb += &format!("{l}: &{l} [{}]\n", vec![format!("*{p}"); 10].join(","));
    }
    show("bomb", &bomb);
    show("deep flow", &"[".repeat(10_000));
    show("deep flow closed", &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
    show("deep obj", &format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)));
    show("deep yaml flow", &format!("x: {}", "[".repeat(10_000)));
    show("deep dash", &format!("{}x\n", "- ".repeat(10_000)));
    show("deep block", &(0..600).map(|i| format!("{}a:\n", " ".repeat(i))).collect::<String>());
    show("deep 300 obj", &format!("{}1{}", "{\"a\":".repeat(300), "}".repeat(300)));
    show("json trailing comma", "{\"a\": [1, 2,],}");
    show("json comments", "// top\n{\"a\": 1 /* in */ }");
    show("json hash comments", "# top\n{\"a\": 1, # in\n \"b\": 2}");
    show("json missing comma", "{\"a\": 1\n \"b\": 2}");
    show("json extra", "{\"a\": 1}\n{\"b\": 2}");
    show("json ellipsis", "{\n  \"a\": 1,\n  ...\n  \"b\": 2\n}\n");
    show("json fragment", "\"Resources\": {\n  \"a\": 1\n}\n");
    show("json tabs", "{\n\t\"a\":\t1,\n\t\"b\": \"x\ty\"\n}");
    show("json control", "{\"a\": \"x\ny\"}");
    show("json lone surrogate", r#"{"a": "\ud83d\ude00 \ud83d x", "b": 1}"#);
    show("jinja", "{% if x %}\nResources:\n  a: {{ b }}\n{% endif %}\n");
    show("go", "Resources:\n{{range .X}}\n  {{.Name}}:\n    Type: AWS::X::Y\n{{end}}\n");
    show("multi", "a: 1\n---\nb: 2\n---\n{c: 3}\n");
    show("multi json/yaml", "---\n{\"a\": 1}\n...\n---\nb: 2\n");
    show("empty", "");
    show("blank", "\n \n# only\n");
    show("bom only", "\u{feff}");
    show("nul", "a: 1\n\0b: 2\nc: 3\n");
    show("nul json", "{\"a\": \"x\0y\", \"b\": 1}");
    show("cr", "a: 1\rb: 2\rc:\r  - x\r");
    show("directive", "%YAML 1.1\n---\na: 1\n");
    show("lone directive", "%YAML 1.1\n");
    show("lone directive2", "%YAML\n");
    show("directive no ---", "%YAML 1.1\na: 1\n");
    show("misindent", "a:\n  - - Type: EVENT\n     Pattern: PUSH\n  - x\nb: 1\n");
    show("misindent2", "a:\n  b: 1\n   c: 2\n  d: 3\n");
    show("nocolon", "a:\n  b 1\n  c: 2\n");
    show("nested colon", "a: Ref: X\nb: 2\n");
    show("nbsp", "a:\n  b: 1\n\u{a0}\u{a0}\n  c: 2\n");
    show("merge", "d: &d {x: 1, y: 2}\ne:\n  <<: *d\n  y: 3\n");
    show("utf16ish", "\u{fffd}\u{fffd}a\0:\0 \01\0");
    show("dup anchors", "a: &x 1\nb: &x 2\nc: *x\n");
    show("top scalar", "hello");
    show("key is mapping", "? {a: 1}\n: b\n[c, d]: e\n");
    show("ifx", "a: !FindInMap [T, {{x}}, cpu]\n");
    show("star", "Statement:\n  - Effect: Allow\n    Action: *\n    Resource: *\n");
    show("star item", "Action:\n  - *\n  - s3:*\nResource: \"*\"\n");
    show("json block comments", "/* a\n b */\n{\"a\": 1 }");
    show("multi json frag", "{\n \"a\": 1,\n \"b\": \"\\ud83d\"\n}");
    show("crlf broken", "a:\r\n  b: 1\r\n   c: 2\r\n");
    show("bom json", "\u{feff}{\"a\": [1, 2,]}");
    show("yaml surrogate", r#"a: "\ud83d\ude00 \u00e9""#);
    show("yaml lone surrogate", "a: \"\\ud83d\"\nb: 1\n");
    show("percent", "a: %x\nb: @y\nc: `z`\n");
}
