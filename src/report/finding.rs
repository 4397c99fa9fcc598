//! The words of a finding that both text renderers use: its heading and what stands below the source.

use super::{Scene, words};
use crate::diagnostic::{Applicability, Confidence, Diagnostic};
use crate::source::Span;

/// A line below the source: `help: …`, `not sure because …`.
pub struct Footnote {
    pub key: &'static str,
    pub text: String,
}

/// The message as one line, with the confidence where that is less than high.
pub fn message(diagnostic: &Diagnostic) -> String {
    let message = words::one_line(&diagnostic.message);
    match diagnostic.confidence {
        Confidence::High => message.into_owned(),
        confidence => format!("{message} ({confidence} confidence)"),
    }
}

/// `path:line:column`, as editors and terminals understand it.
pub fn place(scene: &Scene, span: Span) -> String {
    let position = scene.sources.position(span);
    format!("{}:{}:{}", words::one_line(scene.sources.path(span.file)), position.line, position.column)
}

/// What there is to say below the source; `left_out` labels had no room.
pub fn footnotes(scene: &Scene, diagnostic: &Diagnostic, left_out: usize) -> Vec<Footnote> {
    let mut notes = Vec::new();
    let mut add = |key, text: &str| notes.push(Footnote { key, text: words::lines(text) });
    if left_out > 0 {
        add("and", &format!("{left_out} more {}", if left_out == 1 { "place" } else { "places" }));
    }
    if let Some(help) = &diagnostic.help {
        add("help:", help);
    }
    // A fix that the help already words is not said twice.
    if let Some(fix) = diagnostic.fix.as_ref().filter(|fix| diagnostic.help.as_ref() != Some(&fix.title)) {
        add(if fix.applicability == Applicability::Safe { "fix:" } else { "unsafe fix:" }, &fix.title);
    }
    for note in &diagnostic.notes {
        add("note:", note);
    }
    for doubt in &diagnostic.doubts {
        let text = match doubt.span {
            Some(span) => format!("{} ({})", doubt.text, place(scene, span)),
            None => doubt.text.clone(),
        };
        add("not sure because", &text);
    }
    if let Some(url) = diagnostic.url.as_ref().filter(|_| scene.style.verbose) {
        add("see:", url);
    }
    if scene.style.explained {
        add("explain:", &format!("iamlint explain {}", diagnostic.id(scene.sources)));
    }
    notes
}
