//! From blocks to roots: what the threads found is put together in the order of the log.

use std::collections::{BTreeMap, BTreeSet};

use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{CompactRange, EMPTY_ROOT};
use waxwing_tlog::tile::{FULL_WIDTH, HashTile, Tile, Width};

use super::block::{BLOCK, Block, Suspect, check_order, compare};
use super::ground::Ground;

const PAGE: u64 = FULL_WIDTH as u64;

/// The root of the first entries, and what it would be if tiles were believed and not bundles where
/// they contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Roots {
    pub(super) by_entries: Hash,
    pub(super) by_tiles: Hash,
}

/// The tree as far as it was put together.
#[derive(Debug, Default)]
pub(super) struct Sum {
    next: u64,
    /// Blocks that came before their turn.
    waiting: BTreeMap<u64, Block>,
    /// The roots of whole blocks, as if they were leaves.
    blocks: CompactRange,
    /// The growing tiles from level 2 on.
    rows: Vec<Vec<Hash>>,
    marks: BTreeSet<u64>,
    /// The roots at the marks, as far as they can be known.
    pub(super) roots: BTreeMap<u64, Roots>,
    pub(super) broken: bool,
    pub(super) suspects: Vec<Suspect>,
    /// How many of them lie in the last block.
    pub(super) suspects_in_last: usize,
    pub(super) last_time: Option<UnixTime>,
}

impl Sum {
    /// A tree whose roots are wanted at these sizes.
    pub(super) fn new(marks: BTreeSet<u64>) -> Self {
        let mut sum = Self {
            marks,
            ..Self::default()
        };
        if sum.marks.contains(&0) {
            let roots = Roots {
                by_entries: EMPTY_ROOT,
                by_tiles: EMPTY_ROOT,
            };
            sum.roots.insert(0, roots);
        }
        sum
    }

    /// The pages whose leaves are needed for the roots.
    pub(super) fn marked_pages(&self) -> BTreeSet<u64> {
        let inside = self.marks.iter().filter(|size| **size % PAGE != 0);
        inside.map(|size| size / PAGE).collect()
    }

    /// Takes a block, whenever it comes.
    pub(super) fn take(&mut self, ground: &Ground, index: u64, block: Block) {
        self.waiting.insert(index, block);
        while let Some(block) = self.waiting.remove(&self.next) {
            self.append(ground, block);
            self.next += 1;
        }
    }

    fn append(&mut self, ground: &Ground, block: Block) {
        let start = self.next * BLOCK;
        if let Some((first, last)) = block.times {
            check_order(ground, start / PAGE, self.last_time, first);
            self.last_time = Some(last);
        }
        self.broken |= block.broken;
        self.suspects_in_last = block.suspects.len();
        if !self.broken {
            self.mark(start, &block);
        }
        if block.row.len() == FULL_WIDTH {
            let root = root(&block.row);
            self.blocks.append(root);
            self.push(ground, 0, root);
        }
        self.suspects.extend(block.suspects);
    }

    /// The roots at the marks in a block.
    fn mark(&mut self, start: u64, block: &Block) {
        let mut by_tiles = block.row.clone();
        for suspect in &block.suspects {
            let place = (suspect.page - start / PAGE) as usize;
            if let Some(root) = by_tiles.get_mut(place) {
                *root = suspect.by_tile;
            }
        }
        let no_leaves = Vec::new();
        let marks: Vec<u64> = self
            .marks
            .range(start + 1..=start + BLOCK)
            .copied()
            .collect();
        for size in marks {
            let page = size / PAGE;
            let leaves = block.leaves.get(&page).unwrap_or(&no_leaves);
            let suspect = block.suspects.iter().find(|suspect| suspect.page == page);
            let tile = suspect.map_or(leaves, |suspect| &suspect.tile);
            let by_entries = self.root_at(size, start, &block.row, leaves);
            let by_tiles = self.root_at(size, start, &by_tiles, tile);
            if let Some((by_entries, by_tiles)) = by_entries.zip(by_tiles) {
                let roots = Roots {
                    by_entries,
                    by_tiles,
                };
                self.roots.insert(size, roots);
            }
        }
    }

    fn root_at(&self, size: u64, start: u64, row: &[Hash], leaves: &[Hash]) -> Option<Hash> {
        let pages = ((size - start) / PAGE) as usize;
        let rest = (size % PAGE) as usize;
        let mut hashes = self.blocks.hashes().to_vec();
        for part in [row.get(..pages)?, leaves.get(..rest)?] {
            let mut range = CompactRange::new();
            part.iter().for_each(|hash| range.append(*hash));
            hashes.extend_from_slice(range.hashes());
        }
        let range = CompactRange::from_hashes(size, &hashes).ok()?;
        Some(range.root())
    }

    /// Appends the root of a full tile to the row above it, and compares that row once it is full.
    fn push(&mut self, ground: &Ground, row: usize, root_below: Hash) {
        if self.rows.len() == row {
            self.rows.push(Vec::with_capacity(FULL_WIDTH));
        }
        self.rows[row].push(root_below);
        if self.rows[row].len() < FULL_WIDTH {
            return;
        }
        let hashes = std::mem::take(&mut self.rows[row]);
        let level = row as u8 + 2;
        let width = BLOCK << (8 * row);
        let index = (self.next * BLOCK) / (width * PAGE);
        let required = (index + 1) * width * PAGE <= ground.filed;
        let tile = Tile::hashes(level, index, Width::Full);
        if let Some(tile) = ground.hash_tile(tile, index * width * PAGE, required)
            && !self.broken
        {
            compare(ground, (level, index), &tile, &hashes);
        }
        self.push(ground, row + 1, root(&hashes));
    }
}

fn root(row: &[Hash]) -> Hash {
    let mut tile = HashTile::new();
    for hash in row {
        tile.push(*hash);
    }
    tile.root().expect("invariant: the row is full")
}
