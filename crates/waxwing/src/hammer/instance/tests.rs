//! Each service's answers as they are, and with one fault: judged by the rules that a load is judged by.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use waxwing_encoding::base64;
use waxwing_encoding::time::Clock;
use waxwing_instance::{Address, Choices, DataDirectory, Instance};

use super::drive::Drive;
use super::tokens::{Keeper, Tokens};
use super::trust::Trust;
use super::{Drives, by_index};
use crate::hammer::heads::Heads;
use crate::hammer::violation::Violation;
use crate::system::{SystemClock, surroundings};

/// An instance in this process, and what asks it.
struct World {
    _folder: TempDir,
    _keeper: Keeper,
    instance: Instance,
    drives: Drives,
    heads: Arc<Heads>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let instance = open(&data).await;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let trust = Trust::read(&data, clock.now()).unwrap();
        let (tokens, keeper) = Tokens::new(&data, Duration::ZERO).await.unwrap();
        let heads = Arc::new(Heads::new(trust.rekor_heads().unwrap()));
        let drives = Drives::new(&data, &trust, tokens, &heads, &clock).unwrap();
        Self {
            _folder: folder,
            _keeper: keeper,
            instance,
            drives,
            heads,
        }
    }

    /// Asks once; what the answer must be, and the answer.
    async fn ask<D: Drive>(&self, drive: &D) -> (D::Expected, Bytes) {
        let (request, expected) = drive.prepare().unwrap();
        let url = format!("{}{}", self.instance.address().base(), drive.path());
        let kind = D::CONTENT_TYPE;
        let client = self.instance.client().unwrap();
        let answer = client.post(&url, kind.to_str().unwrap(), request).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, D::SUCCESS, "{}", answer.message());
        (expected, answer.body)
    }
}

async fn open(data: &Path) -> Instance {
    let address = Address::new("http://waxwing.localhost").unwrap();
    let data = DataDirectory::open(data, None, &address, &surroundings()).unwrap();
    Instance::open(data, Choices::default(), surroundings())
        .await
        .unwrap()
}

/// The same answer with another text in the place of a text that is in it.
fn with(answer: &Bytes, from: &str, to: &str) -> Bytes {
    let text = String::from_utf8(answer.to_vec()).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1).into()
}

fn name<T: std::fmt::Debug>(found: Result<T, Violation>) -> &'static str {
    found.unwrap_err().name()
}

#[tokio::test]
async fn an_entry_is_what_was_proposed_and_proven() {
    let world = World::new().await;
    let rekor = &*world.drives.rekor;
    let (_, other) = world.ask(rekor).await;
    let (body, answer) = world.ask(rekor).await;
    let leaf = rekor.judge(&body, &answer).unwrap().unwrap();
    // Behind the instance's own first entry and the other one.
    assert_eq!(leaf.index, 2);
    assert_eq!(name(rekor.judge(&body, &other)), "other-entry");
    let json: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    let hash = json["inclusionProof"]["hashes"][0].as_str().unwrap();
    let none = base64::encode(&[0; 32]);
    let wrong = with(&answer, hash, &none);
    assert_eq!(name(rekor.judge(&body, &wrong)), "inclusion-proof");
    let wrong = with(
        &answer,
        r#"{"logIndex":"2","logId""#,
        r#"{"logIndex":"1","logId""#,
    );
    assert_eq!(name(rekor.judge(&body, &wrong)), "other-entry");
    world.heads.settle().unwrap();
    let root = json["inclusionProof"]["rootHash"].as_str().unwrap();
    let wrong = with(&answer, &format!(r"\n{root}\n"), &format!(r"\n{none}\n"));
    assert_eq!(name(rekor.judge(&body, &wrong)), "checkpoint-signature");
    world.instance.close().await;
}

#[tokio::test]
async fn a_certificate_is_for_who_asked_and_promised() {
    let world = World::new().await;
    let fulcio = &*world.drives.fulcio;
    let (applicant, answer) = world.ask(fulcio).await;
    let first = fulcio.judge(&applicant, &answer).unwrap().unwrap();
    // Another key, and with the next one another name as well.
    for other in [applicant + super::tokens::NAMES, applicant + 1] {
        assert_eq!(name(fulcio.judge(&other, &answer)), "certificate");
    }
    let json: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    let chain = &json["signedCertificateEmbeddedSct"]["chain"]["certificates"];
    let escaped = |place: usize| serde_json::to_string(&chain[place]).unwrap();
    let wrong = with(&answer, &format!(",{}", escaped(2)), "");
    assert_eq!(name(fulcio.judge(&applicant, &wrong)), "certificate");
    let wrong = with(&answer, &escaped(0), &escaped(1));
    assert_eq!(name(fulcio.judge(&applicant, &wrong)), "certificate");
    assert_eq!(name(fulcio.judge(&applicant, &"{}".into())), "answer-form");
    let (applicant, answer) = world.ask(fulcio).await;
    let second = fulcio.judge(&applicant, &answer).unwrap().unwrap();
    assert_eq!(second.index, first.index + 1);
    assert_eq!(by_index([first, second].iter()).unwrap().len(), 2);
    assert_eq!(name(by_index([first, first].iter())), "index-twice");
    world.instance.close().await;
}

#[tokio::test]
async fn a_promise_is_about_the_precertificate() {
    let world = World::new().await;
    let ct = &*world.drives.ct;
    let (precertificate, answer) = world.ask(ct).await;
    let (other, _) = world.ask(ct).await;
    assert_eq!(
        ct.judge(&precertificate, &answer).unwrap().unwrap().index,
        1
    );
    assert_eq!(name(ct.judge(&other, &answer)), "sct");
    let json: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    let time = json["timestamp"].to_string();
    let wrong = with(
        &answer,
        &time,
        &format!("{}", json["timestamp"].as_u64().unwrap() + 1),
    );
    assert_eq!(name(ct.judge(&precertificate, &wrong)), "sct");
    let wrong = with(
        &answer,
        json["id"].as_str().unwrap(),
        &base64::encode(&[0; 32]),
    );
    assert_eq!(name(ct.judge(&precertificate, &wrong)), "sct");
    assert_eq!(name(ct.judge(&precertificate, &"[]".into())), "answer-form");
    world.instance.close().await;
}

#[tokio::test]
async fn a_timestamp_is_of_this_request_and_of_this_time() {
    let world = World::new().await;
    let tsa = &*world.drives.tsa;
    let (asked, answer) = world.ask(tsa).await;
    assert_eq!(tsa.judge(&asked, &answer).unwrap(), None);
    let (other, _) = world.ask(tsa).await;
    assert_eq!(name(tsa.judge(&other, &answer)), "timestamp");
    assert_eq!(name(tsa.judge(&asked.over([7; 32]), &answer)), "timestamp");
    let late = tsa.judge(&asked.later(3), &answer).unwrap_err();
    assert!(matches!(late, Violation::Time { .. }), "{late}");
    world.instance.close().await;
}
