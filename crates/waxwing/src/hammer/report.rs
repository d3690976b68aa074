//! What a run has shown: in JSON with names that stay, and as a table for people. docs/hammer.md says
//! what each field means.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use waxwing_tlog::note::NoteVerifier;

use super::disk::Disk;
use super::floors::Floors;
use super::load::{Load, Run};
use super::process::{self, Machine};
use super::service;
use super::tally::Times;

/// What was found beside the run itself.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) kind: &'static str,
    pub(super) place: &'a str,
    pub(super) verifier: &'a NoteVerifier,
    pub(super) size_before: u64,
    pub(super) size_after: u64,
    pub(super) heads: u64,
    pub(super) signatures: u64,
    pub(super) rebuilt: Option<u64>,
    pub(super) disk: Option<Disk>,
    pub(super) directory: Option<&'a Path>,
}

/// The report. Fields are added, never changed.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) version: &'static str,
    pub(super) machine: Machine,
    pub(super) target: TargetReport,
    pub(super) load: LoadReport,
    pub(super) counts: Counts,
    pub(super) checks: Checks,
    pub(super) throughput: Throughput,
    pub(super) latency_ms: Latency,
    pub(super) service_ms: Latency,
    pub(super) late_start_ms: Latency,
    pub(super) processor: Processor,
    pub(super) memory: Memory,
    pub(super) disk: Option<DiskReport>,
    pub(super) floors: FloorsReport,
}

