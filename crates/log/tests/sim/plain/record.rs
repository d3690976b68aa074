//! How the plain driver writes records.

use std::sync::Arc;

use bytes::Bytes;
use waxwing_crypto::sha256;
use waxwing_encoding::time::UnixTime;
use waxwing_log::{Head, Key, Record, RecordEntry};
use waxwing_tlog::Hash;

/// A record behind its length and SHA-256.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    let head = &record.head;
    let mut payload = Vec::new();
    for number in [
        record.first,
        record.filed,
        head.size,
        head.time.milliseconds(),
        head.frozen.map_or(0, UnixTime::milliseconds),
    ] {
        payload.extend_from_slice(&number.to_be_bytes());
    }
    payload.extend_from_slice(head.root.as_bytes());
    payload.extend_from_slice(&head.key_id);
    payload.extend_from_slice(&(head.origin.len() as u32).to_be_bytes());
    payload.extend_from_slice(head.origin.as_bytes());
    for entry in &record.entries {
        payload.extend_from_slice(entry.key.as_bytes());
        payload.extend_from_slice(entry.leaf_hash.as_bytes());
        payload.extend_from_slice(&(entry.stored.len() as u32).to_be_bytes());
        payload.extend_from_slice(&entry.stored);
    }
    let mut frame = (payload.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(&sha256(&payload));
    frame.extend_from_slice(&payload);
    frame
}

/// All whole records from the start on, and where they end.
pub(super) fn parse_records(content: &[u8]) -> (Vec<Arc<Record>>, usize) {
    let mut records = Vec::new();
    let mut rest = content;
    let mut whole = 0;
    while let Some(record) = parse_frame(&mut rest) {
        records.push(Arc::new(record));
        whole = content.len() - rest.len();
    }
    (records, whole)
}

fn parse_frame(rest: &mut &[u8]) -> Option<Record> {
    let length = u32::from_be_bytes(take(rest)?);
    let digest: [u8; 32] = take(rest)?;
    let mut payload = rest.split_off(..length as usize)?;
    (sha256(payload) == digest).then_some(())?;
    let mut numbers = [0; 5];
    for number in &mut numbers {
        *number = u64::from_be_bytes(take(&mut payload)?);
    }
    let [first, filed, size, time, frozen] = numbers;
    let root = Hash::from(take(&mut payload)?);
    let key_id = take(&mut payload)?;
    let origin = take_bytes(&mut payload)?;
    let head = Head {
        origin: std::str::from_utf8(origin).ok()?.into(),
        key_id,
        size,
        root,
        time: UnixTime::from_milliseconds(time).ok()?,
        frozen: UnixTime::from_milliseconds(frozen)
            .ok()
            .filter(|_| frozen > 0),
    };
    let mut entries = Vec::new();
    while !payload.is_empty() {
        entries.push(RecordEntry {
            key: Key::from_digest(take(&mut payload)?),
            leaf_hash: Hash::from(take(&mut payload)?),
            stored: Bytes::copy_from_slice(take_bytes(&mut payload)?),
        });
    }
    Some(Record {
        first,
        entries,
        head,
        filed,
    })
}

pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    rest.split_off(..N)?.try_into().ok()
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::from_be_bytes(take(rest)?);
    rest.split_off(..length as usize)
}
