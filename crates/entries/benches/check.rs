//! The cost of checking a proposal, from its JSON to the canonical body, beside that of the signature
//! in it.
//!
//! ```text
//! cargo bench -p waxwing-entries --bench check
//! ```
//!
//! Every proposal has a key, a certificate and a signature of its own, as keyless signing makes them. The
//! floor verifies the same signatures over digests at hand with keys that were parsed beforehand:
//! everything else (JSON, base64, X.509, the key, hashing an envelope, the body) counts against the
//! ratio. Both are measured in turns, and the medians printed.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use waxwing_crypto::{Digest, KeyType, PrivateKey, PublicKey, SignatureAlgorithm};
use waxwing_encoding::time::UnixTime;
use waxwing_entries::dsse;
use waxwing_entries::hashedrekord::{self, Verifier};
use waxwing_entries::proposal::Request;
use waxwing_model::bundle::dsse::pae;
use waxwing_pki::DistinguishedName;
use waxwing_pki::issue::{Authority, SerialNumber, Validity};

const ARTIFACT: &[u8] = b"a small artifact";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const PROPOSALS: usize = 500;

/// A proposal, and what of it has to be verified.
struct Proposed {
    json: Vec<u8>,
    key: PublicKey,
    algorithm: SignatureAlgorithm,
    digest: Digest,
    signature: Vec<u8>,
}

impl Proposed {
    /// `payload` is the length of an envelope's payload; without one it is a hashedrekord.
    fn new(kind: KeyType, payload: Option<usize>) -> Self {
        let key = PrivateKey::generate(kind).unwrap();
        let algorithm = key.algorithm();
        let payload = payload.map(|length| vec![b'x'; length]);
        let signed = match &payload {
            Some(payload) => pae(PAYLOAD_TYPE, payload),
            None => ARTIFACT.to_vec(),
        };
        let signature = key.sign(&signed).unwrap();
        let public_key = key.public_key().clone();
        let verifier = certificate(key);
        let digest = algorithm.hash().unwrap().digest(&signed);
        let json = match payload {
            Some(payload) => dsse::Proposal {
                payload_type: PAYLOAD_TYPE.into(),
                payload,
                signatures: vec![signature.clone()],
                verifiers: vec![dsse::SignatureVerifier {
                    verifier,
                    algorithm,
                }],
            }
            .to_json(),
            None => hashedrekord::Proposal {
                digest,
                signature: signature.clone(),
                verifier,
                algorithm,
            }
            .to_json(),
        };
        Self {
            json: json.unwrap(),
            key: public_key,
            algorithm,
            digest,
            signature,
        }
    }

    fn check(&self) {
        let request = Request::from_json(black_box(&self.json)).unwrap();
        assert!(!black_box(request.check().unwrap()).body().is_empty());
    }

    fn floor(&self) {
        self.key
            .verify_digest(self.algorithm, black_box(&self.digest), &self.signature)
            .unwrap();
    }
}

fn certificate(key: PrivateKey) -> Verifier {
    let validity = Validity {
        not_before: UnixTime::parse("2026-01-01T00:00:00Z").unwrap(),
        not_after: UnixTime::parse("2026-01-01T00:10:00Z").unwrap(),
    };
    let (name, serial) = (DistinguishedName::default(), SerialNumber::new([1; 20]));
    let authority = Authority::root(key, &name, serial, validity).unwrap();
    Verifier::Certificate(Box::new(authority.certificate))
}

fn checks(criterion: &mut Criterion) {
    for (name, kind, payload) in [
        ("hashedrekord, P-256", KeyType::EcdsaP256, None),
        ("hashedrekord, P-384", KeyType::EcdsaP384, None),
        ("dsse of 2 KiB, P-256", KeyType::EcdsaP256, Some(2 << 10)),
        (
            "dsse of 256 KiB, P-256",
            KeyType::EcdsaP256,
            Some(256 << 10),
        ),
    ] {
        let proposed = (0..PROPOSALS).map(|_| Proposed::new(kind, payload));
        let proposed: Vec<Proposed> = proposed.collect();
        let mut which = proposed.iter().cycle();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| which.next().unwrap().check());
        });
        let (mut all, mut floor) = (Vec::new(), Vec::new());
        // The first round warms up.
        for one in proposed.iter().chain(&proposed) {
            all.push(timed(|| one.check()));
            floor.push(timed(|| one.floor()));
        }
        let (all, floor) = (median(all), median(floor));
        let ratio = all.as_secs_f64() / floor.as_secs_f64();
        let a_second = 1.0 / all.as_secs_f64();
        println!(
            "{name}: {all:?}, its signature alone {floor:?}, ratio {ratio:.2}; {a_second:.0} a second on one core"
        );
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.drain(..times.len() / 2);
    times.sort_unstable();
    times[times.len() / 2]
}

criterion_group!(benches, checks);
criterion_main!(benches);
