//! A log that lies is caught, whichever of its promises it breaks.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use futures_util::stream;
use serde_json::Value;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::{self, CompactRange, Node, leaf_hash};
use waxwing_tlog::note::{Note, NoteSigner};
use waxwing_tlog::proof_file;

use crate::program::{printed, run, waxwing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    /// One bit of a proof.
    ProofBit,
    /// The index of the neighbour.
    WrongIndex,
    /// A head that the log has never signed.
    ForgedCheckpoint,
    /// The same size, signed twice with two roots.
    TwoRoots,
    /// An entry that comes again is added again.
    AddedTwice,
    /// An entry that comes again is called new.
    CalledNew,
    /// An answer that is no proof.
    NoProof,
    /// An entry more than were sent, in the middle.
    Stowaway,
    /// No lie, but every fifth answer breaks off.
    LostAnswers,
}

/// A log whose every tree is in memory: leaves, and what is told of them.
struct Liar {
    lie: Lie,
    signer: NoteSigner,
    leaves: Mutex<Vec<Hash>>,
    /// Answers given so far: the first ones are true.
    answers: AtomicU64,
}

/// How many true answers come before the lie.
const TRUE_ANSWERS: u64 = 20;

impl Liar {
    fn checkpoint(&self, leaves: &[Hash]) -> String {
        let mut tree = CompactRange::new();
        leaves.iter().for_each(|leaf| tree.append(*leaf));
        let checkpoint = Checkpoint::new("liar", tree.size(), tree.root()).unwrap();
        let note = Note::new(&checkpoint.to_string()).unwrap();
        let signature = self
            .signer
            .sign(&note, UnixTime::from_seconds(0).unwrap())
            .unwrap();
        note.with_signature(signature).to_string()
    }

    fn add(&self, entry: &[u8]) -> (bool, String) {
        let mut leaves = self.leaves.lock().unwrap();
        let lies = self.answers.fetch_add(1, Ordering::Relaxed) >= TRUE_ANSWERS;
        let lies = |lie| lies && self.lie == lie;
        let leaf = leaf_hash(entry);
        let found = leaves.iter().position(|known| *known == leaf);
        let existed = found.is_some();
        let index = match found {
            Some(index) if !lies(Lie::AddedTwice) => index,
            _ => {
                if lies(Lie::Stowaway) && leaves.len() < 30 {
                    leaves.push(leaf_hash(b"stowaway"));
                }
                leaves.push(leaf);
                leaves.len() - 1
            }
        };
        let mut told = leaves.clone();
        if lies(Lie::TwoRoots) {
            // Another history of the same length: the first entry is exchanged.
            told[usize::from(index == 0)] = leaf_hash(b"another history");
        }
        let mut proof = inclusion_proof(index, &told);
        let mut checkpoint = self.checkpoint(&told);
        let mut index = index as u64;
        if lies(Lie::ProofBit)
            && let Some(first) = proof.first_mut()
        {
            let mut bytes = *first.as_bytes();
            bytes[31] ^= 1;
            *first = Hash::new(bytes);
        }
        if lies(Lie::WrongIndex) {
            index ^= 1;
        }
        if lies(Lie::ForgedCheckpoint) {
            checkpoint = checkpoint.replacen("liar\n", "liar\n1", 1);
        }
        let text = match lies(Lie::NoProof) {
            true => "index 1\n".to_owned(),
            false => proof_file::write(index, &proof, &checkpoint),
        };
        (existed && !lies(Lie::CalledNew), text)
    }
}

fn inclusion_proof(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    let mut nodes = std::collections::HashMap::<Node, Hash>::new();
    let mut tree = CompactRange::new();
    for leaf in leaves {
        tree.append_with(*leaf, |node, hash| {
            nodes.insert(node, hash);
        });
    }
    let size = leaves.len() as u64;
    merkle::inclusion_proof(index as u64, size, |node| nodes.get(&node).copied()).unwrap()
}

async fn add(State(log): State<Arc<Liar>>, entry: Bytes) -> impl IntoResponse {
    let (existed, text) = log.add(&entry);
    let number = log.answers.load(Ordering::Relaxed);
    let body = match log.lie == Lie::LostAnswers && number.is_multiple_of(5) {
        true => Body::from_stream(stream::iter([
            Err(io::Error::other("a broken line")) as io::Result<Bytes>
        ])),
        false => Body::from(text),
    };
    ([("waxwing-existed", existed.to_string())], body)
}

