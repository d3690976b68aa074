//! What a monitor reads: `GET /metrics` in Prometheus' text format, version 0.0.4.
//!
//! ```text
//! # HELP fulcio_new_certs Certificates issued.
//! # TYPE fulcio_new_certs counter
//! fulcio_new_certs 41
//! waxwing_http_requests_total{service="tsa",method="POST",route="/api/v1/timestamp",code="201"} 7
//! ```
//!
//! Requests and their latencies come from [`Observations`](crate::Observations) by themselves; what a
//! service counts beside them it registers in a [`Metrics`], under the name that the originals use.
//! Nothing is global, and [`metrics_router`] is on no port unless somebody mounts it.

mod distribution;
mod page;
mod registry;
mod text;

pub(crate) use distribution::Distribution;
pub use page::{METRICS_ROUTES, Process, metrics_router};
pub use registry::{Counter, Gauge, Histogram, MOST_SERIES, MetricError, Metrics};
