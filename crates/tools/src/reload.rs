//! What is read again while a program runs: on SIGHUP, and when the files have changed.
//!
//! | program | files | what becomes of them |
//! |---|---|---|
//! | all | the certificate and key of TLS | new connections get them |
//! | `waxwing up` | Fulcio's configuration, and `fulcio` in the file of `--config` | new requests are judged by it |
//! | `fulcio serve` | the chain and key of `--ca=fileca` | the next certificate is issued with them |
//!
//! What cannot be used changes nothing, and is said.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use waxwing_encoding::time::Clock;
use waxwing_serve::{FileWatch, Tls};

/// What reading again leads to: sentences for the operator.
type Reloading = Pin<Box<dyn Future<Output = anyhow::Result<Vec<String>>> + Send>>;

/// Files, and what to do when they have changed.
struct Reload {
    files: FileWatch,
    what_stays: &'static str,
    read: Box<dyn Fn() -> Reloading + Send + Sync>,
}

/// All that is read again.
pub struct Reloads {
    /// Between two looks; zero for none.
    period: Duration,
    /// Where what cannot be used is said.
    warn: Box<dyn Fn(&str) + Send + Sync>,
    hangup: Signal,
    each: Vec<Reload>,
}

/// The work, until it is ended.
#[derive(Debug)]
pub struct Watching(JoinHandle<()>);

impl fmt::Debug for Reloads {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.each.iter().flat_map(|reload| reload.files.paths());
        formatter.debug_list().entries(files).finish()
    }
}

impl Reloads {
    /// Looks once in each `period`, and never if it is zero. From now on SIGHUP does not end the program.
    pub fn new(
        period: Duration,
        warn: impl Fn(&str) + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            period,
            warn: Box::new(warn),
            hangup: signal(SignalKind::hangup()).context("listening for signals")?,
            each: Vec::new(),
        })
    }

    /// `read` is called when `files` have changed.
    pub fn add<R>(
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

    /// The certificate of TLS.
    pub fn add_tls(&mut self, files: FileWatch, tls: &Tls, clock: &Arc<dyn Clock>) {
        let (tls, clock) = (tls.clone(), Arc::clone(clock));
        self.add(files, "the old certificate stays", move || {
            let (tls, clock) = (tls.clone(), Arc::clone(&clock));
            async move {
                let read = tokio::task::spawn_blocking(move || tls.reload(clock.now()));
                let warnings = read.await??;
                Ok(warnings.iter().map(ToString::to_string).collect())
            }
        });
    }

    /// Watches until the end.
    pub fn watch(self) -> Watching {
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
                    for said in reload.run().await {
                        (self.warn)(&said);
                    }
                }
            }
        }
    }
}

impl Reload {
    async fn run(&self) -> Vec<String> {
        match (self.read)().await {
            Ok(warnings) => warnings,
            Err(error) => vec![format!("{error:#}; {}", self.what_stays)],
        }
    }
}

impl Watching {
    /// Ends it, wherever it is.
    pub async fn end(self) {
        self.0.abort();
        let _ = self.0.await;
    }
}
