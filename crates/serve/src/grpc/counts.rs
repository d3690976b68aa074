//! The counts of calls, by the names of go-grpc-prometheus, which the originals' dashboards ask for:
//!
//! ```text
//! grpc_server_started_total{grpc_type="unary",grpc_service="…fulcio.v2.CA",grpc_method="GetTrustBundle"} 7
//! grpc_server_handled_total{…,grpc_code="OK"} 7
//! ```
//!
//! Each has one message each way: the one that came is counted when the call began, as there, and the one
//! that went only if the call ended well. Reflection is no call of one message, and the originals that
//! have these names do not offer it: it is not counted.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use tokio::time::Instant;
use waxwing_protos::SERVICES;

use super::{Ended, is_call};
use crate::{Code, Counter, Histogram, MetricError, Metrics};

/// The bounds of go-grpc-prometheus, which are those of Prometheus' own clients.
const BOUNDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

const UNARY: &str = "unary";

/// A method of HTTP, a path, and the path of the call that the originals' gateway makes of it.
pub type GatewayRoute = (&'static str, &'static str, &'static str);

/// Service and method.
type Called = (&'static str, &'static str);

/// The counts of a process. Clones share them.
#[derive(Debug, Clone)]
pub struct GrpcCounts {
    started: Counter<3>,
    handled: Counter<4>,
    received: Counter<3>,
    sent: Counter<3>,
    seconds: Histogram<3>,
}

impl GrpcCounts {
    /// Registers them, with 0 for each method of the services whose full names `offers` says yes to, and
    /// for each status that it can end with: rates need the 0 before the first 1.
    pub fn register(metrics: &Metrics, offers: impl Fn(&str) -> bool) -> Result<Self, MetricError> {
        let labels = ["grpc_type", "grpc_service", "grpc_method"];
        let counts = Self {
            started: metrics.counter("grpc_server_started_total", "Calls that began.", labels)?,
            handled: metrics.counter(
                "grpc_server_handled_total",
                "Calls that were answered, by their status.",
                ["grpc_type", "grpc_service", "grpc_method", "grpc_code"],
            )?,
            received: metrics.counter(
                "grpc_server_msg_received_total",
                "Messages that came with calls.",
                labels,
            )?,
            sent: metrics.counter(
                "grpc_server_msg_sent_total",
                "Messages that calls were answered with.",
                labels,
            )?,
            seconds: metrics.histogram(
                "grpc_server_handling_seconds",
                "Time from a call's head to its answer's head.",
                labels,
                BOUNDS,
            )?,
        };
        for (service, methods) in SERVICES.iter().filter(|(service, _)| offers(service)) {
            for method in *methods {
                for counter in [&counts.started, &counts.received, &counts.sent] {
                    counter.add([UNARY, service, method], 0);
                }
                for code in std::iter::once(Ended::WELL.0).chain(Code::ALL.map(Code::name)) {
                    counts.handled.add([UNARY, service, method, code], 0);
                }
            }
        }
        Ok(counts)
    }

    /// Counts the calls to `router`.
    pub fn around(&self, router: Router) -> Router {
        let counts = self.clone();
        router.layer(from_fn(move |request: Request, next: Next| {
            let counts = counts.clone();
            async move {
                let Some(called) = named(&request) else {
                    return next.run(request).await;
                };
                let began = counts.begin(called);
                let response = next.run(request).await;
                let ended = response.extensions().get::<Ended>();
                // Without it the call was none: another version of HTTP, for example.
                counts.end(called, began, ended.map_or("Unknown", |ended| ended.0));
                response
            }
        }))
    }

    /// Counts requests of HTTP to `router` as the calls that they would be through the originals' gateway,
    /// which makes one of each: their dashboards show both together. `table` has a method of HTTP, a path, and
    /// the path of the call.
    pub fn around_gateway(&self, router: Router, table: &'static [GatewayRoute]) -> Router {
        let counts = self.clone();
        router.layer(from_fn(move |request: Request, next: Next| {
            let counts = counts.clone();
            async move {
                let asked = (request.method().as_str(), request.uri().path());
                let mut table = table.iter();
                let found = table.find(|(method, path, _)| (*method, *path) == asked);
                let Some(called) = found.and_then(|(_, _, call)| known(call)) else {
                    return next.run(request).await;
                };
                let began = counts.begin(called);
                let response = next.run(request).await;
                let code = Code::of(response.status());
                counts.end(called, began, code.map_or(Ended::WELL.0, Code::name));
                response
            }
        }))
    }

    fn begin(&self, (service, method): Called) -> Instant {
        self.started.add([UNARY, service, method], 1);
        self.received.add([UNARY, service, method], 1);
        Instant::now()
    }

    fn end(&self, (service, method): Called, began: Instant, code: &'static str) {
        let seconds = began.elapsed().as_secs_f64();
        self.handled.add([UNARY, service, method, code], 1);
        if code == Ended::WELL.0 {
            self.sent.add([UNARY, service, method], 1);
        }
        self.seconds.observe([UNARY, service, method], seconds);
    }
}

/// Service and method of a call that we know; by the path, since a layer around everything may stand
/// before the routes.
fn named(request: &Request) -> Option<Called> {
    let called = known(request.uri().path())?;
    is_call(request.headers()).then_some(called)
}

fn known(path: &str) -> Option<Called> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    let (service, methods) = SERVICES.iter().find(|(known, _)| *known == service)?;
    let method = methods.iter().find(|known| **known == method)?;
    Some((service, method))
}
