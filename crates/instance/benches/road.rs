//! The cost of the road beside the cost of the signatures on it.
//!
//! ```text
//! cargo bench -p waxwing-instance
//! ```
//!
//! The floor does the same cryptographic operations, counted in [`FLOOR`], and nothing else. The
//! printed ratio is the road's time over the floor's, of the same run.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use waxwing_client::{By, What};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, SystemRandom};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_instance::{Address, Instance, Surroundings};
use waxwing_issuer::Identity;

/// Keys made, signatures made and signatures verified on the road, by kind of key.
///
/// | kind | keys | signatures | verified |
/// |---|---|---|---|
/// | P-256 | issuing, TSA, CT log, issuer, signer | 3 CT heads, 2 SCTs, precertificate, leaf, token, proof, artifact, timestamp | token, proof, precertificate, SCT, entry; then leaf, SCT, timestamp, artifact |
/// | P-384 | two roots | two roots, intermediate, TSA leaf | intermediate twice on submission; then intermediate, TSA leaf |
/// | Ed25519 | Rekor | 3 Rekor heads, first entry | first entry; then the checkpoint |
const FLOOR: [(KeyType, usize, usize, usize); 3] = [
    (KeyType::EcdsaP256, 5, 11, 9),
    (KeyType::EcdsaP384, 2, 4, 4),
    (KeyType::Ed25519, 1, 4, 2),
];

struct Noon;

impl Clock for Noon {
    fn now(&self) -> UnixTime {
        UnixTime::parse("2026-06-01T12:00:00Z").unwrap()
    }
}

fn road() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let surroundings = Surroundings {
            clock: Arc::new(Noon),
            random: Arc::new(SystemRandom),
        };
        let address = Address::new("http://waxwing.localhost").unwrap();
        let instance = Instance::start(address, surroundings).await.unwrap();
        let token = instance
            .token(&Identity::email("you@waxwing.localhost"))
            .unwrap();
        let signer = instance.signer(instance.client().unwrap()).unwrap();
        let digest = HashAlgorithm::Sha256.digest(b"an artifact");
        let (what, by) = (
            What::Digest(digest),
            By::Identity(&token, KeyType::EcdsaP256),
        );
        let signed = signer.sign(what, by, &mut |_| {}).await.unwrap();
        // The answers are checked: a road that led nowhere would be fast.
        assert_eq!(signed.verified.unwrap().digest(), Some(&digest));
    });
}

fn floor() {
    for (kind, keys, signatures, verified) in FLOOR {
        let key = (0..keys)
            .map(|_| PrivateKey::generate(kind).unwrap())
            .next_back()
            .unwrap();
        let made = (0..signatures)
            .map(|_| key.sign(b"message").unwrap())
            .next_back()
            .unwrap();
        for _ in 0..verified {
            key.public_key()
                .verify(key.algorithm(), b"message", black_box(&made))
                .unwrap();
        }
    }
}

fn compare(criterion: &mut Criterion) {
    criterion.bench_function("a whole Sigstore signs once", |bencher| bencher.iter(road));
    criterion.bench_function("the signatures alone", |bencher| bencher.iter(floor));
    // In turns, so that the machine's moods meet both.
    let (mut on_road, mut on_floor) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        on_road.push(timed(road));
        on_floor.push(timed(floor));
    }
    let (road, floor) = (median(on_road), median(on_floor));
    let ratio = road.as_secs_f64() / floor.as_secs_f64();
    println!("road {road:?}, floor {floor:?}, ratio {ratio:.2}");
}

fn timed(work: fn()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

criterion_group!(benches, compare);
criterion_main!(benches);
