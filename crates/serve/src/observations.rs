//! Counts of requests by service, method, route and status: what tests read now and metrics later.
//!
//! A route is counted by its pattern (`/api/v2/tile/{level}/{*index}`), so that no caller can make
//! the table grow; for the same reason methods outside RFC 9110 are counted as `OTHER`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use http::Method;

/// The counts of all services of a process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    counts: Arc<Mutex<BTreeMap<Key, u64>>>,
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
    status: u16,
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
                let response = next.run(request).await;
                let status = response.status().as_u16();
                observations.add(Key {
                    service,
                    method,
                    path,
                    status,
                });
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
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = counts.iter().map(|(key, count)| Counted {
            service: key.service,
            method: key.method,
            path: key.path.clone(),
            status: key.status,
            count: *count,
        });
        counted.collect()
    }

    fn add(&self, key: Key) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(key).or_default() += 1;
    }
}

fn method_name(method: &Method) -> &'static str {
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
