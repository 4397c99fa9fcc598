//! A word of a script with the values of its variables put in.

use super::environment::{Environment, Values};
use crate::model::command::Word;
use crate::source::{OffsetMap, Span};
use crate::syntax::shell::{self, Operator};
use crate::value::{Hole, HoleKind, Part, Rendered, Text};

/// A word is not let grow larger than this by its variables.
const MAX_BYTES: usize = 4096;

/// What words are read with.
pub struct Scope<'a> {
    pub rendered: &'a Rendered,
    pub environment: &'a Environment,
    pub shell: usize,
}

/// A word that is being put together.
#[derive(Default)]
struct Made {
    parts: Vec<Part>,
    text: String,
    written: String,
    /// Texts that the word may be, while each variable so far has known values.
    choices: Vec<String>,
    has_choice: bool,
    is_open: bool,
}

/// The words that a written word becomes: one, or several where a variable without quotes holds
/// blanks.
pub fn read(scope: &Scope<'_>, word: &shell::Word<'_>) -> Vec<Word> {
    let span = scope.rendered.map.span(word.range.clone());
    if let [shell::Part::Variable { name, quoted: false, .. }] = word.parts.as_slice()
        && let Some(text) = scope.environment.get(scope.shell, name).and_then(Values::only)
        && let Some(text) = text.literal()
        && text.contains([' ', '\n', '\t'])
    {
        let written = scope.rendered.text[word.range.clone()].to_owned();
        let pieces = text.split_ascii_whitespace().map(|piece| Word {
            value: Text::at(piece, span),
            text: piece.to_owned(),
            written: Some(written.clone()),
            choices: Vec::new(),
            span,
        });
        return pieces.collect();
    }
    vec![whole(scope, &word.parts, span)]
}

/// The word as one, whatever is in its variables: the value of an assignment, a here-document.
pub fn whole(scope: &Scope<'_>, parts: &[shell::Part<'_>], span: Span) -> Word {
    let mut made = Made { choices: vec![String::new()], ..Made::default() };
    for part in parts {
        add(scope, part, &mut made);
    }
    let value = Text { parts: made.parts, span }.normalised();
    let choices = if made.has_choice && !made.is_open { made.choices } else { Vec::new() };
    let written = (made.written != made.text).then_some(made.written);
    Word { value, text: made.text, written, choices, span }
}

fn add(scope: &Scope<'_>, part: &shell::Part<'_>, made: &mut Made) {
    let range = match part {
        shell::Part::Literal { range, .. }
        | shell::Part::Variable { range, .. }
        | shell::Part::Output { range, .. }
        | shell::Part::Computed { range } => range.clone(),
    };
    let span = scope.rendered.map.span(range.clone());
    let written = with_names(scope.rendered, &scope.rendered.text[range.clone()]);
    match part {
        shell::Part::Literal { text, .. } => {
            let shown = with_names(scope.rendered, text);
            made.text.push_str(&shown);
            made.written.push_str(&shown);
            made.choices.iter_mut().for_each(|choice| choice.push_str(&shown));
            let map = if range.len() == text.len() { scope.rendered.map.slice(range) } else { OffsetMap::whole(span) };
            let known = Text { parts: vec![Part::Known(text.as_ref().into(), map)], span };
            let known = known.restore(&scope.rendered.holes);
            made.is_open |= known.has_holes();
            made.parts.extend(known.parts);
        }
        shell::Part::Variable { name, operator, .. } => {
            made.written.push_str(&written);
            let values = scope.environment.get(scope.shell, name);
            match (operator, values) {
                (Operator::Plain | Operator::Default(_), Some(values)) if values.only().is_some() => {
                    let Some(text) = values.only() else { return };
                    made.put(text, &written, span);
                }
                (Operator::Plain | Operator::Default(_), Some(values)) if !values.known.is_empty() => {
                    let default = values.default_text().filter(|text| made.text.len() + text.len() <= MAX_BYTES);
                    made.text.push_str(default.unwrap_or(&written));
                    made.choose(values);
                    made.hole(name, span, HoleKind::Variable, default);
                }
                (Operator::Default(word), None) => {
                    // Nothing in the script sets it; who starts the script may.
                    let default = whole(scope, word, span);
                    let default = default.value.literal().map(str::to_owned);
                    made.text.push_str(default.as_deref().unwrap_or(&written));
                    made.is_open = true;
                    made.hole(name, span, HoleKind::Variable, default.as_deref());
                }
                _ => made.unknown(name, &written, span, HoleKind::Variable),
            }
        }
        shell::Part::Output { .. } | shell::Part::Computed { .. } => {
            made.written.push_str(&written);
            made.unknown(&written, &written, span, HoleKind::Computed);
        }
    }
}

impl Made {
    /// The value of a variable; where a part of it is not known the text shows the variable.
    fn put(&mut self, value: &Text, written: &str, span: Span) {
        let shown = match value.literal() {
            Some(text) if self.text.len() + text.len() <= MAX_BYTES => text,
            Some(_) => return self.unknown(written, written, span, HoleKind::Computed),
            None => {
                self.is_open = true;
                written
            }
        };
        self.text.push_str(shown);
        self.choices.iter_mut().for_each(|choice| choice.push_str(shown));
        self.parts.extend(value.parts.iter().take(64).map(|part| match part {
            Part::Known(text, _) => Part::Known(text.clone(), OffsetMap::whole(span)),
            Part::Hole(hole) => Hole { span, ..Hole::clone(hole) }.into(),
        }));
    }

    /// One of several values.
    fn choose(&mut self, values: &Values) {
        let texts: Vec<&str> = values.known.iter().filter_map(Text::literal).collect();
        self.is_open |= values.is_open || values.is_default || texts.len() < values.known.len();
        self.is_open |= std::mem::replace(&mut self.has_choice, true);
        if !self.is_open {
            let before = std::mem::take(&mut self.choices).pop().unwrap_or_default();
            self.choices = texts.into_iter().map(|text| format!("{before}{text}")).collect();
        }
    }

    fn unknown(&mut self, name: &str, written: &str, span: Span, kind: HoleKind) {
        self.text.push_str(written);
        self.is_open = true;
        self.hole(name, span, kind, None);
    }

    fn hole(&mut self, name: &str, span: Span, kind: HoleKind, default: Option<&str>) {
        let (name, default) = (name.to_owned(), default.map(str::to_owned));
        self.parts.push(Hole { name, kind, span, template: span.file, default }.into());
    }
}

/// Markers of holes become `${name}` again.
fn with_names(rendered: &Rendered, text: &str) -> String {
    if rendered.holes.is_empty() {
        return text.to_owned();
    }
    let known = Text::at(text, Span::start_of(rendered.map.file())).restore(&rendered.holes);
    known.display().into_owned()
}
