//! The cost of a certificate beside that of the signatures in it, from the request's JSON to the answer's.
//!
//! ```text
//! cargo bench -p waxwing-fulcio
//! ```
//!
//! Issuer and CT log are those of the tests, in this process: the log signs its promise, and does nothing
//! else that a log does. The floor does the signatures of [`SIGNED`] and [`VERIFIED`] with keys at hand.
//! Both are measured in turns, and the medians printed.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]
#![expect(dead_code, reason = "the tests' world has more than is asked here")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_net::Request;

#[path = "../tests/it/ct_log.rs"]
mod ct_log;
#[path = "../tests/it/issuer.rs"]
mod issuer;
#[path = "../tests/it/world.rs"]
mod world;

use world::{EMAIL, SIGNING, World, proved};

/// Signatures made, all with P-256: precertificate, promise, leaf.
const SIGNED: usize = 3;
/// Signatures verified: token (ES256), proof of possession, promise.
const VERIFIED: usize = 3;

/// How many keys ask in turn.
const KEYS: usize = 200;

fn requests(world: &World) -> Vec<Bytes> {
    let token = world.token();
    let request = |_| {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let mut body = proved(&key, EMAIL);
        body["credentials"] = serde_json::json!({ "oidcIdentityToken": token });
        Bytes::from(body.to_string())
    };
    (0..KEYS).map(request).collect()
}

fn issue(runtime: &Runtime, world: &World, request: &Bytes) {
    let request = Request::post(SIGNING, "application/json", request.clone());
    let answer = runtime.block_on(world.send(request));
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
}

fn floor(key: &PrivateKey, signature: &[u8]) {
    let message = [7; 600];
    for _ in 0..SIGNED {
        black_box(key.sign(black_box(&message)).unwrap());
    }
    for _ in 0..VERIFIED {
        let verified = key
            .public_key()
            .verify(key.algorithm(), black_box(&message), signature);
        verified.unwrap();
    }
}

fn compare(criterion: &mut Criterion) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().build().unwrap();
    let world = World::new();
    let requests = requests(&world);
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let signature = key.sign(&[7; 600]).unwrap();
    let mut next = requests.iter().cycle();
    criterion.bench_function("a certificate", |bencher| {
        bencher.iter(|| issue(&runtime, &world, next.next().unwrap()));
    });
    criterion.bench_function("a certificate: its signatures alone", |bencher| {
        bencher.iter(|| floor(&key, &signature));
    });
    let (mut all, mut alone) = (Vec::new(), Vec::new());
    for request in &requests {
        all.push(timed(|| issue(&runtime, &world, request)));
        alone.push(timed(|| floor(&key, &signature)));
    }
    let (all, alone) = (median(all), median(alone));
    let ratio = all.as_secs_f64() / alone.as_secs_f64();
    let a_second = 1.0 / all.as_secs_f64();
    println!(
        "certificate {all:?}, its signatures alone {alone:?}, ratio {ratio:.2}; {a_second:.0} a second on one core"
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

criterion_group!(benches, compare);
criterion_main!(benches);
