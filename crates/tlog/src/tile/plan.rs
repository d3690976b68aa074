//! Which tiles a root or a proof needs, and its nodes read from them.
//!
//! Node `j` of tree level `v` lies in the tile of level `v / 8`, `v % 8` rows above its lowest one.

use std::collections::BTreeMap;

use super::{HashTile, HashTileError, Tile, TileKind, Width};
use crate::Hash;
use crate::merkle::{self, Node, ProofError};

/// The hash tiles that hold these nodes of a tree of `size` leaves, each once and in order.
///
/// Each is asked for in the width that the tree of that size gives it, which is what a log has to
/// serve as long as it has published a checkpoint of that size; nodes outside the tree are left out.
pub fn tiles_of_nodes(nodes: &[Node], size: u64) -> Vec<Tile> {
    let mut tiles: Vec<Tile> = nodes
        .iter()
        .filter_map(|node| {
            let place = Place::of(*node);
            Tile::hashes(place.level, place.index, Width::Full).at_size(size)
        })
        .collect();
    tiles.sort_unstable();
    tiles.dedup();
    tiles
}

/// The tiles from which the root of a tree of `size` leaves follows.
pub fn root_tiles(size: u64) -> Vec<Tile> {
    tiles_of_nodes(&merkle::root_nodes(size), size)
}

/// The tiles from which the inclusion proof of leaf `index` in a tree of `size` leaves follows,
/// that of the leaf itself among them.
pub fn inclusion_tiles(index: u64, size: u64) -> Result<Vec<Tile>, ProofError> {
    let mut nodes = merkle::inclusion_nodes(index, size)?;
    nodes.push(Node { level: 0, index });
    Ok(tiles_of_nodes(&nodes, size))
}

/// The tiles from which the consistency proof between trees of these sizes follows.
pub fn consistency_tiles(old_size: u64, new_size: u64) -> Result<Vec<Tile>, ProofError> {
    let nodes = merkle::consistency_nodes(old_size, new_size)?;
    Ok(tiles_of_nodes(&nodes, new_size))
}

/// Tiles at hand, to read nodes from.
///
/// Nothing here says that the tiles are the log's: a root or proof made from them has to be compared
/// with a signed head.
#[derive(Debug, Clone, Default)]
pub struct TileSet {
    tiles: BTreeMap<(u8, u64), HashTile>,
}

impl TileSet {
    /// No tiles.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts in a hash tile as it was served. Bundles and data tiles hold no nodes and are passed
    /// over.
    pub fn insert(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), HashTileError> {
        if let TileKind::Hashes { level } = tile.kind {
            let content = HashTile::parse(bytes, tile.width)?;
            self.tiles.insert((level, tile.index), content);
        }
        Ok(())
    }

    /// The hash of a node; `None` if its tile is not here or not wide enough.
    pub fn node(&self, node: Node) -> Option<Hash> {
        let place = Place::of(node);
        let tile = self.tiles.get(&(place.level, place.index))?;
        tile.node(place.row, place.column)
    }
}

/// Where a node of the tree lies among the tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The tile's level.
    pub level: u8,
    /// The tile's index.
    pub index: u64,
    /// The row inside the tile, 0 for the lowest.
    pub row: u8,
    /// The column inside the row.
    pub column: usize,
}

impl Place {
    /// The place of `node`.
    pub fn of(node: Node) -> Self {
        let row = node.level % 8;
        let columns = 1 << (8 - row);
        Self {
            level: node.level / 8,
            index: node.index / columns,
            row,
            column: (node.index % columns) as usize,
        }
    }
}
