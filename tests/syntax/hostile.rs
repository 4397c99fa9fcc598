//! Broken, odd and malicious input: what is said of it, and what is still read.

use super::{Read, read, shape};
use iamlint::syntax::Node;
use std::fs;

fn fixture(name: &str) -> Read {
    read(&fs::read_to_string(format!("fixtures/syntax/{name}")).expect("a fixture"))
}

/// File, the problems as `line:column message | help`, and the documents.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

const CASES: &[Case] = &[
    ("bare-cr.yml", &[], &["{\"a\": \"1\", \"b\": \"2\", \"c\": [\"x\"]}"]),
    (
        "bare-star.yml",
        &["1:9 a plain value must not start with `*` | put it in quotes: `'*'`"],
        &["{\"Action\": \"*\", \"Resource\": [\"*\"], \"Effect\": \"Allow\"}"],
    ),
    (
        "colon-in-value.yml",
        &[
            "1:7 this is not YAML: mapping values are not allowed in this context | quote the value: `: ` inside a plain value starts a new mapping",
        ],
        &["{\"b\": \"2\"}"],
    ),
    ("comments-and-commas.json", &[], &["{\"a\": [\"1\", \"2\"], \"b\": \"1\"}"]),
    (
        "crlf-and-bom.yml",
        &["3:4 `c` does not line up with the keys beside it | move line 3 to the left by one column"],
        &["{\"a\": {\"b\": \"1\", \"c\": \"2\"}}"],
    ),
    ("directive.yml", &[], &["{\"Version\": \"2012-10-17\"}"]),
    ("documents.yml", &[], &["{\"a\": \"1\"}", "{\"b\": \"2\"}", "{\"c\": \"3\"}"]),
    (
        "duplicate-key.yml",
        &["4:3 the key `Role` stands twice in one mapping | keep one `Role`, or join the two"],
        &[
            "{\"Resources\": {\"Role\": {\"Type\": \"first\"}, \"Other\": {\"Type\": \"x\"}, \"Role\": {\"Type\": \"second\"}}}",
        ],
    ),
    (
        "duplicate-statement.json",
        &["3:3 the key `Statement` stands twice in one mapping | keep one `Statement`, or join the two"],
        &["{\"Statement\": [{\"Effect\": \"Deny\"}], \"Statement\": [{\"Effect\": \"Allow\"}]}"],
    ),
    ("empty.yml", &[], &[]),
    (
        "left-out-part.json",
        &["3:3 this is not JSON: unexpected token | check the commas, quotes and brackets around this place"],
        &["{\"a\": \"1\", \"b\": \"2\"}"],
    ),
    (
        "lone-directive.yml",
        &[
            "1:1 a directive without the `---` that starts the document | write `---` on the line behind the directive, or delete the directive",
        ],
        &["{\"a\": \"1\"}"],
    ),
    (
        "lone-surrogate.json",
        &[
            "1:21 this is not JSON: invalid unicode escape sequence. 'd83d (unpaired high surrogate)' is not a valid UTF8 character | write the character itself, or both halves of its surrogate pair",
        ],
        &["{\"a\": \"😀 �\", \"b\": \"1\"}"],
    ),
    (
        "misaligned-key.yml",
        &["3:6 `Pattern` does not line up with the keys beside it | move line 3 to the right by one column"],
        &["{\"FilterGroups\": [[{\"Type\": \"EVENT\", \"Pattern\": \"PUSH\"}], \"x\"], \"next\": \"1\"}"],
    ),
    (
        "missing-comma.json",
        &["2:9 this is not JSON: expected comma | mend the place; what stands here was understood as far as it can be"],
        &["{\"a\": \"1\", \"b\": \"2\"}"],
    ),
    (
        "no-break-space.yml",
        &["3:1 a line that looks blank holds a no-break space | delete what stands on this line"],
        &["{\"a\": {\"b\": \"1\", \"c\": \"2\"}}"],
    ),
    (
        "no-colon.yml",
        &[
            "2:3 `Type String` is no key with a value | write a colon behind the key, or quote the text above it as one value",
        ],
        &["{\"a\": {\"Default\": \"x\"}, \"b\": \"1\"}"],
    ),
    (
        "nul.yml",
        &["2:1 this is not YAML: unexpected character: `NUL` | delete the control character"],
        &["{\"a\": \"1\", \"c\": \"3\"}"],
    ),
    ("only-a-comment.yml", &[], &[]),
    (
        "open-bracket.json",
        &["3:6 this is not JSON: unexpected colon | check the commas, quotes and brackets around this place"],
        &["{\"a\": [\"1\", \"2\"]}"],
    ),
    (
        "open-bracket.yml",
        &["1:4 this bracket is never closed | end line 1 with `]`"],
        &["{\"a\": [\"1\", \"2\"], \"b\": \"3\", \"c\": \"4\"}"],
    ),
    (
        "open-quote.yml",
        &["1:4 this is not YAML: unclosed quote | close the quote that is open"],
        &["{\"b\": \"2\", \"c\": \"3\"}"],
    ),
    (
        "self-alias.yml",
        &["2:6 an alias stands inside its own anchor | write the part out; a value cannot hold itself"],
        &["{\"a\": {\"b\": <an alias that refers to itself>}, \"c\": \"1\"}"],
    ),
    (
        "tab-among-spaces.yml",
        &["3:2 `c` is indented with a tab, which YAML forbids | indent line 3 with 2 spaces"],
        &["{\"a\": {\"b\": \"1\", \"c\": \"2\"}, \"d\": \"3\"}"],
    ),
    (
        "tab-indentation.yml",
        &["2:2 `b` is indented with a tab, which YAML forbids | indent lines 2 to 3 with spaces, the first with 2"],
        &["{\"a\": {\"b\": \"1\", \"c\": \"2\"}, \"d\": \"3\"}"],
    ),
    (
        "unknown-alias.yml",
        &[
            "1:4 the alias `*nope` has no anchor `&nope` before it | define the anchor above, or quote the text: `\"*nope\"`",
        ],
        &["{\"a\": <an alias without an anchor>, \"b\": \"1\"}"],
    ),
];

