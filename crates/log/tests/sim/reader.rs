//! Somebody who reads a whole log from outside, and believes only what follows from its bytes.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_log::Log;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::{Note, NoteVerifier};
use waxwing_tlog::tile::{Tile, TileKind, Width};

use crate::recording::Heads;
use crate::tree;
use crate::violation::Violation;

/// What callers were told: of each index the entry and its time.
pub(crate) type Acknowledged = BTreeMap<u64, (Bytes, UnixTime)>;

/// A log as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The checkpoint.
    pub(crate) note: Arc<str>,
    pub(crate) entries: Vec<Bytes>,
    /// The hashes of the leaves, and above them the roots of each 256 of the row below.
    pub(crate) rows: Vec<Vec<Hash>>,
    pub(crate) times: Vec<UnixTime>,
}

impl Found {
    /// Reads the checkpoint, all bundles, all tiles of hashes, and the times of all entries.
    pub(crate) async fn read(log: &Log) -> Result<Self, Violation> {
        let note = log.checkpoint().checkpoint;
        let size = read_note(&note, None)?.0;
        let mut entries = Vec::new();
        for (index, width) in tiles(size) {
            let bundle = log.entries(index, width).await.map_err(unreadable)?;
            let bundle = bundle.ok_or(Violation::Missing { level: 0, index })?;
            let before = entries.len();
            parse_bundle(&bundle, &mut entries).ok_or(Violation::Bundle { index })?;
            if entries.len() - before != width.entries() {
                return Err(Violation::Bundle { index });
            }
        }
        let leaves: Vec<Hash> = entries.iter().map(|entry| tree::leaf(entry)).collect();
        let mut rows = vec![leaves];
        for level in 0.. {
            let row = &rows[usize::from(level)];
            check_tiles(log, level, row).await?;
            if row.is_empty() {
                break;
            }
            let full = row.chunks_exact(256);
            let next = full.map(|tile| tree::roots(tile, [256].into_iter())[&256]);
            rows.push(next.collect());
        }
        let times = read_times(log, &entries).await?;
        Ok(Self {
            note,
            entries,
            rows,
            times,
        })
    }

    /// Looks at the files that others read the log from: each is a full tile of this log, and all of
    /// it.
    pub(crate) fn check_files(&self, files: &[(PathBuf, Vec<u8>)]) -> Result<(), Violation> {
        for (path, content) in files {
            let wrong = |reason: &str| Violation::File {
                path: path.display().to_string(),
                reason: reason.to_owned(),
            };
            let name = path.strip_prefix("/log").unwrap_or(path).to_string_lossy();
            let tile: Tile = name.parse().map_err(|_| wrong("it is no tile"))?;
            if tile != tile.full() || !tile.is_within(self.entries.len() as u64) {
                return Err(wrong("the log does not have this tile"));
            }
            let range = tile.index as usize * 256..tile.index as usize * 256 + 256;
            let same = match tile.kind {
                TileKind::Hashes { level } => {
                    let row = self.rows.get(usize::from(level));
                    let row = row.map(|row| &row[range]).unwrap_or_default();
                    row.iter().flat_map(|hash| hash.as_bytes()).eq(content)
                }
                TileKind::Entries => {
                    let mut entries = Vec::new();
                    let content = Bytes::copy_from_slice(content);
                    parse_bundle(&content, &mut entries).is_some() && entries == self.entries[range]
                }
                TileKind::Data => false,
            };
            if !same {
                return Err(wrong("it is not what the log has"));
            }
        }
        Ok(())
    }

