//! What the watch over the clock counts, under the original's names.
//!
//! ```text
//! timestamp_authority_ntp_sync_total{host="time.apple.com",failed="false"} 41
//! timestamp_authority_ntp_errors_total{reason="err_inv_time"} 1
//! timestamp_authority_ntp_latency_sum{host="time.apple.com"} 12345678     nanoseconds
//! ```

use std::time::Duration;

use waxwing_serve::{Counter, Histogram, MetricError, Metrics};

use crate::ClockState;

/// The bounds of latencies, in nanoseconds.
const BOUNDS: &[f64] = &[1e6, 5e6, 1e7, 2.5e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 2.5e9, 5e9];

/// The numbers. Clones share them.
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
