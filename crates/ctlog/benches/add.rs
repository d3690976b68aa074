//! The cost of `add-pre-chain` beside that of the signatures in it, from the submission's JSON to the
//! promise's.
//!
//! ```text
//! cargo bench -p waxwing-ctlog
//! ```
//!
//! The log is in memory, and each submission waits for its own batch of one: the signature of its head is in
//! the floor too, with the precertificate's, which is verified, and that of the promise. Both are measured in
//! turns, and the medians printed.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]
#![expect(dead_code, reason = "the tests' world has more than is asked here")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use ::bytes::Bytes as Body;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use tokio::runtime::Runtime;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_net::Request;

#[path = "../tests/it/bytes.rs"]
mod bytes;
#[path = "../tests/it/world.rs"]
mod world;

use world::{LOG, World};

/// Signatures made, all with P-256: the promise, the head.
const SIGNED: usize = 2;
/// Signatures verified: the precertificate's.
const VERIFIED: usize = 1;

const SUBMISSIONS: usize = 500;

fn submission(world: &World) -> Body {
    let chain = world.chain(&world.precertificate());
    let chain = chain.iter().map(|link| base64::encode(link.der()));
    let chain: Vec<String> = chain.collect();
    json!({ "chain": chain }).to_string().into()
}

fn add(runtime: &Runtime, world: &World, body: &Body) {
    let url = format!("{LOG}/ct/v1/add-pre-chain");
    let request = Request::post(url, "application/json", body.clone());
    let answer = runtime.block_on(world.client.send(request)).unwrap();
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
    let world = runtime.block_on(World::new());
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let signature = key.sign(&[7; 600]).unwrap();
    criterion.bench_function("add-pre-chain", |bencher| {
        bencher.iter_batched(
            || submission(&world),
            |body| add(&runtime, &world, &body),
            criterion::BatchSize::SmallInput,
        );
    });
    criterion.bench_function("add-pre-chain: its signatures alone", |bencher| {
        bencher.iter(|| floor(&key, &signature));
    });
    let (mut all, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..SUBMISSIONS {
        let body = submission(&world);
        all.push(timed(|| add(&runtime, &world, &body)));
        alone.push(timed(|| floor(&key, &signature)));
    }
    let (all, alone) = (median(all), median(alone));
    let ratio = all.as_secs_f64() / alone.as_secs_f64();
    let a_second = 1.0 / all.as_secs_f64();
    println!(
        "add-pre-chain {all:?}, its signatures alone {alone:?}, ratio {ratio:.2}; {a_second:.0} a second on one core"
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
