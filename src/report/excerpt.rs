//! The few lines of each file that a finding shows, cut to a readable width, and where its labels
//! stand in them. Renderers draw these instead of whole files: a one-line file of a megabyte, a
//! label of a hundred lines or a control character reaches none of them.

use super::{Scene, words};
use crate::diagnostic::{Diagnostic, Label};
use crate::source::{FileId, Position, SourceFile};
use std::ops::Range;

/// More labels than these are counted, not drawn.
const MOST_LABELS: usize = 12;

/// A label over more lines than these is drawn on its first line only.
const MOST_LINES: usize = 5;

/// What is shown of one file.
#[derive(Debug)]
pub struct Excerpt {
    pub path: String,
    /// The lines that are shown, one after the other, each with a line break.
    pub text: String,
    pub lines: Vec<Line>,
    /// In the order of the chain; the ranges lie in `text`.
    pub marks: Vec<Mark>,
}

/// One line of an excerpt, line break included.
#[derive(Debug)]
pub struct Line {
    /// The 1-based line of the file.
    pub number: usize,
    pub range: Range<usize>,
    /// Lines of one block follow each other in the file too.
    pub block: usize,
}

/// A label in an excerpt.
#[derive(Debug)]
pub struct Mark {
    pub range: Range<usize>,
    pub text: String,
    pub primary: bool,
    /// Where it stands in the file.
    pub position: Position,
}

impl Excerpt {
    /// The lines around a byte of `text` that follow each other in the file.
    pub fn block_at(&self, offset: usize) -> &[Line] {
        let found = self.lines.iter().find(|line| line.range.contains(&offset)).map(|line| line.block);
        let from = self.lines.iter().position(|line| Some(line.block) == found).unwrap_or(0);
        let len = self.lines[from..].iter().take_while(|line| Some(line.block) == found).count();
        &self.lines[from..from + len]
    }
}

/// One excerpt for each file, the file of the cause first, the others in the order of the chain.
pub fn excerpts(scene: &Scene, diagnostic: &Diagnostic) -> Vec<Excerpt> {
    of_labels(scene, diagnostic.all_labels().take(MOST_LABELS))
}

/// The excerpt of the cause alone.
pub fn of_cause(scene: &Scene, diagnostic: &Diagnostic) -> Vec<Excerpt> {
    of_labels(scene, std::iter::once(&diagnostic.primary))
}

fn of_labels<'d>(scene: &Scene, labels: impl Iterator<Item = &'d Label>) -> Vec<Excerpt> {
    let mut files: Vec<(FileId, Vec<Spot>)> = Vec::new();
    for (index, label) in labels.enumerate() {
        let id = label.span.file;
        let spot = spot(scene.sources.get(id), label, index == 0);
        match files.iter_mut().find(|(file, _)| *file == id) {
            Some((_, spots)) => spots.push(spot),
            None => files.push((id, vec![spot])),
        }
    }
    files.iter().map(|(id, spots)| excerpt(scene, *id, spots)).collect()
}

/// How many labels the excerpts do not show.
pub fn left_out(diagnostic: &Diagnostic) -> usize {
    diagnostic.all_labels().count().saturating_sub(MOST_LABELS)
}

/// A label, brought within its file, with the lines it is drawn on.
struct Spot {
    start: usize,
    end: usize,
    first: usize,
    last: usize,
    text: String,
    primary: bool,
    position: Position,
}

fn spot(file: &SourceFile, label: &Label, primary: bool) -> Spot {
    let start = (label.span.start as usize).min(file.text.len());
    let end = (label.span.end as usize).clamp(start, file.text.len());
    // A YAML block ends where the next one starts; the line breaks between are not worth a mark.
    let marked = file.text.get(start..end).unwrap_or("");
    let end = if marked.contains('\n') { start + marked.trim_end().len() } else { end };
    let (first, last) = (file.lines().line(start), file.lines().line(end));
    let mut text = words::one_line(&label.text).into_owned();
    let (last, end) = if last - first < MOST_LINES {
        (last, end)
    } else {
        let space = if text.is_empty() { "" } else { " " };
        text = format!("{text}{space}(to line {last})");
        (first, file.lines().range(&file.text, first).map_or(start, |line| line.end.max(start)))
    };
    Spot { start, end, first, last, text, primary, position: file.position(label.span.start) }
}

fn excerpt(scene: &Scene, id: FileId, spots: &[Spot]) -> Excerpt {
    let file = scene.shown.get(id);
    let mut marks: Vec<Mark> = spots.iter().map(Mark::of).collect();
    let mut text = String::new();
    let mut lines = Vec::new();
    for (block, (first, last)) in blocks(file, spots).into_iter().enumerate() {
        for number in first..=last {
            let Some(range) = file.lines().range(&file.text, number) else { continue };
            let on_line = || spots.iter().enumerate().filter(|(_, spot)| spot.first <= number && number <= spot.last);
            let spans: Vec<_> = on_line().map(|(_, spot)| spot.on(number, &range)).collect();
            let from = text.len();
            let places = write_line(&mut text, &file.text[range.clone()], &spans, scene);
            for ((index, spot), place) in on_line().zip(places) {
                let mark = &mut marks[index].range;
                *mark = if number == spot.first { place } else { mark.start..place.end };
            }
            lines.push(Line { number, range: from..text.len(), block });
        }
    }
    Excerpt { path: words::one_line(&file.path).into_owned(), text, lines, marks }
}

