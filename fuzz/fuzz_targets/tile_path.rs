//! A tile has one path: what is read is written again, byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_tlog::tile::Tile;

fuzz_target!(|path: &str| {
    if let Ok(tile) = path.parse::<Tile>() {
        assert_eq!(tile.to_string(), path);
        assert_eq!(tile.full().to_string().parse(), Ok(tile.full()));
    }
});
