//! What Fulcio counts: under the original's name, and what its operators miss there.
//!
//! ```text
//! fulcio_new_certs 41
//! waxwing_fulcio_certificates_total{issuer="https://accounts.google.com"} 40
//! waxwing_fulcio_refused_total{reason="TOKEN_EXPIRED"} 3
//! waxwing_fulcio_ct_failures_total 0
//! ```
//!
//! Issuers that patterns bring could be many: after the first 256 all others are counted together.

use waxwing_serve::{Counter, Derived, MetricError, Metrics, Quantity, Rejection, RequestLabel};

/// The name of the service by which its requests are observed.
const SERVICE: &str = "fulcio";

/// The counters. Clones share them.
#[derive(Debug, Clone)]
pub struct Counts {
    issued: Counter<0>,
    by_issuer: Counter<1>,
    refused: Counter<1>,
    ct_failures: Counter<0>,
}

impl Counts {
    /// Registers them, and what follows from the requests that are observed as those of `fulcio`.
    pub fn register(metrics: &Metrics) -> Result<Self, MetricError> {
        for (name, help, of) in [
            (
                "http_requests_total",
                "Requests to Fulcio.",
                Quantity::Number,
            ),
            (
                "fulcio_api_latency",
                "How long Fulcio took, in seconds.",
                Quantity::Seconds,
            ),
        ] {
            let derived = Derived {
                service: SERVICE,
                labels: &[RequestLabel::Code, RequestLabel::SmallMethod],
                of,
            };
            metrics.derive(name, help, derived)?;
        }
        let build = metrics.gauge(
            "fulcio_build_info",
            "The version in the original's words, always 1.",
            ["version", "revision", "build_date", "goversion"],
        )?;
        build.set([env!("CARGO_PKG_VERSION"), "", "", "not Go"], 1.0);
        Ok(Self {
            issued: metrics.counter("fulcio_new_certs", "Certificates issued.", [])?,
            by_issuer: metrics.counter(
                "waxwing_fulcio_certificates_total",
                "Certificates issued, by the issuer that they name.",
                ["issuer"],
            )?,
            refused: metrics.counter(
                "waxwing_fulcio_refused_total",
                "Requests that got no certificate, by the reason in their answer.",
                ["reason"],
            )?,
            ct_failures: metrics.counter(
                "waxwing_fulcio_ct_failures_total",
                "Certificates that the CT log did not promise to publish, and that were not issued.",
                [],
            )?,
        })
    }

    pub(crate) fn issued(&self, issuer: &str) {
        self.issued.increment([]);
        self.by_issuer.increment([issuer]);
    }

    pub(crate) fn refused(&self, rejection: &Rejection) {
        let code = || match rejection.code().number() {
            8 => "RATE_LIMITED",
            13 => "INTERNAL",
            _ => "OTHER",
        };
        self.refused
            .increment([rejection.reason().unwrap_or_else(code)]);
    }

    pub(crate) fn ct_failed(&self) {
        self.ct_failures.increment([]);
    }
}
