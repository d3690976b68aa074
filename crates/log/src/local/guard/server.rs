//! The guard with a server: a resource that is replaced only if it is still the one that was read (RFC 9110
//! section 13.1). A server of WebDAV does, and so does whatever else keeps files by GET and PUT.
//!
//! ```text
//! GET  /guards/log                              200, ETag: "a1"
//! PUT  /guards/log   If-Match: "a1"             204, or 412 if somebody else has written
//! PUT  /guards/log   If-None-Match: *           201, or 412 if there is one
//! ```
//!
//! Two copies of one log, each started on a machine of its own, would give out two heads of one size. The
//! first that writes behind the other's back is told so here, and stops.
//!
//! Refused: servers that give no strong ETag, or overwrite in spite of a condition, which is tried before
//! anything relies on it; addresses without TLS, except on this machine; redirects to another host.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use waxwing_net::{Client, Error, Method, Request, Response, Retry, StatusCode, Url, header};

use super::LONGEST;
use crate::{Guard, GuardMoved};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often one write is tried while conditions fail for reasons that are our own.
const ATTEMPTS: usize = 4;

/// How many writes without a known end are remembered.
const REMEMBERED: usize = 8;

/// A condition that never holds.
const NO_SUCH_TAG: &str = "\"waxwing-no-such-tag\"";

/// A server that keeps one guard.
pub(super) struct GuardServer {
    client: Client,
    /// With the credentials that it may have.
    url: Url,
    /// Without.
    shown: String,
    state: Mutex<State>,
}

/// Why a server does not keep a guard.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardServerError {
    /// No address of a server, or one that others could answer at.
    #[error(
        "the guard's URL: {0}; expected https, or http on this machine: whoever is between could hide a rollback"
    )]
    Url(Error),
    /// No answer.
    #[error("the guard's server: {0}")]
    Net(#[from] Error),
    /// Another answer than that the record is there or not.
    #[error("the guard's server answered {status} for {url}: {message}{}", hint(*status))]
    Status {
        /// The record.
        url: String,
        /// The status.
        status: StatusCode,
        /// What the server says.
        message: String,
    },
    /// Something else is there.
    #[error("{url} is not a guard of a log; name another place, or remove what is there")]
    Content {
        /// The record.
        url: String,
    },
    /// Without a name for the state of the record nobody can say which one they have seen.
    #[error(
        "the guard's server gives {} for {url}; expected a strong ETag, without which two writers cannot \
         be told apart", found.as_deref().map_or("no ETag".to_owned(), |tag| format!("the ETag {tag}"))
    )]
    Tag {
        /// The record.
        url: String,
        /// What it gives.
        found: Option<String>,
    },
    /// It overwrites whatever is there.
    #[error(
        "the guard's server has overwritten {url} in spite of {condition}, so it would not notice two \
         writers; use one that keeps to the conditions of RFC 9110 section 13.1"
    )]
    Unconditional {
        /// The record.
        url: String,
        /// The condition that did not hold.
        condition: &'static str,
    },
    /// Another writer has been there.
    #[error(transparent)]
    Moved(Box<GuardMoved>),
}

/// What is known of the record.
#[derive(Debug, Default)]
struct State {
    tag: Tag,
    /// What it was at the last look.
    known: Option<Guard>,
    /// Writes since then whose end is not known.
    attempted: VecDeque<Guard>,
    /// Whether the server was seen to keep to conditions.
    proven: bool,
}

/// What names the state of the record.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum Tag {
    /// There is none, as far as is known: a condition tells.
    #[default]
    Absent,
    There(String),
}

impl GuardServer {
    /// A record at `url`, asked for with `client`. Nothing is sent before it is read.
    pub(super) fn new(url: &str, client: &Client) -> Result<Self, GuardServerError> {
        let url = waxwing_net::private_url(url).map_err(GuardServerError::Url)?;
        let shown = shown(&url);
        // Whoever writes behind the log comes again by itself; whoever waits for it waits for this.
        let retry = Retry {
            attempts: 2,
            longest_retry_after: PATIENCE,
            ..Retry::default()
        };
        // A proxy would see what goes to this machine in the clear.
        let client = match waxwing_net::is_this_machine(&url) {
            true => client.without_proxy()?,
            false => client.clone(),
        };
        Ok(Self {
            client: client.with_retry(retry),
            url,
            shown,
            state: Mutex::default(),
        })
    }

