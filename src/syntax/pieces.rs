//! Where the values of a large JSON text start and end, so that they can be read one by one. Looks at
//! brackets and quotes only; what stands between them is for the parser to judge.

use std::ops::Range;

/// A member of the object that a text holds.
#[derive(Debug)]
pub struct Member {
    pub key: Range<usize>,
    pub value: Range<usize>,
    /// The items when the value is a list.
    pub items: Vec<Range<usize>>,
}

impl Member {
    /// The key as it is written between its quotes.
    pub fn name<'t>(&self, text: &'t str) -> &'t str {
        text[self.key.clone()].trim_matches('"')
    }
}

/// The values of a text one after the other, as concatenated outputs and lines of JSON have them;
/// the last one may be cut off.
pub fn values(text: &str) -> Vec<Range<usize>> {
    let mut skim = Skim { bytes: text.as_bytes(), at: 0 };
    let mut found = Vec::new();
    while skim.next().is_some() {
        let start = skim.at;
        let whole = skim.value();
        if whole.is_none() {
            skim.at = text.len();
        }
        // A stray bracket is no value; the parser says so.
        skim.at = skim.at.max(start + 1);
        found.push(start..skim.at);
    }
    found
}

/// The members of a text that is one object; `None` for any other text, and for one that is cut off.
pub fn members(text: &str) -> Option<Vec<Member>> {
    let mut skim = Skim { bytes: text.as_bytes(), at: 0 };
    skim.take(b'{')?;
    let mut found = Vec::new();
    if skim.take(b'}').is_none() {
        loop {
            let key = skim.value().filter(|key| text.as_bytes()[key.start] == b'"')?;
            skim.take(b':')?;
            skim.next()?;
            let start = skim.at;
            let items = if skim.next() == Some(b'[') { skim.items()? } else { skim.value().map(|_| Vec::new())? };
            found.push(Member { key, value: start..skim.at, items });
            if skim.take(b',').is_none() {
                break;
            }
        }
        skim.take(b'}')?;
    }
    skim.next().is_none().then_some(found)
}

struct Skim<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Skim<'_> {
    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        while self.bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then(|| self.at += 1)
    }

    /// Goes behind a list, and gives its items.
    fn items(&mut self) -> Option<Vec<Range<usize>>> {
        let mut items = Vec::new();
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(items);
        }
        loop {
            items.push(self.value()?);
            if self.take(b',').is_none() {
                break;
            }
        }
        self.take(b']')?;
        Some(items)
    }

    /// Goes behind one value; `None` where it does not end.
    fn value(&mut self) -> Option<Range<usize>> {
        self.next()?;
        let start = self.at;
        let mut open = 0usize;
        loop {
            match self.bytes.get(self.at)? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    open = open.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if open == 0 => return None,
                _ if open > 0 => self.at += 1,
                _ => self.word(),
            }
            if open == 0 {
                return Some(start..self.at);
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) {
        let rest = &self.bytes[self.at..];
        let ends =
            |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}' | b'{' | b'[' | b'"' | b':');
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_are_found_whatever_strings_hold() {
        let text = r#" {"a": [{"x": "]}\""}, 2 , "three"], "b" : {"c": [1]}, "d": false, "e": []} "#;
        let members = members(text).expect("one object");
        let shown: Vec<(&str, &str, usize)> = members
            .iter()
            .map(|member| (&text[member.key.clone()], &text[member.value.clone()], member.items.len()))
            .collect();
        assert_eq!(shown[0], (r#""a""#, r#"[{"x": "]}\""}, 2 , "three"]"#, 3));
        assert_eq!(shown[1..], [(r#""b""#, r#"{"c": [1]}"#, 0), (r#""d""#, "false", 0), (r#""e""#, "[]", 0)]);
        assert_eq!(&text[members[0].items[1].clone()], "2");
    }

    #[test]
    fn a_text_that_is_not_one_whole_object_has_no_members() {
        for text in
            ["", "[]", "{", r#"{"a": 1"#, r#"{"a": [1, }"#, r#"{"a" 1}"#, r#"{"a": 1} {}"#, r#"{"a": "b}"#, "{a: 1}"]
        {
            assert!(members(text).is_none(), "{text}");
        }
    }

    #[test]
    fn values_that_follow_each_other_are_told_apart_and_the_last_may_be_cut() {
        let text = "{\"a\": \"}\"}\n[1, 2] {\"b\": [";
        let values: Vec<&str> = values(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(values, [r#"{"a": "}"}"#, "[1, 2]", r#"{"b": ["#]);
    }
}
