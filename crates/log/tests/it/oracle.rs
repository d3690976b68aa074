//! Another implementation reads what the log wrote: `tlog_tiles`, a port of Go's own tile reader by
//! Cloudflare. Full tiles are read from the directory's files, as a web server would give them; the
//! partial ones, which are no files, from the log.
//!
//! It checks every tile against the root that it is given before it uses it.

use std::collections::HashMap;
use std::path::PathBuf;

use tlog_tiles::{
    Checkpoint, Error, Hash as TheirHash, Tile as TheirTile, TileHashReader, TileReader,
    check_record, check_tree, prove_record, prove_tree, record_hash, tree_hash,
};
use waxwing_encoding::time::Clock;
use waxwing_log::Log;
use waxwing_tlog::Hash;
use waxwing_tlog::note::Note;
use waxwing_tlog::tile::{Tile, TileKind, Width};

use crate::bench::{Bench, add_together, entry};
use crate::local::Directory;
use crate::suite::Storage;

/// The files of a directory, and the partial tiles of one tree.
struct Files {
    root: PathBuf,
    partial: HashMap<String, Vec<u8>>,
}

impl Files {
    /// Asks the log for the partial tiles of a tree of that size.
    async fn of(root: PathBuf, log: &Log, size: u64) -> Self {
        let mut partial = HashMap::new();
        for level in 0..4 {
            let tile = Tile::hashes(level, size >> (8 * level) >> 8, Width::Full);
            let Some(tile) = tile.at_size(size) else {
                continue;
            };
            assert!(matches!(tile.kind, TileKind::Hashes { .. }));
            let content = log.tile(level, tile.index, tile.width).await.unwrap();
            partial.insert(tile.to_string(), content.unwrap().to_vec());
        }
        Self { root, partial }
    }
}

impl TileReader for Files {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[TheirTile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = tiles.iter().map(|tile| {
            // Their paths have the tile's height in them, which the specification left out.
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            match self.partial.get(&path) {
                Some(content) => Ok(content.clone()),
                None => std::fs::read(self.root.join(&path))
                    .map_err(|error| Error::InvalidInput(format!("{path}: {error}"))),
            }
        });
        read.collect()
    }

    fn save_tiles(&self, _tiles: &[TheirTile], _data: &[Vec<u8>]) {}
}

fn theirs(hash: &Hash) -> TheirHash {
    TheirHash(*hash.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_implementation_reads_the_directory_and_makes_the_same_proofs() {
    let (directory, bench) = (Directory::new(), Bench::tiles());
    let log = bench.open(directory.hand()).await;
    let mut sizes = vec![1];
    add_together(&log, 0..1).await;
    for size in [2, 255, 256, 257, 700, 1024, 1500] {
        add_together(&log, sizes[sizes.len() - 1]..size).await;
        sizes.push(size);
    }
    log.close().await;
    let root = directory.path();
    let published = std::fs::read(root.join("checkpoint")).unwrap();
    let note = Note::parse(&published).unwrap();
    let checkpoint = Checkpoint::from_bytes(note.text().as_bytes()).unwrap();
    assert_eq!(checkpoint.size(), 1500);
    assert!(bench.clock.now() >= log.checkpoint().time);

    for size in &sizes {
        let files = Files::of(root.clone(), &log, *size).await;
        let head = log.root(*size).await.unwrap();
        let reader = TileHashReader::new(*size, theirs(&head), &files);
        assert_eq!(tree_hash(*size, &reader).unwrap().0, *head.as_bytes());
        for index in (0..*size).step_by(37).chain([size - 1]) {
            let leaf = log.entry(index).await.unwrap().unwrap().stored;
            let proof = prove_record(*size, index, &reader).unwrap();
            check_record(&proof, *size, theirs(&head), index, record_hash(&leaf)).unwrap();
            let ours = log.inclusion_proof(index, *size).await.unwrap();
            assert_eq!(proof, ours.iter().map(theirs).collect::<Vec<_>>());
        }
        for old in sizes.iter().filter(|old| *old < size) {
            let proof = prove_tree(*size, *old, &reader).unwrap();
            let old_root = theirs(&log.root(*old).await.unwrap());
            check_tree(&proof, *size, theirs(&head), *old, old_root).unwrap();
            let ours = log.consistency_proof(*old, *size).await.unwrap();
            assert_eq!(proof, ours.iter().map(theirs).collect::<Vec<_>>());
        }
    }

    // It would notice: one bit of one tile. Not in every tree: as many tiles as there are more perfect
    // subtrees than tiles that hold them go unchecked there (0.2.0), none where there is one subtree.
    let path = root.join("tile/0/002");
    let mut tile = std::fs::read(&path).unwrap();
    tile[100] ^= 1;
    std::fs::write(&path, &tile).unwrap();
    let files = Files::of(root, &log, 1024).await;
    let head = log.root(1024).await.unwrap();
    let reader = TileHashReader::new(1024, theirs(&head), &files);
    let refused = prove_record(1024, 600, &reader).unwrap_err();
    assert!(matches!(refused, Error::InconsistentTile), "{refused}");
    assert_eq!(
        log.entry(600).await.unwrap().unwrap().stored.len(),
        entry(600).len()
    );
}
