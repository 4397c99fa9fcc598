//! Variables of the Serverless Framework as they are written: where they stand in a text, and which
//! sources they ask. Knows nothing of their values.
//!
//! Source: <https://www.serverless.com/framework/docs/guides/variables>

use std::ops::Range;

/// How variables are marked off: `${` and `}`, unless `provider.variableSyntax` says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syntax {
    open: String,
    close: String,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(Range<usize>),
    /// `inside` is without the braces.
    Variable {
        whole: Range<usize>,
        inside: Range<usize>,
    },
}

/// One of the sources of a variable: `self:custom.stage`, `file(x.yml):key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'t> {
    pub name: &'t str,
    /// What stands in parentheses.
    pub argument: Option<&'t str>,
    /// What stands behind the colon; empty when there is none.
    pub address: &'t str,
}

/// Longer variables are plain text, and so are those with more variables inside one another.
const MAX_LENGTH: usize = 4096;
const MAX_NESTED: usize = 16;

/// Prefixes of IAM policy variables, which the framework has no source for.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
const POLICY_VARIABLES: [&str; 6] = ["iot", "saml", "ec2", "redshift", "transfer", "graph"];

impl Syntax {
    pub fn standard() -> Syntax {
        Syntax { open: "${".into(), close: "}".into() }
    }

    /// From the regular expression of `provider.variableSyntax`, such as `\${{([ ~:a-zA-Z0-9._]+?)}}`:
    /// what stands before its group opens a variable, what stands behind it closes one. Which
    /// characters the group takes is not asked: what is inside must name a source anyway.
    pub fn of_pattern(pattern: &str) -> Option<Syntax> {
        let open = pattern.find('(').filter(|at| !pattern[..*at].ends_with('\\'))?;
        let close = pattern.rfind(')')?;
        let (open, close) = (literal(&pattern[..open])?, literal(pattern.get(close + 1..)?)?);
        (!open.is_empty() && !close.is_empty()).then_some(Syntax { open, close })
    }

    /// The variables of a text and what stands between them. `\${…}` is no variable.
    pub fn split(&self, text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = 0;
        let mut at = 0;
        while let Some(open) = self.find_open(text, at) {
            if text[..open].ends_with('\\') {
                pieces.push(Piece::Text(rest..open - 1));
                rest = open;
                at = open + self.open.len();
                continue;
            }
            let inside = open + self.open.len();
            let Some(close) = self.close_of(text, inside).filter(|close| self.asks(&text[inside..*close])) else {
                at = inside;
                continue;
            };
            let end = close + self.close.len();
            pieces.push(Piece::Text(rest..open));
            pieces.push(Piece::Variable { whole: open..end, inside: inside..close });
            rest = end;
            at = end;
        }
        pieces.push(Piece::Text(rest..text.len()));
        pieces.retain(|piece| !matches!(piece, Piece::Text(range) if range.is_empty()));
        pieces
    }

