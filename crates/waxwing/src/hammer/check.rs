//! Is everything that a record says was promised still there?
//!
//! Each recorded entry must be at its index in the present log, and each recorded head must be a
//! beginning of it. Both are proven from the log's tiles, which are believed as far as they lead to the
//! signed checkpoint.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{self, verify_consistency, verify_inclusion};
use waxwing_tlog::note::NoteVerifier;
use waxwing_tlog::tile::{self, FULL_WIDTH, Tile, TileSet, Width};

use super::heads::{self, Head};
use super::http::{Caller, reason};
use super::record::{self, Line};
use super::violation::Violation;
use super::worker::Failure;

const PAGE: u64 = FULL_WIDTH as u64;

/// What was checked; the fields are those of the JSON.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    /// Lines of the record.
    acknowledgements: u64,
    /// Different entries in them, each proven to be at its index.
    pub(super) entries: u64,
    /// Different heads in them, each proven to be a beginning of the present log.
    pub(super) heads: u64,
    /// The size of the present log.
    pub(super) size: u64,
}

/// Checks a record against a log.
pub(super) async fn check(
    record: &Path,
    log: Caller,
    verifier: &NoteVerifier,
) -> Result<Checked, Failure> {
    let lines = record::read(record).map_err(Failure::Failed)?;
    let (entries, heads) = (entries(&lines)?, heads(&lines)?);
    let present = kept(&entries, &heads, log, verifier).await?;
    Ok(Checked {
        acknowledgements: lines.len() as u64,
        entries: entries.len() as u64,
        heads: heads.len() as u64,
        size: present.size,
    })
}

/// Proves from its tiles that a log has each leaf at its index, and that each head is a beginning of it;
/// gives the head that it has now.
pub(super) async fn kept(
    entries: &BTreeMap<u64, Hash>,
    heads: &BTreeMap<u64, Hash>,
    log: Caller,
    verifier: &NoteVerifier,
) -> Result<Head, Failure> {
    let mut tiles = Tiles {
        log,
        kept: BTreeMap::new(),
    };
    let present = tiles.head(verifier).await?;
    if let Some((recorded, _)) = heads
        .last_key_value()
        .filter(|(size, _)| **size > present.size)
    {
        return Err(Violation::WentBack {
            recorded: *recorded,
            present: present.size,
        }
        .into());
    }
    tiles.check_entries(entries, present).await?;
    tiles.check_heads(heads, present).await?;
    Ok(present)
}

/// The leaf at each index: one leaf has one index, one index one leaf.
fn entries(lines: &[Line]) -> Result<BTreeMap<u64, Hash>, Violation> {
    let mut places = BTreeMap::new();
    let mut entries = BTreeMap::new();
    for Line {
        index, leaf_hash, ..
    } in lines
    {
        let first = *places.entry(*leaf_hash).or_insert(*index);
        if first != *index {
            return Err(Violation::LeafTwice {
                leaf: *leaf_hash,
                first,
                second: *index,
            });
        }
        let first = *entries.entry(*index).or_insert(*leaf_hash);
        if first != *leaf_hash {
            return Err(Violation::TwoLeaves {
                index: *index,
                first,
                second: *leaf_hash,
            });
        }
    }
    Ok(entries)
}

/// The root of each size.
fn heads(lines: &[Line]) -> Result<BTreeMap<u64, Hash>, Violation> {
    let mut heads = BTreeMap::new();
    for Line { head, .. } in lines {
        let first = *heads.entry(head.size).or_insert(head.root);
        if first != head.root {
            return Err(Violation::TwoRoots {
                size: head.size,
                first,
                second: head.root,
            });
        }
    }
    Ok(heads)
}

/// The tiles of a log.
struct Tiles {
    log: Caller,
    /// Those that proofs ask for again and again: all but the full ones of the lowest level.
    kept: BTreeMap<Tile, Bytes>,
}

