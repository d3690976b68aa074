//! A run file, byte by byte. All numbers are big endian.
//!
//! ```text
//!      0  header    64 bytes: magic (8) | first (8) | end (8) | records (8) | zero (8)
//!                   | CRC-32C of the filter (4) | of the fences (4) | mark of the secret (12)
//!                   | CRC-32C of the 60 bytes before (4)
//!     64  filter    lines of 64 bytes, see `filter`; zeros up to a multiple of 4096
//!         blocks    of 4096 bytes: 194 records, fewer in the last one | zeros | CRC-32C of the
//!                   4092 bytes before (4)
//!         fences    the first 8 bytes of each block's first hash
//!
//! record  21 bytes: hash (16) | index of the entry (5)
//! ```
//!
//! Records are in the order of their hashes, and no hash is there twice. The file's name is
//! `first-end`, both with twenty digits: it covers the entries with `first <= index < end`.

use std::io;
use std::ops::Range;

use crc32c::crc32c;

/// The name of the format and its version.
const MAGIC: &[u8; 8] = b"wxkeys01";

pub(super) const HEADER: usize = 64;
pub(super) const LINE: usize = 64;
pub(super) const BLOCK: usize = 4096;
const CHECKSUM: usize = 4;
const RECORD: usize = 21;
pub(super) const RECORDS_A_BLOCK: usize = (BLOCK - CHECKSUM) / RECORD;

/// Indexes are below this.
pub(super) const INDEXES: u64 = 1 << 40;

/// Of hashes that are not there 0.4 % pass; with 10 bits it were 1 %. Each one that passes costs the
/// read of a block, perhaps from the disk, and every run lets some pass.
const FILTER_BITS_A_KEY: u64 = 12;

/// The first 16 bytes of the keyed hash of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyedHash {
    /// Says where in a run it is, and which line of the filter is its own.
    pub(super) high: u64,
    /// Says which bits of that line.
    pub(super) low: u64,
}

/// A hash and the entry that has it. Sorted by hash, then by index: the first of equal ones stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Record {
    pub(super) hash: KeyedHash,
    pub(super) index: u64,
}

impl Record {
    /// Appends the record to a block.
    pub(super) fn write(&self, block: &mut Vec<u8>) {
        block.extend_from_slice(&self.hash.high.to_be_bytes());
        block.extend_from_slice(&self.hash.low.to_be_bytes());
        block.extend_from_slice(&self.index.to_be_bytes()[3..]);
    }
}

/// Which entries a run covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) end: u64,
}

impl Span {
    /// The span that a file's name gives; `None` if it is not the name of a run.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (first, end) = name.split_once('-')?;
        let span = Self {
            first: first.parse().ok()?,
            end: end.parse().ok()?,
        };
        (span.first < span.end && span.end <= INDEXES && span.name() == name).then_some(span)
    }

    pub(super) fn name(&self) -> String {
        format!("{:020}-{:020}", self.first, self.end)
    }

    pub(super) fn entries(&self) -> u64 {
        self.end - self.first
    }

    pub(super) fn contains(&self, other: &Self) -> bool {
        self.first <= other.first && other.end <= self.end
    }

    /// The length of the filter in lines. It follows from the span alone, so that it is known before
    /// the run is written; keys that are there twice waste their share.
    pub(super) fn filter_lines(&self) -> u64 {
        (self.entries() * FILTER_BITS_A_KEY).div_ceil(8 * LINE as u64)
    }

    pub(super) fn filter_bytes(&self) -> u64 {
        self.filter_lines() * LINE as u64
    }

    /// Where the first block begins.
    pub(super) fn blocks_at(&self) -> u64 {
        (HEADER as u64 + self.filter_bytes()).next_multiple_of(BLOCK as u64)
    }

    pub(super) fn block_at(&self, block: usize) -> u64 {
        self.blocks_at() + block as u64 * BLOCK as u64
    }
}

