//! What is read again while the program runs: on SIGHUP, and when the files have changed.
//!
//! | files | what becomes of them |
//! |---|---|
//! | the certificate and key of HTTPS | new connections get them |
//! | Fulcio's configuration, and `fulcio` in the file of `--config` | new requests are judged by it |
//!
//! What cannot be used changes nothing, and is said on the standard error.

use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use waxwing_encoding::time::Clock as _;
use waxwing_serve::{FileWatch, Tls};

use crate::system::SystemClock;

/// What reading again leads to: sentences for the operator.
type Reloading = Pin<Box<dyn Future<Output = anyhow::Result<Vec<String>>> + Send>>;

/// Files, and what to do when they have changed.
struct Reload {
    files: FileWatch,
    what_stays: &'static str,
    read: Box<dyn Fn() -> Reloading + Send + Sync>,
}

/// All that is read again.
pub(crate) struct Reloads {
    /// Between two looks; zero for none.
    period: Duration,
    hangup: Signal,
    each: Vec<Reload>,
}

/// The work, until it is ended.
pub(crate) struct Watching(JoinHandle<()>);

impl Reloads {
    /// From now on SIGHUP does not end the program.
    pub(crate) fn new(period: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            period,
            hangup: signal(SignalKind::hangup()).context("listening for signals")?,
            each: Vec::new(),
        })
    }

    /// `read` is called when `files` have changed.
    pub(crate) fn add<R>(
        &mut self,
        files: FileWatch,
        what_stays: &'static str,
        read: impl Fn() -> R + Send + Sync + 'static,
    ) where
        R: Future<Output = anyhow::Result<Vec<String>>> + Send + 'static,
    {
        self.each.push(Reload {
            files,
            what_stays,
            read: Box::new(move || Box::pin(read())),
        });
    }

    /// The certificate of HTTPS.
    pub(crate) fn add_tls(&mut self, files: FileWatch, tls: &Tls) {
        let tls = tls.clone();
        self.add(files, "the old certificate stays", move || {
            let tls = tls.clone();
            async move {
                let read = tokio::task::spawn_blocking(move || tls.reload(SystemClock.now()));
                let warnings = read.await??;
                Ok(warnings.iter().map(ToString::to_string).collect())
            }
        });
    }

    /// Watches until the end.
    pub(crate) fn watch(self) -> Watching {
        Watching(tokio::spawn(self.run()))
    }

    async fn run(mut self) {
        loop {
            let pause = async {
                match self.period {
                    Duration::ZERO => std::future::pending().await,
                    period => tokio::time::sleep(period).await,
                }
            };
            let asked = tokio::select! {
                signal = self.hangup.recv() => signal.is_some(),
                () = pause => false,
            };
            for reload in &mut self.each {
                // A few files of a few kibibytes; the executor has other threads meanwhile.
                let changed = tokio::task::block_in_place(|| reload.files.changed());
                if asked || changed {
                    reload.run().await;
                }
            }
        }
    }
}

impl Reload {
    async fn run(&self) {
        let said = match (self.read)().await {
            Ok(warnings) => warnings,
            Err(error) => vec![format!("{error:#}; {}", self.what_stays)],
        };
        for line in said {
            // Nobody may be listening there.
            let _ = writeln!(std::io::stderr(), "WARNING: {line}");
        }
    }
}

impl Watching {
    /// Ends it, wherever it is.
    pub(crate) async fn end(self) {
        self.0.abort();
        let _ = self.0.await;
    }
}