async fn checkpoint(State(log): State<Arc<Liar>>) -> String {
    let leaves = log.leaves.lock().unwrap();
    log.checkpoint(&leaves)
}

/// Hammers a log with that lie; exit code, and what was printed.
fn hammer(lie: Lie, output: &str) -> (Option<i32>, String) {
    let key = Arc::new(PrivateKey::generate(KeyType::Ed25519).unwrap());
    let signer = NoteSigner::ed25519("liar", key).unwrap();
    let vkey = signer.verifier().to_string();
    let log = Arc::new(Liar {
        lie,
        signer,
        leaves: Mutex::default(),
        answers: AtomicU64::new(0),
    });
    let router = Router::new()
        .route("/add", post(add))
        .route("/checkpoint", get(checkpoint))
        .with_state(log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime
        .block_on(waxwing_serve::Listener::bind_loopback(0))
        .unwrap();
    let url = format!("http://{}", listener.address());
    runtime.spawn(listener.serve(router, std::future::pending()));
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        &waxwing(),
        folder.path(),
        [
            "hammer",
            &url,
            "--vkey",
            &vkey,
            "--saturate",
            "--outstanding",
            "4",
            "--entries",
            "200",
            "--warm-up",
            "0s",
            "--size",
            "32",
            "--duplicates",
            "30%",
            "--output",
            output,
        ],
    );
    runtime.shutdown_background();
    (output.status.code(), printed(&output))
}

#[test]
fn a_log_that_does_not_lie_passes() {
    let (code, said) = hammer(Lie::None, "json");
    assert_eq!(code, Some(0), "{said}");
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["counts"]["acknowledged"], 200);
    assert_eq!(report["target"]["size_after"], report["counts"]["entries"]);
    assert_eq!(report["checks"]["heads_rebuilt"], report["checks"]["heads"]);
}

#[test]
fn every_lie_is_caught_and_named() {
    for (lie, name) in [
        (Lie::ProofBit, "inclusion-proof"),
        (Lie::WrongIndex, "inclusion-proof"),
        (Lie::ForgedCheckpoint, "checkpoint-signature"),
        (Lie::TwoRoots, "two-roots"),
        (Lie::AddedTwice, "index-changed"),
        (Lie::CalledNew, "called-new"),
        (Lie::NoProof, "answer-form"),
    ] {
        let (code, said) = hammer(lie, "text");
        assert_eq!(code, Some(1), "{lie:?}: {said}");
        let expected = format!("Error: the log broke a promise: {name}: ");
        assert!(said.starts_with(&expected), "{lie:?}: {said}");
    }
}

#[test]
fn a_lie_has_its_name_in_json_too() {
    let (code, said) = hammer(Lie::WrongIndex, "json");
    assert_eq!(code, Some(1), "{said}");
    let (json, error) = said.split_at(said.find("\nError: ").unwrap());
    let broken: Value = serde_json::from_str(json).unwrap();
    assert_eq!(broken["violation"], "inclusion-proof");
    assert!(error.contains(broken["detail"].as_str().unwrap()), "{said}");
}

/// Others may add to a log behind a URL: what is there beside our entries is no lie, and then the heads
/// cannot be rebuilt.
#[test]
fn entries_of_others_are_no_lie() {
    let (code, said) = hammer(Lie::Stowaway, "json");
    assert_eq!(code, Some(0), "{said}");
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["checks"]["heads_rebuilt"], Value::Null);
}

#[test]
fn an_entry_whose_answer_was_lost_is_sent_again_and_found_once() {
    let (code, said) = hammer(Lie::LostAnswers, "json");
    assert_eq!(code, Some(0), "{said}");
    let report: Value = serde_json::from_str(&said).unwrap();
    assert!(report["counts"]["retries"].as_u64().unwrap() > 20, "{said}");
    assert_eq!(report["counts"]["acknowledged"], 200);
    assert_eq!(report["target"]["size_after"], report["counts"]["entries"]);
    assert_eq!(report["checks"]["heads_rebuilt"], report["checks"]["heads"]);
}