#[derive(Debug, Serialize)]
pub(super) struct TargetReport {
    pub(super) kind: &'static str,
    pub(super) place: String,
    pub(super) vkey: String,
    pub(super) size_before: u64,
    pub(super) size_after: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct LoadReport {
    pub(super) mode: &'static str,
    pub(super) rate: Option<f64>,
    pub(super) arrivals: Option<&'static str>,
    pub(super) outstanding: usize,
    pub(super) entry_bytes: usize,
    pub(super) duplicates: f64,
    pub(super) seed: u64,
    pub(super) warm_up_seconds: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Counts {
    pub(super) acknowledged: u64,
    pub(super) duplicates: u64,
    pub(super) existed: u64,
    pub(super) refused: u64,
    pub(super) unserved: u64,
    pub(super) retries: u64,
    pub(super) warm_up: u64,
    pub(super) entries: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Checks {
    pub(super) proofs: u64,
    pub(super) signatures: u64,
    pub(super) heads: u64,
    pub(super) heads_rebuilt: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Throughput {
    pub(super) seconds: f64,
    pub(super) adds_per_second: f64,
    pub(super) megabytes_per_second: f64,
    pub(super) of_leaf_hash_floor: f64,
    pub(super) of_write_floor: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    pub(super) max: f64,
    pub(super) mean: f64,
    pub(super) p50_over_flush_floor: Option<f64>,
    pub(super) p99_over_flush_floor: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Processor {
    pub(super) user_seconds: f64,
    pub(super) system_seconds: f64,
    pub(super) microseconds_per_add: f64,
    pub(super) service_microseconds_per_add: Option<f64>,
    pub(super) hammer_microseconds_per_add: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Memory {
    pub(super) peak_bytes: Option<u64>,
    pub(super) books_bytes: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct DiskReport {
    #[serde(flatten)]
    pub(super) kinds: Disk,
    pub(super) apparent_bytes_per_entry: f64,
    pub(super) allocated_bytes_per_entry: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct FloorsReport {
    pub(super) leaf_hashes_per_second: f64,
    pub(super) flush_ms: Option<FlushFloor>,
    pub(super) write_megabytes_per_second: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct FlushFloor {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

impl Report {
    pub(super) fn new(load: &Load, run: &Run, floors: &Floors, found: &Found<'_>) -> Self {
        let tally = &run.tally;
        let flush = floors.disk.as_ref().map(|disk| FlushFloor {
            p50: disk.flush.at(0.5),
            p99: disk.flush.at(0.99),
        });
        let flush = flush.as_ref();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            machine: Machine::here(found.directory),
            target: TargetReport {
                kind: found.kind,
                place: found.place.to_owned(),
                vkey: found.verifier.to_string(),
                size_before: found.size_before,
                size_after: found.size_after,
            },
            load: LoadReport::new(load),
            counts: Counts {
                acknowledged: tally.acknowledged,
                duplicates: tally.duplicates,
                existed: tally.existed,
                refused: tally.refused,
                unserved: tally.unserved,
                retries: tally.retries,
                warm_up: tally.warm_up,
                entries: run.places.len() as u64,
            },
            checks: Checks {
                proofs: tally.acknowledged + tally.warm_up,
                signatures: found.signatures,
                heads: found.heads,
                heads_rebuilt: found.rebuilt,
            },
            throughput: Throughput::new(load, run, floors),
            latency_ms: Latency::new(&tally.latency, flush),
            service_ms: Latency::new(&tally.service, flush),
            late_start_ms: Latency::new(&tally.late_start, None),
            processor: Processor::new(run, found.kind),
            memory: Memory {
                peak_bytes: process::peak_memory(),
                books_bytes: 8 * run.entries,
            },
            disk: found.disk.map(|kinds| {
                let per_entry = |bytes: u64| ratio(bytes as f64, found.size_after as f64);
                DiskReport {
                    apparent_bytes_per_entry: per_entry(kinds.total().apparent_bytes),
                    allocated_bytes_per_entry: per_entry(kinds.total().allocated_bytes),
                    kinds,
                }
            }),
            floors: FloorsReport {
                leaf_hashes_per_second: floors.leaf_hashes,
                write_megabytes_per_second: floors.disk.as_ref().map(|disk| disk.write),
                flush_ms: flush.map(|flush| FlushFloor {
                    p50: flush.p50,
                    p99: flush.p99,
                }),
            },
        }
    }
}

impl LoadReport {
    fn new(load: &Load) -> Self {
        Self {
            mode: match load.rate {
                Some(_) => "rate",
                None => "saturate",
            },
            rate: load.rate,
            arrivals: load.rate.map(|_| load.arrivals.name()),
            outstanding: load.outstanding,
            entry_bytes: load.entry_bytes,
            duplicates: load.duplicates,
            seed: load.seed,
            warm_up_seconds: load.warm_up.as_secs_f64(),
        }
    }
}

impl Throughput {
    fn new(load: &Load, run: &Run, floors: &Floors) -> Self {
        let seconds = run.took.as_secs_f64();
        let adds = ratio(run.tally.acknowledged as f64, seconds);
        let megabytes = adds * load.entry_bytes as f64 / 1e6;
        let disk = floors.disk.as_ref();
        Self {
            seconds,
            adds_per_second: adds,
            megabytes_per_second: megabytes,
            of_leaf_hash_floor: ratio(adds, floors.leaf_hashes),
            of_write_floor: disk.map(|disk| ratio(megabytes, disk.write)),
        }
    }
}

impl Latency {
    pub(super) fn new(times: &Times, floor: Option<&FlushFloor>) -> Self {
        let (p50, p99) = (times.at(0.5), times.at(0.99));
        Self {
            p50,
            p90: times.at(0.9),
            p99,
            p999: times.at(0.999),
            max: times.longest(),
            mean: times.mean(),
            p50_over_flush_floor: floor.map(|floor| ratio(p50, floor.p50)),
            p99_over_flush_floor: floor.map(|floor| ratio(p99, floor.p99)),
        }
    }
}

impl Processor {
    fn new(run: &Run, kind: &str) -> Self {
        let usage = &run.usage;
        let per_add = |time: Duration, adds: u64| ratio(time.as_secs_f64() * 1e6, adds as f64);
        let measured = |time| per_add(time, run.usage_adds);
        let all = run.tally.acknowledged + run.tally.warm_up;
        Self {
            user_seconds: usage.user.as_secs_f64(),
            system_seconds: usage.system.as_secs_f64(),
            microseconds_per_add: measured(usage.total()),
            service_microseconds_per_add: (kind == "service")
                .then(|| measured(usage.of(service::THREAD))),
            hammer_microseconds_per_add: per_add(run.tally.own, all),
        }
    }
}

/// Nothing to divide by gives 0, which JSON can hold.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