/// The header of a run file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) span: Span,
    pub(super) records: u64,
    pub(super) filter_checksum: u32,
    pub(super) fences_checksum: u32,
    pub(super) mark: [u8; 12],
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.span.first.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.span.end.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.records.to_be_bytes());
        bytes[40..44].copy_from_slice(&self.filter_checksum.to_be_bytes());
        bytes[44..48].copy_from_slice(&self.fences_checksum.to_be_bytes());
        bytes[48..60].copy_from_slice(&self.mark);
        let checksum = crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }

    /// Reads the header of the run that is named `span`.
    pub(super) fn decode(bytes: &[u8; HEADER], span: Span) -> io::Result<Self> {
        if &bytes[..8] != MAGIC {
            return Err(damaged("this is no run of keys, or one of another version"));
        }
        if crc32c(&bytes[..60]) != u32_at(bytes, 60) {
            return Err(damaged("the header has another checksum"));
        }
        let mut mark = [0; 12];
        mark.copy_from_slice(&bytes[48..60]);
        let header = Self {
            span: Span {
                first: u64_at(bytes, 8),
                end: u64_at(bytes, 16),
            },
            records: u64_at(bytes, 24),
            filter_checksum: u32_at(bytes, 40),
            fences_checksum: u32_at(bytes, 44),
            mark,
        };
        if header.span != span {
            return Err(damaged("the name says other entries than the header"));
        }
        if header.records == 0 || header.records > span.entries() {
            return Err(damaged("the header says too many records or none"));
        }
        Ok(header)
    }

    pub(super) fn blocks(&self) -> usize {
        self.records.div_ceil(RECORDS_A_BLOCK as u64) as usize
    }

    pub(super) fn fences_at(&self) -> u64 {
        self.span.block_at(self.blocks())
    }

    /// The length of the file in bytes.
    pub(super) fn length(&self) -> u64 {
        self.fences_at() + 8 * self.blocks() as u64
    }

    /// Which records are in a block.
    pub(super) fn records_in(&self, block: usize) -> Range<usize> {
        let before = block as u64 * RECORDS_A_BLOCK as u64;
        let left = self.records.saturating_sub(before);
        0..left.min(RECORDS_A_BLOCK as u64) as usize
    }
}

/// Fills up a block of records and puts its checksum at the end.
pub(super) fn seal(block: &mut Vec<u8>) {
    block.resize(BLOCK - CHECKSUM, 0);
    let checksum = crc32c(block);
    block.extend_from_slice(&checksum.to_be_bytes());
}

/// A block as it was read, after its checksum was found right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a>(&'a [u8]);

impl<'a> Block<'a> {
    /// Checks a block; `fence` is what the first hash begins with, so that a sound block of another
    /// place is not taken for this one.
    pub(super) fn check(bytes: &'a [u8], fence: u64) -> io::Result<Self> {
        let (content, checksum) = bytes.split_at(BLOCK - CHECKSUM);
        if crc32c(content) != u32_at(checksum, 0) || u64_at(content, 0) != fence {
            return Err(damaged("a block of records has another checksum"));
        }
        Ok(Self(content))
    }

    /// A block that was found right before.
    pub(super) fn checked(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn hash(&self, position: usize) -> KeyedHash {
        let at = position * RECORD;
        KeyedHash {
            high: u64_at(self.0, at),
            low: u64_at(self.0, at + 8),
        }
    }

    pub(super) fn record(&self, position: usize) -> Record {
        let at = position * RECORD + 16;
        let mut index = [0; 8];
        index[3..].copy_from_slice(&self.0[at..at + 5]);
        Record {
            hash: self.hash(position),
            index: u64::from_be_bytes(index),
        }
    }
}

/// An error that means: the file cannot be used, whoever reads it again.
pub(super) fn damaged(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_be_bytes(number)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_only_as_it_is_written() {
        let span = Span { first: 0, end: 7 };
        assert_eq!(span.name(), "00000000000000000000-00000000000000000007");
        assert_eq!(Span::parse(&span.name()), Some(span));
        for name in [
            "0-7",
            "00000000000000000007-00000000000000000007",
            "00000000000000000007-00000000000000000001",
            "00000000000000000000-00000000000000000007.new",
            "00000000000000000000-0000000000000000000a",
            "+0000000000000000000-00000000000000000007",
            "00000000000000000000-00001099511627776001",
        ] {
            assert_eq!(Span::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_header_comes_back_and_no_byte_of_it_may_change() {
        let header = Header {
            span: Span { first: 5, end: 900 },
            records: 890,
            filter_checksum: 1,
            fences_checksum: 2,
            mark: [9; 12],
        };
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes, header.span).unwrap(), header);
        Header::decode(&bytes, Span { first: 5, end: 901 }).unwrap_err();
        for at in 0..HEADER {
            let mut changed = bytes;
            changed[at] ^= 1;
            Header::decode(&changed, header.span).unwrap_err();
        }
        assert_eq!(header.blocks(), 5);
        assert_eq!(header.records_in(0), 0..194);
        assert_eq!(header.records_in(4), 0..114);
        // 895 keys of 12 bits are 21 lines of 512 bits.
        assert_eq!(header.span.filter_lines(), 21);
        assert_eq!(header.length(), 4096 + 5 * 4096 + 5 * 8);
    }
}
