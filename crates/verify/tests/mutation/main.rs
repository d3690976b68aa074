//! Good bundles with one thing changed: each byte, each decoded byte, each field, each element.
//!
//! A changed bundle is refused, or it is accepted for exactly what the good one earns and the change
//! lies in one of the parts that `cases.rs` lists, where nothing is believed. Anything else is a
//! finding. How often each happened is compared too: a verifier that grows more lenient changes it.
//!
//! `WAXWING_CONFORMANCE` names the folder with the bundles. Without it the tests say so and pass;
//! under `CI` its absence fails. Every byte of every bundle takes minutes in a build without
//! optimisation, so that of most bundles only some bytes are changed; all of them are with
//! `cargo test --release -p waxwing-verify --test mutation -- --ignored`.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]
#![expect(
    clippy::print_stdout,
    reason = "what was counted is part of the result"
)]

mod cases;
mod fields;
mod json;

use std::collections::BTreeMap;

use cases::{Case, Judgement};
use json::{Value, path_at};
use waxwing_encoding::base64;

/// The bundles of which every byte is changed each time: one of each kind of signer and log.
const WHOLE: [&str; 2] = ["rekor2-happy-path", "managed-key-happy-path"];

/// Of the others one byte in so many, beginning with the second: a prime, so that each bit and each
/// place within four characters of base64 comes up.
const STRIDE: usize = 29;

/// How often each thing happened.
#[derive(Default)]
struct Counts {
    refused: usize,
    earned: BTreeMap<&'static str, usize>,
    findings: Vec<String>,
}

/// What was changed, and the text after it.
type Change = (String, Vec<u8>);

/// Judges each of `count` changes, on all cores.
fn judge(case: &Case, count: usize, change: impl Fn(usize) -> Change + Sync) -> Counts {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let work = |first: usize| {
        let mut counts = Counts::default();
        for number in (first..count).step_by(threads) {
            let (what, json) = change(number);
            match case.judge(&json) {
                Judgement::Refused => counts.refused += 1,
                Judgement::Earned(reason) => *counts.earned.entry(reason).or_default() += 1,
                Judgement::Unearned(reason) => {
                    counts
                        .findings
                        .push(format!("{}, {what}: {reason}", case.name));
                }
            }
        }
        counts
    };
    std::thread::scope(|scope| {
        let work = &work;
        let threads = (0..threads).map(|first| scope.spawn(move || work(first)));
        let threads: Vec<_> = threads.collect();
        let mut total = Counts::default();
        for thread in threads {
            total.add(thread.join().unwrap());
        }
        total
    })
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.refused += other.refused;
        self.findings.extend(other.findings);
        for (reason, count) in other.earned {
            *self.earned.entry(reason).or_default() += count;
        }
    }

    /// Nothing was accepted for anything else, and as much was refused as ever.
    fn check(&self, refused: usize, earned: &[(&str, usize)]) {
        assert!(self.findings.is_empty(), "{}", self.findings.join("\n"));
        println!("{} refused, accepted: {:#?}", self.refused, self.earned);
        assert_eq!(self.earned, earned.iter().copied().collect());
        assert_eq!(self.refused, refused);
    }
}

/// Changes one byte in `stride` of each text.
fn texts(cases: &[Case], stride: impl Fn(&Case) -> usize) -> Counts {
    let mut total = Counts::default();
    for case in cases {
        let values = json::values(&case.text);
        let (first, stride) = start(stride(case));
        let count = case.text.len().saturating_sub(first).div_ceil(stride);
        total.add(judge(case, count, |number| {
            let place = first + number * stride;
            let mut json = case.text.clone().into_bytes();
            // The eighth bit would make the text no UTF-8, and say nothing about the verifier.
            json[place] ^= 1 << (place % 7);
            (format!("byte {place} in {}", path_at(&values, place)), json)
        }));
    }
    total
}

/// Changes one byte in `stride` of what the texts hold in base64, and encodes it again.
fn contents(cases: &[Case], stride: impl Fn(&Case) -> usize) -> Counts {
    let mut total = Counts::default();
    for case in cases {
        let mut places: Vec<(Value, Vec<u8>, usize)> = Vec::new();
        for value in json::values(&case.text) {
            let text = case.text[value.value.clone()].trim_matches('"');
            for (place, bytes) in base64::decode(text).iter().flat_map(|bytes| {
                let repeated = std::iter::repeat(bytes.clone());
                (0..bytes.len()).zip(repeated)
            }) {
                places.push((value.clone(), bytes, place));
            }
        }
        let (first, stride) = start(stride(case));
        let count = places.len().saturating_sub(first).div_ceil(stride);
        total.add(judge(case, count, |number| {
            let (value, bytes, place) = &places[first + number * stride];
            let mut bytes = bytes.clone();
            bytes[*place] ^= 1 << (place % 8);
            let encoded = format!("\"{}\"", base64::encode(&bytes));
            let what = format!("decoded byte {place} of {}", value.path);
            (what, fields::with(&case.text, value, &encoded))
        }));
    }
    total
}

