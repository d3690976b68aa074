//! The read side of RFC 6962, against structures made by hand from the promises.

use std::sync::Arc;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, Random, SignatureAlgorithm, SystemRandom, sha256};
use waxwing_ctlog::{GetEntries, Issuers, MemoryIssuers, Service};
use waxwing_encoding::base64;
use waxwing_log::files::Disk;
use waxwing_log::{DriverError, Key, KeyIndex, KeySettings, LocalKeys, Operation};
use waxwing_net::{Client, Retry, Routes};
use waxwing_pki::Certificate;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use waxwing_tlog::note::Note;

use crate::bytes::{Fields, vector};
use crate::monitor::{grow, grown, merkle_tree_leaf};
use crate::world::{LOG, NOW, Promise, World};

const BAD: (u16, &str) = (400, "Bad Request");
const MISSING: (u16, &str) = (404, "Not Found");
const BROKEN: (u16, &str) = (500, "Internal Server Error");

async fn read(world: &World, path: &str) -> Value {
    let answer = world.read(&format!("ct/v1/{path}")).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json().unwrap()
}

async fn refuses(world: &World, path: &str, (status, words): (u16, &str), reason: &str) {
    let path = format!("ct/v1/{path}");
    world.refuses(&path, status, words, reason).await;
}

fn bytes(value: &Value) -> Vec<u8> {
    base64::decode(value.as_str().unwrap()).unwrap()
}