    /// The record called `name` below this address.
    pub(super) fn below(&self, name: &str) -> Self {
        let mut url = self.url.clone();
        // It has a host, so it can have a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name);
        }
        Self {
            client: self.client.clone(),
            shown: shown(&url),
            url,
            state: Mutex::default(),
        }
    }

    /// Its address without credentials.
    pub(super) fn url(&self) -> &str {
        &self.shown
    }

    /// Reads the record; `None` if there is none.
    pub(super) async fn read(&self) -> Result<Option<Guard>, GuardServerError> {
        let (found, tag) = self.look().await?;
        let mut state = self.state();
        state.known = found;
        state.tag = tag;
        state.attempted.clear();
        Ok(found)
    }

    /// Takes what was found in place of the record for one that may be replaced: it is an older head of the log.
    pub(super) fn accept(&self, found: Option<Guard>) {
        self.state().known = found;
    }

    /// Tries whether the server overwrites the record in spite of a condition that does not hold, once. What it
    /// would write is `there`, which was just read or written: a server without conditions does no harm. Without
    /// a record nothing is tried: WsgiDAV has an `If-Match` hold for what is not there.
    pub(super) async fn must_keep_conditions(&self, there: Guard) -> Result<(), GuardServerError> {
        if self.state().proven {
            return Ok(());
        }
        let body = there.to_text();
        for (name, value, condition) in [
            (header::IF_MATCH, NO_SUCH_TAG, "an If-Match of another ETag"),
            (header::IF_NONE_MATCH, "*", "If-None-Match: *"),
        ] {
            let answer = self.put(&body, name, value).await?;
            if answer.status.is_success() {
                let url = self.shown.clone();
                return Err(GuardServerError::Unconditional { url, condition });
            }
            if !is_refused_by_condition(answer.status) {
                return Err(self.status(&answer));
            }
        }
        self.state().proven = true;
        Ok(())
    }

    /// Replaces the record that was read or written last.
    pub(super) async fn write(&self, guard: Guard) -> Result<(), GuardServerError> {
        let body = guard.to_text();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (name, value) = match self.expected(guard) {
                Tag::There(tag) => (header::IF_MATCH, tag),
                Tag::Absent => (header::IF_NONE_MATCH, "*".to_owned()),
            };
            let answer = self.put(&body, name, &value).await?;
            if answer.status.is_success() {
                let tag = match answer.header(header::ETAG).and_then(strong) {
                    Some(tag) => Tag::There(tag.to_owned()),
                    // What is there now is looked at.
                    None => match self.ours(guard).await? {
                        Some(tag) => tag,
                        None if attempt == ATTEMPTS => return Err(self.status(&answer)),
                        None => continue,
                    },
                };
                self.written(guard, tag);
                return self.must_keep_conditions(guard).await;
            }
            if !is_refused_by_condition(answer.status) || attempt == ATTEMPTS {
                return Err(self.status(&answer));
            }
            if let Some(tag) = self.ours(guard).await? {
                self.written(guard, tag);
                return Ok(());
            }
        }
    }

    /// What is there after a condition failed: `Some` if it is `guard`, so an answer was lost; `None` if it is
    /// something else that we know of, with another tag. Anything else is another writer's.
    async fn ours(&self, guard: Guard) -> Result<Option<Tag>, GuardServerError> {
        let (found, tag) = self.look().await?;
        if found == Some(guard) {
            return Ok(Some(tag));
        }
        let mut state = self.state();
        let is_ours = match &found {
            // Removed by an operator; a writer would have left something.
            None => true,
            Some(guard) => state.known == found || state.attempted.contains(guard),
        };
        if !is_ours {
            return Err(GuardServerError::Moved(Box::new(GuardMoved {
                place: self.shown.clone(),
                found,
                known: state.known,
            })));
        }
        state.tag = tag;
        Ok(None)
    }

    async fn look(&self) -> Result<(Option<Guard>, Tag), GuardServerError> {
        let request = Request::get(&self.url).limit(LONGEST).timeout(PATIENCE);
        // A copy that somebody keeps on the way is not what is there.
        let request = request.header(header::CACHE_CONTROL, "no-cache");
        let answer = self.client.send(request).await?;
        if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Ok((None, Tag::Absent));
        }
        if answer.status != StatusCode::OK {
            return Err(self.status(&answer));
        }
        let url = || self.shown.clone();
        let guard =
            Guard::parse(&answer.body).ok_or_else(|| GuardServerError::Content { url: url() })?;
        let found = answer.header(header::ETAG);
        let tag = found
            .and_then(strong)
            .ok_or_else(|| GuardServerError::Tag {
                url: url(),
                found: found.map(waxwing_net::printable),
            })?;
        Ok((Some(guard), Tag::There(tag.to_owned())))
    }

    async fn put(
        &self,
        body: &str,
        condition: header::HeaderName,
        value: &str,
    ) -> Result<Response, GuardServerError> {
        let request = Request::new(Method::PUT, &self.url)
            .body("text/plain", body.to_owned())
            .header(condition, value)
            .limit(LONGEST * 64)
            .timeout(PATIENCE);
        Ok(self.client.send(request).await?)
    }

    /// The state that a write of `guard` goes out from.
    fn expected(&self, guard: Guard) -> Tag {
        let mut state = self.state();
        if !state.attempted.contains(&guard) {
            state.attempted.push_back(guard);
        }
        while state.attempted.len() > REMEMBERED {
            state.attempted.pop_front();
        }
        state.tag.clone()
    }

    fn written(&self, guard: Guard, tag: Tag) {
        let mut state = self.state();
        state.tag = tag;
        state.known = Some(guard);
        state.attempted.clear();
    }

    fn status(&self, answer: &Response) -> GuardServerError {
        GuardServerError::Status {
            url: self.shown.clone(),
            status: answer.status,
            message: answer.message(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the credentials.
impl fmt::Debug for GuardServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GuardServer({})", self.shown)
    }
}

/// Whether the server says that the condition did not hold. Object stores answer 404 for a condition on what
/// is not there, and 409 while another write is under way.
fn is_refused_by_condition(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::PRECONDITION_FAILED | StatusCode::NOT_FOUND | StatusCode::CONFLICT
    )
}

/// A tag that may stand in `If-Match`, which compares strongly (RFC 9110 section 8.8.3.2).
fn strong(tag: &str) -> Option<&str> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('"')).then_some(tag)
}

fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Neither can fail for a URL that has a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "; a name and a password can stand in the URL: https://NAME:PASSWORD@HOST/PATH"
        }
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            "; expected a server that takes files by PUT, such as one of WebDAV"
        }
        StatusCode::CONFLICT => "; if the folder above it is not there yet, make it first",
        _ => "",
    }
}
