//! Rekor v2: signatures over digests, on the log engine.
//!
//! ```text
//! POST /api/v2/log/entries   {"hashedRekordRequestV002":…} -> 201 and a TransparencyLogEntry
//!                            {"dsseRequestV002":…}         -> the same, as until 2026
//! GET  /api/v2/checkpoint    the signed head; also at /checkpoint
//! GET  /api/v2/tile/…        tiles and entry bundles; also at /tile/…
//! ```
//!
//! [`grpc`] is the same over gRPC.
//!
//! The documented paths begin with `/api/v2`, yet the reference reader appends `checkpoint` and
//! `tile/…` to the base URL that it is given: both are answered. A proposal goes from
//! `entries::proposal` (read, checked, canonical body) to `log::Log::add_entry` and comes back with
//! its proof. An entry that the log has already is answered like a new one, so that a client whose
//! answer was lost may ask again ([`Settings::duplicates`] has the other way). `/healthz` is
//! `waxwing_serve::health`, which services on one port share.

mod answer;
mod counts;
pub mod grpc;
mod refusal;
mod settings;

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::sync::Semaphore;
use waxwing_entries::hashedrekord::{self, ProposalError};
use waxwing_entries::proposal::{Entry, Kind, Request, RequestError};
use waxwing_log::{Added, Log};
use waxwing_serve::{Code, Rejection, Route, read_body, refuse_other_methods};

pub use counts::Counts;
pub use refusal::{LOG_INDEX, Refusal};
pub use settings::{Dsse, Duplicates, Settings};

/// What this service answers.
pub const ROUTES: &[Route] = &[
    ("POST", "/api/v2/log/entries"),
    ("GET", "/api/v2/checkpoint"),
    ("GET", "/api/v2/tile/{*path}"),
    ("GET", "/checkpoint"),
    ("GET", "/tile/{*path}"),
    ("POST", grpc::CREATE_ENTRY),
    ("POST", grpc::GET_TILE),
    ("POST", grpc::GET_ENTRY_BUNDLE),
    ("POST", grpc::GET_CHECKPOINT),
];

/// Longest request that is read and checked where it arrives, if its algorithm is a quick one: that
/// takes a tenth of a millisecond. Whatever takes longer goes to a thread of its own, so that answers
/// to others do not wait behind it.
const CHECKED_AT_ONCE: usize = 16 * 1024;

/// The service.
#[derive(Debug, Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

#[derive(Debug, Clone)]
struct Inner {
    log: Log,
    log_id: [u8; 32],
    /// The same in base64, as every answer over HTTP has it.
    log_id_text: String,
    settings: Settings,
    counts: Option<Counts>,
    /// Checks that run on threads of their own: as many at once as there are processors.
    slow_checks: Arc<Semaphore>,
}

pub use waxwing_tlog::note::log_id;

impl Service {
    /// Adds to this log, whose identifier is `log_id`.
    pub fn new(log: Log, log_id: [u8; 32]) -> Self {
        let threads = available_parallelism().map_or(1, NonZero::get);
        Self {
            inner: Arc::new(Inner {
                log,
                log_id,
                log_id_text: waxwing_encoding::base64::encode(&log_id),
                settings: Settings::default(),
                counts: None,
                slow_checks: Arc::new(Semaphore::new(threads)),
            }),
        }
    }