fn hash(value: &Value) -> Hash {
    Hash::new(bytes(value).try_into().unwrap())
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

/// `hash`, as Go and Python escape it.
fn escaped(hash: &Hash) -> String {
    let text = base64::encode(hash.as_bytes());
    let text = text.replace('+', "%2B").replace('/', "%2F");
    text.replace('=', "%3D")
}

fn leaf_input(world: &World, (precertificate, promise): &(Certificate, Promise)) -> Vec<u8> {
    merkle_tree_leaf(promise, &world.precertificate_entry(precertificate))
}

async fn root(world: &World, size: u64) -> Hash {
    world.log.root(size).await.unwrap()
}

/// RFC 6962 section 3.5, and the same head as the checkpoint's.
#[tokio::test]
async fn the_signed_tree_head_verifies_and_is_that_of_the_checkpoint() {
    let world = World::new().await;
    for size in 0..3 {
        let head = read(&world, "get-sth").await;
        assert_eq!(head.as_object().unwrap().len(), 4, "{head}");
        assert_eq!(head["tree_size"], size);
        let timestamp = head["timestamp"].as_u64().unwrap();
        let root = bytes(&head["sha256_root_hash"]);
        let note = Note::parse(world.read("checkpoint").await.text()).unwrap();
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        assert_eq!(checkpoint.root().as_bytes()[..], root);
        assert_eq!(checkpoint.size(), size);
        if size == 0 {
            assert_eq!(root, sha256(b""));
        } else {
            assert_eq!(timestamp, NOW + size * 1000);
        }
        let signed = bytes(&head["tree_head_signature"]);
        let mut fields = Fields(&signed);
        assert_eq!(fields.take(2), [4, 3], "SHA-256 and ECDSA");
        let signature = fields.vector(2);
        assert!(fields.0.is_empty());
        let message = |size: u64| {
            let numbers = [timestamp.to_be_bytes(), size.to_be_bytes()];
            [&[0, 1], &numbers.concat()[..], &root].concat()
        };
        let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
        let verify = |message: &[u8]| world.log_key.verify(algorithm, message, signature);
        assert_eq!(verify(&message(size)), Ok(()));
        assert!(verify(&message(size + 1)).is_err());
        world.clock.set(NOW + (size + 1) * 1000);
        world.add(&world.precertificate()).await;
    }
}

#[tokio::test]
async fn every_two_sizes_are_shown_to_be_consistent() {
    let (world, _) = grown(9).await;
    for second in 0..=9 {
        for first in 0..=second {
            let path = format!("get-sth-consistency?first={first}&second={second}");
            let answer = read(&world, &path).await;
            let proof = hashes(&answer["consistency"]);
            if first == 0 || first == second {
                assert_eq!(answer, json!({"consistency": []}), "{path}");
                continue;
            }
            let (old, new) = (root(&world, first).await, root(&world, second).await);
            let verified = verify_consistency(first, second, &proof, &old, &new);
            assert_eq!(verified, Ok(()), "{path}");
        }
    }
}

#[tokio::test]
async fn sizes_that_fit_no_consistency_proof_are_refused() {
    let (world, _) = grown(2).await;
    for (query, reason) in [
        ("", "the parameter first is missing"),
        ("?second=2", "the parameter first is missing"),
        ("?first=1", "the parameter second is missing"),
        ("?first=x&second=2", "the parameter first is malformed"),
        ("?first=-1&second=2", "the parameter first is malformed"),
        ("?first=2&second=1", "first (2) is larger than second (1)"),
        (
            "?first=1&second=3",
            "size 3 is beyond the newest head, which has 2 entries",
        ),
        (
            "?first=0&second=3",
            "size 3 is beyond the newest head, which has 2 entries",
        ),
    ] {
        refuses(&world, &format!("get-sth-consistency{query}"), BAD, reason).await;
    }
    read(&world, "get-sth-consistency?first=1&second=2").await;
}

#[tokio::test]
async fn every_leaf_is_found_by_its_hash_and_proven_at_every_size_that_has_it() {
    // Past the edge of a tile, and found again after the log has grown.
    let (world, mut submitted) = grown(259).await;
    for round in 0..2 {
        let newest = submitted.len() as u64;
        for one in &submitted {
            let (index, hash) = (one.1.index(), leaf_hash(&leaf_input(&world, one)));
            for size in [index + 1, newest] {
                let path = format!("get-proof-by-hash?hash={}&tree_size={size}", escaped(&hash));
                let answer = read(&world, &path).await;
                assert_eq!(answer["leaf_index"], index, "{path}");
                let proof = hashes(&answer["audit_path"]);
                let root = root(&world, size).await;
                let verified = verify_inclusion(index, size, &hash, &proof, &root);
                assert_eq!(verified, Ok(()), "{path}");
            }
        }
        if round == 0 {
            submitted.extend(grow(&world, 2).await);
        }
    }
}

#[tokio::test]
async fn a_leaf_that_the_tree_does_not_have_is_not_found() {
    let (world, submitted) = grown(3).await;
    let last = escaped(&leaf_hash(&leaf_input(&world, &submitted[2])));
    let unknown = escaped(&Hash::new([7; 32]));
    let path = |hash: &str, size| format!("get-proof-by-hash?hash={hash}&tree_size={size}");
    let none = |size: u64| format!("the first {size} entries have no leaf with that hash");
    refuses(&world, &path(&unknown, 3), MISSING, &none(3)).await;
    refuses(&world, &path(&last, 2), MISSING, &none(2)).await;
    let beyond = "size 4 is beyond the newest head, which has 3 entries";
    refuses(&world, &path(&last, 4), MISSING, beyond).await;
    read(&world, &path(&last, 3)).await;
    for (query, reason) in [
        ("?tree_size=3", "the parameter hash is missing"),
        ("?hash=&tree_size=3", "the parameter hash is missing"),
        ("?hash=%21&tree_size=3", "the parameter hash is not base64"),
        (
            "?hash=AAAA&tree_size=3",
            "the parameter hash has 3 bytes; expected 32",
        ),
        (
            &format!("?hash={last}"),
            "the parameter tree_size is missing",
        ),
        (
            &format!("?hash={last}&tree_size=0"),
            "tree_size is 0; an empty tree has no leaves",
        ),
    ] {
        refuses(&world, &format!("get-proof-by-hash{query}"), BAD, reason).await;
    }
}

/// An index that says of every leaf that it is the first.
#[derive(Debug)]
struct Lying {
    covered: u64,
}

impl KeyIndex for Lying {
    fn covered(&self) -> u64 {
        self.covered
    }

    fn find(&self, _: &Key) -> Result<Option<u64>, DriverError> {
        Ok(Some(0))
    }

    fn absorb(&self, _: u64, _: Vec<Key>) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn what_the_index_of_leaf_hashes_says_is_proven_before_it_is_told() {
    for (covered, reason) in [
        (0, "the proof leads to"),
        (
            9,
            "the index of leaf hashes covers 9 entries, but the log has 2",
        ),
    ] {
        let world = World::with(
            |_| {},
            |service, _, _| service.with_leaf_index(Arc::new(Lying { covered })),
        )
        .await;
        let submitted = grow(&world, 2).await;
        let second = escaped(&leaf_hash(&leaf_input(&world, &submitted[1])));
        let path = format!("ct/v1/get-proof-by-hash?hash={second}&tree_size=2");
        let answer = world.get(&path).await;
        assert_eq!(answer.status.as_u16(), 500, "{}", answer.text());
        let text = answer.text();
        assert!(text.starts_with(&format!("{}\n", BROKEN.1)), "{text}");
        assert!(text.contains(reason), "{text}");
        let honest = grown(2).await;
        let second = escaped(&leaf_hash(&leaf_input(&honest.0, &honest.1[1])));
        let path = format!("get-proof-by-hash?hash={second}&tree_size=2");
        assert_eq!(read(&honest.0, &path).await["leaf_index"], 1);
    }
}

#[tokio::test]
async fn an_index_of_leaf_hashes_on_a_disk_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let random: &dyn Random = &SystemRandom;
        let directory = folder.path().join("leaves");
        let settings = KeySettings::default();
        let files = Arc::new(Disk);
        Arc::new(LocalKeys::open(files, directory, settings, true, random).unwrap())
    };
    let index = open();
    let kept = Arc::clone(&index);
    let world = World::with(|_| {}, |service, _, _| service.with_leaf_index(kept)).await;
    let submitted = grow(&world, 3).await;
    let hash = leaf_hash(&leaf_input(&world, &submitted[1]));
    let path = format!("get-proof-by-hash?hash={}&tree_size=3", escaped(&hash));
    assert_eq!(index.covered(), 0, "nobody has asked yet");
    assert_eq!(read(&world, &path).await["leaf_index"], 1);
    index.close();
    let later = open();
    assert_eq!(later.covered(), 3);
    assert_eq!(later.find(&Key::from(hash)).unwrap(), Some(1));
}

