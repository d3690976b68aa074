//! `waxwing log serve DIR`: a transparency log of opaque entries, kept in one directory.
//!
//! ```text
//! Address: http://127.0.0.1:4101
//! Key: waxwing.localhost/log+f5a16389+AQ…
//! Ready: 0 entries
//! ```
//!
//! The three lines go to the standard output; whoever started the program reads them up to `Ready`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use waxwing_cli::Output;
use waxwing_log::{GuardPlace, PartialTiles, opaque};
use waxwing_serve::Listener;
use waxwing_tools::stop::asked_to_stop;

use crate::freeze::Freeze;
use crate::guard;
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
///   waxwing log serve /var/lib/tessera --key tessera.key --materialize-partials on-shutdown
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Serve {
    /// Where the log and its key are; made if it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The address to listen on; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Keep the last head here too, in a file on another disk or at the URL of a server that takes files by
    /// PUT and If-Match: a directory that was set back is refused
    #[arg(long, value_name = "PLACE", value_parser = guard::Flag)]
    guard: Option<GuardPlace>,
    /// The log's name, at the first start [default: waxwing.localhost/log]
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// The kind of key to make at the first start [default: ed25519]
    #[arg(long, value_enum, value_name = "TYPE")]
    key_type: Option<LogKeyType>,
    /// DIR is the log's own directory, of Tessera or of Waxwing, and this is the key that signs for it: a
    /// private key in PEM, or PRIVATE+KEY+… of Go's signed notes
    #[arg(long, value_name = "FILE", conflicts_with = "key_type")]
    key: Option<PathBuf>,
    /// When partial tiles become files, which Waxwing itself needs not: on-shutdown leaves a directory
    /// that Tessera goes on with, always one that any file server serves whole
    #[arg(long, value_enum, value_name = "WHEN", default_value = "never")]
    materialize_partials: Materialize,
    /// Keep the log also on NFS, SMB, FUSE and the like, where locks and flushes may not hold
    #[arg(long)]
    allow_remote: bool,
}

/// When partial tiles become files.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Materialize {
    Never,
    OnShutdown,
    Always,
}

impl From<Materialize> for PartialTiles {
    fn from(when: Materialize) -> Self {
        match when {
            Materialize::Never => Self::Never,
            Materialize::OnShutdown => Self::OnClose,
            Materialize::Always => Self::Always,
        }
    }
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
        let origin = self.origin.as_deref();
        let mut place = match &self.key {
            Some(key) => OpaqueLog::at_log(&self.directory, key, origin)?,
            None => OpaqueLog::at(&self.directory, origin, self.key_type)?,
        };
        place.guard.clone_from(&self.guard);
        place.partial_tiles = self.materialize_partials.into();
        place.allow_remote = self.allow_remote;
        let listener = Listener::bind(self.listen).await?;
        let shutdown = asked_to_stop()?;
        place.take_over(output).await?;
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