#[test]
fn every_slip_is_said_at_its_place_and_the_rest_is_read() {
    let mut wrong = Vec::new();
    for (name, problems, documents) in CASES {
        let read = fixture(name);
        let said = read.problems();
        if said != *problems {
            wrong.push(format!("{name}: said {said:#?}"));
        }
        let shapes: Vec<String> = read.parsed.documents.iter().map(shape).collect();
        if shapes != *documents {
            wrong.push(format!("{name}: read {shapes:#?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_problem_of_a_fixture_has_help() {
    for (name, ..) in CASES {
        for problem in &fixture(name).parsed.problems {
            assert!(problem.help.is_some(), "{name}: {}", problem.message);
            let first = problem.message.chars().next();
            assert!(first.is_some_and(|c| c.is_lowercase() || c == '`'), "{name}: {}", problem.message);
            assert!(!problem.message.ends_with('.') && !problem.message.contains('\n'), "{name}: {}", problem.message);
        }
    }
}

#[test]
fn every_fixture_of_syntax_is_looked_at() {
    let names: Vec<&str> = CASES.iter().map(|(name, ..)| *name).collect();
    let others = ["alias-bomb.yml", "jinja.yml", "go-template.yml", ".gitattributes"];
    for entry in fs::read_dir("fixtures/syntax").expect("the folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(names.contains(&name.as_str()) || others.contains(&name.as_str()), "{name} is in no test");
    }
}

#[test]
fn text_templates_are_told_apart_from_broken_yaml() {
    for name in ["jinja.yml", "go-template.yml"] {
        let read = fixture(name);
        assert!(read.parsed.text_template, "{name}");
        assert!(read.parsed.problems.is_empty() && read.parsed.documents.is_empty(), "{name}");
    }
    for text in ["a: '{{resolve:ssm:x}}'\n b: [", "a: ${{ github.ref }}\n b: [", "a: {b: {c: 1}}\n b: ["] {
        assert!(!read(text).parsed.text_template, "{text}");
    }
}

#[test]
fn an_alias_bomb_is_cut_short() {
    let read = fixture("alias-bomb.yml");
    let expected = "6:8 aliases stand for more than 200000 nodes | write the repeated part out, or split the file";
    assert_eq!(read.problems(), [expected]);
    assert!(read.root().weight() < 400_000, "{}", read.root().weight());
    assert_eq!(read.at("b").items().expect("a list").len(), 10);
}

#[test]
fn ten_thousand_levels_are_refused_and_not_followed() {
    let levels = 10_000;
    let block = |levels: usize| (0..levels).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    let texts = [
        "[".repeat(levels),
        "[".repeat(levels) + &"]".repeat(levels),
        "{\"a\":".repeat(levels),
        "{\"a\":".repeat(levels) + "1" + &"}".repeat(levels),
        format!("a: {}", "[".repeat(levels)),
        format!("a: {}", "{b: ".repeat(levels)),
        "- ".repeat(levels) + "x\n",
        "? ".repeat(levels) + "x\n",
        block(1_000),
    ];
    for text in texts {
        let read = read(&text);
        let problems = read.problems();
        let start = &text[..text.len().min(20)];
        assert_eq!(problems.len(), 1, "{start}: {problems:?}");
        assert!(problems[0].contains("flatten the structure"), "{start}: {problems:?}");
    }
}

#[test]
fn two_hundred_levels_are_read() {
    let levels = 200;
    let block = (0..levels).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>() + &" ".repeat(levels);
    let texts = [
        block + "last: 1\n",
        "{\"a\":".repeat(levels) + "{\"last\": 1}" + &"}".repeat(levels),
        "[".repeat(levels) + "{last: 1}" + &"]".repeat(levels),
    ];
    for text in texts {
        let read = read(&text);
        assert!(read.problems().is_empty(), "{:?}", read.problems());
        let mut node = read.root().clone();
        for _ in 0..levels {
            node = node.get("a").or_else(|| node.items()?.first()).expect("the next level").clone();
        }
        assert_eq!(node.get("last").and_then(Node::as_str), Some("1"));
    }
}

#[test]
fn a_file_of_five_megabytes_is_read_to_its_last_line() {
    let topics: String = (0..50_000)
        .map(|n| format!("  Topic{n}: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: orders {n}}}}} # {n:>32}\n"))
        .collect();
    let text = format!("Resources:\n{topics}  Last: {{Type: AWS::SQS::Queue}}\n");
    assert!(text.len() > 5 << 20, "{}", text.len());
    let read = read(&text);
    assert!(read.problems().is_empty(), "{:?}", read.problems());
    let kind = read.root().get("Resources").and_then(|resources| resources.get("Last")?.get("Type")?.as_str());
    assert_eq!(kind, Some("AWS::SQS::Queue"));
}

#[test]
fn what_stands_before_too_deep_a_nesting_is_read() {
    let read = read(&format!("first: 1\ndeep: {}", "[".repeat(10_000)));
    assert_eq!(read.at("first").as_str(), Some("1"));
}

#[test]
fn many_faulty_lines_are_not_mended_without_end() {
    let read = read(&"a: b: c\n".repeat(10_000));
    assert_eq!(read.parsed.problems.len(), 1);
    let notes = &read.parsed.problems[0].notes;
    assert_eq!(notes.last().map(String::as_str), Some("nothing is read from line 9 on"));
}

#[test]
fn a_wide_file_of_merge_keys_is_read_in_one_walk() {
    let keys: String = (0..20_000).map(|key| format!("  k{key}: 1\n")).collect();
    let read = read(&format!("base: &base\n{keys}use:\n  <<: *base\n  own: 2\n"));
    assert_eq!(read.at("use").entries().expect("a mapping").len(), 20_001);
}

#[test]
fn a_line_full_of_braces_is_looked_at_once() {
    let read = read(&format!("{{\"a\": [\n{}", "{{".repeat(200_000)));
    assert_eq!(read.parsed.problems.len(), 1);
}