#[tokio::test]
async fn entries_are_given_with_the_chain_above_them() {
    let world = World::new().await;
    let (precertificate, certificate) = world.pair();
    let first = world.add(&precertificate).await;
    // Without its root, which is logged all the same.
    let mut chain = world.chain(&certificate);
    chain.pop();
    let second = world.promise("add-chain", &chain).await;
    let answer = read(&world, "get-entries?start=0&end=1").await;
    let above = [&world.issuing.certificate, &world.root.certificate];
    let above = vector(3, &above.map(|link| vector(3, link.der())).concat());
    let entry = [&[0, 0][..], &vector(3, certificate.der())].concat();
    let expected = [
        (
            merkle_tree_leaf(&first, &world.precertificate_entry(&precertificate)),
            [&vector(3, precertificate.der())[..], &above].concat(),
        ),
        (merkle_tree_leaf(&second, &entry), above),
    ];
    let expected = expected.map(|(leaf_input, extra_data)| {
        json!({
            "leaf_input": base64::encode(&leaf_input),
            "extra_data": base64::encode(&extra_data),
        })
    });
    assert_eq!(answer, json!({"entries": expected}));
    for (index, entry) in expected.iter().enumerate() {
        let path = format!("get-entry-and-proof?leaf_index={index}&tree_size=2");
        let answer = read(&world, &path).await;
        assert_eq!(answer.as_object().unwrap().len(), 3);
        assert_eq!(answer["leaf_input"], entry["leaf_input"]);
        assert_eq!(answer["extra_data"], entry["extra_data"]);
        let leaf = leaf_hash(&bytes(&entry["leaf_input"]));
        let proof = hashes(&answer["audit_path"]);
        let root = root(&world, 2).await;
        let verified = verify_inclusion(index as u64, 2, &leaf, &proof, &root);
        assert_eq!(verified, Ok(()));
    }
}

#[tokio::test]
async fn ranges_of_entries_are_cut_and_answers_say_how_long_they_may_be_kept() {
    let get_entries = GetEntries {
        most: 100,
        align: true,
    };
    let world = World::with(
        |_| {},
        |service, _, _| service.with_get_entries(get_entries),
    )
    .await;
    let submitted = grow(&world, 259).await;
    let (day, minute) = ("public, max-age=86400", "public, max-age=60");
    for (start, end, last, cache) in [
        (0, 0, 0, day),
        (250, 258, 258, day),
        (250, 259, 258, minute),
        (0, 99, 99, day),
        (0, 1_000_000, 99, day),
        (50, 1_000_000, 99, day),
        (199, 300, 199, day),
        (200, 1_000_000, 258, minute),
        (258, i64::MAX as u64, 258, minute),
    ] {
        let path = format!("ct/v1/get-entries?start={start}&end={end}");
        let answer = world.read(&path).await;
        assert_eq!(answer.header("cache-control"), Some(cache), "{path}");
        let answer: Value = answer.json().unwrap();
        let entries = answer["entries"].as_array().unwrap().iter();
        let found: Vec<_> = entries.map(|entry| bytes(&entry["leaf_input"])).collect();
        let expected = submitted[start..=last].iter();
        let expected: Vec<_> = expected.map(|one| leaf_input(&world, one)).collect();
        assert_eq!(found, expected, "{path}");
    }
}

