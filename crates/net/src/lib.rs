//! The one HTTP client: TLS roots, proxy, limits, redirects and retries in one place.
//!
//! The same [`Client`] can carry a request to a router in the same process, so that services in one
//! process talk to each other exactly as they would across a network:
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use waxwing_net::{Client, Request, Routes};
//!
//! let router = axum::Router::new().route("/ping", axum::routing::get(async || "."));
//! let client = Client::in_process(Routes::new().with("http://waxwing.localhost", router)?);
//! let response = client.send(Request::get("http://waxwing.localhost/ping")).await?;
//! assert_eq!(response.expect_success()?.text(), ".");
//! # Ok::<(), waxwing_net::Error>(()) }).unwrap();
//! ```
//!
//! Refused: schemes other than `http` and `https`, answers longer than the request's cap, redirects
//! to another host (so credentials cannot cross to one), and repetition of a request that is neither
//! idempotent nor marked as repeatable.

mod alias;
mod client;
mod error;
pub mod form;
mod in_process;
mod network;
mod private;
mod redirect;
mod request;
mod response;
mod retry;

pub use alias::Alias;
pub use client::Client;
pub use error::Error;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use in_process::Routes;
pub use network::{ClientCertificate, Proxy, Settings};
pub use private::{is_this_machine, private_url};
pub use request::{DEFAULT_BODY_LIMIT, Request};
pub use response::{Response, printable};
pub use retry::Retry;
pub use url::Url;
