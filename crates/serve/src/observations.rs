//! Counts of requests by service, method, route and status, and how long they took: what tests read,
//! and the page of metrics.
//!
//! A route is counted by its pattern (`/api/v2/tile/{level}/{*index}`), so that no caller can make
//! the table grow; for the same reason methods outside RFC 9110 are counted as `OTHER`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use http::Method;
use tokio::time::Instant;

use crate::metrics::Distribution;

/// The upper bounds of the buckets for latencies, in seconds: the ten that Prometheus' own clients
/// have, and finer ones below, where most answers are.
pub const LATENCY_BOUNDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The upper bounds of the buckets for sizes, in bytes.
const SIZE_BOUNDS: &[f64] = &[
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
];

/// The counts of all services of a process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    seen: Arc<Mutex<BTreeMap<Key, BTreeMap<u16, Answers>>>>,
}

/// How often a service answered on a route with a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The service's name.
    pub service: &'static str,
    /// The method.
    pub method: &'static str,
    /// The route's pattern, prefix included.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// How many answers there were.
    pub count: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    service: &'static str,
    method: &'static str,
    path: String,
}

/// The answers of one route with one status.
#[derive(Debug)]
struct Answers {
    latency: Distribution,
    sizes: Distribution,
}

/// The requests of one route that were answered with one status.
pub(crate) struct Requests<'a> {
    pub(crate) service: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    /// In seconds.
    pub(crate) latency: &'a Distribution,
    /// In bytes.
    pub(crate) sizes: &'a Distribution,
}

impl Observations {
    /// No counts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts what `router` answers as the answers of `service`. Paths that it does not have are not
    /// its own and are not counted.
    pub fn around(&self, service: &'static str, router: Router) -> Router {
        if !router.has_routes() {
            return router;
        }
        let observations = self.clone();
        router.route_layer(from_fn(move |request: Request, next: Next| {
            let observations = observations.clone();
            async move {
                let method = method_name(request.method());
                let matched = request.extensions().get::<MatchedPath>();
                let path = matched.map_or_else(String::new, |path| path.as_str().to_owned());
                let key = Key {
                    service,
                    method,
                    path,
                };
                let size = size(&request);
                let began = Instant::now();
                let response = next.run(request).await;
                observations.add(key, response.status().as_u16(), began, size);
                response
            }
        }))
    }

    /// How many requests `service` has answered.
    pub fn count(&self, service: &str) -> u64 {
        let requests = self.requests().into_iter();
        requests
            .filter(|counted| counted.service == service)
            .map(|counted| counted.count)
            .sum()
    }

    /// All counts, sorted by service, method, path and status.
    pub fn requests(&self) -> Vec<Counted> {
        let mut counted = Vec::new();
        self.each(|requests| {
            counted.push(Counted {
                service: requests.service,
                method: requests.method,
                path: requests.path.to_owned(),
                status: requests.status,
                count: requests.latency.count(),
            });
        });
        counted
    }

    /// Shows all that were seen, sorted by service, method, path and status.
    pub(crate) fn each(&self, mut show: impl FnMut(Requests<'_>)) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, statuses) in seen.iter() {
            for (status, answers) in statuses {
                show(Requests {
                    service: key.service,
                    method: key.method,
                    path: &key.path,
                    status: *status,
                    latency: &answers.latency,
                    sizes: &answers.sizes,
                });
            }
        }
    }

    /// Shows service, method, path and latency of each route that was asked, sorted.
    pub(crate) fn each_latency(&self, mut show: impl FnMut(&str, &str, &str, &Distribution)) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, statuses) in seen.iter() {
            let mut latency = Distribution::new(LATENCY_BOUNDS);
            for answers in statuses.values() {
                latency.merge(&answers.latency);
            }
            show(key.service, key.method, &key.path, &latency);
        }
    }

    fn add(&self, key: Key, status: u16, began: Instant, size: u64) {
        let latency = began.elapsed().as_secs_f64();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let statuses = seen.entry(key).or_default();
        let answers = statuses.entry(status).or_insert_with(|| Answers {
            latency: Distribution::new(LATENCY_BOUNDS),
            sizes: Distribution::new(SIZE_BOUNDS),
        });
        answers.latency.observe(latency);
        // Sizes are far below what a float counts exactly.
        answers.sizes.observe(size as f64);
    }
}

/// About how many bytes a request has: its line, its headers, and the body that it announces, as
/// Prometheus' own instruments for Go reckon it.
fn size(request: &Request) -> u64 {
    let line = request
        .uri()
        .path_and_query()
        .map_or(0, |path| path.as_str().len())
        + request.method().as_str().len();
    let headers = request.headers().iter();
    let headers: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let body = request.body().size_hint().lower();
    body.saturating_add((line + headers) as u64)
}

pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
