//! An opaque log as a service in this process, with threads of its own, for load through real TCP.

use std::sync::mpsc;
use std::thread::JoinHandle;

use anyhow::{Context, anyhow};
use tokio::sync::oneshot;
use waxwing_log::opaque;
use waxwing_serve::{Limits, Listener};

use crate::opaque_log::OpaqueLog;

/// The name of the service's threads, by which its processor time is told from the hammer's.
pub(super) const THREAD: &str = "log";

/// A service that runs.
#[derive(Debug)]
pub(super) struct Service {
    url: String,
    shutdown: oneshot::Sender<()>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Service {
    /// Opens the log and serves it on a port of the loopback interface, to that many callers.
    pub(super) fn start(place: OpaqueLog, callers: usize) -> anyhow::Result<Self> {
        let (shutdown, stopped) = oneshot::channel::<()>();
        let (ready, url) = mpsc::channel();
        let serve = move || {
            let runtime = super::runtime(THREAD)?;
            runtime.block_on(async move {
                let log = place.open().await?;
                let limits = Limits::default();
                let connections = limits.connections.max(callers + 16);
                let listener = Listener::bind_loopback(0).await?.with_limits(Limits {
                    connections,
                    ..limits
                });
                // Whoever started this may be gone; then the shutdown comes next.
                let _ = ready.send(format!("http://{}", listener.address()));
                let stopped = async { drop(stopped.await) };
                listener.serve(opaque::router(log.clone()), stopped).await;
                log.close().await;
                anyhow::Ok(())
            })
        };
        let thread = std::thread::Builder::new()
            .name(THREAD.into())
            .spawn(serve)?;
        match url.recv() {
            Ok(url) => Ok(Self {
                url,
                shutdown,
                thread,
            }),
            // It ended before it was ready, and says why.
            Err(_) => Err(joined(thread)
                .err()
                .unwrap_or_else(|| anyhow!("the service ended before it was ready"))),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends the service and closes the log.
    pub(super) fn stop(self) -> anyhow::Result<()> {
        // An error means that it ended already, and `joined` says why.
        let _ = self.shutdown.send(());
        joined(self.thread)
    }
}

fn joined(thread: JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    let ended = thread
        .join()
        .map_err(|_| anyhow!("a thread of the service has panicked"));
    ended?.context("the service of the log")
}
