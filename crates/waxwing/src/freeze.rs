//! `waxwing log freeze DIR`: the last head of a log, signed once more, saying that none follows.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use waxwing_cli::Output;
use waxwing_log::{GuardPlace, Log, Published};

use crate::guard;
use crate::opaque_log::OpaqueLog;

/// End a log for good: nothing more is added, everything stays readable
///
/// Prints the frozen checkpoint. It has the size and the root of the one before and one line more,
/// "Log frozen — TIME", and is signed by the log's key. Freezing a frozen log again is no error. The
/// log must not be served meanwhile; afterwards it may, to be read.
///
/// Example:
///   waxwing log freeze /var/lib/log
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Freeze {
    /// Where the log and its key are
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The file or the URL at which the log keeps its last head, if it is served with one
    #[arg(long, value_name = "PLACE", value_parser = guard::Flag)]
    guard: Option<GuardPlace>,
}

impl Freeze {
    pub(crate) async fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let mut place = OpaqueLog::existing(&self.directory)?;
        place.guard.clone_from(&self.guard);
        let log = place.open().await?;
        let frozen = freeze(&log).await;
        log.close().await;
        output.line(frozen?.checkpoint.trim_end())?;
        Ok(())
    }
}

/// Freezes a log that is open; its checkpoint says so from then on.
pub(crate) async fn freeze(log: &Log) -> anyhow::Result<Published> {
    log.freeze().await.map_err(|reason| anyhow!(reason))?;
    Ok(log.checkpoint())
}
