//! What every service shares: listeners, TLS, limits, health, metrics, the error table.
//!
//! A service is a [`axum::Router`] and a table of its routes. This crate knows no service; it gives
//! them one way to refuse ([`Rejection`]), to read a body below a cap ([`Json`], [`RawBody`]), to be
//! counted ([`Observations`], [`Metrics`], [`RequestLog`]), to be held within bounds ([`CallerLimits`],
//! [`TrustedProxies`]), to share a port without shadowing each other ([`check_mounts`]), and to be
//! reached over TCP ([`Listener`]) and TLS ([`Tls`]).

mod body;
mod code;
mod connection;
mod cross_origin;
pub mod document;
mod ending;
mod fallback;
mod file_watch;
mod grpc;
mod health;
mod limits;
mod listener;
mod metrics;
mod observations;
mod rejection;
mod request_log;
mod routes;
mod tls;

pub use body::{BodyError, DEFAULT_BODY_CAP, Json, RawBody, read_body, with_body_cap};
pub use code::Code;
pub use cross_origin::CrossOrigin;
pub use fallback::{gateway_fallbacks, refuse_other_methods, refuse_unknown_paths};
pub use file_watch::FileWatch;
pub use grpc::{
    Answer, Call, GRPC_HEALTH_ROUTES, GrpcCounts, GrpcRejection, REFLECTION_ROUTES, grpc_health,
    reflection,
};
pub use health::{HEALTH_ROUTES, health};
pub use limits::{
    AddressRange, AddressRangeError, CallerLimits, ForwardedBy, InFlightLimit, Network, Overload,
    Rate, RateError, RateLimit, RateTable, Shape, TrustedProxies,
};
#[cfg(unix)]
pub use listener::LocalListener;
pub use listener::{Limits, ListenError, Listener, UnixListenError, listen};
pub use metrics::{
    Counter, Derived, Gauge, Histogram, METRICS_ROUTES, MOST_SERIES, MetricError, Metrics, Process,
    Quantity, RequestLabel, metrics_router,
};
pub use observations::{Counted, LATENCY_BOUNDS, Observations};
pub use rejection::{HttpRejection, Rejection};
pub use request_log::{LogFormat, RequestId, RequestLog};
pub use routes::{Mount, Route, RouteConflict, check_mounts};
pub use tls::{LONGEST_TLS_FILE, Tls, TlsError, TlsFiles, TlsWarning};
