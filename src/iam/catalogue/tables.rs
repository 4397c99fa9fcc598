//! Reading the compiled tables. Offsets come from `build.rs`, which wrote both sides, so they are in range.

use super::layout::LENGTH_BITS;
use std::cmp::Ordering;
use std::ops::Range;

/// Rows of `N` little-endian words.
pub struct Table<const N: usize>(pub &'static [u8]);

impl<const N: usize> Table<N> {
    pub fn len(&self) -> usize {
        self.0.len() / (4 * N)
    }

    pub fn cell(&self, row: u32, column: usize) -> u32 {
        word(self.0, row as usize * N + column)
    }

    /// A cell of half a word, counted in halves.
    pub fn half(&self, row: u32, column: usize) -> u32 {
        half(self.0, row as usize * N * 2 + column).into()
    }
}

fn word(bytes: &[u8], index: usize) -> u32 {
    let at = index * 4;
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn half(bytes: &[u8], index: usize) -> u16 {
    u16::from_le_bytes([bytes[index * 2], bytes[index * 2 + 1]])
}

/// The rows that a name may stand for, by its hash, until one is taken.
pub fn in_slots(slots: &'static [u8], hash: u32) -> impl Iterator<Item = u32> {
    let count = slots.len() / 2;
    let taken = (0..count).map_while(move |step| half(slots, (hash as usize + step) % count).checked_sub(1));
    taken.map(u32::from)
}

static STRINGS: &str = include_str!(concat!(env!("OUT_DIR"), "/strings.txt"));
static SETS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sets.bin"));
static LISTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lists.bin"));

/// The string that a cell or an item stands for.
pub fn string(place: u32) -> &'static str {
    let (at, length) = (place >> LENGTH_BITS, place & ((1 << LENGTH_BITS) - 1));
    &STRINGS[at as usize..][..length as usize]
}

/// The items of the list at an offset.
pub fn list(offset: u32) -> impl ExactSizeIterator<Item = u32> + Clone {
    let first = offset as usize + 1;
    let count = word(LISTS, offset as usize) as usize;
    (0..count).map(move |index| word(LISTS, first + index))
}

/// The items of the set at an offset.
pub fn set(offset: u32) -> impl ExactSizeIterator<Item = u32> + Clone {
    let first = offset as usize + 1;
    let count = usize::from(half(SETS, offset as usize));
    (0..count).map(move |index| half(SETS, first + index).into())
}

/// The row of `range` whose string in `column` is the name, in any case. The strings must be in lower-case order.
pub fn find<const N: usize>(table: &Table<N>, range: Range<u32>, column: usize, name: &str) -> Option<u32> {
    let Range { mut start, mut end } = range;
    // How many letters the rows before and behind the range share with the name, and so all between them.
    let (mut before, mut behind) = (0, 0);
    while start < end {
        let middle = start + (end - start) / 2;
        let (own, name) = (string(table.cell(middle, column)).as_bytes(), name.as_bytes());
        let mut shared = before.min(behind);
        while shared < own.len().min(name.len()) && own[shared].eq_ignore_ascii_case(&name[shared]) {
            shared += 1;
        }
        let letter = |text: &[u8]| text.get(shared).map(u8::to_ascii_lowercase);
        match letter(own).cmp(&letter(name)) {
            Ordering::Less => (start, before) = (middle + 1, shared),
            Ordering::Greater => (end, behind) = (middle, shared),
            Ordering::Equal => return Some(middle),
        }
    }
    None
}
