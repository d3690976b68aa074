//! What is counted of an instance: the originals' numbers, which follow from what
//! [`Observations`](waxwing_serve::Observations) saw, and those that services count themselves. What lies on a
//! disk or in a key is in [`watched`](crate::watched).

use waxwing_serve::{Derived, MetricError, Metrics, Quantity, RequestLabel};
use waxwing_tsa::ClockCounts;

/// The numbers of an instance.
#[derive(Debug, Clone)]
pub(crate) struct Measures {
    pub(crate) metrics: Metrics,
    pub(crate) fulcio: waxwing_fulcio::Counts,
    pub(crate) rekor: waxwing_rekor::Counts,
    pub(crate) clock: ClockCounts,
}

impl Measures {
    /// Registers all that needs nothing but a service.
    pub(crate) fn new() -> Result<Self, MetricError> {
        let metrics = Metrics::default();
        originals(&metrics)?;
        waxwing_tsa::register_request_counts(&metrics)?;
        Ok(Self {
            fulcio: waxwing_fulcio::Counts::register(&metrics)?,
            rekor: waxwing_rekor::Counts::register(&metrics)?,
            clock: ClockCounts::register(&metrics)?,
            metrics,
        })
    }
}

/// What follows from requests, and the originals' word about which program this is.
fn originals(metrics: &Metrics) -> Result<(), MetricError> {
    use Quantity::{Bytes, Number, Seconds};
    use RequestLabel::{Code, SmallMethod};
    const SMALL: &[RequestLabel] = &[Code, SmallMethod];
    let rekor = "rekor";
    for (name, help, service, labels, of) in [
        (
            "rekor_v2_http_requests_total",
            "Requests to Rekor.",
            rekor,
            SMALL,
            Number,
        ),
        (
            "rekor_v2_http_api_latency",
            "How long Rekor took, in seconds.",
            rekor,
            SMALL,
            Seconds,
        ),
        (
            "rekor_v2_http_api_request_size",
            "Sizes of requests to Rekor, in bytes.",
            rekor,
            SMALL,
            Bytes,
        ),
    ] {
        let derived = Derived {
            service,
            labels,
            of,
        };
        metrics.derive(name, help, derived)?;
    }
    let labels = ["version", "revision", "build_date", "goversion"];
    let info = metrics.gauge(
        "rekor_v2_build_info",
        "The version in the original's words, always 1.",
        labels,
    )?;
    info.set([env!("CARGO_PKG_VERSION"), "", "", "not Go"], 1.0);
    Ok(())
}