impl Tiles {
    async fn check_entries(
        &mut self,
        entries: &BTreeMap<u64, Hash>,
        present: Head,
    ) -> Result<(), Failure> {
        let Head { size, root } = present;
        // Page by page: the proofs of a page need the same few tiles.
        let mut indexes = entries.keys().copied().peekable();
        while let Some(first) = indexes.next() {
            let mut page = vec![first];
            while let Some(index) = indexes.next_if(|index| index / PAGE == first / PAGE) {
                page.push(index);
            }
            let mut wanted = Vec::new();
            for &index in &page {
                let lost = |reason| Violation::EntryLost { index, reason };
                wanted.extend(tile::inclusion_tiles(index, size).map_err(lost)?);
            }
            let tiles = self.fetch(wanted).await?;
            for index in page {
                let proof = merkle::inclusion_proof(index, size, |node| tiles.node(node));
                let leaf = entries.get(&index).copied().unwrap_or(root);
                let checked =
                    proof.and_then(|proof| verify_inclusion(index, size, &leaf, &proof, &root));
                checked.map_err(|reason| Violation::EntryLost { index, reason })?;
            }
        }
        Ok(())
    }

    async fn check_heads(
        &mut self,
        heads: &BTreeMap<u64, Hash>,
        present: Head,
    ) -> Result<(), Failure> {
        let mut sizes = heads.iter().peekable();
        while let Some(first) = sizes.next() {
            let mut page = vec![first];
            while let Some(next) = sizes.next_if(|(size, _)| *size / PAGE == first.0 / PAGE) {
                page.push(next);
            }
            let mut wanted = Vec::new();
            for &(&size, _) in &page {
                let lost = |reason| Violation::HeadLost { size, reason };
                wanted.extend(tile::consistency_tiles(size, present.size).map_err(lost)?);
            }
            let tiles = self.fetch(wanted).await?;
            for (&size, root) in page {
                let lost = |reason| Violation::HeadLost { size, reason };
                let proof = merkle::consistency_proof(size, present.size, |node| tiles.node(node));
                let proof = proof.map_err(lost)?;
                verify_consistency(size, present.size, &proof, root, &present.root)
                    .map_err(lost)?;
            }
        }
        Ok(())
    }

    async fn fetch(&mut self, mut wanted: Vec<Tile>) -> Result<TileSet, Failure> {
        wanted.sort_unstable();
        wanted.dedup();
        let mut set = TileSet::new();
        for tile in wanted {
            let bytes = match self.kept.get(&tile) {
                Some(bytes) => bytes.clone(),
                None => self.read(&format!("/{tile}")).await?,
            };
            let inserted = set.insert(tile, &bytes);
            inserted.map_err(|error| Failure::Failed(anyhow!("{tile}: {error}")))?;
            if tile.level() > 0 || tile.width != Width::Full {
                self.kept.insert(tile, bytes);
            }
        }
        Ok(set)
    }

    async fn head(&mut self, verifier: &NoteVerifier) -> Result<Head, Failure> {
        let text = checkpoint(&mut self.log).await.map_err(Failure::Failed)?;
        Ok(heads::open(&text, verifier)?)
    }

    async fn read(&mut self, path: &str) -> Result<Bytes, Failure> {
        read(&mut self.log, path).await.map_err(Failure::Failed)
    }
}

/// The present checkpoint of a log, not verified yet.
pub(super) async fn checkpoint(log: &mut Caller) -> anyhow::Result<String> {
    let bytes = read(log, "/checkpoint").await?;
    let text = String::from_utf8(bytes.to_vec());
    text.map_err(|error| anyhow!("the checkpoint is no text: {error}"))
}

async fn read(log: &mut Caller, path: &str) -> anyhow::Result<Bytes> {
    let answer = log.ask(&Method::GET, path, Bytes::new()).await?;
    match answer.status {
        StatusCode::OK => Ok(answer.body),
        status => {
            let reason = reason(&answer.body);
            Err(anyhow!("the log answered {status} to GET {path}: {reason}"))
        }
    }
}