impl Mark {
    fn of(spot: &Spot) -> Mark {
        Mark { range: 0..0, text: spot.text.clone(), primary: spot.primary, position: spot.position }
    }
}

impl Spot {
    /// The part of it on one of its lines, in bytes of that line.
    fn on(&self, number: usize, line: &Range<usize>) -> Range<usize> {
        let start = if number == self.first { self.start } else { line.start };
        let end = if number == self.last { self.end } else { line.end };
        let within = |offset: usize| offset.clamp(line.start, line.end) - line.start;
        within(start)..within(end).max(within(start))
    }
}

/// The stretches of lines to show, each label with a line of context on both sides. The stretch of
/// the cause comes first, whatever stands above it in the file.
fn blocks(file: &SourceFile, spots: &[Spot]) -> Vec<(usize, usize)> {
    let mut blocks: Vec<(usize, usize, usize)> = Vec::new();
    for (rank, spot) in spots.iter().enumerate() {
        let mut block = (
            rank,
            if has_text(file, spot.first - 1) { spot.first - 1 } else { spot.first },
            if has_text(file, spot.last + 1) { spot.last + 1 } else { spot.last },
        );
        // Whatever touches the new one becomes one with it.
        blocks.retain(|old| {
            let apart = old.2 + 1 < block.1 || block.2 + 1 < old.1;
            if !apart {
                block = (old.0.min(block.0), old.1.min(block.1), old.2.max(block.2));
            }
            apart
        });
        blocks.push(block);
    }
    blocks.sort_unstable();
    blocks.into_iter().map(|(_, first, last)| (first, last)).collect()
}

fn has_text(file: &SourceFile, number: usize) -> bool {
    let line = file.lines().range(&file.text, number).and_then(|range| file.text.get(range));
    line.is_some_and(|line| !line.trim().is_empty())
}

/// Writes the windows of a line and a line break, and tells where the spans came to stand.
fn write_line(out: &mut String, line: &str, spans: &[Range<usize>], scene: &Scene) -> Vec<Range<usize>> {
    // Borders and line numbers take the rest of the width.
    let room = scene.style.width.saturating_sub(16).clamp(48, 240);
    let ellipsis = scene.style.ellipsis();
    // Pairs of an offset in the line and the one in `out` that holds from there on.
    let mut points = vec![(0, out.len())];
    let mut written = 0;
    for window in windows(line, spans, room) {
        if window.start > written {
            out.push_str(ellipsis);
        }
        for (at, c) in line[window.clone()].char_indices() {
            points.push((window.start + at, out.len()));
            // A byte order mark is no character of the line.
            if !(c == '\u{feff}' && window.start + at == 0) {
                out.push(words::visible(c));
            }
        }
        points.push((window.end, out.len()));
        written = window.end;
        if written < line.len() {
            // What ends in the part that is cut off is marked up to the ellipsis, inclusive.
            points.push((written + 1, out.len() + ellipsis.len()));
        }
    }
    if written < line.len() {
        out.push_str(ellipsis);
    }
    out.push('\n');
    let place = |offset: usize| points[points.partition_point(|(at, _)| *at <= offset) - 1].1;
    spans.iter().map(|span| place(span.start)..place(span.end)).collect()
}

/// The parts of a line that are shown: all of it, or what stands around the spans.
fn windows(line: &str, spans: &[Range<usize>], room: usize) -> Vec<Range<usize>> {
    if line.len() <= room {
        return std::iter::once(0..line.len()).collect();
    }
    let from = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let to = spans.iter().map(|span| span.end).max().unwrap_or(0);
    let mut wanted = if to - from <= room - room / 4 {
        vec![window(line.len(), &(from..to), room)]
    } else {
        let share = (room / spans.len().max(1)).max(24);
        spans.iter().map(|span| window(line.len(), span, share)).collect()
    };
    wanted.sort_by_key(|window| window.start);
    let mut windows: Vec<Range<usize>> = Vec::new();
    for window in wanted {
        let (start, end) = (line.floor_char_boundary(window.start), line.ceil_char_boundary(window.end));
        match windows.last_mut() {
            // A gap of a few bytes is shorter than the ellipsis and its confusion.
            Some(last) if start <= last.end + 4 => last.end = last.end.max(end),
            _ => windows.push(start..end),
        }
    }
    windows
}