    /// Behaves so.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> Self {
        self.changed(|inner| inner.settings = settings)
    }

    /// The same service, which counts here.
    #[must_use]
    pub fn with_counts(self, counts: Counts) -> Self {
        self.changed(|inner| inner.counts = Some(counts))
    }

    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        change(&mut inner);
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The routes of [`ROUTES`].
    pub fn router(&self) -> Router {
        let reading = || waxwing_log::public::router(self.inner.log.clone());
        let writing = Router::new().route("/api/v2/log/entries", post(create_entry));
        let writing = grpc::routes(writing).with_state(self.clone());
        refuse_other_methods(writing.merge(reading()).nest("/api/v2", reading()))
    }

    /// Adds a checked entry, as the route does.
    pub async fn add(&self, entry: Entry) -> Result<Added, Refusal> {
        let kind = entry.kind();
        let added = self.add_in_time(entry).await;
        if let Some(counts) = &self.inner.counts {
            counts.added(kind, &added);
        }
        added
    }

    async fn add_in_time(&self, entry: Entry) -> Result<Added, Refusal> {
        let Settings {
            duplicates,
            deadline,
            read_only,
            ..
        } = self.inner.settings;
        if read_only {
            return Err(Refusal::ReadOnly);
        }
        let adding = self.inner.log.add_entry(entry.into_body().into());
        let added = tokio::time::timeout(deadline, adding).await;
        let added = added.map_err(|_| Refusal::Deadline {
            seconds: deadline.as_secs(),
        })??;
        match duplicates {
            Duplicates::Refuse if added.existed => Err(Refusal::Duplicate { index: added.index }),
            _ => Ok(added),
        }
    }

    /// Reads a request in JSON and checks its signatures, as the route does.
    pub async fn check(&self, json: Bytes) -> Result<Entry, Refusal> {
        let length = json.len();
        self.check_read(length, move |service| service.read_json(&json))
            .await
    }

    /// Checks what `read` reads out of a request of so many bytes.
    async fn check_read(
        &self,
        length: usize,
        read: impl FnOnce(&Self) -> Result<Request, Refusal> + Send + 'static,
    ) -> Result<Entry, Refusal> {
        if length > CHECKED_AT_ONCE {
            let service = self.clone();
            return self
                .on_a_thread(move || Ok(service.taken(read(&service)?)?.check()?))
                .await;
        }
        let request = self.taken(read(self)?)?;
        if request.is_slow_to_check() {
            return self.on_a_thread(move || Ok(request.check()?)).await;
        }
        Ok(request.check()?)
    }

    fn read_json(&self, json: &[u8]) -> Result<Request, Refusal> {
        match self.inner.settings.dsse {
            // An envelope is refused whatever is in it.
            Dsse::Refuse => hashedrekord::Proposal::from_json(json)
                .map(Request::HashedRekord)
                .map_err(refuse_hashedrekord),
            Dsse::Accept | Dsse::AsHashedRekord => Ok(Request::from_json(json)?),
        }
    }

    /// The request as this log takes it.
    fn taken(&self, request: Request) -> Result<Request, Refusal> {
        let Settings {
            dsse, key_details, ..
        } = &self.inner.settings;
        let request = match dsse {
            Dsse::AsHashedRekord => request.into_hashedrekord()?,
            Dsse::Accept | Dsse::Refuse => request,
        };
        let Some(taken) = key_details else {
            return Ok(request);
        };
        let found = request.key_details();
        let other = found
            .into_iter()
            .find(|name| !taken.iter().any(|one| one == name));
        match other {
            None => Ok(request),
            Some(key_details) => Err(Refusal::Algorithm {
                key_details,
                taken: taken.join(", "),
                kind: request.kind(),
            }),
        }
    }

    async fn on_a_thread(
        &self,
        check: impl FnOnce() -> Result<Entry, Refusal> + Send + 'static,
    ) -> Result<Entry, Refusal> {
        let turn = Arc::clone(&self.inner.slow_checks).acquire_owned().await;
        let checked = tokio::task::spawn_blocking(move || {
            // Until the check ends, also when the caller has gone.
            let _turn = turn;
            check()
        });
        checked.await.unwrap_or(Err(Refusal::Panicked))
    }
}

fn refuse_hashedrekord(reason: ProposalError) -> Refusal {
    let kind = Kind::HashedRekord;
    RequestError { kind, reason }.into()
}

async fn create_entry(
    State(service): State<Service>,
    request: HttpRequest,
) -> Result<Response, Refusal> {
    if service.inner.settings.read_only {
        return Err(Refusal::ReadOnly);
    }
    let body = read_body(request).await?;
    let entry = service.check(body).await?;
    let kind = entry.kind();
    let added = service.add(entry).await?;
    let answer = match answer::write(&service.inner.log_id_text, kind, &added) {
        Ok(json) => (
            StatusCode::CREATED,
            [(CONTENT_TYPE, "application/json")],
            json,
        )
            .into_response(),
        Err(_) => Rejection::new(Code::Unknown, "failed to integrate entry").into_response(),
    };
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_crypto::PublicKey;
    use waxwing_encoding::base64;

    /// What verifiers find the key by is the beginning of what trusted roots find the log by.
    #[test]
    fn the_identifier_begins_with_the_key_id_of_notes() {
        use waxwing_crypto::{KeyType, PrivateKey};
        use waxwing_tlog::note::NoteVerifier;
        for kind in [
            KeyType::Ed25519,
            KeyType::EcdsaP256,
            KeyType::EcdsaP384,
            KeyType::Rsa(2048),
        ] {
            let key = PrivateKey::generate(kind).unwrap();
            let key = key.public_key();
            let verifier = match kind {
                KeyType::Ed25519 => NoteVerifier::ed25519("log.test", key),
                KeyType::Rsa(_) => NoteVerifier::rsa("log.test", key),
                _ => NoteVerifier::ecdsa("log.test", key),
            };
            let id = log_id("log.test", key);
            assert_eq!(id[..4], verifier.unwrap().key_id(), "{kind:?}");
        }
    }

    /// The public log of 2025: its key, and the identifier that its trusted root states.
    #[test]
    fn the_identifier_of_a_public_log() {
        let spki = base64::decode("MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=");
        let key = PublicKey::from_spki_der(&spki.unwrap()).unwrap();
        assert_eq!(
            base64::encode(&log_id("log2025-1.rekor.sigstore.dev", &key)),
            "zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A="
        );
    }
}
