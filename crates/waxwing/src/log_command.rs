//! `waxwing log serve DIR`: a transparency log of opaque entries, kept in one directory.
//!
//! ```text
//! Address: http://127.0.0.1:4101
//! Key: waxwing.localhost/log+f5a16389+AQ…
//! Ready: 0 entries
//! ```
//!
//! The three lines go to the standard output; whoever started the program reads them up to `Ready`.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use waxwing_cli::Output;
use waxwing_log::opaque;
use waxwing_serve::Listener;

use crate::freeze::Freeze;
use crate::opaque_log::{LogKeyType, OpaqueLog};

/// Transparency logs of one's own
///
/// Example:
///   waxwing log serve /var/lib/log
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct LogCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Serve),
    Freeze(Freeze),
}

/// Serve a log of opaque entries that is kept in a directory
///
/// Whatever is sent to POST /add is logged; the answer is a C2SP tlog-proof, given once the entry is
/// durable. GET /checkpoint and GET /tile/… read the log (C2SP tlog-tiles). The key is made at the
/// first start. SIGTERM and SIGINT end it after the requests that run.
///
/// Example:
///   waxwing log serve /var/lib/log --listen 127.0.0.1:4101
///   curl --data-binary @FILE http://127.0.0.1:4101/add > FILE.tlog-proof
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Serve {
    /// Where the log and its key are; made if it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The address to listen on; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Keep the last head in this file too, on another disk: a directory that was set back is refused
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    /// The log's name, at the first start [default: waxwing.localhost/log]
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// The kind of key to make at the first start [default: ed25519]
    #[arg(long, value_enum, value_name = "TYPE")]
    key_type: Option<LogKeyType>,
}

impl LogCommand {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        match &self.command {
            Command::Serve(command) => runtime.block_on(command.run(output)),
            Command::Freeze(command) => runtime.block_on(command.run(output)),
        }
    }
}

impl Serve {
    async fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let place = OpaqueLog::at(&self.directory, self.origin.as_deref(), self.key_type)?
            .guarded_by(self.guard.clone());
        let listener = Listener::bind(self.listen).await?;
        let shutdown = asked_to_stop()?;
        let log = place.open().await?;
        output.line(&format!("Address: http://{}", listener.address()))?;
        output.line(&format!("Key: {}", place.verifier()))?;
        output.line(&format!("Ready: {} entries", log.checkpoint().size))?;
        listener.serve(opaque::router(log.clone()), shutdown).await;
        log.close().await;
        output.note(&format!("Closed: {} entries", log.checkpoint().size));
        Ok(())
    }
}

/// Ready when the program is asked to stop, by a service manager or at the keyboard.
fn asked_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).context("listening for signals");
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
