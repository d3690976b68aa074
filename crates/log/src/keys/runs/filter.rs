//! The filter of a run: which hashes are certainly not in it.
//!
//! A Bloom filter in lines of 64 bytes, which is what a processor fetches at once. A hash has one
//! line and in each of the line's eight words one bit.
//!
//! Lines follow the order of hashes, and a run is written in that order: so the filter is written
//! line by line beside it and never needs to be in memory for that.

use std::io;

use crc32c::crc32c_append;

use super::format::{HEADER, Header, KeyedHash, LINE, damaged, u64_at};
use super::write::Stream;
use crate::files::File;

/// How much is read at a time.
const CHUNK: usize = 1 << 16;

/// One line, at an address that does not split it over two of the processor's.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Line([u64; 8]);

impl Line {
    fn insert(&mut self, hash: KeyedHash) {
        for (word, mask) in self.0.iter_mut().zip(masks(hash)) {
            *word |= mask;
        }
    }

    /// All words are looked at, whatever the first ones say: one branch, nearly always the same,
    /// so that the processor is at the next run's line while this one is on its way.
    fn has(&self, hash: KeyedHash) -> bool {
        let words = self.0.iter().zip(masks(hash));
        words.fold(0, |missing, (word, mask)| missing | (!word & mask)) == 0
    }

    fn to_bytes(self) -> [u8; LINE] {
        let mut bytes = [0; LINE];
        for (slot, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            slot.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self(std::array::from_fn(|word| u64_at(bytes, 8 * word)))
    }
}

/// The bit of each word: six bits of the hash a word.
fn masks(hash: KeyedHash) -> [u64; 8] {
    std::array::from_fn(|word| 1 << ((hash.low >> (6 * word)) & 63))
}

/// The line of a hash. A greater hash never has a smaller line.
fn line_of(hash: KeyedHash, lines: u64) -> u64 {
    ((u128::from(hash.high) * u128::from(lines)) >> 64) as u64
}

/// A filter in memory.
pub(super) struct Filter(Vec<Line>);

impl std::fmt::Debug for Filter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Filter({} lines)", self.0.len())
    }
}

impl Filter {
    /// Reads the filter of a run file and checks it. The file is as long as its header says.
    pub(super) fn read(file: &dyn File, header: &Header) -> io::Result<Self> {
        let mut left = header.span.filter_bytes() as usize;
        let mut lines = Vec::with_capacity(left / LINE);
        let mut chunk = vec![0; left.min(CHUNK)];
        let mut at = HEADER as u64;
        let mut checksum = 0;
        while left > 0 {
            chunk.truncate(left);
            file.read_at(&mut chunk, at)?;
            checksum = crc32c_append(checksum, &chunk);
            lines.extend(chunk.chunks_exact(LINE).map(Line::from_bytes));
            at += chunk.len() as u64;
            left -= chunk.len();
        }
        if checksum != header.filter_checksum {
            return Err(damaged("the filter has another checksum"));
        }
        Ok(Self(lines))
    }

    /// Whether the hash may be in the run; `false` is certain.
    pub(super) fn may_have(&self, hash: KeyedHash) -> bool {
        self.0[line_of(hash, self.0.len() as u64) as usize].has(hash)
    }
}

/// Writes a filter while its run is written.
#[derive(Debug)]
pub(super) struct FilterWriter {
    out: Stream,
    lines: u64,
    /// The line that hashes go to; all before are written.
    current: u64,
    line: Line,
}

impl FilterWriter {
    /// A filter of so many lines, which must be at least one.
    pub(super) fn new(out: Stream, lines: u64) -> Self {
        Self {
            out,
            lines,
            current: 0,
            line: Line::default(),
        }
    }

    /// Notes a hash; they come in their order.
    pub(super) fn push(&mut self, hash: KeyedHash) -> io::Result<()> {
        self.advance(line_of(hash, self.lines))?;
        self.line.insert(hash);
        Ok(())
    }

    /// Writes the rest; returns the checksum.
    pub(super) fn finish(mut self) -> io::Result<u32> {
        self.advance(self.lines)?;
        self.out.finish()
    }

    fn advance(&mut self, line: u64) -> io::Result<()> {
        while self.current < line {
            self.out.append(&self.line.to_bytes())?;
            self.line = Line::default();
            self.current += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::Span;
    use super::*;

    fn hash(number: u64) -> KeyedHash {
        let digest = waxwing_crypto::sha256(&number.to_be_bytes());
        KeyedHash {
            high: u64_at(&digest, 0),
            low: u64_at(&digest, 8),
        }
    }

    #[test]
    fn a_hash_that_was_noted_passes_and_few_others_do() {
        let keys = 100_000;
        let span = Span {
            first: 0,
            end: keys,
        };
        let lines = span.filter_lines();
        let mut filter = Filter(vec![Line::default(); lines as usize]);
        for number in 0..keys {
            let line = line_of(hash(number), lines);
            filter.0[line as usize].insert(hash(number));
        }
        assert!((0..keys).all(|number| filter.may_have(hash(number))));
        let passed = (keys..2 * keys).filter(|number| filter.may_have(hash(*number)));
        let share = passed.count() as f64 / keys as f64;
        assert!((0.001..0.006).contains(&share), "{share}");
    }

    #[test]
    fn lines_follow_the_order_of_hashes() {
        let high = [0, 1, u64::MAX / 3, u64::MAX / 2, u64::MAX - 1, u64::MAX];
        let lines = high.map(|high| line_of(KeyedHash { high, low: 0 }, 7));
        assert!(lines.is_sorted());
        assert_eq!((lines[0], lines[5]), (0, 6));
    }
}
