//! How a record lies in the write-ahead log.
//!
//! ```text
//! "WXR1" | u32 crc32c of all that follows | u32 length of all that follows
//! 16 bytes nonce of the log | u64 epoch | u64 sequence | u32 copies from here on
//! u64 first | u64 filed
//! u64 size | 32 bytes root | u64 milliseconds | u64 milliseconds frozen or 0
//! 4 bytes key ID | u16 length, origin
//! u32 count, and each: 32 bytes key | 32 bytes leaf hash | u32 length, entry
//! ```
//!
//! Numbers are big-endian. The checksum tells a torn record from a whole one; the nonce, which never
//! leaves the directory, keeps an entry that looks like a record from being read as one when the
//! record around it was torn.

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::tls::{Reader, TlsError, put_number};
use waxwing_tlog::Hash;

use crate::{Head, Key, Record, RecordEntry};

/// Records begin at multiples of this, which is what disks write whole at best.
pub(super) const BLOCK: usize = 4096;

/// Bytes before the nonce.
const FRAME: usize = 12;
const MAGIC: &[u8; 4] = b"WXR1";

/// What tells the records of one log from everything else.
pub(super) type Nonce = [u8; 16];

/// Where a record stands in the write-ahead log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Counts how often the log was opened.
    pub(super) epoch: u64,
    /// Counts the records of the epoch, from 0.
    pub(super) sequence: u64,
    /// For a copy of an earlier epoch's record: how many copies there are from this one on. 0 for a
    /// record that was committed.
    pub(super) copies: u32,
}

/// Writes a record into an empty buffer, filled up to whole blocks.
pub(super) fn encode(out: &mut Vec<u8>, nonce: &Nonce, place: Place, record: &Record, filed: u64) {
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[0; FRAME - MAGIC.len()]);
    out.extend_from_slice(nonce);
    put_number(out, 8, place.epoch);
    put_number(out, 8, place.sequence);
    put_number(out, 4, place.copies.into());
    put_number(out, 8, record.first);
    put_number(out, 8, filed);
    let head = &record.head;
    put_number(out, 8, head.size);
    out.extend_from_slice(head.root.as_bytes());
    put_number(out, 8, head.time.milliseconds());
    put_number(out, 8, head.frozen.map_or(0, UnixTime::milliseconds));
    out.extend_from_slice(&head.key_id);
    put_number(out, 2, head.origin.len() as u64);
    out.extend_from_slice(head.origin.as_bytes());
    put_number(out, 4, record.entries.len() as u64);
    for entry in &record.entries {
        out.extend_from_slice(entry.key.as_bytes());
        out.extend_from_slice(entry.leaf_hash.as_bytes());
        put_number(out, 4, entry.stored.len() as u64);
        out.extend_from_slice(&entry.stored);
    }
    let length = (out.len() - FRAME) as u32;
    out[8..FRAME].copy_from_slice(&length.to_be_bytes());
    let checksum = crc32c::crc32c(&out[8..]);
    out[4..8].copy_from_slice(&checksum.to_be_bytes());
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

/// How many bytes [`encode`] writes.
pub(super) fn encoded_length(record: &Record) -> usize {
    let entries = record.entries.iter().map(|entry| 68 + entry.stored.len());
    let length = FRAME + 16 + 20 + 16 + 56 + 4 + 2 + record.head.origin.len() + 4;
    (length + entries.sum::<usize>()).next_multiple_of(BLOCK)
}

/// A record that begins at the start of `bytes`, and how many bytes it takes up. `None` if there is
/// none, or a torn one.
pub(super) fn decode(bytes: &Bytes, nonce: &Nonce) -> Option<(Place, Record, usize)> {
    let frame = bytes.get(..FRAME)?;
    if frame[..4] != *MAGIC {
        return None;
    }
    let number =
        |at: usize| u32::from_be_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]);
    let length = number(8) as usize;
    let end = FRAME.checked_add(length)?;
    let checked = bytes.get(8..end)?;
    if crc32c::crc32c(checked) != number(4) || checked.get(4..20)? != nonce {
        return None;
    }
    let body = bytes.slice(FRAME + nonce.len()..end);
    let (place, record) = body_of(&body).ok()??;
    Some((place, record, end.next_multiple_of(BLOCK)))
}

