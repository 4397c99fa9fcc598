//! Texts as people write them, and what is underlined in them.

use super::{Read, read};
use iamlint::model::lower::{self, Fragment};
use iamlint::source::Span;
use iamlint::template::Repository;

/// What the file declares, read by the same road as in a run.
fn lowered(text: &str) -> (Read, Fragment) {
    let read = read(text);
    let fragment = lower::lower(&Repository::read(&read.sources), read.file, &lower::Asked::All);
    (read, fragment)
}

/// The source under each action and each resource of all policies.
fn patterns(text: &str) -> Vec<String> {
    let (read, fragment) = lowered(text);
    let statements = fragment.policies.iter().flat_map(|policy| &policy.document.statements);
    let spans: Vec<Span> = statements
        .flat_map(|statement| {
            let actions = statement.actions.iter().flat_map(|actions| &actions.patterns).map(|one| one.span());
            let resources = statement.resources.iter().flat_map(|all| &all.patterns).map(|one| one.span());
            actions.chain(resources).collect::<Vec<_>>()
        })
        .collect();
    spans.into_iter().map(|span| read.slice(span).to_owned()).collect()
}

#[test]
fn keys_items_and_values_in_block_and_flow_style() {
    let read = read("a:\n  - one\n  - {b: two, c: [three, 'four']}\nd : five # six\n");
    assert_eq!(read.slice(read.at("a/0").span()), "one");
    assert_eq!(read.slice(read.at("a/1").span()), "{b: two, c: [three, 'four']}");
    assert_eq!(read.slice(read.at("a/1/c").span()), "[three, 'four']");
    assert_eq!(read.slice(read.at("a/1/c/1").span()), "'four'");
    assert_eq!(read.under(read.at("a/1/c/1"), "four"), "four");
    assert_eq!(read.slice(read.at("a").span()), "- one\n  - {b: two, c: [three, 'four']}");
    assert_eq!(read.slice(read.at("d").span()), "five");
    assert_eq!(read.slice(read.root().entry("d").expect("d").key.span()), "d");
    assert_eq!(read.slice(read.parsed.comments[0].span), "# six");
}

#[test]
fn an_empty_value_stands_at_the_end_of_its_key() {
    let read = read("a:\nb: 1\n");
    let empty = read.at("a");
    assert!(empty.is_null());
    assert_eq!(read.sources.position(empty.span()).column, 2);
    assert!(empty.span().is_empty());
}

#[test]
fn a_literal_block_keeps_its_lines() {
    let read = read("run: |\n    first\n      second\n\n    third\nnext: 1\n");
    let run = read.at("run");
    assert_eq!(run.as_str(), Some("first\n  second\n\nthird\n"));
    assert_eq!(read.under(run, "first"), "first");
    assert_eq!(read.under(run, "  second"), "  second");
    assert_eq!(read.under(run, "third"), "third");
    assert_eq!(read.slice(run.span()), "first\n      second\n\n    third");
    let read = super::read("run: |\n\n    {\n      x\n");
    assert_eq!(read.at("run").as_str(), Some("\n{\n  x\n"));
    assert_eq!(read.under(read.at("run"), "{\n  x"), "{\n      x");
}

#[test]
fn a_folded_block_joins_its_lines() {
    let read = read("run: >-\n  aws s3\n  cp a\n\n  b\nnext: 1\n");
    let run = read.at("run");
    assert_eq!(run.as_str(), Some("aws s3 cp a\nb"));
    assert_eq!(read.under(run, "s3 cp"), "s3\n  cp");
    assert_eq!(read.under(run, "cp a"), "cp a");
    assert_eq!(read.under(run, "b"), "b");
}

#[test]
fn quoted_text_with_escapes() {
    let read =
        read("single: 'it''s here'\ndouble: \"tab\\there \\u00e9 \\\"q\\\" end\"\nlong: \"one\n  two\\\n  three\"\n");
    assert_eq!(read.under(read.at("single"), "it's"), "it''s");
    assert_eq!(read.under(read.at("single"), "here"), "here");
    let double = read.at("double");
    assert_eq!(double.as_str(), Some("tab\there é \"q\" end"));
    assert_eq!(read.under(double, "here"), "here");
    assert_eq!(read.under(double, "é"), "\\u00e9");
    assert_eq!(read.under(double, "\"q\""), "\\\"q\\\"");
    assert_eq!(read.under(double, "end"), "end");
    let long = read.at("long");
    assert_eq!(long.as_str(), Some("one twothree"));
    assert_eq!(read.under(long, "two"), "two");
    assert_eq!(read.under(long, "three"), "three");
}

#[test]
fn plain_text_over_several_lines() {
    let read = read("command: aws s3\n  cp a b\nnext: 1\n");
    assert_eq!(read.at("command").as_str(), Some("aws s3 cp a b"));
    assert_eq!(read.under(read.at("command"), "cp a b"), "cp a b");
    assert_eq!(read.slice(read.at("command").span()), "aws s3\n  cp a b");
}

#[test]
fn tags_anchors_aliases_and_merge_keys() {
    let text = "base: &base\n  region: eu-west-1\n  name: base\nuse:\n  <<: *base\n  name: own\nagain: *base\narn: !GetAtt Role.Arn\nsub: !Sub\n  - '${a}'\n  - a: 1\n";
    let read = read(text);
    assert_eq!(read.slice(read.at("use/region").span()), "eu-west-1");
    assert_eq!(read.slice(read.at("use/name").span()), "own");
    assert_eq!(read.slice(read.at("again").site()), "*base");
    assert_eq!(read.slice(read.at("again").span()), "region: eu-west-1\n  name: base");
    let arn = read.at("arn");
    assert_eq!(read.slice(arn.tag().expect("a tag").span), "!GetAtt");
    assert_eq!(read.slice(arn.span()), "Role.Arn");
    assert_eq!(read.slice(read.at("sub").tag().expect("a tag").span), "!Sub");
    assert_eq!(read.under(read.at("sub/0"), "${a}"), "${a}");
}