/// `share` bytes of a line of `len`: the span as far as it fits, and as much on both sides.
fn window(len: usize, span: &Range<usize>, share: usize) -> Range<usize> {
    let shown = span.len().min(share - share / 4);
    let before = (share - shown) / 2;
    // Near the end of the line there is more room in front.
    let start = span.start.saturating_sub(before).min(len.saturating_sub(share));
    start..(start + share).min(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::report::{Secrets, Style};
    use crate::source::{Sources, Span};

    /// The text under each mark, and the excerpt.
    fn marked(text: &str, spans: &[(usize, usize)], width: usize) -> (Vec<String>, Excerpt) {
        let mut sources = Sources::new();
        let file = sources.add("f", text);
        let style = Style { width, ..Style::default() };
        let scene = Scene { sources: &sources, shown: &sources, secrets: &Secrets::default(), style: &style };
        let mut labels = spans.iter().map(|(start, end)| Label::new(Span::new(file, *start, *end), "l"));
        let mut diagnostic = Diagnostic::new("r", Severity::High, "m".to_owned(), labels.next().unwrap());
        diagnostic.labels = labels.collect();
        let mut excerpts = excerpts(&scene, &diagnostic);
        assert_eq!(excerpts.len(), 1);
        let excerpt = excerpts.remove(0);
        let under = excerpt.marks.iter().map(|mark| excerpt.text[mark.range.clone()].to_owned()).collect();
        (under, excerpt)
    }

    #[test]
    fn a_short_line_is_shown_whole_with_its_neighbours() {
        let (under, excerpt) = marked("a\nbé c\nd\n\n", &[(6, 7), (3, 5)], 100);
        assert_eq!(under, ["c", "é"]);
        assert_eq!(excerpt.text, "a\nbé c\nd\n");
        let (_, excerpt) = marked("a\n\nb\n\nc\n", &[(3, 4)], 100);
        assert_eq!(excerpt.text, "b\n", "blank neighbours say nothing");
    }

    #[test]
    fn a_long_line_is_cut_around_its_spans() {
        let line = format!("{}<HERE>{}", "x".repeat(70_000), "é".repeat(70_000));
        let (under, excerpt) = marked(&line, &[(70_000, 70_006)], 100);
        assert_eq!(under, ["<HERE>"]);
        assert!(excerpt.text.len() < 120, "{}", excerpt.text);
        assert!(excerpt.text.starts_with("…x") && excerpt.text.ends_with("é…\n"), "{}", excerpt.text);
        assert_eq!(excerpt.marks[0].position, Position { line: 1, column: 70_001 });

        let (under, excerpt) = marked(&line, &[(0, 1), (70_000, 70_006), (line.len(), line.len())], 100);
        assert_eq!(under, ["x", "<HERE>", ""]);
        assert_eq!(excerpt.text.matches('…').count(), 2, "{}", excerpt.text);

        let (under, _) = marked(&line, &[(69_990, 80_000)], 100);
        assert!(under[0].starts_with("xxxxxxxxxx<HERE>é") && under[0].ends_with("é…"), "{under:?}");
    }

    #[test]
    fn places_that_lie_apart_are_blocks_and_the_cause_comes_first() {
        let text = (1..=40).map(|n| format!("line {n}\n")).collect::<String>();
        let at = |n: usize| text.find(&format!("line {n}\n")).unwrap();
        let (under, excerpt) = marked(&text, &[(at(30), at(30) + 4), (at(2), at(2) + 6), (at(5), at(5) + 6)], 100);
        assert_eq!(under, ["line", "line 2", "line 5"]);
        let numbers: Vec<_> = excerpt.lines.iter().map(|line| (line.block, line.number)).collect();
        assert_eq!(numbers, [(0, 29), (0, 30), (0, 31), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6)]);
    }

    #[test]
    fn a_label_over_many_lines_is_drawn_on_its_first() {
        let text = (1..=40).map(|n| format!("line {n}\n")).collect::<String>();
        let (under, excerpt) = marked(&text, &[(5, text.len())], 100);
        assert_eq!(under, ["1"]);
        assert_eq!(excerpt.marks[0].text, "l (to line 40)");
        let (under, _) = marked("a:\n  b\n  c\n\nd\n", &[(0, 12)], 100);
        assert_eq!(under, ["a:\n  b\n  c"], "line breaks at the end are not marked");
    }

    #[test]
    fn spans_that_are_out_of_range_are_brought_within() {
        let (under, excerpt) = marked("ab", &[(7, 9), (1, 9), (2, 2)], 100);
        assert_eq!(under, ["", "b", ""]);
        assert_eq!(excerpt.marks[0].range, 2..2);
        let (under, excerpt) = marked("", &[(0, 0)], 100);
        assert_eq!((under, excerpt.text.as_str()), (vec![String::new()], "\n"));
    }

    #[test]
    fn a_byte_order_mark_and_control_characters_are_not_shown() {
        let (under, excerpt) = marked("\u{feff}a\u{1b}[31m\rb\r\n", &[(3, 4), (9, 11)], 100);
        assert_eq!(excerpt.text, "a\u{fffd}[31m\u{fffd}b\n");
        assert_eq!(under, ["a", "\u{fffd}b"]);
        assert_eq!(excerpt.marks[0].position, Position { line: 1, column: 1 });
    }
}
