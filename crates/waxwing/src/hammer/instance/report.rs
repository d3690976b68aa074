//! What a run on an instance has shown, in JSON with names that stay. docs/hammer.md says what each field
//! means.

use std::path::Path;

use serde::Serialize;

use super::drive::Service;
use super::memory::MemoryReport;
use super::server::Started;
use super::signatures::Signatures;
use super::tally::Tally;
use super::turns::Load;
use crate::hammer::floors::DiskFloors;
use crate::hammer::process::Machine;
use crate::hammer::report::{Latency, ratio};

/// The report. Fields are added, never changed.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) version: &'static str,
    pub(super) machine: Machine,
    pub(super) instance: InstanceReport,
    pub(super) load: LoadReport,
    pub(super) floors: FloorsReport,
    pub(super) services: Vec<ServiceReport>,
    pub(super) together: Option<Together>,
    pub(super) memory: Option<MemoryReport>,
    pub(super) logs: Vec<LogReport>,
}

#[derive(Debug, Serialize)]
pub(super) struct InstanceReport {
    pub(super) place: String,
    pub(super) url: String,
    /// Whether it was started for the run.
    pub(super) started: bool,
    pub(super) was_new: Option<bool>,
    pub(super) ready_ms: Option<f64>,
    pub(super) idle_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct LoadReport {
    pub(super) mode: &'static str,
    pub(super) outstanding: usize,
    pub(super) seconds: f64,
    pub(super) warm_up_seconds: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct FloorsReport {
    pub(super) cores: usize,
    pub(super) sign_per_second: f64,
    pub(super) verify_per_second: f64,
    pub(super) verify_token_per_second: f64,
    pub(super) token_algorithm: String,
    pub(super) flush_ms_p50: f64,
    pub(super) flush_ms_p99: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct ServiceReport {
    pub(super) name: Service,
    pub(super) answers: u64,
    pub(super) warm_up: u64,
    pub(super) refused: u64,
    pub(super) retries: u64,
    pub(super) seconds: f64,
    pub(super) per_second: f64,
    /// What raw signatures allow on all cores, and which share of it was reached.
    pub(super) floor_per_second: f64,
    pub(super) of_floor: f64,
    pub(super) floor_microseconds: f64,
    /// Of one answer; `None` where several services ran at once.
    pub(super) server_microseconds: Option<f64>,
    pub(super) hammer_microseconds: Option<f64>,
    pub(super) server_over_floor: Option<f64>,
    pub(super) latency_ms: Latency,
}

/// All services at once.
#[derive(Debug, Serialize)]
pub(super) struct Together {
    pub(super) answers: u64,
    pub(super) seconds: f64,
    pub(super) per_second: f64,
    /// Of the processors of the machine, what each used: 1 is all of them.
    pub(super) server_share: f64,
    pub(super) hammer_share: f64,
    /// What raw signatures of all answers would have taken of the server's time.
    pub(super) server_over_floor: f64,
}

/// A log, looked at after the run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LogReport {
    pub(super) name: &'static str,
    /// Entries promised in the run, each proven from the tiles to be at its index.
    pub(super) promised: u64,
    /// Heads seen in the run, each proven to be a beginning of the log.
    pub(super) heads: u64,
    /// How many entries it has.
    pub(super) size: u64,
}

impl InstanceReport {
    pub(super) fn new(place: &Path, url: &str, started: Option<Started>) -> Self {
        Self {
            place: place.display().to_string(),
            url: url.to_owned(),
            started: started.is_some(),
            was_new: started.map(|started| started.is_new),
            ready_ms: started.map(|started| started.ready.as_secs_f64() * 1e3),
            idle_bytes: started.and_then(|started| started.idle_memory),
        }
    }
}

impl LoadReport {
    pub(super) fn new(load: Load, is_mixed: bool) -> Self {
        Self {
            mode: if is_mixed { "mix" } else { "each" },
            outstanding: load.outstanding,
            seconds: load.duration.as_secs_f64(),
            warm_up_seconds: load.warm_up.as_secs_f64(),
        }
    }
}

impl FloorsReport {
    pub(super) fn new(signatures: &Signatures, token: &str, disk: &DiskFloors) -> Self {
        Self {
            cores: cores(),
            sign_per_second: signatures.sign.per_second(),
            verify_per_second: signatures.verify.per_second(),
            verify_token_per_second: signatures.verify_token.per_second(),
            token_algorithm: token.to_owned(),
            flush_ms_p50: disk.flush.at(0.5),
            flush_ms_p99: disk.flush.at(0.99),
        }
    }
}

impl ServiceReport {
    pub(super) fn new(service: Service, tally: &Tally) -> Self {
        let floors = &tally.floors;
        let per_second = ratio(tally.answers as f64, tally.seconds);
        let floor = floors.floor(service);
        let floor_microseconds = floors.processor_time(service).as_secs_f64() * 1e6;
        let each = |time: std::time::Duration| {
            let known = !time.is_zero();
            known.then(|| ratio(time.as_secs_f64() * 1e6, tally.answers as f64))
        };
        let server_microseconds = each(tally.server);
        Self {
            name: service,
            answers: tally.answers,
            warm_up: tally.warm_up,
            refused: tally.refused,
            retries: tally.retries,
            seconds: tally.seconds,
            per_second,
            floor_per_second: floor,
            of_floor: ratio(per_second, floor),
            floor_microseconds,
            server_microseconds,
            hammer_microseconds: each(tally.hammer),
            server_over_floor: server_microseconds.map(|server| ratio(server, floor_microseconds)),
            latency_ms: Latency::new(&tally.latency, None),
        }
    }
}

impl Together {
    pub(super) fn new(services: &[(Service, Tally)], all: &Tally) -> Self {
        let floors = &all.floors;
        let answers: u64 = services.iter().map(|(_, tally)| tally.answers).sum();
        let floor = services.iter().map(|(service, tally)| {
            floors.processor_time(*service).as_secs_f64() * tally.answers as f64
        });
        let floor: f64 = floor.sum();
        let cores = all.seconds * cores() as f64;
        Self {
            answers,
            seconds: all.seconds,
            per_second: ratio(answers as f64, all.seconds),
            server_share: ratio(all.server.as_secs_f64(), cores),
            hammer_share: ratio(all.hammer.as_secs_f64(), cores),
            server_over_floor: ratio(all.server.as_secs_f64(), floor),
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
