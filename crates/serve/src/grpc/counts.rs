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
use crate::{Counter, Histogram, MetricError, Metrics};

/// The bounds of go-grpc-prometheus, which are those of Prometheus' own clients.
const BOUNDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

const UNARY: &str = "unary";

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
    /// Registers them, with 0 for each method of the services whose full names `offers` says yes to.
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
                let Some((service, method)) = named(&request) else {
                    return next.run(request).await;
                };
                counts.started.add([UNARY, service, method], 1);
                counts.received.add([UNARY, service, method], 1);
                let began = Instant::now();
                let response = next.run(request).await;
                let ended = response.extensions().get::<Ended>();
                // Without it the call was none: another version of HTTP, for example.
                let code = ended.map_or("Unknown", |ended| ended.0);
                let seconds = began.elapsed().as_secs_f64();
                counts.handled.add([UNARY, service, method, code], 1);
                if ended == Some(&Ended::WELL) {
                    counts.sent.add([UNARY, service, method], 1);
                }
                counts.seconds.observe([UNARY, service, method], seconds);
                response
            }
        }))
    }
}

/// Service and method of a call that we know; by the path, since a layer around everything may stand
/// before the routes.
fn named(request: &Request) -> Option<(&'static str, &'static str)> {
    let path = request.uri().path();
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    let (service, methods) = SERVICES.iter().find(|(known, _)| *known == service)?;
    let method = methods.iter().find(|known| **known == method)?;
    is_call(request.headers()).then_some((service, method))
}
