//! What every service shares: listeners, limits, health, counts, the error table.
//!
//! A service is a [`axum::Router`] and a table of its routes. This crate knows no service; it gives
//! them one way to refuse ([`Rejection`]), to read a body below a cap ([`Json`], [`RawBody`]), to be
//! counted ([`Observations`]), to share a port without shadowing each other ([`check_mounts`]), and
//! to be reached over TCP ([`Listener`]).

mod body;
mod code;
mod fallback;
mod health;
mod listener;
mod observations;
mod rejection;
mod routes;

pub use body::{BodyError, DEFAULT_BODY_CAP, Json, RawBody, read_body, with_body_cap};
pub use code::Code;
pub use fallback::{gateway_fallbacks, refuse_other_methods, refuse_unknown_paths};
pub use health::{HEALTH_ROUTES, health};
pub use listener::{Limits, ListenError, Listener, listen};
pub use observations::{Counted, Observations};
pub use rejection::{HttpRejection, Rejection};
pub use routes::{Mount, Route, RouteConflict, check_mounts};
