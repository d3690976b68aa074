//! An opaque log behind a URL: one connection a caller, held open, one request at a time on it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail, ensure};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use waxwing_log::opaque::EXISTED;
use waxwing_tlog::proof_file::TlogProof;

use super::target::{AFTER_REFUSAL, Acknowledged, Target, TargetError};
use super::violation::{AnswerFault, Violation};

/// The longest answer that is read: a full data tile is the longest good one.
const LONGEST_ANSWER: usize = 32 << 20;

/// How long one attempt may take; a log that stalls for longer is asked again.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Pauses between attempts double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_millis(500);

/// Where a log is.
#[derive(Debug)]
pub(super) struct Server {
    /// `HOST:PORT`, for the connection.
    authority: String,
    /// The same for the header.
    host: String,
    /// What stands before `/add`, without a slash at its end.
    prefix: String,
    /// How long an entry is sent again when no answer comes.
    patience: Duration,
}

/// A caller's connection.
#[derive(Debug)]
pub(super) struct Caller {
    server: Arc<Server>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// What a server has answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) existed: Option<bool>,
    pub(super) body: Bytes,
    /// How often the request was sent again because no answer came.
    pub(super) retries: u32,
}

impl Server {
    /// The server of a URL such as `http://127.0.0.1:4101`.
    pub(super) fn new(url: &str, patience: Duration) -> anyhow::Result<Arc<Self>> {
        let uri: Uri = url.parse().with_context(|| format!("{url:?} is no URL"))?;
        ensure!(
            uri.scheme_str() == Some("http"),
            "{url:?} is not a URL with http://; the hammer speaks plain HTTP, so that it measures the \
             log and not TLS: run it beside the log"
        );
        let host = uri
            .host()
            .with_context(|| format!("{url:?} names no host"))?;
        if uri.query().is_some() {
            bail!("{url:?} has a query; expected http://HOST:PORT");
        }
        let authority = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        Ok(Arc::new(Self {
            host: authority.clone(),
            authority,
            prefix: uri.path().trim_end_matches('/').to_owned(),
            patience,
        }))
    }
}

impl Server {
    /// The same server, asked by another host name than that of its address.
    pub(super) fn asked_as(&self, host: &str) -> Arc<Self> {
        Arc::new(Self {
            authority: self.authority.clone(),
            host: host.to_owned(),
            prefix: self.prefix.clone(),
            patience: self.patience,
        })
    }
}

impl Caller {
    /// A caller that has not connected yet.
    pub(super) fn new(server: Arc<Server>) -> Self {
        let connection = None;
        Self { server, connection }
    }

    /// Asks until there is an answer or the patience ends. The request must be one that may be sent
    /// twice.
    pub(super) async fn ask(
        &mut self,
        method: &Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        self.ask_with(method, path, None, body).await
    }

    /// The same, with a body of a type that is told.
    pub(super) async fn ask_with(
        &mut self,
        method: &Method,
        path: &str,
        content_type: Option<HeaderValue>,
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        for retries in 0.. {
            let attempt = self.attempt(method.clone(), path, content_type.clone(), body.clone());
            let error = match tokio::time::timeout(ATTEMPT, attempt).await {
                Ok(Ok(answer)) => return Ok(Answer { retries, ..answer }),
                Ok(Err(error)) => error,
                Err(_) => anyhow!("no answer within {} s", ATTEMPT.as_secs()),
            };
            // Whatever is left of that connection belongs to an answer that nobody waits for.
            self.connection = None;
            if began.elapsed() + pause > self.server.patience {
                let authority = &self.server.authority;
                let patience = self.server.patience;
                return Err(error.context(format!(
                    "no answer from {authority} in {patience:?}; --patience waits longer"
                )));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
        bail!("the log was asked too often")
    }

    async fn attempt(
        &mut self,
        method: Method,
        path: &str,
        content_type: Option<HeaderValue>,
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let mut connection = match self.connection.take().filter(|open| !open.is_closed()) {
            Some(connection) => connection,
            None => connect(&self.server.authority).await?,
        };
        connection.ready().await?;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server.prefix))
            .header(HOST, &self.server.host);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request.body(Full::new(body))?;
        let response = connection.send_request(request).await?;
        let existed = response.headers().get(EXISTED);
        let existed = existed.and_then(|value| match value.as_bytes() {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        });
        let status = response.status();
        let come_back = response.headers().contains_key(RETRY_AFTER);
        let body = Limited::new(response.into_body(), LONGEST_ANSWER);
        let body = body.collect().await.map_err(|error| anyhow!(error))?;
        let body = body.to_bytes();
        self.connection = Some(connection);
        // Not busy but stopped: as good as no answer, until somebody has started it again.
        if status == StatusCode::SERVICE_UNAVAILABLE && !come_back {
            bail!("the log answered {status}: {}", reason(&body));
        }
        Ok(Answer {
            status,
            existed,
            body,
            retries: 0,
        })
    }
}

impl Clone for Caller {
    /// Another caller, with a connection of its own.
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.server))
    }
}

impl Target for Caller {
    async fn add(&mut self, entry: Bytes) -> Result<Acknowledged, TargetError> {
        let answer = self.ask(&Method::POST, "/add", entry).await;
        let answer = answer.map_err(TargetError::Failed)?;
        match answer.status {
            StatusCode::OK => acknowledged(&answer).map_err(TargetError::Violation),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                tokio::time::sleep(AFTER_REFUSAL).await;
                Err(TargetError::Refused)
            }
            status => {
                let reason = reason(&answer.body);
                let error = anyhow!("the log answered {status} to an entry: {reason}");
                Err(TargetError::Failed(error))
            }
        }
    }
}

fn acknowledged(answer: &Answer) -> Result<Acknowledged, Violation> {
    let form = |reason: AnswerFault| Violation::AnswerForm { reason };
    let text = str::from_utf8(&answer.body).map_err(|error| {
        form(AnswerFault::NotUtf8 {
            valid_up_to: error.valid_up_to(),
        })
    })?;
    let file = TlogProof::parse(text).map_err(|error| form(error.into()))?;
    let existed = answer.existed.ok_or_else(|| form(AnswerFault::Existed))?;
    let index = file.index();
    let (proof, checkpoint) = file.into_parts();
    Ok(Acknowledged {
        index,
        leaf_hash: None,
        proof,
        checkpoint: checkpoint.into(),
        existed,
        retries: answer.retries,
    })
}

/// What a server says of its refusal, as far as it can be shown.
pub(super) fn reason(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let short: String = text.trim_end().chars().take(300).collect();
    format!("{short:?}")
}

async fn connect(authority: &str) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(authority).await;
    let stream = stream.with_context(|| format!("connecting to {authority}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Ends with the connection; what went wrong on it, the request that was on it says.
    tokio::spawn(connection);
    Ok(sender)
}
