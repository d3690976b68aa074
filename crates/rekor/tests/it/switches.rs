//! What can be switched, and the statuses of a log that cannot take an entry.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey};
use waxwing_log::{CosignError, Cosigner, Cosigning, Operation, View};
use waxwing_net::Response;
use waxwing_rekor::{Duplicates, Settings};
use waxwing_tlog::note::NoteSignature;

use crate::world::{LOG, World, proposal};

const FROZEN: &str = "This log has been frozen, please switch to the latest log.\n";

fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings
}

fn status(answer: &Response, status: u16, code: u64, message: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    let body: Value = answer.json().unwrap();
    assert_eq!(
        (&body["code"], &body["message"]),
        (&json!(code), &json!(message))
    );
}

fn frozen(answer: &Response) {
    assert_eq!(answer.status.as_u16(), 405, "{}", answer.text());
    assert_eq!(answer.text(), FROZEN);
    let kind = answer.header("content-type");
    assert_eq!(kind, Some("text/plain; charset=utf-8"));
}

#[tokio::test]
async fn a_duplicate_can_be_refused_with_its_index() {
    let world = World::with(settings(|settings| {
        settings.duplicates = Duplicates::Refuse;
    }))
    .await;
    world.add(&world.proposal("zeroth")).await;
    let request = world.proposal("first");
    assert_eq!(world.add(&request).await.index, 1);
    let answer = world.post(&request).await;
    let message = "an equivalent entry already exists in the transparency log with index 1";
    status(&answer, 409, 6, message);
    assert_eq!(answer.json::<Value>().unwrap()["details"], json!([]));
    assert_eq!(answer.header("x-log-index"), Some("1"));
    assert_eq!(world.head().await.size(), 2);
}

#[tokio::test]
async fn a_frozen_log_says_where_to_go_and_is_still_read() {
    let world = World::new().await;
    let request = world.proposal("before");
    let entry = world.add(&request).await;
    let before = world.read("checkpoint").await.text();
    world.log.freeze().await.unwrap();
    frozen(&world.post(&world.proposal("after")).await);
    let after = world.read("api/v2/checkpoint").await.text();
    assert!(after.contains("\nLog frozen"), "{after}");
    let head = |note: &str| note.lines().take(3).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(head(&before), head(&after));
    world.read("tile/entries/000.p/1").await;
    // A client whose answer was lost is still told.
    let answer = world.post(&request).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let answer: Value = answer.json().unwrap();
    assert_eq!(answer["logIndex"], entry.index.to_string());
}

#[tokio::test]
async fn a_log_that_is_read_only_takes_nothing() {
    let world = World::with(settings(|settings| settings.read_only = true)).await;
    frozen(&world.post(&world.proposal("artifact")).await);
    // Whatever it is.
    frozen(&world.post(&json!({})).await);
    assert_eq!(world.head().await.size(), 0);
}

#[tokio::test]
async fn the_algorithms_can_be_narrowed() {
    let only = vec!["PKIX_ECDSA_P384_SHA_384".to_owned()];
    let world = World::with(settings(|settings| settings.key_details = Some(only))).await;
    let answer = world.post(&world.proposal("artifact")).await;
    status(&answer, 400, 3, "invalid hashedrekord request");
    let details = &answer.json::<Value>().unwrap()["details"][0];
    assert_eq!(details["reason"], "ALGORITHM_NOT_TAKEN");
    let explanation = details["metadata"]["explanation"].as_str().unwrap();
    assert!(
        explanation.contains("PKIX_ECDSA_P256_SHA_256 is not taken"),
        "{explanation}"
    );
    let key = PrivateKey::generate(KeyType::EcdsaP384).unwrap();
    let digest = HashAlgorithm::Sha384.digest(b"artifact");
    let signature = key.sign(b"artifact").unwrap();
    let taken = "PKIX_ECDSA_P384_SHA_384";
    world
        .add(&proposal(
            digest.as_bytes(),
            &signature,
            key.public_key(),
            taken,
        ))
        .await;
}

#[tokio::test]
async fn a_log_in_which_too_much_waits_asks_to_come_back() {
    let mut log = waxwing_log::Settings::of_entries();
    log.queue_bytes = 1;
    let world = World::on(log, Settings::default()).await;
    let answer = world.post(&world.proposal("artifact")).await;
    status(&answer, 503, 14, "reached max pushback; retry");
    assert_eq!(answer.header("retry-after"), Some("1"));
    let world = World::new().await;
    world.add(&world.proposal("artifact")).await;
}

/// A witness that is in no hurry.
#[derive(Debug)]
struct Slow;

impl Cosigner for Slow {
    fn cosign(&self, _: View) -> Operation<'_, Result<Vec<NoteSignature>, CosignError>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(Vec::new())
        })
    }
}

#[tokio::test]
async fn an_entry_that_takes_too_long_is_added_all_the_same() {
    let mut log = waxwing_log::Settings::of_entries();
    log.cosigner = Some((Arc::new(Slow), Cosigning::Required));
    let short = settings(|settings| settings.deadline = Duration::from_millis(1));
    let world = World::on(log.clone(), short).await;
    let request = world.proposal("artifact");
    let answer = world.post(&request).await;
    status(&answer, 504, 4, "context deadline exceeded");
    world.log.newer_than(0).await.unwrap();
    assert_eq!(world.head().await.size(), 1);
    // Asked again, it is there.
    let answer = world.post(&request).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    // With more patience it is answered at once.
    let patient = World::on(log, Settings::default()).await;
    assert_eq!(patient.add(&request).await.index, 0);
}

#[tokio::test]
async fn a_log_that_has_stopped_fails_without_saying_why() {
    let world = World::new().await;
    world.add(&world.proposal("before")).await;
    world.log.close().await;
    let answer = world.post(&world.proposal("after")).await;
    status(&answer, 500, 2, "failed to integrate entry");
    assert_eq!(answer.json::<Value>().unwrap()["details"], json!([]));
}

#[tokio::test]
async fn health_is_the_gateways() {
    let world = World::new().await;
    let answer = world.client.get(format!("{LOG}/healthz")).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.text(), r#"{"status":"SERVING"}"#);
}
