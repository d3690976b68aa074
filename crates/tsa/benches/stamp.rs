//! How many timestamps two threads make in a second, without HTTP: the request read, the response made.
//!
//! ```text
//! cargo bench -p waxwing-tsa
//! ```
//!
//! Beside it the signatures alone, of the same run: what lies between the two is ours.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, Random, SystemRandom};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::DistinguishedName;
use waxwing_pki::issue::{Authority, SerialNumber, Validity};
use waxwing_pki::timestamp::{TimestampAuthority, TimestampDetails, TimestampRequest};

const THREADS: usize = 2;
const TIME: Duration = Duration::from_secs(2);

fn main() {
    let name = DistinguishedName {
        organization: "bench".into(),
        common_name: "tsa".into(),
    };
    let at = |text| UnixTime::parse(text).unwrap();
    let validity = Validity {
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2027-01-01T00:00:00Z"),
    };
    let key = || PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let serial = |number| SerialNumber::new([number; 20]);
    let root = Authority::root(key(), &name, serial(1), validity).unwrap();
    let leaf = root.timestamp_leaf(key(), &name, serial(2), validity);
    let authority = TimestampAuthority::new(leaf.unwrap(), vec![root.certificate]);
    let request = TimestampRequest {
        digest: HashAlgorithm::Sha256.digest(b"signature"),
        policy: None,
        nonce: Some(vec![0x7f; 8]),
        certificate: true,
    };
    let request = request.to_der();
    let time = at("2026-06-01T12:00:00Z");
    let stamped = measure(|| {
        let mut serial = [0; 20];
        SystemRandom.fill(&mut serial);
        let serial = SerialNumber::new(serial);
        let request = TimestampRequest::from_der(black_box(&request)).unwrap();
        let details = TimestampDetails { time, serial };
        black_box(authority.respond(&request, details).unwrap());
    });
    let signer = key();
    let attributes = [7; 250];
    let signed = measure(|| {
        black_box(signer.sign(black_box(&attributes)).unwrap());
    });
    let ratio = signed / stamped;
    println!(
        "timestamps: {stamped:.0}/s, signatures alone: {signed:.0}/s, ratio {ratio:.2}; {THREADS} threads"
    );
}

/// How often a second all threads together can do it.
fn measure(work: impl Fn() + Sync) -> f64 {
    let counted = || {
        let (start, mut count) = (Instant::now(), 0_u64);
        while start.elapsed() < TIME {
            work();
            count += 1;
        }
        count
    };
    let total: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(counted)).collect();
        let counts = threads.into_iter().map(|thread| thread.join().unwrap());
        counts.sum()
    });
    total as f64 / TIME.as_secs_f64()
}
