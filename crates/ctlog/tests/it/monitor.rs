//! What a monitor sees: checkpoint, tiles, data tiles and issuers, checked with the log's key alone.

use std::collections::BTreeSet;

use waxwing_crypto::{sha256, sha256_of_parts};
use waxwing_encoding::hex;
use waxwing_pki::Certificate;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::{inclusion_proof, leaf_hash, root, verify_inclusion};
use waxwing_tlog::note::{Note, NoteVerifier};
use waxwing_tlog::tile::{Tile, TileSet, Width, inclusion_tiles, root_tiles};

use crate::bytes::{Fields, vector};
use crate::world::{NOW, ORIGIN, Promise, World};

/// An entry of a data tile.
#[derive(Debug, PartialEq, Eq)]
struct TileLeaf {
    timestamp: u64,
    /// Type and content, as in the tree.
    entry: Vec<u8>,
    extensions: Vec<u8>,
    precertificate: Option<Vec<u8>>,
    fingerprints: Vec<Vec<u8>>,
}

/// Reads a data tile by static-ct-api, to its last byte.
fn read_data_tile(bytes: &[u8]) -> Vec<TileLeaf> {
    let mut fields = Fields(bytes);
    let mut leaves = Vec::new();
    while !fields.0.is_empty() {
        let timestamp = fields.number(8);
        let before = fields.0;
        let kind = fields.number(2);
        if kind == 1 {
            fields.take(32);
        }
        fields.vector(3);
        let entry = before[..before.len() - fields.0.len()].to_vec();
        let extensions = fields.vector(2).to_vec();
        let precertificate = (kind == 1).then(|| fields.vector(3).to_vec());
        let fingerprints = fields.vector(2);
        assert_eq!(fingerprints.len() % 32, 0);
        leaves.push(TileLeaf {
            timestamp,
            entry,
            extensions,
            precertificate,
            fingerprints: fingerprints.chunks(32).map(<[u8]>::to_vec).collect(),
        });
    }
    leaves
}

/// The head, once the log's signature over it was checked.
async fn checkpoint(world: &World) -> (Checkpoint, u64) {
    let answer = world.read("checkpoint").await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    let note = Note::parse(answer.text()).unwrap();
    let verifier = NoteVerifier::tree_head(ORIGIN, &world.log_key).unwrap();
    let opened = note.open(&[verifier]).unwrap();
    let checkpoint = Checkpoint::parse(opened.text()).unwrap();
    assert_eq!(checkpoint.origin(), ORIGIN);
    assert!(checkpoint.extensions().is_empty());
    (checkpoint, opened.signatures()[0].timestamp.unwrap())
}

async fn fetch(world: &World, tiles: Vec<Tile>) -> TileSet {
    let mut set = TileSet::new();
    for tile in tiles {
        let answer = world.read(&tile.to_string()).await;
        assert_eq!(
            answer.header("content-type"),
            Some("application/octet-stream")
        );
        set.insert(tile, &answer.body).unwrap();
    }
    set
}

/// `MerkleTreeLeaf` of RFC 6962 section 3.4 from the promise and the entry.
pub(crate) fn merkle_tree_leaf(promise: &Promise, entry: &[u8]) -> Vec<u8> {
    [
        &[0, 0],
        &promise.timestamp.to_be_bytes()[..],
        entry,
        &vector(2, &promise.extensions),
    ]
    .concat()
}

/// Submits so many precertificates.
pub(crate) async fn grown(count: u64) -> (World, Vec<(Certificate, Promise)>) {
    let world = World::new().await;
    let submitted = grow(&world, count).await;
    (world, submitted)
}

/// Submits so many precertificates to a log that is there.
pub(crate) async fn grow(world: &World, count: u64) -> Vec<(Certificate, Promise)> {
    let mut submitted = Vec::new();
    for number in 0..count {
        world.clock.set(NOW + number);
        let precertificate = world.precertificate();
        let promise = world.add(&precertificate).await;
        submitted.push((precertificate, promise));
    }
    submitted
}

/// C2SP static-ct-api: the key's ID in notes is made of the name, `0A`, `05` and the log's ID.
#[tokio::test]
async fn the_checkpoint_opens_under_the_key_of_type_5() {
    let (world, submitted) = grown(2).await;
    let answer = world.read("checkpoint").await.text();
    let note = Note::parse(answer).unwrap();
    let id = sha256(world.log_key.spki_der());
    let key_id = sha256_of_parts(&[ORIGIN.as_bytes(), &[0x0a, 5], &id]);
    assert_eq!(note.signatures().len(), 1);
    assert_eq!(note.signatures()[0].name(), ORIGIN);
    assert_eq!(note.signatures()[0].key_id(), key_id[..4]);
    let (head, time) = checkpoint(&world).await;
    assert_eq!(head.size(), 2);
    // The head is as old as its last entry at least.
    assert!(time >= submitted[1].1.timestamp, "{time}");
    let ed25519 = NoteVerifier::ecdsa(ORIGIN, &world.log_key).unwrap();
    assert!(
        note.open(&[ed25519]).is_err(),
        "it opens as another kind of signature"
    );
}

