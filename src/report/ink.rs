//! Colour for terminals, by flag alone: nothing here looks at the environment.

use super::Style;
use crate::diagnostic::Severity;

/// What is painted, not how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// The name of a severity, and what stands for it.
    Severity(Severity),
    /// The sentence to read first.
    Strong,
    /// Keys of footnotes.
    Key,
    /// Frames and line numbers.
    Frame,
    /// Places that are not the cause.
    Second,
    /// Nothing is wrong.
    Good,
}

pub const RESET: &str = "\x1b[0m";

/// The escape sequence that switches an ink on. Only the sixteen colours: a terminal's theme decides.
pub fn code(ink: Ink) -> &'static str {
    match ink {
        Ink::Severity(Severity::Critical) => "\x1b[1;31m",
        Ink::Severity(Severity::High) => "\x1b[31m",
        Ink::Severity(Severity::Medium) => "\x1b[33m",
        Ink::Severity(Severity::Low) => "\x1b[36m",
        Ink::Severity(Severity::Info) => "\x1b[34m",
        Ink::Strong => "\x1b[1m",
        Ink::Key | Ink::Second => "\x1b[36m",
        Ink::Frame => "\x1b[2m",
        Ink::Good => "\x1b[32m",
    }
}

/// The text in colour, where colour is wanted. Each line is painted by itself, since renderers put
/// borders before lines.
pub fn paint(style: &Style, ink: Ink, text: &str) -> String {
    if !style.color {
        return text.to_owned();
    }
    let lines: Vec<_> = text.split('\n').map(|line| format!("{}{line}{RESET}", code(ink))).collect();
    lines.join("\n")
}

/// The text as a hyperlink, where links are wanted.
pub fn link(style: &Style, url: Option<&str>, text: &str) -> String {
    match url {
        // A control character in the address would end the sequence early.
        Some(url) if style.links && !url.chars().any(char::is_control) => {
            format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\")
        }
        _ => text.to_owned(),
    }
}
