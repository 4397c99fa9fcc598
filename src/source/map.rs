//! Where each byte of a decoded text stands in its file: escapes, folding, indentation and nesting
//! of one text in another make the two differ.

use super::{FileId, Span};
use std::sync::Arc;

/// Maps offsets of a decoded text to bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetMap {
    runs: Runs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Runs {
    /// The text stands in the file byte for byte, from this offset on.
    Verbatim(FileId, u32),
    /// Of every part of the text no more is known than this place.
    Whole(Span),
    /// Sorted by `decoded`, without gaps in it. Trees hold millions of maps: a thin pointer keeps
    /// them small.
    Pieces(FileId, Arc<Vec<Run>>),
}

/// A stretch of text. Where both lengths are the same it is there byte for byte; otherwise it is
/// one unit, such as an escape sequence or a folded line break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub decoded: u32,
    pub source: u32,
    pub decoded_len: u32,
    pub source_len: u32,
}

impl Run {
    fn is_verbatim(self) -> bool {
        self.decoded_len == self.source_len
    }

    fn source_end(self) -> u32 {
        self.source + self.source_len
    }
}

impl OffsetMap {
    /// For a text that stands in the file as it is.
    pub fn verbatim(file: FileId, start: u32) -> OffsetMap {
        OffsetMap { runs: Runs::Verbatim(file, start) }
    }

    /// From runs in order; they cover the decoded text.
    pub fn from_runs(file: FileId, runs: Vec<Run>) -> OffsetMap {
        match runs.as_slice() {
            [only] if only.is_verbatim() && only.decoded == 0 => OffsetMap::verbatim(file, only.source),
            [only] if !only.is_verbatim() => {
                OffsetMap::whole(Span { file, start: only.source, end: only.source_end() })
            }
            _ => OffsetMap { runs: Runs::Pieces(file, Arc::new(runs)) },
        }
    }

    /// For a text of which only the whole place is known.
    pub fn whole(span: Span) -> OffsetMap {
        OffsetMap { runs: Runs::Whole(span) }
    }

    pub fn file(&self) -> FileId {
        match &self.runs {
            Runs::Verbatim(file, _) | Runs::Pieces(file, _) => *file,
            Runs::Whole(span) => span.file,
        }
    }

    /// The place of `range` of the decoded text.
    pub fn span(&self, range: std::ops::Range<usize>) -> Span {
        let start = self.start(range.start as u32);
        let end = if range.is_empty() { start } else { self.end(range.end as u32) };
        Span { file: self.file(), start, end: end.max(start) }
    }

    /// The map of a part of the decoded text.
    pub fn slice(&self, range: std::ops::Range<usize>) -> OffsetMap {
        match &self.runs {
            Runs::Verbatim(file, start) => OffsetMap::verbatim(*file, start + range.start as u32),
            Runs::Whole(_) => self.clone(),
            Runs::Pieces(file, runs) => {
                let (from, to) = (range.start as u32, range.end as u32);
                OffsetMap::from_runs(*file, cut(runs, from, to).collect())
            }
        }
    }

    /// The map of a text nested in this one: `inner` gives places in the text that `self` maps.
    pub fn compose(&self, inner: &OffsetMap, inner_len: usize) -> OffsetMap {
        match (&self.runs, &inner.runs) {
            (Runs::Whole(_), _) => self.clone(),
            (_, Runs::Whole(span)) => OffsetMap::whole(self.span(span.range())),
            (Runs::Verbatim(file, base), Runs::Verbatim(_, start)) => OffsetMap::verbatim(*file, base + start),
            (Runs::Pieces(..), Runs::Verbatim(_, start)) => {
                let start = *start as usize;
                self.slice(start..start + inner_len)
            }
            (_, Runs::Pieces(_, pieces)) => {
                let runs = pieces.iter().flat_map(|piece| self.place(*piece)).collect();
                OffsetMap::from_runs(self.file(), runs)
            }
        }
    }

    /// The maps of texts joined to one, with the length of each.
    pub fn concat(file: FileId, parts: &[(OffsetMap, usize)]) -> OffsetMap {
        let mut runs = Vec::new();
        let mut decoded = 0;
        for (map, len) in parts {
            let unit = Run { decoded: 0, source: 0, decoded_len: *len as u32, source_len: *len as u32 };
            let placed = match &map.runs {
                Runs::Verbatim(_, start) => vec![Run { source: *start, ..unit }],
                Runs::Whole(span) => vec![Run { source: span.start, source_len: span.end - span.start, ..unit }],
                Runs::Pieces(_, pieces) => pieces.to_vec(),
            };
            runs.extend(placed.into_iter().map(|run| Run { decoded: run.decoded + decoded, ..run }));
            decoded += *len as u32;
        }
        OffsetMap::from_runs(file, runs)
    }

