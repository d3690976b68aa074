//! A router on a TCP port or a Unix socket, with limits against callers that keep connections for
//! themselves.
//!
//! Refused: more connections at once than the limit (they wait in the system's queue), and request
//! heads and TLS handshakes that do not arrive in time. The same limit closes connections on which
//! nothing comes. HTTP/1.1 and HTTP/2 are spoken, in the clear or with the operator's certificate.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::Tls;
use crate::connection::{Accepted, Terms};

/// Why a listener could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; choose another address or stop who uses it")]
pub struct ListenError {
    /// The address asked for.
    pub address: SocketAddr,
    /// What the system said.
    pub source: io::Error,
}

/// Why a Unix socket could not be made.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on the Unix socket {name}: {source}; choose another name or stop who uses it"
)]
pub struct UnixListenError {
    /// The name asked for.
    pub name: String,
    /// What the system said.
    pub source: io::Error,
}

/// Limits of a listener. `Limits::default()` suits a service behind nothing.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many connections are served at once.
    pub connections: usize,
    /// How long a request's head may take, and how long a TLS handshake.
    pub header_read: Duration,
    /// How long a connection may be open without a request that runs.
    pub idle: Duration,
    /// How long requests that run may go on after the shutdown began.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            header_read: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// A bound port, not served yet.
#[derive(Debug)]
pub struct Listener {
    door: Door<TcpListener>,
    address: SocketAddr,
    tls: Option<Tls>,
}

/// A bound Unix socket, not served yet.
#[cfg(unix)]
#[derive(Debug)]
pub struct LocalListener {
    door: Door<UnixListener>,
}

/// What a listener of either kind is.
#[derive(Debug)]
struct Door<S> {
    socket: S,
    limits: Limits,
}

/// What connections are accepted from.
trait Socket: Send {
    fn accept(&self) -> impl Future<Output = io::Result<Accepted>> + Send;
}

/// Serves `router` on `address` until `shutdown` is ready and the requests that run are answered.
pub async fn listen(
    address: SocketAddr,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ListenError> {
    Listener::bind(address).await?.serve(router, shutdown).await;
    Ok(())
}

impl Listener {
    /// Takes `address`; port 0 lets the system choose.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let refused = |source| ListenError { address, source };
        let socket = TcpListener::bind(address).await.map_err(refused)?;
        Ok(Self {
            address: socket.local_addr().map_err(refused)?,
            door: Door::new(socket),
            tls: None,
        })
    }

    /// Takes a port of the loopback interface, the default for all that is not meant for others.
    pub async fn bind_loopback(port: u16) -> Result<Self, ListenError> {
        Self::bind((Ipv4Addr::LOCALHOST, port).into()).await
    }

    /// The same listener with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        let door = self.door.with_limits(limits);
        Self { door, ..self }
    }

    /// The address, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same listener with TLS: it answers HTTPS and nothing else.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        let tls = Some(tls);
        Self { tls, ..self }
    }

    /// Serves `router` until `shutdown` is ready; then waits for running requests, up to the limit.
    pub async fn serve(self, router: Router, shutdown: impl Future<Output = ()>) {
        self.door.serve(router, self.tls, shutdown).await;
    }
}

#[cfg(unix)]
impl LocalListener {
    /// Takes the socket of this name: a path, or with `@` before it a name that no file has (Linux calls
    /// those abstract; they end with the process). A file of that name is not replaced. Needs an executor.
    pub fn bind(name: &str) -> Result<Self, UnixListenError> {
        let place = match name.strip_prefix('@') {
            Some(rest) => format!("\0{rest}"),
            None => name.to_owned(),
        };
        let socket = UnixListener::bind(place).map_err(|source| UnixListenError {
            name: name.to_owned(),
            source,
        })?;
        let door = Door::new(socket);
        Ok(Self { door })
    }

    /// The same listener with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        let door = self.door.with_limits(limits);
        Self { door }
    }

    /// As [`Listener::serve`].
    pub async fn serve(self, router: Router, shutdown: impl Future<Output = ()>) {
        self.door.serve(router, None, shutdown).await;
    }
}

impl<S: Socket> Door<S> {
    fn new(socket: S) -> Self {
        let limits = Limits::default();
        Self { socket, limits }
    }

    fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    async fn serve(self, router: Router, tls: Option<Tls>, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        let free = Arc::new(Semaphore::new(self.limits.connections));
        let (stop, stopping) = watch::channel(false);
        let terms = Terms {
            router,
            limits: self.limits,
            tls,
            stopping,
        };
        let mut connections = JoinSet::new();
        loop {
            let (accepted, permit) = tokio::select! {
                () = &mut shutdown => break,
                accepted = self.accept(&free) => accepted,
            };
            let terms = terms.clone();
            connections.spawn(async move {
                terms.serve(accepted).await;
                drop(permit);
            });
            while connections.try_join_next().is_some() {}
        }
        drop(self.socket);
        stop.send_replace(true);
        let ended = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(self.limits.grace, ended).await;
        connections.shutdown().await;
    }

    /// The next connection, once there is room for it.
    async fn accept(&self, free: &Arc<Semaphore>) -> (Accepted, Option<OwnedSemaphorePermit>) {
        let permit = free.clone().acquire_owned().await.ok();
        loop {
            match self.socket.accept().await {
                Ok(accepted) => return (accepted, permit),
                Err(error) if of_one_connection(&error) => {}
                // Out of file descriptors, most likely: some are given back in a while.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

impl Socket for TcpListener {
    async fn accept(&self) -> io::Result<Accepted> {
        let (stream, peer) = Self::accept(self).await?;
        // Answers are small and written at once; waiting for more helps nobody.
        let _ = stream.set_nodelay(true);
        Ok(Accepted::Tcp(stream, peer))
    }
}

#[cfg(unix)]
impl Socket for UnixListener {
    async fn accept(&self) -> io::Result<Accepted> {
        let (stream, _) = Self::accept(self).await?;
        Ok(Accepted::Unix(stream))
    }
}

fn of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