#[tokio::test]
async fn ranges_and_places_outside_of_the_tree_are_refused() {
    let (world, _) = grown(2).await;
    for (path, reason) in [
        ("get-entries", "the parameter start is missing"),
        ("get-entries?start=0", "the parameter end is missing"),
        ("get-entries?start=0&end=", "the parameter end is missing"),
        (
            "get-entries?start=-1&end=0",
            "the parameter start is malformed",
        ),
        ("get-entries?start=1&end=0", "start (1) is behind end (0)"),
        (
            "get-entries?start=2&end=2",
            "start (2) is outside of the newest tree, which has 2 entries",
        ),
        (
            "get-entry-and-proof?tree_size=2",
            "the parameter leaf_index is missing",
        ),
        (
            "get-entry-and-proof?leaf_index=0",
            "the parameter tree_size is missing",
        ),
        (
            "get-entry-and-proof?leaf_index=0&tree_size=0",
            "tree_size is 0; an empty tree has no leaves",
        ),
        (
            "get-entry-and-proof?leaf_index=2&tree_size=2",
            "leaf_index (2) is outside of a tree of 2 entries",
        ),
        (
            "get-entry-and-proof?leaf_index=0&tree_size=3",
            "size 3 is beyond the newest head, which has 2 entries",
        ),
    ] {
        refuses(&world, path, BAD, reason).await;
    }
    read(&world, "get-entries?start=1&end=2").await;
    read(&world, "get-entry-and-proof?leaf_index=1&tree_size=2").await;
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let world = World::new().await;
    for path in [
        "get-sth",
        "get-sth-consistency",
        "get-proof-by-hash",
        "get-entries",
        "get-entry-and-proof",
        "get-roots",
    ] {
        let url = format!("{LOG}/ct/v1/{path}");
        let answer = world.client.post(url, "application/json", "{}").await;
        let answer = answer.unwrap();
        assert_eq!(answer.status.as_u16(), 405, "{path}");
        let text = answer.text();
        assert_eq!(text, "Method Not Allowed\nthis path does not take POST\n");
    }
    for path in ["add-chain", "add-pre-chain"] {
        let reason = "this path does not take GET";
        refuses(&world, path, (405, "Method Not Allowed"), reason).await;
    }
}

/// Another service on the same log, which has lost its issuers and has another key.
#[tokio::test]
async fn what_is_missing_from_the_storage_is_said_and_nothing_is_left_out() {
    let (world, _) = grown(1).await;
    let key = Arc::new(PrivateKey::generate(KeyType::EcdsaP256).unwrap());
    let issuers = Arc::new(MemoryIssuers::default());
    let roots = vec![world.root.certificate.clone()];
    let service = Service::new(world.log.clone(), key, roots, issuers.clone());
    let routes = Routes::new().with("http://other.test", service.router());
    let client = Client::in_process(routes.unwrap()).with_retry(Retry::never());
    let get = async |path: &str| {
        let url = format!("http://other.test/ct/v1/{path}");
        let answer = client.get(url).await.unwrap();
        (answer.status.as_u16(), answer.text())
    };
    let links = [&world.root.certificate, &world.issuing.certificate];
    for (kept, link) in links.iter().enumerate() {
        for path in [
            "get-entries?start=0&end=0",
            "get-entry-and-proof?leaf_index=0&tree_size=1",
        ] {
            let (status, text) = get(path).await;
            assert_eq!(status, 500, "{kept} {text}");
            let words = "Internal Server Error\nthe issuer ";
            assert!(text.starts_with(words), "{text}");
            assert!(text.ends_with(" is missing from the storage\n"), "{text}");
        }
        let der = link.der().to_vec().into();
        issuers.keep(&sha256(link.der()), &der).unwrap();
    }
    let path = "get-entries?start=0&end=0";
    assert_eq!(get(path).await.0, 200);
    assert_eq!(
        get(path).await.1,
        world.read(&format!("ct/v1/{path}")).await.text()
    );
    let (status, text) = get("get-sth").await;
    assert_eq!(status, 500);
    assert_eq!(
        text,
        "Internal Server Error\nthe checkpoint has no signature of type 5 by the log's key\n"
    );
}
