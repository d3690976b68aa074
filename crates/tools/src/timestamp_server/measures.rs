//! The page of metrics, under the original's names.

use std::sync::Arc;

use axum::Router;
use waxwing_encoding::time::Clock;
use waxwing_pki::timestamp::TimestampAuthority;
use waxwing_serve::{MetricError, Metrics, Observations, Process, metrics_router};
use waxwing_tsa::{ClockCounts, Key, register_request_counts};

const DAY: f64 = 86400.0;

/// What is counted and watched.
pub(super) struct Measures {
    metrics: Metrics,
    pub(super) observations: Observations,
    pub(super) clock: ClockCounts,
}

impl Measures {
    /// Registers all of it.
    pub(super) fn new(
        authority: &TimestampAuthority<Key>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, MetricError> {
        let metrics = Metrics::default();
        register_request_counts(&metrics)?;
        let days = metrics.gauge(
            "timestamp_authority_certificate_valid_days_remaining",
            "Days until the first certificate of the timestamp authority's chain expires.",
            [],
        )?;
        let ends = authority.certificates();
        let end = ends
            .map(|certificate| certificate.not_after().seconds())
            .min();
        let clock_counts = ClockCounts::register(&metrics)?;
        let now = Arc::clone(clock);
        metrics.when_asked(move || {
            let end = end.unwrap_or_default();
            days.set([], (end - now.now().seconds()) as f64 / DAY);
        });
        Ok(Self {
            metrics,
            observations: Observations::new(),
            clock: clock_counts,
        })
    }

    /// `GET /metrics`.
    pub(super) fn router(&self, clock: &dyn Clock) -> Router {
        let process = Process {
            started: clock.now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            revision: String::new(),
        };
        metrics_router(&self.observations, &self.metrics, process)
    }
}
