//! The read side: checkpoint, tiles and entry bundles, under both prefixes.

use waxwing_tlog::bundle;
use waxwing_tlog::merkle::{inclusion_proof, leaf_hash, root};
use waxwing_tlog::tile::{Tile, TileSet, Width, inclusion_tiles, root_tiles};

use crate::world::{Entry, LOG, World};

async fn grown(count: u64) -> (World, Vec<Entry>) {
    let world = World::new().await;
    let mut entries = Vec::new();
    for number in 0..count {
        entries.push(world.add(&world.proposal(&number.to_string())).await);
    }
    (world, entries)
}

async fn fetch(world: &World, tiles: Vec<Tile>) -> TileSet {
    let mut set = TileSet::new();
    for tile in tiles {
        let answer = world.read(&tile.to_string()).await;
        set.insert(tile, &answer.body).unwrap();
    }
    set
}

#[tokio::test]
async fn both_prefixes_serve_the_same_bytes_with_the_same_headers() {
    let (world, _) = grown(3).await;
    for (path, content_type, cache) in [
        ("checkpoint", "text/plain; charset=utf-8", "no-cache"),
        (
            "tile/0/000.p/3",
            "application/octet-stream",
            "max-age=604800, immutable",
        ),
        (
            "tile/entries/000.p/3",
            "application/octet-stream",
            "max-age=604800, immutable",
        ),
    ] {
        let (bare, documented) = (
            world.read(path).await,
            world.read(&format!("api/v2/{path}")).await,
        );
        assert_eq!(bare.body, documented.body, "{path}");
        assert!(!bare.body.is_empty());
        for answer in [bare, documented] {
            assert_eq!(answer.header("content-type"), Some(content_type), "{path}");
            assert_eq!(answer.header("cache-control"), Some(cache), "{path}");
        }
    }
}

#[tokio::test]
async fn the_entry_bundle_holds_the_canonical_bodies() {
    let (world, entries) = grown(3).await;
    let content = world.read("tile/entries/000.p/3").await.body;
    let bodies = bundle::parse(&content, Width::new(3).unwrap()).unwrap();
    for (body, entry) in bodies.iter().zip(&entries) {
        assert_eq!(body, &entry.body);
    }
    // Two bytes of length before each body, and nothing else.
    let (length, rest) = content.split_at(2);
    assert_eq!(length, (entries[0].body.len() as u16).to_be_bytes());
    assert!(rest.starts_with(&entries[0].body));
}

#[tokio::test]
async fn proofs_made_from_the_tiles_are_those_of_the_answers() {
    // Past the edge of a tile.
    let (world, entries) = grown(258).await;
    let head = world.head().await;
    assert_eq!(head.size(), 258);
    let tiles = fetch(&world, root_tiles(258)).await;
    assert_eq!(root(258, |node| tiles.node(node)), Ok(head.root()));
    for entry in &entries {
        // The tree of that time is still there in the tiles of today.
        let planned = inclusion_tiles(entry.index, entry.tree_size).unwrap();
        let tiles = fetch(&world, planned).await;
        let proof = inclusion_proof(entry.index, entry.tree_size, |node| tiles.node(node));
        assert_eq!(proof.as_ref(), Ok(&entry.proof), "{}", entry.index);
    }
    let full = world.read("tile/entries/000").await.body;
    let bodies = bundle::parse(&full, Width::Full).unwrap();
    let tile = world.read("tile/0/000").await.body;
    for (index, hash) in tile.chunks(32).enumerate() {
        assert_eq!(bodies[index], entries[index].body);
        assert_eq!(leaf_hash(bodies[index]).as_bytes(), hash);
    }
    let rest = world.read("tile/entries/001.p/2").await.body;
    let rest = bundle::parse(&rest, Width::new(2).unwrap()).unwrap();
    assert_eq!(rest, [&entries[256].body[..], &entries[257].body]);
    assert_eq!(world.read("tile/1/000.p/1").await.body.len(), 32);
}

#[tokio::test]
async fn tiles_beyond_the_checkpoint_are_not_found_and_not_kept() {
    let (world, _) = grown(2).await;
    for path in [
        "tile/0/000.p/3",
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "tile/entries/000.p/3",
        "tile/entries/000",
        "tile/data/000.p/2",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/64/000.p/1",
        "tile/0/x000/000.p/1",
        "tile/",
    ] {
        for prefix in ["", "api/v2/"] {
            let url = format!("{LOG}/{prefix}{path}");
            let answer = world.client.get(url).await.unwrap();
            assert_eq!(answer.status.as_u16(), 404, "{prefix}{path}");
            if path != "tile/" {
                let kept = answer.header("cache-control");
                assert_eq!(kept, Some("no-store"), "{prefix}{path}");
            }
        }
    }
    // The next entry puts it there.
    world.add(&world.proposal("one more")).await;
    world.read("tile/0/000.p/3").await;
    world.read("api/v2/tile/entries/000.p/3").await;
}

#[tokio::test]
async fn partial_tiles_of_older_sizes_are_still_served() {
    let (world, _) = grown(3).await;
    let mut before = Vec::new();
    for width in 1..=3 {
        for kind in ["0", "entries"] {
            let path = format!("tile/{kind}/000.p/{width}");
            before.push((world.read(&path).await.body, path));
        }
    }
    for number in 3..260 {
        world.add(&world.proposal(&number.to_string())).await;
    }
    for (bytes, path) in before {
        assert_eq!(world.read(&path).await.body, bytes, "{path}");
    }
}
