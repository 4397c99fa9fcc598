//! Markdown for a comment on a pull request and for the summary of a step. A comment takes 65,536
//! characters; findings beyond are counted. Nothing in a text of the repository is markup.

use super::{Format, Scene, change, finding, lines, summary, words};
use crate::diagnostic::{Diagnostic, Severity};
use crate::linter::Report;

/// Characters of a report; what is left is for its end.
const MOST: usize = 60_000;
/// Characters that sources may take; lines of findings take the rest.
const MOST_SOURCES: usize = 30_000;

pub fn report(scene: &Scene, report: &Report, fail_on: Option<Severity>) -> String {
    // A program that renews its comment finds it by the first line.
    let mut out = String::from("<!-- iamlint -->\n### iamlint\n\n");
    for (text, place) in report.change.iter().flat_map(|one| change::sentences(scene, one)) {
        if out.len() + text.len() > MOST_SOURCES {
            out.push_str("- and more, for which there is no room here\n");
            break;
        }
        out.push_str(&format!("- {} ({})\n", sentence(&text), code(&place)));
    }
    if report.change.is_some() {
        out.push('\n');
    }
    let mut frames = 0;
    let mut told = 0;
    for found in &report.diagnostics {
        let line = item(scene, found);
        if out.len() + line.len() > MOST {
            break;
        }
        out.push_str(&line);
        told += 1;
        let frame = details(scene, found);
        if frames + frame.len() <= MOST_SOURCES && out.len() + frame.len() <= MOST {
            frames += frame.len();
            out.push_str(&frame);
        }
    }
    let left_out = report.diagnostics.len() - told;
    if left_out > 0 {
        out.push_str(&format!("- and {left_out} more, for which there is no room here\n"));
    }
    if told > 0 {
        out.push('\n');
    }
    out.push_str(&fenced(summary::text(scene, report, Format::Markdown, fail_on).trim()));
    out
}

fn item(scene: &Scene, found: &Diagnostic) -> String {
    format!(
        "- **{}** {} {} ({} {})\n",
        found.severity,
        code(&finding::place(scene, found.primary.span)),
        sentence(&finding::message(found)),
        code(&found.rule),
        code(&found.id(scene.sources)),
    )
}

/// The source, folded away. It belongs to the list item above.
fn details(scene: &Scene, found: &Diagnostic) -> String {
    let frame = fenced(lines::rich(scene, std::slice::from_ref(found)).trim_end());
    let indented: String = frame.lines().map(|line| format!("  {line}\n")).collect();
    format!("  <details><summary>source</summary>\n\n{indented}\n  </details>\n")
}

/// A block that no text within it can end.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

/// Text in which pairs of backticks set names apart, as messages have them.
fn sentence(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return plain(text);
    }
    let piece = |(index, piece): (usize, &&str)| if index % 2 == 1 { code(piece) } else { plain(piece) };
    pieces.iter().enumerate().map(piece).collect()
}

/// A span of code; a backtick cannot be within one that is this short.
fn code(text: &str) -> String {
    let text = words::one_line(text).replace('`', "'");
    if text.trim().is_empty() { String::new() } else { format!("`{text}`") }
}

/// Text without any markup, mention, reference or link.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in words::one_line(text).chars() {
        match c {
            '\\' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' | '^' | '=' | '+' => {
                out.extend(['\\', c]);
            }
            // Entities are read after mentions, references and addresses were looked for.
            '`' | '<' | '>' | '&' | ':' => out.push_str(&format!("&#{};", c as u32)),
            '@' | '#' => {
                out.push(c);
                out.push_str("&#8203;");
            }
            _ => out.push(c),
        }
    }
    out.replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_code_and_the_rest_is_no_markup() {
        assert_eq!(sentence("`Role` may *do* it"), "`Role` may \\*do\\* it");
        assert_eq!(sentence("ask @team <b> [x](y)"), "ask @&#8203;team &#60;b&#62; \\[x\\]\\(y\\)");
        assert_eq!(sentence("one ` alone <i>"), "one &#96; alone &#60;i&#62;");
        assert_eq!(sentence("see http://x.y #1"), "see http&#58;//x.y #&#8203;1");
        assert_eq!(code("a`b\nc"), "`a'b c`");
    }

    #[test]
    fn a_fence_is_longer_than_any_within() {
        assert_eq!(fenced("a"), "```text\na\n```\n");
        assert_eq!(fenced("```` x"), "`````text\n```` x\n`````\n");
    }
}
