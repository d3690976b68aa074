//! Every kind of key that signs a log, and witnesses who sign behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_log::{
    CosignError, Cosigner, Cosigning, HeadSigner, Log, MemoryDriver, Operation, View,
};
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::verify_consistency;
use waxwing_tlog::note::{Note, NoteSignature, NoteSigner};

use crate::bench::{Auditor, Bench, ORIGIN, add, add_together};
use crate::suite::Storage;

fn key(key_type: KeyType) -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(key_type).unwrap())
}

#[tokio::test]
async fn a_log_signs_with_every_kind_of_key() {
    let signers = [
        NoteSigner::ed25519(ORIGIN, key(KeyType::Ed25519)).unwrap(),
        NoteSigner::ecdsa(ORIGIN, key(KeyType::EcdsaP256)).unwrap(),
        NoteSigner::cosignature_ml_dsa(ORIGIN, key(KeyType::MlDsa44)).unwrap(),
    ];
    for signer in signers {
        let mut bench = Bench::tiles();
        bench.signer = HeadSigner::new(ORIGIN, signer).unwrap();
        let storage = MemoryDriver::new();
        let mut auditor = Auditor::new(&bench);
        let log = bench.open(storage.hand()).await;
        for added in add_together(&log, 0..20).await {
            auditor.check(&added);
        }
        log.close().await;
        let log = bench.open(storage.hand()).await;
        auditor.check(&add(&log, 20).await);
    }
}

/// Two keys at once: the one that today's clients know, and the one for when quantum computers come.
#[tokio::test]
async fn a_log_signs_with_two_keys_at_once() {
    let mut bench = Bench::tiles();
    let later = NoteSigner::cosignature_ml_dsa(ORIGIN, key(KeyType::MlDsa44)).unwrap();
    bench.signer = bench.signer.clone().and(later);
    let log = bench.open(MemoryDriver::new().hand()).await;
    let added = add(&log, 0).await;
    let note = Note::parse(&*added.published.checkpoint).unwrap();
    let verifiers = bench.signer.verifiers();
    assert_eq!(note.open(&verifiers).unwrap().signatures().len(), 2);
    for verifier in verifiers {
        assert_eq!(note.open(&[verifier]).unwrap().signatures().len(), 1);
    }
}

/// A witness as C2SP tlog-witness has it: it signs a head that extends the last one it signed.
#[derive(Debug)]
struct Witness {
    signer: NoteSigner,
    last: AtomicU64,
    asked: AtomicU64,
    /// One permit for each answer.
    gate: Semaphore,
    refuses: AtomicBool,
}

impl Witness {
    fn new(refuses: bool, answers: usize) -> Arc<Self> {
        let signer = NoteSigner::cosignature_v1("witness.example", key(KeyType::Ed25519));
        Arc::new(Self {
            signer: signer.unwrap(),
            last: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            gate: Semaphore::new(answers),
            refuses: refuses.into(),
        })
    }
}

impl Cosigner for Witness {
    fn cosign(&self, head: View) -> Operation<'_, Result<Vec<NoteSignature>, CosignError>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.gate.acquire().await.unwrap().forget();
            let size = head.size();
            if self.refuses.load(Ordering::SeqCst) {
                let reason = "the witness is asleep".to_owned();
                return Err(CosignError { size, reason });
            }
            let old = self.last.load(Ordering::SeqCst);
            let proof = head.consistency_proof(old, size).await.unwrap();
            let root = head.root(old).await.unwrap();
            verify_consistency(old, size, &proof, &root, &head.root_hash()).unwrap();
            self.last.store(size, Ordering::SeqCst);
            let note = Note::parse(&*head.published().checkpoint).unwrap();
            let now = UnixTime::from_seconds(1_700_000_000).unwrap();
            Ok(vec![self.signer.sign(&note, now).unwrap()])
        })
    }
}

async fn witnessed(witness: &Arc<Witness>, cosigning: Cosigning) -> (Bench, Log) {
    let mut bench = Bench::tiles();
    bench.settings.cosigner = Some((Arc::clone(witness) as Arc<dyn Cosigner>, cosigning));
    let log = bench.open(MemoryDriver::new().hand()).await;
    (bench, log)
}

fn signatures(log: &Log, bench: &Bench, witness: &Witness) -> (u64, usize) {
    let note = log.checkpoint().checkpoint;
    let note = Note::parse(&*note).unwrap();
    let mut verifiers = bench.signer.verifiers();
    verifiers.push(witness.signer.verifier().clone());
    let opened = note.open(&verifiers).unwrap();
    let size = Checkpoint::parse(opened.text()).unwrap().size();
    (size, opened.signatures().len())
}

/// Callers wait for the witness, and the sequencer does not: all that came in while the witness thought
/// about the first head is answered with its second answer.
#[tokio::test]
async fn sequencing_goes_on_while_a_witness_thinks() {
    let witness = Witness::new(false, 0);
    let (bench, log) = witnessed(&witness, Cosigning::Required).await;
    let mut auditor = Auditor::new(&bench);
    let first = tokio::spawn({
        let log = log.clone();
        async move { add(&log, 0).await }
    });
    while witness.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let others: Vec<_> = (1..50)
        .map(|number| {
            let log = log.clone();
            tokio::spawn(async move { add(&log, number).await })
        })
        .collect();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        log.checkpoint().size,
        0,
        "nothing is published without the witness"
    );
    assert!(!first.is_finished());
    witness.gate.add_permits(100);
    let added = first.await.unwrap();
    assert_eq!(added.published.size, 1);
    auditor.check(&added);
    for other in others {
        let added = other.await.unwrap();
        auditor.check(&added);
        assert_eq!(added.published.size, 50, "asked once for all of them");
    }
    assert_eq!(witness.asked.load(Ordering::SeqCst), 2);
    assert_eq!(signatures(&log, &bench, &witness), (50, 2));
}

#[tokio::test(start_paused = true)]
async fn a_witness_that_sleeps_is_waited_for_as_the_policy_says() {
    let patience = Duration::from_millis(500);
    let witness = Witness::new(false, 0);
    let (bench, log) = witnessed(&witness, Cosigning::FailOpen(patience)).await;
    let began = tokio::time::Instant::now();
    add(&log, 0).await;
    assert_eq!(began.elapsed(), patience);
    assert_eq!(signatures(&log, &bench, &witness), (1, 1));

    let witness = Witness::new(false, 0);
    let (bench, log) = witnessed(&witness, Cosigning::Background).await;
    add(&log, 0).await;
    assert_eq!(signatures(&log, &bench, &witness), (1, 1));
    witness.gate.add_permits(10);
    while signatures(&log, &bench, &witness) != (1, 2) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    let witness = Witness::new(true, 100);
    let (bench, log) = witnessed(&witness, Cosigning::Required).await;
    let waiting = tokio::spawn({
        let log = log.clone();
        async move { add(&log, 0).await }
    });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!waiting.is_finished());
    assert_eq!(log.checkpoint().size, 0);
    // It wakes up, and is asked again though nothing new came.
    witness.refuses.store(false, Ordering::SeqCst);
    Auditor::new(&bench).check(&waiting.await.unwrap());
    assert_eq!(signatures(&log, &bench, &witness), (1, 2));
}
