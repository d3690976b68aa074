//! What is submitted, and the promise for it.

use serde_json::{Value, json};
use waxwing_crypto::{SignatureAlgorithm, sha256};
use waxwing_encoding::base64;

use crate::bytes::vector;
use crate::world::{NOW, Promise, World};

/// What the log signs for an entry, by RFC 6962 section 3.2.
fn signed(promise: &Promise, entry: &[u8]) -> Vec<u8> {
    [
        &[0, 0],
        &promise.timestamp.to_be_bytes()[..],
        entry,
        &vector(2, &promise.extensions),
    ]
    .concat()
}

fn check(world: &World, promise: &Promise, entry: &[u8]) {
    let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
    assert_eq!(promise.id, sha256(world.log_key.spki_der()));
    let message = signed(promise, entry);
    let verified = world
        .log_key
        .verify(algorithm, &message, &promise.signature);
    assert_eq!(verified, Ok(()));
    let mut other = promise.clone();
    other.timestamp += 1;
    let message = signed(&other, entry);
    let verified = world
        .log_key
        .verify(algorithm, &message, &promise.signature);
    assert!(verified.is_err(), "the signature holds for another time");
}

#[tokio::test]
async fn the_promise_for_a_precertificate_verifies_over_the_entry_made_by_hand() {
    let world = World::new().await;
    for index in 0..3 {
        // The head of the empty tree has a time too, and each head is later than the one before.
        world.clock.set(NOW + (index + 1) * 1000);
        let precertificate = world.precertificate();
        let promise = world.add(&precertificate).await;
        assert_eq!(promise.index(), index);
        assert_eq!(promise.timestamp, NOW + (index + 1) * 1000);
        check(
            &world,
            &promise,
            &world.precertificate_entry(&precertificate),
        );
    }
}

#[tokio::test]
async fn the_promise_for_a_certificate_is_over_all_of_it() {
    let world = World::new().await;
    let certificate = world.pair().1;
    let promise = world.promise("add-chain", &world.chain(&certificate)).await;
    let entry = [&[0, 0][..], &vector(3, certificate.der())].concat();
    assert_eq!(promise.index(), 0);
    check(&world, &promise, &entry);
}

#[tokio::test]
async fn the_same_precertificate_again_has_the_same_time_and_index() {
    let world = World::new().await;
    let precertificate = world.precertificate();
    let first = world.add(&precertificate).await;
    world.clock.set(NOW + 60_000);
    let other = world.add(&world.precertificate()).await;
    assert_eq!((other.index(), other.timestamp), (1, NOW + 60_000));
    let again = world.add(&precertificate).await;
    assert_eq!((again.index(), again.timestamp), (0, first.timestamp));
    // Signed anew, over the same bytes.
    check(&world, &again, &world.precertificate_entry(&precertificate));
    assert_eq!(first.extensions, again.extensions);
    assert!(
        again.timestamp < NOW + 1000,
        "the time is that of the repetition"
    );
}

#[tokio::test]
async fn the_same_precertificate_many_times_at_once_is_one_entry() {
    let world = World::new().await;
    let precertificate = world.precertificate();
    let one = || world.add(&precertificate);
    let promises = tokio::join!(one(), one(), one(), one());
    let indexes = [promises.0, promises.1, promises.2, promises.3];
    assert_eq!(indexes.map(|promise| promise.index()), [0; 4]);
    assert_eq!(world.add(&world.precertificate()).await.index(), 1);
}

#[tokio::test]
async fn a_precertificate_and_its_certificate_are_two_entries() {
    let world = World::new().await;
    let (precertificate, certificate) = world.pair();
    assert_eq!(world.add(&precertificate).await.index(), 0);
    let chain = world.chain(&certificate);
    assert_eq!(world.promise("add-chain", &chain).await.index(), 1);
    assert_eq!(world.promise("add-chain", &chain).await.index(), 1);
}

#[tokio::test]
async fn the_root_may_be_left_out() {
    let world = World::new().await;
    let precertificate = world.precertificate();
    let mut chain = world.chain(&precertificate);
    chain.pop();
    let promise = world.promise("add-pre-chain", &chain).await;
    check(
        &world,
        &promise,
        &world.precertificate_entry(&precertificate),
    );
    assert_eq!(world.add(&precertificate).await.index(), promise.index());
}

#[tokio::test]
async fn the_roots_are_told() {
    let world = World::new().await;
    let roots: Value = world.read("ct/v1/get-roots").await.json().unwrap();
    let root = base64::encode(world.root.certificate.der());
    assert_eq!(roots, json!({"certificates": [root]}));
}