fn start(stride: usize) -> (usize, usize) {
    (usize::from(stride > 1), stride)
}

fn usual_stride(case: &Case) -> usize {
    match WHOLE.contains(&case.name) {
        true => 1,
        false => STRIDE,
    }
}

#[test]
fn no_byte_of_the_text_earns_anything_else() {
    let Some(cases) = cases::all() else { return };
    let earned = [
        (cases::UNCOUNTED_TIMESTAMP, 705),
        (cases::TIMESTAMP_FRAME, 312),
        (cases::CHECKPOINT_LINES, 30),
        (cases::HINT, 42),
        (cases::LOG_ID, 35),
    ];
    texts(&cases, usual_stride).check(15_077, &earned);
}

#[test]
fn no_byte_below_base64_earns_anything_else() {
    let Some(cases) = cases::all() else { return };
    let earned = [
        (cases::UNCOUNTED_TIMESTAMP, 719),
        (cases::TIMESTAMP_FRAME, 341),
        (cases::HINT, 32),
        (cases::LOG_ID, 33),
    ];
    contents(&cases, usual_stride).check(9519, &earned);
}

#[test]
#[ignore = "takes minutes without optimisation"]
fn no_byte_at_all_earns_anything_else() {
    let Some(cases) = cases::all() else { return };
    let mut total = texts(&cases, |_| 1);
    total.add(contents(&cases, |_| 1));
    let earned = [
        (cases::UNCOUNTED_TIMESTAMP, 2449),
        (cases::TIMESTAMP_FRAME, 719),
        (cases::CHECKPOINT_LINES, 426),
        (cases::HINT, 74),
        (cases::LOG_ID, 130),
    ];
    total.check(125_882, &earned);
}

#[test]
fn no_field_and_no_element_earns_anything_else() {
    let Some(cases) = cases::all() else { return };
    let mut total = Counts::default();
    for case in &cases {
        let changes = fields::changes(case.name, &case.text, &cases);
        total.add(judge(case, changes.len(), |number| changes[number].clone()));
    }
    let earned = [
        (cases::UNCOUNTED_TIMESTAMP, 44),
        (cases::VERSION, 7),
        (cases::CHAIN, 3),
        (cases::NO_DIGEST, 10),
        (cases::NO_PROMISE, 14),
        (cases::HINT, 6),
        (cases::LOG_ID, 30),
        (cases::KEY_ID, 1),
        (cases::SPELLING, 492),
    ];
    total.check(5769, &earned);
}

/// After each kind of change that is accepted, a second one to a field.
///
/// Only the meaning is compared: the list in `cases.rs` is of single changes.
#[test]
fn no_two_fields_earn_anything_else() {
    let Some(cases) = cases::all() else { return };
    let mut total = Counts::default();
    for case in &cases {
        let mut known = vec![cases::SPELLING];
        for (what, json) in fields::changes(case.name, &case.text, &cases) {
            let Judgement::Earned(reason) = case.judge(&json) else {
                continue;
            };
            if known.contains(&reason) {
                continue;
            }
            known.push(reason);
            let text = String::from_utf8(json).unwrap();
            // One in three, and each time others: all of them take as long as the rest together.
            let changes = fields::changes(case.name, &text, &cases);
            let changes: Vec<Change> = changes
                .into_iter()
                .skip(known.len() % 3)
                .step_by(3)
                .collect();
            let mut counts = judge(case, changes.len(), |number| changes[number].clone());
            counts
                .findings
                .retain(|finding| finding.contains("another "));
            let findings = counts.findings.drain(..);
            total
                .findings
                .extend(findings.map(|finding| format!("{what}, then {finding}")));
            total.refused += counts.refused;
        }
    }
    println!("{} pairs refused", total.refused);
    assert!(total.findings.is_empty(), "{}", total.findings.join("\n"));
    assert!(
        total.refused > 4_000,
        "only {} pairs were refused",
        total.refused
    );
}
