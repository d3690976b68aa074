//! The cost of verifying a bundle beside the cost of the signatures in it.
//!
//! ```text
//! cargo bench -p waxwing-testkit --bench verify
//! ```
//!
//! Every bundle has a certificate, a timestamp and a log entry of its own, so that remembering what
//! was verified before cannot help. The floor verifies as many signatures by the same kinds of keys
//! over messages of the same size, with keys that were parsed beforehand: everything else that a
//! verifier does (JSON, base64, X.509, CMS, the signer's own key, hashing, the Merkle proof) counts
//! against the ratio.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use waxwing_crypto::{KeyType, PrivateKey, PublicKey, SignatureAlgorithm};
use waxwing_encoding::time::UnixTime;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_testkit::virtual_sigstore::{IDENTITY, ISSUER, VirtualSigstore};
use waxwing_verify::{Artifact, Identity, Policy, Requirements, Verifier};

const ARTIFACT: &[u8] = b"a small artifact";

const BUNDLES: usize = 1000;

/// What has to be verified for each bundle: its certificate by the intermediate, the SCT, the
/// timestamp's token, the artifact's signature; and the log's checkpoint.
const FOR_EACH: [(KeyType, usize); 2] = [(KeyType::EcdsaP256, 4), (KeyType::Ed25519, 1)];

/// What has to be verified once for each trusted root: the intermediate and the timestamp
/// authority's certificate, each by its root.
const ABOVE: [(KeyType, usize); 1] = [(KeyType::EcdsaP384, 2)];

/// The bytes under a signature here: a certificate has 600 to 900, the others fewer.
const MESSAGE: [u8; 600] = [7; 600];

struct Work {
    documents: Vec<Vec<u8>>,
    trusted_root: TrustedRoot,
    policy: Policy,
    floor: Vec<(PublicKey, SignatureAlgorithm, Vec<u8>, usize)>,
    floor_above: Vec<(PublicKey, SignatureAlgorithm, Vec<u8>, usize)>,
}

impl Work {
    fn new() -> Self {
        let sigstore = VirtualSigstore::new(UnixTime::parse("2026-06-01T12:00:00Z").unwrap());
        let documents = (0..BUNDLES).map(|_| sigstore.bundle(ARTIFACT, None).to_json().unwrap());
        // Read again, as everybody reads it.
        let trusted_root = sigstore.trusted_root().to_json().unwrap();
        let floor = |kinds: &[(KeyType, usize)]| {
            let signed = kinds.iter().map(|(kind, count)| {
                let key = PrivateKey::generate(*kind).unwrap();
                let signature = key.sign(&MESSAGE).unwrap();
                (key.public_key().clone(), key.algorithm(), signature, *count)
            });
            signed.collect()
        };
        Self {
            documents: documents.collect(),
            trusted_root: TrustedRoot::from_json(&trusted_root).unwrap(),
            policy: Policy::identity(Identity::exactly(ISSUER, IDENTITY).unwrap()),
            floor: floor(&FOR_EACH),
            floor_above: floor(&ABOVE),
        }
    }

    fn verifier(&self) -> Verifier {
        Verifier::new(self.trusted_root.clone(), Requirements::public_good()).unwrap()
    }

    /// From the bundle's bytes to the verdict. The answer is checked.
    fn verify(&self, verifier: &Verifier, which: usize) {
        let bundle = Bundle::from_json(&self.documents[which % BUNDLES]).unwrap();
        let verified = verifier.verify(&bundle, Artifact::Bytes(ARTIFACT), &self.policy);
        assert_eq!(black_box(verified.unwrap()).times().len(), 1);
    }
}

fn check(signatures: &[(PublicKey, SignatureAlgorithm, Vec<u8>, usize)]) {
    for (key, algorithm, signature, count) in signatures {
        for _ in 0..*count {
            key.verify(*algorithm, black_box(&MESSAGE), signature)
                .unwrap();
        }
    }
}

fn one_bundle(criterion: &mut Criterion) {
    let work = Work::new();
    let warm = work.verifier();
    work.verify(&warm, 0);
    let mut which = 0;
    criterion.bench_function("a bundle, the chain above its leaf known", |bencher| {
        bencher.iter(|| {
            which += 1;
            work.verify(&warm, which);
        });
    });
    criterion.bench_function("its 5 signatures alone", |bencher| {
        bencher.iter(|| check(&work.floor));
    });

    // In turns, so that the machine's moods meet all of them.
    let mut times: [Vec<Duration>; 4] = Default::default();
    for which in 0..BUNDLES {
        let cold = work.verifier();
        let [first, floor_of_first, later, floor_of_later] = &mut times;
        first.push(timed(|| work.verify(&cold, which)));
        floor_of_first.push(timed(|| {
            check(&work.floor);
            check(&work.floor_above);
        }));
        later.push(timed(|| work.verify(&warm, which)));
        floor_of_later.push(timed(|| check(&work.floor)));
    }
    let [first, floor_of_first, later, floor_of_later] = times.map(median);
    print(
        "first bundle of a trusted root, 7 signatures",
        first,
        floor_of_first,
    );
    print("every later bundle, 5 signatures", later, floor_of_later);
}

/// Two threads and one verifier, against one thread: in turns as above.
fn many_bundles(_: &mut Criterion) {
    let work = Work::new();
    let verifier = work.verifier();
    work.verify(&verifier, 0);
    let all = |threads: usize| {
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let (work, verifier) = (&work, &verifier);
                scope.spawn(move || {
                    (thread..BUNDLES)
                        .step_by(threads)
                        .for_each(|which| work.verify(verifier, which));
                });
            }
        });
    };
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        one.push(timed(|| all(1)));
        two.push(timed(|| all(2)));
    }
    let (one, two) = (median(one), median(two));
    println!(
        "{BUNDLES} bundles: one thread {one:?}, two threads {two:?}, gain {:.2}",
        one.as_secs_f64() / two.as_secs_f64()
    );
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn print(what: &str, time: Duration, floor: Duration) {
    let ratio = time.as_secs_f64() / floor.as_secs_f64();
    println!("{what}: {time:?}, floor {floor:?}, ratio {ratio:.2}");
}

criterion_group!(benches, one_bundle, many_bundles);
criterion_main!(benches);