#[test]
fn carriage_returns_and_a_byte_order_mark_move_nothing() {
    let read = read("\u{feff}a: one\r\nb: |\r\n  two\r\n  three\r\nc:\r\n  - four\r\n");
    assert_eq!(read.slice(read.at("a").span()), "one");
    assert_eq!(read.under(read.at("b"), "three"), "three");
    assert_eq!(read.slice(read.at("c/0").span()), "four");
    let at = |key: &str| {
        let place = read.sources.position(read.root().entry(key).expect("a key").key.span());
        (place.line, place.column)
    };
    assert_eq!((at("a"), at("b"), at("c")), ((1, 1), (2, 1), (5, 1)));
}

#[test]
fn characters_of_several_bytes_count_as_one_column() {
    let read = read("größe: { schlüssel: 'wert ✓', next: x }\n");
    assert_eq!(read.slice(read.at("größe/schlüssel").span()), "'wert ✓'");
    assert_eq!(read.under(read.at("größe/schlüssel"), "✓"), "✓");
    assert_eq!(read.slice(read.at("größe/next").span()), "x");
    assert_eq!(read.sources.position(read.at("größe/next").span()).column, 37);
}

#[test]
fn minified_json_with_tabs_and_surrogates() {
    let read = read("{\t\"a\":{\"b\":[1,true,\"\\ud83d\\ude00 x\\/y\"]},\"c\":null}");
    assert_eq!(read.slice(read.at("a").span()), "{\"b\":[1,true,\"\\ud83d\\ude00 x\\/y\"]}");
    assert_eq!(read.slice(read.at("a/b/0").span()), "1");
    let text = read.at("a/b/2");
    assert_eq!(text.as_str(), Some("😀 x/y"));
    assert_eq!(read.under(text, "😀"), "\\ud83d\\ude00");
    assert_eq!(read.under(text, "x/y"), "x\\/y");
    assert!(read.at("c").is_null());
}

#[test]
fn a_policy_as_a_json_string_in_yaml() {
    let quoted = "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument: '{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:Get*\",\"iam:PassRole\"],\"Resource\":\"*\"}]}'\n";
    assert_eq!(patterns(quoted), ["\"s3:Get*\"", "\"iam:PassRole\"", "\"*\""]);
    let block = "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument: |\n        {\n          \"Statement\": {\n            \"Effect\": \"Allow\", \"Action\": \"s3:*\",\n            \"Resource\": \"*\" }\n        }\n";
    assert_eq!(patterns(block), ["\"s3:*\"", "\"*\""]);
}

#[test]
fn a_policy_as_a_json_string_in_json() {
    let text = r#"{"Resources":{"P":{"Type":"AWS::IAM::ManagedPolicy","Properties":{"PolicyDocument":
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:\\u0047et*\",\"Resource\":\"arn:aws:s3:::b\"}}"}}}}"#;
    assert_eq!(patterns(text), [r#"\"s3:\\u0047et*\""#, r#"\"arn:aws:s3:::b\""#]);
}

#[test]
fn a_policy_inside_a_sub() {
    let text = "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument: !Sub |\n        {\"Statement\": [{\n          \"Effect\": \"Allow\", \"Action\": \"s3:GetObject\",\n          \"Resource\": \"arn:${AWS::Partition}:s3:::${B}/*\"}]}\n  B:\n    Type: AWS::S3::Bucket\n";
    assert_eq!(patterns(text), ["\"s3:GetObject\"", "\"arn:${AWS::Partition}:s3:::${B}/*\""]);
    let (read, fragment) = lowered(text);
    let resources = fragment.policies[0].document.statements[0].resources.as_ref().expect("resources");
    let arn = resources.patterns[0].text();
    assert_eq!(arn.display(), "arn:${AWS::Partition}:s3:::${B}/*");
    let holes: Vec<&str> = arn.holes().map(|hole| read.slice(hole.span)).collect();
    assert_eq!(holes, ["${AWS::Partition}", "${B}"]);
}

#[test]
fn an_inline_buildspec_in_a_template() {
    let text = "Resources:\n  P:\n    Type: AWS::CodeBuild::Project\n    Properties:\n      Source:\n        Type: GITHUB\n        BuildSpec: |\n          version: 0.2\n          phases:\n            build:\n              commands:\n                - npm ci\n                - \"aws s3 cp \\\"a b\\\" s3://x\"\n";
    let (read, fragment) = lowered(text);
    // Commands are found once all files are linked.
    let model =
        iamlint::model::link(&read.sources, &Repository::read(&read.sources), vec![fragment], Default::default());
    let words: Vec<Vec<&str>> = model.buildspecs[0]
        .commands
        .iter()
        .map(|command| command.words.iter().map(|word| read.slice(word.span)).collect())
        .collect();
    assert_eq!(words, [vec!["npm", "ci"], vec!["aws", "s3", "cp", "\\\"a b\\\"", "s3://x"]]);
}

#[test]
fn a_mended_line_keeps_its_places() {
    let read = read("a:\n  - Type: EVENT\n   Pattern: PUSH\n  - x\n");
    assert_eq!(read.slice(read.at("a/0/Pattern").span()), "PUSH");
    assert_eq!(read.sources.position(read.at("a/0/Pattern").span()).column, 13);
    assert_eq!(read.slice(read.at("a/1").span()), "x");
}
