//! A router on a TCP port, with limits against callers that keep connections for themselves.
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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::Tls;
use crate::connection::Terms;

/// Why a listener could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; choose another address or stop who uses it")]
pub struct ListenError {
    /// The address asked for.
    pub address: SocketAddr,
    /// What the system said.
    pub source: io::Error,
}

/// Limits of a listener. `Limits::default()` suits a service behind nothing.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many connections are served at once.
    pub connections: usize,
    /// How long a request's head may take, how long a TLS handshake, and how long a connection may be
    /// idle.
    pub header_read: Duration,
    /// How long requests that run may go on after the shutdown began.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            header_read: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// A bound port, not served yet.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    limits: Limits,
    tls: Option<Tls>,
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
            socket,
            limits: Limits::default(),
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
        Self { limits, ..self }
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
        let mut shutdown = pin!(shutdown);
        let free = Arc::new(Semaphore::new(self.limits.connections));
        let (stop, stopping) = watch::channel(false);
        let terms = Terms {
            router,
            limits: self.limits,
            tls: self.tls.clone(),
            stopping,
        };
        let mut connections = JoinSet::new();
        loop {
            let (stream, peer, permit) = tokio::select! {
                () = &mut shutdown => break,
                accepted = self.accept(&free) => accepted,
            };
            let terms = terms.clone();
            connections.spawn(async move {
                terms.serve(stream, peer).await;
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
    async fn accept(
        &self,
        free: &Arc<Semaphore>,
    ) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
        let permit = free.clone().acquire_owned().await.ok();
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    // Answers are small and written at once; waiting for more helps nobody.
                    let _ = stream.set_nodelay(true);
                    return (stream, peer, permit);
                }
                Err(error) if of_one_connection(&error) => {}
                // Out of file descriptors, most likely: some are given back in a while.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
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
