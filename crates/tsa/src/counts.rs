//! What is counted, under the original's names: requests, and what the watch over the clock sees.
//!
//! ```text
//! timestamp_authority_ntp_sync_total{host="time.apple.com",failed="false"} 41
//! timestamp_authority_ntp_errors_total{reason="err_inv_time"} 1
//! timestamp_authority_ntp_latency_sum{host="time.apple.com"} 12345678     nanoseconds
//! ```

use std::time::Duration;

use waxwing_serve::{Counter, Derived, Histogram, MetricError, Metrics, Quantity, RequestLabel};

use crate::ClockState;

/// The bounds of latencies, in nanoseconds.
const BOUNDS: &[f64] = &[1e6, 5e6, 1e7, 2.5e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 2.5e9, 5e9];

/// The name under which a service's requests are observed for these counts.
const SERVICE: &str = "tsa";

/// Registers what follows from the requests that are observed as those of `tsa`, and the version.
pub fn register_request_counts(metrics: &Metrics) -> Result<(), MetricError> {
    use Quantity::{Nanoseconds, NanosecondsInAll, Number};
    use RequestLabel::{Code, Method, Path};
    let took = "How long the timestamp authority took, in nanoseconds.";
    let requests = "Requests to the timestamp authority.";
    for (name, help, labels, of) in [
        (
            "timestamp_authority_http_requests_total",
            requests,
            &[Code, Path, Method][..],
            Number,
        ),
        (
            "timestamp_authority_api_latency",
            took,
            &[Path, Code],
            Nanoseconds,
        ),
        (
            "timestamp_authority_api_latency_summary",
            took,
            &[Path, Code],
            NanosecondsInAll,
        ),
        (
            "timestamp_authority_latency_by_api",
            took,
            &[Path, Method],
            Nanoseconds,
        ),
    ] {
        let service = SERVICE;
        let derived = Derived {
            service,
            labels,
            of,
        };
        metrics.derive(name, help, derived)?;
    }
    let build = metrics.gauge(
        "timestamp_authority_build_info",
        "The version in the original's words, always 1.",
        ["version", "revision", "build_date", "goversion"],
    )?;
    build.set([env!("CARGO_PKG_VERSION"), "", "", "not Go"], 1.0);
    Ok(())
}

/// The numbers of the watch over the clock. Clones share them.
#[derive(Debug, Clone)]
pub struct ClockCounts {
    latency: Histogram<1>,
    asked: Counter<2>,
    errors: Counter<1>,
}

impl ClockCounts {
    /// Registers them.
    pub fn register(metrics: &Metrics) -> Result<Self, MetricError> {
        Ok(Self {
            latency: metrics.histogram(
                "timestamp_authority_ntp_latency",
                "How long time servers took to answer, in nanoseconds.",
                ["host"],
                BOUNDS,
            )?,
            asked: metrics.counter(
                "timestamp_authority_ntp_sync_total",
                "Questions to time servers.",
                ["host", "failed"],
            )?,
            errors: metrics.counter(
                "timestamp_authority_ntp_errors_total",
                "Rounds in which too few time servers answered, or agreed with the clock.",
                ["reason"],
            )?,
        })
    }

    pub(crate) fn asked(&self, host: &str, took: Duration, failed: bool) {
        self.latency.observe([host], took.as_secs_f64() * 1e9);
        let failed = if failed { "true" } else { "false" };
        self.asked.increment([host, failed]);
    }

    pub(crate) fn round(&self, state: &ClockState) {
        match state {
            ClockState::TooFew { .. } => self.errors.increment(["err_too_few"]),
            ClockState::Off { .. } => self.errors.increment(["err_inv_time"]),
            ClockState::NotAsked | ClockState::Good { .. } => {}
        }
    }
}
