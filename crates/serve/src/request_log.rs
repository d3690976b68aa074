//! One line for each request, written when the last byte of its answer went out.
//!
//! ```text
//! 2026-11-22T15:40:09Z 192.0.2.7:50112 POST /api/v2/signingCert 201 8241us 4127B 5f0c…d2-17
//! {"time":"2026-11-22T15:40:09Z","peer":"192.0.2.7:50112","method":"POST",
//!  "route":"/api/v2/signingCert","status":201,"microseconds":8241,"bytes":4127,"id":"5f0c…d2-17"}
//! ```
//!
//! A call by gRPC has its code too, as `200/InvalidArgument` or `"grpc":"InvalidArgument"`.
//!
//! The route is a pattern (`/api/v1/log/entries/{uuid}`), never the path asked for; headers, query and
//! body are never written, so that no token can be among them. What is not known is `-` or `null`: the peer of
//! a call from within the process, the route of a path that nobody has. Status 499 is a caller who
//! went away before there was an answer, as in the originals. Nothing is logged unless a router is
//! put into [`RequestLog::around`].
//!
//! The id is the caller's `x-request-id`, or a header that the operator names in its place, if it is up to 64 letters, digits, `.`, `_` and `-`, else one
//! of our own. It goes back in the answer, and handlers find it as [`RequestId`].

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use tokio::time::Instant;
use waxwing_crypto::Random;
use waxwing_encoding::hex;
use waxwing_encoding::time::Clock;

use crate::ending::{Listens, until_sent};
use crate::grpc::Ended;
use crate::observations::method_name;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a caller.
const LONGEST_ID: usize = 64;

/// "Client closed request", which no register has.
const WENT_AWAY: u16 = 499;

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Words separated by spaces.
    Text,
    /// A JSON object.
    Json,
}

/// The id of a request, as an extension of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Where the lines go. Clones share it.
#[derive(Clone)]
pub struct RequestLog {
    shared: Arc<Shared>,
    header: HeaderName,
}

struct Shared {
    format: LogFormat,
    writer: Mutex<Box<dyn Write + Send>>,
    clock: Arc<dyn Clock>,
    /// What our own ids begin with, so that those of two processes differ.
    prefix: String,
    next: AtomicU64,
}

/// A request that runs; its line is written when this is dropped.
struct Entry {
    shared: Arc<Shared>,
    began: Instant,
    peer: Option<SocketAddr>,
    method: &'static str,
    route: Option<MatchedPath>,
    status: u16,
    grpc: Option<Ended>,
    bytes: u64,
    id: String,
}

#[derive(Serialize)]
struct Line<'a> {
    time: &'a str,
    peer: Option<SocketAddr>,
    method: &'a str,
    route: Option<&'a str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    grpc: Option<&'a str>,
    microseconds: u128,
    bytes: u64,
    id: &'a str,
}

impl fmt::Debug for RequestLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("RequestLog");
        shown.field("format", &self.shared.format);
        shown.finish_non_exhaustive()
    }
}

impl RequestLog {
    /// A log that writes to `writer`, one call a line, while requests wait: standard error, or
    /// something that does not block. What it cannot write is lost.
    pub fn new(
        format: LogFormat,
        writer: impl Write + Send + 'static,
        clock: Arc<dyn Clock>,
        random: &dyn Random,
    ) -> Self {
        let mut prefix = [0; 8];
        random.fill(&mut prefix);
        Self {
            shared: Arc::new(Shared {
                format,
                writer: Mutex::new(Box::new(writer)),
                clock,
                prefix: hex::encode(&prefix),
                next: AtomicU64::new(1),
            }),
            header: REQUEST_ID,
        }
    }

    /// The same log, which takes ids from this header and gives them back in it.
    #[must_use]
    pub fn with_id_header(self, header: HeaderName) -> Self {
        Self { header, ..self }
    }

    /// Logs what comes to `router`, paths that it does not have included. Put it around all other
    /// layers, or what they refuse is not logged.
    pub fn around(&self, router: Router) -> Router {
        let log = self.clone();
        router.layer(from_fn(move |mut request: Request, next: Next| {
            let mut entry = log.begin(&request);
            let header = log.header.clone();
            let id = RequestId(entry.id.clone());
            request.extensions_mut().insert(id);
            async move {
                let mut response = next.run(request).await;
                entry.status = response.status().as_u16();
                entry.grpc = response.extensions().get().copied();
                if let Ok(id) = HeaderValue::from_str(&entry.id) {
                    response.headers_mut().insert(header, id);
                }
                until_sent(response, entry)
            }
        }))
    }

    fn begin(&self, request: &Request) -> Entry {
        let shared = self.shared.clone();
        let extensions = request.extensions();
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        let id = sane_id(request.headers(), &self.header).unwrap_or_else(|| {
            let number = shared.next.fetch_add(1, Ordering::Relaxed);
            format!("{}-{number}", shared.prefix)
        });
        Entry {
            shared,
            began: Instant::now(),
            peer: peer.map(|peer| peer.0),
            method: method_name(request.method()),
            route: extensions.get::<MatchedPath>().cloned(),
            status: WENT_AWAY,
            grpc: None,
            bytes: 0,
            id,
        }
    }
}

/// The caller's id, if there is one alone and it cannot be mistaken for something else in a line.
fn sane_id(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let sane = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let bytes = value.as_bytes();
    if bytes.is_empty() || bytes.len() > LONGEST_ID || !bytes.iter().all(sane) {
        return None;
    }
    value.to_str().ok().map(str::to_owned)
}

impl Entry {
    fn line(&self) -> String {
        let time = self.shared.clock.now().to_string();
        let microseconds = self.began.elapsed().as_micros();
        let Self {
            method,
            status,
            bytes,
            id,
            peer,
            ..
        } = self;
        let route = self.route.as_ref().map(MatchedPath::as_str);
        let grpc = self.grpc.map(|ended| ended.0);
        match self.shared.format {
            LogFormat::Text => {
                let peer = peer.map_or_else(|| "-".to_owned(), |peer| peer.to_string());
                let route = route.unwrap_or("-");
                let grpc = grpc.map_or_else(String::new, |code| format!("/{code}"));
                format!(
                    "{time} {peer} {method} {route} {status}{grpc} {microseconds}us {bytes}B {id}\n"
                )
            }
            LogFormat::Json => {
                let line = Line {
                    time: &time,
                    peer: *peer,
                    method,
                    route,
                    status: *status,
                    grpc,
                    microseconds,
                    bytes: *bytes,
                    id,
                };
                // Strings and numbers can always be written.
                let mut line = serde_json::to_string(&line).unwrap_or_default();
                line.push('\n');
                line
            }
        }
    }
}

impl Listens for Entry {
    fn sent(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let line = self.line();
        let writer = self.shared.writer.lock();
        let mut writer = writer.unwrap_or_else(PoisonError::into_inner);
        // There is nowhere else to say that standard error is closed.
        let _ = writer.write_all(line.as_bytes());
        let _ = writer.flush();
    }
}
