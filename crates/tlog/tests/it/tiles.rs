//! Tiles, bundles and the planner, by their properties.

use proptest::prelude::*;
use waxwing_tlog::merkle::{
    CompactRange, consistency_proof, inclusion_proof, leaf_hash, root, verify_consistency,
    verify_inclusion,
};
use waxwing_tlog::tile::{
    HashTile, Tile, TileKind, TileSet, Width, consistency_tiles, inclusion_tiles, root_tiles,
};
use waxwing_tlog::{Hash, bundle};

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

/// What a log of `size` leaves serves: every tile in the width that it has.
struct Served(Vec<HashTile>, Vec<HashTile>, HashTile);

impl Served {
    fn new(size: u64) -> Self {
        let (mut zero, mut one, mut two) = (
            vec![HashTile::new()],
            vec![HashTile::new()],
            HashTile::new(),
        );
        for index in 0..size {
            if let Some(root) = zero.last_mut().unwrap().push(leaf(index)) {
                zero.push(HashTile::new());
                if let Some(root) = one.last_mut().unwrap().push(root) {
                    one.push(HashTile::new());
                    two.push(root);
                }
            }
        }
        Self(zero, one, two)
    }

    fn fetch(&self, tiles: Vec<Tile>) -> TileSet {
        let mut set = TileSet::new();
        for tile in tiles {
            let index = tile.index as usize;
            let content = match tile.level() {
                0 => &self.0[index],
                1 => &self.1[index],
                _ => &self.2,
            };
            set.insert(tile, &content.to_bytes(tile.width).unwrap())
                .unwrap();
        }
        set
    }
}

#[test]
fn the_planned_tiles_are_enough_and_few() {
    let largest = 66_000;
    let served = Served::new(largest);
    for size in [
        1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, largest,
    ] {
        let mut tree = CompactRange::new();
        (0..size).for_each(|index| tree.append(leaf(index)));
        let tiles = root_tiles(size);
        assert!(tiles.len() <= 3, "{tiles:?}");
        let set = served.fetch(tiles);
        assert_eq!(root(size, |node| set.node(node)), Ok(tree.root()));
        for index in [0, 1, size / 2, size.saturating_sub(256), size - 1] {
            let index = index.min(size - 1);
            let tiles = inclusion_tiles(index, size).unwrap();
            assert!(tiles.len() <= 5, "{tiles:?}");
            assert!(tiles.iter().all(|tile| tile.is_within(size)));
            let set = served.fetch(tiles);
            let proof = inclusion_proof(index, size, |node| set.node(node)).unwrap();
            let verified = verify_inclusion(index, size, &leaf(index), &proof, &tree.root());
            assert_eq!(verified, Ok(()), "{index} {size}");

            let set = served.fetch(consistency_tiles(index, size).unwrap());
            let proof = consistency_proof(index, size, |node| set.node(node)).unwrap();
            let mut old = CompactRange::new();
            (0..index).for_each(|index| old.append(leaf(index)));
            let verified = verify_consistency(index, size, &proof, &old.root(), &tree.root());
            assert_eq!(verified, Ok(()), "{index} {size}");
        }
    }
}

fn widths() -> impl Strategy<Value = Width> {
    (1..=256u64).prop_map(|width| Width::new(width).unwrap())
}

fn kinds() -> impl Strategy<Value = TileKind> {
    prop_oneof![
        (0..=63u8).prop_map(|level| TileKind::Hashes { level }),
        Just(TileKind::Entries),
        Just(TileKind::Data),
    ]
}

proptest! {
    #[test]
    fn written_paths_are_read_again(
        kind in kinds(),
        width in widths(),
        index in any::<u64>(),
        shift in 0..64u32,
    ) {
        let tile = Tile { kind, index: index >> shift, width };
        prop_assert_eq!(tile.to_string().parse(), Ok(tile));
    }

    #[test]
    fn paths_that_are_read_have_one_spelling(path in "tile/(6?[0-9]|entries|data)/(x?[0-9]{3}/){0,2}[0-9]{3}(\\.p/[0-9]{1,3})?") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
        }
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(path in "\\PC*") {
        let _ = path.parse::<Tile>();
    }

    #[test]
    fn written_bundles_are_read_again(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..=256)) {
        let bytes = bundle::encode(&entries).unwrap();
        let width = Width::new(entries.len() as u64).unwrap();
        prop_assert_eq!(bundle::parse(&bytes, width).unwrap(), entries);
    }

    #[test]
    fn bundles_that_are_read_have_one_spelling(bytes in prop::collection::vec(0..3u8, 0..40), width in 1..12u64) {
        if let Ok(entries) = bundle::parse(&bytes, Width::new(width).unwrap()) {
            prop_assert_eq!(bundle::encode(&entries).unwrap(), bytes);
        }
    }
}
