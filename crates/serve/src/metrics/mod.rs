//! What a monitor reads: `GET /metrics` in Prometheus' text format, version 0.0.4.
//!
//! ```text
//! # HELP fulcio_new_certs Certificates issued.
//! # TYPE fulcio_new_certs counter
//! fulcio_new_certs 41
//! waxwing_http_requests_total{service="tsa",method="POST",route="/api/v1/timestamp",code="201"} 7
//! ```
//!
//! Requests and their latencies come from [`Observations`](crate::Observations) by themselves, and
//! under the originals' names through [`Derived`]; what a service counts beside them it registers in a
//! [`Metrics`], and what is only known when somebody asks is set then ([`Metrics::when_asked`]).
//! Nothing is global, and [`metrics_router`] is on no port unless somebody mounts it.

mod derived;
mod distribution;
mod page;
mod registry;
mod text;

pub use derived::{Derived, Quantity, RequestLabel};
pub(crate) use distribution::Distribution;
pub use page::{METRICS_ROUTES, Process, metrics_router};
pub use registry::{Counter, Gauge, Histogram, MOST_SERIES, MetricError, Metrics};