    /// Compares what was read with what was ever told: heads that were signed, and answers.
    pub(crate) fn check(&self, heads: &Heads, told: &Acknowledged) -> Result<(), Violation> {
        let size = self.entries.len() as u64;
        let roots = tree::roots(&self.rows[0], heads.iter().map(|(size, _)| *size));
        for (signed, root) in heads {
            let signed = *signed;
            match roots.get(&signed) {
                None => return Err(Violation::HeadLost { signed, size }),
                Some(found) if found != root => return Err(Violation::Forked { size: signed }),
                Some(_) => {}
            }
        }
        for (index, (entry, time)) in told {
            match self.entries.get(*index as usize) {
                None => {
                    return Err(Violation::EntryLost {
                        index: *index,
                        size,
                    });
                }
                Some(found) if found != entry => {
                    return Err(Violation::EntryChanged { index: *index });
                }
                Some(_) => {}
            }
            if self.times.get(*index as usize) != Some(time) {
                return Err(Violation::TimeChanged { index: *index });
            }
        }
        let mut places = HashMap::new();
        for (second, entry) in self.entries.iter().enumerate() {
            if let Some(first) = places.insert(entry, second) {
                return Err(Violation::Twice { first, second });
            }
        }
        let mut last = None;
        for (index, time) in (0..).zip(&self.times) {
            if last > Some(time) {
                return Err(Violation::TimeBackwards { index });
            }
            last = Some(time);
        }
        Ok(())
    }
}

/// The size and root that a checkpoint signs; the signature is checked if there are verifiers.
pub(crate) fn read_note(
    note: &str,
    verifiers: Option<&[NoteVerifier]>,
) -> Result<(u64, Hash), Violation> {
    let bad = |reason: String| Violation::Note {
        note: note.to_owned(),
        reason,
    };
    let note = Note::parse(note).map_err(|error| bad(error.to_string()))?;
    if let Some(verifiers) = verifiers {
        note.open(verifiers)
            .map_err(|error| bad(error.to_string()))?;
    }
    let checkpoint = Checkpoint::parse(note.text()).map_err(|error| bad(error.to_string()))?;
    Ok((checkpoint.size(), checkpoint.root()))
}

/// The tiles that a row of so many hashes or entries is in.
fn tiles(length: u64) -> impl Iterator<Item = (u64, Width)> {
    (0..length.div_ceil(256)).map(move |index| {
        let width = Width::new((length - index * 256).min(256));
        (index, width.expect("invariant: it is 1 to 256"))
    })
}

async fn check_tiles(log: &Log, level: u8, row: &[Hash]) -> Result<(), Violation> {
    let beyond = row.len().div_ceil(256) as u64;
    for (index, width) in tiles(row.len() as u64) {
        let found = log.tile(level, index, width).await.map_err(unreadable)?;
        let found = found.ok_or(Violation::Missing { level, index })?;
        let start = index as usize * 256;
        let expected = row[start..start + width.entries()].iter();
        if !expected.flat_map(|hash| hash.as_bytes()).eq(&*found) {
            return Err(Violation::Tile { level, index });
        }
    }
    let one = Width::new(1).expect("invariant: 1 is a width");
    match log.tile(level, beyond, one).await.map_err(unreadable)? {
        None => Ok(()),
        Some(_) => Err(Violation::Beyond {
            level,
            index: beyond,
        }),
    }
}

async fn read_times(log: &Log, entries: &[Bytes]) -> Result<Vec<UnixTime>, Violation> {
    let view = log.view();
    let mut times = Vec::with_capacity(entries.len());
    for (page, entries) in (0..).zip(entries.chunks(256)) {
        let read = view.page(page).await.map_err(unreadable)?;
        for (entry, stored) in read.iter().zip(entries) {
            if entry.stored != *stored {
                let index = times.len() as u64;
                return Err(Violation::EntryChanged { index });
            }
            times.push(entry.time);
        }
        if read.len() != entries.len() {
            return Err(Violation::Bundle { index: page });
        }
    }
    Ok(times)
}

/// Entries behind their lengths in two bytes (C2SP tlog-tiles); `None` if the last one is cut off.
fn parse_bundle(bundle: &Bytes, entries: &mut Vec<Bytes>) -> Option<()> {
    let mut rest = bundle.clone();
    while !rest.is_empty() {
        let length = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
        let end = 2 + usize::from(length);
        if rest.len() < end {
            return None;
        }
        entries.push(rest.split_to(end).slice(2..));
    }
    Some(())
}

fn unreadable(error: impl std::error::Error) -> Violation {
    Violation::Unreadable {
        reason: error.to_string(),
    }
}
