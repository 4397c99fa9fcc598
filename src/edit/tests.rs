//! What is changed, and what is not, byte for byte.

use super::*;
use crate::syntax;

/// What becomes of a text when the items between `«` and `»` go, or why they stay.
fn without(marked: &str) -> Result<String, Obstacle> {
    let mut text = String::new();
    let mut starts = Vec::new();
    let mut ends = Vec::new();
    for c in marked.chars() {
        match c {
            '«' => starts.push(text.len()),
            '»' => ends.push(text.len()),
            c => text.push(c),
        }
    }
    let mut sources = Sources::new();
    let file = sources.add("f.yml", text);
    let steps = starts.iter().zip(&ends).map(|(start, end)| Step::Remove(Span::new(file, *start, *end)));
    let change = Change::new(Applicability::Safe, "remove it", steps.collect());
    let parsed = syntax::parse(&sources.get(file).text, file);
    let fix = Texts::new(&sources, &|_| Some(&parsed)).work_out(&change)?;
    let after = applied(&sources, &fix.edits);
    assert_eq!(syntax::parse(&after.get(file).text, file).problems, [], "{marked}");
    Ok(after.get(file).text.to_string())
}

#[test]
fn an_item_goes_with_its_comma_or_its_line() {
    let table = [
        // Lines, first, in the middle and last, with their own comments.
        ("l:\n  - «a»\n  - b\n", "l:\n  - b\n"),
        ("l:\n  - a\n  - «b» # b\n  # c\n  - c\n", "l:\n  - a\n  # c\n  - c\n"),
        ("l:\n- a\n- «'b'»", "l:\n- a"),
        ("l:\r\n- a\r\n- «'b'»", "l:\r\n- a"),
        ("l:\r\n  - «a»\r\n  - b\r\n", "l:\r\n  - b\r\n"),
        ("l:\n  - !Sub «'${a}'»\n  - b\n", "l:\n  - b\n"),
        ("l:\n  - Fn::Sub: «'${a}'»\n  - b\n", "l:\n  - b\n"),
        ("l:\n  - «k: 1\n    m: [x]»\n\n  # of the next\n  - k: 2\n", "l:\n\n  # of the next\n  - k: 2\n"),
        ("l:\n  - k: 1\n  - «k: 2\n    m: |\n      text»\n", "l:\n  - k: 1\n"),
        ("l:\n  -\n    «k: 1\n    m: 2»\n  - k: 2\n", "l:\n  - k: 2\n"),
        ("l:\n  - !Join\n    «- ''\n    - - a\n      - b»\n  - c\n", "l:\n  - c\n"),
        // Brackets.
        ("l: [«a», b]\n", "l: [b]\n"),
        ("l: [a, «b»]\n", "l: [a]\n"),
        ("l: [a ,«b», c ]\n", "l: [a, c ]\n"),
        ("l: [«a», «b», c]\n", "l: [c]\n"),
        ("l: [a, «b», «c»]\n", "l: [a]\n"),
        ("l: [«a», b, «c»]\n", "l: [b]\n"),
        ("l: [a, !Sub «'${b}'»]\n", "l: [a]\n"),
        ("l: [\n  a,\n  «b»,\n  c\n]\n", "l: [\n  a,\n  c\n]\n"),
        ("l: [\n  a,\n  «b»,\n]\n", "l: [\n  a,\n]\n"),
        ("{\"l\": [\n  \"a\",\n  «\"b\"»\n]}\n", "{\"l\": [\n  \"a\"\n]}\n"),
        ("{\"l\": [«{\"a\": 1}», {\"b\": [2]}]}", "{\"l\": [{\"b\": [2]}]}"),
    ];
    for (marked, wanted) in table {
        assert_eq!(without(marked).as_deref(), Ok(wanted), "{marked}");
    }
}

#[test]
fn an_item_stays_where_more_would_go_with_it() {
    let table = [
        "l: [«a»]\n",
        "l:\n  - «a»\n",
        "l: [a, # of a\n  «b»]\n",
        "l: [!Sub «a», b]\n",
        "l:\n  - - «a»\n    - b\n",
        "l:\n  - &x «a»\n  - b\n",
        "l:\n  - &x\n    «k: 1»\n  - b\n",
        "l:\n  -\n    # of a\n    «k: 1»\n  - b\n",
        "l:\n  - &x «a»\n  - *x\n",
        "k: &k [«a», b]\nm: *k\n",
        "k: &k {l: [«a», b]}\nm: {<<: *k}\n",
        "l: !If [c, «a», b]\n",
        "l: {'Fn::If': [c, «a», b]}\n",
        "l: [x, {'Fn::If': [c, «a», b]}]\n",
        "l: [x, !Join ['', [«a», b]], !If [c, «a», b]]\n",
        "l: «a»\n",
        "l: \"[«a», b]\"\n",
        "l: [«a», b]\n k: 1\n",
    ];
    for marked in table {
        assert!(without(marked).is_err(), "{marked}: {:?}", without(marked));
    }
}

#[test]
fn a_name_is_written_anew_only_where_it_stands_letter_by_letter() {
    let mut sources = Sources::new();
    let text = "a: [old, 'old', \"old\", \"o\\x6cd\", older]\n";
    let file = sources.add("f.yml", text);
    let parsed = syntax::parse(text, file);
    let at = |range: std::ops::Range<usize>| Span::new(file, range.start, range.end);
    let renamed = |span: Span| {
        let change = Change::rename(Applicability::Safe, "write new", span, "old", "new");
        let fix = Texts::new(&sources, &|_| Some(&parsed)).work_out(&change)?;
        Ok::<String, Obstacle>(applied(&sources, &fix.edits).get(file).text[3..].to_string())
    };
    assert_eq!(renamed(at(4..7)).as_deref(), Ok("[new, 'old', \"old\", \"o\\x6cd\", older]\n"));
    assert_eq!(renamed(at(9..14)).as_deref(), Ok("[old, 'new', \"old\", \"o\\x6cd\", older]\n"));
    assert_eq!(renamed(at(16..21)).as_deref(), Ok("[old, 'old', \"new\", \"o\\x6cd\", older]\n"));
    assert_eq!(renamed(at(23..31)), Err(ELSEWHERE));
    assert_eq!(renamed(at(33..38)), Err(ELSEWHERE));
}

#[test]
fn changes_that_touch_the_same_bytes_or_insert_at_one_place_collide() {
    let mut sources = Sources::new();
    let file = sources.add("f.yml", "0123456789");
    let edit = |start, end| vec![Edit { span: Span::new(file, start, end), text: "x".into() }];
    assert!(collide(&edit(0, 3), &edit(2, 4)));
    assert!(collide(&edit(2, 2), &edit(2, 2)));
    assert!(collide(&edit(0, 4), &edit(2, 2)));
    assert!(!collide(&edit(0, 2), &edit(2, 4)));
    let both = [edit(8, 10), edit(0, 2)].concat();
    assert_eq!(&*applied(&sources, &both).get(file).text, "x234567x");
}