#[tokio::test]
async fn every_promised_leaf_is_in_the_tree_under_the_checkpoint() {
    // Past the edge of a tile.
    let (world, submitted) = grown(259).await;
    let (head, _) = checkpoint(&world).await;
    assert_eq!(head.size(), 259);
    let tiles = fetch(&world, root_tiles(head.size())).await;
    assert_eq!(root(head.size(), |node| tiles.node(node)), Ok(head.root()));
    for (precertificate, promise) in &submitted {
        let index = promise.index();
        let leaf = merkle_tree_leaf(promise, &world.precertificate_entry(precertificate));
        let tiles = fetch(&world, inclusion_tiles(index, head.size()).unwrap()).await;
        let proof = inclusion_proof(index, head.size(), |node| tiles.node(node)).unwrap();
        let leaf = leaf_hash(&leaf);
        let verified = verify_inclusion(index, head.size(), &leaf, &proof, &head.root());
        assert_eq!(verified, Ok(()), "{index}");
    }
    let indexes: BTreeSet<u64> = submitted.iter().map(|one| one.1.index()).collect();
    assert_eq!(indexes, (0..259).collect());

    let mut leaves = Vec::new();
    for tile in [
        Tile::data(0, Width::Full),
        Tile::data(1, Width::new(3).unwrap()),
    ] {
        let content = read_data_tile(&world.read(&tile.to_string()).await.body);
        assert_eq!(content.len(), tile.width.entries());
        leaves.extend(content);
    }
    let above = [&world.issuing.certificate, &world.root.certificate];
    for (found, (precertificate, promise)) in leaves.iter().zip(&submitted) {
        let expected = TileLeaf {
            timestamp: promise.timestamp,
            entry: world.precertificate_entry(precertificate),
            extensions: promise.extensions.clone(),
            precertificate: Some(precertificate.der().to_vec()),
            fingerprints: above.map(|link| sha256(link.der()).to_vec()).into(),
        };
        assert_eq!(*found, expected, "{}", promise.index());
    }
}

#[tokio::test]
async fn a_data_tile_tells_certificates_from_precertificates() {
    let world = World::new().await;
    let (precertificate, certificate) = world.pair();
    world.promise("add-chain", &world.chain(&certificate)).await;
    world.add(&precertificate).await;
    let [first, second] = &read_data_tile(&world.read("tile/data/000.p/2").await.body)[..] else {
        panic!("two entries are expected");
    };
    assert_eq!(first.precertificate, None);
    let entry = [&[0, 0][..], &vector(3, certificate.der())].concat();
    assert_eq!(first.entry, entry);
    assert_eq!(second.precertificate.as_deref(), Some(precertificate.der()));
    assert_eq!(second.entry, world.precertificate_entry(&precertificate));
}

#[tokio::test]
async fn every_issuer_that_a_data_tile_names_is_served() {
    let (world, _) = grown(1).await;
    let leaves = read_data_tile(&world.read("tile/data/000.p/1").await.body);
    let mut served = Vec::new();
    for fingerprint in &leaves[0].fingerprints {
        let answer = world
            .read(&format!("issuer/{}", hex::encode(fingerprint)))
            .await;
        assert_eq!(answer.header("content-type"), Some("application/pkix-cert"));
        assert_eq!(sha256(&answer.body)[..], fingerprint[..]);
        served.push(Certificate::from_der(&answer.body).unwrap());
    }
    let above = [&world.issuing.certificate, &world.root.certificate];
    assert_eq!(served.iter().collect::<Vec<_>>(), above);
}

/// RFC 6962 section 3.1: the final certificate of a logged chain is a root that the log accepts.
#[tokio::test]
async fn a_root_that_was_left_out_is_logged_all_the_same() {
    let world = World::new().await;
    let mut chain = world.chain(&world.precertificate());
    chain.pop();
    world.promise("add-pre-chain", &chain).await;
    let leaves = read_data_tile(&world.read("tile/data/000.p/1").await.body);
    let above = [&world.issuing.certificate, &world.root.certificate];
    let expected = above.map(|link| sha256(link.der()).to_vec());
    assert_eq!(leaves[0].fingerprints, expected);
    let path = format!("issuer/{}", hex::encode(&expected[1]));
    assert_eq!(world.read(&path).await.body, world.root.certificate.der());
}

#[tokio::test]
async fn issuers_that_nobody_submitted_and_other_spellings_are_not_found() {
    let (world, _) = grown(1).await;
    let known = hex::encode(&sha256(world.issuing.certificate.der()));
    world.read(&format!("issuer/{known}")).await;
    for name in [
        known.to_uppercase(),
        known[1..].to_owned(),
        format!("{known}00"),
        hex::encode(&[0; 32]),
        "..".to_owned(),
    ] {
        let url = format!("http://ct.test/2026/issuer/{name}");
        let answer = world.client.get(url).await.unwrap();
        assert_eq!(answer.status.as_u16(), 404, "{name}");
    }
}

#[tokio::test]
async fn tiles_that_the_checkpoint_does_not_cover_are_not_found_and_not_kept() {
    let (world, _) = grown(2).await;
    for path in [
        "tile/0/000.p/3",
        "tile/0/000",
        "tile/data/000.p/3",
        "tile/entries/000.p/2",
    ] {
        let url = format!("http://ct.test/2026/{path}");
        let answer = world.client.get(url).await.unwrap();
        assert_eq!(answer.status.as_u16(), 404, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    world.read("tile/0/000.p/1").await;
    world.read("tile/data/000.p/2").await;
}
