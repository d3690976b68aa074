//! One connection: which protocol it speaks, and when it ends.
//!
//! HTTP/1.1 and HTTP/2 share a port. Over TLS the client chooses by ALPN, on plain TCP by what it
//! sends first (RFC 9113 section 3.3), which is how gRPC begins:
//!
//! ```text
//! PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n
//! ```
//!
//! A connection on which no request runs for too long is closed, whatever it speaks and however far it
//! came: in HTTP/2 with GOAWAY, after which clients connect anew. In HTTP/1.1 the time for a head begins
//! when the one before it was answered, so that there the shorter of both times ends a silence.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::ending::{Listens, until_sent};
use crate::{Limits, Tls};

/// How many requests one HTTP/2 connection may have at once; Go's servers allow 250, RFC 9113
/// advises not less than 100.
const STREAMS: u32 = 128;

/// The most that the head of an HTTP/2 request may take, in bytes.
const HEAD: u32 = 16 << 10;

/// How often a silent HTTP/2 peer is asked whether it still lives, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);

/// What a client that speaks plain HTTP to a port with TLS reads.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n\
    content-length: 32\r\nconnection: close\r\n\r\nThis port speaks HTTPS, not HTTP";

/// What all connections of a listener have in common.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    pub(crate) tls: Option<Tls>,
    /// Becomes true when the shutdown begins.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// A connection that was accepted.
pub(crate) enum Accepted {
    /// With the address of who calls.
    Tcp(TcpStream, SocketAddr),
    /// From this machine: by a socket that has no addresses, and needs no TLS.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Terms {
    /// Serves one connection to its end. A caller that breaks off is its own affair.
    pub(crate) async fn serve(self, accepted: Accepted) {
        let (stream, peer) = match accepted {
            Accepted::Tcp(stream, peer) => (stream, peer),
            #[cfg(unix)]
            Accepted::Unix(stream) => return self.speak(stream, None).await,
        };
        let Some(tls) = self.tls.clone() else {
            return self.speak(stream, Some(peer)).await;
        };
        let mut stopping = self.stopping.clone();
        let greeting = timeout(self.limits.header_read, greet(&tls, stream));
        // Before the handshake there is no request that a shutdown could lose.
        let greeted = tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            greeted = greeting => greeted,
        };
        if let Ok(Some(stream)) = greeted {
            self.speak(stream, Some(peer)).await;
        }
    }

    async fn speak<S>(self, stream: S, peer: Option<SocketAddr>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::default();
        let router = self.router;
        let service = service_fn(|mut request: Request<Incoming>| {
            // Handlers that limit guesses ask who is calling.
            if let Some(peer) = peer {
                request.extensions_mut().insert(ConnectInfo(peer));
            }
            let running = activity.begin();
            let answer = router.clone().oneshot(request);
            async move {
                let Ok(response) = answer.await;
                Ok::<_, Infallible>(until_sent(response, running))
            }
        });
        let builder = builder(self.limits);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut stopping = self.stopping;
        let (mut stopped, mut closing) = (false, false);
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                _ = stopping.wait_for(|stopping| *stopping), if !stopped => {
                    stopped = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = activity.pause(self.limits.idle) => {
                    // Asked to go and gone neither: it has had its time twice.
                    if closing {
                        return;
                    }
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

fn builder(limits: Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

/// The handshake; or the answer to who speaks plain HTTP.
async fn greet(
    tls: &Tls,
    mut stream: TcpStream,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut first = [0];
    stream.peek(&mut first).await.ok()?;
    // A handshake record begins with 22 (RFC 8446 section 5.1), a method with a letter.
    if !first[0].is_ascii_uppercase() {
        return tls.acceptor().accept(stream).await.ok();
    }
    stream.write_all(NOT_TLS).await.ok()?;
    stream.shutdown().await.ok()?;
    // Closed with unread bytes, the connection would be reset and the answer lost.
    let mut rest = [0; 4096];
    for _ in 0..16 {
        if stream.read(&mut rest).await.ok()? == 0 {
            break;
        }
    }
    None
}

/// How many requests of a connection run, until the last byte of the answer.
#[derive(Default)]
struct Activity(watch::Sender<usize>);

/// One request that runs.
struct Running(watch::Sender<usize>);

impl Activity {
    fn begin(&self) -> Running {
        self.0.send_modify(|running| *running += 1);
        Running(self.0.clone())
    }

    /// Is ready when no request has run for so long.
    async fn pause(&self, length: Duration) {
        let mut running = self.0.subscribe();
        loop {
            // The sender is our own, so that neither wait can end by its loss.
            let _ = running.wait_for(|running| *running == 0).await;
            tokio::select! {
                () = sleep(length) => return,
                _ = running.changed() => {}
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}

impl Listens for Running {
    fn sent(&mut self, _: usize) {}
}