/// What lies behind the nonce. It was written by this program, so that it says something else than
/// [`encode`] writes means another version at most; it is read with care all the same.
fn body_of(body: &Bytes) -> Result<Option<(Place, Record)>, TlsError> {
    let mut reader = Reader::new(body);
    let place = Place {
        epoch: reader.number(8)?,
        sequence: reader.number(8)?,
        copies: reader.number(4)? as u32,
    };
    let first = reader.number(8)?;
    let filed = reader.number(8)?;
    let size = reader.number(8)?;
    let root = Hash::new(reader.array()?);
    let time = UnixTime::from_milliseconds(reader.number(8)?).ok();
    let frozen = match reader.number(8)? {
        0 => Some(None),
        time => UnixTime::from_milliseconds(time).ok().map(Some),
    };
    let key_id = reader.array()?;
    let origin = str::from_utf8(reader.vector(2)?).ok();
    let (Some(time), Some(frozen), Some(origin)) = (time, frozen, origin) else {
        return Ok(None);
    };
    let head = Head {
        origin: origin.into(),
        key_id,
        size,
        root,
        time,
        frozen,
    };
    let count = reader.number(4)?;
    // A count that the bytes cannot hold must not reserve memory.
    let mut entries = Vec::with_capacity((count as usize).min(body.len() / 68));
    for _ in 0..count {
        let key = Key::from_digest(reader.array()?);
        let leaf_hash = Hash::new(reader.array()?);
        let stored = body.slice_ref(reader.vector(4)?);
        entries.push(RecordEntry {
            key,
            leaf_hash,
            stored,
        });
    }
    reader.finish()?;
    let record = Record {
        first,
        entries,
        head,
        filed,
    };
    Ok(Some((place, record)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONCE: Nonce = [7; 16];

    fn place() -> Place {
        Place {
            epoch: 3,
            sequence: 99,
            copies: 1,
        }
    }

    fn record(entries: Vec<Vec<u8>>, frozen: u64) -> Record {
        let entry = |bytes: Vec<u8>| RecordEntry {
            key: Key::of(&bytes),
            leaf_hash: Hash::new([bytes.len() as u8; 32]),
            stored: bytes.into(),
        };
        Record {
            first: 1 << 40,
            head: Head {
                origin: "log.example.com".into(),
                key_id: [1, 2, 3, 4],
                size: u64::MAX,
                root: Hash::new([9; 32]),
                time: UnixTime::from_milliseconds(1_700_000_000_123).unwrap(),
                frozen: (frozen > 0).then(|| UnixTime::from_milliseconds(frozen).unwrap()),
            },
            filed: 512,
            entries: entries.into_iter().map(entry).collect(),
        }
    }

    fn encoded(record: &Record) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&mut out, &NONCE, place(), record, record.filed);
        out
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_and_the_length_was_foretold(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..40),
            frozen in 0..2_u64,
        ) {
            let record = record(entries, frozen * 1_700_000_000_000);
            let out = encoded(&record);
            prop_assert_eq!(out.len(), encoded_length(&record));
            let length = out.len();
            let found = decode(&out.into(), &NONCE);
            prop_assert_eq!(found, Some((place(), record, length)));
        }

        #[test]
        fn any_flipped_bit_is_noticed(bit in 0..2000_usize * 8) {
            let record = record(vec![vec![5; 1800]], 0);
            let mut out = encoded(&record);
            out[bit / 8] ^= 1 << (bit % 8);
            let padding = bit / 8 >= encoded_length(&record) - 2000;
            prop_assert!(padding || decode(&out.into(), &NONCE).is_none());
        }
    }

    proptest! {
        /// The frame is whole, and what is in it is anything at all.
        #[test]
        fn any_content_is_a_record_or_none(
            content in prop::collection::vec(any::<u8>(), 0..400),
            change in prop::option::of((0..300_usize, any::<u8>())),
        ) {
            let mut out = match change {
                Some((at, byte)) => {
                    let mut out = encoded(&record(vec![content], 0));
                    out[FRAME + 16 + at] = byte;
                    out
                }
                None => {
                    let mut out = vec![0; FRAME];
                    out.extend_from_slice(&NONCE);
                    out.extend_from_slice(&content);
                    let length = (out.len() - FRAME) as u32;
                    out[..4].copy_from_slice(MAGIC);
                    out[8..FRAME].copy_from_slice(&length.to_be_bytes());
                    out
                }
            };
            let length = u32::from_be_bytes(out[8..FRAME].try_into().unwrap()) as usize;
            let checksum = crc32c::crc32c(&out[8..FRAME + length]);
            out[4..8].copy_from_slice(&checksum.to_be_bytes());
            let out = Bytes::from(out);
            if let Some((place, record, length)) = decode(&out, &NONCE) {
                let mut again = Vec::new();
                encode(&mut again, &NONCE, place, &record, record.filed);
                prop_assert_eq!(decode(&again.into(), &NONCE), Some((place, record, length)));
            }
        }
    }

    #[test]
    fn a_record_of_another_log_is_none() {
        let out: Bytes = encoded(&record(vec![], 0)).into();
        assert!(decode(&out, &NONCE).is_some());
        assert_eq!(decode(&out, &[8; 16]), None);
        assert_eq!(decode(&out.slice(..100), &NONCE), None);
    }
}