    /// The inside of a text that is one variable and nothing else.
    pub fn only_variable<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self.split(text.trim()).as_slice() {
            [Piece::Variable { inside, .. }] => Some(&text.trim()[inside.clone()]),
            _ => None,
        }
    }

    /// The sources of a variable, each the fallback of the one before: they stand between commas.
    pub fn sources<'t>(&self, inside: &'t str) -> Vec<&'t str> {
        let mut sources = Vec::new();
        let mut from = 0;
        let mut at = 0;
        let mut parentheses = 0_u32;
        while let Some(letter) = inside[at..].chars().next() {
            if inside[at..].starts_with(&self.open) {
                let nested = at + self.open.len();
                at = self.close_of(inside, nested).map_or(nested, |close| close + self.close.len());
                continue;
            }
            match letter {
                '\'' | '"' => at = end_of_quote(inside, at).unwrap_or(at),
                '(' => parentheses += 1,
                ')' => parentheses = parentheses.saturating_sub(1),
                ',' if parentheses == 0 => {
                    sources.push(inside[from..at].trim());
                    from = at + 1;
                }
                _ => {}
            }
            at += inside[at..].chars().next().map_or(1, char::len_utf8);
        }
        sources.push(inside[from..].trim());
        sources
    }

    fn find_open(&self, text: &str, from: usize) -> Option<usize> {
        text[from..].find(&self.open).map(|found| found + from)
    }

    /// Where a variable closes, those inside it and quoted texts passed over.
    fn close_of(&self, text: &str, inside: usize) -> Option<usize> {
        let text = &text[..text.floor_char_boundary(inside + MAX_LENGTH)];
        let mut depth = 0;
        let mut at = inside;
        while let Some(letter) = text[at..].chars().next() {
            if text[at..].starts_with(&self.open) {
                depth += 1;
                if depth > MAX_NESTED {
                    return None;
                }
                at += self.open.len();
            } else if text[at..].starts_with(&self.close) {
                if depth == 0 {
                    return Some(at);
                }
                depth -= 1;
                at += self.close.len();
            } else {
                if matches!(letter, '\'' | '"') {
                    at = end_of_quote(text, at).unwrap_or(at);
                }
                at += text[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
        None
    }

    /// Whether what stands in braces asks a source. `${AWS::Region}` and `${Bucket.Arn}` are
    /// CloudFormation's, and `${aws:username}` is IAM's.
    fn asks(&self, inside: &str) -> bool {
        let inside = inside.trim_start();
        if let Some(nested) = inside.strip_prefix(&self.open) {
            return self.close_of(nested, 0).is_some_and(|close| {
                let is_all = matches!(nested[close + self.close.len()..].trim_start().chars().next(), None | Some(','));
                is_all && self.asks(&nested[..close])
            });
        }
        match Source::read(self.sources(inside)[0]) {
            Some(Source { name: "aws", address, .. }) => matches!(address, "accountId" | "region"),
            Some(source) => !POLICY_VARIABLES.contains(&source.name),
            None => false,
        }
    }
}

impl<'t> Source<'t> {
    /// `name:address`, `name(argument)` or `name(argument):address`.
    pub fn read(text: &'t str) -> Option<Source<'t>> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let mut end = text.bytes().position(|byte| !is_name(byte))?;
        // `cf.eu-west-1:stack.output` asks another region.
        if matches!(&text[..end], "cf" | "ssm" | "s3") && text[end..].starts_with('.') {
            end += text[end..].find(':')?;
        }
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return None;
        }
        if let Some(rest) = rest.strip_prefix('(') {
            let (argument, rest) = match rest.find("):") {
                Some(close) => (&rest[..close], &rest[close + 2..]),
                None => (rest.trim_end().strip_suffix(')')?, ""),
            };
            return Some(Source { name, argument: Some(argument.trim()), address: rest.trim() });
        }
        let address = rest.strip_prefix(':').filter(|address| !address.starts_with(':'))?;
        Some(Source { name, argument: None, address: address.trim() })
    }
}

/// Where the quote that opens at `at` closes.
fn end_of_quote(text: &str, at: usize) -> Option<usize> {
    let quote = text[at..].chars().next()?;
    text[at + 1..].find(quote).map(|found| at + 1 + found)
}

/// The text that a part of a pattern stands for; `None` when it stands for more than one.
fn literal(pattern: &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push(letters.next().filter(|escaped| !escaped.is_alphanumeric())?),
            '.' | '*' | '+' | '?' | '[' | '|' | '^' => return None,
            plain => text.push(plain),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(syntax: &Syntax, text: &str) -> Vec<String> {
        let pieces = syntax.split(text).into_iter();
        let found = pieces.filter_map(|piece| match piece {
            Piece::Variable { whole, .. } => Some(text[whole].to_owned()),
            Piece::Text(_) => None,
        });
        found.collect()
    }

    #[test]
    fn what_asks_no_source_is_left_to_cloudformation_and_iam() {
        let standard = Syntax::standard();
        for text in
            ["${AWS::Region}", "${Bucket.Arn}", "${aws:username}", "${www.amazon.com:user_id}", "\\${self:a}", "$x"]
        {
            assert_eq!(variables(&standard, text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(
            variables(&standard, "arn:${AWS::Partition}:s3:::${self:service}-${sls:stage}/${aws:accountId}"),
            ["${self:service}", "${sls:stage}", "${aws:accountId}"]
        );
        assert_eq!(variables(&standard, "${${self:custom.name}Role.Arn}"), ["${self:custom.name}"]);
    }

    #[test]
    fn variables_nest_and_quotes_hide_braces() {
        let standard = Syntax::standard();
        let nested = "${self:custom.${opt:stage, 'd}v'}.name, 'x, y'}";
        assert_eq!(variables(&standard, nested), [nested]);
        let inside = &nested[2..nested.len() - 1];
        assert_eq!(standard.sources(inside), ["self:custom.${opt:stage, 'd}v'}.name", "'x, y'"]);
        assert_eq!(standard.sources("file(a, b.yml):key, \"c\""), ["file(a, b.yml):key", "\"c\""]);
    }

    #[test]
    fn a_pattern_of_the_user_tells_the_braces() {
        let pattern = r#"\${{([ ~:a-zA-Z0-9._\'",\-\/\(\)]+?)}}"#;
        let own = Syntax::of_pattern(pattern).expect("a pattern with one group");
        assert_eq!(
            variables(&own, "${self:a} ${{self:b}} ${{self:custom.${{opt:c}}}}"),
            ["${{self:b}}", "${{self:custom.${{opt:c}}}}"]
        );
        let lookahead = Syntax::of_pattern(r"\${((?!AWS)[ ~:a-zA-Z0-9._@'\,\-\/\(\)]+?)}");
        assert_eq!(lookahead, Some(Syntax::standard()));
        assert_eq!(Syntax::of_pattern("[$]{([a-z]+)}"), None);
        assert_eq!(Syntax::of_pattern("no group"), None);
    }

    #[test]
    fn a_source_has_a_name_an_argument_and_an_address() {
        let source = |name, argument, address| Some(Source { name, argument, address });
        assert_eq!(Source::read("self:custom.a"), source("self", None, "custom.a"));
        assert_eq!(Source::read("file(./a b.yml):x.y"), source("file", Some("./a b.yml"), "x.y"));
        assert_eq!(Source::read("file(a.yml)"), source("file", Some("a.yml"), ""));
        assert_eq!(Source::read("cf.eu-west-1:stack.out"), source("cf.eu-west-1", None, "stack.out"));
        assert_eq!(Source::read("cf(eu-west-1):stack.out"), source("cf", Some("eu-west-1"), "stack.out"));
        assert_eq!(Source::read("Bucket.Arn"), None);
        assert_eq!(Source::read("AWS::Region"), None);
        assert_eq!(Source::read(""), None);
    }
}
