//! Text for people: wrapping, plurals, lists, and what a terminal must not be fed.

use std::borrow::Cow;

/// The text on one line, safe to print: a line break or tab is a space, any other control or
/// direction character is replaced. Names and paths come from repositories that may be hostile.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        Cow::Owned(text.chars().map(|c| if c.is_whitespace() { ' ' } else { visible(c) }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The text with its line breaks, each line safe to print, also in a log that a runner reads for
/// commands: `::error::` of GitHub Actions counts behind spaces too.
pub fn lines(text: &str) -> String {
    let line = |line: &str| {
        let is_command = ["::", "##["].iter().any(|start| line.trim_start().starts_with(start));
        format!("{}{}", if is_command { "\\" } else { "" }, one_line(line))
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A character as it may be shown in an excerpt; tabs are the renderer's business.
pub fn visible(c: char) -> char {
    if is_unsafe(c) && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }
}

/// Control characters drive the terminal; direction marks reorder what is read; the others hide.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// An address that may be a link; a rule pack could hold any other scheme.
pub fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
    })
}

/// Breaks lines at spaces so that they fit; a word is never broken, so that it can be copied.
/// An indented line is code and stays.
pub fn wrap(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (index, line) in text.lines().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if line.starts_with(' ') {
            out.push_str(line);
            continue;
        }
        let mut column = 0;
        for word in line.split(' ') {
            let len = word.chars().count();
            if column > 0 && column + 1 + len > width {
                out.push('\n');
                column = 0;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += len;
        }
    }
    out
}

/// `1 policy`, `2 policies`; `noun` is in the singular.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {}", plural(noun)) }
}

pub fn plural(noun: &str) -> String {
    let stem = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match stem {
        Some(stem) => format!("{stem}ies"),
        None if noun.ends_with(['s', 'x', 'z']) || noun.ends_with("ch") || noun.ends_with("sh") => format!("{noun}es"),
        None => format!("{noun}s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_have_their_plural() {
        assert_eq!(count(1, "policy"), "1 policy");
        assert_eq!(count(0, "policy"), "0 policies");
        assert_eq!(count(2, "CloudFormation template"), "2 CloudFormation templates");
        assert_eq!(count(3, "branch"), "3 branches");
        assert_eq!(count(3, "key"), "3 keys");
    }

    #[test]
    fn lists_end_with_and() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&items), "a, b and c");
        assert_eq!(list(&items[..2]), "a and b");
        assert_eq!(list(&items[..1]), "a");
        assert_eq!(list(&[]), "");
    }

    #[test]
    fn words_are_never_broken_and_code_is_never_wrapped() {
        assert_eq!(wrap("run iamlint-explain now", 8), "run\niamlint-explain\nnow");
        assert_eq!(wrap("a b\n  c d e f", 3), "a b\n  c d e f");
        assert_eq!(wrap("", 3), "");
    }

    #[test]
    fn what_drives_a_terminal_is_replaced() {
        assert_eq!(one_line("a\nb\tc"), "a b c");
        assert_eq!(one_line("\u{1b}[2Jx\u{202e}y"), "\u{fffd}[2Jx\u{fffd}y");
        assert_eq!(lines("a\r\nb\n"), "a\nb");
        assert_eq!(lines("a\n::error::b\n  ##[error]c ::d"), "a\n\\::error::b\n\\  ##[error]c ::d");
    }
}