    /// An inner run placed in the outer file, cut where the outer map has seams.
    fn place(&self, inner: Run) -> Vec<Run> {
        match &self.runs {
            Runs::Verbatim(_, base) => vec![Run { source: base + inner.source, ..inner }],
            Runs::Whole(span) => vec![Run { source: span.start, source_len: span.end - span.start, ..inner }],
            Runs::Pieces(_, runs) if inner.is_verbatim() => cut(runs, inner.source, inner.source_end())
                .map(|run| Run { decoded: run.decoded + inner.decoded, ..run })
                .collect(),
            Runs::Pieces(..) => {
                let span = self.span(inner.source as usize..inner.source_end() as usize);
                vec![Run { source: span.start, source_len: span.end - span.start, ..inner }]
            }
        }
    }

    fn start(&self, offset: u32) -> u32 {
        match &self.runs {
            Runs::Verbatim(_, start) => start + offset,
            Runs::Whole(span) => span.start,
            Runs::Pieces(_, runs) => {
                let index = runs.partition_point(|run| run.decoded + run.decoded_len <= offset);
                match runs.get(index) {
                    Some(run) if run.is_verbatim() => run.source + (offset - run.decoded.min(offset)),
                    Some(run) => run.source,
                    None => runs.last().map_or(0, |run| run.source_end()),
                }
            }
        }
    }

    /// The end of the byte before `offset`.
    fn end(&self, offset: u32) -> u32 {
        match &self.runs {
            Runs::Verbatim(_, start) => start + offset,
            Runs::Whole(span) => span.end,
            Runs::Pieces(_, runs) => {
                let index = runs.partition_point(|run| run.decoded + run.decoded_len < offset);
                match runs.get(index) {
                    Some(run) if run.is_verbatim() => run.source + (offset - run.decoded.min(offset)),
                    Some(run) => run.source_end(),
                    None => runs.last().map_or(0, |run| run.source_end()),
                }
            }
        }
    }
}

/// The runs of `from..to`, counted anew from 0.
fn cut(runs: &[Run], from: u32, to: u32) -> impl Iterator<Item = Run> {
    let first = runs.partition_point(|run| run.decoded + run.decoded_len <= from);
    runs[first..].iter().take_while(move |run| run.decoded < to).map(move |run| {
        let start = run.decoded.max(from);
        let end = (run.decoded + run.decoded_len).min(to);
        let part = Run { decoded: start - from, decoded_len: end - start, ..*run };
        if run.is_verbatim() {
            Run { source: run.source + (start - run.decoded), source_len: end - start, ..part }
        } else {
            part
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn a_text_nested_twice_still_points_at_its_bytes() {
        let mut sources = Sources::new();
        // Decoded once: {"a":"x\ny"}; decoded twice the value is x, line break, y.
        let file = sources.add("t", r#""{\"a\":\"x\\ny\"}""#);
        let escape = |decoded, source| Run { decoded, source, decoded_len: 1, source_len: 2 };
        let plain = |decoded, source, len| Run { decoded, source, decoded_len: len, source_len: len };
        let outer = OffsetMap::from_runs(
            file,
            vec![
                plain(0, 1, 1),
                escape(1, 2),
                plain(2, 4, 1),
                escape(3, 5),
                plain(4, 7, 1),
                escape(5, 8),
                plain(6, 10, 1),
                escape(7, 11),
                plain(8, 13, 2),
                escape(10, 15),
                plain(11, 17, 1),
            ],
        );
        let inner = OffsetMap::from_runs(
            file,
            vec![plain(0, 6, 1), Run { decoded: 1, source: 7, decoded_len: 1, source_len: 2 }, plain(2, 9, 1)],
        );
        let map = outer.compose(&inner, 3);
        assert_eq!(sources.slice(map.span(0..1)), "x");
        assert_eq!(sources.slice(map.span(1..2)), r"\\n");
        assert_eq!(sources.slice(map.span(2..3)), "y");
        assert_eq!(sources.slice(map.span(0..3)), r"x\\ny");
    }
}
