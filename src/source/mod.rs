//! Files that were read, and places in them. Knows nothing of formats.

mod lines;
mod map;

pub use lines::{LineIndex, Position};
pub use map::{OffsetMap, Run};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// A file of one run; an index into its [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// Its place among the files of the run, counted from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        Span { file, start: to_u32(start), end: to_u32(end.max(start)) }
    }

    /// The empty span at the first byte of a file.
    pub fn start_of(file: FileId) -> Span {
        Span { file, start: 0, end: 0 }
    }

    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// From the start of `self` to the end of `other`; `self` alone when they lie in two files.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start, end: other.end.max(self.end) }
    }

    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// A value and the place it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    pub fn new(value: T, span: Span) -> Spanned<T> {
        Spanned { value, span }
    }
}

/// One file: its path as the user sees it, and its text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Relative to the root where it lies below it, with `/` on every system.
    pub path: String,
    /// The bytes of the file, a byte order mark included, so that offsets are those of the file.
    pub text: Arc<str>,
    /// Made when the first place is asked for: most files of a run have no finding.
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    pub fn position(&self, offset: u32) -> Position {
        self.lines().position(&self.text, offset as usize)
    }

    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }
}

/// All files of a run, in the order they were added.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    pub fn new() -> Sources {
        Sources::default()
    }

    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        self.files.push(SourceFile { path: path.into(), text, lines: OnceLock::new() });
        FileId(to_u32(self.files.len() - 1))
    }

    /// Gives a file another text.
    pub fn replace(&mut self, file: FileId, text: impl Into<Arc<str>>) {
        let file = &mut self.files[file.0 as usize];
        *file = SourceFile { path: std::mem::take(&mut file.path), text: text.into(), lines: OnceLock::new() };
    }

    pub fn get(&self, file: FileId) -> &SourceFile {
        &self.files[file.0 as usize]
    }

    pub fn path(&self, file: FileId) -> &str {
        &self.get(file).path
    }

    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file).text.get(span.range()).unwrap_or("")
    }

    /// Where a span starts, 1-based.
    pub fn position(&self, span: Span) -> Position {
        self.get(span.file).position(span.start)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId(to_u32(index)), file))
    }

    pub fn find(&self, path: &str) -> Option<FileId> {
        self.iter().find(|(_, file)| file.path == path).map(|(id, _)| id)
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The same files with the given places masked by `*`, byte for byte, for reports.
    pub fn redacted(&self, spans: &[Span]) -> Cow<'_, Sources> {
        if spans.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut masked = self.clone();
        let mut spans = spans.to_vec();
        spans.sort_unstable();
        for of_file in spans.chunk_by(|one, other| one.file == other.file) {
            let file = &mut masked.files[of_file[0].file.0 as usize];
            let mut bytes = file.text.as_bytes().to_vec();
            for span in of_file {
                let secret = bytes.get_mut(span.range()).into_iter().flatten();
                secret.filter(|byte| !byte.is_ascii_whitespace()).for_each(|byte| *byte = b'*');
            }
            file.text = String::from_utf8_lossy(&bytes).into();
        }
        Cow::Owned(masked)
    }
}

/// Offsets are 32 bits wide: discovery refuses files of 4 GiB and more.
fn to_u32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
