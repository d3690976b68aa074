//! The page of a process: its requests, its start, its build, and what its services registered.

use axum::Router;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use waxwing_encoding::time::UnixTime;

use super::Metrics;
use super::text::Page;
use crate::{Observations, Route};

/// The routes of [`metrics_router`].
pub const METRICS_ROUTES: &[Route] = &[("GET", "/metrics")];

const REQUESTS: &str = "waxwing_http_requests_total";
const LATENCY: &str = "waxwing_http_request_duration_seconds";
const START: &str = "process_start_time_seconds";
const BUILD: &str = "waxwing_build_info";

/// The names of lines that no service may register.
pub(super) const WRITTEN: &[&str] = &[
    REQUESTS,
    LATENCY,
    "waxwing_http_request_duration_seconds_bucket",
    "waxwing_http_request_duration_seconds_sum",
    "waxwing_http_request_duration_seconds_count",
    START,
    BUILD,
];

/// What a process says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// When it started.
    pub started: UnixTime,
    /// Its version, for example `0.1.0`.
    pub version: String,
    /// The commit that it was built from, empty if unknown.
    pub revision: String,
}

/// A router with `GET /metrics` and nothing else. Whoever can reach it sees how much the services are
/// used, so it belongs on a listener of its own, as in the originals (port 2112).
pub fn metrics_router(observations: &Observations, metrics: &Metrics, process: Process) -> Router {
    let (observations, metrics) = (observations.clone(), metrics.clone());
    let answer = async move || {
        // Some of it is asked of a disk.
        let asked = metrics.clone();
        let _ = tokio::task::spawn_blocking(move || asked.ask()).await;
        let headers = [
            (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
        ];
        (headers, page(&observations, &metrics, &process))
    };
    Router::new().route("/metrics", get(answer))
}

fn page(observations: &Observations, metrics: &Metrics, process: &Process) -> String {
    let mut page = Page::default();
    page.family(
        START,
        "gauge",
        "When the process started, in seconds since 1970.",
    );
    page.measure(START, &[], process.started.milliseconds() as f64 / 1000.0);
    page.family(BUILD, "gauge", "The version, always 1.");
    let build = [
        ("version", process.version.as_str()),
        ("revision", process.revision.as_str()),
    ];
    page.count(BUILD, &build, 1);
    page.family(REQUESTS, "counter", "Requests answered.");
    for counted in observations.requests() {
        let labels = [
            ("service", counted.service),
            ("method", counted.method),
            ("route", &counted.path),
            ("code", &counted.status.to_string()),
        ];
        page.count(REQUESTS, &labels, counted.count);
    }
    page.family(
        LATENCY,
        "histogram",
        "Time from a request's head to its answer's head.",
    );
    observations.each_latency(|service, method, path, seen| {
        let labels = [("service", service), ("method", method), ("route", path)];
        page.distribution(LATENCY, &labels, seen);
    });
    metrics.write(&mut page, observations);
    page.finish()
}
